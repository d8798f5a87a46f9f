//! Stored activations of the frameworks (goldens), and generated weights to run a graph with.

use std::collections::BTreeMap;
use std::path::Path;

use filterscope::graph::{Graph, Node, Op, ParamRole};
use filterscope::tensor::Activation;
use filterscope::weights::TensorFile;
use safetensors::tensor::{Dtype, TensorView};

use super::hashweights;

/// A `stages.json`, as written by `make_torch_goldens.py`, `make_keras_goldens.py` or `make_real_goldens.py`.
#[derive(serde::Deserialize)]
pub struct Goldens {
    #[serde(default)]
    pub gain: u32,
    pub inputs: BTreeMap<String, GoldenRun>,
}

#[derive(serde::Deserialize)]
pub struct GoldenRun {
    #[serde(default)]
    pub resized_rgb: String,
    pub input_shape: [usize; 4],
    pub stages: Vec<Stage>,
}

#[derive(serde::Deserialize)]
pub struct Stage {
    pub name: String,
    pub shape: [usize; 4],
    pub mean: f64,
    pub zero_fraction: f64,
    pub abs_max: f64,
    pub sample_index: Vec<usize>,
    pub sample_value: Vec<f32>,
}

impl Goldens {
    pub fn read(folder: &Path) -> Self {
        let text = std::fs::read_to_string(folder.join("stages.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }
}

/// Largest difference divided by the reference's largest magnitude. All tolerances here are in this measure.
pub fn relative_error(got: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(got.len(), expected.len());
    let largest = expected.iter().fold(0f64, |m, v| m.max(f64::from(v.abs())));
    let worst = got.iter().zip(expected).map(|(a, b)| f64::from((a - b).abs()));
    // A NaN must not slip through `max`, which ignores it.
    let worst = worst.fold(0f64, |m, d| if d.is_nan() { f64::INFINITY } else { m.max(d) });
    worst / largest
}

/// Worst error of a stage's samples and of its mean, divided by the stage's largest magnitude. Panics if the shapes differ.
pub fn stage_error(stage: &Stage, got: &Activation) -> f64 {
    let shape = got.shape();
    assert_eq!([1, shape.channels, shape.height, shape.width], stage.shape, "shape of {}", stage.name);
    let values = got.values();
    let samples = stage.sample_index.iter().zip(&stage.sample_value);
    let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len() as f64;
    samples
        .map(|(at, expected)| f64::from((values[*at] - expected).abs()))
        .chain([(mean - stage.mean).abs()])
        .fold(0f64, |m, d| if d.is_nan() { f64::INFINITY } else { m.max(d) })
        / stage.abs_max
}

/// Share of zeros in an activation.
pub fn zero_fraction(got: &Activation) -> f64 {
    got.values().iter().filter(|v| **v == 0.0).count() as f64 / got.values().len() as f64
}

/// Named tensors with shapes and values.
pub type Tensors = Vec<(String, Vec<usize>, Vec<f32>)>;

/// A weight file in memory holding the given tensors.
pub fn tensor_file(tensors: &[(String, Vec<usize>, Vec<f32>)]) -> TensorFile {
    TensorFile::from_bytes(safetensors_bytes(tensors), "generated").unwrap()
}

/// The bytes of a safetensors file with the given tensors.
pub fn safetensors_bytes(tensors: &[(String, Vec<usize>, Vec<f32>)]) -> Vec<u8> {
    let raw: Vec<(String, Vec<usize>, Vec<u8>)> = tensors
        .iter()
        .map(|(n, s, v)| (n.clone(), s.clone(), v.iter().flat_map(|x| x.to_le_bytes()).collect()))
        .collect();
    let views: Vec<(&str, TensorView<'_>)> = raw
        .iter()
        .map(|(n, s, b)| (n.as_str(), TensorView::new(Dtype::F32, s.clone(), b).unwrap()))
        .collect();
    safetensors::serialize(views, None).unwrap()
}

/// Generated weights for the parameters listed in a folder's `params.json`, in that framework's names and layouts.
pub fn generated_from_list(folder: &Path) -> TensorFile {
    #[derive(serde::Deserialize)]
    struct List {
        gain: u32,
        params: Vec<Param>,
    }
    #[derive(serde::Deserialize)]
    struct Param {
        name: String,
        shape: Vec<usize>,
        fnv256: String,
    }
    let text = std::fs::read_to_string(folder.join("params.json")).unwrap();
    let list: List = serde_json::from_str(&text).unwrap();
    let tensors: Vec<_> = list
        .params
        .into_iter()
        .map(|p| {
            let values = hashweights::tensor(&p.name, &p.shape, list.gain);
            assert_eq!(hashweights::fnv256(&values), p.fnv256, "generator disagrees on {}", p.name);
            (p.name, p.shape, values)
        })
        .collect();
    tensor_file(&tensors)
}

/// The torch name of a node's parameter.
pub fn torch_name(node: &Node, role: ParamRole) -> String {
    let leaf = match role {
        ParamRole::Kernel | ParamRole::Gamma | ParamRole::Slope => "weight",
        ParamRole::Bias | ParamRole::Beta => "bias",
        ParamRole::Mean => "running_mean",
        ParamRole::Variance => "running_var",
        ParamRole::Scale => return node.name.clone(),
        ParamRole::ClassToken => return "cls_token".into(),
        ParamRole::Registers => return "reg_token".into(),
        ParamRole::Positions => return "pos_embed".into(),
    };
    format!("{}.{leaf}", node.name)
}

/// Generated weights for every parameter of a graph, in torch's names.
pub fn generated_for(graph: &Graph, gain: u32) -> TensorFile {
    let all = graph.nodes().iter().flat_map(|node| {
        node.op.params().into_iter().map(move |(role, shape)| (torch_name(node, role), shape))
    });
    let views = all.map(|(name, shape)| (name.clone(), Generated { name, shape, gain }));
    TensorFile::from_bytes(safetensors::serialize(views, None).unwrap(), "generated").unwrap()
}

/// Generated weights for every parameter of a graph, in Keras' names and layouts. Each Keras layer must be one node (no separable
/// convolutions).
pub fn generated_for_keras(graph: &Graph, gain: u32) -> TensorFile {
    let all = graph.nodes().iter().flat_map(|node| {
        let is_depthwise = matches!(&node.op, Op::Conv2d(conv) if conv.is_depthwise());
        node.op.params().into_iter().map(move |(role, shape)| {
            let leaf = match role {
                ParamRole::Kernel if is_depthwise => "depthwise_kernel",
                ParamRole::Kernel => "kernel",
                ParamRole::Bias => "bias",
                ParamRole::Gamma => "gamma",
                ParamRole::Beta => "beta",
                ParamRole::Mean => "moving_mean",
                ParamRole::Variance => "moving_variance",
                other => panic!("Keras has no {other:?} here"),
            };
            let shape = match &shape[..] {
                [c, m, h, w] if is_depthwise => vec![*h, *w, *c, *m],
                [o, i, h, w] => vec![*h, *w, *i, *o],
                _ => shape,
            };
            (format!("{}/{leaf}", node.keras_layer.as_deref().unwrap()), shape)
        })
    });
    let views = all.map(|(name, shape)| (name.clone(), Generated { name, shape, gain }));
    TensorFile::from_bytes(safetensors::serialize(views, None).unwrap(), "generated").unwrap()
}

/// A tensor whose values are generated when they are written. For the largest networks, all values at once would take gigabytes.
struct Generated {
    name: String,
    shape: Vec<usize>,
    gain: u32,
}

impl safetensors::View for Generated {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> std::borrow::Cow<'_, [u8]> {
        let values = hashweights::tensor(&self.name, &self.shape, self.gain);
        values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>().into()
    }

    fn data_len(&self) -> usize {
        self.shape.iter().product::<usize>() * size_of::<f32>()
    }
}

/// Name, shape and generated values of every parameter of a graph, in torch's names.
pub fn generated_params(graph: &Graph, gain: u32) -> Tensors {
    let mut tensors = Vec::new();
    for node in graph.nodes() {
        for (role, shape) in node.op.params() {
            let name = torch_name(node, role);
            let values = hashweights::tensor(&name, &shape, gain);
            tensors.push((name, shape, values));
        }
    }
    tensors
}
