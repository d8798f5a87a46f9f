//! `selfcheck`: checks whether networks give the same values on this machine as in their frameworks.
//!
//! The references were computed by Keras and torch (`assets/selfcheck/make.py`) with the weights embedded in the program. The input is the
//! embedded picture of a cat, so decoding, resizing and preprocessing are part of the check.

use std::ops::ControlFlow;

use anyhow::{Context as _, anyhow};
use serde::Deserialize;

use super::args::SelfcheckArgs;
use super::exit::Exit;
use super::interrupt::cancelled_by_ctrl_c;
use super::reporter::Reporter;
use crate::engine::{Backbone, CancelToken, ComputeDevice, Outcome, Priority, Session, start_threads};
use crate::graph::NodeId;
use crate::input::decode::decode_bytes;
use crate::input::{FitChoice, ValueChoice, preprocess};
use crate::models::{ModelSpec, Registry};
use crate::render::Resources;
use crate::tensor::counted;
use crate::tensor::{Activation, LayerStats};

const REFERENCES: [&str; 3] = [
    include_str!("../../assets/selfcheck/xception.keras_in1k.json"),
    include_str!("../../assets/selfcheck/vgg16.keras_in1k.json"),
    include_str!("../../assets/selfcheck/tf_efficientnet_lite0.in1k.json"),
];

/// Largest allowed difference from a reference, as a share of the layer's largest magnitude. Different orders of summation cause a
/// hundredth of it; the smallest known mistake in a port causes a hundred times as much.
const TOLERANCE: f64 = 1e-4;

/// Reference values of one layer, from the framework.
#[derive(Deserialize)]
struct Layer {
    name: String,
    shape: [usize; 3],
    mean: f64,
    abs_max: f64,
    /// Index into the layer's values (CHW), and the value there.
    samples: Vec<(usize, f32)>,
}

/// Reference values of one network.
#[derive(Deserialize)]
struct Reference {
    tag: String,
    weights_sha256: String,
    made_by: String,
    layers: Vec<Layer>,
}

/// How a check ended.
enum Verdict {
    Passed(String),
    Failed(String),
    Cancelled,
}

/// Checks the named models, or all whose weights are on this machine.
pub(super) fn run(args: &SelfcheckArgs, resources: &Resources, reporter: &Reporter) -> anyhow::Result<Exit> {
    args.run.engine().check()?;
    start_threads(args.run.threads, Priority::Normal)?;
    let store = &resources.store;
    let specs: Vec<&'static ModelSpec> = if args.models.is_empty() {
        Registry::specs().filter(|spec| store.state(spec).is_here()).collect()
    } else {
        args.models.iter().map(|name| Registry::find(name.trim())).collect::<Result<_, _>>()?
    };
    let cancel = cancelled_by_ctrl_c()?;
    let device = ComputeDevice::open(args.run.device)?;
    let references =
        REFERENCES.iter().map(|text| serde_json::from_str(text)).collect::<Result<Vec<Reference>, _>>()?;
    let progress = reporter.progress(specs.len());
    let (mut num_failed, is_alone) = (0, specs.len() == 1);
    for spec in specs {
        progress.begin(spec.tag);
        let checked = Backbone::load(spec, store, None).map_err(anyhow::Error::from).and_then(|backbone| {
            let session = Session::with_engine(backbone.into(), device.clone(), args.run.engine())?;
            check(session, &references, resources, &cancel)
        });
        progress.step(1);
        let line = match checked {
            Ok(Verdict::Passed(words)) => format!("{}: {words}", spec.tag),
            Ok(Verdict::Failed(words)) => {
                num_failed += 1;
                format!("{}: FAILED: {words}", spec.tag)
            }
            Ok(Verdict::Cancelled) => return Ok(Exit::Interrupted),
            Err(error) if is_alone => return Err(error),
            Err(error) => {
                num_failed += 1;
                format!("{}: FAILED: {error:#}", spec.tag)
            }
        };
        let mut printed = Ok(());
        progress.above(|| printed = reporter.result(&format!("{line}\n")));
        printed?;
    }
    Ok(if num_failed > 0 { Exit::SomeFailed } else { Exit::Done })
}

