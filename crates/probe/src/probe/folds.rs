//! Which rows are fitted on and which are scored. Every row is in one fold; a fold is scored by heads fitted on all others.
//!
//! Neighbouring frames of a drive are nearly the same picture. With random folds, a head only has to remember them; with folds of
//! consecutive rows it must tell what it hasn't seen.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::error::ProbeError;
use super::target::{Target, Values};
use crate::tensor::Random;

/// Rows that a fold has at least on average.
const ROWS_PER_FOLD: usize = 4;
/// Folds below which no strength can be chosen by leaving folds out.
const LEAST_FOLDS: usize = 3;

/// How rows are split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Split {
    /// Consecutive rows stay together.
    Block,
    /// Rows in random order; each class is spread evenly.
    Random,
    /// All rows with the same value of this column stay together.
    Group(String),
    /// This column says for each row whether it is of `train`, `val` or `test`.
    File(String),
}

/// A text that is no split.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("split `{0}`: expected block, random, group:COLUMN or file:COLUMN")]
pub struct UnknownSplit(String);

impl FromStr for Split {
    type Err = UnknownSplit;

    fn from_str(text: &str) -> Result<Self, UnknownSplit> {
        match (text, text.split_once(':')) {
            ("block", _) => Ok(Self::Block),
            ("random", _) => Ok(Self::Random),
            (_, Some(("group", column))) if !column.is_empty() => Ok(Self::Group(column.to_owned())),
            (_, Some(("file", column))) if !column.is_empty() => Ok(Self::File(column.to_owned())),
            _ => Err(UnknownSplit(text.to_owned())),
        }
    }
}

impl std::fmt::Display for Split {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Block => f.write_str("block"),
            Self::Random => f.write_str("random"),
            Self::Group(column) => write!(f, "group:{column}"),
            Self::File(column) => write!(f, "file:{column}"),
        }
    }
}

/// The folds of all rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folds {
    /// The fold of each row.
    pub of_row: Vec<usize>,
    /// How many there are.
    pub num: usize,
    /// The folds that are scored, in order.
    pub scored: Vec<usize>,
    /// The folds on which strengths are compared, each without the one that is being scored.
    pub inner: Vec<usize>,
}

impl Folds {
    /// Consecutive rows in folds of nearly the same size. `order` lists the rows in time; rows with the same `moment` stay together.
    ///
    /// # Errors
    /// Too few rows or moments.
    pub fn blocks(order: &[usize], moment: &[String], num: usize) -> Result<Self, ProbeError> {
        check_rows(order.len(), num)?;
        check_extent("moments", moment.len(), order.len())?;
        if let Some(row) = order.iter().find(|row| **row >= order.len()) {
            return Err(ProbeError::Shape { what: "an order with a row", got: *row, expected: order.len() });
        }
        let mut of_row = vec![0; order.len()];
        let (mut fold, mut before) = (0, None);
        for (place, row) in order.iter().enumerate() {
            let is_new = before != Some(&moment[*row]);
            if is_new && place * num >= (fold + 1) * order.len() {
                fold = place * num / order.len();
            }
            before = Some(&moment[*row]);
            of_row[*row] = fold;
        }
        Self::all_scored(of_row, num)
    }

    /// Random folds; of classes, each fold has its share of each class.
    ///
    /// # Errors
    /// Too few rows, or a class with fewer rows than folds.
    pub fn random(target: &Target, num: usize, seed: u64) -> Result<Self, ProbeError> {
        let num_rows = target.num_rows();
        check_rows(num_rows, num)?;
        let mut of_row = vec![0; num_rows];
        let mut random = Random::new(seed);
        let classes: Vec<Vec<usize>> = match &target.values {
            Values::Numbers(_) => vec![(0..num_rows).collect()],
            Values::Classes { labels, names } => (0..names.len())
                .map(|class| (0..num_rows).filter(|row| labels[*row] == class).collect())
                .collect(),
        };
        if let Values::Classes { names, .. } = &target.values
            && let Some(class) = classes.iter().position(|rows| rows.len() < num)
        {
            let count = classes[class].len();
            return Err(ProbeError::RareClass { class: names[class].clone(), count, least: num });
        }
        let mut next = 0;
        for mut rows in classes {
            random.shuffle(&mut rows);
            for row in rows {
                of_row[row] = next % num;
                next += 1;
            }
        }
        Self::all_scored(of_row, num)
    }

