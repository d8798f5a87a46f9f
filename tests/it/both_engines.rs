//! The two engines are compared with each other, and the fast engine with itself: every node, on every level, with several numbers of
//! threads.
//!
//! `parity` shows that the stages are right; these tests show that every node is, whatever is fused, at any size and on any level. The
//! tolerance is that of `parity`, for the same reason. The engines aren't equal to the bit, because they sum in different orders.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use filterscope::engine::{Backbone, CancelToken, ComputeDevice, EngineChoice, Level, Session};
use filterscope::graph::{
    ActivationFn, Attention, BorderMean, Conv2d, Graph, GraphBuilder, NodeId, Op, Padding, Pool2d, Sides,
    Tokens,
};
use filterscope::input::decode::decode_file;
use filterscope::input::{FitChoice, ValueChoice, preprocess};
use filterscope::models::{ModelSpec, Registry};
use filterscope::tensor::{Activation, ChannelKind, InputBatch, LayerStats, PixelSize};
use filterscope::weights::TensorFile;
use rayon::ThreadPoolBuilder;

use crate::parity::TOLERANCE;
use crate::support::golden::{generated_for, generated_params, relative_error, tensor_file};
use crate::support::{hashweights, root};

const EMBEDDED: [(&str, &str); 3] = [
    ("xception.keras_in1k", "xception_keras_in1k_notop.f16.safetensors"),
    ("vgg16.keras_in1k", "vgg16_keras_in1k_notop.f16.safetensors"),
    ("tf_efficientnet_lite0.in1k", "tf_efficientnet_lite0.f16.safetensors"),
];

fn noise(size: PixelSize) -> InputBatch {
    InputBatch::new(1, size.height, size.width, hashweights::noise_input(size.height, size.width)).unwrap()
}

fn candle(backbone: &Arc<Backbone>) -> Session {
    Session::with_engine(Arc::clone(backbone), ComputeDevice::cpu(), EngineChoice::Candle).unwrap()
}

fn fast(backbone: &Arc<Backbone>) -> Session {
    let session = Session::new(Arc::clone(backbone), ComputeDevice::cpu()).unwrap();
    assert!(session.run_by().engine.starts_with("fast/"));
    session
}

fn embedded(tag: &str, file: &str) -> Arc<Backbone> {
    let file = TensorFile::read(&root().join("weights").join(file)).unwrap();
    Arc::new(Backbone::from_tensors(Registry::find(tag).unwrap(), file).unwrap())
}

/// The cat, preprocessed for a model.
fn cat(spec: &ModelSpec) -> InputBatch {
    let picture = decode_file(&root().join("assets/cat.png")).unwrap().rgb;
    preprocess(&picture, &spec.preprocess, FitChoice::Model, ValueChoice::Model).unwrap().batch
}

/// A backbone of a small graph. The model spec doesn't matter, because nothing of it is used.
fn small(graph: Graph) -> Arc<Backbone> {
    let weights = generated_for(&graph, 3);
    Arc::new(Backbone::with_graph(Registry::find("vgg11.tv_in1k").unwrap(), graph, weights).unwrap())
}

/// Runs with these taps and calls `check` with each value when it is delivered.
fn each_tap(
    session: &mut Session,
    input: &InputBatch,
    taps: &[NodeId],
    check: &mut dyn FnMut(NodeId, usize, Activation),
) {
    let report = session.run(input, taps, &CancelToken::new(), &mut |tap| {
        check(tap.node, tap.image, tap.activation);
        ControlFlow::Continue(())
    });
    report.unwrap();
}

