//! Files whose nodes are in another valid order than the exporter wrote.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use filterscope::engine::{Backbone, EngineChoice, WeightStore, open_onnx};
use filterscope::tensor::{InputBatch, PixelSize};
use filterscope::weights::{OnnxNet, TensorFile};

use super::encode::{field, fields, floats, network, node};
use super::parity::{CASES, input, layers_are_those_of};
use crate::orders::{Dice, order_of, values};
use crate::support::binary::Bench;
use crate::support::{fixture, hashweights};

/// A copy of a file with its nodes in another valid order: `next` picks each node from those whose inputs are available.
fn reordered(file: &[u8], next: impl FnMut(usize) -> usize) -> Vec<u8> {
    let mut model = Vec::new();
    let mut next = Some(next);
    for (number, content, whole) in fields(file) {
        match next.take_if(|_| number == 7) {
            Some(next) => model.extend(field(7, &reordered_graph(content, next))),
            None => model.extend(whole),
        }
    }
    model
}

fn reordered_graph(graph: &[u8], next: impl FnMut(usize) -> usize) -> Vec<u8> {
    let (nodes, rest): (Vec<_>, Vec<_>) = fields(graph).into_iter().partition(|(number, ..)| *number == 1);
    let names = |at: usize, of: u64| {
        fields(nodes[at].1).into_iter().filter(move |(n, ..)| *n == of).map(|(_, name, _)| name)
    };
    let makers: HashMap<&[u8], usize> =
        (0..nodes.len()).flat_map(|at| names(at, 2).map(move |name| (name, at))).collect();
    let reads = |at: usize| -> Vec<usize> {
        names(at, 1).filter(|name| !name.is_empty()).filter_map(|name| makers.get(name).copied()).collect()
    };
    let order = order_of(nodes.len(), reads, next);
    order
        .iter()
        .map(|at| nodes[*at].2)
        .chain(rest.iter().map(|(.., whole)| *whole))
        .flatten()
        .copied()
        .collect()
}

fn backbone(path: &Path) -> Arc<Backbone> {
    let row = open_onnx(path).unwrap_or_else(|error| panic!("{error}"))[0];
    Arc::new(Backbone::load(row, &WeightStore::default(), None).unwrap())
}

#[test]
fn every_stored_layer_equals_onnx_runtime_s_in_every_order() {
    let dir = Bench::new();
    dir.add("weights_beside.onnx.data", &std::fs::read(fixture("onnx/weights_beside.onnx.data")).unwrap());
    for (case @ (name, ..), seed) in CASES.into_iter().zip(1..) {
        let file = std::fs::read(fixture(&format!("onnx/{name}.onnx"))).unwrap();
        let stored = TensorFile::read(&fixture(&format!("onnx/{name}.safetensors"))).unwrap();
        let built = backbone(&fixture(&format!("onnx/{name}.onnx")));
        let last = built.graph().node(built.graph().final_node()).name.clone();
        let stages = |backbone: &Backbone| -> BTreeSet<String> {
            let graph = backbone.graph();
            graph.stages().iter().map(|id| graph.node(*id).name.clone()).collect()
        };
        let expected = values(&built, EngineChoice::Fast, &input(&stored), std::slice::from_ref(&last));
        let mut dice = Dice::new(seed);
        let orders = [
            ("breadth first", reordered(&file, |_| 0)),
            ("last first", reordered(&file, |open| open - 1)),
            ("random", reordered(&file, |open| dice.below(open))),
        ];
        for (order, file) in orders {
            let path = dir.path(&format!("{name}.{}.onnx", order.replace(' ', "_")));
            std::fs::write(&path, file).unwrap();
            let other = backbone(&path);
            assert_eq!(stages(&other), stages(&built), "{name}, {order}");
            assert_eq!(other.graph().node(other.graph().final_node()).name, last, "{name}, {order}");
            layers_are_those_of(&other, &stored, case);
            let got = values(&other, EngineChoice::Fast, &input(&stored), std::slice::from_ref(&last));
            assert_eq!(got, expected, "{name}, {order}: to the bit");
        }
    }
}

/// Two branches whose convolutions both come before their activation functions. The functions were once assigned to the wrong branch.
#[test]
fn branches_may_be_interleaved() {
    let conv = |name: &str, from: &str, c_in: i64| {
        let values = hashweights::tensor(name, &[4, c_in as usize, 1, 1], 3);
        [node("Conv", &[from, name], &format!("{name}_out"), &[]), floats(name, &[4, c_in, 1, 1], &values)]
    };
    let [c0, w0] = conv("c0", "x", 3);
    let [ca, wa] = conv("ca", "c0_out", 4);
    let [cb, wb] = conv("cb", "c0_out", 4);
    let relu = |name: &str| node("Relu", &[&format!("c{name}_out")], &format!("r{name}"), &[]);
    let concat = node("Concat", &["ra", "rb"], "y", &[("axis", &[1])]);
    let weights = [w0, wa, wb].concat();
    let orders = [
        [c0.clone(), ca.clone(), relu("a"), cb.clone(), relu("b"), concat.clone()],
        [c0.clone(), ca.clone(), cb.clone(), relu("a"), relu("b"), concat.clone()],
        [c0, cb, ca, relu("a"), relu("b"), concat],
    ];
    let dir = Bench::new();
    let noise = InputBatch::new(1, 8, 8, hashweights::noise_input(8, 8)).unwrap();
    let mut all = Vec::new();
    for (at, nodes) in orders.into_iter().enumerate() {
        let name = format!("interleaved{at}.onnx");
        dir.add(&name, &network(&[nodes.to_vec(), vec![weights.clone()]].concat()));
        let backbone = backbone(&dir.path(&name));
        for engine in [EngineChoice::Fast, EngineChoice::Candle] {
            all.push(values(&backbone, engine, &noise, &["the Concat".to_owned()]));
        }
    }
    let [fast, candle, others @ ..] = &all[..] else { panic!() };
    for pair in others.chunks(2) {
        assert_eq!((&pair[0], &pair[1]), (fast, candle));
    }
}

/// A regression test: a plan once mistook the operands of a sum and subtracted bytes that it had never added.
#[test]
fn a_plan_needs_less_memory_than_all_values_together() {
    let file = std::fs::read(fixture("onnx/breadth_first.onnx")).unwrap();
    let net = OnnxNet::from_bytes(file, "net.onnx").unwrap();
    let graph = net.graph;
    let size = PixelSize::new(13, 11);
    let infos = graph.infer(size).unwrap();
    let all: usize = infos.iter().map(|info| info.shape.len() * 4).sum();
    let plan = filterscope::engine::Plan::new(&graph, size, 1, &[graph.final_node()]).unwrap();
    assert!(plan.peak_value_bytes() < all, "{} of {all}", plan.peak_value_bytes());
}
