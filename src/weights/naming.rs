//! What a node's parameters are called in files, and in which layout they lie there.
//!
//! Two conventions: torch's (`layer1.0.conv1.weight`, OIHW) and Keras' (`block1_conv1/kernel`, HWIO, as in its HDF5 files).
//! Which one a file follows is told by looking at its names.

use std::collections::HashMap;

use super::tensor_file::TensorFile;
use crate::graph::{Graph, Node, Op, ParamRole};

/// Spelling and layout of the tensors of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Convention {
    /// `{node}.weight`, kernels OIHW (PyTorch, timm, torchvision).
    Torch,
    /// `{layer}/kernel`, kernels HWIO (Keras).
    Keras,
}

impl Convention {
    /// By the names in a file.
    pub fn of(file: &TensorFile) -> Self {
        let keras = file.names().filter(|n| keras_parts(n).is_some()).count();
        if keras * 2 > file.names().count() { Self::Keras } else { Self::Torch }
    }
}

impl Convention {
    /// In words, for what is said of a file.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Torch => "torch's names",
            Self::Keras => "Keras' names",
        }
    }
}

/// How a tensor in a file becomes the parameter that the graph wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// As it is.
    AsIs,
    /// Kernel `[kh, kw, in, out]` → `[out, in, kh, kw]`.
    HwioToOihw,
    /// Depthwise kernel `[kh, kw, channels, 1]` → `[channels, 1, kh, kw]`.
    DepthwiseToOihw,
}

impl Layout {
    /// The shape that a parameter of shape `wanted` has in the file.
    pub(super) fn shape_in_file(self, wanted: &[usize]) -> Vec<usize> {
        match (self, wanted) {
            (Self::HwioToOihw, [o, i, h, w]) => vec![*h, *w, *i, *o],
            (Self::DepthwiseToOihw, [c, m, h, w]) => vec![*h, *w, *c, *m],
            _ => wanted.to_vec(),
        }
    }

    /// Values of the file in the order of the graph; `wanted` is the graph's shape.
    pub(super) fn apply(self, values: Vec<f32>, wanted: &[usize]) -> Vec<f32> {
        let (Self::HwioToOihw | Self::DepthwiseToOihw, [a, b, h, w]) = (self, wanted) else {
            return values;
        };
        if values.len() != wanted.iter().product::<usize>() {
            return values;
        }
        let mut out = Vec::with_capacity(values.len());
        for first in 0..*a {
            for second in 0..*b {
                for cell in 0..h * w {
                    out.push(match self {
                        Self::DepthwiseToOihw => values[(cell * a + first) * b + second],
                        _ => values[(cell * b + second) * a + first],
                    });
                }
            }
        }
        out
    }
}

/// torch's name of a parameter.
pub(super) fn torch_name(node: &Node, role: ParamRole) -> String {
    let leaf = match role {
        ParamRole::Kernel | ParamRole::Gamma | ParamRole::Slope => "weight",
        ParamRole::Bias | ParamRole::Beta => "bias",
        ParamRole::Mean => "running_mean",
        ParamRole::Variance => "running_var",
        // No module has these, so they stand by their own names.
        ParamRole::Scale => return node.name.clone(),
        ParamRole::ClassToken => return "cls_token".into(),
        ParamRole::Registers => return "reg_token".into(),
        ParamRole::Positions => return "pos_embed".into(),
    };
    format!("{}.{leaf}", node.name)
}

/// Names of a graph's parameters in one file.
pub(super) struct Naming {
    convention: Convention,
    /// Keras layer as the graph spells it → as the file does, where they differ (automatic numbers).
    renumbered: HashMap<String, String>,
    /// File's spelling without `:0` → with it.
    suffixed: bool,
}

impl Naming {
    pub(super) fn of(graph: &Graph, file: &TensorFile) -> Self {
        let convention = Convention::of(file);
        let renumbered = match convention {
            Convention::Torch => HashMap::new(),
            Convention::Keras => renumber(graph, file),
        };
        Self { convention, renumbered, suffixed: file.names().any(|n| n.ends_with(":0")) }
    }

    /// Whether a tensor belongs to a layer of Keras' `Normalization`, which is no part of a graph: it says what becomes of a picture's
    /// values before.
    pub(super) fn is_of_the_picture(&self, name: &str) -> bool {
        self.convention == Convention::Keras && normalization_layer(name).is_some()
    }

