//! Plain data types that every other layer of the program uses: activations, their statistics, and the preprocessing that weights need.
//!
//! Owns memory layouts and thresholds. Must know nothing of files, graphs, candle or egui.

mod activation;
mod counted;
mod feature;
mod hex;
mod names;
mod preprocess_spec;
mod random;
mod ranking;
mod refusal;
mod remedy;
mod responses;
mod room;
mod shown;
mod similarity;
mod stats;
mod strongest;
mod table;
mod weight_source;

pub use activation::{Activation, InputBatch, MapShape, ShapeMismatch, layers_of_difference};
pub use counted::counted;
pub use feature::{AxisOrder, Dtype, FeatureLayout, UnknownStorage};
pub use hex::hex;
pub use names::{did_you_mean, fuzzy_score, is_near_best, nearest_names};
pub use preprocess_spec::{ChannelOrder, Fit, LongSide, PixelSize, PreprocessSpec, ResizeFilter, ValueScale};
pub use random::Random;
pub use ranking::{
    CellsIn, ChannelSelection, OrderBy, PictureBox, SelectionError, UnknownOrder, UnknownSelection, profile,
    rank,
};
pub use refusal::{is_out_of_files, is_refusal, refusal_in};
#[doc(hidden)]
pub use remedy::samples as remedy_samples;
pub use remedy::{Remedied, Remedy, Setting};
pub use responses::responses_in;
pub use room::{NoRoom, TooMuch, available_memory, check_half, check_room, memory_words};
pub use shown::{shown, steers};
pub use similarity::{StandardMaps, correlation};
pub use stats::{CONSTANT_SHARE, ChannelKind, ChannelStats, DEAD_SHARE, KindCounts, LayerStats};
pub use strongest::{peaks, strongest, strongest_in};
pub use table::{Cell, Column, ColumnKind, EXACT_INTEGERS};
pub use weight_source::WeightSource;
