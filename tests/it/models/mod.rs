//! The registry and every graph in it, tested without running a network.

mod published;
pub(crate) mod reference;
mod registry;
mod tables;

use filterscope::graph::Graph;
use filterscope::models::{ModelSpec, Registry};

use crate::support::golden::torch_name;

fn spec(tag: &str) -> &'static ModelSpec {
    Registry::find(tag).unwrap()
}

fn graph(tag: &str) -> Graph {
    (spec(tag).build)().unwrap()
}
