//! Words of files, made fit to be shown: short, and without what steers a terminal or turns a line around.
//!
//! Owns how much of a file's own words a message repeats. Must not know where messages go.

/// Characters of a file's words that a message repeats at most.
const MAX_SHOWN: usize = 200;

/// At most 200 characters of a text that comes from a file, escaped where a terminal would obey them.
pub fn shown(text: &str) -> String {
    let mut short = String::new();
    let mut characters = text.chars();
    for c in characters.by_ref().take(MAX_SHOWN) {
        if steers(c) { short.extend(c.escape_default()) } else { short.push(c) }
    }
    if characters.next().is_some() {
        short.push('…');
    }
    short
}

/// Whether a character moves, hides or turns around what stands beside it instead of being seen: control characters, marks of
/// direction, breaks of lines.
pub fn steers(c: char) -> bool {
    let is_mark =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    c.is_control() || is_mark
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn words_of_files_are_short_and_harmless() {
        assert_eq!(shown("größe 1.png"), "größe 1.png");
        assert_eq!(shown("a\u{1b}[31m\r\u{202e}gpj"), "a\\u{1b}[31m\\r\\u{202e}gpj");
        let long = shown(&"ü".repeat(20_000));
        assert_eq!((long.chars().count(), long.ends_with("ü…")), (201, true));
    }
}
