//! Text on pixels: measuring, shortening, wrapping and drawing a line.
//!
//! A size is the height in pixels from a line's ascent to its descent. The font is Ubuntu Light; glyphs it lacks come from Hack. egui
//! ships both fonts, so figures and the window look alike.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, GlyphId, PxScale, ScaleFont, point};

use super::{MosaicError, Paper, Pixels};

/// Fonts in the order in which a glyph is searched in them. The bytes are compiled in; a test parses both.
static FONTS: LazyLock<Vec<FontRef<'static>>> = LazyLock::new(|| {
    [epaint_default_fonts::UBUNTU_LIGHT, epaint_default_fonts::HACK_REGULAR]
        .into_iter()
        .filter_map(|bytes| FontRef::try_from_slice(bytes).ok())
        .collect()
});

/// Exponent that strengthens thin strokes: a light font with 8-bit coverage looks washed out at caption sizes.
const COVERAGE_GAMMA: f32 = 0.65;

/// A no-break space: keeps the words before and after it on one line.
pub(super) const NO_BREAK: char = '\u{a0}';

/// Distance between two baselines.
pub(super) fn line_height(px: f32) -> u32 {
    (px * 1.25).ceil() as u32
}

/// Width of a line in whole pixels.
pub(super) fn width(text: &str, px: f32) -> u32 {
    let mut pen = 0.0;
    for_each_glyph(text, px, |_, _, _, end| pen = end);
    pen.ceil() as u32
}

/// Draws a line with the top left corner of its box at (x, y).
pub(super) fn draw(pixels: &mut Pixels, x: u32, y: u32, text: &str, px: f32, colour: [u8; 4]) {
    // One baseline for both fonts, on a whole pixel so that horizontal strokes stay sharp.
    let Some(ascent) = FONTS.first().map(|font| font.as_scaled(PxScale::from(px)).ascent().round()) else {
        return;
    };
    for_each_glyph(text, px, |font, id, pen, _| {
        let glyph = id.with_scale_and_position(px, point(pen + x as f32, y as f32 + ascent));
        let Some(outline) = font.outline_glyph(glyph) else { return };
        let corner = outline.px_bounds().min;
        outline.draw(|dx, dy, coverage| {
            let (x, y) = (corner.x + dx as f32, corner.y + dy as f32);
            if x >= 0.0 && y >= 0.0 {
                pixels.blend(x as u32, y as u32, colour, coverage.clamp(0.0, 1.0).powf(COVERAGE_GAMMA));
            }
        });
    });
}

/// Draws a line that reads from below and begins below, its upper end at `y`; `x` is the left edge of its box. What is under it goes.
pub(super) fn draw_upwards(
    pixels: &mut Pixels,
    x: u32,
    y: u32,
    text: &str,
    px: f32,
    paper: Paper,
) -> Result<(), MosaicError> {
    let (length, thickness) = (width(text, px).max(1), line_height(px));
    let mut flat = Pixels::filled("a name", length.into(), thickness.into(), paper.ground())?;
    draw(&mut flat, 0, 0, text, px, paper.ink());
    for row in 0..thickness {
        for column in 0..length {
            if let Some(colour) = flat.pixel(column, row) {
                pixels.set(x + row, y + length - 1 - column, colour);
            }
        }
    }
    Ok(())
}

/// Calls `each` with (font, glyph, start, end) for each character, where start and end are horizontal positions in pixels.
fn for_each_glyph(text: &str, px: f32, mut each: impl FnMut(&FontRef<'static>, GlyphId, f32, f32)) {
    let Some(first) = FONTS.first() else { return };
    let mut pen = 0.0;
    for character in text.chars() {
        let shown = if character.is_control() { ' ' } else { character };
        // Glyph 0 means that the font lacks the character.
        let font = FONTS.iter().find(|font| font.glyph_id(shown).0 != 0).unwrap_or(first);
        let id = font.glyph_id(shown);
        let end = pen + font.as_scaled(PxScale::from(px)).h_advance(id);
        each(font, id, pen, end);
        pen = end;
    }
}

/// The text, or as much of its beginning as fits, followed by an ellipsis.
pub(super) fn shorten(text: &str, px: f32, max_width: u32) -> String {
    if width(text, px) <= max_width {
        return text.to_owned();
    }
    let room = max_width.saturating_sub(width("…", px)) as f32;
    let mut fitting = 0;
    let mut num_chars = 0;
    for_each_glyph(text, px, |_, _, _, end| {
        num_chars += 1;
        if end <= room {
            fitting = num_chars;
        }
    });
    let kept: String = text.chars().take(fitting).collect();
    format!("{}…", kept.trim_end())
}

/// The text in at most `max_lines` lines of `max_width`, broken at blanks but not at no-break spaces. A word that is too long for a line
/// ends in an ellipsis, and so does the last line where text is left over.
pub(super) fn wrap(text: &str, px: f32, max_width: u32, max_lines: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let breaks = |c: char| c.is_whitespace() && c != NO_BREAK;
    for word in text.split(breaks).filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), px) <= max_width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    if lines.len() > max_lines {
        let rest = lines.split_off(max_lines.max(1) - 1);
        lines.push(rest.join(" "));
    }
    lines.iter().map(|line| shorten(line, px, max_width)).collect()
}

/// Shortens a name to at most `max_chars` characters by leaving out its middle, because names of files differ at the beginning and the end.
pub(super) fn shorten_middle(name: &str, max_chars: usize) -> String {
    let chars: Vec<char> = name.chars().collect();
    if chars.len() <= max_chars {
        return name.to_owned();
    }
    let kept = max_chars.saturating_sub(1);
    let head = kept.div_ceil(2);
    let tail = chars.len() - (kept - head);
    chars[..head].iter().chain(&['…']).chain(&chars[tail..]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_fonts_parse_and_know_what_captions_say() {
        assert_eq!(FONTS.len(), 2);
        for character in "×…−·∞≤|äéшЖ€".chars() {
            assert!(FONTS.iter().any(|font| font.glyph_id(character).0 != 0), "{character} has no glyph");
        }
    }

    #[test]
    fn lines_never_exceed_their_width() {
        let text = "a_very_long_picture_name_without_any_blank.jpeg and some more words · 2048×8×8";
        for max_width in [0, 1, 9, 40, 100, 300, 1000] {
            let max = max_width.max(width("…", 14.0));
            assert!(width(&shorten(text, 14.0, max_width), 14.0) <= max);
            let lines = wrap(text, 14.0, max_width, 3);
            assert!((1..=3).contains(&lines.len()));
            assert!(lines.iter().all(|line| width(line, 14.0) <= max), "{lines:?} in {max_width}");
        }
        assert_eq!(wrap(text, 14.0, 5000, 3), [text]);
        assert!(wrap("", 14.0, 100, 3).is_empty());
    }

    #[test]
    fn the_middle_of_a_long_name_goes() {
        assert_eq!(shorten_middle("short.jpg", 20), "short.jpg");
        assert_eq!(shorten_middle("0123456789.jpg", 9), "0123….jpg");
        assert_eq!(shorten_middle("äöü", 1), "…");
    }
}
