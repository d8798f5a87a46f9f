//! `extract`: turns the arguments into a plan, carries it out, and reports progress to a person (text) or to a program (JSON).

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::json;

use super::download::{Consent, Downloader};
use super::exit::Exit;
use super::extract_args::ExtractArgs;
use super::interrupt::cancel_at_ctrl_c;
use super::plan::{introduce, load, nodes, specs};
use super::reporter::{Reporter, RunProgress};
use crate::engine::{CancelToken, ComputeDevice, Priority, Session, start_threads};
use crate::extract::{
    Encoding, End, Executed, Existing, ExtractEvent, ExtractPlan, ExtractSettings, ModelToRun,
    PlannedPicture, Selection, Timings, execute, overflow_words,
};
use crate::input::dataset::{
    DatasetError, ListSource, Source, SourceOptions, is_log, is_picture, open_source_as,
};
use crate::render::{Resources, check_values};
use crate::tensor::counted;
use crate::tensor::shown;

/// Largest size of a list on standard input, in bytes.
const MAX_LIST: u64 = 1 << 30;
/// Shortest time between two progress lines in JSON.
const JSON_INTERVAL: Duration = Duration::from_millis(500);

/// Runs the command.
pub(super) fn run(args: &ExtractArgs, resources: &Resources, reporter: &Reporter) -> anyhow::Result<Exit> {
    args.run.engine().check()?;
    start_threads(args.run.threads, Priority::Normal)?;
    let mut plan = plan(args, resources, reporter)?;
    let existing = Existing { resume: args.resume, allow_mixed: args.allow_mixed, overwrite: args.overwrite };
    let (total, start, places) = (plan.rows.len(), start_line(&plan), places(&plan));
    let cancel = CancelToken::new();
    let mut listening = Ok(());
    let mut teller: Option<Teller<'_>> = None;
    let done = execute(&mut plan, existing, &cancel, &mut |event| match (event, &mut teller) {
        (ExtractEvent::Found(note), _) => reporter.note(&note),
        (ExtractEvent::Begun { done, failed }, _) => {
            // Before this, Ctrl-C simply ends the program.
            listening = cancel_at_ctrl_c(&cancel);
            if listening.is_err() {
                cancel.cancel();
            }
            let mut begun = Teller::new(reporter, args.json, total, done);
            begun.start(&start, failed);
            teller = Some(begun);
        }
        (event, Some(teller)) => teller.tell(&event),
        (_, None) => {}
    });
    listening?;
    let done = match done {
        Ok(done) => done,
        Err(error) => {
            let kept = error.kept;
            let error = anyhow::Error::new(*error);
            let Some((num_done, num_failed)) = kept else { return Err(error) };
            if let Some(teller) = &mut teller {
                teller.end("failed", num_done, num_failed)?;
            }
            let total = counted(total as usize, "picture");
            return Err(error.context(format!(
                "stopped after {num_done} of {total}, which are kept; `--resume` goes on"
            )));
        }
    };
    let Executed { end, num_done, num_failed, num_overflows, timings } = done;
    let (mut teller, outcome) = match (end, teller) {
        (End::NothingToDo { changed }, _) => {
            tell_overflows(num_overflows, reporter);
            return nothing_to_do(&places, num_failed, num_overflows, &changed, args.json, reporter);
        }
        (_, None) => bail!("the run ended before it began, which is a bug of this program"),
        (End::Interrupted, Some(teller)) => (teller, "interrupted"),
        (End::Done, Some(teller)) => (teller, "done"),
    };
    teller.overflows = num_overflows;
    if let Some(timings) = timings.filter(|_| args.timings) {
        let words = timing_words(&timings, teller.num_new());
        teller.aside(&words);
    }
    teller.end(outcome, num_done, num_failed)?;
    let rate = teller.rate();
    drop(teller);
    if outcome == "interrupted" {
        reporter.summary(&format!(
            "interrupted: {num_done} of {} done and kept; the same command with `--resume` goes on",
            counted(total as usize, "picture")
        ));
        return Ok(Exit::Interrupted);
    }
    if total == 0 {
        reporter.summary(&format!("no picture falls into this shard, which is complete: {places}"));
        return Ok(Exit::Done);
    }
    if num_failed == total {
        bail!("none of {} gave a feature", counted(total as usize, "picture"));
    }
    tell_overflows(num_overflows, reporter);
    let skipped = if num_failed == 0 {
        String::new()
    } else {
        format!("; {} skipped", counted(num_failed as usize, "picture"))
    };
    reporter.summary(&format!(
        "wrote features of {}{skipped}{rate}: {places}",
        counted((total - num_failed) as usize, "picture"),
    ));
    Ok(if num_failed > 0 { Exit::SomeFailed } else { Exit::Done })
}

