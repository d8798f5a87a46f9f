//! Which layers have the same channels: those between which every operation works on each channel by itself.

use super::{Graph, NodeId, Op};

impl Graph {
    /// Whether channel `c` of one node is made of channel `c` of the other, for every `c`: the same node, or nodes with only batch
    /// normalization, activation, scaling, pooling, borders, resizing, gates or depthwise convolution between them. No other channel is
    /// mixed in; a gate's factor for a channel depends on all of them.
    pub fn share_channels(&self, a: NodeId, b: NodeId) -> bool {
        let (first, mut at) = if a.0 <= b.0 { (a, b) } else { (b, a) };
        while at.0 > first.0 {
            let node = self.node(at);
            if !works_by_channel(&node.op) {
                return false;
            }
            let Some(input) = node.inputs.first() else { return false };
            at = *input;
        }
        at == first
    }
}

/// Whether an operation makes each channel of the channel of the same index of its first input.
fn works_by_channel(op: &Op) -> bool {
    match op {
        Op::Conv2d(conv) => conv.is_depthwise() && conv.c_in == conv.c_out,
        Op::BatchNorm(_)
        | Op::Scale(_)
        | Op::Times(_)
        | Op::Activation(_)
        | Op::Gate
        | Op::MaxPool(_)
        | Op::AvgPool(..)
        | Op::GlobalAvgPool
        | Op::GlobalMaxPool
        | Op::ZeroPad(_)
        | Op::PRelu(_)
        | Op::Resize(_) => true,
        Op::Input
        | Op::LayerNorm(_)
        | Op::Add
        | Op::Pairwise(_)
        | Op::Lrn(_)
        | Op::Concat
        | Op::Slice(_)
        | Op::Shuffle(_)
        | Op::Tokens(_)
        | Op::Attention(_)
        | Op::TokenGrid(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::models::Registry;

    #[test]
    fn channels_are_shared_until_an_operation_mixes_them() {
        let graph = Registry::find("xception.keras_in1k").unwrap().graph().unwrap();
        let share = |a: &str, b: &str| graph.share_channels(graph.find(a).unwrap(), graph.find(b).unwrap());
        assert!(share("conv4.pointwise", "act4") && share("act4", "conv4.pointwise") && share("bn4", "bn4"));
        assert!(share("act3", "conv4.conv1"), "a depthwise convolution has a filter for each channel");
        assert!(!share("conv4.conv1", "conv4.pointwise") && !share("act3", "act4"));
        assert!(!share("block11", "block12"), "a sum is of two layers");
    }
}
