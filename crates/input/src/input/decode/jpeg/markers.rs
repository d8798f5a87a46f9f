//! Reads a JPEG's markers without decoding: its frame header, its scans, and whether it ends.
//!
//! Owns the names of kinds of JPEG that are valid but not decoded, so that none of them is reported as damaged. Must know nothing of
//! samples.

/// The beginning of a segment with XMP.
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// A component of the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Component {
    id: u8,
    /// Horizontal sampling factor, 1 to 4: samples across for each block of the frame.
    pub(super) across: usize,
    /// Vertical sampling factor.
    pub(super) down: usize,
}

/// The frame's header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FrameHeader {
    marker: u8,
    precision: u8,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) components: Vec<Component>,
}

impl FrameHeader {
    pub(super) fn is_progressive(&self) -> bool {
        matches!(self.marker, 0xC2 | 0xCA)
    }

    fn is_lossless(&self) -> bool {
        matches!(self.marker, 0xC3 | 0xCB)
    }

    /// The largest sampling factors of all components, across and down.
    pub(super) fn factors(&self) -> (usize, usize) {
        let most = |of: fn(&Component) -> usize| self.components.iter().map(of).max().unwrap_or(1);
        (most(|c| c.across), most(|c| c.down))
    }

    /// Bytes of all components' samples, in whole blocks.
    pub(super) fn plane_bytes(&self) -> u64 {
        let (across, down) = self.factors();
        let blocks = |side: u32, most: usize| u64::from(side.div_ceil(8 * most.max(1) as u32)) * 8;
        let unit = blocks(self.width, across) * blocks(self.height, down);
        self.components.iter().map(|c| unit * (c.across * c.down) as u64).sum()
    }

    /// Whether the components are sampled in a way that the decoder decodes wrongly or refuses: four components with different
    /// factors, or three of which the first is coarser than another.
    pub(super) fn is_uneven(&self) -> bool {
        let (across, down) = self.factors();
        let finest = |c: &Component| c.across == across && c.down == down;
        match self.components.len() {
            3 => self.components.first().is_some_and(|c| !finest(c)),
            4 => !self.components.iter().all(finest),
            _ => false,
        }
    }
}

/// The contents of the markers, from the start of the image to its end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Markers {
    /// The first frame header, if it is complete.
    pub(super) frame: Option<FrameHeader>,
    /// Whether the end marker is there.
    pub(super) end: bool,
    /// The number of components in each scan.
    scans: Vec<usize>,
    /// For each coefficient of each component, how many of its low bits are still missing; `None` before its first scan.
    missing: Vec<[Option<u8>; 64]>,
    /// The last block of XMP before the pixels.
    pub(super) xmp: Option<Vec<u8>>,
    /// Whether there is a marker that gives the height after the first scan.
    late_height: bool,
    tables: bool,
    /// The first error in a header of a table or a scan that libjpeg refuses and the decoder doesn't notice.
    pub(super) fault: Option<&'static str>,
    /// The name of another standard that uses JPEG's markers, if the frame is of that standard.
    other_standard: Option<&'static str>,
}

