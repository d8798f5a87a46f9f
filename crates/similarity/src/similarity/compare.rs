//! A comparison from beginning to end.

use super::cka::{CkaKernel, align, batch_sizes, batches};
use super::error::SimilarityError;
use super::layer::{ComparedLayer, LayerFeatures, LayerNumbers};
use super::matrix::{SimilarityMatrix, Undefined};
use super::measure::Measure;
use super::neighbours::{neighbours, share};
use super::products::{DEPTH, STRIP_BYTES};
use super::rsa::{bootstrap, correlate, levels};
use super::step::{Pace, SimilarityStep};
use crate::tensor::check_half;

/// The least bandwidth: exp(−d²/2s²) of the median distance is 10⁻⁸⁷ with it, and 0 with half of it.
const LEAST_BANDWIDTH: f64 = 0.05;

/// The most pictures whose pairs are fewer than 2³².
const MOST_PICTURES_OF_RSA: usize = 92_682;

/// How layers are compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ComparisonSettings {
    /// What a value of the matrix is.
    pub measure: Measure,
    /// For CKA: the most pictures that are compared at once.
    pub batch: usize,
    /// For RSA: how often pictures are drawn again, for the intervals; 0 for none.
    pub num_resamples: usize,
    /// What random choices begin with.
    pub seed: u64,
    /// Bytes of memory that are available, of which half may be taken; `None` for no limit.
    pub available: Option<u64>,
}

impl ComparisonSettings {
    /// The most pictures that CKA compares at once, unless something else is asked for.
    pub const DEFAULT_BATCH: usize = 1024;

    /// Settings for a measure.
    pub fn new(measure: Measure) -> Self {
        Self { measure, batch: Self::DEFAULT_BATCH, num_resamples: 0, seed: 0, available: None }
    }

    /// Bytes that a comparison takes, of layers with so many values of a picture (0 for dissimilarities).
    ///
    /// It holds, for CKA, a kernel of each layer, `batch²` numbers, and the means of all features; for RSA, an order of the n(n − 1)/2
    /// pairs of each layer; for neighbours, `k` numbers for each picture and layer. One layer's features are read at a time, those of wide
    /// ones in strips.
    pub fn planned_bytes(&self, widths: &[usize], num_pictures: usize) -> u64 {
        let (layers, n) = (widths.len() as u64, num_pictures as u64);
        let widest = widths.iter().copied().max().unwrap_or(0) as u64;
        let pairs = n.saturating_mul(n) / 2;
        let (held, side) = match self.measure {
            Measure::Cka(_) => {
                let largest = batch_sizes(num_pictures, self.batch).into_iter().max().unwrap_or(0) as u64;
                let all_values = widths.iter().map(|width| *width as u64).sum::<u64>();
                let kernels = layers.saturating_mul(largest.saturating_mul(largest));
                (kernels.saturating_add(all_values).saturating_mul(8), largest)
            }
            // The levels, with the ranks of all layers at once; while they are made, the dissimilarities and their order; and a value
            // of each pair of layers for each resample.
            Measure::Rsa => {
                let of_pairs = pairs.saturating_mul(layers.saturating_mul(4 + 8) + 16 + 28);
                let of_resamples =
                    layers.saturating_mul(layers).saturating_mul(4 * self.num_resamples as u64);
                (of_pairs.saturating_add(of_resamples), n)
            }
            Measure::Neighbours { k } => (layers.saturating_mul(n).saturating_mul(16 * k as u64 + 24), n),
        };
        let products = side.saturating_mul(side).saturating_mul(8).min(STRIP_BYTES as u64);
        let features = n.saturating_mul(widest).saturating_mul(4).min(2 * STRIP_BYTES as u64);
        // Parts of two strips in f64, and the means of features.
        let converted = side.saturating_mul(widest.min(DEPTH as u64)).saturating_mul(16);
        let parts = [products, features, converted, widest.saturating_mul(8)];
        parts.into_iter().fold(held, u64::saturating_add)
    }

