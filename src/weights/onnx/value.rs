//! What a name of an ONNX file stands for while it is converted: a map with the order of its axes, a constant, sides of a map, or
//! something beyond maps.

use std::rc::Rc;

use super::constant::Constant;
use crate::graph::{ActivationFn, Sides};

/// What an axis of an array counts.
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

/// A node's value, with its axes as ONNX has them at this place.
#[derive(Clone, Debug)]
pub(super) struct Map {
    pub(super) id: usize,
    pub(super) axes: Vec<Dimension>,
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Map(Map),
    Constant(Rc<Constant>),
    /// Sides of a map, of which some are not known before a picture comes.
    Shape(SymbolicShape),
    /// A number computed from such sides.
    Free,
    /// A map whose channels are seen as groups: the middle of a channel shuffle.
    Grouped(Grouped),
    /// A part of a function that is written out.
    Partial(Partial),
    /// No map any more, which operation of which node was the first to make it so, and whether of means, as a classifier does.
    Beyond {
        op: String,
        node: String,
        is_of_means: bool,
    },
}

/// A node's inputs; nothing where one is left out.
pub(super) type Inputs<'a> = &'a [Option<Value>];

/// What a function written out has come to.
#[derive(Clone, Debug)]
pub(super) struct Partial {
    pub(super) of: Map,
    pub(super) stage: PartialStage,
}

/// How far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum PartialStage {
    /// `erf(x / √2)`.
    Erf,
    /// `1 + erf(x / √2)`.
    ErfPlusOne,
    /// Half of that: the normal distribution's.
    Phi,
    /// This many times that function of `x`.
    Times(f64, ActivationFn),
    /// The map with −∞ around it, as a maximum's border is.
    LowestAround(Sides),
}

/// A side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Known(i64),
    /// Pictures in a batch.
    Images,
    /// Rows of a map, by its node's number.
    Rows(usize),
    /// Columns of a map.
    Columns(usize),
}

/// Some sides in a row, or one by itself; not all of them known.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SymbolicShape {
    pub(super) sides: Vec<Side>,
    pub(super) is_scalar: bool,
}

/// An axis of a map whose channels are seen as groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GroupedAxis {
    Whole(Dimension),
    /// Which group a channel is in.
    Group,
    /// Which of its group it is.
    Member,
}

/// A map whose channels are seen as groups.
#[derive(Clone, Debug)]
pub(super) struct Grouped {
    pub(super) of: Map,
    pub(super) groups: usize,
    pub(super) parts: Vec<GroupedAxis>,
    /// The node that made it so.
    pub(super) node: String,
}

impl Grouped {
    /// The map's node.
    pub(super) fn map(&self) -> usize {
        self.of.id
    }
}

/// An axis counted from the end where it is negative.
pub(super) fn place(axis: i64, rank: usize) -> Option<usize> {
    let rank_signed = i64::try_from(rank).ok()?;
    let from_start = if axis < 0 { axis.checked_add(rank_signed)? } else { axis };
    usize::try_from(from_start).ok().filter(|at| *at < rank)
}
