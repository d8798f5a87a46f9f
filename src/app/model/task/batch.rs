//! A task that writes a batch of figures, as plain data: what was chosen, and what would be written.

use std::collections::BTreeSet;
use std::path::PathBuf;

use egui::{Key, KeyboardShortcut, Modifiers};

use crate::app::model::dataset::OpenSource;
use crate::app::model::save::SaveLooks;
use crate::app::model::task::basis::{Basis, InView, Place, Scope, TaskAbout, TaskLayers};
use crate::app::model::task::existing::OtherFigures;
use crate::app::model::task::run_news::RunEnd;
use crate::engine::DeviceChoice;
use crate::input::dataset::{Camera, PictureLocation, PictureRef};
use crate::render::{BatchError, BatchLayers, BatchModel, BatchPlan, PictureChoice, ViewRequest};
use crate::tensor::counted;

/// The user's choices for a batch.
#[expect(clippy::struct_excessive_bools, reason = "checkboxes, each by itself")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BatchScope {
    /// Whether to use the open data set's frames, or the picture on screen alone.
    pub(crate) is_whole_source: bool,
    /// The first and the last frame to use.
    pub(crate) first: usize,
    pub(crate) last: usize,
    /// Whether to use all cameras of a log, or only the one that is shown.
    pub(crate) has_all_cameras: bool,
    pub(crate) tags: BTreeSet<String>,
    pub(crate) layers: TaskLayers,
    /// The layers that were chosen when the dialog was opened.
    pub(crate) preselected: TaskLayers,
    pub(crate) folder: String,
    /// Whether to write the values too, as a `.npy` file next to each figure.
    pub(crate) has_values: bool,
    /// Whether to replace files that exist already.
    pub(crate) replaces: bool,
}

/// How many figures a batch has written and kept.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BatchCounts {
    pub(crate) num_written: usize,
    /// Figures that existed already and were not replaced.
    pub(crate) num_kept: usize,
}

impl BatchCounts {
    /// How a batch ended, in one line of words.
    pub(crate) fn end(self, num_failed: u64, is_called_off: bool) -> RunEnd {
        let kept = match self.num_kept {
            0 => String::new(),
            num => format!(", {num} were there already and kept"),
        };
        let failed = match num_failed {
            0 => String::new(),
            num => format!(", {} failed", counted(num as usize, "picture")),
        };
        let num = self.num_written;
        let said = format!("{} written{kept}{failed}", counted(num, "figure"));
        if is_called_off {
            RunEnd::Stopped(format!("batch cancelled: {said}"))
        } else if num + self.num_kept == 0 && num_failed > 0 {
            RunEnd::Failed(format!("batch failed: {said}"))
        } else {
            RunEnd::Done(format!("batch done: {said}"))
        }
    }
}

/// What a batch would write, and what it finds in its folder.
#[derive(Debug)]
pub(crate) struct BatchPreview {
    pub(crate) plan: BatchPlan,
    pub(crate) others: OtherFigures,
}

/// Everything needed to make a batch of figures.
pub(crate) struct BatchRequest {
    /// What all figures share: everything but picture, network and layer. Without a data set its picture is the one that is used.
    pub(crate) request: ViewRequest,
    /// The data set whose frames are used; none to use the one picture of `request`.
    pub(crate) source: Option<OpenSource>,
    /// Whether all cameras of these frames are used, or only the one that is shown.
    pub(crate) has_all_cameras: bool,
    /// First and last frame of the data set.
    pub(crate) frames: (usize, usize),
    pub(crate) models: Vec<BatchModel>,
    pub(crate) layers: BatchLayers,
    pub(crate) folder: PathBuf,
    /// Whether each figure's values are written too.
    pub(crate) has_values: bool,
    /// Whether to replace files that exist already.
    pub(crate) replaces: bool,
    pub(crate) looks: SaveLooks,
    pub(crate) device: DeviceChoice,
}

impl BatchRequest {
    /// What the batch would write. It reads the file system, so don't call it on the window's thread.
    pub(crate) fn plan(&self) -> Result<BatchPlan, BatchError> {
        BatchPlan::new(&self.pictures(), &self.models, &self.layers, &self.folder, self.has_values)
    }

    /// The pictures to use: the data set's frames in the chosen range, or the one picture on screen.
    fn pictures(&self) -> Vec<PictureRef> {
        if let Some(open) = &self.source {
            let last = open.source.len().saturating_sub(1);
            let all = open.source.cameras();
            let cameras: Vec<Option<Camera>> = if self.has_all_cameras && !all.is_empty() {
                all.iter().copied().map(Some).collect()
            } else {
                vec![open.camera]
            };
            let of_frame = |index: usize| {
                let sample = open.source.sample(index);
                cameras.iter().filter_map(move |camera| {
                    PictureRef::of_sample(&open.place, index, sample.as_ref()?, *camera)
                })
            };
            return (self.frames.0.min(last)..=self.frames.1.min(last)).flat_map(of_frame).collect();
        }
        match &self.request.picture {
            PictureChoice::File(path) => vec![PictureRef {
                label: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                picture: PictureLocation::File(path.clone()),
                camera: None,
                row: None,
                stem: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            }],
            PictureChoice::Frame { source, place, index, camera } => source
                .sample(*index)
                .and_then(|sample| PictureRef::of_sample(place, *index, &sample, *camera))
                .into_iter()
                .collect(),
            // These have no file of their own.
            PictureChoice::Cat | PictureChoice::Live(_) | PictureChoice::Pasted(_) => Vec::new(),
        }
    }
}

impl Scope for BatchScope {
    type Request = BatchRequest;
    const ABOUT: TaskAbout = TaskAbout {
        label: "Export many figures…",
        help: "export many figures",
        menu_place: 35,
        keys: &[KeyboardShortcut::new(Modifiers::COMMAND, Key::E)],
        needs_mosaic: false,
        title: "Export many figures",
        size: [520.0, 400.0],
        things: "runs",
        doing: "Exporting",
        stop: "Cancel batch",
        place: Place::Folder,
    };

    fn first(tag: &str) -> Self {
        Self {
            is_whole_source: true,
            first: 0,
            last: usize::MAX,
            has_all_cameras: false,
            tags: std::iter::once(tag.to_owned()).collect(),
            layers: TaskLayers::Final,
            preselected: TaskLayers::Final,
            folder: String::new(),
            has_values: false,
            replaces: false,
        }
    }

    /// The last layer of a network is "each network's last", so that other networks have it too.
    fn start_from(&mut self, seen: &InView<'_>) {
        let layers = if seen.is_final { TaskLayers::Final } else { TaskLayers::This };
        if self.layers == self.preselected {
            self.layers = layers;
        }
        self.preselected = layers;
    }

    fn place(&mut self) -> &mut String {
        &mut self.folder
    }

    fn tags(&mut self) -> Option<&mut BTreeSet<String>> {
        Some(&mut self.tags)
    }

    fn request(&self, basis: &Basis) -> Result<BatchRequest, String> {
        Ok(BatchRequest {
            request: basis.request.clone(),
            source: basis.source.clone().filter(|_| self.is_whole_source),
            has_all_cameras: self.has_all_cameras,
            frames: (self.first, self.last),
            models: basis.models_of(&self.tags),
            layers: basis.layers(self.layers),
            folder: PathBuf::from(self.folder.trim()),
            has_values: self.has_values,
            replaces: self.replaces,
            looks: basis.looks,
            device: basis.device,
        })
    }
}
