//! `probe`: scores features by heads, beside baselines, and says which are best.

mod design;
mod known;
mod pixels;
mod plots;
mod random;
mod report;
mod save;
mod sets;
mod source;
mod untrained;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};

use self::design::Design;
use self::report::{Baseline, Comparison, Line, Missing, Report, Transfer};
use self::sets::{OpenSet, open_all};
use self::source::extract_all;
use super::exit::Exit;
use super::interrupt::cancelled_by_ctrl_c;
use super::output_guard::check_output;
use super::probe_args::ProbeArgs;
use super::reporter::Reporter;
use crate::engine::{Backbone, CancelToken, Priority, start_threads};
use crate::extract::find_sets;
use crate::probe::{
    Duplicates, FitWatch, HeadScore, Interval, Permuted, Predictions, ProbeError, ProbeHead, Resamples,
    Split, TargetKind, constant_baseline, count_duplicates, evaluate, leep, logme, order_matters,
    permutation_p,
};
use crate::render::Resources;
use crate::tensor::counted;

/// Runs the command.
pub(super) fn run(args: &ProbeArgs, resources: &Resources, reporter: &Reporter) -> anyhow::Result<Exit> {
    let cancel = cancelled_by_ctrl_c()?;
    match probe(args, resources, &cancel, reporter) {
        Ok((report, num_failed)) => {
            reporter.result(&report.to_text(args)?)?;
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

/// A head's scores over the draws of rows, to be compared with others.
struct Rival {
    name: String,
    network: String,
    score: f64,
    draws: Vec<f64>,
    permuted: Vec<f64>,
    /// The score that these are compared with.
    compared: f64,
    /// The set it was fitted on.
    set: usize,
    head: ProbeHead,
    predictions: Predictions,
}

/// The report, and how many pictures gave no feature.
fn probe(
    args: &ProbeArgs,
    resources: &Resources,
    cancel: &CancelToken,
    reporter: &Reporter,
) -> anyhow::Result<(Report, u64)> {
    let go_on = || !cancel.is_cancelled();
    args.data.run.engine().check()?;
    if let Some(path) = &args.save {
        check_output("--save", path, args.inputs.iter().map(PathBuf::as_path))?;
        if !args.head.is_empty() && args.head.iter().all(|head| *head == ProbeHead::Knn) {
            bail!("knn has no weights that could be kept: choose another with `--head`");
        }
    }
    if let Some(folder) = &args.plots {
        plots::check(folder, &args.inputs.iter().map(PathBuf::as_path))?;
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
    let mut sets = open_all(args, inputs, &go_on)?;
    let design = Design::new(args, &sets)?;
    for note in &design.notes {
        reporter.note(note);
    }
    let heads = heads(args, design.target.kind())?;
    let mut report = Report::new(&design);
    let num_sets = sets.len();
    let mut ordered = None;
    let mut rivals = Vec::new();
    let mut found: Vec<Duplicates> = Vec::new();
    let extra = heads.iter().map(|head| head.num_bytes(1)).max().unwrap_or(0);
    for (place, set) in sets.iter_mut().enumerate() {
        let values = set.read(extra, &go_on)?;
        let width = set.width();
        found.push(count_duplicates(&values, width, &design.folds)?);
        if ordered.is_none() && matches!(design.split, Split::Random) {
            ordered = order_matters(&values, width, &design.target)?.map(|by| (set.title(), by));
        }
        let backbone = extracted.as_ref().and_then(|it| it.backbones.get(&set.recipe().tag));
        let transfer = transfer(set, &values, backbone.map(|it| &**it), &design)?;
        for head in &heads {
            let line = place * heads.len() + rivals.len() % heads.len() + 1;
            let title = format!("{line} of {}: {} {}", num_sets * heads.len(), set.title(), head.name());
            let count = args.num_permutations(*head).into();
            let told =
                with_bar(reporter, &title, &go_on, |watch| fit(*head, &values, width, &design, count, watch))
                    .with_context(|| format!("\"{}\"", set.folder().display()))?;
            let name = if heads.len() > 1 { format!("{} {}", set.title(), head.name()) } else { set.title() };
            let (scores, interval, mut rival) = judge(&name, &told.predictions, &design)?;
            let p = (!told.permuted.is_empty()).then(|| permutation_p(told.compared, &told.permuted));
            let ms = extracted.as_ref().and_then(|it| it.milliseconds.get(&set.recipe().tag)).copied();
            report.lines.push(Line::new(set, &told, scores, interval, transfer, p, ms));
            rival.network.clone_from(&set.recipe().tag);
            (rival.permuted, rival.set, rival.head) = (told.permuted, place, *head);
            rival.compared = told.compared;
            rivals.push(rival);
        }
    }
    rivals.sort_by(|a, b| b.score.total_cmp(&a.score));
    let share = |found: &Duplicates| found.count as f64 / found.of.max(1) as f64;
    if let Some(worst) = (0..found.len()).max_by(|a, b| share(&found[*a]).total_cmp(&share(&found[*b]))) {
        report.warn_of_duplicates(&sets[worst], &found[worst], &design);
    }
    // Of a log, another warning says it.
    if let Some((title, difference)) = ordered.filter(|_| design.neighbours_apart == 0.0) {
        report.warn_of_order(&title, difference);
    }
    report.duplicates = sets.iter().map(OpenSet::title).zip(found).collect();
    report.best_p = best_p(&rivals);
    // The baselines have the head of the best line.
    let (best, best_head) = rivals.first().map_or((0, heads[0]), |rival| (rival.set, rival.head));
    let root = pixels::find(args, &sets[best], extracted.as_ref().map(|it| &*it.root));
    let baselines = baselines(args, &sets[best], root, &design, best_head, reporter, cancel, &mut report)?;
    compare(&mut report, &rivals, &baselines);
    report.sort();
    report.conclude(&design);
    if let (Some(folder), Some(best)) = (&args.plots, rivals.first()) {
        plots::write(folder, &report, &design, &best.predictions)?
            .iter()
            .for_each(|note| reporter.note(note));
    }
    if let Some(path) = &args.save {
        keep(path, &rivals, &mut sets, &design, &mut report, reporter, &go_on)?;
    }
    let num_failed = extracted.as_ref().map_or(0, |extracted| extracted.num_failed);
    if num_failed > 0 {
        let pictures = counted(num_failed as usize, "picture");
        report.warnings.push(format!("{pictures} gave no feature and are not among the rows"));
    }
    Ok((report, num_failed))
}

/// What features are worth without a head.
fn transfer(
    set: &OpenSet,
    values: &[f32],
    backbone: Option<&Backbone>,
    design: &Design,
) -> anyhow::Result<Transfer> {
    let known = match backbone.filter(|_| design.target.kind() == TargetKind::Classes) {
        Some(backbone) => known::probabilities(backbone, set, values)?,
        None => None,
    };
    let leep = known.map(|(known, num)| leep(&known, num, &design.target)).transpose()?.flatten();
    Ok(Transfer { logme: logme(values, set.width(), &design.target)?, leep })
}

/// Keeps the best head that has weights. `rivals` come best first.
fn keep(
    path: &Path,
    rivals: &[Rival],
    sets: &mut [OpenSet],
    design: &Design,
    report: &mut Report,
    reporter: &Reporter,
    go_on: &(dyn Fn() -> bool + Sync),
) -> anyhow::Result<()> {
    let Some(rival) = rivals.iter().find(|rival| rival.head != ProbeHead::Knn) else { return Ok(()) };
    if rivals.first().is_some_and(|best| best.head == ProbeHead::Knn) {
        let words = "the best line is of knn, which has no weights: the head that is kept is";
        report.warnings.push(format!("{words} {}", rival.name));
    }
    let (set, score) = (&mut sets[rival.set], (rival.score, Resamples::interval(&rival.draws)));
    with_bar(reporter, "the head that is kept", go_on, |watch| {
        save::write_head(path, rival.head, set, design, score, watch)
    })
}

/// Fits with a bar that shows how much of it is done.
fn with_bar<T>(
    reporter: &Reporter,
    title: &str,
    go_on: &(dyn Fn() -> bool + Sync),
    run: impl FnOnce(FitWatch<'_>) -> T,
) -> T {
    let bar = reporter.progress(usize::MAX);
    bar.set_length(1);
    bar.begin(title);
    let progress = |done: usize, of: usize| {
        bar.set_length(of as u64);
        bar.reach(done as u64);
    };
    run(FitWatch { go_on, progress: &progress })
}

/// What knows less than the networks: nothing at all, the pixels, and random weights.
#[expect(clippy::too_many_arguments, reason = "each is another thing that a baseline needs")]
fn baselines(
    args: &ProbeArgs,
    set: &OpenSet,
    root: anyhow::Result<PathBuf>,
    design: &Design,
    head: ProbeHead,
    reporter: &Reporter,
    cancel: &CancelToken,
    report: &mut Report,
) -> anyhow::Result<Vec<Rival>> {
    const PIXELS: &str = "32×32 pixels";
    const RANDOM: &str = "random weights";
    let go_on = || !cancel.is_cancelled();
    let name = match design.target.kind() {
        TargetKind::Numbers => "the mean",
        TargetKind::Classes => "the most frequent class",
    };
    let mut told = vec![(name, constant_baseline(&design.target, &design.folds)?)];
    match root {
        Ok(root) => {
            let pixels = pixels::read(set, &root, &go_on).map(|values| (values, pixels::WIDTH));
            let random = if args.no_random_weights {
                Err(anyhow!("`--no-random-weights` was given"))
            } else if let Err(error) = &pixels {
                // Other pictures, or none: the network can't see the right ones either.
                Err(anyhow!("{error:#}"))
            } else if go_on() {
                untrained::read(set, &root, args.pool, design.seed, reporter, cancel)
            } else {
                Err(anyhow!("interrupted"))
            };
            for (name, values) in [(PIXELS, pixels), (RANDOM, random)] {
                match values {
                    Ok((values, width)) => {
                        let told_by = with_bar(reporter, name, &go_on, |watch| {
                            fit(head, &values, width, design, 0, watch)
                        })?;
                        told.push((name, told_by.predictions));
                    }
                    Err(error) if !go_on() => return Err(error),
                    Err(error) => {
                        let is_asked = name == RANDOM && args.no_random_weights;
                        report.missing.push(Missing { name, why: format!("{error:#}"), is_asked });
                    }
                }
            }
        }
        Err(error) => {
            let missing = [PIXELS, RANDOM].map(|name| {
                let is_asked = name == RANDOM && args.no_random_weights;
                Missing { name, why: format!("{error:#}"), is_asked }
            });
            report.missing.extend(missing);
        }
    }
    let mut rivals = Vec::new();
    for (name, predictions) in told {
        let (scores, interval, rival) = judge(name, &predictions, design)?;
        report.baselines.push(Baseline { name: name.to_owned(), scores, interval });
        rivals.push(rival);
    }
    Ok(rivals)
}

/// The share of permutations in which the best of all is as good as the best one of the true target; the choice of the best is in it. Lines
/// that have none are not in it, and there is nothing to say where the best line is one of them.
fn best_p(rivals: &[Rival]) -> Option<f64> {
    rivals.first().filter(|best| !best.permuted.is_empty())?;
    // The permutations are the same for all heads, and some have fewer.
    let permuted: Vec<&Rival> = rivals.iter().filter(|rival| !rival.permuted.is_empty()).collect();
    let num = permuted.iter().map(|rival| rival.permuted.len()).min()?;
    let most = |at: usize| permuted.iter().map(|rival| rival.permuted[at]).fold(f64::NEG_INFINITY, f64::max);
    let scores: Vec<f64> = (0..num).map(most).collect();
    let best = permuted.iter().map(|rival| rival.compared).fold(f64::NEG_INFINITY, f64::max);
    Some(permutation_p(best, &scores))
}

fn fit(
    head: ProbeHead,
    values: &[f32],
    width: usize,
    design: &Design,
    count: usize,
    watch: FitWatch<'_>,
) -> Result<HeadScore, ProbeError> {
    let permutations =
        Permuted { count, order: &design.order, are_in_time: design.are_in_time, seed: design.seed };
    evaluate(head, values, width, &design.target, &design.folds, permutations, watch)
}

fn judge(
    name: &str,
    predictions: &Predictions,
    design: &Design,
) -> anyhow::Result<(crate::probe::Scores, Interval, Rival)> {
    let measure =
        predictions.measure(&design.target).context("predictions of another kind than the target")?;
    let scores = measure.scores(&design.scored);
    let draws = design.resamples.scores(measure);
    let interval = Resamples::interval(&draws);
    Ok((
        scores,
        interval,
        Rival {
            name: name.to_owned(),
            network: String::new(),
            score: scores.main(),
            draws,
            permuted: Vec::new(),
            compared: scores.main(),
            set: 0,
            head: ProbeHead::Ridge,
            predictions: predictions.clone(),
        },
    ))
}

/// The best one beside each other, and beside each baseline. `rivals` come best first.
fn compare(report: &mut Report, rivals: &[Rival], baselines: &[Rival]) {
    let Some((best, others)) = rivals.split_first() else { return };
    let mut seen = vec![&best.network];
    let others = others.iter().enumerate().map(|(place, rival)| {
        let is_first = !seen.contains(&&rival.network);
        seen.push(&rival.network);
        (rival, false, place == 0 || is_first)
    });
    let others: Vec<_> = others.collect();
    for (rival, is_baseline, is_shown) in baselines.iter().map(|rival| (rival, true, true)).chain(others) {
        report.differences.push(Comparison {
            best: best.name.clone(),
            other: rival.name.clone(),
            is_baseline,
            is_shown,
            difference: best.score - rival.score,
            interval: Resamples::difference(&best.draws, &rival.draws),
        });
    }
}

fn heads(args: &ProbeArgs, kind: TargetKind) -> Result<Vec<ProbeHead>, ProbeError> {
    let mut heads: Vec<ProbeHead> = Vec::new();
    for head in &args.head {
        if *head == ProbeHead::Logistic && kind == TargetKind::Numbers {
            return Err(ProbeError::WrongHead { head: "logistic", needs: "classes", got: "numbers" });
        }
        if !heads.contains(head) {
            heads.push(*head);
        }
    }
    if heads.is_empty() {
        heads.push(match kind {
            TargetKind::Numbers => ProbeHead::Ridge,
            TargetKind::Classes => ProbeHead::Logistic,
        });
    }
    Ok(heads)
}
