//! Reads the first directory of a TIFF, and prepares the file so that the decoder can read it.
//!
//! Owns the names of kinds of TIFF that are valid but not decoded, and three changes to a copy of the file that correct errors of
//! `tiff` 0.11 and `image` 0.25. LZW data are unpacked here (where tiles at the border are read row by row, `tiff` mistakes the last
//! bytes for the file's end); CMYK is passed through as four samples (`image`'s conversion is off by one); and colours that were
//! multiplied by their alpha are recognised. Must know nothing of the pixels except how many there are.

use std::borrow::Cow;

use weezl::{BitOrder, LzwStatus};

use super::{DecodeLimits, DecodeProblem};

const FORMAT: &str = "TIFF";

/// The bytes that every BigTIFF begins with, in both byte orders.
pub(super) const BIG: [&[u8]; 2] = [b"II\x2B\0\x08\0\0\0", b"MM\0\x2B\0\x08\0\0"];

mod tag {
    pub(super) const WIDTH: u16 = 256;
    pub(super) const HEIGHT: u16 = 257;
    pub(super) const BITS: u16 = 258;
    pub(super) const COMPRESSION: u16 = 259;
    pub(super) const COLOURS: u16 = 262;
    pub(super) const STRIP_OFFSETS: u16 = 273;
    pub(super) const SAMPLES: u16 = 277;
    pub(super) const ROWS_PER_STRIP: u16 = 278;
    pub(super) const STRIP_LENGTHS: u16 = 279;
    pub(super) const PLANAR: u16 = 284;
    pub(super) const PREDICTOR: u16 = 317;
    pub(super) const TILE_WIDTH: u16 = 322;
    pub(super) const TILE_HEIGHT: u16 = 323;
    pub(super) const TILE_OFFSETS: u16 = 324;
    pub(super) const TILE_LENGTHS: u16 = 325;
    pub(super) const INK_SET: u16 = 332;
    pub(super) const EXTRA: u16 = 338;
    pub(super) const SAMPLE_FORMAT: u16 = 339;
    pub(super) const DNG_VERSION: u16 = 50_706;
}

/// What the decoded samples mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Samples {
    /// What the decoder says.
    AsDecoded,
    /// Cyan, magenta, yellow and black, passed through as red, green, blue and alpha.
    Inks,
    /// Red, green and blue, multiplied by their alpha.
    Premultiplied,
    /// Values that were from 0 to this number, and that the decoder has stretched to its full range.
    UpTo(u32),
}

/// A TIFF that the decoder can read.
pub(super) struct PreparedTiff<'a> {
    /// The file, or a changed copy.
    pub(super) bytes: Cow<'a, [u8]>,
    /// Whether a second directory follows.
    pub(super) has_more_pages: bool,
    pub(super) samples: Samples,
}

/// Reads the first directory and makes the changes. If the directory is broken, the decoder has to report that.
pub(super) fn prepare<'a>(bytes: &'a [u8], limits: &DecodeLimits) -> Result<PreparedTiff<'a>, DecodeProblem> {
    let mut prepared =
        PreparedTiff { bytes: Cow::Borrowed(bytes), has_more_pages: false, samples: Samples::AsDecoded };
    let Some(directory) = Directory::of(bytes) else { return Ok(prepared) };
    prepared.has_more_pages = directory.next != 0;
    let number = |tag, default| directory.number(bytes, tag).unwrap_or(default);
    let (width, height) = (number(tag::WIDTH, 0), number(tag::HEIGHT, 0));
    if let (Ok(width), Ok(height)) = (u32::try_from(width), u32::try_from(height)) {
        limits.check(width, height)?;
    }
    if let Some(problem) = directory.undecoded(bytes) {
        return Err(problem);
    }
    if number(tag::COMPRESSION, 1) == 5 {
        prepared.bytes = Cow::Owned(directory.unpacked(bytes, limits)?);
    }
    if let (5, 8, 4) = (number(tag::COLOURS, 0), number(tag::BITS, 1), number(tag::SAMPLES, 1)) {
        directory.set_short(prepared.bytes.to_mut(), tag::COLOURS, 2);
        prepared.samples = Samples::Inks;
    } else if number(tag::COLOURS, 0) == 2 && number(tag::EXTRA, 0) == 1 {
        prepared.samples = Samples::Premultiplied;
    }
    Ok(prepared)
}

