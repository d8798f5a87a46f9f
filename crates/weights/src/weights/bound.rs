//! All parameters of a graph as they are stored in their file, and what else the file holds. Values are decoded on demand.

use std::borrow::Cow;
use std::sync::Arc;

use super::convention::Layout;
use super::head::Head;
use super::keras_part::KerasPart;
use super::tensors::{Bytes, Entry};
use crate::graph::{NodeId, ParamRole};

/// The parameters of one node, as f32.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum NodeParams {
    /// The node has none.
    #[default]
    None,
    /// Parameters of a convolution.
    Conv {
        /// `[out, in/groups, kernel rows, kernel columns]`, row-major.
        kernel: Vec<f32>,
        /// Per output channel.
        bias: Option<Vec<f32>>,
    },
    /// Parameters of a batch norm, or of a layer norm, which has neither mean nor variance. One value per channel each.
    Norm {
        /// Scale; 1 if absent.
        gamma: Option<Vec<f32>>,
        /// Shift.
        beta: Vec<f32>,
        /// Running mean.
        mean: Vec<f32>,
        /// Running variance.
        variance: Vec<f32>,
    },
    /// The factors of a layer scale, or the slopes of a `PReLU`; one per channel.
    Scale(Vec<f32>),
    /// Parameters of a sequence of tokens, each `[tokens, channels]`.
    Tokens {
        /// The class token.
        class: Vec<f32>,
        /// The register tokens; empty if there are none.
        registers: Vec<f32>,
        /// The position embedding, which is added to the tokens.
        positions: Vec<f32>,
    },
}

/// Where a parameter is stored, and how its layout is converted to the graph's.
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

/// All parameters of a graph as they are stored in their file. They are converted to f32 on demand.
#[derive(Debug, Default)]
pub struct BoundWeights {
    pub(super) bytes: Bytes,
    /// Parameters by node, indexed by `NodeId`.
    pub(super) params: Vec<Vec<Param>>,
    pub(super) num_tensors: usize,
    pub(super) head_tensors: Vec<String>,
    pub(super) head: Option<Head>,
    pub(super) keras: Option<KerasPart>,
}

impl BoundWeights {
    /// The classifier that follows the last feature map, if the file holds one that is understood.
    pub fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// The classifier, mutable so that its classes can be named.
    pub fn head_mut(&mut self) -> Option<&mut Head> {
        self.head.as_mut()
    }

    /// For a Keras file: where in it the network was found, and which layers are left over.
    pub fn keras(&self) -> Option<&KerasPart> {
        self.keras.as_ref()
    }

    /// Number of tensors of the file that were bound.
    pub fn num_tensors(&self) -> usize {
        self.num_tensors
    }

    /// The parameters of a node, converted again on each call.
    pub fn of(&self, id: NodeId) -> NodeParams {
        let mut params = NodeParams::None;
        for param in self.params.get(id.0).map(Vec::as_slice).unwrap_or_default() {
            params.put(param.role, param.values(&self.bytes));
        }
        params
    }

    /// Bytes of heap memory held for the parameters. Weights embedded in the program count as 0.
    pub fn num_bytes(&self) -> usize {
        let held = if let Cow::Owned(bytes) = &*self.bytes { bytes.capacity() } else { 0 };
        held + self.params.iter().flatten().map(|param| param.entry.num_owned_bytes()).sum::<usize>()
    }

    /// Frees the bytes of the file that no parameter uses, mainly those of a classifier. Does nothing while the file is also used
    /// elsewhere.
    pub fn let_go_of_the_rest(&mut self) {
        let Some(Cow::Owned(bytes)) = Arc::get_mut(&mut self.bytes) else { return };
        let mut ranges: Vec<_> =
            self.params.iter_mut().flatten().filter_map(|param| param.entry.range_mut()).collect();
        ranges.sort_by_key(|range| range.start);
        // Tensors may share bytes; these are moved only once.
        let (mut seen, mut to) = (0, 0);
        for range in ranges {
            let first = range.start.max(seen);
            let fresh = first..range.end.max(first);
            seen = fresh.end;
            bytes.copy_within(fresh, to);
            to += seen - first;
            // Bytes that ended at `seen` end at `to` now.
            let back = seen - to;
            *range = range.start - back..range.end - back;
        }
        bytes.truncate(to);
        bytes.shrink_to_fit();
    }

    /// Number of tensors of the file that belong to a classifier and not to the graph.
    pub fn num_head_tensors(&self) -> usize {
        self.head_tensors.len()
    }

    /// Names of the tensors of the file that belong to a classifier and not to the graph.
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
