//! What a person can ask of the window. Panels push commands; they are applied in one place, after drawing, so that a menu
//! item, a shortcut and a button are one path.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::model::animation::AnimateScope;
use crate::app::model::batch::BatchScope;
use crate::app::model::download::DownloadWish;
use crate::app::model::extraction::ExtractScope;
use crate::app::model::links::{Arrangement, Links};
use crate::app::model::request::LayerChoice;
use crate::app::model::save::{Export, SaveLooks};
use crate::app::model::shown::Shown;
use crate::app::model::view::ViewId;
use crate::app::model::windows::LeftTab;
use crate::engine::DeviceChoice;
use crate::extract::Existing;
use crate::input::dataset::Camera;
use crate::input::{FitChoice, ValueChoice};
use crate::models::Row;
use crate::mosaic::{ColourChoice, Grid, MosaicLayout, Normalisation};
use crate::tensor::Sifting;
use crate::weights::FilePart;

/// One request.
#[derive(Clone)]
pub(crate) enum Command {
    /// Ask for a picture with the system's dialog.
    ChoosePicture,
    /// Ask for a folder of pictures.
    ChooseFolder,
    /// Ask for weights of the chosen model.
    ChooseWeights,
    /// Ask where to save the mosaic.
    ChooseSavePlace,
    /// Open a picture, a folder or a log.
    Open(PathBuf),
    /// Open a table whose pictures' paths are in this column.
    OpenTable(PathBuf, String),
    /// Don't say which column has the paths.
    DropTable,
    /// Back to the picture the program carries.
    OpenCat,
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
    Download(&'static Row, DownloadWish),
    /// Another model.
    SetModel(&'static Row),
    /// Something else of the picture and model at hand.
    Want(Wish),
    /// Another view beside the others, to begin with a copy of the active one.
    AddView,
    /// The difference of the first two views that have one.
    AddDifference,
    /// Take a view away; the last stays.
    CloseView(ViewId),
    /// Make the panels be about this view.
    Activate(ViewId),
    /// What goes with what when one view changes.
    SetLinks(Links),
    /// How views lie beside each other.
    Arrange(Arrangement),
    /// Find the filter of this view that answers most as the selected one of the active view does.
    FindClosest(ViewId),
    /// Another layer by steps through the walk: negative ones towards the input.
    StepLayer(isize),
    /// Let layers pass by themselves, or stop them.
    TogglePlay,
    /// Layers a second.
    SetPlaySpeed(f32),
    /// What the left side shows.
    SetTab(LeftTab),
    /// Whether lists of layers have every node, or stages only.
    ListEveryNode(bool),
    /// Keep a filter of the active view in sight.
    Pin(usize),
    /// Take one out of the tray.
    Unpin(u64),
    /// Show the layer of a pinned filter, and select it.
    GoToPin(u64),
    /// How much of the filter covers the picture.
    SetOverlay(f32),
    /// Text for the clipboard, and what it is.
    Copy(String, &'static str),
    /// The table of layers.
    ToggleTable,
    /// What was said before.
    ToggleLog,
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
    /// Write something else than the mosaic.
    Export(Export, PathBuf),
    /// Ask where to.
    ChooseExportPlace(Export),
    /// Put the mosaic on the clipboard.
    CopyMosaic,
    /// Look at a picture from the clipboard.
    PastePicture(Arc<egui::ColorImage>),
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
    /// Save this view; a dialog has asked before replacing a file.
    Save(PathBuf, Arc<Shown>),
    /// Save what was chosen under a typed name; replaces nothing.
    SaveTyped(PathBuf),
    /// How figures are saved.
    SetSaveLooks(SaveLooks),
    /// What is saved under a typed name.
    SetSaveWhat(Export),
    /// Try again after an error.
    Retry,
    /// Back to what is on screen.
    GoBack,
    /// Tell the person that what they typed means nothing.
    Complain(String),
    /// Take a message away.
    Dismiss(usize),
    /// Dark or light.
    ToggleTheme,
    /// What this is, and the keys.
    ToggleHelp,
    /// What was asked before, again; and what was taken back.
    Back,
    Forward,
    /// Run networks on this device.
    SetDevice(DeviceChoice),
    /// Close the window.
    Quit,
}

/// Another way to look at the same picture through the same model.
#[derive(Clone, Debug)]
pub(crate) enum Wish {
    /// Another layer.
    Layer(LayerChoice),
    /// Another layout.
    Layout(MosaicLayout),
    /// Another way to share ranges.
    Normalisation(Normalisation),
    /// Another colour map.
    Colour(ColourChoice),
    /// Another way to the network's size.
    Fit(FitChoice),
    /// Other values for the network.
    Values(ValueChoice),
    /// Other rows and columns of filters; none for as many as their number gives.
    Grid(Option<Grid>),
    /// Other filters, or another order of them.
    Sift(Sifting),
}

impl Command {
    /// Whether it begins something that makes what was said before old.
    pub(crate) fn is_new_work(&self) -> bool {
        matches!(
            self,
            Self::Open(_)
                | Self::OpenTable(..)
                | Self::OpenCat
                | Self::OpenWeights(_)
                | Self::SetModel(_)
                | Self::SetFrame(_)
                | Self::SetCamera(_)
                | Self::Want(_)
                | Self::StepLayer(_)
                | Self::Save(..)
                | Self::SaveTyped(_)
                | Self::Retry
                | Self::GoBack
        )
    }
}

impl Command {
    /// Whether it changes what is asked of views, so that it can be taken back.
    pub(crate) fn is_step(&self) -> bool {
        matches!(
            self,
            Self::Want(_)
                | Self::SetModel(_)
                | Self::UseWeights(..)
                | Self::ForgetWeights
                | Self::AddView
                | Self::AddDifference
                | Self::CloseView(_)
                | Self::SetLinks(_)
                | Self::ThreeCameras
                | Self::OpenCat
                | Self::StepLayer(_)
                | Self::SetFrame(_)
                | Self::SetCamera(_)
                | Self::HoldScale(_)
                | Self::GoToPin(_)
                | Self::PastePicture(_)
        )
    }
}

/// Commands pushed while drawing.
#[derive(Default)]
pub(crate) struct Commands(Vec<Command>);

impl Commands {
    pub(crate) fn push(&mut self, command: Command) {
        self.0.push(command);
    }

    pub(crate) fn extend(&mut self, commands: impl IntoIterator<Item = Command>) {
        self.0.extend(commands);
    }

    pub(crate) fn take(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.0)
    }
}
