//! Sessions: every model runs, taps are delivered as soon as they are ready, and runs can be stopped and cancelled.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use filterscope::engine::{Backbone, CancelToken, ComputeDevice, LoadError, Outcome, Session, WeightStore};
use filterscope::graph::{ActivationFn, Conv2d, Graph, GraphBuilder, Op, Padding};
use filterscope::models::{ModelSpec, Registry};
use filterscope::tensor::{InputBatch, PixelSize, Remedied, Remedy};

use crate::support::golden::{generated_for, relative_error};
use crate::support::hashweights;

fn noise(size: PixelSize) -> InputBatch {
    InputBatch::new(1, size.height, size.width, hashweights::noise_input(size.height, size.width)).unwrap()
}

fn session(spec: &'static ModelSpec, graph: Graph) -> Session {
    let weights = generated_for(&graph, 3);
    let backbone = Backbone::with_graph(spec, graph, weights).unwrap();
    Session::new(Arc::new(backbone), ComputeDevice::cpu()).unwrap()
}

/// Every distinct graph with one model spec that has it. Model specs with the same graph differ in weights and preprocessing only, so
/// one is enough.
fn distinct_graphs() -> Vec<(&'static ModelSpec, Graph)> {
    let mut distinct: Vec<(&'static ModelSpec, Graph)> = Vec::new();
    for spec in Registry::specs() {
        let graph = (spec.build)().unwrap();
        if !distinct.iter().any(|(_, other)| *other == graph) {
            distinct.push((spec, graph));
        }
    }
    distinct
}

#[test]
fn every_model_spec_runs_at_a_small_odd_size_and_gives_the_inferred_shapes() {
    let size = PixelSize::new(99, 77);
    for (spec, graph) in distinct_graphs() {
        // Transformers accept only their own size, and the largest networks would take gigabytes.
        let Ok(infos) = graph.infer(size) else {
            assert!(spec.tag.starts_with("vit_"), "{}", spec.tag);
            continue;
        };
        if graph.num_params().trained > 80_000_000 {
            continue;
        }
        let mut session = session(spec, graph);
        let graph = Arc::clone(session.backbone().graph());
        let mut seen = BTreeMap::new();
        let all: Vec<_> = graph.ids().collect();
        session
            .run(&noise(size), &all, &CancelToken::new(), &mut |tap| {
                assert_eq!(
                    tap.activation.shape(),
                    infos[tap.node.0].shape,
                    "{} {}",
                    spec.tag,
                    tap.activation.name()
                );
                assert!(tap.activation.values().iter().all(|v| v.is_finite()), "{}", tap.activation.name());
                seen.insert(tap.node, tap.activation);
                ControlFlow::Continue(())
            })
            .unwrap();
        assert_eq!(seen.len(), all.len(), "{}: every node is a tap", spec.tag);
        let alone = session.activations(&noise(size), &[graph.final_node()]).unwrap().remove(0);
        let error = relative_error(alone.values(), seen[&graph.final_node()].values());
        // Folding a batch norm into a kernel rounds each weight once more; these errors add up in deep networks.
        assert!(error <= 2e-5, "{}: final map with all taps and alone differ by {error:e}", spec.tag);
    }
}

#[test]
fn nodes_tapped_singly_have_the_same_values_as_tapped_together() {
    let spec = Registry::find("tf_efficientnet_lite0.in1k").unwrap();
    let mut session = session(spec, (spec.build)().unwrap());
    let graph = Arc::clone(session.backbone().graph());
    let input = noise(PixelSize::new(41, 37));
    let all: Vec<_> = graph.ids().collect();
    let together = session.activations(&input, &all).unwrap();
    for (id, expected) in all.iter().zip(&together) {
        let alone = session.activations(&input, &[*id]).unwrap().remove(0);
        assert_eq!(alone.name(), graph.node(*id).name);
        let error = relative_error(alone.values(), expected.values());
        assert!(error <= 2e-5, "{}: {error:e}", alone.name());
    }
}

#[test]
fn a_run_ends_with_its_last_tap_and_stops_when_told() {
    let spec = Registry::find("vgg11.tv_in1k").unwrap();
    let mut session = session(spec, (spec.build)().unwrap());
    let graph = Arc::clone(session.backbone().graph());
    let input = noise(PixelSize::square(40));
    let (first, third) = (graph.find("features.0").unwrap(), graph.find("features.2").unwrap());

    let report =
        session.run(&input, &[third], &CancelToken::new(), &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(report.outcome, Outcome::Finished);
    assert_eq!(report.timings.last().unwrap().node, third, "nothing after the last tap runs");

    let report = session
        .run(&input, &[first, graph.final_node()], &CancelToken::new(), &mut |_| ControlFlow::Break(()))
        .unwrap();
    assert_eq!(report.outcome, Outcome::Stopped);
    assert_eq!(report.timings.last().unwrap().node, first, "early stop stops");
}

#[test]
fn cancelling_ends_a_run_between_nodes() {
    let spec = Registry::find("vgg11.tv_in1k").unwrap();
    let mut session = session(spec, (spec.build)().unwrap());
    let graph = Arc::clone(session.backbone().graph());
    let token = CancelToken::new();
    let first = graph.find("features.0").unwrap();
    let mut delivered = 0;
    let report = session
        .run(&noise(PixelSize::square(40)), &[first, graph.final_node()], &token, &mut |_| {
            delivered += 1;
            token.cancel();
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!((report.outcome, delivered), (Outcome::Cancelled, 1));
}

#[test]
fn values_are_freed_after_their_last_use() {
    let spec = Registry::find("vgg11.tv_in1k").unwrap();
    let mut session = session(spec, (spec.build)().unwrap());
    let graph = Arc::clone(session.backbone().graph());
    let size = PixelSize::square(64);
    let infos = graph.infer(size).unwrap();
    let report = session
        .run(&noise(size), &[graph.final_node()], &CancelToken::new(), &mut |_| ControlFlow::Continue(()))
        .unwrap();
    // VGG is a chain, and each activation function is fused with its convolution: only one step's input and output are in memory at
    // any time.
    let kept = graph.ids().filter(|id| !matches!(graph.node(*id).op, Op::Conv2d(_)));
    let lens: Vec<usize> = kept.map(|id| infos[id.0].shape.len()).collect();
    let largest_pair = lens.windows(2).map(|w| 4 * (w[0] + w[1])).max().unwrap();
    assert_eq!(report.peak_value_bytes, largest_pair);
}

#[test]
fn an_input_too_small_is_an_error_that_names_the_node() {
    let spec = Registry::find("inception_v3.tv_in1k").unwrap();
    let mut session = session(spec, (spec.build)().unwrap());
    let last = session.backbone().graph().final_node();
    let error = session.activations(&noise(PixelSize::new(60, 40)), &[last]).unwrap_err();
    assert!(
        error.to_string().starts_with(
            "input 60x40 is too small for this network: at `Mixed_6a.branch3x3.conv` a 3×3 window meets a 2×5 map"
        ),
        "{error}"
    );
}

#[test]
fn a_layer_that_the_graph_does_not_have_is_an_error() {
    let spec = Registry::find("vgg11.tv_in1k").unwrap();
    let mut session = session(spec, (spec.build)().unwrap());
    let num = session.backbone().graph().nodes().len();
    let error =
        session.activations(&noise(PixelSize::new(64, 64)), &[filterscope::graph::NodeId(num)]).unwrap_err();
    assert_eq!(error.to_string(), format!("there is no layer {num}: the graph has {num}, numbered from 0"));
}

#[test]
fn a_model_spec_without_weights_lists_the_installed_models_and_a_remedy() {
    let spec = Registry::find("vgg16").unwrap();
    let error = Backbone::load(spec, &WeightStore::default(), None).unwrap_err();
    assert!(matches!(error, LoadError::NotHere { .. }));
    let text = error.to_string();
    assert_eq!(text, "the weights of vgg16.tv_in1k are not installed; models that run at once: none");
    let remedy = Remedy::GetWeights {
        tag: "vgg16.tv_in1k",
        source_text: "timm/vgg16.tv_in1k",
        is_downloadable: true,
        instead: None,
    };
    assert_eq!(error.remedy(), Some(remedy));
}

/// A small network with everything that needs memory: padded borders, branches, sums, a gate.
fn hungry_session() -> Session {
    let (mut b, x) = GraphBuilder::new();
    let conv = b.conv("conv", x, Conv2d::new(3, 20, 3).with_padding(Padding::Same));
    let act = b.act("act", conv, ActivationFn::Silu);
    let side = b.conv("side", act, Conv2d::depthwise(20, 3).with_padding(Padding::Same));
    let sum = b.node("sum", Op::Add, &[side, act]);
    let both = b.node("both", Op::Concat, &[sum, side]);
    let mean = b.node("mean", Op::GlobalAvgPool, &[both]);
    let gate = b.node("gate", Op::Gate, &[both, mean]);
    let last = b.conv("last", gate, Conv2d::new(40, 20, 3).with_padding(Padding::Same));
    b.stage(last);
    session(Registry::find("vgg11.tv_in1k").unwrap(), b.finish().unwrap())
}

#[test]
fn runs_of_changing_sizes_keep_no_more_memory_than_twice_the_need() {
    let mut session = hungry_session();
    assert!(session.run_by().engine.starts_with("fast/"));
    let mut run = |width: usize, height: usize| {
        let size = PixelSize::new(width, height);
        let last = session.backbone().graph().final_node();
        session.activations(&noise(size), &[last]).unwrap();
        session.kept_bytes()
    };
    let usual = run(9, 9);
    let mut most = 0;
    for at in 0..1000 {
        most = most.max(run(3 + at % 13, 3 + at % 17));
    }
    // A buffer is reused for values of at least half its size.
    let largest = run(15, 19).max(usual);
    assert!(most <= 2 * largest, "{most} bytes kept, {largest} needed");
    run(9, 9);
    assert!(run(9, 9) <= 2 * usual);
}

/// Memory as the system counts it. It is measured in a separate process, because other tests run in this one.
#[cfg(target_os = "linux")]
#[test]
fn ten_thousand_runs_do_not_make_the_process_grow() {
    let name = "engine::ten_thousand_runs_of_changing_sizes";
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", name, "--test-threads", "1"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "run by the test above, in a process of its own"]
fn ten_thousand_runs_of_changing_sizes() {
    let resident = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap().trim();
        line.trim_end_matches(" kB").parse::<usize>().unwrap()
    };
    let mut session = hungry_session();
    let last = session.backbone().graph().final_node();
    let inputs: Vec<InputBatch> =
        (0..221).map(|at| noise(PixelSize::new(3 + at % 13, 3 + at % 17))).collect();
    let mut after_the_first = 0;
    for at in 0..10_000 {
        session.activations(&inputs[at % inputs.len()], &[last]).unwrap();
        if at == 999 {
            after_the_first = resident();
        }
    }
    // A leak of one map of these sizes (a few hundred bytes to 25 kB) per run would be 20 MB and more.
    let grown = resident().saturating_sub(after_the_first);
    assert!(grown <= 4 << 10, "{grown} kB more after 9,000 runs, from {after_the_first}");
}
