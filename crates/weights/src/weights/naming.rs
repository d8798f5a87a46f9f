//! The names that a graph's parameters have in one file: the naming convention, and for a Keras file where the layers are.

use super::convention::{Convention, Layout, keras_names, torch_name};
use super::locate::{Whereabouts, whereabouts};
use super::tensor_file::TensorFile;
use crate::graph::{Graph, Node, ParamRole};

/// One possible naming of a graph's parameters in one file.
pub(super) struct Naming {
    convention: Convention,
    /// For a Keras file, where the layers are and what they are called there.
    at: Whereabouts,
    /// What Keras' names end with: `:0` or nothing.
    suffix: &'static str,
}

impl Naming {
    /// All possible namings of a graph's parameters in a file; at least one.
    pub(super) fn all(graph: &Graph, file: &TensorFile) -> Vec<Self> {
        let convention = Convention::of(file);
        let suffix = if file.names().any(|n| n.ends_with(":0")) { ":0" } else { "" };
        let ways = match convention {
            Convention::Torch => vec![Whereabouts::default()],
            Convention::Keras => whereabouts(graph, file, suffix),
        };
        ways.into_iter().map(|at| Self { convention, at, suffix }).collect()
    }

    /// For a Keras file, where the layers are.
    pub(super) fn whereabouts(&self) -> &Whereabouts {
        &self.at
    }

    /// The file's name of the Keras layer that holds a node's parameters, with the nested models that contain it. `None` with PyTorch's
    /// names.
    pub(super) fn keras_key(&self, node: &Node) -> Option<String> {
        let layer = node.keras_layer.as_deref().filter(|_| self.convention == Convention::Keras)?;
        let Whereabouts { scope, renamed, .. } = &self.at;
        Some(format!("{scope}{}", renamed.get(layer).map_or(layer, String::as_str)))
    }

    /// Names to look for, the usual one first, each with the layout under that name. Empty if the convention has no name for the
    /// parameter.
    pub(super) fn candidates(&self, node: &Node, role: ParamRole) -> Vec<(String, Layout)> {
        match self.convention {
            Convention::Torch => vec![(torch_name(node, role), Layout::AsIs)],
            Convention::Keras => {
                let Some(key) = self.keras_key(node) else { return Vec::new() };
                let named = |(leaf, layout)| (format!("{key}/{leaf}{}", self.suffix), layout);
                keras_names(node, role).into_iter().map(named).collect()
            }
        }
    }
}
