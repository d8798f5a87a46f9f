//! Comparisons and probes of stored features, through `study`, as on the command line.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{anyhow, bail};

use crate::app::message::remedy::words;
use crate::app::model::studied::{ProbeResult, StudyResult};
use crate::app::model::task::probe::{IndexColumn, ProbePreview, ProbeRequest, USUAL_PERMUTATIONS};
use crate::app::model::task::run_news::RunEnd;
use crate::app::model::task::similarity::{SimilarityPreview, SimilarityRequest};
use crate::app::runtime::teller::Teller;
use crate::engine::{EngineError, LoadError, PlanError};
use crate::extract::{ExecuteError, MergeError, PlanProblem, find_sets};
use crate::features::{BadFeatures, Manifest, MapRows};
use crate::formats::{WriteError, write_atomically, write_whole};
use crate::graph::{ShapeError, UnknownLayer};
use crate::input::PreprocessError;
use crate::input::decode::DecodeError;
use crate::similarity::{SimilarityError, SimilarityStep};
use crate::study::compared::compare_folders;
use crate::study::head_file;
use crate::study::matrix::{write_figure, write_square};
use crate::study::news::StudyNews;
use crate::study::probe::settings::{ProbeSettings, ProbeWords};
use crate::study::probe::{Probed, probe};
use crate::tensor::{Column, ColumnKind, Remedied, counted, shown};

/// What can be done about something, in the window.
const WORDS: ProbeWords = ProbeWords {
    as_classes: "choose Classes under Read as",
    other_split: "choose another split",
    block_split: "a split by consecutive rows keeps them together",
    where_pictures: "name their folder under Pictures",
    average: "extract them with the mean of each channel, or take fewer rows",
    extract_averaged: "extract them with the mean of each channel, or take fewer rows",
};

/// An error's message with its causes and, if one of them has a remedy, what to do in the window.
pub(crate) fn told_any(error: &anyhow::Error) -> String {
    let remedy = error.chain().find_map(|cause| {
        let carried = [
            cause.downcast_ref::<SimilarityError>().and_then(Remedied::remedy),
            cause.downcast_ref::<BadFeatures>().and_then(Remedied::remedy),
            cause.downcast_ref::<MergeError>().and_then(Remedied::remedy),
            cause.downcast_ref::<WriteError>().and_then(Remedied::remedy),
            cause.downcast_ref::<ExecuteError>().and_then(Remedied::remedy),
            cause.downcast_ref::<PlanProblem>().and_then(Remedied::remedy),
            cause.downcast_ref::<LoadError>().and_then(Remedied::remedy),
            cause.downcast_ref::<EngineError>().and_then(Remedied::remedy),
            cause.downcast_ref::<PlanError>().and_then(Remedied::remedy),
            cause.downcast_ref::<UnknownLayer>().and_then(Remedied::remedy),
            cause.downcast_ref::<ShapeError>().and_then(Remedied::remedy),
            cause.downcast_ref::<DecodeError>().and_then(Remedied::remedy),
            cause.downcast_ref::<PreprocessError>().and_then(Remedied::remedy),
        ];
        carried.into_iter().flatten().next()
    });
    match remedy {
        Some(remedy) => format!("{error:#}. {}", words(&remedy)),
        None => format!("{error:#}"),
    }
}

/// The folders of all sets at or below these folders, each once, with their manifests.
fn sets(folders: &[PathBuf]) -> anyhow::Result<Vec<(PathBuf, Manifest)>> {
    let mut found: Vec<(PathBuf, Manifest)> = Vec::new();
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    for folder in folders {
        for set in find_sets(folder)? {
            if !found.iter().any(|(other, _)| real(other) == real(&set)) {
                let manifest = Manifest::read(&set).map_err(BadFeatures::from)?;
                found.push((set, manifest));
            }
        }
    }
    Ok(found)
}

