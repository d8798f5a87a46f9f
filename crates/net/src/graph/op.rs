//! What a node computes: each operation's name, parameters, output shape, cost and receptive field. One operation per node: nothing
//! here is fused.

use serde::Serialize;

use super::padding::{Padding, Sides};
use super::pairwise::Pairwise;
use super::param::ParamRole;
use super::receptive_field::ReceptiveField;
use super::resize::Resize;
use super::settings::{ActivationFn, BatchNorm, BorderMean, ChannelRange, Conv2d, LayerNorm, Lrn, Pool2d};
use super::shape_error::{ShapeError, channels_must_be};
use super::tokens::{Attention, Tokens};
use crate::tensor::{MapShape, PixelSize};

/// The operation that one node computes from its inputs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// The preprocessed picture, three channels.
    Input,
    /// Convolution.
    Conv2d(Conv2d),
    /// Batch normalisation.
    BatchNorm(BatchNorm),
    /// Layer normalisation over channels.
    LayerNorm(LayerNorm),
    /// Multiplies each of this many channels by a trained factor of its own (layer scale). The parameter has the node's name.
    Scale(usize),
    /// Multiplies everything by a constant, for example the factor that scales a residual.
    Times(f32),
    /// Elementwise function.
    Activation(ActivationFn),
    /// Elementwise sum of inputs of equal shape.
    Add,
    /// Several maps combined position by position.
    Pairwise(Pairwise),
    /// Local response normalisation.
    Lrn(Lrn),
    /// A map (first input) times a gate value per channel (second input, 1×1): the last step of squeeze-and-excitation.
    Gate,
    /// Largest value of each window.
    MaxPool(Pool2d),
    /// Mean of each window.
    AvgPool(Pool2d, BorderMean),
    /// Mean of each whole map; the result is 1×1.
    GlobalAvgPool,
    /// Largest value of each whole map; the result is 1×1. NaN if any value is NaN.
    GlobalMaxPool,
    /// Channels of all inputs, one input after the other.
    Concat,
    /// Zeros around the map (Keras' `ZeroPadding2D`).
    ZeroPad(Sides),
    /// A range of adjacent channels.
    Slice(ChannelRange),
    /// Channel shuffle, as in `ShuffleNet`: the channels are seen as this many groups of equal size. The output has the first
    /// channel of each group, then the second of each, and so on.
    Shuffle(usize),
    /// Multiplies the negative values of each of this many channels by a trained factor of that channel.
    PRelu(usize),
    /// Changes the number of rows and columns.
    Resize(Resize),
    /// Turns a grid of patches into a row of tokens.
    Tokens(Tokens),
    /// Attention: every token sees all others. The input's channels hold queries, keys and values, one after the other.
    Attention(Attention),
    /// Turns the patches of a row of tokens back into a grid; the tokens before them are left out.
    TokenGrid(Tokens),
}

