//! Commands about an open data set: a folder or a log.

use egui::Key;

use crate::app::message::action::{Action, Kind, has_dataset, key};
use crate::app::model::Model;
use crate::app::model::dataset::ThumbKey;
use crate::input::dataset::Camera;

/// A command about an open data set: a folder or a log.
#[derive(Clone)]
pub(crate) enum DatasetCommand {
    /// Go to another frame of the open data set.
    SetFrame(usize),
    /// Show another camera of it.
    SetCamera(Camera),
    /// Start or stop playback through the frames.
    TogglePlayFrames,
    /// Keep the range of values on screen for every frame, or go back to the usual normalisation.
    HoldScale(bool),
    /// Show all cameras of the frame side by side.
    ThreeCameras,
    /// Start or stop watching the open folder: pictures that are added to it are shown.
    ToggleWatch,
    /// Plot another label.
    SetPlottedLabel(usize),
    /// Make the thumbnail of a frame, which is visible and not available yet.
    ShowThumb(ThumbKey),
}

impl DatasetCommand {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::SetFrame(_) | Self::SetCamera(_) => Kind::WORK_AND_STEP,
            Self::HoldScale(_) | Self::ThreeCameras => Kind::STEP,
            Self::TogglePlayFrames | Self::ToggleWatch | Self::SetPlottedLabel(_) | Self::ShowThumb(_) => {
                Kind::PLAIN
            }
        }
    }
}

/// The actions about the open data set.
pub(crate) const ACTIONS: &[Action<DatasetCommand>] = &[
    Action::new("Play or pause the data set", "play through the frames of a data set, or stop", |_| {
        vec![DatasetCommand::TogglePlayFrames]
    })
    .with_keys(&[key(Key::Space)])
    .enabled_if(has_dataset),
    Action::new("Previous frame", "go to the frame before", |model| step(model, -1))
        .with_keys(&[key(Key::ArrowLeft), key(Key::PageUp)])
        .enabled_if(has_dataset),
    Action::new("Next frame", "go to the frame after", |model| step(model, 1))
        .with_keys(&[key(Key::ArrowRight), key(Key::PageDown)])
        .enabled_if(has_dataset),
    Action::new(
        "Cameras side by side",
        "all cameras of the frame side by side, or only the active one",
        |_| vec![DatasetCommand::ThreeCameras],
    )
    .enabled_if(|model| model.view().source.as_ref().is_some_and(|open| open.source.cameras().len() > 1)),
    Action::new("Watch the folder, or stop", "show what is put into the open folder", |_| {
        vec![DatasetCommand::ToggleWatch]
    })
    .enabled_if(has_dataset),
];

fn step(model: &Model, by: isize) -> Vec<DatasetCommand> {
    let index = model.view().source.as_ref().and_then(|open| open.index.checked_add_signed(by));
    index.map(DatasetCommand::SetFrame).into_iter().collect()
}
