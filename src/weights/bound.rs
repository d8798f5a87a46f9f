//! All parameters of a graph as they lie in their file, and what a file holds beside them; values come when they are asked for.

use std::borrow::Cow;
use std::sync::Arc;

use super::convention::Layout;
use super::head::Head;
use super::keras_part::KerasPart;
use super::tensors::{Bytes, Entry};
use crate::graph::{NodeId, ParamRole};

/// Parameters of one node, f32.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum NodeParams {
    /// The node has none.
    #[default]
    None,
    /// A convolution's.
    Conv {
        /// `[out, in/groups, kernel rows, kernel columns]`, row-major.
        kernel: Vec<f32>,
        /// Per output channel.
        bias: Option<Vec<f32>>,
    },
    /// A batch norm's, or a layer norm's, which has neither mean nor variance; each per channel.
    Norm {
        /// Absent means 1.
        gamma: Option<Vec<f32>>,
        /// Shift.
        beta: Vec<f32>,
        /// Running mean.
        mean: Vec<f32>,
        /// Running variance.
        variance: Vec<f32>,
    },
    /// A layer scale's, or the slopes of a `PReLU`, per channel.
    Scale(Vec<f32>),
    /// Of a row of tokens, each `[tokens, channels]`.
    Tokens {
        /// The class token.
        class: Vec<f32>,
        /// Registers, if there are any.
        registers: Vec<f32>,
        /// What positions add.
        positions: Vec<f32>,
    },
}

/// Where a parameter lies and how it becomes what the graph wants.
#[derive(Debug)]
pub(super) struct Param {
    pub(super) role: ParamRole,
    pub(super) shape: Vec<usize>,
    pub(super) layout: Layout,
    pub(super) entry: Entry,
}

impl Param {
    fn values(&self, bytes: &[u8]) -> Vec<f32> {
        self.layout.apply(self.entry.values(bytes).unwrap_or_default(), &self.shape)
    }
}

/// All parameters of a graph, as they lie in their file; they become f32 when they are asked for.
#[derive(Debug, Default)]
pub struct BoundWeights {
    pub(super) bytes: Bytes,
    /// By node.
    pub(super) params: Vec<Vec<Param>>,
    pub(super) num_tensors: usize,
    pub(super) head_tensors: Vec<String>,
    pub(super) head: Option<Head>,
    pub(super) keras: Option<KerasPart>,
}

impl BoundWeights {
    /// The classifier behind the last map's mean, where the file holds one.
    pub fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// The classifier, to name its classes.
    pub fn head_mut(&mut self) -> Option<&mut Head> {
        self.head.as_mut()
    }

    /// Where in a Keras file the network was found, and what else is there.
    pub fn keras(&self) -> Option<&KerasPart> {
        self.keras.as_ref()
    }

    /// Tensors of the file that were bound.
    pub fn num_tensors(&self) -> usize {
        self.num_tensors
    }

    /// The parameters of a node, converted anew at each call.
    pub fn of(&self, id: NodeId) -> NodeParams {
        let mut params = NodeParams::None;
        for param in self.params.get(id.0).map(Vec::as_slice).unwrap_or_default() {
            params.put(param.role, param.values(&self.bytes));
        }
        params
    }

    /// Bytes held in memory for the parameters; what the program carries costs nothing.
    pub fn num_bytes(&self) -> usize {
        let held = if let Cow::Owned(bytes) = &*self.bytes { bytes.capacity() } else { 0 };
        held + self.params.iter().flatten().map(|param| param.entry.num_owned_bytes()).sum::<usize>()
    }

    /// Lets go of the bytes that no parameter lies in, a classifier's above all, unless somebody else still has the file.
    pub fn let_go_of_the_rest(&mut self) {
        let Some(Cow::Owned(bytes)) = Arc::get_mut(&mut self.bytes) else { return };
        let mut ranges: Vec<_> =
            self.params.iter_mut().flatten().filter_map(|param| param.entry.range_mut()).collect();
        ranges.sort_by_key(|range| range.start);
        // Tensors may share bytes, which move once.
        let (mut seen, mut to) = (0, 0);
        for range in ranges {
            let first = range.start.max(seen);
            let fresh = first..range.end.max(first);
            seen = fresh.end;
            bytes.copy_within(fresh, to);
            to += seen - first;
            // What ended at `seen` ends at `to` now.
            let back = seen - to;
            *range = range.start - back..range.end - back;
        }
        bytes.truncate(to);
        bytes.shrink_to_fit();
    }

    /// Tensors of the file that belong to a classifier and are not used.
    pub fn num_head_tensors(&self) -> usize {
        self.head_tensors.len()
    }

    /// Their names.
    pub fn head_tensors(&self) -> impl Iterator<Item = &str> {
        self.head_tensors.iter().map(String::as_str)
    }
}

impl NodeParams {
    fn put(&mut self, role: ParamRole, values: Vec<f32>) {
        if *self == Self::None {
            *self = match role {
                ParamRole::Kernel | ParamRole::Bias => Self::Conv { kernel: Vec::new(), bias: None },
                ParamRole::Scale | ParamRole::Slope => Self::Scale(Vec::new()),
                ParamRole::ClassToken | ParamRole::Registers | ParamRole::Positions => {
                    Self::Tokens { class: Vec::new(), registers: Vec::new(), positions: Vec::new() }
                }
                ParamRole::Gamma | ParamRole::Beta | ParamRole::Mean | ParamRole::Variance => {
                    Self::Norm { gamma: None, beta: Vec::new(), mean: Vec::new(), variance: Vec::new() }
                }
            };
        }
        match self {
            Self::Conv { kernel, bias } => match role {
                ParamRole::Kernel => *kernel = values,
                _ => *bias = Some(values),
            },
            Self::Norm { gamma, beta, mean, variance } => match role {
                ParamRole::Gamma => *gamma = Some(values),
                ParamRole::Mean => *mean = values,
                ParamRole::Variance => *variance = values,
                _ => *beta = values,
            },
            Self::Scale(factors) => *factors = values,
            Self::Tokens { class, registers, positions } => match role {
                ParamRole::ClassToken => *class = values,
                ParamRole::Registers => *registers = values,
                _ => *positions = values,
            },
            Self::None => {}
        }
    }
}
