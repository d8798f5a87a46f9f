//! Every kernel on every level that the processor has, against sums in f64 over plain maps.

use rayon::ThreadPoolBuilder;

use super::*;
use crate::graph::{ActivationFn, Conv2d, Padding, Sides};
use crate::tensor::MapShape;

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[(self.next() >> 20) as usize % choices.len()]
    }

    /// In −1..1.
    fn values(&mut self, len: usize) -> Vec<f32> {
        (0..len).map(|_| (self.next() >> 40) as f32 / (1u64 << 23) as f32 - 1.0).collect()
    }
}

/// The levels to test, with a word about each that isn't here.
#[expect(clippy::print_stderr, reason = "a test that tests less must say so")]
fn levels() -> Vec<Level> {
    for name in level::LEVEL_NAMES {
        if Level::named(name).is_none() {
            eprintln!("skipped: no {name} here");
        }
    }
    Level::available().collect()
}

/// `[N, C, H, W]` with its extent.
#[derive(Clone)]
struct Plain {
    num_images: usize,
    shape: MapShape,
    values: Vec<f32>,
}

impl Plain {
    fn random(dice: &mut Dice, num_images: usize, shape: MapShape) -> Self {
        Self { num_images, shape, values: dice.values(num_images * shape.len()) }
    }

    fn blocked(&self) -> Blocked {
        let mut maps = stale(self.num_images, self.shape);
        maps.read_planar(&self.values);
        assert_lanes_are_clear(&maps);
        maps
    }

    /// The value there, or nothing outside the map; the border counts from its top left.
    fn at(&self, image: usize, channel: usize, y: usize, x: usize, border: Sides) -> Option<f64> {
        let (y, x) = (y.checked_sub(border.top)?, x.checked_sub(border.left)?);
        let MapShape { channels, height, width } = self.shape;
        (y < height && x < width)
            .then(|| f64::from(self.values[((image * channels + channel) * height + y) * width + x]))
    }
}

/// Maps as a buffer comes: full of what was there before.
fn stale(num_images: usize, shape: MapShape) -> Blocked {
    let mut maps = Buffers::default().take(num_images, shape);
    maps.cells_mut().fill(Cell([f32::NAN; BLOCK]));
    maps
}

fn surrounded(x: &Blocked, border: Sides, value: f32) -> Blocked {
    let MapShape { channels, height, width } = x.shape();
    let (height, width) = (height + border.top + border.bottom, width + border.left + border.right);
    let mut out = stale(x.num_images(), MapShape::new(channels, height, width));
    bordered(x, border, value, &mut out);
    assert_lanes_are_clear(&out);
    out
}

fn assert_lanes_are_clear(maps: &Blocked) {
    for plane in 0..maps.num_images() * maps.num_blocks() {
        let lanes = maps.lanes(plane % maps.num_blocks());
        assert!(maps.plane(plane).iter().all(|cell| cell.0[lanes..].iter().all(|v| *v == 0.0)));
    }
}

fn planar(maps: &Blocked) -> Vec<f32> {
    (0..maps.num_images()).flat_map(|image| maps.to_planar(image)).collect()
}

/// One convolution with its parameters.
struct Case {
    conv: Conv2d,
    kernel: Vec<f32>,
    bias: Option<Vec<f32>>,
    border: Sides,
    out: MapShape,
}

impl Case {
    fn new(dice: &mut Dice, conv: Conv2d, from: MapShape) -> Option<Self> {
        let border = conv.padding.resolve((from.height, from.width), conv.kernel, conv.stride, conv.dilation);
        let positions = |n: usize, axis: usize| {
            let room = n.checked_sub(conv.dilation * (conv.kernel[axis] - 1) + 1)?;
            Some(room / conv.stride[axis] + 1)
        };
        let height = positions(from.height + border.top + border.bottom, 0)?;
        let width = positions(from.width + border.left + border.right, 1)?;
        let kernel = dice.values(conv.weight_shape().iter().product());
        let bias = conv.has_bias.then(|| dice.values(conv.c_out));
        Some(Self { conv, kernel, bias, border, out: MapShape::new(conv.c_out, height, width) })
    }

