//! Tests operations that combine maps position by position, the largest value of a map, and local response normalisation.

use super::*;
use crate::graph::{Lrn, PairFn};

const ALL: [PairFn; 6] =
    [PairFn::Sum, PairFn::Difference, PairFn::Product, PairFn::Quotient, PairFn::Largest, PairFn::Smallest];

fn exactly_of(function: PairFn, a: f64, b: f64) -> f64 {
    let either = |picked: f64| if a.is_nan() || b.is_nan() { f64::NAN } else { picked };
    match function {
        PairFn::Sum => a + b,
        PairFn::Difference => a - b,
        PairFn::Product => a * b,
        PairFn::Quotient => a / b,
        PairFn::Largest => either(a.max(b)),
        PairFn::Smallest => either(a.min(b)),
    }
}

/// The value of `x` at an index of the shape `to`; a single channel, row or column is repeated.
fn spread(x: &Plain, to: MapShape, at: usize) -> f64 {
    let (image, place) = (at / to.len(), at % to.len());
    let (channel, row, column) = (place / to.plane(), place % to.plane() / to.width, place % to.width);
    let kept = |at: usize, side: usize| if side == 1 { 0 } else { at };
    let MapShape { channels, height, width } = x.shape;
    x.at(image, kept(channel, channels), kept(row, height), kept(column, width), Sides::default()).unwrap()
}

#[test]
fn maps_are_put_together_place_by_place() {
    let mut dice = Dice(31);
    for level in levels() {
        for channels in CHANNELS {
            let shape = MapShape::new(channels, 5, 7);
            let shapes =
                [shape, MapShape::new(channels, 1, 1), MapShape::new(1, 5, 7), MapShape::new(channels, 5, 1)];
            for (function, number) in ALL.into_iter().flat_map(|f| (0..6).map(move |n| (f, n))) {
                // At least one of them has the whole shape.
                let picked = match number {
                    0 => vec![shape, shape],
                    4 => vec![MapShape::new(1, 1, 7), shape],
                    5 => vec![shape, shape, MapShape::new(channels, 1, 1)],
                    n => vec![shape, shapes[n]],
                };
                let mut inputs: Vec<Plain> =
                    picked.into_iter().map(|shape| Plain::random(&mut dice, 2, shape)).collect();
                // Values that aren't finite, and zeros as divisors.
                for (at, x) in inputs.iter_mut().enumerate() {
                    let len = x.values.len();
                    x.values[(len - 1).saturating_sub(at)] =
                        dice.of(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0]);
                }
                let blocked: Vec<Owned> = inputs.iter().map(Plain::blocked).collect();
                let maps: Vec<Maps<'_>> = blocked.iter().map(Owned::read).collect();
                let mut out = stale(2, shape);
                on(level, |cores| pairwise(cores, function, &maps, &mut out.write()));
                assert_lanes_are_clear(&out);
                for (at, got) in planar(&out).into_iter().enumerate() {
                    let values = inputs.iter().map(|x| spread(x, shape, at));
                    // Rounded once for each map.
                    let right = values.reduce(|a, b| f64::from(exactly_of(function, a, b) as f32)).unwrap();
                    let got = f64::from(got);
                    assert!(
                        got == right || got.is_nan() && right.is_nan(),
                        "{} {function:?} {number} of {shape}: {got} for {right}",
                        level.name()
                    );
                }
            }
        }
    }
}

#[test]
fn the_largest_of_a_map_is_found_and_nan_stays() {
    let mut dice = Dice(32);
    for level in levels() {
        for channels in CHANNELS {
            for shape in [MapShape::new(channels, 5, 7), MapShape::new(channels, 1, 1)] {
                let mut x = Plain::random(&mut dice, 2, shape);
                // All values are below zero, so the zeros of lanes without a channel would show.
                x.values.iter_mut().for_each(|v| *v -= 1.5);
                let nan = dice.next() as usize % x.values.len();
                x.values[nan] = f32::NAN;
                x.values[0] = if nan == 0 { f32::NAN } else { f32::NEG_INFINITY };
                let mut out = stale(2, MapShape::new(channels, 1, 1));
                on(level, |cores| global_max_pool(cores, x.blocked().read(), &mut out.write()));
                assert_lanes_are_clear(&out);
                for (at, (got, map)) in
                    planar(&out).into_iter().zip(x.values.chunks(shape.plane())).enumerate()
                {
                    let right = map.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                    let has_nan = at == nan / shape.plane();
                    assert!(if has_nan { got.is_nan() } else { got == right }, "{} {shape}", level.name());
                }
            }
        }
    }
}

