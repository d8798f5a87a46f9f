//! The layers of a Keras file as they are stored in it: where, in which order, and under which names.
//!
//! Keras 3 numbers the HDF5 groups of layers by class (`conv2d`, `conv2d_1`, …) in the order of `model.layers`. A layer's own name is in
//! an attribute since Keras 3.6 and in the configuration before that. A plain `.weights.h5` file of Keras 3.0 to 3.5 doesn't have it.

use super::config::KerasLayer;

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
    /// A layer with its own name; it has weights if `weights` isn't empty.
    pub(crate) fn named<T>(scope: &str, name: &str, weights: &[T]) -> Self {
        let has_weights = !weights.is_empty();
        Self { scope: scope.to_owned(), name: name.to_owned(), class: None, is_named: true, has_weights }
    }

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

/// For each layer of a model, the name of the group that Keras 3 stores it in: its class, numbered per class.
pub(crate) fn group_names(layers: &[KerasLayer]) -> Vec<String> {
    let mut counts: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    let name = |layer: &KerasLayer| {
        let class = snake_case(layer.class());
        let count = counts.entry(class.clone()).and_modify(|count| *count += 1).or_default();
        if *count == 0 { class } else { format!("{class}_{count}") }
    };
    layers.iter().map(name).collect()
}

/// Keras' `to_snake_case`, rule by rule: `GlobalAveragePooling2D` is `global_average_pooling2d`, `ReLU` is `re_lu`.
fn snake_case(class: &str) -> String {
    let chars: Vec<char> = class.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect();
    // First rule: an underscore before a capital letter that small letters follow, after any character. Matches don't overlap.
    let mut first: Vec<char> = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        first.push(chars[at]);
        let word = chars.get(at + 1).is_some_and(char::is_ascii_uppercase)
            && chars.get(at + 2).is_some_and(char::is_ascii_lowercase);
        at += 1;
        if word {
            first.push('_');
            first.push(chars[at]);
            at += 1;
            while let Some(small) = chars.get(at).filter(|c| c.is_ascii_lowercase()) {
                first.push(*small);
                at += 1;
            }
        }
    }
    let mut name = String::new();
    for (at, c) in first.iter().enumerate() {
        if c.is_ascii_uppercase() && at > 0 && first[at - 1].is_ascii_lowercase() {
            name.push('_');
        }
        name.extend(c.to_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_spelt_as_keras_spells_them() {
        for (class, name) in [
            ("Conv2D", "conv2d"),
            ("ReLU", "re_lu"),
            ("PReLU", "p_re_lu"),
            ("LeakyReLU", "leaky_re_lu"),
            ("GlobalAveragePooling2D", "global_average_pooling2d"),
            ("BatchNormalization", "batch_normalization"),
            ("SeparableConv2D", "separable_conv2d"),
            ("TFOpLambda", "tf_op_lambda"),
            ("InputLayer", "input_layer"),
            ("MyResNet50Model", "my_res_net50_model"),
            ("Functional", "functional"),
        ] {
            assert_eq!(snake_case(class), name);
        }
    }

    #[test]
    fn groups_are_counted_by_class() {
        let layer = |class: &str| KerasLayer { class_name: class.into(), ..KerasLayer::default() };
        let layers = [layer("Conv2D"), layer("Dense"), layer("Conv2D"), layer("Mine>Conv2D")];
        assert_eq!(group_names(&layers), ["conv2d", "dense", "conv2d_1", "conv2d_2"]);
        assert_eq!(
            (class_of("conv2d_12"), class_of("conv2d"), class_of("re_lu")),
            ("conv2d", "conv2d", "re_lu")
        );
        assert_eq!((counted("conv2d_12", "conv2d"), counted("conv2d_a", "conv2d")), (Some(12), None));
    }
}