    fn run(&self, level: Level, x: &Blocked, function: Option<ActivationFn>) -> Blocked {
        let (conv, bias) = (&self.conv, self.bias.as_deref());
        let x = surrounded(x, self.border, 0.0);
        let mut out = stale(x.num_images(), self.out);
        if conv.groups == 1 {
            let packed = PackedDense::new(level, &self.kernel, bias, conv);
            convolve(level, &x, &packed, Window::of(conv), function, &mut out);
        } else if conv.is_depthwise() && conv.c_in == conv.c_out {
            let packed = PackedDepthwise::new(&self.kernel, bias, conv.c_out);
            depthwise(level, &x, &packed, Window::of(conv), function, &mut out);
        } else {
            grouped(level, &x, &self.kernel, bias, conv, function, &mut out);
        }
        assert_lanes_are_clear(&out);
        out
    }

    /// The sum in f64, and the sum of magnitudes that went into it.
    fn expected(&self, x: &Plain) -> Vec<(f64, f64)> {
        let [c_out, per_group, rows, columns] = self.conv.weight_shape();
        let mut all = Vec::new();
        for image in 0..x.num_images {
            for output in 0..c_out {
                for oy in 0..self.out.height {
                    for ox in 0..self.out.width {
                        let bias = self.bias.as_ref().map_or(0.0, |b| f64::from(b[output]));
                        let (mut sum, mut size) = (bias, bias.abs());
                        for input in 0..per_group {
                            let channel = output / (c_out / self.conv.groups) * per_group + input;
                            for ky in 0..rows {
                                for kx in 0..columns {
                                    let y = oy * self.conv.stride[0] + ky * self.conv.dilation;
                                    let xx = ox * self.conv.stride[1] + kx * self.conv.dilation;
                                    let at = ((output * per_group + input) * rows + ky) * columns + kx;
                                    let value = x.at(image, channel, y, xx, self.border).unwrap_or(0.0);
                                    let term = value * f64::from(self.kernel[at]);
                                    sum += term;
                                    size += term.abs();
                                }
                            }
                        }
                        all.push((sum, size));
                    }
                }
            }
        }
        all
    }
}

fn exactly(function: ActivationFn, x: f64) -> f64 {
    let hard = |x: f64| (x + 3.0).clamp(0.0, 6.0) / 6.0;
    match function {
        ActivationFn::Relu => x.max(0.0),
        ActivationFn::Relu6 => x.clamp(0.0, 6.0),
        ActivationFn::Silu => x / (1.0 + (-x).exp()),
        ActivationFn::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        ActivationFn::HardSwish => x * hard(x),
        ActivationFn::HardSigmoid => hard(x),
    }
}

const FUNCTIONS: [ActivationFn; 6] = [
    ActivationFn::Relu,
    ActivationFn::Relu6,
    ActivationFn::Silu,
    ActivationFn::Sigmoid,
    ActivationFn::HardSwish,
    ActivationFn::HardSigmoid,
];

const CHANNELS: [usize; 9] = [1, 3, 15, 16, 17, 32, 33, 48, 80];

fn some_padding(dice: &mut Dice) -> Padding {
    dice.of(&[
        Padding::Same,
        Padding::Valid,
        Padding::symmetric(1, 2),
        Padding::Explicit(Sides { top: 0, bottom: 2, left: 3, right: 1 }),
    ])
}

/// A convolution of any kind and a batch to go through it.
fn some_case(dice: &mut Dice, groups: &str) -> Option<(Case, Plain)> {
    let c_in = dice.of(&CHANNELS);
    let (c_in, c_out, groups) = match groups {
        "depthwise" => (c_in.max(2), c_in.max(2), c_in.max(2)),
        "multiplied" => (c_in.max(2), 2 * c_in.max(2), c_in.max(2)),
        "four" => (4 * dice.of(&[1, 5, 8]), 4 * dice.of(&[1, 3, 16]), 4),
        _ => (c_in, dice.of(&CHANNELS), 1),
    };
    let mut conv = Conv2d::new(c_in, c_out, 1).with_padding(some_padding(dice));
    conv.kernel =
        dice.of(&[[1, 1], [1, 1], [2, 2], [3, 3], [3, 3], [4, 4], [5, 5], [6, 6], [7, 7], [1, 7], [7, 1]]);
    conv.stride = dice.of(&[[1, 1], [1, 1], [2, 2], [2, 1], [3, 3]]);
    conv.dilation = dice.of(&[1, 1, 2]);
    conv.groups = groups;
    conv.has_bias = dice.of(&[true, false]);
    let shape = MapShape::new(c_in, dice.of(&[5, 8, 13]), dice.of(&[1, 5, 9, 14, 17, 31]));
    let num_images = dice.of(&[1, 1, 3]);
    let case = Case::new(dice, conv, shape)?;
    Some((case, Plain::random(dice, num_images, shape)))
}

