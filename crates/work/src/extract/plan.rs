//! The plan of a run: which pictures go through which networks into which feature sets.

use std::collections::HashSet;
use std::hash::Hasher as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use twox_hash::XxHash64;

use super::hashes::DIGEST_BYTES;
use super::plan_problem::PlanProblem;
use super::pool::{Encoding, MAX_GEM_POWER, Pool};
use super::rows::{RowList, Selection};
use super::shard::{Shard, ShardBy};
use crate::engine::{EngineError, Plan, Provenance, Session};
use crate::features::{FeatureFormat, NameClash, Recipe, Stored};
use crate::formats::{CARRIED, DOWNLOADED, PartRecord, UNVERIFIED};
use crate::graph::NodeId;
use crate::input::dataset::Source;
use crate::input::{FitChoice, ValueChoice};
use crate::tensor::{Fit, PixelSize};

/// How many bytes of layer values a batch may need at once.
const BATCH_BYTES: usize = 256 << 20;
/// The most pictures in a batch. More would not be faster on a CPU, and more work would be lost when a run is stopped.
const MAX_BATCH: usize = 16;

/// A network of a run, and the layers that are taken from it.
#[derive(Debug)]
pub struct ModelToRun {
    /// The network, ready to run.
    pub session: Session,
    /// The layers to take, each once.
    pub layers: Vec<NodeId>,
}

/// How a run is to be done.
#[derive(Clone, Debug)]
pub struct ExtractSettings {
    /// Which pictures.
    pub selection: Selection,
    /// The shard to work on; `None` for all selected pictures.
    pub share: Option<(Shard, ShardBy)>,
    /// How pictures are brought to the network's input size.
    pub fit: FitChoice,
    /// How a picture's samples become input values.
    pub values: ValueChoice,
    /// How a layer's map is pooled and stored.
    pub encoding: Encoding,
    /// The format of the feature files.
    pub format: FeatureFormat,
    /// The folder for all results.
    pub out: PathBuf,
    /// Batch size; if `None`, it is chosen by the memory needed.
    pub batch: Option<usize>,
    /// The most pictures in one part.
    pub part_rows: u64,
}

/// A feature set: one layer of one network, over all pictures.
#[derive(Clone, Debug)]
pub struct PlannedSet {
    /// Its network, by index in the plan.
    pub model: usize,
    /// Its layer.
    pub node: NodeId,
    /// The name of its folder, in the run's folder.
    pub name: String,
    /// How its features are made.
    pub recipe: Recipe,
}

/// A run, fully planned.
#[derive(Debug)]
pub struct ExtractPlan {
    /// The pictures, in order.
    pub rows: RowList,
    /// The networks.
    pub models: Vec<ModelToRun>,
    /// The feature sets that the run makes.
    pub sets: Vec<PlannedSet>,
    /// The folder for the results: the one that was named, or the shard's folder in it.
    pub folder: PathBuf,
    /// The settings that it was planned with.
    pub settings: ExtractSettings,
    /// Batch size.
    pub batch: usize,
}

/// Checks what doesn't depend on the data set.
fn check_settings(models: &[ModelToRun], settings: &ExtractSettings) -> Result<(), PlanProblem> {
    let format = settings.format;
    if let Some(feature) = format.missing_feature() {
        return Err(PlanProblem::NotBuilt { format, feature });
    }
    if let Pool::Gem { power } = settings.encoding.pool
        && !(1.0..=MAX_GEM_POWER).contains(&power)
    {
        return Err(PlanProblem::GemPower { power, most: MAX_GEM_POWER });
    }
    for to_run in models {
        let mut seen = HashSet::new();
        if let Some(node) = to_run.layers.iter().find(|node| !seen.insert(**node)) {
            let backbone = to_run.session.backbone();
            let layer =
                backbone.graph().nodes().get(node.0).map_or_else(String::new, |node| node.name.clone());
            return Err(PlanProblem::LayerTwice { tag: backbone.spec().tag, layer });
        }
    }
    Ok(())
}

