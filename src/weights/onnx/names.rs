//! Names of a file as they are shown: of bounded length, and without control characters.

/// Longest name that is kept of a node: figures' records hold it.
const MAX_NAME: usize = 200;

/// A name as it can be shown and typed: no control characters, no end.
pub(super) fn plain(name: &str) -> String {
    name.chars().take(MAX_NAME).map(|c| if c.is_control() { '_' } else { c }).collect()
}
