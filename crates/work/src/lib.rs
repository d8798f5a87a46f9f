//! What both faces do: one picture through a network to a figure, a data set to features.

use filterscope_engine::engine;
use filterscope_features::features;
use filterscope_figures::{formats, mosaic};
use filterscope_input::input;
use filterscope_net::{graph, models, tensor};
use filterscope_weights::weights;

pub mod extract;
pub mod render;
