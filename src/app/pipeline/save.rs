//! What is shown as a file.

use std::path::Path;

use super::super::shown::Shown;
use crate::formats::{PictureRecord, write_figure};
use crate::input::decode::Picture;
use crate::mosaic::{MosaicSettings, Paper};
use crate::render::{FigureKind, Look, Panel, Scale};

/// Writes what is shown as the command line would: at a readable size, with or without caption, with its record.
pub(super) fn save(
    shown: &Shown,
    path: &Path,
    may_replace: bool,
    has_caption: bool,
    paper: Paper,
) -> Result<(), String> {
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
    let look = Look { settings: MosaicSettings { paper, ..shown.settings.clone() }, scale: Scale::Auto };
    let about = of_picture(&shown.picture);
    let kind = if has_caption { FigureKind::Captioned } else { FigureKind::Mosaics };
    let mut drawing = look
        .for_shape(shown.activation.shape())
        .and_then(|settings| {
            Panel::new(&shown.run_by, &shown.view, &shown.activation, &shown.stats, &settings)
        })
        .and_then(|panel| panel.into_drawing(&about, &shown.label, kind))
        .map_err(|error| error.to_string())?;
    // A difference says both pictures it is of.
    drawing.record.minus = shown.minus.as_ref().map(|other| of_picture(other));
    write_figure(path, &drawing.pixels, &drawing.title, &drawing.record).map_err(|error| error.to_string())
}

fn of_picture(picture: &Picture) -> PictureRecord {
    let rgb = &picture.rgb;
    PictureRecord::new(Path::new(&picture.name), rgb.width(), rgb.height(), rgb.as_raw())
}
