//! Commands about weight files and downloads.

use std::path::PathBuf;

use crate::app::message::action::{Action, Kind, Menu};
use crate::app::model::download::DownloadRequest;
use crate::app::model::weights::RecentWeights;
use crate::models::ModelSpec;
use crate::weights::FilePart;

/// A command about weight files or downloads.
#[derive(Clone)]
pub(crate) enum WeightsCommand {
    /// Ask for a weight file.
    ChooseWeights,
    /// Open a weight file that was used before, for the model that it was used for.
    OpenRecent(RecentWeights),
    /// Find out which of the weight files that were used before can't be opened.
    LookForRecent,
    /// Keep a copy of the weights that were given for a model, so that it runs by name.
    Keep(&'static ModelSpec),
    /// Find out which model a weight file is for, and ask the user if several fit.
    OpenWeights(PathBuf),
    /// Use this weight file for this model.
    UseWeights(&'static ModelSpec, FilePart),
    /// Make the network of an ONNX file end at this layer.
    EndAt(PathBuf, String),
    /// Forget the file that was given for the chosen model.
    ForgetWeights,
    /// Close the question which model the file is for, without an answer.
    DropWeights,
    /// Start, stop or ask about a download of a model's weights.
    Download(&'static ModelSpec, DownloadRequest),
}

impl WeightsCommand {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::OpenWeights(_) | Self::OpenRecent(_) => Kind::WORK,
            Self::UseWeights(..) | Self::ForgetWeights => Kind::STEP,
            Self::ChooseWeights
            | Self::EndAt(..)
            | Self::DropWeights
            | Self::LookForRecent
            | Self::Keep(_)
            | Self::Download(..) => Kind::PLAIN,
        }
    }
}

/// The actions about weights.
pub(crate) const ACTIONS: &[Action<WeightsCommand>] =
    &[Action::new("Load weights…", "load a weight file or an ONNX model", |_| {
        vec![WeightsCommand::ChooseWeights]
    })
    .in_menu(Menu::File, 20)];
