//! What a person can ask of the window. Panels push commands; they are applied in one place, after drawing, so that a menu
//! item, a shortcut and a button are one path.
//!
//! A family of commands has one handler in `update`, whose match names each of them.

use std::path::PathBuf;
use std::sync::Arc;

use egui::ColorImage;

use crate::app::model::animation::AnimateScope;
use crate::app::model::batch::BatchScope;
use crate::app::model::dataset::ThumbKey;
use crate::app::model::download::DownloadRequest;
use crate::app::model::extraction::ExtractScope;
use crate::app::model::links::{Arrangement, Links};
use crate::app::model::save::{Export, SaveLooks};
use crate::app::model::shown::Shown;
use crate::app::model::view::ViewId;
use crate::app::model::windows::LeftTab;
use crate::engine::DeviceChoice;
use crate::extract::Existing;
use crate::input::dataset::Camera;
use crate::models::Row;
use crate::render::Change;
use crate::weights::FilePart;

/// One request.
#[derive(Clone)]
pub(crate) enum Command {
    View(ViewCommand),
    Views(ViewsCommand),
    Weights(WeightsCommand),
    Dataset(DatasetCommand),
    Save(SaveCommand),
    Task(TaskCommand),
    Window(WindowCommand),
}

/// About the active view: what it is of and how it is looked at.
#[derive(Clone)]
pub(crate) enum ViewCommand {
    /// Ask for a picture with the system's dialog.
    ChoosePicture,
    /// Ask for a folder of pictures.
    ChooseFolder,
    /// Open a picture, a folder, a log, or a weight file.
    Open(PathBuf),
    /// Open a table whose pictures' paths are in this column.
    OpenTable(PathBuf, String),
    /// Don't say which column has the paths.
    DropTable,
    /// Back to the picture the program carries.
    OpenCat,
    /// Look at a picture from the clipboard.
    PastePicture(Arc<ColorImage>),
    /// Another model.
    SetModel(&'static Row),
    /// Something else of the picture and model at hand.
    Change(Change),
    /// Another layer by steps through the walk: negative ones towards the input.
    StepLayer(isize),
    /// Let layers pass by themselves, or stop them.
    TogglePlay,
    /// Layers a second.
    SetPlaySpeed(f32),
    /// Look at one filter, or at none.
    Select(Option<usize>),
    /// The whole mosaic in sight.
    Fit,
    /// Zoom about the middle.
    Zoom(f32),
    /// One mosaic pixel to one screen pixel.
    ActualSize,
    /// Bring the selected filter to the middle.
    ShowSelected,
    /// Try again after an error.
    Retry,
    /// Back to what is on screen.
    GoBack,
}

/// About several views: more of them, fewer, linked, compared; and what was asked of them before.
#[derive(Clone)]
pub(crate) enum ViewsCommand {
    /// Another view beside the others, to begin with a copy of the active one.
    AddView,
    /// The difference of the first two views that have one.
    AddDifference,
    /// Take a view away; the last stays.
    CloseView(ViewId),
    /// Select this view.
    Activate(ViewId),
    /// What goes with what when one view changes.
    SetLinks(Links),
    /// How views lie beside each other.
    Arrange(Arrangement),
    /// Find the filter of this view that answers most as the selected one of the active view does.
    FindClosest(ViewId),
    /// Keep a filter of the active view in sight.
    Pin(usize),
    /// Take one out of the tray.
    Unpin(u64),
    /// Show the layer of a pinned filter, and select it.
    GoToPin(u64),
    /// What was asked before, again.
    Back,
    /// What was taken back.
    Forward,
    /// Run networks on this device.
    SetDevice(DeviceChoice),
}

/// About weight files and downloads.
#[derive(Clone)]
pub(crate) enum WeightsCommand {
    /// Ask for weights of the chosen model.
    ChooseWeights,
    /// Find out which model a weight file is for, and ask where it doesn't show.
    OpenWeights(PathBuf),
    /// Use this weight file for this model.
    UseWeights(&'static Row, FilePart),
    /// Let the network of an ONNX file end at this layer.
    EndAt(PathBuf, String),
    /// Forget the file that was given for the chosen model.
    ForgetWeights,
    /// Don't say which model the file is for.
    DropWeights,
    /// Something about a download of a model's weights.
    Download(&'static Row, DownloadRequest),
}

/// About an open folder or log.
#[derive(Clone)]
pub(crate) enum DatasetCommand {
    /// Another moment of the open data set.
    SetFrame(usize),
    /// Another camera of it.
    SetCamera(Camera),
    /// Let moments pass by themselves, or stop them.
    TogglePlayFrames,
    /// Moments a second at most.
    SetFrameSpeed(f32),
    /// Hold the range on screen for every moment, or let each have its own.
    HoldScale(bool),
    /// All cameras of the moment side by side.
    ThreeCameras,
    /// Show what is put into the open folder, or stop that.
    ToggleWatch,
    /// Which label is plotted.
    SetPlottedLabel(usize),
    /// A moment's small picture is in sight and not here.
    ShowThumb(ThumbKey),
}

/// About files that leave, and the clipboard.
#[derive(Clone)]
pub(crate) enum SaveCommand {
    /// Ask where to save the mosaic.
    ChooseSavePlace,
    /// Ask where to export something else to.
    ChooseExportPlace(Export),
    /// Save this view; a dialog has asked before replacing a file.
    Save(PathBuf, Arc<Shown>),
    /// Save what was chosen under a typed name; replaces nothing.
    SaveTyped(PathBuf),
    /// Write something else than the mosaic.
    Export(Export, PathBuf),
    /// How figures are saved.
    SetSaveLooks(SaveLooks),
    /// What is saved under a typed name.
    SetSaveWhat(Export),
    /// Write the mosaic to the clipboard.
    CopyMosaic,
    /// Text for the clipboard, and what it is.
    Copy(String, &'static str),
}

/// About long work: batches of figures, features of a data set, moving pictures.
#[derive(Clone)]
pub(crate) enum TaskCommand {
    /// The window that exports many figures.
    ToggleBatch,
    /// What a batch is to be of.
    SetBatch(Box<BatchScope>),
    /// Ask for the batch's folder.
    ChooseBatchFolder,
    /// Write what the preview shows.
    StartBatch,
    /// Call the running batch off.
    CancelBatch,
    /// The window that makes features of the open data set.
    ToggleExtract,
    /// Which features.
    SetExtract(Box<ExtractScope>),
    /// Ask for their folder.
    ChooseExtractFolder,
    /// Make what the preview shows.
    StartExtract(Existing),
    /// Stop that after the batch in hand.
    CancelExtract,
    /// The window that makes moving pictures.
    ToggleAnimate,
    /// Which one.
    SetAnimate(Box<AnimateScope>),
    /// Ask for its file.
    ChooseAnimationPlace,
    /// Make what the preview shows.
    StartAnimate,
    /// Stop that.
    CancelAnimate,
}

/// About the window itself.
#[derive(Clone)]
pub(crate) enum WindowCommand {
    /// What the left side shows.
    SetTab(LeftTab),
    /// Whether lists of layers have every node, or stages only.
    ListEveryNode(bool),
    /// How much of the filter covers the picture.
    SetOverlay(f32),
    /// The table of layers.
    ToggleTable,
    /// What was said before.
    ToggleLog,
    /// What this is, and the keys.
    ToggleHelp,
    /// Dark or light.
    ToggleTheme,
    /// Tell the person that what they typed means nothing.
    Complain(String),
    /// Take a message away.
    Dismiss(usize),
    /// Close the window.
    Quit,
}

/// What a command means for what was said and done before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// It begins something that makes what was said before old.
    pub(crate) is_new_work: bool,
    /// It changes what is asked of views, so that it can be taken back.
    pub(crate) is_step: bool,
}

const PLAIN: Kind = Kind { is_new_work: false, is_step: false };
const WORK: Kind = Kind { is_new_work: true, is_step: false };
const STEP: Kind = Kind { is_new_work: false, is_step: true };
const WORK_AND_STEP: Kind = Kind { is_new_work: true, is_step: true };

impl Command {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::View(command) => command.kind(),
            Self::Views(command) => command.kind(),
            Self::Weights(command) => command.kind(),
            Self::Dataset(command) => command.kind(),
            Self::Save(command) => command.kind(),
            Self::Task(_) | Self::Window(_) => PLAIN,
        }
    }
}

impl ViewCommand {
    fn kind(&self) -> Kind {
        match self {
            Self::Open(_) | Self::OpenTable(..) | Self::Retry | Self::GoBack => WORK,
            Self::OpenCat | Self::SetModel(_) | Self::Change(_) | Self::StepLayer(_) => WORK_AND_STEP,
            Self::PastePicture(_) => STEP,
            Self::ChoosePicture
            | Self::ChooseFolder
            | Self::DropTable
            | Self::TogglePlay
            | Self::SetPlaySpeed(_)
            | Self::Select(_)
            | Self::Fit
            | Self::Zoom(_)
            | Self::ActualSize
            | Self::ShowSelected => PLAIN,
        }
    }
}

impl ViewsCommand {
    fn kind(&self) -> Kind {
        match self {
            Self::AddView
            | Self::AddDifference
            | Self::CloseView(_)
            | Self::SetLinks(_)
            | Self::GoToPin(_) => STEP,
            Self::Activate(_)
            | Self::Arrange(_)
            | Self::FindClosest(_)
            | Self::Pin(_)
            | Self::Unpin(_)
            | Self::Back
            | Self::Forward
            | Self::SetDevice(_) => PLAIN,
        }
    }
}

impl WeightsCommand {
    fn kind(&self) -> Kind {
        match self {
            Self::OpenWeights(_) => WORK,
            Self::UseWeights(..) | Self::ForgetWeights => STEP,
            Self::ChooseWeights | Self::EndAt(..) | Self::DropWeights | Self::Download(..) => PLAIN,
        }
    }
}

impl DatasetCommand {
    fn kind(&self) -> Kind {
        match self {
            Self::SetFrame(_) | Self::SetCamera(_) => WORK_AND_STEP,
            Self::HoldScale(_) | Self::ThreeCameras => STEP,
            Self::TogglePlayFrames
            | Self::SetFrameSpeed(_)
            | Self::ToggleWatch
            | Self::SetPlottedLabel(_)
            | Self::ShowThumb(_) => PLAIN,
        }
    }
}

impl SaveCommand {
    fn kind(&self) -> Kind {
        match self {
            Self::Save(..) | Self::SaveTyped(_) => WORK,
            Self::ChooseSavePlace
            | Self::ChooseExportPlace(_)
            | Self::Export(..)
            | Self::SetSaveLooks(_)
            | Self::SetSaveWhat(_)
            | Self::CopyMosaic
            | Self::Copy(..) => PLAIN,
        }
    }
}

macro_rules! families {
    ($($family:ident($commands:ident)),*) => {
        $(impl From<$commands> for Command {
            fn from(command: $commands) -> Self {
                Self::$family(command)
            }
        })*
    };
}

families!(
    View(ViewCommand),
    Views(ViewsCommand),
    Weights(WeightsCommand),
    Dataset(DatasetCommand),
    Save(SaveCommand),
    Task(TaskCommand),
    Window(WindowCommand)
);

/// Commands pushed while drawing.
#[derive(Default)]
pub(crate) struct Commands(Vec<Command>);

impl Commands {
    pub(crate) fn push(&mut self, command: impl Into<Command>) {
        self.0.push(command.into());
    }

    pub(crate) fn take(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.0)
    }
}
