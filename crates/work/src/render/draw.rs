//! Draws a layer's values as a mosaic, a captioned figure, a part of a mosaic, a sheet or a frame, each with its record. The only place
//! where figures are drawn and recorded.

use std::path::Path;

use image::RgbImage;

use super::class_map::ClassChoice;
use super::look::Look;
use super::record::panel_record;
use super::view::View;
use crate::engine::RunBy;
use crate::formats::{AnimationFrame, FigureRecord, PanelRecord, PictureRecord, WriteError, write_figure};
use crate::mosaic::{
    Caption, FigureSettings, FrameLook, Mosaic, MosaicError, Paper, Pixels, SeenPart, SheetPanel,
    SheetPicture, SheetSettings, StripMark, compose, figure, outline_part, seen_part, sheet,
};
use crate::tensor::{Activation, ChannelSelection, LayerStats};

/// What kind of figure is made of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FigureKind {
    /// One figure per layer: its mosaic with the given surround.
    Mosaics(Surround),
    /// One sheet with all layers.
    Sheet,
}

impl FigureKind {
    /// The word used in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mosaics(surround) => surround.name(),
            Self::Sheet => "sheet",
        }
    }
}

/// What is drawn around a mosaic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surround {
    /// Picture, model, layer, range and counts in words.
    pub has_caption: bool,
    /// Colour bar and legend.
    pub has_scale: bool,
}

impl Surround {
    /// The mosaic's own pixels and nothing else.
    pub const NONE: Self = Self { has_caption: false, has_scale: false };
    /// Caption, colour bar and legend.
    pub const WHOLE: Self = Self { has_caption: true, has_scale: true };

    const ALL: [Self; 4] = [
        Self::NONE,
        Self::WHOLE,
        Self { has_caption: true, has_scale: false },
        Self { has_caption: false, has_scale: true },
    ];

    /// The word used in records.
    pub const fn name(self) -> &'static str {
        match (self.has_caption, self.has_scale) {
            (false, false) => "mosaic",
            (true, true) => "captioned",
            (true, false) => "captioned without scale",
            (false, true) => "with scale",
        }
    }

    /// The surround that a word in a record means; `None` for other figures, such as sheets.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|surround| surround.name() == word)
    }
}

/// A layer's values, and the run that computed them.
#[derive(Clone, Copy)]
pub struct LayerValues<'a> {
    /// The network, with the engine and device that ran it.
    pub run_by: &'a RunBy,
    /// The preprocessed picture.
    pub view: &'a View,
    /// The values that are drawn: the layer's, a difference of two, or a class map.
    pub activation: &'a Activation,
    /// Statistics of these values.
    pub stats: &'a LayerStats,
}

/// One layer to be painted, and the choices that are written to its record.
pub struct PanelSpec<'a> {
    /// The values.
    pub values: LayerValues<'a>,
    /// How they are laid out and coloured. `settings.order` must hold the channels that `selection` gives, or the one that `channel` names.
    pub look: Look,
    /// Which channels the user selected, in what order.
    pub selection: ChannelSelection,
    /// The channel that is shown, in a figure of a single channel.
    pub channel: Option<usize>,
    /// The class, if the values are a class map.
    pub class_map: Option<&'a ClassChoice>,
}

/// One layer, painted.
pub struct Panel {
    tag: &'static str,
    remark: Option<String>,
    picture: Option<SheetPicture>,
    mosaic: Mosaic,
    record: PanelRecord,
}

impl Panel {
    /// Paints a layer.
    ///
    /// # Errors
    /// A grid that doesn't hold the channels, a mosaic over the size limit.
    pub fn paint(spec: &PanelSpec<'_>) -> Result<Self, MosaicError> {
        let LayerValues { run_by, view, activation, stats } = spec.values;
        let settings = spec.look.for_shape(activation.shape())?;
        let mosaic = compose(activation, stats, &settings)?;
        let mut record = panel_record(run_by, view, &mosaic);
        record.look.is_grid_chosen = settings.grid.is_some();
        // A selection has no meaning for a figure of a single channel.
        let is_of_channels = spec.channel.is_none() && spec.class_map.is_none();
        record.look.selection = (spec.selection != ChannelSelection::default() && is_of_channels)
            .then(|| spec.selection.to_string());
        record.look.shown_channel = spec.channel;
        record.look.class_map = spec.class_map.map(ClassChoice::to_string);
        Ok(Self { tag: run_by.backbone.spec().tag, remark: None, picture: None, mosaic, record })
    }
}

