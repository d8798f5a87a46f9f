//! What is being done for a view, and the button that stops it once it takes long.

use std::time::{Duration, Instant};

use egui::Ui;

use crate::app::message::view::ViewCommand;
use crate::app::model::naming;
use crate::app::model::view::ViewState;
use crate::app::ui::context::Context;
use crate::app::ui::spinner;

/// Work that takes longer is shown over the mosaic, with a button that stops it.
const SHORT: Duration = Duration::from_secs(1);

/// Whether the view's request has been computed for so long that it is worth stopping.
pub(crate) fn is_long(ui: &Ui, cx: &mut Context<'_>, view: &ViewState) -> bool {
    let busy_since = &mut cx.scratch.views.entry(view.id).or_default().busy_since;
    if !view.can_be_stopped() {
        *busy_since = None;
        return false;
    }
    let begun = match busy_since {
        Some((job, begun)) if *job == view.job => *begun,
        _ => busy_since.insert((view.job, Instant::now())).1,
    };
    let left = SHORT.saturating_sub(begun.elapsed());
    if !left.is_zero() {
        ui.ctx().request_repaint_after(left);
    }
    left.is_zero()
}

pub(crate) fn draw(ui: &mut Ui, cx: &mut Context<'_>, view: &ViewState, is_long: bool) {
    ui.horizontal(|ui| {
        spinner::draw(ui);
        ui.label(view.busy.map_or_else(String::new, |what| naming::busy(cx.model, view, what)));
    });
    let button = is_long.then(|| ui.button("Stop the run").on_hover_text("Esc"));
    if button.is_some_and(|button| button.clicked()) {
        cx.commands.push(ViewCommand::StopRuns);
    }
}
