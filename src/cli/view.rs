//! `view`: makes a request for the window, and checks as much of it as possible before the window opens.

use std::io::IsTerminal;

use anyhow::bail;

use super::args::ViewArgs;
use super::exit::{Exit, Next};
use super::plan::check_part;
use super::reporter::Reporter;
use crate::engine::is_onnx_path;
use crate::input::decode::{DecodeError, DecodeProblem};
use crate::models::ModelSpec;
use crate::render::{ChoiceError, WindowRequest, choose_spec_for_file, choose_spec_up_to, is_weights_path};
use crate::weights::TensorFile;
use crate::weights::fetch::FetchOptions;

/// What a user can do without a window.
const INSTEAD: &str = "`filterscope render PICTURE -o FIGURE.png` makes the same figures without one";

pub(super) fn run(args: ViewArgs, reporter: &Reporter) -> Next {
    match request(args) {
        #[cfg(feature = "gui")]
        Ok(request) => Next::OpenWindow(Box::new(request)),
        #[cfg(not(feature = "gui"))]
        Ok(WindowRequest { .. }) => {
            let error = anyhow::anyhow!("this filterscope was built without its window; {INSTEAD}");
            Next::Exit(reporter.fail(&error).into())
        }
        Err(error) => {
            let exit: Exit = reporter.fail(&error);
            Next::Exit(exit.into())
        }
    }
}

fn request(mut args: ViewArgs) -> anyhow::Result<WindowRequest> {
    args.run.engine().check()?;
    // A weight file or ONNX file may be given in place of a picture, as when a desktop opens it with this program.
    if let Some(path) = args.image.take_if(|path| is_weights_path(path) && path.exists()) {
        let taken = if is_onnx_path(&path) { args.model.is_some() } else { args.weights.is_some() };
        match path.to_str() {
            _ if taken => bail!("two networks are named; leave one away: \"{}\"", path.display()),
            Some(name) if is_onnx_path(&path) => args.model = Some(name.to_owned()),
            _ => args.weights = Some(path),
        }
    }
    check_part(args.weights.as_deref(), &args.part.choice())?;
    match (&args.model, &args.weights) {
        (Some(name), weights) => {
            choose_spec_up_to(Some(name), weights.is_some(), args.final_layer.as_deref())?;
        }
        (None, _) if args.final_layer.is_some() => {
            choose_spec_up_to(None, false, args.final_layer.as_deref())?;
        }
        (None, Some(path)) => {
            let file = TensorFile::read_part(path, &args.part.choice())?;
            match choose_spec_for_file(None, &file) {
                // If more must be chosen, the window asks: which model, which part, or averaged weights or not.
                Ok(spec) if settles(&file, spec) => args.model = Some(spec.tag.to_owned()),
                Ok(_) | Err(ChoiceError::Several { .. } | ChoiceError::SeveralParts { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        (None, None) => {}
    }
    if let Some(path) = args.image.as_ref().filter(|path| !path.exists()) {
        let place = path.display().to_string();
        return Err(DecodeError { place, problem: DecodeProblem::Missing }.into());
    }
    if args.frames.is_some() && std::io::stdin().is_terminal() {
        anyhow::bail!(
            "`--frames` reads raw RGB from standard input, and that is a terminal; pipe frames in: `ffmpeg -i VIDEO -f rawvideo -pix_fmt rgb24 -s 640x480 - | filterscope view --frames 640x480`"
        );
    }
    if cfg!(feature = "gui") && !has_display() {
        anyhow::bail!("there is no display to open a window on; {INSTEAD}");
    }
    let mut downloads = FetchOptions::from_env();
    if args.offline {
        downloads.offline_by = Some("--offline");
    }
    Ok(WindowRequest {
        picture: args.image,
        frames: args.frames,
        shows_frame_times: args.frame_times,
        model: args.model,
        part: args.part.choice(),
        final_layer: args.final_layer,
        weights: args.weights,
        device: args.run.device,
        engine: args.run.engine(),
        threads: args.run.threads,
        memory: None,
        downloads: Some(downloads),
    })
}

/// Whether nothing but the model has to be chosen for a weight file.
fn settles(file: &TensorFile, spec: &ModelSpec) -> bool {
    let part = spec.graph().ok().and_then(|graph| file.part_for(&graph, spec.tag, spec.head_prefixes).ok());
    part.is_some_and(|file| file.choice().ema || !file.part().has_other_average())
}

/// Whether there seems to be a display for the window. Checked before a window library is called, whose error message is many lines long.
fn has_display() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(not(unix))
        || cfg!(target_os = "macos")
        || ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"].into_iter().any(is_set)
}

/// The error with which the window failed, on one line; those of window libraries have several lines.
#[cfg(feature = "gui")]
pub(super) fn window_error(error: impl std::error::Error + Send + Sync + 'static) -> anyhow::Error {
    let chain = format!("{:#}", anyhow::Error::new(error));
    anyhow::Error::msg(chain.split_whitespace().collect::<Vec<_>>().join(" "))
}