/// Compares the fast engine with candle, first with all nodes tapped, so that nothing is fused, then with the stages alone, so that
/// everything is fused. Returns the worst error.
fn compare(what: &str, backbone: &Arc<Backbone>, input: &InputBatch) -> f64 {
    let graph = Arc::clone(backbone.graph());
    let all: Vec<NodeId> = graph.ids().collect();
    let mut expected: BTreeMap<NodeId, Activation> = BTreeMap::new();
    each_tap(&mut candle(backbone), input, &all, &mut |node, _, value| drop(expected.insert(node, value)));
    assert_eq!(expected.len(), all.len());
    let (mut session, mut worst) = (fast(backbone), 0f64);
    for taps in [&all[..], graph.stages(), &[graph.final_node()]] {
        let mut num_seen = 0;
        each_tap(&mut session, input, taps, &mut |node, _, got| {
            let error = relative_error(got.values(), expected[&node].values());
            assert!(error <= TOLERANCE, "{what} {}, {} taps: {error:e}", got.name(), taps.len());
            worst = worst.max(error);
            num_seen += 1;
        });
        assert_eq!(num_seen, taps.len(), "{what}");
    }
    worst
}

/// The smallest odd size that the graph accepts, two pixels wider than high. Sizes below 33 are too small for the networks' windows.
fn smallest_odd(graph: &Graph) -> Option<PixelSize> {
    let sizes = (33..).step_by(2).map(|side| PixelSize::new(side + 2, side));
    sizes.take_while(|s| s.width < 200).find(|size| graph.infer(*size).is_ok())
}

/// Model specs that share a graph differ in weights and preprocessing only, so one of them is run.
#[test]
fn every_node_of_every_network_is_the_same_on_both_engines_at_a_small_odd_size() {
    let mut seen: Vec<Graph> = Vec::new();
    for spec in Registry::specs() {
        let graph = (spec.build)().unwrap();
        // The largest networks differ from smaller ones of the family in depth and width alone, and would take gigabytes.
        if seen.contains(&graph) || graph.num_params().trained > 80_000_000 {
            continue;
        }
        // Transformers accept one size; a small transformer is compared in a test below.
        let Some(size) = smallest_odd(&graph) else {
            assert!(spec.tag.starts_with("vit_"), "{}", spec.tag);
            continue;
        };
        let backbone = Arc::new(Backbone::with_graph(spec, graph.clone(), generated_for(&graph, 3)).unwrap());
        let worst = compare(spec.tag, &backbone, &noise(size));
        println!("{} at {size}: within {worst:.1e}", spec.tag);
        seen.push(graph);
    }
}

#[test]
fn every_node_is_the_same_on_both_engines_with_the_real_weights_at_full_size() {
    for (tag, file) in EMBEDDED {
        let backbone = embedded(tag, file);
        let worst = compare(tag, &backbone, &cat(backbone.spec()));
        println!("{tag}: within {worst:.1e}");
    }
}

/// Whether a tile is dead, constant or alive must not depend on the engine or level that computed it.
#[test]
fn tiles_are_of_the_same_kind_on_every_engine_and_level() {
    for (tag, file) in EMBEDDED {
        let backbone = embedded(tag, file);
        let (graph, input) = (Arc::clone(backbone.graph()), cat(backbone.spec()));
        let kinds = |mut session: Session| {
            let mut kinds: BTreeMap<NodeId, Vec<ChannelKind>> = BTreeMap::new();
            each_tap(&mut session, &input, graph.stages(), &mut |node, _, value| {
                kinds.insert(node, LayerStats::of(&value).channels.iter().map(|f| f.kind).collect());
            });
            kinds
        };
        let expected = kinds(candle(&backbone));
        let num_dead: usize = expected.values().flatten().filter(|kind| **kind == ChannelKind::Dead).count();
        println!("{tag}: {num_dead} dead tiles in {} stages", expected.len());
        for level in Level::available() {
            let got = kinds(Session::at_level(Arc::clone(&backbone), level));
            for (node, expected) in &expected {
                let differ = (0..expected.len()).filter(|at| got[node][*at] != expected[*at]).count();
                assert_eq!(differ, 0, "{tag} {} on {}", graph.node(*node).name, level.name());
            }
        }
    }
}

