//! Commands about the active view: what it shows, and how.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{ColorImage, Key};

use crate::app::message::action::{
    Action, Kind, Menu, alt, ctrl, has_mosaic, has_selection, is_running, key, shift,
};
use crate::app::model::Model;
use crate::models::ModelSpec;
use crate::render::Change;

/// A command about the active view: what it shows, and how.
#[derive(Clone)]
pub(crate) enum ViewCommand {
    /// Ask for a picture with the system's dialog.
    ChoosePicture,
    /// Ask for a folder of pictures.
    ChooseFolder,
    /// Open a picture, a folder, a log, or a weight file.
    Open(PathBuf),
    /// Open files that were dropped together: weights first, then pictures, several of them as a set.
    OpenAll(Vec<PathBuf>),
    /// Open a table whose pictures' paths are in this column.
    OpenTable(PathBuf, String),
    /// Close the question which column holds the paths, without an answer.
    DropTable,
    /// Show the embedded picture, a cat.
    OpenCat,
    /// Show a picture from the clipboard.
    PastePicture(Arc<ColorImage>),
    /// Choose another model.
    SetModel(&'static ModelSpec),
    /// Change another part of the request: the layer, the input or the looks.
    Change(Change),
    /// Go to another layer by a number of steps through the list of layers; negative steps go towards the input.
    StepLayer(isize),
    /// Start or stop playback through the layers.
    TogglePlay,
    /// Select a channel, or none.
    Select(Option<usize>),
    /// Make the whole mosaic visible.
    Fit,
    /// Zoom about the middle by this factor.
    Zoom(f32),
    /// Show one mosaic pixel per screen pixel.
    ActualSize,
    /// Bring the selected channel to the middle, no smaller than it is.
    ShowSelected,
    /// Fill the view with the selected channel, or go back to the whole mosaic if it is filled.
    ShowLarge,
    /// Try again after an error.
    Retry,
    /// Go back to the request that what is on screen answers.
    GoBack,
    /// Stop what is computed for the views; they go back to what is on screen.
    StopRuns,
}

impl ViewCommand {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Open(_) | Self::OpenAll(_) | Self::OpenTable(..) | Self::Retry | Self::GoBack => Kind::WORK,
            Self::OpenCat | Self::SetModel(_) | Self::Change(_) | Self::StepLayer(_) => Kind::WORK_AND_STEP,
            Self::PastePicture(_) => Kind::STEP,
            Self::ChoosePicture
            | Self::ChooseFolder
            | Self::DropTable
            | Self::TogglePlay
            | Self::Select(_)
            | Self::Fit
            | Self::Zoom(_)
            | Self::ActualSize
            | Self::ShowSelected
            | Self::ShowLarge
            | Self::StopRuns => Kind::PLAIN,
        }
    }
}

