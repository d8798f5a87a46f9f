//! Tests every kernel on every level that the processor has, against sums in f64 over planar maps.

mod columns;
mod depth;
mod moved;
mod pairs;
mod positions;

use rayon::ThreadPoolBuilder;

use super::*;
use crate::graph::{ActivationFn, BorderMean, Conv2d, Padding, Sides};
use crate::tensor::MapShape;

/// A generator of pseudo-random numbers, which gives the same ones in each run.
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

    /// Values between −1 and 1.
    fn values(&mut self, len: usize) -> Vec<f32> {
        (0..len).map(|_| (self.next() >> 40) as f32 / (1u64 << 23) as f32 - 1.0).collect()
    }
}

/// The levels to test. Prints a note for each level that this processor doesn't have.
#[expect(clippy::print_stderr, reason = "a test that tests less must say so")]
fn levels() -> Vec<Level> {
    for name in level::LEVEL_NAMES {
        if Level::named(name).is_none() {
            eprintln!("skipped: no {name} here");
        }
    }
    Level::available().collect()
}

/// Runs kernels at a level.
fn on<R: Send>(level: Level, work: impl FnOnce(&Cores<'_>) -> R + Send) -> R {
    Cores::scope(level, work)
}

/// Values in the order `[N, C, H, W]`, with their shape.
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

    fn blocked(&self) -> Owned {
        let mut maps = stale(self.num_images, self.shape);
        on(Level::from_env().unwrap(), |cores| maps.write().read_planar(cores, &self.values));
        assert_lanes_are_clear(&maps);
        maps
    }

    /// The value at a position, counted from the border's top left corner; `None` outside the map.
    fn at(&self, image: usize, channel: usize, y: usize, x: usize, border: Sides) -> Option<f64> {
        let (y, x) = (y.checked_sub(border.top)?, x.checked_sub(border.left)?);
        let MapShape { channels, height, width } = self.shape;
        (y < height && x < width)
            .then(|| f64::from(self.values[((image * channels + channel) * height + y) * width + x]))
    }
}

/// Maps that own their memory, with room for one more block between images.
#[derive(Clone)]
struct Owned {
    cells: Vec<PixelBlock>,
    extent: Extent,
}

impl Owned {
    fn read(&self) -> Maps<'_> {
        Maps::new(&self.cells, self.extent)
    }

    fn write(&mut self) -> MapsMut<'_> {
        MapsMut::new(&mut self.cells, self.extent)
    }
}

/// Maps in a used buffer: full of old values (NaN here).
fn stale(num_images: usize, shape: MapShape) -> Owned {
    let mut extent = Extent::of(num_images, shape);
    extent.image_step += shape.plane();
    Owned { cells: vec![PixelBlock([f32::NAN; BLOCK]); extent.len() + 3], extent }
}

fn surrounded(x: &Owned, border: Sides) -> Owned {
    let MapShape { channels, height, width } = x.read().shape();
    let (height, width) = (height + border.top + border.bottom, width + border.left + border.right);
    let mut out = stale(x.extent.num_images, MapShape::new(channels, height, width));
    on(Level::from_env().unwrap(), |cores| bordered(cores, x.read(), border, &mut out.write()));
    assert_lanes_are_clear(&out);
    out
}

/// Asserts that lanes without a channel are zero and that nothing was written outside the maps.
fn assert_lanes_are_clear(maps: &Owned) {
    let Extent { num_images, shape, image_step } = maps.extent;
    for (at, cell) in maps.cells.iter().enumerate() {
        let block = at % image_step / shape.plane();
        if at / image_step < num_images && block < maps.extent.num_blocks() {
            let lanes = (shape.channels - block * BLOCK).min(BLOCK);
            assert!(cell.0[lanes..].iter().all(|v| *v == 0.0));
        } else {
            assert!(cell.0.iter().all(|v| v.is_nan()), "written outside");
        }
    }
}

