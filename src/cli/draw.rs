//! A layer's values to what a file holds: mosaic, figure or sheet, each with its record.

use anyhow::Context as _;
use image::RgbImage;

use super::look::Look;
use super::plan::FigureKind;
use crate::engine::Session;
use crate::formats::{FigureRecord, PanelRecord, PictureRecord};
use crate::mosaic::{
    Caption, FigureSettings, Mosaic, Paper, Pixels, SheetPanel, SheetPicture, SheetSettings, compose, figure,
    sheet,
};
use crate::render::{View, panel_record};
use crate::tensor::{Activation, LayerStats};

/// A figure ready to be written.
pub(super) struct Drawing {
    /// The pixels.
    pub pixels: Pixels,
    /// One line, for viewers.
    pub title: String,
    /// How it was made.
    pub record: FigureRecord,
}

/// One layer, painted.
pub(super) struct Panel {
    tag: &'static str,
    mosaic: Mosaic,
    record: PanelRecord,
}

impl Panel {
    /// Paints a layer of a view.
    pub(super) fn new(
        session: &Session,
        view: &View,
        activation: &Activation,
        look: &Look,
    ) -> anyhow::Result<Self> {
        let settings = look.for_shape(activation.shape())?;
        let mosaic = compose(activation, &LayerStats::of(activation), &settings)?;
        let record = panel_record(&session.run_by(), view, &mosaic);
        Ok(Self { tag: session.backbone().row().tag, mosaic, record })
    }

    /// The panel as a figure of its own, plain or captioned.
    pub(super) fn into_drawing(
        self,
        picture: &PictureRecord,
        label: &str,
        kind: FigureKind,
    ) -> anyhow::Result<Drawing> {
        let caption = Caption::of(&self.mosaic, label, self.tag);
        // Blanks that don't break keep the figure's lines together; a title has one line, and is searched for.
        let title = caption.title.replace('\u{a0}', " ");
        let pixels = if kind == FigureKind::Captioned {
            figure(&self.mosaic, &caption, &FigureSettings::default()).context("the caption")?.pixels
        } else {
            self.mosaic.pixels
        };
        Ok(Drawing { pixels, title, record: FigureRecord::new(picture.clone(), vec![self.record]) })
    }
}

/// All panels of one picture as one figure.
pub(super) fn draw_sheet(
    panels: Vec<Panel>,
    picture: PictureRecord,
    label: &str,
    rgb: RgbImage,
    paper: Paper,
) -> anyhow::Result<Drawing> {
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
    Ok(Drawing { pixels, title, record: FigureRecord::new(picture, records) })
}
