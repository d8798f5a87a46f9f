//! Effects on the user interface: the clipboard, the theme, the zoom and pan of mosaics.

use std::sync::Arc;

use egui::{Vec2, vec2};

use crate::app::message::effect::{FaceEffect, Motion};
use crate::app::model::Model;
use crate::app::model::shown::Shown;
use crate::app::model::view::ViewId;
use crate::app::ui::scratch::Scratch;
use crate::app::ui::textures::Textures;
use crate::app::ui::theme;
use crate::app::ui::viewport::{Viewport, mosaic_rect};
use crate::mosaic::SeenPart;
use crate::render::PartSeen;

/// Carries out one effect.
pub(crate) fn run(
    ctx: &egui::Context,
    model: &Model,
    scratch: &mut Scratch,
    textures: &mut Textures,
    effect: FaceEffect,
) {
    match effect {
        FaceEffect::CopyText(text) => ctx.copy_text(text),
        FaceEffect::CopyImage(image) => ctx.copy_image((*image).clone()),
        FaceEffect::SetTheme(is_dark) => {
            ctx.set_theme(if is_dark { egui::Theme::Dark } else { egui::Theme::Light });
        }
        FaceEffect::DrawAfter(secs) => ctx.request_repaint_after_secs(secs as f32),
        FaceEffect::Move(motion) => {
            sync(model, scratch);
            move_active(ctx, model, scratch, motion);
        }
        FaceEffect::Lead(leader) => lead(model, scratch, leader),
        FaceEffect::ShowPart(id, part) => {
            sync(model, scratch);
            let own = scratch.views.entry(id).or_default();
            own.take_canvas();
            match own.panel {
                Some(panel) => own.viewport.show_part(panel, own.size, part),
                // The view has not been drawn yet.
                None => own.part = Some(part),
            }
        }
        FaceEffect::Thumb(key, image) => textures.take_thumb(ctx, key, image.as_ref()),
        FaceEffect::Close => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
    }
}

/// Forgets views that were closed, and fits a mosaic to its panel if its size differs from the one before.
pub(crate) fn sync(model: &Model, scratch: &mut Scratch) {
    scratch.views.retain(|id, _| model.find(*id).is_some());
    for view in &model.views {
        let Some(shown) = &view.shown else { continue };
        let own = scratch.views.entry(view.id).or_default();
        if std::ptr::eq(own.of.as_ptr(), Arc::as_ptr(shown)) {
            continue;
        }
        let size = size_of(shown);
        if own.size != size {
            own.viewport.is_fitted = true;
        }
        own.hovered = None;
        (own.of, own.size) = (Arc::downgrade(shown), size);
    }
}

fn size_of(shown: &Shown) -> Vec2 {
    let pixels = &shown.mosaic.pixels;
    vec2(pixels.width() as f32, pixels.height() as f32)
}

/// Zooms or moves the active view's mosaic, and those of all other views if zoom is linked.
fn move_active(ctx: &egui::Context, model: &Model, scratch: &mut Scratch, motion: Motion) {
    let id = model.view().id;
    let own = scratch.views.entry(id).or_default();
    if motion != Motion::Fit {
        own.take_canvas();
    }
    let (Some(panel), Some(_)) = (own.panel, &model.view().shown) else { return };
    let (viewport, size): (&mut Viewport, Vec2) = (&mut own.viewport, own.size);
    match motion {
        Motion::Fit => viewport.is_fitted = true,
        Motion::Zoom(factor) => viewport.zoom(panel, size, panel.center(), factor),
        Motion::ActualSize => {
            let scale = 1.0 / ctx.pixels_per_point();
            viewport.zoom(panel, size, panel.center(), scale / viewport.scale);
        }
        Motion::Large(r) => viewport.show_large(panel, size, mosaic_rect(r.x, r.y, r.width, r.height)),
        Motion::Center(r) => viewport.show_rect(panel, size, mosaic_rect(r.x, r.y, r.width, r.height)),
    }
    lead(model, scratch, id);
}

/// If zoom is linked, gives the other views the zoom and pan of this one.
pub(crate) fn lead(model: &Model, scratch: &mut Scratch, leader: ViewId) {
    if !model.links.zoom {
        return;
    }
    let size = |id: ViewId| model.find(id).and_then(|view| view.shown.as_ref()).map(|shown| size_of(shown));
    let lead = size(leader).and_then(|size| {
        let own = scratch.views.get(&leader)?;
        Some((own.viewport, own.panel?, size))
    });
    let Some((viewport, panel, lead_size)) = lead else { return };
    for view in model.views.iter().filter(|view| view.id != leader) {
        let own = scratch.views.entry(view.id).or_default();
        if let (Some(own_panel), Some(own_size)) = (own.panel, size(view.id)) {
            own.viewport.follow(&viewport, (panel, lead_size), (own_panel, own_size));
        }
    }
}

/// The visible part of the active view's mosaic, in mosaic pixels, and its size in screen pixels.
pub(crate) fn seen_view(model: &Model, scratch: &Scratch, ctx: &egui::Context) -> Option<PartSeen> {
    let view = model.view();
    let (shown, own) = (view.shown.as_ref()?, scratch.views.get(&view.id)?);
    let (panel, viewport) = (own.panel?, &own.viewport);
    let size = size_of(shown);
    let (corner, seen) = (viewport.origin(panel, size), panel.size() / viewport.scale);
    let start = (panel.min - corner) / viewport.scale;
    // A place that is a whole pixel but for the rounding of f32 is that pixel.
    let whole = |at: f32| if (at - at.round()).abs() < 1e-3 { at.round() } else { at };
    let start = egui::vec2(whole(start.x), whole(start.y));
    let on_screen = panel.size() * ctx.pixels_per_point();
    let is_dark = ctx.theme() == egui::Theme::Dark;
    Some(PartSeen {
        part: SeenPart { x: start.x, y: start.y, width: seen.x, height: seen.y },
        size: (on_screen.x.round().max(1.0) as u32, on_screen.y.round().max(1.0) as u32),
        ground: theme::mosaic_ground(is_dark).to_array(),
        outlined: view.selected.map(|channel| (channel, theme::SELECTED.to_array())),
    })
}
