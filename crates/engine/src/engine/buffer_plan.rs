//! The buffer plan: where the values of a plan are stored in buffers that are used several times. Decided before anything runs.
//!
//! It knows the sizes and lifetimes of values but not what a step computes, except that the inputs of a concatenation may be
//! stored as parts of it from the start.

use std::ops::RangeInclusive;

use super::ops::{BLOCK, Extent, PixelBlock};
use super::step::Step;
use crate::graph::{Graph, NodeId, NodeInfo, Op};

/// The place of a value in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Allocation {
    /// Index of the buffer.
    pub(super) buffer: usize,
    /// Number of cells in the buffer before the value's first cell.
    pub(super) offset: usize,
    /// Shape and layout of the value's maps.
    pub(super) extent: Extent,
}

/// The places of all values of a plan.
#[derive(Clone, Debug, Default)]
pub(super) struct BufferPlan {
    /// By node. `None` for nodes that are no step's output, and for an input picture that is read where it is.
    allocations: Vec<Option<Allocation>>,
    /// Number of cells of each buffer.
    buffers: Vec<usize>,
}

/// A value that is stored as part of another one: as some of its channel blocks.
#[derive(Clone, Copy)]
struct Part {
    whole: NodeId,
    first_block: usize,
}

impl BufferPlan {
    /// Assigns buffers to the values of `steps`. No step writes to a buffer that it reads from, except a concatenation whose
    /// inputs are its parts.
    pub(super) fn new(graph: &Graph, steps: &[Step], infos: &[NodeInfo], num_images: usize) -> Self {
        let parts = parts_of_concats(graph, steps, infos);
        let root = |id: NodeId| {
            let (mut whole, mut first_block) = (id, 0);
            while let Some(part) = parts[whole.0] {
                whole = part.whole;
                first_block += part.first_block;
            }
            (whole, first_block)
        };
        // A root (a value that is part of no other) is needed from the first step that writes a part of it to the last step that
        // reads one.
        let mut lives: Vec<Option<RangeInclusive<usize>>> = vec![None; infos.len()];
        for (at, step) in steps.iter().enumerate() {
            let values = std::iter::once(&step.output).chain(&step.inputs);
            for id in values.filter(|id| !is_read_plain(graph, steps, **id)) {
                let life = &mut lives[root(*id).0.0];
                *life = Some(life.as_ref().map_or(at, |l| *l.start())..=at);
            }
        }
        let extent_of = |id: NodeId| Extent::of(num_images, infos[id.0].shape);
        let mut roots: Vec<(NodeId, RangeInclusive<usize>)> = lives
            .into_iter()
            .enumerate()
            .filter_map(|(node, life)| life.map(|life| (NodeId(node), life)))
            .collect();
        roots.sort_by_key(|(id, life)| (std::cmp::Reverse(extent_of(*id).len()), *life.start()));
        let lives: Vec<Life> = roots.iter().map(|(id, life)| (extent_of(*id).len(), life.clone())).collect();
        // No strategy is always the best, and trying all of them costs next to nothing.
        let ways = [share_by_size(&lives, true), share_by_size(&lives, false), share_in_order(&lives)];
        let (buffer_numbers, buffers) =
            ways.into_iter().min_by_key(|(_, buffers)| buffers.iter().sum::<usize>()).unwrap_or_default();
        let mut buffer_of = vec![None; infos.len()];
        for ((id, _), number) in roots.iter().zip(buffer_numbers) {
            buffer_of[id.0] = Some(number);
        }
        let mut allocations = vec![None; infos.len()];
        for step in steps {
            let id = step.output;
            let (whole, first_block) = root(id);
            let image_step = extent_of(whole).image_step;
            let shape = infos[id.0].shape;
            allocations[id.0] = buffer_of[whole.0].map(|buffer| Allocation {
                buffer,
                offset: first_block * shape.plane(),
                extent: Extent { num_images, shape, image_step },
            });
        }
        Self { allocations, buffers }
    }

