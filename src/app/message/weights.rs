//! About weight files and downloads.

use std::path::PathBuf;

use crate::app::message::action::{Action, Kind, Menu};
use crate::app::model::download::DownloadRequest;
use crate::models::ModelSpec;
use crate::weights::FilePart;

/// About weight files and downloads.
#[derive(Clone)]
pub(crate) enum WeightsCommand {
    /// Ask for weights of the chosen model.
    ChooseWeights,
    /// Find out which model a weight file is for, and ask where it doesn't show.
    OpenWeights(PathBuf),
    /// Use this weight file for this model.
    UseWeights(&'static ModelSpec, FilePart),
    /// Let the network of an ONNX file end at this layer.
    EndAt(PathBuf, String),
    /// Forget the file that was given for the chosen model.
    ForgetWeights,
    /// Don't say which model the file is for.
    DropWeights,
    /// Something about a download of a model's weights.
    Download(&'static ModelSpec, DownloadRequest),
}

impl WeightsCommand {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::OpenWeights(_) => Kind::WORK,
            Self::UseWeights(..) | Self::ForgetWeights => Kind::STEP,
            Self::ChooseWeights | Self::EndAt(..) | Self::DropWeights | Self::Download(..) => Kind::PLAIN,
        }
    }
}

/// What a person can do about weights.
pub(crate) const ACTIONS: &[Action<WeightsCommand>] =
    &[Action::new("Load weights…", "load a weight file or an ONNX model", |_| {
        vec![WeightsCommand::ChooseWeights]
    })
    .in_menu(Menu::File, 20)];
