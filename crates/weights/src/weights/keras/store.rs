//! The layers of a Keras file as they are stored in it: where, in which order, and under which names.
//!
//! Keras 3 numbers the HDF5 groups of layers by class (`conv2d`, `conv2d_1`, …) in the order of `model.layers`. A layer's own name is in
//! an attribute since Keras 3.6 and in the configuration before that. A plain `.weights.h5` file of Keras 3.0 to 3.5 doesn't have it.

/// A layer of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StoredLayer {
    /// The nested models that contain it, outermost first, each followed by a slash; empty at the top level.
    pub(crate) scope: String,
    /// Its own name. If the file has none, its class and number, or the name of the model's attribute that holds it.
    pub(crate) name: String,
    /// Its class as Keras spells it in numbered names (`conv2d`), if the file says it.
    pub(crate) class: Option<String>,
    /// Whether `name` is the layer's own name.
    pub(crate) is_named: bool,
    /// Whether it has weights.
    pub(crate) has_weights: bool,
}

impl StoredLayer {
    /// The prefix of its tensors' names, without the slash.
    pub(crate) fn key(&self) -> String {
        format!("{}{}", self.scope, self.name)
    }
}

/// All layers of a file. Within a model they are in the order of Keras' `model.layers`, as far as the file shows it: the order of layers
/// of one class is always known, the order across classes only with a configuration or a list of layers.
#[derive(Clone, Debug, Default)]
pub(crate) struct KerasStore {
    pub(crate) layers: Vec<StoredLayer>,
    /// Whether the order across classes is known too.
    pub(crate) is_in_order: bool,
}

impl KerasStore {
    /// The scopes that directly contain layers with weights, in order.
    pub(crate) fn scopes(&self) -> Vec<&str> {
        let mut scopes: Vec<&str> = Vec::new();
        for layer in self.layers.iter().filter(|layer| layer.has_weights) {
            if !scopes.contains(&layer.scope.as_str()) {
                scopes.push(&layer.scope);
            }
        }
        scopes
    }

    /// The layers directly in one scope that have weights.
    pub(crate) fn of_scope<'a>(&'a self, scope: &'a str) -> impl Iterator<Item = &'a StoredLayer> {
        self.layers.iter().filter(move |layer| layer.scope == scope && layer.has_weights)
    }

    /// Whether the file has a layer of a class. Where the class isn't known, a name that Keras gives to that class by default counts.
    pub(crate) fn has_class(&self, class: &str) -> bool {
        self.layers.iter().any(|layer| match &layer.class {
            Some(own) => own == class,
            None => counted(&layer.name, class).is_some(),
        })
    }
}

/// The number in a name that Keras numbered: for the class `conv2d`, it is 12 in `conv2d_12` and 0 in `conv2d`. `None` for other names.
pub(crate) fn counted(name: &str, class: &str) -> Option<usize> {
    match name.strip_prefix(class)? {
        "" => Some(0),
        rest => rest.strip_prefix('_')?.parse().ok(),
    }
}

/// The class in a name that Keras numbered: `conv2d` for `conv2d_12`.
pub(crate) fn class_of(key: &str) -> &str {
    match key.rsplit_once('_') {
        Some((class, number)) if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => class,
        _ => key,
    }
}

#[cfg(test)]
mod tests {
    use super::{class_of, counted};

    #[test]
    fn a_class_and_its_number_are_taken_apart() {
        assert_eq!(
            (class_of("conv2d_12"), class_of("conv2d"), class_of("re_lu")),
            ("conv2d", "conv2d", "re_lu")
        );
        assert_eq!((counted("conv2d_12", "conv2d"), counted("conv2d_a", "conv2d")), (Some(12), None));
    }
}