impl Markers {
    /// Reads the markers. Segments are skipped by their lengths, so the end marker of an EXIF thumbnail doesn't count. Within a scan,
    /// stuffed bytes and restart markers are data.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut markers = Self::default();
        let mut at = 2;
        while let Some(skip) = bytes.get(at..).and_then(|rest| rest.iter().position(|&b| b == 0xFF)) {
            // The skipped bytes are a scan's data, or stray bytes between headers.
            at += skip;
            let Some(&kind) = bytes.get(at + 1) else { break };
            match kind {
                0xD9 => {
                    markers.end = true;
                    break;
                }
                0xFF => at += 1,
                0x00 | 0x01 | 0xD0..=0xD8 => at += 2,
                _ => {
                    let (Some(&high), Some(&low)) = (bytes.get(at + 2), bytes.get(at + 3)) else { break };
                    let length = usize::from(u16::from_be_bytes([high, low])).max(2);
                    if let Some(body) = bytes.get(at + 4..at + 2 + length) {
                        markers.fault = markers.fault.or_else(|| markers.fault_in(kind, body));
                        markers.take(kind, body);
                    }
                    at += 2 + length;
                }
            }
        }
        markers
    }

    /// The error in a segment, by the standard (ITU-T T.81, B.2) and as libjpeg-turbo checks it.
    fn fault_in(&self, kind: u8, body: &[u8]) -> Option<&'static str> {
        let is_sound = match kind {
            0xDB => are_tables(body, |head, _| Some(if head >> 4 == 0 { 64 } else { 128 })),
            0xC4 => are_tables(body, |_, rest| {
                let counts: usize = rest.get(..16)?.iter().map(|count| usize::from(*count)).sum();
                (counts <= 256).then_some(16 + counts)
            }),
            0xDA => return self.fault_in_scan(body),
            _ => true,
        };
        (!is_sound).then_some("the length of a table is wrong")
    }

    fn fault_in_scan(&self, body: &[u8]) -> Option<&'static str> {
        let frame = self.frame.as_ref()?;
        let Some((count, rest)) = body.split_first() else { return Some("the header of a scan is cut") };
        let count = usize::from(*count);
        let Some((ids, &[first, last, bits])) =
            rest.split_at_checked(2 * count).filter(|_| (1..=4).contains(&count))
        else {
            return Some("the length of a scan's header is wrong");
        };
        let ids: Vec<u8> = ids.iter().step_by(2).copied().collect();
        if ids.iter().any(|id| frame.components.iter().all(|c| c.id != *id)) {
            return Some("a scan is of a component that isn't there");
        }
        let (high, low) = (bits >> 4, bits & 15);
        // A scan has either only DC coefficients, or AC coefficients of a single component. Refinements add one bit at a time.
        let is_band = if first == 0 { last == 0 } else { count == 1 && first <= last && last < 64 };
        let is_progression = is_band && low <= 13 && (high == 0 || low + 1 == high);
        (frame.is_progressive() && !is_progression).then_some("a scan's coefficients are out of order")
    }

    fn take(&mut self, kind: u8, body: &[u8]) {
        match kind {
            0xC4 | 0xDB | 0xCC => self.tables = true,
            0xF7 if self.frame.is_none() => self.other_standard = Some("JPEG-LS"),
            0xC0..=0xCF if self.frame.is_none() => self.take_frame(kind, body),
            0xDC => self.late_height = true,
            0xE1 if self.scans.is_empty() && body.starts_with(XMP) => {
                self.xmp = body.get(XMP.len()..).map(<[u8]>::to_vec);
            }
            0xDA => self.take_scan(body),
            _ => {}
        }
    }

    fn take_frame(&mut self, marker: u8, body: &[u8]) {
        let &[precision, h1, h0, w1, w0, count, ref rest @ ..] = body else { return };
        let components: Vec<Component> = rest
            .chunks_exact(3)
            .take(usize::from(count))
            .map(|c| Component { id: c[0], across: usize::from(c[1] >> 4), down: usize::from(c[1] & 15) })
            .collect();
        if components.len() == usize::from(count) {
            self.missing = vec![[None; 64]; components.len()];
            let (width, height) = (u16::from_be_bytes([w1, w0]).into(), u16::from_be_bytes([h1, h0]).into());
            self.frame = Some(FrameHeader { marker, precision, width, height, components });
        }
    }

    fn take_scan(&mut self, body: &[u8]) {
        let Some((&count, rest)) = body.split_first() else { return };
        self.scans.push(usize::from(count));
        let Some((ids, &[first, last, bits])) = rest
            .split_at_checked(2 * usize::from(count))
            .and_then(|(ids, r)| r.first_chunk::<3>().map(|tail| (ids, tail)))
        else {
            return;
        };
        let Some(frame) = &self.frame else { return };
        for id in ids.iter().step_by(2) {
            let Some(i) = frame.components.iter().position(|c| c.id == *id) else { continue };
            for k in usize::from(first)..=usize::from(last.min(63)) {
                if let Some(known) = self.missing.get_mut(i).and_then(|all| all.get_mut(k)) {
                    *known = Some(bits & 15);
                }
            }
        }
    }

    /// Whether a progressive file has every coefficient to its last bit.
    pub(super) fn is_exact(&self) -> bool {
        self.missing.iter().flatten().all(|bits| *bits == Some(0))
    }

    /// The name of the kind of a valid file that is not decoded; `None` for a kind that is decoded.
    pub(super) fn undecoded(&self) -> Option<String> {
        if let Some(standard) = self.other_standard {
            return Some(standard.into());
        }
        let Some(frame) = &self.frame else {
            let tables_alone = self.end && self.tables && self.scans.is_empty();
            return tables_alone.then(|| "tables without a picture".into());
        };
        if frame.height == 0 && self.late_height {
            return Some("its height follows its first scan".into());
        }
        let precision = frame.precision;
        let (across, down) = frame.factors();
        let count = frame.components.len();
        let even = frame.components.iter().all(|c| c.across == across && c.down == down);
        Some(match frame.marker {
            0xC5..=0xC7 | 0xCD..=0xCF => "hierarchical".into(),
            0xC8 => "an extension of JPEG".into(),
            0xC3 if precision != 8 => format!("lossless, {precision} bits a sample"),
            0xCB => "lossless with arithmetic coding".into(),
            _ if precision != 8 => format!("{precision} bits a sample"),
            _ if !matches!(count, 1 | 3 | 4) => format!("{count} components"),
            _ if frame.components.iter().any(|c| c.across == 0 || c.down == 0) => return None,
            _ if frame
                .components
                .iter()
                .any(|c| !across.is_multiple_of(c.across) || !down.is_multiple_of(c.down)) =>
            {
                "components sampled at fractions of each other".into()
            }
            _ if frame.is_lossless() && self.scans.len() > 1 => "lossless, in several scans".into(),
            _ if frame.is_lossless() && count > 1 && !even => "lossless, with coarser components".into(),
            _ if frame.is_lossless() && count == 4 => "lossless, of four inks".into(),
            _ if !frame.is_progressive() && self.scans.iter().any(|&n| n > 1 && n < count) => {
                format!("a scan of some of its {count} components, not of one or all")
            }
            _ if frame.is_uneven() && frame.is_progressive() && !self.is_exact() => {
                "progressive without its last refinements, with unevenly sampled components".into()
            }
            _ => return None,
        })
    }
}