impl Panel {
    /// Adds a paragraph to the caption, such as the most likely classes.
    pub fn set_remark(&mut self, remark: Option<String>) {
        self.remark = remark;
    }

    /// Says that the panel is of a picture of its own, in a sheet of several pictures: its name, its record and its pixels.
    pub fn set_picture(&mut self, label: &str, record: PictureRecord, rgb: RgbImage) {
        self.picture = Some(on_sheet(label, rgb));
        self.record.picture = Some(record);
    }
}

/// The part of a mosaic that is visible on a screen.
#[derive(Clone, Copy, Debug)]
pub struct PartSeen {
    /// The part, in pixels of the mosaic; it may extend beyond the mosaic.
    pub part: SeenPart,
    /// Width and height in pixels of the screen.
    pub size: (u32, u32),
    /// Background colour around the mosaic, RGBA.
    pub ground: [u8; 4],
    /// A channel that is outlined, and in which colour (RGBA).
    pub outlined: Option<(usize, [u8; 4])>,
}

/// What a figure shows.
pub enum Contents {
    /// A panel with its surround.
    Panel(Panel, Surround),
    /// The part of a panel's mosaic that is visible on a screen.
    Part(Panel, PartSeen),
    /// The picture and the panels of several layers on one sheet.
    Sheet {
        /// Layers, at least one. Either all of them have a picture of their own, or none has.
        panels: Vec<Panel>,
        /// The picture as decoded; not drawn where the panels have pictures of their own.
        rgb: RgbImage,
        /// Colours of the background and the text.
        paper: Paper,
    },
    /// A frame of an animation: the panel's mosaic, and the strip that marks which frame it is.
    Frame(Panel, FrameLook, StripMark),
}

/// A figure to be drawn.
pub struct FigureSpec<'a> {
    /// The picture, for the record.
    pub picture: &'a PictureRecord,
    /// The picture whose values were subtracted, for a difference of two pictures.
    pub minus: Option<PictureRecord>,
    /// The picture's name, for caption and title.
    pub label: &'a str,
    /// What the figure shows.
    pub contents: Contents,
}

/// A figure ready to be written.
pub struct Drawing {
    /// The pixels.
    pub pixels: Pixels,
    /// Title, one line, for image viewers.
    pub title: String,
    /// How it was made.
    pub record: FigureRecord,
}

impl Drawing {
    /// The drawing as a frame of an animation.
    #[must_use]
    pub fn as_frame(&self) -> AnimationFrame<'_> {
        AnimationFrame { pixels: &self.pixels, made: Some((&self.title, &self.record)) }
    }

    /// Writes the drawing as a PNG with its record, completely or not at all.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn write(&self, path: &Path) -> Result<(), WriteError> {
        write_figure(path, &self.pixels, &self.title, &self.record)
    }
}

/// The word in records for a part of a mosaic.
const PART: &str = "view";
/// The word in records for a frame of an animation.
const FRAME: &str = "frame";

/// Draws and records a figure.
///
/// # Errors
/// A sheet without panels, or a figure over the size limit.
pub fn draw(spec: FigureSpec<'_>) -> Result<Drawing, MosaicError> {
    let FigureSpec { picture, minus, label, contents } = spec;
    let mut drawing = match contents {
        Contents::Panel(panel, surround) => alone(panel, picture, label, surround)?,
        Contents::Part(panel, seen) => part(panel, picture, label, &seen)?,
        Contents::Sheet { panels, rgb, paper } => on_a_sheet(panels, picture, label, rgb, paper)?,
        Contents::Frame(panel, look, mark) => in_a_frame(panel, picture, label, look, &mark)?,
    };
    drawing.record.minus = minus;
    Ok(drawing)
}

/// Which channels are shown in what order, if that is not all by index.
fn order_words(panel: &PanelRecord) -> Option<String> {
    let order = panel.look.selection.as_deref()?;
    Some(format!("order of channels: {order}"))
}

