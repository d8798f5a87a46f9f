//! The plan of `render`, made from its arguments: models and layers found, pictures listed, output files named, weights loaded. Once there
//! is a plan, the only invalid input can be a picture.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};

use super::args::RenderArgs;
use super::download::{Consent, Downloader};
use super::outputs::Outputs;
use super::reporter::Reporter;
use crate::engine::{
    Backbone, CancelToken, ComputeDevice, Priority, Provenance, Session, is_onnx_path, start_threads,
};
use crate::formats::read_record;
use crate::graph::{Graph, NodeId};
use crate::input::dataset::{PictureRef, expand_inputs, is_log, open_source};
use crate::input::{FitChoice, ValueChoice};
use crate::models::ModelSpec;
use crate::render::{
    ChoiceError, FigureKind, InputChoices, Look, Resources, Scale, Surround, ViewRequest, check_values,
    choose_layers, choose_spec, choose_spec_for_file, choose_spec_up_to, unique_suffixes,
};
use crate::tensor::counted;
use crate::tensor::{ChannelSelection, Fit, MapShape, PixelSize, shown};
use crate::weights::{ClassNames, KerasPart, PartChoice, TensorFile};

/// Everything that `render` needs, validated.
pub(super) struct RenderPlan {
    /// Pictures in the order they are processed; their stems are unique.
    pub pictures: Vec<PictureRef>,
    /// Models, each with its session. Every picture is decoded once and run through all of them.
    pub models: Vec<PlannedModel>,
    /// Preprocessing and look, the same for each layer of each network and each picture.
    pub request: ViewRequest,
    /// Pixels per value.
    pub scale: Scale,
    /// What kind of figure is made of a picture.
    pub kind: FigureKind,
    /// Whether values are saved too.
    pub saves_values: bool,
    /// Where figures are written.
    pub outputs: Outputs,
    /// Whether times are printed.
    pub prints_timings: bool,
}

/// One backbone, and the layers wanted from it.
pub(super) struct PlannedModel {
    /// Session with the loaded backbone, ready to run.
    pub session: Session,
    /// Layers in the order they were named, each once.
    pub layers: Vec<PlannedLayer>,
}

/// One layer of one backbone.
#[derive(Clone, Debug)]
pub(super) struct PlannedLayer {
    /// Its node.
    pub node: NodeId,
    /// Its part of the names of figures.
    pub suffix: String,
}

impl RenderPlan {
    /// Validates the arguments and makes the plan; cheap checks come first. Notes for the user go to `reporter`.
    pub(super) fn new(args: &RenderArgs, resources: &Resources, reporter: &Reporter) -> anyhow::Result<Self> {
        args.run.engine().check()?;
        start_threads(args.run.threads, Priority::Normal)?;
        let (specs, mut file) =
            specs(&args.model, args.weights.as_deref(), &args.part.choice(), args.final_layer.as_deref())?;
        // Before a network is loaded, so that a file without class names is reported early.
        let names = args.class_names.as_deref().map(ClassNames::read).transpose()?;
        let request = request(args, specs[0]);
        specs.iter().try_for_each(|spec| check_values(spec, request.input.values))?;
        let scale = scale(args);
        let layers = layers(&specs, &args.layer, &request, scale)?;
        let pictures = pictures(args, reporter)?;
        let kind = match (args.sheet, args.caption) {
            (true, _) => FigureKind::Sheet,
            (false, true) => FigureKind::Mosaics(Surround::WHOLE),
            (false, false) => FigureKind::Mosaics(Surround::NONE),
        };
        let per_picture = if args.sheet { 1 } else { layers.iter().map(Vec::len).sum() };
        let outputs = Outputs::settle(
            &args.output,
            pictures.len() * per_picture,
            pictures.iter().map(|p| p.picture.path()),
        )?;
        let suffixes: Vec<Option<&str>> = if args.sheet {
            vec![None]
        } else {
            layers.iter().flatten().map(|layer| Some(layer.suffix.as_str())).collect()
        };
        let figures = pictures.iter().flat_map(|p| suffixes.iter().map(|s| outputs.figure(&p.stem, *s)));
        outputs.spare(figures, pictures.iter().map(|p| p.picture.path()))?;
        let device = ComputeDevice::open(args.run.device)?;
        for spec in &specs {
            introduce(spec, args.model.is_empty() && args.weights.is_none(), reporter);
        }
        let consent = Consent { is_given: args.yes, is_offline: args.offline };
        // Until the first figure, Ctrl-C simply ends the program; an interrupted download is resumed the next time.
        let downloads = Downloader::new(consent, &resources.store, reporter, CancelToken::new());
        let mut models = Vec::with_capacity(specs.len());
        for (spec, layers) in specs.iter().copied().zip(layers) {
            let mut backbone =
                load(spec, file.take(), args.preprocess, resources, &downloads, consent, reporter)?;
            if let Some(names) = &names {
                backbone.name_classes(names)?;
            }
            if let Some(class) = &request.class_map {
                layers.iter().try_for_each(|layer| class.check(&backbone, layer.node))?;
            }
            let session = Session::with_engine(Arc::new(backbone), device.clone(), args.run.engine())?;
            models.push(PlannedModel { session, layers });
        }
        outputs.prepare()?;
        Ok(Self {
            pictures,
            models,
            request,
            scale,
            kind,
            saves_values: args.npy,
            outputs,
            prints_timings: args.timings,
        })
    }

