//! Tests operations that take values from elsewhere (reordered channels, resized maps), and `PReLU`'s slopes.

use super::*;
use crate::graph::{Coordinates, Extent2d, Mixing, Resize, Rounding};

const BAD: [f32; 3] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];

#[test]
fn channels_come_from_where_they_were() {
    let mut dice = Dice(15);
    for level in levels() {
        for (channels, first, num) in [
            (33, 0, 33),
            (33, 16, 17),
            (33, 1, 16),
            (48, 32, 16),
            (48, 15, 2),
            (17, 16, 1),
            (40, 8, 32),
            (5, 2, 3),
        ] {
            let x = Plain::random(&mut dice, 3, MapShape::new(channels, 5, 3));
            let mut out = stale(3, MapShape::new(num, 5, 3));
            on(level, |cores| pick_channels(cores, x.blocked().read(), |c| first + c, &mut out.write()));
            assert_lanes_are_clear(&out);
            let of_image = |image: usize| &x.values[(image * channels + first) * 15..][..num * 15];
            assert_eq!(planar(&out), (0..3).flat_map(of_image).copied().collect::<Vec<f32>>());
        }
        for (groups, members) in [(2, 3), (3, 16), (4, 5), (29, 2), (1, 7), (7, 1)] {
            let channels = groups * members;
            let mut x = Plain::random(&mut dice, 2, MapShape::new(channels, 2, 7));
            for (bad, at) in BAD.into_iter().zip([0, 17, x.values.len() - 1]) {
                x.values[at] = bad;
            }
            let mut out = stale(2, x.shape);
            let from = |c: usize| c % groups * members + c / groups;
            on(level, |cores| pick_channels(cores, x.blocked().read(), from, &mut out.write()));
            assert_lanes_are_clear(&out);
            let mut expected = Vec::new();
            for (image, member, group) in
                (0..2).flat_map(|i| (0..members).flat_map(move |m| (0..groups).map(move |g| (i, m, g))))
            {
                expected.extend(&x.values[(image * channels + group * members + member) * 14..][..14]);
            }
            let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&planar(&out)), bits(&expected));
        }
    }
}

#[test]
fn maps_of_another_size_are_mixed_of_the_places_around() {
    let mut dice = Dice(16);
    let ways = [
        Coordinates::Asymmetric,
        Coordinates::HalfPixel,
        Coordinates::PytorchHalfPixel,
        Coordinates::AlignCorners,
        Coordinates::TfHalfPixel,
        Coordinates::HalfPixelSymmetric,
    ];
    let mixings = [Rounding::Floor, Rounding::Ceil, Rounding::HalfDown, Rounding::HalfUp, Rounding::Outward];
    let mixings: Vec<Mixing> = mixings.into_iter().map(Mixing::Nearest).chain([Mixing::Linear]).collect();
    for level in levels() {
        for channels in [1, 15, 17, 33] {
            let (rows, columns) = (dice.of(&[1, 4, 7]), dice.of(&[1, 5, 9]));
            let to = (dice.of(&[1, 3, 8, 13]), dice.of(&[1, 4, 10, 17]));
            let x = Plain::random(&mut dice, 2, MapShape::new(channels, rows, columns));
            for (coordinates, mixing) in
                ways.into_iter().flat_map(|way| mixings.iter().map(move |m| (way, *m)))
            {
                let way = Resize { to: Extent2d::Size([to.0, to.1]), coordinates, mixing };
                let mut out = stale(2, MapShape::new(channels, to.0, to.1));
                on(level, |cores| resize(cores, x.blocked().read(), &way, &mut out.write()));
                assert_lanes_are_clear(&out);
                let (down, across) = (way.samples(0, rows, to.0), way.samples(1, columns, to.1));
                let mut got = planar(&out).into_iter();
                for map in x.values.chunks(rows * columns) {
                    for (r, c) in down.iter().flat_map(|r| across.iter().map(move |c| (r, c))) {
                        let at = |y: usize, x: usize| f64::from(map[y * columns + x]);
                        let (s, t) = (f64::from(r.share), f64::from(c.share));
                        let line = |y: usize| at(y, c.low) * (1.0 - t) + at(y, c.high) * t;
                        let right = line(r.low) * (1.0 - s) + line(r.high) * s;
                        let got = f64::from(got.next().unwrap());
                        assert!((got - right).abs() <= 3e-7, "{} {way:?}: {got} for {right}", level.name());
                        assert!(mixing == Mixing::Linear || got == right);
                    }
                }
            }
        }
        // A value that isn't finite affects the positions computed from it, and no other channel.
        for bad in BAD {
            let mut x = Plain::random(&mut dice, 1, MapShape::new(18, 3, 3));
            x.values[17 * 9 + 4] = bad;
            let way = Resize {
                to: Extent2d::Times([2.0, 2.0]),
                coordinates: Coordinates::HalfPixel,
                mixing: Mixing::Linear,
            };
            let mut out = stale(1, MapShape::new(18, 6, 6));
            on(level, |cores| resize(cores, x.blocked().read(), &way, &mut out.write()));
            assert_lanes_are_clear(&out);
            let values = planar(&out);
            assert!(values[..17 * 36].iter().all(|v| v.is_finite()));
            assert_eq!(values[17 * 36..].iter().filter(|v| !v.is_finite()).count(), 16, "{bad}");
        }
    }
}

#[test]
fn slopes_are_a_channel_s_own() {
    let mut dice = Dice(17);
    for level in levels() {
        for channels in CHANNELS {
            let shape = MapShape::new(channels, 3, 5);
            let mut x = Plain::random(&mut dice, 2, shape);
            x.values[shape.len() - 1] = f32::NAN;
            let slopes = dice.values(channels);
            let cells = bias_cells(Some(&slopes), channels);
            let mut out = stale(2, shape);
            on(level, |cores| prelu(cores, x.blocked().read(), &cells, &mut out.write()));
            assert_lanes_are_clear(&out);
            for (at, (got, x)) in planar(&out).into_iter().zip(&x.values).enumerate() {
                let slope = slopes[at / shape.plane() % channels];
                let right = if *x < 0.0 { x * slope } else { *x };
                assert!(got == right || got.is_nan() && x.is_nan());
            }
        }
    }
}
