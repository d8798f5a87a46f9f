//! Runs the steps of a plan on the CPU with this program's own kernels, on maps in blocks of sixteen channels.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use rayon::prelude::*;

use super::buffer_plan::Allocation;
use super::fold::{affine_of, conv_params, token_params};
use super::ops::{
    self, BLOCK, ConvInput, Cores, Epilogue, Extent, Level, Maps, MapsMut, PackedDense, PackedDepthwise,
    PackedGroups, PackedLayerNorm, PackedTokens, PackedWinograd, PixelBlock, TileSize, Window, Workspace,
};
use super::plan::Plan;
use super::step::Step;
use crate::graph::{Conv2d, Graph, NodeId, Op, Pool2d, Sides};
use crate::tensor::{InputBatch, MapShape};
use crate::weights::BoundWeights;

/// How a convolution is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Way {
    /// Directly, from blocked maps.
    Direct,
    /// Directly, from the picture's planar maps.
    FromPicture,
    Winograd(TileSize),
    Depthwise,
    Grouped,
}

impl Way {
    /// The way to compute a convolution. Only the size of one image matters, not the batch, so that a batch gives the same bits.
    fn of(graph: &Graph, conv: &Conv2d, input: NodeId, out: MapShape, is_exact: bool) -> Self {
        if conv.is_depthwise() && conv.c_out == conv.c_in {
            return Self::Depthwise;
        }
        if conv.groups > 1 {
            return Self::Grouped;
        }
        if graph.node(input).op == Op::Input {
            return Self::FromPicture;
        }
        let tile = TileSize::for_conv(conv, out).filter(|_| !is_exact);
        tile.map_or(Self::Direct, Self::Winograd)
    }
}

/// The most bytes of scratch memory that a convolution of the plan needs for its input with its border.
pub(super) fn scratch_bytes(graph: &Graph, plan: &Plan, is_exact: bool) -> usize {
    let cells = plan.steps().iter().filter_map(|step| {
        let info = plan.info(step.nodes[0]);
        let Op::Conv2d(conv) = &graph.node(step.nodes[0]).op else { return None };
        let way = Way::of(graph, conv, step.inputs[0], info.shape, is_exact);
        if info.border.is_none() || !matches!(way, Way::Direct | Way::Grouped) {
            return None;
        }
        let around = with_sides(plan.info(step.inputs[0]).shape, info.border);
        Some(Extent::of(plan.num_images(), around).len())
    });
    cells.max().unwrap_or(0) * size_of::<PixelBlock>()
}

/// About how many bytes the plan's parameters take when they are packed.
pub(super) fn packed_bytes(graph: &Graph, plan: &Plan, is_exact: bool) -> usize {
    keys(graph, plan, is_exact).map(|key| packed_bytes_of(graph, &key)).sum()
}

/// Keys of all parameters of a plan.
fn keys<'a>(graph: &'a Graph, plan: &'a Plan, is_exact: bool) -> impl Iterator<Item = PackedKey> + 'a {
    plan.steps().iter().filter_map(move |step| {
        let out = plan.info(step.nodes[0]).shape;
        let way = match &graph.node(step.nodes[0]).op {
            Op::Conv2d(conv) => Way::of(graph, conv, step.inputs[0], out, is_exact),
            op if op.has_numbers() => Way::Direct,
            _ => return None,
        };
        Some((step.nodes[0], step.last_folded(graph), way))
    })
}

/// Bytes of a step's parameters as they are in the weights.
fn unpacked_bytes_of(graph: &Graph, (node, ..): &PackedKey) -> usize {
    let params = graph.node(*node).op.params();
    params.iter().map(|(_, shape)| shape.iter().product::<usize>()).sum::<usize>() * size_of::<f32>()
}

/// About how many bytes a step's parameters take when they are packed.
fn packed_bytes_of(graph: &Graph, key: &PackedKey) -> usize {
    let bytes = unpacked_bytes_of(graph, key);
    if let Way::Winograd(size) = key.2 { bytes * size.cells() / 9 } else { bytes }
}

/// Parameters of a step in the order its kernel reads them.
#[derive(Debug)]
enum Packed {
    Dense(PackedDense),
    Winograd(PackedWinograd),
    Depthwise(PackedDepthwise),
    Groups(PackedGroups),
    /// `x · scale + shift`.
    Affine {
        scale: Vec<PixelBlock>,
        shift: Vec<PixelBlock>,
    },
    LayerNorm(PackedLayerNorm),
    Tokens(PackedTokens),
}

