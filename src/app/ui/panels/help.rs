//! The help: the list of keys, and the meaning of words.

use crate::app::message::command::actions;
use crate::app::message::window::WindowCommand;
use crate::app::ui::context::Context;
use crate::app::ui::dialog::dialog;
use crate::app::ui::widgets::{keys as written, section};

const WORDS: [(&str, &str); 9] = [
    ("channel", "one channel of a layer: one tile of the mosaic"),
    ("dead", "a channel that is zero everywhere for this picture"),
    ("constant", "a channel with one value everywhere: no map to see"),
    ("stage", "a layer people ask for by name; every other node can be shown too"),
    ("tap", "a place of the network where values are looked at; every node is one"),
    ("sparsity", "the share of values that are exactly zero"),
    (
        "correlation",
        "how alike two maps are, whatever their strength: 1 the same, 0 nothing in common, −1 opposite",
    ),
    ("receptive field", "the part of the input that one value can see"),
    ("NaN, infinite", "values that are no numbers: something is wrong with weights or input"),
];

/// Keys that belong to no action.
const OTHER_KEYS: [(&str, &str); 2] =
    [("Ctrl+V", "look at a copied picture"), ("Tab", "next widget; Space or Enter presses it")];

/// The groups in which keys are listed.
const GROUPS: [&str; 6] =
    ["Layers and channels", "Frames of a data set", "Several views", "Edit", "Files", "Window"];

/// The keys of a group as this system writes them, and what they do.
fn keys(ctx: &egui::Context, group: &str) -> Vec<(String, String)> {
    let of_actions = actions()
        .iter()
        .filter(|action| action.about == group && !action.keys.is_empty() && !action.help.is_empty());
    let mut lines: Vec<(String, String)> = of_actions
        .map(|action| {
            let keys: Vec<String> = action.keys.iter().map(|key| written(ctx, *key)).collect();
            (keys.join(" or "), action.help.to_owned())
        })
        .collect();
    if group == "Window" {
        lines.extend(OTHER_KEYS.map(|(key, help)| (key.to_owned(), help.to_owned())));
    }
    lines
}

fn lines(owned: &[(String, String)]) -> Vec<(&str, &str)> {
    owned.iter().map(|(left, right)| (left.as_str(), right.as_str())).collect()
}

pub(crate) fn draw(ctx: &egui::Context, cx: &mut Context<'_>) {
    if !cx.model.open.help {
        return;
    }
    let is_open = dialog(ctx, "Keyboard shortcuts and terms", egui::vec2(640.0, 600.0), |ui| {
        let table = |ui: &mut egui::Ui, id: &str, lines: &[(&str, &str)]| {
            egui::Grid::new(id).num_columns(2).spacing([16.0, 4.0]).show(ui, |ui| {
                for (left, right) in lines {
                    ui.strong(*left);
                    ui.add(egui::Label::new(*right).wrap());
                    ui.end_row();
                }
            });
        };
        for group in GROUPS {
            section(ui, group, |_| {});
            table(ui, group, &lines(&keys(ui.ctx(), group)));
        }
        section(ui, "Mouse", |_| {});
        ui.label(
            "Wheel or pinch zooms, dragging pans, a click selects a channel, a double click fits the mosaic.",
        );
        section(ui, "Words", |_| {});
        table(ui, "words", &WORDS);
        ui.separator();
        ui.label(concat!("filterscope ", env!("CARGO_PKG_VERSION")));
    });
    if !is_open {
        cx.commands.push(WindowCommand::ToggleHelp);
    }
}
