//! A whole run, as both the command line and the window do it: take the folder, check the free space, work through the pictures, make
//! the files.
//!
//! Must not know who gets the events, or how.

use super::clock::Timings;
use super::event::{ExtractEvent, WorkEnd};
use super::finish::{FinishError, check_room, finish, needed_bytes};
use super::pipeline::{ExtractError, run};
use super::plan::ExtractPlan;
use super::rows::PlannedPicture;
use super::state::{Begin, Existing, begin};
use super::state_error::StateError;
use crate::engine::CancelToken;
use crate::tensor::{Remedied, Remedy};

/// How a run ended, when nothing went wrong.
#[derive(Debug)]
pub enum End {
    /// Files are whole.
    Done,
    /// The token was cancelled; everything done is kept.
    Interrupted,
    /// Everything was done before, with the same plan.
    NothingToDo {
        /// Pictures whose files have changed since, in order.
        changed: Vec<PlannedPicture>,
    },
}

/// The result of a run.
#[derive(Debug)]
pub struct Executed {
    /// How it ended.
    pub end: End,
    /// Pictures done, with those of the runs before.
    pub num_done: u64,
    /// Of those, pictures that gave no feature.
    pub num_failed: u64,
    /// Values that were too large for f16, over all sets.
    pub num_overflows: u64,
    /// Where the time went; `None` if there was nothing to do.
    pub timings: Option<Timings>,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecuteProblem {
    /// The run can't begin.
    #[error(transparent)]
    State(#[from] StateError),
    /// Working through the pictures failed, and would fail for the next ones too.
    #[error(transparent)]
    Extract(#[from] ExtractError),
    /// Files can't be made.
    #[error(transparent)]
    Finish(#[from] FinishError),
}

/// A run that failed.
#[derive(Debug, thiserror::Error)]
#[error("{problem}")]
pub struct ExecuteError {
    /// What went wrong.
    pub problem: ExecuteProblem,
    /// Pictures done and kept whole for the next run, and how many of those gave no feature. `None` if the run didn't begin, or if
    /// what is kept is damaged.
    pub kept: Option<(u64, u64)>,
}

impl Remedied for ExecuteError {
    fn remedy(&self) -> Option<Remedy> {
        match &self.problem {
            ExecuteProblem::State(error) => error.remedy(),
            ExecuteProblem::Extract(error) => error.remedy(),
            ExecuteProblem::Finish(error) => error.remedy(),
        }
    }
}

/// Does a run. `watch` gets what was found in the folder, then [`ExtractEvent::Begun`], then events as the work goes on.
///
/// # Errors
/// A problem with the folder, the disk, the engine, or a damaged part. The error also says what is kept.
pub fn execute(
    plan: &mut ExtractPlan,
    existing: Existing,
    cancel: &CancelToken,
    watch: &mut dyn FnMut(ExtractEvent),
) -> Result<Executed, Box<ExecuteError>> {
    let nothing_done = |problem: ExecuteProblem| Box::new(ExecuteError { problem, kept: None });
    let begun = begin(plan, existing, &mut |note| watch(ExtractEvent::Found(note)))
        .map_err(|error| nothing_done(error.into()))?;
    let mut state = match begun {
        Begin::Run(state) => state,
        Begin::NothingToDo { num_failed, num_overflows, changed } => {
            let end = End::NothingToDo { changed };
            let num_done = plan.rows.len();
            return Ok(Executed { end, num_done, num_failed, num_overflows, timings: None });
        }
    };
    if let Err(error) = check_room(plan, needed_bytes(plan, state.num_done())) {
        state.abandon();
        return Err(nothing_done(error.into()));
    }
    watch(ExtractEvent::Begun { done: state.num_done(), failed: state.num_failed() });
    let ran = run(plan, &mut state, cancel, watch);
    let (num_done, num_failed, num_overflows) = (state.num_done(), state.num_failed(), state.num_overflows());
    let kept = Some((num_done, num_failed));
    let (end, timings) = ran.map_err(|error| Box::new(ExecuteError { problem: error.into(), kept }))?;
    let end = match end {
        WorkEnd::Interrupted => WorkEnd::Interrupted,
        WorkEnd::Done => finish(plan, state, cancel, watch).map_err(|error| {
            // With this error a part of what is kept is damaged.
            let is_whole = !matches!(error, FinishError::RunPart { .. });
            Box::new(ExecuteError { problem: error.into(), kept: kept.filter(|_| is_whole) })
        })?,
    };
    let end = match end {
        WorkEnd::Done => End::Done,
        WorkEnd::Interrupted => End::Interrupted,
    };
    Ok(Executed { end, num_done, num_failed, num_overflows, timings: Some(timings) })
}
