//! Long work as plain data: batches of figures, features of a data set, moving pictures. What is asked for, what would be written, how far
//! it is, what came of it.

use std::sync::Arc;

use crate::app::model::animation::{AnimatePreview, AnimateScope};
use crate::app::model::batch::BatchScope;
use crate::app::model::extraction::{ExtractPreview, ExtractScope};
use crate::app::model::run_news::RunNews;
use crate::engine::CancelToken;
use crate::render::BatchPlan;

/// A kind of long work. There is one of each at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Many figures.
    Batch,
    /// Features of the open data set.
    Extract,
    /// A moving picture.
    Animate,
}

impl Task {
    /// All of them, the one that lies lowest on the screen first.
    pub(crate) const ALL: [Self; 3] = [Self::Batch, Self::Extract, Self::Animate];
}

/// What a task is to be of.
#[derive(Clone)]
pub(crate) enum TaskScope {
    Batch(BatchScope),
    Extract(ExtractScope),
    Animate(AnimateScope),
}

/// What a task would write, or why nothing.
pub(crate) enum TaskPlan {
    Batch(Result<Arc<BatchPlan>, String>),
    Extract(Result<Arc<ExtractPreview>, String>),
    Animate(Result<AnimatePreview, String>),
}

/// A task before, while and after it is done.
pub(crate) struct TaskState<S, P> {
    pub(crate) scope: S,
    /// What would be written, or why nothing; none while it is worked out.
    pub(crate) plan: Option<Result<P, String>>,
    pub(crate) run: TaskRun,
}

/// What all tasks have.
#[derive(Default)]
pub(crate) struct TaskRun {
    /// Whether its window is open.
    pub(crate) is_open: bool,
    pub(crate) running: Option<(RunNews, CancelToken)>,
    pub(crate) report: Option<RunNews>,
}

/// All tasks.
pub(crate) struct Tasks {
    pub(crate) batch: TaskState<BatchScope, Arc<BatchPlan>>,
    pub(crate) extract: TaskState<ExtractScope, Arc<ExtractPreview>>,
    pub(crate) animate: TaskState<AnimateScope, AnimatePreview>,
}

impl<S, P> TaskState<S, P> {
    fn new(scope: S) -> Self {
        Self { scope, plan: None, run: TaskRun::default() }
    }

    /// Whether it can begin.
    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.plan, Some(Ok(_))) && self.run.running.is_none()
    }
}

impl Tasks {
    /// Tasks of what is on screen.
    pub(crate) fn of(tag: &str) -> Self {
        Self {
            batch: TaskState::new(BatchScope::first(tag)),
            extract: TaskState::new(ExtractScope::first(tag)),
            animate: TaskState::new(AnimateScope::first()),
        }
    }

    /// How one of them stands.
    pub(crate) fn run(&self, task: Task) -> &TaskRun {
        match task {
            Task::Batch => &self.batch.run,
            Task::Extract => &self.extract.run,
            Task::Animate => &self.animate.run,
        }
    }

    /// To change how one of them stands.
    pub(crate) fn run_mut(&mut self, task: Task) -> &mut TaskRun {
        match task {
            Task::Batch => &mut self.batch.run,
            Task::Extract => &mut self.extract.run,
            Task::Animate => &mut self.animate.run,
        }
    }

    /// Takes what one is to be of; gives which.
    pub(crate) fn set(&mut self, scope: TaskScope) -> Task {
        match scope {
            TaskScope::Batch(scope) => {
                self.batch.scope = scope;
                Task::Batch
            }
            TaskScope::Extract(scope) => {
                self.extract.scope = scope;
                Task::Extract
            }
            TaskScope::Animate(scope) => {
                self.animate.scope = scope;
                Task::Animate
            }
        }
    }

    /// What one is of, with another place to write to.
    pub(crate) fn placed(&self, task: Task, place: String) -> TaskScope {
        match task {
            Task::Batch => TaskScope::Batch(BatchScope { folder: place, ..self.batch.scope.clone() }),
            Task::Extract => TaskScope::Extract(ExtractScope { folder: place, ..self.extract.scope.clone() }),
            Task::Animate => TaskScope::Animate(AnimateScope { output: place, ..self.animate.scope.clone() }),
        }
    }

    /// Takes what one would write.
    pub(crate) fn take_plan(&mut self, plan: TaskPlan) {
        match plan {
            TaskPlan::Batch(plan) => self.batch.plan = Some(plan),
            TaskPlan::Extract(plan) => self.extract.plan = Some(plan),
            TaskPlan::Animate(plan) => self.animate.plan = Some(plan),
        }
    }
}

impl TaskRun {
    /// Takes what a run tells; says whether it is over.
    pub(crate) fn take(&mut self, news: RunNews) -> bool {
        if news.end.is_none() {
            if let Some((kept, _)) = &mut self.running {
                *kept = news;
            }
            return false;
        }
        self.running = None;
        self.report = Some(news);
        true
    }

    /// Asks the run to stop.
    pub(crate) fn cancel(&self) {
        if let Some((_, called_off)) = &self.running {
            called_off.cancel();
        }
    }
}
