//! Strict binding: every parameter of a graph must be found by name and shape, and nothing but a classifier may be left over.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::bind_error::{BindError, WrongShape};
use super::bound::{BoundWeights, Param};
use super::convention::{Convention, Layout, normalization_layer, params_of};
use super::head::{Head, HeadPlan};
use super::keras::StoredLayer;
use super::keras_part::KerasPart;
use super::locate::{Rest, Whereabouts, rest};
use super::naming::Naming;
use super::part::is_head;
use super::tensor_file::TensorFile;
use super::tensors::{Bytes, Entry};
use crate::graph::{Graph, NodeId, ParamRole};

/// One parameter of the graph, with the tensor of the file that holds it.
struct Wanted<'a> {
    node: NodeId,
    role: ParamRole,
    shape: Vec<usize>,
    name: String,
    layout: Layout,
    entry: &'a Entry,
}

/// Every parameter of a graph found in a file, before any value is read.
struct Matches<'a> {
    wanted: Vec<Wanted<'a>>,
    head_tensors: Vec<String>,
    /// For a Keras file: where the network was found in it, and which layers are left over.
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
        // Two namings that lead to the same tensors count as one.
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

    /// Matches the parameters by the names of one naming.
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
        // A tensor outside the network was only kept because it belongs to a head.
        let is_head = |name: &&str| {
            head_prefixes.iter().any(|prefix| name.starts_with(prefix))
                || carried.iter().any(|prefix| name.starts_with(prefix))
                || (is_torch && (is_head(name, head_prefixes) || file.part().is_beside(name)))
        };
        // Keras' `Normalization` layer is not part of the graph. Elsewhere it is either used as preprocessing or refused.
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
            // All other surplus tensors belong to a head.
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
    /// Whether every parameter of a graph is in a file with the right shape and nothing but a classifier is left over. Values are not
    /// checked.
    pub fn fits(graph: &Graph, file: &TensorFile, head_prefixes: &[&str]) -> bool {
        Matches::of(graph, "", file, head_prefixes).is_ok()
    }

    /// Why a file doesn't fit a graph; `None` if it fits. Values are not checked.
    pub fn misfit(
        graph: &Graph,
        model: &str,
        file: &TensorFile,
        head_prefixes: &[&str],
    ) -> Option<Box<BindError>> {
        Matches::of(graph, model, file, head_prefixes).err()
    }

    /// Binds `file` to `graph`. Surplus tensors are allowed if their names begin with one of `head_prefixes` or with a usual name of a
    /// head. `model` names the graph in the error. A batch norm's gamma may be absent where the graph says so.
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
            // Look for a classifier only if there are head tensors and they can be this network's classifier.
            None if head_tensors.is_empty() || file.part().has_no_classes() => (None, None),
            None => {
                let head = Head::of(file, final_channels).or_else(|| {
                    // In a network of tokens, a classifier doesn't take the mean of the tokens.
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
        // The values are checked once and dropped; only their positions in the file are kept.
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