    /// Number of layers of all models.
    pub(super) fn num_panels(&self) -> usize {
        self.models.iter().map(|m| m.layers.len()).sum()
    }
}

/// Loads a network with its weights. Missing weights are downloaded first where the user wants that. Prints notes about the weights, and
/// says so where they are unverified.
pub(super) fn load(
    spec: &'static ModelSpec,
    file: Option<TensorFile>,
    values: ValueChoice,
    resources: &Resources,
    downloads: &Downloader<'_>,
    consent: Consent,
    reporter: &Reporter,
) -> anyhow::Result<Backbone> {
    let backbone = if let Some(file) = file {
        Backbone::from_file(spec, &resources.store, file)?
    } else {
        downloads.offer(spec, consent)?;
        Backbone::load(spec, &resources.store, None)?
    };
    tracing::debug!("{} loaded from {}", spec.tag, backbone.origin().name());
    if backbone.provenance() == Provenance::File && spec.opened().is_none() {
        reporter.note(&format!(
            "unverified weights: nothing here tells whether they are {}: \"{}\"",
            spec.tag,
            backbone.origin().name()
        ));
    }
    tell_notes(&backbone, reporter);
    for note in backbone.weights().keras().map(KerasPart::notes).unwrap_or_default() {
        reporter.note(&format!("{note}: \"{}\"", backbone.origin().name()));
    }
    backbone.check_values(values)?;
    for note in backbone.preprocessing().notes(values) {
        reporter.note(&note);
    }
    Ok(backbone)
}

/// Prints notes about which parts of a weight file were used and which were left out.
pub(super) fn tell_notes(backbone: &Backbone, reporter: &Reporter) {
    let others = backbone.has_other_average().then(|| {
        if backbone.origin().is_averaged() {
            "without `--ema` the others are taken"
        } else {
            "`--ema` takes the EMA weights"
        }
    });
    let notes: Vec<&str> = backbone.notes().iter().map(String::as_str).chain(others).collect();
    if !notes.is_empty() {
        reporter.note(&format!("of the weight file: {}: \"{}\"", notes.join("; "), backbone.origin().name()));
    }
}

/// Checks that `--prefix` and `--ema` are given only together with `--weights`.
pub(super) fn check_part(weights: Option<&Path>, part: &PartChoice) -> anyhow::Result<()> {
    if weights.is_none() && !part.is_none() {
        bail!("`--prefix` and `--ema` say what of a weight file is meant; name the file with `--weights`");
    }
    Ok(())
}

