//! Runs a graph with its weights: plans, CPU kernels, candle on a GPU.

use filterscope_input::input;
use filterscope_net::{graph, models, tensor};
use filterscope_weights::weights;

pub mod engine;
