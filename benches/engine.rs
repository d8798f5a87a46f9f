//! Measures the time of networks on the CPU, and of each kind of kernel alone on every level that this processor has.
//!
//! A kernel's figure is the time of its own step in a run. Computing its input and copying its output isn't included.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a bench that can't run should stop")]

#[path = "../tests/it/support/golden.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests, which use all of it")]
mod golden;
#[path = "../tests/it/support/hashweights.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests, which use all of it")]
mod hashweights;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use filterscope::engine::{Backbone, CancelToken, ComputeDevice, Level, Session, TapValue};
use filterscope::graph::{
    ActivationFn, BorderMean, Conv2d, Graph, GraphBuilder, NodeId, Op, Padding, Pool2d,
};
use filterscope::models::Registry;
use filterscope::tensor::{InputBatch, PixelSize};
use filterscope::weights::TensorFile;

/// The model spec that backbones of small graphs are given. Nothing of it is used.
const ANY_ROW: &str = "vgg11.tv_in1k";

/// Nodes whose name begins with this are timed.
const TIMED: &str = "timed";

struct Kernel {
    name: &'static str,
    /// Input channels; with 3 the input is the picture.
    channels: usize,
    /// Side of the square input map.
    side: usize,
    /// Adds the operation to a graph.
    add: fn(&mut GraphBuilder, NodeId) -> NodeId,
}

fn conv(b: &mut GraphBuilder, x: NodeId, conv: Conv2d) -> NodeId {
    let node = b.conv(TIMED, x, conv.with_padding(Padding::Same));
    b.act(format!("{TIMED}.act"), node, ActivationFn::Relu)
}

fn oblong(c_in: usize, c_out: usize, kernel: [usize; 2]) -> Conv2d {
    Conv2d { kernel, ..Conv2d::new(c_in, c_out, 1) }
}

const fn pool(side: usize, stride: usize) -> Pool2d {
    Pool2d { kernel: [side, side], stride: [stride, stride], padding: Padding::Same }
}

fn squeeze_excite(b: &mut GraphBuilder, x: NodeId) -> NodeId {
    let mean = b.node(format!("{TIMED}.mean"), Op::GlobalAvgPool, &[x]);
    let few = b.conv(format!("{TIMED}.reduce"), mean, Conv2d::new(144, 6, 1).with_bias());
    let few = b.act(format!("{TIMED}.act"), few, ActivationFn::Silu);
    let many = b.conv(format!("{TIMED}.expand"), few, Conv2d::new(6, 144, 1).with_bias());
    let gates = b.act(format!("{TIMED}.gate"), many, ActivationFn::Sigmoid);
    b.node(format!("{TIMED}.scale"), Op::Gate, &[x, gates])
}

