//! Activations are compared with those of the frameworks that the networks come from.
//!
//! The tolerance is 1e-4 of a layer's largest magnitude on identical input. Reason: f32 summation order alone changes values by
//! up to 1e-5 of that magnitude (measured, candle against torch in f64), while the mildest known mistake that shows at all changes
//! the final map by 1e-3 and more; `known_mistakes_fail_at_this_tolerance` makes each of them.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use filterscope::engine::{Backbone, CancelToken, ComputeDevice, EngineChoice, Session};
use filterscope::graph::{ActivationFn, BorderMean, Graph, GraphBuilder, Node, NodeId, Op, Padding, Sides};
use filterscope::input::decode::decode_file;
use filterscope::input::{FitChoice, Preprocessed, ValueChoice, preprocess};
use filterscope::models::{ModelSpec, Registry, Verification};
use filterscope::tensor::{Activation, InputBatch, PixelSize};
use filterscope::weights::TensorFile;

use crate::models::reference::golden_node;
use crate::support::golden::{
    GoldenRun, Goldens, Stage, generated_for, generated_for_keras, generated_from_list, relative_error,
    stage_error, zero_fraction,
};
use crate::support::npy::{npy_f32, npy_u8};
use crate::support::{fixture, hashweights, root};

pub(crate) const TOLERANCE: f64 = 1e-4;

/// A network with published weights and the reference activations (goldens) of its framework.
struct Real {
    tag: &'static str,
    weights: &'static str,
    goldens: &'static str,
    own_size: &'static str,
    /// Stages whose reference is stored whole, at the model's own input size.
    whole: &'static [&'static str],
}

const REAL: [Real; 3] = [
    Real {
        tag: "xception.keras_in1k",
        weights: "xception_keras_in1k_notop.f16.safetensors",
        goldens: "goldens_real/xception_keras_in1k",
        own_size: "299",
        whole: &["block13_sepconv2_bn"],
    },
    Real {
        tag: "vgg16.keras_in1k",
        weights: "vgg16_keras_in1k_notop.f16.safetensors",
        goldens: "goldens_real/vgg16_keras_in1k",
        own_size: "224",
        whole: &["block4_pool"],
    },
    Real {
        tag: "tf_efficientnet_lite0.in1k",
        weights: "tf_efficientnet_lite0.f16.safetensors",
        goldens: "goldens_real/tf_efficientnet_lite0",
        own_size: "224",
        whole: &["bn1", "blocks.1.1", "blocks.3.2", "blocks.5.3"],
    },
];

/// The preprocessed picture of a golden run: stored, or made from the cat by the model spec's own resize.
fn ready_for(row: &ModelSpec, run: &GoldenRun) -> Preprocessed {
    if run.resized_rgb.is_empty() {
        let cat = decode_file(&root().join("assets/cat.png")).unwrap();
        let [_, _, height, width] = run.input_shape;
        let fit = FitChoice::Size(PixelSize::new(width, height));
        return preprocess(&cat.rgb, &row.preprocess, fit, ValueChoice::Model).unwrap();
    }
    let (shape, pixels) = npy_u8(fixture(&run.resized_rgb));
    let picture = image::RgbImage::from_raw(shape[1] as u32, shape[0] as u32, pixels).unwrap();
    preprocess(&picture, &row.preprocess, FitChoice::Native, ValueChoice::Model).unwrap()
}

pub(crate) fn session(backbone: Backbone) -> Session {
    Session::new(Arc::new(backbone), ComputeDevice::cpu()).unwrap()
}

/// A session of each engine on one backbone, the default engine first.
fn both_engines(backbone: Backbone) -> [Session; 2] {
    let backbone = Arc::new(backbone);
    [EngineChoice::Fast, EngineChoice::Candle]
        .map(|engine| Session::with_engine(Arc::clone(&backbone), ComputeDevice::cpu(), engine).unwrap())
}

/// Runs all stages of a golden run and returns each with its activation.
fn run_stages<'a>(
    session: &mut Session,
    input: &InputBatch,
    stages: &'a [Stage],
) -> Vec<(&'a Stage, Activation)> {
    let graph = Arc::clone(session.backbone().graph());
    let node = |s: &Stage| golden_node(&graph, &s.name).unwrap_or_else(|| panic!("no node for {}", s.name));
    let taps: Vec<NodeId> = stages.iter().map(node).collect();
    let values = session.activations(input, &taps).unwrap();
    assert_eq!(values.len(), taps.len());
    stages.iter().zip(values).collect()
}