#[test]
fn convolutions_of_all_kinds_equal_their_sums() {
    let levels = levels();
    for (kind, num) in [("dense", 120), ("depthwise", 60), ("multiplied", 8), ("four", 20)] {
        let mut dice = Dice(0x5eed + num);
        let mut done = 0;
        while done < num {
            let Some((case, x)) = some_case(&mut dice, kind) else { continue };
            done += 1;
            let function = dice.of(&FUNCTIONS);
            let function = dice.of(&[None, None, Some(function)]);
            let (expected, blocked) = (case.expected(&x), x.blocked());
            for level in &levels {
                let got = planar(&case.run(*level, &blocked, function));
                assert_eq!(got.len(), expected.len());
                for (got, (sum, size)) in got.iter().zip(&expected) {
                    let right = function.map_or(*sum, |f| exactly(f, *sum));
                    // A sum of up to 4,000 f32 terms in one order: each step rounds by 2^-24 of what stands there, which is at
                    // most all magnitudes; errors add up like a random walk, so 20 steps' worth is far out. An activation's
                    // slope is at most 1.5 here and rounds a few times more.
                    let tolerance = 2f64.powi(-24) * (30.0 * size + 8.0);
                    assert!(
                        (f64::from(*got) - right).abs() <= tolerance,
                        "{} {:?} {function:?} of {}: {got} for {right}",
                        level.name(),
                        case.conv,
                        x.shape
                    );
                }
            }
        }
    }
}

#[test]
fn pools_take_the_border_as_they_should() {
    let mut dice = Dice(77);
    let levels = levels();
    for _ in 0..60 {
        let kernel = dice.of(&[[2, 2], [3, 3], [1, 3], [5, 5]]);
        let stride = dice.of(&[[1, 1], [2, 2], [1, 2]]);
        let shape = MapShape::new(dice.of(&CHANNELS), dice.of(&[5, 8, 13]), dice.of(&[5, 9, 17]));
        let padding = dice.of(&[
            Padding::Same,
            Padding::Valid,
            Padding::Explicit(Sides { top: 0, bottom: 1, left: 0, right: 0 }),
        ]);
        let border = padding.resolve((shape.height, shape.width), kernel, stride, 1);
        let height = (shape.height + border.top + border.bottom - kernel[0]) / stride[0] + 1;
        let width = (shape.width + border.left + border.right - kernel[1]) / stride[1] + 1;
        let num_images = dice.of(&[1, 3]);
        let mut x = Plain::random(&mut dice, num_images, shape);
        // All below zero: a border of zeros would win every maximum.
        x.values.iter_mut().for_each(|v| *v -= 2.0);
        let blocked = x.blocked();
        for level in &levels {
            let mut maps = [(); 3].map(|()| stale(num_images, MapShape::new(shape.channels, height, width)));
            max_pool(*level, &surrounded(&blocked, border, f32::NEG_INFINITY), kernel, stride, &mut maps[0]);
            let zeros = surrounded(&blocked, border, 0.0);
            avg_pool(*level, &zeros, kernel, stride, None, &mut maps[1]);
            avg_pool(*level, &zeros, kernel, stride, Some(border), &mut maps[2]);
            maps.iter().for_each(assert_lanes_are_clear);
            let got = maps.each_ref().map(planar);
            let mut at = 0;
            for image in 0..num_images {
                for channel in 0..shape.channels {
                    for (oy, ox) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
                        let cells = (0..kernel[0]).flat_map(|ky| (0..kernel[1]).map(move |kx| (ky, kx)));
                        let inside: Vec<f64> = cells
                            .filter_map(|(ky, kx)| {
                                x.at(image, channel, oy * stride[0] + ky, ox * stride[1] + kx, border)
                            })
                            .collect();
                        let sum: f64 = inside.iter().sum();
                        let largest = inside.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                        let window = (kernel[0] * kernel[1]) as f64;
                        assert_eq!(f64::from(got[0][at]), largest);
                        // A window of 25 values below 3, summed in f32.
                        assert!((f64::from(got[1][at]) - sum / window).abs() < 5e-6);
                        // A window wholly in the border has no mean.
                        let mean = sum / inside.len() as f64;
                        assert!(mean.is_nan() || (f64::from(got[2][at]) - mean).abs() < 5e-6);
                        at += 1;
                    }
                }
            }
        }
    }
}

