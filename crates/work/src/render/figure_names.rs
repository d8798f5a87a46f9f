//! File names of figures that never collide and that every system accepts.

use std::collections::HashSet;

/// `{tag}__{layer}` for each pair, made safe for file names, and unique even where case is ignored.
///
/// Neither part contains `__`, so a suffix contains it exactly once. A whole name `{stem}__{suffix}` can therefore be split from its
/// end in one way only, and unique stems with unique suffixes give unique names.
pub fn unique_suffixes<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<String> {
    let mut used = HashSet::new();
    pairs
        .into_iter()
        .map(|(tag, layer)| {
            let plain = format!("{}__{}", safe(tag), safe(layer));
            let mut suffix = plain.clone();
            let mut number = 2;
            while !used.insert(suffix.to_lowercase()) {
                suffix = format!("{plain}-{number}");
                number += 1;
            }
            suffix
        })
        .collect()
}

/// Replaces characters that some system doesn't allow in a file name by `_`, without two `_` in a row.
fn safe(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        let c = if c.is_control() || c.is_whitespace() || r#"/\:*?"<>|"#.contains(c) { '_' } else { c };
        if c != '_' || !out.ends_with('_') {
            out.push(c);
        }
    }
    out.trim_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_differ() {
        let suffixes =
            unique_suffixes([("a.b", "x/relu"), ("a.b", "x_relu"), ("a.b", "X__relu"), ("c.d", "__x relu_")]);
        assert_eq!(suffixes, ["a.b__x_relu", "a.b__x_relu-2", "a.b__X_relu-3", "c.d__x_relu"]);
    }
}