#[test]
fn real_weights_give_the_frameworks_activations() {
    for real in &REAL {
        let row = Registry::find(real.tag).unwrap();
        let file = TensorFile::read(&root().join("weights").join(real.weights)).unwrap();
        let mut sessions = both_engines(Backbone::from_tensors(row, file).unwrap());
        let goldens = Goldens::read(&fixture(real.goldens));
        assert_eq!(goldens.inputs.len(), 2, "own size and 480x640");
        for (size, run) in &goldens.inputs {
            let ready = ready_for(row, run);
            if size == real.own_size {
                let (_, stored) = npy_f32(fixture(real.goldens).join(format!("input_{size}.npy")));
                assert_eq!(ready.batch.values(), stored, "{}: the input itself", real.tag);
            }
            for session in &mut sessions {
                let engine = session.run_by().engine;
                let what = format!("{} {size} {engine}", real.tag);
                let found = run_stages(session, &ready.batch, &run.stages);
                for (stage, got) in &found {
                    let error = stage_error(stage, got);
                    assert!(error <= TOLERANCE, "{what} {}: {error:e}", stage.name);
                    // Values whose distance from a ReLU's zero is below the float error may be zero or not.
                    let zeros = (zero_fraction(got) - stage.zero_fraction).abs();
                    assert!(zeros <= 1e-3, "{what} {}: share of zeros off by {zeros}", stage.name);
                }
                // With the final map as the only tap batch norms are folded, as in a usual run.
                let graph = Arc::clone(session.backbone().graph());
                let last = session.activations(&ready.batch, &[graph.final_node()]).unwrap().remove(0);
                let (_, expected) = npy_f32(fixture(real.goldens).join(format!("final_{size}.npy")));
                let error = relative_error(last.values(), &expected);
                assert!(error <= TOLERANCE, "{what} final: {error:e}");
                println!("{what}: final map differs by {error:.1e} of its range");
                if size == real.own_size {
                    for name in real.whole {
                        let (_, got) = found.iter().find(|(s, _)| s.name == *name).unwrap();
                        let file = format!("{}_{size}.npy", name.replace('.', "_"));
                        let (_, expected) = npy_f32(fixture(real.goldens).join(file));
                        let error = relative_error(got.values(), &expected);
                        assert!(error <= TOLERANCE, "{what} {name}, whole: {error:e}");
                    }
                }
            }
        }
    }
}

/// A graph, tested with generated weights against the framework's activations for the same weights.
struct Structural {
    tag: &'static str,
    folder: &'static str,
}

const STRUCTURAL: [Structural; 18] = [
    Structural { tag: "resnet50.tv_in1k", folder: "goldens_torch/resnet50" },
    Structural { tag: "vgg16.tv_in1k", folder: "goldens_torch/vgg16" },
    Structural { tag: "legacy_xception.tf_in1k", folder: "goldens_torch/xception" },
    Structural { tag: "inception_v3.tv_in1k", folder: "goldens_torch/inception_v3" },
    Structural { tag: "tf_efficientnet_lite0.in1k", folder: "goldens_torch/tf_efficientnet_lite0" },
    Structural { tag: "resnet18.tv_in1k", folder: "goldens_torch/resnet18" },
    Structural { tag: "vgg11_bn.tv_in1k", folder: "goldens_torch/vgg11_bn" },
    Structural { tag: "vgg19.tv_in1k", folder: "goldens_torch/vgg19" },
    Structural { tag: "tf_efficientnet_b0.in1k", folder: "goldens_torch/tf_efficientnet_b0" },
    Structural { tag: "tf_efficientnet_b3.in1k", folder: "goldens_torch/tf_efficientnet_b3" },
    Structural { tag: "resnet50.keras_in1k", folder: "goldens_keras/keras_resnet50" },
    Structural { tag: "vgg16.keras_in1k", folder: "goldens_keras/keras_vgg16" },
    Structural { tag: "xception.keras_in1k", folder: "goldens_keras/keras_xception" },
    Structural { tag: "inception_v3.keras_in1k", folder: "goldens_keras/keras_inception_v3" },
    Structural { tag: "resnet101.keras_in1k", folder: "goldens_keras/keras_resnet101" },
    Structural { tag: "resnet152.keras_in1k", folder: "goldens_keras/keras_resnet152" },
    Structural { tag: "vgg19.keras_in1k", folder: "goldens_keras/keras_vgg19" },
    Structural { tag: "resnet50.keras_2016_in1k", folder: "goldens_keras/keras_resnet50_2016" },
];

