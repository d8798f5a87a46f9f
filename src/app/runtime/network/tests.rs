//! The network's thread without a thread: what a request computes, and what it takes from what is kept.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use crate::app::message::event::{Event, ViewEvent};
use crate::app::model::request::FullRequest;
use crate::app::model::view::Busy;
use crate::app::runtime::network::pipeline::{Pipeline, Stop};
use crate::app::runtime::tell::Tell;
use crate::engine::{CancelToken, DeviceChoice, EmbeddedWeights, EngineChoice, Session, WeightStore};
use crate::graph::{Graph, NodeId};
use crate::models::{ModelSpec, Registry};
use crate::render::{LayerChoice, ViewRequest};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn leaked(path: PathBuf) -> &'static [u8] {
    Box::leak(std::fs::read(path).unwrap().into_boxed_slice())
}

fn spec() -> &'static ModelSpec {
    Registry::find("tf_efficientnet_lite0.in1k").unwrap()
}

fn pipeline() -> (Pipeline, Receiver<Event>) {
    let bytes = leaked(root().join("weights/tf_efficientnet_lite0.f16.safetensors"));
    let store = WeightStore::new(vec![EmbeddedWeights { tag: spec().tag, bytes }]);
    let (sender, events) = sync_channel(1000);
    let cat = leaked(root().join("assets/cat.png"));
    (Pipeline::new(store, cat, EngineChoice::default(), Tell::new(sender, || {})), events)
}

fn wanted(graph: &Graph, node: NodeId) -> FullRequest {
    let layer = LayerChoice::Named(graph.node(node).name.clone());
    FullRequest {
        of: ViewRequest { layer, ..ViewRequest::new(spec()) },
        minus: None,
        weights_file: None,
        device: DeviceChoice::Cpu,
        generation: 0,
        max_texture_side: 1024,
    }
}

fn num_runs(events: &Receiver<Event>) -> usize {
    events.try_iter().filter(|event| matches!(event, Event::View(_, ViewEvent::Busy(Busy::Running)))).count()
}

#[test]
fn one_run_serves_every_stage_with_the_bits_of_a_run_for_it_alone() {
    let (mut pipeline, events) = pipeline();
    let (graph, cancel) = (spec().graph().unwrap(), CancelToken::new());
    let mut show = |node| {
        let shown = pipeline.show(1, &wanted(&graph, node), &cancel);
        shown.unwrap_or_else(|_| panic!("{} can't be shown", graph.node(node).name))
    };
    let last = show(graph.final_node());
    assert_eq!(num_runs(&events), 1);
    let mut alone = Session::new(
        Arc::clone(&last.run_by.backbone),
        crate::engine::ComputeDevice::open(DeviceChoice::Cpu).unwrap(),
    )
    .unwrap();
    for node in graph.stages() {
        let shown = show(*node);
        assert_eq!(num_runs(&events), 0, "{}", graph.node(*node).name);
        let expected = alone.activations(&shown.view.preprocessed.batch, &[*node]).unwrap().remove(0);
        let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert!(bits(expected.values()) == bits(shown.activation.values()), "{}", shown.activation.name());
    }
}

/// A run ends with the layer that is shown; the stages behind it are computed while there is nothing else to do.
#[test]
fn stages_behind_the_shown_one_are_computed_ahead() {
    let (mut pipeline, events) = pipeline();
    let (graph, cancel) = (spec().graph().unwrap(), CancelToken::new());
    let first = wanted(&graph, graph.stages()[2]);
    assert!(pipeline.show(1, &first, &cancel).is_ok());
    assert!(pipeline.ahead(&first, &cancel).is_ok());
    assert_eq!(num_runs(&events), 1);
    for node in graph.stages() {
        assert!(pipeline.show(1, &wanted(&graph, *node), &cancel).is_ok());
    }
    assert_eq!(num_runs(&events), 0);
    let kept = pipeline.runs.num_bytes();
    assert!(pipeline.ahead(&first, &cancel).is_ok());
    assert_eq!(pipeline.runs.num_bytes(), kept);
    cancel.cancel();
    assert!(matches!(pipeline.ahead(&first, &cancel), Err(Stop::Cancelled)));
}

#[test]
fn the_overview_needs_no_run_for_stages_that_were_passed() {
    let (mut pipeline, events) = pipeline();
    let (graph, cancel) = (spec().graph().unwrap(), CancelToken::new());
    let wanted = wanted(&graph, graph.final_node());
    assert!(pipeline.show(1, &wanted, &cancel).is_ok());
    let kept = pipeline.runs.num_bytes();
    assert!(pipeline.walk(&wanted, graph.stages(), &cancel).is_ok());
    assert_eq!(pipeline.runs.num_bytes(), kept, "nothing was computed");
    let walked = events.try_iter().find_map(|event| match event {
        Event::Walked(walked) => Some(walked),
        _ => None,
    });
    assert_eq!(walked.unwrap().layers.len(), graph.stages().len());
}

#[test]
fn a_run_that_takes_too_much_memory_is_refused_with_a_remedy() {
    let (mut pipeline, _events) = pipeline();
    pipeline.memory = Some(20_000_000);
    let (graph, cancel) = (spec().graph().unwrap(), CancelToken::new());
    let Err(Stop::Failed(reason)) = pipeline.show(1, &wanted(&graph, graph.final_node()), &cancel) else {
        panic!("it was run")
    };
    assert!(reason.starts_with("this run is not begun: this takes about "), "{reason}");
    assert!(reason.contains("more than half of the 20 MB that are available"), "{reason}");
    assert!(reason.ends_with("Choose a smaller input under Fit."), "{reason}");
}
