//! The list of nodes, its builder, and how a layer is found by name.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::op::{Op, OutputChannels};
use super::settings::{ActivationFn, BatchNorm, BorderMean, Conv2d, LayerNorm, Pool2d};
use crate::tensor::{Remedied, Remedy, did_you_mean, nearest_names};

/// Index of a node in its graph. Nodes are listed in execution order, so the id of an input is always smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub usize);

/// One named operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The framework's name for this value: what a torch forward hook on the module of that name would see.
    pub name: String,
    /// The operation.
    pub op: Op,
    /// The nodes whose values the operation reads, in order.
    pub inputs: Vec<NodeId>,
    /// The Keras layer that holds this node's parameters, where Keras has the network.
    pub keras_layer: Option<String>,
}

/// A feature extractor: nodes in execution order, the names that people ask for, and the final layer.
///
/// The final layer is the output that Keras' `include_top=False` gives; a classifier is not part of the graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    nodes: Vec<Node>,
    by_name: HashMap<String, NodeId>,
    aliases: BTreeMap<String, NodeId>,
    stages: Vec<NodeId>,
    absent: HashMap<String, Arc<str>>,
}

/// A mistake in a family file.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum GraphError {
    /// Two nodes, or a node and an alias, have the same name.
    #[error("the name `{0}` is given twice")]
    DuplicateName(String),
    /// The graph declares no stage, so it has no final layer.
    #[error("the graph has no stage, so no final layer")]
    NoStage,
}

impl Remedied for GraphError {}

/// A layer name that the graph doesn't have.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no layer `{asked}` in {model}{}", why_or_nearest(.why.as_deref(), .nearest))]
pub struct UnknownLayer {
    /// The name that was asked for.
    pub asked: String,
    /// The model in which it was looked up.
    pub model: String,
    /// Names of the graph that resemble it.
    pub nearest: Vec<String>,
    /// Why the graph leaves the layer out, if the network has a layer of this name that is not part of the graph.
    pub why: Option<String>,
}

fn why_or_nearest(why: Option<&str>, nearest: &[String]) -> String {
    match why {
        Some(why) => format!(": {why}"),
        None => did_you_mean(nearest),
    }
}

impl Remedied for UnknownLayer {
    fn remedy(&self) -> Option<Remedy> {
        self.why.is_none().then(|| Remedy::ListLayers { model: self.model.clone() })
    }
}

impl Graph {
    /// Number of output channels of a node; it doesn't depend on the input's size.
    pub fn channels(&self, id: NodeId) -> usize {
        channels(&self.nodes, id)
    }

    /// All nodes in execution order.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Ids of all nodes in execution order.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len()).map(NodeId)
    }

    /// One node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// The layers people ask for by name, in execution order; the last is the final layer.
    pub fn stages(&self) -> &[NodeId] {
        &self.stages
    }

    /// The final layer: the output that Keras' `include_top=False` gives.
    pub fn final_node(&self) -> NodeId {
        self.stages[self.stages.len() - 1]
    }

    /// Aliases (Keras' names among them), each with the id of its node, sorted by alias.
    pub fn aliases(&self) -> impl Iterator<Item = (&str, NodeId)> {
        self.aliases.iter().map(|(name, id)| (name.as_str(), *id))
    }

    /// Other names of one node.
    pub fn aliases_of(&self, id: NodeId) -> Vec<&str> {
        self.aliases().filter(|(_, other)| *other == id).map(|(name, _)| name).collect()
    }

    /// A node by its name or an alias; exact spelling.
    pub fn find(&self, name: &str) -> Option<NodeId> {
        self.by_name.get(name).or_else(|| self.aliases.get(name)).copied()
    }

    /// A node by its name or an alias, or an error with the nearest names. `model` is named in the error.
    pub fn resolve(&self, name: &str, model: &str) -> Result<NodeId, UnknownLayer> {
        self.find(name).ok_or_else(|| {
            let known =
                self.nodes.iter().map(|n| n.name.as_str()).chain(self.aliases.keys().map(String::as_str));
            UnknownLayer {
                asked: name.to_owned(),
                model: model.to_owned(),
                nearest: nearest_names(name, known, 4).into_iter().map(str::to_owned).collect(),
                why: self.absent.get(name).map(ToString::to_string),
            }
        })
    }

    /// Number of trained values, and of batch norms' running statistics, which frameworks count separately.
    pub fn num_params(&self) -> ParamCount {
        use super::param::ParamRole::{Mean, Variance};
        let mut count = ParamCount::default();
        for (role, shape) in self.nodes.iter().flat_map(|n| n.op.params()) {
            let len: usize = shape.iter().product();
            if matches!(role, Mean | Variance) {
                count.running_stats += len;
            } else {
                count.trained += len;
            }
        }
        count
    }
}

/// Counts output channels without recursion, because a file may hold a chain of nodes of any length.
fn channels(nodes: &[Node], id: NodeId) -> usize {
    let (mut sum, mut open) = (0usize, vec![id]);
    while let Some(id) = open.pop() {
        let node = &nodes[id.0];
        match node.op.output_channels() {
            OutputChannels::Fixed(num) => sum += num,
            OutputChannels::OfFirst => open.push(node.inputs[0]),
            OutputChannels::OfAll => open.extend(&node.inputs),
        }
    }
    sum
}

