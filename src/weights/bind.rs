//! Strict binding: every parameter of a graph found by name and shape, nothing left over but a classifier.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

use super::head::{Head, HeadPlan};
use super::keras::StoredLayer;
use super::keras_part::KerasPart;
use super::locate::{Rest, Whereabouts, rest};
use super::naming::{Convention, Layout, Naming, normalization_layer};
use super::part::is_head;
use super::tensor_file::{Bytes, Entry, TensorFile};
use crate::graph::{Graph, Node, NodeId, Op, ParamRole};
use crate::tensor::{Remedied, Remedy};

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
struct Param {
    role: ParamRole,
    shape: Vec<usize>,
    layout: Layout,
    entry: Entry,
}

impl Param {
    fn values(&self, bytes: &[u8]) -> Vec<f32> {
        self.layout.apply(self.entry.values(bytes).unwrap_or_default(), &self.shape)
    }
}

/// All parameters of a graph, as they lie in their file; they become f32 when they are asked for.
#[derive(Debug, Default)]
pub struct BoundWeights {
    bytes: Bytes,
    /// By node.
    params: Vec<Vec<Param>>,
    num_tensors: usize,
    head_tensors: Vec<String>,
    head: Option<Head>,
    keras: Option<KerasPart>,
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

/// A tensor of the wrong shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongShape {
    /// Its name in the file.
    pub name: String,
    /// The shape the graph needs, in the file's layout.
    pub expected: Vec<usize>,
    /// The shape it has.
    pub got: Vec<usize>,
}

/// Why a file doesn't fit a graph. Each tensor at fault is named.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct BindError {
    /// The model that was to be bound.
    pub model: String,
    /// The file.
    pub origin: String,
    /// The beginning of names under which the model was looked for; names below are without it.
    pub prefix: String,
    /// Parameters the model has.
    pub num_needed: usize,
    /// Needed and not there.
    pub missing: Vec<String>,
    /// There with another shape.
    pub misshaped: Vec<WrongShape>,
    /// There, not needed, and no part of a classifier.
    pub surplus: Vec<String>,
    /// With an element type that holds no weights here: name and type.
    pub unreadable: Vec<(String, String)>,
    /// Holding NaN or infinity, or a negative running variance.
    pub broken: Vec<String>,
    /// Whether kernels lie in Theano's order in a file with Keras' names.
    pub is_in_theanos_order: bool,
    /// Layers of a Keras file that follow other layers there than in the model.
    pub misplaced: Vec<String>,
    /// What a Keras file's configuration sets otherwise than this model has it, in words, the layer first.
    pub odd_settings: Vec<String>,
    /// Where in a Keras file the model was found, if that is more than one place and nothing tells which is meant.
    pub places: Vec<String>,
    /// Of these places the models that they lie in, if each has one of its own.
    pub models: Vec<String>,
}

impl std::error::Error for BindError {}

impl Remedied for BindError {
    fn remedy(&self) -> Option<Remedy> {
        match (&self.places[..], &self.models[..]) {
            ([], _) => None,
            (_, []) => Some(Remedy::KeepOneCopy),
            (_, models) => Some(Remedy::NamePart { fitting: models.to_vec() }),
        }
    }
}

/// Names that a message lists of a kind; the error itself holds all.
const MAX_NAMES: usize = 24;

impl std::fmt::Display for BindError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the weights don't fit {}", self.model)?;
        if !self.missing.is_empty() && self.missing.len() == self.num_needed {
            // Another network altogether: a list of hundreds of names would hide that.
            write!(f, ": none of its {} tensors is in the file", self.num_needed)?;
            if !self.surplus.is_empty() {
                let first = self.quoted(self.surplus.get(..3).unwrap_or(&self.surplus), MAX_NAMES);
                write!(f, ", which holds {} others, the first {first}", self.surplus.len())?;
            }
        } else {
            write!(f, "{}", self.differences(MAX_NAMES))?;
        }
        write!(f, ": \"{}\"", self.origin)
    }
}

impl BindError {
    /// Tensors of the model that are there as it needs them.
    pub fn num_fitting(&self) -> usize {
        self.num_needed.saturating_sub(self.missing.len() + self.misshaped.len() + self.unreadable.len())
    }