    /// Whole groups, each put into the smallest fold so far, the largest first.
    ///
    /// # Errors
    /// Too few groups.
    pub fn groups(name: &str, cells: &[String], num: usize) -> Result<Self, ProbeError> {
        check_rows(cells.len(), num)?;
        let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
        for cell in cells {
            *sizes.entry(cell).or_default() += 1;
        }
        if sizes.len() < LEAST_FOLDS {
            let groups = sizes.len();
            return Err(ProbeError::TooFewGroups { name: name.to_owned(), groups, least: LEAST_FOLDS });
        }
        let num = num.min(sizes.len());
        let mut by_size: Vec<(&str, usize)> = sizes.into_iter().collect();
        by_size.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
        let mut filled = vec![0; num];
        let mut fold_of = BTreeMap::new();
        for (group, size) in by_size {
            let fold = (0..num).min_by_key(|fold| filled[*fold]).unwrap_or(0);
            filled[fold] += size;
            fold_of.insert(group, fold);
        }
        let of_row = cells.iter().map(|cell| fold_of.get(cell.as_str()).copied().unwrap_or(0)).collect();
        Self::all_scored(of_row, num)
    }

    /// Parts that a column names. Rows of `test` are scored; strengths are compared on `val`, or without one on blocks of `train`.
    ///
    /// # Errors
    /// Another word, or no row of `train` or of `test`.
    pub fn parts(name: &str, cells: &[String], num: usize) -> Result<Self, ProbeError> {
        let bad = |value: &str| ProbeError::NoPart { name: name.to_owned(), value: value.to_owned() };
        let mut parts = Vec::with_capacity(cells.len());
        for cell in cells {
            parts.push(match cell.trim().to_lowercase().as_str() {
                "train" | "training" => 1,
                "val" | "valid" | "validation" | "dev" => 2,
                "test" | "testing" => 0,
                _ => return Err(bad(cell)),
            });
        }
        let count = |part| parts.iter().filter(|it| **it == part).count();
        if count(0) < ROWS_PER_FOLD || count(1) < ROWS_PER_FOLD {
            let (train, test, least) = (count(1), count(0), ROWS_PER_FOLD);
            return Err(ProbeError::SmallPart { name: name.to_owned(), train, test, least });
        }
        if count(2) > 0 {
            return Ok(Self { of_row: parts, num: 3, scored: vec![0], inner: vec![2] });
        }
        check_rows(count(1), num)?;
        let (mut seen, of) = (0, count(1));
        for part in parts.iter_mut().filter(|part| **part == 1) {
            *part = 1 + seen * num / of;
            seen += 1;
        }
        Ok(Self { of_row: parts, num: num + 1, scored: vec![0], inner: (1..=num).collect() })
    }

    fn all_scored(of_row: Vec<usize>, num: usize) -> Result<Self, ProbeError> {
        if (0..num).any(|fold| !of_row.contains(&fold)) {
            return Err(ProbeError::EmptyFold { folds: num });
        }
        Ok(Self { of_row, num, scored: (0..num).collect(), inner: (0..num).collect() })
    }

    /// The rows of a fold, in order.
    pub fn rows(&self, fold: usize) -> Vec<usize> {
        (0..self.of_row.len()).filter(|row| self.of_row[*row] == fold).collect()
    }

    /// The rows that are scored, in order.
    pub fn scored_rows(&self) -> Vec<usize> {
        (0..self.of_row.len()).filter(|row| self.scored.contains(&self.of_row[*row])).collect()
    }

