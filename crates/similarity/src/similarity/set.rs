//! A finished set of features as something to compare.

use std::path::{Path, PathBuf};

use super::error::SimilarityError;
use super::layer::{ComparedLayer, LayerFeatures, LayerNumbers};
use super::matching::ListedPicture;
use crate::features::{FeatureFormat, FeatureMatrix, MapRows, PICTURES_NAME, read_pictures};

/// A folder of features, opened and checked.
#[derive(Debug)]
pub struct FeatureSet {
    matrix: FeatureMatrix,
    pictures: Vec<ListedPicture>,
}

impl FeatureSet {
    /// Opens a folder that an extraction wrote. Every file is compared with its hash. `go_on` is called now and then; if it returns false,
    /// the result is [`SimilarityError::Interrupted`].
    ///
    /// # Errors
    /// A folder that is no set, or damaged.
    pub fn open(folder: &Path, maps: MapRows, go_on: &dyn Fn() -> bool) -> Result<Self, SimilarityError> {
        let stopped =
            |error| if go_on() { SimilarityError::from(error) } else { SimilarityError::Interrupted };
        let mut matrix = FeatureMatrix::open(folder, maps, go_on).map_err(stopped)?;
        if matrix.manifest().recipe.stored.format == FeatureFormat::Folder {
            // The only format whose files have no hashes of their own.
            matrix.for_each_block(1 << 22, &mut |_, _| go_on()).map_err(stopped)?;
        }
        let index = matrix.index();
        let column = |name: &str| index.column(name).unwrap_or_default();
        let (files, rows, cameras) = (column("file"), column("row"), column("camera"));
        // Whether it is there is part of what was checked.
        let known = if folder.join(PICTURES_NAME).exists() { read_pictures(folder)? } else { Vec::new() };
        let pictures = files
            .iter()
            .enumerate()
            .map(|(at, file)| {
                let cell = |of: &[String]| of.get(at).cloned().unwrap_or_default();
                let hash = known.get(at).filter(|known| known.file == *file).map(|known| known.xxh64);
                ListedPicture { file: file.clone(), place: Some((cell(rows), cell(cameras))), xxh64: hash }
            })
            .collect();
        Ok(Self { matrix, pictures })
    }

    /// The picture of each row.
    pub fn pictures(&self) -> &[ListedPicture] {
        &self.pictures
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.matrix.folder()
    }

    /// How the features were made.
    pub fn manifest(&self) -> &crate::features::Manifest {
        self.matrix.manifest()
    }

    /// Values of one picture.
    pub fn width(&self) -> usize {
        self.matrix.width()
    }

    /// Whether whole maps are stored, of which [`MapRows`] says what becomes.
    pub fn has_maps(&self) -> bool {
        self.matrix.map_extent().is_some()
    }

    /// The set as a layer to compare, of these rows, under this name.
    pub fn into_layer(self, name: String, rows: Vec<usize>) -> ComparedLayer {
        ComparedLayer {
            name,
            numbers: LayerNumbers::Features(Box::new(Selected { matrix: self.matrix, rows })),
        }
    }
}

/// Rows of a set.
struct Selected {
    matrix: FeatureMatrix,
    rows: Vec<usize>,
}

impl LayerFeatures for Selected {
    fn width(&self) -> usize {
        self.matrix.width()
    }

    fn read(&mut self, pictures: &[usize], into: &mut Vec<f32>) -> Result<(), SimilarityError> {
        // In the order of the file: some formats are read in windows of many rows, and a minibatch asks for them at random.
        let mut order: Vec<(usize, usize)> = pictures
            .iter()
            .enumerate()
            .filter_map(|(place, picture)| Some((self.rows.get(*picture).copied()?, place)))
            .collect();
        order.sort_unstable();
        let (width, first) = (self.matrix.width(), into.len());
        into.resize(first + order.len() * width, 0.0);
        let mut values = Vec::with_capacity(width);
        for (row, place) in order {
            values.clear();
            self.matrix.read_rows(&[row], &mut values)?;
            let from = first + place * width;
            if let Some(to) = into.get_mut(from..from + width) {
                to.copy_from_slice(&values);
            }
        }
        Ok(())
    }
}

/// Names for sets, each once: the layer where all are of one network, else `model/layer`; where two are still alike, with the folder.
pub fn set_names(sets: &[FeatureSet]) -> Vec<String> {
    let recipe = |set: &FeatureSet| (set.manifest().recipe.tag.clone(), set.manifest().recipe.layer.clone());
    let recipes: Vec<(String, String)> = sets.iter().map(recipe).collect();
    let is_one_model = recipes.windows(2).all(|pair| pair[0].0 == pair[1].0);
    let folders: Vec<PathBuf> = sets.iter().map(|set| set.folder().to_owned()).collect();
    unique_names(&recipes, is_one_model, &folders)
}

fn unique_names(recipes: &[(String, String)], is_one_model: bool, folders: &[PathBuf]) -> Vec<String> {
    let short = |(tag, layer): &(String, String)| {
        if is_one_model { layer.clone() } else { format!("{tag}/{layer}") }
    };
    let names: Vec<String> = recipes.iter().map(short).collect();
    let is_twice = |name: &String| names.iter().filter(|other| *other == name).count() > 1;
    names
        .iter()
        .zip(folders)
        .map(
            |(name, folder)| {
                if is_twice(name) { format!("{name} ({})", folder.display()) } else { name.clone() }
            },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_has_a_name_of_its_own() {
        let recipe = |tag: &str, layer: &str| (tag.to_owned(), layer.to_owned());
        let folders: Vec<PathBuf> = ["a", "b", "c"].map(PathBuf::from).into();
        let one = [recipe("vgg16.x", "conv1"), recipe("vgg16.x", "conv2"), recipe("vgg16.x", "conv3")];
        assert_eq!(unique_names(&one, true, &folders), ["conv1", "conv2", "conv3"]);
        let two = [recipe("vgg16.x", "conv1"), recipe("vgg19.x", "conv1"), recipe("vgg19.x", "conv1")];
        assert_eq!(
            unique_names(&two, false, &folders),
            ["vgg16.x/conv1", "vgg19.x/conv1 (b)", "vgg19.x/conv1 (c)"]
        );
    }
}
