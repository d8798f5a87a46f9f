//! The commands of the user. Panels push commands; they are applied in one place, after drawing, so a menu item, a shortcut and a
//! button all work the same way.
//!
//! Each family of commands has one handler in `update`, whose match lists every command of the family.

use std::sync::LazyLock;

use egui::KeyboardShortcut;

use crate::app::message::action::{Action, Kind, Menu};
use crate::app::message::dataset::DatasetCommand;
use crate::app::message::save::SaveCommand;
use crate::app::message::task::TaskCommand;
use crate::app::message::view::ViewCommand;
use crate::app::message::views::ViewsCommand;
use crate::app::message::weights::WeightsCommand;
use crate::app::message::window::WindowCommand;
use crate::app::message::{dataset, save, task, view, views, weights, window};
use crate::app::model::Model;
use crate::app::model::history::Gesture;

/// A command of any family.
#[derive(Clone)]
pub(crate) enum Command {
    View(ViewCommand),
    Views(ViewsCommand),
    Weights(WeightsCommand),
    Dataset(DatasetCommand),
    Save(SaveCommand),
    Task(TaskCommand),
    Window(WindowCommand),
}

impl Command {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::View(command) => command.kind(),
            Self::Views(command) => command.kind(),
            Self::Weights(command) => command.kind(),
            Self::Dataset(command) => command.kind(),
            Self::Save(command) => command.kind(),
            Self::Task(command) => command.kind(),
            // None of these changes what is requested of views or clears messages.
            Self::Window(_) => Kind::PLAIN,
        }
    }
}

impl Command {
    /// The movement that it can be a part of; such commands in a row are one step of undo.
    pub(crate) fn gesture(&self) -> Option<Gesture> {
        if let Self::Dataset(DatasetCommand::SetFrame(_)) = self {
            return Some(Gesture::Frames);
        }
        if let Self::View(ViewCommand::Change(change)) = self {
            return Some(Gesture::Change(std::mem::discriminant(change)));
        }
        None
    }
}

macro_rules! families {
    ($($family:ident($commands:ident)),*) => {
        $(impl From<$commands> for Command {
            fn from(command: $commands) -> Self {
                Self::$family(command)
            }
        })*
    };
}

families!(
    View(ViewCommand),
    Views(ViewsCommand),
    Weights(WeightsCommand),
    Dataset(DatasetCommand),
    Save(SaveCommand),
    Task(TaskCommand),
    Window(WindowCommand)
);

/// The commands pushed while a frame is drawn.
#[derive(Default)]
pub(crate) struct Commands(Vec<Command>);

impl Commands {
    pub(crate) fn push(&mut self, command: impl Into<Command>) {
        self.0.push(command.into());
    }

    pub(crate) fn extend(&mut self, commands: impl IntoIterator<Item = Command>) {
        self.0.extend(commands);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Puts a command before the one at this place.
    pub(crate) fn insert(&mut self, at: usize, command: impl Into<Command>) {
        self.0.insert(at.min(self.0.len()), command.into());
    }

    pub(crate) fn take(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.0)
    }
}

/// A function that gives the commands of an action for the present state.
type CommandsOf = dyn Fn(&Model) -> Vec<Command> + Send + Sync;

/// An action of any family, in the form that menus, shortcuts, help and palette use.
pub(crate) struct AnyAction {
    /// What the family of commands is about, as the help groups them.
    pub(crate) about: &'static str,
    pub(crate) label: &'static str,
    pub(crate) menu: Option<(Menu, u8)>,
    pub(crate) keys: &'static [KeyboardShortcut],
    pub(crate) help: &'static str,
    is_enabled: fn(&Model) -> bool,
    commands: Box<CommandsOf>,
}

impl AnyAction {
    fn of<C: Clone + Into<Command> + Send + Sync + 'static>(about: &'static str, action: &Action<C>) -> Self {
        let Action { label, menu, keys, help, is_enabled, asks } = action;
        let asks = asks.clone();
        let commands =
            Box::new(move |model: &Model| asks.commands(model).into_iter().map(Into::into).collect());
        let about = match menu {
            Some((Menu::File, _)) => "Files",
            Some((Menu::Edit, _)) => "Edit",
            Some((Menu::Help, _)) => "Window",
            Some((Menu::View, _)) | None => about,
        };
        Self { about, label, menu: *menu, keys, help, is_enabled: *is_enabled, commands }
    }

    /// Whether it can be done now.
    pub(crate) fn is_enabled(&self, model: &Model) -> bool {
        (self.is_enabled)(model)
    }

    /// The commands that it sends.
    pub(crate) fn commands(&self, model: &Model) -> Vec<Command> {
        (self.commands)(model)
    }
}

/// The action with this label.
pub(crate) fn action(label: &str) -> Option<&'static AnyAction> {
    actions().iter().find(|action| action.label == label)
}

/// All actions.
pub(crate) fn actions() -> &'static [AnyAction] {
    static ALL: LazyLock<Vec<AnyAction>> = LazyLock::new(|| {
        let view = view::ACTIONS.iter().map(|action| AnyAction::of("Layers and channels", action));
        let dataset = dataset::ACTIONS.iter().map(|action| AnyAction::of("Frames of a data set", action));
        let views = views::ACTIONS.iter().map(|action| AnyAction::of("Several views", action));
        let weights = weights::ACTIONS.iter().map(|action| AnyAction::of("Files", action));
        let save = save::ACTIONS.iter().map(|action| AnyAction::of("Files", action));
        let task = task::actions().map(|action| AnyAction::of("Files", &action));
        let window = window::ACTIONS.iter().map(|action| AnyAction::of("Window", action));
        dataset.chain(view).chain(views).chain(weights).chain(save).chain(task).chain(window).collect()
    });
    &ALL
}
