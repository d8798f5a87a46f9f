//! Maps the locations of a layer to places in the picture and back, through the receptive field, the crop and the resize.
//!
//! All places in the picture are given as shares of its width and height (0 to 1), so that a place means the same in a thumbnail, in the
//! full picture, and for another backbone with another crop.

use std::ops::Range;

use super::view::View;
use crate::graph::{Axis, NodeInfo, ReceptiveField};
use crate::input::{Preprocessed, SourceRegion};
use crate::tensor::{Activation, MapShape, PictureBox, PixelSize, StandardMaps};

/// A rectangle in a picture, as shares of its width and height. It may extend beyond the picture where a receptive field extends into the
/// padding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// Left edge.
    pub left: f64,
    /// Upper edge.
    pub top: f64,
    /// Right edge.
    pub right: f64,
    /// Lower edge.
    pub bottom: f64,
}

impl Share {
    /// A box on the picture, as a rectangle.
    pub fn of_box(part: PictureBox) -> Self {
        let [left, top, right, bottom] = part.edges();
        Self { left, top, right, bottom }
    }

    /// The rectangle as a box on the picture, within its edges; `None` if nothing of it is in the picture.
    pub fn to_box(self) -> Option<PictureBox> {
        PictureBox::new([self.left, self.top, self.right, self.bottom].map(|edge| edge.clamp(0.0, 1.0)))
    }

    /// The middle, as (x, y).
    pub fn centre(&self) -> (f64, f64) {
        (f64::midpoint(self.left, self.right), f64::midpoint(self.top, self.bottom))
    }
}

/// How the map of a layer is placed on a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement {
    field: ReceptiveField,
    shape: MapShape,
    input: PixelSize,
    /// The part of the picture that the network saw, as shares of the picture.
    seen: Share,
}

impl Placement {
    /// The placement of a layer with the given receptive field and shape. `input` is the preprocessed picture, `picture` its size before.
    pub fn new(field: ReceptiveField, shape: MapShape, input: &Preprocessed, picture: PixelSize) -> Self {
        let SourceRegion { x, y, width, height } = input.region;
        let (w, h) = (picture.width.max(1) as f64, picture.height.max(1) as f64);
        Self {
            field,
            shape,
            input: PixelSize::new(input.batch.width(), input.batch.height()),
            seen: Share { left: x / w, top: y / h, right: (x + width) / w, bottom: (y + height) / h },
        }
    }

    /// The placement of a node of which `info` tells shape and receptive field at the size of the view's input.
    pub fn of(view: &View, info: &NodeInfo) -> Self {
        Self::new(info.receptive_field, info.shape, &view.preprocessed, view.picture)
    }

    /// The part of the picture that the network saw.
    pub fn seen(&self) -> Share {
        self.seen
    }

    /// The receptive field of a location in the picture, not clipped at the edges.
    pub fn field(&self, row: usize, column: usize) -> Share {
        let ReceptiveField::Window { rows, columns } = self.field else { return self.seen };
        let ((top, bottom), (left, right)) = (rows.span(row), columns.span(column));
        self.share_of_input([left as f64, top as f64, right as f64, bottom as f64])
    }

    /// The part of the picture that a location covers when the map is laid over the picture: a rectangle as large as the layer's stride,
    /// around the middle of the receptive field.
    pub fn cell(&self, row: usize, column: usize) -> Share {
        let ReceptiveField::Window { rows, columns } = self.field else { return self.seen };
        let span = |axis: Axis, at: usize| {
            let (middle, half) = (middle(axis, at as f64), axis.stride as f64 / 2.0);
            (middle - half, middle + half)
        };
        let ((top, bottom), (left, right)) = (span(rows, row), span(columns, column));
        self.share_of_input([left, top, right, bottom])
    }

    /// The rectangle of the whole map when it is laid over the picture.
    pub fn map(&self) -> Share {
        let first = self.cell(0, 0);
        let last = self.cell(self.shape.height.saturating_sub(1), self.shape.width.saturating_sub(1));
        Share { left: first.left, top: first.top, right: last.right, bottom: last.bottom }
    }

