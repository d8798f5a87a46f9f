//! Handlers about tasks: batches of figures, features of the open data set, moving pictures, comparisons and probes of features.

use std::sync::Arc;

use crate::app::message::effect::{Effects, Work};
use crate::app::message::job::{HeadJob, RunJob};
use crate::app::message::question::Question;
use crate::app::message::task::TaskCommand;
use crate::app::model::Model;
use crate::app::model::messages::{Notice, Tone};
use crate::app::model::task::Task;
use crate::app::model::task::basis::InView;
use crate::app::model::task::run_news::{RunEnd, RunNews};
use crate::app::update::requests::{basis, plan_task};
use crate::app::update::{studies, telling};
use crate::engine::CancelToken;
use crate::extract::Existing;

/// Handles a command about tasks.
pub(crate) fn apply(model: &mut Model, command: TaskCommand, effects: &mut Effects) {
    match command {
        TaskCommand::Toggle(task) => {
            let run = model.tasks.run_mut(task);
            run.is_open = !run.is_open;
            if run.is_open {
                let (spec, graph, node) =
                    (model.view().request.spec, Arc::clone(&model.view().graph), model.view().node());
                let (layer, is_final) = (&graph.node(node).name, node == graph.final_node());
                model.tasks.follow(task, &InView { tag: spec.tag, layer, is_final });
            }
            plan_task(model, task, effects);
        }
        TaskCommand::Open(task) => {
            if !model.tasks.run(task).is_open {
                apply(model, TaskCommand::Toggle(task), effects);
            }
        }
        TaskCommand::Set(scope) => {
            let (task, must_plan) = model.tasks.set(*scope);
            if must_plan {
                plan_task(model, task, effects);
            }
        }
        TaskCommand::ChoosePlace(task) => {
            let name = model.view().shown.as_ref().map_or("moving".to_owned(), |s| s.stem.clone());
            effects.push(Work::Ask(Question::TaskPlace(task, format!("{name}.gif"))));
        }
        TaskCommand::Start(task, existing) => start(model, task, existing, effects),
        TaskCommand::Cancel(task) => model.tasks.run(task).cancel(),
        TaskCommand::AddFolders(task, folders) => {
            for folder in folders {
                add_folder(model, task, &folder.display().to_string());
            }
            plan_task(model, task, effects);
        }
        TaskCommand::ShowPair(a, b) => studies::show_pair(model, effects, a, b),
        TaskCommand::ChooseResultPlace(task) => studies::choose_result_place(effects, task),
        TaskCommand::SaveResult(task, path, may_replace) => {
            studies::save_result(model, effects, task, path, may_replace);
        }
        TaskCommand::ToggleHead => model.open.head = !model.open.head,
        TaskCommand::ChooseHead => effects.push(Work::Ask(Question::Head)),
        TaskCommand::UseHead(path) => effects.push(Work::Head(HeadJob::Read(path))),
        TaskCommand::UseFittedHead => telling::use_fitted_head(model, effects),
        TaskCommand::DropHead => model.studied.telling = None,
    }
}

/// Adds a folder of features to a task over features.
fn add_folder(model: &mut Model, task: Task, folder: &str) {
    match task {
        Task::Similarity => model.tasks.similarity.scope.folders.add(folder),
        Task::Probe => model.tasks.probe.scope.folders.add(folder),
        Task::Batch | Task::Extract | Task::Animate => {}
    }
}

/// Starts a task as its preview shows it.
fn start(model: &mut Model, task: Task, existing: Existing, effects: &mut Effects) {
    if !model.tasks.is_ready(task) {
        return;
    }
    let Ok(request) = model.tasks.request(task, &basis(model)) else { return };
    let called_off = CancelToken::new();
    let run = model.tasks.run_mut(task);
    run.running = Some((RunNews::default(), called_off.clone()));
    run.report = None;
    effects.push(Work::Run(RunJob::Run(request, existing, called_off)));
}

/// Handles the progress or the end of a task.
pub(crate) fn take_news(model: &mut Model, task: Task, news: RunNews, effects: &mut Effects) {
    let end = match &news.end {
        None => None,
        Some(RunEnd::Done(words)) if news.num_failed == 0 => Some((Tone::Good, words.clone())),
        Some(RunEnd::Done(words) | RunEnd::Stopped(words)) => Some((Tone::Warning, words.clone())),
        Some(RunEnd::Failed(words)) => Some((Tone::Bad, words.clone())),
    };
    match end {
        None => {}
        // The open dialog reports it.
        Some((tone, text)) if model.tasks.run(task).is_open => {
            model.note(Notice { tone, text, until_secs: None });
        }
        Some((tone, text)) => model.say(tone, text),
    }
    // Features that were made here are at hand for what is done with features.
    for folder in &news.made {
        for task in [Task::Similarity, Task::Probe] {
            add_folder(model, task, folder);
        }
    }
    let has_made = !news.made.is_empty();
    if model.tasks.run_mut(task).take(news) {
        plan_task(model, task, effects);
    }
    if has_made {
        plan_task(model, Task::Similarity, effects);
        plan_task(model, Task::Probe, effects);
    }
}
