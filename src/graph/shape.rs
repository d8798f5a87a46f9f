//! Shape inference: the output shape, cost and receptive field of each node for one input size.

use super::graph::{Graph, Node, NodeId};
use super::op::{BatchNorm, BorderMean, ChannelRange, LayerNorm, Op};
use super::padding::{Padding, Sides};
use super::receptive_field::ReceptiveField;
use super::shape_error::{ShapeError, channels_must_be};
use crate::tensor::{MapShape, PixelSize};

/// What is known about a node before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeInfo {
    /// Output shape for one picture.
    pub shape: MapShape,
    /// Border widths that the node adds at this size.
    pub border: Sides,
    /// Multiply-adds of the node for one picture (convolutions and attention; the rest is small).
    pub mult_adds: u64,
    /// Number of parameter values of the node, running statistics included.
    pub params: usize,
    /// The part of the network's input that a position sees.
    pub receptive_field: ReceptiveField,
}

impl NodeInfo {
    /// Computes the information about one node from that about its inputs, for an input picture of this size.
    pub(crate) fn of(node: &Node, inputs: &[Self], input: PixelSize) -> Result<Self, ShapeError> {
        infer_node(node, inputs, input)
    }
}

impl Graph {
    /// Shape, cost and receptive field of every node for an input of this size, by node id.
    pub fn infer(&self, input: PixelSize) -> Result<Vec<NodeInfo>, ShapeError> {
        let mut infos: Vec<NodeInfo> = Vec::with_capacity(self.nodes().len());
        for node in self.nodes() {
            let inputs: Vec<NodeInfo> = node.inputs.iter().map(|NodeId(i)| infos[*i]).collect();
            infos.push(infer_node(node, &inputs, input)?);
        }
        Ok(infos)
    }
}

fn infer_node(node: &Node, inputs: &[NodeInfo], input: PixelSize) -> Result<NodeInfo, ShapeError> {
    let channels_must_be = |expected, got| channels_must_be(&node.name, expected, got);
    let mut border = Sides::default();
    let mut mult_adds = 0;
    let shape = match &node.op {
        Op::Input => MapShape::new(3, input.height, input.width),
        Op::Conv2d(conv) => {
            let from = inputs[0].shape;
            channels_must_be(conv.c_in, from.channels)?;
            border = conv.padding.resolve((from.height, from.width), conv.kernel, conv.stride, conv.dilation);
            let (height, width) = slide(node, input, from, conv.kernel, conv.stride, conv.dilation, border)?;
            let per_value: usize = conv.weight_shape()[1..].iter().product();
            let shape = MapShape::new(conv.c_out, height, width);
            mult_adds = (shape.len() * per_value) as u64;
            shape
        }
        Op::AvgPool(pool, BorderMean::CountBorder) if matches!(pool.padding, Padding::Ceil(_)) => {
            return Err(ShapeError::CeilMean(node.name.clone()));
        }
        Op::MaxPool(pool) | Op::AvgPool(pool, _) => {
            let from = inputs[0].shape;
            border = pool.padding.resolve((from.height, from.width), pool.kernel, pool.stride, [1, 1]);
            let (height, width) = slide(node, input, from, pool.kernel, pool.stride, [1, 1], border)?;
            MapShape::new(from.channels, height, width)
        }
        Op::BatchNorm(BatchNorm { channels, .. })
        | Op::LayerNorm(LayerNorm { channels, .. })
        | Op::Scale(channels)
        | Op::PRelu(channels) => {
            channels_must_be(*channels, inputs[0].shape.channels)?;
            inputs[0].shape
        }
        Op::Activation(_) | Op::Times(_) | Op::Lrn(_) => inputs[0].shape,
        Op::Pairwise(pairwise) => {
            let shapes: Vec<MapShape> = inputs.iter().map(|i| i.shape).collect();
            pairwise.shape(&node.name, &shapes)?
        }
        Op::Add => {
            let first = inputs[0].shape;
            if let Some(odd) = inputs.iter().find(|i| i.shape != first) {
                return Err(ShapeError::Branches { node: node.name.clone(), first, other: odd.shape });
            }
            first
        }
        Op::Gate => {
            let (map, gate) = (inputs[0].shape, inputs[1].shape);
            if gate != MapShape::new(map.channels, 1, 1) {
                return Err(ShapeError::Branches { node: node.name.clone(), first: map, other: gate });
            }
            map
        }
        Op::Tokens(tokens) => tokens.row(&node.name, inputs[0].shape)?,
        Op::Attention(attention) => {
            let shape = attention.shape(&node.name, inputs[0].shape)?;
            mult_adds = 2 * (shape.len() * shape.plane()) as u64;
            shape
        }
        Op::TokenGrid(tokens) => tokens.grid_of(&node.name, inputs[0].shape)?,
        Op::Slice(range) => sliced(node, inputs[0].shape, *range)?,
        Op::Shuffle(groups) => shuffled(node, inputs[0].shape, *groups)?,
        Op::Resize(resize) => {
            let from = inputs[0].shape;
            resize.shape(from).ok_or_else(|| ShapeError::Resized { node: node.name.clone(), from })?
        }
        Op::GlobalAvgPool | Op::GlobalMaxPool => MapShape::new(inputs[0].shape.channels, 1, 1),
        Op::Concat => {
            let first = inputs[0].shape;
            let fits = |s: MapShape| (s.height, s.width) == (first.height, first.width);
            if let Some(odd) = inputs.iter().find(|i| !fits(i.shape)) {
                return Err(ShapeError::Branches { node: node.name.clone(), first, other: odd.shape });
            }
            let channels = inputs.iter().map(|i| i.shape.channels).sum();
            MapShape::new(channels, first.height, first.width)
        }
        Op::ZeroPad(sides) => {
            border = *sides;
            let from = inputs[0].shape;
            MapShape::new(
                from.channels,
                from.height + sides.top + sides.bottom,
                from.width + sides.left + sides.right,
            )
        }
    };
    let receptive_field = field_of(&node.op, inputs, border, shape);
    Ok(NodeInfo {
        shape,
        border,
        mult_adds,
        params: node.op.params().iter().map(|(_, s)| s.iter().product::<usize>()).sum(),
        receptive_field,
    })
}

