//! `DINOv2` (Oquab et al., "`DINOv2`: Learning Robust Visual Features without Supervision", 2023; with registers: Darcet et al., "Vision
//! Transformers Need Registers", 2023), as in timm's vision transformers.
//!
//! This module owns the graphs, their layer names and the model specs of their weights. It knows neither the values of weights
//! nor how a graph runs.
//!
//! Tokens are in a row, with the class token and registers first. The patches form a grid and can be shown as maps: a block
//! `blocks.B` is the grid of patches in the output of timm's module of that name, and `blocks.B.tokens` is the whole row. The
//! last norm works on each token separately, so it is applied to the grid. All other names are those of timm's modules or
//! parameters (`ls1.gamma`), except `attn.heads`, the output of the heads before `attn.proj` mixes it.

use super::spec::{ModelSpec, Verification, short_side_crop};
use crate::graph::{ActivationFn, Attention, Conv2d, Graph, GraphBuilder, GraphError, NodeId, Op, Tokens};
use crate::tensor::{PixelSize, ResizeFilter, ValueScale};

/// Epsilon of all layer norms.
const EPS: f64 = 1e-6;
/// Length of a patch's side in pixels.
const PATCH: usize = 14;
/// Number of patches along each side, at the only size that has position embeddings.
const GRID: usize = 37;

/// Number of blocks, channels and heads.
#[derive(Clone, Copy)]
struct Design {
    depth: usize,
    channels: usize,
    heads: usize,
}

const SMALL: Design = Design { depth: 12, channels: 384, heads: 6 };
const BASE: Design = Design { depth: 12, channels: 768, heads: 12 };
const LARGE: Design = Design { depth: 24, channels: 1024, heads: 16 };

fn build(design: Design, registers: usize) -> Result<Graph, GraphError> {
    let Design { depth, channels, heads } = design;
    let (mut b, x) = GraphBuilder::new();
    let patches = Conv2d::new(3, channels, PATCH).with_stride(PATCH).with_bias();
    let x = b.conv("patch_embed.proj", x, patches);
    b.alias("patch_embed", x);
    b.stage(x);
    let tokens = Tokens { channels, grid: [GRID, GRID], registers, class_has_position: registers == 0 };
    let mut x = b.node("pos_drop", Op::Tokens(tokens), &[x]);
    let mut grid = x;
    for at in 0..depth {
        let name = format!("blocks.{at}");
        x = block(&mut b, &name, x, Attention { channels, heads });
        grid = b.node(name, Op::TokenGrid(tokens), &[x]);
        b.stage(grid);
    }
    let x = b.layer_norm("norm", grid, EPS);
    b.stage(x);
    b.finish()
}

fn block(b: &mut GraphBuilder, name: &str, input: NodeId, attention: Attention) -> NodeId {
    let channels = attention.channels;
    let x = norm(b, &format!("{name}.norm1"), input);
    let x = b.conv(format!("{name}.attn.qkv"), x, Conv2d::linear(channels, 3 * channels));
    let x = b.node(format!("{name}.attn.heads"), Op::Attention(attention), &[x]);
    let x = b.conv(format!("{name}.attn.proj"), x, Conv2d::linear(channels, channels));
    b.alias(format!("{name}.attn"), x);
    let x = scale(b, &format!("{name}.ls1"), x);
    let between = b.node(format!("{name}.add"), Op::Add, &[x, input]);
    let x = norm(b, &format!("{name}.norm2"), between);
    let x = b.conv(format!("{name}.mlp.fc1"), x, Conv2d::linear(channels, 4 * channels));
    let x = b.act(format!("{name}.mlp.act"), x, ActivationFn::Gelu);
    let x = b.conv(format!("{name}.mlp.fc2"), x, Conv2d::linear(4 * channels, channels));
    b.alias(format!("{name}.mlp"), x);
    let x = scale(b, &format!("{name}.ls2"), x);
    b.node(format!("{name}.tokens"), Op::Add, &[x, between])
}

fn norm(b: &mut GraphBuilder, name: &str, x: NodeId) -> NodeId {
    b.layer_norm(name, x, EPS)
}

fn scale(b: &mut GraphBuilder, name: &str, x: NodeId) -> NodeId {
    let x = b.scale(format!("{name}.gamma"), x);
    b.alias(name, x);
    x
}

/// `vit_*_patch14*_dinov2` of timm's `vision_transformer.py`.
const LVD: ModelSpec = ModelSpec {
    tag: "",
    title: "",
    bare_names: &[],
    build: || build(SMALL, 0),
    variant: "layer norm eps 1e-6, exact GELU, positions of 37×37 patches",
    preprocess: short_side_crop(
        PixelSize::square(PATCH * GRID),
        1.0,
        ResizeFilter::Bicubic,
        ValueScale::TORCH,
    ),
    head_prefixes: &["head."],
    is_keras: false,
    license: "Apache-2.0",
    source: "",
    file: None,
    verification: Verification::GeneratedWeights,
    caution: "",
};

pub(super) const ROWS: &[ModelSpec] = &[
    ModelSpec {
        tag: "vit_small_patch14_dinov2.lvd142m",
        title: "DINOv2 ViT-S/14, trained without labels, Meta's weights",
        bare_names: &["vit_small_patch14_dinov2", "dinov2_vits14"],
        source: "timm/vit_small_patch14_dinov2.lvd142m",
        ..LVD
    },
    ModelSpec {
        tag: "vit_base_patch14_dinov2.lvd142m",
        title: "DINOv2 ViT-B/14, trained without labels, Meta's weights",
        bare_names: &["vit_base_patch14_dinov2", "dinov2_vitb14"],
        build: || build(BASE, 0),
        source: "timm/vit_base_patch14_dinov2.lvd142m",
        ..LVD
    },
    ModelSpec {
        tag: "vit_large_patch14_dinov2.lvd142m",
        title: "DINOv2 ViT-L/14, trained without labels, Meta's weights",
        bare_names: &["vit_large_patch14_dinov2", "dinov2_vitl14"],
        build: || build(LARGE, 0),
        source: "timm/vit_large_patch14_dinov2.lvd142m",
        verification: Verification::Table,
        ..LVD
    },
    ModelSpec {
        tag: "vit_small_patch14_reg4_dinov2.lvd142m",
        title: "DINOv2 ViT-S/14 with four registers, trained without labels, Meta's weights",
        bare_names: &["vit_small_patch14_reg4_dinov2", "dinov2_vits14_reg"],
        build: || build(SMALL, 4),
        source: "timm/vit_small_patch14_reg4_dinov2.lvd142m",
        ..LVD
    },
    ModelSpec {
        tag: "vit_base_patch14_reg4_dinov2.lvd142m",
        title: "DINOv2 ViT-B/14 with four registers, trained without labels, Meta's weights",
        bare_names: &["vit_base_patch14_reg4_dinov2", "dinov2_vitb14_reg"],
        build: || build(BASE, 4),
        source: "timm/vit_base_patch14_reg4_dinov2.lvd142m",
        ..LVD
    },
    ModelSpec {
        tag: "vit_large_patch14_reg4_dinov2.lvd142m",
        title: "DINOv2 ViT-L/14 with four registers, trained without labels, Meta's weights",
        bare_names: &["vit_large_patch14_reg4_dinov2", "dinov2_vitl14_reg"],
        build: || build(LARGE, 4),
        source: "timm/vit_large_patch14_reg4_dinov2.lvd142m",
        verification: Verification::Table,
        ..LVD
    },
];
