//! The arguments of `similarity`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::extract_args::{ExtractArgs, SourceChoice, parse_positive, parse_source};
use super::shared_args::{DownloadArgs, PartArgs, RunArgs};
use crate::extract::{Pool, ShardBy};
use crate::features::FeatureFormat;
use crate::input::dataset::Camera;
use crate::input::{FitChoice, ValueChoice};
use crate::similarity::Measure;
use crate::tensor::{AxisOrder, Dtype};

const AFTER_HELP: &str = "\
Examples:
  filterscope similarity photos/ --model Xception,VGG16 --layer all-stages --png cka.png
  filterscope similarity features/a features/b features/c --measure knn --k 10
  filterscope similarity features/ --measure rsa --bootstrap 1000 --pairs rsa.csv
  filterscope similarity photos/ --model VGG16 --rdm human.mat --rdm-variable RDM
  filterscope similarity features/ --measure cka-rbf --bandwidth 0.4 --csv cka.csv

Measures:
  cka      linear CKA (Kornblith et al. 2019) with the unbiased estimate of HSIC (Song et al. 2012); more pictures than --batch are
           compared in minibatches (Nguyen et al. 2021). 1: alike but for rotation and scale; independent layers have 0 on average
  cka-rbf  the same with the kernel exp(-d^2/2s^2), where s is --bandwidth times the median distance between two pictures
  rsa      Spearman's correlation of dissimilarities, each 1 - Pearson's correlation of two pictures' features (Kriegeskorte et al. 2008)
  knn      the share of a picture's --k nearest pictures, by cosine, that two layers have in common (Huh et al. 2024)

A matrix of others (--rdm) is a .npy, a table of numbers, or a .mat of version 5 or 7.3: square and symmetric, one triangle of it with
zeros or nothing in the other, or one row of all pairs in the order (0, 1), (0, 2) ... (1, 2) ..., as pdist of scipy and MATLAB has them.
Its pictures are those of the names along it, or of --rdm-pictures; without names they are the rows of the first set's index.csv, whose
number must be that of the matrix.

Exit codes: 0 all done; 1 some pictures failed, the others were compared; 2 nothing could be done, or writing failed; 130 interrupted.";

/// Compare layers and networks: CKA, RSA or shared neighbours over the same pictures, as a matrix
///
/// The pictures are those of a data set, which go through each network once for all its layers, or those of feature sets that `extract`
/// wrote. Rows of sets are matched by the file in their index. The matrix is printed as a table; values are between layers of rows and
/// columns, and `–` means that a layer has none, for the reason given.
#[derive(Debug, ClapArgs)]
#[command(after_help = AFTER_HELP)]
pub(super) struct SimilarityArgs {
    /// A data set as `extract` takes it, or folders of features, or folders that hold some
    #[arg(value_name = "DATA|FEATURES", required_unless_present = "rdm")]
    pub inputs: Vec<PathBuf>,

    /// Networks, separated by commas: tags such as `resnet50.tv_in1k`, bare names, or ONNX files
    ///
    /// `filterscope models` lists them. Without it: `xception.keras_in1k`, which the program carries.
    #[arg(short, long, value_name = "MODEL", value_delimiter = ',', help_heading = "Networks")]
    pub model: Vec<String>,

    /// A file with the network's weights; where it fits several networks, `--model` must name one
    #[arg(short, long, value_name = "FILE", help_heading = "Networks")]
    pub weights: Option<PathBuf>,

    #[command(flatten)]
    pub part: PartArgs,

    /// Of ONNX files: the layer to end at, by its name, instead of the one that the file itself ends with
    #[arg(long = "final", value_name = "NAME", help_heading = "Networks")]
    pub final_layer: Option<String>,

    /// Layers, separated by commas; `final` for the last; without it, `all-stages`: every layer people ask for by name
    #[arg(short, long, value_name = "LAYER", value_delimiter = ',', help_heading = "Networks")]
    pub layer: Vec<String>,

    /// What becomes of a channel's map: avg, max, gem, gem:POWER or flatten; without it, avg
    ///
    /// avg: the mean of each channel, which is small and fast. flatten: all values in one row, as Kornblith et al. compare layers; early
    /// layers then have millions, which are kept on the disk of the folder for temporary files (`TMPDIR`). Of feature sets that hold
    /// whole maps: avg or flatten.
    #[arg(long, value_name = "POOL", help_heading = "Networks")]
    pub pool: Option<Pool>,

    /// What is compared: cka, cka-rbf, rsa or knn; without it, cka, and rsa where a matrix of others takes part
    #[arg(long, value_name = "MEASURE", help_heading = "Comparison")]
    pub measure: Option<Measure>,

    /// Of knn: neighbours of each picture; without it, 10
    #[arg(long, value_name = "K", value_parser = parse_positive, help_heading = "Comparison")]
    pub k: Option<usize>,

    /// Of cka-rbf: the kernel's width as a share of the median distance between two pictures; without it, 1
    ///
    /// Kornblith et al. took 0.2, 0.4 and 0.8. In minibatches the median is that of the first.
    #[arg(long, value_name = "SHARE", help_heading = "Comparison")]
    pub bandwidth: Option<f64>,

    /// Of cka: the most pictures that are compared at once; without it, 1024
    ///
    /// Memory grows with its square, 8 bytes times the number of layers. More pictures are divided at random into minibatches.
    #[arg(long, value_name = "N", help_heading = "Comparison")]
    pub batch: Option<usize>,

    /// Of rsa: draw pictures this often, with replacement, and give 95 % intervals and standard errors
    #[arg(long, value_name = "TIMES", value_parser = clap::value_parser!(u32).range(2..=1_000_000), help_heading = "Comparison")]
    pub bootstrap: Option<u32>,

