//! About the window itself.

use egui::Key;

use crate::app::message::action::{Action, Menu, ctrl, ctrl_shift, key};
use crate::app::model::preferences::Preference;
use crate::app::model::windows::LeftTab;

/// About the window itself.
#[derive(Clone)]
pub(crate) enum WindowCommand {
    /// What the left side shows.
    SetTab(LeftTab),
    /// Another preference.
    Prefer(Preference),
    /// The table of layers.
    ToggleTable,
    /// What was said before.
    ToggleLog,
    /// What this is, and the keys.
    ToggleHelp,
    /// The command palette.
    TogglePalette,
    /// Close what lies over the others; with nothing there, dismiss messages and select nothing.
    CloseTop,
    /// Dark or light.
    ToggleTheme,
    /// Tell the person that what they typed means nothing.
    Complain(String),
    /// Take a message away.
    Dismiss(usize),
    /// Close the window.
    Quit,
}

/// What a person can do about the window.
pub(crate) const ACTIONS: &[Action<WindowCommand>] = &[
    Action::new("Command palette…", "find any action, model, layer or colour map by its name", |_| {
        vec![WindowCommand::TogglePalette]
    })
    .in_menu(Menu::View, 50)
    .with_keys(&[ctrl_shift(Key::P)]),
    Action::new("Layer statistics", "the table of layers", |_| vec![WindowCommand::ToggleTable])
        .in_menu(Menu::View, 40),
    Action::new("Dark or light", "draw the window dark or light", |_| vec![WindowCommand::ToggleTheme])
        .in_menu(Menu::View, 51),
    Action::new("Keys and words", "this help", |_| vec![WindowCommand::ToggleHelp])
        .in_menu(Menu::Help, 10)
        .with_keys(&[key(Key::F1), key(Key::Questionmark)]),
    Action::new("Messages", "what was said before", |_| vec![WindowCommand::ToggleLog])
        .in_menu(Menu::Help, 11),
    Action::new(
        "Close what lies over the mosaic",
        "close what lies over the mosaic; with nothing there, dismiss messages and select no channel",
        |_| vec![WindowCommand::CloseTop],
    )
    .with_keys(&[key(Key::Escape)]),
    Action::new("Quit", "quit", |_| vec![WindowCommand::Quit])
        .in_menu(Menu::File, 40)
        .with_keys(&[ctrl(Key::Q)]),
];
