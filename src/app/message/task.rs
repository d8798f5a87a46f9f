//! Commands about tasks: batches of figures, features of a data set, moving pictures, comparisons and probes of features; and about heads.

use std::path::PathBuf;

use crate::app::message::action::{Action, Asks, Kind, Menu, has_mosaic};
use crate::app::model::task::basis::TaskAbout;
use crate::app::model::task::{Task, TaskScope};
use crate::extract::Existing;

/// A command about a task, or about a head.
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
    /// Add folders of features to a task over features.
    AddFolders(Task, Vec<PathBuf>),
    /// Show two of the compared layers side by side, by their places in the matrix; one view for a layer and itself.
    ShowPair(usize, usize),
    /// Ask where to save the result of a comparison or a probe.
    ChooseResultPlace(Task),
    /// Save it; the flag says whether a file may be replaced, because a dialog has asked about it.
    SaveResult(Task, PathBuf, bool),
    /// Open or close the window about the head in use.
    ToggleHead,
    /// Ask for the file of a head.
    ChooseHead,
    /// Use the head in this file.
    UseHead(PathBuf),
    /// Use the head that the last probe fitted.
    UseFittedHead,
    /// Use no head any more.
    DropHead,
}

impl TaskCommand {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::ShowPair(..) => Kind::STEP,
            Self::Toggle(_)
            | Self::Open(_)
            | Self::Set(_)
            | Self::ChoosePlace(_)
            | Self::Start(..)
            | Self::Cancel(_)
            | Self::AddFolders(..)
            | Self::ChooseResultPlace(_)
            | Self::SaveResult(..)
            | Self::ToggleHead
            | Self::ChooseHead
            | Self::UseHead(_)
            | Self::UseFittedHead
            | Self::DropHead => Kind::PLAIN,
        }
    }
}

/// The actions about tasks, of which each opens or closes the window of one kind; and about heads.
pub(crate) fn actions() -> impl Iterator<Item = Action<TaskCommand>> {
    let of_heads = [
        Action::new("Use head…", "tell the frames of the data set with a head that a probe kept", |_| {
            vec![TaskCommand::ToggleHead]
        })
        .in_menu(Menu::File, 42),
        Action::new("Stop using the head", "tell no more frames with it", |_| vec![TaskCommand::DropHead])
            .enabled_if(|model| model.studied.telling.is_some()),
    ];
    let of_tasks = Task::ALL.iter().map(|&task| {
        let TaskAbout { label, help, menu_place, keys, needs_mosaic, .. } = *task.about();
        Action {
            label,
            menu: Some((Menu::File, menu_place)),
            keys,
            help,
            is_enabled: if needs_mosaic { has_mosaic } else { |_| true },
            asks: Asks::Always(TaskCommand::Toggle(task)),
        }
    });
    of_tasks.chain(of_heads)
}
