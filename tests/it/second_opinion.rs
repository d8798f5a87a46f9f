//! Graphs are compared with candle-transformers, an independent port of the same networks.
//!
//! It has torch's ResNets, and EfficientNet-B with TensorFlow's borders and epsilon under torchvision's parameter names, which equals
//! timm's `tf_efficientnet_b*`. Its VGG accepts one size only, and its other networks aren't in the registry. No inner layer of its
//! networks can be read, so the test compares the means of the final map's channels, which candle-transformers calls the features.
//!
//! The tolerance is that of `parity`, for the same reason: f32 values are summed in another order, and a session folds batch norms into
//! kernels where candle doesn't. This test checks whole graphs; `parity` checks them stage by stage.

use std::collections::HashMap;

use candle_core::{DType, Device, Tensor};
use candle_nn::{Module, VarBuilder};
use candle_transformers::models::{efficientnet, resnet};
use filterscope::engine::Backbone;
use filterscope::graph::Graph;
use filterscope::models::Registry;

use crate::parity::{TOLERANCE, noise, session, with_eps};
use crate::support::golden::{generated_params, relative_error, tensor_file};

type Params = Vec<(String, Vec<usize>, Vec<f32>)>;

const INPUT: [usize; 4] = [1, 3, 97, 131];

/// The means of the final map's channels, computed by this program.
fn our_features(tag: &str, graph: Graph, params: &Params) -> Vec<f32> {
    let row = Registry::find(tag).unwrap();
    let mut session = session(Backbone::with_graph(row, graph, tensor_file(params)).unwrap());
    let last = session.backbone().graph().final_node();
    let map = session.activations(&noise(INPUT), &[last]).unwrap().remove(0);
    let plane = map.shape().height * map.shape().width;
    let mean = |cells: &[f32]| (cells.iter().map(|v| f64::from(*v)).sum::<f64>() / plane as f64) as f32;
    map.values().chunks(plane).map(mean).collect()
}

fn their_features(network: &impl Module) -> Vec<f32> {
    let input = Tensor::from_slice(noise(INPUT).values(), &INPUT, &Device::Cpu).unwrap();
    network.forward(&input).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

fn builder(params: Params, rename: impl Fn(&str) -> String) -> VarBuilder<'static> {
    let tensors: HashMap<String, Tensor> = params
        .into_iter()
        .map(|(name, shape, values)| (rename(&name), Tensor::from_vec(values, shape, &Device::Cpu).unwrap()))
        .collect();
    VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu)
}

fn graph(tag: &str) -> Graph {
    (Registry::find(tag).unwrap().build)().unwrap()
}

/// torchvision's name of a parameter of timm's EfficientNet. torchvision numbers the parts of a block; blocks of the first stage have
/// no expansion and so one part less.
fn torchvision_name(timm: &str) -> String {
    for (ours, theirs) in [("conv_stem.", "0.0"), ("bn1.", "0.1"), ("conv_head.", "8.0"), ("bn2.", "8.1")] {
        if let Some(leaf) = timm.strip_prefix(ours) {
            return format!("features.{theirs}.{leaf}");
        }
    }
    let mut parts = timm.splitn(4, '.').skip(1);
    let (stage, block, part) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    let (part, leaf) = part.rsplit_once('.').unwrap();
    // Parts in order, the expansion first; a block without an expansion starts with the depthwise convolution.
    let (at, theirs) = match part {
        "conv_pw" if stage == "0" => (3, "0"),
        "bn1" if stage == "0" => (1, "1"),
        "bn2" if stage == "0" => (3, "1"),
        "conv_pw" => (0, "0"),
        "bn1" => (0, "1"),
        "conv_dw" => (1, "0"),
        "bn2" => (1, "1"),
        "se.conv_reduce" => (2, "fc1"),
        "se.conv_expand" => (2, "fc2"),
        "conv_pwl" => (3, "0"),
        "bn3" => (3, "1"),
        other => panic!("no name for {other}"),
    };
    let at = if stage == "0" { at - 1 } else { at };
    let stage = stage.parse::<usize>().unwrap() + 1;
    format!("features.{stage}.{block}.block.{at}.{theirs}.{leaf}")
}

#[test]
fn candle_has_the_same_resnets() {
    type Build = fn(VarBuilder<'static>) -> candle_core::Result<candle_nn::Func<'static>>;
    // The gains are those of the stored references, so that activations neither vanish nor explode.
    let networks: [(&str, u32, Build); 4] = [
        ("resnet18.tv_in1k", 3, resnet::resnet18_no_final_layer),
        ("resnet34.tv_in1k", 2, resnet::resnet34_no_final_layer),
        ("resnet101.tv_in1k", 2, resnet::resnet101_no_final_layer),
        ("resnet152.tv_in1k", 2, resnet::resnet152_no_final_layer),
    ];
    for (tag, gain, build) in networks {
        let params = generated_params(&graph(tag), gain);
        let ours = our_features(tag, graph(tag), &params);
        let theirs = their_features(&build(builder(params, str::to_owned)).unwrap());
        let error = relative_error(&ours, &theirs);
        assert!(error <= TOLERANCE, "{tag}: {error:e}");
        println!("{tag}: {error:.1e}");
    }
}

#[test]
fn candle_has_the_same_efficientnets() {
    let networks = [
        ("tf_efficientnet_b0.in1k", 8, efficientnet::MBConvConfig::b0()),
        ("tf_efficientnet_b1.in1k", 7, efficientnet::MBConvConfig::b1()),
        ("tf_efficientnet_b2.in1k", 7, efficientnet::MBConvConfig::b2()),
        ("tf_efficientnet_b3.in1k", 6, efficientnet::MBConvConfig::b3()),
        ("tf_efficientnet_b4.in1k", 6, efficientnet::MBConvConfig::b4()),
    ];
    for (tag, gain, config) in networks {
        let params = generated_params(&graph(tag), gain);
        let ours = our_features(tag, graph(tag), &params);
        // A classifier that returns its input unchanged.
        let features = ours.len();
        let identity = (0..features * features).map(|at| f32::from(at % (features + 1) == 0)).collect();
        let mut with_head = params.clone();
        with_head.push(("classifier.1.weight".into(), vec![features, features], identity));
        with_head.push(("classifier.1.bias".into(), vec![features], vec![0.0; features]));
        let rename = |name: &str| match name {
            head if head.starts_with("classifier.") => head.to_owned(),
            name => torchvision_name(name),
        };
        let network = efficientnet::EfficientNet::new(builder(with_head, rename), config, features).unwrap();
        let theirs = their_features(&network);
        let error = relative_error(&ours, &theirs);
        assert!(error <= TOLERANCE, "{tag}: {error:e}");
        println!("{tag}: {error:.1e}");
        if tag == "tf_efficientnet_b0.in1k" {
            let wrong = our_features(tag, with_eps(&graph(tag), 1e-5), &params);
            let shown = relative_error(&wrong, &theirs);
            assert!(shown > 5.0 * TOLERANCE, "torchvision's epsilon, {tag}: only {shown:e}");
        }
    }
}