impl Op {
    /// A short name of the operation, for lists.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Conv2d(conv) if conv.is_depthwise() => "depthwise conv",
            Self::Conv2d(conv) if conv.is_linear => "linear",
            Self::Conv2d(_) => "conv",
            Self::BatchNorm(_) => "batch norm",
            Self::LayerNorm(_) => "layer norm",
            Self::Scale(_) => "layer scale",
            Self::Times(_) => "times",
            Self::Activation(function) => function.name(),
            Self::Add => "add",
            Self::Pairwise(pairwise) => pairwise.function.kind(),
            Self::Lrn(_) => "local response norm",
            Self::Gate => "gate",
            Self::MaxPool(_) => "max pool",
            Self::AvgPool(..) => "avg pool",
            Self::GlobalAvgPool => "global avg pool",
            Self::GlobalMaxPool => "global max pool",
            Self::Concat => "concat",
            Self::ZeroPad(_) => "zero pad",
            Self::Slice(_) => "slice",
            Self::Shuffle(_) => "shuffle",
            Self::PRelu(_) => "PReLU",
            Self::Resize(_) => "resize",
            Self::Tokens(_) => "tokens",
            Self::Attention(_) => "attention",
            Self::TokenGrid(_) => "token grid",
        }
    }

    /// Parameters of the node with their shapes, in a fixed order.
    pub fn params(&self) -> Vec<(ParamRole, Vec<usize>)> {
        match self {
            Self::Conv2d(conv) => {
                let shape = conv.weight_shape();
                let kernel = if conv.is_linear { &shape[..2] } else { &shape };
                let mut params = vec![(ParamRole::Kernel, kernel.to_vec())];
                if conv.has_bias {
                    params.push((ParamRole::Bias, vec![conv.c_out]));
                }
                params
            }
            Self::BatchNorm(norm) => {
                let mut params = Vec::with_capacity(4);
                if norm.has_gamma {
                    params.push((ParamRole::Gamma, vec![norm.channels]));
                }
                params.extend(
                    [ParamRole::Beta, ParamRole::Mean, ParamRole::Variance]
                        .map(|role| (role, vec![norm.channels])),
                );
                params
            }
            Self::LayerNorm(norm) => {
                [ParamRole::Gamma, ParamRole::Beta].map(|role| (role, vec![norm.channels])).to_vec()
            }
            Self::Tokens(tokens) => tokens.params(),
            Self::Scale(channels) => vec![(ParamRole::Scale, vec![*channels])],
            Self::PRelu(channels) => vec![(ParamRole::Slope, vec![*channels])],
            Self::Input
            | Self::Times(_)
            | Self::Activation(_)
            | Self::Add
            | Self::Pairwise(_)
            | Self::Lrn(_)
            | Self::Gate
            | Self::MaxPool(_)
            | Self::AvgPool(..)
            | Self::GlobalAvgPool
            | Self::GlobalMaxPool
            | Self::Concat
            | Self::ZeroPad(_)
            | Self::Slice(_)
            | Self::Shuffle(_)
            | Self::Resize(_)
            | Self::Attention(_)
            | Self::TokenGrid(_) => Vec::new(),
        }
    }
}

/// What an operation gives for inputs of certain shapes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    /// Shape of the result for one picture.
    pub(super) shape: MapShape,
    /// Border widths that the operation adds around its input.
    pub(super) border: Sides,
    /// Multiply-adds for one picture.
    pub(super) mult_adds: u64,
}

/// The number of output channels, as far as it is known without the shapes of the inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OutputChannels {
    /// This many.
    Fixed(usize),
    /// As many as the first input has.
    OfFirst,
    /// As many as all inputs have together.
    OfAll,
}

impl Op {
    /// The number of output channels.
    pub(super) const fn output_channels(&self) -> OutputChannels {
        match self {
            Self::Input => OutputChannels::Fixed(3),
            Self::Conv2d(conv) => OutputChannels::Fixed(conv.c_out),
            Self::BatchNorm(norm) => OutputChannels::Fixed(norm.channels),
            Self::Attention(attention) => OutputChannels::Fixed(attention.channels),
            Self::Slice(range) => OutputChannels::Fixed(range.channels),
            Self::Pairwise(pairwise) => OutputChannels::Fixed(pairwise.channels),
            Self::Concat => OutputChannels::OfAll,
            Self::LayerNorm(_)
            | Self::Scale(_)
            | Self::Times(_)
            | Self::Activation(_)
            | Self::Add
            | Self::Lrn(_)
            | Self::Gate
            | Self::MaxPool(_)
            | Self::AvgPool(..)
            | Self::GlobalAvgPool
            | Self::GlobalMaxPool
            | Self::ZeroPad(_)
            | Self::Shuffle(_)
            | Self::PRelu(_)
            | Self::Resize(_)
            | Self::Tokens(_)
            | Self::TokenGrid(_) => OutputChannels::OfFirst,
        }
    }

    /// Whether the operation computes with numbers other than its inputs: parameters, or a constant factor.
    pub fn has_numbers(&self) -> bool {
        matches!(self, Self::Times(_)) || !self.params().is_empty()
    }

