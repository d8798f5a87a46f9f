//! A model's graph with its weights, and where weights come from.

use std::path::Path;
use std::sync::Arc;

use crate::graph::{Graph, GraphError};
use crate::models::{Registry, Row};
use crate::weights::{BindError, BoundWeights, Convention, TensorFile, WeightsFileError, WeightsOrigin};

/// Weights that the binary carries.
#[derive(Clone, Copy)]
pub struct EmbeddedWeights {
    /// The row they are for.
    pub tag: &'static str,
    /// A whole safetensors file.
    pub bytes: &'static [u8],
}

impl std::fmt::Debug for EmbeddedWeights {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EmbeddedWeights({}, {} bytes)", self.tag, self.bytes.len())
    }
}

/// Whether a row can run without a file being given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WeightState {
    /// In the program.
    Embedded,
    /// Only with a file.
    NeedsFile,
}

impl WeightState {
    /// For lists.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::NeedsFile => "needs a file",
        }
    }
}

/// The weights that are here.
#[derive(Clone, Debug, Default)]
pub struct WeightStore {
    embedded: Vec<EmbeddedWeights>,
}

impl WeightStore {
    /// A store of embedded weights.
    pub fn new(embedded: Vec<EmbeddedWeights>) -> Self {
        Self { embedded }
    }

    /// Whether a row's weights are here.
    pub fn state(&self, row: &Row) -> WeightState {
        if self.embedded.iter().any(|e| e.tag == row.tag) {
            WeightState::Embedded
        } else {
            WeightState::NeedsFile
        }
    }

    /// Tags that run without a file, in registry order.
    pub fn tags_here(&self) -> Vec<&'static str> {
        Registry::rows().filter(|row| self.state(row) == WeightState::Embedded).map(|row| row.tag).collect()
    }
}

/// Why a model can't be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No file given and nothing embedded.
    #[error(
        "the weights of {tag} are not here; models that need no file: {}. To use {tag}, get its weights as safetensors ({source_text}) and give them with `--weights FILE.safetensors`",
        if .here.is_empty() { "none".to_owned() } else { .here.join(", ") }
    )]
    NotHere {
        /// The row.
        tag: &'static str,
        /// Where its weights come from.
        source_text: &'static str,
        /// Tags that run at once.
        here: Vec<&'static str>,
    },
    /// The file itself.
    #[error(transparent)]
    File(#[from] WeightsFileError),
    /// The file's tensors.
    #[error(transparent)]
    Bind(#[from] Box<BindError>),
    /// Keras' tensors for a row that is another framework's.
    #[error(
        "this file has Keras' tensor names, but {tag} is not a Keras model: it would run with the wrong border or preprocessing{}: \"{origin}\"",
        .keras.map_or_else(String::new, |tag| format!("; use `--model {tag}`"))
    )]
    OtherFramework {
        /// The row asked for.
        tag: &'static str,
        /// The row that the file is likely for.
        keras: Option<&'static str>,
        /// The file.
        origin: String,
    },
    /// A family file's mistake.
    #[error("the graph of {tag} is malformed: {reason}")]
    Graph {
        /// The row.
        tag: &'static str,
        /// What is wrong.
        reason: GraphError,
    },
}

/// A graph with all its parameters.
#[derive(Debug)]
pub struct Backbone {
    row: &'static Row,
    graph: Arc<Graph>,
    weights: BoundWeights,
    origin: WeightsOrigin,
}

impl Backbone {
    /// Loads a row's weights: from `file` where one is given, else those embedded.
    pub fn load(row: &'static Row, store: &WeightStore, file: Option<&Path>) -> Result<Self, LoadError> {
        let embedded = || store.embedded.iter().find(|e| e.tag == row.tag);
        let tensors = match (file, embedded()) {
            (Some(path), _) => TensorFile::read(path)?,
            (None, Some(e)) => TensorFile::from_bytes(e.bytes, format!("embedded weights of {}", e.tag))?,
            (None, None) => {
                return Err(LoadError::NotHere {
                    tag: row.tag,
                    source_text: row.source,
                    here: store.tags_here(),
                });
            }
        };
        Self::from_tensors(row, tensors)
    }

    /// Binds a file that is in memory to a row.
    pub fn from_tensors(row: &'static Row, file: TensorFile) -> Result<Self, LoadError> {
        if Convention::of(&file) == Convention::Keras && !row.is_keras {
            let keras = Registry::of_arch(row.arch()).find(|r| r.is_keras).map(|r| r.tag);
            return Err(LoadError::OtherFramework { tag: row.tag, keras, origin: file.origin().to_owned() });
        }
        let graph = (row.build)().map_err(|reason| LoadError::Graph { tag: row.tag, reason })?;
        Self::with_graph(row, graph, file)
    }

    /// Binds a file to a graph of one's own that stands for a row: a variant under study.
    pub fn with_graph(row: &'static Row, graph: Graph, file: TensorFile) -> Result<Self, LoadError> {
        let weights = BoundWeights::bind(&graph, row.tag, &file, row.head_prefixes)?;
        Ok(Self { row, graph: Arc::new(graph), weights, origin: file.into_origin() })
    }

    /// Rows whose graph a file fits by names and shapes: more than one where a file doesn't show its variant.
    pub fn rows_for(file: &TensorFile) -> Vec<&'static Row> {
        let is_keras = Convention::of(file) == Convention::Keras;
        Registry::rows()
            .filter(|row| row.is_keras || !is_keras)
            .filter(|row| {
                (row.build)().is_ok_and(|graph| BoundWeights::fits(&graph, file, row.head_prefixes))
            })
            .collect()
    }

    /// The registry's row.
    pub fn row(&self) -> &'static Row {
        self.row
    }

    /// The graph.
    pub fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// Its parameters.
    pub fn weights(&self) -> &BoundWeights {
        &self.weights
    }

    /// Where the weights came from, and their hash.
    pub fn origin(&self) -> &WeightsOrigin {
        &self.origin
    }
}
