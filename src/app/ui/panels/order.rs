//! The order of channels, and which of them are left out.

use egui::ComboBox;

use crate::app::message::view::ViewCommand;
use crate::app::ui::context::Context;
use crate::app::ui::widgets::setting;
use crate::render::{Change, Share};
use crate::tensor::{ChannelSelection, OrderBy};

pub(crate) fn draw(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    let view = cx.model.view();
    let selection = view.request.selection;
    let own = cx.scratch.views.get(&view.id);
    let boxed = own.and_then(|own| own.boxed_or(selection.order)).and_then(Share::to_box).map(OrderBy::Box);
    let mut want =
        |selection: ChannelSelection| cx.commands.push(ViewCommand::Change(Change::Selection(selection)));
    setting(
        ui,
        "Order",
        "Which channel comes first; a box drawn on the picture adds the response there",
        |ui, width| {
            ComboBox::from_id_salt("Order")
                .selected_text(words(selection.order))
                .width(width)
                .truncate()
                .show_ui(ui, |ui| {
                    for order in OrderBy::ALL.into_iter().chain(boxed) {
                        if ui
                            .selectable_label(order == selection.order, words(order))
                            .on_hover_text(hint(order))
                            .clicked()
                        {
                            want(ChannelSelection { order, ..selection });
                        }
                    }
                })
                .response
        },
    );
    let mut hides_dead = selection.hides_dead;
    if ui
        .checkbox(&mut hides_dead, "Hide dead channels")
        .on_hover_text("Leave out channels that are zero everywhere for this picture")
        .changed()
    {
        want(ChannelSelection { hides_dead, ..selection });
    }
    ui.horizontal(|ui| {
        let num_channels = view.shown.as_ref().map_or(64, |shown| shown.activation.shape().channels);
        let mut is_cut = selection.top.is_some();
        if ui.checkbox(&mut is_cut, "Only the first").on_hover_text("Of the order above").changed() {
            want(ChannelSelection { top: is_cut.then_some(64.min(num_channels)), ..selection });
        }
        let mut top = selection.top.unwrap_or(64);
        // A layer with fewer channels shows all of them; the number is kept for the next layer.
        let field =
            egui::DragValue::new(&mut top).range(1..=num_channels.max(1)).clamp_existing_to_range(false);
        let field = ui.add_enabled(is_cut, field);
        field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::SpinButton, is_cut, "Channels shown"));
        if field.changed() && is_cut {
            want(ChannelSelection { top: Some(top), ..selection });
        }
    });
    if let Some(shown) = &view.shown
        && shown.mosaic.order.len() < shown.activation.shape().channels
    {
        ui.label(format!(
            "{} of {} channels shown",
            shown.mosaic.order.len(),
            shown.activation.shape().channels
        ));
    }
}

pub(crate) fn words(order: OrderBy) -> &'static str {
    match order {
        OrderBy::Index => "by index",
        OrderBy::Mean => "by mean",
        OrderBy::Max => "by largest value",
        OrderBy::Variance => "by variance",
        OrderBy::Sparsity => "by sparsity",
        OrderBy::Similarity => "by similarity",
        OrderBy::Box(_) => "by response in the box",
    }
}

fn hint(order: OrderBy) -> &'static str {
    match order {
        OrderBy::Index => "As the weights have them",
        OrderBy::Mean => "Largest mean first",
        OrderBy::Max => "Largest value first",
        OrderBy::Variance => "Largest variance over the map first",
        OrderBy::Sparsity => "Most zeros first",
        OrderBy::Similarity => "Each channel beside the one whose map is most like it",
        OrderBy::Box(_) => "Largest mean in the box on the picture first, above the channel's mean",
    }
}