fn set_words(manifest: &Manifest) -> String {
    let recipe = &manifest.recipe;
    let shape: Vec<String> = recipe.stored.layout.shape.iter().map(ToString::to_string).collect();
    let shape = if shape.is_empty() { "maps of their own sizes".to_owned() } else { shape.join("×") };
    let rows = counted(manifest.outcome.num_rows as usize, "row");
    format!("{} · {}: {rows} of {shape}", recipe.tag, recipe.layer)
}

/// What a comparison would compare.
pub(crate) fn preview_comparison(request: &SimilarityRequest) -> Result<SimilarityPreview, String> {
    let sets = sets(&request.folders).map_err(|error| told_any(&error))?;
    if sets.len() < 2 {
        let found = sets
            .first()
            .map_or_else(String::new, |(_, manifest)| format!(", and there is one: {}", set_words(manifest)));
        return Err(format!("a comparison needs the features of at least two layers{found}"));
    }
    Ok(SimilarityPreview { sets: sets.iter().map(|(_, manifest)| set_words(manifest)).collect() })
}

/// What there is to probe.
pub(crate) fn preview_probe(request: &ProbeRequest) -> Result<ProbePreview, String> {
    let sets = sets(&request.folders).map_err(|error| told_any(&error))?;
    let (_, first) = sets.first().ok_or("no features are in these folders")?;
    let is_numeric = |column: &Column| !matches!(column.kind, ColumnKind::Text);
    let columns = first.recipe.columns.iter();
    Ok(ProbePreview {
        sets: sets.iter().map(|(_, manifest)| set_words(manifest)).collect(),
        columns: columns
            .map(|column| IndexColumn { name: column.name.clone(), is_numeric: is_numeric(column) })
            .collect(),
    })
}

/// Compares layers. The result is sent before the end of the run.
pub(crate) fn compare(request: &SimilarityRequest, teller: &mut Teller<'_>) -> Result<RunEnd, String> {
    let found = sets(&request.folders).map_err(|error| told_any(&error))?;
    let folders: Vec<PathBuf> = found.into_iter().map(|(folder, _)| folder).collect();
    let go_on = teller.go_on();
    let compared =
        compare_folders(&folders, MapRows::Averaged, &request.settings, &go_on, &mut |step, done, total| {
            let what = match step {
                SimilarityStep::Pairs => "comparing layers",
                SimilarityStep::Resamples => "drawing pictures again",
                SimilarityStep::Layers | _ => "reading layers",
            };
            what.clone_into(&mut teller.news.what);
            (teller.news.done, teller.news.total) = (done, total);
            teller.tell_sometimes();
        });
    match compared {
        Ok(compared) => {
            let words = format!("compared {}", counted(compared.matrix.len(), "layer"));
            teller.result(StudyResult::Compared(Arc::new(compared)));
            Ok(RunEnd::Done(words))
        }
        Err(SimilarityError::Interrupted) => Ok(RunEnd::Stopped("stopped: nothing was compared".to_owned())),
        Err(_) if !go_on() => Ok(RunEnd::Stopped("stopped: nothing was compared".to_owned())),
        Err(error) => Err(told_any(&error.into())),
    }
}