#[test]
fn neither_threads_nor_batches_change_a_bit_of_a_network() {
    let tags = ["inception_v3.tv_in1k", "resnet18.tv_in1k", "tf_efficientnet_b0.in1k", "xception.keras_in1k"];
    for tag in tags {
        let spec = Registry::find(tag).unwrap();
        let graph = (spec.build)().unwrap();
        let (size, weights) = (smallest_odd(&graph).unwrap(), generated_for(&graph, 3));
        let backbone = Arc::new(Backbone::with_graph(spec, graph, weights).unwrap());
        let graph = Arc::clone(backbone.graph());
        // Five different pictures, more than the engine computes at a time: noise, reversed, darkened, negated, and a uniform picture.
        let first = noise(size);
        let mut values = first.values().to_vec();
        values.extend(first.values().iter().rev());
        values.extend(first.values().iter().map(|v| v * 0.25 - 0.5));
        values.extend(first.values().iter().map(|v| -v));
        values.extend(first.values().iter().map(|_| 0.5));
        let len = first.values().len();
        let run = |threads: usize, num_images: usize, values: &[f32]| {
            let input = InputBatch::new(num_images, size.height, size.width, values.to_vec()).unwrap();
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut found: BTreeMap<(usize, NodeId), Activation> = BTreeMap::new();
            pool.install(|| {
                each_tap(&mut fast(&backbone), &input, graph.stages(), &mut |node, image, value| {
                    found.insert((image, node), value);
                });
            });
            found
        };
        let together = run(1, 5, &values);
        for threads in [2, 3] {
            assert!(run(threads, 5, &values) == together, "{tag} with {threads} threads");
        }
        for image in 0..5 {
            let alone = run(2, 1, &values[image * len..][..len]);
            for ((_, node), value) in &alone {
                let name = &graph.node(*node).name;
                assert!(*value == together[&(image, *node)], "{tag} {name}, picture {image} by itself");
            }
        }
    }
}

const fn window(kernel: [usize; 2], stride: [usize; 2], padding: Padding) -> Pool2d {
    Pool2d { kernel, stride, padding }
}

/// A graph of all operations that read a padded border or write to a part of a buffer: convolutions of all kinds, pools, zero padding,
/// concatenation.
fn bordered_graph() -> Graph {
    let (mut b, x) = GraphBuilder::new();
    let uneven = Padding::Explicit(Sides { top: 0, bottom: 2, left: 3, right: 1 });
    let stem = b.conv("stem", x, Conv2d::new(3, 17, 3).with_padding(Padding::Same));
    let stem = b.act("stem.act", stem, ActivationFn::Relu);
    let wide =
        b.conv("wide", stem, Conv2d { kernel: [1, 7], ..Conv2d::new(17, 20, 1) }.with_padding(Padding::Same));
    let tall =
        b.conv("tall", wide, Conv2d { kernel: [7, 1], ..Conv2d::new(20, 17, 1) }.with_padding(Padding::Same));
    let sum = b.node("sum", Op::Add, &[tall, stem]);
    let sum = b.act("sum.act", sum, ActivationFn::Relu);
    let depthwise = b.conv("depthwise", sum, Conv2d::depthwise(17, 5).with_padding(Padding::Same));
    let same = b.conv("same", sum, Conv2d::new(17, 33, 3).with_padding(Padding::Same));
    let largest = b.max_pool("largest", sum, window([3, 3], [1, 1], Padding::Same));
    let pool = window([3, 3], [1, 1], Padding::Same);
    let inside = b.avg_pool("inside", sum, pool, BorderMean::IgnoreBorder);
    let all = b.node("concat", Op::Concat, &[depthwise, same, largest, inside]);
    let padded = b.node("zeros", Op::ZeroPad(Sides { top: 1, bottom: 0, left: 2, right: 1 }), &[all]);
    let last = b.conv("last", padded, Conv2d::new(84, 15, 3).with_stride(2).with_padding(uneven));
    b.stage(last);
    b.finish().unwrap()
}

