//! The result: a value for each pair of layers.

use serde::Serialize;

/// Why a layer has no similarity to any other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Undefined {
    /// Its features don't depend on the picture.
    #[error("it is the same for all pictures")]
    Constant,
    /// Pearson's correlation with this picture isn't defined.
    #[error("all its values of picture `{picture}` are equal, so that they correlate with nothing")]
    FlatPicture {
        /// The picture's name.
        picture: String,
    },
    /// The angle to this picture isn't defined.
    #[error("all its values of picture `{picture}` are zero, so that there is no angle to them")]
    ZeroPicture {
        /// The picture's name.
        picture: String,
    },
    /// Nothing is left after centring.
    #[error("its pictures differ too little: centred, nothing is left of its kernel")]
    NoVariance,
    /// The kernel's bandwidth would be zero.
    #[error("at least half of its distances between pictures are zero, so that the kernel has no width")]
    NoWidth,
    /// Ranks need an order.
    #[error("all its dissimilarities are equal")]
    AllEqual,
}

/// What resampled pictures gave.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ResampleInterval {
    /// The 2.5th percentile.
    pub low: f64,
    /// The 97.5th percentile.
    pub high: f64,
    /// Standard deviation over the resamples.
    pub standard_error: f64,
    /// How many resamples gave a value.
    pub num_resamples: usize,
}

/// A value for each pair of layers.
#[derive(Clone, Debug)]
pub struct SimilarityMatrix {
    /// The layers' names, in order.
    pub names: Vec<String>,
    /// How many pictures were compared.
    pub num_pictures: usize,
    /// For each layer, why it has no values, if it has none.
    pub undefined: Vec<Option<Undefined>>,
    /// How many pictures were compared at a time; only for CKA, where it can be fewer than there are.
    pub batches: Option<Vec<usize>>,
    values: Vec<Option<f64>>,
    intervals: Vec<Option<ResampleInterval>>,
}

impl SimilarityMatrix {
    /// A matrix without values.
    pub(super) fn empty(names: Vec<String>, num_pictures: usize, undefined: Vec<Option<Undefined>>) -> Self {
        let cells = names.len() * names.len();
        let (values, intervals) = (vec![None; cells], vec![None; cells]);
        Self { names, num_pictures, undefined, batches: None, values, intervals }
    }

    /// How many layers there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are no layers.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The value of two layers; `None` where it isn't defined.
    pub fn value(&self, a: usize, b: usize) -> Option<f64> {
        self.values.get(self.place(a, b)?).copied().flatten()
    }

    /// The interval of two layers, where there were resamples.
    pub fn interval(&self, a: usize, b: usize) -> Option<ResampleInterval> {
        self.intervals.get(self.place(a, b)?).copied().flatten()
    }

    /// Each pair of layers once, without a layer and itself.
    pub fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let len = self.len();
        (0..len).flat_map(move |a| (a + 1..len).map(move |b| (a, b)))
    }

    fn place(&self, a: usize, b: usize) -> Option<usize> {
        (a < self.len() && b < self.len()).then(|| a * self.len() + b)
    }

    pub(super) fn set(&mut self, a: usize, b: usize, value: Option<f64>) {
        for place in [self.place(a, b), self.place(b, a)].into_iter().flatten() {
            if let Some(cell) = self.values.get_mut(place) {
                *cell = value;
            }
        }
    }

    pub(super) fn set_interval(&mut self, a: usize, b: usize, interval: Option<ResampleInterval>) {
        for place in [self.place(a, b), self.place(b, a)].into_iter().flatten() {
            if let Some(cell) = self.intervals.get_mut(place) {
                *cell = interval;
            }
        }
    }
}
