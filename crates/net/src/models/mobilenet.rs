//! `MobileNetV2` (Sandler et al., "Inverted Residuals and Linear Bottlenecks", 2018) and `MobileNetV3` (Howard et al., "Searching
//! for `MobileNetV3`", 2019), as in timm, torchvision and Keras.
//!
//! This module owns the graphs, their layer names and the model specs of their weights. It knows neither the values of weights
//! nor how a graph runs.
//!
//! Names are timm's, as with `EfficientNet`, which is related to both: `bn1` is batch norm alone, and `bn1.act` the activation
//! after it. torchvision's networks have torchvision's names, with timm's as aliases; Keras' `MobileNetV2` has Keras' names as
//! aliases. Keras pads as SAME with an eps of 1e-3, timm by half a kernel with 1e-5, torchvision's V3 by half a kernel with 1e-3.
//! `MobileNetV3` ends at its last 1×1 convolution; timm's `conv_head` comes after the mean and is part of the classifier.

use super::spec::{ModelSpec, Verification, short_side_crop, stretch, torchvision_file};
use crate::graph::ActivationFn::{self, HardSwish, Relu};
use crate::graph::{BatchNorm, Conv2d, Graph, GraphBuilder, GraphError, NodeId, Op, Padding};
use crate::tensor::{PixelSize, ResizeFilter, ValueScale, WeightSource};

/// The framework whose names, and therefore borders, the network has.
#[derive(Clone, Copy, PartialEq)]
enum Spelling {
    Timm,
    Torchvision,
    Keras,
}

/// One block.
#[derive(Clone, Copy)]
struct Block {
    kernel: usize,
    stride: usize,
    /// Channels inside the block; for a block without expansion, those of its input.
    inside: usize,
    c_out: usize,
    has_gate: bool,
    activation: ActivationFn,
}

/// Table 2 of `MobileNetV2`'s paper: expansion, filters, number of blocks, stride of the first block.
const V2: [(usize, usize, usize, usize); 7] = [
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
];

fn v2(spelling: Spelling) -> Result<Graph, GraphError> {
    let (b, x) = GraphBuilder::new();
    let eps = if spelling == Spelling::Keras { 1e-3 } else { 1e-5 };
    let mut net = MobileNet { b, spelling, eps, is_v3: false, num_blocks: 0 };
    let activation = ActivationFn::Relu6;
    let mut x = net.stem(x, 32, activation);
    for (s, (expansion, c_out, num_blocks, stride)) in V2.into_iter().enumerate() {
        for at in 0..num_blocks {
            let inside = net.b.channels(x) * expansion;
            let stride = if at == 0 { stride } else { 1 };
            let block = Block { kernel: 3, stride, inside, c_out, has_gate: false, activation };
            x = net.block(&format!("blocks.{s}.{at}"), x, block);
        }
        net.b.alias(format!("blocks.{s}"), x);
    }
    net.head(x, 1280, ["conv_head", "bn2", "bn2.act"], activation);
    net.b.finish()
}

const fn block(
    kernel: usize,
    stride: usize,
    inside: usize,
    c_out: usize,
    has_gate: bool,
    activation: ActivationFn,
) -> Block {
    Block { kernel, stride, inside, c_out, has_gate, activation }
}

/// Table 1 of `MobileNetV3`'s paper, stage by stage as timm groups it.
const V3_LARGE: &[&[Block]] = &[
    &[block(3, 1, 16, 16, false, Relu)],
    &[block(3, 2, 64, 24, false, Relu), block(3, 1, 72, 24, false, Relu)],
    &[block(5, 2, 72, 40, true, Relu), block(5, 1, 120, 40, true, Relu), block(5, 1, 120, 40, true, Relu)],
    &[
        block(3, 2, 240, 80, false, HardSwish),
        block(3, 1, 200, 80, false, HardSwish),
        block(3, 1, 184, 80, false, HardSwish),
        block(3, 1, 184, 80, false, HardSwish),
    ],
    &[block(3, 1, 480, 112, true, HardSwish), block(3, 1, 672, 112, true, HardSwish)],
    &[
        block(5, 2, 672, 160, true, HardSwish),
        block(5, 1, 960, 160, true, HardSwish),
        block(5, 1, 960, 160, true, HardSwish),
    ],
];

/// Table 2 of the same paper.
const V3_SMALL: &[&[Block]] = &[
    &[block(3, 2, 16, 16, true, Relu)],
    &[block(3, 2, 72, 24, false, Relu), block(3, 1, 88, 24, false, Relu)],
    &[
        block(5, 2, 96, 40, true, HardSwish),
        block(5, 1, 240, 40, true, HardSwish),
        block(5, 1, 240, 40, true, HardSwish),
    ],
    &[block(5, 1, 120, 48, true, HardSwish), block(5, 1, 144, 48, true, HardSwish)],
    &[
        block(5, 2, 288, 96, true, HardSwish),
        block(5, 1, 576, 96, true, HardSwish),
        block(5, 1, 576, 96, true, HardSwish),
    ],
];