    /// Shape, border and cost of the output for inputs of these shapes. `name` is the node's, for errors; `input` is the size of
    /// the network's input.
    ///
    /// # Errors
    /// Shapes that the operation doesn't take.
    pub(super) fn output(
        &self,
        name: &str,
        inputs: &[MapShape],
        input: PixelSize,
    ) -> Result<Output, ShapeError> {
        let channels_must_be = |expected, got| channels_must_be(name, expected, got);
        let mut border = Sides::default();
        let mut mult_adds = 0;
        let shape = match self {
            Self::Input => MapShape::new(3, input.height, input.width),
            Self::Conv2d(conv) => {
                let from = inputs[0];
                channels_must_be(conv.c_in, from.channels)?;
                border =
                    conv.padding.resolve((from.height, from.width), conv.kernel, conv.stride, conv.dilation);
                let (height, width) =
                    slide(name, input, from, conv.kernel, conv.stride, conv.dilation, border)?;
                let per_value: usize = conv.weight_shape()[1..].iter().product();
                let shape = MapShape::new(conv.c_out, height, width);
                mult_adds = (shape.len() * per_value) as u64;
                shape
            }
            Self::AvgPool(pool, BorderMean::CountBorder) if matches!(pool.padding, Padding::Ceil(_)) => {
                return Err(ShapeError::CeilMean(name.to_owned()));
            }
            Self::MaxPool(pool) | Self::AvgPool(pool, _) => {
                let from = inputs[0];
                border = pool.padding.resolve((from.height, from.width), pool.kernel, pool.stride, [1, 1]);
                let (height, width) = slide(name, input, from, pool.kernel, pool.stride, [1, 1], border)?;
                MapShape::new(from.channels, height, width)
            }
            Self::BatchNorm(BatchNorm { channels, .. })
            | Self::LayerNorm(LayerNorm { channels, .. })
            | Self::Scale(channels)
            | Self::PRelu(channels) => {
                channels_must_be(*channels, inputs[0].channels)?;
                inputs[0]
            }
            Self::Activation(_) | Self::Times(_) | Self::Lrn(_) => inputs[0],
            Self::Pairwise(pairwise) => pairwise.shape(name, inputs)?,
            Self::Add => {
                let first = inputs[0];
                if let Some(odd) = inputs.iter().find(|shape| **shape != first) {
                    return Err(ShapeError::Branches { node: name.to_owned(), first, other: *odd });
                }
                first
            }
            Self::Gate => {
                let (map, gate) = (inputs[0], inputs[1]);
                if gate != MapShape::new(map.channels, 1, 1) {
                    return Err(ShapeError::Branches { node: name.to_owned(), first: map, other: gate });
                }
                map
            }
            Self::Tokens(tokens) => tokens.row(name, inputs[0])?,
            Self::Attention(attention) => {
                let shape = attention.shape(name, inputs[0])?;
                mult_adds = 2 * (shape.len() * shape.plane()) as u64;
                shape
            }
            Self::TokenGrid(tokens) => tokens.grid_of(name, inputs[0])?,
            Self::Slice(range) => sliced(name, inputs[0], *range)?,
            Self::Shuffle(groups) => shuffled(name, inputs[0], *groups)?,
            Self::Resize(resize) => {
                let from = inputs[0];
                resize.shape(from).ok_or_else(|| ShapeError::Resized { node: name.to_owned(), from })?
            }
            Self::GlobalAvgPool | Self::GlobalMaxPool => MapShape::new(inputs[0].channels, 1, 1),
            Self::Concat => {
                let first = inputs[0];
                let fits = |s: MapShape| (s.height, s.width) == (first.height, first.width);
                if let Some(odd) = inputs.iter().find(|shape| !fits(**shape)) {
                    return Err(ShapeError::Branches { node: name.to_owned(), first, other: *odd });
                }
                let channels = inputs.iter().map(|shape| shape.channels).sum();
                MapShape::new(channels, first.height, first.width)
            }
            Self::ZeroPad(sides) => {
                border = *sides;
                let from = inputs[0];
                MapShape::new(
                    from.channels,
                    from.height + sides.top + sides.bottom,
                    from.width + sides.left + sides.right,
                )
            }
        };
        Ok(Output { shape, border, mult_adds })
    }

