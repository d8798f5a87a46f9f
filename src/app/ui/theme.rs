//! All colours and spacings of the window.

use egui::{Color32, Context, Theme, Vec2};

/// Background behind the mosaic, so that it looks continuous with the mosaic's gaps.
pub(crate) fn mosaic_ground(is_dark: bool) -> Color32 {
    if is_dark { Color32::from_gray(12) } else { Color32::from_gray(236) }
}

/// Outline of the tile under the pointer.
pub(crate) const HOVERED: Color32 = Color32::from_rgb(255, 255, 255);

/// Outline of the selected tile.
pub(crate) const SELECTED: Color32 = Color32::from_rgb(90, 200, 250);

/// Dark ring around outlines, so that they are visible on any colour map.
pub(crate) const RING: Color32 = Color32::from_black_alpha(200);

/// Outline of the part of the picture that the network saw, and of receptive fields.
pub(crate) const REGION: Color32 = Color32::from_rgb(255, 204, 0);

/// Bars of histograms.
pub(crate) const BARS: Color32 = Color32::from_rgb(120, 150, 220);

/// Text of warnings.
pub(crate) fn warning(is_dark: bool) -> Color32 {
    if is_dark { Color32::from_rgb(240, 190, 90) } else { Color32::from_rgb(150, 90, 0) }
}

/// Text of errors.
pub(crate) fn error(is_dark: bool) -> Color32 {
    if is_dark { Color32::from_rgb(255, 120, 110) } else { Color32::from_rgb(180, 30, 20) }
}

/// Width of the left panel.
pub(crate) const CONTROLS_WIDTH: f32 = 268.0;

/// Width of the right panel.
pub(crate) const DETAILS_WIDTH: f32 = 300.0;

/// Height of the lines of text above each view.
pub(crate) const VIEW_HEADER_HEIGHT: f32 = 44.0;

/// Longest side of the small picture in a view's corner.
pub(crate) const INSET_SIDE: f32 = 96.0;

/// Side of a layer's small picture in the tree.
pub(crate) const LAYER_SIDE: f32 = 30.0;

/// Size of a frame's thumbnail in the strip.
pub(crate) const STRIP_WIDTH: f32 = 64.0;

pub(crate) const STRIP_HEIGHT: f32 = 48.0;

/// Height of a label's plot.
pub(crate) const LABEL_HEIGHT: f32 = 64.0;

/// If no more height than this is available, a data set's timeline has only its controls, to leave room for the views.
pub(crate) const TIMELINE_ROOM: f32 = 340.0;

/// Side of a pinned channel's map.
pub(crate) const PIN_SIDE: f32 = 56.0;

/// Side of the maps of the channels most similar to the selected one.
pub(crate) const NEAREST_SIDE: f32 = 40.0;

/// Greatest height of the list of messages; beyond it they scroll.
pub(crate) const MESSAGES_HEIGHT: f32 = 96.0;

/// Greatest height of an error's text over the mosaic.
pub(crate) const REASON_HEIGHT: f32 = 160.0;

/// Least height of an open list, so that it doesn't shrink when a search leaves few entries.
pub(crate) const LIST_HEIGHT: f32 = 360.0;

/// Space that a dialog's contents leave on the screen for the dialog's frame and title.
pub(crate) const DIALOG_MARGIN: Vec2 = Vec2::new(32.0, 72.0);

/// Space that a menu as long as the screen leaves above and below it.
pub(crate) const MENU_MARGIN: f32 = 56.0;

/// Height of the histograms.
pub(crate) const HISTOGRAM_HEIGHT: f32 = 84.0;

/// Least width in the status line for the memory use to be shown as well as the run.
pub(crate) const MEMORY_ROOM: f32 = 520.0;

/// Sets spacings and text sizes, and the dark theme at first, because heat maps on a bright background mislead the eye.
pub(crate) fn install(ctx: &Context) {
    ctx.set_theme(Theme::Dark);
    ctx.all_styles_mut(|style| {
        style.text_styles.insert(egui::TextStyle::Small, egui::FontId::proportional(11.0));
        style.spacing.item_spacing = Vec2::new(8.0, 6.0);
        style.spacing.button_padding = Vec2::new(8.0, 3.0);
        style.interaction.tooltip_delay = 0.3;
        // Fainter text is hard to read on a light background.
        style.visuals.weak_text_alpha = 0.75;
    });
}
