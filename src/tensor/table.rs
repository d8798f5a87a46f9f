//! Columns of a log and their cells: what goes with a picture from its log into every file of features.

/// What all cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    /// Whole numbers that fit 64 bits: times in nanoseconds, counts, ids.
    Integer,
    /// Numbers.
    Number,
    /// Anything else.
    Text,
}

/// A column by name.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Column {
    /// As the log spells it, unique among its columns.
    pub name: String,
    /// What its cells are.
    pub kind: ColumnKind,
}

/// One value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing was there. It is not zero.
    Missing,
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// Text.
    Text(String),
}

impl ColumnKind {
    /// What a cell's text is by itself. `007` is text, for as a number it would lose its zeros; a decimal comma is a number.
    pub fn of(text: &str) -> Self {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let is_plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.is_empty();
        if is_plain {
            let is_canonical = digits == "0" && digits == text || !digits.starts_with('0');
            return if !is_canonical {
                Self::Text
            } else if text.parse::<i64>().is_ok() {
                Self::Integer
            } else {
                Self::Number
            };
        }
        if number(text).is_some() { Self::Number } else { Self::Text }
    }

    /// A cell of this kind; text that isn't of the kind stays text.
    pub fn cell(self, text: &str) -> Cell {
        if text.is_empty() {
            return Cell::Missing;
        }
        match self {
            Self::Integer => text.parse().ok().map(Cell::Integer),
            Self::Number => number(text).map(Cell::Number),
            Self::Text => None,
        }
        .unwrap_or_else(|| Cell::Text(text.to_owned()))
    }
}

/// A number with a decimal point or comma, or NaN; no other words that Rust would read as one.
fn number(text: &str) -> Option<f64> {
    let unsigned = text.trim_start_matches(['-', '+']);
    let begins = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == ',');
    if !begins && !text.eq_ignore_ascii_case("nan") {
        return None;
    }
    text.parse().or_else(|_| text.replacen(',', ".", 1).parse()).ok()
}

impl std::fmt::Display for Cell {
    /// As a CSV has it, without quotes; numbers with the fewest digits that give them back.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => Ok(()),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value:?}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_lose_nothing() {
        let kinds = [
            ("1479424215880976321", ColumnKind::Integer),
            ("-3", ColumnKind::Integer),
            ("0", ColumnKind::Integer),
            ("-0", ColumnKind::Text),
            ("007", ColumnKind::Text),
            ("0.50", ColumnKind::Number),
            ("-0,0858", ColumnKind::Number),
            ("9.5E-05", ColumnKind::Number),
            ("NaN", ColumnKind::Number),
            ("99999999999999999999", ColumnKind::Number),
            ("inf", ColumnKind::Text),
            ("left", ColumnKind::Text),
            ("1.2.3", ColumnKind::Text),
            ("-", ColumnKind::Text),
        ];
        for (text, kind) in kinds {
            assert_eq!(ColumnKind::of(text), kind, "{text}");
        }
        assert_eq!(ColumnKind::Number.cell("-0,0858"), Cell::Number(-0.0858));
        assert_eq!(ColumnKind::Number.cell(""), Cell::Missing);
        assert_eq!(Cell::Number(0.001_038_939_063_41).to_string(), "0.00103893906341");
    }
}