/// The JSON event at the start of a run; the caller fills in how many pictures earlier runs have done.
fn start_line(plan: &ExtractPlan) -> serde_json::Value {
    let sets: Vec<_> = plan
        .sets
        .iter()
        .map(|set| {
            json!({
                "model": set.recipe.tag, "layer": set.recipe.layer, "shape": set.recipe.stored.layout.shape,
                "folder": plan.set_folder(set),
            })
        })
        .collect();
    json!({
        "event": "start", "pictures": plan.rows.len(), "done": 0, "batch": plan.batch,
        "left_out": plan.rows.skipped_by_source().len(), "sets": sets,
    })
}

/// Prints a note if values became infinite in f16, with the option that avoids it.
fn tell_overflows(num: u64, reporter: &Reporter) {
    if num > 0 {
        reporter.note(&format!("{}; `--dtype f32` keeps them", overflow_words(num)));
    }
}

/// Reports that a run was already complete, with the problems it has, if any.
fn nothing_to_do(
    places: &str,
    num_failed: u64,
    num_overflows: u64,
    changed: &[PlannedPicture],
    as_json: bool,
    reporter: &Reporter,
) -> anyhow::Result<Exit> {
    let mut wrong = Vec::new();
    if num_failed > 0 {
        wrong.push(format!(
            "{} gave no feature (skipped.csv says why)",
            counted(num_failed as usize, "picture")
        ));
    }
    if let [first, rest @ ..] = changed {
        let more = if rest.is_empty() { String::new() } else { format!(", and {} more", rest.len()) };
        wrong.push(format!(
            "{} changed since, and their features are those of before (row {}, \"{}\"{more})",
            counted(changed.len(), "picture"),
            first.row,
            shown(&first.file)
        ));
    }
    reporter.summary(&if wrong.is_empty() {
        format!("nothing to do, the features are complete: {places}")
    } else {
        let wrong = wrong.join(", and ");
        format!("nothing to do, the run is over, but {wrong}; `--overwrite` begins again: {places}")
    });
    if as_json {
        for picture in changed {
            let event = json!({
                "event": "changed", "row": picture.row, "camera": picture.camera, "file": picture.file,
            });
            reporter.result(&format!("{event}\n"))?;
        }
        let end = json!({
            "event": "end", "outcome": "nothing_to_do", "skipped": num_failed, "overflows": num_overflows,
        });
        reporter.result(&format!("{end}\n"))?;
    }
    Ok(if wrong.is_empty() { Exit::Done } else { Exit::SomeFailed })
}

/// The folders of all sets as text.
fn places(plan: &ExtractPlan) -> String {
    let folders: Vec<String> =
        plan.sets.iter().map(|set| format!("\"{}\"", plan.set_folder(set).display())).collect();
    folders.join(", ")
}

/// Validates the arguments and makes the plan; cheap checks come first. The threads must have been started.
pub(super) fn plan(
    args: &ExtractArgs,
    resources: &Resources,
    reporter: &Reporter,
) -> anyhow::Result<ExtractPlan> {
    let (rows, mut file) =
        specs(&args.model, args.weights.as_deref(), &args.part.choice(), args.final_layer.as_deref())?;
    let mut layers = Vec::new();
    for row in &rows {
        check_values(row, args.preprocess)?;
        let graph = row.graph().with_context(|| format!("the graph of {} is malformed", row.tag))?;
        layers.push(nodes(&graph, row, &args.layer, rows.len() > 1)?);
    }
    if args.output.exists() && !args.output.is_dir() {
        bail!("features go into a folder, and this is a file: \"{}\"", args.output.display());
    }
    let share = match args.shard {
        Some(choice) => Some((choice.settle(&|name| std::env::var(name).ok())?, args.shard_by)),
        None => None,
    };
    let source = open(args)?;
    check_cameras(args, &*source)?;
    tell_left_out(args, &*source, reporter);
    let device = ComputeDevice::open(args.run.device)?;
    for row in &rows {
        introduce(row, args.model.is_empty() && args.weights.is_none(), reporter);
    }
    let consent = Consent { is_given: args.download.yes, is_offline: args.download.offline };
    let downloads = Downloader::new(consent, &resources.store, reporter, CancelToken::new());
    let mut models = Vec::with_capacity(rows.len());
    for (row, layers) in rows.iter().copied().zip(layers) {
        let backbone = load(row, file.take(), args.preprocess, resources, &downloads, consent, reporter)?;
        let session = Session::with_engine(Arc::new(backbone), device.clone(), args.run.engine())?;
        models.push(ModelToRun { session, layers });
    }
    let settings = ExtractSettings {
        selection: Selection {
            cameras: args.camera.clone(),
            start: args.start,
            every: args.every,
            limit: args.limit,
            labels_by_folder: args.labels.is_some(),
        },
        share,
        fit: args.fit,
        values: args.preprocess,
        encoding: Encoding { pool: args.pool, order: args.order, dtype: args.dtype },
        format: args.format,
        out: args.output.clone(),
        batch: args.batch.map(usize::from),
        part_rows: args.part_rows.into(),
    };
    Ok(ExtractPlan::new(Arc::from(source), models, settings)?)
}

