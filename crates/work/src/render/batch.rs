//! A batch: many figures in a folder. All names are determined before anything is written.

use crate::tensor::Remedied;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::figure_names::unique_suffixes;
use crate::graph::{Graph, NodeId};
use crate::input::dataset::PictureRef;
use crate::models::ModelSpec;
use crate::weights::FilePart;

/// Which layers of each model are drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchLayers {
    /// The last layer.
    Final,
    /// Every stage, that is the main layers of the model.
    AllStages,
    /// The layer of this name; models without it are left out.
    Named(String),
}

/// A model of a batch.
#[derive(Clone, Debug)]
pub struct BatchModel {
    /// The model.
    pub spec: &'static ModelSpec,
    /// A weight file to use instead of the program's own weights.
    pub weights_file: Option<FilePart>,
}

/// One figure of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchFigure {
    /// The layer.
    pub node: NodeId,
    /// File to write.
    pub path: PathBuf,
}

impl BatchFigure {
    /// File for the layer's values, where they are saved too.
    pub fn values_path(&self) -> PathBuf {
        self.path.with_extension("npy")
    }

    /// Whether the figure, and its values if they are wanted, exist already.
    pub fn is_there(&self, has_values: bool) -> bool {
        self.path.exists() && (!has_values || self.values_path().exists())
    }
}

/// All figures of one picture and one model, which take one run of the network.
#[derive(Clone, Debug)]
pub struct BatchRun {
    /// The picture.
    pub picture: PictureRef,
    /// Index of the model in [`BatchPlan::models`].
    pub model: usize,
    /// Its figures.
    pub figures: Vec<BatchFigure>,
}

/// The plan of a batch: everything it will write.
#[derive(Clone, Debug)]
pub struct BatchPlan {
    /// Models; [`BatchRun::model`] is an index into this list.
    pub models: Vec<BatchModel>,
    /// Runs in the order they are done, picture after picture.
    pub runs: Vec<BatchRun>,
    /// Figures that exist already; they are kept.
    pub existing: Vec<PathBuf>,
    /// Models that have no layer of the wanted name.
    pub without_layer: Vec<&'static str>,
}

/// Why a batch can't be planned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// No picture.
    #[error("no picture to work on: open a picture, a folder or a log first")]
    NoPicture,
    /// No model.
    #[error("no network to run: choose at least one whose weights are installed")]
    NoModel,
    /// No model has the layer.
    #[error("none of the networks has a layer `{0}`")]
    NoLayer(String),
    /// No folder.
    #[error("no folder to write into: type its path or choose it")]
    NoFolder,
    /// A file where the folder should be.
    #[error("this is a file, not a folder: \"{}\"", .0.display())]
    NotAFolder(PathBuf),
    /// A mistake in the definition of a model family.
    #[error("the model's graph is malformed: {0}")]
    Graph(String),
}

impl Remedied for BatchError {}

impl BatchPlan {
    /// Plans a batch. Figures are named `{picture}__{model}__{layer}.png` in `folder`, which need not exist yet; with `has_values`, each
    /// also gets a `.npy` of the same name. Writes nothing, and only checks which files exist.
    pub fn new(
        pictures: &[PictureRef],
        models: &[BatchModel],
        layers: &BatchLayers,
        folder: &Path,
        has_values: bool,
    ) -> Result<Self, BatchError> {
        if pictures.is_empty() {
            return Err(BatchError::NoPicture);
        }
        if models.is_empty() {
            return Err(BatchError::NoModel);
        }
        if folder.as_os_str().is_empty() {
            return Err(BatchError::NoFolder);
        }
        if folder.is_file() {
            return Err(BatchError::NotAFolder(folder.to_owned()));
        }
        let graphs: Vec<Graph> = models
            .iter()
            .map(|model| model.spec.graph().map_err(|e| BatchError::Graph(e.to_string())))
            .collect::<Result<_, _>>()?;
        let nodes: Vec<Vec<NodeId>> = graphs
            .iter()
            .map(|graph| match layers {
                BatchLayers::Final => vec![graph.final_node()],
                BatchLayers::AllStages => graph.stages().to_vec(),
                BatchLayers::Named(name) => graph.find(name).into_iter().collect(),
            })
            .collect();
        let mut without_layer = Vec::new();
        for (model, nodes) in models.iter().zip(&nodes) {
            if nodes.is_empty() {
                without_layer.push(model.spec.tag);
            }
        }
        if let BatchLayers::Named(name) = layers
            && without_layer.len() == models.len()
        {
            return Err(BatchError::NoLayer(name.clone()));
        }
        let places: Vec<(usize, NodeId)> =
            nodes.iter().enumerate().flat_map(|(m, nodes)| nodes.iter().map(move |n| (m, *n))).collect();
        let suffixes = unique_suffixes(
            places.iter().map(|(m, node)| (models[*m].spec.tag, graphs[*m].node(*node).name.as_str())),
        );
        let mut runs = Vec::with_capacity(pictures.len() * models.len());
        let mut existing = Vec::new();
        let mut used = HashSet::new();
        for picture in pictures {
            // A stem is unique in its data set; a picture of the same name from another data set gets a number.
            let mut stem = picture.stem.clone();
            let mut number = 2;
            while !used.insert(stem.to_lowercase()) {
                stem = format!("{}_{number}", picture.stem);
                number += 1;
            }
            for (model, nodes) in nodes.iter().enumerate().filter(|(_, nodes)| !nodes.is_empty()) {
                let figures: Vec<BatchFigure> = places
                    .iter()
                    .zip(&suffixes)
                    .filter(|((m, _), _)| *m == model)
                    .map(|((_, node), suffix)| BatchFigure {
                        node: *node,
                        path: folder.join(format!("{stem}__{suffix}.png")),
                    })
                    .collect();
                debug_assert_eq!(figures.len(), nodes.len());
                existing.extend(figures.iter().filter(|f| f.is_there(has_values)).map(|f| f.path.clone()));
                runs.push(BatchRun { picture: picture.clone(), model, figures });
            }
        }
        Ok(Self { models: models.to_vec(), runs, existing, without_layer })
    }