/// The model specs that are named, each once, or the default one; and the weight file, if one is given for the only model. `final_layer`
/// is the user's choice of the final layer, for networks from ONNX files.
pub(super) fn specs(
    models: &[String],
    weights: Option<&Path>,
    part: &PartChoice,
    final_layer: Option<&str>,
) -> anyhow::Result<(Vec<&'static ModelSpec>, Option<TensorFile>)> {
    check_part(weights, part)?;
    let models =
        whole_names(models, |name| is_onnx_path(Path::new(name.trim())) && Path::new(name.trim()).exists());
    if let Some(path) = weights {
        if models.len() > 1 {
            bail!("`--weights` is one network's file, and `--model` names {}", models.len());
        }
        let name = models.first().map(|name| name.trim());
        // An unknown name is reported before a large file is read.
        if let Some(name) = name {
            choose_spec(Some(name), is_onnx_path(Path::new(name)))?;
        }
        let file = TensorFile::read_part(path, part)?;
        let spec = choose_spec_for_file(name, &file)?;
        if final_layer.is_some() {
            return Err(ChoiceError::WholeOnly { tag: spec.tag }.into());
        }
        return Ok((vec![spec], Some(file)));
    }
    if models.is_empty() {
        return Ok((vec![choose_spec_up_to(None, false, final_layer)?], None));
    }
    let mut specs: Vec<&'static ModelSpec> = Vec::new();
    for name in &models {
        let spec = choose_spec_up_to(Some(name.trim()), false, final_layer)?;
        if !specs.iter().any(|other| other.tag == spec.tag) {
            specs.push(spec);
        }
    }
    Ok((specs, None))
}

/// Preprocessing and look for all layers. Picture, network and layer of this request are not used: the plan has its own.
fn request(args: &RenderArgs, spec: &'static ModelSpec) -> ViewRequest {
    let mut request = ViewRequest {
        input: InputChoices { fit: args.fit, values: args.preprocess },
        ..ViewRequest::new(spec)
    };
    args.look.apply(&mut request);
    request
}

/// Pixels per value. A sheet enlarges its panels to a common width itself, which works best from the smallest scale.
fn scale(args: &RenderArgs) -> Scale {
    if args.sheet && args.look.scale == Scale::Auto { Scale::Times(1) } else { args.look.scale }
}

/// Restores names that clap has split at commas. The name of a file or a layer may contain a comma: parts that form a known name are
/// joined again.
fn whole_names(parts: &[String], is_known: impl Fn(&str) -> bool) -> Vec<String> {
    let mut names = Vec::new();
    let mut at = 0;
    while at < parts.len() {
        let end =
            (at + 2..=parts.len()).rev().find(|end| is_known(&parts[at..*end].join(","))).unwrap_or(at + 1);
        names.push(parts[at..end].join(","));
        at = end;
    }
    names
}

