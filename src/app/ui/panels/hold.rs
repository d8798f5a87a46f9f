//! Holding the range of colours: as an entry of the list of normalizations, and as a check box of the timeline.

use egui::Ui;

use crate::app::message::dataset::DatasetCommand;
use crate::app::ui::context::Context;

const HINT: &str = "The range of values on screen now, for every layer and frame shown after, until another data set or network is opened";

const NOT_NOW: &str = "Only where the whole layer has one range (normalization: whole layer, percentiles or symmetric): per channel and per location there is no single range to hold";

/// The entry in the list of normalizations.
pub(crate) fn entry(ui: &mut Ui, cx: &mut Context<'_>) {
    let view = cx.model.view();
    let is_held = view.has_fixed_range();
    let button = egui::Button::selectable(is_held, "hold this layer's range");
    let entry = ui.add_enabled(is_held || view.can_hold(), button);
    if entry.on_hover_text(HINT).on_disabled_hover_text(NOT_NOW).clicked() && !is_held {
        cx.commands.push(DatasetCommand::HoldScale(true));
    }
}

/// The check box of the timeline.
pub(crate) fn lock(ui: &mut Ui, cx: &mut Context<'_>) {
    let view = cx.model.view();
    let mut is_held = view.has_fixed_range();
    let lock =
        ui.add_enabled(is_held || view.can_hold(), egui::Checkbox::new(&mut is_held, "Lock colour range"));
    if lock.on_hover_text(HINT).on_disabled_hover_text(NOT_NOW).changed() {
        cx.commands.push(DatasetCommand::HoldScale(is_held));
    }
}