/// A graph of what newer networks are made of: large depthwise kernels, layer norms, linear layers, GELU, scales, pools in ceil mode.
fn modern_graph(channels: usize) -> Graph {
    let (mut b, x) = GraphBuilder::new();
    let stem = b.conv("stem", x, Conv2d::new(3, channels, 4).with_stride(4).with_bias());
    let stem = b.layer_norm("stem.norm", stem, 1e-6);
    let sides = Padding::symmetric(3, 3);
    let wide = b.conv("conv_dw", stem, Conv2d::depthwise(channels, 7).with_padding(sides).with_bias());
    let norm = b.layer_norm("norm", wide, 1e-6);
    let x = b.conv("fc1", norm, Conv2d::linear(channels, 4 * channels));
    let x = b.act("act", x, ActivationFn::Gelu);
    let x = b.conv("fc2", x, Conv2d::linear(4 * channels, channels));
    let x = b.scale("gamma", x);
    let sum = b.node("block", Op::Add, &[x, stem]);
    let tanh = b.act("tanh", sum, ActivationFn::GeluTanh);
    let pooled = b.max_pool("ceil", tanh, window([3, 3], [2, 2], Padding::Ceil(Sides::default())));
    let pool = window([3, 3], [2, 2], Padding::Ceil(Sides::default()));
    let mean = b.avg_pool("ceil_mean", tanh, pool, BorderMean::IgnoreBorder);
    let both = b.node("both", Op::Concat, &[pooled, mean]);
    let x = b.conv("project", both, Conv2d::new(2 * channels, 2 * channels, 1));
    let x = b.norm("project.norm", x, 2 * channels, 1e-3);
    let x = b.node("times", Op::Times(0.17), &[x]);
    let sum = b.node("sum", Op::Add, &[both, x]);
    let act = b.act("sum.act", sum, ActivationFn::Relu);
    let alone = b.scale("alone", act);
    let last = b.node("twice", Op::Times(2.0), &[alone]);
    b.stage(last);
    b.finish().unwrap()
}

#[test]
fn operations_of_newer_networks_are_the_same_on_both_engines() {
    for channels in [5, 16, 33] {
        let backbone = small(modern_graph(channels));
        // Maps of 6×9 and 7×8 locations before the pools, so that the last window crosses the map's edge or doesn't.
        for size in [PixelSize::new(37, 26), PixelSize::new(34, 31)] {
            compare("modern", &backbone, &noise(size));
        }
    }
}

/// A transformer block. Its number of tokens isn't a multiple of sixteen, the engine's block size.
fn transformer_graph(registers: usize) -> Graph {
    let (mut b, x) = GraphBuilder::new();
    let channels = 96;
    let tokens = Tokens { channels, grid: [5, 7], registers, class_has_position: registers == 0 };
    let patches = b.conv("patches", x, Conv2d::new(3, channels, 4).with_stride(4).with_bias());
    let spec = b.node("row", Op::Tokens(tokens), &[patches]);
    let norm = b.layer_norm("norm", spec, 1e-6);
    let qkv = b.conv("qkv", norm, Conv2d::linear(channels, 3 * channels));
    let heads = b.node("heads", Op::Attention(Attention { channels, heads: 3 }), &[qkv]);
    let proj = b.conv("proj", heads, Conv2d::linear(channels, channels));
    let scaled = b.scale("gamma", proj);
    let sum = b.node("sum", Op::Add, &[scaled, spec]);
    let grid = b.node("grid", Op::TokenGrid(tokens), &[sum]);
    b.stage(grid);
    b.finish().unwrap()
}

