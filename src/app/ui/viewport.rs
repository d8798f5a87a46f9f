//! Zoom and pan of a mosaic: where it is on screen. Arithmetic only, no widgets.

use egui::{Pos2, Rect, Vec2, pos2, vec2};

use crate::mosaic::SeenPart;

/// Greatest side of a mosaic pixel on screen, in points.
const MAX_SCALE: f32 = 256.0;

/// If a mosaic pixel's size in screen pixels is this close to an integer, it is treated as that integer.
const WHOLE: f32 = 1e-3;

/// A rectangle fills the panel if its scale is at least this share of the one at which it would.
const NEARLY: f32 = 0.99;

/// A mosaic is not zoomed out below this share of its fitted size, unless one point per pixel is smaller.
const MIN_SHARE_OF_FIT: f32 = 0.25;

/// Scale and position of a mosaic in its panel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Viewport {
    /// Points per mosaic pixel.
    pub(crate) scale: f32,
    /// Vector from the panel's centre to the mosaic's, in points.
    pub(crate) offset: Vec2,
    /// Whether the mosaic is kept fitted to the panel when the panel's size changes.
    pub(crate) is_fitted: bool,
    /// Screen pixels per point.
    pixels_per_point: f32,
}

impl Default for Viewport {
    fn default() -> Self {
        Self { scale: 1.0, offset: Vec2::ZERO, is_fitted: true, pixels_per_point: 1.0 }
    }
}

impl Viewport {
    /// The scale at which a mosaic of `size` pixels just fills `panel`.
    pub(crate) fn fit_scale(panel: Rect, size: Vec2) -> f32 {
        (panel.width() / size.x.max(1.0)).min(panel.height() / size.y.max(1.0)).max(1e-3)
    }

    /// Adapts to the panel and to the screen's resolution. A fitted mosaic is fitted again; any other is moved, if necessary, so that part
    /// of it stays visible.
    pub(crate) fn settle_on(&mut self, panel: Rect, size: Vec2, pixels_per_point: f32) {
        self.pixels_per_point = pixels_per_point;
        self.settle(panel, size);
    }

    fn settle(&mut self, panel: Rect, size: Vec2) {
        if self.is_fitted {
            self.scale = Self::fit_scale(panel, size);
            self.offset = Vec2::ZERO;
        }
        let reach = (size * self.scale + panel.size()) * 0.5 - Vec2::splat(24.0);
        let reach = reach.max(Vec2::ZERO);
        self.offset = self.offset.clamp(-reach, reach);
    }

    /// Top left corner of the mosaic on screen. If a mosaic pixel covers an integer number of screen pixels, the corner is aligned to a
    /// screen pixel, so that nothing is blurred or uneven.
    pub(crate) fn origin(&self, panel: Rect, size: Vec2) -> Pos2 {
        let origin = panel.center() + self.offset - size * self.scale * 0.5;
        let on_screen = self.scale * self.pixels_per_point;
        let is_whole = on_screen > 0.5 && (on_screen - on_screen.round()).abs() < WHOLE;
        if !is_whole {
            return origin;
        }
        let round = |at: f32| (at * self.pixels_per_point).round() / self.pixels_per_point;
        pos2(round(origin.x), round(origin.y))
    }

    /// The mosaic pixel (x, y) at a screen position, if it is inside the mosaic.
    #[cfg(test)]
    pub(crate) fn pixel_at(&self, panel: Rect, size: Vec2, pos: Pos2) -> Option<(u32, u32)> {
        let at = (pos - self.origin(panel, size)) / self.scale;
        let inside = at.x >= 0.0 && at.y >= 0.0 && at.x < size.x && at.y < size.y;
        inside.then_some((at.x as u32, at.y as u32))
    }

    /// The rectangle on screen of a rectangle of the mosaic.
    pub(crate) fn to_screen(self, panel: Rect, size: Vec2, in_mosaic: Rect) -> Rect {
        let origin = self.origin(panel, size);
        let at = |p: Pos2| origin + p.to_vec2() * self.scale;
        Rect::from_min_max(at(in_mosaic.min), at(in_mosaic.max))
    }

    /// Zooms by `factor`; the point under `anchor` stays where it is.
    pub(crate) fn zoom(&mut self, panel: Rect, size: Vec2, anchor: Pos2, factor: f32) {
        let lowest = Self::fit_scale(panel, size) * MIN_SHARE_OF_FIT;
        let scale = (self.scale * factor).clamp(lowest.min(1.0), MAX_SCALE);
        let grown = scale / self.scale;
        let from_centre = anchor - panel.center();
        self.offset = from_centre - (from_centre - self.offset) * grown;
        self.scale = scale;
        self.is_fitted = false;
    }

