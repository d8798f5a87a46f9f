//! What a person can do with a menu, a key or the command palette: one row an action.
//!
//! Owns what a row is. The rows stand beside the commands that they are about; `command` lists them all.

use egui::{Key, KeyboardShortcut, Modifiers};

use crate::app::model::Model;

/// What a command means for what was said and done before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// It begins something that makes what was said before old.
    pub(crate) is_new_work: bool,
    /// It changes what is asked of views, so that it can be taken back.
    pub(crate) is_step: bool,
}

impl Kind {
    pub(crate) const PLAIN: Self = Self { is_new_work: false, is_step: false };
    pub(crate) const WORK: Self = Self { is_new_work: true, is_step: false };
    pub(crate) const STEP: Self = Self { is_new_work: false, is_step: true };
    pub(crate) const WORK_AND_STEP: Self = Self { is_new_work: true, is_step: true };
}

/// Menus that actions stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Menu {
    File,
    View,
    Help,
}

/// One row: an action of a family of commands.
pub(crate) struct Action<C: 'static> {
    /// What it is called in menus and in the palette; empty for further keys of another action.
    pub(crate) label: &'static str,
    /// The menu it stands in, and where: a line is drawn where the tens change.
    pub(crate) menu: Option<(Menu, u8)>,
    /// Keys that do it. Those without modifiers count only while no text is typed. Of actions with one key the first that is enabled is
    /// done.
    pub(crate) keys: &'static [KeyboardShortcut],
    /// What it does, for the help sheet and tooltips.
    pub(crate) help: &'static str,
    /// Whether it can be done now.
    pub(crate) is_enabled: fn(&Model) -> bool,
    /// What is asked for by it.
    pub(crate) asks: Asks<C>,
}

/// What an action asks for.
#[derive(Clone)]
pub(crate) enum Asks<C> {
    /// One command, whatever the model.
    Always(C),
    /// Commands that depend on the model; none where there is nothing to do it to.
    By(fn(&Model) -> Vec<C>),
}

impl<C: Clone> Asks<C> {
    pub(crate) fn commands(&self, model: &Model) -> Vec<C> {
        match self {
            Self::Always(command) => vec![command.clone()],
            Self::By(commands) => commands(model),
        }
    }
}

impl<C> Action<C> {
    /// A row that can always be done, with no menu and no key.
    pub(crate) const fn new(label: &'static str, help: &'static str, commands: fn(&Model) -> Vec<C>) -> Self {
        Self { label, menu: None, keys: &[], help, is_enabled: |_| true, asks: Asks::By(commands) }
    }

    /// Further keys of an action that stands elsewhere: in no menu, no help and no palette.
    pub(crate) const fn alias(keys: &'static [KeyboardShortcut], commands: fn(&Model) -> Vec<C>) -> Self {
        Self { label: "", menu: None, keys, help: "", is_enabled: |_| true, asks: Asks::By(commands) }
    }

    #[must_use]
    pub(crate) const fn in_menu(mut self, menu: Menu, place: u8) -> Self {
        self.menu = Some((menu, place));
        self
    }

    #[must_use]
    pub(crate) const fn with_keys(mut self, keys: &'static [KeyboardShortcut]) -> Self {
        self.keys = keys;
        self
    }

    #[must_use]
    pub(crate) const fn enabled_if(mut self, is_enabled: fn(&Model) -> bool) -> Self {
        self.is_enabled = is_enabled;
        self
    }
}

/// A key by itself.
pub(crate) const fn key(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

/// With Ctrl, or what the system has in its place.
pub(crate) const fn ctrl(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}

/// With Ctrl and Shift.
pub(crate) const fn ctrl_shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), key)
}

/// With Alt.
pub(crate) const fn alt(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::ALT, key)
}

/// Whether the active view shows something.
pub(crate) fn has_mosaic(model: &Model) -> bool {
    model.view().shown.is_some()
}

/// Whether a channel of the active view is selected.
pub(crate) fn has_selection(model: &Model) -> bool {
    model.view().selected.is_some()
}

/// Whether the active view is of a data set.
pub(crate) fn has_dataset(model: &Model) -> bool {
    model.view().source.is_some()
}
