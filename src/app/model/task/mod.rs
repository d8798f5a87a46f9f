//! Tasks (long work) as plain data: the user's choices, what would be written, the progress and the result. Each kind of task has a
//! file of its own here, and one line in the list at the `tasks!` macro.

pub(crate) mod animate;
pub(crate) mod basis;
pub(crate) mod batch;
pub(crate) mod existing;
pub(crate) mod extract;
pub(crate) mod folders;
pub(crate) mod probe;
pub(crate) mod run_news;
pub(crate) mod similarity;

use std::sync::Arc;

use crate::app::model::task::animate::{AnimatePreview, AnimateScope};
use crate::app::model::task::basis::{Basis, InView, Scope, TaskAbout};
use crate::app::model::task::batch::{BatchPreview, BatchScope};
use crate::app::model::task::extract::{ExtractPreview, ExtractScope};
use crate::app::model::task::probe::{ProbePreview, ProbeScope};
use crate::app::model::task::run_news::RunNews;
use crate::app::model::task::similarity::{SimilarityPreview, SimilarityScope};
use crate::engine::CancelToken;

/// The state of one kind of task: its choices, its plan and its run.
pub(crate) struct TaskState<S, P> {
    pub(crate) scope: S,
    /// What would be written, or why nothing can be; none while it is being worked out.
    pub(crate) plan: Option<Result<P, String>>,
    pub(crate) run: TaskRun,
}

/// The part of a task's state that is the same for all kinds.
#[derive(Default)]
pub(crate) struct TaskRun {
    /// Whether its window is open.
    pub(crate) is_open: bool,
    pub(crate) running: Option<(RunNews, CancelToken)>,
    pub(crate) report: Option<RunNews>,
}

/// Defines the kinds of tasks. One line each: name, field of [`Tasks`], type of the user's choices, type of the plan.
macro_rules! tasks {
    ($($(#[$doc:meta])* $Kind:ident($field:ident: $Scope:ty, $Plan:ty)),+ $(,)?) => {
        /// A kind of task. At most one of each kind runs at a time.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Task {
            $($(#[$doc])* $Kind),+
        }

        /// The user's choices for a task.
        #[derive(Clone)]
        pub(crate) enum TaskScope {
            $($Kind($Scope)),+
        }

        /// Everything needed to plan a task or to do it.
        pub(crate) enum TaskRequest {
            $($Kind(Box<<$Scope as Scope>::Request>)),+
        }

        /// What a task would write, or why it can't.
        pub(crate) enum TaskPlan {
            $($Kind(Result<$Plan, String>)),+
        }

        /// The state of all tasks.
        pub(crate) struct Tasks {
            $(pub(crate) $field: TaskState<$Scope, $Plan>),+
        }

        impl Task {
            /// All kinds, in the order in which their windows are stacked: the lowest first.
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
            /// A plan that says why a task can't write anything.
            pub(crate) fn refused(task: Task, reason: String) -> Self {
                match task {
                    $(Task::$Kind => Self::$Kind(Err(reason))),+
                }
            }
        }

        impl Tasks {
            /// The tasks with their first choices; `tag` is the network on screen.
            pub(crate) fn of(tag: &str) -> Self {
                Self { $($field: TaskState::new(Scope::first(tag))),+ }
            }

            /// The run of one task.
            pub(crate) fn run(&self, task: Task) -> &TaskRun {
                match task {
                    $(Task::$Kind => &self.$field.run),+
                }
            }

            /// The run of one task, to change it.
            pub(crate) fn run_mut(&mut self, task: Task) -> &mut TaskRun {
                match task {
                    $(Task::$Kind => &mut self.$field.run),+
                }
            }

            /// Whether one task can begin.
            pub(crate) fn is_ready(&self, task: Task) -> bool {
                match task {
                    $(Task::$Kind => self.$field.is_ready()),+
                }
            }

            /// Sets the choices of a task; returns which task it was, and whether its plan is another one now.
            pub(crate) fn set(&mut self, scope: TaskScope) -> (Task, bool) {
                match scope {
                    $(TaskScope::$Kind(scope) => {
                        let is_planned = self.$field.plan.is_some() && scope.is_planned_as(&self.$field.scope);
                        self.$field.scope = scope;
                        (Task::$Kind, !is_planned)
                    }),+
                }
            }

            /// A copy of a task's choices, with another path to write to.
            pub(crate) fn placed(&self, task: Task, place: String) -> TaskScope {
                match task {
                    $(Task::$Kind => {
                        let mut scope = self.$field.scope.clone();
                        scope.put(place);
                        TaskScope::$Kind(scope)
                    }),+
                }
            }

            /// Chooses the network in view for a task, unless the user has already chosen where to write, and the layer in view, unless
            /// the user has chosen another.
            pub(crate) fn follow(&mut self, task: Task, seen: &InView<'_>) {
                match task {
                    $(Task::$Kind => self.$field.follow(seen)),+
                }
            }

            /// The request for a task, or a message that says what is missing.
            pub(crate) fn request(&self, task: Task, basis: &Basis) -> Result<TaskRequest, String> {
                match task {
                    $(Task::$Kind => {
                        self.$field.scope.request(basis).map(|request| TaskRequest::$Kind(Box::new(request)))
                    }),+
                }
            }

            /// Forgets a task's plan, because it is being worked out again.
            pub(crate) fn forget_plan(&mut self, task: Task) {
                match task {
                    $(Task::$Kind => self.$field.plan = None),+
                }
            }

            /// Stores the plan of a task.
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
    Batch(batch: BatchScope, Arc<BatchPreview>),
    /// Features of the open data set.
    Extract(extract: ExtractScope, Arc<ExtractPreview>),
    /// A moving picture.
    Animate(animate: AnimateScope, AnimatePreview),
    /// Layers and networks compared by their features.
    Similarity(similarity: SimilarityScope, Arc<SimilarityPreview>),
    /// How well features tell a target.
    Probe(probe: ProbeScope, Arc<ProbePreview>),
}

impl<S: Scope, P> TaskState<S, P> {
    fn new(scope: S) -> Self {
        Self { scope, plan: None, run: TaskRun::default() }
    }

    /// Whether it can begin: it has a plan, and isn't running.
    fn is_ready(&self) -> bool {
        matches!(self.plan, Some(Ok(_))) && self.run.running.is_none()
    }

    fn follow(&mut self, seen: &InView<'_>) {
        if self.scope.place().is_empty()
            && let Some(tags) = self.scope.tags()
        {
            *tags = std::iter::once(seen.tag.to_owned()).collect();
        }
        self.scope.start_from(seen);
    }
}

impl TaskRun {
    /// Stores what a run reports; returns whether the run has ended.
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

    /// Asks the run to stop, if there is one.
    pub(crate) fn cancel(&self) {
        if let Some((_, called_off)) = &self.running {
            called_off.cancel();
        }
    }
}