struct Entry {
    tag: u16,
    kind: u16,
    count: u64,
    /// The entry's position in the file.
    at: usize,
}

struct Directory {
    is_big_endian: bool,
    /// Bytes of an offset: 8 in a BigTIFF, otherwise 4.
    wide: usize,
    entries: Vec<Entry>,
    /// The position of the second directory; 0 if there is none.
    next: u64,
}

/// Reads a whole number of at most eight bytes.
fn number_at(bytes: &[u8], is_big_endian: bool, at: usize, length: usize) -> Option<u64> {
    let field = bytes.get(at..at.checked_add(length)?)?;
    let join = |n: u64, byte: &u8| n << 8 | u64::from(*byte);
    Some(if is_big_endian { field.iter().fold(0, join) } else { field.iter().rev().fold(0, join) })
}

impl Directory {
    fn of(bytes: &[u8]) -> Option<Self> {
        let is_big_endian = bytes.starts_with(b"MM");
        let is_big_tiff = BIG.iter().any(|magic| bytes.starts_with(magic));
        let wide = if is_big_tiff { 8 } else { 4 };
        let number = |at, length| number_at(bytes, is_big_endian, at, length);
        let start = usize::try_from(number(wide, wide)?).ok()?;
        let count_length = if is_big_tiff { 8 } else { 2 };
        let count = usize::try_from(number(start, count_length)?).ok()?;
        let first = start.checked_add(count_length)?;
        let entry_length = 4 + 2 * wide;
        let end = first.checked_add(count.checked_mul(entry_length)?)?;
        // Reading this first makes sure that the entries are within the file, so that no memory is allocated for missing ones.
        let next = number(end, wide)?;
        let entries = (first..end)
            .step_by(entry_length)
            .map(|at| {
                let (tag, kind) = (number(at, 2)? as u16, number(at + 2, 2)? as u16);
                Some(Entry { tag, kind, count: number(at + 4, wide)?, at })
            })
            .collect::<Option<_>>()?;
        Some(Self { is_big_endian, wide, entries, next })
    }

