//! Turns parts into files: for each set its features, its index, the list of what is missing, and last its manifest.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::changed::{changed_in, words_of};
use super::event::{ExtractEvent, WorkEnd};
use super::hashes::ValuesHash;
use super::part_rows::PartRows;
use super::plan::{ExtractPlan, PlannedSet};
use super::sizes::gib;
use super::state::RunState;
use super::state_error::StateError;
use crate::engine::CancelToken;
use crate::features::{
    FeatureFormat, FeatureRows, FeatureTable, KnownPicture, Manifest, SetOutcome, SkippedRow,
    remove_leftovers, write_features, write_index, write_pictures, write_skipped,
};
use crate::formats::{WriteError, remove_drafts};
use crate::input::dataset::Camera;
use crate::tensor::{Cell, refusal_in};

/// How many skipped pictures a manifest lists; `skipped.csv` has all of them.
const LISTED: usize = 1000;
/// About how many bytes a file takes in addition to its numbers: its header, and what the file system adds.
const FILE_OVERHEAD: u64 = 4096;
/// About how many bytes a row takes in an index, in addition to its numbers.
const ROW_OVERHEAD: u64 = 256;
/// How far clocks may differ. A picture that changed less than this before it was compared is later compared by its bytes.
const CLOCK_MARGIN: Duration = Duration::from_secs(2);
/// Rows between two progress events, and between two checks for cancellation.
const EVENT_ROWS: u64 = 256;

/// Why files were not made. Parts are kept, and a run can be resumed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FinishError {
    /// Not enough free space on the disk.
    #[error("the features need about {} more, and the disk has {} free; free some space or write elsewhere: \"{}\"", gib(*.needed), gib(*.free), .path.display())]
    NoSpace {
        /// Bytes needed.
        needed: u64,
        /// Bytes that are free.
        free: u64,
        /// The folder.
        path: PathBuf,
    },
    /// Writing failed.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A problem with the run's hidden folder.
    #[error(transparent)]
    State(#[from] StateError),
    /// A part that can't be read, or whose rows are not those that were written.
    #[error("a part of this run is damaged ({reason}): \"{}\"", .path.display())]
    RunPart {
        /// What is wrong.
        reason: io::Error,
        /// The part.
        path: PathBuf,
    },
    /// A part that the system doesn't let us read now.
    #[error("a part of this run can't be read ({reason}): \"{}\"", .path.display())]
    PartUnread {
        /// The system's error.
        reason: io::Error,
        /// The part.
        path: PathBuf,
    },
    /// A picture that was replaced during the run.
    #[error("{0} since this run worked on it")]
    PictureChanged(String),
    /// A picture's cells for the index can't be read from the data set.
    #[error("what goes into the index can't be read from the data set any more: {0}")]
    Cells(io::Error),
    /// Fewer pictures were worked on than planned: a bug.
    #[error("{got} of {expected} pictures are in the parts, which is a bug of this program")]
    Incomplete {
        /// Pictures planned.
        expected: u64,
        /// Pictures in parts.
        got: u64,
    },
}

/// About how many bytes a run still needs on the disk: parts for the pictures that are left, and the files for all pictures.
pub fn needed_bytes(plan: &ExtractPlan, num_done: u64) -> u64 {
    let (num_rows, num_left) = (plan.rows.len(), plan.rows.len() - num_done);
    let parts = num_left.saturating_mul(plan.row_bytes());
    plan.sets.iter().fold(parts, |sum, set| {
        let row_bytes = set.recipe.stored.layout.num_bytes() as u64;
        let files = match plan.settings.format {
            FeatureFormat::Folder => {
                num_left.saturating_mul((row_bytes + 128).next_multiple_of(FILE_OVERHEAD))
            }
            _ => num_rows.saturating_mul(row_bytes),
        };
        sum.saturating_add(files).saturating_add(num_rows * ROW_OVERHEAD)
    })
}

/// Refuses, before anything is written, a run that would not fit on the disk.
pub(super) fn check_room(plan: &ExtractPlan, needed: u64) -> Result<(), FinishError> {
    // If the system doesn't tell the free space, a full disk shows up when writing.
    match fs4::available_space(&plan.folder) {
        Ok(free) if free < needed => Err(FinishError::NoSpace { needed, free, path: plan.folder.clone() }),
        _ => Ok(()),
    }
}