fn planar(maps: &Owned) -> Vec<f32> {
    (0..maps.extent.num_images).flat_map(|image| maps.read().to_planar(image)).collect()
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
            let room = n.checked_sub(conv.dilation[axis] * (conv.kernel[axis] - 1) + 1)?;
            Some(room / conv.stride[axis] + 1)
        };
        let height = positions(from.height + border.top + border.bottom, 0)?;
        let width = positions(from.width + border.left + border.right, 1)?;
        let kernel = dice.values(conv.weight_shape().iter().product());
        let bias = conv.has_bias.then(|| dice.values(conv.c_out));
        Some(Self { conv, kernel, bias, border, out: MapShape::new(conv.c_out, height, width) })
    }

    fn run(&self, level: Level, x: &Owned, epilogue: Epilogue<'_>) -> Owned {
        let (conv, bias) = (&self.conv, self.bias.as_deref());
        let mut out = stale(x.extent.num_images, self.out);
        let window = Window::of(conv, self.border);
        let around = surrounded(x, self.border);
        if conv.groups == 1 {
            let packed = PackedDense::new(level, &self.kernel, bias, conv, false);
            on(level, |cores| {
                convolve(
                    cores,
                    ConvInput::Blocked(around.read()),
                    &packed,
                    window,
                    epilogue,
                    &mut out.write(),
                );
            });
        } else if conv.is_depthwise() && conv.c_in == conv.c_out {
            let packed = PackedDepthwise::new(&self.kernel, bias, conv.c_out);
            on(level, |cores| {
                depthwise(cores, x.read(), &packed, window, epilogue.function, &mut out.write());
            });
        } else {
            let packed = PackedGroups::new(level, self.kernel.clone(), self.bias.clone(), conv);
            on(level, |cores| grouped(cores, around.read(), &packed, window, epilogue, &mut out.write()));
        }
        assert_lanes_are_clear(&out);
        out
    }

    /// Runs the convolution on planar maps.
    fn run_planar(&self, level: Level, x: &Plain, epilogue: Epilogue<'_>) -> Owned {
        let mut out = stale(x.num_images, self.out);
        let packed = PackedDense::new(level, &self.kernel, self.bias.as_deref(), &self.conv, true);
        let MapShape { channels, height, width } = x.shape;
        let mut around = Vec::new();
        bordered_planar(&x.values, (height, width), self.border, &mut around);
        let Sides { top, bottom, left, right } = self.border;
        let shape = MapShape::new(channels, height + top + bottom, width + left + right);
        let source = ConvInput::Planar(&around, shape);
        on(level, |cores| {
            convolve(cores, source, &packed, Window::of(&self.conv, self.border), epilogue, &mut out.write());
        });
        assert_lanes_are_clear(&out);
        out
    }

    /// Runs the convolution with Winograd's tiles. Returns the result and the images that are spoilt.
    fn run_winograd(
        &self,
        level: Level,
        size: TileSize,
        x: &Owned,
        epilogue: Epilogue<'_>,
    ) -> (Owned, Vec<usize>) {
        let mut out = stale(x.extent.num_images, self.out);
        let packed = PackedWinograd::new(level, size, &self.kernel, self.bias.as_deref(), &self.conv);
        let mut scratch = Workspace::default();
        scratch.take(40).fill(PixelBlock([f32::NAN; BLOCK]));
        let spoilt = on(level, |cores| {
            winograd(cores, x.read(), &packed, self.border, epilogue, &mut scratch, &mut out.write())
        });
        if spoilt.is_empty() {
            assert_lanes_are_clear(&out);
        }
        (out, spoilt)
    }

    /// For each output, the sum in f64, and the sum of the magnitudes of its terms.
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
                                    let y = oy * self.conv.stride[0] + ky * self.conv.dilation[0];
                                    let xx = ox * self.conv.stride[1] + kx * self.conv.dilation[1];
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

