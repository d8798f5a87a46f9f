//! GIF: what lies under a first frame that doesn't fill its canvas, and how large a canvas is that it doesn't lie in.
//!
//! Owns the reading of a GIF's tables before its first frame. Its pixels are the decoder's.

use std::borrow::Cow;

/// The colour that is under the first frame, as Pillow has it: the first of its palette, or nothing where the frame has a transparent
/// colour or the file ends before.
pub(super) fn colour_below(bytes: &[u8]) -> Option<[u8; 3]> {
    let flags = *bytes.get(10)?;
    let global = has_table(flags).then_some(13);
    let (at, is_transparent) = first_frame(bytes)?;
    let flags = *bytes.get(at + 9)?;
    let table = if has_table(flags) { Some(at + 10) } else { global };
    // Without any palette the first colour is black.
    let first = table.map_or(Some([0; 3]), |table| bytes.get(table..)?.first_chunk().copied());
    first.filter(|_| !is_transparent)
}

/// The file with a canvas that holds its first frame, which Pillow makes larger where the header's doesn't.
pub(super) fn with_whole_canvas(bytes: &[u8]) -> Cow<'_, [u8]> {
    larger_canvas(bytes).map_or(Cow::Borrowed(bytes), Cow::Owned)
}

fn larger_canvas(bytes: &[u8]) -> Option<Vec<u8>> {
    let number = |at: usize| Some(u32::from(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?)));
    let (frame, _) = first_frame(bytes)?;
    let (width, height) = (number(6)?, number(8)?);
    // Sides that no header can name are left to the decoder, which crops.
    let side = |side: u32, start: u32, length: u32| u16::try_from(side.max(start + length)).ok();
    let whole = [
        side(width, number(frame + 1)?, number(frame + 5)?)?,
        side(height, number(frame + 3)?, number(frame + 7)?)?,
    ];
    if whole.map(u32::from) == [width, height] {
        return None;
    }
    let mut larger = bytes.to_vec();
    larger.get_mut(6..8)?.copy_from_slice(&whole[0].to_le_bytes());
    larger.get_mut(8..10)?.copy_from_slice(&whole[1].to_le_bytes());
    Some(larger)
}

/// Where the first frame's descriptor begins, and whether the frame has a transparent colour.
fn first_frame(bytes: &[u8]) -> Option<(usize, bool)> {
    let mut at = 13 + table_bytes(*bytes.get(10)?);
    let mut is_transparent = false;
    loop {
        match *bytes.get(at)? {
            b'!' => {
                if bytes.get(at + 1) == Some(&0xF9) {
                    is_transparent = bytes.get(at + 3)? & 1 == 1;
                }
                at = end_of_blocks(bytes, at + 2)?;
            }
            b',' => return Some((at, is_transparent)),
            _ => return None,
        }
    }
}

const fn has_table(flags: u8) -> bool {
    flags & 0x80 != 0
}

const fn table_bytes(flags: u8) -> usize {
    if has_table(flags) { 3 << ((flags & 7) + 1) } else { 0 }
}

/// Where what follows an extension's blocks begins.
fn end_of_blocks(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let length = usize::from(*bytes.get(at)?);
        at += 1 + length;
        if length == 0 {
            return Some(at);
        }
    }
}
