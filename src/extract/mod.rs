//! Features of whole data sets: pictures through networks into files, so that a run can be stopped, resumed and shared out.
//!
//! Owns which pictures are taken, how the work flows (decode ∥ forward ∥ write), what a run leaves behind for the next, and how parts
//! become files. Must not know arguments, terminals or windows: whoever starts a run gets events through a closure.

mod finish;
mod found;
mod kept;
mod lock;
mod merge;
mod merge_error;
mod names;
mod ordered;
mod part;
mod part_rows;
mod pipeline;
mod plan;
mod pool;
mod remedies;
mod rows;
mod shard;
mod state;
mod state_error;
mod verify;
mod writer;

pub use finish::{FinishError, check_room, finish, needed_bytes};
pub use found::{Found, look};
pub use merge::{MergeStep, find_sets, merge};
pub use merge_error::MergeError;
pub use pipeline::{ExtractError, RunEnd, Timings, run};
pub use plan::{ExtractPlan, ExtractSettings, ModelToRun, PlanProblem, PlannedSet};
pub use pool::{Encoding, Pool, UnknownPool};
pub use rows::{PlannedPicture, RowList, Selection};
pub use shard::{Shard, ShardBy, ShardChoice, ShardError};
pub use state::{Begin, Existing, RunState, begin};
pub use state_error::StateError;
pub use verify::{Findings, VerifyError, verify};

use sha2::{Digest, Sha256};

use crate::tensor::hex;

/// Bytes of a SHA-256.
const DIGEST_BYTES: u64 = 32;

/// What a run tells while it goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A batch is done.
    Progress {
        /// Pictures done, with those of the runs before.
        done: u64,
        /// Of those, pictures that gave nothing.
        failed: u64,
    },
    /// A picture gave nothing.
    Failed {
        /// Which.
        picture: Box<PlannedPicture>,
        /// Why.
        reason: String,
    },
    /// Something happened to a picture on the way that a person should know.
    Note {
        /// Which.
        picture: Box<PlannedPicture>,
        /// What, in words.
        words: String,
    },
    /// Parts become files.
    Assembling {
        /// The set's folder.
        set: String,
        /// Rows written.
        done: u64,
        /// Rows in all.
        total: u64,
    },
}

/// The hash over all of a set's features: SHA-256 over the SHA-256 of each, in order. It can be taken from where the features lie, in
/// whatever format, and from parts that hold hashes only.
#[derive(Clone, Debug, Default)]
pub(crate) struct ValuesHash(Sha256);

impl ValuesHash {
    /// Adds a feature's own hash.
    pub(crate) fn add_digest(&mut self, digest: &[u8]) {
        self.0.update(digest);
    }

    /// Adds a feature.
    pub(crate) fn add(&mut self, values: &[u8]) {
        self.add_digest(&digest(values));
    }

    /// In hexadecimal.
    pub(crate) fn hex(self) -> String {
        hex(&self.0.finalize())
    }
}

/// SHA-256 of a feature's bytes.
fn digest(values: &[u8]) -> [u8; DIGEST_BYTES as usize] {
    Sha256::digest(values).into()
}
