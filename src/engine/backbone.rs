//! A model's graph with its weights, and where weights come from.

use std::path::Path;
use std::sync::Arc;

use super::preprocessing::Preprocessing;
use crate::graph::{Graph, GraphError};
use crate::input::ValueChoice;
use crate::models::{ModelSpec, Opened, Registry};
use crate::tensor::{NoRoom, Remedied, Remedy, check_room};
use crate::weights::fetch::{FileRecord, read_record};
use crate::weights::{
    BindError, BoundWeights, ClassNames, ClassNamesError, Convention, Folders, KeptBy, KeptFile, MODEL_KEY,
    OnnxError, OnnxNet, PartChoice, PartError, TensorFile, WeightsFileError, WeightsOrigin,
};

/// Weights that the binary carries.
#[derive(Clone, Copy)]
pub struct EmbeddedWeights {
    /// The model they are for.
    pub tag: &'static str,
    /// A whole safetensors file.
    pub bytes: &'static [u8],
}

impl std::fmt::Debug for EmbeddedWeights {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EmbeddedWeights({}, {} bytes)", self.tag, self.bytes.len())
    }
}

/// Whether a model can run, and what it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WeightState {
    /// In the program.
    Embedded,
    /// On this machine: downloaded, or imported.
    Cached,
    /// Not here; its source is known and can be fetched.
    Downloadable,
    /// Only with a file.
    NeedsFile,
}

impl WeightState {
    /// For lists.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Cached => "cached",
            Self::Downloadable => "available for download",
            Self::NeedsFile => "needs a file",
        }
    }

    /// Whether a model runs at once.
    pub const fn is_here(self) -> bool {
        matches!(self, Self::Embedded | Self::Cached)
    }
}

/// The weights that are here.
#[derive(Clone, Debug, Default)]
pub struct WeightStore {
    embedded: Vec<EmbeddedWeights>,
    folders: Folders,
}

impl WeightStore {
    /// A store of embedded weights, which looks into no folder.
    pub fn new(embedded: Vec<EmbeddedWeights>) -> Self {
        Self { embedded, folders: Folders::default() }
    }

    /// This store with folders in which weights are kept.
    #[must_use]
    pub fn with_folders(mut self, folders: Folders) -> Self {
        self.folders = folders;
        self
    }

    /// Where weights are kept.
    pub fn folders(&self) -> &Folders {
        &self.folders
    }

    /// A model's weights in the program.
    pub fn embedded(&self, spec: &ModelSpec) -> Option<EmbeddedWeights> {
        self.embedded.iter().find(|e| e.tag == spec.tag).copied()
    }

    /// A model's weight file on this machine.
    pub fn kept(&self, spec: &ModelSpec) -> Option<KeptFile> {
        self.folders.find(spec.tag, spec.download())
    }

    /// Whether a model's weights are here.
    pub fn state(&self, spec: &ModelSpec) -> WeightState {
        if self.embedded(spec).is_some() {
            WeightState::Embedded
        } else if spec.opened().is_some() || self.kept(spec).is_some() {
            WeightState::Cached
        } else if spec.download().is_some() {
            WeightState::Downloadable
        } else {
            WeightState::NeedsFile
        }
    }

    /// Tags that run without a file, in registry order.
    pub fn tags_here(&self) -> Vec<&'static str> {
        Registry::specs().filter(|spec| self.state(spec).is_here()).map(|spec| spec.tag).collect()
    }
}

/// Where weights came from, as far as that tells whether they are what their tag says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// The program carries them.
    Carried,
    /// From the model's own source.
    Downloaded,
    /// A person's file: nothing here knows.
    File,
}

