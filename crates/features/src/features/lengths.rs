//! How a file's length differs from what it should be, in words.

/// A message on how a file's length differs from what it should be.
pub(super) fn length_words(got: u64, expected: u64) -> String {
    let (num, words) = if got < expected {
        (expected - got, "cut short: it lacks")
    } else {
        (got - expected, "too long by")
    };
    let bytes = if num == 1 { "byte" } else { "bytes" };
    format!("the file is {words} {num} {bytes}: copy it again")
}
