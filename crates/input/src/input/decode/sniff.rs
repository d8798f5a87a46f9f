//! Recognises a file's kind by its first bytes.

use image::ImageFormat;

/// How many bytes from a file's beginning are enough to recognise its kind.
pub(in crate::input) const SNIFF_BYTES: usize = 512;

/// What a file is according to its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::input) enum Sniffed {
    /// A picture in a format that can be decoded.
    Picture(ImageFormat),
    /// A known kind of file that can't be decoded.
    Foreign(&'static ForeignKind),
    /// An unknown kind.
    Unknown,
}

/// A kind of file that users may expect to work as a picture, but that can't be decoded.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::input) struct ForeignKind {
    /// What kind it is, with an article.
    pub(in crate::input) what: &'static str,
    /// What the user can do with it.
    pub(in crate::input) advice: &'static str,
    /// Whether users would call it a picture.
    pub(in crate::input) pictorial: bool,
}

impl ForeignKind {
    /// Whether it is a video.
    pub(in crate::input) fn is_video(&self) -> bool {
        *self == VIDEO
    }

    /// Whether it is text, which may also be a log or a list.
    pub(in crate::input) fn is_text(&self) -> bool {
        *self == TEXT
    }

    /// Whether it is HDF5, which may contain frames.
    pub(in crate::input) fn is_hdf5(&self) -> bool {
        *self == HDF5
    }
}

macro_rules! kinds {
    ($($name:ident: $what:literal, $advice:literal, $pictorial:literal;)*) => {
        $(static $name: ForeignKind = ForeignKind { what: $what, advice: $advice, pictorial: $pictorial };)*
    };
}

kinds! {
    HEIC: "a HEIC picture", "export it as JPEG (a phone can be set to \"most compatible\")", true;
    AVIF: "an AVIF picture", "convert it to PNG or JPEG", true;
    JXL: "a JPEG XL picture", "convert it to PNG or JPEG", true;
    JP2: "a JPEG 2000 picture", "convert it to PNG or JPEG", true;
    SVG: "an SVG drawing", "render it to PNG at the size you want", true;
    PSD: "a Photoshop document", "export it as PNG", true;
    EXR: "an OpenEXR picture", "tone-map it to PNG", true;
    HDR: "a Radiance HDR picture", "tone-map it to PNG", true;
    DDS: "a DDS texture", "convert it to PNG", true;
    FARBFELD: "a farbfeld picture", "convert it to PNG", true;
    PFM: "a portable float map", "tone-map it to PNG", true;
    PDF: "a PDF document", "export the page as PNG", false;
    RAW: "a camera's raw picture", "develop it to PNG or JPEG", true;
    AUDIO: "a sound recording", "give a picture or a folder of pictures", false;
    VIDEO: "a video", "make pictures of its frames with `mkdir frames && ffmpeg -i VIDEO frames/%06d.png` and give the folder", false;
    HTML: "a web page", "if it was downloaded, the server sent a page instead: fetch the picture itself", false;
    LFS: "a Git LFS pointer", "fetch the real file with `git lfs pull`", false;
    ARCHIVE: "an archive", "unpack it and give the folder", false;
    HDF5: "an HDF5 file", "give a picture or a folder of pictures", false;
    TEXT: "a text file", "give a picture, a folder of pictures, or a driving log with a header line", false;
}

/// Recognises a file's kind by its beginning ([`SNIFF_BYTES`] are enough).
pub(in crate::input) fn sniff(bytes: &[u8]) -> Sniffed {
    if let Some(kind) = foreign(bytes) {
        return Sniffed::Foreign(kind);
    }
    // `image` decodes BigTIFF but doesn't recognise it.
    if super::tiff::BIG.iter().any(|magic| bytes.starts_with(magic)) {
        return Sniffed::Picture(ImageFormat::Tiff);
    }
    match image::guess_format(bytes) {
        Ok(ImageFormat::Pnm) if !is_pnm(bytes) => {}
        Ok(
            format @ (ImageFormat::Jpeg
            | ImageFormat::Png
            | ImageFormat::Gif
            | ImageFormat::Bmp
            | ImageFormat::Tiff
            | ImageFormat::WebP
            | ImageFormat::Pnm
            | ImageFormat::Ico
            | ImageFormat::Qoi),
        ) => return Sniffed::Picture(format),
        _ => {}
    }
    if is_text(bytes) { Sniffed::Foreign(&TEXT) } else { Sniffed::Unknown }
}

/// Whether the file begins with `P1` … `P7` and white space: a text that begins with "P2P" is no picture.
fn is_pnm(bytes: &[u8]) -> bool {
    matches!(bytes, [b'P', b'1'..=b'7', white, ..] if white.is_ascii_whitespace())
}

