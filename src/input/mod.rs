//! From files to what the network takes: decode, resize, preprocess, and the data sets pictures come from.
//!
//! Owns every policy about pictures (orientation, alpha, depth, limits), the bit-exact resize, and how folders and logs
//! become rows. Must know nothing of graphs, models, weights or windows: what weights ask of a picture arrives as
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
    preprocess,
};
pub use resize::{OutputWindow, resize, resize_window};