/// The other depths and widths of those families, and further families. Only samples of each stage are stored, and no list of parameters:
/// the names and shapes are those of our graph. A generated value depends on its tensor's name and shape, so a parameter that the
/// framework names differently would show as a difference.
const SAMPLED: [Structural; 65] = [
    Structural { tag: "resnet34.tv_in1k", folder: "goldens_torch/resnet34" },
    Structural { tag: "resnet101.tv_in1k", folder: "goldens_torch/resnet101" },
    Structural { tag: "resnet152.tv_in1k", folder: "goldens_torch/resnet152" },
    Structural { tag: "vgg11.tv_in1k", folder: "goldens_torch/vgg11" },
    Structural { tag: "vgg13.tv_in1k", folder: "goldens_torch/vgg13" },
    Structural { tag: "vgg13_bn.tv_in1k", folder: "goldens_torch/vgg13_bn" },
    Structural { tag: "vgg16_bn.tv_in1k", folder: "goldens_torch/vgg16_bn" },
    Structural { tag: "vgg19_bn.tv_in1k", folder: "goldens_torch/vgg19_bn" },
    Structural { tag: "tf_efficientnet_b1.in1k", folder: "goldens_torch/tf_efficientnet_b1" },
    Structural { tag: "tf_efficientnet_b2.in1k", folder: "goldens_torch/tf_efficientnet_b2" },
    Structural { tag: "tf_efficientnet_b4.in1k", folder: "goldens_torch/tf_efficientnet_b4" },
    Structural { tag: "tf_efficientnet_b5.in1k", folder: "goldens_torch/tf_efficientnet_b5" },
    Structural { tag: "tf_efficientnet_b6.aa_in1k", folder: "goldens_torch/tf_efficientnet_b6" },
    Structural { tag: "tf_efficientnet_b7.aa_in1k", folder: "goldens_torch/tf_efficientnet_b7" },
    Structural { tag: "tf_efficientnet_lite1.in1k", folder: "goldens_torch/tf_efficientnet_lite1" },
    Structural { tag: "tf_efficientnet_lite2.in1k", folder: "goldens_torch/tf_efficientnet_lite2" },
    Structural { tag: "tf_efficientnet_lite3.in1k", folder: "goldens_torch/tf_efficientnet_lite3" },
    Structural { tag: "tf_efficientnet_lite4.in1k", folder: "goldens_torch/tf_efficientnet_lite4" },
    Structural { tag: "efficientnet_b0.ra_in1k", folder: "goldens_torch/efficientnet_b0" },
    Structural { tag: "efficientnet_b1.ft_in1k", folder: "goldens_torch/efficientnet_b1" },
    Structural { tag: "efficientnet_b2.ra_in1k", folder: "goldens_torch/efficientnet_b2" },
    Structural { tag: "efficientnet_b3.ra2_in1k", folder: "goldens_torch/efficientnet_b3" },
    Structural { tag: "efficientnet_b4.ra2_in1k", folder: "goldens_torch/efficientnet_b4" },
    Structural { tag: "mobilenetv2_100.ra_in1k", folder: "goldens_torch/mobilenetv2_100" },
    Structural { tag: "mobilenetv3_large_100.ra_in1k", folder: "goldens_torch/mobilenetv3_large_100" },
    Structural { tag: "efficientnet_b0.keras_in1k", folder: "goldens_keras/keras_efficientnet_b0" },
    Structural { tag: "efficientnet_b1.keras_in1k", folder: "goldens_keras/keras_efficientnet_b1" },
    Structural { tag: "efficientnet_b2.keras_in1k", folder: "goldens_keras/keras_efficientnet_b2" },
    Structural { tag: "efficientnet_b3.keras_in1k", folder: "goldens_keras/keras_efficientnet_b3" },
    Structural { tag: "efficientnet_b4.keras_in1k", folder: "goldens_keras/keras_efficientnet_b4" },
    Structural { tag: "efficientnet_b5.keras_in1k", folder: "goldens_keras/keras_efficientnet_b5" },
    Structural { tag: "efficientnet_b6.keras_in1k", folder: "goldens_keras/keras_efficientnet_b6" },
    Structural { tag: "efficientnet_b7.keras_in1k", folder: "goldens_keras/keras_efficientnet_b7" },
    Structural { tag: "mobilenetv2_100.keras_in1k", folder: "goldens_keras/keras_mobilenetv2_100" },
    Structural { tag: "efficientnet_b0.tv_in1k", folder: "goldens_torch/tv_efficientnet_b0" },
    Structural { tag: "efficientnet_b1.tv_in1k", folder: "goldens_torch/tv_efficientnet_b1" },
    Structural { tag: "efficientnet_b2.tv_in1k", folder: "goldens_torch/tv_efficientnet_b2" },
    Structural { tag: "efficientnet_b3.tv_in1k", folder: "goldens_torch/tv_efficientnet_b3" },
    Structural { tag: "efficientnet_b4.tv_in1k", folder: "goldens_torch/tv_efficientnet_b4" },
    Structural { tag: "efficientnet_b5.tv_in1k", folder: "goldens_torch/tv_efficientnet_b5" },
    Structural { tag: "efficientnet_b6.tv_in1k", folder: "goldens_torch/tv_efficientnet_b6" },
    Structural { tag: "efficientnet_b7.tv_in1k", folder: "goldens_torch/tv_efficientnet_b7" },
    Structural { tag: "mobilenetv2_100.tv_in1k", folder: "goldens_torch/tv_mobilenet_v2" },
    Structural { tag: "mobilenetv3_large_100.tv_in1k", folder: "goldens_torch/tv_mobilenet_v3_large" },
    Structural { tag: "mobilenetv3_small_100.tv_in1k", folder: "goldens_torch/tv_mobilenet_v3_small" },
    Structural { tag: "densenet121.tv_in1k", folder: "goldens_torch/densenet121" },
    Structural { tag: "densenet169.tv_in1k", folder: "goldens_torch/densenet169" },
    Structural { tag: "densenet201.tv_in1k", folder: "goldens_torch/densenet201" },
    Structural { tag: "regnety_004.tv2_in1k", folder: "goldens_torch/regnety_004" },
    Structural { tag: "regnety_008.pycls_in1k", folder: "goldens_torch/regnety_008" },
    Structural { tag: "regnety_016.tv2_in1k", folder: "goldens_torch/regnety_016" },
    Structural { tag: "regnety_032.tv2_in1k", folder: "goldens_torch/regnety_032" },
    Structural { tag: "repvgg_a2.rvgg_in1k", folder: "goldens_torch/repvgg_a2" },
    Structural { tag: "repvgg_b0.rvgg_in1k", folder: "goldens_torch/repvgg_b0" },
    Structural { tag: "repvgg_b1.rvgg_in1k", folder: "goldens_torch/repvgg_b1" },
    Structural { tag: "googlenet.tv_in1k", folder: "goldens_torch/googlenet" },
    Structural { tag: "inception_resnet_v2.tf_in1k", folder: "goldens_torch/inception_resnet_v2" },
    Structural { tag: "convnext_tiny.fb_in1k", folder: "goldens_torch/convnext_tiny" },
    Structural { tag: "convnext_small.fb_in1k", folder: "goldens_torch/convnext_small" },
    Structural { tag: "convnext_base.fb_in1k", folder: "goldens_torch/convnext_base" },
    Structural { tag: "convnext_large.fb_in1k", folder: "goldens_torch/convnext_large" },
    Structural { tag: "vit_small_patch14_dinov2.lvd142m", folder: "goldens_torch/vit_small_patch14_dinov2" },
    Structural {
        tag: "vit_small_patch14_reg4_dinov2.lvd142m",
        folder: "goldens_torch/vit_small_patch14_reg4_dinov2",
    },
    Structural {
        tag: "vit_base_patch14_reg4_dinov2.lvd142m",
        folder: "goldens_torch/vit_base_patch14_reg4_dinov2",
    },
    Structural { tag: "vit_base_patch14_dinov2.lvd142m", folder: "goldens_torch/vit_base_patch14_dinov2" },
];

