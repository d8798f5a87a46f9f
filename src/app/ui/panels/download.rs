//! What a server offers for a model whose weights are not here: size, licence, and a button to download them.

use egui::Ui;

use crate::app::message::weights::WeightsCommand;
use crate::app::model::download::{DownloadRequest, Stage};
use crate::app::ui::context::Context;
use crate::app::ui::spinner;
use crate::models::ModelSpec;

/// A size in megabytes (10⁶ bytes), as servers and file managers count them.
fn megabytes(num_bytes: u64) -> String {
    format!("{:.1} MB", num_bytes as f64 / 1e6)
}

/// Draws the state of a model's download; nothing if no server has the weights, or if this window can't download.
pub(crate) fn draw(ui: &mut Ui, cx: &mut Context<'_>, spec: &'static ModelSpec) {
    let Some(downloads) = &cx.model.downloads else { return };
    let Some((url, file_name)) = downloads.by_hand(spec) else { return };
    let by_hand = || {
        format!(
            "By hand: get {url} and keep it with `filterscope weights import {file_name} --model {}`.",
            spec.tag
        )
    };
    let wrapped = |ui: &mut Ui, text: String| ui.add(egui::Label::new(text).wrap());
    if let Some(by) = downloads.options.offline_by {
        wrapped(ui, format!("Downloads are off ({by}). {}", by_hand()));
        return;
    }
    match downloads.by_tag.get(spec.tag) {
        None => {}
        Some(Stage::Asking) => {
            ui.horizontal(|ui| {
                spinner::draw(ui);
                ui.label("Asking the server for its size…");
            });
        }
        Some(Stage::Offered(offer, have)) => {
            let size = offer.num_bytes.map_or_else(|| "a file of unknown size".to_owned(), megabytes);
            let kept =
                if *have > 0 { format!("; {} are here already", megabytes(*have)) } else { String::new() };
            wrapped(ui, format!("{size} from {}, licence: {}{kept}", offer.host, spec.license));
            let words = if *have > 0 { "Go on downloading" } else { "Download" };
            if ui.button(words).clicked() {
                cx.commands.push(WeightsCommand::Download(spec, DownloadRequest::Fetch));
            }
        }
        Some(Stage::Fetching(offer, progress, cancel)) => {
            let total = progress.total.or(offer.num_bytes);
            let words = match total {
                Some(total) => format!("{} of {}", megabytes(progress.have), megabytes(total)),
                None => megabytes(progress.have),
            };
            let share = total.map_or(0.0, |total| progress.have as f32 / total.max(1) as f32);
            ui.add(egui::ProgressBar::new(share).text(words));
            ui.horizontal(|ui| {
                let is_stopping = cancel.is_cancelled();
                let words = if is_stopping { "Stopping…" } else { "Cancel download" };
                if ui.add_enabled(!is_stopping, egui::Button::new(words)).clicked() {
                    cx.commands.push(WeightsCommand::Download(spec, DownloadRequest::Stop));
                }
                ui.label(format!("from {}", offer.host));
            });
        }
        Some(Stage::Failed(reason)) => {
            wrapped(ui, format!("They can't be downloaded now: {reason}. {}", by_hand()));
            if ui.button("Ask again").clicked() {
                cx.commands.push(WeightsCommand::Download(spec, DownloadRequest::Ask));
            }
        }
    }
}
