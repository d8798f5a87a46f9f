//! GIF: what lies under a first frame that doesn't fill its canvas.
//!
//! Owns the reading of a GIF's tables before its first frame. Its pixels are the decoder's.

/// The colour that is under the first frame, as Pillow has it: the first of its palette, or nothing where the frame has a transparent
/// colour or the file ends before.
pub(super) fn colour_below(bytes: &[u8]) -> Option<[u8; 3]> {
    let flags = *bytes.get(10)?;
    let global = has_table(flags).then_some(13);
    let mut at = 13 + table_bytes(flags);
    let mut is_transparent = false;
    loop {
        match *bytes.get(at)? {
            b'!' => {
                if bytes.get(at + 1) == Some(&0xF9) {
                    is_transparent = bytes.get(at + 3)? & 1 == 1;
                }
                at = end_of_blocks(bytes, at + 2)?;
            }
            b',' => {
                let flags = *bytes.get(at + 9)?;
                let table = if has_table(flags) { Some(at + 10) } else { global };
                // Without any palette the first colour is black.
                let first = table.map_or(Some([0; 3]), |table| bytes.get(table..)?.first_chunk().copied());
                return first.filter(|_| !is_transparent);
            }
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