fn structural_folder(case: &Structural) -> PathBuf {
    fixture("structural").join(case.folder)
}

pub(crate) fn noise([_, _, height, width]: [usize; 4]) -> InputBatch {
    InputBatch::new(1, height, width, hashweights::noise_input(height, width)).unwrap()
}

/// Asserts that every stage of a run is within the tolerance, and returns the worst error.
fn worst_stage(session: &mut Session, tag: &str, input: &InputBatch, stages: &[Stage]) -> f64 {
    run_stages(session, input, stages).iter().fold(0.0, |worst, (stage, got)| {
        let error = stage_error(stage, got);
        assert!(error <= TOLERANCE, "{tag} {}: {error:e}", stage.name);
        worst.max(error)
    })
}

/// Asserts that every stage and the final map are within the tolerance, on both engines and at both sizes.
fn check_structural(tag: &str, folder: &Path, backbone: Backbone) {
    let mut sessions = both_engines(backbone);
    for (size, run) in &Goldens::read(folder).inputs {
        let input = noise(run.input_shape);
        let (_, expected) = npy_f32(folder.join(format!("final_{size}.npy")));
        for session in &mut sessions {
            let engine = session.run_by().engine;
            let worst = worst_stage(session, tag, &input, &run.stages);
            let graph = Arc::clone(session.backbone().graph());
            let last = session.activations(&input, &[graph.final_node()]).unwrap().remove(0);
            let error = relative_error(last.values(), &expected);
            assert!(error <= TOLERANCE, "{tag} {size} {engine} final: {error:e}");
            println!("{tag} {size} {engine}: stages within {worst:.1e}, final map {error:.1e}");
        }
    }
}

