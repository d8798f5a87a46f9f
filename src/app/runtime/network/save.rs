//! Writes views to files and makes images for the clipboard.

use std::path::Path;
use std::sync::Arc;

use egui::ColorImage;

use crate::app::message::event::Event;
use crate::app::message::remedy::told;
use crate::app::model::save::{SaveLooks, SaveRequest, ToSave};
use crate::app::model::shown::{Shown, Subtracted};
use crate::app::model::tiles as textures;
use crate::formats::{PictureRecord, write_npy};
use crate::input::decode::Picture;
use crate::mosaic::{MosaicSettings, Paper};
use crate::render::{
    Contents, Drawing, FigureSpec, LayerValues, Look, Panel, PanelSpec, PartSeen, Scale, class_words, draw,
};

/// Writes a file, and tells how that went. A file that is there is replaced only if the person has said so.
pub(crate) fn write_file(request: Box<SaveRequest>) -> Event {
    let SaveRequest { what, path, may_replace } = &*request;
    let shown: Vec<&Arc<Shown>> = match what {
        ToSave::Mosaic { shown, .. } | ToSave::Part { shown, .. } | ToSave::Values(shown) => vec![shown],
        ToSave::Sheet { views, .. } => views.iter().collect(),
    };
    if let Err(reason) = shown.into_iter().try_for_each(|shown| keeps_its_picture(shown, path)) {
        return Event::JobFailed(reason);
    }
    if path.is_dir() {
        return Event::JobFailed(format!(
            "this is a folder; a figure needs the name of a file: \"{}\"",
            path.display()
        ));
    }
    if path.exists() && !may_replace {
        return Event::WouldReplace(request);
    }
    let written = match what {
        ToSave::Mosaic { shown, channel, looks } => {
            draw_mosaic(shown, *channel, *looks).and_then(|drawing| write(&drawing, path))
        }
        ToSave::Part { shown, seen } => part(shown, **seen, path),
        ToSave::Values(shown) => write_npy(path, &shown.activation).map_err(|error| told(&error)),
        ToSave::Sheet { views, paper } => all(views, path, *paper),
    };
    match written {
        Ok(()) => Event::Saved(request.path),
        Err(reason) => Event::JobFailed(reason),
    }
}

/// Writes the visible part of the mosaic as it is on screen, with its zoom and pan and the outline of the selected channel.
fn part(shown: &Shown, seen: PartSeen, path: &Path) -> Result<(), String> {
    // The record is that of the whole mosaic, plus the visible part.
    let panel = panel(shown, None, shown.settings.paper, Scale::Times(1))?;
    write(&figure(shown, Contents::Part(panel, seen))?, path)
}

/// Writes all views on one sheet: with the picture on the left if all are of one, otherwise each under its own.
fn all(views: &[Arc<Shown>], path: &Path, paper: Paper) -> Result<(), String> {
    let Some(first) = views.first() else { return Err("no view shows anything yet".into()) };
    // Hashing a picture takes time, so each is hashed once.
    let pictures: Vec<PictureRecord> = views.iter().map(|view| of_picture(&view.picture)).collect();
    let has_several = pictures.iter().any(|picture| *picture != pictures[0]);
    let panels = views
        .iter()
        .zip(pictures)
        .map(|(view, picture)| {
            let mut panel = panel(view, None, paper, Scale::Times(view.settings.scale))?;
            if has_several {
                panel.set_picture(&view.label, picture, view.picture.rgb.clone());
            }
            Ok(panel)
        })
        .collect::<Result<Vec<_>, String>>()?;
    write(&figure(first, Contents::Sheet { panels, rgb: first.picture.rgb.clone(), paper })?, path)
}

/// Makes the image of a view's mosaic that a file would hold, for the clipboard.
pub(crate) fn picture(shown: &Shown, looks: SaveLooks) -> Result<Arc<ColorImage>, String> {
    draw_mosaic(shown, None, looks).map(|drawing| textures::from_pixels(&drawing.pixels))
}

/// Refuses a path that would overwrite the view's picture.
fn keeps_its_picture(shown: &Shown, path: &Path) -> Result<(), String> {
    let real = path.canonicalize().ok();
    if real.is_some() && shown.picture_paths.iter().any(|p| p.canonicalize().ok() == real) {
        return Err(format!(
            "the mosaic would overwrite its picture; choose another name: \"{}\"",
            path.display()
        ));
    }
    Ok(())
}

/// Draws a figure of the whole mosaic, or of one channel.
fn draw_mosaic(shown: &Shown, channel: Option<usize>, looks: SaveLooks) -> Result<Drawing, String> {
    let mut panel = panel(shown, channel, looks.paper, looks.scale)?;
    if looks.surround.has_caption {
        // If the classifier is large, the view was computed without its classes.
        let is_layer = shown.minus.is_none() && shown.class_map.is_none();
        let asked = || class_words(&shown.run_by.backbone, shown.node, &shown.activation);
        panel.set_remark(shown.classes.clone().or_else(|| is_layer.then(asked).flatten()));
    }
    figure(shown, Contents::Panel(panel, looks.surround))
}

/// Paints a view again, with the background and scale of a figure.
fn panel(shown: &Shown, channel: Option<usize>, paper: Paper, scale: Scale) -> Result<Panel, String> {
    let settings = match channel {
        None => MosaicSettings { paper, ..shown.settings.clone() },
        Some(channel) => {
            MosaicSettings { paper, order: Some([channel].into()), grid: None, ..shown.settings.clone() }
        }
    };
    let values = LayerValues {
        run_by: &shown.run_by,
        view: &shown.view,
        activation: &shown.activation,
        stats: &shown.stats,
    };
    Panel::paint(&PanelSpec {
        values,
        look: Look { settings, scale },
        selection: shown.selection,
        channel,
        class_map: shown.class_map.as_ref(),
    })
    .map_err(|error| told(&error))
}

/// Draws a figure of these contents. For a difference it records both pictures.
fn figure(shown: &Shown, contents: Contents) -> Result<Drawing, String> {
    let minus = match &shown.minus {
        Some(Subtracted::Picture(other)) => Some(of_picture(other)),
        Some(Subtracted::Layer) | None => None,
    };
    draw(FigureSpec { picture: &of_picture(&shown.picture), minus, label: &shown.label, contents })
        .map_err(|error| told(&error))
}

fn write(drawing: &Drawing, path: &Path) -> Result<(), String> {
    drawing.write(path).map_err(|error| told(&error))
}

/// The record of a decoded picture: its name, size and hash.
pub(crate) fn of_picture(picture: &Picture) -> PictureRecord {
    let rgb = &picture.rgb;
    PictureRecord::new(Path::new(&picture.name), rgb.width(), rgb.height(), rgb.as_raw())
}
