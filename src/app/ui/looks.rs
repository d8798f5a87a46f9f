//! How mosaics look, for panels: layouts and normalizations in words, the colours of a map side by side.

use egui::{Color32, Rect};

use crate::mosaic::{ColourMap, MosaicLayout, Normalisation};

/// The ways of normalizing that can be chosen, in words.
pub(crate) const WAYS: [(Normalisation, &str); 5] = [
    (Normalisation::Channel, "per channel"),
    (Normalisation::Location, "per location"),
    (Normalisation::Layer, "whole layer"),
    (Normalisation::DEFAULT_PERCENTILES, "percentiles 1–99"),
    (Normalisation::Symmetric, "symmetric about 0"),
];

/// The range that all views share, in words.
pub(crate) const SHARED_WORDS: &str = "one range for all views";

/// A way of normalizing in words; other percentiles as they are typed.
pub(crate) fn normalisation_words(normalisation: Normalisation) -> String {
    if matches!(normalisation, Normalisation::Fixed { .. }) {
        return "fixed range".to_owned();
    }
    let found = WAYS.iter().find(|(way, _)| *way == normalisation);
    found.map_or_else(|| normalisation.to_string(), |(_, words)| (*words).to_owned())
}

/// A layout in words.
pub(crate) fn layout_words(layout: MosaicLayout) -> &'static str {
    match layout {
        MosaicLayout::Channels => "feature-map grid",
        MosaicLayout::Locations => "channels per location",
    }
}

/// Draws the colours of a map from left to right.
pub(crate) fn ramp(painter: &egui::Painter, rect: Rect, map: ColourMap) {
    let table = map.table();
    let mut mesh = egui::Mesh::default();
    let last = (table.len() - 1) as f32;
    for (at, [r, g, b, _]) in table.iter().enumerate().step_by(8) {
        let x = rect.left() + rect.width() * at as f32 / last;
        let colour = Color32::from_rgb(*r, *g, *b);
        mesh.colored_vertex(egui::pos2(x, rect.top()), colour);
        mesh.colored_vertex(egui::pos2(x, rect.bottom()), colour);
    }
    if let Some([r, g, b, _]) = table.last() {
        let colour = Color32::from_rgb(*r, *g, *b);
        mesh.colored_vertex(rect.right_top(), colour);
        mesh.colored_vertex(rect.right_bottom(), colour);
    }
    for at in (0..mesh.vertices.len().saturating_sub(2) as u32).step_by(2) {
        mesh.add_triangle(at, at + 1, at + 2);
        mesh.add_triangle(at + 1, at + 2, at + 3);
    }
    painter.add(mesh);
}
