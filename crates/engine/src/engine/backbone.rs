//! A model's graph together with its weights, and where the weights come from.

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

/// Weights that are embedded in the binary.
#[derive(Clone, Copy)]
pub struct EmbeddedWeights {
    /// Tag of the model that they belong to.
    pub tag: &'static str,
    /// A whole safetensors file.
    pub bytes: &'static [u8],
}

impl std::fmt::Debug for EmbeddedWeights {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EmbeddedWeights({}, {} bytes)", self.tag, self.bytes.len())
    }
}

/// Whether a model can run, and what is missing if it can't.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WeightState {
    /// Embedded in the program.
    Embedded,
    /// On this machine: downloaded or imported.
    Cached,
    /// Not on this machine, but the source is known and can be downloaded.
    Downloadable,
    /// Not on this machine, and only a file given by the user can provide them.
    NeedsFile,
}

impl WeightState {
    /// A few words for lists of models.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Cached => "cached",
            Self::Downloadable => "available for download",
            Self::NeedsFile => "needs a file",
        }
    }

    /// Whether the weights are on this machine, so that the model can run at once.
    pub const fn is_here(self) -> bool {
        matches!(self, Self::Embedded | Self::Cached)
    }
}

/// All weights on this machine: those in the program and those in folders.
#[derive(Clone, Debug, Default)]
pub struct WeightStore {
    embedded: Vec<EmbeddedWeights>,
    folders: Folders,
}

impl WeightStore {
    /// A store of embedded weights that searches no folders.
    pub fn new(embedded: Vec<EmbeddedWeights>) -> Self {
        Self { embedded, folders: Folders::default() }
    }

    /// This store with folders in which weights are kept.
    #[must_use]
    pub fn with_folders(mut self, folders: Folders) -> Self {
        self.folders = folders;
        self
    }

    /// The folders in which weights are kept.
    pub fn folders(&self) -> &Folders {
        &self.folders
    }

    /// The model's weights that are embedded in the program, if there are any.
    pub fn embedded(&self, spec: &ModelSpec) -> Option<EmbeddedWeights> {
        self.embedded.iter().find(|e| e.tag == spec.tag).copied()
    }

    /// Whether a file is a copy of a model's embedded weights.
    ///
    /// # Errors
    /// It is a copy of another model's: such a file says nothing of its model, and fits others with another border or preprocessing.
    pub fn is_copy(&self, spec: &ModelSpec, file: &TensorFile) -> Result<bool, LoadError> {
        match self.embedded.iter().find(|e| file.is_copy_of(e.bytes)) {
            Some(e) if e.tag != spec.tag => {
                let (made_for, origin) = (e.tag.to_owned(), file.origin().to_owned());
                Err(LoadError::OtherModel { tag: spec.tag, made_for, origin })
            }
            found => Ok(found.is_some()),
        }
    }

    /// The model's weight file in the store's folders, if there is one.
    pub fn kept(&self, spec: &ModelSpec) -> Option<KeptFile> {
        self.folders.find(spec.tag, spec.download())
    }

    /// Whether the model's weights are on this machine, and if not, whether they can be downloaded.
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

    /// Tags of the models that run without a further file, in registry order.
    pub fn tags_here(&self) -> Vec<&'static str> {
        Registry::specs().filter(|spec| self.state(spec).is_here()).map(|spec| spec.tag).collect()
    }
}

/// Where weights came from. It tells how far one can trust that they are what their tag says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// Embedded in the program.
    Carried,
    /// Downloaded from the model's own source.
    Downloaded,
    /// From a file of the user's: nothing is known about its contents.
    File,
}