    /// The location (row, column) whose receptive field has its middle nearest to a place in the picture; `None` where the network didn't
    /// see that place.
    pub fn position_at(&self, x: f64, y: f64) -> Option<(usize, usize)> {
        let Share { left, top, right, bottom } = self.seen;
        let is_seen = x >= left && x <= right && y >= top && y <= bottom;
        if !is_seen || self.shape.is_empty() {
            return None;
        }
        let (row, column) = self.place_in_map(x, y);
        let nearest = |at: f64, num: usize| (at.round().max(0.0) as usize).min(num - 1);
        Some((nearest(row, self.shape.height), nearest(column, self.shape.width)))
    }

    /// The rows and columns of the map that stand for a part of the picture: at least one of each. `None` where the network saw nothing
    /// of that part.
    pub fn positions_in(&self, part: Share) -> Option<(Range<usize>, Range<usize>)> {
        let Share { left, top, right, bottom } = self.seen;
        let (x, y) =
            ((part.left.max(left), part.right.min(right)), (part.top.max(top), part.bottom.min(bottom)));
        if x.0 > x.1 || y.0 > y.1 {
            return None;
        }
        let (first, last) = (self.position_at(x.0, y.0)?, self.position_at(x.1, y.1)?);
        Some((first.0..last.0 + 1, first.1..last.1 + 1))
    }

    /// Row and column of the map, as fractions, for a place in the picture.
    fn place_in_map(&self, x: f64, y: f64) -> (f64, f64) {
        let ReceptiveField::Window { rows, columns } = self.field else { return (0.0, 0.0) };
        let Share { left, top, right, bottom } = self.seen;
        let along = |at: f64, from: f64, to: f64, pixels: usize, axis: Axis| {
            let pixel = (at - from) / (to - from).max(f64::MIN_POSITIVE) * pixels as f64;
            (pixel - middle(axis, 0.0)) / axis.stride.max(1) as f64
        };
        (along(y, top, bottom, self.input.height, rows), along(x, left, right, self.input.width, columns))
    }

    /// The same placement of a layer with another number of channels.
    fn with_channels(self, channels: usize) -> Self {
        Self { shape: MapShape { channels, ..self.shape }, ..self }
    }

    /// Converts a rectangle in pixels of the network's input to shares of the picture.
    fn share_of_input(&self, [left, top, right, bottom]: [f64; 4]) -> Share {
        let Share { left: l, top: t, right: r, bottom: b } = self.seen;
        let x = |pixel: f64| l + (r - l) * pixel / self.input.width.max(1) as f64;
        let y = |pixel: f64| t + (b - t) * pixel / self.input.height.max(1) as f64;
        Share { left: x(left), top: y(top), right: x(right), bottom: y(bottom) }
    }
}

/// Middle of a location's receptive field in pixels of the input, where pixel `i` extends from `i` to `i + 1`.
fn middle(axis: Axis, at: f64) -> f64 {
    axis.offset as f64 + at * axis.stride as f64 + axis.size as f64 / 2.0
}

/// Number of places along each side at which maps are compared that have different sizes or places in the picture.
const SAMPLES: usize = 24;

/// The `k` channels of layer `to` whose maps are most similar to that of `channel` in layer `from`, best first, with their correlations.
/// The layers may be of different backbones. Maps of one size and place are compared value by value, as within a layer, so that a pair
/// of maps has one number. Others are sampled at the same places in the part of the picture that both networks saw, and the values at
/// the same place are compared. Empty where the channel's map has no variance there, or no part of the picture was seen by both.
pub fn closest_channels(
    from: (&Activation, &Placement),
    channel: usize,
    to: (&Activation, &Placement),
    k: usize,
) -> Vec<(usize, f64)> {
    let wanted = from.0.channel(channel);
    if from.1.with_channels(0) == to.1.with_channels(0) {
        return StandardMaps::of(to.0).nearest_to(wanted, k, None);
    }
    let (a, b) = (from.1.seen, to.1.seen);
    let (left, right) = (a.left.max(b.left), a.right.min(b.right));
    let (top, bottom) = (a.top.max(b.top), a.bottom.min(b.bottom));
    if left >= right || top >= bottom {
        return Vec::new();
    }
    let places: Vec<(f64, f64)> = (0..SAMPLES * SAMPLES)
        .map(|at| {
            let share = |i: usize| (i as f64 + 0.5) / SAMPLES as f64;
            (left + (right - left) * share(at % SAMPLES), top + (bottom - top) * share(at / SAMPLES))
        })
        .collect();
    let wanted = Sampler::new(from.1, &places).sample(wanted);
    let sampler = Sampler::new(to.1, &places);
    let maps: Vec<Vec<f32>> =
        (0..to.0.shape().channels).map(|channel| sampler.sample(to.0.channel(channel))).collect();
    StandardMaps::from_maps(maps.iter().map(Vec::as_slice)).nearest_to(&wanted, k, None)
}

