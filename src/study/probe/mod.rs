//! Features probed: scores them by heads, beside baselines, and says which are best.

mod design;
mod known;
mod pixels;
pub(crate) mod plots;
mod random;
pub(crate) mod report;
mod save;
mod sets;
pub(crate) mod settings;
mod untrained;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};

use self::design::Design;
use self::report::{Baseline, Comparison, Line, Missing, Report, Transfer};
use self::sets::{OpenSet, open_all};
use self::settings::ProbeSettings;
use super::head_file::StoredHead;
use super::news::{StudyNews, StudyTeller};
use crate::engine::Backbone;
use crate::probe::{
    Duplicates, FitWatch, HeadScore, Interval, Permuted, Predictions, ProbeError, ProbeHead, Resamples,
    Split, TargetKind, constant_baseline, count_duplicates, evaluate, leep, logme, order_matters,
    permutation_p,
};
use crate::tensor::counted;

/// What is known of features that were extracted for the probe.
#[derive(Debug)]
pub(crate) struct JustExtracted {
    /// Milliseconds of the forward pass for each picture, by tag.
    pub(crate) milliseconds: BTreeMap<String, f64>,
    /// The networks, by tag.
    pub(crate) backbones: BTreeMap<String, Arc<Backbone>>,
    /// Pictures that gave no feature.
    pub(crate) num_failed: u64,
    /// Where the data set's files begin.
    pub(crate) root: PathBuf,
}