    fn entry(&self, tag: u16) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.tag == tag)
    }

    /// The whole numbers of a tag; `None` if the tag is missing, of another type, or not completely in the file.
    fn numbers(&self, bytes: &[u8], tag: u16) -> Option<Vec<u64>> {
        let entry = self.entry(tag)?;
        let size = match entry.kind {
            1 => 1,
            3 => 2,
            4 => 4,
            16 => 8,
            _ => return None,
        };
        let count = usize::try_from(entry.count).ok()?;
        let value = entry.at + 4 + self.wide;
        let length = count.checked_mul(size)?;
        let start = if length <= self.wide {
            value
        } else {
            usize::try_from(number_at(bytes, self.is_big_endian, value, self.wide)?).ok()?
        };
        let field = bytes.get(start..start.checked_add(length)?)?;
        field.chunks_exact(size).map(|n| number_at(n, self.is_big_endian, 0, size)).collect()
    }

    fn number(&self, bytes: &[u8], tag: u16) -> Option<u64> {
        self.numbers(bytes, tag)?.first().copied()
    }

    /// How many samples of a pixel the decoder knows: the colours, and a single alpha of RGB.
    fn num_known(&self, bytes: &[u8], colours: u64, count: u64) -> u64 {
        let has_alpha = matches!(self.number(bytes, tag::EXTRA), Some(1 | 2));
        let known = match colours {
            2 if count == 4 && has_alpha => 4,
            2 => 3,
            5 => 4,
            _ => count,
        };
        known.min(count)
    }

    /// The problem, if the file is of a valid kind that is not decoded.
    fn undecoded(&self, bytes: &[u8]) -> Option<DecodeProblem> {
        let number = |tag, default| self.number(bytes, tag).unwrap_or(default);
        if self.entry(tag::DNG_VERSION).is_some() {
            // The first directory of a DNG is only a small preview.
            return Some(DecodeProblem::Variant {
                format: FORMAT,
                reason: "a camera's raw picture, DNG".into(),
            });
        }
        let bits = number(tag::BITS, 1);
        let samples = |kind: &str| {
            Some(DecodeProblem::UnknownRange { format: FORMAT, samples: format!("{bits}-bit {kind}") })
        };
        match (number(tag::SAMPLE_FORMAT, 1), bits) {
            (1, 32 | 64) => return samples("unsigned integer"),
            (2, _) => return samples("signed integer"),
            (3, _) => return samples("floating-point"),
            (5 | 6, _) => return samples("complex"),
            _ => {}
        }
        let (colours, count) = (number(tag::COLOURS, 1), number(tag::SAMPLES, 1));
        // Libtiff ignores a predictor if the compression doesn't use one, but the decoder would apply it.
        let takes_none = !matches!(number(tag::COMPRESSION, 1), 5 | 8 | 32_946 | 34_925 | 50_000);
        let reason = match colours {
            _ if number(tag::PREDICTOR, 1) != 1 && takes_none => {
                "a predictor with a compression that takes none".into()
            }
            0 | 1 if count > 1 => format!("grey with {} more samples a pixel", count - 1),
            2 if count == 2 => "two samples a pixel".into(),
            3 => "colours of a palette".into(),
            5 if number(tag::INK_SET, 1) != 1 => "inks other than CMYK".into(),
            6 => "YCbCr colours".into(),
            8..=10 => "Lab colours".into(),
            _ if number(tag::PLANAR, 1) == 2 && self.entry(tag::TILE_OFFSETS).is_some() => {
                "tiles with their colours apart".into()
            }
            _ => {
                let extra = count - self.num_known(bytes, colours, count);
                // In these cases, `tiff` 0.11 counts only the colours as samples of a row.
                let is_plain = self.entry(tag::TILE_OFFSETS).is_none() && number(tag::PREDICTOR, 1) == 1;
                if extra == 0 || is_plain {
                    return None;
                }
                let rows =
                    if self.entry(tag::TILE_OFFSETS).is_some() { "in tiles" } else { "with a predictor" };
                let samples = if extra == 1 { "sample" } else { "samples" };
                format!("{extra} {samples} a pixel beside its colours, {rows}")
            }
        };
        Some(DecodeProblem::Variant { format: FORMAT, reason })
    }

    /// A copy of the file in which strips or tiles are not compressed.
    fn unpacked(&self, bytes: &[u8], limits: &DecodeLimits) -> Result<Vec<u8>, DecodeProblem> {
        let too_much = || DecodeProblem::TooMuchMemory { format: FORMAT, limit: limits.max_bytes };
        let damaged = |reason: &str| DecodeProblem::Damaged { format: FORMAT, reason: reason.into() };
        let cut = || DecodeProblem::Truncated { format: FORMAT };
        let number = |tag, default| self.number(bytes, tag).unwrap_or(default);
        let is_tiled = self.entry(tag::TILE_OFFSETS).is_some();
        let (offsets_tag, lengths_tag) = if is_tiled {
            (tag::TILE_OFFSETS, tag::TILE_LENGTHS)
        } else {
            (tag::STRIP_OFFSETS, tag::STRIP_LENGTHS)
        };
        let (Some(offsets), Some(lengths)) =
            (self.numbers(bytes, offsets_tag), self.numbers(bytes, lengths_tag))
        else {
            return Err(if self.entry(offsets_tag).is_some() && self.entry(lengths_tag).is_some() {
                cut()
            } else {
                damaged("it doesn't say where its samples are")
            });
        };

        let height = number(tag::HEIGHT, 0);
        let together = if number(tag::PLANAR, 1) == 2 { 1 } else { number(tag::SAMPLES, 1) };
        let (columns, rows) = if is_tiled {
            (number(tag::TILE_WIDTH, 0), number(tag::TILE_HEIGHT, 0))
        } else {
            (number(tag::WIDTH, 0), number(tag::ROWS_PER_STRIP, height).min(height))
        };
        if columns == 0 || rows == 0 {
            return Err(damaged("it has no rows"));
        }
        let row_bits = columns.checked_mul(together).and_then(|n| n.checked_mul(number(tag::BITS, 1)));
        let row_bytes = row_bits.ok_or_else(too_much)?.div_ceil(8);
        let strips = height.div_ceil(rows);
        let rows_of = |i: u64| if is_tiled { rows } else { rows.min(height - i % strips * rows) };
        let chunk_bytes = |i: usize| row_bytes.checked_mul(rows_of(i as u64));
        let sizes: Option<Vec<u64>> = (0..offsets.len()).map(chunk_bytes).collect();
        let sizes = sizes.ok_or_else(too_much)?;
        let total = sizes.iter().try_fold(bytes.len() as u64, |sum, size| sum.checked_add(*size));
        let table = 2 * (self.wide * offsets.len()) as u64;
        let total = total.and_then(|sum| sum.checked_add(table)).filter(|sum| *sum <= limits.max_bytes);
        let total = total.ok_or_else(too_much)?;
        if self.wide == 4 && u32::try_from(total).is_err() {
            return Err(too_much());
        }

        let mut out = Vec::new();
        out.try_reserve_exact(total as usize)
            .map_err(|_| DecodeProblem::NoMemory { format: FORMAT, bytes: total })?;
        out.extend_from_slice(bytes);
        let mut starts = Vec::with_capacity(offsets.len());
        for ((offset, length), size) in offsets.iter().zip(&lengths).zip(&sizes) {
            let packed = usize::try_from(*offset)
                .ok()
                .zip(usize::try_from(*length).ok())
                .and_then(|(start, length)| bytes.get(start..start.checked_add(length)?))
                .ok_or_else(cut)?;
            if let [0, second, ..] = packed
                && second & 1 == 1
            {
                return Err(DecodeProblem::Variant {
                    format: FORMAT,
                    reason: "LZW of the kind before TIFF 5".into(),
                });
            }
            starts.push(out.len() as u64);
            let end = out.len() + *size as usize;
            unpack(packed, &mut out, end).ok_or_else(|| damaged("its LZW data are too few or wrong"))?;
        }
        if starts.len() < offsets.len() {
            return Err(damaged("it doesn't say where its samples are"));
        }
        self.set_short(&mut out, tag::COMPRESSION, 1);
        self.set_numbers(&mut out, offsets_tag, &starts);
        self.set_numbers(&mut out, lengths_tag, &sizes);
        Ok(out)
    }

    fn digits(&self, number: u64, length: usize) -> Vec<u8> {
        if self.is_big_endian {
            number.to_be_bytes().into_iter().skip(8 - length).collect()
        } else {
            number.to_le_bytes().into_iter().take(length).collect()
        }
    }

    /// Sets the single value of a tag, which fits into two bytes.
    fn set_short(&self, file: &mut [u8], tag: u16, number: u64) {
        let Some(entry) = self.entry(tag) else { return };
        let length = if entry.kind == 3 { 2 } else { 4 };
        put(file, entry.at + 4 + self.wide, &self.digits(number, length));
    }

    /// Sets the values of a tag that has as many as `numbers`. Several are put at the end of the file, and the tag points to them.
    fn set_numbers(&self, file: &mut Vec<u8>, tag: u16, numbers: &[u64]) {
        let Some(entry) = self.entry(tag) else { return };
        let value = entry.at + 4 + self.wide;
        put(file, entry.at + 2, &self.digits(if self.wide == 8 { 16 } else { 4 }, 2));
        if let [only] = numbers {
            put(file, value, &self.digits(*only, self.wide));
            return;
        }
        let table = file.len() as u64;
        put(file, value, &self.digits(table, self.wide));
        for number in numbers {
            file.extend(self.digits(*number, self.wide));
        }
    }
}

fn put(file: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = file.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

/// Unpacks LZW data to the end of `out`, until it is `end` bytes long. `None` if there are too few data or they are wrong.
fn unpack(mut packed: &[u8], out: &mut Vec<u8>, end: usize) -> Option<()> {
    let mut decoder = weezl::decode::Decoder::with_tiff_size_switch(BitOrder::Msb, 8);
    let mut at = out.len();
    out.resize(end, 0);
    while at < end {
        let result = decoder.decode_bytes(packed, out.get_mut(at..)?);
        packed = packed.get(result.consumed_in..)?;
        at += result.consumed_out;
        match result.status {
            Ok(LzwStatus::Ok | LzwStatus::NoProgress) if result.consumed_in + result.consumed_out > 0 => {}
            _ => break,
        }
    }
    (at == end).then_some(())
}
