//! The command line: turns arguments into a plan, and the plan into files and tables.
//!
//! Owns arguments, exit codes, what is printed to which stream, and the order in which pictures, models and layers are processed. Must
//! not know the window: `view` returns a request, and `main` opens the window. Results (tables, JSON) go to stdout, everything else goes
//! to stderr through `reporter`.

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
mod output_guard;
mod outputs;
mod plan;
mod predict;
mod predict_args;
mod probe;
mod probe_args;
mod probe_source;
mod remedy;
mod render;
mod reporter;
mod selfcheck;
mod shared_args;
mod similarity;
mod similarity_args;
mod similarity_output;
mod similarity_rdm;
mod table;
mod timings;
mod view;
mod weights;

use std::ffi::{OsStr, OsString};
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
            // Help goes to stdout; if nobody reads it any more, the error doesn't matter.
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
        CliCommand::Predict(predict) => predict::run(&predict, resources, &reporter),
        CliCommand::Probe(probe) => probe::run(&probe, resources, &reporter),
        CliCommand::Animate(animate) => animate::run(&animate, resources, &reporter),
        CliCommand::Features(features) => features::run(&features, &reporter),
        CliCommand::Similarity(args) => similarity::run(&args, resources, &reporter),
        CliCommand::Models(models) => models::run(&models, resources, &reporter),
        CliCommand::Layers(layers) => layers::run(&layers, &reporter),
        CliCommand::Weights(weights) => weights::run(&weights, resources, &reporter),
        CliCommand::Selfcheck(selfcheck) => selfcheck::run(&selfcheck, resources, &reporter),
    };
    Next::Exit(exit.unwrap_or_else(|error| reporter.fail(&error)).into())
}

/// Inserts `view` where the first argument is an existing file, as when a desktop opens a file with this program, or has a file's name, so
/// that it is said that there is no such file, rather than no such command.
fn with_view(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    let is_command = |word: &OsString| Args::command().find_subcommand(word).is_some() || word == "help";
    if let Some(first) = arguments.get(1)
        && !is_command(first)
        && (Path::new(first).exists() || is_named_like_a_file(first))
    {
        arguments.insert(1, "view".into());
    }
    arguments
}

/// Whether a word has the ending of a file's name, or separators of a path. No command and no option has.
fn is_named_like_a_file(word: &OsStr) -> bool {
    let is_option = word.as_encoded_bytes().starts_with(b"-");
    !is_option && (Path::new(word).extension().is_some() || Path::new(word).components().count() > 1)
}

/// The exit code after the window was closed or failed to open; prints the error if there is one.
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

/// Starts the log of the program's steps on stderr, each with the seconds since the start. `FILTERSCOPE_LOG` overrides the levels that are printed.
fn start_log() {
    use tracing_subscriber::filter::Targets;
    use tracing_subscriber::fmt::time::uptime;
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::util::SubscriberInitExt;
    let levels = std::env::var("FILTERSCOPE_LOG").ok().and_then(|levels| levels.parse::<Targets>().ok());
    let levels = levels.unwrap_or_else(|| {
        Targets::new().with_default(tracing::Level::WARN).with_target("filterscope", tracing::Level::DEBUG)
    });
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_timer(uptime());
    let log = tracing_subscriber::registry().with(lines).with(levels);
    // Fails only where a subscriber exists already, which then does the same.
    drop(log.try_init());
}
