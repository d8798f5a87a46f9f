//! How good predictions are.

/// The measures of a set of predictions, as scikit-learn defines them.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub enum Scores {
    /// Of numbers.
    Numbers {
        /// 1 − Σ(y − ŷ)² / Σ(y − ȳ)²: 1 is perfect, 0 is as good as the mean of the rows scored.
        r2: f64,
        /// Root of the mean squared error, in the target's unit.
        rmse: f64,
        /// Mean absolute error, in the target's unit.
        mae: f64,
    },
    /// Of classes.
    Classes {
        /// Share of rows whose class was told.
        accuracy: f64,
        /// Mean of the classes' F1, each counted alike; a class that is neither there nor told is left out.
        macro_f1: f64,
        /// Mean of the classes' recall, of the classes that are there.
        balanced_accuracy: f64,
    },
}

/// The predictions of rows beside what is true.
#[derive(Clone, Copy, Debug)]
pub enum ScoreMeasure<'a> {
    /// Truth and predictions.
    Numbers(&'a [f64], &'a [f64]),
    /// True classes, told classes, and how many classes there are.
    Classes(&'a [usize], &'a [usize], usize),
}

impl ScoreMeasure<'_> {
    /// The measures over these rows; a row may be named more than once.
    pub fn scores(&self, rows: &[usize]) -> Scores {
        let num = rows.len().max(1) as f64;
        match self {
            Self::Numbers(truth, told) => {
                let mean = rows.iter().map(|row| truth[*row]).sum::<f64>() / num;
                let spread: f64 = rows.iter().map(|row| (truth[*row] - mean).powi(2)).sum();
                let errors = rows.iter().map(|row| truth[*row] - told[*row]);
                let (squares, absolute) = errors
                    .fold((0.0, 0.0), |(squares, sum), error| (squares + error * error, sum + error.abs()));
                // Rows of one value: scikit-learn's convention.
                let r2 = match (spread > 0.0, squares > 0.0) {
                    (true, _) => 1.0 - squares / spread,
                    (false, true) => 0.0,
                    (false, false) => 1.0,
                };
                Scores::Numbers { r2, rmse: (squares / num).sqrt(), mae: absolute / num }
            }
            Self::Classes(truth, told, num_classes) => {
                let mut hits = vec![0usize; *num_classes];
                let (mut are, mut said) = (hits.clone(), hits.clone());
                for row in rows {
                    are[truth[*row]] += 1;
                    said[told[*row]] += 1;
                    hits[truth[*row]] += usize::from(truth[*row] == told[*row]);
                }
                let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len().max(1) as f64;
                let classes = 0..*num_classes;
                let f1 = classes.clone().filter(|class| are[*class] + said[*class] > 0);
                let f1 = f1.map(|class| 2.0 * hits[class] as f64 / (are[class] + said[class]) as f64);
                let recall = classes.filter(|class| are[*class] > 0);
                let recall = recall.map(|class| hits[class] as f64 / are[class] as f64);
                Scores::Classes {
                    accuracy: hits.iter().sum::<usize>() as f64 / num,
                    macro_f1: mean(f1.collect()),
                    balanced_accuracy: mean(recall.collect()),
                }
            }
        }
    }
}

impl Scores {
    /// The measure by which heads are compared: R² or accuracy.
    pub const fn main(&self) -> f64 {
        match self {
            Self::Numbers { r2, .. } => *r2,
            Self::Classes { accuracy, .. } => *accuracy,
        }
    }
}