impl ExtractPlan {
    /// Plans a run.
    pub fn new(
        source: Arc<dyn Source>,
        models: Vec<ModelToRun>,
        settings: ExtractSettings,
    ) -> Result<Self, PlanProblem> {
        check_settings(&models, &settings)?;
        let folder = match settings.share {
            Some((shard, _)) => settings.out.join(shard.folder()),
            None => settings.out.clone(),
        };
        let names = set_names(&models);
        let own = own_folders(&*source, &settings.out, &names);
        let has_own_files = settings.format == FeatureFormat::Folder;
        let last = source.sample(source.len().saturating_sub(1)).map_or(0, |sample| sample.row);
        let num_rows = source.len();
        let rows = RowList::new(source, &settings.selection, settings.share, &own, has_own_files);
        if rows.num_pictures() == 0 {
            return Err(PlanProblem::NothingSelected { num_rows, last });
        }
        let format = settings.format;
        if let Some(clash) = format.clash(rows.columns()) {
            return Err(match clash {
                NameClash::Zero(column) => PlanProblem::ZeroInName { column },
                NameClash::Own(column) => PlanProblem::OwnName { column, format },
                NameClash::Two(one, other) => PlanProblem::SameName { columns: (one, other), format },
            });
        }
        let batch = match settings.batch {
            Some(batch) => batch,
            None => batch_size(&models, &settings)?,
        };
        let mut sets = Vec::new();
        let mut names = names.into_iter();
        for (model, to_run) in models.iter().enumerate() {
            for node in &to_run.layers {
                let recipe = recipe(&rows, to_run, *node, &settings, batch)?;
                sets.push(PlannedSet { model, node: *node, name: names.next().unwrap_or_default(), recipe });
            }
        }
        Ok(Self { rows, models, sets, folder, settings, batch })
    }

    /// Bytes of one picture's features in a part, all sets together. Where each picture has a file of its own, bytes of their hashes.
    pub(super) fn row_bytes(&self) -> u64 {
        self.sets.iter().map(|set| self.stored_bytes(set)).sum()
    }

    /// Bytes of one picture's feature of a set in a part.
    pub(super) fn stored_bytes(&self, set: &PlannedSet) -> u64 {
        match self.settings.format {
            FeatureFormat::Folder => DIGEST_BYTES,
            _ => set.recipe.stored.layout.num_bytes() as u64,
        }
    }

    /// Hash over the recipes of all sets. Parts that were made with other recipes belong to another run.
    pub(super) fn recipes_hash(&self) -> String {
        recipes_hash(self.sets.iter().map(|set| &set.recipe))
    }

    /// The folder of a set.
    pub fn set_folder(&self, set: &PlannedSet) -> PathBuf {
        self.folder.join(&set.name)
    }
}

/// Hash over recipes, in hexadecimal.
pub(super) fn recipes_hash<'a>(recipes: impl Iterator<Item = &'a Recipe>) -> String {
    let mut hash = XxHash64::with_seed(0);
    for recipe in recipes {
        // A recipe is plain data, which is always JSON.
        hash.write(&serde_json::to_vec(recipe).unwrap_or_default());
        hash.write(b"\n");
    }
    format!("{:016x}", hash.finish())
}

/// The size to which every picture is brought; `None` where pictures keep their own sizes.
pub(super) fn fixed_size(model: &ModelToRun, fit: FitChoice) -> Option<PixelSize> {
    let spec = model.session.backbone().preprocessing().spec();
    match fit {
        FitChoice::Size(size) => Some(size),
        FitChoice::Native => None,
        FitChoice::Model => (spec.fit != Fit::Native).then_some(spec.size),
        FitChoice::Stretch => Some(spec.size),
    }
}

fn infos_problem(model: &ModelToRun, reason: impl Into<EngineError>) -> PlanProblem {
    PlanProblem::Engine { tag: model.session.backbone().spec().tag, reason: Box::new(reason.into()) }
}

/// The largest batch whose layer values fit into `BATCH_BYTES` in every network, up to `MAX_BATCH`. 1 where pictures keep their own
/// sizes.
fn batch_size(models: &[ModelToRun], settings: &ExtractSettings) -> Result<usize, PlanProblem> {
    let mut batch = MAX_BATCH;
    for model in models {
        // Pictures of different sizes go through the network one by one.
        let Some(size) = fixed_size(model, settings.fit) else { return Ok(1) };
        let graph = model.session.backbone().graph();
        let plan = Plan::new(graph, size, 1, &model.layers).map_err(|e| infos_problem(model, e))?;
        let outputs: usize =
            model.layers.iter().map(|id| plan.info(*id).shape.len() * size_of::<f32>()).sum();
        let bytes = plan.peak_value_bytes() + 2 * outputs;
        batch = batch.min((BATCH_BYTES / bytes.max(1)).max(1));
    }
    Ok(batch)
}

