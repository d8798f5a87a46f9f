//! About long work: batches of figures, features of a data set, moving pictures.

use egui::Key;

use crate::app::message::action::{Action, Menu, ctrl, has_mosaic};
use crate::app::model::task::{Task, TaskScope};
use crate::extract::Existing;

/// About long work: batches of figures, features of a data set, moving pictures.
#[derive(Clone)]
pub(crate) enum TaskCommand {
    /// Open or close its window.
    Toggle(Task),
    /// What it is to be of.
    Set(Box<TaskScope>),
    /// Ask where it is to write.
    ChoosePlace(Task),
    /// Begin it as the preview shows it.
    Start(Task, Existing),
    /// Stop it.
    Cancel(Task),
}

/// What a person can do about long work.
pub(crate) const ACTIONS: &[Action<TaskCommand>] = &[
    Action::new("Export many figures…", "export many figures", |_| vec![TaskCommand::Toggle(Task::Batch)])
        .in_menu(Menu::File, 35)
        .with_keys(&[ctrl(Key::E)]),
    Action::new("Extract features…", "make features of the open data set", |_| {
        vec![TaskCommand::Toggle(Task::Extract)]
    })
    .in_menu(Menu::File, 36),
    Action::new("Animate…", "make a moving picture", |_| vec![TaskCommand::Toggle(Task::Animate)])
        .in_menu(Menu::File, 37)
        .enabled_if(has_mosaic),
];
