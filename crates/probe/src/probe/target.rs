//! What is to be told from the features: numbers or classes, read from the texts of a column.

use std::collections::BTreeMap;

use super::error::ProbeError;
use crate::tensor::{ColumnKind, did_you_mean, nearest_names};

/// Whole numbers with at most this many different values are asked about: they may be classes.
const FEW_VALUES: usize = 20;

/// Least and greatest extent of numbers, whose squares and their sums are numbers too.
const LEAST: f64 = 1e-100;
const MOST: f64 = 1e100;
/// Least extent of numbers as a share of the largest: squares have half of the 53 bits for it.
const LEAST_SHARE: f64 = 1e-7;

/// Letters of a cell that an error names.
const LONGEST_CELL: usize = 60;

fn num_different(cells: &[String]) -> usize {
    cells.iter().map(|cell| cell.trim()).collect::<std::collections::BTreeSet<_>>().len()
}

/// The first cell whose comma may stand before three decimals or between thousands, if all commas of the column may.
fn ambiguous_comma(cells: &[String]) -> Option<usize> {
    let may_be_thousands = |cell: &str| {
        let mut groups = cell.trim().trim_start_matches(['-', '+']).split(',');
        let is_digits = |group: &str| group.chars().all(|c| c.is_ascii_digit());
        groups.next().is_some_and(|first| (1..=3).contains(&first.len()) && is_digits(first) && first != "0")
            && groups.all(|group| group.len() == 3 && is_digits(group))
    };
    let mut with_comma = cells.iter().enumerate().filter(|(_, cell)| cell.contains(',')).peekable();
    let first = with_comma.peek()?.0;
    with_comma.all(|(_, cell)| may_be_thousands(cell)).then_some(first)
}

/// Whether a column is read as numbers or as classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// Numbers: a regression.
    Numbers,
    /// Names: a classification.
    Classes,
}

impl TargetKind {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Numbers => "numbers",
            Self::Classes => "classes",
        }
    }
}

/// The values of the target.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// A number for each row.
    Numbers(Vec<f64>),
    /// A class for each row, by its place in `names`, which are in order.
    Classes {
        /// The class of each row.
        labels: Vec<usize>,
        /// The classes' names.
        names: Vec<String>,
    },
}

/// A column of values, one for each row of the features.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The column's name.
    pub name: String,
    /// Its values.
    pub values: Values,
}

