//! `features`: shows how features were made, checks that they are undamaged, and merges shards.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use serde_json::json;

use super::exit::Exit;
use super::interrupt::cancelled_by_ctrl_c;
use super::reporter::Reporter;
use crate::extract::{
    Findings, MergeError, MergeStep, VerifyError, find_sets, merge, overflow_words, verify,
};
use crate::features::{BadFeatures, Manifest, StoredFeatures};
use crate::tensor::counted;
use crate::tensor::shown;

/// Look at features, check them, or merge shards
#[derive(Debug, ClapArgs)]
pub(super) struct FeaturesArgs {
    #[command(subcommand)]
    pub command: FeaturesCommand,
}

/// What is done with them.
#[derive(Debug, Subcommand)]
pub(super) enum FeaturesCommand {
    /// Say how features were made and how many there are
    Info {
        /// Folders of features, or folders that hold some
        #[arg(required = true, value_name = "FOLDER")]
        folders: Vec<PathBuf>,
        /// The whole manifests as JSON
        #[arg(long)]
        json: bool,
    },
    /// Read everything and compare it with what was written: every file, the rows' order, numbers and labels
    Verify {
        /// Folders of features, or folders that hold some
        #[arg(required = true, value_name = "FOLDER")]
        folders: Vec<PathBuf>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Bring the shards of a run together: the result is that of one run over everything
    ///
    /// Shards must agree, be complete and have no picture twice; otherwise nothing is written.
    Merge {
        /// Folders of shards, or the folder that holds them all
        #[arg(required = true, value_name = "FOLDER")]
        folders: Vec<PathBuf>,
        /// The folder that the features go into
        #[arg(short, long, value_name = "OUT")]
        output: PathBuf,
    },
}

pub(super) fn run(args: &FeaturesArgs, reporter: &Reporter) -> anyhow::Result<Exit> {
    match &args.command {
        FeaturesCommand::Info { folders, json } => info(folders, *json, reporter),
        FeaturesCommand::Verify { folders, json } => check(folders, *json, reporter),
        FeaturesCommand::Merge { folders, output } => bring_together(folders, output, reporter),
    }
}

fn sets(folders: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut sets = Vec::new();
    for folder in folders {
        sets.extend(find_sets(folder)?);
    }
    Ok(sets)
}

fn info(folders: &[PathBuf], as_json: bool, reporter: &Reporter) -> anyhow::Result<Exit> {
    let mut manifests = Vec::new();
    for set in sets(folders)? {
        let manifest = Manifest::read(&set).map_err(BadFeatures::from)?;
        manifests.push((set, manifest));
    }
    let text = if as_json {
        let all: Vec<_> = manifests
            .iter()
            .map(|(folder, manifest)| json!({ "folder": folder, "manifest": manifest }))
            .collect();
        serde_json::to_string_pretty(&all)? + "\n"
    } else {
        manifests.iter().map(|(folder, manifest)| words(folder, manifest)).collect::<Vec<_>>().join("\n")
    };
    reporter.result(&text)?;
    Ok(Exit::Done)
}

fn words(folder: &std::path::Path, manifest: &Manifest) -> String {
    use std::fmt::Write as _;
    let (recipe, outcome) = (&manifest.recipe, &manifest.outcome);
    let stored = &recipe.stored;
    let shape: Vec<String> = stored.layout.shape.iter().map(ToString::to_string).collect();
    let shape = if shape.is_empty() { "of different sizes".to_owned() } else { shape.join("×") };
    let level = recipe.dispatch_level.as_ref().map(|level| format!("/{level}")).unwrap_or_default();
    let mut text = format!("{}\n", folder.display());
    let mut line = |name: &str, value: String| {
        // Writing to a string doesn't fail.
        let _ = writeln!(text, "  {name:<12}{value}");
    };
    line(
        "features",
        format!(
            "{} of {shape}, {}, {}, order {}",
            outcome.num_rows, stored.layout.dtype, stored.format, stored.order
        ),
    );
    line("model", format!("{}, layer {}, pool {}", recipe.tag, recipe.layer, recipe.pool));
    let part = recipe.weights_part.as_ref().map_or_else(String::new, |part| format!(", of it `{part}`"));
    let source = recipe
        .weights_source_sha256
        .as_ref()
        .map_or_else(String::new, |source| format!(", imported from {source}"));
    line("weights", format!("{} {}{source}{part}", recipe.weights, recipe.weights_sha256));
    if let Some(part) = &recipe.in_file {
        let place = if part.model.is_empty() {
            "at the top of the file".to_owned()
        } else {
            format!("`{}` in the file", part.model)
        };
        let head = if part.head.is_empty() {
            String::new()
        } else {
            format!("; its head: {}", part.head.join(", "))
        };
        line("network", format!("{place}{head}"));
    }
    line(
        "input",
        format!("{} ({}), {}, {}", recipe.input_size, recipe.fit, recipe.filter, recipe.value_scale),
    );
    line("computed", format!("{}{level} on {}, {}", recipe.engine, recipe.device, recipe.program));
    line("source", format!("{}, {}", recipe.source, counted(recipe.num_pictures as usize, "picture")));
    for note in &recipe.source_notes {
        line("", note.clone());
    }
    if let Some(shard) = &recipe.shard {
        line(
            "shard",
            format!(
                "{} of {} by {}, {}",
                shard.index,
                shard.count,
                shard.by,
                counted(recipe.num_planned as usize, "picture")
            ),
        );
    }
    line(
        "left out",
        format!("{} failed, {} missing from the start", outcome.num_failed, outcome.num_left_out),
    );
    if outcome.num_overflows > 0 {
        line("overflows", overflow_words(outcome.num_overflows));
    }
    for mixed in &outcome.mixed {
        let names: Vec<&str> = mixed.changed.iter().map(|(name, ..)| name.as_str()).collect();
        line("mixed", format!("{} changed from picture {} on", names.join(", "), mixed.from));
    }
    if let Some(hash) = &manifest.set_sha256 {
        line("hash", hash.clone());
    }
    let columns: Vec<&str> = recipe.columns.iter().map(|column| column.name.as_str()).collect();
    line("columns", columns.join(", "));
    text
}

fn check(folders: &[PathBuf], as_json: bool, reporter: &Reporter) -> anyhow::Result<Exit> {
    let cancel = cancelled_by_ctrl_c()?;
    let mut num_bad = 0;
    for folder in sets(folders)? {
        let found = StoredFeatures::open(&folder).map_err(VerifyError::from).and_then(|mut features| {
            let bar = reporter.long_progress(features.manifest().outcome.num_rows, 0);
            verify(&mut features, &cancel, &mut |row| bar.reach(row))
        });
        if matches!(found, Err(VerifyError::Interrupted)) {
            return Ok(Exit::Interrupted);
        }
        let found = match found {
            // The system refused access. That says nothing about the features, and the other sets would fail in the same way.
            Err(error) if error.is_refused() => return Err(error.into()),
            other => other,
        };
        num_bad += usize::from(found.is_err());
        let text = match (&found, as_json) {
            (Ok(findings), true) => {
                json!({ "folder": folder, "whole": true, "findings": findings }).to_string()
            }
            (Err(error), true) => {
                json!({ "folder": folder, "whole": false, "error": error.to_string() }).to_string()
            }
            (Ok(findings), false) => format!("whole: {}: \"{}\"", finding_words(findings), folder.display()),
            (Err(error), false) => format!("not whole: {error}: \"{}\"", folder.display()),
        };
        reporter.result(&format!("{text}\n"))?;
        if let Ok(Findings { strays, .. }) = &found
            && !strays.is_empty()
            && !as_json
        {
            reporter.note(&format!("{}: \"{}\"", stray_words(strays), folder.display()));
        }
    }
    Ok(if num_bad > 0 { Exit::Failed } else { Exit::Done })
}

/// The words for files that don't belong to a set.
fn stray_words(strays: &[String]) -> String {
    let named: Vec<String> = strays.iter().take(3).map(|name| format!("`{}`", shown(name))).collect();
    let more = if strays.len() > 3 { format!(" and {} more", strays.len() - 3) } else { String::new() };
    let are = if strays.len() == 1 { "is none" } else { "are none" };
    format!("{} here {are} of this set's: {}{more}", counted(strays.len(), "file"), named.join(", "))
}

fn finding_words(findings: &Findings) -> String {
    let mut words =
        vec![counted(findings.num_rows as usize, "row"), counted(findings.num_values as usize, "value")];
    for (count, what) in [
        (findings.num_nan, "NaN"),
        (findings.num_infinite, "infinite"),
        (findings.num_dead_rows, "rows of zeros"),
    ] {
        if count > 0 {
            words.push(format!("{count} {what}"));
        }
    }
    if findings.num_overflows > 0 {
        words.push(overflow_words(findings.num_overflows));
    }
    let words = words.join(", ");
    if findings.has_all_hashes {
        words
    } else {
        format!(
            "{words}; an earlier version made it and kept a hash of the numbers only: changes of labels, of index.csv, of what was left out and of the manifest are not found"
        )
    }
}

fn bring_together(
    folders: &[PathBuf],
    output: &std::path::Path,
    reporter: &Reporter,
) -> anyhow::Result<Exit> {
    let cancel = cancelled_by_ctrl_c()?;
    let bar = reporter.long_progress(0, 0);
    let mut told = String::new();
    let mut notes = Vec::new();
    let mut watch = |step: MergeStep<'_>, row, total| {
        let words = match step {
            MergeStep::Checking(folder) => format!("checking \"{}\"", folder.display()),
            MergeStep::Writing(set) => set.to_owned(),
        };
        if told != words {
            bar.begin(&words);
            told = words;
        }
        bar.set_length(total);
        bar.reach(row);
    };
    let merged = merge(folders, output, &cancel, &mut watch, &mut |note| notes.push(note));
    drop(bar);
    for note in &notes {
        reporter.note(note);
    }
    match merged {
        Err(MergeError::Interrupted) => {
            reporter.summary("interrupted: nothing half is left");
            Ok(Exit::Interrupted)
        }
        Err(error) => Err(error.into()),
        Ok(sets) => {
            for (folder, num_rows) in sets {
                let rows = counted(num_rows as usize, "row");
                let num_overflows = Manifest::read(&folder).map_or(0, |it| it.outcome.num_overflows);
                if num_overflows > 0 {
                    let place = folder.display();
                    reporter.note(&format!("{}: \"{place}\"", overflow_words(num_overflows)));
                }
                reporter.summary(&format!("merged {rows}: \"{}\"", folder.display()));
            }
            Ok(Exit::Done)
        }
    }
}
