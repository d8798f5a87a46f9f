//! The thread that writes: rows into parts and, where each picture has a file of its own, features into those files.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use super::clock::Clock;
use super::hashes::digest;
use super::own_files::{has_plain_folders, make_folders, own_file};
use super::part::{OpenPart, RunPart, remove_open};
use super::plan::ExtractPlan;
use super::results::{BatchResult, PictureFeatures, PictureResult};
use super::rows::RowList;
use crate::features::{FeatureFormat, write_feature_npy};
use crate::formats::{WriteError, sync_file};
use crate::tensor::FeatureLayout;

/// A part is ended when it has at least this many bytes.
const PART_BYTES: u64 = 64 << 20;
/// A part is ended when it is this old. A process that is killed loses about that much work, or a few batches of a slow network.
const PART_TIME: Duration = Duration::from_mins(1);

/// What the writer needs to know of a plan.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    rows: &'a RowList,
    folders: Vec<PathBuf>,
    layouts: Vec<FeatureLayout>,
    has_own_files: bool,
    row_bytes: u64,
    part_rows: u64,
    recipes_hash: String,
    parts_folder: PathBuf,
    clock: &'a Clock,
    made_folders: HashSet<PathBuf>,
    /// Files of the open part that may not be on the disk yet.
    unsynced: Vec<PathBuf>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(plan: &'a ExtractPlan, parts_folder: PathBuf, clock: &'a Clock) -> Self {
        Self {
            rows: &plan.rows,
            folders: plan.sets.iter().map(|set| plan.set_folder(set)).collect(),
            layouts: plan.sets.iter().map(|set| set.recipe.stored.layout.clone()).collect(),
            has_own_files: plan.settings.format == FeatureFormat::Folder,
            row_bytes: plan.row_bytes(),
            part_rows: plan.settings.part_rows.max(1),
            recipes_hash: plan.recipes_hash(),
            parts_folder,
            clock,
            made_folders: HashSet::new(),
            unsynced: Vec::new(),
        }
    }

    /// Writes the batches until the senders are gone, then ends the open part. Returns the parts that were completed, also those
    /// before an error.
    pub(super) fn write_all(
        mut self,
        batches: &Receiver<BatchResult>,
    ) -> (Vec<RunPart>, Result<(), WriteError>) {
        let mut parts = Vec::new();
        let result = self.write_parts(batches, &mut parts);
        if result.is_err() {
            remove_open(&self.parts_folder);
        }
        (parts, result)
    }

    fn write_parts(
        &mut self,
        batches: &Receiver<BatchResult>,
        parts: &mut Vec<RunPart>,
    ) -> Result<(), WriteError> {
        let mut open: Option<(OpenPart, Instant)> = None;
        for batch in batches {
            let started = Instant::now();
            let (mut part, begun) = if let Some(open) = open.take() {
                open
            } else {
                let num_sets = self.folders.len();
                let (row_bytes, hash) = (self.row_bytes, self.recipes_hash.clone());
                (OpenPart::begin(&self.parts_folder, batch.first, row_bytes, num_sets, hash)?, started)
            };
            for (position, picture) in (batch.first..).zip(batch.pictures) {
                self.add(&mut part, position, picture)?;
            }
            let is_full = part.record.num >= self.part_rows
                || part.num_bytes >= PART_BYTES
                || begun.elapsed() >= PART_TIME;
            if is_full {
                parts.push(self.commit(part)?);
            } else {
                open = Some((part, begun));
            }
            self.clock.write.add(started.elapsed());
        }
        if let Some((part, _)) = open {
            let started = Instant::now();
            parts.push(self.commit(part)?);
            self.clock.write.add(started.elapsed());
        }
        Ok(())
    }

    fn add(&mut self, part: &mut OpenPart, position: u64, picture: PictureResult) -> Result<(), WriteError> {
        let PictureFeatures { features, known } = match picture {
            Ok(features) => features,
            Err(reason) => {
                self.remove_own_files(position);
                part.fail(reason);
                return Ok(());
            }
        };
        for (sum, feature) in part.record.overflows.iter_mut().zip(&features) {
            *sum += feature.num_overflows;
        }
        if !self.has_own_files {
            let values: Vec<Vec<u8>> = features.into_iter().map(|feature| feature.bytes).collect();
            return part.add(&values, known);
        }
        let name = own_file(self.rows, position);
        let mut digests = Vec::with_capacity(features.len());
        for (at, feature) in features.into_iter().enumerate() {
            let (Some(folder), Some(layout)) = (self.folders.get(at), self.layouts.get(at)) else { continue };
            let path = folder.join(&name);
            make_folders(folder, &name, &mut self.made_folders)?;
            let layout = FeatureLayout { shape: feature.shape, dtype: layout.dtype };
            write_feature_npy(&path, &layout, &feature.bytes)?;
            digests.push(digest(&feature.bytes).to_vec());
            self.unsynced.push(path);
        }
        part.add(&digests, known)
    }

    /// Removes files that an earlier run may have left of a picture that gives no feature now.
    fn remove_own_files(&self, position: u64) {
        if self.has_own_files {
            let name = own_file(self.rows, position);
            for folder in self.folders.iter().filter(|folder| has_plain_folders(folder, &name)) {
                // Usually there is none.
                drop(std::fs::remove_file(folder.join(&name)));
            }
        }
    }

    /// Syncs the files first, then writes the part whose record says that they are there.
    fn commit(&mut self, mut part: OpenPart) -> Result<RunPart, WriteError> {
        for path in self.unsynced.drain(..) {
            sync_file(&path)?;
        }
        part.record.pictures_sha256 = self.rows.sha256_of(part.record.first..part.record.end());
        part.commit()
    }
}