/// Why a model can't be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No file given and nothing here.
    #[error(
        "the weights of {tag} are not installed; models that run at once: {}",
        if .here.is_empty() { "none".to_owned() } else { .here.join(", ") }
    )]
    NotHere {
        /// The model.
        tag: &'static str,
        /// Where its weights come from.
        source_text: &'static str,
        /// Whether they can be fetched.
        is_downloadable: bool,
        /// Tags that run at once.
        here: Vec<&'static str>,
    },
    /// The file itself.
    #[error(transparent)]
    File(#[from] WeightsFileError),
    /// The file's tensors.
    #[error(transparent)]
    Bind(#[from] Box<BindError>),
    /// Which of the file's tensors.
    #[error(transparent)]
    Part(#[from] PartError),
    /// Keras' tensors for a model that is another framework's.
    #[error(
        "this file has Keras' tensor names, but {tag} is not a Keras model: it would run with the wrong border or preprocessing: \"{origin}\""
    )]
    OtherFramework {
        /// The model asked for.
        tag: &'static str,
        /// The model that the file is likely for.
        keras: Option<&'static str>,
        /// The file.
        origin: String,
    },
    /// A file that was imported for another model.
    #[error("this file was imported for {made_for}, not for {tag}: \"{origin}\"")]
    OtherModel {
        /// The model asked for.
        tag: &'static str,
        /// The tag in the file.
        made_for: String,
        /// The file.
        origin: String,
    },
    /// An ONNX file.
    #[error(transparent)]
    Onnx(#[from] OnnxError),
    /// A network's own file that isn't the one any more that was opened.
    #[error("the file of {tag} changed since it was opened; open it again: \"{origin}\"")]
    Changed {
        /// The model.
        tag: &'static str,
        /// The file.
        origin: String,
    },
    /// A file whose model does something to a picture that can't be read.
    #[error(
        "the model in this file has {found}, so it isn't known how a picture's samples become its values: \"{origin}\""
    )]
    UnknownValues {
        /// What it has.
        found: String,
        /// The file.
        origin: String,
    },
    /// More memory than the program may have.
    #[error("no memory for the weights of {tag}: {reason}")]
    NoRoom {
        /// The model.
        tag: &'static str,
        /// How much.
        reason: NoRoom,
    },
    /// A family file's mistake.
    #[error("the graph of {tag} is malformed: {reason}")]
    Graph {
        /// The model.
        tag: &'static str,
        /// What is wrong.
        reason: GraphError,
    },
    /// Fractions for a network that takes samples as they are.
    #[error(
        "{tag} takes samples as they are, from 0 to 255 (its input is UINT8), and `{asked}` makes other values of them"
    )]
    TakesBytes {
        /// The network.
        tag: &'static str,
        /// What was asked for.
        asked: String,
    },
}

impl Remedied for LoadError {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            // Which weights are meant is never guessed: what is at hand instead is named.
            Self::NotHere { tag, source_text, is_downloadable, here } => Some(Remedy::GetWeights {
                tag,
                source_text,
                is_downloadable: *is_downloadable,
                instead: same_architecture(tag, here),
            }),
            Self::OtherFramework { keras, .. } => {
                Some(Remedy::NameModel { fitting: keras.iter().map(|tag| (*tag).to_owned()).collect() })
            }
            Self::OtherModel { made_for, .. } => Some(Remedy::NameModel { fitting: vec![made_for.clone()] }),
            Self::TakesBytes { .. } => Some(Remedy::PassBytes),
            Self::Part(error) => error.remedy(),
            Self::Onnx(error) => error.remedy(),
            Self::File(error) => error.remedy(),
            Self::Bind(error) => error.remedy(),
            Self::NoRoom { .. } => Some(Remedy::GiveMemory),
            Self::UnknownValues { .. } => Some(Remedy::StatePreprocessing),
            // What to do about a changed file stands in the message; a malformed graph is our own mistake.
            Self::Changed { .. } | Self::Graph { .. } => None,
        }
    }
}

