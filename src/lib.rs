//! filterscope: see what a convolutional network sees.
//!
//! A picture goes through a backbone, and every channel of a layer is shown as one tile of a mosaic.
//! Each folder of this crate is one layer of the program, and imports point downwards only. ARCHITECTURE.md lists which layer may
//! use which, and `tests/it/house` checks that the code keeps to it.
//!
//! The central idea: a backbone is data. [`graph::Graph`] lists named nodes; a model family in [`models`] builds the graph,
//! [`weights`] binds parameters to it, [`engine`] plans and runs it, and all code that shows or lists layers reads the same graph.

#[cfg(feature = "gui")]
pub mod app;
pub mod cli;
pub mod engine;
pub mod extract;
pub mod formats;
pub mod graph;
pub mod input;
pub mod models;
pub mod mosaic;
pub mod render;
pub mod tensor;
pub mod weights;