/// Why a model can't be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// No file was given, and the weights are not on this machine.
    #[error(
        "the weights of {tag} are not installed; models that run at once: {}",
        if .here.is_empty() { "none".to_owned() } else { .here.join(", ") }
    )]
    NotHere {
        /// Tag of the model.
        tag: &'static str,
        /// Where its weights come from.
        source_text: &'static str,
        /// Whether they can be downloaded.
        is_downloadable: bool,
        /// Tags of models that can run at once.
        here: Vec<&'static str>,
    },
    /// The file can't be read.
    #[error(transparent)]
    File(#[from] WeightsFileError),
    /// The file's tensors don't fit the model.
    #[error(transparent)]
    Bind(#[from] Box<BindError>),
    /// It isn't clear which part of the file is meant, or the part isn't there.
    #[error(transparent)]
    Part(#[from] PartError),
    /// A file with Keras' tensor names for a model that comes from another framework.
    #[error(
        "this file has Keras' tensor names, but {tag} is not a Keras model: it would run with the wrong border or preprocessing: \"{origin}\""
    )]
    OtherFramework {
        /// Tag of the model that was asked for.
        tag: &'static str,
        /// Tag of the model that the file is probably for.
        keras: Option<&'static str>,
        /// Name of the file.
        origin: String,
    },
    /// A file that was imported for another model, or a copy of weights that the program carries for another model.
    #[error("this file holds the weights of {made_for}, not of {tag}: \"{origin}\"")]
    OtherModel {
        /// Tag of the model that was asked for.
        tag: &'static str,
        /// The tag in the file's metadata.
        made_for: String,
        /// Name of the file.
        origin: String,
    },
    /// An ONNX file can't be used.
    #[error(transparent)]
    Onnx(#[from] OnnxError),
    /// The file of an opened network changed after it was opened.
    #[error("the file of {tag} changed since it was opened; open it again: \"{origin}\"")]
    Changed {
        /// Tag of the model.
        tag: &'static str,
        /// Name of the file.
        origin: String,
    },
    /// The file's model preprocesses pictures in a way that can't be read.
    #[error(
        "the model in this file has {found}, so it isn't known how a picture's samples become its values: \"{origin}\""
    )]
    UnknownValues {
        /// What was found in the model.
        found: String,
        /// Name of the file.
        origin: String,
    },
    /// The weights need more memory than the program may use.
    #[error("no memory for the weights of {tag}: {reason}")]
    NoRoom {
        /// Tag of the model.
        tag: &'static str,
        /// How much is needed and available.
        reason: NoRoom,
    },
    /// A mistake in the file that builds the model's graph.
    #[error("the graph of {tag} is malformed: {reason}")]
    Graph {
        /// Tag of the model.
        tag: &'static str,
        /// What is wrong.
        reason: GraphError,
    },
    /// A value mapping was named for a network that takes samples unchanged.
    #[error(
        "{tag} takes samples as they are, from 0 to 255 (its input is UINT8), and `{asked}` makes other values of them"
    )]
    TakesBytes {
        /// Tag of the network.
        tag: &'static str,
        /// The mapping that was asked for.
        asked: String,
    },
}

impl Remedied for LoadError {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            // The weights that are meant are never guessed; the remedy names others that are available.
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
            // For a changed file, the message itself says what to do; a malformed graph is a bug of this program.
            Self::Changed { .. } | Self::Graph { .. } => None,
        }
    }
}

/// Finds a model that runs at once and has the same architecture as `tag`: its first bare name (its tag if it has none), and its
/// tag. `here` lists the tags that run at once.
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
    /// Name prefixes under which its network is found in the file. If there is more than one, the user must say which is meant.
    pub prefixes: Vec<String>,
    /// Whether the file also holds the other kind of weights: averaged ones (EMA) if these are not averaged, or the other way
    /// round.
    pub has_other_average: bool,
}

impl Fitting {
    /// Words for lists: the model's tag and the prefixes.
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

/// The model that a file resembles most.
#[derive(Debug)]
pub struct Closest {
    /// What differs between the file and the model.
    pub misfit: Box<BindError>,
    /// Tags of all models that the file resembles equally, including the model of `misfit`.
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
    /// Loads a model's weights from `file`, or from this machine if no file is given.
    pub fn load(
        spec: &'static ModelSpec,
        store: &WeightStore,
        file: Option<&Path>,
    ) -> Result<Self, LoadError> {
        let all = PartChoice::default();
        Self::load_part(spec, store, file.map(|path| (path, &all)))
    }