    fn check(&self, layers: &[ComparedLayer], num_pictures: usize) -> Result<(), SimilarityError> {
        if layers.len() < 2 {
            return Err(SimilarityError::TooFew { got: layers.len() });
        }
        if num_pictures < 4 {
            return Err(SimilarityError::TooFewPictures { num_pictures });
        }
        match self.measure {
            Measure::Cka(kernel) => {
                if self.batch < 4 {
                    return Err(SimilarityError::SmallBatch { batch: self.batch });
                }
                if let CkaKernel::Rbf { bandwidth } = kernel
                    && !(bandwidth.is_finite() && bandwidth > 0.0)
                {
                    return Err(SimilarityError::Bandwidth { got: bandwidth });
                }
                if let CkaKernel::Rbf { bandwidth: got } = kernel
                    && got < LEAST_BANDWIDTH
                {
                    return Err(SimilarityError::NarrowBandwidth { got, least: LEAST_BANDWIDTH });
                }
                for layer in layers {
                    if matches!(layer.numbers, LayerNumbers::Dissimilarities(_)) {
                        let (measure, name) = (self.measure.title(), layer.name.clone());
                        return Err(SimilarityError::NoFeatures { measure, name });
                    }
                }
            }
            Measure::Neighbours { k: 0 } => return Err(SimilarityError::NoNeighbours),
            Measure::Neighbours { k } if k > num_pictures - 2 => {
                return Err(SimilarityError::TooManyNeighbours { k, num_pictures });
            }
            // Pairs are counted in 32 bits.
            Measure::Rsa if num_pictures > MOST_PICTURES_OF_RSA => {
                return Err(SimilarityError::TooManyPictures { num_pictures, most: MOST_PICTURES_OF_RSA });
            }
            Measure::Rsa | Measure::Neighbours { .. } => {}
        }
        let width = |layer: &ComparedLayer| match &layer.numbers {
            LayerNumbers::Features(features) => features.width(),
            LayerNumbers::Dissimilarities(_) => 0,
        };
        let widths: Vec<usize> = layers.iter().map(width).collect();
        check_half(self.planned_bytes(&widths, num_pictures), self.available).map_err(|reason| {
            SimilarityError::Memory {
                what: format!(
                    "{} of {} layers over {num_pictures} pictures",
                    self.measure.title(),
                    layers.len()
                ),
                reason,
                is_batched: matches!(self.measure, Measure::Cka(_)),
            }
        })
    }
}

/// Compares each two layers over the same pictures. `pictures` are their names, for messages. `watch` gets the step, what is done of it
/// and its total, and returns whether to go on.
///
/// The result doesn't depend on the number of threads, nor on how much memory there is.
///
/// # Errors
/// Too few layers or pictures, values that aren't finite, settings that can't be, too much memory, files that can't be read, an
/// interruption.
pub fn compare(
    layers: Vec<ComparedLayer>,
    pictures: &[String],
    settings: &ComparisonSettings,
    watch: &mut dyn FnMut(SimilarityStep, u64, u64) -> bool,
) -> Result<SimilarityMatrix, SimilarityError> {
    settings.check(&layers, pictures.len())?;
    let mut pace = Pace::new(watch);
    let names: Vec<String> = layers.iter().map(|layer| layer.name.clone()).collect();
    let n = pictures.len();
    match settings.measure {
        Measure::Cka(kernel) => {
            let batches = batches(n, settings.batch, settings.seed);
            let mut features: Vec<(String, Box<dyn LayerFeatures>)> = layers
                .into_iter()
                .filter_map(|layer| match layer.numbers {
                    LayerNumbers::Features(features) => Some((layer.name, features)),
                    LayerNumbers::Dissimilarities(_) => None,
                })
                .collect();
            let found = align(&mut features, pictures, kernel, &batches, &mut pace)?;
            let mut matrix = SimilarityMatrix::empty(names, n, found.undefined.clone());
            matrix.batches = Some(batches.iter().map(Vec::len).collect());
            for a in 0..matrix.len() {
                for b in a..matrix.len() {
                    matrix.set(a, b, found.cka(a, b));
                }
            }
            Ok(matrix)
        }
        Measure::Rsa => {
            let (levels, undefined) = split(levels(layers, pictures, &mut pace)?);
            let mut matrix = SimilarityMatrix::empty(names, n, undefined);
            correlate(&levels, &mut matrix, &mut pace)?;
            if settings.num_resamples > 0 {
                bootstrap(&levels, settings.num_resamples, settings.seed, &mut matrix, &mut pace)?;
            }
            Ok(matrix)
        }
        Measure::Neighbours { k } => {
            let (lists, undefined) = split(neighbours(layers, pictures, k, &mut pace)?);
            let mut matrix = SimilarityMatrix::empty(names, n, undefined);
            share(&lists, k, &mut matrix, &mut pace)?;
            Ok(matrix)
        }
    }
}

fn split<T>(found: Vec<Result<T, Undefined>>) -> (Vec<Option<T>>, Vec<Option<Undefined>>) {
    found
        .into_iter()
        .map(|one| match one {
            Ok(value) => (Some(value), None),
            Err(undefined) => (None, Some(undefined)),
        })
        .unzip()
}
