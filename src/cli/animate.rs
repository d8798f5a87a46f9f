//! `animate`: a picture's filters one after the other, a network's depth, or a drive, as a moving picture.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};

use super::Exit;
use super::animate_args::{AnimateArgs, Mode};
use super::download::{Consent, Downloads};
use super::interrupt::cancelled_by_ctrl_c;
use super::plan::{introduce, load, rows};
use super::reporter::{Progress, Reporter};
use super::table::counted;
use crate::engine::{CancelToken, ComputeDevice, Priority, Session, start_threads};
use crate::formats::{AnimationFormat, AnimationSettings, PushFrame, WriteError, write_animation};
use crate::graph::NodeId;
use crate::input::dataset::{PictureRef, expand_inputs, is_log};
use crate::input::{FitChoice, ValueChoice, preprocess};
use crate::mosaic::{FrameLook, Normalisation, Pixels, StripMark};
use crate::render::{
    AnimateError, AnimationLook, Resources, animate_layers, check_values, choose_animated, push_filters,
    push_mosaic,
};
use crate::tensor::{InputBatch, LayerStats, MapShape, PixelSize};

/// Frames that the scale of a drive is taken from.
const SCALE_SAMPLES: usize = 16;

/// Everything settled.
struct AnimatePlan {
    session: Session,
    pictures: Vec<PictureRef>,
    layers: Vec<NodeId>,
    shapes: Vec<MapShape>,
    mode: Mode,
    look: AnimationLook,
    fit: FitChoice,
    values: ValueChoice,
    has_own_scale: bool,
}

/// Works off the arguments.
pub(super) fn run(args: &AnimateArgs, resources: &Resources, reporter: &Reporter) -> anyhow::Result<Exit> {
    let format = format_of(&args.output)?;
    let mut plan = plan(args, resources, reporter)?;
    let cancel = cancelled_by_ctrl_c()?;
    if plan.mode == Mode::Drive && !plan.has_own_scale {
        plan.look.normalisation = drive_scale(&mut plan, reporter)?;
    }
    let (frame, num_frames) = match plan.mode {
        Mode::Filters => {
            (plan.look.filters_frame(&plan.shapes), plan.shapes.iter().map(|shape| shape.channels).sum())
        }
        Mode::Depth => (plan.look.mosaics_frame(&plan.shapes)?, plan.layers.len()),
        Mode::Drive => (plan.look.mosaics_frame(&plan.shapes)?, plan.pictures.len()),
    };
    let (width, height) = frame.size();
    let settings = AnimationSettings {
        format,
        width,
        height,
        num_frames: u32::try_from(num_frames).context("too many frames")?,
        delay_cs: (100.0 / args.fps).round().max(1.0) as u16,
        palette: plan.look.palette(),
    };
    let bar = reporter.progress(num_frames);
    let mut failed = None;
    let mut num_skipped = 0;
    let written = write_animation(&args.output, &settings, &mut |push| {
        let mut counted_push = |pixels: &Pixels| {
            bar.step(1);
            push(pixels)
        };
        let made = match plan.mode {
            Mode::Drive => {
                drive(&mut plan, &frame, &cancel, &bar, reporter, &mut num_skipped, &mut counted_push)
            }
            _ => one_picture(&mut plan, &frame, &cancel, &mut counted_push),
        };
        made.map_err(|error| {
            let words = std::io::Error::other(error.to_string());
            match error.downcast::<AnimateError>() {
                // The writer tells it with the file's name.
                Ok(AnimateError::Write(error)) => error,
                Ok(other) => {
                    failed = Some(other.into());
                    words
                }
                Err(other) => {
                    failed = Some(other);
                    words
                }
            }
        })
    });
    drop(bar);
    if cancel.is_cancelled() {
        reporter.summary("interrupted: nothing was written, or whole frames only");
        return Ok(Exit::Interrupted);
    }
    match (failed, written) {
        (Some(error), _) => return Err(error),
        (None, written) => written?,
    }
    reporter.summary(&format!(
        "wrote {} of {width}×{height} pixels: \"{}\"",
        counted(num_frames, "frame"),
        args.output.display()
    ));
    Ok(if num_skipped > 0 { Exit::SomeFailed } else { Exit::Done })
}