/// Whether a segment contains tables and nothing else. Each table is a byte that identifies it, followed by as many bytes as `length`
/// computes from that byte and the rest.
fn are_tables(mut body: &[u8], length: impl Fn(u8, &[u8]) -> Option<usize>) -> bool {
    while let Some((head, rest)) = body.split_first() {
        let Some(after) = length(*head, rest).and_then(|length| rest.get(length..)) else { return false };
        if head & 15 > 3 {
            return false;
        }
        body = after;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::Markers;

    #[test]
    fn the_end_marker_is_found_where_it_counts() {
        let scan = [0xFF, 0xDA, 0, 3, 0, 7, 0xFF, 0, 0xFF, 0xD0, 9];
        let thumbnail = [0xFF, 0xE1, 0, 5, 0xFF, 0xD9, 0];
        let whole = [&[0xFF, 0xD8][..], &thumbnail, &scan, &[0xFF, 0xD9]].concat();
        assert!(Markers::of(&whole).end);
        assert!(Markers::of(&[&whole[..], b"trailing bytes"].concat()).end);
        for cut in 2..whole.len() {
            assert!(!Markers::of(&whole[..cut]).end, "cut at {cut}");
        }
    }

    /// The name of the kind of a file with one frame header and one scan of all its components.
    fn named(marker: u8, precision: u8, height: u8, samplings: &[u8], after: &[u8]) -> Option<String> {
        let count = samplings.len() as u8;
        let mut file = vec![0xFF, 0xD8, 0xFF, marker, 0, 8 + 3 * count, precision, 0, height, 0, 9, count];
        for (i, sampling) in samplings.iter().enumerate() {
            file.extend([i as u8, *sampling, 0]);
        }
        file.extend([0xFF, 0xDA, 0, 6 + 2 * count, count]);
        (0..count).for_each(|i| file.extend([i, 0]));
        file.extend([0, 63, 0]);
        file.extend(after);
        file.extend([0xFF, 0xD9]);
        Markers::of(&file).undecoded()
    }

    #[test]
    fn valid_kinds_that_are_not_decoded_have_names() {
        let even = [0x11; 3];
        for decoded in [0xC0, 0xC1, 0xC2, 0xC3, 0xC9, 0xCA] {
            assert_eq!(named(decoded, 8, 9, &even, &[]), None);
        }
        assert_eq!(named(0xC0, 8, 9, &[0x22, 0x11, 0x11], &[]), None);
        let name = |marker, precision, height, samplings: &[u8], after: &[u8]| {
            named(marker, precision, height, samplings, after).unwrap()
        };
        assert_eq!(name(0xC1, 12, 9, &even, &[]), "12 bits a sample");
        assert_eq!(name(0xC3, 16, 9, &even, &[]), "lossless, 16 bits a sample");
        assert_eq!(name(0xCB, 8, 9, &even, &[]), "lossless with arithmetic coding");
        assert_eq!(name(0xC5, 8, 9, &even, &[]), "hierarchical");
        assert_eq!(name(0xC0, 8, 9, &[0x11; 2], &[]), "2 components");
        let fractions = "components sampled at fractions of each other";
        assert_eq!(name(0xC0, 8, 9, &[0x31, 0x21, 0x11], &[]), fractions);
        let late = "its height follows its first scan";
        assert_eq!(name(0xC0, 8, 0, &even, &[0xFF, 0xDC, 0, 4, 0, 9]), late);
        assert_eq!(named(0xC0, 8, 0, &even, &[]), None);
        assert_eq!(name(0xF7, 8, 9, &even, &[]), "JPEG-LS");
        let tables = [0xFF, 0xD8, 0xFF, 0xDB, 0, 3, 0, 0xFF, 0xD9];
        assert_eq!(Markers::of(&tables).undecoded().unwrap(), "tables without a picture");
    }

    #[test]
    fn what_libjpeg_refuses_in_headers_is_found() {
        let frame = [0xFF, 0xD8, 0xFF, 0xC2, 0, 17, 8, 0, 9, 0, 9, 3, 0, 0x11, 0, 1, 0x11, 0, 2, 0x11, 0];
        let fault = |segment: &[u8]| Markers::of(&[&frame[..], segment, &[0xFF, 0xD9]].concat()).fault;
        let order = Some("a scan's coefficients are out of order");
        for (scan, expected) in [
            (&[0xFF, 0xDA, 0, 12, 3, 0, 0, 1, 0, 2, 0, 0, 0, 1][..], None),
            (&[0xFF, 0xDA, 0, 12, 3, 0, 0, 1, 0, 2, 0, 0, 0, 0x10], None),
            (&[0xFF, 0xDA, 0, 8, 1, 2, 0, 1, 63, 0x21], None),
            (&[0xFF, 0xDA, 0, 12, 3, 0, 0, 1, 0, 2, 0, 1, 63, 0], order),
            (&[0xFF, 0xDA, 0, 12, 3, 0, 0, 1, 0, 2, 0, 0, 63, 0], order),
            (&[0xFF, 0xDA, 0, 8, 1, 2, 0, 9, 5, 0], order),
            (&[0xFF, 0xDA, 0, 8, 1, 2, 0, 1, 64, 0], order),
            (&[0xFF, 0xDA, 0, 8, 1, 2, 0, 1, 63, 0x31], order),
            (&[0xFF, 0xDA, 0, 8, 1, 7, 0, 1, 63, 0], Some("a scan is of a component that isn't there")),
            (&[0xFF, 0xDA, 0, 9, 1, 2, 0, 1, 63, 0, 0], Some("the length of a scan's header is wrong")),
            (&[0xFF, 0xDA, 0, 5, 0, 1, 63], Some("the length of a scan's header is wrong")),
            (&[0xFF, 0xDB, 0, 4, 0, 1], Some("the length of a table is wrong")),
        ] {
            assert_eq!(fault(scan), expected, "{scan:?}");
        }
        let table = |kind, body: &[u8]| [&[0xFF, kind, 0, body.len() as u8 + 2][..], body].concat();
        let quantities = [&[1u8][..], &[1; 64]].concat();
        assert_eq!(fault(&table(0xDB, &quantities)), None);
        assert!(fault(&table(0xDB, &quantities[1..])).is_some());
        let codes = [&[0x10, 1][..], &[0; 15], &[7]].concat();
        assert_eq!(fault(&table(0xC4, &[&codes[..], &codes].concat())), None);
        assert!(fault(&table(0xC4, &codes[..17])).is_some());
    }
}