/// Number of parameter values of a graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ParamCount {
    /// Kernels, biases, gammas, betas.
    pub trained: usize,
    /// Running means and variances.
    pub running_stats: usize,
}

/// Builds a graph node by node. The first mistake is kept and reported by [`GraphBuilder::finish`], so that family files read
/// like a description of the network.
#[derive(Debug)]
pub struct GraphBuilder {
    nodes: Vec<Node>,
    by_name: HashMap<String, NodeId>,
    aliases: BTreeMap<String, NodeId>,
    stages: Vec<NodeId>,
    absent: HashMap<String, Arc<str>>,
    error: Option<GraphError>,
}

impl GraphBuilder {
    /// A builder that holds only the input node, which is named `input`, and the id of that node.
    pub fn new() -> (Self, NodeId) {
        let mut builder = Self {
            nodes: Vec::new(),
            by_name: HashMap::new(),
            aliases: BTreeMap::new(),
            stages: Vec::new(),
            absent: HashMap::new(),
            error: None,
        };
        let input = builder.node("input", Op::Input, &[]);
        (builder, input)
    }

    /// Adds a node with any operation.
    pub fn node(&mut self, name: impl Into<String>, op: Op, inputs: &[NodeId]) -> NodeId {
        let (name, id) = (name.into(), NodeId(self.nodes.len()));
        if self.by_name.insert(name.clone(), id).is_some() || self.aliases.contains_key(&name) {
            self.error.get_or_insert(GraphError::DuplicateName(name.clone()));
        }
        self.nodes.push(Node { name, op, inputs: inputs.to_vec(), keras_layer: None });
        id
    }

    /// Adds a convolution.
    pub fn conv(&mut self, name: impl Into<String>, x: NodeId, conv: Conv2d) -> NodeId {
        self.node(name, Op::Conv2d(conv), &[x])
    }

    /// Adds a batch norm with gamma.
    pub fn norm(&mut self, name: impl Into<String>, x: NodeId, channels: usize, eps: f64) -> NodeId {
        self.node(name, Op::BatchNorm(BatchNorm { channels, eps, has_gamma: true }), &[x])
    }

    /// Adds a layer norm over channels.
    pub fn layer_norm(&mut self, name: impl Into<String>, x: NodeId, eps: f64) -> NodeId {
        let channels = self.channels(x);
        self.node(name, Op::LayerNorm(LayerNorm { channels, eps }), &[x])
    }

    /// Adds a layer scale. Its parameter has the node's name.
    pub fn scale(&mut self, name: impl Into<String>, x: NodeId) -> NodeId {
        let channels = self.channels(x);
        self.node(name, Op::Scale(channels), &[x])
    }

    /// Adds an elementwise function.
    pub fn act(&mut self, name: impl Into<String>, x: NodeId, function: ActivationFn) -> NodeId {
        self.node(name, Op::Activation(function), &[x])
    }

    /// Adds a max pool.
    pub fn max_pool(&mut self, name: impl Into<String>, x: NodeId, pool: Pool2d) -> NodeId {
        self.node(name, Op::MaxPool(pool), &[x])
    }

    /// Adds an average pool.
    pub fn avg_pool(
        &mut self,
        name: impl Into<String>,
        x: NodeId,
        pool: Pool2d,
        border: BorderMean,
    ) -> NodeId {
        self.node(name, Op::AvgPool(pool, border), &[x])
    }

    /// Records which Keras layer holds a node's parameters.
    pub fn keras(&mut self, id: NodeId, layer: impl Into<String>) {
        self.nodes[id.0].keras_layer = Some(layer.into());
    }

    /// Gives a node's value another name. If that is the node's own name, nothing is added.
    pub fn alias(&mut self, name: impl Into<String>, id: NodeId) {
        let name = name.into();
        if self.by_name.get(&name) == Some(&id) {
            return;
        }
        if self.by_name.contains_key(&name) || self.aliases.insert(name.clone(), id).is_some() {
            self.error.get_or_insert(GraphError::DuplicateName(name));
        }
    }

    /// Records why a layer that the network has is not part of the graph. Ignored if `name` already names a node.
    pub fn absent(&mut self, name: &str, why: &Arc<str>) {
        if !self.by_name.contains_key(name) && !self.aliases.contains_key(name) {
            self.absent.entry(name.to_owned()).or_insert_with(|| Arc::clone(why));
        }
    }

    /// Lists a node among the stages; stages are declared in execution order and the last one is the final layer.
    pub fn stage(&mut self, id: NodeId) {
        self.stages.push(id);
    }

    /// Number of output channels of a node (3 for the input).
    pub fn channels(&self, id: NodeId) -> usize {
        channels(&self.nodes, id)
    }

    /// The finished graph, or the first mistake made while building it.
    pub fn finish(self) -> Result<Graph, GraphError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        if self.stages.is_empty() {
            return Err(GraphError::NoStage);
        }
        let Self { nodes, by_name, aliases, stages, absent, .. } = self;
        Ok(Graph { nodes, by_name, aliases, stages, absent })
    }
}
