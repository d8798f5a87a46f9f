//! The values that names in an ONNX file stand for during the conversion: a map with the order of its axes, a constant, a shape, or
//! something that isn't followed.

use std::rc::Rc;

use super::constant::Constant;
use crate::graph::{ActivationFn, Sides};

/// The meaning of an axis of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dimension {
    Image,
    Channel,
    Row,
    Column,
}

pub(super) const NCHW: [Dimension; 4] =
    [Dimension::Image, Dimension::Channel, Dimension::Row, Dimension::Column];
pub(super) const NHWC: [Dimension; 4] =
    [Dimension::Image, Dimension::Row, Dimension::Column, Dimension::Channel];

/// The output of the node `id`, with the order of axes that it has at this point of the ONNX file.
#[derive(Clone, Debug)]
pub(super) struct Map {
    pub(super) id: usize,
    pub(super) axes: Vec<Dimension>,
}

/// What a name in the file stands for.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Map(Map),
    Constant(Rc<Constant>),
    /// Lengths of axes, some of which depend on the size of the input.
    Shape(SymbolicShape),
    /// A value that depends on such lengths and isn't followed.
    Free,
    /// A map whose channels are split into groups: the middle of a channel shuffle.
    Grouped(Grouped),
    /// A partly recognised function that is written as several nodes.
    Partial(Partial),
    /// Something that is no map and isn't followed, with the operation and the node that first gave it, and whether that node took only
    /// pooled values, as in a classifier.
    Beyond {
        op: String,
        node: String,
        is_of_means: bool,
    },
}

/// A node's inputs; `None` for an optional input that is left out.
pub(super) type Inputs<'a> = &'a [Option<Value>];

/// A partly recognised function of a map.
#[derive(Clone, Debug)]
pub(super) struct Partial {
    pub(super) of: Map,
    pub(super) stage: PartialStage,
}

/// How much of the function has been recognised; `x` is the map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum PartialStage {
    /// `erf(x / √2)`.
    Erf,
    /// `1 + erf(x / √2)`.
    ErfPlusOne,
    /// `(1 + erf(x / √2)) / 2`, the normal distribution function.
    Phi,
    /// The factor times the function of `x`.
    Times(f64, ActivationFn),
    /// The map with a border of −∞, which becomes the padding of a max pool.
    LowestAround(Sides),
}

/// The length of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Known(i64),
    /// The number of pictures in a batch.
    Images,
    /// The number of rows of the node's map.
    Rows(usize),
    /// The number of columns of the node's map.
    Columns(usize),
}

/// A list of lengths, or one as a scalar; not all of them are known.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SymbolicShape {
    pub(super) sides: Vec<Side>,
    pub(super) is_scalar: bool,
}

/// An axis of a map whose channels are split into groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GroupedAxis {
    Whole(Dimension),
    /// The axis of groups.
    Group,
    /// The axis of channels within a group.
    Member,
}

/// A map whose channels are split into groups.
#[derive(Clone, Debug)]
pub(super) struct Grouped {
    pub(super) of: Map,
    pub(super) groups: usize,
    pub(super) parts: Vec<GroupedAxis>,
    /// Name of the node that split them.
    pub(super) node: String,
}

impl Grouped {
    /// The index of the map's node.
    pub(super) fn map(&self) -> usize {
        self.of.id
    }
}

/// The index of an axis or element; a negative number counts from the end. `None` if it is out of range.
pub(super) fn place(axis: i64, rank: usize) -> Option<usize> {
    let rank_signed = i64::try_from(rank).ok()?;
    let from_start = if axis < 0 { axis.checked_add(rank_signed)? } else { axis };
    usize::try_from(from_start).ok().filter(|at| *at < rank)
}