/// Builds a `MobileNetV3`; `c_head` is the number of filters of the last convolution.
fn v3(spelling: Spelling, stages: &[&[Block]], c_head: usize) -> Result<Graph, GraphError> {
    let (b, x) = GraphBuilder::new();
    let eps = if spelling == Spelling::Torchvision { 1e-3 } else { 1e-5 };
    let mut net = MobileNet { b, spelling, eps, is_v3: true, num_blocks: 0 };
    let mut x = net.stem(x, 16, HardSwish);
    for (s, blocks) in stages.iter().enumerate() {
        for (at, block) in blocks.iter().enumerate() {
            x = net.block(&format!("blocks.{s}.{at}"), x, *block);
        }
        net.b.alias(format!("blocks.{s}"), x);
    }
    let last = format!("blocks.{}", stages.len());
    let names = [format!("{last}.0.conv"), format!("{last}.0.bn1"), format!("{last}.0.bn1.act")];
    let x = net.head(x, c_head, names.each_ref().map(String::as_str), HardSwish);
    net.b.alias(format!("{last}.0"), x);
    net.b.alias(last, x);
    net.b.finish()
}

struct MobileNet {
    b: GraphBuilder,
    spelling: Spelling,
    eps: f64,
    is_v3: bool,
    /// Number of blocks so far; torchvision and Keras number blocks across all stages.
    num_blocks: usize,
}

impl MobileNet {
    /// Adds a node with the name that its own framework uses. Keras' and torchvision's names may be empty if they have no such
    /// layer.
    fn node(&mut self, timm: &str, torchvision: &str, keras: &str, op: Op, inputs: &[NodeId]) -> NodeId {
        let own = if self.spelling == Spelling::Torchvision { torchvision } else { timm };
        let has_params = !op.params().is_empty();
        let id = self.b.node(own, op, inputs);
        match self.spelling {
            Spelling::Timm => {}
            Spelling::Torchvision => self.b.alias(timm, id),
            Spelling::Keras => {
                self.b.alias(keras, id);
                if has_params {
                    self.b.keras(id, keras);
                }
            }
        }
        id
    }

    /// Gives a torchvision module's value another name.
    fn module(&mut self, name: impl Into<String>, id: NodeId) {
        if self.spelling == Spelling::Torchvision {
            self.b.alias(name, id);
        }
    }

    /// Adds a convolution. `names` are timm's, torchvision's and Keras'.
    fn conv(&mut self, names: [&str; 3], x: NodeId, conv: Conv2d) -> NodeId {
        let border = conv.kernel[0] / 2;
        let padding = match self.spelling {
            Spelling::Keras => Padding::Same,
            Spelling::Timm | Spelling::Torchvision => Padding::symmetric(border, border),
        };
        self.node(names[0], names[1], names[2], Op::Conv2d(conv.with_padding(padding)), &[x])
    }

    fn norm(&mut self, names: [&str; 3], x: NodeId) -> NodeId {
        let (channels, eps) = (self.b.channels(x), self.eps);
        let norm = Op::BatchNorm(BatchNorm { channels, eps, has_gamma: true });
        self.node(names[0], names[1], names[2], norm, &[x])
    }

    /// Adds convolution, norm and activation, with timm's names, the name of torchvision's module (whose value is that of the
    /// activation), and Keras' names.
    fn unit(
        &mut self,
        timm: [&str; 3],
        module: &str,
        keras: [&str; 3],
        x: NodeId,
        conv: Conv2d,
        activation: ActivationFn,
    ) -> NodeId {
        let x = self.conv([timm[0], &format!("{module}.0"), keras[0]], x, conv);
        let x = self.norm([timm[1], &format!("{module}.1"), keras[1]], x);
        let x = self.node(timm[2], module, keras[2], Op::Activation(activation), &[x]);
        self.module(format!("{module}.2"), x);
        x
    }

    fn stem(&mut self, x: NodeId, c_out: usize, activation: ActivationFn) -> NodeId {
        let keras = ["Conv1", "bn_Conv1", "Conv1_relu"];
        let conv = Conv2d::new(3, c_out, 3).with_stride(2);
        let x = self.unit(["conv_stem", "bn1", "bn1.act"], "features.0", keras, x, conv, activation);
        self.b.stage(x);
        x
    }

