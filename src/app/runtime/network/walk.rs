//! The overview of layers from one run, and images of pinned channels for the current picture.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use egui::ColorImage;

use crate::app::message::event::Event;
use crate::app::model::beside::BESIDE_BYTES;
use crate::app::model::layers::{LayerSummary, Walked};
use crate::app::model::pins::{PinImage, PinnedChannel};
use crate::app::model::request::FullRequest;
use crate::app::model::tiles as textures;
use crate::app::runtime::channel_map::channel_map;
use crate::app::runtime::network::keys::Run;
use crate::app::runtime::network::pipeline::{Pipeline, Stop, failed};
use crate::app::runtime::network::value::{Beside, NO_JOB};
use crate::engine::CancelToken;
use crate::graph::NodeId;
use crate::mosaic::{MosaicSettings, compose};
use crate::tensor::{Activation, LayerStats, MapShape};

/// Longest side of a layer's small picture, in pixels.
const MEAN_MAP_SIDE: u32 = 48;

impl Pipeline {
    /// Makes a small picture and statistics of each of the layers. Those whose values are kept need no run; the others are computed in
    /// one. The values are the same to the bit, so they are kept too.
    pub(crate) fn walk(
        &mut self,
        wanted: &FullRequest,
        nodes: &[NodeId],
        cancel: &CancelToken,
    ) -> Result<(), Stop> {
        let subject = self.subject(NO_JOB, &wanted.of.picture, wanted, cancel)?;
        let mut layers = HashMap::new();
        let mut missing = Vec::new();
        for node in nodes {
            if cancel.is_cancelled() {
                return Err(Stop::Cancelled);
            }
            match self.kept(&subject, wanted, *node) {
                Some(run) => drop(layers.insert(*node, summary(&run))),
                None => missing.push(*node),
            }
        }
        if !missing.is_empty() {
            let (mut kept, mut kept_bytes) = (Vec::new(), 0);
            let session = self.session(NO_JOB, wanted)?;
            let batch = &subject.prepared.view.preprocessed.batch;
            let started = Instant::now();
            session
                .run(batch, &missing, cancel, &mut |tap| {
                    let run = Arc::new(Run::new(tap.activation, started.elapsed()));
                    layers.insert(tap.node, summary(&run));
                    let num_bytes = size_of_val(run.activation.values());
                    if kept_bytes + num_bytes <= BESIDE_BYTES {
                        kept_bytes += num_bytes;
                        kept.push((tap.node, run));
                    }
                    if cancel.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                })
                .map_err(failed)?;
            if cancel.is_cancelled() {
                return Err(Stop::Cancelled);
            }
            self.keep(&subject, wanted, kept);
        }
        self.tell.event(Event::Walked(Arc::new(Walked { wanted: Box::new(wanted.clone()), layers })));
        Ok(())
    }

    /// Computes the stages that aren't kept, as far as the budget allows, the nearest first.
    pub(crate) fn ahead(&mut self, wanted: &FullRequest, cancel: &CancelToken) -> Result<(), Stop> {
        if cancel.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        let subject = self.subject(NO_JOB, &wanted.of.picture, wanted, cancel)?;
        let node = self.node(NO_JOB, wanted)?;
        let last = self.session(NO_JOB, wanted)?.backbone().graph().final_node();
        let mut missing = self.beside(&subject, wanted, (last, node))?;
        missing.reverse();
        if missing.is_empty() {
            return Ok(());
        }
        let runs = self.run(NO_JOB, &subject, wanted, (&missing, &[]), cancel)?;
        self.keep(&subject, wanted, runs);
        Ok(())
    }

    pub(crate) fn paint_pins(
        &mut self,
        wanted: &FullRequest,
        pins: &[PinnedChannel],
        cancel: &CancelToken,
    ) -> Result<(), Stop> {
        let subject = self.subject(NO_JOB, &wanted.of.picture, wanted, cancel)?;
        let graph = Arc::clone(self.session(NO_JOB, wanted)?.backbone().graph());
        let known: Vec<(NodeId, &PinnedChannel)> =
            pins.iter().filter_map(|pin| Some((graph.find(&pin.layer)?, pin))).collect();
        let nodes: Vec<NodeId> = known.iter().map(|(node, _)| *node).collect();
        let runs = self.values(NO_JOB, &subject, wanted, &nodes, Beside::Nothing, cancel)?;
        let mut images = Vec::with_capacity(known.len());
        for ((_, pin), run) in known.iter().zip(&runs) {
            let Some(stats) = run.stats().channels.get(pin.channel) else { continue };
            images.push(PinImage {
                id: pin.id,
                picture: wanted.of.picture.label(&subject.picture),
                map: channel_map(&run.activation, run.stats(), &wanted.of.settings, pin.channel)
                    .map_err(failed)?,
                stats: *stats,
            });
        }
        self.tell.event(Event::Pins(images));
        Ok(())
    }
}

fn summary(run: &Run) -> LayerSummary {
    let (activation, stats) = (&run.activation, run.stats());
    LayerSummary {
        name: activation.name().to_owned(),
        shape: activation.shape(),
        counts: stats.counts,
        min: stats.min,
        mean: stats.mean,
        max: stats.max,
        std: stats.variance.sqrt(),
        zero_share: stats.zero_share,
        mean_map: mean_map(activation),
    }
}

/// The mean of all feature maps as a small picture; a grey pixel if it can't be painted.
fn mean_map(activation: &Activation) -> Arc<ColorImage> {
    let shape = MapShape { channels: 1, ..activation.shape() };
    let painted = Activation::new(activation.name(), shape, activation.mean_map())
        .ok()
        .and_then(|mean| compose(&mean, &LayerStats::of(&mean), &MosaicSettings::default()).ok());
    let Some(mosaic) = painted else { return Arc::new(ColorImage::filled([1, 1], egui::Color32::GRAY)) };
    let longest = mosaic.pixels.width().max(mosaic.pixels.height());
    if longest <= MEAN_MAP_SIDE {
        return textures::from_pixels(&mosaic.pixels);
    }
    let scaled = |n: u32| (n * MEAN_MAP_SIDE / longest).max(1);
    let (width, height) = (mosaic.pixels.width(), mosaic.pixels.height());
    let Some(whole) = image::RgbaImage::from_raw(width, height, mosaic.pixels.into_rgba()) else {
        return Arc::new(ColorImage::filled([1, 1], egui::Color32::GRAY));
    };
    let small = image::imageops::thumbnail(&whole, scaled(width), scaled(height));
    let size = [small.width() as usize, small.height() as usize];
    Arc::new(ColorImage::from_rgba_unmultiplied(size, small.as_raw()))
}