#[test]
fn generated_weights_give_the_frameworks_activations() {
    for case in &STRUCTURAL {
        let row = Registry::find(case.tag).unwrap();
        let folder = structural_folder(case);
        check_structural(
            case.tag,
            &folder,
            Backbone::from_tensors(row, generated_from_list(&folder)).unwrap(),
        );
    }
}

/// A graph like the ports of Keras' InceptionV3: average pools ignore the border, and batch norms have gammas. No model spec is one.
#[test]
fn a_port_of_keras_inception_gives_the_frameworks_activations() {
    let row = Registry::find("inception_v3.tv_in1k").unwrap();
    let folder = fixture("structural/goldens_torch/inception_v3_exclude_pad");
    let graph = other_border_mean(&(row.build)().unwrap());
    let backbone = Backbone::with_graph(row, graph, generated_from_list(&folder)).unwrap();
    check_structural("inception_v3, border ignored", &folder, backbone);
}

#[test]
fn generated_weights_give_the_frameworks_samples() {
    for case in &SAMPLED {
        let row = Registry::find(case.tag).unwrap();
        let goldens = Goldens::read(&structural_folder(case));
        let generated = if row.is_keras { generated_for_keras } else { generated_for };
        let weights = generated(&(row.build)().unwrap(), goldens.gain);
        let mut session = session(Backbone::from_tensors(row, weights).unwrap());
        let (_, run) = goldens.inputs.iter().next().unwrap();
        let worst = worst_stage(&mut session, case.tag, &noise(run.input_shape), &run.stages);
        println!("{}: stages within {worst:.1e}", case.tag);
    }
}

#[test]
fn model_specs_say_what_their_graph_was_compared_with() {
    let graph = |tag: &str| (Registry::find(tag).unwrap().build)().unwrap();
    let compared: Vec<Graph> = STRUCTURAL.iter().chain(&SAMPLED).map(|case| graph(case.tag)).collect();
    for row in Registry::specs() {
        let expected = if REAL.iter().any(|real| real.tag == row.tag) {
            Verification::RealWeights
        } else if compared.contains(&graph(row.tag)) {
            Verification::GeneratedWeights
        } else {
            Verification::Table
        };
        assert_eq!(row.verification, expected, "{}", row.tag);
    }
}

/// Copies a graph node by node; `make` may add a changed node instead of the original.
fn rebuild(graph: &Graph, make: impl Fn(&mut GraphBuilder, &Node, &[NodeId]) -> NodeId) -> Graph {
    let (mut builder, input) = GraphBuilder::new();
    let mut ids = vec![input];
    for node in &graph.nodes()[1..] {
        let inputs: Vec<NodeId> = node.inputs.iter().map(|i| ids[i.0]).collect();
        let id = make(&mut builder, node, &inputs);
        if let Some(layer) = &node.keras_layer {
            builder.keras(id, layer.clone());
        }
        ids.push(id);
    }
    for stage in graph.stages() {
        builder.stage(ids[stage.0]);
    }
    builder.finish().unwrap()
}

fn with_ops(graph: &Graph, change: impl Fn(&Node) -> Op) -> Graph {
    rebuild(graph, |b, node, inputs| b.node(node.name.clone(), change(node), inputs))
}

pub(crate) fn with_eps(graph: &Graph, eps: f64) -> Graph {
    with_ops(graph, |node| match node.op {
        Op::BatchNorm(norm) => Op::BatchNorm(filterscope::graph::BatchNorm { eps, ..norm }),
        op => op,
    })
}

fn stride_in_the_1x1(graph: &Graph) -> Graph {
    with_ops(graph, |node| match node.op {
        Op::Conv2d(conv) if node.name.ends_with(".0.conv1") && !node.name.starts_with("layer1") => {
            Op::Conv2d(conv.with_stride(2))
        }
        Op::Conv2d(conv) if node.name.ends_with(".0.conv2") => Op::Conv2d(conv.with_stride(1)),
        op => op,
    })
}

fn stride_in_the_second_3x3(graph: &Graph) -> Graph {
    with_ops(graph, |node| match node.op {
        Op::Conv2d(conv) if !node.name.starts_with("layer1") && node.name.ends_with(".0.conv1") => {
            Op::Conv2d(conv.with_stride(1))
        }
        Op::Conv2d(conv) if !node.name.starts_with("layer1") && node.name.ends_with(".0.conv2") => {
            Op::Conv2d(conv.with_stride(2))
        }
        op => op,
    })
}

