//! The state of a conversion: the nodes so far, and what is known and counted on the way.
//!
//! The functions for single operations add to it. Must not know what any operation means.

use super::draft::Draft;
use super::node::OnnxNode;
use super::value::{Dimension, Inputs, Map, Side, Value};
use crate::graph::{Node, NodeId, NodeInfo};
use crate::tensor::{MapShape, PixelSize};
use crate::weights::onnx::error::OnnxProblem;

/// Largest sum of the widths of all borders. No network has a tenth of it; the limit keeps sizes from overflowing.
const MAX_BORDERS: usize = 1 << 14;

/// The nodes so far, and what is known about them.
pub(super) struct Conversion {
    pub(super) draft: Draft,
    num_border_cells: usize,
    /// The input's size, if the file fixes it.
    size: Option<PixelSize>,
    /// Number of pictures in a batch, if the file fixes it.
    pub(super) num_images: Option<usize>,
    /// The inferred information (shapes) about the first nodes at that size, computed as far as it was needed.
    infos: Vec<NodeInfo>,
    /// Nodes whose maps an operation turned into something that is no map.
    pub(super) left: Vec<usize>,
}

impl Conversion {
    /// A conversion that has only the input.
    pub(super) fn new(input_name: &str, size: Option<PixelSize>, num_images: Option<usize>) -> Self {
        let draft = Draft::new(input_name);
        Self { draft, num_border_cells: 0, size, num_images, infos: Vec::new(), left: Vec::new() }
    }

    /// Undoes later additions: keeps the first `num_nodes` nodes and the first `num_left` entries of `left`.
    pub(super) fn truncate(&mut self, num_nodes: usize, num_left: usize) {
        self.draft.truncate(num_nodes);
        self.infos.truncate(num_nodes);
        self.left.truncate(num_left);
    }

    /// Number of channels of a map.
    pub(super) fn channels(&self, x: &Map) -> usize {
        self.draft.nodes[x.id].channels
    }

    /// Records that a node turns its maps into something that isn't followed, and returns that value.
    pub(super) fn leave(&mut self, node: &OnnxNode, inputs: Inputs<'_>) -> Value {
        let first = self.left.len();
        self.left.extend(inputs.iter().flatten().filter_map(|value| match value {
            Value::Map(map) => Some(map.id),
            Value::Constant(_)
            | Value::Shape(_)
            | Value::Free
            | Value::Grouped(_)
            | Value::Partial(_)
            | Value::Beyond { .. } => None,
        }));
        let is_of_means = self.left[first..].iter().all(|id| self.draft.nodes[*id].is_pooled);
        Value::Beyond { op: node.op.clone(), node: node.name.clone(), is_of_means }
    }

    /// Adds to the width of all borders. An error above the limit, which keeps sizes from overflowing.
    pub(super) fn count_border(&mut self, node: &OnnxNode, cells: usize) -> Result<(), OnnxProblem> {
        self.num_border_cells = self.num_border_cells.saturating_add(cells);
        if self.num_border_cells > MAX_BORDERS {
            return Err(
                node.malformed(format!("its borders and those before it have more than {MAX_BORDERS} cells"))
            );
        }
        Ok(())
    }

    /// A map's shape at the input size that the file fixes; `None` if it fixes none.
    pub(super) fn shape_of(&mut self, id: usize) -> Result<Option<MapShape>, OnnxProblem> {
        let Some(size) = self.size else { return Ok(None) };
        while self.infos.len() <= id {
            let draft = &self.draft.nodes[self.infos.len()];
            let inputs: Vec<NodeInfo> = draft.inputs.iter().map(|at| self.infos[*at]).collect();
            let node = Node {
                name: draft.name.clone(),
                op: draft.op,
                inputs: draft.inputs.iter().map(|at| NodeId(*at)).collect(),
                keras_layer: None,
            };
            let info = NodeInfo::of(&node, &inputs, size);
            self.infos.push(info.map_err(|error| OnnxProblem::TooMuch(error.to_string()))?);
        }
        Ok(Some(self.infos[id].shape))
    }

    /// The length of a map along an axis: a number if it is known, otherwise a symbol.
    pub(super) fn side(&mut self, x: &Map, axis: Dimension) -> Result<Side, OnnxProblem> {
        let known = |n: usize| Side::Known(n as i64);
        let shape = match axis {
            Dimension::Row | Dimension::Column if self.draft.nodes[x.id].is_pooled => return Ok(known(1)),
            Dimension::Row | Dimension::Column => self.shape_of(x.id)?,
            Dimension::Image | Dimension::Channel => None,
        };
        Ok(match axis {
            Dimension::Image => self.num_images.map_or(Side::Images, known),
            Dimension::Channel => known(self.channels(x)),
            Dimension::Row => shape.map_or(Side::Rows(x.id), |shape| known(shape.height)),
            Dimension::Column => shape.map_or(Side::Columns(x.id), |shape| known(shape.width)),
        })
    }

    /// Whether the length `written` in the file for an axis of a map is the map's own length, or −1 for "to be computed".
    pub(super) fn is_side(&mut self, x: &Map, axis: Dimension, written: Side) -> Result<bool, OnnxProblem> {
        let own = self.side(x, axis)?;
        // A file with a free batch size may have shapes for one picture in it.
        let is_one = own == Side::Images && written == Side::Known(1);
        Ok(written == own || written == Side::Known(-1) || is_one)
    }
}
