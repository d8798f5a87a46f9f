//! Finds again what was open the last time: weight files, pictures, data sets, models. What has gone or changed is named, never
//! replaced by something else.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::app::message::remedy::told;
use crate::app::model::dataset::{OpenSource, OpenedFrom, frame, listed_by};
use crate::app::model::session::{KeptPicture, KeptView, KeptWeights, LastTime, Reopened, ReopenedView};
use crate::app::model::view::MAX_VIEWS;
use crate::app::runtime::existing::hashed;
use crate::app::runtime::network::open::{no_file, offers, open_set, open_source_from};
use crate::engine::open_onnx_up_to;
use crate::graph::Graph;
use crate::input::dataset::Source;
use crate::models::{ModelSpec, Registry};
use crate::mosaic::{MosaicSettings, Paper};
use crate::render::{ClassChoice, LayerChoice, PictureChoice, ViewRequest};

/// Finds again what was open.
pub(crate) fn reopen(session: LastTime) -> Reopened {
    let mut found = Reopened { active: session.active, ..Reopened::default() };
    let mut finder = Finder::default();
    for weights in session.weights {
        match fitting(&weights) {
            Ok(spec) => found.weights.push((spec.tag, weights.part())),
            Err(reason) => {
                let path = weights.path.display();
                found.lost.push(format!("the weights of {} from \"{path}\": {reason}", weights.tag));
                finder.lost.push(weights.tag);
            }
        }
    }
    for (at, view) in session.views.into_iter().take(MAX_VIEWS).enumerate() {
        match finder.view(&view) {
            Ok(view) => found.views.push((at, view)),
            Err(reason) => found.lost.push(format!("view {} ({}): {reason}", at + 1, view.model)),
        }
    }
    // A difference comes back with both its sides only.
    let here: Vec<usize> = found.views.iter().map(|(at, _)| *at).collect();
    let lost = &mut found.lost;
    found.views.retain(|(at, view)| {
        let is_whole = view.difference_of.is_none_or(|(a, b)| here.contains(&a) && here.contains(&b));
        if !is_whole {
            lost.push(format!("view {}: one of the two views of this difference is not here", at + 1));
        }
        is_whole
    });
    for pin in session.pins {
        match finder.pin(&pin.model, &pin.layer, pin.channel) {
            Ok(spec) => found.pins.push((spec, pin.layer, pin.channel)),
            Err(reason) => {
                let (model, layer, channel) = (pin.model, pin.layer, pin.channel);
                found.lost.push(format!("pinned channel {channel} of {layer} ({model}): {reason}"));
            }
        }
    }
    found
}

/// A data set's place, what it was opened from, and the data set with the time when it was listed, or why it can't be opened.
type OpenedBefore = (PathBuf, OpenedFrom, Result<Listed, String>);

/// A data set, and when its contents were listed.
type Listed = (Arc<dyn Source>, SystemTime);

/// What was found so far.
#[derive(Default)]
struct Finder {
    /// Tags of the models whose weight file could not come back.
    lost: Vec<String>,
    graphs: HashMap<&'static str, Arc<Graph>>,
    /// Data sets that are open; views of the same one share it.
    sources: Vec<OpenedBefore>,
}

impl Finder {
    /// The model of this tag with its graph, unless its weight file is lost: other weights are never shown in their place.
    fn model(&mut self, tag: &str) -> Result<(&'static ModelSpec, Arc<Graph>), String> {
        if self.lost.iter().any(|lost| lost == tag) {
            return Err("its weights are not here".to_owned());
        }
        let spec = model(tag)?;
        if let Some(graph) = self.graphs.get(spec.tag) {
            return Ok((spec, Arc::clone(graph)));
        }
        let graph = Arc::new(spec.graph().map_err(|error| told(&error))?);
        self.graphs.insert(spec.tag, Arc::clone(&graph));
        Ok((spec, graph))
    }

