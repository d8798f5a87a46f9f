//! Columns of a log and their cells: the values that are copied with a picture from its log into every feature file.
//!
//! Owns which texts count as numbers. A cell keeps its text as it was written; code that stores numbers calls [`Cell::number`] or
//! [`Cell::integer`].

/// Whole numbers beyond this one lose digits as f64.
pub const EXACT_INTEGERS: u64 = 1 << 53;

/// The type of all cells of a column.
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

/// Name and type of a column.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Column {
    /// Name as the log spells it, unique among its columns.
    pub name: String,
    /// Type of its cells.
    pub kind: ColumnKind,
}

/// One value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// An empty cell in a column of numbers. It is not zero.
    Missing,
    /// A whole number.
    Integer(i64),
    /// A number that was not read from text.
    Number(f64),
    /// Text as it was written; in a column of numbers, text that [`Cell::number`] can read.
    Text(String),
}

impl Cell {
    /// The cell as a whole number, if it is one.
    pub fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(value) => Some(*value),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Missing | Self::Number(_) => None,
        }
    }

    /// The cell as a number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(value) => Some(*value as f64),
            Self::Number(value) => Some(*value),
            Self::Text(text) => number(text.trim()),
            Self::Missing => None,
        }
    }

    /// Whether the cell is empty or holds only blanks; in a column of numbers, it then holds no number.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Missing => true,
            Self::Text(text) => text.trim().is_empty(),
            Self::Integer(_) | Self::Number(_) => false,
        }
    }
}

impl ColumnKind {
    /// The type of a single cell's text. Only plain decimals such as `-0.50` and `9.5E-05` are numbers. `007`, `+49`, `inf` and a whole
    /// number that 64 bits can't hold are text, because converting them to a number would change them.
    pub fn of(text: &str) -> Self {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (mantissa, exponent) =
            unsigned.split_once(['e', 'E']).map_or((unsigned, None), |(m, e)| (m, Some(e)));
        let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(w, f)| (w, Some(f)));
        let are_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let has_digits = are_digits(whole)
            && fraction.is_none_or(are_digits)
            && !(whole.is_empty() && fraction.is_none_or(str::is_empty));
        let has_exponent = exponent.is_none_or(|exponent| {
            let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            !digits.is_empty() && are_digits(digits)
        });
        let has_leading_zeros = whole.len() > 1 && whole.starts_with('0');
        if !has_digits || !has_exponent || has_leading_zeros {
            return Self::Text;
        }
        // `-0` is a number but not a whole one: a 64-bit integer has no negative zero.
        if exponent.is_none() && fraction.is_none() && text != "-0" {
            return if text.parse::<i64>().is_ok() { Self::Integer } else { Self::Text };
        }
        match text.parse::<f64>() {
            // Neither larger than the largest f64 nor rounded to zero.
            Ok(value)
                if value.is_finite()
                    && (value != 0.0 || !mantissa.bytes().any(|b| matches!(b, b'1'..=b'9'))) =>
            {
                Self::Number
            }
            _ => Self::Text,
        }
    }

    /// A cell of a column of this kind, with its text as it was written.
    pub fn cell(self, text: &str) -> Cell {
        match self {
            Self::Integer | Self::Number if text.is_empty() => Cell::Missing,
            Self::Integer => match text.parse::<i64>() {
                Ok(value) if value.to_string() == text => Cell::Integer(value),
                _ => Cell::Text(text.to_owned()),
            },
            Self::Number | Self::Text => Cell::Text(text.to_owned()),
        }
    }
}

/// Reads a number with a decimal point or comma, or NaN; not the other words that Rust would parse, such as `inf`.
fn number(text: &str) -> Option<f64> {
    let unsigned = text.trim_start_matches(['-', '+']);
    let begins = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == ',');
    if !begins && !text.eq_ignore_ascii_case("nan") {
        return None;
    }
    text.parse().or_else(|_| text.replacen(',', ".", 1).parse()).ok()
}

impl std::fmt::Display for Cell {
    /// Writes it as in a CSV, without quotes: text as it was written, numbers with the fewest digits that read back as the same number.
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
            ("-0", ColumnKind::Number),
            ("007", ColumnKind::Text),
            ("-007.5", ColumnKind::Text),
            ("0.50", ColumnKind::Number),
            (".5", ColumnKind::Number),
            ("5.", ColumnKind::Number),
            ("12.0000", ColumnKind::Number),
            ("-0,0858", ColumnKind::Text),
            ("9.5E-05", ColumnKind::Number),
            ("1E1", ColumnKind::Number),
            ("1e", ColumnKind::Text),
            ("99e999", ColumnKind::Text),
            ("1e-999", ColumnKind::Text),
            ("0e-999", ColumnKind::Number),
            ("+49170123", ColumnKind::Text),
            ("NaN", ColumnKind::Text),
            ("99999999999999999999", ColumnKind::Text),
            ("inf", ColumnKind::Text),
            ("left", ColumnKind::Text),
            ("1.2.3", ColumnKind::Text),
            ("1_000", ColumnKind::Text),
            ("-", ColumnKind::Text),
            (".", ColumnKind::Text),
            ("", ColumnKind::Text),
            (" 5", ColumnKind::Text),
        ];
        for (text, kind) in kinds {
            assert_eq!(ColumnKind::of(text), kind, "{text}");
        }
    }

    #[test]
    fn a_cell_keeps_its_text() {
        let cell = ColumnKind::Number.cell("-0,0858");
        assert_eq!((cell.number(), cell.to_string().as_str()), (Some(-0.0858), "-0,0858"));
        assert_eq!(ColumnKind::Number.cell("12.0000").to_string(), "12.0000");
        assert_eq!(ColumnKind::Number.cell(""), Cell::Missing);
        assert_eq!(ColumnKind::Integer.cell(" 5"), Cell::Text(" 5".into()));
        assert_eq!(ColumnKind::Integer.cell(" 5").integer(), Some(5));
        assert_eq!(ColumnKind::Text.cell(""), Cell::Text(String::new()), "no text is a text");
        assert_eq!(Cell::Number(0.001_038_939_063_41).to_string(), "0.00103893906341");
    }
}