const KERNELS: [Kernel; 24] = [
    Kernel {
        name: "1x1 256-64 56²",
        channels: 256,
        side: 56,
        add: |b, x| conv(b, x, Conv2d::new(256, 64, 1)),
    },
    Kernel {
        name: "1x1 1024-256 14²",
        channels: 1024,
        side: 14,
        add: |b, x| conv(b, x, Conv2d::new(1024, 256, 1)),
    },
    Kernel {
        name: "1x1 2048-512 7²",
        channels: 2048,
        side: 7,
        add: |b, x| conv(b, x, Conv2d::new(2048, 512, 1)),
    },
    Kernel {
        name: "1x1 728-728 19²",
        channels: 728,
        side: 19,
        add: |b, x| conv(b, x, Conv2d::new(728, 728, 1)),
    },
    Kernel {
        name: "1x1 64-256 56²",
        channels: 64,
        side: 56,
        add: |b, x| conv(b, x, Conv2d::new(64, 256, 1)),
    },
    Kernel {
        name: "1x1 1536-2048 10²",
        channels: 1536,
        side: 10,
        add: |b, x| conv(b, x, Conv2d::new(1536, 2048, 1)),
    },
    Kernel {
        name: "grouped 3x3 336 of 24 14²",
        channels: 336,
        side: 14,
        add: |b, x| conv(b, x, Conv2d { groups: 14, ..Conv2d::new(336, 336, 3) }),
    },
    Kernel { name: "3x3 64-64 56²", channels: 64, side: 56, add: |b, x| conv(b, x, Conv2d::new(64, 64, 3)) },
    Kernel {
        name: "3x3 256-256 14²",
        channels: 256,
        side: 14,
        add: |b, x| conv(b, x, Conv2d::new(256, 256, 3)),
    },
    Kernel {
        name: "3x3 stride 2 128-128 56²",
        channels: 128,
        side: 56,
        add: |b, x| conv(b, x, Conv2d::new(128, 128, 3).with_stride(2)),
    },
    Kernel {
        name: "1x7 192-192 17²",
        channels: 192,
        side: 17,
        add: |b, x| conv(b, x, oblong(192, 192, [1, 7])),
    },
    Kernel {
        name: "7x1 192-192 17²",
        channels: 192,
        side: 17,
        add: |b, x| conv(b, x, oblong(192, 192, [7, 1])),
    },
    Kernel { name: "5x5 48-64 35²", channels: 48, side: 35, add: |b, x| conv(b, x, Conv2d::new(48, 64, 5)) },
    Kernel {
        name: "stem 7x7 stride 2 3-64 224²",
        channels: 3,
        side: 224,
        add: |b, x| conv(b, x, Conv2d::new(3, 64, 7).with_stride(2)),
    },
    Kernel {
        name: "stem 3x3 stride 2 3-32 299²",
        channels: 3,
        side: 299,
        add: |b, x| conv(b, x, Conv2d::new(3, 32, 3).with_stride(2)),
    },
    Kernel {
        name: "depthwise 3x3 144 56²",
        channels: 144,
        side: 56,
        add: |b, x| conv(b, x, Conv2d::depthwise(144, 3)),
    },
    Kernel {
        name: "depthwise 3x3 728 19²",
        channels: 728,
        side: 19,
        add: |b, x| conv(b, x, Conv2d::depthwise(728, 3)),
    },
    Kernel {
        name: "depthwise 5x5 1152 7²",
        channels: 1152,
        side: 7,
        add: |b, x| conv(b, x, Conv2d::depthwise(1152, 5)),
    },
    Kernel {
        name: "depthwise 7x7 96 56²",
        channels: 96,
        side: 56,
        add: |b, x| conv(b, x, Conv2d::depthwise(96, 7)),
    },
    Kernel {
        name: "depthwise 5x5 stride 2 240 28²",
        channels: 240,
        side: 28,
        add: |b, x| conv(b, x, Conv2d::depthwise(240, 5).with_stride(2)),
    },
    Kernel {
        name: "max pool 3x3 stride 2 64 112²",
        channels: 64,
        side: 112,
        add: |b, x| b.node(TIMED, Op::MaxPool(pool(3, 2)), &[x]),
    },
    Kernel {
        name: "average pool 3x3 192 35²",
        channels: 192,
        side: 35,
        add: |b, x| b.node(TIMED, Op::AvgPool(pool(3, 1), BorderMean::IgnoreBorder), &[x]),
    },
    Kernel { name: "squeeze and excite 144 56²", channels: 144, side: 56, add: squeeze_excite },
    Kernel {
        name: "sum of two 256 56²",
        channels: 256,
        side: 56,
        add: |b, x| b.node(TIMED, Op::Add, &[x, x]),
    },
];

fn noise(num_images: usize, size: PixelSize) -> InputBatch {
    let one = hashweights::noise_input(size.height, size.width);
    InputBatch::new(num_images, size.height, size.width, one.repeat(num_images)).unwrap()
}

fn backbone(tag: &str, graph: Graph, gain: u32) -> Arc<Backbone> {
    let weights = golden::generated_for(&graph, gain);
    Arc::new(Backbone::with_graph(Registry::find(tag).unwrap(), graph, weights).unwrap())
}

impl Kernel {
    fn backbone(&self) -> Arc<Backbone> {
        let (mut b, mut x) = GraphBuilder::new();
        if self.channels != 3 {
            x = b.conv("widen", x, Conv2d::new(3, self.channels, 1));
            // A pool follows, so that no timed node is fused with the convolution.
            x = b.node("input_of_timed", Op::MaxPool(pool(1, 1)), &[x]);
        }
        let last = (self.add)(&mut b, x);
        b.stage(last);
        backbone(ANY_ROW, b.finish().unwrap(), 3)
    }
}

/// Runs once; returns the time of the timed steps and the number of their multiply-adds.
fn timed(session: &mut Session, input: &InputBatch) -> (Duration, u64) {
    let last = session.backbone().graph().final_node();
    let report =
        session.run(input, &[last], &CancelToken::new(), &mut |_| ControlFlow::Continue(())).unwrap();
    let steps = report.timings.iter().filter(|step| step.names[0].starts_with(TIMED));
    steps.fold((Duration::ZERO, 0), |(time, num), step| (time + step.elapsed, num + step.mult_adds))
}