    fn pin(&mut self, tag: &str, layer: &str, channel: usize) -> Result<&'static ModelSpec, String> {
        let (spec, graph) = self.model(tag)?;
        match graph.find(layer) {
            Some(node) if channel < graph.channels(node) => Ok(spec),
            Some(_) => Err("the layer has fewer channels".to_owned()),
            None => Err("there is no such layer".to_owned()),
        }
    }

    fn view(&mut self, kept: &KeptView) -> Result<ReopenedView, String> {
        let (spec, graph) = self.model(&kept.model)?;
        let mut request = ViewRequest {
            settings: MosaicSettings { paper: Paper::Dark, ..MosaicSettings::default() },
            ..ViewRequest::new(spec)
        };
        if let Some(name) = &kept.layer {
            if graph.find(name).is_none() {
                return Err(format!("there is no layer {name}"));
            }
            request.layer = LayerChoice::Named(name.clone());
        }
        // Settings that this version doesn't know keep their defaults.
        kept.looks.apply(&mut request);
        request.settings.grid = kept.grid.as_deref().and_then(|grid| grid.parse().ok());
        request.input.fit = kept.fit.parse().unwrap_or(request.input.fit);
        request.input.values = kept.values.parse().unwrap_or(request.input.values);
        request.class_map = kept.class.as_deref().map(ClassChoice::of);
        let mut source = None;
        request.picture = match &kept.picture {
            KeptPicture::Cat => PictureChoice::Cat,
            KeptPicture::File(path) => {
                is_there(path).map_err(|reason| format!("{reason}: \"{}\"", path.display()))?;
                PictureChoice::File(path.clone())
            }
            KeptPicture::Frame { place, column, files, row, id, camera } => {
                let from = OpenedFrom { path_column: column.clone(), files: files.clone() };
                let open = self.frame(place, from, *row, id, camera.as_deref())?;
                let picture = frame(&open);
                source = Some(open);
                picture
            }
            KeptPicture::Gone(why) => return Err(why.clone()),
        };
        Ok(ReopenedView {
            request,
            graph,
            source,
            selected: kept.selected,
            difference_of: kept.difference_of,
            sha256: kept.sha256.clone(),
        })
    }

    /// A data set at the row that was shown.
    fn frame(
        &mut self,
        place: &Path,
        from: OpenedFrom,
        row: usize,
        id: &str,
        camera: Option<&str>,
    ) -> Result<OpenSource, String> {
        let (source, listed) = self.source(place, &from)?;
        let is_it = |index: &usize| source.sample(*index).is_some_and(|sample| sample.id == id);
        let index = source.index_of_row(row).filter(is_it).or_else(|| (0..source.len()).find(is_it));
        let index = index.ok_or_else(|| {
            format!("its picture {id} is no longer in the data set: \"{}\"", place.display())
        })?;
        let camera = camera.map(str::parse).transpose().map_err(|error| format!("{error}"))?;
        if camera.is_some_and(|camera| !source.cameras().contains(&camera)) {
            return Err(format!("the data set has no such camera any more: \"{}\"", place.display()));
        }
        Ok(OpenSource { source, place: place.to_owned(), from, listed, index, camera })
    }

    fn source(&mut self, place: &Path, from: &OpenedFrom) -> Result<Listed, String> {
        if let Some((.., found)) = self.sources.iter().find(|(p, f, _)| p == place && f == from) {
            return found.clone();
        }
        let listed = listed_by(SystemTime::now());
        let found = if !from.files.is_empty() {
            open_set(&from.files)
        } else if place.exists() {
            no_file(place).map_or_else(|| open_source_from(place, from.path_column.clone()), Err)
        } else {
            Err(format!("there is no such file or folder: \"{}\"", place.display()))
        };
        let found = found.map(|source| (source, listed));
        self.sources.push((place.to_owned(), from.clone(), found.clone()));
        found
    }
}

/// The model of a weight file, if the file is there and fits it still.
fn fitting(weights: &KeptWeights) -> Result<&'static ModelSpec, String> {
    is_there(&weights.path)?;
    if weights.is_onnx {
        let specs =
            open_onnx_up_to(&weights.path, weights.final_layer.as_deref()).map_err(|error| told(&error))?;
        let spec = specs.into_iter().find(|spec| spec.tag == weights.tag);
        return spec.ok_or_else(|| "the file has another network now".to_owned());
    }
    let spec = model(&weights.tag)?;
    // A file with the same hash fits as it did. A changed one may be for another model now.
    if weights.sha256.is_none() || weights.sha256 != hashed(&weights.path) {
        let part = weights.part();
        let fits = offers(&part.path, &part.choice)?;
        if !fits.iter().any(|offer| offer.spec.tag == spec.tag) {
            return Err("the file has changed and doesn't fit that model any more".to_owned());
        }
    }
    Ok(spec)
}

/// The model with exactly this tag.
fn model(tag: &str) -> Result<&'static ModelSpec, String> {
    let found = Registry::find(tag).map_err(|error| told(&error))?;
    if found.tag == tag { Ok(found) } else { Err(format!("there is no model {tag}")) }
}

fn is_there(path: &Path) -> Result<(), String> {
    if path.is_file() {
        Ok(())
    } else {
        Err(no_file(path).unwrap_or_else(|| "there is no such file".to_owned()))
    }
}
