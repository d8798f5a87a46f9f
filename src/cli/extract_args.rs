//! The arguments of `extract`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::shared_args::{DownloadArgs, PartArgs, RunArgs};
use crate::extract::{Pool, ShardBy, ShardChoice};
use crate::features::FeatureFormat;
use crate::input::dataset::{Camera, SourceKind};
use crate::input::{FitChoice, ValueChoice};
use crate::tensor::{AxisOrder, Dtype};

const AFTER_HELP: &str = "\
Examples:
  filterscope extract data/interpolated.csv --model xception.keras_in1k -o data
  filterscope extract photos/ --model tf_efficientnet_lite0.in1k,xception.keras_in1k --pool avg --format parquet -o features
  filterscope extract photos/ --labels folder --pool avg --format npz -o features
  filterscope extract list.csv --path-column image --pool gem --format npy -o features
  filterscope extract bare.csv --path-column 0 --no-header --pool avg --format npz -o features
  find photos -name '*.jpg' | filterscope extract - --pool avg --format npy -o features
  filterscope extract drive/ --layer block3_pool --shard 3/16 --resume -o out

Every set of features is a folder OUT/MODEL (OUT/MODEL__LAYER where several layers are taken) with manifest.json, which says how it
was made; index.csv, which has a line for each row of the features; and skipped.csv, if something was left out. Ctrl-C stops after the
batch in hand; the same command with --resume goes on, and ends with the same bytes as a run that nothing stopped.

Exit codes: 0 all done; 1 some pictures failed, the features of the others were written; 2 nothing could be done, or writing failed
part-way; 130 interrupted.";

/// Write features: a layer's values for every picture of a data set
///
/// Pictures are read while the network works on others, and written in parts, so that memory doesn't grow and a run can be stopped,
/// resumed and shared out among machines. The window is not needed and never opened.
#[derive(Debug, ClapArgs)]
#[command(after_help = AFTER_HELP)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub(super) struct ExtractArgs {
    /// A folder of pictures, a driving log or its folder, a table with a column of paths, a file of paths, or `-` for a list on standard
    /// input
    #[arg(value_name = "FOLDER|LOG|TABLE|LIST|-")]
    pub input: PathBuf,

    /// The folder that the features go into; it is made if it isn't there
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,

    /// Networks, separated by commas: tags such as `resnet50.tv_in1k`, bare names, or ONNX files; each picture is read once for all
    ///
    /// `filterscope models` lists them. Without it: `xception.keras_in1k`, which the program carries.
    #[arg(short, long, value_name = "MODEL", value_delimiter = ',')]
    pub model: Vec<String>,

    /// A file with the network's weights; where it fits several networks, `--model` must name one
    #[arg(short, long, value_name = "FILE")]
    pub weights: Option<PathBuf>,

    #[command(flatten)]
    pub part: PartArgs,

    /// Of ONNX files: the layer to end at, by its name, instead of the one that the file itself ends with
    ///
    /// The layers after it are left out, and `final` means this layer. Without this option, a file whose end isn't supported ends at the
    /// last map that all of its outputs depend on, and a note says so.
    #[arg(long = "final", value_name = "NAME")]
    pub final_layer: Option<String>,

    /// Layers, separated by commas; `final` for the last, `all-stages` for every layer people ask for by name
    #[arg(short, long, value_name = "LAYER", value_delimiter = ',', default_value = "final")]
    pub layer: Vec<String>,

    /// What becomes of a channel's map: none, avg, max, gem, gem:POWER or flatten
    ///
    /// none: the map stays. avg, max: one number a channel. gem: the generalised mean, of power 3 unless another is given. flatten:
    /// all values in one row.
    #[arg(long, value_name = "POOL", default_value = "none", help_heading = "Features")]
    pub pool: Pool,

    /// Type of the numbers: f32 or f16
    #[arg(long, value_name = "TYPE", default_value = "f32", help_heading = "Features")]
    pub dtype: Dtype,

    /// Order of a map's axes: hwc (rows, columns, channels, as Keras has it) or chw (as torch has it)
    #[arg(long, value_name = "ORDER", default_value = "hwc", help_heading = "Features")]
    pub order: AxisOrder,

    /// What the files are: folder (a .npy a picture), npy, npz, h5, safetensors or parquet
    #[arg(long, value_name = "FORMAT", default_value = "folder", help_heading = "Features")]
    pub format: FeatureFormat,

    /// What the data set is: auto, folder, udacity, simulator, sullychen, table, list, labelled or comma
    #[arg(long, value_name = "KIND", default_value = "auto", value_parser = parse_source, help_heading = "Data set")]
    pub source: SourceChoice,

    /// The column of a CSV or TSV that has the pictures' paths, absolute or relative to the file: its name, or its number from 0
    #[arg(long, value_name = "COLUMN", help_heading = "Data set")]
    pub path_column: Option<String>,

    /// The table has no line of column names: its first line is a row too
    #[arg(long, requires = "path_column", help_heading = "Data set")]
    pub no_header: bool,

    /// Labels that no log has: `folder` makes the picture's folder its label
    #[arg(long, value_name = "FROM", value_parser = ["folder"], help_heading = "Data set")]
    pub labels: Option<String>,

    /// Cameras of a driving log, separated by commas: left, center, right or what others are called; without it, all
    #[arg(long, value_name = "CAMERA", value_delimiter = ',', help_heading = "Data set")]
    pub camera: Vec<Camera>,

    /// The first row, counted from 0
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Data set")]
    pub start: usize,

    /// Only each Nth row
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = parse_positive, help_heading = "Data set")]
    pub every: usize,

    /// At most this many rows
    #[arg(long, value_name = "N", value_parser = parse_positive, help_heading = "Data set")]
    pub limit: Option<usize>,

    /// How the picture comes to the network's size: model, stretch, native, or `WIDTHxHEIGHT`
    #[arg(long, value_name = "FIT", default_value = "model", help_heading = "Input")]
    pub fit: FitChoice,

    /// How samples become the network's values: model, caffe, tf, torch or raw
    #[arg(long, value_name = "MODE", default_value = "model", help_heading = "Input")]
    pub preprocess: ValueChoice,

    /// Go on with an unfinished run; nothing is done where one is finished
    #[arg(long, help_heading = "Run", conflicts_with = "overwrite")]
    pub resume: bool,

    /// Go on although weights, preprocessing, engine or data set changed; the manifest records it
    #[arg(long, help_heading = "Run", requires = "resume")]
    pub allow_mixed: bool,

    /// Remove the features of these networks that are in OUT, and begin again
    #[arg(long, help_heading = "Run")]
    pub overwrite: bool,

    /// Do one share of the pictures: I/N with I from 0, or auto, or auto/N
    ///
    /// The share goes into a folder of its own in OUT; `filterscope features merge` brings all together. auto takes I from
    /// `SLURM_ARRAY_TASK_ID`, `JOB_COMPLETION_INDEX` (Kubernetes) or `AWS_BATCH_JOB_ARRAY_INDEX`.
    #[arg(long, value_name = "I/N", help_heading = "Run")]
    pub shard: Option<ShardChoice>,

    /// How shares are made: block (neighbours together) or hash (a picture stays in its share when others come or go)
    #[arg(long, value_name = "WAY", default_value = "block", requires = "shard", help_heading = "Run")]
    pub shard_by: ShardBy,

    /// Pictures that go through the network together; without it, as many as 256 MiB of layer values allow, up to 16
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = "Run")]
    pub batch: Option<u16>,

    /// Largest number of pictures after which the work done is saved to disk
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=1_000_000), help_heading = "Run")]
    pub part_rows: u32,

    /// Print what happens to stdout as JSON, one object a line
    #[arg(long, help_heading = "Run")]
    pub json: bool,

    /// Print where the time went to stderr
    #[arg(long, help_heading = "Run")]
    pub timings: bool,

    #[command(flatten)]
    pub download: DownloadArgs,

    #[command(flatten)]
    pub run: RunArgs,
}

