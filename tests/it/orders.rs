//! Networks whose nodes are listed in another order. Whatever the valid order and the taps are, not a bit of the result changes, and the
//! plan fuses the same nodes into steps.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

use filterscope::engine::{Backbone, CancelToken, ComputeDevice, EngineChoice, Plan, Session};
use filterscope::graph::{
    ActivationFn, BorderMean, ChannelRange, Conv2d, Graph, GraphBuilder, NodeId, Op, Padding, Pool2d,
};
use filterscope::models::Registry;
use filterscope::tensor::{InputBatch, PixelSize};

use crate::parity::TOLERANCE;
use crate::support::golden::generated_for;
use crate::support::hashweights;

/// A generator of pseudo-random numbers that are the same in each run.
pub struct Dice {
    seed: u64,
    rolled: u64,
}

impl Dice {
    /// A generator with this seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, rolled: 0 }
    }

    /// The next number, below `num` (0 if `num` is 0).
    pub fn below(&mut self, num: usize) -> usize {
        self.rolled += 1;
        (hashweights::raw_u64(self.seed, self.rolled) >> 20) as usize % num.max(1)
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

/// An order of `num` nodes in which each comes after the nodes that it `reads`. At each step `next` picks one of the nodes that are
/// ready.
pub fn order_of(
    num: usize,
    reads: impl Fn(usize) -> Vec<usize>,
    mut next: impl FnMut(usize) -> usize,
) -> Vec<usize> {
    let mut num_missing: Vec<usize> =
        (0..num).map(|at| reads(at).iter().collect::<BTreeSet<_>>().len()).collect();
    let mut readers = vec![Vec::new(); num];
    for at in 0..num {
        for read in reads(at).into_iter().collect::<BTreeSet<_>>() {
            readers[read].push(at);
        }
    }
    let mut open: Vec<usize> = (0..num).filter(|at| num_missing[*at] == 0).collect();
    let mut order = Vec::with_capacity(num);
    while !open.is_empty() {
        let at = open.remove(next(open.len()));
        order.push(at);
        for reader in &readers[at] {
            num_missing[*reader] -= 1;
            if num_missing[*reader] == 0 {
                open.push(*reader);
            }
        }
    }
    assert_eq!(order.len(), num);
    order
}

/// The nodes of a random network, each with its operation and inputs, before they are put in an order. The first is the input.
struct Sketch {
    nodes: Vec<(Op, Vec<usize>)>,
    /// Each node's channels and how often its maps were halved; `None` for means (1×1 maps of a global pool).
    kinds: Vec<(usize, Option<usize>)>,
}

impl Sketch {
    fn random(dice: &mut Dice) -> Self {
        let mut sketch = Self { nodes: vec![(Op::Input, Vec::new())], kinds: vec![(3, Some(0))] };
        let stem = sketch.conv(dice, 0, 16);
        let mut last = sketch.tail(dice, stem);
        for _ in 0..3 + dice.below(8) {
            last = sketch.part(dice, last);
        }
        sketch
    }

    fn add(&mut self, op: Op, inputs: &[usize], channels: usize, halved: Option<usize>) -> usize {
        self.nodes.push((op, inputs.to_vec()));
        self.kinds.push((channels, halved));
        self.nodes.len() - 1
    }

    /// Adds an operation on `x` that changes neither its channels nor its map's size.
    fn on(&mut self, op: Op, x: usize) -> usize {
        let (channels, halved) = self.kinds[x];
        self.add(op, &[x], channels, halved)
    }

    fn conv(&mut self, dice: &mut Dice, x: usize, c_out: usize) -> usize {
        let (c_in, halved) = self.kinds[x];
        let mut conv = Conv2d::new(c_in, c_out, dice.of(&[1, 1, 3])).with_padding(Padding::Same);
        if dice.below(4) == 0 {
            conv = conv.with_bias();
        }
        if dice.below(5) == 0 {
            conv = Conv2d { groups: c_in, c_out: c_in, ..conv };
        }
        self.add(Op::Conv2d(conv), &[x], conv.c_out, halved)
    }

    /// Adds at random what often follows an operation: a norm, a factor, an activation function.
    fn tail(&mut self, dice: &mut Dice, x: usize) -> usize {
        let (channels, mut x) = (self.kinds[x].0, x);
        if dice.below(2) == 0 {
            let norm = filterscope::graph::BatchNorm { channels, eps: 1e-3, has_gamma: true };
            x = self.on(Op::BatchNorm(norm), x);
        }
        if dice.below(6) == 0 {
            x = self.on(dice.of(&[Op::Scale(channels), Op::Times(0.5)]), x);
        }
        if dice.below(2) == 0 {
            let function = dice.of(&[ActivationFn::Relu, ActivationFn::Silu, ActivationFn::HardSwish]);
            x = self.on(Op::Activation(function), x);
        }
        x
    }

    /// A random node whose maps satisfy `fits`, which gets channels and halvings. Later nodes are more likely.
    fn some(&self, dice: &mut Dice, fits: impl Fn((usize, usize)) -> bool) -> usize {
        let all: Vec<usize> = (0..self.nodes.len())
            .filter(|at| self.kinds[*at].1.is_some_and(|halved| fits((self.kinds[*at].0, halved))))
            .collect();
        let from = dice.of(&[0, all.len() / 2, all.len().saturating_sub(4)]);
        all[from + dice.below(all.len() - from)]
    }

    /// Adds a random piece of a network after the last node or after any earlier one.
    fn part(&mut self, dice: &mut Dice, last: usize) -> usize {
        let x = if dice.below(3) == 0 { self.some(dice, |_| true) } else { last };
        let (channels, halved) = self.kinds[x];
        let halved = halved.unwrap_or(0);
        match dice.below(9) {
            0 => {
                let c_out = dice.of(&[5, 16, 32]);
                let y = self.conv(dice, x, c_out);
                self.tail(dice, y)
            }
            // Two or three branches, concatenated.
            1 | 2 => {
                let num = 2 + dice.below(2);
                let mut ends: Vec<usize> = (0..num)
                    .map(|_| {
                        let c_out = dice.of(&[16, 16, 32, 7]);
                        let y = self.conv(dice, x, c_out);
                        self.tail(dice, y)
                    })
                    .collect();
                if dice.below(4) == 0 {
                    ends.push(x);
                }
                if dice.below(6) == 0 {
                    ends.push(ends[0]);
                }
                self.joined(&ends, halved)
            }
            // A residual sum with `x`, with a second branch, or with any earlier node of the same shape.
            3 | 4 => {
                let y = self.conv(dice, x, channels);
                let y = self.tail(dice, y);
                let other = match dice.below(3) {
                    0 => x,
                    1 => self.conv(dice, x, channels),
                    _ => self.some(dice, |kind| kind == (channels, halved)),
                };
                let mut both = [y, other];
                if dice.below(2) == 0 {
                    both.reverse();
                }
                let sum = self.add(Op::Add, &both, channels, Some(halved));
                self.tail(dice, sum)
            }
            // Squeeze and excitation of `x`, by the means of any node with as many channels.
            5 => {
                let of = self.some(dice, |kind| kind.0 == channels);
                let mean = self.add(Op::GlobalAvgPool, &[of], channels, None);
                let (less, more) = (Conv2d::new(channels, 4, 1).with_bias(), Conv2d::new(4, channels, 1));
                let y = self.add(Op::Conv2d(less), &[mean], 4, None);
                let y = self.on(Op::Activation(ActivationFn::Relu), y);
                let y = self.add(Op::Conv2d(more), &[y], channels, None);
                let y = self.on(Op::Activation(ActivationFn::Sigmoid), y);
                let gate = self.add(Op::Gate, &[x, y], channels, Some(halved));
                self.tail(dice, gate)
            }
            // A concatenation of earlier nodes.
            6 => {
                let num = 2 + dice.below(3);
                let all: Vec<usize> = (0..num)
                    .map(|_| self.some(dice, |kind| kind.1 == halved && (kind.0 <= 64 || kind.0 == channels)))
                    .collect();
                self.joined(&all, halved)
            }
            7 => {
                let size = if halved < 2 { dice.of(&[1, 2]) } else { 1 };
                let pool = Pool2d::new(3, size, Padding::symmetric(1, 1));
                let op = dice.of(&[Op::MaxPool(pool), Op::AvgPool(pool, BorderMean::IgnoreBorder)]);
                self.add(op, &[x], channels, Some(halved + size - 1))
            }
            _ => {
                let first = if channels > 4 { dice.below(channels - 4) } else { 0 };
                let range = ChannelRange { first, channels: (channels - first).min(16) };
                let y = self.add(Op::Slice(range), &[x], range.channels, Some(halved));
                let z = self.conv(dice, y, range.channels);
                self.add(Op::Add, &[z, y, z], range.channels, Some(halved))
            }
        }
    }

    fn joined(&mut self, of: &[usize], halved: usize) -> usize {
        let channels = of.iter().map(|at| self.kinds[*at].0).sum();
        self.add(Op::Concat, of, channels, Some(halved))
    }

    /// The network with its nodes in this order. Node `n<number>` is the sketch's node of that number.
    fn listed(&self, order: &[usize]) -> Graph {
        let (mut b, input) = GraphBuilder::new();
        let mut ids = vec![input; self.nodes.len()];
        for at in order.iter().filter(|at| **at != 0) {
            let (op, inputs) = &self.nodes[*at];
            let inputs: Vec<NodeId> = inputs.iter().map(|input| ids[*input]).collect();
            ids[*at] = b.node(format!("n{at}"), *op, &inputs);
        }
        b.stage(ids[self.nodes.len() - 1]);
        b.finish().unwrap()
    }

    fn reads(&self, at: usize) -> Vec<usize> {
        self.nodes[at].1.clone()
    }
}

fn backbone(graph: Graph) -> Arc<Backbone> {
    let weights = generated_for(&graph, 3);
    Arc::new(Backbone::with_graph(Registry::find("vgg11.tv_in1k").unwrap(), graph, weights).unwrap())
}

type Values = HashMap<(String, usize), Vec<f32>>;

/// Values of these layers, by name and by picture. Asserts that each is delivered once.
pub fn values(
    backbone: &Arc<Backbone>,
    engine: EngineChoice,
    input: &InputBatch,
    names: &[String],
) -> Values {
    let taps: Vec<NodeId> = names.iter().map(|name| backbone.graph().find(name).unwrap()).collect();
    let mut session = Session::with_engine(Arc::clone(backbone), ComputeDevice::cpu(), engine).unwrap();
    let mut all = Values::new();
    let run = session.run(input, &taps, &CancelToken::new(), &mut |tap| {
        let key = (tap.activation.name().to_owned(), tap.image);
        assert!(all.insert(key, tap.activation.values().to_vec()).is_none());
        ControlFlow::Continue(())
    });
    run.unwrap_or_else(|error| panic!("{engine:?}: {error}"));
    assert_eq!(all.len(), names.iter().collect::<BTreeSet<_>>().len() * input.num_images());
    all
}

/// The names of the nodes that each step of the plan computes, and the bytes that the plan needs.
fn steps(graph: &Graph, size: PixelSize, taps: &[String]) -> (Vec<Vec<String>>, usize) {
    let taps: Vec<NodeId> = taps.iter().map(|name| graph.find(name).unwrap()).collect();
    let plan = Plan::new(graph, size, 1, &taps).unwrap();
    let named = |ids: &[NodeId]| ids.iter().map(|id| graph.node(*id).name.clone()).collect();
    (plan.steps().iter().map(|step| named(&step.nodes)).collect(), plan.peak_value_bytes())
}

fn same_bits(a: &Values, b: &Values) -> bool {
    let bits = |values: &Vec<f32>| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    a.len() == b.len() && a.iter().all(|(key, values)| bits(values) == bits(&b[key]))
}

/// Largest difference divided by the largest magnitude, or by 0.01 if that is larger, as sums of values near 1 may cancel.
fn error_of(got: &[f32], expected: &[f32]) -> f64 {
    let largest = expected.iter().fold(0.01f64, |most, v| most.max(f64::from(v.abs())));
    let worst = got.iter().zip(expected).map(|(a, b)| f64::from((a - b).abs()));
    worst.fold(0.0, |worst, d| if d.is_nan() { f64::INFINITY } else { d.max(worst) }) / largest
}

/// Compares one random network in its builder's order with other orders: breadth first, `num_orders` random ones, and depth first.
/// Returns the number of runs compared.
fn check(seed: u64, num_orders: usize) -> usize {
    let mut dice = Dice::new(seed);
    let sketch = Sketch::random(&mut dice);
    let num = sketch.nodes.len();
    let size = PixelSize::new(dice.of(&[7, 9, 12]), dice.of(&[5, 8]));
    let num_images = dice.of(&[1, 1, 2]);
    let noise = hashweights::noise_input(size.height, size.width);
    let values_of_input: Vec<f32> =
        (0..num_images).flat_map(|image| noise.iter().map(move |v| v * (1.0 + image as f32))).collect();
    let input = InputBatch::new(num_images, size.height, size.width, values_of_input).unwrap();
    let built = backbone(sketch.listed(&(0..num).collect::<Vec<_>>()));
    let name = |at: usize| if at == 0 { "input".to_owned() } else { format!("n{at}") };
    let last = vec![name(num - 1)];
    let all: Vec<String> = (0..num).map(name).collect();
    let mut sets = vec![last.clone(), all.clone()];
    for _ in 0..3 {
        let num_taps = 1 + dice.below(5);
        sets.push(
            (0..num_taps).map(|_| name(dice.below(num))).collect::<BTreeSet<_>>().into_iter().collect(),
        );
    }
    let engines = [EngineChoice::Fast, EngineChoice::Candle];
    let expected: Vec<[Values; 2]> =
        sets.iter().map(|set| engines.map(|engine| values(&built, engine, &input, set))).collect();
    // Neither fusing nor the engine changes a value by more than rounding.
    let unfused = &expected[1][1];
    for (key, got) in expected.iter().flatten().flatten() {
        let error = error_of(got, &unfused[key]);
        assert!(error <= TOLERANCE, "seed {seed}, {}: {error:e}", key.0);
    }
    let mut orders = vec![order_of(num, |at| sketch.reads(at), |_| 0)];
    for _ in 0..num_orders {
        orders.push(order_of(num, |at| sketch.reads(at), |open| dice.below(open)));
    }
    orders.push(order_of(num, |at| sketch.reads(at), |open| open - 1));
    let mut num_runs = 0;
    for order in orders {
        let other = backbone(sketch.listed(&order));
        for (set, expected) in sets.iter().zip(&expected) {
            let (as_built, bytes) = steps(built.graph(), size, set);
            let (here, bytes_here) = steps(other.graph(), size, set);
            if *set == last {
                assert_eq!((&here, bytes_here), (&as_built, bytes), "seed {seed}");
            }
            let sorted = |steps: Vec<Vec<String>>| steps.into_iter().collect::<BTreeSet<_>>();
            assert_eq!(sorted(here), sorted(as_built), "seed {seed}");
            for (engine, expected) in engines.into_iter().zip(expected) {
                let got = values(&other, engine, &input, set);
                assert!(same_bits(&got, expected), "seed {seed}, {engine:?}, order {order:?}, {set:?}");
                num_runs += 1;
            }
        }
    }
    num_runs
}

#[test]
fn random_networks_give_the_same_in_every_order() {
    let num_runs: usize = (1..=40).map(|seed| check(seed, 2)).sum();
    assert_eq!(num_runs, 40 * 4 * 5 * 2);
}

/// `FILTERSCOPE_SWEEP` networks (2,000 unless set), from `FILTERSCOPE_SEED` on (1000 unless set), each in six orders.
#[test]
#[ignore = "takes minutes: a wider sweep for whoever changes the plan"]
fn many_random_networks_give_the_same_in_every_order() {
    let number = |name: &str, usual: u64| std::env::var(name).map_or(usual, |text| text.parse().unwrap());
    let (num, first) = (number("FILTERSCOPE_SWEEP", 2_000), number("FILTERSCOPE_SEED", 1_000));
    let num_runs: usize = (first..first + num).map(|seed| check(seed, 4)).sum();
    println!("{num_runs} runs of {num} networks");
}