    /// The receptive field of the output, for inputs with these fields and shapes. A squeeze-and-excitation gate sees the whole
    /// picture; it scales maps without moving anything in them, so the gated maps keep the field that they had.
    pub(super) fn receptive_field(
        &self,
        fields: &[ReceptiveField],
        shapes: &[MapShape],
        border: Sides,
        out: MapShape,
    ) -> ReceptiveField {
        match self {
            // Registers and the class token see nothing, and attention sees everything, so no window can be given for a row of
            // tokens.
            Self::GlobalAvgPool
            | Self::GlobalMaxPool
            | Self::Tokens(_)
            | Self::Attention(_)
            | Self::TokenGrid(_) => ReceptiveField::Whole,
            Self::Resize(resize) => fields[0].resized(resize, shapes[0], out),
            // The union over all inputs as large as the output. A value that is the same for a whole map moves nothing in it.
            Self::Pairwise(_) => {
                let large = fields.iter().zip(shapes).filter(|(_, shape)| shape.plane() == out.plane());
                large.map(|(field, _)| *field).reduce(ReceptiveField::union).unwrap_or(ReceptiveField::Whole)
            }
            Self::Add | Self::Concat => {
                fields.iter().copied().reduce(ReceptiveField::union).unwrap_or(ReceptiveField::PIXEL)
            }
            Self::Conv2d(c) => fields[0].window(c.kernel, c.stride, c.dilation, border),
            Self::MaxPool(p) | Self::AvgPool(p, _) => fields[0].window(p.kernel, p.stride, [1, 1], border),
            Self::ZeroPad(sides) => fields[0].window([1, 1], [1, 1], [1, 1], *sides),
            Self::Input => ReceptiveField::PIXEL,
            Self::Gate
            | Self::BatchNorm(_)
            | Self::LayerNorm(_)
            | Self::Scale(_)
            | Self::Times(_)
            | Self::Slice(_)
            | Self::Shuffle(_)
            | Self::PRelu(_)
            | Self::Lrn(_)
            | Self::Activation(_) => fields[0],
        }
    }
}

fn sliced(name: &str, from: MapShape, range: ChannelRange) -> Result<MapShape, ShapeError> {
    let ChannelRange { first, channels } = range;
    if channels > 0 && first.checked_add(channels).is_some_and(|end| end <= from.channels) {
        return Ok(MapShape::new(channels, from.height, from.width));
    }
    let last = first.saturating_add(channels.saturating_sub(1));
    Err(ShapeError::Range { node: name.to_owned(), first, last, channels: from.channels })
}

fn shuffled(name: &str, from: MapShape, groups: usize) -> Result<MapShape, ShapeError> {
    if groups > 0 && from.channels.is_multiple_of(groups) {
        return Ok(from);
    }
    Err(ShapeError::Groups { node: name.to_owned(), channels: from.channels, groups })
}

/// Number of window positions, as rows and columns.
fn slide(
    name: &str,
    input: PixelSize,
    from: MapShape,
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
    border: Sides,
) -> Result<(usize, usize), ShapeError> {
    let positions = |n: usize, axis: usize| {
        let reach = dilation[axis] * (kernel[axis] - 1) + 1;
        n.checked_sub(reach).map(|room| room / stride[axis] + 1)
    };
    let rows = positions(from.height + border.top + border.bottom, 0);
    let columns = positions(from.width + border.left + border.right, 1);
    // A map can't lose all its pixels before a window fails on it, so this check is the only one.
    rows.zip(columns).ok_or_else(|| ShapeError::TooSmall {
        input,
        node: name.to_owned(),
        kernel_rows: kernel[0],
        kernel_columns: kernel[1],
        height: from.height,
        width: from.width,
    })
}