/// Replaces the activation function `right` by `wrong` in nodes whose name ends with `ending`.
fn other_activation(graph: &Graph, ending: &str, right: ActivationFn, wrong: ActivationFn) -> Graph {
    with_ops(graph, |node| match node.op {
        Op::Activation(function) if function == right && node.name.ends_with(ending) => Op::Activation(wrong),
        op => op,
    })
}

fn relu_for_silu(graph: &Graph) -> Graph {
    other_activation(graph, "", ActivationFn::Silu, ActivationFn::Relu)
}

fn hard_swish_for_silu(graph: &Graph) -> Graph {
    other_activation(graph, "", ActivationFn::Silu, ActivationFn::HardSwish)
}

fn relu_between_squeeze_and_excitation(graph: &Graph) -> Graph {
    other_activation(graph, ".se.act1", ActivationFn::Silu, ActivationFn::Relu)
}

fn hard_gates(graph: &Graph) -> Graph {
    other_activation(graph, ".se.gate", ActivationFn::Sigmoid, ActivationFn::HardSigmoid)
}

/// Takes the means for a gate before the activation function instead of after it.
fn squeeze_before_the_activation(graph: &Graph) -> Graph {
    rebuild(graph, |b, node, inputs| match node.op {
        Op::GlobalAvgPool => b.node(node.name.clone(), Op::GlobalAvgPool, &[NodeId(inputs[0].0 - 1)]),
        op => b.node(node.name.clone(), op, inputs),
    })
}

fn other_border_mean(graph: &Graph) -> Graph {
    with_ops(graph, |node| match node.op {
        Op::AvgPool(pool, BorderMean::CountBorder) => Op::AvgPool(pool, BorderMean::IgnoreBorder),
        Op::AvgPool(pool, BorderMean::IgnoreBorder) => Op::AvgPool(pool, BorderMean::CountBorder),
        op => op,
    })
}

fn symmetric_padding(graph: &Graph) -> Graph {
    with_ops(graph, |node| match node.op {
        Op::Conv2d(conv) if conv.padding == Padding::Same => {
            Op::Conv2d(conv.with_padding(Padding::symmetric(conv.kernel[0] / 2, conv.kernel[1] / 2)))
        }
        op => op,
    })
}

fn same_max_pools(graph: &Graph) -> Graph {
    with_ops(graph, |node| match node.op {
        Op::MaxPool(mut pool) => {
            pool.padding = Padding::Same;
            Op::MaxPool(pool)
        }
        op => op,
    })
}

fn timm_max_pools(graph: &Graph) -> Graph {
    with_ops(graph, |node| match node.op {
        Op::MaxPool(mut pool) => {
            pool.padding = Padding::symmetric(1, 1);
            Op::MaxPool(pool)
        }
        op => op,
    })
}

fn zero_padded_max_pools(graph: &Graph) -> Graph {
    rebuild(graph, |b, node, inputs| match node.op {
        Op::MaxPool(mut pool) => {
            let around = Op::ZeroPad(Sides { top: 1, bottom: 1, left: 1, right: 1 });
            let padded = b.node(format!("{}.zeros", node.name), around, inputs);
            pool.padding = Padding::Valid;
            b.node(node.name.clone(), Op::MaxPool(pool), &[padded])
        }
        op => b.node(node.name.clone(), op, inputs),
    })
}

