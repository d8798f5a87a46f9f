//! Long work as plain data: what is asked for, what would be written, how far it is, what came of it. Each kind has a file of its own
//! here, and one line in the list below.

pub(crate) mod animate;
pub(crate) mod basis;
pub(crate) mod batch;
pub(crate) mod extract;
pub(crate) mod run_news;

use std::sync::Arc;

use crate::app::model::task::animate::{AnimatePreview, AnimateScope};
use crate::app::model::task::basis::{Basis, Scope, TaskAbout};
use crate::app::model::task::batch::BatchScope;
use crate::app::model::task::extract::{ExtractPreview, ExtractScope};
use crate::app::model::task::run_news::RunNews;
use crate::engine::CancelToken;
use crate::render::BatchPlan;

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

/// The kinds: name, field, what a person chooses, and what would be written.
macro_rules! tasks {
    ($($(#[$doc:meta])* $Kind:ident($field:ident: $Scope:ty, $Plan:ty)),+ $(,)?) => {
        /// A kind of long work. There is one of each at a time.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Task {
            $($(#[$doc])* $Kind),+
        }

        /// What a task is to be of.
        #[derive(Clone)]
        pub(crate) enum TaskScope {
            $($Kind($Scope)),+
        }

        /// A task with all it takes to plan it or do it.
        pub(crate) enum TaskRequest {
            $($Kind(Box<<$Scope as Scope>::Request>)),+
        }

        /// What a task would write, or why nothing.
        pub(crate) enum TaskPlan {
            $($Kind(Result<$Plan, String>)),+
        }

        /// All tasks.
        pub(crate) struct Tasks {
            $(pub(crate) $field: TaskState<$Scope, $Plan>),+
        }

        impl Task {
            /// All of them, the one that lies lowest on the screen first.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$Kind),+];

            pub(crate) const fn about(self) -> &'static TaskAbout {
                match self {
                    $(Self::$Kind => &<$Scope as Scope>::ABOUT),+
                }
            }
        }

        impl TaskRequest {
            pub(crate) const fn task(&self) -> Task {
                match self {
                    $(Self::$Kind(_) => Task::$Kind),+
                }
            }
        }

        impl TaskPlan {
            /// Why nothing can be written.
            pub(crate) fn refused(task: Task, reason: String) -> Self {
                match task {
                    $(Task::$Kind => Self::$Kind(Err(reason))),+
                }
            }
        }

        impl Tasks {
            /// Tasks of what is on screen.
            pub(crate) fn of(tag: &str) -> Self {
                Self { $($field: TaskState::new(Scope::first(tag))),+ }
            }

            /// How one of them stands.
            pub(crate) fn run(&self, task: Task) -> &TaskRun {
                match task {
                    $(Task::$Kind => &self.$field.run),+
                }
            }

            /// To change how one of them stands.
            pub(crate) fn run_mut(&mut self, task: Task) -> &mut TaskRun {
                match task {
                    $(Task::$Kind => &mut self.$field.run),+
                }
            }

            /// Whether one can begin.
            pub(crate) fn is_ready(&self, task: Task) -> bool {
                match task {
                    $(Task::$Kind => self.$field.is_ready()),+
                }
            }

            /// Takes what one is to be of; gives which.
            pub(crate) fn set(&mut self, scope: TaskScope) -> Task {
                match scope {
                    $(TaskScope::$Kind(scope) => {
                        self.$field.scope = scope;
                        Task::$Kind
                    }),+
                }
            }

            /// What one is of, with another place to write to.
            pub(crate) fn placed(&self, task: Task, place: String) -> TaskScope {
                match task {
                    $(Task::$Kind => {
                        let mut scope = self.$field.scope.clone();
                        *scope.place() = place;
                        TaskScope::$Kind(scope)
                    }),+
                }
            }

            /// Until a person has said where to write, a task is of the network on screen.
            pub(crate) fn follow(&mut self, task: Task, tag: &str) {
                match task {
                    $(Task::$Kind => self.$field.follow(tag)),+
                }
            }

            /// The request for one, or what is missing.
            pub(crate) fn request(&self, task: Task, basis: &Basis) -> Result<TaskRequest, String> {
                match task {
                    $(Task::$Kind => {
                        self.$field.scope.request(basis).map(|request| TaskRequest::$Kind(Box::new(request)))
                    }),+
                }
            }

            /// What one would write is being worked out anew.
            pub(crate) fn forget_plan(&mut self, task: Task) {
                match task {
                    $(Task::$Kind => self.$field.plan = None),+
                }
            }

            /// Takes what one would write.
            pub(crate) fn take_plan(&mut self, plan: TaskPlan) {
                match plan {
                    $(TaskPlan::$Kind(plan) => self.$field.plan = Some(plan)),+
                }
            }
        }
    };
}

tasks! {
    /// Many figures.
    Batch(batch: BatchScope, Arc<BatchPlan>),
    /// Features of the open data set.
    Extract(extract: ExtractScope, Arc<ExtractPreview>),
    /// A moving picture.
    Animate(animate: AnimateScope, AnimatePreview),
}

impl<S: Scope, P> TaskState<S, P> {
    fn new(scope: S) -> Self {
        Self { scope, plan: None, run: TaskRun::default() }
    }

    /// Whether it can begin.
    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.plan, Some(Ok(_))) && self.run.running.is_none()
    }

    fn follow(&mut self, tag: &str) {
        if self.scope.place().is_empty()
            && let Some(tags) = self.scope.tags()
        {
            *tags = std::iter::once(tag.to_owned()).collect();
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