/// The receptive field after one operation. A squeeze-and-excitation gate sees the whole picture; it scales maps without moving
/// anything in them, so the gated maps keep the field that they had.
fn field_of(op: &Op, inputs: &[NodeInfo], border: Sides, out: MapShape) -> ReceptiveField {
    let first = || inputs[0].receptive_field;
    let all = |inputs: &mut dyn Iterator<Item = &NodeInfo>| {
        inputs.map(|i| i.receptive_field).reduce(ReceptiveField::union)
    };
    match op {
        // Registers and the class token see nothing, and attention sees everything, so no window can be given for a row of
        // tokens.
        Op::GlobalAvgPool | Op::GlobalMaxPool | Op::Tokens(_) | Op::Attention(_) | Op::TokenGrid(_) => {
            ReceptiveField::Whole
        }
        Op::Resize(resize) => first().resized(resize, inputs[0].shape, out),
        // The union over all inputs as large as the output. A value that is the same for a whole map moves nothing in it.
        Op::Pairwise(_) => {
            let mut of_places = inputs.iter().filter(|i| i.shape.plane() == out.plane());
            all(&mut of_places).unwrap_or(ReceptiveField::Whole)
        }
        Op::Add | Op::Concat => all(&mut inputs.iter()).unwrap_or(ReceptiveField::PIXEL),
        Op::Conv2d(c) => first().window(c.kernel, c.stride, c.dilation, border),
        Op::MaxPool(p) | Op::AvgPool(p, _) => first().window(p.kernel, p.stride, [1, 1], border),
        Op::ZeroPad(sides) => first().window([1, 1], [1, 1], [1, 1], *sides),
        Op::Input => ReceptiveField::PIXEL,
        Op::Gate
        | Op::BatchNorm(_)
        | Op::LayerNorm(_)
        | Op::Scale(_)
        | Op::Times(_)
        | Op::Slice(_)
        | Op::Shuffle(_)
        | Op::PRelu(_)
        | Op::Lrn(_)
        | Op::Activation(_) => first(),
    }
}

fn sliced(node: &Node, from: MapShape, range: ChannelRange) -> Result<MapShape, ShapeError> {
    let ChannelRange { first, channels } = range;
    if channels > 0 && first.checked_add(channels).is_some_and(|end| end <= from.channels) {
        return Ok(MapShape::new(channels, from.height, from.width));
    }
    let last = first.saturating_add(channels.saturating_sub(1));
    Err(ShapeError::Range { node: node.name.clone(), first, last, channels: from.channels })
}

fn shuffled(node: &Node, from: MapShape, groups: usize) -> Result<MapShape, ShapeError> {
    if groups > 0 && from.channels.is_multiple_of(groups) {
        return Ok(from);
    }
    Err(ShapeError::Groups { node: node.name.clone(), channels: from.channels, groups })
}

/// Number of window positions, as rows and columns.
fn slide(
    node: &Node,
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
        node: node.name.clone(),
        kernel_rows: kernel[0],
        kernel_columns: kernel[1],
        height: from.height,
        width: from.width,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Conv2d, GraphBuilder, Padding, Pool2d};

    #[test]
    fn stem_of_resnet_has_the_published_receptive_field() {
        let (mut g, x) = GraphBuilder::new();
        let conv = Conv2d::new(3, 64, 7).with_stride(2).with_padding(Padding::symmetric(3, 3));
        let x = g.conv("conv1", x, conv);
        let x = g.max_pool("maxpool", x, Pool2d::new(3, 2, Padding::symmetric(1, 1)));
        g.stage(x);
        let info = g.finish().unwrap().infer(PixelSize::square(224)).unwrap();
        assert_eq!(info[1].mult_adds, 112 * 112 * 64 * 147);
        assert_eq!(info[2].shape, MapShape::new(64, 56, 56));
        // torchvision's ResNet: field 11, stride 4, begins 5 pixels outside.
        assert_eq!(info[2].receptive_field.to_string(), "11 /4 @-5");
    }

    #[test]
    fn a_small_input_is_refused_with_the_node_that_fails() {
        let (mut g, x) = GraphBuilder::new();
        let x = g.conv("stem", x, Conv2d::new(3, 8, 3).with_stride(2));
        let x = g.conv("deep", x, Conv2d::new(8, 8, 5));
        g.stage(x);
        let error = g.finish().unwrap().infer(PixelSize::new(30, 7)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "input 30x7 is too small for this network: at `deep` a 5×5 window meets a 3×14 map"
        );
    }

    #[test]
    fn wrong_channels_name_the_node() {
        let (mut g, x) = GraphBuilder::new();
        let x = g.conv("a", x, Conv2d::new(4, 8, 1));
        g.stage(x);
        let error = g.finish().unwrap().infer(PixelSize::square(8)).unwrap_err();
        assert_eq!(error.to_string(), "`a` is made for 4 channels but gets 3");
    }
}
