//! `animate`: an animation of a picture's channels one after the other, of a network's layers in order of depth, or of a drive.

use std::sync::Arc;

use anyhow::{Context as _, bail};

use super::animate_args::AnimateArgs;
use super::download::{Consent, Downloader};
use super::exit::Exit;
use super::interrupt::cancelled_by_ctrl_c;
use super::plan::{introduce, load, specs};
use super::reporter::Reporter;
use crate::engine::{CancelToken, ComputeDevice, Priority, Session, start_threads};
use crate::input::dataset::{PictureRef, expand_inputs, is_log};
use crate::mosaic::Normalisation;
use crate::render::{
    AnimatedPicture, Animation, AnimationChoices, AnimationError, AnimationEvent, AnimationLook,
    AnimationMode, InputChoices, Resources, animated_layers, animation_format, check_values,
};
use crate::tensor::counted;

/// Runs the command.
pub(super) fn run(args: &AnimateArgs, resources: &Resources, reporter: &Reporter) -> anyhow::Result<Exit> {
    animation_format(&args.output)?;
    let mut animation = plan(args, resources, reporter)?;
    let cancel = cancelled_by_ctrl_c()?;
    let bar = reporter.progress(animation.extent()?.num_frames);
    let mut num_skipped = 0;
    let written = animation.write(&args.output, &cancel, &mut |event| match event {
        AnimationEvent::Frame => bar.step(1),
        AnimationEvent::Skipped(reason) => {
            num_skipped += 1;
            bar.above(|| reporter.skipped(&reason));
        }
        AnimationEvent::Scale { low, high, step } => {
            let sample =
                if step == 1 { "all pictures".to_owned() } else { format!("each picture in {step}") };
            let words = format!("one scale for all frames, {low} to {high}, from {sample}");
            bar.above(|| reporter.note(&words));
        }
    });
    drop(bar);
    let extent = match written {
        Err(AnimationError::Interrupted) => {
            reporter.summary("interrupted: nothing was written, or whole frames only");
            return Ok(Exit::Interrupted);
        }
        other => other?,
    };
    reporter.summary(&format!(
        "wrote {} of {}×{} pixels: \"{}\"",
        counted(extent.num_frames, "frame"),
        extent.width,
        extent.height,
        args.output.display()
    ));
    Ok(if num_skipped > 0 { Exit::SomeFailed } else { Exit::Done })
}

/// Validates the arguments and prepares the animation; cheap checks come first.
fn plan(args: &AnimateArgs, resources: &Resources, reporter: &Reporter) -> anyhow::Result<Animation> {
    args.run.engine().check()?;
    start_threads(args.run.threads, Priority::Normal)?;
    let names: Vec<String> = args.model.iter().cloned().collect();
    let (mut rows, file) =
        specs(&names, args.weights.as_deref(), &args.part.choice(), args.final_layer.as_deref())?;
    let row = rows.remove(0);
    check_values(row, args.preprocess)?;
    let is_data_set = args.input.is_dir() || is_log(&args.input);
    let mode = args.mode.unwrap_or(if is_data_set { AnimationMode::Drive } else { AnimationMode::Channels });
    if is_data_set && mode != AnimationMode::Drive {
        bail!(
            "channels and depth are of one picture, and this is a data set: name a picture in it, or use `--mode drive`: \"{}\"",
            args.input.display()
        );
    }
    let choices = AnimationChoices {
        mode,
        layers: args.layers.clone(),
        fps: args.fps,
        look: AnimationLook {
            side: args.size.unwrap_or(mode.usual_side()),
            colour: args.colormap,
            paper: args.paper,
            normalisation: args.normalization.unwrap_or(Normalisation::Channel),
        },
        has_own_scale: args.normalization.is_some(),
        input: InputChoices { fit: args.fit, values: args.preprocess },
    };
    let graph = row.graph().with_context(|| format!("the graph of {} is malformed", row.tag))?;
    animated_layers(&graph, &choices, row.tag)?;
    let pictures = expand_inputs(std::slice::from_ref(&args.input), args.camera, None)?;
    let limit = args.limit.map_or(usize::MAX, |limit| limit as usize);
    let pictures: Vec<PictureRef> = pictures.into_iter().step_by(args.every as usize).take(limit).collect();
    introduce(row, args.model.is_none() && args.weights.is_none(), reporter);
    let device = ComputeDevice::open(args.run.device)?;
    let consent = Consent { is_given: args.download.yes, is_offline: args.download.offline };
    let downloads = Downloader::new(consent, &resources.store, reporter, CancelToken::new());
    let backbone = load(row, file, args.preprocess, resources, &downloads, consent, reporter)?;
    let session = Session::with_engine(Arc::new(backbone), device, args.run.engine())?;
    Ok(Animation::new(session, pictures.into_iter().map(AnimatedPicture::Ref).collect(), choices)?)
}
