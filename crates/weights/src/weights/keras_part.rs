//! Where in a Keras file a network was found, and what else the file holds, in particular the layers of a head.
//!
//! Responsible for describing these to the user and for finding the head. Must not know how a network runs.

use super::head::{Head, HeadPlan};
use super::keras::{Flat, FlatNode, KerasConfig, StoredLayer};
use super::locate::Whereabouts;
use super::tensor_file::TensorFile;
use crate::graph::Graph;

/// Where a network was found in a Keras file, and the layers that are left over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KerasPart {
    /// The nested model that contains the network's layers, as a path with slashes, outermost first; empty at the top level.
    pub model: String,
    /// Whether the file doesn't have the names of its layers, so that layers of a class were taken in Keras' order. Such a file doesn't
    /// describe the model's preprocessing either.
    pub is_nameless: bool,
    /// Layers with weights that don't belong to the network, in the file's order.
    pub head: Vec<HeadLayer>,
    /// Why the head gives no classes, if there is a head that isn't understood.
    pub no_classes: Option<String>,
    /// The structure of the head, if it was read from the file.
    pub(super) plan: Option<HeadPlan>,
}

/// A layer of a head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadLayer {
    /// Its name, with the nested models that contain it.
    pub name: String,
    /// The shape of its kernel, or of its first tensor.
    pub shape: Vec<usize>,
}

impl KerasPart {
    /// Examines the layers that binding left over. Also returns the classifier, if it is understood.
    pub(super) fn of(
        graph: &Graph,
        file: &TensorFile,
        head_prefixes: &[&str],
        at: &Whereabouts,
        left: &[StoredLayer],
    ) -> (Option<Head>, Self) {
        let head: Vec<HeadLayer> = left.iter().map(|layer| HeadLayer::of(file, layer)).collect();
        let model = at.scope.trim_end_matches('/').to_owned();
        let mut part = Self { model, is_nameless: at.is_nameless, head, no_classes: None, plan: None };
        if part.head.is_empty() {
            return (None, part);
        }
        // The head of Keras' own application can be recognised without a configuration: its layers have known names.
        let is_own = |layer: &HeadLayer| {
            head_prefixes.iter().any(|prefix| format!("{}/", layer.name).starts_with(prefix))
        };
        let num_channels = graph.channels(graph.final_node());
        let planned = |part: &mut Self| -> Result<Head, String> {
            let plan = part.plan(graph, file, &at.scope)?;
            let head = Head::planned(file, &plan, num_channels)?;
            part.plan = Some(plan);
            Ok(head)
        };
        let has_config = file.keras_config().is_some_and(|config| config.root.model.is_some());
        let is_all_own = part.head.iter().all(is_own);
        let own = if is_all_own { Head::of(file, num_channels) } else { None };
        let own_first = if has_config { None } else { own };
        match own_first.map_or_else(|| planned(&mut part), Ok) {
            Ok(head) => (Some(head), part),
            Err(reason) => {
                let head = if is_all_own { Head::of(file, num_channels) } else { None };
                if head.is_none() {
                    part.no_classes = Some(reason);
                }
                (head, part)
            }
        }
    }

    fn plan(&self, graph: &Graph, file: &TensorFile, scope: &str) -> Result<HeadPlan, String> {
        if let Some(flat) = file.keras_config().and_then(Flat::of) {
            let last = graph.final_node();
            let node = graph.node(last);
            let names: Vec<&str> = graph
                .aliases_of(last)
                .into_iter()
                .chain([node.name.as_str()])
                .chain(node.keras_layer.as_deref())
                .collect();
            let is_last =
                |node: &FlatNode<'_>| node.scope == scope && names.contains(&node.layer.name.as_str());
            let mut plan = HeadPlan::of(&flat, &is_last)?;
            plan.trained_with(file.keras_config().and_then(KerasConfig::loss_of_logits));
            return Ok(plan);
        }
        let (store, [only]) = (file.keras_store(), &self.head[..]) else {
            return Err("the file doesn't say how the layers of its head are put together".to_owned());
        };
        // A pooling layer has no weights, but it has a group in the file or an entry in the list of layers.
        let has = |class: &str| store.is_some_and(|store| store.has_class(class));
        let is_mean = has("global_average_pooling2d") && !has("global_max_pooling2d") && !has("flatten");
        let is_linear = only.shape.len() == 2 && only.shape[0] == graph.channels(graph.final_node());
        if is_mean && is_linear {
            Ok(HeadPlan::one_layer(&only.name))
        } else {
            Err("the file doesn't say what its head takes of the last layer".to_owned())
        }
    }

    /// The layers of the head in words; `None` if the file holds only the network, at its top level.
    pub fn if_more(&self) -> Option<Vec<String>> {
        let is_part = !self.model.is_empty() || !self.head.is_empty();
        is_part.then(|| self.head.iter().map(HeadLayer::words).collect())
    }

    /// Notes for the user about what was found in the file; empty if there is nothing to say.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.model.is_empty() {
            notes.push(format!("the network is the model `{}` in the file", self.model));
        }
        if self.is_nameless {
            notes.push(
                "the file has no names of its layers: they were taken in the order in which Keras counts them by class"
                    .to_owned(),
            );
        }
        if !self.head.is_empty() {
            let layers: Vec<String> = self.head.iter().map(HeadLayer::words).collect();
            let reason =
                self.no_classes.as_ref().map_or_else(String::new, |why| format!("; no classes: {why}"));
            // Convolutions that aren't part of an understood head may belong to anything.
            let is_other = self.plan.is_none() && self.head.iter().any(|layer| layer.shape.len() == 4);
            let what = if is_other { "beside it" } else { "its head" };
            notes.push(format!("{what}: {}{reason}", layers.join(", ")));
        }
        notes
    }
}

impl HeadLayer {
    fn of(file: &TensorFile, layer: &StoredLayer) -> Self {
        let key = layer.key();
        let first = || {
            let prefix = format!("{key}/");
            file.names().find(|name| name.starts_with(&prefix)).and_then(|name| file.entry(name))
        };
        let entry = file.entry(&format!("{key}/kernel")).or_else(first);
        Self { shape: entry.map(|entry| entry.shape.clone()).unwrap_or_default(), name: key }
    }

    /// The layer in words, such as `dense (2048 → 10)`, with its name in backquotes.
    pub fn words(&self) -> String {
        match self.shape[..] {
            [inputs, outputs] => format!("`{}` ({inputs} → {outputs})", self.name),
            _ => format!("`{}` {:?}", self.name, self.shape),
        }
    }
}