impl Target {
    /// Reads a column's cells. Without a `kind`, a column of numbers is a regression and any other one a classification.
    ///
    /// # Errors
    /// Blank cells and NaN, one value in all rows, and texts that name single rows.
    pub fn read(
        name: &str,
        cells: &[String],
        column: ColumnKind,
        kind: Option<TargetKind>,
    ) -> Result<Self, ProbeError> {
        let numbers: Vec<Option<f64>> =
            cells.iter().map(|text| column.cell(text).number().filter(|value| value.is_finite())).collect();
        let is_blank = |at: usize| {
            let text = cells[at].trim();
            text.is_empty() || text.eq_ignore_ascii_case("nan")
        };
        let blanks: Vec<usize> = (0..cells.len()).filter(|at| is_blank(*at)).collect();
        if let Some(row) = blanks.first() {
            let (count, of) = (blanks.len(), cells.len());
            return Err(ProbeError::Blank { name: name.to_owned(), count, of, row: *row });
        }
        if let Some(first) = cells.first()
            && cells.iter().all(|cell| cell == first)
        {
            return Err(ProbeError::Constant { name: name.to_owned(), value: first.clone() });
        }
        let are_numbers = numbers.iter().all(Option::is_some);
        let not_number = |is_no_number: &dyn Fn(usize) -> bool| {
            let rows: Vec<usize> = (0..cells.len()).filter(|at| is_no_number(*at)).collect();
            let row = rows.first().copied()?;
            let cell = cells[row].chars().take(LONGEST_CELL).collect();
            Some(ProbeError::NotNumber {
                name: name.to_owned(),
                cell,
                row,
                count: rows.len(),
                of: cells.len(),
            })
        };
        let is_none = |at: usize| numbers[at].is_none();
        // Some cells that are none among numbers are a gap or a slip, and numbers with a unit are no names.
        let begins =
            |at: usize| cells[at].trim_start_matches(['-', '+']).starts_with(|c: char| c.is_ascii_digit());
        let num_numbers = numbers.iter().flatten().count();
        let have_units = (0..cells.len()).all(begins) && num_different(cells) * 2 > cells.len();
        let are_meant = kind.is_none() && (2 * num_numbers > cells.len() || have_units);
        if (kind == Some(TargetKind::Numbers) || are_meant)
            && let Some(error) = not_number(&is_none)
        {
            return Err(error);
        }
        let kind = kind.unwrap_or(if are_numbers { TargetKind::Numbers } else { TargetKind::Classes });
        let values = match kind {
            TargetKind::Numbers => {
                let numbers: Vec<f64> = numbers.into_iter().flatten().collect();
                if let Some(first) = numbers.first()
                    && numbers.iter().all(|number| number == first)
                {
                    return Err(ProbeError::Constant { name: name.to_owned(), value: first.to_string() });
                }
                if let Some(row) = ambiguous_comma(cells) {
                    return Err(ProbeError::Comma { name: name.to_owned(), cell: cells[row].clone(), row });
                }
                let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
                let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let largest = low.abs().max(high.abs());
                if !(LEAST..=MOST).contains(&(high - low)) || high - low < largest * LEAST_SHARE {
                    return Err(ProbeError::Extent { name: name.to_owned(), low, high });
                }
                Values::Numbers(numbers)
            }
            TargetKind::Classes => classes(name, cells)?,
        };
        Ok(Self { name: name.to_owned(), values })
    }

    /// Whether there are so few different whole numbers that they may be classes.
    pub fn may_be_classes(&self) -> bool {
        let Values::Numbers(numbers) = &self.values else { return false };
        let mut different: Vec<u64> = numbers.iter().map(|number| number.to_bits()).collect();
        different.sort_unstable();
        different.dedup();
        numbers.iter().all(|number| number.fract() == 0.0)
            && different.len() <= FEW_VALUES
            && different.len() * 5 <= numbers.len()
    }

    /// The error for a column that isn't there, with the nearest names.
    pub fn missing<'a>(name: &str, columns: impl Iterator<Item = &'a str> + Clone) -> ProbeError {
        let nearest: Vec<String> =
            nearest_names(name, columns.clone(), 3).into_iter().map(str::to_owned).collect();
        let hint = did_you_mean(&nearest);
        let columns = columns.collect::<Vec<_>>().join(", ");
        ProbeError::NoColumn { name: name.to_owned(), hint, columns }
    }

    /// Numbers or classes.
    pub fn kind(&self) -> TargetKind {
        match self.values {
            Values::Numbers(_) => TargetKind::Numbers,
            Values::Classes { .. } => TargetKind::Classes,
        }
    }

    /// How many rows it has.
    pub fn num_rows(&self) -> usize {
        match &self.values {
            Values::Numbers(numbers) => numbers.len(),
            Values::Classes { labels, .. } => labels.len(),
        }
    }

    /// The columns that heads by least squares are fitted to: the numbers, or a column of 0 and 1 for each class.
    pub(super) fn columns(&self) -> Vec<Vec<f64>> {
        match &self.values {
            Values::Numbers(numbers) => vec![numbers.clone()],
            Values::Classes { labels, names } => (0..names.len())
                .map(|class| labels.iter().map(|label| f64::from(u8::from(*label == class))).collect())
                .collect(),
        }
    }
}

