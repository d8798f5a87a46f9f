//! The arguments of `probe`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use crate::probe::{Head, Split, TargetKind};

const AFTER_HELP: &str = "\
Examples:
  filterscope probe features/ --target angle
  filterscope probe a/xception.keras_in1k b/vgg16.tv_in1k --target label --head logistic,knn
  filterscope probe features/ --target angle --json > scores.json

A score is of rows that the head was not fitted on: the rows are cut into folds, each fold is told by a head fitted on all others, and
its strength is chosen on those others. Means and deviations are taken from the rows fitted on. Maps that were stored whole are averaged
first. Intervals are the middle 95 % over 1000 draws of blocks of rows. Fine-tuning a network is another question, which this doesn't
answer.

Exit codes: 0 scores were written; 2 nothing could be done; 130 interrupted.";

/// Say which network's features tell a target best, by heads fitted on part of the rows and scored on the others
///
/// Beside the networks stand what knows nothing (the mean, or the most frequent class) and the pictures themselves at 32×32 pixels, so
/// that a useless feature looks useless.
#[derive(Debug, ClapArgs)]
#[command(after_help = AFTER_HELP)]
pub(super) struct ProbeArgs {
    /// Folders of features that `extract` wrote, or folders that hold some; all must be of the same pictures
    #[arg(required = true, value_name = "FEATURES")]
    pub inputs: Vec<PathBuf>,

    /// The column of the index that is to be told
    #[arg(short, long, value_name = "COLUMN")]
    pub target: String,

    /// Read the target as numbers or as classes; without it, a column of numbers is numbers
    #[arg(long = "as", value_name = "KIND", value_enum)]
    pub kind: Option<KindChoice>,

    /// Which rows are scored together: block, random, group:COLUMN or file:COLUMN
    ///
    /// block: consecutive rows stay together, because neighbouring frames are nearly the same. random: any rows, each class spread
    /// evenly. group: all rows with the same value stay together. file: the column says train, val or test. Without it: random for
    /// classes of pictures without times, otherwise block.
    #[arg(long, value_name = "SPLIT")]
    pub split: Option<Split>,

    /// How many folds the rows are cut into
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(3..=50))]
    pub folds: u16,

    /// What is fitted, separated by commas: ridge, logistic or knn; without it, ridge for numbers and logistic for classes
    #[arg(long, value_name = "HEAD", value_delimiter = ',')]
    pub head: Vec<Head>,

    /// What becomes of maps that were stored whole
    #[arg(long, value_name = "POOL", value_enum, default_value = "avg")]
    pub pool: PoolChoice,

    /// How often ridge is scored with the target moved to other rows, for the permutation check; 0 leaves it out
    #[arg(long, value_name = "N", default_value_t = 99, value_parser = clap::value_parser!(u16).range(0..=999))]
    pub permutations: u16,

    /// Where the pictures are, for the baseline of pixels; without it, they are looked for beside the features
    #[arg(long, value_name = "FOLDER")]
    pub pictures: Option<PathBuf>,

    /// For all random choices
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,

    /// As JSON
    #[arg(long, conflicts_with_all = ["csv", "markdown"])]
    pub json: bool,

    /// As CSV, a line for each network, layer and head
    #[arg(long, conflicts_with = "markdown")]
    pub csv: bool,

    /// As a table of Markdown
    #[arg(long)]
    pub markdown: bool,
}

/// How the target's cells are read.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum KindChoice {
    /// A regression
    Numbers,
    /// A classification
    Classes,
}

impl KindChoice {
    pub(super) const fn kind(self) -> TargetKind {
        match self {
            Self::Numbers => TargetKind::Numbers,
            Self::Classes => TargetKind::Classes,
        }
    }
}

/// What becomes of maps that were stored whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum PoolChoice {
    /// The mean of each channel
    Avg,
    /// All numbers of a map in one row
    Flatten,
}