    /// The place of a value; `None` if no step stores it.
    pub(super) fn of(&self, id: NodeId) -> Option<Allocation> {
        self.allocations[id.0]
    }

    /// Number of cells of each buffer.
    pub(super) fn sizes(&self) -> &[usize] {
        &self.buffers
    }

    /// Number of bytes of all buffers.
    pub(super) fn num_bytes(&self) -> usize {
        self.buffers.iter().sum::<usize>() * size_of::<PixelBlock>()
    }
}

/// The number of cells that a value needs, and the first and last step during which it needs them.
type Life = (usize, RangeInclusive<usize>);

/// Assigns a buffer to each value; returns the buffers' indices and sizes. The largest value comes first. Each takes the smallest
/// buffer (or the largest, if not `tight`) that is free during its whole life (Pisarchyk & Lee 2020, "Efficient Memory Management
/// for Deep Neural Net Inference", greedy by size).
fn share_by_size(largest_first: &[Life], tight: bool) -> (Vec<usize>, Vec<usize>) {
    let order: Vec<usize> = (0..largest_first.len()).collect();
    share(largest_first, &order, |len, size| if tight { size.saturating_sub(len) } else { usize::MAX - size })
}

/// Like [`share_by_size`], but the value that is needed first comes first. Each takes the buffer closest to it in size.
fn share_in_order(lives: &[Life]) -> (Vec<usize>, Vec<usize>) {
    let mut order: Vec<usize> = (0..lives.len()).collect();
    order.sort_by_key(|at| *lives[*at].1.start());
    share(lives, &order, usize::abs_diff)
}

/// Gives each value, in the order of `order`, the free buffer with the least `cost(cells needed, cells of the buffer)`. The
/// buffer grows if it must.
fn share(lives: &[Life], order: &[usize], cost: impl Fn(usize, usize) -> usize) -> (Vec<usize>, Vec<usize>) {
    let mut buffers: Vec<(usize, Vec<&RangeInclusive<usize>>)> = Vec::new();
    let mut numbers = vec![0; lives.len()];
    for at in order {
        let (len, life) = &lives[*at];
        let is_free = |b: &usize| {
            buffers[*b].1.iter().all(|other| other.end() < life.start() || life.end() < other.start())
        };
        let best = (0..buffers.len()).filter(is_free).min_by_key(|b| cost(*len, buffers[*b].0));
        let number = best.unwrap_or(buffers.len());
        if number == buffers.len() {
            buffers.push((*len, Vec::new()));
        }
        buffers[number].0 = buffers[number].0.max(*len);
        buffers[number].1.push(life);
        numbers[*at] = number;
    }
    (numbers, buffers.into_iter().map(|(len, _)| len).collect())
}

/// Whether a value is the input picture and all steps that read it are dense convolutions, which read it where it is.
fn is_read_plain(graph: &Graph, steps: &[Step], id: NodeId) -> bool {
    let is_dense = |step: &Step| {
        matches!(&graph.node(step.nodes[0]).op, Op::Conv2d(conv) if conv.groups == 1)
            && step.inputs.iter().skip(1).all(|other| *other != id)
    };
    graph.node(id).op == Op::Input
        && steps.iter().filter(|s| s.inputs.contains(&id)).all(is_dense)
        && !steps.iter().any(|s| s.output == id && s.is_tap)
}