/// A step's first node, the last node folded into it, and how it is computed.
type PackedKey = (NodeId, Option<NodeId>, Way);

/// Executor for the CPU. Keeps packed parameters and the memory for values from one run to the next.
#[derive(Debug)]
pub(super) struct CpuExecutor {
    level: Level,
    /// Whether Winograd convolutions, which round more, are avoided.
    is_exact: bool,
    packed: HashMap<PackedKey, Packed>,
    memory: Memory,
}

/// Memory that is used again in each run.
#[derive(Debug, Default)]
struct Memory {
    /// Buffers for values, with the indices of the buffer plan.
    buffers: Vec<Vec<PixelBlock>>,
    scratch: Workspace,
    /// The picture with a border around it.
    planar: Vec<f32>,
    picture: Option<InputBatch>,
}

impl Memory {
    fn maps(&self, place: Allocation) -> Maps<'_> {
        Maps::new(&self.buffers[place.buffer][place.offset..], place.extent)
    }
}

impl CpuExecutor {
    pub(super) fn new(level: Level, is_exact: bool) -> Self {
        Self { level, is_exact, packed: HashMap::new(), memory: Memory::default() }
    }

    pub(super) fn level(&self) -> Level {
        self.level
    }

    /// The engine's name in records.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", if self.is_exact { "fast-exact" } else { "fast" }, self.level.name())
    }

    /// Prepares for a run: packs parameters, and provides as much memory as the plan needs and not much more. Fails with the node
    /// whose weights belong to another graph.
    pub(super) fn begin(
        &mut self,
        graph: &Graph,
        weights: &BoundWeights,
        plan: &Plan,
        input: &InputBatch,
    ) -> Result<(), NodeId> {
        self.pack(graph, weights, plan)?;
        let wanted = plan.buffers().sizes();
        let buffers = &mut self.memory.buffers;
        buffers.resize_with(wanted.len(), Vec::new);
        for (buffer, len) in buffers.iter_mut().zip(wanted) {
            if buffer.capacity() < *len || buffer.capacity() / 2 > *len {
                *buffer = Vec::with_capacity(*len);
            }
            buffer.resize(*len, PixelBlock::ZERO);
        }
        self.memory.picture = Some(input.clone());
        Ok(())
    }

    /// About how many more bytes a run takes than are kept already: for values, for packed parameters and the unpacked ones that
    /// they are made from, and for the largest tap.
    pub(super) fn more_bytes(&self, graph: &Graph, plan: &Plan) -> u64 {
        let values: usize = plan.buffers().sizes().iter().sum::<usize>() * size_of::<PixelBlock>();
        let missing = self.missing(graph, plan);
        let packed: usize = missing.iter().map(|key| packed_bytes_of(graph, key)).sum();
        let largest = missing.iter().map(|key| unpacked_bytes_of(graph, key)).max().unwrap_or(0);
        // Several threads at a time each read, fold and pack a kernel.
        let unpacked = if packed == 0 { 0 } else { 2 * largest * rayon::current_num_threads().min(4) };
        let tap = plan.steps().iter().filter(|step| step.is_tap);
        let tap = tap.map(|step| plan.info(step.output).shape.len() * size_of::<f32>()).max().unwrap_or(0);
        (values.saturating_sub(self.kept_bytes()) + packed + unpacked + 2 * tap * plan.num_images()) as u64
    }

    /// Packs, in parallel, the parameters of the steps that run for the first time.
    fn pack(&mut self, graph: &Graph, weights: &BoundWeights, plan: &Plan) -> Result<(), NodeId> {
        let level = self.level;
        let packed: Result<Vec<_>, NodeId> = self
            .missing(graph, plan)
            .into_par_iter()
            .map(|key| pack(level, graph, weights, key).map(|packed| (key, packed)).ok_or(key.0))
            .collect();
        self.packed.extend(packed?);
        Ok(())
    }

    /// Keys of the plan's parameters that aren't packed yet.
    fn missing(&self, graph: &Graph, plan: &Plan) -> Vec<PackedKey> {
        keys(graph, plan, self.is_exact).filter(|key| !self.packed.contains_key(key)).collect()
    }

    /// Drops the picture, and scratch memory that the run didn't need.
    pub(super) fn end(&mut self) {
        self.memory.picture = None;
        self.memory.scratch.trim();
    }

    /// Whether no kernel trades exactness for speed.
    pub(super) const fn is_exact(&self) -> bool {
        self.is_exact
    }

    /// About how many bytes are kept that a run of the plan uses again: for values, and the plan's packed parameters.
    pub(super) fn kept_for(&self, graph: &Graph, plan: &Plan) -> usize {
        let packed = keys(graph, plan, self.is_exact).filter(|key| self.packed.contains_key(key));
        self.kept_bytes() + packed.map(|key| packed_bytes_of(graph, &key)).sum::<usize>()
    }

    /// Number of bytes that are kept for values between runs.
    pub(super) fn kept_bytes(&self) -> usize {
        let Memory { buffers, scratch, planar, .. } = &self.memory;
        buffers.iter().map(Vec::capacity).sum::<usize>() * size_of::<PixelBlock>()
            + scratch.num_bytes()
            + planar.capacity() * size_of::<f32>()
    }

    /// The values of a computed node, `[C, H, W]` for each image. `None` if the node has no place in the buffer plan.
    pub(super) fn values(&self, plan: &Plan, id: NodeId) -> Option<Vec<Arc<[f32]>>> {
        let maps = self.memory.maps(plan.buffers().of(id)?);
        Some((0..plan.num_images()).map(|image| maps.to_shared(image)).collect())
    }

    /// Computes the value of a step. `None` if the weights belong to another graph.
    pub(super) fn run(
        &mut self,
        cores: &Cores<'_>,
        graph: &Graph,
        weights: &BoundWeights,
        plan: &Plan,
        step: &Step,
    ) -> Option<()> {
        let Some(place) = plan.buffers().of(step.output) else {
            // The picture is read where it is, so nothing needs to be copied.
            return step.inputs.is_empty().then_some(());
        };
        let Self { is_exact, packed, memory, .. } = self;
        // No step reads from the buffer that it writes to. The only inputs in it are parts of a concatenation that are already in
        // place, and these aren't read again.
        let mut target = std::mem::take(&mut memory.buffers[place.buffer]);
        let mut scratch = std::mem::take(&mut memory.scratch);
        let mut planar = std::mem::take(&mut memory.planar);
        let inputs = step.inputs.iter().map(|id| plan.buffers().of(*id));
        let inputs = inputs.map(|p| p.filter(|p| p.buffer != place.buffer).map(|p| memory.maps(p))).collect();
        let picture = memory.picture.as_ref();
        let done = picture.and_then(|picture| {
            let mut out = MapsMut::new(&mut target[place.offset..], place.extent);
            let parameters = Parameters { cores, is_exact: *is_exact, graph, weights, packed };
            Work { plan, step, inputs, picture, scratch: &mut scratch, planar: &mut planar }
                .run(parameters, &mut out)
        });
        memory.buffers[place.buffer] = target;
        memory.scratch = scratch;
        memory.planar = planar;
        done
    }
}

