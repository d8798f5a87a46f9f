//! Long work: batches of figures, features of the open data set, moving pictures.

use std::path::PathBuf;

use crate::app::message::effect::{Effects, Work};
use crate::app::message::job::{BatchJob, Job, RunJob};
use crate::app::message::question::Question;
use crate::app::message::task::TaskCommand;
use crate::app::model::Model;
use crate::app::model::batch::BatchCounts;
use crate::app::model::messages::Tone;
use crate::app::model::run_news::{RunEnd, RunNews};
use crate::app::model::task::Task;
use crate::app::update::requests::{animate_request, extract_request, plan_task};
use crate::engine::CancelToken;
use crate::extract::Existing;

/// Does a command about long work.
pub(crate) fn apply(model: &mut Model, command: TaskCommand, effects: &mut Effects) {
    match command {
        TaskCommand::Toggle(task) => {
            let run = model.tasks.run_mut(task);
            run.is_open = !run.is_open;
            if run.is_open {
                name_network(model, task);
            }
            plan_task(model, task, effects);
        }
        TaskCommand::Set(scope) => {
            let task = model.tasks.set(*scope);
            plan_task(model, task, effects);
        }
        TaskCommand::ChoosePlace(task) => {
            let name = model.view().shown.as_ref().map_or("moving".to_owned(), |s| s.stem.clone());
            effects.push(Work::Ask(Question::TaskPlace(task, format!("{name}.gif"))));
        }
        TaskCommand::Start(task, existing) => start(model, task, existing, effects),
        TaskCommand::Cancel(task) => model.tasks.run(task).cancel(),
    }
}

/// Until a person has said where to write, a task is of the network on screen.
fn name_network(model: &mut Model, task: Task) {
    let shown = || std::iter::once(model.view().request.spec.tag.to_owned()).collect();
    match task {
        Task::Batch if model.tasks.batch.scope.folder.is_empty() => model.tasks.batch.scope.tags = shown(),
        Task::Extract if model.tasks.extract.scope.folder.is_empty() => {
            model.tasks.extract.scope.tags = shown();
        }
        Task::Batch | Task::Extract | Task::Animate => {}
    }
}

fn start(model: &mut Model, task: Task, existing: Existing, effects: &mut Effects) {
    let called_off = CancelToken::new();
    let work = match task {
        Task::Batch => batch(model, &called_off),
        Task::Extract => extract_request(model)
            .filter(|_| model.tasks.extract.is_ready())
            // Nothing else waits there: plans are not made while a run is on.
            .map(|request| Work::Run(RunJob::Extract(Box::new(request), existing, called_off.clone()))),
        Task::Animate => animate_request(model)
            .filter(|_| model.tasks.animate.is_ready())
            .map(|request| Work::Run(RunJob::Animate(Box::new(request), called_off.clone()))),
    };
    let Some(work) = work else { return };
    let run = model.tasks.run_mut(task);
    run.running = Some((RunNews::default(), called_off));
    run.report = None;
    effects.push(work);
}

fn batch(model: &Model, called_off: &CancelToken) -> Option<Work> {
    let task = &model.tasks.batch;
    let Some(Ok(plan)) = task.plan.clone().filter(|_| task.is_ready()) else { return None };
    let news = RunNews { total: plan.runs.len() as u64, ..RunNews::default() };
    Some(Work::Queue(Job::Batch(Box::new(BatchJob {
        plan,
        folder: PathBuf::from(task.scope.folder.trim()),
        device: model.device,
        next: 0,
        request: model.view().request.clone(),
        looks: model.saved,
        has_values: task.scope.has_values,
        replaces: task.scope.replaces,
        called_off: called_off.clone(),
        written: std::collections::HashSet::new(),
        counts: BatchCounts::default(),
        news,
    }))))
}

/// A task tells how far it is.
pub(crate) fn take_news(model: &mut Model, task: Task, news: RunNews, effects: &mut Effects) {
    match &news.end {
        None => {}
        Some(RunEnd::Done(words)) if news.num_failed == 0 => model.say(Tone::Good, words.clone()),
        Some(RunEnd::Done(words) | RunEnd::Stopped(words) | RunEnd::Failed(words)) => {
            model.say(Tone::Bad, words.clone());
        }
    }
    if model.tasks.run_mut(task).take(news) {
        plan_task(model, task, effects);
    }
}