/// Φ of the normal distribution, computed by a series whose terms all have the same sign.
fn phi(x: f64) -> f64 {
    if x.abs() > 9.0 {
        return if x > 0.0 { 1.0 } else { 0.0 };
    }
    let (mut term, mut sum, mut odd) = (x, x, 1.0);
    while term.abs() > 1e-18 {
        odd += 2.0;
        term *= x * x / odd;
        sum += term;
    }
    0.5 + sum * (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt()
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
        ActivationFn::Gelu => x * phi(x),
        ActivationFn::GeluTanh => {
            let u = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
            x * 0.5 * (1.0 + u.tanh())
        }
        ActivationFn::LeakyRelu(slope) => {
            if x < 0.0 {
                x * f64::from(slope)
            } else {
                x
            }
        }
        ActivationFn::Elu(alpha) => {
            if x < 0.0 {
                x.exp_m1() * f64::from(alpha)
            } else {
                x
            }
        }
        ActivationFn::Tanh => x.tanh(),
        ActivationFn::Softplus => x.max(0.0) + (-x.abs()).exp().ln_1p(),
        ActivationFn::Mish => x * x.exp().ln_1p().tanh(),
        ActivationFn::Clip(low, high) => x.clamp(f64::from(low), f64::from(high)),
        ActivationFn::Abs => x.abs(),
        ActivationFn::Sqrt => x.sqrt(),
        ActivationFn::Reciprocal => 1.0 / x,
    }
}