#[test]
fn attention_is_the_same_on_both_engines_on_every_level_and_in_a_batch() {
    for registers in [0, 4] {
        let backbone = small(transformer_graph(registers));
        let size = PixelSize::new(29, 21);
        compare("transformer", &backbone, &noise(size));
        let graph = Arc::clone(backbone.graph());
        let all: Vec<NodeId> = graph.ids().collect();
        let expected = candle(&backbone).activations(&noise(size), &all).unwrap();
        let mut values = noise(size).values().iter().map(|v| 0.5 - v).collect::<Vec<f32>>();
        values.extend(noise(size).values());
        let batch = InputBatch::new(2, size.height, size.width, values).unwrap();
        for level in Level::available() {
            each_tap(
                &mut Session::at_level(Arc::clone(&backbone), level),
                &batch,
                &all,
                &mut |node, image, got| {
                    let error = relative_error(got.values(), expected[node.0].values());
                    assert!(image == 0 || error <= TOLERANCE, "{} {}: {error:e}", level.name(), got.name());
                },
            );
        }
        // A NaN in one patch reaches all tokens, on both engines.
        let mut broken = noise(size).values().to_vec();
        broken[0] = f32::NAN;
        let broken = InputBatch::new(1, size.height, size.width, broken).unwrap();
        let heads = graph.find("heads").unwrap();
        for mut session in [candle(&backbone), fast(&backbone)] {
            assert!(session.activations(&broken, &[heads]).unwrap()[0].values().iter().all(|v| v.is_nan()));
        }
    }
}

#[test]
fn a_transformer_refuses_other_sizes_and_names_its_own() {
    let graph = transformer_graph(0);
    assert_eq!(
        graph.infer(PixelSize::new(29, 25)).unwrap_err().to_string(),
        "`row` knows the positions of 5×7 patches and gets 6×7: this network takes pictures of its own size only"
    );
}

/// Padded borders are written once and buffers are reused: old values must never show in a new result.
#[test]
fn nothing_of_a_picture_shows_in_the_next_of_another_size() {
    let backbone = small(bordered_graph());
    let last = backbone.graph().final_node();
    let sizes = [(31, 17), (9, 40), (32, 18), (30, 16), (12, 12), (31, 17), (17, 31)];
    for level in Level::available() {
        let mut reused = Session::at_level(Arc::clone(&backbone), level);
        for (width, height) in sizes {
            let size = PixelSize::new(width, height);
            // Any NaN that this run leaves behind would show in the next result.
            let broken = InputBatch::new(2, height, width, vec![f32::NAN; 6 * height * width]).unwrap();
            reused.activations(&broken, &[last]).unwrap();
            let got = reused.activations(&noise(size), &[last]).unwrap();
            let fresh =
                Session::at_level(Arc::clone(&backbone), level).activations(&noise(size), &[last]).unwrap();
            assert!(got == fresh, "{} {size}", level.name());
            assert!(got[0].values().iter().all(|v| v.is_finite()), "{} {size}", level.name());
        }
    }
    compare("borders", &backbone, &noise(PixelSize::new(31, 17)));
}