fn format_of(output: &Path) -> anyhow::Result<AnimationFormat> {
    let extension = output.extension().and_then(|e| e.to_str()).unwrap_or("").to_lowercase();
    if output.is_dir() || output.to_string_lossy().ends_with(std::path::is_separator) {
        return Ok(AnimationFormat::Frames);
    }
    let format = match extension.as_str() {
        "gif" => AnimationFormat::Gif,
        "png" | "apng" => AnimationFormat::Apng,
        "" => return Ok(AnimationFormat::Frames),
        _ => bail!("a moving picture is a .gif, a .png or a folder: \"{}\"", output.display()),
    };
    let parent = output.parent().filter(|p| !p.as_os_str().is_empty());
    if parent.is_some_and(|parent| !parent.is_dir()) {
        return Err(WriteError::NoFolder { path: output.to_owned() }.into());
    }
    Ok(format)
}

fn plan(args: &AnimateArgs, resources: &Resources, reporter: &Reporter) -> anyhow::Result<AnimatePlan> {
    args.run.engine().check()?;
    start_threads(args.run.threads, Priority::Normal)?;
    let names: Vec<String> = args.model.iter().cloned().collect();
    let (mut rows, file) = rows(&names, args.weights.as_deref())?;
    let row = rows.remove(0);
    check_values(row, args.preprocess)?;
    let is_data_set = args.input.is_dir() || is_log(&args.input);
    let mode = args.mode.unwrap_or(if is_data_set { Mode::Drive } else { Mode::Filters });
    if is_data_set && mode != Mode::Drive {
        bail!(
            "filters and depth are of one picture, and this is a data set: name a picture in it, or use `--mode drive`: \"{}\"",
            args.input.display()
        );
    }
    let words = match (args.layers.is_empty(), mode) {
        (false, _) => args.layers.clone(),
        (true, Mode::Filters) => vec!["first:3".to_owned()],
        (true, Mode::Depth) => vec!["all-stages".to_owned()],
        (true, Mode::Drive) => vec!["final".to_owned()],
    };
    let graph = row.graph().with_context(|| format!("the graph of {} is malformed", row.tag))?;
    let layers = choose_animated(&graph, &words, row.tag)?;
    if mode == Mode::Drive && layers.len() != 1 {
        bail!("a drive shows one layer, and `--layers` names {}", layers.len());
    }
    if layers.is_empty() {
        bail!("no layer was asked for");
    }
    let pictures = expand_inputs(std::slice::from_ref(&args.input), args.camera, None)?;
    let limit = args.limit.map_or(usize::MAX, |limit| limit as usize);
    let pictures: Vec<PictureRef> = pictures.into_iter().step_by(args.every as usize).take(limit).collect();
    introduce(row, args.model.is_none() && args.weights.is_none(), reporter);
    let device = ComputeDevice::open(args.run.device)?;
    let consent = Consent { is_given: args.download.yes, is_offline: args.download.offline };
    let downloads = Downloads::new(consent, &resources.store, reporter, CancelToken::new());
    let backbone = load(row, file, resources, &downloads, consent, reporter)?;
    let session = Session::with_engine(Arc::new(backbone), device, args.run.engine())?;
    let input = input(&session, &pictures, args.fit, args.preprocess)?;
    let infos =
        graph.infer(PixelSize::new(input.width(), input.height())).with_context(|| row.tag.to_owned())?;
    let shapes = layers.iter().map(|id| infos[id.0].shape).collect();
    let side = args.size.unwrap_or(if mode == Mode::Filters { 256 } else { 768 });
    let look = AnimationLook {
        side,
        colour: args.colormap,
        paper: args.paper,
        normalisation: args.normalise.unwrap_or(Normalisation::Filter),
    };
    Ok(AnimatePlan {
        session,
        pictures,
        layers,
        shapes,
        mode,
        look,
        fit: args.fit,
        values: args.preprocess,
        has_own_scale: args.normalise.is_some(),
    })
}

