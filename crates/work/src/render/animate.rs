//! Frames of animations: the channels of layers one after the other, the layers of a network in order of depth, or the pictures of a
//! drive.

use std::io;
use std::ops::ControlFlow;

use super::choice::choose_layers;
use super::draw::{Contents, Drawing, FigureSpec, LayerValues, Panel, PanelSpec, draw};
use super::look::{Look, Scale};
use super::view::View;
use crate::engine::{CancelToken, EngineError, Outcome, RunBy, Session};
use crate::formats::{Palette, PictureRecord};
use crate::graph::{Graph, NodeId, UnknownLayer};
use crate::mosaic::{
    ColourChoice, ColourMap, DeadLook, FrameLook, MosaicError, MosaicLayout, MosaicSettings, Normalisation,
    Paper, SpecialLook, StripMark,
};
use crate::tensor::{Activation, ChannelSelection, InputBatch, LayerStats, MapShape};

/// How frames look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnimationLook {
    /// Approximate longer side of a channel's map or of a mosaic, in pixels.
    pub side: u32,
    /// Which colour map to use; `Auto` may choose different ones for layers with and without negative values.
    pub colour: ColourChoice,
    /// Colours of the background and the text.
    pub paper: Paper,
    /// Which values share a range.
    pub normalisation: Normalisation,
}

/// Callback that receives each drawn frame.
pub(super) type PushDrawing<'a> = dyn FnMut(Drawing) -> io::Result<()> + 'a;