/// One channel overflows. In layers that compute each channel separately, and in a concatenation with other channels, only that channel's
/// tile may show it. In a layer that mixes channels the same values must be non-finite as with candle.
#[test]
fn a_channel_that_overflows_affects_no_other() {
    for channels in [1, 15, 17, 33] {
        let (mut b, x) = GraphBuilder::new();
        let loud = b.conv("loud", x, Conv2d::new(3, channels, 1));
        let norm = b.norm("norm", loud, channels, 1e-3);
        let pooled = b.max_pool("pooled", norm, window([3, 3], [1, 1], Padding::Same));
        let mean =
            b.avg_pool("mean", pooled, window([3, 3], [1, 1], Padding::Same), BorderMean::IgnoreBorder);
        let quiet = b.conv("quiet", x, Conv2d::new(3, 5, 1));
        let concat = b.node("concat", Op::Concat, &[quiet, mean, quiet]);
        let act = b.act("act", concat, ActivationFn::Silu);
        let own = b.conv("own", act, Conv2d::depthwise(channels + 10, 3).with_padding(Padding::Same));
        let shared = b.conv("shared", own, Conv2d::new(channels + 10, 17, 3).with_padding(Padding::Same));
        b.stage(shared);
        let graph = b.finish().unwrap();
        let mut params = generated_params(&graph, 3);
        for (name, _, values) in &mut params {
            if name == "loud.weight" {
                let last = values.len() - 3;
                // The inputs are 1.5, so the sum exceeds the range of f32.
                values[last..].fill(f32::MAX);
            }
        }
        let spec = Registry::find("vgg11.tv_in1k").unwrap();
        let backbone = Arc::new(Backbone::with_graph(spec, graph, tensor_file(&params)).unwrap());
        let graph = Arc::clone(backbone.graph());
        let input = InputBatch::new(1, 12, 15, vec![1.5; 3 * 12 * 15]).unwrap();
        let all: Vec<NodeId> = graph.ids().collect();
        let values = |session: &mut Session, taps: &[NodeId]| session.activations(&input, taps).unwrap();
        let expected = values(&mut candle(&backbone), &all);
        for level in Level::available() {
            let mut session = Session::at_level(Arc::clone(&backbone), level);
            for taps in [&all[..], &[all[all.len() - 2]], &[all[all.len() - 1]]] {
                for (got, node) in values(&mut session, taps).iter().zip(taps) {
                    let what = format!("{} {channels} {}", level.name(), got.name());
                    let first = if got.shape().channels == channels { 0 } else { 5 };
                    if got.name() != "shared" && got.name() != "input" && got.name() != "quiet" {
                        for channel in (0..got.shape().channels).filter(|c| *c != first + channels - 1) {
                            assert!(
                                got.channel(channel).iter().all(|v| v.is_finite()),
                                "{what}: filter {channel}"
                            );
                        }
                        let own = got.channel(first + channels - 1);
                        assert!(own.iter().all(|v| !v.is_finite()), "{what}: its own tile");
                    }
                    let broken = |value: &Activation| {
                        value.values().iter().map(|v| !v.is_finite()).collect::<Vec<_>>()
                    };
                    assert_eq!(broken(got), broken(&expected[node.0]), "{what}");
                }
            }
        }
    }
}

fn exact(backbone: &Arc<Backbone>) -> Session {
    Session::with_engine(Arc::clone(backbone), ComputeDevice::cpu(), EngineChoice::Exact).unwrap()
}

/// The rounding error of Winograd convolutions with the embedded weights, for each layer whose result differs from the direct form.
///
/// A layer's inputs already contain the differences of the layers before it. F(4×4) multiplies values by up to 10 in its input transform
/// and by up to 19 in its output transform. The limit is an eighth of `parity`'s tolerance: far above the errors seen, and far below the
/// error that any mistake makes.
#[test]
fn winograd_rounds_little_more_than_direct_sums_on_the_real_weights() {
    for (tag, file) in EMBEDDED {
        let backbone = embedded(tag, file);
        let (graph, input) = (Arc::clone(backbone.graph()), cat(backbone.spec()));
        let is_candidate = |id: &NodeId| matches!(&graph.node(*id).op, Op::Conv2d(c) if c.kernel == [3, 3] && c.stride == [1, 1] && c.groups == 1);
        let mut taps: Vec<NodeId> = graph.ids().filter(is_candidate).collect();
        taps.push(graph.final_node());
        let expected = candle(&backbone).activations(&input, &taps).unwrap();
        let direct = exact(&backbone).activations(&input, &taps).unwrap();
        let got = fast(&backbone).activations(&input, &taps).unwrap();
        let mut num_different = 0;
        for ((got, direct), expected) in got.iter().zip(&direct).zip(&expected) {
            let [by_tiles, by_sums] =
                [got, direct].map(|values| relative_error(values.values(), expected.values()));
            assert!(by_tiles <= TOLERANCE / 8.0, "{tag} {}: {by_tiles:e}, {by_sums:e} direct", got.name());
            if got.values() != direct.values() {
                num_different += 1;
                println!("| `{tag}` | `{}` | {by_sums:.1e} | {by_tiles:.1e} |", got.name());
            }
        }
        let has_any = taps.len() > 1;
        assert_eq!(num_different > 0, has_any, "{tag}: nothing was done by Winograd's tiles");
    }
}

