//! The command line: arguments to a plan, and the plan to files and tables.
//!
//! Owns arguments, exit codes, what is printed where, and the order in which pictures, models and layers are worked off. Must
//! not know the window: `view` gives back a request, and `main` opens it. Results (tables, JSON) go to stdout, everything
//! else to stderr through `reporter`.

mod animate;
mod animate_args;
mod args;
mod download;
mod exit;
mod extract;
mod extract_args;
mod features;
mod interrupt;
mod layers;
mod look_args;
mod models;
mod outputs;
mod plan;
mod remedy;
mod render;
mod reporter;
mod selfcheck;
mod shared_args;
mod table;
mod timings;
mod view;
mod weights;

use std::ffi::OsString;
use std::path::Path;

use clap::{CommandFactory, Parser};

use self::args::{Args, CliCommand, ViewArgs};
use self::exit::Exit;
pub use self::exit::Next;
use self::reporter::Reporter;
use crate::render::Resources;

/// Runs the command that the arguments name; the first argument is the program's own name.
pub fn main(arguments: impl IntoIterator<Item = OsString>, resources: &Resources) -> Next {
    interrupt::outlive_file_limits();
    let args = match Args::try_parse_from(with_view(arguments)) {
        Ok(args) => args,
        Err(error) => {
            // Help goes to stdout; if nobody reads it any more, nothing is lost.
            drop(error.print());
            return Next::Exit(if error.use_stderr() { Exit::Failed } else { Exit::Done }.into());
        }
    };
    if args.verbose {
        start_log();
    }
    let reporter = Reporter::new(args.quiet, args.verbose);
    let exit = match args.command.unwrap_or_else(|| CliCommand::View(ViewArgs::default())) {
        CliCommand::View(view) => return view::run(view, &reporter),
        CliCommand::Render(render) => plan::RenderPlan::new(&render, resources, &reporter)
            .and_then(|mut plan| render::run(&mut plan, &reporter)),
        CliCommand::Extract(extract) => extract::run(&extract, resources, &reporter),
        CliCommand::Animate(animate) => animate::run(&animate, resources, &reporter),
        CliCommand::Features(features) => features::run(&features, &reporter),
        CliCommand::Models(models) => models::run(&models, resources, &reporter),
        CliCommand::Layers(layers) => layers::run(&layers, &reporter),
        CliCommand::Weights(weights) => weights::run(&weights, resources, &reporter),
        CliCommand::Selfcheck(selfcheck) => selfcheck::run(&selfcheck, resources, &reporter),
    };
    Next::Exit(exit.unwrap_or_else(|error| reporter.fail(&error)).into())
}

/// A file as the first word, as a desktop opens it with a program, means `view`.
fn with_view(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    let is_command = |word: &OsString| Args::command().find_subcommand(word).is_some() || word == "help";
    if let Some(first) = arguments.get(1)
        && !is_command(first)
        && Path::new(first).exists()
    {
        arguments.insert(1, "view".into());
    }
    arguments
}

/// The program's end after the window was open, or could not be.
#[cfg(feature = "gui")]
pub fn window_closed<E: std::error::Error + Send + Sync + 'static>(
    result: Result<(), E>,
) -> std::process::ExitCode {
    match result {
        Ok(()) => Exit::Done,
        Err(error) => Reporter::new(false, false).fail(&view::window_error(error)),
    }
    .into()
}

/// What the program does step by step, on stderr. `FILTERSCOPE_LOG` overrides what is let through.
fn start_log() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("FILTERSCOPE_LOG")
        .unwrap_or_else(|_| EnvFilter::new("filterscope=debug,warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).without_time();
    // A second subscriber is refused, and then the first one is as good.
    drop(log.try_init());
}