#[test]
fn operations_at_one_position_do_what_they_say() {
    let mut dice = Dice(5);
    for level in levels() {
        for channels in CHANNELS {
            let shape = MapShape::new(channels, 7, 9);
            let mut x = Plain::random(&mut dice, 3, shape);
            x.values.iter_mut().for_each(|v| *v *= 9.0);
            let y = Plain::random(&mut dice, 3, shape);
            let factors = Plain::random(&mut dice, 3, MapShape::new(channels, 1, 1));
            let (a, b, f) = (x.blocked(), y.blocked(), factors.blocked());
            let mut out = stale(3, shape);
            add(level, &[&a, &b, &a], &mut out);
            assert_lanes_are_clear(&out);
            assert!(
                planar(&out)
                    .iter()
                    .zip(x.values.iter().zip(&y.values))
                    .all(|(sum, (x, y))| *sum == x + y + x)
            );
            gate(level, &a, &f, &mut out);
            assert_lanes_are_clear(&out);
            for (at, got) in planar(&out).iter().enumerate() {
                assert_eq!(*got, x.values[at] * factors.values[at / shape.plane()]);
            }
            let cells = |values: &[f32]| {
                let mut cells = vec![Cell::ZERO; channels.div_ceil(BLOCK)];
                values.iter().enumerate().for_each(|(c, v)| cells[c / BLOCK].0[c % BLOCK] = *v);
                cells
            };
            let (scale, shift) = (&factors.values[..channels], &factors.values[channels..2 * channels]);
            affine(level, &a, &cells(scale), &cells(shift), &mut out);
            assert_lanes_are_clear(&out);
            for (at, got) in planar(&out).iter().enumerate() {
                let c = at / shape.plane() % channels;
                assert!((got - (x.values[at] * scale[c] + shift[c])).abs() <= 1e-6 * 10.0);
            }
            let mut means = stale(3, MapShape::new(channels, 1, 1));
            global_avg_pool(level, &a, &mut means);
            assert_lanes_are_clear(&means);
            for (got, map) in planar(&means).iter().zip(x.values.chunks(shape.plane())) {
                let mean = map.iter().map(|v| f64::from(*v)).sum::<f64>() / map.len() as f64;
                assert!((f64::from(*got) - mean).abs() < 1e-5);
            }
            for function in FUNCTIONS {
                let mut out = a.clone();
                activate(level, function, &mut out);
                assert_lanes_are_clear(&out);
                for (got, x) in planar(&out).iter().zip(&x.values) {
                    let right = exactly(function, f64::from(*x));
                    // Four roundings of numbers as large as the input.
                    assert!((f64::from(*got) - right).abs() <= 3e-7 * f64::from(x.abs()).max(1.0));
                }
            }
        }
    }
}

#[test]
fn concatenation_keeps_the_order_where_blocks_do_not_meet() {
    let mut dice = Dice(9);
    for parts in [&[16, 32, 48][..], &[3, 17, 15], &[33, 16], &[1], &[17, 32], &[32, 16, 8]] {
        let maps: Vec<Plain> =
            parts.iter().map(|c| Plain::random(&mut dice, 2, MapShape::new(*c, 4, 5))).collect();
        let blocked: Vec<Blocked> = maps.iter().map(Plain::blocked).collect();
        let mut out = stale(2, MapShape::new(parts.iter().sum(), 4, 5));
        concat(&blocked.iter().collect::<Vec<_>>(), &mut out);
        assert_lanes_are_clear(&out);
        let expected: Vec<f32> = (0..2)
            .flat_map(|image| {
                maps.iter().flat_map(move |m| &m.values[image * m.shape.len()..][..m.shape.len()])
            })
            .copied()
            .collect();
        assert_eq!(planar(&out), expected);
    }
}