/// Makes the files of every set that has none yet, and then removes the run's hidden folder. If interrupted, everything is kept.
pub(super) fn finish(
    plan: &ExtractPlan,
    state: RunState,
    cancel: &CancelToken,
    watch: &mut dyn FnMut(ExtractEvent),
) -> Result<WorkEnd, FinishError> {
    let (expected, got) = (plan.rows.len(), state.num_done());
    if expected != got {
        return Err(FinishError::Incomplete { expected, got });
    }
    check_room(plan, needed_bytes(plan, got))?;
    let since = SystemTime::now() - CLOCK_MARGIN;
    let changed: Vec<_> = state.parts.iter().flat_map(|part| changed_in(&plan.rows, part)).collect();
    if let Some(words) = words_of(&changed) {
        return Err(FinishError::PictureChanged(words));
    }
    let mut offset = 0;
    for (at, set) in plan.sets.iter().enumerate() {
        let length = plan.stored_bytes(set);
        if !RunState::is_complete(plan, &set.name) {
            let rows = PartRows::new(&state.parts, &plan.rows, at, offset..offset + length);
            match finish_set(plan, &state, (at, set), since, rows, cancel, watch) {
                Err(_) if cancel.is_cancelled() => {
                    remove_drafts(&plan.set_folder(set));
                    return Ok(WorkEnd::Interrupted);
                }
                other => other?,
            }
        }
        offset += length;
    }
    state.finish()?;
    Ok(WorkEnd::Done)
}

fn finish_set(
    plan: &ExtractPlan,
    state: &RunState,
    (at, set): (usize, &PlannedSet),
    since: SystemTime,
    rows: PartRows<'_>,
    cancel: &CancelToken,
    watch: &mut dyn FnMut(ExtractEvent),
) -> Result<(), FinishError> {
    let folder = plan.set_folder(set);
    std::fs::create_dir_all(&folder).map_err(|e| WriteError::new(e, &folder))?;
    let num_rows = rows.num_rows();
    let hash = ValuesHash::default();
    let mut hashed = HashedRows { rows, hash, next: 0, set: &set.name, cancel, watch, problem: None };
    let format = plan.settings.format;
    let about = serde_json::to_string(&set.recipe).map_err(|e| WriteError::new(e.into(), &folder))?;
    let table =
        FeatureTable { layout: &set.recipe.stored.layout, columns: plan.rows.columns(), about: &about };
    let written = write_features(format, &folder, table, &mut hashed);
    let files = hashed.why(written)?;
    let values_sha256 = if format == FeatureFormat::Folder {
        let hash = hashed.hash_of_digests().map_err(|e| WriteError::new(e, &folder));
        hashed.why(hash)?
    } else {
        std::mem::take(&mut hashed.hash).hex()
    };
    remove_leftovers(format, &folder, &files)?;
    let written = write_index(&folder, plan.rows.columns(), &mut hashed);
    let index_sha256 = Some(hashed.why(written)?);
    let skipped_sha256 = write_skipped(&folder, &mut skipped(plan, state))?;
    let pictures_sha256 = write_pictures(&folder, since, &mut known_pictures(plan, state))?;
    let parts = state.parts.iter().map(|part| &part.record);
    let outcome = SetOutcome {
        num_rows,
        num_failed: parts.clone().map(|record| record.failed.len() as u64).sum(),
        num_left_out: plan.rows.skipped_by_source().len() as u64,
        skipped: skipped(plan, state).take(LISTED).collect(),
        num_overflows: parts.map(|record| record.overflows.get(at).copied().unwrap_or(0)).sum(),
        values_sha256,
        files,
        index_sha256,
        skipped_sha256,
        pictures_sha256,
        mixed: state.mixed.clone(),
    };
    Manifest::new(set.recipe.clone(), outcome).write(&folder)?;
    Ok(())
}

/// For each row, its picture's fingerprint when it was worked on; `None` where an earlier version didn't keep it.
fn known_pictures<'a>(
    plan: &'a ExtractPlan,
    state: &'a RunState,
) -> impl Iterator<Item = Option<KnownPicture>> + 'a {
    state.parts.iter().flat_map(move |part| {
        let record = &part.record;
        let mut known = record.pictures.iter().flatten();
        let has_failed = |position: u64| record.failed.binary_search_by_key(&position, |(at, _)| *at).is_ok();
        (record.first..record.end()).filter(move |position| !has_failed(*position)).map(move |position| {
            let (known, picture) = (known.next()?, plan.rows.picture(position)?);
            Some(KnownPicture {
                row: picture.row,
                camera: picture.camera.map_or_else(String::new, |camera| camera.name().to_owned()),
                file: picture.file,
                num_bytes: known.state.num_bytes,
                xxh64: known.xxh64,
            })
        })
    })
}

