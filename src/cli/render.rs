//! Carries out the plan of `render`: runs each picture through every network and writes each figure as soon as it is complete.

use std::ops::ControlFlow;

use anyhow::Context as _;

use super::exit::Exit;
use super::interrupt::cancelled_by_ctrl_c;
use super::outputs::Outputs;
use super::plan::{PlannedModel, RenderPlan};
use super::remedy::Told;
use super::reporter::{Reporter, RunProgress};
use super::timings::LayerTimings;
use crate::engine::{CancelToken, EngineError, Outcome, Session};
use crate::formats::{PictureRecord, WriteError, write_npy};
use crate::graph::NodeId;
use crate::input::dataset::PictureRef;
use crate::render::{
    Contents, Drawing, FigureKind, FigureSpec, LayerValues, Look, Panel, PanelSpec, Placement, Scale, View,
    ViewRequest, class_words, draw,
};
use crate::tensor::{Activation, LayerStats, PixelSize, SelectionError, available_memory, counted};

/// How the work on one picture ended.
enum PictureEnd {
    /// All its figures are written. Holds the line to print if there is only one figure.
    Done(String),
    /// Ctrl-C came first.
    Cancelled,
}

/// Why a picture gave no figure, and whether that concerns the others.
enum PictureError {
    /// Concerns this picture only.
    Picture(anyhow::Error),
    /// Would occur with the next picture too, so the run stops.
    Run(anyhow::Error),
}

impl From<WriteError> for PictureError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Other { .. } => Self::Picture(error.into()),
            WriteError::NoFolder { .. }
            | WriteError::IsFolder { .. }
            | WriteError::NotAllowed { .. }
            | WriteError::DiskFull { .. }
            | WriteError::QuotaUsedUp { .. }
            | WriteError::FileTooLarge { .. } => Self::Run(error.into()),
        }
    }
}