/// Each mistake that ports are known to make is made on purpose. Its error must be far above the tolerance, at every input size.
#[test]
fn known_mistakes_fail_at_this_tolerance() {
    type Mistake = (&'static str, &'static str, fn(&Graph) -> Graph);
    const RESNET: &str = "resnet50.tv_in1k";
    const XCEPTION: &str = "legacy_xception.tf_in1k";
    const LITE0: &str = "tf_efficientnet_lite0.in1k";
    const B0: &str = "tf_efficientnet_b0.in1k";
    let mistakes: [Mistake; 18] = [
        (RESNET, "epsilon 1e-3 for 1e-5", |g| with_eps(g, 1e-3)),
        (XCEPTION, "epsilon 1e-3 for 1e-5", |g| with_eps(g, 1e-3)),
        (LITE0, "epsilon 1e-5 for 1e-3", |g| with_eps(g, 1e-5)),
        ("inception_v3.tv_in1k", "epsilon 1e-5 for 1e-3", |g| with_eps(g, 1e-5)),
        (RESNET, "stride in the 1×1", stride_in_the_1x1),
        ("inception_v3.tv_in1k", "average pools the other way", other_border_mean),
        (LITE0, "symmetric padding", symmetric_padding),
        (XCEPTION, "Keras' pooling", same_max_pools),
        (XCEPTION, "zero for −∞ around max pools", zero_padded_max_pools),
        ("resnet18.tv_in1k", "stride in the second 3×3", stride_in_the_second_3x3),
        ("vgg11_bn.tv_in1k", "epsilon 1e-3 for 1e-5", |g| with_eps(g, 1e-3)),
        (B0, "epsilon 1e-5 for 1e-3", |g| with_eps(g, 1e-5)),
        (B0, "symmetric padding", symmetric_padding),
        (B0, "ReLU for SiLU", relu_for_silu),
        (B0, "hard-swish for SiLU", hard_swish_for_silu),
        (B0, "ReLU between squeeze and excitation", relu_between_squeeze_and_excitation),
        (B0, "hard-sigmoid gates", hard_gates),
        (B0, "means before the activation", squeeze_before_the_activation),
    ];
    for (tag, mistake, make) in mistakes {
        let case = STRUCTURAL.iter().find(|c| c.tag == tag).unwrap();
        let (row, folder) = (Registry::find(tag).unwrap(), structural_folder(case));
        let graph = make(&(row.build)().unwrap());
        let mut session = session(Backbone::with_graph(row, graph, generated_from_list(&folder)).unwrap());
        for (size, run) in &Goldens::read(&folder).inputs {
            let graph = Arc::clone(session.backbone().graph());
            let last = session.activations(&noise(run.input_shape), &[graph.final_node()]).unwrap().remove(0);
            let (_, expected) = npy_f32(folder.join(format!("final_{size}.npy")));
            let error = relative_error(last.values(), &expected);
            assert!(error > 5.0 * TOLERANCE, "{tag}, {mistake}, {size}: only {error:e}");
            println!("{tag}, {mistake}, {size}: {error:.1e}");
        }
    }
}

fn tanh_for_gelu(graph: &Graph) -> Graph {
    other_activation(graph, "", ActivationFn::Gelu, ActivationFn::GeluTanh)
}

fn residuals_not_scaled(graph: &Graph) -> Graph {
    with_ops(graph, |node| match node.op {
        Op::Times(_) => Op::Times(1.0),
        op => op,
    })
}

fn heads_of_another_size(graph: &Graph) -> Graph {
    with_ops(graph, |node| match node.op {
        Op::Attention(attention) => {
            Op::Attention(filterscope::graph::Attention { heads: attention.heads / 2, ..attention })
        }
        op => op,
    })
}

/// Known mistakes in networks of which only samples are stored must exceed the tolerance at the last layer.
#[test]
fn known_mistakes_fail_on_samples() {
    type Mistake = (&'static str, &'static str, fn(&Graph) -> Graph);
    const RESIDUAL: &str = "inception_resnet_v2.tf_in1k";
    let mistakes: [Mistake; 9] = [
        ("mobilenetv2_100.keras_in1k", "symmetric padding", symmetric_padding),
        ("mobilenetv2_100.keras_in1k", "epsilon 1e-5 for 1e-3", |g| with_eps(g, 1e-5)),
        ("mobilenetv3_large_100.tv_in1k", "epsilon 1e-5 for 1e-3", |g| with_eps(g, 1e-5)),
        ("convnext_tiny.fb_in1k", "tanh-GELU for GELU", tanh_for_gelu),
        (RESIDUAL, "average pools the other way", other_border_mean),
        (RESIDUAL, "residuals not scaled", residuals_not_scaled),
        (RESIDUAL, "epsilon 1e-5 for 1e-3", |g| with_eps(g, 1e-5)),
        ("googlenet.tv_in1k", "epsilon 1e-5 for 1e-3", |g| with_eps(g, 1e-5)),
        ("vit_small_patch14_dinov2.lvd142m", "three heads for six", heads_of_another_size),
    ];
    for (tag, mistake, make) in mistakes {
        let case = SAMPLED.iter().find(|c| c.tag == tag).unwrap();
        let row = Registry::find(tag).unwrap();
        let goldens = Goldens::read(&structural_folder(case));
        let graph = make(&(row.build)().unwrap());
        let generated = if row.is_keras { generated_for_keras } else { generated_for };
        let weights = generated(&graph, goldens.gain);
        let mut session = session(Backbone::with_graph(row, graph, weights).unwrap());
        let run = goldens.inputs.values().next().unwrap();
        let last = session.backbone().graph().final_node();
        let got = session.activations(&noise(run.input_shape), &[last]).unwrap().remove(0);
        let error = stage_error(run.stages.iter().find(|s| s.name == "final").unwrap(), &got);
        println!("{tag}, {mistake}: {error:.1e}");
        // The mildest mistake, the other kind of GELU, changes the last map by two and a half times the tolerance.
        assert!(error > 2.0 * TOLERANCE, "{tag}, {mistake}: only {error:e}");
    }
}

