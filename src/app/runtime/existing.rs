//! Reads the records of figures that are in a batch's folder, and compares them with what is asked for.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::app::model::task::batch::{BatchPreview, BatchRequest};
use crate::app::model::task::existing::{AskedFigure, OtherFigures, differences};
use crate::formats::{hash_file, read_record};
use crate::render::{BatchError, BatchPlan};

/// SHA-256 of a whole file; none if it can't be read.
pub(crate) fn hashed(path: &Path) -> Option<String> {
    hash_file(&File::open(path).ok()?, &|| true).ok().map(|hash| hash.sha256)
}

/// Hashes of weight files, kept because a large file takes seconds.
#[derive(Default)]
pub(crate) struct WeightHashes {
    known: Vec<(PathBuf, Option<SystemTime>, String)>,
}

impl WeightHashes {
    /// What a batch would write, and the figures in its folder that were made in another way.
    pub(crate) fn preview(&mut self, request: &BatchRequest) -> Result<BatchPreview, BatchError> {
        let plan = request.plan()?;
        let others = self.others(request, &plan);
        Ok(BatchPreview { plan, others })
    }

    /// The figures in a batch's folder that were not made as is asked for now.
    pub(crate) fn others(&mut self, request: &BatchRequest, plan: &BatchPlan) -> OtherFigures {
        let mut others = OtherFigures::default();
        for run in &plan.runs {
            let file = plan.models[run.model].weights_file.as_ref();
            for figure in run.figures.iter().filter(|figure| figure.path.exists()) {
                let weights_sha256 = file.map(|file| self.hash(&file.path));
                let asked = AskedFigure {
                    request: &request.request,
                    looks: request.looks,
                    weights_sha256: weights_sha256.as_deref(),
                };
                let record = read_record(&figure.path).ok();
                others.add(figure.path.clone(), record.map(|record| differences(&record, &asked)));
            }
        }
        others
    }

    /// The hash of a weight file; empty if it can't be read, which is like no recorded hash.
    fn hash(&mut self, path: &Path) -> String {
        let changed = std::fs::metadata(path).and_then(|about| about.modified()).ok();
        if let Some((.., hash)) = self.known.iter().find(|(known, at, _)| known == path && *at == changed) {
            return hash.clone();
        }
        let hash = hashed(path).unwrap_or_default();
        self.known.retain(|(known, ..)| known != path);
        self.known.push((path.to_owned(), changed, hash.clone()));
        hash
    }
}