    /// Compare a random sample of this many pictures
    #[arg(long, value_name = "N", value_parser = parse_positive, help_heading = "Comparison")]
    pub sample: Option<usize>,

    /// What random choices begin with (minibatches, bootstrap, sample); without it, 0
    #[arg(long, value_name = "NUMBER", help_heading = "Comparison")]
    pub seed: Option<u64>,

    /// A matrix of somebody else's dissimilarities between the pictures: .npy, .csv or .mat; may be given several times
    #[arg(long, value_name = "FILE", help_heading = "Comparison")]
    pub rdm: Vec<PathBuf>,

    /// The variable of a .mat that holds several
    #[arg(long, value_name = "NAME", requires = "rdm", help_heading = "Comparison")]
    pub rdm_variable: Option<String>,

    /// A list of the pictures in the order of the matrix, a line each, as they are called in index.csv
    #[arg(long, value_name = "FILE", requires = "rdm", help_heading = "Comparison")]
    pub rdm_pictures: Option<PathBuf>,

    /// Write the matrix as CSV: names in the first row and column, an empty cell where there is no value
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub csv: Option<PathBuf>,

    /// Write a line for each pair of layers as CSV, with intervals where there are any
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub pairs: Option<PathBuf>,

    /// Draw the matrix with the layers' names along it
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub png: Option<PathBuf>,

    /// Print JSON instead of the table: names, values, intervals, and how they were made
    #[arg(long, help_heading = "Output")]
    pub json: bool,

    /// What the data set is: auto, folder, udacity, simulator, sullychen, table, list, labelled or comma
    #[arg(long, value_name = "KIND", value_parser = parse_source, help_heading = "Data set")]
    pub source: Option<SourceChoice>,

    /// The column of a CSV or TSV that has the pictures' paths: its name, or its number from 0
    #[arg(long, value_name = "COLUMN", help_heading = "Data set")]
    pub path_column: Option<String>,

    /// The table has no line of column names: its first line is a row too
    #[arg(long, requires = "path_column", help_heading = "Data set")]
    pub no_header: bool,

    /// Cameras of a driving log, separated by commas; without it, all
    #[arg(long, value_name = "CAMERA", value_delimiter = ',', help_heading = "Data set")]
    pub camera: Vec<Camera>,

    /// The first row, counted from 0
    #[arg(long, value_name = "N", help_heading = "Data set")]
    pub start: Option<usize>,

    /// Only each Nth row
    #[arg(long, value_name = "N", value_parser = parse_positive, help_heading = "Data set")]
    pub every: Option<usize>,

    /// At most this many rows
    #[arg(long, value_name = "N", value_parser = parse_positive, help_heading = "Data set")]
    pub limit: Option<usize>,

    /// How the picture comes to the network's size: model, stretch, native, or `WIDTHxHEIGHT`; without it, model
    #[arg(long, value_name = "FIT", help_heading = "Input")]
    pub fit: Option<FitChoice>,

    /// How samples become the network's values: model, caffe, tf, torch or raw; without it, model
    #[arg(long, value_name = "MODE", help_heading = "Input")]
    pub preprocess: Option<ValueChoice>,

    #[command(flatten)]
    pub download: DownloadArgs,

    #[command(flatten)]
    pub run: RunArgs,
}

impl SimilarityArgs {
    /// Options that only a run over pictures takes, and that were given.
    pub(super) fn of_pictures(&self) -> Vec<&'static str> {
        let run = RunArgs::default();
        let is_run_given = self.run.device != run.device || self.run.engine() != run.engine();
        let given = [
            ("--model", !self.model.is_empty()),
            ("--weights", self.weights.is_some()),
            ("--prefix", self.part.prefix.is_some()),
            ("--ema", self.part.ema),
            ("--final", self.final_layer.is_some()),
            ("--layer", !self.layer.is_empty()),
            ("--source", self.source.is_some()),
            ("--path-column", self.path_column.is_some()),
            ("--camera", !self.camera.is_empty()),
            ("--start", self.start.is_some()),
            ("--every", self.every.is_some()),
            ("--limit", self.limit.is_some()),
            ("--fit", self.fit.is_some()),
            ("--preprocess", self.preprocess.is_some()),
            ("--yes", self.download.yes),
            ("--offline", self.download.offline),
            ("--device, --engine and --exact", is_run_given),
        ];
        given.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name).collect()
    }

    /// The arguments of an extraction of the pictures' features into a folder.
    pub(super) fn extraction(&self, input: PathBuf, output: PathBuf, pool: Pool) -> ExtractArgs {
        let layer = if self.layer.is_empty() { vec!["all-stages".to_owned()] } else { self.layer.clone() };
        ExtractArgs {
            input,
            output,
            model: self.model.clone(),
            weights: self.weights.clone(),
            part: self.part.clone(),
            final_layer: self.final_layer.clone(),
            layer,
            pool,
            dtype: Dtype::F32,
            order: AxisOrder::Hwc,
            format: FeatureFormat::Npy,
            source: self.source.unwrap_or(SourceChoice(None)),
            path_column: self.path_column.clone(),
            no_header: self.no_header,
            labels: None,
            camera: self.camera.clone(),
            start: self.start.unwrap_or(0),
            every: self.every.unwrap_or(1),
            limit: self.limit,
            fit: self.fit.unwrap_or_default(),
            preprocess: self.preprocess.unwrap_or_default(),
            resume: false,
            allow_mixed: false,
            overwrite: false,
            shard: None,
            shard_by: ShardBy::Block,
            batch: None,
            part_rows: 1024,
            json: false,
            timings: false,
            download: self.download,
            run: self.run,
        }
    }
}