/// Why frames were not made.
#[derive(Debug, thiserror::Error)]
pub(super) enum AnimateError {
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A frame can't be drawn.
    #[error(transparent)]
    Mosaic(#[from] MosaicError),
    /// A frame can't be written.
    #[error(transparent)]
    Write(#[from] io::Error),
    /// The token was cancelled.
    #[error("interrupted")]
    Interrupted,
}

/// Resolves words to layers, each once: `first:N` means the first N layers after the input; other words are resolved as by
/// [`choose_layers`].
pub(super) fn choose_animated(
    graph: &Graph,
    words: &[String],
    model: &str,
) -> Result<Vec<NodeId>, UnknownLayer> {
    let mut nodes: Vec<NodeId> = Vec::new();
    for word in words {
        let first = word.trim().strip_prefix("first:").and_then(|number| number.parse::<usize>().ok());
        let chosen = match first {
            // The input node is left out: it shows only the picture itself.
            Some(number) => {
                graph.ids().filter(|id| !graph.node(*id).inputs.is_empty()).take(number).collect()
            }
            None => choose_layers(graph, word.trim(), model)?,
        };
        for node in chosen {
            if !nodes.contains(&node) {
                nodes.push(node);
            }
        }
    }
    Ok(nodes)
}

impl AnimationLook {
    /// The palette of a GIF with this look: the colours of the colour map, of the special looks, of the background and of the text.
    pub fn palette(&self) -> Palette {
        let mut needed = vec![
            FrameLook::MARK,
            self.paper.ground(),
            self.paper.gap(),
            self.paper.line(),
            self.paper.blank(),
        ];
        for look in [
            SpecialLook::Dead,
            SpecialLook::Constant,
            SpecialLook::Nan,
            SpecialLook::Infinite,
            SpecialLook::Blank,
        ] {
            needed.push(look.colour(self.paper));
            needed.extend(
                (0..8).flat_map(|y| (0..8).map(move |x| look.tile_colour(self.paper, DeadLook::Auto, x, y))),
            );
        }
        needed.sort_unstable();
        needed.dedup();
        let maps = match self.colour {
            ColourChoice::Auto => vec![ColourMap::Magma, ColourMap::BlueRed],
            ColourChoice::Map(map) => vec![map],
        };
        // Where two maps share the palette, every other step of each is used.
        let num_maps = maps.len();
        let steps: Vec<[u8; 4]> =
            maps.into_iter().flat_map(|map| map.table().into_iter().step_by(num_maps)).collect();
        Palette::new(&steps, &needed, self.paper.ground(), self.paper.ink())
    }

    /// The whole factor, at least 1, that enlarges a side to about the wanted size without exceeding it.
    fn scale(&self, side: usize) -> u32 {
        (self.side / side.max(1) as u32).max(1)
    }

    /// The look of one channel, or of all channels with gaps between them.
    fn look(&self, scale: u32, channel: Option<usize>) -> Look {
        let settings = MosaicSettings {
            layout: MosaicLayout::Channels,
            gap: u32::from(channel.is_none()),
            normalisation: self.normalisation,
            colour: self.colour,
            paper: self.paper,
            order: channel.map(|channel| vec![channel].into()),
            ..MosaicSettings::default()
        };
        Look { settings, scale: Scale::Times(scale) }
    }

    /// A frame large enough for a single channel of each layer of these shapes.
    pub fn channels_frame(&self, shapes: &[MapShape]) -> FrameLook {
        let sides = shapes.iter().map(|s| {
            let scale = self.scale(s.width.max(s.height));
            (s.width as u32 * scale, s.height as u32 * scale)
        });
        self.frame_of(sides)
    }

    /// A frame large enough for the mosaics of layers of these shapes.
    pub fn mosaics_frame(&self, shapes: &[MapShape]) -> Result<FrameLook, MosaicError> {
        let mut sides = Vec::new();
        for shape in shapes {
            let geometry = self.geometry(*shape)?;
            sides.push((geometry.width(), geometry.height()));
        }
        Ok(self.frame_of(sides.into_iter()))
    }

    fn geometry(&self, shape: MapShape) -> Result<crate::mosaic::Geometry, MosaicError> {
        let of_scale = |scale| crate::mosaic::Geometry::new(MosaicLayout::Channels, shape, None, scale, 1);
        let plain = of_scale(1)?;
        of_scale(self.scale(plain.width().max(plain.height()) as usize))
    }

    fn frame_of(&self, sides: impl Iterator<Item = (u32, u32)> + Clone) -> FrameLook {
        let width = sides.clone().map(|(width, _)| width).max().unwrap_or(1);
        let height = sides.map(|(_, height)| height).max().unwrap_or(1);
        // At least as wide as the strip's text needs.
        FrameLook { width: width.max(200), height, paper: self.paper }
    }
}

/// Runs a network on one picture and calls `draw` for each of the chosen layers as soon as its values are there, because keeping all
/// layers would fill the memory. `draw` gets the layer's place in `layers` and its values.
pub(super) fn animate_layers(
    session: &mut Session,
    input: &InputBatch,
    layers: &[NodeId],
    cancel: &CancelToken,
    draw: &mut dyn FnMut(usize, &Activation) -> Result<(), AnimateError>,
) -> Result<(), AnimateError> {
    let mut drawn = Ok(());
    let report = session.run(input, layers, cancel, &mut |tap| {
        let Some(place) = layers.iter().position(|layer| *layer == tap.node) else {
            return ControlFlow::Continue(());
        };
        drawn = draw(place, &tap.activation);
        if drawn.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    drawn?;
    if report.outcome == Outcome::Cancelled { Err(AnimateError::Interrupted) } else { Ok(()) }
}

/// What frames are made from: a run of a network, and the picture it was run on.
#[derive(Clone, Copy)]
pub(super) struct FrameSource<'a> {
    /// The network, with the engine and device that ran it.
    pub run_by: &'a RunBy,
    /// The preprocessed picture.
    pub view: &'a View,
    /// Description of the picture for records.
    pub picture: &'a PictureRecord,
    /// The picture's name, for titles.
    pub label: &'a str,
}

/// Draws a layer, or one channel of it, as a frame.
fn frame(
    source: &FrameSource<'_>,
    (activation, stats): (&Activation, &LayerStats),
    look: Look,
    channel: Option<usize>,
    (frame, mark): (&FrameLook, StripMark),
) -> Result<Drawing, MosaicError> {
    let FrameSource { run_by, view, picture, label } = *source;
    let panel = Panel::paint(&PanelSpec {
        values: LayerValues { run_by, view, activation, stats },
        look,
        selection: ChannelSelection::default(),
        channel,
        class_map: None,
    })?;
    draw(FigureSpec { picture, minus: None, label, contents: Contents::Frame(panel, *frame, mark) })
}

/// Draws all channels of a layer, one frame each. `part` is the layer's index among all animated layers, and their number.
pub(super) fn push_channels(
    source: &FrameSource<'_>,
    activation: &Activation,
    part: (usize, usize),
    look: &AnimationLook,
    extent: &FrameLook,
    cancel: &CancelToken,
    push: &mut PushDrawing<'_>,
) -> Result<(), AnimateError> {
    let stats = LayerStats::of(activation);
    let shape = activation.shape();
    let scale = look.scale(shape.width.max(shape.height));
    for channel in 0..shape.channels {
        if cancel.is_cancelled() {
            return Err(AnimateError::Interrupted);
        }
        let mark = StripMark {
            words: format!("{}  {}/{}", activation.name(), channel + 1, shape.channels),
            num_parts: part.1,
            part: part.0,
            num_steps: shape.channels,
            step: channel,
        };
        let look = look.look(scale, Some(channel));
        push(frame(source, (activation, &stats), look, Some(channel), (extent, mark))?)?;
    }
    Ok(())
}

/// Draws a layer as one mosaic in one frame.
pub(super) fn push_mosaic(
    source: &FrameSource<'_>,
    activation: &Activation,
    mark: StripMark,
    look: &AnimationLook,
    extent: &FrameLook,
    push: &mut PushDrawing<'_>,
) -> Result<(), AnimateError> {
    let look = look.look(look.geometry(activation.shape())?.scale(), None);
    let stats = LayerStats::of(activation);
    Ok(push(frame(source, (activation, &stats), look, None, (extent, mark))?)?)
}
