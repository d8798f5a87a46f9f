//! `render`'s run: picture after picture, each through every network, each figure written as soon as it is whole.

use std::ops::ControlFlow;

use anyhow::Context as _;

use super::Exit;
use super::draw::{Drawing, Panel, draw_sheet};
use super::interrupt::cancelled_by_ctrl_c;
use super::outputs::Outputs;
use super::plan::{FigureKind, PlannedModel, RenderPlan};
use super::reporter::{Progress, Reporter};
use super::table::counted;
use super::timings::Timings;
use crate::engine::CancelToken;
use crate::formats::{PictureRecord, WriteError, write_figure, write_npy};
use crate::graph::NodeId;
use crate::input::dataset::PictureRef;
use crate::render::view;
use crate::tensor::Activation;

/// How one picture ended.
enum PictureEnd {
    /// All its figures are written; the line that says so where it is the only one.
    Done(String),
    /// Ctrl-C came first.
    Cancelled,
}

/// Why a picture gave nothing, and what that means for the others.
enum PictureError {
    /// It is this picture's.
    Picture(anyhow::Error),
    /// The next one would meet it too.
    Run(anyhow::Error),
}

impl From<WriteError> for PictureError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Other { .. } => Self::Picture(error.into()),
            _ => Self::Run(error.into()),
        }
    }
}

/// Works off the plan.
pub(super) fn run(plan: &mut RenderPlan, reporter: &Reporter) -> anyhow::Result<Exit> {
    let cancel = cancelled_by_ctrl_c()?;
    let pictures = std::mem::take(&mut plan.pictures);
    let progress = reporter.progress(pictures.len() * plan.models.len());
    let mut timings: Vec<Timings> =
        plan.models.iter().map(|m| Timings::new(m.session.backbone().row().tag)).collect();
    let (mut num_done, mut num_failed) = (0, 0);
    let mut last_line = String::new();
    for picture in &pictures {
        progress.begin(&picture.label);
        match one_picture(plan, picture, &mut timings, &cancel, &progress, reporter) {
            Ok(PictureEnd::Done(line)) => {
                num_done += 1;
                last_line = line;
            }
            Ok(PictureEnd::Cancelled) => {
                drop(progress);
                reporter.summary(&format!(
                    "interrupted: {num_done} of {} done; every figure written is whole",
                    counted(pictures.len(), "picture")
                ));
                return Ok(Exit::Interrupted);
            }
            // With nothing else to do, a picture's error is the command's.
            Err(PictureError::Picture(error)) if pictures.len() == 1 => return Err(error),
            Err(PictureError::Picture(error)) => {
                num_failed += 1;
                progress.above(|| reporter.skipped(&format!("{error:#}")));
            }
            Err(PictureError::Run(error)) => {
                return Err(error
                    .context(format!("stopped after {num_done} of {}", counted(pictures.len(), "picture"))));
            }
        }
    }
    drop(progress);
    if plan.prints_timings {
        for table in &timings {
            reporter.aside(&table.to_text());
        }
    }
    if num_done == 0 {
        anyhow::bail!("none of {} gave a figure", counted(num_failed, "picture"));
    }
    reporter.summary(&summary(plan, num_done, num_failed, last_line));
    Ok(if num_failed > 0 { Exit::SomeFailed } else { Exit::Done })
}

fn summary(plan: &RenderPlan, num_done: usize, num_failed: usize, last_line: String) -> String {
    let num_figures = num_done * plan.figures_per_picture();
    if num_figures == 1 && num_failed == 0 {
        return last_line;
    }
    let place = match &plan.outputs {
        Outputs::File(path) | Outputs::Folder(path) => path.display(),
    };
    let skipped =
        if num_failed == 0 { String::new() } else { format!("; {} skipped", counted(num_failed, "picture")) };
    format!(
        "wrote {} of {}{skipped}: \"{place}\"",
        counted(num_figures, if plan.kind == FigureKind::Sheet { "sheet" } else { "figure" }),
        counted(num_done, "picture")
    )
}