    fn quoted(&self, names: &[String], max: usize) -> String {
        let all: Vec<String> = names.iter().take(max).map(|n| format!("`{}{n}`", self.prefix)).collect();
        let more = names.len().saturating_sub(max);
        if more > 0 { format!("{} and {more} more", all.join(", ")) } else { all.join(", ") }
    }

    /// What differs, in words, of each kind at most so many; each kind begins with a semicolon.
    pub fn differences(&self, max: usize) -> String {
        use std::fmt::Write as _;
        let mut text = String::new();
        if !self.missing.is_empty() {
            let _ = write!(text, "; missing: {}", self.quoted(&self.missing, max));
        }
        for WrongShape { name, expected, got } in self.misshaped.iter().take(max) {
            let _ = write!(text, "; `{}{name}` has shape {got:?}, expected {expected:?}", self.prefix);
        }
        if self.misshaped.len() > max {
            let _ = write!(text, "; and {} more of other shapes", self.misshaped.len() - max);
        }
        if self.is_in_theanos_order {
            text += "; its kernels lie in Theano's order: get the file with `tf_kernels` in its name";
        }
        if !self.misplaced.is_empty() {
            let _ =
                write!(text, "; put together otherwise in the file: {}", self.quoted(&self.misplaced, max));
        }
        for odd in self.odd_settings.iter().take(max) {
            let _ = write!(text, "; {odd}");
        }
        if self.odd_settings.len() > max {
            let _ = write!(text, "; and {} more set otherwise", self.odd_settings.len() - max);
        }
        if !self.places.is_empty() {
            let (num, places) = (self.places.len(), self.quoted(&self.places, max));
            let _ = write!(
                text,
                "; it is in the file {num} times, and nothing tells which is meant, beginning with {places}"
            );
        }
        if !self.surplus.is_empty() {
            let _ = write!(text, "; not part of it: {}", self.quoted(&self.surplus, max));
        }
        for (name, dtype) in self.unreadable.iter().take(max) {
            let _ = write!(text, "; `{}{name}` is {dtype}, expected F16, BF16, F32 or F64", self.prefix);
        }
        if self.unreadable.len() > max {
            let _ = write!(text, "; and {} more of such types", self.unreadable.len() - max);
        }
        if !self.broken.is_empty() {
            let _ =
                write!(text, "; NaN, infinity or a negative variance in: {}", self.quoted(&self.broken, max));
        }
        text
    }
}

/// One parameter to load.
struct Wanted<'a> {
    node: NodeId,
    role: ParamRole,
    shape: Vec<usize>,
    name: String,
    layout: Layout,
    entry: &'a super::tensor_file::Entry,
}

/// Every parameter of a graph found in a file, before any value is read.
struct Matches<'a> {
    wanted: Vec<Wanted<'a>>,
    head_tensors: Vec<String>,
    /// Of a Keras file: where the network lies in it, and what it leaves over.
    in_keras: Option<InKeras>,
}

/// What was found in a Keras file.
#[derive(Debug, Default)]
struct InKeras {
    at: Whereabouts,
    head: Vec<StoredLayer>,
}

impl<'a> Matches<'a> {
    fn of(
        graph: &Graph,
        model: &str,
        file: &'a TensorFile,
        head_prefixes: &[&str],
    ) -> Result<Self, Box<BindError>> {
        let mut fitting: Vec<Self> = Vec::new();
        let mut nearest: Option<Box<BindError>> = None;
        for naming in Naming::all(graph, file) {
            match Self::named(graph, model, file, head_prefixes, &naming) {
                Ok(matches) => fitting.push(matches),
                Err(error)
                    if nearest.as_ref().is_none_or(|other| error.num_faults() < other.num_faults()) =>
                {
                    nearest = Some(error);
                }
                Err(_) => {}
            }
        }
        // Two ways to the same tensors are one.
        fitting.dedup_by(|a, b| a.wanted.iter().map(|w| &w.name).eq(b.wanted.iter().map(|w| &w.name)));
        if fitting.len() > 1 {
            let first = |matches: &Self| matches.wanted.first().map(|w| w.name.clone());
            let places = fitting.iter().filter_map(first).collect();
            let scope =
                |matches: &Self| Some(matches.in_keras.as_ref()?.at.scope.trim_end_matches('/').to_owned());
            let mut models: Vec<String> = fitting.iter().filter_map(scope).collect();
            models.dedup();
            if models.len() < fitting.len() || models.iter().any(String::is_empty) {
                models.clear();
            }
            return Err(Box::new(BindError { places, models, ..BindError::of(model, file) }));
        }
        match (fitting.pop(), nearest) {
            (Some(matches), _) => Ok(matches),
            (None, Some(error)) => Err(error),
            (None, None) => Err(Box::new(BindError::of(model, file))),
        }
    }