    /// Takes over the zoom and pan of another viewport: the same multiple of the fitted size, and the same part of the mosaic in the
    /// middle. `lead` and `own` are the panel and the mosaic's size of each.
    pub(crate) fn follow(&mut self, leader: &Self, lead: (Rect, Vec2), own: (Rect, Vec2)) {
        self.is_fitted = leader.is_fitted;
        self.scale = leader.scale / Self::fit_scale(lead.0, lead.1) * Self::fit_scale(own.0, own.1);
        let share = leader.offset / (lead.1 * leader.scale).max(Vec2::splat(1e-3));
        self.offset = share * own.1 * self.scale;
    }

    /// Makes a part of the mosaic visible, as large as fits into the panel.
    pub(crate) fn show_part(&mut self, panel: Rect, size: Vec2, part: SeenPart) {
        let seen = vec2(part.width, part.height);
        let lowest = Self::fit_scale(panel, size) * MIN_SHARE_OF_FIT;
        self.scale = Self::fit_scale(panel, seen).clamp(lowest.min(1.0), MAX_SCALE);
        self.offset = (size * 0.5 - vec2(part.x, part.y) - seen * 0.5) * self.scale;
        // If the whole mosaic is visible, and not smaller than it would be when fitted, it counts as fitted.
        let is_whole =
            part.x <= 0.0 && part.y <= 0.0 && part.x + seen.x >= size.x && part.y + seen.y >= size.y;
        let is_near = self.scale >= Self::fit_scale(panel, size) * 0.99;
        self.is_fitted = is_whole && is_near;
    }

    /// Moves the mosaic by `delta` points.
    pub(crate) fn pan(&mut self, delta: Vec2) {
        self.offset += delta;
        self.is_fitted = false;
    }

    /// Brings a rectangle of the mosaic to the middle, at a scale at which it fills at least about a third of the panel, and no smaller
    /// than it is.
    pub(crate) fn show_rect(&mut self, panel: Rect, size: Vec2, in_mosaic: Rect) {
        let wanted = Self::fit_scale(panel, in_mosaic.size()) / 3.0;
        self.centre_on(panel, size, in_mosaic, wanted);
    }

    /// Fills the panel with a rectangle of the mosaic. If it does so already, the whole mosaic is fitted again.
    pub(crate) fn show_large(&mut self, panel: Rect, size: Vec2, in_mosaic: Rect) {
        let full = Self::fit_scale(panel, in_mosaic.size()).min(MAX_SCALE);
        let is_in_the_middle = self.to_screen(panel, size, in_mosaic).contains(panel.center());
        if self.scale >= full * NEARLY && is_in_the_middle {
            self.is_fitted = true;
        } else {
            self.centre_on(panel, size, in_mosaic, full);
        }
    }

    /// Brings a rectangle of the mosaic to the middle, at this scale or the present one, whichever is larger.
    fn centre_on(&mut self, panel: Rect, size: Vec2, in_mosaic: Rect, scale: f32) {
        // For a mosaic of a few pixels, the scale that fits may be above the largest one.
        let lowest = Self::fit_scale(panel, size).min(MAX_SCALE);
        self.scale = scale.max(self.scale).clamp(lowest, MAX_SCALE);
        self.offset = (size * 0.5 - in_mosaic.center().to_vec2()) * self.scale;
        self.is_fitted = false;
    }
}