    /// Names to look for, the usual one first, with the layout under that name. Empty if the convention has no name for it.
    pub(super) fn candidates(&self, node: &Node, role: ParamRole) -> Vec<(String, Layout)> {
        match self.convention {
            Convention::Torch => {
                vec![(torch_name(node, role), Layout::AsIs)]
            }
            Convention::Keras => {
                let Some(layer) = node.keras_layer.as_deref() else { return Vec::new() };
                let layer = self.renumbered.get(layer).map_or(layer, String::as_str);
                let suffix = if self.suffixed { ":0" } else { "" };
                let named = |leaf: &str, layout| (format!("{layer}/{leaf}{suffix}"), layout);
                match role {
                    ParamRole::Kernel if matches!(&node.op, Op::Conv2d(c) if c.is_depthwise()) => {
                        // Keras 3 calls a DepthwiseConv2D's kernel as any other's.
                        vec![
                            named("depthwise_kernel", Layout::DepthwiseToOihw),
                            named("kernel", Layout::DepthwiseToOihw),
                        ]
                    }
                    ParamRole::Kernel => vec![
                        named("kernel", Layout::HwioToOihw),
                        named("pointwise_kernel", Layout::HwioToOihw),
                    ],
                    ParamRole::Bias => vec![named("bias", Layout::AsIs)],
                    ParamRole::Gamma | ParamRole::Scale => vec![named("gamma", Layout::AsIs)],
                    ParamRole::Beta => vec![named("beta", Layout::AsIs)],
                    ParamRole::Mean => vec![named("moving_mean", Layout::AsIs)],
                    ParamRole::Variance => vec![named("moving_variance", Layout::AsIs)],
                    // No network here that Keras has is made of these.
                    ParamRole::Slope
                    | ParamRole::ClassToken
                    | ParamRole::Registers
                    | ParamRole::Positions => Vec::new(),
                }
            }
        }
    }
}

/// The `Normalization` layer that a tensor belongs to.
pub(super) fn normalization_layer(name: &str) -> Option<&str> {
    let (layer, leaf) = name.rsplit_once('/')?;
    matches!(leaf.split(':').next(), Some("mean" | "variance" | "count")).then_some(layer)
}

/// Layer and leaf of a Keras parameter name, the suffix `:0` cut off.
fn keras_parts(name: &str) -> Option<(&str, &str)> {
    let (layer, leaf) = name.rsplit_once('/')?;
    let leaf = leaf.strip_suffix(":0").unwrap_or(leaf);
    let known = [
        "kernel",
        "bias",
        "depthwise_kernel",
        "pointwise_kernel",
        "gamma",
        "beta",
        "moving_mean",
        "moving_variance",
    ];
    known.contains(&leaf).then_some((layer, leaf))
}

/// Keras numbers unnamed layers by session: the first convolution is `conv2d`, `conv2d_1` or `conv2d_95`, and Keras 1 called it
/// `convolution2d_1`. The order is stable, so the n-th of a kind in the file is the n-th of that kind in the graph.
fn renumber(graph: &Graph, file: &TensorFile) -> HashMap<String, String> {
    let mut map = HashMap::new();
    for (kind, then) in [("conv2d", "convolution2d"), ("batch_normalization", "batchnormalization")] {
        let ordered = |names: &mut dyn Iterator<Item = &str>| {
            let mut found: Vec<(usize, String)> = names
                .filter_map(|name| {
                    let rest = name.strip_prefix(kind).or_else(|| name.strip_prefix(then))?;
                    let number = match rest.strip_prefix('_') {
                        Some(digits) => digits.parse().ok()?,
                        None if rest.is_empty() => 0,
                        None => return None,
                    };
                    Some((number, name.to_owned()))
                })
                .collect();
            found.sort();
            found.dedup();
            found
        };
        let wanted = ordered(&mut graph.nodes().iter().filter_map(|n| n.keras_layer.as_deref()));
        let there = ordered(&mut file.names().filter_map(|n| keras_parts(n).map(|(layer, _)| layer)));
        map.extend(wanted.into_iter().zip(there).map(|((_, w), (_, t))| (w, t)));
    }
    map
}

#[cfg(test)]
mod tests {
    use super::Layout;

    #[test]
    fn kernels_come_from_keras_layout() {
        // [kh=1, kw=2, in=3, out=2], value = 100·w + 10·i + o.
        let hwio: Vec<f32> = (0..2)
            .flat_map(|w| (0..3).flat_map(move |i| (0..2).map(move |o| (100 * w + 10 * i + o) as f32)))
            .collect();
        let oihw = Layout::HwioToOihw.apply(hwio, &[2, 3, 1, 2]);
        assert_eq!(oihw, [0., 100., 10., 110., 20., 120., 1., 101., 11., 111., 21., 121.]);
        assert_eq!(Layout::HwioToOihw.shape_in_file(&[2, 3, 1, 5]), [1, 5, 3, 2]);
        // [kh=1, kw=2, channels=3, 1], value = 10·w + c.
        let depthwise = Layout::DepthwiseToOihw.apply(vec![0., 1., 2., 10., 11., 12.], &[3, 1, 1, 2]);
        assert_eq!(depthwise, [0., 10., 1., 11., 2., 12.]);
    }
}