fn alone(
    panel: Panel,
    picture: &PictureRecord,
    label: &str,
    surround: Surround,
) -> Result<Drawing, MosaicError> {
    let Panel { tag, remark, picture: _, mosaic, record } = panel;
    let mut caption = Caption::of(&mosaic, label, tag);
    caption.details.extend(order_words(&record));
    caption.details.extend(remark);
    // The no-break spaces are for wrapping the figure's caption; a title is one line, and people search for its text.
    let title = caption.title.replace('\u{a0}', " ");
    if !surround.has_caption {
        caption = Caption::default();
    }
    let pixels = if surround == Surround::NONE {
        mosaic.pixels
    } else {
        let settings = FigureSettings { scale_shown: surround.has_scale, ..FigureSettings::default() };
        figure(&mosaic, &caption, &settings)?.pixels
    };
    Ok(Drawing { pixels, title, record: FigureRecord::new(surround.name(), picture.clone(), vec![record]) })
}

fn part(panel: Panel, picture: &PictureRecord, label: &str, seen: &PartSeen) -> Result<Drawing, MosaicError> {
    let mosaic = &panel.mosaic;
    let mut pixels = seen_part(&mosaic.pixels, seen.part, seen.size, seen.ground)?;
    let tile = seen.outlined.and_then(|(channel, colour)| {
        let position = mosaic.order.position_of(channel)?;
        Some((mosaic.geometry.channel_rect(position)?, colour))
    });
    if let Some((tile, colour)) = tile {
        outline_part(&mut pixels, seen.part, tile, colour);
    }
    let mut drawing = alone(panel, picture, label, Surround::NONE)?;
    drawing.pixels = pixels;
    PART.clone_into(&mut drawing.record.kind);
    drawing.record.panels.iter_mut().for_each(|panel| panel.look.part = Some(seen.part.to_string()));
    Ok(drawing)
}

fn in_a_frame(
    panel: Panel,
    picture: &PictureRecord,
    label: &str,
    look: FrameLook,
    mark: &StripMark,
) -> Result<Drawing, MosaicError> {
    let mut drawing = alone(panel, picture, label, Surround::NONE)?;
    drawing.pixels = look.frame(&drawing.pixels, mark)?;
    FRAME.clone_into(&mut drawing.record.kind);
    Ok(drawing)
}

/// A picture as a sheet shows it: its name, its size, its pixels.
fn on_sheet(label: &str, rgb: RgbImage) -> SheetPicture {
    let (width, height) = rgb.dimensions();
    SheetPicture {
        title: label.to_owned(),
        subtitle: format!("{width}×{height}"),
        width,
        height,
        rgb: rgb.into_raw(),
    }
}

fn on_a_sheet(
    panels: Vec<Panel>,
    picture: &PictureRecord,
    label: &str,
    rgb: RgbImage,
    paper: Paper,
) -> Result<Drawing, MosaicError> {
    let Some(first_tag) = panels.first().map(|panel| panel.tag) else {
        return Err(MosaicError::Empty { what: "the sheet".to_owned() });
    };
    let is_one_model = panels.iter().all(|panel| panel.tag == first_tag);
    let (mut shown, mut records) = (Vec::with_capacity(panels.len()), Vec::with_capacity(panels.len()));
    let mut pictures = Vec::new();
    for panel in panels {
        pictures.extend(panel.picture);
        let layer = format!("{} {}", panel.mosaic.layer, panel.mosaic.shape);
        let (title, subtitle) =
            if is_one_model { (layer, panel.tag.to_owned()) } else { (panel.tag.to_owned(), layer) };
        let scale = panel.mosaic.scale();
        let subtitle = format!("{subtitle} · {}", panel.mosaic.settings.normalisation.describe());
        // One range for all values is told in numbers.
        let subtitle =
            if scale.range.is_shared() { format!("{subtitle}: {}", scale.range) } else { subtitle };
        shown.push(SheetPanel { title, subtitle, pixels: panel.mosaic.pixels, scale: Some(scale) });
        records.push(panel.record);
    }
    let settings = SheetSettings { paper, ..SheetSettings::default() };
    let label = if pictures.is_empty() {
        pictures.push(on_sheet(label, rgb));
        label.to_owned()
    } else {
        pictures.iter().map(|picture| &*picture.title).collect::<Vec<_>>().join(", ")
    };
    let pixels = sheet(&pictures, &shown, &settings)?;
    let title = format!("{label} · {}", shown.iter().map(|p| &*p.title).collect::<Vec<_>>().join(", "));
    let record = FigureRecord::new(FigureKind::Sheet.name(), picture.clone(), records);
    Ok(Drawing { pixels, title, record })
}