/// The bits of all values, with the same bits for every kind of NaN.
fn bits_of(value: &Activation) -> Vec<u32> {
    value.values().iter().map(|v| if v.is_nan() { u32::MAX } else { v.to_bits() }).collect()
}

/// A Winograd tile spreads values that aren't finite, so such a layer is computed again directly. Then not a bit may differ from the
/// direct form.
#[test]
fn a_layer_whose_sums_are_not_finite_is_done_directly() {
    let (mut b, x) = GraphBuilder::new();
    let wide = b.conv("wide", x, Conv2d::new(3, 17, 1));
    let square = b.conv("square", wide, Conv2d::new(17, 33, 3).with_padding(Padding::symmetric(1, 1)));
    let act = b.act("act", square, ActivationFn::Relu);
    b.stage(act);
    let backbone = small(b.finish().unwrap());
    let graph = Arc::clone(backbone.graph());
    let square = graph.find("square").unwrap();
    let size = PixelSize::new(22, 19);
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut values = hashweights::noise_input(size.height, size.width);
        values[7 * size.width + 9] = bad;
        let broken = InputBatch::new(1, size.height, size.width, values).unwrap();
        for tap in [square, graph.final_node()] {
            let mut session = fast(&backbone);
            let bits = |session: &mut Session, input: &InputBatch| {
                bits_of(&session.activations(input, &[tap]).unwrap()[0])
            };
            let (sound, direct) = (bits(&mut session, &noise(size)), bits(&mut exact(&backbone), &broken));
            assert!(direct.iter().any(|v| !f32::from_bits(*v).is_finite()) || bad == f32::NEG_INFINITY);
            assert_eq!(bits(&mut session, &broken), direct);
            assert_eq!(bits(&mut session, &noise(size)), sound, "and the next picture is done as before");
            assert_ne!(sound, bits(&mut exact(&backbone), &noise(size)), "which is by tiles");
            let batch = InputBatch::stack(&[noise(size), broken.clone(), noise(size)]).unwrap();
            let run = session.run(&batch, &[tap], &CancelToken::new(), &mut |tap| {
                let expected = if tap.image == 1 { &direct } else { &sound };
                assert!(bits_of(&tap.activation) == *expected, "picture {} of a batch", tap.image);
                ControlFlow::Continue(())
            });
            run.unwrap();
        }
    }
}

/// Largest difference divided by the reference's largest magnitude, or by 0.01 if that is larger. This matters for a map of zeros and for
/// values whose terms cancel; terms are of the size of 1 here.
fn error_of(got: &Activation, expected: &Activation) -> f64 {
    let largest = expected.values().iter().fold(0.01f64, |most, v| most.max(f64::from(v.abs())));
    let differences = got.values().iter().zip(expected.values()).map(|(a, b)| f64::from((a - b).abs()));
    differences.fold(0.0, |worst, d| if d.is_nan() { f64::INFINITY } else { d.max(worst) }) / largest
}