const FUNCTIONS: [ActivationFn; 18] = [
    ActivationFn::Relu,
    ActivationFn::Relu6,
    ActivationFn::Silu,
    ActivationFn::Sigmoid,
    ActivationFn::HardSwish,
    ActivationFn::HardSigmoid,
    ActivationFn::Gelu,
    ActivationFn::GeluTanh,
    ActivationFn::LeakyRelu(0.1),
    ActivationFn::LeakyRelu(1.5),
    ActivationFn::Elu(0.7),
    ActivationFn::Tanh,
    ActivationFn::Softplus,
    ActivationFn::Mish,
    ActivationFn::Clip(-0.5, 0.8),
    ActivationFn::Clip(0.2, 0.9),
    ActivationFn::Clip(-0.9, -0.1),
    ActivationFn::Abs,
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

/// A random convolution of the given kind, and a batch as its input.
fn some_case(dice: &mut Dice, groups: &str) -> Option<(Case, Plain)> {
    let c_in = dice.of(&CHANNELS);
    let (c_in, c_out, groups) = match groups {
        "depthwise" => (c_in.max(2), c_in.max(2), c_in.max(2)),
        "multiplied" => (c_in.max(2), 2 * c_in.max(2), c_in.max(2)),
        "four" => (4 * dice.of(&[1, 5, 8]), 4 * dice.of(&[1, 3, 16]), 4),
        "twenty-four" => (72, 24 * dice.of(&[3, 6]), 3),
        "eight" => (40, 40, 5),
        "whole blocks" => (3 * dice.of(&[16, 32]), 3 * dice.of(&[16, 48]), 3),
        _ => (c_in, dice.of(&CHANNELS), 1),
    };
    let mut conv = Conv2d::new(c_in, c_out, 1).with_padding(some_padding(dice));
    conv.kernel =
        dice.of(&[[1, 1], [1, 1], [2, 2], [3, 3], [3, 3], [4, 4], [5, 5], [6, 6], [7, 7], [1, 7], [7, 1]]);
    conv.stride = dice.of(&[[1, 1], [1, 1], [2, 2], [2, 1], [3, 3]]);
    conv.dilation = dice.of(&[[1, 1], [1, 1], [2, 2], [2, 1], [1, 3]]);
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
    for (kind, num) in [
        ("dense", 120),
        ("depthwise", 60),
        ("multiplied", 8),
        ("four", 20),
        ("twenty-four", 8),
        ("eight", 8),
        ("whole blocks", 8),
    ] {
        let mut dice = Dice(0x5eed + num);
        let mut done = 0;
        while done < num {
            let Some((case, x)) = some_case(&mut dice, kind) else { continue };
            done += 1;
            let function = dice.of(&FUNCTIONS);
            let function = dice.of(&[None, None, Some(function)]);
            let residual = Plain::random(&mut dice, x.num_images, case.out);
            let other = residual.blocked();
            // A depthwise convolution can't add another value.
            let is_alone = case.conv.is_depthwise() && case.conv.c_in == case.conv.c_out;
            let adds = dice.of(&[true, false]) && !is_alone;
            let epilogue = Epilogue { function, residual: adds.then(|| other.read()) };
            let (expected, blocked) = (case.expected(&x), x.blocked());
            for level in &levels {
                let got = planar(&case.run(*level, &blocked, epilogue));
                assert_eq!(got.len(), expected.len());
                if kind == "dense" {
                    let from_planar = planar(&case.run_planar(*level, &x, epilogue));
                    assert!(
                        from_planar.iter().zip(&got).all(|(a, b)| (a - b).abs() < 2e-4),
                        "{:?}",
                        case.conv
                    );
                }
                for ((got, (sum, size)), other) in got.iter().zip(&expected).zip(&residual.values) {
                    let sum = if adds { sum + f64::from(*other) } else { *sum };
                    let right = function.map_or(sum, |f| exactly(f, sum));
                    // A sum of up to 4,000 f32 terms in one order. Each step rounds by 2^-24 of the sum so far, which is at most
                    // the sum of all magnitudes. Errors add up like a random walk, so the error of 20 steps is very unlikely. An
                    // activation's slope is at most 1.5 here, and it rounds a few more times.
                    let tolerance = 2f64.powi(-24) * (30.0 * size + 16.0);
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
        let border = padding.resolve((shape.height, shape.width), kernel, stride, [1, 1]);
        let height = (shape.height + border.top + border.bottom - kernel[0]) / stride[0] + 1;
        let width = (shape.width + border.left + border.right - kernel[1]) / stride[1] + 1;
        let num_images = dice.of(&[1, 3]);
        let mut plain = Plain::random(&mut dice, num_images, shape);
        // All values are below zero, so a border of zeros would be every window's maximum.
        plain.values.iter_mut().for_each(|v| *v -= 2.0);
        let blocked = plain.blocked();
        for level in &levels {
            let mut maps = [(); 3].map(|()| stale(num_images, MapShape::new(shape.channels, height, width)));
            let (x, window) = (blocked.read(), Window { kernel, stride, dilation: [1, 1], border });
            on(*level, |cores| max_pool(cores, x, window, &mut maps[0].write()));
            on(*level, |cores| avg_pool(cores, x, window, BorderMean::CountBorder, &mut maps[1].write()));
            on(*level, |cores| avg_pool(cores, x, window, BorderMean::IgnoreBorder, &mut maps[2].write()));
            maps.iter().for_each(assert_lanes_are_clear);
            let got = maps.each_ref().map(planar);
            let mut at = 0;
            for image in 0..num_images {
                for channel in 0..shape.channels {
                    for (oy, ox) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
                        let cells = (0..kernel[0]).flat_map(|ky| (0..kernel[1]).map(move |kx| (ky, kx)));
                        let inside: Vec<f64> = cells
                            .filter_map(|(ky, kx)| {
                                plain.at(image, channel, oy * stride[0] + ky, ox * stride[1] + kx, border)
                            })
                            .collect();
                        let sum: f64 = inside.iter().sum();
                        let largest = inside.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                        let window = (kernel[0] * kernel[1]) as f64;
                        assert_eq!(f64::from(got[0][at]), largest);
                        // A window of 25 values of magnitude below 3, summed in f32.
                        assert!((f64::from(got[1][at]) - sum / window).abs() < 5e-6);
                        // A window entirely in the border has no mean.
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
            on(level, |cores| add(cores, &[a.read(), b.read(), a.read()], &mut out.write()));
            assert_lanes_are_clear(&out);
            assert!(
                planar(&out)
                    .iter()
                    .zip(x.values.iter().zip(&y.values))
                    .all(|(sum, (x, y))| *sum == x + y + x)
            );
            on(level, |cores| gate(cores, a.read(), f.read(), &mut out.write()));
            assert_lanes_are_clear(&out);
            for (at, got) in planar(&out).iter().enumerate() {
                assert_eq!(*got, x.values[at] * factors.values[at / shape.plane()]);
            }
            let cells = |values: &[f32]| {
                let mut cells = vec![PixelBlock::ZERO; channels.div_ceil(BLOCK)];
                values.iter().enumerate().for_each(|(c, v)| cells[c / BLOCK].0[c % BLOCK] = *v);
                cells
            };
            let (scale, shift) = (&factors.values[..channels], &factors.values[channels..2 * channels]);
            on(level, |cores| affine(cores, a.read(), &cells(scale), &cells(shift), &mut out.write()));
            assert_lanes_are_clear(&out);
            for (at, got) in planar(&out).iter().enumerate() {
                let c = at / shape.plane() % channels;
                assert!((got - (x.values[at] * scale[c] + shift[c])).abs() <= 1e-6 * 10.0);
            }
            let mut means = stale(3, MapShape::new(channels, 1, 1));
            on(level, |cores| global_avg_pool(cores, a.read(), &mut means.write()));
            assert_lanes_are_clear(&means);
            for (got, map) in planar(&means).iter().zip(x.values.chunks(shape.plane())) {
                let mean = map.iter().map(|v| f64::from(*v)).sum::<f64>() / map.len() as f64;
                assert!((f64::from(*got) - mean).abs() < 1e-5);
            }
            for function in FUNCTIONS {
                on(level, |cores| activate(cores, function, a.read(), &mut out.write()));
                assert_lanes_are_clear(&out);
                let mut in_place = a.clone();
                on(level, |cores| activate_in_place(cores, function, &mut in_place.write()));
                assert_eq!(planar(&in_place), planar(&out));
                for (got, x) in planar(&out).iter().zip(&x.values) {
                    let right = exactly(function, f64::from(*x));
                    // Four roundings of numbers as large as the input.
                    assert!(
                        (f64::from(*got) - right).abs() <= 3e-7 * f64::from(x.abs()).max(1.0),
                        "{function:?} of {x}: {got} for {right}"
                    );
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
        let blocked: Vec<Owned> = maps.iter().map(Plain::blocked).collect();
        let mut out = stale(2, MapShape::new(parts.iter().sum(), 4, 5));
        let inputs: Vec<_> = parts.iter().zip(&blocked).map(|(c, x)| (*c, Some(x.read()))).collect();
        on(Level::from_env().unwrap(), |cores| concat(cores, &inputs, &mut out.write()));
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

/// A channel that overflowed must show it, and must not affect its neighbours.
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
                let check = |maps: &Owned, what: &str| {
                    assert_lanes_are_clear(maps);
                    let values = planar(maps);
                    let plane = maps.extent.shape.plane();
                    let (sound, broken) = values.split_at((channels - 1) * plane);
                    assert!(sound.iter().all(|v| v.is_finite()), "{what} {channels} {bad}");
                    if bad.is_nan() {
                        assert!(broken.iter().all(|v| v.is_nan()), "{what} {channels}");
                    }
                };
                for function in FUNCTIONS {
                    let mut out = blocked.clone();
                    on(level, |cores| activate_in_place(cores, function, &mut out.write()));
                    check(&out, function.name());
                }
                let mut out = stale(1, shape);
                let sides = Sides { top: 1, bottom: 1, left: 1, right: 1 };
                let window = Window { kernel: [3, 3], stride: [1, 1], dilation: [1, 1], border: sides };
                on(level, |cores| max_pool(cores, blocked.read(), window, &mut out.write()));
                check(&out, "max pool");
                on(level, |cores| {
                    avg_pool(cores, blocked.read(), window, BorderMean::IgnoreBorder, &mut out.write());
                });
                check(&out, "avg pool");
                on(level, |cores| add(cores, &[blocked.read(), blocked.read()], &mut out.write()));
                check(&out, "add");
                if channels > 1 {
                    let conv = Conv2d::depthwise(channels, 3).with_padding(Padding::Same);
                    let case = Case::new(&mut Dice(4), conv, shape).unwrap();
                    let epilogue = Epilogue { function: Some(ActivationFn::Relu6), residual: None };
                    check(&case.run(level, &blocked, epilogue), "depthwise");
                }
                if channels.is_multiple_of(3) {
                    // Groups that share blocks: the other groups must stay finite, and so must the other picture of the batch.
                    let conv = Conv2d { groups: channels / 3, ..Conv2d::new(channels, channels, 3) };
                    let case = Case::new(&mut Dice(4), conv.with_padding(Padding::Same), shape).unwrap();
                    let sound = Plain::random(&mut Dice(3), 1, shape);
                    let mut both = Plain::random(&mut Dice(3), 2, shape);
                    both.values[..shape.len()].copy_from_slice(&sound.values);
                    both.values[shape.len() + last..].fill(bad);
                    let got = planar(&case.run(level, &both.blocked(), Epilogue::default()));
                    let (first, second) = got.split_at(shape.len());
                    assert_eq!(first, planar(&case.run(level, &sound.blocked(), Epilogue::default())));
                    let (others, own) = second.split_at(shape.len() - 3 * shape.plane());
                    assert!(others.iter().all(|v| v.is_finite()), "groups of {channels}: {bad}");
                    assert!(own.iter().any(|v| !v.is_finite()));
                }
                // A dense convolution affects everything; only lanes without a channel stay clear, which `run` asserts.
                let conv = Conv2d::new(channels, 17, 3).with_padding(Padding::Same);
                let case = Case::new(&mut Dice(4), conv, shape).unwrap();
                case.run(level, &blocked, Epilogue::default());
            }
            // A single NaN among numbers, at any place in the window.
            let shape = MapShape::new(channels, 3, 3);
            for at in 0..9 {
                let mut x = Plain::random(&mut Dice(3), 1, shape);
                x.values[at] = f32::NAN;
                let mut out = stale(1, MapShape::new(channels, 1, 1));
                let window =
                    Window { kernel: [3, 3], stride: [1, 1], dilation: [1, 1], border: Sides::default() };
                on(level, |cores| max_pool(cores, x.blocked().read(), window, &mut out.write()));
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
            let epilogue = Epilogue { function: Some(ActivationFn::Silu), residual: None };
            pool.install(|| {
                let x = x.blocked();
                let mut all = vec![case.run(level, &x, epilogue)];
                if kernel == 3 {
                    let sizes = [TileSize::Two, TileSize::Four];
                    all.extend(sizes.map(|size| case.run_winograd(level, size, &x, epilogue).0));
                }
                all.iter().map(planar).collect::<Vec<_>>()
            })
        };
        let together = run(1, &x);
        assert_eq!(run(4, &x), together);
        for image in 0..3 {
            let values = x.values[image * shape.len()..][..shape.len()].to_vec();
            let alone = run(3, &Plain { num_images: 1, shape, values });
            for (alone, together) in alone.iter().zip(&together) {
                assert_eq!(alone, &together[image * case.out.len()..][..case.out.len()]);
            }
        }
    }
}

/// Tests Winograd convolutions with all tile sizes, borders and incomplete tiles.
#[test]
fn winograd_equals_the_sums_within_its_rounding() {
    let levels = levels();
    let mut dice = Dice(0xf44);
    let mut done = 0;
    while done < 60 {
        let (c_in, c_out) = (dice.of(&CHANNELS), dice.of(&CHANNELS));
        let mut conv = Conv2d::new(c_in, c_out, 3).with_padding(some_padding(&mut dice));
        conv.has_bias = dice.of(&[true, false]);
        let shape = MapShape::new(c_in, dice.of(&[3, 5, 8, 13]), dice.of(&[3, 5, 9, 14, 31]));
        let num_images = dice.of(&[1, 1, 3]);
        let Some(case) = Case::new(&mut dice, conv, shape) else { continue };
        done += 1;
        let x = Plain::random(&mut dice, num_images, shape);
        let residual = Plain::random(&mut dice, num_images, case.out);
        let function = dice.of(&FUNCTIONS);
        let function = dice.of(&[None, Some(ActivationFn::Relu), Some(function)]);
        let other = residual.blocked();
        let adds = dice.of(&[true, false]);
        let epilogue = Epilogue { function, residual: adds.then(|| other.read()) };
        let (expected, blocked) = (case.expected(&x), x.blocked());
        // The largest sum of magnitudes anywhere: a tile mixes the values of several outputs.
        let size = expected.iter().map(|(_, size)| *size).fold(0.0, f64::max);
        for (level, tile) in levels.iter().flat_map(|l| [(l, TileSize::Two), (l, TileSize::Four)]) {
            let (got, spoilt) = case.run_winograd(*level, tile, &blocked, epilogue);
            assert!(spoilt.is_empty());
            // As for direct sums, times the factor by which the transforms can amplify a rounding error. F(2×2) adds up to 4
            // values with weights of 1; the rows of F(4×4) have weights of up to 10 on input and 19 on output, in both
            // directions.
            let amplified = if tile == TileSize::Two { 4.0 } else { 40.0 };
            let tolerance = 2f64.powi(-24) * (amplified * size + 16.0);
            for ((got, (sum, _)), other) in planar(&got).iter().zip(&expected).zip(&residual.values) {
                let sum = if adds { sum + f64::from(*other) } else { *sum };
                let right = function.map_or(sum, |f| exactly(f, sum));
                assert!(
                    (f64::from(*got) - right).abs() <= tolerance,
                    "{} {tile:?} {conv:?} of {shape}: {got} for {right} ± {tolerance}",
                    level.name()
                );
            }
        }
    }
}

/// A tile spreads a value that isn't finite. This must be reported, wherever the value comes from and whatever hides it later.
#[test]
fn winograd_tells_when_a_sum_is_not_finite() {
    let shape = MapShape::new(17, 9, 10);
    let conv = Conv2d::new(17, 33, 3).with_padding(Padding::symmetric(1, 1));
    let case = Case::new(&mut Dice(8), conv, shape).unwrap();
    for (level, tile) in levels().into_iter().flat_map(|l| [(l, TileSize::Two), (l, TileSize::Four)]) {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX] {
            for at in [0, shape.len() / 2, shape.len() - 1] {
                let mut x = Plain::random(&mut Dice(3), 3, shape);
                x.values[shape.len() + at] = bad;
                let epilogue = Epilogue { function: Some(ActivationFn::Relu), residual: None };
                let (_, spoilt) = case.run_winograd(level, tile, &x.blocked(), epilogue);
                // The largest f32 overflows only where a transform multiplies it by five.
                assert!(
                    spoilt == [1] || spoilt.is_empty() && bad == f32::MAX && tile == TileSize::Two,
                    "{} {tile:?} {bad}",
                    level.name()
                );
            }
        }
        // A residual that isn't finite doesn't count.
        let x = Plain::random(&mut Dice(3), 1, shape);
        let mut other = Plain::random(&mut Dice(4), 1, case.out);
        other.values[7] = f32::INFINITY;
        let other = other.blocked();
        let epilogue = Epilogue { function: None, residual: Some(other.read()) };
        let (got, spoilt) = case.run_winograd(level, tile, &x.blocked(), epilogue);
        assert!(spoilt.is_empty() && planar(&got)[7] == f32::INFINITY);
        assert_eq!(planar(&got).iter().filter(|v| !v.is_finite()).count(), 1);
    }
}

#[test]
fn scratch_that_is_not_used_is_let_go() {
    let mut scratch = Workspace::default();
    scratch.take(1000);
    scratch.take(10);
    scratch.trim();
    assert_eq!(scratch.num_bytes(), 1000 * 64, "it was used");
    scratch.take(600);
    scratch.trim();
    assert_eq!(scratch.num_bytes(), 1000 * 64, "more than half of it was");
    scratch.take(10);
    scratch.trim();
    assert_eq!(scratch.num_bytes(), 10 * 64);
}