/// Of the tags that run at once, one of a model's own architecture: its shortest name and its tag; none where that runs itself.
pub fn same_architecture(tag: &str, here: &[&'static str]) -> Option<(&'static str, &'static str)> {
    let arch = |tag: &str| tag.split('.').next().map(str::to_owned);
    let tag = here.iter().find(|other| arch(other) == arch(tag))?;
    let spec = Registry::find(tag).ok()?;
    Some((spec.bare_names.first().copied().unwrap_or(spec.tag), spec.tag))
}

/// A model that a file fits.
#[derive(Clone, Debug)]
pub struct Fitting {
    /// The model.
    pub spec: &'static ModelSpec,
    /// Beginnings of names under which its network lies; more than one where a person must say which is meant.
    pub prefixes: Vec<String>,
    /// Whether the file holds the opposite weights too: EMA where these are none.
    pub has_other_average: bool,
}

impl Fitting {
    /// For lists: the model and where it lies.
    pub fn words(&self) -> String {
        let under: Vec<String> = self
            .prefixes
            .iter()
            .filter(|prefix| !prefix.is_empty())
            .map(|prefix| format!("`{prefix}`"))
            .collect();
        let tag = self.spec.tag;
        if under.is_empty() { tag.to_owned() } else { format!("{tag} under {}", under.join(" and ")) }
    }
}

/// The model that a file is likest to.
#[derive(Debug)]
pub struct Closest {
    /// What keeps the file from fitting.
    pub misfit: Box<BindError>,
    /// Tags to which it is equally close, the one of `misfit` among them.
    pub alike: Vec<&'static str>,
}

/// A graph with all its parameters.
#[derive(Debug)]
pub struct Backbone {
    spec: &'static ModelSpec,
    graph: Arc<Graph>,
    weights: BoundWeights,
    origin: WeightsOrigin,
    provenance: Provenance,
    notes: Vec<String>,
    has_other_average: bool,
    preprocessing: Preprocessing,
}

impl Backbone {
    /// Loads a model's weights: from `file` where one is given, else those that are here.
    pub fn load(
        spec: &'static ModelSpec,
        store: &WeightStore,
        file: Option<&Path>,
    ) -> Result<Self, LoadError> {
        let all = PartChoice::default();
        Self::load_part(spec, store, file.map(|path| (path, &all)))
    }

    /// Loads a model's weights, from a file of which a part is meant where one is given.
    pub fn load_part(
        spec: &'static ModelSpec,
        store: &WeightStore,
        file: Option<(&Path, &PartChoice)>,
    ) -> Result<Self, LoadError> {
        if let Some(opened) = spec.opened() {
            return Self::from_opened(spec, opened);
        }
        if let Some((path, choice)) = file {
            return Self::from_tensors(spec, TensorFile::read_part(path, choice)?);
        }
        if let Some(e) = store.embedded(spec) {
            let tensors = TensorFile::from_bytes(e.bytes, format!("embedded weights of {}", e.tag))?;
            return Self::from_tensors(spec, tensors);
        }
        let Some(KeptFile { path, kept }) = store.kept(spec) else {
            return Err(LoadError::NotHere {
                tag: spec.tag,
                source_text: spec.source,
                is_downloadable: spec.download().is_some(),
                here: store.tags_here(),
            });
        };
        let mut backbone = Self::from_tensors(spec, TensorFile::read(&path)?)?;
        if kept == KeptBy::Downloaded {
            backbone.provenance = Provenance::Downloaded;
        }
        // What was written beside a kept file vouches for it as well as its own metadata, which older ones have less of.
        let is_as_kept = |record: &FileRecord| record.sha256.eq_ignore_ascii_case(backbone.origin.sha256());
        if kept == KeptBy::Imported && read_record(&path).as_ref().is_some_and(is_as_kept) {
            backbone.origin.believe_source();
        }
        Ok(backbone)
    }

    /// A network that came with a file of its own, which is read again: models keep no weights.
    fn from_opened(spec: &'static ModelSpec, opened: &Opened) -> Result<Self, LoadError> {
        let net = OnnxNet::read_up_to(&opened.path, opened.final_asked.as_deref())?;
        if net.tensors.sha256() != opened.sha256 {
            return Err(LoadError::Changed { tag: spec.tag, origin: net.tensors.origin().to_owned() });
        }
        Self::with_graph(spec, net.graph, net.tensors)
    }

    /// Binds a file that is in memory to a model.
    pub fn from_tensors(spec: &'static ModelSpec, file: TensorFile) -> Result<Self, LoadError> {
        if let Some(made_for) = file.metadata(MODEL_KEY).filter(|tag| *tag != spec.tag) {
            let (made_for, origin) = (made_for.to_owned(), file.origin().to_owned());
            return Err(LoadError::OtherModel { tag: spec.tag, made_for, origin });
        }
        if Convention::of(&file) == Convention::Keras && !spec.is_keras {
            // One that it fits, else the one of that name, whose differences are told then.
            let fitting = Self::specs_for(&file).into_iter().find(|r| r.is_keras);
            let alike = || Registry::of_arch(spec.arch()).find(|r| r.is_keras);
            let keras = fitting.or_else(alike).map(|r| r.tag);
            return Err(LoadError::OtherFramework { tag: spec.tag, keras, origin: file.origin().to_owned() });
        }
        let graph = spec.graph().map_err(|reason| LoadError::Graph { tag: spec.tag, reason })?;
        let part = file.part_for(&graph, spec.tag, spec.head_prefixes)?;
        // Bytes that nothing was bound to go only if nobody else has them.
        drop(file);
        Self::with_graph(spec, graph, part)
    }

    /// Binds a file to a graph of one's own that stands for a model: a variant under study.
    pub fn with_graph(spec: &'static ModelSpec, graph: Graph, file: TensorFile) -> Result<Self, LoadError> {
        // Each tensor is looked at as f32, by each thread another.
        let largest = file.largest_tensor() * 2 * size_of::<f32>() * rayon::current_num_threads().min(4);
        check_room(largest as u64).map_err(|reason| LoadError::NoRoom { tag: spec.tag, reason })?;
        let mut weights = BoundWeights::bind(&graph, spec.tag, &file, spec.head_prefixes)?;
        let (notes, has_other_average) = (file.notes().to_vec(), file.part().has_other_average());
        let preprocessing = Preprocessing::of(spec, &file, &weights);
        let origin = file.into_origin();
        weights.let_go_of_the_rest();
        let provenance = if origin.is_carried() { Provenance::Carried } else { Provenance::File };
        let graph = Arc::new(graph);
        Ok(Self { spec, graph, weights, origin, provenance, notes, has_other_average, preprocessing })
    }

    /// Rows whose graph a file fits by names and shapes: more than one where a file doesn't show its variant, one where it says
    /// what it was imported for.
    pub fn specs_for(file: &TensorFile) -> Vec<&'static ModelSpec> {
        Self::fits(file).into_iter().map(|fit| fit.spec).collect()
    }

    /// The models that a file fits, each with where in the file its network lies.
    pub fn fits(file: &TensorFile) -> Vec<Fitting> {
        Self::specs_of_kind(file)
            .filter_map(|spec| {
                let graph = spec.graph().ok()?;
                let (prefixes, has_other_average) = match file.part_for(&graph, spec.tag, spec.head_prefixes)
                {
                    Ok(part) if BoundWeights::fits(&graph, &part, spec.head_prefixes) => {
                        (vec![part.part().prefix().to_owned()], part.part().has_other_average())
                    }
                    Err(PartError::Several { prefixes, .. }) => (prefixes, file.holds_both_averages()),
                    _ => return None,
                };
                Some(Fitting { spec, prefixes, has_other_average })
            })
            .collect()
    }

    /// Of a file that fits no model, the model that it is likest to, and what differs. Nothing if it is like none.
    pub fn closest(file: &TensorFile) -> Option<Closest> {
        let mut best: Option<Closest> = None;
        for spec in Self::specs_of_kind(file) {
            let Ok(graph) = spec.graph() else { continue };
            let Ok(part) = file.part_for(&graph, spec.tag, spec.head_prefixes) else { continue };
            let Some(misfit) = BoundWeights::misfit(&graph, spec.tag, &part, spec.head_prefixes) else {
                continue;
            };
            let score = |misfit: &BindError| {
                misfit.num_fitting() as f64 / (misfit.num_needed + misfit.surplus.len()).max(1) as f64
            };
            // Half of a network is no likeness: names such as `conv1.weight` are common.
            if misfit.num_fitting() * 2 < misfit.num_needed {
                continue;
            }
            match &mut best {
                Some(best) if score(&best.misfit) > score(&misfit) => {}
                Some(best) if (score(&best.misfit) - score(&misfit)).abs() < f64::EPSILON => {
                    best.alike.push(spec.tag);
                }
                _ => best = Some(Closest { misfit, alike: vec![spec.tag] }),
            }
        }
        best
    }

    /// Rows of the framework whose names a file has, and only the one that it was imported for.
    fn specs_of_kind(file: &TensorFile) -> impl Iterator<Item = &'static ModelSpec> {
        let is_keras = Convention::of(file) == Convention::Keras;
        Registry::specs()
            .filter(move |spec| spec.is_keras || !is_keras)
            .filter(|spec| file.metadata(MODEL_KEY).is_none_or(|tag| tag == spec.tag))
    }

    /// What a person should know of the file: what was unwrapped, cut off and left in it, in words.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Whether the file holds the opposite weights too: averaged ones (EMA) where these are none, or the other way round.
    pub fn has_other_average(&self) -> bool {
        self.has_other_average
    }

    /// Names the classes of its classifier.
    pub fn name_classes(&mut self, names: &ClassNames) -> Result<(), ClassNamesError> {
        let reason = self.why_no_classes().map(str::to_owned);
        let no_classes = ClassNamesError::NoClasses { model: self.spec.tag.to_owned(), reason };
        self.weights.head_mut().ok_or(no_classes)?.set_names(names)
    }

    /// Why a Keras file's head gives no classes.
    pub fn why_no_classes(&self) -> Option<&str> {
        self.weights.keras()?.no_classes.as_deref()
    }

    /// Where the weights came from, as far as that tells what they are.
    pub fn provenance(&self) -> Provenance {
        self.provenance
    }

    /// What the weights ask of a picture.
    pub fn preprocessing(&self) -> &Preprocessing {
        &self.preprocessing
    }

    /// Whether it is known how samples become values, or a person said it.
    pub fn check_values(&self, values: ValueChoice) -> Result<(), LoadError> {
        if let ValueChoice::Named { scale, .. } = values
            && !self.spec.takes(&scale)
        {
            return Err(LoadError::TakesBytes { tag: self.spec.tag, asked: values.to_string() });
        }
        match self.preprocessing.obstacle(values) {
            None => Ok(()),
            Some(found) => Err(LoadError::UnknownValues {
                found: found.to_owned(),
                origin: self.origin.name().to_owned(),
            }),
        }
    }

    /// The registry's model.
    pub fn spec(&self) -> &'static ModelSpec {
        self.spec
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