#[test]
fn channels_are_normalised_by_those_around() {
    let mut dice = Dice(33);
    for level in levels() {
        for channels in CHANNELS {
            for (size, beta) in
                [(1, 0.75), (3, 0.75), (5, 0.75), (5, 0.5), (7, 1.0), (9, 0.3), (33, 0.75), (101, 0.75)]
            {
                let of = Lrn { size, alpha: 0.9, beta, bias: 1.3 };
                let shape = MapShape::new(channels, 3, 5);
                let mut x = Plain::random(&mut dice, 2, shape);
                x.values.iter_mut().for_each(|v| *v *= 3.0);
                let run = |x: &Plain| {
                    let mut out = stale(2, shape);
                    on(level, |cores| lrn(cores, x.blocked().read(), &of, &mut out.write()));
                    assert_lanes_are_clear(&out);
                    planar(&out)
                };
                let got = run(&x);
                let around = |c: usize| c.saturating_sub(size / 2)..channels.min(c + size / 2 + 1);
                for (at, got) in got.iter().enumerate() {
                    let (image, place) = (at / shape.len(), at % shape.plane());
                    let value =
                        |c: usize| f64::from(x.values[image * shape.len() + c * shape.plane() + place]);
                    let channel = at % shape.len() / shape.plane();
                    let sum: f64 = around(channel).map(|c| value(c).powi(2)).sum();
                    let base = f64::from(of.bias) + f64::from(of.alpha) / size as f64 * sum;
                    let right = value(channel) / base.powf(f64::from(beta));
                    // Sums of squares of up to 80 values of magnitude below 3, and a power.
                    assert!(
                        (f64::from(*got) - right).abs() <= 3e-6 * right.abs().max(0.1),
                        "{} {of:?} of {channels}: {got} for {right}",
                        level.name()
                    );
                }
                // A value that isn't finite affects the channels around it.
                let mut broken = x.clone();
                broken.values[(channels / 2) * shape.plane()] = f32::NAN;
                for (at, (after, before)) in run(&broken).into_iter().zip(&got).enumerate() {
                    let channel = at % shape.len() / shape.plane();
                    let touched = at < shape.len()
                        && at % shape.plane() == 0
                        && around(channels / 2).contains(&channel);
                    assert!(if touched { after.is_nan() } else { after == *before });
                }
            }
        }
    }
}

/// Functions that are steep or undefined for some values.
#[test]
fn roots_and_reciprocals_are_those_of_the_value() {
    let mut dice = Dice(34);
    for level in levels() {
        for channels in CHANNELS {
            let shape = MapShape::new(channels, 3, 7);
            let mut x = Plain::random(&mut dice, 2, shape);
            for (at, special) in
                [0.0, f32::INFINITY, f32::NAN, 4.0, -4.0, f32::NEG_INFINITY].into_iter().enumerate()
            {
                x.values[at] = special;
            }
            let blocked = x.blocked();
            for function in [ActivationFn::Sqrt, ActivationFn::Reciprocal] {
                let mut out = stale(2, shape);
                on(level, |cores| activate(cores, function, blocked.read(), &mut out.write()));
                assert_lanes_are_clear(&out);
                let conv = Conv2d::new(channels, channels, 1);
                let mut case = Case::new(&mut dice, conv, shape).unwrap();
                case.bias = Some(vec![3.0 * channels as f32; channels]);
                let kept = case.run(
                    level,
                    &Plain::random(&mut dice, 2, shape).blocked(),
                    Epilogue { residual: None, function: Some(function) },
                );
                assert!(planar(&kept).iter().all(|v| v.is_finite()), "of a convolution's sum");
                for (got, x) in planar(&out).into_iter().zip(&x.values) {
                    let right = if function == ActivationFn::Sqrt { x.sqrt() } else { 1.0 / x };
                    assert!(got == right || got.is_nan() && right.is_nan(), "{function:?} of {x}: {got}");
                }
            }
        }
    }
}
