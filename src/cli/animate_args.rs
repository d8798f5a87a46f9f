//! The arguments of `animate`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::shared_args::{DownloadArgs, PartArgs, RunArgs};
use crate::input::dataset::Camera;
use crate::input::{FitChoice, ValueChoice};
use crate::mosaic::{ColourChoice, Normalisation, Paper};
use crate::render::AnimationMode;

const AFTER_HELP: &str = "\
Examples:
  filterscope animate cat.png -o cat.gif --layers first:8
  filterscope animate cat.png -o depth.png --mode depth
  filterscope animate assets/drive -o drive.gif --mode drive --layers block2_pool --model xception.keras_in1k
  filterscope animate cat.png -o frames/ --layers bn1.act --model tf_efficientnet_lite0.in1k

The strip below the maps marks the layer (above) and the channel in it (below).";

/// Write a moving picture: channels of layers one after the other, a network's depth, or a drive
#[derive(Debug, ClapArgs)]
#[command(after_help = AFTER_HELP)]
pub(super) struct AnimateArgs {
    /// A picture; for a drive, a folder of pictures or a driving log
    #[arg(value_name = "IMAGE|FOLDER|LOG")]
    pub input: PathBuf,

    /// What is written: a .gif, an animated .png (or .apng), or a folder of numbered PNGs
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,

    /// A tag such as `resnet50.tv_in1k`, a bare name, or an ONNX file; without it: `xception.keras_in1k`
    #[arg(short, long, value_name = "MODEL")]
    pub model: Option<String>,

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

    /// Layers: `first:N` for the first N, `all-stages`, `final`, or names separated by commas
    ///
    /// Without it: first:3 for channels, all-stages for depth, final for a drive, which shows one layer.
    #[arg(short, long, visible_alias = "layer", value_name = "LAYERS", value_delimiter = ',')]
    pub layers: Vec<String>,

    /// What the frames go over: channels (a frame a channel), depth (a mosaic a layer) or drive (a mosaic a picture); without it, channels for a
    /// picture and drive for a data set
    #[arg(long, value_name = "MODE")]
    pub mode: Option<AnimationMode>,

    /// Frames a second
    #[arg(long, value_name = "N", default_value_t = 12.0, value_parser = parse_fps)]
    pub fps: f64,

    /// Approximate length of a map's or mosaic's longer side, in pixels; each value is drawn as a whole square
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(16..=4096))]
    pub size: Option<u32>,

    /// Colours, as in `render`
    #[arg(long, visible_alias = "colourmap", value_name = "MAP", default_value = "auto")]
    pub colormap: ColourChoice,

    /// Ground: light or dark
    #[arg(long, value_name = "PAPER", default_value = "dark")]
    pub paper: Paper,

    /// Which values share a colour range, as in `render`; without it each channel its own, and for a drive one fixed range
    #[arg(long, aliases = ["normalise", "normalize", "normalisation"], value_name = "HOW")]
    pub normalization: Option<Normalisation>,

    /// How the picture comes to the network's size: model, stretch, native, or `WIDTHxHEIGHT`
    #[arg(long, value_name = "FIT", default_value = "model")]
    pub fit: FitChoice,

    /// How samples become the network's values: model, caffe, tf, torch or raw
    #[arg(long, value_name = "MODE", default_value = "model")]
    pub preprocess: ValueChoice,

    /// Which camera of a driving log; without it, center
    #[arg(long, value_name = "CAMERA")]
    pub camera: Option<Camera>,

    /// Only each Nth picture of a drive
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub every: u32,

    /// At most this many pictures of a drive
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: Option<u32>,

    #[command(flatten)]
    pub download: DownloadArgs,

    #[command(flatten)]
    pub run: RunArgs,
}

fn parse_fps(text: &str) -> Result<f64, String> {
    // GIF counts time in hundredths of a second, and viewers treat a delay below two hundredths as ten.
    text.parse()
        .ok()
        .filter(|fps| (0.1..=50.0).contains(fps))
        .ok_or_else(|| "expected a number from 0.1 to 50".into())
}
