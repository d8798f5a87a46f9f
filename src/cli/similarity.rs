//! `similarity`: brings pictures or feature sets together, compares their layers, and hands the matrix to what prints and writes it.

use std::path::{Path, PathBuf};

use anyhow::bail;

use super::exit::Exit;
use super::extract;
use super::interrupt::{cancel_at_ctrl_c, cancelled_by_ctrl_c};
use super::output_guard::check_planned;
use super::remedy;
use super::reporter::{Reporter, RunProgress};
use super::similarity_args::SimilarityArgs;
use super::similarity_output::{check_outputs, tell, write};
use super::similarity_rdm::{Rdms, read_rdms};
use crate::engine::{CancelToken, Priority, start_threads};
use crate::extract::{Existing, ExtractEvent, Pool, execute, find_sets};
use crate::features::MapRows;
use crate::render::Resources;
use crate::similarity::{
    CkaKernel, ComparedLayer, ComparisonSettings, FeatureSet, ListedPicture, Measure, SimilarityError,
    SimilarityStep, compare, set_names,
};
use crate::study::compared::{left_out_words, picture_warnings, undefined_words};
use crate::study::matrix::{LayerFacts, SimilarityOutcome};
use crate::study::temporary::temporary_folder;
use crate::tensor::{Remedy, available_memory, counted, shown};

/// Runs the command.
pub(super) fn run(args: &SimilarityArgs, resources: &Resources, reporter: &Reporter) -> anyhow::Result<Exit> {
    let settings = settings(args)?;
    check_outputs(args)?;
    let rdms = read_rdms(args)?;
    if matches!(settings.measure, Measure::Cka(_))
        && let Some(rdm) = rdms.all.first()
    {
        let (measure, name) = (settings.measure.title(), rdm.name.clone());
        return Err(SimilarityError::NoFeatures { measure, name }.into());
    }
    let folders = set_folders(args)?;
    let ended = match folders {
        Some(folders) => {
            let cancel = cancelled_by_ctrl_c()?;
            start_threads(args.run.threads, Priority::Normal)?;
            compare_sets(args, &folders, rdms, settings, false, 0, &cancel, reporter)
        }
        None => compare_pictures(args, rdms, settings, resources, reporter),
    };
    match ended {
        Err(error) if error.chain().any(is_interruption) => {
            reporter.summary("interrupted: nothing was written");
            Ok(Exit::Interrupted)
        }
        other => other,
    }
}

