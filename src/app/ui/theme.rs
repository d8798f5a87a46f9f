//! All colours, sizes and fonts of the window.

use std::sync::Arc;

use egui::style::WidgetVisuals;
use egui::{
    Color32, Context, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Stroke, TextStyle,
    Theme, Vec2, Visuals,
};

use crate::app::ui::icons;

/// The colours of one of the two looks. Texts have a contrast of at least 4.5 : 1 on every ground that they stand on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ThemeColours {
    /// Behind the mosaics, so that a mosaic looks continuous with its gaps.
    pub(crate) canvas: Color32,
    pub(crate) panel: Color32,
    pub(crate) card: Color32,
    pub(crate) control: Color32,
    pub(crate) line: Color32,
    pub(crate) control_line: Color32,
    pub(crate) text: Color32,
    pub(crate) strong: Color32,
    pub(crate) quiet: Color32,
    /// Behind the selected row of a list.
    pub(crate) selected_row: Color32,
    /// Around what is selected: the one accent colour.
    pub(crate) selected: Color32,
    pub(crate) ok: Color32,
    pub(crate) warning: Color32,
    pub(crate) error: Color32,
}

pub(crate) const DARK: ThemeColours = ThemeColours {
    canvas: Color32::from_rgb(0x0a, 0x0b, 0x0d),
    panel: Color32::from_rgb(0x16, 0x18, 0x1c),
    card: Color32::from_rgb(0x1c, 0x1f, 0x24),
    control: Color32::from_rgb(0x24, 0x27, 0x2e),
    line: Color32::from_rgb(0x1f, 0x21, 0x26),
    control_line: Color32::from_rgb(0x2a, 0x2d, 0x34),
    text: Color32::from_rgb(0xd6, 0xd8, 0xdd),
    strong: Color32::from_rgb(0xee, 0xf0, 0xf3),
    quiet: Color32::from_rgb(0x9e, 0xa3, 0xad),
    selected_row: Color32::from_rgb(0x22, 0x3a, 0x57),
    selected: Color32::from_rgb(0x5a, 0xc8, 0xfa),
    ok: Color32::from_rgb(0x6f, 0xbf, 0x73),
    warning: Color32::from_rgb(0xf0, 0xbe, 0x5a),
    error: Color32::from_rgb(0xff, 0x78, 0x6e),
};

pub(crate) const LIGHT: ThemeColours = ThemeColours {
    canvas: Color32::from_rgb(0xec, 0xee, 0xf1),
    panel: Color32::from_rgb(0xf7, 0xf8, 0xfa),
    card: Color32::from_rgb(0xff, 0xff, 0xff),
    control: Color32::from_rgb(0xe6, 0xe8, 0xec),
    line: Color32::from_rgb(0xdf, 0xe2, 0xe7),
    control_line: Color32::from_rgb(0xcf, 0xd3, 0xda),
    text: Color32::from_rgb(0x2b, 0x2e, 0x34),
    strong: Color32::from_rgb(0x10, 0x11, 0x14),
    quiet: Color32::from_rgb(0x59, 0x5e, 0x67),
    selected_row: Color32::from_rgb(0xd4, 0xe6, 0xfa),
    selected: Color32::from_rgb(0x0a, 0x78, 0xc2),
    ok: Color32::from_rgb(0x23, 0x6b, 0x2e),
    warning: Color32::from_rgb(0x8a, 0x57, 0x00),
    error: Color32::from_rgb(0xb4, 0x1e, 0x14),
};

/// The colours of the dark or the light look.
pub(crate) const fn tokens(is_dark: bool) -> &'static ThemeColours {
    if is_dark { &DARK } else { &LIGHT }
}

/// The colours of the look that a widget is drawn in.
pub(crate) fn of(ui: &egui::Ui) -> &'static ThemeColours {
    tokens(ui.visuals().dark_mode)
}

/// Background behind the mosaic, so that it looks continuous with the mosaic's gaps.
pub(crate) fn mosaic_ground(is_dark: bool) -> Color32 {
    tokens(is_dark).canvas
}

/// Between the tiles of a mosaic, in both looks: maps are dark where nothing answers, and light lines would outshine them.
pub(crate) const SEPARATOR: Color32 = DARK.canvas;

