//! About long work: batches of figures, features of a data set, moving pictures.

use egui::Key;

use crate::app::message::action::{Action, Menu, ctrl, has_mosaic};
use crate::app::model::animation::AnimateScope;
use crate::app::model::batch::BatchScope;
use crate::app::model::extraction::ExtractScope;
use crate::extract::Existing;

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

/// What a person can do about long work.
pub(crate) const ACTIONS: &[Action<TaskCommand>] = &[
    Action::new("Export many figures…", "export many figures", |_| vec![TaskCommand::ToggleBatch])
        .in_menu(Menu::File, 35)
        .with_keys(&[ctrl(Key::E)]),
    Action::new("Extract features…", "make features of the open data set", |_| {
        vec![TaskCommand::ToggleExtract]
    })
    .in_menu(Menu::File, 36),
    Action::new("Animate…", "make a moving picture", |_| vec![TaskCommand::ToggleAnimate])
        .in_menu(Menu::File, 37)
        .enabled_if(has_mosaic),
];