    /// The last 1×1 convolution, with its norm and activation.
    fn head(&mut self, x: NodeId, c_out: usize, timm: [&str; 3], activation: ActivationFn) -> NodeId {
        let module = format!("features.{}", self.num_blocks + 1);
        let conv = Conv2d::new(self.b.channels(x), c_out, 1);
        let x = self.unit(timm, &module, ["Conv_1", "Conv_1_bn", "out_relu"], x, conv, activation);
        self.b.stage(x);
        x
    }

    /// A block: a 1×1 convolution that widens, a depthwise convolution, and a 1×1 convolution that narrows. The first block has
    /// nothing to widen.
    fn block(&mut self, name: &str, input: NodeId, block: Block) -> NodeId {
        let c_in = self.b.channels(input);
        let Block { kernel, stride, inside, c_out, has_gate, activation } = block;
        let number = self.num_blocks;
        self.num_blocks += 1;
        let module = format!("features.{}", number + 1);
        let layers = format!("{module}.{}", if self.is_v3 { "block" } else { "conv" });
        let keras = if number == 0 { "expanded_conv_".to_owned() } else { format!("block_{number}_") };
        let timm_name = |part: &str, end: &str| format!("{name}.{part}{end}");
        let keras_name = |part: &str, end: &str| format!("{keras}{part}{end}");
        let is_widened = inside != c_in;
        let mut at = 0;
        let mut x = input;
        if is_widened {
            let timm = [timm_name("conv_pw", ""), timm_name("bn1", ""), timm_name("bn1", ".act")];
            let names = ["", "_BN", "_relu"].map(|end| keras_name("expand", end));
            let conv = Conv2d::new(c_in, inside, 1);
            let module = format!("{layers}.{at}");
            x = self.unit(each(&timm), &module, each(&names), x, conv, activation);
            at += 1;
        }
        let [norm, project, project_norm] =
            if is_widened { ["bn2", "conv_pwl", "bn3"] } else { ["bn1", "conv_pw", "bn2"] };
        let timm = [timm_name("conv_dw", ""), timm_name(norm, ""), timm_name(norm, ".act")];
        let names = ["", "_BN", "_relu"].map(|end| keras_name("depthwise", end));
        let conv = Conv2d::depthwise(inside, kernel).with_stride(stride);
        x = self.unit(each(&timm), &format!("{layers}.{at}"), each(&names), x, conv, activation);
        at += 1;
        if has_gate {
            x = self.gate(&timm_name("se", ""), &format!("{layers}.{at}"), x);
            at += 1;
        }
        // In torchvision, V2 has these two next to each other, and V3 has them in a module.
        let (conv_module, norm_module) = if self.is_v3 {
            (format!("{layers}.{at}.0"), format!("{layers}.{at}.1"))
        } else {
            (format!("{layers}.{at}"), format!("{layers}.{}", at + 1))
        };
        let conv = Conv2d::new(inside, c_out, 1);
        x = self.conv([&timm_name(project, ""), &conv_module, &keras_name("project", "")], x, conv);
        x = self.norm([&timm_name(project_norm, ""), &norm_module, &keras_name("project", "_BN")], x);
        if self.is_v3 {
            self.module(format!("{layers}.{at}"), x);
        }
        self.module(layers, x);
        let out = if stride == 1 && c_in == c_out {
            self.node(name, &module, &keras_name("add", ""), Op::Add, &[x, input])
        } else {
            self.b.alias(name, x);
            self.module(module, x);
            x
        };
        self.b.stage(out);
        out
    }

    /// Multiplies each channel by a gate value. In between there are a quarter of the channels, rounded to a multiple of 8.
    fn gate(&mut self, name: &str, module: &str, x: NodeId) -> NodeId {
        let channels = self.b.channels(x);
        let quarter = channels / 4;
        let rounded = ((quarter + 4) / 8).max(1) * 8;
        // Never below 90 % of the quarter.
        let reduced = if rounded * 10 < quarter * 9 { rounded + 8 } else { rounded };
        // Keras' networks with gates aren't included here, so there are no Keras names.
        let of = |part: &str, its: &str| (format!("{name}.{part}"), format!("{module}.{its}"));
        let (timm, its) = of("avg_pool", "avgpool");
        let gate = self.node(&timm, &its, "", Op::GlobalAvgPool, &[x]);
        let (timm, its) = of("conv_reduce", "fc1");
        let gate = self.conv([&timm, &its, ""], gate, Conv2d::new(channels, reduced, 1).with_bias());
        let (timm, its) = of("act1", "activation");
        let gate = self.node(&timm, &its, "", Op::Activation(ActivationFn::Relu), &[gate]);
        let (timm, its) = of("conv_expand", "fc2");
        let gate = self.conv([&timm, &its, ""], gate, Conv2d::new(reduced, channels, 1).with_bias());
        let (timm, its) = of("gate", "scale_activation");
        let gate = self.node(&timm, &its, "", Op::Activation(ActivationFn::HardSigmoid), &[gate]);
        self.node(name, module, "", Op::Gate, &[x, gate])
    }
}