/// The font family of names and heads.
pub(crate) const SEMIBOLD: &str = "semibold";

/// Sizes of text, in points: running text, names, heads of sections, second lines, icons.
const TEXT: f32 = 13.0;
const NAME: f32 = 14.0;
const HEAD: f32 = 11.0;
const SECOND: f32 = 11.5;
const ICON: f32 = 15.0;

/// The ground and margin of the panels at the sides.
pub(crate) fn panel_frame(ui: &egui::Ui) -> egui::Frame {
    egui::Frame::new().fill(of(ui).panel).inner_margin(Margin { left: 12, right: 12, top: 4, bottom: 8 })
}

/// Corner radius of controls and of cards.
pub(crate) const CONTROL_RADIUS: u8 = 6;
pub(crate) const CARD_RADIUS: u8 = 8;

/// Text styles beside egui's own: names, heads of sections, icons.
pub(crate) fn name_style() -> TextStyle {
    TextStyle::Name("name".into())
}

pub(crate) fn head_style() -> TextStyle {
    TextStyle::Name("head".into())
}

pub(crate) fn icon_style() -> TextStyle {
    TextStyle::Name("icon".into())
}

/// Outline of the tile under the pointer.
pub(crate) const HOVERED: Color32 = Color32::from_rgb(255, 255, 255);

/// Outline of the selected tile, on any colour map.
pub(crate) const SELECTED: Color32 = DARK.selected;

/// Dark ring around outlines, so that they are visible on any colour map.
pub(crate) const RING: Color32 = Color32::from_black_alpha(200);

/// Outline of the part of the picture that the network saw, and of receptive fields.
pub(crate) const REGION: Color32 = Color32::from_rgb(255, 204, 0);

/// Bars of histograms.
pub(crate) const BARS: Color32 = Color32::from_rgb(120, 150, 220);

/// Text of warnings.
pub(crate) fn warning(is_dark: bool) -> Color32 {
    tokens(is_dark).warning
}

/// Text of errors.
pub(crate) fn error(is_dark: bool) -> Color32 {
    tokens(is_dark).error
}

/// A window narrower than this has the right panel only on request, because the mosaic matters most.
pub(crate) const NARROW: f32 = 1000.0;

/// Width of the left panel.
pub(crate) const CONTROLS_WIDTH: f32 = 272.0;

/// Width of the right panel.
pub(crate) const DETAILS_WIDTH: f32 = 300.0;

/// Height of the lines of text above each view.
pub(crate) const VIEW_HEADER_HEIGHT: f32 = 44.0;

/// Longest side of the small picture in a view's corner.
pub(crate) const INSET_SIDE: f32 = 96.0;

/// Side of a layer's small picture in the tree.
pub(crate) const LAYER_SIDE: f32 = 24.0;

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

/// Sets fonts, colours, spacings and text sizes, and the dark theme at first, because heat maps on a bright background mislead the eye.
pub(crate) fn install(ctx: &Context) {
    ctx.set_fonts(fonts());
    ctx.set_theme(Theme::Dark);
    for (theme, is_dark) in [(Theme::Dark, true), (Theme::Light, false)] {
        ctx.set_visuals_of(theme, visuals(is_dark));
    }
    ctx.all_styles_mut(|style| {
        let semibold = FontFamily::Name(SEMIBOLD.into());
        style.text_styles = [
            (TextStyle::Body, FontId::proportional(TEXT)),
            (TextStyle::Button, FontId::proportional(TEXT)),
            (TextStyle::Small, FontId::proportional(SECOND)),
            (TextStyle::Monospace, FontId::monospace(TEXT)),
            (TextStyle::Heading, FontId::new(NAME, semibold.clone())),
            (name_style(), FontId::new(NAME, semibold.clone())),
            (head_style(), FontId::new(HEAD, semibold)),
            (icon_style(), FontId::new(ICON, FontFamily::Name(icons::FAMILY.into()))),
        ]
        .into();
        style.spacing.item_spacing = Vec2::new(8.0, 4.0);
        style.spacing.button_padding = Vec2::new(8.0, 3.0);
        style.spacing.interact_size = Vec2::new(32.0, 22.0);
        style.spacing.menu_margin = Margin::same(6);
        style.spacing.window_margin = Margin::same(12);
        style.spacing.scroll = egui::style::ScrollStyle::thin();
        style.interaction.tooltip_delay = 0.3;
    });
}