/// The first picture that can be read, as the network gets it: all frames have its layers' extents.
fn input(
    session: &Session,
    pictures: &[PictureRef],
    fit: FitChoice,
    values: ValueChoice,
) -> anyhow::Result<InputBatch> {
    let mut first_error = None;
    for picture in pictures {
        match one_input(session, picture, fit, values) {
            Ok(input) => return Ok(input),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(first_error.unwrap_or_else(|| anyhow::anyhow!("no picture")))
}

fn one_input(
    session: &Session,
    picture: &PictureRef,
    fit: FitChoice,
    values: ValueChoice,
) -> anyhow::Result<InputBatch> {
    let decoded = picture.picture.load()?;
    let spec = session.backbone().row().preprocess;
    Ok(preprocess(&decoded.rgb, &spec, fit, values)
        .with_context(|| format!("\"{}\"", picture.picture.path().display()))?
        .batch)
}

/// Filters or depth of one picture.
fn one_picture(
    plan: &mut AnimatePlan,
    frame: &FrameLook,
    cancel: &CancelToken,
    push: &mut PushFrame<'_>,
) -> anyhow::Result<()> {
    let input = input(&plan.session, &plan.pictures, plan.fit, plan.values)?;
    let (num_layers, look, mode) = (plan.layers.len(), plan.look, plan.mode);
    animate_layers(&mut plan.session, &input, &plan.layers, cancel, &mut |place, activation| {
        if mode == Mode::Filters {
            return push_filters(activation, (place, num_layers), &look, frame, cancel, push);
        }
        let words = format!("{}  {}", activation.name(), activation.shape());
        let mark = StripMark { words, num_parts: num_layers, part: place, num_steps: 1, step: 0 };
        push_mosaic(activation, &mark, &look, frame, push)
    })?;
    Ok(())
}

/// A frame a picture. One that can't be read has a frame without a mosaic, so that the others keep their times.
fn drive(
    plan: &mut AnimatePlan,
    frame: &FrameLook,
    cancel: &CancelToken,
    bar: &Progress,
    reporter: &Reporter,
    num_skipped: &mut usize,
    push: &mut PushFrame<'_>,
) -> anyhow::Result<()> {
    let num_pictures = plan.pictures.len();
    let (shape, look) = (plan.shapes[0], plan.look);
    for (at, picture) in plan.pictures.iter().enumerate() {
        let mark = |words: &str| StripMark {
            words: format!("{}  {words}", picture.label),
            num_parts: num_pictures,
            part: at,
            num_steps: 1,
            step: 0,
        };
        let input = match one_input(&plan.session, picture, plan.fit, plan.values) {
            Ok(input) => input,
            Err(error) => {
                *num_skipped += 1;
                bar.above(|| reporter.skipped(&format!("{error:#}")));
                let empty = Pixels::filled("the frame", 1, 1, look.paper.blank())?;
                push(&frame.frame(&empty, &mark("(can't be read)"))?)?;
                continue;
            }
        };
        animate_layers(&mut plan.session, &input, &plan.layers, cancel, &mut |_, activation| {
            let words = if activation.shape() == shape {
                activation.name().to_owned()
            } else {
                activation.shape().to_string()
            };
            push_mosaic(activation, &mark(&words), &look, frame, push)
        })?;
    }
    Ok(())
}

/// One scale for all frames, from some of them.
fn drive_scale(plan: &mut AnimatePlan, reporter: &Reporter) -> anyhow::Result<Normalisation> {
    let step = plan.pictures.len().div_ceil(SCALE_SAMPLES).max(1);
    let mut range: Option<(f32, f32)> = None;
    for picture in plan.pictures.iter().step_by(step) {
        // One that can't be read is told when its frame's turn comes.
        let Ok(input) = one_input(&plan.session, picture, plan.fit, plan.values) else { continue };
        for activation in plan.session.activations(&input, &plan.layers)? {
            let stats = LayerStats::of(&activation);
            range = Some(
                range.map_or((stats.min, stats.max), |(low, high)| (low.min(stats.min), high.max(stats.max))),
            );
        }
    }
    match range.filter(|(low, high)| low < high) {
        Some((low, high)) => {
            let sample =
                if step == 1 { "all pictures".to_owned() } else { format!("each picture in {step}") };
            reporter.note(&format!("one scale for all frames, {low} to {high}, from {sample}"));
            Ok(Normalisation::Fixed { low, high })
        }
        None => Ok(Normalisation::Global),
    }
}
