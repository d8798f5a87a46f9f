//! Tests operations on all channels of a position, and on all positions.

use super::*;
use crate::graph::Attention;

#[test]
fn layer_norms_equal_their_sums() {
    let mut dice = Dice(13);
    for level in levels() {
        for channels in CHANNELS {
            let shape = MapShape::new(channels, 7, 9);
            let mut x = Plain::random(&mut dice, 3, shape);
            // Values far from zero: a variance computed as a difference of squares would cancel.
            x.values.iter_mut().for_each(|v| *v += 40.0);
            let [gamma, beta] = [(); 2].map(|()| dice.values(channels));
            let cells = |values: &[f32]| bias_cells(Some(values), channels);
            let packed = PackedLayerNorm { gamma: cells(&gamma), beta: cells(&beta), eps: 1e-6 };
            let run = |x: &Plain| {
                let mut out = stale(3, shape);
                on(level, |cores| layer_norm(cores, x.blocked().read(), &packed, &mut out.write()));
                assert_lanes_are_clear(&out);
                planar(&out)
            };
            let got = run(&x);
            for (image, position) in (0..3).flat_map(|i| (0..shape.plane()).map(move |p| (i, p))) {
                let at = |c: usize| image * shape.len() + c * shape.plane() + position;
                let values: Vec<f64> = (0..channels).map(|c| f64::from(x.values[at(c)])).collect();
                let mean = values.iter().sum::<f64>() / channels as f64;
                let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / channels as f64;
                for (c, value) in values.iter().enumerate() {
                    let right =
                        (value - mean) / (variance + 1e-6).sqrt() * f64::from(gamma[c]) + f64::from(beta[c]);
                    // The mean of values near 40 rounds by a few times 2^-19.
                    let tolerance = 2e-5 / (variance + 1e-6).sqrt();
                    assert!(
                        (f64::from(got[at(c)]) - right).abs() <= tolerance,
                        "{} {channels}",
                        level.name()
                    );
                }
            }
            // A value that isn't finite spreads over its position, and no further.
            for bad in [f32::NAN, f32::INFINITY] {
                let mut broken = x.clone();
                let position = 3 * 9 + 4;
                broken.values[(channels - 1) * shape.plane() + position] = bad;
                for (at, (got, before)) in run(&broken).iter().zip(&got).enumerate() {
                    if at < shape.len() && at % shape.plane() == position {
                        assert!(got.is_nan());
                    } else {
                        assert_eq!(got, before);
                    }
                }
            }
        }
    }
}

/// `softmax(QKᵀ / √d) V` for each head, in f64.
fn attended(x: &Plain, heads: usize) -> Vec<f64> {
    let num_tokens = x.shape.plane();
    let channels = x.shape.channels / 3;
    let d = channels / heads;
    let mut all = vec![0.0; x.num_images * channels * num_tokens];
    for (image, head) in (0..x.num_images).flat_map(|i| (0..heads).map(move |h| (i, h))) {
        let at = |part: usize, c: usize, token: usize| {
            let channel = part * channels + head * d + c;
            f64::from(x.values[(image * x.shape.channels + channel) * num_tokens + token])
        };
        for query in 0..num_tokens {
            let score = |key: usize| {
                let sum: f64 = (0..d).map(|c| at(0, c, query) * at(1, c, key)).sum();
                (sum / (d as f64).sqrt()).exp()
            };
            let scores: Vec<f64> = (0..num_tokens).map(score).collect();
            let total: f64 = scores.iter().sum();
            for c in 0..d {
                let sum: f64 = scores.iter().enumerate().map(|(key, s)| s * at(2, c, key)).sum();
                all[(image * channels + head * d + c) * num_tokens + query] = sum / total;
            }
        }
    }
    all
}

#[test]
fn attention_equals_its_sums() {
    let mut dice = Dice(21);
    for level in levels() {
        for (heads, d, num_tokens) in [(1, 16, 1), (2, 16, 15), (3, 32, 16), (2, 64, 37), (1, 48, 33)] {
            let channels = heads * d;
            let mut x = Plain::random(&mut dice, 2, MapShape::new(3 * channels, 1, num_tokens));
            x.values.iter_mut().for_each(|v| *v *= 3.0);
            let mut out = stale(2, MapShape::new(channels, 1, num_tokens));
            let mut scratch = Workspace::default();
            scratch.take(40).fill(PixelBlock([f32::NAN; BLOCK]));
            let blocked = x.blocked();
            on(level, |cores| {
                attention(
                    cores,
                    blocked.read(),
                    Attention { channels, heads },
                    &mut scratch,
                    &mut out.write(),
                );
            });
            assert_lanes_are_clear(&out);
            for (got, right) in planar(&out).iter().zip(attended(&x, heads)) {
                // Scores of up to about 30 round by about 2^-19, and shares by the same fraction of themselves; values are at
                // most 3.
                let what = format!("{} {heads}×{d} of {num_tokens}: {got} for {right}", level.name());
                assert!((f64::from(*got) - right).abs() <= 2e-5, "{what}");
            }
        }
    }
}

/// Scores whose exponential is too large for an f32.
#[test]
fn shares_of_large_scores_do_not_overflow() {
    for level in levels() {
        let (channels, num_tokens) = (16, 5);
        let mut x = Plain::random(&mut Dice(2), 1, MapShape::new(48, 1, num_tokens));
        x.values[..2 * channels * num_tokens].iter_mut().for_each(|v| *v *= 100.0);
        let mut out = stale(1, MapShape::new(channels, 1, num_tokens));
        let blocked = x.blocked();
        let of = Attention { channels, heads: 1 };
        on(level, |cores| attention(cores, blocked.read(), of, &mut Workspace::default(), &mut out.write()));
        assert_lanes_are_clear(&out);
        assert!(planar(&out).iter().all(|v| v.abs() <= 1.0), "{}", level.name());
    }
}

#[test]
fn patches_become_tokens_and_a_grid_again() {
    let mut dice = Dice(6);
    for (channels, num_before) in [(16, 1), (33, 5), (5, 1)] {
        let grid = MapShape::new(channels, 3, 4);
        let x = Plain::random(&mut dice, 2, grid);
        let before = dice.values(channels * num_before);
        let positions = dice.values(channels * 12);
        let packed = PackedTokens::new(&before, &positions, channels);
        let num_tokens = num_before + 12;
        let (mut row, mut back) = (stale(2, MapShape::new(channels, 1, num_tokens)), stale(2, grid));
        on(Level::from_env().unwrap(), |cores| {
            tokens(cores, x.blocked().read(), &packed, &mut row.write());
            token_grid(cores, row.read(), &mut back.write());
        });
        assert_lanes_are_clear(&row);
        assert_lanes_are_clear(&back);
        for (at, got) in planar(&row).iter().enumerate() {
            let (map, token) = (at / num_tokens, at % num_tokens);
            let channel = map % channels;
            let right = match token.checked_sub(num_before) {
                None => before[channel * num_before + token],
                Some(patch) => x.values[map * 12 + patch] + positions[channel * 12 + patch],
            };
            assert_eq!(*got, right);
        }
        for (at, got) in planar(&back).iter().enumerate() {
            assert_eq!(*got, x.values[at] + positions[at / 12 % channels * 12 + at % 12]);
        }
    }
}