    /// Number of figures, including those that exist already.
    pub fn num_figures(&self) -> usize {
        self.runs.iter().map(|run| run.figures.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::dataset::PictureLocation;
    use crate::models::Registry;

    fn picture(stem: &str) -> PictureRef {
        PictureRef {
            label: stem.into(),
            picture: PictureLocation::File(format!("{stem}.png").into()),
            camera: None,
            row: None,
            stem: stem.into(),
        }
    }

    fn model(name: &str) -> BatchModel {
        BatchModel { spec: Registry::find(name).unwrap(), weights_file: None }
    }

    #[test]
    fn figures_are_named_and_those_that_exist_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let there = dir.path().join("b__vgg16.tv_in1k__features.30.png");
        std::fs::write(&there, "").unwrap();
        let models = [model("vgg16.tv_in1k"), model("resnet18.tv_in1k")];
        let pictures = [picture("a"), picture("b"), picture("A")];
        let plan = BatchPlan::new(&pictures, &models, &BatchLayers::Final, dir.path(), false).unwrap();
        assert_eq!((plan.runs.len(), plan.num_figures()), (6, 6));
        let name = |at: usize| plan.runs[at].figures[0].path.file_name().unwrap().to_str().unwrap();
        assert_eq!(name(0), "a__vgg16.tv_in1k__features.30.png");
        assert_eq!(name(1), "a__resnet18.tv_in1k__layer4.1.png");
        assert_eq!(name(4), "A_2__vgg16.tv_in1k__features.30.png", "case alone tells no files apart");
        assert_eq!(plan.existing, [there]);
        let stages =
            BatchPlan::new(&pictures[..1], &models[..1], &BatchLayers::AllStages, dir.path(), false).unwrap();
        assert!(stages.num_figures() > 5 && stages.runs.len() == 1, "one run gives them all");
    }

    #[test]
    fn a_layer_that_only_some_have_leaves_the_others_out() {
        let folder = Path::new("out");
        let models = [model("vgg16.tv_in1k"), model("resnet18.tv_in1k")];
        let layer = BatchLayers::Named("layer4.1".into());
        let plan = BatchPlan::new(&[picture("a")], &models, &layer, folder, false).unwrap();
        assert_eq!((plan.num_figures(), &*plan.without_layer), (1, &["vgg16.tv_in1k"][..]));
        let message = |result: Result<BatchPlan, BatchError>| result.unwrap_err().to_string();
        let nowhere = BatchLayers::Named("nowhere".into());
        assert_eq!(
            message(BatchPlan::new(&[picture("a")], &models, &nowhere, folder, false)),
            "none of the networks has a layer `nowhere`"
        );
        assert_eq!(
            message(BatchPlan::new(&[], &models, &layer, folder, false)),
            "no picture to work on: open a picture, a folder or a log first"
        );
        assert_eq!(
            message(BatchPlan::new(&[picture("a")], &[], &layer, folder, false)),
            "no network to run: choose at least one whose weights are installed"
        );
        assert_eq!(
            message(BatchPlan::new(&[picture("a")], &models, &layer, Path::new(""), false)),
            "no folder to write into: type its path or choose it"
        );
    }
}
