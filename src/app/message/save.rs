//! Commands about saving files, and about the clipboard.

use std::path::PathBuf;
use std::sync::Arc;

use egui::Key;

use crate::app::message::action::{Action, Kind, Menu, ctrl, has_mosaic, has_selection};
use crate::app::model::save::{Export, SaveLooks};
use crate::app::model::shown::Shown;

/// A command about saving files, or about the clipboard.
#[derive(Clone)]
pub(crate) enum SaveCommand {
    /// Ask where to save the mosaic.
    ChooseSavePlace,
    /// Ask where to save something else than the whole mosaic.
    ChooseExportPlace(Export),
    /// Save this view; the dialog has already asked whether to replace a file.
    Save(PathBuf, Arc<Shown>),
    /// The answer to the question whether a file may be replaced.
    Replace(bool),
    /// Save under a typed name what was chosen with `SetSaveWhat`; asks before it replaces a file.
    SaveTyped(PathBuf),
    /// Save something of the active view; asks before it replaces a file.
    Export(Export, PathBuf),
    /// Change how saved figures look.
    SetSaveLooks(SaveLooks),
    /// Choose what is saved under a typed name.
    SetSaveWhat(Export),
    /// Copy the mosaic to the clipboard.
    CopyMosaic,
    /// Copy text to the clipboard; the second text says what it is.
    Copy(String, &'static str),
}

impl SaveCommand {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Save(..) | Self::SaveTyped(_) => Kind::WORK,
            Self::ChooseSavePlace
            | Self::Replace(_)
            | Self::ChooseExportPlace(_)
            | Self::Export(..)
            | Self::SetSaveLooks(_)
            | Self::SetSaveWhat(_)
            | Self::CopyMosaic
            | Self::Copy(..) => Kind::PLAIN,
        }
    }
}

/// The actions about saving files, and about the clipboard.
pub(crate) const ACTIONS: &[Action<SaveCommand>] = &[
    Action::new("Save mosaic…", "save the mosaic", |_| vec![SaveCommand::ChooseSavePlace])
        .in_menu(Menu::File, 30)
        .with_keys(&[ctrl(Key::S)])
        .enabled_if(has_mosaic),
    Action::new("Save this view…", "save what is in sight of the mosaic, as it is on screen", |_| {
        vec![SaveCommand::ChooseExportPlace(Export::View)]
    })
    .in_menu(Menu::File, 31)
    .enabled_if(has_mosaic),
    Action::new(
        "Save all views as one figure…",
        "save the picture and all views as one figure with several panels",
        |_| vec![SaveCommand::ChooseExportPlace(Export::Sheet)],
    )
    .in_menu(Menu::File, 32)
    .enabled_if(has_mosaic),
    Action::new("Save selected channel…", "save the map of the selected channel", |_| {
        vec![SaveCommand::ChooseExportPlace(Export::Channel)]
    })
    .in_menu(Menu::File, 33)
    .enabled_if(has_selection),
    Action::new("Save the layer's values…", "save the layer's values as .npy", |_| {
        vec![SaveCommand::ChooseExportPlace(Export::Values)]
    })
    .in_menu(Menu::File, 34)
    .enabled_if(has_mosaic),
    Action::new("Copy mosaic", "copy the mosaic as a picture", |_| vec![SaveCommand::CopyMosaic])
        .in_menu(Menu::Edit, 20)
        .with_keys(&[ctrl(Key::C)])
        .enabled_if(has_mosaic),
];
