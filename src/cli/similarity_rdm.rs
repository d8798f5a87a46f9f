//! Matrices of others for `similarity`: which pictures their rows are.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::similarity_args::SimilarityArgs;
use crate::similarity::{
    ComparedLayer, DissimilarityMatrix, LayerNumbers, ListedPicture, MatchedPictures, SimilarityError,
    match_pictures, read_dissimilarities,
};
use crate::tensor::counted;

/// A matrix that was read.
pub(super) struct Rdm {
    pub(super) name: String,
    pub(super) path: PathBuf,
    matrix: DissimilarityMatrix,
}

impl Rdm {
    /// The matrix as something to compare, of these of its rows.
    pub(super) fn into_layer(self, rows: &[usize]) -> ComparedLayer {
        ComparedLayer {
            name: self.name,
            numbers: LayerNumbers::Dissimilarities(self.matrix.of_pictures(rows)),
        }
    }
}

/// All matrices that were named.
pub(super) struct Rdms {
    pub(super) all: Vec<Rdm>,
}

/// Reads the matrices, and gives their rows the names of `--rdm-pictures`.
pub(super) fn read_rdms(args: &SimilarityArgs) -> anyhow::Result<Rdms> {
    let mut all = Vec::with_capacity(args.rdm.len());
    for (at, path) in args.rdm.iter().enumerate() {
        if args.rdm[..at].contains(path) {
            bail!("this matrix is named twice: \"{}\"", path.display());
        }
        let matrix =
            read_dissimilarities(path, args.rdm_variable.as_deref()).map_err(SimilarityError::from)?;
        all.push(Rdm { name: rdm_name(path, &args.rdm), path: path.clone(), matrix });
    }
    if let Some(path) = &args.rdm_pictures {
        let pictures = pictures(path)?;
        let mut is_taken = false;
        for rdm in all.iter_mut().filter(|rdm| rdm.matrix.pictures.is_none()) {
            if rdm.matrix.num_pictures != pictures.len() {
                bail!(
                    "the list has {}, and {} is of {}: \"{}\"",
                    counted(pictures.len(), "picture"),
                    rdm.name,
                    rdm.matrix.num_pictures,
                    path.display()
                );
            }
            rdm.matrix.pictures = Some(pictures.clone());
            is_taken = true;
        }
        if !is_taken {
            bail!("`--rdm-pictures` names the rows of a matrix without names, and this one has some");
        }
    }
    Ok(Rdms { all })
}

/// The file's name without its ending; the whole path if another matrix has the same.
fn rdm_name(path: &Path, all: &[PathBuf]) -> String {
    let is_alone = all.iter().filter(|other| other.file_stem() == path.file_stem()).count() < 2;
    match path.file_stem().filter(|_| is_alone) {
        Some(stem) => stem.to_string_lossy().into_owned(),
        None => path.display().to_string(),
    }
}

fn pictures(path: &Path) -> anyhow::Result<Vec<String>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the list of pictures can't be read: \"{}\"", path.display()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    Ok(text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect())
}

impl Rdms {
    /// Matches the pictures of sets and matrices, and draws a sample of them if one is asked for. Also returns notes on what was taken for
    /// the order of matrices without names.
    pub(super) fn matched(
        &self,
        mut sets: Vec<(String, Vec<ListedPicture>)>,
        sample: Option<usize>,
        seed: u64,
    ) -> anyhow::Result<(MatchedPictures, Vec<String>)> {
        let mut notes = Vec::new();
        let bare = |file: &str| ListedPicture { file: file.to_owned(), place: None, xxh64: None };
        for rdm in &self.all {
            let num_pictures = rdm.matrix.num_pictures;
            let listed = match (&rdm.matrix.pictures, sets.first()) {
                (Some(names), _) => names.iter().map(|name| bare(name)).collect(),
                (None, None) => (0..num_pictures).map(|at| bare(&format!("picture {at}"))).collect(),
                (None, Some((set, listed))) => {
                    if listed.len() != num_pictures {
                        return Err(SimilarityError::OtherNumber {
                            name: rdm.name.clone(),
                            got: num_pictures,
                            set: set.clone(),
                            num_pictures: listed.len(),
                        }
                        .into());
                    }
                    notes.push(format!(
                        "the rows of {} have no names and are taken in the order of {set}: {}",
                        rdm.name,
                        in_order(listed)
                    ));
                    listed.iter().map(|one| ListedPicture { xxh64: None, ..one.clone() }).collect()
                }
            };
            sets.push((rdm.name.clone(), listed));
        }
        let mut matched = match_pictures(&sets)?;
        if let Some(sample) = sample {
            matched.sample(sample, seed)?;
        }
        Ok((matched, notes))
    }
}

/// The first pictures and the last, so that the order can be seen.
fn in_order(listed: &[ListedPicture]) -> String {
    let name = |at: usize| listed.get(at).map(|one| format!("`{}`", crate::tensor::shown(&one.file)));
    let names: Vec<String> = (0..listed.len().min(3)).filter_map(name).collect();
    match listed.len() {
        0..=3 => names.join(", "),
        more => format!("{} … {}", names.join(", "), name(more - 1).unwrap_or_default()),
    }
}