/// Decodes a picture once and takes it through every network.
fn one_picture(
    plan: &mut RenderPlan,
    picture: &PictureRef,
    timings: &mut [Timings],
    cancel: &CancelToken,
    progress: &Progress,
    reporter: &Reporter,
) -> Result<PictureEnd, PictureError> {
    if cancel.is_cancelled() {
        return Ok(PictureEnd::Cancelled);
    }
    let (num_models, num_panels) = (plan.models.len(), plan.num_panels());
    let decoded = picture.picture.load().map_err(|error| {
        progress.step(num_models);
        PictureError::Picture(error.into())
    })?;
    if !decoded.notes.is_empty() {
        let words: Vec<&str> = decoded.notes.iter().map(|note| note.words()).collect();
        let path = picture.picture.path().display();
        progress.above(|| reporter.note(&format!("{}: \"{path}\"", words.join(", "))));
    }
    let about = PictureRecord::new(
        picture.picture.path(),
        decoded.rgb.width(),
        decoded.rgb.height(),
        decoded.rgb.as_raw(),
    );
    let of_picture = |error: anyhow::Error| {
        let path = picture.picture.path().display();
        PictureError::Picture(anyhow::anyhow!("{error:#}: \"{path}\""))
    };
    let mut sheet_panels = Vec::new();
    let mut line = String::new();
    for (model, timings) in plan.models.iter_mut().zip(timings) {
        let nodes: Vec<NodeId> = model.layers.iter().map(|layer| layer.node).collect();
        let mut values: Vec<(NodeId, Activation)> = Vec::with_capacity(nodes.len());
        let result =
            view(&mut model.session, &decoded.rgb, plan.choices, &nodes, cancel, &mut |node, values_of| {
                values.push((node, values_of));
                ControlFlow::Continue(())
            });
        progress.step(1);
        let view = result.map_err(|error| of_picture(error.into()))?;
        if !view.is_complete() {
            return Ok(PictureEnd::Cancelled);
        }
        tracing::debug!("{}: {}, {:?}", picture.label, view.preprocessed.fit, view.report.elapsed);
        timings.add(&view.report);
        let PlannedModel { session, layers } = model;
        for layer in &*layers {
            // Taps come in execution order, figures in the order asked for.
            let Some(at) = values.iter().position(|(node, _)| *node == layer.node) else { continue };
            let (_, activation) = values.swap_remove(at);
            if plan.saves_values {
                let is_one_of_several = plan.kind == FigureKind::Sheet && num_panels > 1;
                write_npy(
                    &plan.outputs.values(&picture.stem, &layer.suffix, is_one_of_several),
                    &activation,
                )?;
            }
            let panel = Panel::new(session, &view, &activation, &plan.look).map_err(of_picture)?;
            if plan.kind == FigureKind::Sheet {
                sheet_panels.push(panel);
                continue;
            }
            let drawing = panel.into_drawing(&about, &picture.label, plan.kind).map_err(of_picture)?;
            line = write(&plan.outputs, &picture.stem, Some(&layer.suffix), &drawing)?;
        }
    }
    if plan.kind == FigureKind::Sheet {
        let paper = plan.look.settings.paper;
        let drawing = draw_sheet(sheet_panels, about, &picture.label, decoded.rgb, paper)
            .context("the sheet")
            .map_err(of_picture)?;
        line = write(&plan.outputs, &picture.stem, None, &drawing)?;
    }
    Ok(PictureEnd::Done(line))
}

/// Writes a figure; gives the line that says so.
fn write(
    outputs: &Outputs,
    stem: &str,
    suffix: Option<&str>,
    drawing: &Drawing,
) -> Result<String, WriteError> {
    let path = outputs.figure(stem, suffix);
    write_figure(&path, &drawing.pixels, &drawing.title, &drawing.record)?;
    let (width, height) = (drawing.pixels.width(), drawing.pixels.height());
    Ok(format!("wrote {}, {width}×{height} pixels: \"{}\"", drawing.title, path.display()))
}
