//! A count with its noun, singular or plural.

/// `1 picture`, `2 pictures`.
#[must_use]
pub fn counted(count: usize, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}