/// Where a step's parameters come from.
struct Parameters<'a> {
    cores: &'a Cores<'a>,
    is_exact: bool,
    graph: &'a Graph,
    weights: &'a BoundWeights,
    packed: &'a mut HashMap<PackedKey, Packed>,
}

/// A step and all that is needed to compute it.
struct Work<'a> {
    plan: &'a Plan,
    step: &'a Step,
    /// `None` for inputs that are already in place as parts of the output, and for a picture that is read where it is.
    inputs: Vec<Option<Maps<'a>>>,
    picture: &'a InputBatch,
    scratch: &'a mut Workspace,
    planar: &'a mut Vec<f32>,
}

impl Work<'_> {
    fn run(&mut self, mut parameters: Parameters<'_>, out: &mut MapsMut<'_>) -> Option<()> {
        let (cores, graph, step) = (parameters.cores, parameters.graph, self.step);
        let first = step.nodes[0];
        let border = self.plan.info(first).border;
        let function = step.activation(graph);
        let input = |number: usize| self.inputs.get(number).copied().flatten();
        match &graph.node(first).op {
            Op::Input => {
                out.read_planar(cores, self.picture.values());
                return Some(());
            }
            Op::Conv2d(conv) => return self.convolve(&mut parameters, conv, border, out),
            Op::BatchNorm(_) | Op::Scale(_) | Op::Times(_) | Op::LayerNorm(_) | Op::Tokens(_) => {
                match parameters.packed.get(&(first, None, Way::Direct))? {
                    Packed::Affine { scale, shift } => ops::affine(cores, input(0)?, scale, shift, out),
                    Packed::LayerNorm(packed) => ops::layer_norm(cores, input(0)?, packed, out),
                    Packed::Tokens(packed) => ops::tokens(cores, input(0)?, packed, out),
                    Packed::Dense(_) | Packed::Winograd(_) | Packed::Depthwise(_) | Packed::Groups(_) => {
                        return None;
                    }
                }
            }
            Op::PRelu(_) => match parameters.packed.get(&(first, None, Way::Direct))? {
                Packed::Affine { scale, .. } => ops::prelu(cores, input(0)?, scale, out),
                Packed::Dense(_)
                | Packed::Winograd(_)
                | Packed::Depthwise(_)
                | Packed::Groups(_)
                | Packed::LayerNorm(_)
                | Packed::Tokens(_) => return None,
            },
            Op::Activation(function) => ops::activate(cores, *function, input(0)?, out),
            Op::Add => {
                let inputs: Option<Vec<Maps<'_>>> = self.inputs.iter().copied().collect();
                ops::add(cores, &inputs?, out);
            }
            Op::Pairwise(pairwise) => {
                let inputs: Option<Vec<Maps<'_>>> = self.inputs.iter().copied().collect();
                ops::pairwise(cores, pairwise.function, &inputs?, out);
            }
            Op::Lrn(lrn) => ops::lrn(cores, input(0)?, lrn, out),
            Op::Gate => ops::gate(cores, input(0)?, input(1)?, out),
            Op::MaxPool(pool) => ops::max_pool(cores, input(0)?, window_of(pool, border), out),
            Op::AvgPool(pool, mean) => ops::avg_pool(cores, input(0)?, window_of(pool, border), *mean, out),
            Op::GlobalAvgPool => ops::global_avg_pool(cores, input(0)?, out),
            Op::GlobalMaxPool => ops::global_max_pool(cores, input(0)?, out),
            Op::Concat => {
                let channels = step.inputs.iter().map(|id| self.plan.info(*id).shape.channels);
                ops::concat(cores, &channels.zip(self.inputs.iter().copied()).collect::<Vec<_>>(), out);
            }
            Op::Slice(range) => ops::pick_channels(cores, input(0)?, |channel| range.first + channel, out),
            Op::Shuffle(groups) => {
                let per_group = out.shape().channels / groups;
                let from = |channel: usize| channel % groups * per_group + channel / groups;
                ops::pick_channels(cores, input(0)?, from, out);
            }
            Op::Resize(resize) => ops::resize(cores, input(0)?, resize, out),
            Op::Attention(attention) => ops::attention(cores, input(0)?, *attention, self.scratch, out),
            Op::TokenGrid(_) => ops::token_grid(cores, input(0)?, out),
            Op::ZeroPad(sides) => ops::bordered(cores, input(0)?, *sides, out),
        }
        if let Some(function) = function {
            ops::activate_in_place(cores, function, out);
        }
        Some(())
    }

    fn convolve(
        &mut self,
        parameters: &mut Parameters<'_>,
        conv: &Conv2d,
        border: Sides,
        out: &mut MapsMut<'_>,
    ) -> Option<()> {
        let (cores, step, graph) = (parameters.cores, self.step, parameters.graph);
        let x = self.inputs.first().copied().flatten();
        let function = step.activation(graph);
        let residual = if step.adds(graph) { Some(self.inputs.last().copied().flatten()?) } else { None };
        let epilogue = Epilogue { residual, function };
        let window = Window::of(conv, border);
        let way = Way::of(graph, conv, step.inputs[0], out.shape(), parameters.is_exact);
        match parameters.packed(step, way)? {
            Packed::Winograd(packed) => {
                for image in ops::winograd(cores, x?, packed, border, epilogue, self.scratch, out) {
                    // A value isn't finite. A Winograd tile can't tell which of its values that affects, so the image is computed
                    // directly.
                    let Packed::Dense(packed) = parameters.packed(step, Way::Direct)? else { return None };
                    let epilogue =
                        Epilogue { residual: residual.map(|other| other.image(image)), ..epilogue };
                    self.direct(cores, x?.image(image), packed, window, epilogue, &mut out.image(image));
                }
            }
            Packed::Dense(packed) if way == Way::FromPicture => {
                let (height, width) = (self.picture.height(), self.picture.width());
                let values = if border.is_none() {
                    self.picture.values()
                } else {
                    ops::bordered_planar(self.picture.values(), (height, width), border, self.planar);
                    self.planar.as_slice()
                };
                let around =
                    MapShape::new(3, height + border.top + border.bottom, width + border.left + border.right);
                ops::convolve(cores, ConvInput::Planar(values, around), packed, window, epilogue, out);
            }
            Packed::Dense(packed) => self.direct(cores, x?, packed, window, epilogue, out),
            Packed::Depthwise(packed) => ops::depthwise(cores, x?, packed, window, function, out),
            Packed::Groups(groups) => {
                let x = with_border(cores, x?, border, self.scratch);
                ops::grouped(cores, x, groups, window, epilogue, out);
            }
            Packed::Affine { .. } | Packed::LayerNorm(_) | Packed::Tokens(_) => return None,
        }
        Some(())
    }

    fn direct(
        &mut self,
        cores: &Cores<'_>,
        x: Maps<'_>,
        packed: &PackedDense,
        window: Window,
        epilogue: Epilogue<'_>,
        out: &mut MapsMut<'_>,
    ) {
        let x = with_border(cores, x, window.border, self.scratch);
        ops::convolve(cores, ConvInput::Blocked(x), packed, window, epilogue, out);
    }
}

