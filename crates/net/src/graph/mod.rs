//! A backbone as data: named nodes in execution order, and everything that can be told about them without running them.
//!
//! This module owns operations, shape inference, multiply-add counts and receptive fields. It knows nothing about the values of
//! weights, about pictures, or about how a graph is executed.

mod channels;
#[expect(clippy::module_inception, reason = "the type this layer is named after has its own file")]
mod graph;
mod keras_order;
mod op;
mod padding;
mod pairwise;
mod param;
mod receptive_field;
mod resize;
mod settings;
mod shape;
mod shape_error;
mod tokens;

pub use graph::{Graph, GraphBuilder, GraphError, Node, NodeId, ParamCount, UnknownLayer};
pub use keras_order::keras_class_order;
pub use op::Op;
pub use padding::{Padding, Sides};
pub use pairwise::{PairFn, Pairwise};
pub use param::ParamRole;
pub use receptive_field::{Axis, ReceptiveField};
pub use resize::{Coordinates, Extent2d, Interpolation, MAX_SIDE, Mixing, Resize, Rounding};
pub use settings::{ActivationFn, BatchNorm, BorderMean, ChannelRange, Conv2d, LayerNorm, Lrn, Pool2d};
pub use shape::NodeInfo;
pub use shape_error::ShapeError;
pub use tokens::{Attention, Tokens};
