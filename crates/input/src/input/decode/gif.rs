//! GIF: the colour under a first frame that doesn't fill the canvas, and the size of a canvas that is too small for the frame.
//!
//! Owns the reading of a GIF's tables before its first frame. The pixels are decoded elsewhere.

use std::borrow::Cow;

/// The colour under the first frame, as in Pillow: the first colour of its palette. `None` if the frame has a transparent colour, or
/// if the file ends before the frame.
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

/// The file, with the canvas in its header made large enough for the first frame if it isn't, as in Pillow.
pub(super) fn with_whole_canvas(bytes: &[u8]) -> Cow<'_, [u8]> {
    larger_canvas(bytes).map_or(Cow::Borrowed(bytes), Cow::Owned)
}

fn larger_canvas(bytes: &[u8]) -> Option<Vec<u8>> {
    let number = |at: usize| Some(u32::from(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?)));
    let (frame, _) = first_frame(bytes)?;
    let (width, height) = (number(6)?, number(8)?);
    // Sides that don't fit into a header are left to the decoder, which crops.
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

/// The position after the blocks of an extension.
fn end_of_blocks(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let length = usize::from(*bytes.get(at)?);
        at += 1 + length;
        if length == 0 {
            return Some(at);
        }
    }
}
