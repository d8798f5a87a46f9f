//! Commands about several views: opening, closing, linking and comparing them, pins, undo and redo.

use egui::Key;

use crate::app::message::action::{Action, Kind, Menu, ctrl, ctrl_shift, has_selection, key};
use crate::app::model::Model;
use crate::app::model::links::{Arrangement, Links};
use crate::app::model::view::{MAX_VIEWS, ViewId};
use crate::engine::DeviceChoice;

/// A command about several views: opening, closing, linking or comparing them, pins, undo and redo.
#[derive(Clone, Copy)]
pub(crate) enum ViewsCommand {
    /// Open another view next to the others, at first a copy of the active one.
    AddView,
    /// Show the other networks that the program carries beside this one.
    CompareCarried,
    /// Open a view of the difference of the first two views that can be subtracted.
    AddDifference,
    /// Close a view; the last one stays open.
    CloseView(ViewId),
    /// Make this view the active one.
    Activate(ViewId),
    /// Change which settings are linked between views.
    SetLinks(Links),
    /// Change how views are arranged.
    Arrange(Arrangement),
    /// Find the channel of this view that is most similar to the selected channel of the active view.
    FindClosest(ViewId),
    /// Pin a channel of the active view.
    Pin(usize),
    /// Remove a pin from the tray.
    Unpin(u64),
    /// Show the layer of a pinned channel, and select the channel.
    GoToPin(u64),
    /// Undo the last step.
    Back,
    /// Redo a step that was undone.
    Forward,
    /// Run networks on this device.
    SetDevice(DeviceChoice),
}

impl ViewsCommand {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::AddView
            | Self::AddDifference
            | Self::CompareCarried
            | Self::CloseView(_)
            | Self::SetLinks(_)
            | Self::GoToPin(_) => Kind::STEP,
            Self::Activate(_)
            | Self::Arrange(_)
            | Self::FindClosest(_)
            | Self::Pin(_)
            | Self::Unpin(_)
            | Self::Back
            | Self::Forward
            | Self::SetDevice(_) => Kind::PLAIN,
        }
    }
}

/// The actions about several views.
pub(crate) const ACTIONS: &[Action<ViewsCommand>] = &[
    Action::new("Undo", "undo the last change of what the views show", |_| vec![ViewsCommand::Back])
        .in_menu(Menu::Edit, 10)
        .with_keys(&[ctrl(Key::Z)])
        .enabled_if(|model| model.history.can_go_back()),
    Action::new("Redo", "redo what was undone", |_| vec![ViewsCommand::Forward])
        .in_menu(Menu::Edit, 11)
        .with_keys(&[ctrl(Key::Y), ctrl_shift(Key::Z)])
        .enabled_if(|model| model.history.can_go_forward()),
    Action::new("Add view", "another backbone, layer or picture beside this one", |_| {
        vec![ViewsCommand::AddView]
    })
    .in_menu(Menu::View, 30)
    .with_keys(&[ctrl(Key::T)])
    .enabled_if(|model| model.views.len() < MAX_VIEWS),
    Action::new(
        "Compare the built-in networks",
        "show the other networks that come with the program beside this one",
        |_| vec![ViewsCommand::CompareCarried],
    )
    .in_menu(Menu::View, 33)
    .enabled_if(|model| model.views.len() == 1),
    Action::new("Close view", "close the active view", |model| {
        vec![ViewsCommand::CloseView(model.view().id)]
    })
    .in_menu(Menu::View, 31)
    .with_keys(&[ctrl(Key::W)])
    .enabled_if(has_several),
    Action::new(
        "Difference of two views",
        "A − B of two views of one network: one layer on two pictures, or two layers with the same channels",
        |_| vec![ViewsCommand::AddDifference],
    )
    .in_menu(Menu::View, 32)
    .with_keys(&[key(Key::D)])
    .enabled_if(has_several),
    Action::new("Closest channel in the other views", "closest channel in the other views", |model| {
        let others = model.views.iter().filter(|other| other.id != model.view().id);
        others.map(|other| ViewsCommand::FindClosest(other.id)).collect()
    })
    .with_keys(&[key(Key::C)])
    .enabled_if(has_several),
    Action::new("Select view 1", "select the first view", |model| select(model, 0))
        .with_keys(&[ctrl(Key::Num1)]),
    Action::new("Select view 2", "select the second view", |model| select(model, 1))
        .with_keys(&[ctrl(Key::Num2)])
        .enabled_if(|model| model.views.len() > 1),
    Action::new("Select view 3", "select the third view", |model| select(model, 2))
        .with_keys(&[ctrl(Key::Num3)])
        .enabled_if(|model| model.views.len() > 2),
    Action::new("Select view 4", "select the fourth view", |model| select(model, 3))
        .with_keys(&[ctrl(Key::Num4)])
        .enabled_if(|model| model.views.len() > 3),
    Action::new(
        "Pin or unpin the selected channel",
        "pin the selected channel, or take it out of the tray",
        |model| {
            let command = |channel| match model.pin_of(channel) {
                Some(id) => ViewsCommand::Unpin(id),
                None => ViewsCommand::Pin(channel),
            };
            model.view().selected.map(command).into_iter().collect()
        },
    )
    .with_keys(&[key(Key::P)])
    .enabled_if(has_selection),
];

fn has_several(model: &Model) -> bool {
    model.views.len() > 1
}

fn select(model: &Model, at: usize) -> Vec<ViewsCommand> {
    model.views.get(at).map(|view| ViewsCommand::Activate(view.id)).into_iter().collect()
}