impl Parameters<'_> {
    /// A convolution's parameters, packed for the given way of computing it.
    fn packed(&mut self, step: &Step, way: Way) -> Option<&Packed> {
        let key = (step.nodes[0], step.last_folded(self.graph), way);
        Some(match self.packed.entry(key) {
            Entry::Occupied(entry) => entry.into_mut(),
            // Not packed for this way yet, because the plan intended another one.
            Entry::Vacant(entry) => entry.insert(pack(self.cores.level(), self.graph, self.weights, key)?),
        })
    }
}

/// Packs the parameters of a node. `None` if the weights belong to another graph.
fn pack(level: Level, graph: &Graph, weights: &BoundWeights, key: PackedKey) -> Option<Packed> {
    let (node, last, way) = key;
    let conv = match &graph.node(node).op {
        Op::Conv2d(conv) => conv,
        Op::Tokens(tokens) => {
            let (before, positions) = token_params(weights, tokens, node)?;
            return Some(Packed::Tokens(PackedTokens::new(&before, &positions, tokens.channels)));
        }
        op => {
            let (scale, shift) = affine_of(graph, weights, node)?;
            let (scale, shift) = (cells(&scale), cells(&shift));
            return Some(match op {
                Op::LayerNorm(norm) => {
                    Packed::LayerNorm(PackedLayerNorm { gamma: scale, beta: shift, eps: norm.eps as f32 })
                }
                _ => Packed::Affine { scale, shift },
            });
        }
    };
    let (kernel, bias) = conv_params(graph, weights, node, last)?;
    let b = bias.as_deref();
    Some(match way {
        Way::Direct => Packed::Dense(PackedDense::new(level, &kernel, b, conv, false)),
        Way::FromPicture => Packed::Dense(PackedDense::new(level, &kernel, b, conv, true)),
        Way::Winograd(size) => Packed::Winograd(PackedWinograd::new(level, size, &kernel, b, conv)),
        Way::Depthwise => Packed::Depthwise(PackedDepthwise::new(&kernel, b, conv.c_out)),
        Way::Grouped => Packed::Groups(PackedGroups::new(level, kernel, bias, conv)),
    })
}

