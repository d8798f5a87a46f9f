//! What a Keras file holds beside a network: where the network lies in it, and the layers of its head.
//!
//! Owns how these are told to people and how a head is found. Must not know how a network runs.

use super::head::{Head, HeadPlan};
use super::keras::{Flat, FlatNode, KerasConfig, StoredLayer};
use super::locate::Whereabouts;
use super::tensor_file::TensorFile;
use crate::graph::Graph;

/// The part of a Keras file that a network is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KerasPart {
    /// The model in the file that its layers lie in, outermost first with slashes between; empty where they lie at the top.
    pub model: String,
    /// Whether the file has no names of its layers, so that they were taken in Keras' order of their classes. Such a file says nothing
    /// of what its model does with a picture's values either.
    pub is_nameless: bool,
    /// Layers that belong to no network, in the file's order.
    pub head: Vec<HeadLayer>,
    /// Why the head gives no classes, where there is one that doesn't.
    pub no_classes: Option<String>,
    /// How the head is put together, where it is understood.
    pub(super) plan: Option<HeadPlan>,
}

/// A layer of a head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadLayer {
    /// Its name, with the models that it lies in.
    pub name: String,
    /// The shape of its kernel, or of its first tensor.
    pub shape: Vec<usize>,
}

impl KerasPart {
    /// Looks at what binding left over; gives the classifier where it is understood.
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
        // The application's own without a configuration: its layers bear known names.
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
        // A pool without weights shows by its group or its entry in the list.
        let has = |class: &str| store.is_some_and(|store| store.has_class(class));
        let is_mean = has("global_average_pooling2d") && !has("global_max_pooling2d") && !has("flatten");
        let is_linear = only.shape.len() == 2 && only.shape[0] == graph.channels(graph.final_node());
        if is_mean && is_linear {
            Ok(HeadPlan::one_layer(&only.name))
        } else {
            Err("the file doesn't say what its head takes of the last layer".to_owned())
        }
    }

    /// The layers of the head in words; nothing where the file is the network alone.
    pub fn if_more(&self) -> Option<Vec<String>> {
        let is_part = !self.model.is_empty() || !self.head.is_empty();
        is_part.then(|| self.head.iter().map(HeadLayer::words).collect())
    }

    /// What a person should know, in sentences; empty where the file is the network alone.
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
            // Whose other convolutions are, if they have no place in a head that was read, nobody knows.
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

    /// `dense (2048 → 10)`.
    pub fn words(&self) -> String {
        match self.shape[..] {
            [inputs, outputs] => format!("`{}` ({inputs} → {outputs})", self.name),
            _ => format!("`{}` {:?}", self.name, self.shape),
        }
    }
}
