//! Commands about the window itself.

use egui::Key;

use crate::app::message::action::{Action, Menu, ctrl, ctrl_shift, key};
use crate::app::model::preferences::Preference;

/// A command about the window itself.
#[derive(Clone)]
pub(crate) enum WindowCommand {
    /// Show or hide the right panel.
    ToggleRight,
    /// Change a preference.
    Prefer(Preference),
    /// Open or close the table of layers.
    ToggleTable,
    /// Open or close the log of messages.
    ToggleLog,
    /// Open or close the help, with the list of keys.
    ToggleHelp,
    /// Open or close the command palette.
    TogglePalette,
    /// Close the topmost floating window; if none is open, dismiss all messages and deselect the channel; with nothing of these, stop
    /// the run.
    CloseTop,
    /// Switch between the dark and the light theme.
    ToggleTheme,
    /// Show a message about something that the user typed and that isn't valid.
    Complain(String),
    /// Dismiss the message at this index.
    Dismiss(usize),
    /// Close the window.
    Quit,
}

/// The actions about the window.
pub(crate) const ACTIONS: &[Action<WindowCommand>] = &[
    Action::new("Command palette…", "find any action, model, layer or colour map by its name", |_| {
        vec![WindowCommand::TogglePalette]
    })
    .in_menu(Menu::View, 50)
    .with_keys(&[ctrl_shift(Key::P)]),
    Action::new("All layers", "the numbers of all layers as a table", |_| vec![WindowCommand::ToggleTable])
        .in_menu(Menu::View, 40),
    Action::new("Left panel", "show or hide the panel of picture, model and layers", |model| {
        vec![WindowCommand::Prefer(Preference::ShowsLeft(!model.preferences.shows_left))]
    })
    .in_menu(Menu::View, 45)
    .with_keys(&[ctrl(Key::B)]),
    Action::new("Right panel", "show or hide the panel of channel and display", |_| {
        vec![WindowCommand::ToggleRight]
    })
    .in_menu(Menu::View, 46)
    .with_keys(&[ctrl(Key::R)]),
    Action::new("Switch between dark and light", "draw the window dark or light", |_| vec![WindowCommand::ToggleTheme])
        .in_menu(Menu::View, 51),
    Action::new(
        "Open what was open last, or not",
        "whether the next start opens what was open when the window was closed",
        |model| vec![WindowCommand::Prefer(Preference::OpensLast(!model.preferences.opens_last))],
    ),
    Action::new("Keyboard shortcuts and terms", "this help", |_| vec![WindowCommand::ToggleHelp])
        .in_menu(Menu::Help, 10)
        .with_keys(&[key(Key::F1), key(Key::Questionmark)]),
    Action::new("Messages", "what was said before", |_| vec![WindowCommand::ToggleLog])
        .in_menu(Menu::Help, 11),
    Action::new(
        "Close what lies over the mosaic",
        "close what lies over the mosaic; with nothing there, dismiss messages and select no channel; else stop the run",
        |_| vec![WindowCommand::CloseTop],
    )
    .with_keys(&[key(Key::Escape)]),
    Action::new("Quit", "quit", |_| vec![WindowCommand::Quit])
        .in_menu(Menu::File, 50)
        .with_keys(&[ctrl(Key::Q)]),
];
