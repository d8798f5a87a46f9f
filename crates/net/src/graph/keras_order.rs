//! The order in which Keras numbers the layers of a graph within each class (`conv2d`, `conv2d_1`, …). It is the order of
//! `model.layers`.
//!
//! Keras sorts a functional model's layers by depth (the longest path to the output), deepest first. Layers of equal depth are in
//! the order in which Keras meets them when it walks back from the output, first inputs first (`map_graph` in its
//! `ops/function.py`). Layers without weights count for depth, so the graph must have a node wherever Keras has a layer; tests
//! compare this order with Keras' own.

use std::collections::HashMap;

use super::graph::{Graph, Node};
use super::op::Op;

/// The Keras layers that have parameters, in Keras' order: the class that Keras numbers each under, and the layer's name.
pub fn keras_class_order(graph: &Graph) -> Vec<(&'static str, &str)> {
    let nodes = graph.nodes();
    let last = graph.final_node().0;
    // Whether two nodes belong to one layer with two convolutions.
    let is_one_layer = |a: &Node, b: &Node| a.keras_layer.is_some() && a.keras_layer == b.keras_layer;
    let mut depths: Vec<Option<usize>> = vec![None; nodes.len()];
    depths[last] = Some(0);
    for at in (0..=last).rev() {
        let Some(depth) = depths[at] else { continue };
        for input in &nodes[at].inputs {
            let own = depth + usize::from(!is_one_layer(&nodes[at], &nodes[input.0]));
            depths[input.0] = depths[input.0].max(Some(own));
        }
    }
    let mut met: Vec<Option<usize>> = vec![None; nodes.len()];
    let (mut open, mut num_met) = (vec![last], 0);
    while let Some(at) = open.pop() {
        if met[at].is_some() {
            continue;
        }
        met[at] = Some(num_met);
        num_met += 1;
        open.extend(nodes[at].inputs.iter().rev().map(|input| input.0));
    }
    let mut layers: HashMap<&str, (usize, usize, &'static str)> = HashMap::new();
    for (at, node) in nodes.iter().enumerate() {
        let (Some(layer), Some(depth), Some(place)) = (node.keras_layer.as_deref(), depths[at], met[at])
        else {
            continue;
        };
        let class = class_of(&node.op);
        layers
            .entry(layer)
            .and_modify(|(_, first, known)| {
                *first = place.min(*first);
                if *known != class {
                    *known = "separable_conv2d";
                }
            })
            .or_insert((depth, place, class));
    }
    let mut ordered: Vec<_> = layers.into_iter().collect();
    ordered.sort_by_key(|(_, (depth, place, _))| (std::cmp::Reverse(*depth), *place));
    ordered.into_iter().map(|(layer, (.., class))| (class, layer)).collect()
}

fn class_of(op: &Op) -> &'static str {
    match op {
        Op::Conv2d(conv) if conv.is_depthwise() => "depthwise_conv2d",
        Op::Conv2d(_) => "conv2d",
        Op::BatchNorm(_) => "batch_normalization",
        Op::Scale(_) => "normalization",
        _ => "",
    }
}