    /// Loads a model's weights. `file` is a path and which part of that file is meant; without it, weights on this machine are
    /// used.
    pub fn load_part(
        spec: &'static ModelSpec,
        store: &WeightStore,
        file: Option<(&Path, &PartChoice)>,
    ) -> Result<Self, LoadError> {
        if let Some(opened) = spec.opened() {
            return Self::from_opened(spec, opened);
        }
        if let Some((path, choice)) = file {
            return Self::from_file(spec, store, TensorFile::read_part(path, choice)?);
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
        // A record next to a kept file confirms the source as well as the file's own metadata does; older files have less
        // metadata.
        let is_as_kept = |record: &FileRecord| record.sha256.eq_ignore_ascii_case(backbone.origin.sha256());
        if kept == KeptBy::Imported && read_record(&path).as_ref().is_some_and(is_as_kept) {
            backbone.origin.believe_source();
        }
        Ok(backbone)
    }

    /// Loads a network that was opened from a file of its own. The file is read again, because a model spec keeps no weights.
    fn from_opened(spec: &'static ModelSpec, opened: &Opened) -> Result<Self, LoadError> {
        let net = OnnxNet::read_up_to(&opened.path, opened.final_asked.as_deref())?;
        if net.tensors.sha256() != opened.sha256 {
            return Err(LoadError::Changed { tag: spec.tag, origin: net.tensors.origin().to_owned() });
        }
        Self::with_graph(spec, net.graph, net.tensors)
    }

    /// Binds a user's file to a model. A copy of weights that the program carries is known as such.
    ///
    /// # Errors
    /// A file that doesn't fit the model, or that is a copy of another's carried weights.
    pub fn from_file(
        spec: &'static ModelSpec,
        store: &WeightStore,
        file: TensorFile,
    ) -> Result<Self, LoadError> {
        let is_copy = store.is_copy(spec, &file)?;
        let mut backbone = Self::from_tensors(spec, file)?;
        if is_copy {
            backbone.provenance = Provenance::Carried;
        }
        Ok(backbone)
    }

    /// Binds a file that is in memory to a model.
    pub fn from_tensors(spec: &'static ModelSpec, file: TensorFile) -> Result<Self, LoadError> {
        if let Some(made_for) = file.metadata(MODEL_KEY).filter(|tag| *tag != spec.tag) {
            let (made_for, origin) = (made_for.to_owned(), file.origin().to_owned());
            return Err(LoadError::OtherModel { tag: spec.tag, made_for, origin });
        }
        if Convention::of(&file) == Convention::Keras && !spec.is_keras {
            // A Keras model that the file fits; otherwise the Keras model of the same architecture, which the error then
            // suggests.
            let fitting = Self::specs_for(&file).into_iter().find(|r| r.is_keras);
            let alike = || Registry::of_arch(spec.arch()).find(|r| r.is_keras);
            let keras = fitting.or_else(alike).map(|r| r.tag);
            return Err(LoadError::OtherFramework { tag: spec.tag, keras, origin: file.origin().to_owned() });
        }
        let graph = spec.graph().map_err(|reason| LoadError::Graph { tag: spec.tag, reason })?;
        let part = file.part_for(&graph, spec.tag, spec.head_prefixes)?;
        // The bytes of unbound tensors can be freed later only if nobody else holds them.
        drop(file);
        Self::with_graph(spec, graph, part)
    }

    /// Binds a file to a given graph under the name of `spec`, for example a variant of the model that is being studied.
    pub fn with_graph(spec: &'static ModelSpec, graph: Graph, file: TensorFile) -> Result<Self, LoadError> {
        // Each tensor is checked as f32, and several threads do so at once.
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

    /// All model specs whose graph a file fits by names and shapes. There are several if the file doesn't show which variant it
    /// is, and only one if the file says which model it was imported for.
    pub fn specs_for(file: &TensorFile) -> Vec<&'static ModelSpec> {
        Self::fits(file).into_iter().map(|fit| fit.spec).collect()
    }

    /// All models that a file fits, each with the place of its network in the file.
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

    /// For a file that fits no model: the model that it resembles most, and what differs. `None` if it resembles none.
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
            // Less than half of a network counts as no resemblance, because names such as `conv1.weight` are common.
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

    /// The model specs that may fit a file: only Keras' specs if it has Keras' tensor names, and only the one that it was
    /// imported for if it says so.
    fn specs_of_kind(file: &TensorFile) -> impl Iterator<Item = &'static ModelSpec> {
        let is_keras = Convention::of(file) == Convention::Keras;
        Registry::specs()
            .filter(move |spec| spec.is_keras || !is_keras)
            .filter(|spec| file.metadata(MODEL_KEY).is_none_or(|tag| tag == spec.tag))
    }

    /// Notes on the file for the user, in words: what was unwrapped, cut off or ignored.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Whether the file also holds the other kind of weights: averaged ones (EMA) if these are not averaged, or the other way
    /// round.
    pub fn has_other_average(&self) -> bool {
        self.has_other_average
    }

    /// Sets the class names of the classifier. Fails if there is no classifier or the names don't fit it.
    pub fn name_classes(&mut self, names: &ClassNames) -> Result<(), ClassNamesError> {
        let reason = self.why_no_classes().map(str::to_owned);
        let no_classes = ClassNamesError::NoClasses { model: self.spec.tag.to_owned(), reason };
        self.weights.head_mut().ok_or(no_classes)?.set_names(names)
    }

    /// Why the head of a Keras file gives no classes; `None` if it does or if the file isn't a Keras file.
    pub fn why_no_classes(&self) -> Option<&str> {
        self.weights.keras()?.no_classes.as_deref()
    }

    /// Where the weights came from.
    pub fn provenance(&self) -> Provenance {
        self.provenance
    }

    /// The preprocessing that the weights expect.
    pub fn preprocessing(&self) -> &Preprocessing {
        &self.preprocessing
    }

    /// Checks that it is known how samples become input values: from the model or its file, or because the user named the
    /// mapping.
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

    /// The model spec in the registry.
    pub fn spec(&self) -> &'static ModelSpec {
        self.spec
    }

    /// The graph.
    pub fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// The parameters of the graph.
    pub fn weights(&self) -> &BoundWeights {
        &self.weights
    }

    /// The source of the weights, and their hash.
    pub fn origin(&self) -> &WeightsOrigin {
        &self.origin
    }
}