/// What a probe found.
#[derive(Debug)]
pub(crate) struct Probed {
    pub(crate) report: Report,
    /// The head of the best line that can be kept, if that was asked for.
    pub(crate) head: Option<StoredHead>,
    /// Why a plot that was asked for isn't there.
    pub(crate) notes: Vec<String>,
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

/// Scores heads on the sets of features at or below these folders.
///
/// # Errors
/// Features that can't be read or aren't of the same pictures, a target that can't be told, a split that can't be made, an interruption.
pub(crate) fn probe(
    args: &ProbeSettings,
    inputs: &[PathBuf],
    extracted: Option<&JustExtracted>,
    go_on: &(dyn Fn() -> bool + Sync),
    tell: &mut (dyn FnMut(StudyNews<'_>) + Send),
) -> anyhow::Result<Probed> {
    let teller = StudyTeller::new(tell);
    let mut sets = open_all(args, inputs, go_on)?;
    let design = Design::new(args, &sets)?;
    for note in &design.notes {
        teller.say(StudyNews::Note(note));
    }
    let heads = heads(args, design.target.kind())?;
    let mut report = Report::new(&design);
    let num_sets = sets.len();
    let mut ordered = None;
    let mut rivals = Vec::new();
    let mut found: Vec<Duplicates> = Vec::new();
    let progress = |done: usize, of: usize| teller.say(StudyNews::Steps { done, of });
    let watch = FitWatch { go_on, progress: &progress };
    let extra = heads.iter().map(|head| head.num_bytes(1)).max().unwrap_or(0);
    teller.say(StudyNews::Heads { total: (num_sets * heads.len()) as u64 });
    for (place, set) in sets.iter_mut().enumerate() {
        let values = set.read(args.words, extra, go_on)?;
        let width = set.width();
        found.push(count_duplicates(&values, width, &design.folds)?);
        // Asked once: of many layers, one in a hundred would find an order in rows that have none.
        if place == 0 && matches!(design.split, Split::Random) {
            ordered = order_matters(&values, width, &design.target)?.map(|by| (set.title(), by));
        }
        let backbone = extracted.and_then(|it| it.backbones.get(&set.recipe().tag));
        let known = match backbone.filter(|_| design.target.kind() == TargetKind::Classes) {
            Some(backbone) => known::probabilities(backbone, set, &values)?,
            None => None,
        };
        let leep = known.map(|(known, num)| leep(&known, num, &design.target)).transpose()?.flatten();
        let transfer = Transfer { logme: logme(&values, width, &design.target)?, leep };
        for head in &heads {
            let name = if heads.len() > 1 { format!("{} {}", set.title(), head.name()) } else { set.title() };
            teller.say(StudyNews::Features(&format!("{} {}", set.title(), head.name())));
            let count = args.num_permutations(*head).into();
            let told = fit(*head, &values, width, &design, count, watch)
                .with_context(|| format!("\"{}\"", set.folder().display()))?;
            let (scores, interval, mut rival) = judge(&name, &told.predictions, &design)?;
            let p = (!told.permuted.is_empty()).then(|| permutation_p(told.compared, &told.permuted));
            let ms = extracted.and_then(|it| it.milliseconds.get(&set.recipe().tag)).copied();
            report.lines.push(Line::new(set, &told, scores, interval, transfer, p, ms));
            rival.network.clone_from(&set.recipe().tag);
            (rival.permuted, rival.set, rival.head) = (told.permuted, place, *head);
            rival.compared = told.compared;
            rivals.push(rival);
            teller.say(StudyNews::Reach(rivals.len() as u64));
        }
    }
    teller.say(StudyNews::Over);
    rivals.sort_by(|a, b| b.score.total_cmp(&a.score));
    let share = |found: &Duplicates| found.count as f64 / found.of.max(1) as f64;
    if let Some(worst) = (0..found.len()).max_by(|a, b| share(&found[*a]).total_cmp(&share(&found[*b]))) {
        report.warn_of_duplicates(&sets[worst], &found[worst], &design);
    }
    // Of a log, another warning says it.
    if let Some((title, difference)) = ordered.filter(|_| design.neighbours_apart == 0.0) {
        report.warn_of_order(&title, difference, args.words);
    }
    report.duplicates = sets.iter().map(OpenSet::title).zip(found).collect();
    report.best_p = best_p(&rivals);
    // The baselines have the head of the best line.
    let (best, best_head) = rivals.first().map_or((0, heads[0]), |rival| (rival.set, rival.head));
    let root = pixels::find(args, &sets[best], extracted.map(|it| &*it.root));
    let baselines = baselines(args, &sets[best], root, &design, best_head, &teller, go_on, &mut report)?;
    compare(&mut report, &rivals, &baselines);
    report.sort();
    report.conclude(&design, args.words);
    let mut notes = Vec::new();
    if let (Some(folder), Some(best)) = (&args.plots, rivals.first()) {
        notes = plots::write(folder, &report, &design, &best.predictions)?;
    }
    let mut head = None;
    let kept = rivals.iter().find(|rival| rival.head != ProbeHead::Knn).filter(|_| args.keeps_head);
    if let Some(rival) = kept {
        if rivals.first().is_some_and(|best| best.head == ProbeHead::Knn) {
            let words = format!(
                "the best line is of knn, which has no weights: the head that is kept is {}",
                rival.name
            );
            report.warnings.push(words);
        }
        let (set, score) = (&mut sets[rival.set], (rival.score, Resamples::interval(&rival.draws)));
        teller.say(StudyNews::Features("the head that is kept"));
        head = Some(save::kept_head(rival.head, set, &design, score, args.words, watch)?);
        teller.say(StudyNews::Over);
    }
    let num_failed = extracted.map_or(0, |extracted| extracted.num_failed);
    if num_failed > 0 {
        let pictures = counted(num_failed as usize, "picture");
        report.warnings.push(format!("{pictures} gave no feature and are not among the rows"));
    }
    Ok(Probed { report, head, notes })
}

/// What knows less than the networks: nothing at all, the pixels, and random weights.
#[expect(clippy::too_many_arguments, reason = "each is another thing that a baseline needs")]
fn baselines(
    args: &ProbeSettings,
    set: &OpenSet,
    root: anyhow::Result<PathBuf>,
    design: &Design,
    head: ProbeHead,
    teller: &StudyTeller<'_>,
    go_on: &(dyn Fn() -> bool + Sync),
    report: &mut Report,
) -> anyhow::Result<Vec<Rival>> {
    const PIXELS: &str = "32×32 pixels";
    const RANDOM: &str = "random weights";
    let name = match design.target.kind() {
        TargetKind::Numbers => "the mean",
        TargetKind::Classes => "the most frequent class",
    };
    let mut told = vec![(name, constant_baseline(&design.target, &design.folds)?)];
    match root {
        Ok(root) => {
            let pixels = pixels::read(set, &root, go_on).map(|values| (values, pixels::WIDTH));
            let random = if let Some(why) = args.no_random_weights {
                Err(anyhow!(why))
            } else if let Err(error) = &pixels {
                // Other pictures, or none: the network can't see the right ones either.
                Err(anyhow!("{error:#}"))
            } else if go_on() {
                untrained::read(set, &root, args.maps, design.seed, &mut |news| teller.say(news), go_on)
            } else {
                Err(anyhow!("interrupted"))
            };
            for (name, values) in [(PIXELS, pixels), (RANDOM, random)] {
                match values {
                    Ok((values, width)) => {
                        teller.say(StudyNews::Features(name));
                        let progress = |done: usize, of: usize| teller.say(StudyNews::Steps { done, of });
                        let watch = FitWatch { go_on, progress: &progress };
                        told.push((name, fit(head, &values, width, design, 0, watch)?.predictions));
                        teller.say(StudyNews::Over);
                    }
                    Err(error) if !go_on() => return Err(error),
                    Err(error) => {
                        let is_asked = name == RANDOM && args.no_random_weights.is_some();
                        report.missing.push(Missing { name, why: format!("{error:#}"), is_asked });
                    }
                }
            }
        }
        Err(error) => {
            let missing = [PIXELS, RANDOM].map(|name| {
                let is_asked = name == RANDOM && args.no_random_weights.is_some();
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

fn heads(args: &ProbeSettings, kind: TargetKind) -> Result<Vec<ProbeHead>, ProbeError> {
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
