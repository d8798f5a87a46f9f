//! Why features were not probed.

/// Why features were not probed.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum ProbeError {
    /// No column of this name.
    #[error("no column `{name}`{hint}; the columns are {columns}")]
    NoColumn {
        /// As it was asked for.
        name: String,
        /// `: did you mean …`, or nothing.
        hint: String,
        /// All columns there are.
        columns: String,
    },
    /// Cells without a value.
    #[error(
        "`{name}` has no value in {count} of {of} rows (the first is row {row}); a probe needs one in each"
    )]
    Blank {
        /// The column.
        name: String,
        /// How many cells are blank or NaN.
        count: usize,
        /// Of how many.
        of: usize,
        /// The first, from 0, in the order of the features.
        row: usize,
    },
    /// The same value in all rows.
    #[error("`{name}` is `{value}` in every row: there is nothing to tell apart")]
    Constant {
        /// The column.
        name: String,
        /// The value.
        value: String,
    },
    /// Commas that may separate thousands or decimals.
    #[error(
        "`{name}` has `{cell}` in row {row}: that may be {cell} with a decimal comma or with thousands apart; write a decimal point, or no comma"
    )]
    Comma {
        /// The column.
        name: String,
        /// The cell.
        cell: String,
        /// The row, from 0, in the order of the features.
        row: usize,
    },
    /// Numbers that can't be squared, or whose differences vanish beside them.
    #[error(
        "`{name}` goes from {low:e} to {high:e}: such numbers can't be told apart in 64 bits once they are squared; write them in another unit, or without their offset"
    )]
    Extent {
        /// The column.
        name: String,
        /// The smallest value.
        low: f64,
        /// The largest value.
        high: f64,
    },
    /// A text of its own for nearly every row.
    #[error(
        "`{name}` has {classes} different texts in {rows} rows: that is a name of each row, and no class; a class needs two rows at least"
    )]
    Names {
        /// The column.
        name: String,
        /// How many different texts.
        classes: usize,
        /// How many rows.
        rows: usize,
    },
    /// Cells that are no numbers among others that are, or in a column that is to be read as numbers.
    #[error(
        "`{name}` has `{cell}` in row {row}, which is no number, as {count} of {of} cells are; write numbers alone, without units, and leave out rows that have none"
    )]
    NotNumber {
        /// The column.
        name: String,
        /// The first such cell.
        cell: String,
        /// Its row, from 0, in the order of the features.
        row: usize,
        /// How many cells are no numbers.
        count: usize,
        /// Of how many.
        of: usize,
    },
    /// Too few rows for the split.
    #[error(
        "{rows} rows are too few: {least} are needed at least, so that each part has rows to fit and to score on"
    )]
    TooFewRows {
        /// How many there are.
        rows: usize,
        /// How many are needed.
        least: usize,
    },
    /// Rows that belong together leave a fold without rows.
    #[error(
        "rows that belong together stay in one fold, and of {folds} folds one is left without rows; fewer folds are needed"
    )]
    EmptyFold {
        /// How many folds were asked for.
        folds: usize,
    },
    /// Numbers, folds and target that are not of the same rows.
    #[error("{what} of {got}, where {expected} were expected")]
    Shape {
        /// What has another extent.
        what: &'static str,
        /// Its extent.
        got: usize,
        /// What was expected.
        expected: usize,
    },
    /// Too few groups for the split.
    #[error(
        "`{name}` has {groups} different values: whole groups are left out in turn, which needs {least} at least"
    )]
    TooFewGroups {
        /// The column.
        name: String,
        /// How many different values.
        groups: usize,
        /// How many are needed.
        least: usize,
    },
    /// A column of parts with a word that names no part.
    #[error("`{name}` has the value `{value}`: expected train, val or test in each row")]
    NoPart {
        /// The column.
        name: String,
        /// The first such value.
        value: String,
    },
    /// Parts that a column names, of which one has too few rows.
    #[error("`{name}` says train in {train} rows and test in {test}: at least {least} are needed of each")]
    SmallPart {
        /// The column.
        name: String,
        /// Rows of train.
        train: usize,
        /// Rows of test.
        test: usize,
        /// How many are needed.
        least: usize,
    },
    /// A part to fit on in which the target is constant.
    #[error("in the rows that the split leaves to fit on, the target has one value; another split is needed")]
    ConstantPart,
    /// A class that is only in one part.
    #[error(
        "class `{class}` has {count} rows, and each class needs {least} at least, so that it can be fitted and scored"
    )]
    RareClass {
        /// Its name.
        class: String,
        /// How many rows it has.
        count: usize,
        /// How many are needed.
        least: usize,
    },
    /// A feature that is not a finite number.
    #[error("feature {column} of row {row} is {value}, and heads can be fitted on finite numbers only")]
    NotFinite {
        /// From 0.
        row: usize,
        /// From 0.
        column: usize,
        /// NaN or an infinity.
        value: f32,
    },
    /// A head that doesn't go with the kind of target.
    #[error("{head} is a head for {needs}, and the target has {got}")]
    WrongHead {
        /// The head's name.
        head: &'static str,
        /// What it is for.
        needs: &'static str,
        /// What there is.
        got: &'static str,
    },
    /// A head that can't be kept.
    #[error("{head} has no weights that could be kept: it is the rows themselves")]
    NoWeights {
        /// The head's name.
        head: &'static str,
    },
    /// The eigenvalues of a matrix were not found.
    #[error(
        "the eigenvalues of the features' products were not found, which points at values beyond what f64 can hold"
    )]
    NoEigenvalues,
    /// Stopped by the caller.
    #[error("interrupted")]
    Interrupted,
}
