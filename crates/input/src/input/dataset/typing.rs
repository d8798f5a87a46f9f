//! Determines a column's kind from all of its cells. It becomes numbers only if no text would be lost by that.

use crate::tensor::{ColumnKind, EXACT_INTEGERS};

/// How many entries are collected before duplicates are removed for the first time.
const COMPACT_AT: usize = 1 << 16;

/// Determines a column's kind while its cells are added.
#[derive(Debug)]
pub(super) struct Typing {
    kind: Option<ColumnKind>,
    /// Whether a number may have a decimal comma, as in files whose fields are separated by semicolons.
    has_decimal_commas: bool,
    has_large: bool,
    /// For each number: its bits as f64, its value as a whole number, and the hash of its text. Two texts for the same value must be
    /// noticed.
    seen: Vec<(u64, i64, u64)>,
    /// Hash of the first blank text.
    blank: Option<u64>,
    has_several_blanks: bool,
    compact_at: usize,
}

impl Typing {
    pub(super) fn new(has_decimal_commas: bool) -> Self {
        Self {
            kind: None,
            has_decimal_commas,
            has_large: false,
            seen: Vec::new(),
            blank: None,
            has_several_blanks: false,
            compact_at: COMPACT_AT,
        }
    }

    /// Adds a cell: `text` is its content without blanks around it, which may be empty; `written` is all of it as it is in the file.
    pub(super) fn add(&mut self, text: &str, written: &str) {
        if self.kind == Some(ColumnKind::Text) {
            return;
        }
        if text.is_empty() {
            let written = hash(written);
            self.has_several_blanks |= *self.blank.get_or_insert(written) != written;
            return;
        }
        let with_point;
        let point = if self.has_decimal_commas && !text.contains('.') && text.contains(',') {
            with_point = text.replacen(',', ".", 1);
            &with_point
        } else {
            text
        };
        self.kind = self.kind.max(Some(ColumnKind::of(point)));
        if self.kind == Some(ColumnKind::Text) {
            self.seen = Vec::new();
            return;
        }
        let Ok(value) = point.parse::<f64>() else { return };
        self.has_large |= !point.contains(['e', 'E']) && value.abs() >= EXACT_INTEGERS as f64;
        // So that −0 counts as equal to 0.
        let one = ((value + 0.0).to_bits(), point.parse().unwrap_or(0), hash(written));
        if self.seen.last() != Some(&one) {
            self.seen.push(one);
        }
        if self.seen.len() >= self.compact_at {
            self.compact();
            self.compact_at = COMPACT_AT.max(2 * self.seen.len());
        }
    }

    fn compact(&mut self) {
        self.seen.sort_unstable();
        self.seen.dedup();
    }

    /// The column's kind. If not all of its numbers are whole, a whole number too large to be exact in f64 makes the column text.
    pub(super) fn kind(mut self) -> ColumnKind {
        self.compact();
        let has_two_texts = |are_whole: bool| {
            let mut pairs = self.seen.windows(2);
            pairs.any(|pair| pair[0].0 == pair[1].0 && (!are_whole || pair[0].1 == pair[1].1))
        };
        let is_lossy = match self.kind {
            None | Some(ColumnKind::Text) => true,
            Some(ColumnKind::Number) => self.has_large || has_two_texts(false),
            Some(ColumnKind::Integer) => has_two_texts(true),
        };
        // As numbers, blank cells would all be the same, however they were written.
        let is_text = is_lossy || self.has_several_blanks;
        self.kind.filter(|_| !is_text).unwrap_or(ColumnKind::Text)
    }
}

/// FNV-1a.
fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(cells: &[&str]) -> ColumnKind {
        let mut typing = Typing::new(false);
        for cell in cells {
            typing.add(cell.trim(), cell);
        }
        typing.kind()
    }

    #[test]
    fn a_column_is_a_number_only_where_nothing_is_lost() {
        assert_eq!(kind(&["1.1", "1.10", "1.100"]), ColumnKind::Text);
        assert_eq!(kind(&["12.0000", "12.5000", "12.0000"]), ColumnKind::Number);
        assert_eq!(kind(&["1", "1.5"]), ColumnKind::Number);
        assert_eq!(kind(&["1", "1.0"]), ColumnKind::Text);
        assert_eq!(kind(&["0", "-0"]), ColumnKind::Text);
        assert_eq!(kind(&["9007199254740993", "9007199254740992"]), ColumnKind::Integer);
        assert_eq!(kind(&["9007199254740993", "0.5"]), ColumnKind::Text);
        assert_eq!(kind(&["0.1", "0.10000000000000000001"]), ColumnKind::Text);
        assert_eq!(kind(&["1", "2", "x"]), ColumnKind::Text);
        assert_eq!(kind(&[]), ColumnKind::Text);
        assert_eq!(kind(&["1", " 1"]), ColumnKind::Text);
        assert_eq!(kind(&["1", "\u{a0}1", "2.5"]), ColumnKind::Text);
        assert_eq!(kind(&[" 1", " 2", " 1"]), ColumnKind::Integer);
        assert_eq!(kind(&["1", "", "2", ""]), ColumnKind::Integer);
        assert_eq!(kind(&["1", "", "2", "  "]), ColumnKind::Text);
        let mut commas = Typing::new(true);
        commas.add("-0,5", "-0,5");
        assert_eq!(commas.kind(), ColumnKind::Number);
    }

    #[test]
    fn a_long_column_is_looked_at_as_a_whole() {
        let mut typing = Typing::new(false);
        for at in 0..200_000 {
            let text = format!("{}.5", at % 70_000);
            typing.add(&text, &text);
        }
        assert!(typing.seen.len() <= 2 * 70_000);
        typing.add("69999.50", "69999.50");
        assert_eq!(typing.kind(), ColumnKind::Text);
    }
}
