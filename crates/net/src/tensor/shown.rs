//! Makes text from files safe to show: short, and without characters that control a terminal or reverse the direction of a line.
//!
//! Owns how much text from a file a message may repeat. Must not know where messages go.

/// Most characters of a file's text that a message repeats.
const MAX_SHOWN: usize = 200;

/// At most 200 characters of a text that comes from a file; characters that would control a terminal are escaped.
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

/// Whether a character moves, hides or reverses the text around it instead of being visible itself: control characters, direction
/// marks, line breaks.
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
