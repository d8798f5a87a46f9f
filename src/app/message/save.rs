//! About files that leave, and the clipboard.

use std::path::PathBuf;
use std::sync::Arc;

use egui::Key;

use crate::app::message::action::{Action, Kind, Menu, ctrl, has_mosaic, has_selection};
use crate::app::model::save::{Export, SaveLooks};
use crate::app::model::shown::Shown;

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

impl SaveCommand {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Save(..) | Self::SaveTyped(_) => Kind::WORK,
            Self::ChooseSavePlace
            | Self::ChooseExportPlace(_)
            | Self::Export(..)
            | Self::SetSaveLooks(_)
            | Self::SetSaveWhat(_)
            | Self::CopyMosaic
            | Self::Copy(..) => Kind::PLAIN,
        }
    }
}

/// What a person can do about files and the clipboard.
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
    Action::new("Save all views as a sheet…", "save the picture and all views on one sheet", |_| {
        vec![SaveCommand::ChooseExportPlace(Export::Sheet)]
    })
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
        .in_menu(Menu::File, 38)
        .with_keys(&[ctrl(Key::C)])
        .enabled_if(has_mosaic),
];
