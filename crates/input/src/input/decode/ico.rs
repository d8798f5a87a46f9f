//! ICO: chooses the largest picture of an icon, and of several equally large ones the one with the most bits per pixel.
//!
//! `image` chooses by bits per pixel first, and refuses a PNG inside that isn't RGBA. So the choice is made here: a PNG is then
//! decoded as a PNG, and a bitmap as an icon of its own.

/// The chosen picture.
pub(super) enum Icon<'a> {
    /// A complete PNG file.
    Png(&'a [u8]),
    /// An icon file with only this picture.
    Bitmap(Vec<u8>),
    /// The directory contradicts the file, which is left to the decoder.
    Odd,
}

/// Finds the picture to show. `None` where the file ends before it.
pub(super) fn choose(bytes: &[u8]) -> Option<Icon<'_>> {
    let Some(&[low, high]) = bytes.get(4..6) else { return None };
    let count = usize::from(u16::from_le_bytes([low, high]));
    let entries = bytes.get(6..6 + 16 * count)?;
    let side = |byte: u8| if byte == 0 { 256 } else { u32::from(byte) };
    let rank = |entry: &&[u8]| match entry {
        [w, h, _, _, _, _, bits, more, ..] => (side(*w) * side(*h), u16::from_le_bytes([*bits, *more])),
        _ => (0, 0),
    };
    // The first of several equal ones: `max_by_key` takes the last, so the order is reversed.
    let Some(entry) = entries.chunks_exact(16).rev().max_by_key(rank) else { return Some(Icon::Odd) };
    let number = |at: usize| {
        let field = entry.get(at..at + 4).and_then(|f| f.first_chunk::<4>());
        field.map_or(0, |f| u32::from_le_bytes(*f) as usize)
    };
    let (length, start) = (number(8), number(12));
    let picture = bytes.get(start..start.checked_add(length)?)?;
    if picture.starts_with(b"\x89PNG\r\n\x1A\n") {
        return Some(Icon::Png(picture));
    }
    let mut alone = vec![0, 0, 1, 0, 1, 0];
    alone.extend_from_slice(entry.get(..12)?);
    alone.extend_from_slice(&22_u32.to_le_bytes());
    alone.extend_from_slice(picture);
    Some(Icon::Bitmap(alone))
}