fn kernels(c: &mut Criterion) {
    for kernel in &KERNELS {
        let (backbone, input) = (kernel.backbone(), noise(1, PixelSize::square(kernel.side)));
        let mut group = c.benchmark_group(kernel.name);
        group
            .sample_size(20)
            .warm_up_time(Duration::from_millis(200))
            .measurement_time(Duration::from_millis(600));
        for level in Level::available() {
            let mut session = Session::at_level(Arc::clone(&backbone), level);
            let (_, mult_adds) = timed(&mut session, &input);
            if mult_adds > 0 {
                // Operations per second; a multiply-add is two.
                group.throughput(Throughput::Elements(2 * mult_adds));
            }
            group.bench_function(level.name(), |bencher| {
                bencher.iter_custom(|times| (0..times).map(|_| timed(&mut session, &input).0).sum());
            });
        }
        group.finish();
    }
}

struct Forward {
    tag: &'static str,
    num_images: usize,
    /// Width and height of the input.
    size: [usize; 2],
}

const fn forward(tag: &'static str, num_images: usize, size: [usize; 2]) -> Forward {
    Forward { tag, num_images, size }
}

const FORWARDS: [Forward; 13] = [
    forward("resnet50.tv_in1k", 1, [224, 224]),
    forward("resnet50.tv_in1k", 1, [640, 480]),
    forward("resnet50.tv_in1k", 8, [224, 224]),
    forward("vgg16.tv_in1k", 1, [224, 224]),
    forward("inception_v3.tv_in1k", 1, [299, 299]),
    forward("inception_v3.tv_in1k", 1, [640, 480]),
    forward("xception.keras_in1k", 1, [299, 299]),
    forward("tf_efficientnet_lite0.in1k", 1, [224, 224]),
    forward("tf_efficientnet_b0.in1k", 1, [224, 224]),
    forward("mobilenetv3_large_100.ra_in1k", 1, [224, 224]),
    forward("regnety_016.tv2_in1k", 1, [224, 224]),
    forward("resnet18.tv_in1k", 1, [224, 224]),
    forward("densenet121.tv_in1k", 1, [224, 224]),
];

/// Weight files in the repository.
const FILES: [(&str, &str); 2] = [
    ("xception.keras_in1k", "xception_keras_in1k_notop.f16.safetensors"),
    ("tf_efficientnet_lite0.in1k", "tf_efficientnet_lite0.f16.safetensors"),
];

fn forwards(c: &mut Criterion) {
    let mut group = c.benchmark_group("forward");
    group.sample_size(20).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3));
    for Forward { tag, num_images, size: [width, height] } in FORWARDS {
        let row = Registry::find(tag).unwrap();
        let backbone = match FILES.iter().find(|(of, _)| *of == tag) {
            Some((_, name)) => {
                let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("weights").join(name);
                Arc::new(Backbone::from_tensors(row, TensorFile::read(&path).unwrap()).unwrap())
            }
            // A gain of 6 keeps the size of values from layer to layer, so none becomes denormal.
            None => backbone(tag, (row.build)().unwrap(), 6),
        };
        let mut session = Session::new(backbone, ComputeDevice::cpu()).unwrap();
        let input = noise(num_images, PixelSize::new(width, height));
        let last = session.backbone().graph().final_node();
        let mut stages = session.backbone().graph().stages().to_vec();
        stages.push(last);
        let mut run = |taps: &[NodeId]| {
            // What is asked for is kept until the run ends, as the window keeps it.
            let mut kept = Vec::new();
            let sink = &mut |tap: TapValue| {
                kept.push(tap.activation);
                ControlFlow::Continue(())
            };
            session.run(&input, taps, &CancelToken::new(), sink).unwrap();
        };
        // The first run also packs the weights.
        run(&[last]);
        let name = format!("{tag} {num_images}x{height}x{width}");
        for (name, taps) in [(name.clone(), &[last][..]), (format!("{name} with every stage"), &stages)] {
            group.bench_function(name, |bencher| {
                bencher.iter_custom(|times| {
                    let started = Instant::now();
                    for _ in 0..times {
                        run(taps);
                    }
                    started.elapsed()
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, kernels, forwards);
criterion_main!(benches);
