//! The command-line arguments. Owns their names, defaults and help; the plan of each command interprets them together.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};

use super::animate_args::AnimateArgs;
use super::extract_args::ExtractArgs;
use super::features::FeaturesArgs;
use super::look_args::LookArgs;
use super::predict_args::PredictArgs;
use super::probe_args::ProbeArgs;
use super::shared_args::{PartArgs, RunArgs};
use super::similarity_args::SimilarityArgs;
use crate::input::dataset::Camera;
use crate::input::{FitChoice, ValueChoice};
use crate::tensor::PixelSize;

const AFTER_HELP: &str = "\
Examples:
  filterscope                                          open the window
  filterscope cat.jpg                                  open it with a picture (short for `view`)
  filterscope render cat.jpg -o cat.png                every channel of the last layer as one mosaic
  filterscope render photos -o mosaics/                one figure per picture of a folder
  filterscope extract drive/interpolated.csv -o out    the last layer's features of every picture of a log
  filterscope probe out/ --target angle                which network's features tell the angle best
  filterscope similarity photos --model Xception,VGG16  how alike their layers are, as a matrix
  filterscope animate cat.jpg -o cat.gif               channel after channel as a moving picture
  filterscope layers inception_v3                      every layer: name, shape, cost, receptive field
  filterscope models                                   every network, and what each takes to run
  filterscope weights fetch resnet50.tv_in1k           download a network's weights
  filterscope weights import my.pth --model vgg16.tv_in1k
  filterscope selfcheck                                whether networks give here what they should

Exit codes:
  0    everything asked for was done
  1    some pictures failed and were skipped, and the figures of the others were written; or a check failed
  2    nothing could be done (wrong arguments, an unknown name, missing weights, no usable picture), or writing
       failed part-way
  130  interrupted by Ctrl-C; every figure written before is whole";

const RENDER_AFTER_HELP: &str = "\
Examples:
  filterscope render cat.jpg -o cat.png --caption
  filterscope render cat.jpg -o layers/ --layer all-stages
  filterscope render cat.jpg -o conv.png --layer block2.rep.0.pointwise --normalization layer
  filterscope render cat.jpg -o two.png --sheet --model xception.keras_in1k,tf_efficientnet_lite0.in1k
  filterscope render cat.jpg -o article.png --sheet --layout locations --colormap greys
  filterscope render drive/interpolated.csv --camera left --row 4 -o left.png
  filterscope render cat.jpg -o resnet.png --model resnet50.tv_in1k --weights resnet50.safetensors

