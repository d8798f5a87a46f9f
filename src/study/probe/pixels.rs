//! The baseline of raw pixels: each picture at 32×32, its samples as features.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use rayon::prelude::*;

use super::sets::OpenSet;
use super::settings::ProbeSettings;
use crate::features::{PICTURES_NAME, read_pictures};
use crate::input::decode::decode_known_file;
use crate::input::{FitChoice, ValueChoice, preprocess};
use crate::tensor::{Fit, PixelSize, PreprocessSpec, ResizeFilter, ValueScale};

/// Columns and rows.
const SIDE: usize = 32;
/// Numbers of a picture.
pub(super) const WIDTH: usize = 3 * SIDE * SIDE;
/// Folders above the features in which pictures are looked for.
const LEVELS: usize = 4;

/// The pixels of every row, or why there are none.
pub(super) fn read(
    set: &OpenSet,
    root: &Path,
    go_on: &(dyn Fn() -> bool + Sync),
) -> anyhow::Result<Vec<f32>> {
    let files = set.index().column("file").context("the index has no column `file`")?;
    // The features' own list of pictures; a set without one says nothing about their bytes.
    let known =
        if set.folder().join(PICTURES_NAME).exists() { read_pictures(set.folder())? } else { Vec::new() };
    let spec = PreprocessSpec {
        size: PixelSize::square(SIDE),
        fit: Fit::Stretch,
        filter: ResizeFilter::Bilinear,
        scale: ValueScale::UNIT,
    };
    let one = |(row, file): (usize, &String)| -> anyhow::Result<Vec<f32>> {
        if !go_on() {
            bail!("interrupted");
        }
        let path = root.join(file);
        let (picture, fingerprint) = decode_known_file(&path)?;
        if known.get(row).is_some_and(|known| known.xxh64 != fingerprint.xxh64) {
            bail!("the picture is not the one that the features were made of: \"{}\"", path.display());
        }
        let values = preprocess(&picture.rgb, &spec, FitChoice::Model, ValueChoice::Model)?;
        Ok(values.batch.values().to_vec())
    };
    let rows: Vec<Vec<f32>> = files.par_iter().enumerate().map(one).collect::<anyhow::Result<_>>()?;
    Ok(rows.concat())
}

/// The folder that the index's paths begin in: the one named, or the nearest above the features that has the first picture.
pub(super) fn find(args: &ProbeSettings, set: &OpenSet, data: Option<&Path>) -> anyhow::Result<PathBuf> {
    let files = set.index().column("file").context("the index has no column `file`")?;
    let (named, folder) = (args.pictures.as_deref().or(data), set.folder());
    let first = files.first().context("no rows")?;
    if let Some(named) = named {
        if named.join(first).is_file() {
            return Ok(named.to_owned());
        }
        bail!("the first picture, `{first}`, is not in \"{}\"", named.display());
    }
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let above = whole.ancestors().skip(1).take(LEVELS).map(Path::to_owned);
    above.chain([PathBuf::new()]).find(|root| root.join(first).is_file()).with_context(|| {
        let words = args.words.where_pictures;
        format!("the pictures are not beside the features (the first is `{first}`); {words}")
    })
}