/// Probes features. The result is sent before the end of the run.
pub(crate) fn probe_features(request: &ProbeRequest, teller: &mut Teller<'_>) -> Result<RunEnd, String> {
    let settings = ProbeSettings {
        target: request.target.clone(),
        kind: request.kind,
        split: request.split.clone(),
        folds: request.folds,
        head: request.head.into_iter().collect(),
        maps: MapRows::Averaged,
        // As often as is usual for the head, unless something else was chosen.
        permutations: (request.permutations != USUAL_PERMUTATIONS).then_some(request.permutations),
        pictures: request.pictures.clone(),
        plots: None,
        no_random_weights: (!request.has_random_weights).then_some("it was left out"),
        seed: request.seed,
        keeps_head: true,
        words: &WORDS,
    };
    let go_on = teller.go_on();
    let mut notes: Vec<String> = Vec::new();
    let mut fitted = String::new();
    let probed = probe(&settings, &request.folders, None, &go_on, &mut |news| {
        match news {
            StudyNews::Note(note) => notes.push(note.to_owned()),
            StudyNews::Heads { total } => (teller.news.done, teller.news.total) = (0, total),
            StudyNews::Pictures { what, total } => {
                teller.news.what = format!("pictures through {what}");
                (teller.news.done, teller.news.total) = (0, total);
            }
            StudyNews::Features(title) => {
                fitted = format!("fitting heads on {title}");
                teller.news.what.clone_from(&fitted);
            }
            StudyNews::Steps { done, of } => teller.news.what = format!("{fitted}, step {done} of {of}"),
            StudyNews::Reach(done) => teller.news.done = done,
            StudyNews::Over => {
                (teller.news.done, teller.news.total) = (0, 0);
                "baselines".clone_into(&mut teller.news.what);
            }
        }
        teller.tell_now();
    });
    match probed {
        Ok(Probed { mut report, head, notes: _ }) => {
            report.warnings.extend(notes);
            let words = format!("probed `{}`", shown(&request.target));
            let result = ProbeResult { report, head: head.map(Arc::new), folders: request.folders.clone() };
            teller.result(StudyResult::Probed(Arc::new(result)));
            Ok(RunEnd::Done(words))
        }
        Err(_) if !go_on() => Ok(RunEnd::Stopped("stopped: nothing was scored".to_owned())),
        Err(error) => Err(told_any(&error)),
    }
}

/// Writes a result, in the format that the file's name ends in.
pub(crate) fn save(result: &StudyResult, path: &Path, may_replace: bool) -> Result<(), String> {
    write(result, path, may_replace).map_err(|error| told_any(&error))
}

fn write(result: &StudyResult, path: &Path, may_replace: bool) -> anyhow::Result<()> {
    let read = match result {
        StudyResult::Compared(compared) => &compared.folders,
        StudyResult::Probed(probed) => &probed.folders,
    };
    if let Ok(real) = path.canonicalize() {
        if !may_replace {
            bail!("there is something of this name already; choose another: \"{}\"", path.display());
        }
        if read.iter().any(|folder| folder.canonicalize().is_ok_and(|folder| real.starts_with(folder))) {
            bail!("this file is one of those that were read; choose another name: \"{}\"", path.display());
        }
    }
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    match (result, &*ending) {
        (StudyResult::Compared(compared), "png") => write_figure(path, &compared.outcome()),
        (StudyResult::Compared(compared), "csv") => {
            Ok(write_atomically(path, |out| write_square(out, &compared.matrix))?)
        }
        (StudyResult::Compared(compared), "json") => {
            let text = serde_json::to_string_pretty(&compared.outcome().to_json())?;
            Ok(write_whole(path, |out| writeln!(out, "{text}"))?)
        }
        (StudyResult::Compared(_), _) => {
            bail!("the name must end in .png, .csv or .json: \"{}\"", path.display())
        }
        (StudyResult::Probed(probed), "csv") => {
            let text = probed.report.to_csv()?;
            Ok(write_whole(path, |out| out.write_all(text.as_bytes()))?)
        }
        (StudyResult::Probed(probed), "md") => {
            let text = probed.report.to_markdown();
            Ok(write_whole(path, |out| out.write_all(text.as_bytes()))?)
        }
        (StudyResult::Probed(probed), "json") => {
            let text = serde_json::to_string_pretty(&probed.report.to_json())?;
            Ok(write_whole(path, |out| writeln!(out, "{text}"))?)
        }
        (StudyResult::Probed(probed), "safetensors") => {
            let none = || anyhow!("there is no head to keep: nearest neighbours have no weights");
            head_file::write(path, probed.head.as_deref().ok_or_else(none)?)
        }
        (StudyResult::Probed(_), _) => {
            bail!(
                "the name must end in .csv, .md, .json, or .safetensors for the head: \"{}\"",
                path.display()
            )
        }
    }
}