/// Inter for text, with figures of equal width, so that numbers don't shake when they change; behind it egui's own fonts for all other
/// characters. The licences are beside the files.
fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let files: [(&str, &'static [u8]); 3] = [
        ("Inter", include_bytes!("../../../assets/fonts/Inter-Regular.otf")),
        (SEMIBOLD, include_bytes!("../../../assets/fonts/Inter-SemiBold.otf")),
        (icons::FAMILY, include_bytes!("../../../assets/fonts/Phosphor.ttf")),
    ];
    for (name, bytes) in files {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    let text = fonts.families.entry(FontFamily::Proportional).or_default();
    let mut semibold = text.clone();
    text.insert(0, "Inter".to_owned());
    let mut icon = text.clone();
    semibold.insert(0, SEMIBOLD.to_owned());
    icon.insert(0, icons::FAMILY.to_owned());
    fonts.families.insert(FontFamily::Name(SEMIBOLD.into()), semibold);
    fonts.families.insert(FontFamily::Name(icons::FAMILY.into()), icon);
    fonts
}

fn visuals(is_dark: bool) -> Visuals {
    let tokens = tokens(is_dark);
    let mut visuals = if is_dark { Visuals::dark() } else { Visuals::light() };
    let radius = CornerRadius::same(CONTROL_RADIUS);
    let widget = |fill: Color32, line: Color32, text: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, line),
        corner_radius: radius,
        fg_stroke: Stroke::new(1.0, text),
        expansion: 0.0,
    };
    visuals.widgets.noninteractive = widget(tokens.card, tokens.line, tokens.text);
    visuals.widgets.inactive = widget(tokens.control, tokens.control_line, tokens.text);
    let raised = tokens.control.lerp_to_gamma(tokens.quiet, 0.18);
    visuals.widgets.hovered = widget(raised, tokens.quiet.gamma_multiply(0.5), tokens.strong);
    visuals.widgets.active = widget(raised, tokens.selected, tokens.strong);
    visuals.widgets.open = widget(tokens.control, tokens.control_line, tokens.strong);
    visuals.selection.bg_fill = tokens.selected_row;
    visuals.selection.stroke = Stroke::new(1.0, tokens.strong);
    visuals.panel_fill = tokens.panel;
    visuals.window_fill = tokens.card;
    visuals.window_stroke = Stroke::new(1.0, tokens.control_line);
    visuals.window_corner_radius = CornerRadius::same(CARD_RADIUS);
    visuals.menu_corner_radius = CornerRadius::same(CARD_RADIUS);
    visuals.extreme_bg_color = if is_dark { tokens.canvas } else { tokens.card };
    visuals.text_edit_bg_color = Some(if is_dark { tokens.canvas } else { tokens.card });
    visuals.faint_bg_color = tokens.card;
    visuals.weak_text_color = Some(tokens.quiet);
    visuals.hyperlink_color = tokens.selected;
    visuals.warn_fg_color = tokens.warning;
    visuals.error_fg_color = tokens.error;
    visuals.slider_trailing_fill = false;
    visuals
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance and contrast, as WCAG 2.2 defines them.
    fn contrast(a: Color32, b: Color32) -> f64 {
        let channel = |value: u8| {
            let share = f64::from(value) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        let luminance =
            |c: Color32| 0.2126 * channel(c.r()) + 0.7152 * channel(c.g()) + 0.0722 * channel(c.b());
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_text_can_be_read_on_every_ground() {
        for (look, t) in [("dark", DARK), ("light", LIGHT)] {
            let grounds = [
                ("canvas", t.canvas),
                ("panel", t.panel),
                ("card", t.card),
                ("control", t.control),
                ("selected row", t.selected_row),
            ];
            let texts = [
                ("text", t.text),
                ("strong", t.strong),
                ("quiet", t.quiet),
                ("ok", t.ok),
                ("warning", t.warning),
                ("error", t.error),
            ];
            for (ground, behind) in grounds {
                for (text, colour) in texts {
                    let got = contrast(colour, behind);
                    assert!(got >= 4.5, "{look}: {text} on {ground} has a contrast of {got:.2}");
                }
            }
        }
    }
}
