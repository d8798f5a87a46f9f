//! Networks that were opened from a file of their own: their model specs and graphs, kept as long as the program runs.
//!
//! Model specs are used by reference everywhere, so one that is created while the program runs is never freed. Opening the same
//! file again returns the same one.
//!
//! This module owns the list of opened networks. It doesn't know file formats.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::spec::{ModelSpec, Verification};
use crate::graph::{Graph, GraphError};
use crate::tensor::{PreprocessSpec, ValueScale};

/// A network that was opened from a file.
#[derive(Debug)]
pub struct Opened {
    spec: ModelSpec,
    graph: Graph,
    /// Path of the file.
    pub path: PathBuf,
    /// SHA-256 of the whole file, in lower-case hexadecimal.
    pub sha256: String,
    /// Whether it is known how samples become the network's values. If not, the user must say.
    pub knows_values: bool,
    /// Whether the network takes samples unchanged, from 0 to 255, as its input's type says.
    pub takes_bytes: bool,
    /// The final layer that the user chose; `None` if it is the one that the file itself gives.
    pub final_asked: Option<String>,
    /// Name of the final layer.
    pub final_layer: String,
    /// Why this layer is the final one, as a sentence about the network; `None` if it is simply the file's own end.
    pub why_final: Option<String>,
    /// Whether the file continues with something that isn't understood.
    pub is_cut: bool,
    /// Layers that are sensible choices for the final layer, in order.
    pub final_choices: Vec<String>,
}

/// What is known about a network from its file.
#[derive(Debug)]
pub struct OpenedAs {
    /// The file's name, possibly extended to distinguish it from the same network with another value mapping.
    pub name: String,
    /// What the network is, in one plain line.
    pub title: String,
    /// What the file says about its input, in words.
    pub variant: String,
    /// The preprocessing that the network expects.
    pub preprocess: PreprocessSpec,
    /// Whether it is known how samples become the network's values.
    pub knows_values: bool,
    /// See [`Opened::takes_bytes`].
    pub takes_bytes: bool,
    /// See [`Opened::final_asked`].
    pub final_asked: Option<String>,
    /// See [`Opened::final_layer`].
    pub final_layer: String,
    /// See [`Opened::why_final`].
    pub why_final: Option<String>,
    /// A note in words, if the file computes with fewer than 32 bits.
    pub half: Option<String>,
    /// See [`Opened::is_cut`].
    pub is_cut: bool,
    /// See [`Opened::final_choices`].
    pub final_choices: Vec<String>,
    /// Prefixes of the names of a classifier's tensors.
    pub head_prefixes: &'static [&'static str],
}

static OPENED: Mutex<Vec<&'static Opened>> = Mutex::new(Vec::new());

impl Opened {
    /// The model spec of a file's network: the existing one if it was opened before, otherwise a new one.
    pub fn row_of(path: &Path, sha256: &str, graph: Graph, known: OpenedAs) -> &'static ModelSpec {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let mut all = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |o: &&&Opened| {
            o.path == path
                && o.sha256 == sha256
                && o.spec.tag.starts_with(&known.name)
                && o.spec.title == known.title
                && o.final_asked == known.final_asked
        };
        if let Some(opened) = all.iter().find(is_same) {
            return &opened.spec;
        }
        // Different files of the same name get different tags, made from their hashes.
        let is_taken = |tag: &str| all.iter().any(|o| o.spec.tag == tag);
        let mut tag = known.name.clone();
        if is_taken(&tag) {
            tag = format!("{tag}@{}", sha256.get(..8).unwrap_or(sha256));
        }
        let plain = tag.clone();
        let mut number = 2;
        while is_taken(&tag) {
            tag = format!("{plain}-{number}");
            number += 1;
        }
        let kept = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
        let spec = ModelSpec {
            tag: kept(tag),
            title: kept(known.title),
            bare_names: &[],
            build: || Err(GraphError::NoStage),
            variant: kept(known.variant),
            preprocess: known.preprocess,
            head_prefixes: known.head_prefixes,
            is_keras: false,
            license: "not known: ask who made the file",
            source: "a file of one's own",
            file: None,
            verification: Verification::Table,
            caution: match (known.why_final.clone(), known.half) {
                (Some(why), Some(half)) => kept(format!("{why}; {half}")),
                (Some(one), None) | (None, Some(one)) => kept(one),
                (None, None) => "",
            },
        };
        let opened = Opened {
            spec,
            graph,
            path,
            sha256: sha256.to_owned(),
            knows_values: known.knows_values,
            takes_bytes: known.takes_bytes,
            final_asked: known.final_asked,
            final_layer: known.final_layer,
            why_final: known.why_final,
            is_cut: known.is_cut,
            final_choices: known.final_choices,
        };
        let opened: &'static Opened = Box::leak(Box::new(opened));
        all.push(opened);
        &opened.spec
    }

    pub(super) fn find(tag: &str) -> Option<&'static Self> {
        let all = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().copied().find(|opened| opened.spec.tag == tag)
    }

    pub(super) fn all() -> Vec<&'static Self> {
        OPENED.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn spec(&'static self) -> &'static ModelSpec {
        &self.spec
    }
}

impl ModelSpec {
    /// The file that the network was opened from, if it came with a file of its own.
    pub fn opened(&self) -> Option<&'static Opened> {
        Opened::find(self.tag)
    }

    /// Whether the model can take values of this scale. A network that takes samples unchanged can take no other values.
    pub fn takes(&self, scale: &ValueScale) -> bool {
        let is_raw = scale.divisor == 1.0 && scale.mean == [0.0; 3] && scale.std == [1.0; 3];
        is_raw || self.opened().is_none_or(|opened| !opened.takes_bytes)
    }

    /// The model's graph, variant included.
    pub fn graph(&self) -> Result<Graph, GraphError> {
        self.opened().map_or_else(self.build, |opened| Ok(opened.graph.clone()))
    }
}