impl ExtractArgs {
    /// A run without options, into one array that a run before may have begun: what other commands extract for themselves.
    pub(super) fn plain(input: PathBuf, output: PathBuf) -> Self {
        Self {
            input,
            output,
            model: Vec::new(),
            weights: None,
            part: PartArgs::default(),
            final_layer: None,
            layer: Vec::new(),
            pool: Pool::Avg,
            dtype: Dtype::F32,
            order: AxisOrder::Hwc,
            format: FeatureFormat::Npy,
            source: SourceChoice(None),
            path_column: None,
            no_header: false,
            labels: None,
            camera: Vec::new(),
            start: 0,
            every: 1,
            limit: None,
            fit: FitChoice::default(),
            preprocess: ValueChoice::default(),
            resume: true,
            allow_mixed: false,
            overwrite: false,
            shard: None,
            shard_by: ShardBy::default(),
            batch: None,
            part_rows: 1024,
            json: false,
            timings: false,
            download: DownloadArgs::default(),
            run: RunArgs::default(),
        }
    }
}

/// The value of `--source`; `None` means `auto`, to detect the kind of data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SourceChoice(pub(super) Option<SourceKind>);

pub(super) fn parse_source(text: &str) -> Result<SourceChoice, String> {
    if text == "auto" {
        return Ok(SourceChoice(None));
    }
    text.parse()
        .map(|kind| SourceChoice(Some(kind)))
        .map_err(|e: crate::input::dataset::UnknownSourceKind| e.to_string())
}

pub(super) fn parse_positive(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| *n > 0).ok_or_else(|| "expected a whole number from 1 on".to_owned())
}
