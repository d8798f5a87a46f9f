//! Shape inference: the output shape, cost and receptive field of each node for one input size.

use super::graph::{Graph, Node, NodeId};
use super::op::Output;
use super::padding::Sides;
use super::receptive_field::ReceptiveField;
use super::shape_error::ShapeError;
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
    pub fn of(node: &Node, inputs: &[Self], input: PixelSize) -> Result<Self, ShapeError> {
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
    let shapes: Vec<MapShape> = inputs.iter().map(|info| info.shape).collect();
    let fields: Vec<ReceptiveField> = inputs.iter().map(|info| info.receptive_field).collect();
    let Output { shape, border, mult_adds } = node.op.output(&node.name, &shapes, input)?;
    Ok(NodeInfo {
        shape,
        border,
        mult_adds,
        params: node.op.params().iter().map(|(_, s)| s.iter().product::<usize>()).sum(),
        receptive_field: node.op.receptive_field(&fields, &shapes, border, shape),
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
