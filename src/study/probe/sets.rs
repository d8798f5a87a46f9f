//! Opens the sets of features and checks that they are of the same pictures.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::settings::{ProbeSettings, ProbeWords};
use crate::extract::find_sets;
use crate::features::{FeatureMatrix, IndexTable, KnownPicture, PICTURES_NAME, read_pictures};
use crate::tensor::{available_memory, check_half, memory_words, shown};

/// A set of features, ready to be read.
#[derive(Debug)]
pub(super) struct OpenSet {
    matrix: FeatureMatrix,
    title: String,
}

/// Opens every set at or below the inputs.
pub(super) fn open_all(
    args: &ProbeSettings,
    inputs: &[PathBuf],
    go_on: &dyn Fn() -> bool,
) -> anyhow::Result<Vec<OpenSet>> {
    let mut folders = Vec::new();
    for input in inputs {
        for folder in find_sets(input)? {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
    }
    let mut sets = Vec::new();
    for folder in folders {
        sets.push(OpenSet { matrix: FeatureMatrix::open(&folder, args.maps, go_on)?, title: String::new() });
    }
    if let [first, others @ ..] = &sets[..] {
        for other in others {
            check_same_rows(first, other, &args.target)?;
        }
    }
    name_all(&mut sets);
    Ok(sets)
}

/// Gives each set the shortest title by which it differs from the others.
fn name_all(sets: &mut [OpenSet]) {
    let layered: Vec<String> = sets
        .iter()
        .map(|set| {
            let recipe = &set.matrix.manifest().recipe;
            format!("{} {}", recipe.tag, recipe.layer)
        })
        .collect();
    for (at, set) in sets.iter_mut().enumerate() {
        let is_alone = layered.iter().filter(|title| **title == layered[at]).count() == 1;
        let folder = set.matrix.folder().display().to_string();
        set.title = if is_alone { layered[at].clone() } else { format!("{} ({folder})", layered[at]) };
    }
}

/// The rows of two sets must be the same pictures in the same order.
fn check_same_rows(first: &OpenSet, other: &OpenSet, target: &str) -> anyhow::Result<()> {
    let place = other.folder().display();
    let (num, expected) = (other.matrix.num_rows(), first.matrix.num_rows());
    if num != expected {
        bail!(
            "its rows are not those of \"{}\": {num} here, {expected} there: \"{place}\"",
            first.folder().display()
        );
    }
    for name in ["row", "camera", "file", target] {
        let (Some(a), Some(b)) = (first.index().column(name), other.index().column(name)) else { continue };
        if let Some(row) = (0..num).find(|row| a[*row] != b[*row]) {
            bail!(
                "its rows are not those of \"{}\": {name} of row {row} is `{}` here and `{}` there: \"{place}\"",
                first.folder().display(),
                shown(&b[row]),
                shown(&a[row])
            );
        }
    }
    // Files of the same name may be other pictures.
    let pictures = |set: &OpenSet| -> anyhow::Result<Vec<KnownPicture>> {
        let is_known = set.folder().join(PICTURES_NAME).exists();
        Ok(if is_known { read_pictures(set.folder())? } else { Vec::new() })
    };
    let (a, b) = (pictures(first)?, pictures(other)?);
    if let Some((_, picture)) = a.iter().zip(&b).find(|(a, b)| a.xxh64 != b.xxh64) {
        bail!(
            "its pictures are not those of \"{}\": `{}` has other bytes there: \"{place}\"",
            first.folder().display(),
            shown(&picture.file)
        );
    }
    Ok(())
}

impl OpenSet {
    /// Network and layer.
    pub(super) fn title(&self) -> String {
        self.title.clone()
    }

    pub(super) fn folder(&self) -> &Path {
        self.matrix.folder()
    }

    pub(super) fn index(&self) -> &IndexTable {
        self.matrix.index()
    }

    pub(super) fn recipe(&self) -> &crate::features::Recipe {
        &self.matrix.manifest().recipe
    }

    /// How the rows were pooled, when stored or here.
    pub(super) fn pool(&self) -> String {
        let stored = &self.recipe().pool;
        match (self.matrix.map_extent(), self.matrix.width() == self.recipe().stored.layout.num_values()) {
            (Some(_), false) => "avg".to_owned(),
            (Some(_), true) => "flatten".to_owned(),
            (None, _) => stored.clone(),
        }
    }

    pub(super) fn num_rows(&self) -> usize {
        self.matrix.num_rows()
    }

    pub(super) fn width(&self) -> usize {
        self.matrix.width()
    }

    /// Bytes of the feature files.
    pub(super) fn num_bytes(&self) -> u64 {
        let manifest = self.matrix.manifest();
        let of_files: Option<u64> = manifest.outcome.files.iter().map(|file| file.num_bytes).sum();
        match of_files.filter(|bytes| *bytes > 0) {
            Some(bytes) => bytes,
            None => manifest.outcome.num_rows * manifest.recipe.stored.layout.num_bytes() as u64,
        }
    }

    /// All rows, after a check that there is room for what is computed from them. A head takes `extra` bytes more for each column.
    pub(super) fn read(
        &mut self,
        words: &ProbeWords,
        extra: u64,
        go_on: &dyn Fn() -> bool,
    ) -> anyhow::Result<Vec<f32>> {
        let (rows, width) = (self.num_rows() as u64, self.width() as u64);
        // The rows in f32 and, by folds, in f64; for two fits at once, the rows again and products of the smaller side.
        let least = rows.min(width);
        let needed = rows * width * 12 + 2 * (rows * width * 24 + least * least * 24 + extra * width);
        check_half(needed, available_memory()).with_context(|| {
            let remedy = match self.matrix.map_extent() {
                Some(_) if self.pool() == "flatten" => words.average,
                _ => words.extract_averaged,
            };
            format!(
                "{rows} rows of {width} numbers take about {} to fit heads on; {remedy}: \"{}\"",
                memory_words(needed),
                self.folder().display()
            )
        })?;
        Ok(self.matrix.to_memory(go_on)?)
    }
}