Every figure carries a record of how it was made (weights' hash, preprocessing, layer, scale) as text inside the PNG.

Exit codes: 0 all done; 1 some pictures failed, the others were written; 2 nothing written, or writing failed
part-way; 130 interrupted.";

/// See what a convolutional network sees: every channel of a layer as one mosaic.
///
/// A picture goes through a network, and each channel of a layer comes back as one small heat map; 2048 of them make a mosaic
/// of 32×64. Without a command the window opens.
#[derive(Debug, Parser)]
#[command(name = "filterscope", version, after_help = AFTER_HELP, max_term_width = 110)]
pub(super) struct Args {
    #[command(subcommand)]
    pub command: Option<CliCommand>,

    /// Print nothing but errors and skipped pictures
    ///
    /// Leaves out notes, the progress bar and the closing summary. Tables and JSON are results and stay.
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// Log each step to stderr
    ///
    /// The environment variable `FILTERSCOPE_LOG` sets other levels, such as `filterscope=trace`.
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum CliCommand {
    View(ViewArgs),
    Render(Box<RenderArgs>),
    Extract(Box<ExtractArgs>),
    Features(FeaturesArgs),
    Probe(Box<ProbeArgs>),
    Predict(Box<PredictArgs>),
    Animate(Box<AnimateArgs>),
    Similarity(Box<SimilarityArgs>),
    Models(ModelsArgs),
    Layers(LayersArgs),
    Weights(WeightsArgs),
    Selfcheck(SelfcheckArgs),
}

/// Open the window (what `filterscope` alone does)
#[derive(Debug, Default, ClapArgs)]
pub(super) struct ViewArgs {
    /// A picture, a folder of pictures or a driving log to begin with; without it, a cat
    #[arg(value_name = "IMAGE")]
    pub image: Option<PathBuf>,

    /// The network to begin with: a tag such as `resnet50.tv_in1k`, a bare name, or an ONNX file; `filterscope models` lists them
    #[arg(short, long, value_name = "MODEL")]
    pub model: Option<String>,

    /// A file with the network's weights (safetensors, .pth, .h5 or .keras); where it fits several networks, the window asks
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

    /// Never download anything
    #[arg(long)]
    pub offline: bool,

    /// Show raw RGB frames of this size from standard input as they come, as `ffmpeg … -f rawvideo -pix_fmt rgb24 -` writes them
    #[arg(long, value_name = "WxH", conflicts_with = "image", value_parser = frame_size)]
    pub frames: Option<PixelSize>,

    /// Show how much time each frame takes on the window's thread
    #[arg(long)]
    pub frame_times: bool,

    #[command(flatten)]
    pub run: RunArgs,
}

/// Parses a size such as `640x480`, with the parser of `--fit`.
fn frame_size(text: &str) -> Result<PixelSize, String> {
    match text.parse::<FitChoice>() {
        Ok(FitChoice::Size(size)) => Ok(size),
        Ok(_) => Err("expected a size as WIDTHxHEIGHT such as 640x480".to_owned()),
        Err(error) => Err(error.to_string().replacen("fit", "frames", 1)),
    }
}

/// Write figures: every channel of a layer as a mosaic of heat maps
///
/// One result goes into one file. Several go into a folder, as `{image}__{model}__{layer}.png`. A picture that can't be read is
/// reported and skipped. The window is not needed and never opened.
#[derive(Debug, ClapArgs)]
#[command(after_help = RENDER_AFTER_HELP)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub(super) struct RenderArgs {
    /// Pictures, folders of pictures, or driving logs
    ///
    /// Folders are taken with their sub-folders in natural order (2.png before 10.png). A driving log is an `interpolated.csv`
    /// as Udacity's tools write it, or its folder.
    #[arg(required = true, value_name = "IMAGE|FOLDER|LOG")]
    pub inputs: Vec<PathBuf>,

    /// Where the figure goes: a PNG file, or a folder for several
    ///
    /// An existing folder, or a name ending in `/`, is a folder even for one figure. It is made if it isn't there. What lies
    /// there under the same names is replaced, each file in one step.
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,

    /// Networks, separated by commas: tags such as `resnet50.tv_in1k`, bare names, or ONNX files
    ///
    /// `filterscope models` lists them. Without it: `xception.keras_in1k`, which the program carries.
    #[arg(short, long, value_name = "MODEL", value_delimiter = ',')]
    pub model: Vec<String>,

    /// A file with the network's weights: safetensors, PyTorch's .pth, Keras' .h5 or .keras
    ///
    /// What kind it is shows by itself. Where it fits several networks that differ in what a file doesn't show (border, epsilon,
    /// preprocessing), `--model` must name one.
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

    /// Download weights that are not here without asking
    #[arg(short, long, conflicts_with = "offline")]
    pub yes: bool,

    /// Never download anything
    #[arg(long)]
    pub offline: bool,

    /// Layers, separated by commas; `final` for the last, `all-stages` for every layer people ask for by name
    ///
    /// `filterscope layers MODEL` lists all. Other frameworks' names for a layer are understood.
    #[arg(short, long, value_name = "LAYER", value_delimiter = ',', default_value = "final")]
    pub layer: Vec<String>,

    #[command(flatten)]
    pub look: LookArgs,

    /// Names of the classes, for the caption and `--class-map`: a name a line, or JSON (a list, or names by number)
    #[arg(long, value_name = "FILE", help_heading = "Figure")]
    pub class_names: Option<PathBuf>,

    /// Add a caption, the colour scale and a legend around the mosaic; with a classifier, the five likeliest classes
    #[arg(long, help_heading = "Figure", conflicts_with = "sheet")]
    pub caption: bool,

    /// One figure per picture: the picture, and beside it a titled mosaic for each network and layer
    #[arg(long, help_heading = "Figure")]
    pub sheet: bool,

    /// Save each layer's values beside the figure, as float32 .npy of shape (channels, rows, columns)
    #[arg(long, help_heading = "Figure")]
    pub npy: bool,

    /// How the picture comes to the network's size: model, stretch, native, or `WIDTHxHEIGHT`
    ///
    /// model: as the weights were evaluated. stretch: both sides to the model's size. native: the picture's own pixels. A size
    /// stretches to that size.
    #[arg(long, value_name = "FIT", default_value = "model", help_heading = "Input")]
    pub fit: FitChoice,

    /// How samples become the network's values: model, caffe, tf, torch or raw
    ///
    /// Anything but `model` feeds the network what it was not trained on; the record in the figure says so.
    #[arg(long, value_name = "MODE", default_value = "model", help_heading = "Input")]
    pub preprocess: ValueChoice,

    /// Only this row of a folder or driving log, counted from 0
    #[arg(long, value_name = "N", help_heading = "Input")]
    pub row: Option<usize>,

    /// Which camera of a driving log: left, center, right or what another is called; without it, center
    #[arg(long, value_name = "CAMERA", help_heading = "Input")]
    pub camera: Option<Camera>,

    #[command(flatten)]
    pub run: RunArgs,

    /// Print the time of each layer to stderr, the mean over all pictures, and its share of what the processor can do
    #[arg(long, help_heading = "Run")]
    pub timings: bool,
}

/// Fetch, import, find, check and remove weight files
///
/// Downloads go to the Hugging Face hub's cache, which other programs share (`HF_HOME`, `HF_ENDPOINT`, `HF_TOKEN` and
/// `HF_HUB_OFFLINE` are honoured), or for files on web servers to a folder of this program's own, as imports do (`FILTERSCOPE_HOME`).
#[derive(Debug, ClapArgs)]
pub(super) struct WeightsArgs {
    #[command(subcommand)]
    pub command: WeightsAction,
}

#[derive(Debug, Subcommand)]
pub(super) enum WeightsAction {
    /// Download weights: resumed where a download was cut, checked, whole or not there
    Fetch {
        /// Tags such as `resnet50.a1_in1k`, or bare names
        #[arg(required = true, value_name = "MODEL")]
        models: Vec<String>,

        /// Never download anything: say only what would be needed
        #[arg(long)]
        offline: bool,

        /// Ask the server again even if the weights are here
        #[arg(long)]
        again: bool,
    },
    Import(ImportArgs),
    /// Print where a network's weight file lies
    Path {
        /// A tag, or a bare name
        model: String,
    },
    /// Check weight files against their recorded checksums and their networks
    Verify {
        /// Tags, or bare names; without any, all weights that are here as files
        #[arg(value_name = "MODEL")]
        models: Vec<String>,
    },
    /// Delete weight files that were downloaded or imported
    Remove {
        /// Tags, or bare names
        #[arg(required = true, value_name = "MODEL")]
        models: Vec<String>,
    },
}

/// Keep a weight file of any kind, so that its network runs by name from now on
///
/// Reads safetensors, PyTorch's .pth (both kinds; nothing in it is executed) and Keras' .h5, .weights.h5 and .keras. Every tensor
/// must fit by name and shape. What is kept is a safetensors file that says what it was made from.
#[derive(Debug, ClapArgs)]
pub(super) struct ImportArgs {
    /// The weight file
    pub file: PathBuf,

    /// The network: a tag, or a bare name where that settles it
    ///
    /// May be left out where the file fits one network only. Where it fits several, they are listed with what tells them apart.
    #[arg(short, long, value_name = "MODEL")]
    pub model: Option<String>,

    #[command(flatten)]
    pub part: PartArgs,

    /// Write to this file (`.safetensors` is added) instead of keeping it
    #[arg(short, long, value_name = "NAME")]
    pub output: Option<PathBuf>,
}

/// Check networks: a stored picture must give the stored values
///
/// For the weights that the program carries, activations are compared with the framework's. For others there is no reference;
/// then all tensors must fit and be finite and every layer's values plausible.
#[derive(Debug, ClapArgs)]
pub(super) struct SelfcheckArgs {
    /// Tags, or bare names; without any, all networks whose weights are here
    #[arg(value_name = "MODEL")]
    pub models: Vec<String>,

    #[command(flatten)]
    pub run: RunArgs,
}

/// List the networks: layers, sizes, licences, and what each takes to run
#[derive(Debug, ClapArgs)]
pub(super) struct ModelsArgs {
    /// Everything known of each network, as JSON
    #[arg(long)]
    pub json: bool,
}

/// List a network's layers: name, kind, shape, parameters, multiply-adds, receptive field
///
/// Needs no weights.
#[derive(Debug, ClapArgs)]
pub(super) struct LayersArgs {
    /// A tag such as `resnet50.tv_in1k`, a bare name, or an ONNX file
    pub model: String,

    /// Of ONNX files: the layer to end at, by its name, instead of the one that the file itself ends with
    ///
    /// The layers after it are left out, and `final` means this layer. Without this option, a file whose end isn't supported ends at the
    /// last map that all of its outputs depend on, and a note says so.
    #[arg(long = "final", value_name = "NAME")]
    pub final_layer: Option<String>,

    /// The network's input, in pixels; without it, the model's own
    #[arg(long, value_name = "WxH", value_parser = parse_size)]
    pub input: Option<PixelSize>,

    /// Only the layers people ask for by name (`--layer all-stages`)
    #[arg(long)]
    pub stages: bool,

    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// Parses a size for `--input`: the same as for `--fit`, without `model`, `stretch` and `native`.
fn parse_size(text: &str) -> Result<PixelSize, String> {
    match text.parse() {
        Ok(FitChoice::Size(size)) => Ok(size),
        Err(error @ crate::input::ParseChoiceError::SideOutOfRange { .. }) => Err(error.to_string()),
        _ => Err(format!("input `{text}`: expected a size as WIDTHxHEIGHT such as 640x480")),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_are_well_formed() {
        Args::command().debug_assert();
    }

    #[test]
    fn no_command_is_the_window() {
        let args = Args::try_parse_from(["filterscope"]).unwrap();
        assert!(args.command.is_none());
    }

    #[test]
    fn a_size_is_no_word() {
        assert_eq!(parse_size("640x480"), Ok(PixelSize::new(640, 480)));
        assert!(parse_size("native").unwrap_err().starts_with("input `native`: expected a size"));
        assert!(parse_size("0x9").unwrap_err().contains("each side must be from 1"));
    }
}
