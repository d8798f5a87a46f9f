//! The table of actions: what the user can do with a menu, a key or the command palette. One row per action.
//!
//! Defines a row. The rows themselves are next to the commands that they send; `command` lists them all.

use egui::{Key, KeyboardShortcut, Modifiers};

use crate::app::model::Model;
use crate::app::model::view::ViewState;

/// How a command affects earlier messages and the undo history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// It starts new work, so earlier messages are cleared.
    pub(crate) is_new_work: bool,
    /// It changes what is requested of views, so it can be undone.
    pub(crate) is_step: bool,
}

impl Kind {
    pub(crate) const PLAIN: Self = Self { is_new_work: false, is_step: false };
    pub(crate) const WORK: Self = Self { is_new_work: true, is_step: false };
    pub(crate) const STEP: Self = Self { is_new_work: false, is_step: true };
    pub(crate) const WORK_AND_STEP: Self = Self { is_new_work: true, is_step: true };
}

/// The menus that actions can be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Menu {
    File,
    Edit,
    View,
    Help,
}

/// One row of the table: an action that sends commands of one family.
pub(crate) struct Action<C: 'static> {
    /// Its label in menus and in the palette; empty for further keys of another action.
    pub(crate) label: &'static str,
    /// The menu that it is in, and its position there. A separator is drawn between items whose positions differ in the tens digit.
    pub(crate) menu: Option<(Menu, u8)>,
    /// Its shortcuts. Those without modifiers work only while no widget has the focus and no popup is open. If several actions share a
    /// shortcut, the first enabled one is done.
    pub(crate) keys: &'static [KeyboardShortcut],
    /// A description of what it does, for the help sheet and tooltips.
    pub(crate) help: &'static str,
    /// Whether it can be done now.
    pub(crate) is_enabled: fn(&Model) -> bool,
    /// The commands that it sends.
    pub(crate) asks: Asks<C>,
}

/// The commands that an action sends.
#[derive(Clone)]
pub(crate) enum Asks<C> {
    /// Always the same command.
    Always(C),
    /// Commands that depend on the state; none if there is nothing to apply them to.
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
    /// A row that is always enabled, in no menu and without a shortcut.
    pub(crate) const fn new(label: &'static str, help: &'static str, commands: fn(&Model) -> Vec<C>) -> Self {
        Self { label, menu: None, keys: &[], help, is_enabled: |_| true, asks: Asks::By(commands) }
    }

    /// Further keys for the action of another row. Not listed in menus, help or palette.
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

/// A shortcut: this key without modifiers.
pub(crate) const fn key(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

/// A shortcut: this key with Ctrl, or with Command on macOS.
pub(crate) const fn ctrl(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}

/// A shortcut: this key with Shift and Ctrl (or Command on macOS).
pub(crate) const fn ctrl_shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), key)
}

/// A shortcut: this key with Shift.
pub(crate) const fn shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::SHIFT, key)
}

/// A shortcut: this key with Alt.
pub(crate) const fn alt(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::ALT, key)
}

/// Whether the active view shows a mosaic.
pub(crate) fn has_mosaic(model: &Model) -> bool {
    model.view().shown.is_some()
}

/// Whether a view's request is being computed.
pub(crate) fn is_running(model: &Model) -> bool {
    model.views.iter().any(ViewState::can_be_stopped)
}

/// Whether a channel of the active view is selected.
pub(crate) fn has_selection(model: &Model) -> bool {
    model.view().selected.is_some()
}

/// Whether the active view shows a frame of a data set.
pub(crate) fn has_dataset(model: &Model) -> bool {
    model.view().source.is_some()
}
