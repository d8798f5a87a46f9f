//! `probe`: scores features by heads, beside baselines, and says which are best.

mod design;
mod pixels;
mod report;
mod sets;

use anyhow::Context as _;

use self::design::Design;
use self::report::{Baseline, Difference, Line, Missing, Report};
use self::sets::open_all;
use super::exit::Exit;
use super::interrupt::cancelled_by_ctrl_c;
use super::probe_args::ProbeArgs;
use super::reporter::Reporter;
use crate::engine::CancelToken;
use crate::probe::{
    Head, HeadScore, Interval, Permuted, Predictions, ProbeError, Resamples, TargetKind, constant_baseline,
    count_duplicates, evaluate, logme, permutation_p,
};

/// Runs the command.
pub(super) fn run(args: &ProbeArgs, reporter: &Reporter) -> anyhow::Result<Exit> {
    let cancel = cancelled_by_ctrl_c()?;
    match probe(args, &cancel, reporter) {
        Ok(report) => {
            reporter.result(&report.to_text(args)?)?;
            if !args.json && !args.csv {
                report.warnings.iter().for_each(|warning| reporter.aside(&format!("warning: {warning}")));
            }
            Ok(Exit::Done)
        }
        Err(_) if cancel.is_cancelled() => {
            reporter.summary("interrupted: nothing was written");
            Ok(Exit::Interrupted)
        }
        Err(error) => Err(error),
    }
}

/// A head's scores over the draws of rows, to be compared with others.
struct Rival {
    name: String,
    score: f64,
    draws: Vec<f64>,
}

fn probe(args: &ProbeArgs, cancel: &CancelToken, reporter: &Reporter) -> anyhow::Result<Report> {
    let go_on = || !cancel.is_cancelled();
    let mut sets = open_all(args, &go_on)?;
    let design = Design::new(args, &sets)?;
    for note in &design.notes {
        reporter.note(note);
    }
    let heads = heads(args, design.target.kind())?;
    let mut report = Report::new(&design, args);
    let mut rivals = Vec::new();
    let mut baselines = Vec::new();
    let mut score = |name: &str, predictions: &Predictions| -> anyhow::Result<Baseline> {
        let (scores, interval, rival) = judge(name, predictions, &design)?;
        baselines.push(rival);
        Ok(Baseline { name: name.to_owned(), scores, interval })
    };
    let name = match design.target.kind() {
        TargetKind::Numbers => "the mean",
        TargetKind::Classes => "the most frequent class",
    };
    report.baselines.push(score(name, &constant_baseline(&design.target, &design.folds)?)?);
    let main_head = heads[0];
    match pixels::read(args, &sets[0], &go_on) {
        Ok(values) => {
            let told = fit(main_head, &values, pixels::WIDTH, &design, 0, &go_on)?;
            report.baselines.push(score("32×32 pixels", &told.predictions)?);
        }
        Err(why) if go_on() => {
            report.missing.push(Missing { name: "32×32 pixels", why: format!("{why:#}") })
        }
        Err(error) => return Err(error),
    }
    let bar = reporter.progress(sets.len() * heads.len());
    for set in &mut sets {
        bar.begin(&set.title());
        let values = set.read(&go_on)?;
        let width = set.width();
        let duplicates = count_duplicates(&values, width, &design.folds);
        report.add_duplicates(set, &duplicates, &design);
        let evidence = logme(&values, width, &design.target)?;
        for head in &heads {
            let count = if *head == Head::Ridge { args.permutations.into() } else { 0 };
            let told = fit(*head, &values, width, &design, count, &go_on)
                .with_context(|| format!("\"{}\"", set.folder().display()))?;
            let name = if heads.len() > 1 { format!("{} {}", set.title(), head.name()) } else { set.title() };
            let (scores, interval, rival) = judge(&name, &told.predictions, &design)?;
            let p = (!told.permuted.is_empty()).then(|| permutation_p(scores.main(), &told.permuted));
            report.lines.push(Line::new(set, &told, scores, interval, evidence, p));
            rivals.push(rival);
            bar.step(1);
        }
        report.duplicates.push(duplicates);
    }
    drop(bar);
    compare(&mut report, &rivals, &baselines);
    report.sort();
    report.conclude(&design);
    Ok(report)
}

fn fit(
    head: Head,
    values: &[f32],
    width: usize,
    design: &Design,
    count: usize,
    go_on: &(dyn Fn() -> bool + Sync),
) -> Result<HeadScore, ProbeError> {
    let permutations =
        Permuted { count, order: &design.order, are_in_time: design.are_in_time, seed: design.seed };
    evaluate(head, values, width, &design.target, &design.folds, permutations, go_on)
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
    Ok((scores, interval, Rival { name: name.to_owned(), score: scores.main(), draws }))
}

/// The best one beside each other, and beside each baseline.
fn compare(report: &mut Report, rivals: &[Rival], baselines: &[Rival]) {
    let Some(best) = rivals.iter().reduce(|best, other| if other.score > best.score { other } else { best })
    else {
        return;
    };
    let others = rivals.iter().filter(|rival| rival.name != best.name);
    for (rival, is_baseline) in
        others.map(|rival| (rival, false)).chain(baselines.iter().map(|rival| (rival, true)))
    {
        report.differences.push(Difference {
            best: best.name.clone(),
            other: rival.name.clone(),
            is_baseline,
            difference: best.score - rival.score,
            interval: Resamples::difference(&best.draws, &rival.draws),
        });
    }
    report.differences.sort_by(|a, b| {
        (b.is_baseline, a.difference)
            .partial_cmp(&(a.is_baseline, b.difference))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
}

fn heads(args: &ProbeArgs, kind: TargetKind) -> Result<Vec<Head>, ProbeError> {
    let mut heads: Vec<Head> = Vec::new();
    for head in &args.head {
        if *head == Head::Logistic && kind == TargetKind::Numbers {
            return Err(ProbeError::WrongHead { head: "logistic", needs: "classes", got: "numbers" });
        }
        if !heads.contains(head) {
            heads.push(*head);
        }
    }
    if heads.is_empty() {
        heads.push(match kind {
            TargetKind::Numbers => Head::Ridge,
            TargetKind::Classes => Head::Logistic,
        });
    }
    Ok(heads)
}
