//! What is shown as files, and for the clipboard.

use std::path::Path;
use std::sync::Arc;

use egui::ColorImage;

use crate::app::model::save::{SaveLooks, SeenView};
use crate::app::model::shown::Shown;
use crate::app::model::tiles as textures;
use crate::formats::{FigureRecord, PictureRecord, write_figure, write_npy};
use crate::input::decode::Picture;
use crate::mosaic::{MosaicSettings, Paper, outline_part, seen_part};
use crate::render::{Drawing, Look, Panel, Scale, Surround, draw_sheet};
use crate::tensor::Sifting;

/// What a record calls a figure of a part of a mosaic.
const VIEW: &str = "view";

/// Writes what is shown as the command line would: at a readable size, with or without caption, with its record.
pub(crate) fn save(shown: &Shown, path: &Path, may_replace: bool, looks: SaveLooks) -> Result<(), String> {
    check(shown, path, may_replace)?;
    let drawing = draw(shown, &shown.settings, looks)?;
    write_figure(path, &drawing.pixels, &drawing.title, &drawing.record).map_err(|error| error.to_string())
}

/// One filter's map, as a mosaic of one tile.
pub(crate) fn filter(shown: &Shown, channel: usize, path: &Path, looks: SaveLooks) -> Result<(), String> {
    check(shown, path, false)?;
    let settings = MosaicSettings { order: Some([channel].into()), grid: None, ..shown.settings.clone() };
    let mut drawing = draw(shown, &settings, looks)?;
    drawing.record.panels.iter_mut().for_each(|panel| panel.look.shown_filter = Some(channel));
    write_figure(path, &drawing.pixels, &drawing.title, &drawing.record).map_err(|error| error.to_string())
}

/// What is in sight of the mosaic, as it is on screen: zoomed and moved, the selected filter outlined.
pub(crate) fn part(shown: &Shown, seen: &SeenView, path: &Path) -> Result<(), String> {
    check(shown, path, false)?;
    let mut pixels = seen_part(&shown.mosaic.pixels, seen.part, seen.size, seen.ground)
        .map_err(|error| error.to_string())?;
    let tile = seen.selected.and_then(|(channel, colour)| {
        let position = shown.mosaic.order.position_of(channel)?;
        Some((shown.mosaic.geometry.filter_rect(position)?, colour))
    });
    if let Some((tile, colour)) = tile {
        outline_part(&mut pixels, seen.part, tile, colour);
    }
    // The record is the mosaic's own, and what is in sight of it.
    let looks = SaveLooks { surround: Surround::NONE, paper: shown.settings.paper, scale: Scale::Times(1) };
    let mut drawing = draw(shown, &shown.settings, looks)?;
    VIEW.clone_into(&mut drawing.record.kind);
    drawing.record.panels.iter_mut().for_each(|panel| panel.look.part = Some(seen.part.to_string()));
    write_figure(path, &pixels, &drawing.title, &drawing.record).map_err(|error| error.to_string())
}

/// The layer's values, all filters in their own order.
pub(crate) fn values(shown: &Shown, path: &Path) -> Result<(), String> {
    check(shown, path, false)?;
    write_npy(path, &shown.activation).map_err(|error| error.to_string())
}

/// The picture and every view of it on one sheet, as the article has it.
pub(crate) fn all(views: &[Arc<Shown>], path: &Path, paper: Paper) -> Result<(), String> {
    let Some(first) = views.first() else { return Err("no view shows anything yet".into()) };
    if views.iter().any(|view| view.label != first.label) {
        return Err(
            "a sheet is of one picture, and the views show several: link pictures, or save each view".into(),
        );
    }
    check(first, path, false)?;
    let panels = views
        .iter()
        .map(|view| {
            let settings = MosaicSettings { paper, ..view.settings.clone() };
            Panel::new(&view.run_by, &view.view, &view.activation, &view.stats, &settings)
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| error.to_string())?;
    let about = of_picture(&first.picture);
    let drawing = draw_sheet(panels, about, &first.label, first.picture.rgb.clone(), paper)
        .map_err(|error| error.to_string())?;
    write_figure(path, &drawing.pixels, &drawing.title, &drawing.record).map_err(|error| error.to_string())
}

/// What saving would write, as a picture for the clipboard.
pub(crate) fn picture(shown: &Shown, looks: SaveLooks) -> Result<Arc<ColorImage>, String> {
    draw(shown, &shown.settings, looks).map(|drawing| textures::from_pixels(&drawing.pixels))
}

/// No figure may lie over its picture, nor over a file that nobody gave up.
fn check(shown: &Shown, path: &Path, may_replace: bool) -> Result<(), String> {
    let real = path.canonicalize().ok();
    if real.is_some() && shown.picture_paths.iter().any(|p| p.canonicalize().ok() == real) {
        return Err(format!(
            "the mosaic would overwrite its picture; choose another name: \"{}\"",
            path.display()
        ));
    }
    if real.is_some() && !may_replace {
        return Err(format!(
            "there is a file of that name; choose another, or delete it first: \"{}\"",
            path.display()
        ));
    }
    Ok(())
}

fn draw(shown: &Shown, settings: &MosaicSettings, looks: SaveLooks) -> Result<Drawing, String> {
    let settings_on_paper = MosaicSettings { paper: looks.paper, ..settings.clone() };
    let look = Look { settings: settings_on_paper, scale: looks.scale };
    let about = of_picture(&shown.picture);
    let mut drawing = look
        .for_shape(shown.activation.shape())
        .and_then(|settings| {
            Panel::new(&shown.run_by, &shown.view, &shown.activation, &shown.stats, &settings)
        })
        .and_then(|panel| panel.into_drawing(&about, &shown.label, looks.surround))
        .map_err(|error| error.to_string())?;
    // A difference says both pictures it is of.
    drawing.record.minus = shown.minus.as_ref().map(|other| of_picture(other));
    if settings.order.as_deref() == shown.settings.order.as_deref() {
        name_sifting(&mut drawing.record, shown.sifting);
    }
    Ok(drawing)
}

/// Says in a figure's record which filters it shows, where they are not all in their own order.
pub(crate) fn name_sifting(record: &mut FigureRecord, sifting: Sifting) {
    for panel in record.panels.iter_mut().filter(|_| sifting != Sifting::default()) {
        panel.look.sifting = Some(sifting.to_string());
    }
}

fn of_picture(picture: &Picture) -> PictureRecord {
    let rgb = &picture.rgb;
    PictureRecord::new(Path::new(&picture.name), rgb.width(), rgb.height(), rgb.as_raw())
}
