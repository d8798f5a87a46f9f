//! A layer's values to what a file holds: mosaic, figure or sheet, each with its record.

use image::RgbImage;

use super::record::panel_record;
use super::view::View;
use crate::engine::RunBy;
use crate::formats::{FigureRecord, PanelRecord, PictureRecord};
use crate::mosaic::{
    Caption, FigureSettings, Mosaic, MosaicError, MosaicSettings, Paper, Pixels, SheetPanel, SheetPicture,
    SheetSettings, compose, figure, sheet,
};
use crate::tensor::{Activation, LayerStats};

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

/// A figure ready to be written.
pub struct Drawing {
    /// The pixels.
    pub pixels: Pixels,
    /// One line, for viewers.
    pub title: String,
    /// How it was made.
    pub record: FigureRecord,
}

/// One layer, painted.
pub struct Panel {
    tag: &'static str,
    /// A paragraph of its own in a caption.
    remark: Option<String>,
    mosaic: Mosaic,
    record: PanelRecord,
}

impl Panel {
    /// Paints a layer of a view. `stats` must be the activation's.
    pub fn new(
        run_by: &RunBy,
        view: &View,
        activation: &Activation,
        stats: &LayerStats,
        settings: &MosaicSettings,
    ) -> Result<Self, MosaicError> {
        let mosaic = compose(activation, stats, settings)?;
        let mut record = panel_record(run_by, view, &mosaic);
        record.look.is_grid_chosen = settings.grid.is_some();
        Ok(Self { tag: run_by.backbone.row().tag, remark: None, mosaic, record })
    }

    /// The same with one more paragraph in its caption.
    #[must_use]
    pub fn with_remark(mut self, remark: Option<String>) -> Self {
        self.remark = remark;
        self
    }

    /// The panel as a figure of its own.
    pub fn into_drawing(
        self,
        picture: &PictureRecord,
        label: &str,
        surround: Surround,
    ) -> Result<Drawing, MosaicError> {
        let mut caption = Caption::of(&self.mosaic, label, self.tag);
        caption.details.extend(self.remark);
        // Blanks that don't break keep the figure's lines together; a title has one line, and is searched for.
        let title = caption.title.replace('\u{a0}', " ");
        if !surround.has_caption {
            caption = Caption::default();
        }
        let pixels = if surround == Surround::NONE {
            self.mosaic.pixels
        } else {
            let settings = FigureSettings { scale_shown: surround.has_scale, ..FigureSettings::default() };
            figure(&self.mosaic, &caption, &settings)?.pixels
        };
        Ok(Drawing {
            pixels,
            title,
            record: FigureRecord::new(surround.name(), picture.clone(), vec![self.record]),
        })
    }
}

/// All panels of one picture as one figure.
pub fn draw_sheet(
    panels: Vec<Panel>,
    picture: PictureRecord,
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
    let is_one_model = panels.iter().all(|panel| panel.tag == panels[0].tag);
    let (mut shown, mut records) = (Vec::with_capacity(panels.len()), Vec::with_capacity(panels.len()));
    for panel in panels {
        let layer = format!("{} {}", panel.mosaic.layer, panel.mosaic.shape);
        let (title, subtitle) =
            if is_one_model { (layer, panel.tag.to_owned()) } else { (panel.tag.to_owned(), layer) };
        let subtitle = format!("{subtitle} · {}", panel.mosaic.normalisation.describe());
        shown.push(SheetPanel { title, subtitle, pixels: panel.mosaic.pixels });
        records.push(panel.record);
    }
    let settings = SheetSettings { paper, ..SheetSettings::default() };
    let pixels = sheet(Some(&original), &shown, &settings)?;
    let title = format!("{label} · {}", shown.iter().map(|p| &*p.title).collect::<Vec<_>>().join(", "));
    Ok(Drawing { pixels, title, record: FigureRecord::new(FigureKind::Sheet.name(), picture, records) })
}
