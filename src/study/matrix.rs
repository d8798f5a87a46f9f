//! A comparison of layers that is done: in words, as JSON, CSV and PNG.

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};

use crate::extract::Pool;
use crate::formats::write_png_with_texts;
use crate::mosaic::{ColourMap, MatrixPlan, Paper, matrix_figure};
use crate::similarity::{CkaKernel, ComparisonSettings, FeatureSet, Measure, SimilarityMatrix};
use crate::tensor::counted;

/// The program and its version.
const PROGRAM: &str = concat!("filterscope ", env!("CARGO_PKG_VERSION"));
/// The keyword of the text in a PNG that holds the matrix as JSON. That of other figures is for records of views.
const KEYWORD: &str = "filterscope-similarity";

/// Where a row of the matrix comes from.
pub(crate) struct LayerFacts {
    /// The network; none for a matrix of others.
    model: Option<String>,
    json: Value,
}

impl LayerFacts {
    /// Of a set of features. Its folder is only named if it stays.
    pub(crate) fn of_set(set: &FeatureSet, pool: Option<Pool>, has_folder: bool) -> Self {
        let recipe = &set.manifest().recipe;
        let pooled = match (set.has_maps(), pool) {
            (false, _) => recipe.pool.clone(),
            (true, Some(Pool::Flatten)) => "flatten".to_owned(),
            (true, _) => "avg".to_owned(),
        };
        let mut json = json!({
            "kind": "features", "model": recipe.tag, "layer": recipe.layer, "weights_sha256": recipe.weights_sha256,
            "pool": pooled, "width": set.width(), "set_sha256": set.manifest().set_sha256,
        });
        if has_folder {
            json["folder"] = json!(set.folder());
        }
        Self { model: Some(recipe.tag.clone()), json }
    }

    /// Of somebody's matrix.
    pub(crate) fn of_matrix(path: &Path) -> Self {
        Self { model: None, json: json!({ "kind": "dissimilarities", "file": path }) }
    }
}

/// A comparison that is done.
pub(crate) struct SimilarityOutcome<'a> {
    pub(crate) matrix: &'a SimilarityMatrix,
    pub(crate) settings: &'a ComparisonSettings,
    pub(crate) layers: &'a [LayerFacts],
}

impl SimilarityOutcome<'_> {
    /// What was compared, and how, in one line.
    pub(crate) fn summary(&self) -> String {
        format!("{} of {}", self.settings.measure.title(), self.over())
    }

    fn over(&self) -> String {
        let pictures = counted(self.matrix.num_pictures, "picture");
        let how = match (self.settings.measure, self.matrix.batches.as_deref()) {
            (Measure::Cka(_), Some(batches)) if batches.len() > 1 => {
                let largest = batches.iter().max().copied().unwrap_or(0);
                format!(", debiased, in {} minibatches of up to {largest}", batches.len())
            }
            (Measure::Cka(_), _) => ", debiased".to_owned(),
            (Measure::Neighbours { k }, _) => format!(", {} each", counted(k, "neighbour")),
            (Measure::Rsa, _) if self.settings.num_resamples > 0 => {
                format!(", drawn again {} times", self.settings.num_resamples)
            }
            _ => String::new(),
        };
        let width = match self.settings.measure {
            Measure::Cka(CkaKernel::Rbf { bandwidth }) => {
                format!(", bandwidth {bandwidth} of the median distance")
            }
            _ => String::new(),
        };
        format!("{} over {pictures}{how}{width}", counted(self.matrix.len(), "layer"))
    }

    /// Everything as JSON.
    pub(crate) fn to_json(&self) -> Value {
        let matrix = self.matrix;
        let all = 0..matrix.len();
        let square = |of: &dyn Fn(usize, usize) -> Value| -> Value {
            all.clone().map(|a| all.clone().map(|b| of(a, b)).collect::<Vec<_>>()).collect()
        };
        let layers: Vec<Value> = self
            .layers
            .iter()
            .zip(&matrix.names)
            .zip(&matrix.undefined)
            .map(|((layer, name), undefined)| {
                let mut json = layer.json.clone();
                json["name"] = json!(name);
                json["undefined"] = json!(undefined.as_ref().map(ToString::to_string));
                json
            })
            .collect();
        let mut made = json!({
            "program": PROGRAM, "measure": self.settings.measure.name(), "title": self.settings.measure.title(),
            "num_pictures": matrix.num_pictures, "seed": self.settings.seed, "layers": layers,
            "matrix": square(&|a, b| json!(matrix.value(a, b))),
        });
        match self.settings.measure {
            Measure::Cka(kernel) => {
                made["batches"] = json!(matrix.batches);
                if let CkaKernel::Rbf { bandwidth } = kernel {
                    made["bandwidth"] = json!(bandwidth);
                }
            }
            Measure::Neighbours { k } => made["k"] = json!(k),
            _ => {}
        }
        if self.settings.num_resamples > 0 {
            made["num_resamples"] = json!(self.settings.num_resamples);
            made["intervals"] = square(&|a, b| json!(matrix.interval(a, b)));
        }
        made
    }
}

