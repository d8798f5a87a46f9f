//! Networks that came with a file of their own: models and graphs, kept as long as the program runs.
//!
//! A model is known by reference everywhere, so one that is made while the program runs is never given back; opening the same file
//! again gives the same one.
//!
//! Owns which are open. Must not know file formats.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::spec::{ModelSpec, Verification};
use crate::graph::{Graph, GraphError};
use crate::tensor::{PreprocessSpec, ValueScale};

/// A network's file.
#[derive(Debug)]
pub struct Opened {
    spec: ModelSpec,
    graph: Graph,
    /// Where it lies.
    pub path: PathBuf,
    /// Of the whole file, lower-case hexadecimal.
    pub sha256: String,
    /// Whether it is known how samples become the network's values; if not, a person must say.
    pub knows_values: bool,
    /// Whether it takes samples as they are, from 0 to 255, as its input's type says.
    pub takes_bytes: bool,
    /// The layer that a person chose as the last; nothing where it is what the file itself gives.
    pub final_asked: Option<String>,
    /// The last layer.
    pub final_layer: String,
    /// Why that is the last, in a sentence about the network, where it isn't simply the file's own end.
    pub why_final: Option<String>,
    /// Whether the file goes on in a way that isn't understood.
    pub is_cut: bool,
    /// Layers that suggest themselves as the last, in order.
    pub final_choices: Vec<String>,
}

/// What is known of a network from its file.
#[derive(Debug)]
pub struct OpenedAs {
    /// The file's name, or that with what tells it from the same network with other values.
    pub name: String,
    /// In one plain line.
    pub title: String,
    /// What decides the input.
    pub variant: String,
    /// What it needs of a picture.
    pub preprocess: PreprocessSpec,
    /// Whether its values are known.
    pub knows_values: bool,
    /// As [`Opened::takes_bytes`].
    pub takes_bytes: bool,
    /// As [`Opened::final_asked`].
    pub final_asked: Option<String>,
    /// As [`Opened::final_layer`].
    pub final_layer: String,
    /// As [`Opened::why_final`].
    pub why_final: Option<String>,
    /// Where the file computes in fewer than 32 bits, in words.
    pub half: Option<String>,
    /// As [`Opened::is_cut`].
    pub is_cut: bool,
    /// As [`Opened::final_choices`].
    pub final_choices: Vec<String>,
    /// Beginnings of names of a classifier's tensors.
    pub head_prefixes: &'static [&'static str],
}

static OPENED: Mutex<Vec<&'static Opened>> = Mutex::new(Vec::new());

impl Opened {
    /// The model of a file's network: the one there is, or a new one.
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
        // Two files of one name are told apart by what is in them.
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
    /// The file that the network came with, where it came with one.
    pub fn opened(&self) -> Option<&'static Opened> {
        Opened::find(self.tag)
    }

    /// Whether it can take values of this scale: one that takes samples as they are takes no fractions.
    pub fn takes(&self, scale: &ValueScale) -> bool {
        let is_raw = scale.divisor == 1.0 && scale.mean == [0.0; 3] && scale.std == [1.0; 3];
        is_raw || self.opened().is_none_or(|opened| !opened.takes_bytes)
    }

    /// Its graph, variant included.
    pub fn graph(&self) -> Result<Graph, GraphError> {
        self.opened().map_or_else(self.build, |opened| Ok(opened.graph.clone()))
    }
}
