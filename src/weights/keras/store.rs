//! The layers of a Keras file as they lie in it: where, in which order, and what they are called.
//!
//! HDF5 groups of Keras 3 are counted by class (`conv2d`, `conv2d_1`, …) in the order of `model.layers`; a layer's own name stands in
//! an attribute since Keras 3.6, in the configuration before, and nowhere in a bare `.weights.h5` of 3.0 to 3.5.

use super::config::KerasLayer;

/// A layer of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StoredLayer {
    /// The models that it lies in, outermost first, each with a slash behind it; empty at the top.
    pub(crate) scope: String,
    /// Its own name; where the file has none, its class and count, or the attribute of the model that holds it.
    pub(crate) name: String,
    /// Its class as Keras counts it (`conv2d`), where the file tells.
    pub(crate) class: Option<String>,
    /// Whether `name` is its own.
    pub(crate) is_named: bool,
    /// Whether it has weights.
    pub(crate) has_weights: bool,
}

impl StoredLayer {
    /// One that is called by its own name.
    pub(crate) fn named<T>(scope: &str, name: &str, weights: &[T]) -> Self {
        let has_weights = !weights.is_empty();
        Self { scope: scope.to_owned(), name: name.to_owned(), class: None, is_named: true, has_weights }
    }

    /// What its tensors' names begin with, less the slash.
    pub(crate) fn key(&self) -> String {
        format!("{}{}", self.scope, self.name)
    }
}

/// All layers of a file, in Keras' order of `model.layers` within a model, as far as the file shows it: of a class always, of
/// different classes where there is a configuration or a list.
#[derive(Clone, Debug, Default)]
pub(crate) struct KerasStore {
    pub(crate) layers: Vec<StoredLayer>,
    /// Whether layers of different classes are in order too.
    pub(crate) is_in_order: bool,
}

impl KerasStore {
    /// Models in the file that have weights of their own layers, in order.
    pub(crate) fn scopes(&self) -> Vec<&str> {
        let mut scopes: Vec<&str> = Vec::new();
        for layer in self.layers.iter().filter(|layer| layer.has_weights) {
            if !scopes.contains(&layer.scope.as_str()) {
                scopes.push(&layer.scope);
            }
        }
        scopes
    }

    /// Layers of one model that have weights.
    pub(crate) fn of_scope<'a>(&'a self, scope: &'a str) -> impl Iterator<Item = &'a StoredLayer> {
        self.layers.iter().filter(move |layer| layer.scope == scope && layer.has_weights)
    }

    /// Whether layers of a class, or of a name that Keras gives to that class by itself, are in the file.
    pub(crate) fn has_class(&self, class: &str) -> bool {
        self.layers.iter().any(|layer| match &layer.class {
            Some(own) => own == class,
            None => counted(&layer.name, class).is_some(),
        })
    }
}

/// The number that Keras counted a name up to: `conv2d_12` of `conv2d` is 12, `conv2d` alone 0.
pub(crate) fn counted(name: &str, class: &str) -> Option<usize> {
    match name.strip_prefix(class)? {
        "" => Some(0),
        rest => rest.strip_prefix('_')?.parse().ok(),
    }
}

/// A counted name's class: `conv2d` of `conv2d_12`.
pub(crate) fn class_of(key: &str) -> &str {
    match key.rsplit_once('_') {
        Some((class, number)) if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => class,
        _ => key,
    }
}

/// The groups that Keras 3 keeps a model's layers in, by counting their classes: of each layer the group's name.
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
    // An underscore before a capital that small letters follow, whatever stands before it; what was looked at isn't looked at again.
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