fn check(
    mut session: Session,
    references: &[Reference],
    resources: &Resources,
    cancel: &CancelToken,
) -> anyhow::Result<Verdict> {
    let backbone = std::sync::Arc::clone(session.backbone());
    let (spec, graph) = (backbone.spec(), backbone.graph());
    let picture = decode_bytes("cat.png", resources.cat)?;
    let ready = preprocess(&picture.rgb, &spec.preprocess, FitChoice::Model, ValueChoice::Model)?;
    let sha256 = backbone.origin().sha256();
    let reference = references.iter().find(|r| r.tag == spec.tag && r.weights_sha256 == sha256);
    let taps: Vec<NodeId> = match reference {
        Some(reference) => reference
            .layers
            .iter()
            .map(|layer| graph.resolve(&layer.name, spec.tag))
            .collect::<Result<_, _>>()?,
        None => graph.stages().to_vec(),
    };
    let mut verdict: Result<(f64, String), String> = Ok((0.0, String::new()));
    let report = session.run(&ready.batch, &taps, cancel, &mut |tap| {
        let name = &graph.node(tap.node).name;
        let layer = reference.and_then(|r| {
            r.layers.iter().zip(&taps).find(|(_, node)| **node == tap.node).map(|(layer, _)| layer)
        });
        let outcome = match layer {
            Some(layer) => compare(layer, &tap.activation),
            None => plausible(&tap.activation),
        };
        match (outcome, &mut verdict) {
            (Ok(error), Ok((worst, at))) if error >= *worst => (*worst, *at) = (error, name.clone()),
            (Ok(_), _) => {}
            (Err(words), _) => verdict = Err(format!("{name}: {words}")),
        }
        if verdict.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    let report = report.map_err(|error| anyhow!("{error}")).context(spec.tag)?;
    if report.outcome == Outcome::Cancelled {
        return Ok(Verdict::Cancelled);
    }
    let engine = session.run_by().engine;
    let num_tensors = counted(backbone.weights().num_tensors(), "tensor");
    Ok(match (verdict, reference) {
        (Err(words), _) => Verdict::Failed(words),
        (Ok((worst, at)), Some(reference)) => Verdict::Passed(format!(
            "{} agree with {}; largest difference {worst:.1e} of a layer's range, at {at} ({num_tensors} bound, engine {engine})",
            counted(taps.len(), "layer"),
            reference.made_by
        )),
        (Ok(_), None) => Verdict::Passed(format!(
            "no reference stored; {num_tensors} fit the graph and are finite, and {} have plausible values (engine {engine})",
            counted(taps.len(), "layer")
        )),
    })
}

/// The largest difference from a reference, as a share of the layer's largest magnitude; or what is wrong.
fn compare(layer: &Layer, got: &Activation) -> Result<f64, String> {
    let shape = [got.shape().channels, got.shape().height, got.shape().width];
    if shape != layer.shape {
        return Err(format!("its shape is {shape:?}, in the reference {:?}", layer.shape));
    }
    let values = got.values();
    let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len().max(1) as f64;
    let at_samples = layer.samples.iter().map(|(at, expected)| {
        values.get(*at).map_or(f64::INFINITY, |value| f64::from((value - expected).abs()))
    });
    let worst = at_samples
        .chain([(mean - layer.mean).abs()])
        .fold(0f64, |worst, d| if d.is_nan() { f64::INFINITY } else { worst.max(d) })
        / layer.abs_max;
    if worst > TOLERANCE {
        return Err(format!(
            "differs from the reference by {worst:.1e} of its range, at most {TOLERANCE:e} is float error"
        ));
    }
    Ok(worst)
}

/// Checks a layer without a reference: the values of a trained network are finite, not all equal, and not extremely large.
fn plausible(got: &Activation) -> Result<f64, String> {
    const LARGEST: f32 = 1e6;
    let stats = LayerStats::of(got);
    let values = got.values();
    if let Some(bad) = values.iter().find(|v| !v.is_finite()) {
        return Err(format!("holds {bad}"));
    }
    if stats.min == stats.max {
        return Err(format!("is {} everywhere", stats.min));
    }
    let largest = stats.max.abs().max(stats.min.abs());
    if largest > LARGEST {
        return Err(format!("reaches {largest:e}"));
    }
    Ok(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::MapShape;

    fn activation(values: Vec<f32>) -> Activation {
        Activation::new("x", MapShape::new(1, 1, values.len()), values).unwrap()
    }

    #[test]
    fn a_layer_that_is_off_fails() {
        let layer = |sample: f32| Layer {
            name: "x".into(),
            shape: [1, 1, 3],
            mean: 2.0,
            abs_max: 3.0,
            samples: vec![(2, sample)],
        };
        let got = activation(vec![1.0, 2.0, 3.0]);
        assert_eq!(compare(&layer(3.0), &got), Ok(0.0));
        assert!(
            compare(&layer(3.001), &got).unwrap_err().starts_with("differs from the reference by 3.3e-4")
        );
        let nan = activation(vec![1.0, 2.0, f32::NAN]);
        assert!(compare(&layer(3.0), &nan).unwrap_err().starts_with("differs from the reference by inf"));
        assert_eq!(plausible(&nan).unwrap_err(), "holds NaN");
        assert_eq!(plausible(&activation(vec![0.0; 3])).unwrap_err(), "is 0 everywhere");
        assert_eq!(plausible(&activation(vec![0.0, 1e9])).unwrap_err(), "reaches 1e9");
        assert_eq!(plausible(&got), Ok(0.0));
    }
}