fn each(names: &[String; 3]) -> [&str; 3] {
    names.each_ref().map(String::as_str)
}

/// What the specs share; `_cfg` in timm's `efficientnet.py` and `mobilenetv3.py`.
const RA: ModelSpec = ModelSpec {
    tag: "",
    title: "",
    bare_names: &[],
    build: || v2(Spelling::Timm),
    variant: "padding of half a kernel, batch norm eps 1e-5",
    preprocess: short_side_crop(PixelSize::square(224), 0.875, ResizeFilter::Bicubic, ValueScale::TORCH),
    head_prefixes: &["classifier."],
    is_keras: false,
    license: "Apache-2.0",
    source: "",
    file: None,
    verification: Verification::GeneratedWeights,
    caution: "",
};

/// Weights trained with torchvision's own recipe, with the preprocessing of its transforms.
const TV: ModelSpec = ModelSpec {
    variant: "torchvision's names, padding of half a kernel, batch norm eps 1e-5",
    preprocess: short_side_crop(PixelSize::square(224), 0.875, ResizeFilter::Bilinear, ValueScale::TORCH),
    license: "BSD-3-Clause",
    ..RA
};

pub(super) const ROWS: &[ModelSpec] = &[
    ModelSpec {
        tag: "mobilenetv2_100.ra_in1k",
        title: "MobileNetV2, ImageNet, trained by timm with RandAugment",
        bare_names: &["mobilenetv2_100"],
        source: "timm/mobilenetv2_100.ra_in1k",
        ..RA
    },
    ModelSpec {
        tag: "mobilenetv3_large_100.ra_in1k",
        title: "MobileNetV3 large, ImageNet, trained by timm with RandAugment",
        bare_names: &["mobilenetv3_large_100"],
        build: || v3(Spelling::Timm, V3_LARGE, 960),
        head_prefixes: &["conv_head.", "classifier."],
        source: "timm/mobilenetv3_large_100.ra_in1k",
        ..RA
    },
    ModelSpec {
        tag: "mobilenetv2_100.keras_in1k",
        title: "MobileNetV2, ImageNet, Keras' weights",
        bare_names: &["MobileNetV2"],
        build: || v2(Spelling::Keras),
        variant: "padding as SAME, batch norm eps 1e-3, Keras' names",
        // Keras' `load_img` stretches the picture to the target size with nearest-neighbour sampling.
        preprocess: stretch(PixelSize::square(224), ResizeFilter::Nearest, ValueScale::TF),
        head_prefixes: &["predictions/", "Logits/"],
        is_keras: true,
        license: "Apache-2.0 (Keras' own; it states none for these weights)",
        source: "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5 of Keras applications",
        file: Some(WeightSource::Https {
            url: "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
            // Keras publishes no md5.
            md5: None,
        }),
        ..RA
    },
    ModelSpec {
        tag: "mobilenetv2_100.tv_in1k",
        title: "MobileNetV2, ImageNet, torchvision's weights",
        bare_names: &["mobilenet_v2"],
        build: || v2(Spelling::Torchvision),
        source: "mobilenet_v2-b0353104.pth of torchvision",
        file: torchvision_file!("mobilenet_v2-b0353104.pth"),
        ..TV
    },
    ModelSpec {
        tag: "mobilenetv3_large_100.tv_in1k",
        title: "MobileNetV3 large, ImageNet, torchvision's weights",
        bare_names: &["mobilenet_v3_large"],
        build: || v3(Spelling::Torchvision, V3_LARGE, 960),
        variant: "torchvision's names, padding of half a kernel, batch norm eps 1e-3",
        source: "mobilenet_v3_large-8738ca79.pth of torchvision",
        file: torchvision_file!("mobilenet_v3_large-8738ca79.pth"),
        ..TV
    },
    ModelSpec {
        tag: "mobilenetv3_small_100.tv_in1k",
        title: "MobileNetV3 small, ImageNet, torchvision's weights",
        bare_names: &["mobilenetv3_small_100", "mobilenet_v3_small"],
        build: || v3(Spelling::Torchvision, V3_SMALL, 576),
        variant: "torchvision's names, padding of half a kernel, batch norm eps 1e-3",
        source: "mobilenet_v3_small-047dcff4.pth of torchvision",
        file: torchvision_file!("mobilenet_v3_small-047dcff4.pth"),
        ..TV
    },
];