/// For each node, the concatenation that its step can write it into. Its channels must begin at the start of a block and, unless
/// they are the last ones, end with a block; and its step must not read from the same whole.
fn parts_of_concats(graph: &Graph, steps: &[Step], infos: &[NodeInfo]) -> Vec<Option<Part>> {
    let mut parts: Vec<Option<Part>> = vec![None; infos.len()];
    let root = |parts: &[Option<Part>], id: NodeId| {
        let mut whole = id;
        while let Some(part) = parts[whole.0] {
            whole = part.whole;
        }
        whole
    };
    let mut step_of: Vec<Option<usize>> = vec![None; infos.len()];
    for (at, step) in steps.iter().enumerate() {
        step_of[step.output.0] = Some(at);
    }
    // Outermost concatenations first, so that inputs of an inner one can become parts of a part.
    for concat in steps.iter().rev().filter(|s| graph.node(s.nodes[0]).op == Op::Concat && s.nodes.len() == 1)
    {
        let mut channel = 0;
        let num_channels = infos[concat.output.0].shape.channels;
        for (number, input) in concat.inputs.iter().enumerate() {
            let first = channel;
            channel += infos[input.0].shape.channels;
            let is_whole_blocks = first % BLOCK == 0 && (channel % BLOCK == 0 || channel == num_channels);
            // No step computes the picture, and a value that occurs twice in one concatenation can only be stored in one of the
            // two places.
            let Some(maker) = step_of[input.0].map(|at| &steps[at]).filter(|s| !s.inputs.is_empty()) else {
                continue;
            };
            let is_taken = parts[input.0].is_some() || concat.inputs[..number].contains(input);
            let whole = root(&parts, concat.output);
            let reads_itself = maker.inputs.iter().any(|id| root(&parts, *id) == whole);
            if is_whole_blocks && !is_taken && !reads_itself {
                parts[input.0] = Some(Part { whole: concat.output, first_block: first / BLOCK });
                // All steps that read `input` now read from the whole, so they mustn't write there. Only a concatenation may, if
                // the part that it reads is already where it would be written.
                let clashes = steps.iter().any(|s| {
                    let target = root(&parts, s.output);
                    let is_concat = s.nodes.len() == 1 && graph.node(s.nodes[0]).op == Op::Concat;
                    let is_in_place = |id: &NodeId| {
                        is_concat
                            && parts[id.0].is_some_and(|part| part.whole == s.output)
                            && s.inputs.iter().filter(|other| *other == id).count() == 1
                    };
                    s.inputs.iter().any(|id| root(&parts, *id) == target && !is_in_place(id))
                });
                if clashes {
                    parts[input.0] = None;
                }
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Plan;
    use crate::graph::{ActivationFn, Conv2d, GraphBuilder};
    use crate::models::Registry;
    use crate::tensor::PixelSize;

    fn is_within(a: &RangeInclusive<usize>, b: &RangeInclusive<usize>) -> bool {
        a.end() >= b.start() && b.end() >= a.start()
    }

    /// The cells of its buffer that a value takes up, for each image.
    fn spans(place: Allocation) -> Vec<RangeInclusive<usize>> {
        let Extent { num_images, shape, image_step } = place.extent;
        let len = shape.channels.div_ceil(BLOCK) * shape.plane();
        (0..num_images)
            .map(|i| place.offset + i * image_step..=place.offset + i * image_step + len - 1)
            .collect()
    }

    /// For every graph of the registry: no value is overwritten while it is needed, and no step reads what it writes.
    #[test]
    fn values_alive_at_once_never_share_a_cell() {
        for row in Registry::specs() {
            let graph = row.graph().unwrap();
            let mut taps: Vec<_> = graph.stages().to_vec();
            taps.push(graph.final_node());
            // A transformer accepts its own input size only.
            let size = Some(PixelSize::square(320)).filter(|size| graph.infer(*size).is_ok());
            let plan = Plan::new(&graph, size.unwrap_or(row.preprocess.size), 2, &taps).unwrap();
            let mut alive: Vec<NodeId> = Vec::new();
            for step in plan.steps() {
                let Some(own) = plan.buffers().of(step.output) else { continue };
                let is_concat = graph.node(step.nodes[0]).op == Op::Concat;
                for id in &alive {
                    let Some(other) = plan.buffers().of(*id).filter(|p| p.buffer == own.buffer) else {
                        continue;
                    };
                    let is_part = is_concat && step.inputs.contains(id);
                    assert!(is_part || !step.inputs.contains(id), "{}: reads what it writes", row.tag);
                    let clash = spans(own).iter().any(|a| spans(other).iter().any(|b| is_within(a, b)));
                    let is_part_of_part = is_concat && parts_below(&graph, step.output).contains(id);
                    assert!(is_part || is_part_of_part || !clash, "{}: {}", row.tag, graph.node(*id).name);
                }
                alive.push(step.output);
                alive.retain(|id| !step.frees.contains(id));
            }
        }
    }

    /// All inputs of a concatenation, including those of concatenations inside it.
    fn parts_below(graph: &Graph, id: NodeId) -> Vec<NodeId> {
        let mut all = Vec::new();
        for input in &graph.node(id).inputs {
            all.push(*input);
            if graph.node(*input).op == Op::Concat {
                all.extend(parts_below(graph, *input));
            }
        }
        all
    }

    /// A value that occurs twice in a concatenation, or in two concatenations of which one contains the other, can only be stored
    /// in one place.
    #[test]
    fn what_is_concatenated_twice_is_copied() {
        let (mut b, x) = GraphBuilder::new();
        let a = b.conv("a", x, Conv2d::new(3, 16, 1));
        let c = b.conv("c", a, Conv2d::new(16, 16, 1));
        let twice = b.node("twice", Op::Concat, &[c, a, c]);
        let d = b.conv("d", twice, Conv2d::new(48, 16, 1));
        let e = b.conv("e", twice, Conv2d::new(48, 16, 1));
        let inner = b.node("inner", Op::Concat, &[d, e]);
        let outer = b.node("outer", Op::Concat, &[inner, d]);
        b.stage(outer);
        let graph = b.finish().unwrap();
        let plan = Plan::new(&graph, PixelSize::square(4), 1, &[outer]).unwrap();
        for step in plan.steps() {
            let Some(own) = plan.buffers().of(step.output) else { continue };
            for (number, id) in step.inputs.iter().enumerate() {
                let Some(read) = plan.buffers().of(*id).filter(|read| read.buffer == own.buffer) else {
                    continue;
                };
                // As in the executor: an input that is already in the concatenation's own buffer isn't written again.
                let before: usize = step.inputs[..number].iter().map(|id| plan.info(*id).shape.len()).sum();
                assert_eq!(read.offset, own.offset + before / BLOCK, "{}", graph.node(step.output).name);
            }
        }
        assert_ne!(plan.buffers().of(c).unwrap().buffer, plan.buffers().of(twice).unwrap().buffer);
    }

    #[test]
    fn what_is_concatenated_is_written_where_it_belongs() {
        let (mut b, x) = GraphBuilder::new();
        let a = b.conv("a", x, Conv2d::new(3, 32, 1));
        let c = b.conv("c", a, Conv2d::new(32, 16, 1));
        let d = b.conv("d", a, Conv2d::new(32, 5, 1));
        let inner = b.node("inner", Op::Concat, &[c, d]);
        let e = b.act("e", a, ActivationFn::Relu);
        let outer = b.node("outer", Op::Concat, &[e, inner]);
        b.stage(outer);
        let graph = b.finish().unwrap();
        let plan = Plan::new(&graph, PixelSize::square(4), 3, &[outer]).unwrap();
        let place = |id| plan.buffers().of(id).unwrap();
        assert!(plan.buffers().of(x).is_none(), "the picture is read where it is");
        assert_eq!([c, d, inner, e].map(|id| place(id).buffer), [place(outer).buffer; 4]);
        assert_eq!([e, c, d, inner].map(|id| place(id).offset), [0, 2 * 16, 3 * 16, 2 * 16]);
        assert_eq!(place(c).extent.image_step, 4 * 16, "images are as far apart as the whole is long");
        assert_ne!(place(a).buffer, place(outer).buffer);
    }
}
