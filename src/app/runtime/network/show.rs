//! Computes a finished view: values, selected channels, mosaic, pieces for textures.

use std::sync::Arc;

use crate::app::message::event::{Event, ViewEvent};
use crate::app::model::request::FullRequest;
use crate::app::model::shown::{NUM_STRONGEST, Shown, Subtracted};
use crate::app::model::tiles as textures;
use crate::app::model::view::Busy;
use crate::app::runtime::network::keys::{Run, Subject};
use crate::app::runtime::network::pipeline::{Pipeline, Stop, failed, unordered};
use crate::app::runtime::network::value::Beside;
use crate::engine::CancelToken;
use crate::mosaic::{Grid, Mosaic, MosaicSettings, compose, enlarge};
use crate::render::{Placement, ViewRequest, class_words, top_classes};
use crate::tensor::{profile, strongest};
use crate::weights::Head;

/// A mosaic is enlarged for its texture up to this side, in pixels, so that it is drawn smoothly at any lower zoom.
const ENLARGED_SIDE: u32 = 4096;

impl Pipeline {
    pub(crate) fn show(
        &mut self,
        id: u64,
        wanted: &FullRequest,
        cancel: &CancelToken,
    ) -> Result<Shown, Stop> {
        let subject = self.subject(id, &wanted.of.picture, wanted, cancel)?;
        tracing::debug!("picture read and preprocessed");
        let node = self.node(id, wanted)?;
        if cancel.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        let mut run = self.value(id, &subject, wanted, node, cancel)?;
        let mut label = wanted.of.picture.label(&subject.picture);
        let mut stem = wanted.of.picture.stem(&subject.picture);
        let mut minus = None;
        let backbone = Arc::clone(&self.session(id, wanted)?.run_by().backbone);
        // This runs for every picture, so a large classifier is not run here, but only when a caption is saved.
        let is_light = backbone.weights().head().is_some_and(Head::is_light);
        let mut classes = is_light.then(|| class_words(&backbone, node, &run.activation)).flatten();
        let mut top = if is_light { top_classes(&backbone, node, &run.activation) } else { Vec::new() };
        let mut picture_paths: Vec<_> = subject.path.iter().cloned().collect();
        if let Some((choice, layer)) = &wanted.minus {
            let other = self.subject(id, choice, wanted, cancel)?;
            let of = ViewRequest { layer: layer.clone(), ..wanted.of.clone() };
            let other_node = self.node(id, &FullRequest { of, ..wanted.clone() })?;
            let theirs = self.value(id, &other, wanted, other_node, cancel)?;
            minus = Some(if *choice == wanted.of.picture {
                Subtracted::Layer
            } else {
                label = format!("{label} − {}", choice.label(&other.picture));
                stem = format!("{stem}__minus__{}", choice.stem(&other.picture));
                Subtracted::Picture(Arc::clone(&other.picture))
            });
            let difference = run.activation.minus(&theirs.activation).map_err(failed)?;
            run = Arc::new(Run::new(difference, run.elapsed + theirs.elapsed));
            picture_paths.extend(other.path);
            classes = None;
            top.clear();
        } else if let Some(class) = &wanted.of.class_map {
            let map = class.map(&backbone, node, &run.activation).map_err(failed)?;
            run = Arc::new(Run::new(map, run.elapsed));
        }
        tracing::debug!("values of {} are there", run.activation.name());
        self.tell.event(Event::View(id, ViewEvent::Busy(Busy::Painting)));
        let prepared = &subject.prepared;
        let infos = prepared.view.infos(backbone.graph()).map_err(failed)?;
        let placement = Placement::of(&prepared.view, &infos[node.0]);
        let settings = wanted
            .of
            .settings_for(&run.activation, run.stats(), &placement, &|| !cancel.is_cancelled())
            .map_err(unordered)?;
        let num_shown = settings.order.as_ref().map_or(run.activation.shape().channels, |order| order.len());
        let settings = MosaicSettings { grid: fitting_grid(&settings, num_shown), ..settings };
        let mosaic = compose(&run.activation, run.stats(), &settings).map_err(failed)?;
        let enlargement = enlargement(&mosaic, wanted.max_texture_side);
        let tiles = if enlargement > 1 {
            textures::cut(&enlarge(&mosaic.pixels, enlargement).map_err(failed)?, wanted.max_texture_side)
        } else {
            textures::cut(&mosaic.pixels, wanted.max_texture_side)
        };
        if cancel.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        tracing::debug!("mosaic painted");
        let session = self.session(id, wanted)?;
        Ok(Shown {
            label,
            stem,
            picture_paths,
            run_by: session.run_by(),
            placement,
            infos: infos.into(),
            node,
            elapsed: run.elapsed,
            activation: run.activation.clone(),
            stats: Arc::clone(run.stats()),
            histogram: run.histogram(),
            profile: profile(run.stats(), wanted.of.selection.order),
            strongest: strongest(&run.activation, run.stats(), wanted.of.selection.order, NUM_STRONGEST),
            seen: Arc::clone(&prepared.seen),
            thumbnail: Arc::clone(&prepared.thumbnail),
            view: Arc::clone(&prepared.view),
            settings,
            selection: wanted.of.selection,
            class_map: wanted.of.class_map.clone().filter(|_| wanted.minus.is_none()),
            classes,
            top_classes: top,
            mosaic: Arc::new(mosaic),
            tiles,
            enlargement,
            picture: subject.picture,
            minus,
        })
    }

    fn value(
        &mut self,
        id: u64,
        subject: &Subject,
        wanted: &FullRequest,
        node: crate::graph::NodeId,
        cancel: &CancelToken,
    ) -> Result<Arc<Run>, Stop> {
        self.values(id, subject, wanted, &[node], Beside::Stages, cancel)?.pop().ok_or(Stop::Cancelled)
    }
}

/// The requested grid, if it has room for all channels. The request keeps it for layers where it does.
pub(crate) fn fitting_grid(settings: &MosaicSettings, num_channels: usize) -> Option<Grid> {
    settings.grid.filter(|grid| grid.capacity() >= num_channels)
}

/// Integer factor by which a mosaic is enlarged before it becomes a texture.
fn enlargement(mosaic: &Mosaic, max_texture_side: usize) -> u32 {
    let side = mosaic.pixels.width().max(mosaic.pixels.height()).max(1);
    (ENLARGED_SIDE.min(max_texture_side as u32) / side).clamp(1, 4)
}
