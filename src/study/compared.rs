//! Sets of features compared with each other.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::features::MapRows;
use crate::mosaic::{MatrixPlan, Paper};
use crate::similarity::{
    ComparedLayer, ComparisonSettings, FeatureSet, ListedPicture, MatchedPictures, Measure, SimilarityError,
    SimilarityMatrix, SimilarityStep, compare, match_pictures, set_names,
};
use crate::study::matrix::{LayerFacts, SimilarityOutcome, figure_plan};
use crate::tensor::{counted, shown};

/// The network and the layer that a set of features is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FeaturesOf {
    pub(crate) tag: String,
    pub(crate) layer: String,
    pub(crate) weights_sha256: String,
    /// Of the file that the weights were imported from.
    pub(crate) weights_source_sha256: Option<String>,
}

/// Sets of features, compared.
pub(crate) struct ComparedSets {
    pub(crate) matrix: SimilarityMatrix,
    pub(crate) settings: ComparisonSettings,
    /// The matrix as a figure.
    pub(crate) figure: MatrixPlan,
    pub(crate) folders: Vec<PathBuf>,
    /// In the order of the matrix.
    pub(crate) facts: Vec<LayerFacts>,
    pub(crate) of: Vec<FeaturesOf>,
    /// What was left out, what to know of the pictures, and which layers have no values.
    pub(crate) notes: Vec<String>,
}

/// Compares the sets of features in these folders. `watch` gets the step, what is done of it and its total, and returns whether to go on.
///
/// # Errors
/// Damaged sets, too few layers or pictures in common, settings that can't be, an interruption.
pub(crate) fn compare_folders(
    folders: &[PathBuf],
    maps: MapRows,
    settings: &ComparisonSettings,
    go_on: &dyn Fn() -> bool,
    watch: &mut dyn FnMut(SimilarityStep, u64, u64),
) -> Result<ComparedSets, SimilarityError> {
    let mut sets = Vec::with_capacity(folders.len());
    for folder in folders {
        sets.push(FeatureSet::open(folder, maps, go_on)?);
    }
    let mut notes = Vec::new();
    if sets.iter().any(FeatureSet::has_maps) {
        notes.push("of whole maps the mean of each channel is compared".to_owned());
    }
    let names = set_names(&sets);
    let listed: Vec<(String, Vec<ListedPicture>)> =
        names.iter().cloned().zip(sets.iter().map(|set| set.pictures().to_vec())).collect();
    let known: Vec<Option<u64>> =
        listed.first().map(|(_, all)| all.iter().map(|one| one.xxh64).collect()).unwrap_or_default();
    let matched = match_pictures(&listed)?;
    notes.extend(picture_warnings(&matched, &known, settings.measure));
    notes.extend(left_out_words(&names, &matched));
    let facts: Vec<LayerFacts> = sets.iter().map(|set| LayerFacts::of_set(set, None, true)).collect();
    let of = sets.iter().map(|set| {
        let recipe = &set.manifest().recipe;
        FeaturesOf {
            tag: recipe.tag.clone(),
            layer: recipe.layer.clone(),
            weights_sha256: recipe.weights_sha256.clone(),
            weights_source_sha256: recipe.weights_source_sha256.clone(),
        }
    });
    let of = of.collect();
    let layers: Vec<ComparedLayer> = sets
        .into_iter()
        .zip(names)
        .zip(matched.rows)
        .map(|((set, name), rows)| set.into_layer(name, rows))
        .collect();
    let matrix = compare(layers, &matched.names, settings, &mut |step, done, total| {
        watch(step, done, total);
        go_on()
    })?;
    notes.extend(undefined_words(&matrix));
    let outcome = SimilarityOutcome { matrix: &matrix, settings, layers: &facts };
    let figure = figure_plan(&outcome, Paper::Light);
    Ok(ComparedSets { settings: *settings, figure, folders: folders.to_vec(), matrix, facts, of, notes })
}

impl ComparedSets {
    /// What is written of it.
    pub(crate) fn outcome(&self) -> SimilarityOutcome<'_> {
        SimilarityOutcome { matrix: &self.matrix, settings: &self.settings, layers: &self.facts }
    }
}

/// A sentence about each layer that has no similarity to any other.
pub(crate) fn undefined_words(matrix: &SimilarityMatrix) -> Vec<String> {
    let all = matrix.names.iter().zip(&matrix.undefined);
    all.filter_map(|(name, why)| Some(format!("{name} is like no other: {}", why.as_ref()?))).collect()
}

/// A sentence about rows whose picture isn't in all sets; once for sets that lack the same, as those of one extraction do.
pub(crate) fn left_out_words(names: &[String], matched: &MatchedPictures) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut told: Vec<&(usize, String)> = Vec::new();
    for left_out in matched.left_out.iter().take(names.len()).flatten() {
        if told.contains(&left_out) {
            continue;
        }
        told.push(left_out);
        let (count, first) = left_out;
        let of: Vec<&str> = names
            .iter()
            .zip(&matched.left_out)
            .filter(|(_, other)| other.as_ref() == Some(left_out))
            .map(|(name, _)| name.as_str())
            .collect();
        let of = match of[..] {
            [one] => one.to_owned(),
            [one, ref more @ ..] => format!("{one} and {}", counted(more.len(), "other layer")),
            [] => String::new(),
        };
        sentences.push(format!(
            "{} of {of} {} not in all others and left out, such as `{}`",
            counted(*count, "picture"),
            if *count == 1 { "is" } else { "are" },
            shown(first)
        ));
    }
    sentences
}

/// Fewer pictures than this have values that chance alone makes.
const FEW_PICTURES: usize = 12;

/// Of pictures that are there more than once, by the hashes of the first set's rows, and of few pictures: what to warn of.
pub(crate) fn picture_warnings(
    matched: &MatchedPictures,
    known: &[Option<u64>],
    measure: Measure,
) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut first: HashMap<u64, usize> = HashMap::new();
    let mut again: Vec<(usize, usize)> = Vec::new();
    for (at, row) in matched.rows.first().into_iter().flatten().enumerate() {
        let Some(hash) = known.get(*row).copied().flatten() else { continue };
        match first.get(&hash) {
            Some(other) => again.push((*other, at)),
            None => drop(first.insert(hash, at)),
        }
    }
    if let Some((one, other)) = again.first() {
        let name = |at: usize| shown(&matched.names[at]);
        warnings.push(format!(
            "{} the bytes of another, such as `{}` and `{}`: pairs that are equal in every layer make all layers look more alike",
            match again.len() {
                1 => "1 picture has".to_owned(),
                num => format!("{num} pictures have"),
            },
            name(*one),
            name(*other)
        ));
    }
    let n = matched.names.len();
    if matches!(measure, Measure::Cka(_)) && (4..FEW_PICTURES).contains(&n) {
        // Szekely and Rizzo 2013: the debiased value of independent features of many columns is as a correlation of n(n − 3)/2 numbers.
        let by_chance = (1.96 / ((n * (n - 3)) as f64 / 2.0).sqrt()).min(1.0);
        warnings.push(format!(
            "with {n} pictures, features that have nothing in common have a CKA within about ±{by_chance:.2} of 0 by chance (95 %); more pictures narrow it"
        ));
    }
    warnings
}