fn classes(name: &str, cells: &[String]) -> Result<Values, ProbeError> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for cell in cells {
        *counts.entry(cell.trim()).or_default() += 1;
    }
    if counts.len() * 2 > cells.len() {
        return Err(ProbeError::Names { name: name.to_owned(), classes: counts.len(), rows: cells.len() });
    }
    let names: Vec<String> = counts.keys().map(|name| (*name).to_owned()).collect();
    let labels = cells
        .iter()
        .map(|cell| names.binary_search_by(|name| name.as_str().cmp(cell.trim())).unwrap_or(0))
        .collect();
    Ok(Values::Classes { labels, names })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn what_cannot_be_told_is_refused() {
        let read = |texts: &[&str], column| Target::read("t", &cells(texts), column, None).unwrap_err();
        let blank = read(&["1", "", "2", "nan"], ColumnKind::Number);
        assert_eq!(blank, ProbeError::Blank { name: "t".into(), count: 2, of: 4, row: 1 });
        let constant = read(&["0.5", "0.50"], ColumnKind::Number);
        assert_eq!(constant, ProbeError::Constant { name: "t".into(), value: "0.5".into() });
        let names = read(&["a", "b", "c", "a"], ColumnKind::Text);
        assert_eq!(names, ProbeError::Names { name: "t".into(), classes: 3, rows: 4 });
        let missing = Target::missing("angel", ["angle", "speed"].into_iter());
        assert_eq!(
            missing.to_string(),
            "no column `angel`; did you mean angle?; the columns are angle, speed"
        );
    }

    /// `1,470` is no other number than it seems to who wrote it, and no number has a square that isn't one.
    #[test]
    fn numbers_that_may_be_others_are_refused() {
        let read = |texts: &[&str]| Target::read("t", &cells(texts), ColumnKind::Text, None);
        let comma = read(&["842", "1,470"]).unwrap_err();
        assert_eq!(comma, ProbeError::Comma { name: "t".into(), cell: "1,470".into(), row: 1 });
        read(&["0,470", "1,470"]).unwrap();
        read(&["1,48", "1,470"]).unwrap();
        for texts in [["1e302", "1"], ["1e-318", "2e-318"], ["1000000000000001", "1000000000000002"]] {
            assert!(matches!(read(&texts), Err(ProbeError::Extent { .. })), "{texts:?}");
        }
        read(&["1500000000", "1500000300"]).unwrap();
    }

    #[test]
    fn what_is_no_number_is_named() {
        let read =
            |texts: &[&str], kind| Target::read("t", &cells(texts), ColumnKind::Text, kind).unwrap_err();
        let error = |cell: &str, row, count, of| ProbeError::NotNumber {
            name: "t".into(),
            cell: cell.into(),
            row,
            count,
            of,
        };
        assert_eq!(read(&["12 deg", "13 deg", "14 deg"], None), error("12 deg", 0, 3, 3));
        assert_eq!(read(&["1", "2.5", "NA"], None), error("NA", 2, 1, 3));
        assert_eq!(read(&["1", "2", "inf", "1", "2", "1"], None), error("inf", 2, 1, 6));
        assert_eq!(read(&["left", "right"], Some(TargetKind::Numbers)), error("left", 0, 2, 2));
        let classes = ["1a", "2b", "1a", "2b", "1a"];
        assert!(Target::read("t", &cells(&classes), ColumnKind::Text, None).is_ok());
    }

    #[test]
    fn numbers_are_a_regression_and_texts_are_classes() {
        let numbers = Target::read("t", &cells(&["-0,5", "1"]), ColumnKind::Text, None).unwrap();
        assert_eq!(numbers.values, Values::Numbers(vec![-0.5, 1.0]));
        let classes = Target::read("t", &cells(&["b", "a", "b", "a "]), ColumnKind::Text, None).unwrap();
        let names = vec!["a".into(), "b".into()];
        assert_eq!(classes.values, Values::Classes { labels: vec![1, 0, 1, 0], names });
        let digits: Vec<String> = (0..50).map(|at| (at % 10).to_string()).collect();
        let target = Target::read("t", &digits, ColumnKind::Integer, None).unwrap();
        assert!(target.may_be_classes() && target.kind() == TargetKind::Numbers);
    }
}