fn foreign(bytes: &[u8]) -> Option<&'static ForeignKind> {
    const MAGIC: [(&[u8], &ForeignKind); 18] = [
        (b"%PDF", &PDF),
        (b"8BPS", &PSD),
        (b"\xFF\x0A", &JXL),
        (b"\0\0\0\x0CJXL ", &JXL),
        (b"\0\0\0\x0CjP  ", &JP2),
        (b"\xFF\x4F\xFF\x51", &JP2),
        (b"\x76\x2F\x31\x01", &EXR),
        (b"#?RADIANCE", &HDR),
        (b"#?RGBE", &HDR),
        (b"II*\0\x10\0\0\0CR", &RAW),
        (b"DDS ", &DDS),
        (b"farbfeld", &FARBFELD),
        (b"PF\n", &PFM),
        (b"Pf\n", &PFM),
        (b"version https://git-lfs", &LFS),
        (b"PK\x03\x04", &ARCHIVE),
        (b"\x1F\x8B", &ARCHIVE),
        (b"\x89HDF\r\n\x1A\n", &HDF5),
    ];
    if let Some((_, kind)) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Some(kind);
    }
    // ISO base media: a box length, "ftyp", a brand.
    if let Some(brand) = bytes.get(4..12).and_then(|b| b.strip_prefix(b"ftyp")) {
        return Some(match brand {
            b"avif" | b"avis" => &AVIF,
            // A brand that only means "pictures in some coding": the coding is among the brands that follow.
            b"mif1" | b"msf1" | b"miaf" if brands(bytes).any(|b| matches!(b, b"avif" | b"avis")) => &AVIF,
            b"crx " => &RAW,
            b"M4A " | b"M4B " | b"M4P " => &AUDIO,
            b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1" => &HEIC,
            _ => &VIDEO,
        });
    }
    if is_video(bytes) {
        return Some(&VIDEO);
    }
    let start: String =
        String::from_utf8_lossy(bytes.get(..SNIFF_BYTES.min(bytes.len())).unwrap_or(&[])).to_lowercase();
    let start = start.trim_start_matches('\u{feff}').trim_start();
    if start.starts_with("<svg") || start.starts_with("<?xml") && start.contains("<svg") {
        return Some(&SVG);
    }
    (start.starts_with("<!doctype html") || start.starts_with("<html")).then_some(&HTML)
}

/// Whether the file is a video in a container other than ISO base media, or in `QuickTime`'s from before there were brands.
fn is_video(bytes: &[u8]) -> bool {
    const MAGIC: [&[u8]; 6] = [
        b"\x1A\x45\xDF\xA3",
        b"FLV\x01",
        b"\x00\x00\x01\xBA",
        b"\x00\x00\x01\xB3",
        b"\x30\x26\xB2\x75\x8E\x66\xCF\x11",
        b"YUV4MPEG2 ",
    ];
    // A transport stream has packets of 188 bytes, each of which begins with the same byte.
    let is_transport_stream = [0, 188, 376].iter().all(|at| bytes.get(*at) == Some(&0x47));
    let is_quicktime = matches!(bytes.get(4..8), Some(b"moov" | b"mdat")) && bytes.first() == Some(&0);
    let is_ogg = bytes.starts_with(b"OggS") && bytes.get(28..35) == Some(b"\x80theora");
    MAGIC.iter().any(|magic| bytes.starts_with(magic))
        || bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"AVI ")
        || is_transport_stream
        || is_quicktime
        || is_ogg
}

/// The compatible brands of an ISO base media file: groups of four bytes after the length, `ftyp`, the main brand and its version.
fn brands(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let length = bytes.first_chunk::<4>().map_or(0, |n| u32::from_be_bytes(*n) as usize);
    bytes.get(16..length.min(bytes.len())).unwrap_or(&[]).chunks_exact(4)
}

/// Whether the beginning is UTF-8 without control characters.
fn is_text(bytes: &[u8]) -> bool {
    let start = bytes.get(..SNIFF_BYTES.min(bytes.len())).unwrap_or(&[]);
    let valid = match std::str::from_utf8(start) {
        Ok(text) => text,
        // A character may be cut in two at the end of what was read.
        Err(e) if e.error_len().is_none() => {
            std::str::from_utf8(start.get(..e.valid_up_to()).unwrap_or(&[])).unwrap_or("")
        }
        Err(_) => return false,
    };
    !valid.is_empty() && valid.chars().all(|c| !c.is_control() || c.is_ascii_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_take_for_pictures_is_named() {
        let what = |bytes: &[u8]| match sniff(bytes) {
            Sniffed::Foreign(kind) => kind.what,
            Sniffed::Picture(_) => "picture",
            Sniffed::Unknown => "unknown",
        };
        assert_eq!(what(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), "a HEIC picture");
        assert_eq!(what(b"\0\0\0\x20ftypavif\0\0\0\0avifmif1"), "an AVIF picture");
        assert_eq!(what(b"\0\0\0\x20ftypisom\0\0\0\0"), "a video");
        for video in [
            &b"\0\0\x01\xBA\x44\0"[..],
            b"FLV\x01\x05\0",
            b"\0\0\0\x20moov",
            b"YUV4MPEG2 W4 H4",
            b"\x30\x26\xB2\x75\x8E\x66\xCF\x11",
        ] {
            assert_eq!(what(video), "a video");
        }
        let mut packets = [0; 512];
        for at in [0, 188, 376] {
            packets[at] = 0x47;
        }
        assert_eq!(what(&packets), "a video");
        assert_eq!(what(b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif"), "an AVIF picture");
        assert_eq!(what(b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom"), "a camera's raw picture");
        assert_eq!(what(b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42"), "a sound recording");
        assert_eq!(what(b"II*\0\x10\0\0\0CR\x02\0"), "a camera's raw picture");
        assert_eq!(what(b"II\x2B\0\x08\0\0\0\x10\0\0\0\0\0\0\0"), "picture");
        assert_eq!(what(b"<?xml version=\"1.0\"?>\n<svg xmlns=\"\">"), "an SVG drawing");
        assert_eq!(what(b"%PDF-1.7\n"), "a PDF document");
        assert_eq!(what(b"<!DOCTYPE html><html>"), "a web page");
        assert_eq!(what(b"version https://git-lfs.github.com/spec/v1\n"), "a Git LFS pointer");
        assert_eq!(what(b"\xFF\x4F\xFF\x51\0\x2F"), "a JPEG 2000 picture");
        assert_eq!(what(b"P2P networks are"), "a text file");
        assert_eq!(what("größer\n".as_bytes()), "a text file");
        assert_eq!(what(b"P5 1 1 255\n\0"), "picture");
        assert_eq!(what(b"\x01\x02\x03\x04"), "unknown");
    }
}
