//! A layer's values are the same to the bit, whichever layers are computed beside it.
//!
//! The window keeps what a run passes on its way, and `filterscope render` computes one layer: both must show the same.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use filterscope::engine::{Backbone, CancelToken, ComputeDevice, Plan, Session, planned_bytes};
use filterscope::graph::{ActivationFn, Conv2d, Graph, GraphBuilder, NodeId, Op, Padding, PairFn, Pairwise};
use filterscope::input::decode::decode_file;
use filterscope::input::{FitChoice, ValueChoice, preprocess};
use filterscope::models::Registry;
use filterscope::tensor::{InputBatch, PixelSize};
use filterscope::weights::TensorFile;

use crate::support::golden::generated_for;
use crate::support::{hashweights, root};

const CARRIED: [(&str, &str); 3] = [
    ("xception.keras_in1k", "xception_keras_in1k_notop.f16.safetensors"),
    ("vgg16.keras_in1k", "vgg16_keras_in1k_notop.f16.safetensors"),
    ("tf_efficientnet_lite0.in1k", "tf_efficientnet_lite0.f16.safetensors"),
];

fn carried(tag: &str, file: &str) -> Arc<Backbone> {
    let file = TensorFile::read(&root().join("weights").join(file)).unwrap();
    Arc::new(Backbone::from_tensors(Registry::find(tag).unwrap(), file).unwrap())
}

fn noise(size: PixelSize) -> InputBatch {
    InputBatch::new(1, size.height, size.width, hashweights::noise_input(size.height, size.width)).unwrap()
}