fn open(args: &ExtractArgs) -> anyhow::Result<Box<dyn Source>> {
    if args.input.as_os_str() == "-" {
        for (option, is_given) in [
            ("path-column", args.path_column.is_some()),
            ("no-header", args.no_header),
            ("source", args.source.0.is_some()),
        ] {
            if is_given {
                bail!("`--{option}` doesn't go with a list on standard input, which has one path a line");
            }
        }
        let mut list = Vec::new();
        std::io::stdin()
            .lock()
            .take(MAX_LIST)
            .read_to_end(&mut list)
            .context("the list on standard input can't be read")?;
        if list.len() as u64 == MAX_LIST {
            bail!(
                "the list on standard input has more than the limit of {MAX_LIST} bytes: make several runs of it"
            );
        }
        return Ok(Box::new(ListSource::list(list, Path::new(""), Path::new("-"))?));
    }
    let is_named = args.source.0.is_some() || args.path_column.is_some();
    if !is_named && is_picture(&args.input) && !is_log(&args.input) {
        return Ok(Box::new(ListSource::one(&args.input)?));
    }
    let options = SourceOptions {
        kind: args.source.0,
        path_column: args.path_column.clone(),
        has_no_header: args.no_header,
    };
    let opened = open_source_as(&args.input, &options);
    match opened {
        Err(error @ DatasetError::UnknownKind { .. }) if !is_log(&args.input) => Err(anyhow::Error::new(
            error,
        )
        .context("for a table of pictures, name the column that has their paths with `--path-column`")),
        other => Ok(other?),
    }
}

fn check_cameras(args: &ExtractArgs, source: &dyn Source) -> anyhow::Result<()> {
    let Some(camera) = args.camera.iter().find(|camera| !source.cameras().contains(camera)) else {
        return Ok(());
    };
    let known: Vec<&str> = source.cameras().iter().map(|c| c.name()).collect();
    let known = if known.is_empty() { "pictures without cameras".to_owned() } else { known.join(", ") };
    bail!("no picture of the {camera} camera: this data set has {known}: \"{}\"", args.input.display())
}

fn tell_left_out(args: &ExtractArgs, source: &dyn Source, reporter: &Reporter) {
    for note in source.notes() {
        reporter.note(&format!("{note}: \"{}\"", args.input.display()));
    }
    if let [first, rest @ ..] = source.skipped() {
        let more = if rest.is_empty() { String::new() } else { format!(", and {} more", rest.len()) };
        let row = first.row.map(|row| format!("row {row}, ")).unwrap_or_default();
        reporter.note(&format!(
            "left out: {row}{} ({}){more}: \"{}\"",
            shown(&first.place),
            first.reason,
            args.input.display()
        ));
    }
}

fn timing_words(timings: &Timings, num_pictures: u64) -> String {
    let elapsed = timings.elapsed.as_secs_f64().max(f64::MIN_POSITIVE);
    let part = |name: &str, time: Duration, beside: &str| {
        let seconds = time.as_secs_f64();
        format!("  {name:<8}{seconds:>9.2} s {:>5.1} %{beside}\n", 100.0 * seconds / elapsed)
    };
    format!(
        "{num_pictures} pictures in {elapsed:.2} s, {:.1} a second:\n{}{}{}{}{}{}",
        num_pictures as f64 / elapsed,
        part("forward", timings.forward, ""),
        part("encode", timings.encode, ""),
        part("wait", timings.wait, "  for pictures"),
        part("decode", timings.decode, "  of all readers, beside the forward pass"),
        part("resize", timings.resize, "  of all readers, beside the forward pass"),
        part("write", timings.write, "  beside the forward pass"),
    )
}

