//! A layer's values to what a file holds: mosaic, figure, part of a mosaic or sheet, each with its record. The only place where a figure
//! is drawn and recorded.

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

/// What a picture becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FigureKind {
    /// A figure per layer: its mosaic, and what is around it.
    Mosaics(Surround),
    /// One sheet of all.
    Sheet,
}

impl FigureKind {
    /// The word for records.
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
    /// All there is.
    pub const WHOLE: Self = Self { has_caption: true, has_scale: true };

    const ALL: [Self; 4] = [
        Self::NONE,
        Self::WHOLE,
        Self { has_caption: true, has_scale: false },
        Self { has_caption: false, has_scale: true },
    ];

    /// The word for records.
    pub const fn name(self) -> &'static str {
        match (self.has_caption, self.has_scale) {
            (false, false) => "mosaic",
            (true, true) => "captioned",
            (true, false) => "captioned without scale",
            (false, true) => "with scale",
        }
    }

    /// What a record's word stands for; none for what isn't a mosaic by itself.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|surround| surround.name() == word)
    }
}

/// A layer's values, and the run that they come from.
#[derive(Clone, Copy)]
pub struct LayerValues<'a> {
    /// The network, and what ran it.
    pub run_by: &'a RunBy,
    /// The picture as the network got it.
    pub view: &'a View,
    /// The values that are drawn: the layer's, a difference of two, or a class map.
    pub activation: &'a Activation,
    /// Statistics of these values.
    pub stats: &'a LayerStats,
}

/// One layer to be painted, and what its record says of how that was chosen.
pub struct PanelSpec<'a> {
    /// The values.
    pub values: LayerValues<'a>,
    /// How they are laid out and coloured. `settings.order` holds the channels that `selection` gives, or the one that `channel` names.
    pub look: Look,
    /// Which channels were asked for, in what order.
    pub selection: ChannelSelection,
    /// The one channel that is shown, in a figure of one.
    pub channel: Option<usize>,
    /// The class whose map the values are.
    pub class_map: Option<&'a ClassChoice>,
}

/// One layer, painted.
pub struct Panel {
    tag: &'static str,
    remark: Option<String>,
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
        // One channel by itself is none of an order.
        record.look.selection = (spec.selection != ChannelSelection::default() && spec.channel.is_none())
            .then(|| spec.selection.to_string());
        record.look.shown_channel = spec.channel;
        record.look.class_map = spec.class_map.map(ClassChoice::to_string);
        Ok(Self { tag: run_by.backbone.spec().tag, remark: None, mosaic, record })
    }
}

impl Panel {
    /// Gives its caption a paragraph of its own, such as the likeliest classes.
    pub fn set_remark(&mut self, remark: Option<String>) {
        self.remark = remark;
    }
}

/// What is seen of a mosaic on a screen.
#[derive(Clone, Copy, Debug)]
pub struct PartSeen {
    /// Which part, in pixels of the mosaic; beyond its edges too.
    pub part: SeenPart,
    /// Width and height in pixels of the screen.
    pub size: (u32, u32),
    /// Behind and around the mosaic, RGBA.
    pub ground: [u8; 4],
    /// A channel that is outlined, and in which colour (RGBA).
    pub outlined: Option<(usize, [u8; 4])>,
}

/// What a figure holds.
pub enum Contents {
    /// A panel, with what is drawn around it.
    Panel(Panel, Surround),
    /// What a screen shows of a panel's mosaic.
    Part(Panel, PartSeen),
    /// The picture and layers of it on one sheet.
    Sheet {
        /// Layers, at least one.
        panels: Vec<Panel>,
        /// The picture as decoded.
        rgb: RgbImage,
        /// What the sheet is made for.
        paper: Paper,
    },
    /// A frame of a moving picture: the panel's mosaic, and the strip that marks which frame it is.
    Frame(Panel, FrameLook, StripMark),
}

/// A figure to be drawn.
pub struct FigureSpec<'a> {
    /// The picture, for the record.
    pub picture: &'a PictureRecord,
    /// The picture whose values were subtracted.
    pub minus: Option<PictureRecord>,
    /// The picture's name, for caption and title.
    pub label: &'a str,
    /// What it holds.
    pub contents: Contents,
}

/// A figure ready to be written.
pub struct Drawing {
    /// The pixels.
    pub pixels: Pixels,
    /// One line, for viewers.
    pub title: String,
    /// How it was made.
    pub record: FigureRecord,
}

impl Drawing {
    /// As a frame of a moving picture.
    #[must_use]
    pub fn as_frame(&self) -> AnimationFrame<'_> {
        AnimationFrame { pixels: &self.pixels, made: Some((&self.title, &self.record)) }
    }

    /// Writes it as a PNG with its record, whole or not at all.
    ///
    /// # Errors
    /// What the system says of the file.
    pub fn write(&self, path: &Path) -> Result<(), WriteError> {
        write_figure(path, &self.pixels, &self.title, &self.record)
    }
}

/// What a record calls a figure of a part of a mosaic.
const PART: &str = "view";
/// What it calls a frame of a moving picture.
const FRAME: &str = "frame";

/// Draws and records a figure.
///
/// # Errors
/// A sheet of nothing, a figure over the size limit.
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

fn alone(
    panel: Panel,
    picture: &PictureRecord,
    label: &str,
    surround: Surround,
) -> Result<Drawing, MosaicError> {
    let Panel { tag, remark, mosaic, record } = panel;
    let mut caption = Caption::of(&mosaic, label, tag);
    caption.details.extend(remark);
    // Blanks that don't break keep the figure's lines together; a title has one line, and is searched for.
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

fn on_a_sheet(
    panels: Vec<Panel>,
    picture: &PictureRecord,
    label: &str,
    rgb: RgbImage,
    paper: Paper,
) -> Result<Drawing, MosaicError> {
    let (width, height) = rgb.dimensions();
    let original = SheetPicture {
        title: label.to_owned(),
        subtitle: format!("{width}×{height}"),
        width,
        height,
        rgb: rgb.into_raw(),
    };
    let Some(first_tag) = panels.first().map(|panel| panel.tag) else {
        return Err(MosaicError::Empty { what: "the sheet".to_owned() });
    };
    let is_one_model = panels.iter().all(|panel| panel.tag == first_tag);
    let (mut shown, mut records) = (Vec::with_capacity(panels.len()), Vec::with_capacity(panels.len()));
    for panel in panels {
        let layer = format!("{} {}", panel.mosaic.layer, panel.mosaic.shape);
        let (title, subtitle) =
            if is_one_model { (layer, panel.tag.to_owned()) } else { (panel.tag.to_owned(), layer) };
        let subtitle = format!("{subtitle} · {}", panel.mosaic.settings.normalisation.describe());
        shown.push(SheetPanel { title, subtitle, pixels: panel.mosaic.pixels });
        records.push(panel.record);
    }
    let settings = SheetSettings { paper, ..SheetSettings::default() };
    let pixels = sheet(Some(&original), &shown, &settings)?;
    let title = format!("{label} · {}", shown.iter().map(|p| &*p.title).collect::<Vec<_>>().join(", "));
    let record = FigureRecord::new(FigureKind::Sheet.name(), picture.clone(), records);
    Ok(Drawing { pixels, title, record })
}
