//! The names of the HDF5 groups in which Keras 3 stores a model's layers.

use super::config::KerasLayer;

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
    }
}