/// A rectangle of mosaic pixels.
pub(crate) fn mosaic_rect(x: u32, y: u32, width: u32, height: u32) -> Rect {
    Rect::from_min_size(pos2(x as f32, y as f32), vec2(width as f32, height as f32))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PANEL: Rect = Rect { min: Pos2::new(100.0, 50.0), max: Pos2::new(700.0, 450.0) };
    const SIZE: Vec2 = Vec2::new(575.0, 287.0);

    #[test]
    fn zooming_keeps_what_is_under_the_pointer() {
        let mut view = Viewport::default();
        view.settle(PANEL, SIZE);
        let anchor = pos2(333.0, 222.0);
        let before = view.pixel_at(PANEL, SIZE, anchor).unwrap();
        for factor in [2.0, 3.0, 1.5, 0.5] {
            view.zoom(PANEL, SIZE, anchor, factor);
            assert_eq!(view.pixel_at(PANEL, SIZE, anchor), Some(before), "×{factor}");
        }
    }

    #[test]
    fn pixel_and_screen_are_inverse() {
        let mut view = Viewport::default();
        view.settle(PANEL, SIZE);
        view.zoom(PANEL, SIZE, pos2(300.0, 200.0), 4.0);
        view.pan(vec2(12.5, -7.25));
        for (x, y) in [(0, 0), (574, 286), (17, 203)] {
            let on_screen = view.to_screen(PANEL, SIZE, mosaic_rect(x, y, 1, 1));
            assert_eq!(view.pixel_at(PANEL, SIZE, on_screen.center()), Some((x, y)));
        }
        assert_eq!(view.pixel_at(PANEL, SIZE, view.origin(PANEL, SIZE) - vec2(1.0, 1.0)), None);
    }

    #[test]
    fn at_native_zoom_pixels_lie_on_pixels_of_the_screen() {
        for ppp in [1.0, 1.25, 1.5, 2.0] {
            let mut view = Viewport::default();
            view.settle_on(PANEL, SIZE, ppp);
            view.zoom(PANEL, SIZE, pos2(123.0, 321.0), 1.0 / ppp / view.scale);
            for delta in [vec2(0.0, 0.0), vec2(0.3, -0.7), vec2(7.1, 3.9)] {
                view.pan(delta);
                let origin = view.origin(PANEL, SIZE).to_vec2() * ppp;
                assert!((origin - origin.round()).length() < 1e-3, "{ppp}: {origin:?}");
                let middle = view.to_screen(PANEL, SIZE, mosaic_rect(17, 203, 1, 1)).center();
                assert_eq!(view.pixel_at(PANEL, SIZE, middle), Some((17, 203)));
            }
        }
    }

    #[test]
    fn a_follower_shows_the_same_part_of_its_own_mosaic() {
        let mut leader = Viewport::default();
        leader.settle(PANEL, SIZE);
        leader.zoom(PANEL, SIZE, pos2(200.0, 300.0), 5.0);
        let (panel, size) = (Rect::from_min_size(pos2(10.0, 10.0), vec2(300.0, 300.0)), vec2(319.0, 255.0));
        let mut follower = Viewport::default();
        follower.follow(&leader, (PANEL, SIZE), (panel, size));
        let middle =
            |v: &Viewport, panel: Rect, size: Vec2| (panel.center() - v.origin(panel, size)) / v.scale / size;
        let (a, b) = (middle(&leader, PANEL, SIZE), middle(&follower, panel, size));
        assert!((a - b).length() < 1e-4, "{a:?} {b:?}");
        let times = |v: &Viewport, panel, size| v.scale / Viewport::fit_scale(panel, size);
        assert!((times(&leader, PANEL, SIZE) - times(&follower, panel, size)).abs() < 1e-3);
    }

    #[test]
    fn the_mosaic_cannot_be_lost_by_panning() {
        let mut view = Viewport::default();
        view.settle(PANEL, SIZE);
        view.pan(vec2(1e6, -1e6));
        view.settle(PANEL, SIZE);
        let on_screen = view.to_screen(PANEL, SIZE, Rect::from_min_size(Pos2::ZERO, SIZE));
        assert!(on_screen.intersects(PANEL));
    }

    #[test]
    fn a_mosaic_of_three_pixels_is_shown_large_without_harm() {
        let mut view = Viewport::default();
        let size = vec2(3.0, 3.0);
        view.settle(PANEL, size);
        view.show_rect(Rect::from_min_size(Pos2::ZERO, vec2(4000.0, 4000.0)), size, mosaic_rect(0, 0, 1, 1));
        assert!(view.scale <= MAX_SCALE);
    }

    #[test]
    fn showing_a_tile_large_never_makes_it_smaller_and_the_second_time_fits_all() {
        let tile = mosaic_rect(70, 35, 34, 34);
        for zoom in [0.3, 1.0, 3.0, 9.0, 20.0, 200.0] {
            let mut view = Viewport::default();
            view.settle(PANEL, SIZE);
            view.zoom(PANEL, SIZE, PANEL.center(), zoom);
            let before = view.scale;
            view.show_large(PANEL, SIZE, tile);
            view.settle(PANEL, SIZE);
            let on_screen = view.to_screen(PANEL, SIZE, tile);
            assert!(view.scale >= before, "×{zoom}: {} after {before}", view.scale);
            assert!((on_screen.center() - PANEL.center()).length() < 1.0, "×{zoom}: {on_screen:?}");
            assert!(on_screen.height() >= PANEL.height() * 0.99, "×{zoom}: {on_screen:?}");
            view.show_large(PANEL, SIZE, tile);
            view.settle(PANEL, SIZE);
            assert!((view.scale - Viewport::fit_scale(PANEL, SIZE)).abs() < 1e-4, "×{zoom}");
        }
    }

    #[test]
    fn a_jump_to_another_tile_keeps_the_zoom_if_that_is_larger() {
        let mut view = Viewport::default();
        view.settle(PANEL, SIZE);
        view.show_rect(PANEL, SIZE, mosaic_rect(0, 0, 34, 34));
        assert!((view.scale - 400.0 / 34.0 / 3.0).abs() < 1e-3, "a third of the panel");
        view.show_large(PANEL, SIZE, mosaic_rect(0, 0, 34, 34));
        let large = view.scale;
        view.show_rect(PANEL, SIZE, mosaic_rect(70, 35, 34, 34));
        assert!((view.scale - large).abs() < 1e-3);
    }

    #[test]
    fn a_panel_of_no_size_does_no_harm() {
        let mut view = Viewport::default();
        let nothing = Rect::from_min_size(Pos2::ZERO, Vec2::ZERO);
        view.settle(nothing, SIZE);
        view.zoom(nothing, SIZE, Pos2::ZERO, 2.0);
        assert!(view.scale.is_finite() && view.offset.x.is_finite());
    }
}