    /// With the names of one way.
    fn named(
        graph: &Graph,
        model: &str,
        file: &'a TensorFile,
        head_prefixes: &[&str],
        naming: &Naming,
    ) -> Result<Self, Box<BindError>> {
        let mut error = BindError::of(model, file);
        let mut surplus: BTreeSet<&str> = file.names().collect();
        let mut wanted = Vec::new();
        for id in graph.ids() {
            let node = graph.node(id);
            for (role, shape, optional) in params_of(node) {
                error.num_needed += usize::from(!optional);
                let candidates = naming.candidates(node, role);
                let found =
                    candidates.iter().find_map(|(name, layout)| Some((name, *layout, file.entry(name)?)));
                let Some((name, layout, entry)) = found else {
                    if !optional {
                        error.missing.push(match candidates.into_iter().next() {
                            Some((name, _)) => name,
                            None => format!("{} ({role:?})", node.name),
                        });
                    }
                    continue;
                };
                surplus.remove(name.as_str());
                let (name, expected) = (name.clone(), layout.shape_in_file(&shape));
                if entry.shape != expected {
                    error.is_in_theanos_order |= layout == Layout::HwioToOihw && entry.shape == shape;
                    error.misshaped.push(WrongShape { name, expected, got: entry.shape.clone() });
                } else if entry.element.is_none() {
                    error.unreadable.push((name, entry.dtype.clone()));
                } else {
                    wanted.push(Wanted { node: id, role, shape, name, layout, entry });
                }
            }
        }
        let is_torch = Convention::of(file) == Convention::Torch;
        let carried = HeadPlan::carried(file).map(|plan| plan.prefixes()).unwrap_or_default();
        // What isn't the network's own and lies beside it was taken along as a head.
        let is_head = |name: &&str| {
            head_prefixes.iter().any(|prefix| name.starts_with(prefix))
                || carried.iter().any(|prefix| name.starts_with(prefix))
                || (is_torch && (is_head(name, head_prefixes) || file.part().is_beside(name)))
        };
        // Keras' `Normalization` says what becomes of a picture's values: used or refused as preprocessing, and no part of the graph.
        let counts = |name: &&str| {
            !name.ends_with("num_batches_tracked") && (is_torch || normalization_layer(name).is_none())
        };
        let (head, surplus): (Vec<&str>, Vec<&str>) = surplus.into_iter().filter(counts).partition(is_head);
        error.surplus = surplus.into_iter().map(str::to_owned).collect();
        let mut head_tensors: Vec<String> = head.into_iter().map(str::to_owned).collect();
        let mut in_keras = None;
        if let Some(store) = file.keras_store() {
            let used = graph.nodes().iter().filter_map(|node| {
                let layer = node.keras_layer.clone()?;
                Some((layer, naming.keras_key(node)?))
            });
            let Rest { head, between, misplaced, odd_settings } = rest(graph, file, store, &used.collect());
            // All others are a head.
            error.surplus.retain(|name| {
                name.rsplit_once('/').is_some_and(|(key, _)| between.iter().any(|other| other == key))
            });
            error.misplaced = misplaced;
            error.odd_settings = odd_settings;
            let keys: BTreeSet<String> = head.iter().map(StoredLayer::key).collect();
            let is_of_head = |name: &&str| name.rsplit_once('/').is_some_and(|(key, _)| keys.contains(key));
            head_tensors = file.names().filter(is_of_head).map(str::to_owned).collect();
            in_keras = Some(InKeras { at: naming.whereabouts().clone(), head });
        }
        if error.is_fault() { Err(Box::new(error)) } else { Ok(Self { wanted, head_tensors, in_keras }) }
    }
}

