//! Commands about tasks: batches of figures, features of a data set, moving pictures.

use crate::app::message::action::{Action, Asks, Menu, has_mosaic};
use crate::app::model::task::basis::TaskAbout;
use crate::app::model::task::{Task, TaskScope};
use crate::extract::Existing;

/// A command about a task: a batch of figures, features of a data set, a moving picture.
#[derive(Clone)]
pub(crate) enum TaskCommand {
    /// Open or close the task's window.
    Toggle(Task),
    /// Open the task's window, or leave it open.
    Open(Task),
    /// Change the choices for the task.
    Set(Box<TaskScope>),
    /// Ask where the task should write.
    ChoosePlace(Task),
    /// Start the task as its preview shows it.
    Start(Task, Existing),
    /// Stop the task.
    Cancel(Task),
}

/// The actions about tasks: each opens or closes the window of one kind.
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