fn is_interruption(cause: &(dyn std::error::Error + 'static)) -> bool {
    matches!(cause.downcast_ref(), Some(SimilarityError::Interrupted))
}

/// The settings, after options that the measure doesn't take were refused.
fn settings(args: &SimilarityArgs) -> anyhow::Result<ComparisonSettings> {
    let usual = if args.rdm.is_empty() { Measure::Cka(CkaKernel::Linear) } else { Measure::Rsa };
    let measure = match args.measure.unwrap_or(usual) {
        Measure::Cka(CkaKernel::Rbf { bandwidth }) => {
            Measure::Cka(CkaKernel::Rbf { bandwidth: args.bandwidth.unwrap_or(bandwidth) })
        }
        Measure::Neighbours { k } => Measure::Neighbours { k: args.k.unwrap_or(k) },
        other => other,
    };
    let is_cka = matches!(measure, Measure::Cka(_));
    for (option, is_given, is_taken, takes) in [
        ("--k", args.k.is_some(), matches!(measure, Measure::Neighbours { .. }), "knn"),
        (
            "--bandwidth",
            args.bandwidth.is_some(),
            matches!(measure, Measure::Cka(CkaKernel::Rbf { .. })),
            "cka-rbf",
        ),
        ("--batch", args.batch.is_some(), is_cka, "cka` and `--measure cka-rbf"),
        ("--bootstrap", args.bootstrap.is_some(), measure == Measure::Rsa, "rsa"),
    ] {
        if is_given && !is_taken {
            bail!("`{option}` goes with `--measure {takes}`, and this is {}", measure.name());
        }
    }
    Ok(ComparisonSettings {
        batch: args.batch.unwrap_or(ComparisonSettings::DEFAULT_BATCH),
        num_resamples: args.bootstrap.unwrap_or(0) as usize,
        seed: args.seed.unwrap_or(0),
        available: available_memory(),
        ..ComparisonSettings::new(measure)
    })
}

/// The folders of feature sets that the inputs are or hold; `None` if the input is a data set of pictures.
fn set_folders(args: &SimilarityArgs) -> anyhow::Result<Option<Vec<PathBuf>>> {
    let given = args.of_pictures();
    if args.inputs.is_empty() {
        return match given.first() {
            Some(option) => bail!("`{option}` goes with pictures, and none are named"),
            None => Ok(Some(Vec::new())),
        };
    }
    let is_dataset = |path: &PathBuf| path.as_os_str() == "-" || find_sets(path).is_err();
    if !given.is_empty() && args.inputs.len() == 1 && args.inputs.iter().all(is_dataset) {
        return Ok(None);
    }
    let mut folders: Vec<PathBuf> = Vec::new();
    for input in &args.inputs {
        let found = match find_sets(input) {
            Ok(found) => found,
            Err(_) if args.inputs.len() == 1 => return Ok(None),
            Err(error) => {
                return Err(anyhow::Error::new(error)
                    .context("one data set of pictures is compared at a time, or several sets of features"));
            }
        };
        for folder in found {
            let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
            if folders.iter().any(|other| real(other) == real(&folder)) {
                bail!("this set of features is named twice: \"{}\"", folder.display());
            }
            folders.push(folder);
        }
    }
    if let Some(option) = given.first() {
        bail!("`{option}` goes with pictures, and this is a set of features: \"{}\"", folders[0].display());
    }
    Ok(Some(folders))
}

/// Extracts the layers of all networks in one pass each, into a folder that is gone afterwards, and compares them.
fn compare_pictures(
    args: &SimilarityArgs,
    rdms: Rdms,
    settings: ComparisonSettings,
    resources: &Resources,
    reporter: &Reporter,
) -> anyhow::Result<Exit> {
    let [input] = &args.inputs[..] else {
        bail!("one data set of pictures is compared at a time, got {}", args.inputs.len());
    };
    let pool = args.pool.unwrap_or(Pool::Avg);
    if pool == Pool::None {
        bail!("`--pool none` keeps maps, and a picture's features are one row: take `--pool flatten`");
    }
    // The folder is made when Ctrl-C removes it again, and the plan is made before.
    let extraction =
        args.extraction(input.clone(), std::env::temp_dir().join("filterscope-similarity"), pool);
    extraction.run.engine().check()?;
    start_threads(args.run.threads, Priority::Normal)?;
    let mut plan = match extract::plan(&extraction, resources, reporter) {
        // Its own remedy is another format of the files, which nobody chooses here.
        Err(error) if remedy::of(&error) == Some(Remedy::OneSize) => bail!(
            "pictures keep their own sizes, so rows of all values differ in length: take another pooling than `--pool flatten`, or one \
             size, such as `--fit 640x480`"
        ),
        other => other?,
    };
    let outputs = [("--csv", &args.csv), ("--pairs", &args.pairs), ("--png", &args.png)];
    check_planned(
        outputs.into_iter().filter_map(|(option, path)| Some((option, path.clone()?))),
        &plan.rows,
    )?;
    let num_sets = plan.sets.len() + rdms.all.len();
    if num_sets < 2 {
        return Err(SimilarityError::TooFew { got: num_sets }.into());
    }
    let num_pictures = plan.rows.len() as usize;
    if num_pictures < 4 {
        return Err(SimilarityError::TooFewPictures { num_pictures }.into());
    }
    let cancel = CancelToken::new();
    cancel_at_ctrl_c(&cancel)?;
    let folder = temporary_folder()?;
    plan.folder = folder.path().join("features");
    plan.settings.out.clone_from(&plan.folder);
    let (existing, bar) = (
        Existing { resume: false, allow_mixed: false, overwrite: false },
        reporter.long_progress(plan.rows.len(), 0),
    );
    let done = execute(&mut plan, existing, &cancel, &mut |event| match event {
        ExtractEvent::Progress { done, .. } => bar.reach(done),
        ExtractEvent::Failed { picture, reason } => {
            bar.above(|| reporter.skipped(&format!("{reason}: \"{}\"", shown(&picture.file))));
        }
        ExtractEvent::Note { picture, words } => {
            bar.above(|| reporter.note(&format!("{words}: \"{}\"", shown(&picture.file))));
        }
        ExtractEvent::Found(_) | ExtractEvent::Begun { .. } | ExtractEvent::Assembling { .. } => {}
    })
    .map_err(|error| *error)?;
    drop(bar);
    if cancel.is_cancelled() {
        return Err(SimilarityError::Interrupted.into());
    }
    let folders: Vec<PathBuf> = plan.sets.iter().map(|set| plan.set_folder(set)).collect();
    compare_sets(args, &folders, rdms, settings, true, done.num_failed, &cancel, reporter)
}

/// Compares sets of features, and matrices of others with them.
#[expect(clippy::too_many_arguments, reason = "what both ways of coming here know")]
fn compare_sets(
    args: &SimilarityArgs,
    folders: &[PathBuf],
    rdms: Rdms,
    settings: ComparisonSettings,
    are_own: bool,
    num_failed: u64,
    cancel: &CancelToken,
    reporter: &Reporter,
) -> anyhow::Result<Exit> {
    let maps = match args.pool {
        _ if are_own => MapRows::Flattened,
        None | Some(Pool::Avg) => MapRows::Averaged,
        Some(Pool::Flatten) => MapRows::Flattened,
        Some(_) => bail!("of maps in sets of features, `--pool avg` or `--pool flatten` is taken"),
    };
    let go_on = || !cancel.is_cancelled();
    let mut sets = Vec::with_capacity(folders.len());
    for folder in folders {
        sets.push(FeatureSet::open(folder, maps, &go_on)?);
    }
    let have_maps = sets.iter().any(FeatureSet::has_maps);
    if args.pool.is_some() && !are_own && !have_maps {
        bail!("`--pool` goes with pictures or with whole maps, and these features are rows already");
    }
    if have_maps && args.pool.is_none() && !are_own {
        reporter
            .note("of whole maps the mean of each channel is compared; `--pool flatten` compares all values");
    }
    let names = set_names(&sets);
    let listed: Vec<(String, Vec<ListedPicture>)> =
        names.iter().cloned().zip(sets.iter().map(|set| set.pictures().to_vec())).collect();
    let known: Vec<Option<u64>> =
        listed.first().map(|(_, all)| all.iter().map(|one| one.xxh64).collect()).unwrap_or_default();
    let (matched, order) = rdms.matched(listed, args.sample, settings.seed)?;
    for words in order {
        reporter.note(&words);
    }
    let all_names: Vec<String> =
        names.iter().cloned().chain(rdms.all.iter().map(|rdm| rdm.name.clone())).collect();
    for words in left_out_words(&all_names, &matched) {
        reporter.note(&words);
    }
    let mut facts: Vec<LayerFacts> =
        sets.iter().map(|set| LayerFacts::of_set(set, args.pool, !are_own)).collect();
    facts.extend(rdms.all.iter().map(|rdm| LayerFacts::of_matrix(&rdm.path)));
    let warnings = picture_warnings(&matched, &known, settings.measure);
    let mut rows = matched.rows.into_iter();
    let mut layers: Vec<ComparedLayer> = Vec::with_capacity(facts.len());
    for (set, name) in sets.into_iter().zip(names) {
        layers.push(set.into_layer(name, rows.next().unwrap_or_default()));
    }
    for rdm in rdms.all {
        layers.push(rdm.into_layer(&rows.next().unwrap_or_default()));
    }
    let bar = reporter.progress(usize::MAX);
    let mut shown = None;
    let matrix = compare(layers, &matched.names, &settings, &mut |step, done, total| {
        report(&bar, &mut shown, step, done, total);
        go_on()
    })?;
    drop(bar);
    for words in &warnings {
        reporter.aside(&format!("warning: {words}"));
    }
    for words in undefined_words(&matrix) {
        reporter.note(&words);
    }
    let outcome = SimilarityOutcome { matrix: &matrix, settings: &settings, layers: &facts };
    write(args, &outcome)?;
    tell(args, &outcome, reporter)?;
    let failed = if num_failed > 0 {
        format!("; {} skipped", counted(num_failed as usize, "picture"))
    } else {
        String::new()
    };
    reporter.summary(&format!("{}{failed}", outcome.summary()));
    Ok(if num_failed > 0 { Exit::SomeFailed } else { Exit::Done })
}

fn report(
    bar: &RunProgress,
    shown: &mut Option<(SimilarityStep, u64)>,
    step: SimilarityStep,
    done: u64,
    total: u64,
) {
    if *shown != Some((step, total)) {
        *shown = Some((step, total));
        bar.set_length(total);
        bar.begin(match step {
            SimilarityStep::Pairs => "comparing layers",
            SimilarityStep::Resamples => "drawing pictures again",
            _ => "reading layers",
        });
    }
    bar.reach(done);
}
