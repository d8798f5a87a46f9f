//! About long work: batches of figures, features of a data set, moving pictures.

use crate::app::message::action::{Action, Asks, Menu, has_mosaic};
use crate::app::model::task::basis::TaskAbout;
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

/// What a person can do about long work: open the window of each kind.
pub(crate) fn actions() -> impl Iterator<Item = Action<TaskCommand>> {
    Task::ALL.iter().map(|&task| {
        let TaskAbout { label, help, menu_place, keys, needs_mosaic, .. } = *task.about();
        Action {
            label,
            menu: Some((Menu::File, menu_place)),
            keys,
            help,
            is_enabled: if needs_mosaic { has_mosaic } else { |_| true },
            asks: Asks::Always(TaskCommand::Toggle(task)),
        }
    })
}