/// Carries out the plan.
pub(super) fn run(plan: &mut RenderPlan, reporter: &Reporter) -> anyhow::Result<Exit> {
    let cancel = cancelled_by_ctrl_c()?;
    let pictures = std::mem::take(&mut plan.pictures);
    let progress = reporter.progress(pictures.len() * plan.models.len());
    let mut timings: Vec<LayerTimings> =
        plan.models.iter().map(|m| LayerTimings::new(m.session.backbone().spec().tag)).collect();
    let (mut num_done, mut num_failed, mut num_written) = (0, 0, 0);
    let mut last_line = String::new();
    for picture in &pictures {
        progress.begin(&picture.label);
        match one_picture(plan, picture, &mut timings, &mut num_written, &cancel, &progress, reporter) {
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
            // With only one picture, its error is that of the command.
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
        for (table, model) in timings.iter().zip(&plan.models) {
            reporter.aside(&table.to_text(model.session.peak_gflops()));
        }
    }
    if num_written == 0 {
        anyhow::bail!("none of {} gave a figure", counted(num_failed, "picture"));
    }
    reporter.summary(&summary(plan, num_done, num_failed, num_written, last_line));
    Ok(if num_failed > 0 { Exit::SomeFailed } else { Exit::Done })
}

fn summary(
    plan: &RenderPlan,
    num_done: usize,
    num_failed: usize,
    num_written: usize,
    last_line: String,
) -> String {
    if num_written == 1 && num_failed == 0 {
        return last_line;
    }
    let place = match &plan.outputs {
        Outputs::File(path) | Outputs::Folder(path) => path.display(),
    };
    let skipped =
        if num_failed == 0 { String::new() } else { format!("; {} skipped", counted(num_failed, "picture")) };
    format!(
        "wrote {} of {}{skipped}: \"{place}\"",
        counted(num_written, if plan.kind == FigureKind::Sheet { "sheet" } else { "figure" }),
        counted(num_done, "picture")
    )
}

/// Decodes a picture once and runs it through every network.
fn one_picture(
    plan: &mut RenderPlan,
    picture: &PictureRef,
    timings: &mut [LayerTimings],
    num_written: &mut usize,
    cancel: &CancelToken,
    progress: &RunProgress,
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
        PictureError::Picture(Told::new(format!("{error:#}: \"{path}\""), &error).into())
    };
    let mut sheet_panels: Vec<(usize, Panel)> = Vec::new();
    let mut line = String::new();
    let (kind, outputs, request) = (plan.kind, &plan.outputs, &plan.request);
    let mut is_interrupted = false;
    for (at, (model, timings)) in plan.models.iter_mut().zip(timings).enumerate() {
        let PlannedModel { session, layers } = model;
        let nodes: Vec<NodeId> = layers.iter().map(|layer| layer.node).collect();
        let run_by = session.run_by();
        let backbone = &run_by.backbone;
        let view = View::new(backbone.preprocessing().spec(), &decoded.rgb, request.input)
            .map_err(|error| of_picture(error.into()))?;
        let infos = view.infos(backbone.graph()).map_err(|error| of_picture(error.into()))?;
        // A layer is drawn and dropped as soon as its values are there, because keeping all layers would fill the memory.
        let mut draw_layer = |node: NodeId, activation: &Activation| -> Result<(), PictureError> {
            let Some(place) = layers.iter().position(|layer| layer.node == node) else { return Ok(()) };
            let suffix = &layers[place].suffix;
            let has_caption = matches!(kind, FigureKind::Mosaics(surround) if surround.has_caption);
            let remark = has_caption.then(|| class_words(backbone, node, activation)).flatten();
            let class_map = request.class_map.as_ref();
            let of_class = class_map
                .map(|class| class.map(backbone, node, activation))
                .transpose()
                .map_err(|error| of_picture(error.into()))?;
            let activation = of_class.as_ref().unwrap_or(activation);
            if plan.saves_values {
                let is_one_of_several = kind == FigureKind::Sheet && num_panels > 1;
                write_npy(&outputs.values(&picture.stem, suffix, is_one_of_several), activation)?;
            }
            let stats = LayerStats::of(activation);
            let values = LayerValues { run_by: &run_by, view: &view, activation, stats: &stats };
            let placement = Placement::of(&view, &infos[node.0]);
            let painted = paint(request, plan.scale, values, &placement, cancel).map_err(of_picture)?;
            let Some(mut panel) = painted else {
                is_interrupted = true;
                return Ok(());
            };
            panel.set_remark(remark);
            let FigureKind::Mosaics(surround) = kind else {
                // Layers come in execution order, and are shown in the order they were named.
                sheet_panels.push((at * num_panels + place, panel));
                return Ok(());
            };
            let contents = Contents::Panel(panel, surround);
            let drawing = draw(FigureSpec { picture: &about, minus: None, label: &picture.label, contents })
                .map_err(|error| of_picture(error.into()))?;
            line = write(outputs, &picture.stem, Some(suffix), &drawing)?;
            *num_written += 1;
            Ok(())
        };
        check_memory(session, &view, &nodes).map_err(|error| of_picture(error.into()))?;
        let mut drawn = Ok(());
        let report = session.run(&view.preprocessed.batch, &nodes, cancel, &mut |tap| {
            drawn = draw_layer(tap.node, &tap.activation);
            if drawn.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        progress.step(1);
        drawn?;
        let report = report.map_err(|error| of_picture(error.into()))?;
        if report.outcome == Outcome::Cancelled || is_interrupted {
            return Ok(PictureEnd::Cancelled);
        }
        tracing::debug!("{}: {}, {:?}", picture.label, view.preprocessed.fit, report.elapsed);
        timings.add(&report);
    }
    if kind == FigureKind::Sheet {
        sheet_panels.sort_by_key(|(place, _)| *place);
        let panels = sheet_panels.into_iter().map(|(_, panel)| panel).collect();
        let contents = Contents::Sheet { panels, rgb: decoded.rgb, paper: request.settings.paper };
        let drawing = draw(FigureSpec { picture: &about, minus: None, label: &picture.label, contents })
            .context("the sheet")
            .map_err(of_picture)?;
        line = write(outputs, &picture.stem, None, &drawing)?;
        *num_written += 1;
    }
    Ok(PictureEnd::Done(line))
}

/// Paints a layer; `None` if the work was stopped.
fn paint(
    request: &ViewRequest,
    scale: Scale,
    values: LayerValues<'_>,
    placement: &Placement,
    cancel: &CancelToken,
) -> anyhow::Result<Option<Panel>> {
    let goes_on = || !cancel.is_cancelled();
    let settings = match request.settings_for(values.activation, values.stats, placement, &goes_on) {
        Ok(settings) => settings,
        Err(SelectionError::Interrupted) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let panel = Panel::paint(&PanelSpec {
        values,
        look: Look { settings, scale },
        selection: request.selection,
        channel: None,
        class_map: request.class_map.as_ref(),
    })?;
    Ok(Some(panel))
}

/// Refuses a run that would fill the machine's memory.
fn check_memory(session: &mut Session, view: &View, nodes: &[NodeId]) -> Result<(), EngineError> {
    let batch = &view.preprocessed.batch;
    session.check_memory(PixelSize::new(batch.width(), batch.height()), nodes, 0, available_memory())
}

/// Writes a figure and returns the line that reports it.
fn write(
    outputs: &Outputs,
    stem: &str,
    suffix: Option<&str>,
    drawing: &Drawing,
) -> Result<String, WriteError> {
    let path = outputs.figure(stem, suffix);
    drawing.write(&path)?;
    let (width, height) = (drawing.pixels.width(), drawing.pixels.height());
    Ok(format!("wrote {}, {width}×{height} pixels: \"{}\"", drawing.title, path.display()))
}
