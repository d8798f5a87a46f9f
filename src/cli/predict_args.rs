//! The arguments of `predict`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::extract_args::parse_positive;
use super::shared_args::{DownloadArgs, RunArgs};
use crate::input::dataset::Camera;

const AFTER_HELP: &str = "\
Examples:
  filterscope probe features/ --target angle --save head.safetensors
  filterscope predict drive/interpolated.csv --head head.safetensors -o angles.csv
  filterscope predict cat.jpg --head head.safetensors

Exit codes: 0 all done; 1 some pictures failed, the others were predicted; 2 nothing could be done; 130 interrupted.";

/// Tell a target of pictures with a head that `probe --save` kept
///
/// The network, its layer, pooling and preprocessing are the head's. Weights of another hash are refused. Gives CSV: row, camera, file and
/// what is told.
#[derive(Debug, ClapArgs)]
#[command(after_help = AFTER_HELP)]
pub(super) struct PredictArgs {
    /// A picture, a folder of pictures, a driving log, a table or a list, as `extract` takes them
    #[arg(value_name = "IMAGES|LOG")]
    pub input: PathBuf,

    /// The head
    #[arg(long, value_name = "HEAD")]
    pub head: PathBuf,

    /// The CSV to write; without it, standard output
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,

    /// A file with the network's weights, where they are not those that the program finds
    #[arg(short, long, value_name = "FILE")]
    pub weights: Option<PathBuf>,

    /// The column of a CSV or TSV that has the pictures' paths: its name, or its number from 0
    #[arg(long, value_name = "COLUMN")]
    pub path_column: Option<String>,

    /// Cameras of a driving log, separated by commas; without it, all
    #[arg(long, value_name = "CAMERA", value_delimiter = ',')]
    pub camera: Vec<Camera>,

    /// At most this many rows
    #[arg(long, value_name = "N", value_parser = parse_positive)]
    pub limit: Option<usize>,

    #[command(flatten)]
    pub download: DownloadArgs,

    #[command(flatten)]
    pub run: RunArgs,
}
