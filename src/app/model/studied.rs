//! Results of comparisons and probes, which stay until the next one, and the head in use.
//!
//! Owns what a head told of the frames seen so far. Must not know how it is computed or drawn.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::app::model::dataset::OpenSource;
use crate::input::dataset::{Camera, Source};
use crate::study::compared::ComparedSets;
use crate::study::head_file::StoredHead;
use crate::study::predictor::ToldValue;
use crate::study::probe::report::Report;

/// The newest results, and the head in use.
#[derive(Default)]
pub(crate) struct Studied {
    pub(crate) compared: Option<Arc<ComparedSets>>,
    pub(crate) probed: Option<Arc<ProbeResult>>,
    /// The head in use, which tells the frames of the open data set.
    pub(crate) telling: Option<Telling>,
    /// Number of the newest head that was put to use.
    pub(crate) newest: u64,
}

/// What a probe found, and of which folders.
pub(crate) struct ProbeResult {
    pub(crate) report: Report,
    pub(crate) head: Option<Arc<StoredHead>>,
    pub(crate) folders: Vec<PathBuf>,
}

/// A result that is to be written.
#[derive(Clone)]
pub(crate) enum StudyResult {
    Compared(Arc<ComparedSets>),
    Probed(Arc<ProbeResult>),
}

/// A head in use.
pub(crate) struct Telling {
    /// Its number: answers for another one are stale.
    pub(crate) id: u64,
    /// Where it is from, in words.
    pub(crate) name: String,
    pub(crate) kept: Arc<StoredHead>,
    of: Option<(Arc<dyn Source>, Option<Camera>)>,
    told: BTreeMap<usize, Result<ToldValue, String>>,
    /// Why it can't be used, if it can't.
    pub(crate) trouble: Option<String>,
}

impl Telling {
    pub(crate) fn new(id: u64, name: String, kept: Arc<StoredHead>) -> Self {
        Self { id, name, kept, of: None, told: BTreeMap::new(), trouble: None }
    }

    /// Begins anew where the data set or the camera is another one; returns whether the frame on screen is still to be told.
    pub(crate) fn wants(&mut self, open: &OpenSource) -> bool {
        if !self.is_of(open) {
            self.told.clear();
            (self.of, self.trouble) = (Some((Arc::clone(&open.source), open.camera)), None);
        }
        self.trouble.is_none() && !self.told.contains_key(&open.index)
    }

    /// Whether what it told is of this data set and camera.
    fn is_of(&self, open: &OpenSource) -> bool {
        self.of
            .as_ref()
            .is_some_and(|(source, camera)| Arc::ptr_eq(source, &open.source) && *camera == open.camera)
    }

    /// Keeps what was told of a frame of a data set.
    pub(crate) fn take(&mut self, of: &TellRequest, told: Result<ToldValue, String>) {
        let is_same = self
            .of
            .as_ref()
            .is_some_and(|(source, camera)| Arc::ptr_eq(source, &of.source) && *camera == of.camera);
        if is_same && of.id == self.id {
            self.told.insert(of.index, told);
        }
    }

    /// What it told of the frame on screen; none before it is computed.
    pub(crate) fn of_frame(&self, open: &OpenSource) -> Option<&Result<ToldValue, String>> {
        if self.is_of(open) { self.told.get(&open.index) } else { None }
    }

    /// How many frames were told.
    pub(crate) fn len(&self) -> usize {
        self.told.len()
    }

    /// The numbers over the frames seen so far, as (frame, value).
    pub(crate) fn points(&self, open: &OpenSource) -> Vec<[f64; 2]> {
        let number = |(frame, told): (&usize, &Result<ToldValue, String>)| match told {
            Ok(ToldValue::Number(value)) if value.is_finite() => Some([*frame as f64, *value]),
            Ok(ToldValue::Number(_) | ToldValue::Class(_)) | Err(_) => None,
        };
        if self.is_of(open) { self.told.iter().filter_map(number).collect() } else { Vec::new() }
    }
}

/// A frame that a head is to tell.
#[derive(Clone)]
pub(crate) struct TellRequest {
    /// The number of the head.
    pub(crate) id: u64,
    pub(crate) source: Arc<dyn Source>,
    pub(crate) index: usize,
    pub(crate) camera: Option<Camera>,
}
