//! Features of whole data sets: pictures go through networks into files, in a run that can be stopped, resumed and split into shards.
//!
//! Owns which pictures are taken, how the work flows (decode ∥ forward ∥ write), what a run keeps for the next one, and how parts
//! become files. Must not know arguments, terminals or windows: the caller that starts a run gets its events through a closure.

mod changed;
mod clock;
mod event;
mod execute;
mod finish;
mod found;
mod hashes;
mod kept;
mod lock;
mod merge;
mod merge_error;
mod names;
mod ordered;
mod own_files;
mod part;
mod part_rows;
mod pipeline;
mod plan;
mod plan_problem;
mod pool;
mod remedies;
mod results;
mod rows;
mod shard;
mod sizes;
mod state;
mod state_error;
mod verify;
mod workplace;
mod writer;

pub use clock::Timings;
pub use event::ExtractEvent;
pub use execute::{End, ExecuteError, ExecuteProblem, Executed, execute};
pub use finish::{FinishError, needed_bytes};
pub use found::{Found, look};
pub use merge::{MergeStep, find_sets, merge};
pub use merge_error::MergeError;
pub use pipeline::ExtractError;
pub use plan::{ExtractPlan, ExtractSettings, ModelToRun, PlannedSet};
pub use plan_problem::PlanProblem;
pub use pool::{Encoding, Pool, UnknownPool, overflow_words};
pub use rows::{PlannedPicture, RowList, Selection};
pub use shard::{Shard, ShardBy, ShardChoice, ShardError};
pub use state::Existing;
pub use state_error::StateError;
pub use verify::{Findings, VerifyError, verify};
