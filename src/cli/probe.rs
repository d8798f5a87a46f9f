//! `probe`: scores features by heads, beside baselines, and says which are best.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::exit::Exit;
use super::interrupt::cancelled_by_ctrl_c;
use super::output_guard::check_output;
use super::probe_args::{KindChoice, PoolChoice, ProbeArgs};
use super::probe_source::extract_all;
use super::reporter::{Reporter, RunProgress};
use super::table::{Table, TableColumn, stdout_width};
use crate::engine::{CancelToken, Priority, start_threads};
use crate::extract::find_sets;
use crate::features::MapRows;
use crate::formats::WriteError;
use crate::probe::ProbeHead;
use crate::render::Resources;
use crate::study::head_file;
use crate::study::news::StudyNews;
use crate::study::probe::report::Report;
use crate::study::probe::settings::{ProbeSettings, ProbeWords};
use crate::study::probe::{Probed, plots, probe};

/// What can be done about something, on the command line.
const WORDS: ProbeWords = ProbeWords {
    as_classes: "say `--as classes`",
    other_split: "choose another `--split`",
    block_split: "`--split block` keeps them together",
    where_pictures: "`--pictures FOLDER` says where they are",
    average: "leave `--pool flatten` away, which averages the maps",
    extract_averaged: "extract them with `--pool avg`, or take fewer rows",
};

/// Runs the command.
pub(super) fn run(args: &ProbeArgs, resources: &Resources, reporter: &Reporter) -> anyhow::Result<Exit> {
    let cancel = cancelled_by_ctrl_c()?;
    match probed(args, resources, &cancel, reporter) {
        Ok((report, num_failed)) => {
            reporter.result(&text(&report, args)?)?;
            report.warnings.iter().for_each(|warning| reporter.aside(&format!("warning: {warning}")));
            Ok(if num_failed > 0 { Exit::SomeFailed } else { Exit::Done })
        }
        Err(_) if cancel.is_cancelled() => {
            reporter.summary(&match &args.data.out {
                Some(out) if out.exists() => format!(
                    "interrupted: no scores were made; what was extracted is kept in \"{}\", and the same command goes on with it",
                    out.display()
                ),
                _ => "interrupted: nothing was written".to_owned(),
            });
            Ok(Exit::Interrupted)
        }
        Err(error) => Err(error),
    }
}

/// The report, and how many pictures gave no feature.
fn probed(
    args: &ProbeArgs,
    resources: &Resources,
    cancel: &CancelToken,
    reporter: &Reporter,
) -> anyhow::Result<(Report, u64)> {
    args.data.run.engine().check()?;
    if let Some(path) = &args.save {
        check_output("--save", path, args.inputs.iter().map(PathBuf::as_path))?;
        if !args.head.is_empty() && args.head.iter().all(|head| *head == ProbeHead::Knn) {
            bail!("knn has no weights that could be kept: choose another with `--head`");
        }
    }
    if let Some(folder) = &args.plots {
        check_plots(folder, &args.inputs)?;
    }
    start_threads(args.data.run.threads, Priority::Normal)?;
    let are_features = args.inputs.iter().all(|input| find_sets(input).is_ok());
    let extracted = if are_features {
        if let Some(option) = args.data.first_given() {
            bail!(
                "`{option}` says what is extracted from a data set, and these are features that are there already"
            );
        }
        None
    } else {
        Some(extract_all(args, resources, reporter, cancel)?)
    };
    let inputs = extracted.as_ref().map_or(&args.inputs, |extracted| &extracted.folders);
    let known = extracted.as_ref().map(|extracted| &extracted.known);
    let go_on = || !cancel.is_cancelled();
    let (mut bar, mut num, mut of): (Option<RunProgress>, u64, u64) = (None, 0, 0);
    let Probed { report, head, notes } =
        probe(&settings(args), inputs, known, &go_on, &mut |news| match news {
            StudyNews::Note(note) => reporter.note(note),
            StudyNews::Heads { total } => (num, of) = (0, total),
            StudyNews::Pictures { what, total } => {
                let pictures = reporter.long_progress(total, 0);
                pictures.begin(what);
                bar = Some(pictures);
            }
            StudyNews::Features(title) => {
                let steps = reporter.progress(usize::MAX);
                steps.set_length(1);
                num += 1;
                steps.begin(&if num <= of { format!("{num} of {of}: {title}") } else { title.to_owned() });
                bar = Some(steps);
            }
            StudyNews::Steps { done, of } => {
                if let Some(bar) = &bar {
                    bar.set_length(of as u64);
                    bar.reach(done as u64);
                }
            }
            StudyNews::Reach(done) => {
                // The bar of a head is of its steps.
                if let Some(bar) = bar.as_ref().filter(|_| of == 0 || num > of) {
                    bar.reach(done);
                }
            }
            StudyNews::Over => bar = None,
        })?;
    for note in &notes {
        reporter.note(note);
    }
    if let (Some(path), Some(head)) = (&args.save, &head) {
        head_file::write(path, head)?;
    }
    Ok((report, known.map_or(0, |known| known.num_failed)))
}

/// Refuses a folder that is a file, and files that are read.
fn check_plots(folder: &Path, inputs: &[PathBuf]) -> anyhow::Result<()> {
    if folder.exists() && !folder.is_dir() {
        return Err(WriteError::NoFolder { path: folder.join("cost.png") })
            .context("`--plots` takes a folder, and this is a file");
    }
    for file in plots::files(folder) {
        check_output("--plots", &file, inputs.iter().map(PathBuf::as_path))?;
    }
    Ok(())
}

fn settings(args: &ProbeArgs) -> ProbeSettings {
    ProbeSettings {
        target: args.target.clone(),
        kind: args.kind.map(KindChoice::kind),
        split: args.split.clone(),
        folds: args.folds,
        head: args.head.clone(),
        maps: match args.pool {
            PoolChoice::Avg => MapRows::Averaged,
            PoolChoice::Flatten => MapRows::Flattened,
        },
        permutations: args.permutations,
        pictures: args.pictures.clone(),
        plots: args.plots.clone(),
        no_random_weights: args.no_random_weights.then_some("`--no-random-weights` was given"),
        seed: args.seed,
        keeps_head: args.save.is_some(),
        words: &WORDS,
    }
}

/// The report in the form that the arguments ask for.
fn text(report: &Report, args: &ProbeArgs) -> anyhow::Result<String> {
    if args.json {
        return Ok(serde_json::to_string_pretty(&report.to_json())? + "\n");
    }
    if args.csv {
        return report.to_csv();
    }
    Ok(if args.markdown { report.to_markdown() } else { table(report) })
}

fn table(report: &Report) -> String {
    let (titles, rows) = report.cells();
    let columns = titles.iter().enumerate().map(|(at, title)| match at {
        0..=2 => TableColumn::words(title),
        3 | 4 => TableColumn::number(title),
        _ => TableColumn::number(title).dispensable((titles.len() - at) as u8),
    });
    let mut table = Table::new(columns.collect());
    for row in rows {
        table.row(row);
    }
    let (text, _) = table.to_text(stdout_width());
    format!("{}\n\n{text}\n{}\n", report.heading(), report.comparisons().join("\n"))
}