/// A cell's text: all digits, or nothing where there is no value.
fn cell(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// Writes the matrix: names in the first row and column.
pub(crate) fn write_square(out: &mut dyn Write, matrix: &SimilarityMatrix) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    let header = std::iter::once("").chain(matrix.names.iter().map(String::as_str));
    csv.write_record(header).map_err(io::Error::other)?;
    for (a, name) in matrix.names.iter().enumerate() {
        let cells = (0..matrix.len()).map(|b| cell(matrix.value(a, b)));
        csv.write_record(std::iter::once(name.clone()).chain(cells)).map_err(io::Error::other)?;
    }
    csv.flush()
}

/// Writes a line for each pair of layers.
pub(crate) fn write_pairs(
    out: &mut dyn Write,
    matrix: &SimilarityMatrix,
    has_intervals: bool,
) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    let mut header = vec!["a", "b", "value"];
    if has_intervals {
        header.extend(["low", "high", "standard_error", "resamples"]);
    }
    csv.write_record(&header).map_err(io::Error::other)?;
    for (a, b) in matrix.pairs() {
        let mut cells = vec![matrix.names[a].clone(), matrix.names[b].clone(), cell(matrix.value(a, b))];
        if has_intervals {
            let interval = matrix.interval(a, b);
            cells.push(cell(interval.map(|it| it.low)));
            cells.push(cell(interval.map(|it| it.high)));
            cells.push(cell(interval.map(|it| it.standard_error)));
            cells.push(interval.map_or_else(String::new, |it| it.num_resamples.to_string()));
        }
        csv.write_record(&cells).map_err(io::Error::other)?;
    }
    csv.flush()
}

/// Writes the matrix as a figure, with its JSON in the PNG's texts.
pub(crate) fn write_figure(path: &Path, outcome: &SimilarityOutcome<'_>) -> anyhow::Result<()> {
    let figure = matrix_figure(&figure_plan(outcome, Paper::Light))?;
    let texts = [
        ("Title", outcome.summary()),
        ("Software", PROGRAM.to_owned()),
        (KEYWORD, outcome.to_json().to_string()),
    ];
    Ok(write_png_with_texts(path, &figure.pixels, &texts)?)
}

/// What is drawn of the matrix.
pub(crate) fn figure_plan(outcome: &SimilarityOutcome<'_>, paper: Paper) -> MatrixPlan {
    let matrix = outcome.matrix;
    let all = || (0..matrix.len()).flat_map(|a| (0..matrix.len()).map(move |b| (a, b)));
    let values: Vec<Option<f64>> = all().map(|(a, b)| matrix.value(a, b)).collect();
    let lowest = values.iter().flatten().copied().fold(0.0, f64::min);
    let breaks = outcome
        .layers
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair[0].model != pair[1].model)
        .map(|(at, _)| at + 1)
        .collect();
    MatrixPlan {
        title: outcome.settings.measure.title().to_owned(),
        lines: vec![outcome.over()],
        names: matrix.names.clone(),
        values,
        breaks,
        // Differences below zero are mostly chance; they get colours of their own only if there are any.
        low: (lowest * 10.0).floor() / 10.0,
        high: 1.0,
        colour_map: ColourMap::Viridis,
        paper,
    }
}
