//! Reads the first comment of a GIF, which may come from anywhere, without decoding a pixel.

use std::io::{self, Read};

use super::png_text::MAX_TEXT_BYTES;

/// The comment in front of the first image, if the file is a GIF that has one; of several the first. Bytes that are no UTF-8 are
/// replaced.
///
/// # Errors
/// The system could not read the file. A file that isn't a GIF, is cut, or has a comment over the limit has no comment.
pub(super) fn first_comment(mut file: impl Read) -> io::Result<Option<String>> {
    match comment(&mut file) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        read => read,
    }
}

fn comment(file: &mut impl Read) -> io::Result<Option<String>> {
    // Signature and version, then width, height, flags, background and aspect ratio of the canvas.
    let mut head = [0; 13];
    file.read_exact(&mut head)?;
    if !head.starts_with(b"GIF8") {
        return Ok(None);
    }
    let flags = head[10];
    if flags & 0x80 != 0 {
        let num_colours = 2u64 << (flags & 7);
        io::copy(&mut file.by_ref().take(3 * num_colours), &mut io::sink())?;
    }
    loop {
        // An extension, or else an image or the end.
        let [0x21] = bytes(file)? else { return Ok(None) };
        let [label] = bytes(file)?;
        let mut text = Vec::new();
        loop {
            let [len] = bytes(file)?;
            if len == 0 {
                break;
            }
            let mut block = vec![0; usize::from(len)];
            file.read_exact(&mut block)?;
            if label == 0xfe {
                text.extend(block);
            }
            if text.len() > MAX_TEXT_BYTES as usize {
                return Ok(None);
            }
        }
        if label == 0xfe {
            return Ok(Some(String::from_utf8_lossy(&text).into_owned()));
        }
    }
}

fn bytes<const N: usize>(file: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A canvas with two colours, another program's extension, and a comment in two blocks.
    const FILE: &[u8] =
        b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff\x21\xff\x02ab\0\x21\xfe\x03{\"a\x03\":1\x01}\0\x2c";

    #[test]
    fn the_comment_is_read_and_a_cut_file_has_none() {
        assert_eq!(first_comment(FILE).unwrap().as_deref(), Some("{\"a\":1}"));
        let end = FILE.len() - 1;
        for len in 0..end {
            assert_eq!(first_comment(&FILE[..len]).unwrap(), None, "{len} bytes");
        }
        assert_eq!(first_comment(&b"\x89PNG\r\n\x1a\n..........."[..]).unwrap(), None);
    }

    #[test]
    fn an_endless_comment_is_refused() {
        let endless = FILE[..28]
            .iter()
            .copied()
            .chain((0..).map(|at: u32| if at.is_multiple_of(256) { 255 } else { b'x' }));
        let file: Vec<u8> = endless.take(2 * MAX_TEXT_BYTES as usize).collect();
        assert_eq!(first_comment(&file[..]).unwrap(), None);
    }
}