/// A gate squeezed to a quarter of the block's expanded channels, as in the paper on squeeze-and-excitation, instead of a quarter of its
/// input channels, doesn't fit the weights.
#[test]
fn gates_squeezed_from_the_expanded_channels_do_not_bind() {
    let case = STRUCTURAL.iter().find(|c| c.tag == "tf_efficientnet_b0.in1k").unwrap();
    let row = Registry::find(case.tag).unwrap();
    let graph = with_ops(&(row.build)().unwrap(), |node| match node.op {
        Op::Conv2d(mut conv) if node.name.ends_with(".se.conv_reduce") => {
            conv.c_out = conv.c_in / 4;
            Op::Conv2d(conv)
        }
        Op::Conv2d(mut conv) if node.name.ends_with(".se.conv_expand") => {
            conv.c_in = conv.c_out / 4;
            Op::Conv2d(conv)
        }
        op => op,
    });
    let error = Backbone::with_graph(row, graph, generated_from_list(&structural_folder(case))).unwrap_err();
    let error = error.to_string();
    assert!(error.contains("blocks.1.0.se.conv_reduce.weight"), "{error}");
}

/// Mistakes that are easily made with real weights: the border convention of a similar model spec, another epsilon, blue and red
/// exchanged, inputs of another range.
#[test]
fn known_mistakes_show_on_real_weights() {
    let real = &REAL[0];
    let row = Registry::find(real.tag).unwrap();
    let read = || TensorFile::read(&root().join("weights").join(real.weights)).unwrap();
    let (_, values) = npy_f32(fixture(real.goldens).join("input_299.npy"));
    let (_, expected) = npy_f32(fixture(real.goldens).join("final_299.npy"));
    let error = |graph: Graph, values: Vec<f32>| {
        let mut session = session(Backbone::with_graph(row, graph, read()).unwrap());
        let last = session.backbone().graph().final_node();
        let input = InputBatch::new(1, 299, 299, values).unwrap();
        relative_error(session.activations(&input, &[last]).unwrap()[0].values(), &expected)
    };
    let graph = || (row.build)().unwrap();
    let plane = 299 * 299;
    let blue_first = [&values[2 * plane..], &values[plane..2 * plane], &values[..plane]].concat();
    assert!(error(graph(), values.clone()) <= TOLERANCE);
    assert!(error(timm_max_pools(&graph()), values.clone()) > 0.1);
    assert!(error(with_eps(&graph(), 1e-5), values.clone()) > 5.0 * TOLERANCE);
    assert!(error(graph(), blue_first) > 0.1);
    let from_zero = values.iter().map(|v| 0.5 * v + 0.5).collect();
    assert!(error(graph(), from_zero) > 0.1, "0..1 is another network's input");
}

#[test]
fn a_batch_of_three_equals_three_pictures() {
    let real = REAL.iter().find(|real| real.tag == "tf_efficientnet_lite0.in1k").unwrap();
    let row = Registry::find(real.tag).unwrap();
    let file = TensorFile::read(&root().join("weights").join(real.weights)).unwrap();
    let mut sessions = both_engines(Backbone::from_tensors(row, file).unwrap());
    let graph = Arc::clone(sessions[0].backbone().graph());
    let taps = [graph.find("blocks.1.1").unwrap(), graph.final_node()];
    let (_, values) = npy_f32(fixture(real.goldens).join("input_224.npy"));
    let picture = |shift: f32| {
        InputBatch::new(1, 224, 224, values.iter().map(|v| v + shift).collect::<Vec<_>>()).unwrap()
    };
    let singles = [picture(0.0), picture(0.1), picture(-0.2)];
    let batch = InputBatch::stack(&singles).unwrap();
    // candle may sum matrix products of another height in another order; nothing else may differ.
    for (session, tolerance) in sessions.iter_mut().zip([0.0, 1e-6]) {
        let mut together = Vec::new();
        session
            .run(&batch, &taps, &CancelToken::new(), &mut |tap| {
                together.push(tap);
                ControlFlow::Continue(())
            })
            .unwrap();
        assert_eq!(together.len(), 6);
        for (image, single) in singles.iter().enumerate() {
            let alone = session.activations(single, &taps).unwrap();
            for (tap, alone) in taps.iter().zip(&alone) {
                let got = together.iter().find(|t| t.node == *tap && t.image == image).unwrap();
                let error = relative_error(got.activation.values(), alone.values());
                assert!(error <= tolerance, "picture {image}, {}: {error:e}", alone.name());
            }
        }
    }
}
