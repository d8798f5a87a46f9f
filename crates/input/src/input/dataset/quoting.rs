//! Quotes in a CSV: which fields are quoted, and where quotes may have joined several rows into one.
//!
//! Owns that suspicion. Must not know what fields mean.

/// Whether a quoted field of a line is not closed at the line's end.
pub(super) fn is_left_open(line: &[u8], delimiter: u8) -> bool {
    let (mut is_quoted, mut is_begin) = (false, true);
    for byte in line {
        // A doubled quote closes the field and opens it again at once.
        if *byte == b'"' && (is_quoted || is_begin) {
            is_quoted = !is_quoted;
            is_begin = true;
        } else {
            is_begin = matches!(*byte, b'\r' | b'\n') || *byte == delimiter;
        }
    }
    is_quoted
}

/// Which fields of a line are quoted: those whose first byte is a quote, as for the CSV reader.
pub(super) fn quotes(line: &[u8], delimiter: u8, quoted: &mut Vec<bool>) {
    let is_end = |b: &u8| matches!(*b, b'\r' | b'\n');
    let mut at = line.iter().position(|b| !is_end(b)).unwrap_or(line.len());
    loop {
        let is_quoted = line.get(at) == Some(&b'"');
        quoted.push(is_quoted);
        if is_quoted {
            at += 1;
            while let Some(b) = line.get(at) {
                at += 1;
                if *b == b'"' {
                    // A doubled quote is part of the text.
                    if line.get(at) != Some(&b'"') {
                        break;
                    }
                    at += 1;
                }
            }
        }
        while line.get(at).is_some_and(|b| *b != delimiter && !is_end(b)) {
            at += 1;
        }
        if line.get(at) != Some(&delimiter) {
            return;
        }
        at += 1;
    }
}

/// Fields in which quotes may have joined several rows into one.
#[derive(Debug, Default)]
pub(super) struct Joined {
    /// First and last line of the first such field.
    first: Option<(u64, u64)>,
    num: usize,
}

impl Joined {
    /// Checks a record that begins in line `line`. Two stray quotes can join rows into one with the right number of fields only if
    /// both are in the same column. Then the text between them has as many delimiters as those rows.
    pub(super) fn look(&mut self, fields: &[&str], quoted: &[bool], line: u64, delimiter: u8) {
        let last = fields.len().saturating_sub(1);
        let mut line = line;
        for (at, field) in fields.iter().enumerate() {
            let begins = line;
            line += ends(field);
            if line == begins || last == 0 || !quoted.get(at).copied().unwrap_or(false) {
                continue;
            }
            let end = if field.contains('\n') { '\n' } else { '\r' };
            let pieces: Vec<usize> = field
                .split(end)
                .map(|piece| piece.bytes().filter(|byte| *byte == delimiter).count())
                .collect();
            let (Some(first), Some(rest)) = (pieces.first(), pieces.get(1..)) else { continue };
            let Some((ending, between)) = rest.split_last() else { continue };
            if *first == last - at && *ending == at && between.iter().all(|num| *num == last) {
                self.first.get_or_insert((begins, line));
                self.num += 1;
            }
        }
    }

    /// A note for the user; `None` if no such field was found.
    pub(super) fn note(&self) -> Option<String> {
        let (begins, ends) = self.first?;
        let more = match self.num {
            1 => String::new(),
            num => format!(" ({} more such fields follow)", num - 1),
        };
        Some(format!(
            "the quoted field that begins in line {begins} goes on to line {ends} and holds as many separators as whole rows: if it is rows, the quotes in these lines belong to the text and must be doubled or taken out{more}"
        ))
    }
}

/// The number of line breaks in a field.
fn ends(field: &str) -> u64 {
    let count = |end: char| field.matches(end).count() as u64;
    match count('\n') {
        0 => count('\r'),
        num => num,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_seen_where_the_reader_sees_them() {
        let of = |line: &str| {
            let mut quoted = Vec::new();
            quotes(line.as_bytes(), b',', &mut quoted);
            quoted
        };
        assert_eq!(of("\r\na,\"b,\"\"c\" ,d\n"), [false, true, false]);
        assert_eq!(of("\"\", \"x\",\"a\nb\""), [true, false, true]);
        assert_eq!(of("\"open,x"), [true]);
        assert_eq!(of(""), [false]);
    }
    #[test]
    fn rows_between_stray_quotes_are_suspected() {
        let lines = |fields: &[&str], quoted: &[bool]| {
            let mut joined = Joined::default();
            joined.look(fields, quoted, 7, b',');
            joined.first
        };
        assert_eq!(lines(&["a", "b\nc,d\ne,f"], &[false, true]), Some((7, 9)));
        assert_eq!(lines(&["a", "b,1\r\nc,d", "2"], &[false, true, false]), Some((7, 8)));
        assert_eq!(lines(&["a,b\nc", "d"], &[true, false]), Some((7, 8)));
        assert_eq!(lines(&["a", "one line, and\nanother"], &[false, true]), None);
        assert_eq!(lines(&["a", "one\ntwo\nthree", "c"], &[false, true, false]), None);
        assert_eq!(lines(&["one\ntwo, three"], &[true]), None, "one column");
    }
}