/// Samples maps at given places with bilinear interpolation; the four neighbours of each place are computed once for all channels.
struct Sampler {
    corners: Vec<[(usize, f32); 4]>,
}

impl Sampler {
    fn new(placement: &Placement, places: &[(f64, f64)]) -> Self {
        let MapShape { height, width, .. } = placement.shape;
        let split = |at: f64, num: usize| {
            let at = at.clamp(0.0, num.saturating_sub(1) as f64);
            let below = at.floor() as usize;
            (below, (below + 1).min(num.saturating_sub(1)), (at - at.floor()) as f32)
        };
        let corners = places
            .iter()
            .map(|(x, y)| {
                let (row, column) = placement.place_in_map(*x, *y);
                let ((top, bottom, v), (left, right, u)) = (split(row, height), split(column, width));
                [
                    (top * width + left, (1.0 - v) * (1.0 - u)),
                    (top * width + right, (1.0 - v) * u),
                    (bottom * width + left, v * (1.0 - u)),
                    (bottom * width + right, v * u),
                ]
            })
            .collect();
        Self { corners }
    }

    fn sample(&self, map: &[f32]) -> Vec<f32> {
        let at = |(place, weight): &(usize, f32)| map.get(*place).copied().unwrap_or(f32::NAN) * weight;
        self.corners.iter().map(|corners| corners.iter().map(at).sum()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{FitChoice, ValueChoice, preprocess};
    use crate::tensor::{Fit, LongSide, PreprocessSpec, ResizeFilter, ValueScale};

    fn input(picture: PixelSize, fit: Fit, side: usize) -> Preprocessed {
        let rgb = image::RgbImage::new(picture.width as u32, picture.height as u32);
        let spec = PreprocessSpec {
            size: PixelSize::square(side),
            fit,
            filter: ResizeFilter::Bilinear,
            scale: ValueScale::UNIT,
        };
        preprocess(&rgb, &spec, FitChoice::Model, ValueChoice::Model).unwrap()
    }

    fn window(stride: usize, offset: isize, size: usize) -> ReceptiveField {
        let axis = Axis { stride, offset, size };
        ReceptiveField::Window { rows: axis, columns: axis }
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn a_stretched_picture_is_covered_whole() {
        // Windows of 3 pixels, 2 apart, one pixel of border: position i sees 2i−1 … 2i+2, its middle is 2i+½.
        let picture = PixelSize::new(40, 10);
        let input = input(picture, Fit::Stretch, 20);
        let placement = Placement::new(window(2, -1, 3), MapShape::new(1, 10, 10), &input, picture);
        assert_eq!(placement.seen(), Share { left: 0.0, top: 0.0, right: 1.0, bottom: 1.0 });
        let field = placement.field(0, 9);
        assert!(close(field.left, 17.0 / 20.0) && close(field.right, 1.0) && close(field.top, -1.0 / 20.0));
        let cell = placement.cell(3, 0);
        assert!(
            close(cell.top, 5.5 / 20.0) && close(cell.bottom, 7.5 / 20.0) && close(cell.left, -0.5 / 20.0)
        );
        for (row, column) in [(0, 0), (9, 3), (4, 9)] {
            let (x, y) = placement.field(row, column).centre();
            assert_eq!(placement.position_at(x, y), Some((row, column)));
        }
    }

    #[test]
    fn a_crop_moves_the_map_and_hides_what_was_cut_off() {
        // 40×20 to 20×10 (short side 10), the middle 10×10 kept: columns 5 to 15 of 20.
        let picture = PixelSize::new(40, 20);
        let fit = Fit::ShortSideCrop { crop_pct: 1.0, long_side: LongSide::CutDown };
        let input = input(picture, fit, 10);
        let placement = Placement::new(window(5, 0, 5), MapShape::new(1, 2, 2), &input, picture);
        assert_eq!(placement.seen(), Share { left: 0.25, top: 0.0, right: 0.75, bottom: 1.0 });
        assert_eq!(placement.map(), placement.seen(), "non-overlapping windows tile what was seen");
        assert_eq!(placement.cell(1, 1), Share { left: 0.5, top: 0.5, right: 0.75, bottom: 1.0 });
        assert_eq!(placement.position_at(0.7, 0.2), Some((0, 1)));
        assert_eq!(placement.position_at(0.2, 0.2), None, "cut off");
    }

    #[test]
    fn after_a_global_pool_the_one_position_sees_all() {
        let picture = PixelSize::new(8, 8);
        let input = input(picture, Fit::Stretch, 8);
        let placement = Placement::new(ReceptiveField::Whole, MapShape::new(5, 1, 1), &input, picture);
        assert_eq!(placement.field(0, 0), placement.seen());
        assert_eq!(placement.position_at(0.9, 0.1), Some((0, 0)));
    }

    #[test]
    fn the_closest_channel_is_the_one_that_fires_at_the_same_place() {
        let picture = PixelSize::new(40, 20);
        let coarse_input = input(picture, Fit::Stretch, 16);
        let fit = Fit::ShortSideCrop { crop_pct: 1.0, long_side: LongSide::CutDown };
        let fine_input = input(picture, fit, 16);
        let coarse = Placement::new(window(4, 0, 4), MapShape::new(1, 4, 4), &coarse_input, picture);
        let fine = Placement::new(window(2, 0, 2), MapShape::new(3, 8, 8), &fine_input, picture);
        // A ramp along x, in both networks' own coordinates; the other channels fire elsewhere.
        let a: Vec<f32> = (0..16).map(|at| (at % 4) as f32).collect();
        let mut b: Vec<f32> = (0..64).map(|at| (at / 8) as f32).collect();
        b.extend((0..64).map(|at| 3.0 * (at % 8) as f32));
        b.extend((0..64).map(|at| -((at % 8) as f32)));
        let a = Activation::new("a", MapShape::new(1, 4, 4), a).unwrap();
        let b = Activation::new("b", MapShape::new(3, 8, 8), b).unwrap();
        let found = closest_channels((&a, &coarse), 0, (&b, &fine), 3);
        assert_eq!(found.iter().map(|f| f.0).collect::<Vec<_>>(), [1, 0, 2]);
        assert!(found[0].1 > 0.98 && found[1].1.abs() < 0.05 && found[2].1 < -0.98, "{found:?}");
        let flat = Activation::new("a", MapShape::new(1, 4, 4), vec![1.0; 16]).unwrap();
        assert!(closest_channels((&flat, &coarse), 0, (&b, &fine), 3).is_empty());
    }

    /// The same two maps are compared within a layer and across two views of it; a person sees both numbers.
    #[test]
    fn a_pair_of_maps_has_one_number_within_a_layer_and_across_views() {
        let picture = PixelSize::new(40, 20);
        let shape = MapShape::new(4, 10, 10);
        let placement = Placement::new(window(2, -1, 5), shape, &input(picture, Fit::Stretch, 20), picture);
        let values: Vec<f32> = (0..400u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 16) as f32).collect();
        let layer = Activation::new("a", shape, values).unwrap();
        let within = StandardMaps::of(&layer).nearest_to(layer.channel(1), 4, None);
        assert_eq!(closest_channels((&layer, &placement), 1, (&layer, &placement), 4), within);
        let three = MapShape { channels: 3, ..shape };
        let fewer = Activation::new("b", three, layer.values()[..300].to_vec()).unwrap();
        let place = placement.with_channels(3);
        let found = closest_channels((&layer, &placement), 1, (&fewer, &place), 4);
        assert_eq!(found, within.into_iter().filter(|(channel, _)| *channel < 3).collect::<Vec<_>>());
    }
}