impl BoundWeights {
    /// Whether every parameter of a graph is in a file with the right shape and nothing is left over; values are not looked at.
    pub fn fits(graph: &Graph, file: &TensorFile, head_prefixes: &[&str]) -> bool {
        Matches::of(graph, "", file, head_prefixes).is_ok()
    }

    /// What keeps a file from fitting a graph; nothing where it fits. Values are not looked at.
    pub fn misfit(
        graph: &Graph,
        model: &str,
        file: &TensorFile,
        head_prefixes: &[&str],
    ) -> Option<Box<BindError>> {
        Matches::of(graph, model, file, head_prefixes).err()
    }

    /// Binds `file` to `graph`. Tensors whose names begin with one of `head_prefixes`, or as heads' usually do, may be surplus; `model`
    /// names the graph in the error. Batch norm's gamma may be absent where the graph says so.
    pub fn bind(
        graph: &Graph,
        model: &str,
        file: &TensorFile,
        head_prefixes: &[&str],
    ) -> Result<Self, Box<BindError>> {
        let Matches { wanted, head_tensors, in_keras } = Matches::of(graph, model, file, head_prefixes)?;
        let num_tensors = wanted.len();
        let final_channels = graph.channels(graph.final_node());
        let part = in_keras.map(|found| KerasPart::of(graph, file, head_prefixes, &found.at, &found.head));
        let (head, keras) = match part {
            Some((head, part)) => (head, Some(part)),
            // A classifier's tensors are looked for only where they may be.
            None if head_tensors.is_empty() || file.part().has_no_classes() => (None, None),
            None => {
                let head = Head::of(file, final_channels).or_else(|| {
                    // Of a row of tokens the mean isn't what a classifier follows.
                    let has_tokens = wanted.iter().any(|w| w.role == ParamRole::ClassToken);
                    Head::lone(file, &head_tensors, final_channels).filter(|_| !has_tokens)
                });
                (head, None)
            }
        };
        let mut bound = Self {
            bytes: Bytes::clone(file.bytes()),
            params: graph.ids().map(|_| Vec::new()).collect(),
            num_tensors,
            head_tensors,
            head,
            keras,
        };
        // Looked at once and let go: what stays is where they lie.
        let sound: Vec<bool> = wanted
            .par_iter()
            .map(|w| {
                let values = file.values(w.entry).unwrap_or_default();
                values.iter().all(|v| v.is_finite() && (w.role != ParamRole::Variance || *v >= 0.0))
            })
            .collect();
        let mut error = BindError::of(model, file);
        for (w, is_sound) in wanted.into_iter().zip(sound) {
            error.num_needed += 1;
            if !is_sound {
                error.broken.push(w.name);
            }
            let Wanted { node, role, shape, layout, entry, .. } = w;
            bound.params[node.0].push(Param { role, shape, layout, entry: entry.clone() });
        }
        if error.is_fault() { Err(Box::new(error)) } else { Ok(bound) }
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
                _ => Self::Norm { gamma: None, beta: Vec::new(), mean: Vec::new(), variance: Vec::new() },
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

impl BindError {
    fn of(model: &str, file: &TensorFile) -> Self {
        let prefix = file.part().prefix().to_owned();
        Self { model: model.into(), origin: file.origin().into(), prefix, ..Self::default() }
    }

    /// How far a file is from fitting.
    fn num_faults(&self) -> usize {
        self.missing.len()
            + self.misshaped.len()
            + self.unreadable.len()
            + self.surplus.len()
            + self.misplaced.len()
            + self.odd_settings.len()
    }

    fn is_fault(&self) -> bool {
        !(self.missing.is_empty()
            && self.misshaped.is_empty()
            && self.surplus.is_empty()
            && self.unreadable.is_empty()
            && self.broken.is_empty()
            && self.misplaced.is_empty()
            && self.odd_settings.is_empty()
            && self.places.is_empty())
    }
}

/// Parameters that a node takes from a file: role, shape, and whether the file may do without.
pub(super) fn params_of(node: &Node) -> Vec<(ParamRole, Vec<usize>, bool)> {
    let mut params: Vec<_> = node.op.params().into_iter().map(|(role, shape)| (role, shape, false)).collect();
    if let Op::BatchNorm(norm) = &node.op
        && !norm.has_gamma
    {
        params.push((ParamRole::Gamma, vec![norm.channels], true));
    }
    params
}
