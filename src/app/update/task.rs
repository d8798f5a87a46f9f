//! Long work: batches of figures, features of the open data set, moving pictures.

use std::path::PathBuf;

use crate::app::message::effect::{Effects, Work};
use crate::app::message::job::{BatchJob, Job, RunJob};
use crate::app::message::question::Question;
use crate::app::message::task::TaskCommand;
use crate::app::model::Model;
use crate::app::model::batch::BatchNews;
use crate::app::model::messages::Tone;
use crate::app::model::task::{RunEnd, RunNews};
use crate::app::update::requests::{
    animate_request, extract_request, plan_animation, plan_batch, plan_extract,
};
use crate::engine::CancelToken;
use crate::extract::Existing;

/// Does a command about long work.
pub(crate) fn apply(model: &mut Model, command: TaskCommand, effects: &mut Effects) {
    match command {
        TaskCommand::ToggleBatch => {
            model.open.batch = !model.open.batch;
            if model.open.batch && model.batch.scope.folder.is_empty() {
                model.batch.scope.tags = std::iter::once(model.view().request.row.tag.to_owned()).collect();
            }
            plan_batch(model, effects);
        }
        TaskCommand::SetBatch(scope) => {
            model.batch.scope = *scope;
            plan_batch(model, effects);
        }
        TaskCommand::ChooseBatchFolder => effects.push(Work::Ask(Question::BatchFolder)),
        TaskCommand::StartBatch => start_batch(model, effects),
        TaskCommand::CancelBatch => {
            if let Some((_, called_off)) = &model.batch.running {
                called_off.cancel();
            }
        }
        TaskCommand::ToggleExtract => {
            model.open.extract = !model.open.extract;
            if model.open.extract && model.extract.scope.folder.is_empty() {
                model.extract.scope.tags = std::iter::once(model.view().request.row.tag.to_owned()).collect();
            }
            plan_extract(model, effects);
        }
        TaskCommand::SetExtract(scope) => {
            model.extract.scope = *scope;
            plan_extract(model, effects);
        }
        TaskCommand::ChooseExtractFolder => effects.push(Work::Ask(Question::ExtractFolder)),
        TaskCommand::StartExtract(existing) => start_extract(model, effects, existing),
        TaskCommand::CancelExtract => model.extract.cancel(),
        TaskCommand::ToggleAnimate => {
            model.open.animate = !model.open.animate;
            plan_animation(model, effects);
        }
        TaskCommand::SetAnimate(scope) => {
            model.animate.scope = *scope;
            plan_animation(model, effects);
        }
        TaskCommand::ChooseAnimationPlace => {
            let name = model.view().shown.as_ref().map_or("moving".to_owned(), |s| s.stem.clone());
            effects.push(Work::Ask(Question::AnimationFile(format!("{name}.gif"))));
        }
        TaskCommand::StartAnimate => start_animate(model, effects),
        TaskCommand::CancelAnimate => model.animate.cancel(),
    }
}

fn start_batch(model: &mut Model, effects: &mut Effects) {
    if model.batch.running.is_some() {
        return;
    }
    let Some(Ok(plan)) = model.batch.plan.clone() else { return };
    let view = model.view();
    let called_off = CancelToken::new();
    let news = BatchNews { num_runs: plan.runs.len(), ..BatchNews::default() };
    let job = BatchJob {
        plan,
        folder: PathBuf::from(model.batch.scope.folder.trim()),
        device: model.device,
        next: 0,
        request: view.request.clone(),
        looks: model.saved,
        has_values: model.batch.scope.has_values,
        replaces: model.batch.scope.replaces,
        called_off: called_off.clone(),
        written: std::collections::HashSet::new(),
        news: news.clone(),
    };
    model.batch.running = Some((news, called_off));
    model.batch.report = None;
    effects.queue(Job::Batch(Box::new(job)));
}

pub(crate) fn take_batch_news(model: &mut Model, effects: &mut Effects, news: BatchNews) {
    if !news.is_over {
        if let Some((kept, _)) = &mut model.batch.running {
            *kept = news;
        }
        return;
    }
    model.batch.running = None;
    let tone = if news.failed.is_empty() { Tone::Good } else { Tone::Bad };
    model.say(tone, news.summary());
    model.batch.report = Some(news);
    plan_batch(model, effects);
}

fn start_extract(model: &mut Model, effects: &mut Effects, existing: Existing) {
    let is_ready = matches!(model.extract.plan, Some(Ok(_))) && model.extract.running.is_none();
    let Some(request) = extract_request(model).filter(|_| is_ready) else { return };
    let called_off = CancelToken::new();
    model.extract.running = Some((RunNews::default(), called_off.clone()));
    model.extract.report = None;
    // Nothing else waits there: plans are not made while a run is on.
    effects.push(Work::Run(RunJob::Extract(Box::new(request), existing, called_off)));
}

fn start_animate(model: &mut Model, effects: &mut Effects) {
    let is_ready = matches!(model.animate.plan, Some(Ok(_))) && model.animate.running.is_none();
    let Some(request) = animate_request(model).filter(|_| is_ready) else { return };
    let called_off = CancelToken::new();
    model.animate.running = Some((RunNews::default(), called_off.clone()));
    model.animate.report = None;
    effects.push(Work::Run(RunJob::Animate(Box::new(request), called_off)));
}

/// An extraction tells how far it is.
pub(crate) fn take_extract_news(model: &mut Model, news: RunNews, effects: &mut Effects) {
    tell_end(model, &news);
    if model.extract.take(news) {
        plan_extract(model, effects);
    }
}

/// A moving picture tells how far it is.
pub(crate) fn take_animation_news(model: &mut Model, news: RunNews, effects: &mut Effects) {
    tell_end(model, &news);
    if model.animate.take(news) {
        plan_animation(model, effects);
    }
}

fn tell_end(model: &mut Model, news: &RunNews) {
    match &news.end {
        None => {}
        Some(RunEnd::Done(words)) => model.say(Tone::Good, words.clone()),
        Some(RunEnd::Stopped(words) | RunEnd::Failed(words)) => model.say(Tone::Bad, words.clone()),
    }
}