fn recipe(
    rows: &RowList,
    model: &ModelToRun,
    node: NodeId,
    settings: &ExtractSettings,
    batch: usize,
) -> Result<Recipe, PlanProblem> {
    let backbone = model.session.backbone();
    let (row, graph) = (backbone.spec(), backbone.graph());
    let spec = backbone.preprocessing().spec();
    let size = fixed_size(model, settings.fit);
    let infos = graph
        .infer(size.unwrap_or(spec.size))
        .map_err(|e| infos_problem(model, crate::engine::PlanError::from(e)))?;
    let mut layout = settings.encoding.layout(infos[node.0].shape);
    if size.is_none() && !settings.encoding.is_independent_of_size() {
        if settings.format != FeatureFormat::Folder {
            return Err(PlanProblem::SizesVary { format: settings.format });
        }
        layout.shape.clear();
    }
    let scale = match settings.values {
        ValueChoice::Model => spec.scale,
        ValueChoice::Named { scale, .. } => scale,
    };
    if !row.takes(&scale) {
        return Err(PlanProblem::TakesBytes { tag: row.tag, asked: settings.values.to_string() });
    }
    let run_by = model.session.run_by();
    let (engine, level) = match run_by.engine.split_once('/') {
        Some((engine, level)) => (engine.to_owned(), Some(level.to_owned())),
        None => (run_by.engine, None),
    };
    let selection = &settings.selection;
    Ok(Recipe {
        program: concat!("filterscope ", env!("CARGO_PKG_VERSION")).to_owned(),
        tag: row.tag.to_owned(),
        weights: match backbone.provenance() {
            Provenance::Carried => CARRIED,
            Provenance::Downloaded => DOWNLOADED,
            Provenance::File => UNVERIFIED,
        }
        .to_owned(),
        weights_sha256: backbone.origin().sha256().to_owned(),
        weights_source_sha256: backbone.origin().source_sha256().map(str::to_owned),
        weights_part: backbone.origin().part().map(str::to_owned),
        in_file: backbone
            .weights()
            .keras()
            .and_then(|part| Some(PartRecord { model: part.model.clone(), head: part.if_more()? })),
        layer: graph.node(node).name.clone(),
        final_layer: row.opened().map(|opened| opened.final_layer.clone()),
        why_final: row.opened().and_then(|opened| opened.why_final.clone()),
        fit: settings.fit.to_string(),
        preprocess: settings.values.to_string(),
        input_size: size.map_or_else(|| "varies".to_owned(), |size| size.to_string()),
        filter: spec.filter.name().to_owned(),
        value_scale: scale.to_string(),
        preprocessing_from: match settings.values {
            ValueChoice::Model => {
                backbone.preprocessing().from_file().map(|from| format!("the file: {from}"))
            }
            ValueChoice::Named { .. } => None,
        },
        pool: settings.encoding.pool.to_string(),
        stored: Stored { format: settings.format, order: settings.encoding.order, layout },
        // The fast engine gives the same bits with any batch size. Others don't promise it, so the size is recorded.
        batch: (!engine.starts_with("fast")).then_some(batch),
        engine,
        dispatch_level: level,
        device: run_by.device,
        source: rows.source().kind().to_owned(),
        source_sha256: rows.sha256().to_owned(),
        cameras: rows.cameras().iter().map(|camera| camera.name().to_owned()).collect(),
        start: selection.start,
        every: selection.every,
        limit: selection.limit,
        shard: settings.share.map(|(shard, by)| shard.record(by)),
        num_pictures: rows.num_pictures(),
        num_planned: rows.len(),
        columns: rows.columns().to_vec(),
        source_notes: rows.notes(),
    })
}

/// Names of the sets' folders: the network's tag, and, if several of its layers are taken, the layer's name too.
fn set_names(models: &[ModelToRun]) -> Vec<String> {
    let mut used = HashSet::new();
    let mut names = Vec::new();
    for model in models {
        let backbone = model.session.backbone();
        for node in &model.layers {
            let tag = backbone.spec().tag;
            let plain = if model.layers.len() == 1 {
                tag.to_owned()
            } else {
                format!("{tag}__{}", safe(&backbone.graph().node(*node).name))
            };
            let mut name = plain.clone();
            let mut number = 2;
            while !used.insert(name.to_lowercase()) {
                name = format!("{plain}-{number}");
                number += 1;
            }
            names.push(name);
        }
    }
    names
}

/// Replaces characters that some system doesn't allow in a file name by `_`.
fn safe(name: &str) -> String {
    let is_unsafe = |c: char| c.is_control() || c.is_whitespace() || r#"/\:*?"<>|"#.contains(c);
    name.chars().map(|c| if is_unsafe(c) { '_' } else { c }).collect()
}

/// Folders inside the data set's folder that hold results of this run or of one like it, with names as the data set writes them.
fn own_folders(source: &dyn Source, out: &Path, names: &[String]) -> Vec<String> {
    let real = |path: &Path| std::path::absolute(path).ok().map(|p| p.canonicalize().unwrap_or(p));
    let root = source.root();
    let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
    let (Some(root), Some(out)) = (real(root), real(out)) else { return Vec::new() };
    let Ok(inside) = out.strip_prefix(&root) else { return Vec::new() };
    if inside.as_os_str().is_empty() { names.to_vec() } else { vec![source.about().names.name(inside)] }
}
