//! The registry and every graph in it, without running one.

mod published;
pub(crate) mod reference;
mod registry;
mod tables;

use filterscope::graph::{Graph, Node, ParamRole};
use filterscope::models::{Registry, Row};

fn row(tag: &str) -> &'static Row {
    Registry::find(tag).unwrap()
}

fn graph(tag: &str) -> Graph {
    (row(tag).build)().unwrap()
}

/// torch's name of a parameter.
fn torch_name(node: &Node, role: ParamRole) -> String {
    let suffix = match role {
        ParamRole::Kernel | ParamRole::Gamma => "weight",
        ParamRole::Bias | ParamRole::Beta => "bias",
        ParamRole::Mean => "running_mean",
        ParamRole::Variance => "running_var",
    };
    format!("{}.{suffix}", node.name)
}
