//! `view`: a request for the window, checked as far as it can be before there is one.

use std::io::IsTerminal;

use super::args::ViewArgs;
use super::reporter::Reporter;
use super::{Exit, Next};
use crate::input::decode::{DecodeError, DecodeProblem};
use crate::render::{WindowRequest, choose_row};

/// What a person without a window can do.
const INSTEAD: &str = "`filterscope render PICTURE -o FIGURE.png` makes the same figures without one";

pub(super) fn run(args: ViewArgs, reporter: &Reporter) -> Next {
    match request(args) {
        #[cfg(feature = "gui")]
        Ok(request) => Next::OpenWindow(request),
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

fn request(args: ViewArgs) -> anyhow::Result<WindowRequest> {
    args.run.engine().check()?;
    if args.model.is_some() || args.weights.is_some() {
        choose_row(args.model.as_deref(), args.weights.is_some())?;
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
    Ok(WindowRequest {
        picture: args.image,
        frames: args.frames,
        shows_frame_times: args.frame_times,
        model: args.model,
        weights: args.weights,
        device: args.run.device,
        engine: args.run.engine(),
        threads: args.run.threads,
    })
}

/// Whether anything says where a window could open. Asked before a window library is, whose answer takes many lines.
fn has_display() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(not(unix))
        || cfg!(target_os = "macos")
        || ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"].into_iter().any(is_set)
}

/// Why the window didn't open or ended badly, on one line; window libraries give several.
#[cfg(feature = "gui")]
pub(super) fn window_error(error: impl std::error::Error + Send + Sync + 'static) -> anyhow::Error {
    let chain = format!("{:#}", anyhow::Error::new(error));
    anyhow::Error::msg(chain.split_whitespace().collect::<Vec<_>>().join(" "))
}
