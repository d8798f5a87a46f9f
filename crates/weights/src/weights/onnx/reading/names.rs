//! Names from a file in the form in which they are shown: of limited length and without control characters.

/// Largest number of characters of a name, which is stored in the records of figures.
const MAX_NAME: usize = 200;

/// A name that can be shown and typed: cut to `MAX_NAME` characters, with `_` for control characters.
pub(super) fn plain(name: &str) -> String {
    name.chars().take(MAX_NAME).map(|c| if c.is_control() { '_' } else { c }).collect()
}
