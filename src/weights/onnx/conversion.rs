//! A network while it is converted: its nodes so far, and what is known and counted on the way.
//!
//! What operations add to. Must not know what any of them means.

use super::draft::Draft;
use super::error::OnnxProblem;
use super::node::OnnxNode;
use super::value::{Dimension, Inputs, Map, Side, Value};
use crate::graph::{Node, NodeId, NodeInfo};
use crate::tensor::{MapShape, PixelSize};

/// Widths of all borders together: no network has a tenth of it, and sizes stay countable.
const MAX_BORDERS: usize = 1 << 14;

/// Nodes, and what is known of them.
pub(super) struct Conversion {
    pub(super) draft: Draft,
    num_border_cells: usize,
    /// The input's size, where the file fixes it.
    size: Option<PixelSize>,
    /// Pictures of the file's batch, where it fixes them.
    pub(super) num_images: Option<usize>,
    /// What is known of the first nodes at that size, as far as it was asked for.
    infos: Vec<NodeInfo>,
    /// Maps that an operation turned into something else.
    pub(super) left: Vec<usize>,
}

impl Conversion {
    /// Nothing but the input.
    pub(super) fn new(input_name: &str, size: Option<PixelSize>, num_images: Option<usize>) -> Self {
        let draft = Draft::new(input_name);
        Self { draft, num_border_cells: 0, size, num_images, infos: Vec::new(), left: Vec::new() }
    }

    /// Takes back all nodes but so many, and all maps that were left but so many.
    pub(super) fn truncate(&mut self, num_nodes: usize, num_left: usize) {
        self.draft.truncate(num_nodes);
        self.infos.truncate(num_nodes);
        self.left.truncate(num_left);
    }

    /// Channels of a map.
    pub(super) fn channels(&self, x: &Map) -> usize {
        self.draft.nodes[x.id].channels
    }

    /// What a node gives isn't followed.
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

    /// Counts border cells, so that sizes stay countable whatever a file says.
    pub(super) fn count_border(&mut self, node: &OnnxNode, cells: usize) -> Result<(), OnnxProblem> {
        self.num_border_cells = self.num_border_cells.saturating_add(cells);
        if self.num_border_cells > MAX_BORDERS {
            return Err(
                node.malformed(format!("its borders and those before it have more than {MAX_BORDERS} cells"))
            );
        }
        Ok(())
    }

    /// A map's shape at the size that the file fixes.
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

    /// A map's side.
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

    /// Whether what is written for a side of a map is that side, or may be left to be found out (−1).
    pub(super) fn is_side(&mut self, x: &Map, axis: Dimension, written: Side) -> Result<bool, OnnxProblem> {
        let own = self.side(x, axis)?;
        // A file of free batches may have been written with one picture's extents.
        let is_one = own == Side::Images && written == Side::Known(1);
        Ok(written == own || written == Side::Known(-1) || is_one)
    }
}