/// Everything that is not among the features, sorted by row; entries without a row come last.
fn skipped<'a>(plan: &'a ExtractPlan, state: &'a RunState) -> impl Iterator<Item = SkippedRow> + 'a {
    let mut by_source = plan.rows.skipped_by_source().iter().cloned().peekable();
    let mut failed = state
        .parts
        .iter()
        .flat_map(|part| &part.record.failed)
        .filter_map(|(position, reason)| {
            let picture = plan.rows.picture(*position)?;
            Some(SkippedRow {
                row: Some(picture.row),
                camera: picture.camera.map(Camera::name).map(str::to_owned),
                file: picture.file,
                reason: reason.clone(),
            })
        })
        .peekable();
    let key = |skipped: &SkippedRow| skipped.row.unwrap_or(usize::MAX);
    std::iter::from_fn(move || match (by_source.peek(), failed.peek()) {
        (Some(a), Some(b)) if key(a) <= key(b) => by_source.next(),
        (Some(_), None) => by_source.next(),
        _ => failed.next(),
    })
}

/// Rows that are hashed, and reported as progress, when they are read in order for the first time.
struct HashedRows<'a> {
    rows: PartRows<'a>,
    hash: ValuesHash,
    next: u64,
    set: &'a str,
    cancel: &'a CancelToken,
    watch: &'a mut dyn FnMut(ExtractEvent),
    /// The error of a failed read. The code that writes the files only passes on that reading failed.
    problem: Option<FinishError>,
}

impl HashedRows<'_> {
    /// Passes on a successful result; replaces an error by the failed read that caused it.
    fn why<T>(&mut self, written: Result<T, WriteError>) -> Result<T, FinishError> {
        written.map_err(|error| self.problem.take().unwrap_or(error.into()))
    }

    fn read(&mut self, row: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
        let Err(reason) = self.rows.values(row, bytes) else { return Ok(()) };
        let path = self.rows.path_of(row).map(ToOwned::to_owned).unwrap_or_default();
        self.problem = Some(if refusal_in(&reason).is_some() {
            FinishError::PartUnread { reason, path }
        } else {
            FinishError::RunPart { reason, path }
        });
        Err(io::Error::other("a part can't be read"))
    }

    /// The hash over all features where the parts hold each feature's hash in place of its numbers.
    fn hash_of_digests(&mut self) -> io::Result<String> {
        let mut hash = ValuesHash::default();
        let mut bytes = Vec::new();
        for row in 0..self.rows.num_rows() {
            bytes.clear();
            self.read(row, &mut bytes)?;
            hash.add_digest(&bytes);
        }
        Ok(hash.hex())
    }

    fn look_up(&mut self, row: u64) -> io::Result<()> {
        if row.is_multiple_of(EVENT_ROWS) {
            if self.cancel.is_cancelled() {
                return Err(io::Error::other("interrupted"));
            }
            let (set, total) = (self.set.to_owned(), self.rows.num_rows());
            (self.watch)(ExtractEvent::Assembling { set, done: row, total });
        }
        Ok(())
    }
}

impl FeatureRows for HashedRows<'_> {
    fn num_rows(&self) -> u64 {
        self.rows.num_rows()
    }

    fn values(&mut self, row: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
        self.look_up(row)?;
        let before = bytes.len();
        self.read(row, bytes)?;
        if row == self.next {
            self.hash.add(bytes.get(before..).unwrap_or_default());
            self.next += 1;
        }
        Ok(())
    }

    fn cells(&mut self, row: u64) -> io::Result<Vec<Cell>> {
        if row.is_multiple_of(EVENT_ROWS) && self.cancel.is_cancelled() {
            return Err(io::Error::other("interrupted"));
        }
        self.rows.cells(row).map_err(|reason| {
            self.problem = Some(FinishError::Cells(reason));
            io::Error::other("the data set can't be read")
        })
    }
}