/// More random convolutions than in the kernels' own test: `FILTERSCOPE_SWEEP` of them (10,000 unless set), from
/// `FILTERSCOPE_SEED` on (1 unless set), on every level against candle.
#[test]
#[ignore = "takes minutes: a wider sweep for whoever changes a kernel"]
fn random_convolutions_are_the_same_on_every_level() {
    let number = |name: &str, usual: u64| std::env::var(name).map_or(usual, |text| text.parse().unwrap());
    let (num, first) = (number("FILTERSCOPE_SWEEP", 10_000), number("FILTERSCOPE_SEED", 1));
    let mut num_done = 0;
    for seed in first..first + num {
        let mut roll = 0;
        let mut pick = |choices: &[usize]| {
            roll += 1;
            choices[(hashweights::raw_u64(seed, roll) >> 20) as usize % choices.len()]
        };
        let sizes = [1, 2, 3, 5, 7, 8, 13, 14, 17, 28, 31, 35, 56, 57];
        let size = PixelSize::new(pick(&sizes), pick(&sizes));
        let (c_in, c_out) = (
            pick(&[1, 3, 15, 16, 17, 32, 33, 48, 80, 112, 130]),
            pick(&[1, 3, 15, 16, 17, 31, 32, 48, 65, 144]),
        );
        let kernel = [pick(&[1, 1, 2, 3, 3, 3, 5, 7]), pick(&[1, 1, 2, 3, 3, 3, 5, 7])];
        let kernel = if pick(&[0, 1, 1]) == 1 { [kernel[0]; 2] } else { kernel };
        let mut conv = match pick(&[0, 0, 0, 1]) {
            0 => Conv2d::new(c_in, c_out, 1),
            _ => Conv2d::depthwise(c_in, 1),
        };
        conv.kernel = kernel;
        conv.stride = if pick(&[0, 0, 1]) == 0 { [1, 1] } else { [pick(&[1, 2, 3]), pick(&[1, 2, 3])] };
        conv.dilation = if pick(&[0, 0, 1]) == 0 { [1, 1] } else { [pick(&[1, 2]), pick(&[1, 2, 3])] };
        conv.has_bias = pick(&[0, 1]) == 1;
        conv.padding = match pick(&[0, 1, 2]) {
            0 => Padding::Same,
            1 => Padding::Valid,
            _ => Padding::Explicit(Sides {
                top: pick(&[0, 1, 2]),
                bottom: pick(&[0, 1]),
                left: pick(&[0, 3]),
                right: pick(&[0, 1]),
            }),
        };
        let (mut b, x) = GraphBuilder::new();
        let x = b.conv("before", x, Conv2d::new(3, c_in, 1));
        let node = b.conv("conv", x, conv);
        let shortcut =
            b.conv("shortcut", x, Conv2d { c_out: conv.c_out, c_in, kernel: [1, 1], groups: 1, ..conv });
        let last = match pick(&[0, 1, 2, 3]) {
            0 => node,
            1 => b.act("act", node, ActivationFn::Relu),
            2 => {
                let norm = b.norm("norm", node, conv.c_out, 1e-3);
                b.act("act", norm, ActivationFn::Silu)
            }
            // The shortcut has the same shape only if the kernel is 1×1; otherwise the node is added to itself.
            _ if conv.kernel == [1, 1] => b.node("sum", Op::Add, &[node, shortcut]),
            _ => b.node("sum", Op::Add, &[node, node]),
        };
        b.stage(last);
        let graph = b.finish().unwrap();
        // The kernel may be larger than the map.
        if graph.infer(size).is_err() {
            continue;
        }
        num_done += 1;
        let (backbone, num_images) = (small(graph), pick(&[1, 1, 2]));
        let one = noise(size);
        let input =
            InputBatch::new(num_images, size.height, size.width, one.values().repeat(num_images)).unwrap();
        let expected = candle(&backbone).activations(&input, &[last]).unwrap().remove(0);
        let exact = Session::with_engine(Arc::clone(&backbone), ComputeDevice::cpu(), EngineChoice::Exact);
        let levels = Level::available().map(|level| Session::at_level(Arc::clone(&backbone), level));
        for mut session in levels.chain([exact.unwrap()]) {
            let engine = session.run_by().engine;
            each_tap(&mut session, &input, &[last], &mut |_, _, got| {
                let error = error_of(&got, &expected);
                assert!(error <= TOLERANCE, "seed {seed}, {engine}, {size}, {conv:?}: {error:e}");
            });
        }
    }
    assert!(2 * num_done >= num, "only {num_done} of {num} could be run");
    println!("{num_done} convolutions on each level");
}
