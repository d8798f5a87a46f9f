//! What a node's parameters are called in weight files, and in which layout they are stored there.
//!
//! Two conventions: torch's (`layer1.0.conv1.weight`, OIHW) and Keras' (`block1_conv1/kernel`, HWIO, as in its HDF5 files).
//! Which one a file follows is recognised by its tensor names.

use super::tensor_file::TensorFile;
use crate::graph::{Node, Op, ParamRole};

/// How a file names its tensors and in which layout it stores them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Convention {
    /// `{node}.weight`, kernels OIHW (PyTorch, timm, torchvision).
    Torch,
    /// `{layer}/kernel`, kernels HWIO (Keras).
    Keras,
}

impl Convention {
    /// Recognises a file's convention by its tensor names.
    pub fn of(file: &TensorFile) -> Self {
        let is_keras = |name: &&str| keras_parts(name).is_some() || normalization_layer(name).is_some();
        let num_keras = file.names().filter(is_keras).count();
        if file.keras_store().is_some() || num_keras * 2 > file.names().count() {
            Self::Keras
        } else {
            Self::Torch
        }
    }
}

impl Convention {
    /// The convention in words, for messages about a file.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Torch => "torch's names",
            Self::Keras => "Keras' names",
        }
    }
}

/// How the layout of a tensor in a file is converted to the layout of the graph's parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// No change.
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

    /// Brings values from the file's order into the graph's; `wanted` is the graph's shape.
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
                        Self::AsIs | Self::HwioToOihw => values[(cell * b + second) * a + first],
                    });
                }
            }
        }
        out
    }
}

/// PyTorch's name of a parameter.
pub fn torch_name(node: &Node, role: ParamRole) -> String {
    let leaf = match role {
        ParamRole::Kernel | ParamRole::Gamma | ParamRole::Slope => "weight",
        ParamRole::Bias | ParamRole::Beta => "bias",
        ParamRole::Mean => "running_mean",
        ParamRole::Variance => "running_var",
        // These parameters have no module of their own, so there is no leaf to append.
        ParamRole::Scale => return node.name.clone(),
        ParamRole::ClassToken => return "cls_token".into(),
        ParamRole::Registers => return "reg_token".into(),
        ParamRole::Positions => return "pos_embed".into(),
    };
    format!("{}.{leaf}", node.name)
}

/// The names that Keras may give a parameter within its layer, the usual name first.
pub(super) fn keras_names(node: &Node, role: ParamRole) -> Vec<(&'static str, Layout)> {
    match role {
        // Keras 3 calls the kernel of a DepthwiseConv2D `kernel`, as for any other layer.
        ParamRole::Kernel if matches!(&node.op, Op::Conv2d(c) if c.is_depthwise()) => {
            vec![("depthwise_kernel", Layout::DepthwiseToOihw), ("kernel", Layout::DepthwiseToOihw)]
        }
        ParamRole::Kernel => vec![("kernel", Layout::HwioToOihw), ("pointwise_kernel", Layout::HwioToOihw)],
        ParamRole::Bias => vec![("bias", Layout::AsIs)],
        ParamRole::Gamma | ParamRole::Scale => vec![("gamma", Layout::AsIs)],
        ParamRole::Beta => vec![("beta", Layout::AsIs)],
        ParamRole::Mean => vec![("moving_mean", Layout::AsIs)],
        ParamRole::Variance => vec![("moving_variance", Layout::AsIs)],
        // None of the networks that Keras offers here has these parameters.
        ParamRole::Slope | ParamRole::ClassToken | ParamRole::Registers | ParamRole::Positions => Vec::new(),
    }
}

/// The name of the Keras `Normalization` layer that a tensor belongs to, if its name is that of one.
pub(super) fn normalization_layer(name: &str) -> Option<&str> {
    let (layer, leaf) = name.rsplit_once('/')?;
    matches!(leaf.split(':').next(), Some("mean" | "variance" | "count")).then_some(layer)
}

/// Layer and leaf of a Keras parameter name, without the suffix `:0`. `None` for an unknown leaf.
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

/// Parameters that a node takes from a file: role, shape, and whether the parameter is optional.
pub(super) fn params_of(node: &Node) -> Vec<(ParamRole, Vec<usize>, bool)> {
    let mut params: Vec<_> = node.op.params().into_iter().map(|(role, shape)| (role, shape, false)).collect();
    if let Op::BatchNorm(norm) = &node.op
        && !norm.has_gamma
    {
        params.push((ParamRole::Gamma, vec![norm.channels], true));
    }
    params
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
