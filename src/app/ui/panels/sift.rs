//! In what order filters stand, and which are left out.

use egui::ComboBox;

use crate::app::message::view::ViewCommand;
use crate::app::ui::context::Context;
use crate::render::Change;
use crate::tensor::{FilterOrder, Sifting};

pub(crate) fn draw(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    let view = cx.model.view();
    let sifting = view.request.sifting;
    let mut want = |sifting: Sifting| cx.commands.push(ViewCommand::Change(Change::Sift(sifting)));
    ComboBox::from_label("Order").selected_text(words(sifting.order)).show_ui(ui, |ui| {
        for order in FilterOrder::ALL {
            if ui.selectable_label(order == sifting.order, words(order)).on_hover_text(hint(order)).clicked()
            {
                want(Sifting { order, ..sifting });
            }
        }
    });
    let mut hides_dead = sifting.hides_dead;
    if ui
        .checkbox(&mut hides_dead, "Hide dead channels")
        .on_hover_text("Leave out channels that are zero everywhere for this picture")
        .changed()
    {
        want(Sifting { hides_dead, ..sifting });
    }
    ui.horizontal(|ui| {
        let num_filters = view.shown.as_ref().map_or(64, |shown| shown.activation.shape().channels);
        let mut is_cut = sifting.top.is_some();
        if ui.checkbox(&mut is_cut, "Only the first").on_hover_text("Of the order above").changed() {
            want(Sifting { top: is_cut.then_some(64.min(num_filters)), ..sifting });
        }
        let mut top = sifting.top.unwrap_or(64);
        // A layer with fewer filters shows all it has, and changes nothing for the next.
        let field =
            egui::DragValue::new(&mut top).range(1..=num_filters.max(1)).clamp_existing_to_range(false);
        let field = ui.add_enabled(is_cut, field);
        field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::SpinButton, is_cut, "Channels shown"));
        if field.changed() && is_cut {
            want(Sifting { top: Some(top), ..sifting });
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

fn words(order: FilterOrder) -> &'static str {
    match order {
        FilterOrder::Index => "by index",
        FilterOrder::Mean => "by mean",
        FilterOrder::Max => "by largest value",
        FilterOrder::Variance => "by variance",
        FilterOrder::Sparsity => "by sparsity",
        FilterOrder::Similarity => "by similarity",
    }
}

fn hint(order: FilterOrder) -> &'static str {
    match order {
        FilterOrder::Index => "As the weights have them",
        FilterOrder::Mean => "Largest mean first",
        FilterOrder::Max => "Largest value first",
        FilterOrder::Variance => "Largest variance over the map first",
        FilterOrder::Sparsity => "Most zeros first",
        FilterOrder::Similarity => "Each channel beside the one whose map is most like it",
    }
}