/// The actions about the active view.
pub(crate) const ACTIONS: &[Action<ViewCommand>] = &[
    Action::new("Open picture or log…", "open a picture or a driving log", |_| {
        vec![ViewCommand::ChoosePicture]
    })
    .in_menu(Menu::File, 10)
    .with_keys(&[ctrl(Key::O)]),
    Action::new("Open folder…", "open a folder of pictures", |_| vec![ViewCommand::ChooseFolder])
        .in_menu(Menu::File, 11),
    Action::new("Show the cat", "the picture that comes with the program", |_| vec![ViewCommand::OpenCat])
        .in_menu(Menu::File, 19),
    Action::new("Fit to window", "fit the mosaic to the window", |_| vec![ViewCommand::Fit])
        .in_menu(Menu::View, 20)
        .with_keys(&[key(Key::F)])
        .enabled_if(has_mosaic),
    Action::new("Actual size", "one value to one screen pixel", |_| vec![ViewCommand::ActualSize])
        .in_menu(Menu::View, 21)
        .with_keys(&[key(Key::Num1)])
        .enabled_if(has_mosaic),
    Action::new("Zoom in", "make the mosaic larger", |_| vec![ViewCommand::Zoom(ZOOM_STEP)])
        .in_menu(Menu::View, 22)
        .with_keys(&[key(Key::Plus), key(Key::Equals)])
        .enabled_if(has_mosaic),
    Action::new("Zoom out", "make the mosaic smaller", |_| vec![ViewCommand::Zoom(1.0 / ZOOM_STEP)])
        .in_menu(Menu::View, 23)
        .with_keys(&[key(Key::Minus)])
        .enabled_if(has_mosaic),
    Action::new(
        "Show selected channel",
        "show the selected channel large; again for the whole mosaic",
        |_| vec![ViewCommand::ShowLarge],
    )
    .in_menu(Menu::View, 24)
    .with_keys(&[key(Key::Enter)])
    .enabled_if(has_selection),
    Action::new("Channel above", "select the channel above in the mosaic", |model| neighbour(model, -1, 0))
        .with_keys(&[shift(Key::ArrowUp)])
        .enabled_if(has_selection),
    Action::new("Channel below", "select the channel below in the mosaic", |model| neighbour(model, 1, 0))
        .with_keys(&[shift(Key::ArrowDown)])
        .enabled_if(has_selection),
    Action::new("Channel to the left", "select the channel on the left", |model| neighbour(model, 0, -1))
        .with_keys(&[shift(Key::ArrowLeft)])
        .enabled_if(has_selection),
    Action::new("Channel to the right", "select the channel on the right", |model| neighbour(model, 0, 1))
        .with_keys(&[shift(Key::ArrowRight)])
        .enabled_if(has_selection),
    Action::new("Previous layer", "go to the layer before", |_| vec![ViewCommand::StepLayer(-1)])
        .with_keys(&[key(Key::ArrowUp), alt(Key::ArrowUp)]),
    Action::new("Next layer", "go to the layer after", |_| vec![ViewCommand::StepLayer(1)])
        .with_keys(&[key(Key::ArrowDown), alt(Key::ArrowDown)]),
    Action::new("Pause the layers", "stop playing through the layers", |_| vec![ViewCommand::TogglePlay])
        .in_menu(Menu::View, 41)
        .enabled_if(|model| model.playing.is_some()),
    Action::new(
        "Play through the layers",
        "play through the layers, or pause; Space too, without a data set",
        |_| vec![ViewCommand::TogglePlay],
    )
    .in_menu(Menu::View, 41)
    .with_keys(&[key(Key::L)])
    .enabled_if(|model| has_mosaic(model) && model.playing.is_none()),
    Action::alias(&[key(Key::L), key(Key::Space)], |_| vec![ViewCommand::TogglePlay])
        .enabled_if(|model| model.playing.is_some() || has_mosaic(model)),
    Action::new("Try again", "run the network again after an error", |_| vec![ViewCommand::Retry])
        .enabled_if(|model| model.view().trouble.is_some()),
    Action::new("Stop the run", "stop the run and go back to what is on screen", |_| {
        vec![ViewCommand::StopRuns]
    })
    .in_menu(Menu::View, 42)
    .enabled_if(is_running),
];

/// The factor of one zoom step with keys or menu.
const ZOOM_STEP: f32 = 1.5;

/// Selects the channel that is this many rows and columns away from the selected one in the mosaic, if there is one; without a selected one,
/// the strongest.
fn neighbour(model: &Model, rows: isize, columns: isize) -> Vec<ViewCommand> {
    let find = || {
        let view = model.view();
        let shown = view.shown.as_ref()?;
        let grid = shown.mosaic.geometry.grid();
        let Some(selected) = view.selected else { return shown.strongest.first().copied() };
        let position = shown.mosaic.order.position_of(selected)?;
        let (row, column) = (position / grid.columns, position % grid.columns);
        let row = row.checked_add_signed(rows).filter(|r| *r < grid.rows)?;
        let column = column.checked_add_signed(columns).filter(|c| *c < grid.columns)?;
        shown.mosaic.order.channel_at(row * grid.columns + column)
    };
    find().map(|channel| ViewCommand::Select(Some(channel))).into_iter().collect()
}
