//! filterscope: see what a convolutional network sees.
//!
//! A picture goes through a backbone and every channel of a layer comes back as one tile of a mosaic.
//! A folder of this crate is a layer of the program; imports point down only. ARCHITECTURE.md lists which may use which, and
//! `tests/it/house` holds it.
//!
//! The one idea: a backbone is data. [`graph::Graph`] lists named nodes; a family in [`models`] builds one, [`weights`] binds
//! parameters to it, [`engine`] plans and runs it, and whatever shows or lists layers reads the same graph.

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
