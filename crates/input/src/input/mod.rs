//! From files to the network's input: decoding, resizing, preprocessing, and the data sets that pictures come from.
//!
//! Owns every rule about pictures (orientation, alpha, depth, limits), the bit-exact resize, and how folders and logs become rows.
//! Must know nothing of graphs, models, weights or windows: the preprocessing that weights need is passed in as
//! [`crate::tensor::PreprocessSpec`].

pub mod dataset;
pub mod decode;
mod fingerprint;
pub mod live;
mod preprocess;
mod resize;

pub use fingerprint::{FileState, Fingerprint};
pub use preprocess::{
    FitChoice, MAX_INPUT_SIDE, ParseChoiceError, PreprocessError, Preprocessed, SourceRegion, ValueChoice,
    input_size, preprocess,
};
pub use resize::{OutputWindow, resize, resize_window};
