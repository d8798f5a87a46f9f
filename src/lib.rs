//! filterscope: see what a convolutional network sees.
//!
//! A picture goes through a backbone, and every channel of a layer is shown as one tile of a mosaic.
//! Each module is one layer of the program, most of them in a library of their own, and imports point downwards only.
//! ARCHITECTURE.md lists which layer may use which.
//!
//! What one can do with the library, without the program:
//!
//! - a picture to the values of a layer: [`input::decode`] reads it as Pillow would, [`input::preprocess`] brings it to the size and the
//!   values that the weights need, [`engine::Session`] runs the network up to a layer and returns [`tensor::Activation`]s
//!   (`examples/activations.rs`);
//! - values to a picture: [`mosaic::compose`] draws a tile per channel, [`formats::write_png`] writes it (`examples/mosaic.rs`);
//!   [`render::Panel`] and [`render::draw`] make captioned figures with a record of how they were made;
//! - a weight file to a network: [`weights`] reads safetensors, torch, Keras and ONNX files and binds them strictly, and
//!   [`engine::Backbone`] is the result;
//! - a data set to features: [`extract::execute`], in a run that can be killed and resumed;
//! - features to scores: [`probe::evaluate`] fits a head on part of the rows and tells the others;
//! - [`models::Registry`] lists the networks, [`graph::Graph::infer`] gives shapes, costs and receptive fields before anything runs.
//!
//! What only one format or one way of use needs is behind a feature: `gui`, `cli`, `keras`, `onnx`, `fetch`, `hdf5`, `parquet`, all on by
//! default. Without a feature its functions are there, and refuse with a sentence that names it. Pictures are those of the [`image`] crate.
//!
//! The central idea: a backbone is data. [`graph::Graph`] lists named nodes; a model family in [`models`] builds the graph,
//! [`weights`] binds parameters to it, [`engine`] plans and runs it, and all code that shows or lists layers reads the same graph.

pub use filterscope_engine::engine;
pub use filterscope_features::features;
pub use filterscope_figures::{formats, mosaic};
pub use filterscope_input::input;
pub use filterscope_net::{graph, models, tensor};
pub use filterscope_probe::probe;
pub use filterscope_similarity::similarity;
pub use filterscope_weights::weights;
pub use filterscope_work::{extract, render};
pub use image;

#[cfg(feature = "gui")]
pub mod app;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "study")]
#[cfg_attr(
    not(all(feature = "gui", feature = "cli")),
    expect(dead_code, reason = "the window and the command line each use a part of it")
)]
mod study;