/// Finds the layers in the graph of each model and checks that their figures don't exceed the size limits.
fn layers(
    specs: &[&'static ModelSpec],
    names: &[String],
    request: &ViewRequest,
    scale: Scale,
) -> anyhow::Result<Vec<Vec<PlannedLayer>>> {
    let look = Look { settings: request.settings.clone(), scale };
    let mut found: Vec<Vec<(NodeId, String)>> = Vec::new();
    for spec in specs {
        let graph = spec.graph().with_context(|| format!("the graph of {} is malformed", spec.tag))?;
        let nodes = nodes(&graph, spec, names, specs.len() > 1)?;
        let (size, is_known) = input_size(spec, request.input.fit);
        let infos = match graph.infer(size) {
            Ok(infos) => infos,
            Err(error) if is_known => return Err(error).with_context(|| spec.tag.to_owned()),
            Err(_) => Vec::new(),
        };
        for node in &nodes {
            if let Some(info) = infos.get(node.0) {
                let shape = MapShape { channels: num_shown(request, info.shape), ..info.shape };
                try_look(&look, shape, is_known)
                    .with_context(|| format!("{} of {}", graph.node(*node).name, spec.tag))?;
            }
        }
        found.push(nodes.into_iter().map(|node| (node, graph.node(node).name.clone())).collect());
    }
    let pairs =
        specs.iter().zip(&found).flat_map(|(spec, nodes)| nodes.iter().map(|(_, name)| (spec.tag, &**name)));
    let mut suffixes = unique_suffixes(pairs).into_iter();
    Ok(found
        .into_iter()
        .map(|nodes| {
            nodes
                .into_iter()
                .zip(suffixes.by_ref())
                .map(|((node, _), suffix)| PlannedLayer { node, suffix })
                .collect()
        })
        .collect())
}

/// Finds the named layers in a network's graph, each once.
pub(super) fn nodes(
    graph: &Graph,
    spec: &ModelSpec,
    names: &[String],
    is_one_of_several: bool,
) -> anyhow::Result<Vec<NodeId>> {
    let mut nodes: Vec<NodeId> = Vec::new();
    for name in whole_names(names, |name| graph.find(name.trim()).is_some()) {
        let chosen = choose_layers(graph, name.trim(), spec.tag).map_err(|error| {
            let error = anyhow::Error::new(error);
            if is_one_of_several { error.context("each layer must be in every model named") } else { error }
        })?;
        for node in chosen {
            if !nodes.contains(&node) {
                nodes.push(node);
            }
        }
    }
    Ok(nodes)
}

/// The input size and `true` if all pictures are brought to this size; the model's own size and `false` if pictures keep theirs.
fn input_size(spec: &ModelSpec, fit: FitChoice) -> (PixelSize, bool) {
    match fit {
        FitChoice::Size(size) => (size, true),
        FitChoice::Native => (spec.preprocess.size, false),
        FitChoice::Model => (spec.preprocess.size, spec.preprocess.fit != Fit::Native),
        FitChoice::Stretch => (spec.preprocess.size, true),
    }
}

/// The smallest number of channels that a figure of a layer may show: how many are dead is known only from the values.
fn num_shown(request: &ViewRequest, shape: MapShape) -> usize {
    match (&request.class_map, request.selection) {
        (Some(_), _) | (None, ChannelSelection { hides_dead: true, .. }) => 1,
        (None, ChannelSelection { top, .. }) => top.unwrap_or(usize::MAX).min(shape.channels),
    }
}

/// Checks the size of a layer's mosaic. Where the size of its map is unknown, a map of 1×1 is assumed, which still finds a grid that is
/// too small.
fn try_look(look: &Look, shape: MapShape, is_known: bool) -> anyhow::Result<()> {
    let shape = if is_known { shape } else { MapShape::new(shape.channels, 1, 1) };
    look.for_shape(shape)?;
    Ok(())
}

/// Lists the pictures, and prints notes about those that are left out.
fn pictures(args: &RenderArgs, reporter: &Reporter) -> anyhow::Result<Vec<PictureRef>> {
    let mut pictures = expand_inputs(&args.inputs, args.camera, args.row)?;
    for path in args.inputs.iter().filter(|path| path.is_dir() || is_log(path)) {
        let source = open_source(path)?;
        for note in source.notes() {
            reporter.note(&format!("{note}: \"{}\"", path.display()));
        }
        if let [first, rest @ ..] = source.skipped()
            && args.row.is_none()
        {
            let more = if rest.is_empty() { String::new() } else { format!(", and {} more", rest.len()) };
            reporter.note(&format!(
                "left out: {} ({}){more}: \"{}\"",
                shown(&first.place),
                first.reason,
                path.display()
            ));
        }
    }
    let num_found = pictures.len();
    leave_out_own_figures(&mut pictures, &args.output);
    match num_found - pictures.len() {
        0 => {}
        _ if pictures.is_empty() => {
            bail!("every picture there is a figure of an earlier run; name other pictures")
        }
        num => reporter.note(&format!(
            "left out: {} of an earlier run, in the output folder: \"{}\"",
            counted(num, "figure"),
            args.output.display()
        )),
    }
    Ok(pictures)
}

/// Leaves out figures of an earlier run, where they are written into (or below) the folder that pictures are read from.
fn leave_out_own_figures(pictures: &mut Vec<PictureRef>, output: &Path) {
    let Ok(folder) = output.canonicalize() else { return };
    if !folder.is_dir() {
        return;
    }
    let lies_there = |path: &Path| {
        path.canonicalize().is_ok_and(|path: PathBuf| path.parent().is_some_and(|parent| parent == folder))
    };
    pictures.retain(|picture| {
        // A picture without a row was named by the user directly, and so is wanted.
        let path = picture.picture.path();
        picture.row.is_none() || !lies_there(path) || read_record(path).is_err()
    });
}

/// Prints what the user should know about a network before trusting its figures. Always prints the name of the default network.
pub(super) fn introduce(spec: &ModelSpec, is_default: bool, reporter: &Reporter) {
    let caution = if spec.caution.is_empty() { String::new() } else { format!("; mind: {}", spec.caution) };
    if is_default {
        reporter.note(&format!("no --model given, so {}: {}{caution}", spec.tag, spec.title));
    } else if !spec.caution.is_empty() {
        reporter.note(&format!("{}: {}{caution}", spec.tag, spec.title));
    }
}