/// Reports the progress of a run: a progress bar and lines of text for a person, lines of JSON for a program.
struct Teller<'a> {
    reporter: &'a Reporter,
    is_json: bool,
    bar: RunProgress,
    total: u64,
    first: u64,
    done: u64,
    failed: u64,
    /// Number of values too large for f16.
    overflows: u64,
    started: Instant,
    last_line: Option<Instant>,
}

impl<'a> Teller<'a> {
    fn new(reporter: &'a Reporter, is_json: bool, total: u64, done: u64) -> Self {
        let bar = reporter.long_progress(total, done);
        Self {
            reporter,
            is_json,
            bar,
            total,
            first: done,
            done,
            failed: 0,
            overflows: 0,
            started: Instant::now(),
            last_line: None,
        }
    }

    fn start(&mut self, line: &serde_json::Value, failed: u64) {
        self.failed = failed;
        let (done, total) = (self.done, self.total);
        if done > 0 {
            self.bar.above(|| self.reporter.note(&format!("going on after {done} of {total} pictures")));
        }
        let mut line = line.clone();
        line["done"] = done.into();
        // A closed pipe at the reading program is no reason to stop.
        drop(self.json_line(&line));
    }

    fn tell(&mut self, event: &ExtractEvent) {
        // A closed pipe at the reading program is no reason to stop.
        drop(match event {
            // Handled by `run`, before there is a bar.
            ExtractEvent::Found(_) | ExtractEvent::Begun { .. } => Ok(()),
            ExtractEvent::Progress { done, failed } => {
                (self.done, self.failed) = (*done, *failed);
                self.bar.reach(*done);
                if *failed > 0 {
                    self.bar.begin(&format!("{failed} skipped"));
                }
                self.progress_line()
            }
            ExtractEvent::Failed { picture, reason } => {
                let camera = picture.camera.map(|c| format!(", {c}")).unwrap_or_default();
                let words = format!("row {}{camera}: {reason}: \"{}\"", picture.row, shown(&picture.file));
                self.bar.above(|| self.reporter.skipped(&words));
                self.json_line(&json!({
                    "event": "skipped", "row": picture.row, "camera": picture.camera, "file": picture.file,
                    "reason": reason,
                }))
            }
            ExtractEvent::Note { picture, words } => self.json_line(&json!({
                "event": "note", "row": picture.row, "camera": picture.camera, "file": picture.file, "note": words,
            })),
            ExtractEvent::Assembling { set, done, total } => {
                self.bar.begin(&format!("putting {set} together: {done} of {total}"));
                if self.is_time() {
                    self.json_line(&json!({ "event": "assembling", "set": set, "done": done, "total": total }))
                } else {
                    Ok(())
                }
            }
        });
    }

    fn progress_line(&mut self) -> anyhow::Result<()> {
        let is_last = self.done == self.total;
        if !is_last && !self.is_time() {
            return Ok(());
        }
        let per_second = self.per_second();
        let left = (self.total - self.done) as f64 / per_second;
        self.json_line(&json!({
            "event": "progress", "done": self.done, "total": self.total, "skipped": self.failed,
            "pictures_per_second": round(per_second), "seconds_left": left.is_finite().then(|| round(left)),
        }))
    }

    fn end(&mut self, outcome: &str, done: u64, failed: u64) -> anyhow::Result<()> {
        self.done = done;
        let per_second = round(self.per_second());
        self.json_line(&json!({
            "event": "end", "outcome": outcome, "done": done, "total": self.total, "skipped": failed,
            "overflows": self.overflows, "pictures_per_second": per_second,
        }))
    }

    /// Whether the last JSON line was long enough ago to print another; if so, the time is noted.
    fn is_time(&mut self) -> bool {
        let is_time = self.last_line.is_none_or(|last| last.elapsed() >= JSON_INTERVAL);
        if is_time {
            self.last_line = Some(Instant::now());
        }
        is_time
    }

    fn num_new(&self) -> u64 {
        self.done - self.first
    }

    fn per_second(&self) -> f64 {
        self.num_new() as f64 / self.started.elapsed().as_secs_f64().max(f64::MIN_POSITIVE)
    }

    fn rate(&self) -> String {
        if self.num_new() < 2 { String::new() } else { format!(", {:.1} a second", self.per_second()) }
    }

    fn aside(&self, text: &str) {
        self.bar.above(|| self.reporter.aside(text));
    }

    fn json_line(&self, value: &serde_json::Value) -> anyhow::Result<()> {
        if self.is_json { self.line(value) } else { Ok(()) }
    }

    fn line(&self, value: &serde_json::Value) -> anyhow::Result<()> {
        let mut result = Ok(());
        self.bar.above(|| result = self.reporter.result(&format!("{value}\n")));
        result
    }
}

fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