    /// Every choice of folds to leave out that nested scoring needs: a scored fold alone, and with one of the inner ones.
    pub(super) fn left_out(&self) -> Vec<(usize, Option<usize>)> {
        let mut all: Vec<(usize, Option<usize>)> = Vec::new();
        for scored in &self.scored {
            all.push((*scored, None));
            for inner in self.inner.iter().filter(|inner| *inner != scored) {
                let pair = ((*scored).min(*inner), Some((*scored).max(*inner)));
                if !all.contains(&pair) {
                    all.push(pair);
                }
            }
        }
        all
    }
}

/// An error if something has another extent than expected.
pub(super) fn check_extent(what: &'static str, got: usize, expected: usize) -> Result<(), ProbeError> {
    if got == expected { Ok(()) } else { Err(ProbeError::Shape { what, got, expected }) }
}

fn check_rows(rows: usize, num: usize) -> Result<(), ProbeError> {
    let least = num.max(LEAST_FOLDS) * ROWS_PER_FOLD;
    if rows < least { Err(ProbeError::TooFewRows { rows, least }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::ColumnKind;

    fn texts(count: usize, text: impl Fn(usize) -> String) -> Vec<String> {
        (0..count).map(text).collect()
    }

    #[test]
    fn blocks_keep_moments_together() {
        // Three cameras a moment: 20 moments in 5 folds of 4.
        let order: Vec<usize> = (0..60).collect();
        let moments = texts(60, |at| (at / 3).to_string());
        let folds = Folds::blocks(&order, &moments, 5).unwrap();
        assert!((0..60).all(|row| folds.of_row[row] == row / 12), "{:?}", folds.of_row);
        // 20 rows, moments of 7: a boundary waits for the next moment.
        let folds = Folds::blocks(&order[..21], &texts(21, |at| (at / 7).to_string()), 3).unwrap();
        assert!((0..21).all(|row| folds.of_row[row] == row / 7));
        let one = Folds::blocks(&order, &texts(60, |_| String::new()), 5);
        assert_eq!(one, Err(ProbeError::EmptyFold { folds: 5 }), "all rows are one moment");
    }

    #[test]
    fn classes_are_spread_and_groups_stay_whole() {
        let labels = texts(50, |at| ["a", "b", "b", "b", "b"][at % 5].to_owned());
        let target = Target::read("t", &labels, ColumnKind::Text, None).unwrap();
        let folds = Folds::random(&target, 5, 0).unwrap();
        for fold in 0..5 {
            let rows = folds.rows(fold);
            assert_eq!((rows.len(), rows.iter().filter(|row| labels[**row] == "a").count()), (10, 2));
        }
        let groups = texts(50, |at| (at % 7).to_string());
        let folds = Folds::groups("g", &groups, 5).unwrap();
        for row in 7..50 {
            assert_eq!(folds.of_row[row], folds.of_row[row % 7]);
        }
        assert!(Folds::groups("g", &texts(50, |at| (at % 2).to_string()), 5).is_err());
    }

    #[test]
    fn a_column_may_say_which_rows_are_scored() {
        let parts = texts(40, |at| if at % 4 == 0 { "test" } else { "train" }.to_owned());
        let folds = Folds::parts("p", &parts, 5).unwrap();
        assert_eq!((folds.scored_rows().len(), folds.inner.len(), folds.num), (10, 5, 6));
        assert_eq!(folds.left_out().len(), 6);
        let parts = texts(40, |at| ["test", "train", "val", "train"][at % 4].to_owned());
        let folds = Folds::parts("p", &parts, 5).unwrap();
        assert_eq!(folds.left_out(), [(0, None), (0, Some(2))]);
        let none = Folds::parts("p", &texts(40, |_| "train".into()), 5).unwrap_err();
        assert_eq!(none, ProbeError::SmallPart { name: "p".into(), train: 40, test: 0, least: 4 });
    }
}