/// The bits of each layer, computed in one run.
fn bits(session: &mut Session, input: &InputBatch, taps: &[NodeId]) -> BTreeMap<NodeId, Vec<u32>> {
    let mut found = BTreeMap::new();
    session
        .run(input, taps, &CancelToken::new(), &mut |tap| {
            found.insert(tap.node, tap.activation.values().iter().map(|v| v.to_bits()).collect());
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(found.len(), taps.len());
    found
}

fn assert_same_alone(what: &str, backbone: &Arc<Backbone>, input: &InputBatch, taps: &[NodeId]) {
    let mut session = Session::new(Arc::clone(backbone), ComputeDevice::cpu()).unwrap();
    for (node, together) in bits(&mut session, input, taps) {
        let alone = &bits(&mut session, input, &[node])[&node];
        let name = &backbone.graph().node(node).name;
        assert!(*alone == together, "{what}: {name} differs when {} layers are computed", taps.len());
    }
}

#[test]
fn stages_of_one_pass_are_those_computed_alone() {
    for (tag, file) in CARRIED {
        let backbone = carried(tag, file);
        let spec = backbone.spec();
        let picture = decode_file(&root().join("assets/cat.png")).unwrap().rgb;
        let input =
            preprocess(&picture, &spec.preprocess, FitChoice::Model, ValueChoice::Model).unwrap().batch;
        let mut taps = backbone.graph().stages().to_vec();
        taps.push(backbone.graph().final_node());
        taps.sort_unstable();
        taps.dedup();
        assert_same_alone(tag, &backbone, &input, &taps);
    }
}

/// Every node, fused or not, at a small size.
#[test]
fn every_node_of_one_pass_is_the_one_computed_alone() {
    for (tag, file) in CARRIED {
        let backbone = carried(tag, file);
        let all: Vec<NodeId> = backbone.graph().ids().collect();
        assert_same_alone(tag, &backbone, &noise(PixelSize::new(79, 75)), &all);
    }
}

/// All that may be computed in one step with the operation before it, each with every activation.
fn fused_graph(function: ActivationFn) -> Graph {
    let (mut b, x) = GraphBuilder::new();
    let same = |conv: Conv2d| conv.with_padding(Padding::Same);
    let stem = b.conv("stem", x, same(Conv2d::new(3, 20, 3)));
    let norm = b.norm("norm", stem, 20, 1e-3);
    let act = b.act("act", norm, function);
    let wide = b.conv("wide", act, same(Conv2d::new(20, 20, 3)));
    let half = b.node("half", Op::Times(0.3), &[wide]);
    let scale = b.scale("scale", half);
    let sum = b.node("sum", Op::Add, &[scale, act]);
    let sum_act = b.act("sum.act", sum, function);
    let deep = b.conv("deep", sum_act, same(Conv2d::depthwise(20, 3)));
    let deep_norm = b.norm("deep.norm", deep, 20, 1e-3);
    let deep_act = b.act("deep.act", deep_norm, function);
    let groups = b.conv("groups", deep_act, same(Conv2d { groups: 2, ..Conv2d::new(20, 20, 3) }));
    let groups_act = b.act("groups.act", groups, function);
    let left = b.conv("left", groups_act, Conv2d::new(20, 20, 1));
    let right = b.conv("right", groups_act, Conv2d::new(20, 20, 1));
    let both = b.node("both", Op::Add, &[left, right]);
    let layer = b.layer_norm("layer", both, 1e-6);
    let layer_act = b.act("layer.act", layer, function);
    let pair = b.node(
        "pair",
        Op::Pairwise(Pairwise { function: PairFn::Product, channels: 20 }),
        &[layer_act, both],
    );
    let pair_act = b.act("pair.act", pair, function);
    let alone = b.norm("alone", pair_act, 20, 1e-3);
    let end = b.act("end", alone, function);
    b.stage(end);
    b.finish().unwrap()
}

#[test]
fn whatever_is_fused_keeps_its_bits_with_every_activation() {
    let functions = [
        ActivationFn::Relu,
        ActivationFn::Relu6,
        ActivationFn::Silu,
        ActivationFn::Gelu,
        ActivationFn::Sigmoid,
        ActivationFn::HardSwish,
        ActivationFn::HardSigmoid,
        ActivationFn::GeluTanh,
        ActivationFn::LeakyRelu(0.1),
        ActivationFn::Elu(1.0),
        ActivationFn::Tanh,
    ];
    for function in functions {
        let graph = fused_graph(function);
        let weights = generated_for(&graph, 3);
        let spec = Registry::find("vgg11.tv_in1k").unwrap();
        let backbone = Arc::new(Backbone::with_graph(spec, graph, weights).unwrap());
        let all: Vec<NodeId> = backbone.graph().ids().collect();
        assert_same_alone(&format!("{function:?}"), &backbone, &noise(PixelSize::new(37, 33)), &all);
    }
}

/// Stages of the registry's networks are results of steps anyway, so keeping them takes no step more; but a transformer's grids, which
/// its last block doesn't read, are copied.
#[test]
fn keeping_every_stage_takes_no_step_more() {
    for spec in Registry::specs() {
        let graph = (spec.build)().unwrap();
        let plan = |taps: &[NodeId]| {
            let plan = Plan::new(&graph, spec.preprocess.size, 1, taps).unwrap();
            let mut nodes: Vec<_> = plan.steps().iter().map(|step| step.nodes.clone()).collect();
            nodes.retain(|nodes| !matches!(graph.node(nodes[0]).op, Op::TokenGrid(_)));
            nodes
        };
        let mut all = graph.stages().to_vec();
        all.push(graph.final_node());
        assert!(plan(&all) == plan(&[graph.final_node()]), "{}", spec.tag);
    }
}

/// Parameters that an earlier run has packed are in memory already: they aren't counted as what the next run takes.
#[test]
fn a_run_is_not_refused_for_what_the_run_before_it_left_in_memory() {
    let (tag, file) = CARRIED[1];
    let backbone = carried(tag, file);
    let size = PixelSize::new(224, 224);
    let last = [backbone.graph().final_node()];
    let plan = Plan::new(backbone.graph(), size, 1, &last).unwrap();
    let half = planned_bytes(backbone.graph(), &plan) / 2;
    let mut session = Session::new(Arc::clone(&backbone), ComputeDevice::cpu()).unwrap();
    assert!(session.check_memory(size, &last, 0, Some(half)).is_err(), "nothing is packed yet");
    bits(&mut session, &noise(size), &last);
    assert!(session.check_memory(size, &last, 0, Some(half)).is_ok());
}