/// A channel that overflowed must be seen as such, and must not touch its neighbours.
#[test]
fn what_is_not_finite_stays_where_it_is_and_is_not_hidden() {
    for level in levels() {
        for channels in [1, 15, 17, 33] {
            for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let shape = MapShape::new(channels, 6, 6);
                let mut x = Plain::random(&mut Dice(3), 1, shape);
                let last = (channels - 1) * shape.plane();
                x.values[last..].fill(bad);
                let blocked = x.blocked();
                let check = |maps: &Blocked, what: &str| {
                    assert_lanes_are_clear(maps);
                    let values = planar(maps);
                    let plane = maps.shape().plane();
                    let (sound, broken) = values.split_at((channels - 1) * plane);
                    assert!(sound.iter().all(|v| v.is_finite()), "{what} {channels} {bad}");
                    if bad.is_nan() {
                        assert!(broken.iter().all(|v| v.is_nan()), "{what} {channels}");
                    }
                };
                for function in FUNCTIONS {
                    let mut out = blocked.clone();
                    activate(level, function, &mut out);
                    check(&out, function.name());
                }
                let mut out = stale(1, shape);
                let sides = Sides { top: 1, bottom: 1, left: 1, right: 1 };
                max_pool(level, &surrounded(&blocked, sides, f32::NEG_INFINITY), [3, 3], [1, 1], &mut out);
                check(&out, "max pool");
                avg_pool(level, &surrounded(&blocked, sides, 0.0), [3, 3], [1, 1], Some(sides), &mut out);
                check(&out, "avg pool");
                add(level, &[&blocked, &blocked], &mut out);
                check(&out, "add");
                if channels > 1 {
                    let conv = Conv2d::depthwise(channels, 3).with_padding(Padding::Same);
                    let case = Case::new(&mut Dice(4), conv, shape).unwrap();
                    check(&case.run(level, &blocked, Some(ActivationFn::Relu6)), "depthwise");
                }
                // Dense: everything is touched; only lanes that aren't there stay clear, which `run` asserts.
                let conv = Conv2d::new(channels, 17, 3).with_padding(Padding::Same);
                let case = Case::new(&mut Dice(4), conv, shape).unwrap();
                case.run(level, &blocked, None);
            }
            // One NaN among numbers, wherever in the window it comes.
            let shape = MapShape::new(channels, 3, 3);
            for at in 0..9 {
                let mut x = Plain::random(&mut Dice(3), 1, shape);
                x.values[at] = f32::NAN;
                let mut out = stale(1, MapShape::new(channels, 1, 1));
                max_pool(level, &x.blocked(), [3, 3], [1, 1], &mut out);
                assert!(planar(&out)[0].is_nan(), "{} NaN at {at}", level.name());
            }
        }
    }
}

#[test]
fn neither_threads_nor_batch_change_a_bit() {
    let mut dice = Dice(11);
    let level = Level::from_env().unwrap();
    for kernel in [1, 3] {
        let shape = MapShape::new(40, 23, 19);
        let conv = Conv2d::new(40, 72, kernel).with_padding(Padding::Same).with_bias();
        let case = Case::new(&mut dice, conv, shape).unwrap();
        let x = Plain::random(&mut dice, 3, shape);
        let run = |threads: usize, x: &Plain| {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| planar(&case.run(level, &x.blocked(), Some(ActivationFn::Silu))))
        };
        let together = run(1, &x);
        assert_eq!(run(4, &x), together);
        for image in 0..3 {
            let values = x.values[image * shape.len()..][..shape.len()].to_vec();
            let alone = run(3, &Plain { num_images: 1, shape, values });
            assert_eq!(alone, together[image * case.out.len()..][..case.out.len()]);
        }
    }
}

#[test]
fn memory_of_sizes_that_do_not_come_again_is_let_go() {
    let mut buffers = Buffers::default();
    let run = |buffers: &mut Buffers, side: usize| {
        let maps = [(); 3].map(|()| buffers.take(1, MapShape::new(16, side, side)));
        for map in maps {
            buffers.give(map);
        }
        buffers.end_run();
    };
    run(&mut buffers, 10);
    assert_eq!(buffers.free_bytes(), 3 * 100 * 64);
    run(&mut buffers, 10);
    assert_eq!(buffers.free_bytes(), 3 * 100 * 64, "the same again");
    run(&mut buffers, 100);
    assert_eq!(buffers.free_bytes(), 3 * 10_000 * 64, "the small ones are gone");
}
