//! The arguments of `probe`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use super::extract_args::parse_positive;
use super::shared_args::{DownloadArgs, RunArgs};
use crate::extract::Pool;
use crate::input::FitChoice;
use crate::input::dataset::Camera;
use crate::probe::{ProbeHead, Split, TargetKind};

const AFTER_HELP: &str = "\
Examples:
  filterscope probe features/ --target angle
  filterscope probe a/xception.keras_in1k b/vgg16.tv_in1k --target label --head logistic,knn
  filterscope probe features/ --target angle --json > scores.json
  filterscope probe drive/interpolated.csv --model Xception,tf_efficientnet_lite0 --layer all-stages --target angle
  filterscope probe photos/ --labels folder --target label --out features

A score is of rows that the head was not fitted on: the rows are cut into folds, each fold is predicted by a head fitted on all others, and
its strength is chosen on those others. Means and deviations are taken from the rows fitted on. Maps that were stored whole are averaged
first. Intervals are the middle 95 % over 1000 draws of blocks of rows. Fine-tuning a network is another question, which this doesn't
answer.

Exit codes: 0 scores were written; 1 scores were written, and some pictures gave no feature; 2 nothing could be done; 130 interrupted.";

/// Say which network's features tell a target best, by heads fitted on part of the rows and scored on the others
///
/// Beside the networks stand what knows nothing (the mean, or the most frequent class) the pictures themselves at 32×32 pixels, and the best
/// network's architecture with random weights, so that a useless feature looks useless.
#[derive(Debug, ClapArgs)]
#[command(after_help = AFTER_HELP)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub(super) struct ProbeArgs {
    /// Folders of features that `extract` wrote, or folders that hold some, all of the same pictures; or one data set as `extract` takes it
    #[arg(required = true, value_name = "FEATURES|DATA")]
    pub inputs: Vec<PathBuf>,

    /// The column of the index that is to be told
    #[arg(short, long, value_name = "COLUMN")]
    pub target: String,

    /// Read the target as numbers or as classes; without it, a column of numbers is numbers
    #[arg(long = "as", value_name = "KIND", value_enum)]
    pub kind: Option<KindChoice>,

    /// Which rows are scored together: block, random, `group:COLUMN` or `file:COLUMN`
    ///
    /// block: consecutive rows stay together, because neighbouring frames are nearly the same. random: any rows, each class spread
    /// evenly. group: all rows with the same value stay together. file: the column says train, val or test. Without it: random for
    /// classes of pictures without times, otherwise block.
    #[arg(long, value_name = "SPLIT")]
    pub split: Option<Split>,

    /// How many folds the rows are cut into
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(3..=50))]
    pub folds: u16,

    /// What is fitted, separated by commas: ridge, logistic, knn or dense; without it, ridge for numbers and logistic for classes
    ///
    /// dense: 1024 hidden units (relu) with dropout before the last layer, fitted in steps (rmsprop) until a held-out fold is told no better.
    #[arg(long, value_name = "HEAD", value_delimiter = ',')]
    pub head: Vec<ProbeHead>,

    /// What becomes of maps: the mean of each channel, or all numbers in one row
    #[arg(long, value_name = "POOL", value_enum, default_value = "avg")]
    pub pool: PoolChoice,

    /// How often a head is scored with the target moved to other rows, for the permutation check; 0 leaves it out; without it, 99, of logistic 19
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=999))]
    pub permutations: Option<u16>,

    /// Where the pictures are, for the baselines that need them; without it, they are looked for beside the features
    #[arg(long, value_name = "FOLDER")]
    pub pictures: Option<PathBuf>,

    /// Leave out the baseline of random weights, which runs the best network's architecture over all pictures
    #[arg(long)]
    pub no_random_weights: bool,

    /// Keep the best line's head, fitted on all rows, as safetensors: `filterscope predict` uses it
    #[arg(long, value_name = "HEAD")]
    pub save: Option<PathBuf>,

    /// Write plots into this folder: what the best head told beside what is true, scores against cost, scores over depth
    ///
    /// predictions.png (of classes confusion.png), cost.png, and depth.png where two layers of a network are there. Plots of these names that are there are replaced.
    #[arg(long, value_name = "FOLDER")]
    pub plots: Option<PathBuf>,

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

    #[command(flatten)]
    pub data: DataArgs,
}

/// What is extracted from a data set.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Straight from data")]
pub(super) struct DataArgs {
    /// Networks, separated by commas; without it, `xception.keras_in1k`
    #[arg(short, long, value_name = "MODEL", value_delimiter = ',')]
    pub model: Vec<String>,

    /// Layers, separated by commas; `all-stages` for every layer people ask for by name; without it, the last
    #[arg(short, long, value_name = "LAYER", value_delimiter = ',')]
    pub layer: Vec<String>,

    /// Keep the features in this folder; without it, they are removed at the end
    #[arg(short, long, value_name = "OUT")]
    pub out: Option<PathBuf>,

    /// The column of a CSV or TSV that has the pictures' paths: its name, or its number from 0
    #[arg(long, value_name = "COLUMN")]
    pub path_column: Option<String>,

    /// Labels that no log has: `folder` makes the picture's folder its label, in a column `label`
    #[arg(long, value_name = "FROM", value_parser = ["folder"])]
    pub labels: Option<String>,

    /// Cameras of a driving log, separated by commas; without it, all
    #[arg(long, value_name = "CAMERA", value_delimiter = ',')]
    pub camera: Vec<Camera>,

    /// Only each Nth row
    #[arg(long, value_name = "N", value_parser = parse_positive)]
    pub every: Option<usize>,

    /// At most this many rows
    #[arg(long, value_name = "N", value_parser = parse_positive)]
    pub limit: Option<usize>,

    /// How the picture comes to the network's size: model, stretch, native, or `WIDTHxHEIGHT`
    #[arg(long, value_name = "FIT")]
    pub fit: Option<FitChoice>,

    #[command(flatten)]
    pub download: DownloadArgs,

    #[command(flatten)]
    pub run: RunArgs,
}

impl DataArgs {
    /// The first option that says what is extracted, which means nothing for features that are there already.
    pub(super) fn first_given(&self) -> Option<&'static str> {
        let given = [
            ("--model", !self.model.is_empty()),
            ("--layer", !self.layer.is_empty()),
            ("--out", self.out.is_some()),
            ("--path-column", self.path_column.is_some()),
            ("--labels", self.labels.is_some()),
            ("--camera", !self.camera.is_empty()),
            ("--every", self.every.is_some()),
            ("--limit", self.limit.is_some()),
            ("--fit", self.fit.is_some()),
        ];
        given.into_iter().find(|(_, is_given)| *is_given).map(|(name, _)| name)
    }
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

impl PoolChoice {
    /// The pooling of a run over pictures.
    pub(super) const fn pool(self) -> Pool {
        match self {
            Self::Avg => Pool::Avg,
            Self::Flatten => Pool::Flatten,
        }
    }
}