/// `x` surrounded by zeros. Scratch memory is used only if there is a border.
fn with_border<'a>(cores: &Cores<'_>, x: Maps<'a>, border: Sides, scratch: &'a mut Workspace) -> Maps<'a> {
    if border.is_none() {
        return x;
    }
    let extent = Extent::of(x.extent().num_images, with_sides(x.shape(), border));
    let cells = scratch.take(extent.len());
    ops::bordered(cores, x, border, &mut MapsMut::new(cells, extent));
    Maps::new(cells, extent)
}

fn with_sides(inside: MapShape, border: Sides) -> MapShape {
    let MapShape { channels, height, width } = inside;
    MapShape::new(channels, height + border.top + border.bottom, width + border.left + border.right)
}

fn window_of(pool: &Pool2d, border: Sides) -> Window {
    Window { kernel: pool.kernel, stride: pool.stride, dilation: [1, 1], border }
}

/// Values of channels as cells, one cell per block of channels.
fn cells(values: &[f64]) -> Vec<PixelBlock> {
    let mut cells = vec![PixelBlock::ZERO; values.len().div_ceil(BLOCK)];
    for (channel, value) in values.iter().enumerate() {
        cells[channel / BLOCK].0[channel % BLOCK] = *value as f32;
    }
    cells
}
