//! Heads beside scikit-learn, on the features that `tests/fixtures/probe/make_sklearn.py` made up.

use super::{
    FitWatch, Folds, Permuted, Predictions, ProbeHead, ScoreMeasure, Scores, Target, Values, evaluate, logme,
};

#[derive(serde::Deserialize)]
struct Fixture {
    cases: Vec<Case>,
}

#[derive(serde::Deserialize)]
struct Case {
    rows: usize,
    width: usize,
    x: Vec<f32>,
    numbers: Vec<f64>,
    labels: Vec<usize>,
    num_classes: usize,
    ridge: Peer,
    knn: Peer,
    logistic: Peer,
    knn_classes: Peer,
    logme: f64,
    logme_classes: f64,
}

#[derive(serde::Deserialize)]
struct Peer {
    told: Vec<f64>,
    strengths: Vec<f64>,
    #[serde(flatten)]
    scores: std::collections::BTreeMap<String, f64>,
}

impl Case {
    fn all() -> Vec<Self> {
        let text = include_str!("../../../../tests/fixtures/probe/sklearn.json");
        serde_json::from_str::<Fixture>(text).unwrap().cases
    }

    fn numbers(&self) -> Target {
        Target { name: "numbers".into(), values: Values::Numbers(self.numbers.clone()) }
    }

    fn classes(&self) -> Target {
        let names = (0..self.num_classes).map(|class| class.to_string()).collect();
        Target { name: "labels".into(), values: Values::Classes { labels: self.labels.clone(), names } }
    }

    fn folds(&self) -> Folds {
        let order: Vec<usize> = (0..self.rows).collect();
        let moments: Vec<String> = order.iter().map(ToString::to_string).collect();
        Folds::blocks(&order, &moments, 5).unwrap()
    }

    /// Asserts that a head tells the same as scikit-learn's. Returns its scores.
    fn compare(&self, head: ProbeHead, target: &Target, expected: &Peer, tolerance: f64) -> Scores {
        let order: Vec<usize> = (0..self.rows).collect();
        let permutations = Permuted { count: 0, order: &order, are_in_time: true, seed: 0 };
        let folds = self.folds();
        let got =
            evaluate(head, &self.x, self.width, target, &folds, permutations, FitWatch::SILENT).unwrap();
        assert_eq!(got.strengths, expected.strengths, "{head:?}");
        let told: Vec<f64> = match &got.predictions {
            Predictions::Numbers(told) => told.clone(),
            Predictions::Classes(told) => told.iter().map(|class| *class as f64).collect(),
        };
        for (row, (got, expected)) in told.iter().zip(&expected.told).enumerate() {
            assert!((got - expected).abs() <= tolerance, "{head:?} row {row}: {got} {expected}");
        }
        let measure: ScoreMeasure<'_> = got.predictions.measure(target).unwrap();
        measure.scores(&folds.scored_rows())
    }
}

#[test]
fn ridge_and_its_measures_are_scikit_learns() {
    for case in Case::all() {
        let Scores::Numbers { r2, rmse, mae } =
            case.compare(ProbeHead::Ridge, &case.numbers(), &case.ridge, 1e-6)
        else {
            panic!("not of numbers")
        };
        for (name, got) in [("r2", r2), ("rmse", rmse), ("mae", mae)] {
            assert!((got - case.ridge.scores[name]).abs() < 1e-6, "{name}: {got}");
        }
    }
}

#[test]
fn logistic_regression_and_its_measures_are_scikit_learns() {
    for case in Case::all() {
        let got = case.compare(ProbeHead::Logistic, &case.classes(), &case.logistic, 0.0);
        let Scores::Classes { accuracy, macro_f1, balanced_accuracy } = got else { panic!("not of classes") };
        let named =
            [("accuracy", accuracy), ("macro_f1", macro_f1), ("balanced_accuracy", balanced_accuracy)];
        for (name, got) in named {
            assert!((got - case.logistic.scores[name]).abs() < 1e-12, "{name}: {got}");
        }
    }
}

#[test]
fn nearest_neighbours_are_scikit_learns() {
    for case in Case::all() {
        case.compare(ProbeHead::Knn, &case.numbers(), &case.knn, 1e-12);
        case.compare(ProbeHead::Knn, &case.classes(), &case.knn_classes, 0.0);
    }
}

#[test]
fn logme_is_the_authors_also_with_fewer_rows_than_columns() {
    for case in Case::all() {
        let numbers = logme(&case.x, case.width, &case.numbers()).unwrap();
        assert!((numbers - case.logme).abs() < 1e-8 * case.logme.abs(), "{numbers} {}", case.logme);
        let classes = logme(&case.x, case.width, &case.classes()).unwrap();
        assert!((classes - case.logme_classes).abs() < 1e-8 * case.logme_classes.abs(), "{classes}");
    }
}

/// 20 numbers, of 10 rows, against the authors' formula in numpy (`make_logme.py`).
#[test]
fn logme_of_twenty_numbers_is_by_the_authors_formula() {
    #[derive(serde::Deserialize)]
    struct Peer {
        x: Vec<f32>,
        width: usize,
        numbers: Vec<f64>,
        labels: Vec<usize>,
        logme: f64,
        logme_classes: f64,
    }
    let peer: Peer =
        serde_json::from_str(include_str!("../../../../tests/fixtures/probe/logme.json")).unwrap();
    assert_eq!(peer.x.len(), 20);
    let names = ["0", "1", "2"].map(str::to_owned).to_vec();
    for (values, expected) in [
        (Values::Numbers(peer.numbers), peer.logme),
        (Values::Classes { labels: peer.labels, names }, peer.logme_classes),
    ] {
        let got = logme(&peer.x, peer.width, &Target { name: "t".into(), values }).unwrap();
        assert!((got - expected).abs() < 1e-9, "{got} {expected}");
    }
}

#[test]
fn noise_is_no_better_than_moved_targets_and_a_signal_is() {
    let case = &Case::all()[0];
    let order: Vec<usize> = (0..case.rows).collect();
    let permutations = Permuted { count: 19, order: &order, are_in_time: false, seed: 3 };
    let p = |head: ProbeHead, target: &Target| {
        let got = evaluate(head, &case.x, case.width, target, &case.folds(), permutations, FitWatch::SILENT)
            .unwrap();
        assert_eq!(got.permuted.len(), 19);
        super::permutation_p(got.compared, &got.permuted)
    };
    assert_eq!(p(ProbeHead::Ridge, &case.numbers()), 0.05, "the signal is better than all 19");
    assert_eq!(p(ProbeHead::Knn, &case.numbers()), 0.05);
    for head in [ProbeHead::Ridge, ProbeHead::Logistic, ProbeHead::Knn] {
        assert_eq!(p(head, &case.classes()), 0.05, "{head:?}");
        // Of noise, p is anything from 0 to 1.
        let noise = |seed: u64| {
            super::permutation::permuted(&case.classes(), &order, &case.folds(), false, 1000 + seed)
        };
        let mean = (0..12).map(|seed| p(head, &noise(seed))).sum::<f64>() / 12.0;
        // More where equal scores, such as those of the most frequent class, count as good as.
        assert!(mean > 0.25, "{head:?}: {mean}");
    }
    let noise =
        |seed: u64| super::permutation::permuted(&case.numbers(), &order, &case.folds(), false, 1000 + seed);
    let mean = (0..12).map(|seed| p(ProbeHead::Ridge, &noise(seed))).sum::<f64>() / 12.0;
    assert!((0.25..0.75).contains(&mean), "{mean}");
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let case = &Case::all()[1];
    let order: Vec<usize> = (0..case.rows).collect();
    let permutations = Permuted { count: 5, order: &order, are_in_time: true, seed: 3 };
    let run = |head: ProbeHead, target: &Target, threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let folds = case.folds();
        pool.install(|| {
            evaluate(head, &case.x, case.width, target, &folds, permutations, FitWatch::SILENT).unwrap()
        })
    };
    for (head, target) in [
        (ProbeHead::Ridge, case.numbers()),
        (ProbeHead::Logistic, case.classes()),
        (ProbeHead::Knn, case.classes()),
        (ProbeHead::Dense, case.classes()),
    ] {
        assert_eq!(run(head, &target, 1), run(head, &target, 3));
    }
}

#[test]
fn a_head_that_is_kept_tells_what_the_fitted_one_tells() {
    for case in Case::all() {
        let folds = case.folds();
        for (head, target) in [(ProbeHead::Ridge, case.numbers()), (ProbeHead::Logistic, case.classes())] {
            let (kept, strength) =
                super::fit_on_all(head, &case.x, case.width, &target, &folds, 0, FitWatch::SILENT).unwrap();
            assert!(strength > 0.0 && kept.width() == case.width);
            let told = kept.tell(&case.x);
            let all: Vec<usize> = (0..case.rows).collect();
            let score = told.measure(&target).unwrap().scores(&all).main();
            assert!(score > 0.75, "{head:?} on its own rows: {score}");
        }
        // On all rows but those of the first fold, a kept ridge is the one that scored that fold: the same strength is chosen.
        let first = folds.rows(0).len();
        let rest = Target { name: "rest".into(), values: Values::Numbers(case.numbers[first..].to_vec()) };
        let others = Folds {
            of_row: folds.of_row[first..].iter().map(|fold| fold - 1).collect(),
            num: 4,
            scored: (0..4).collect(),
            inner: (0..4).collect(),
        };
        let x = &case.x[first * case.width..];
        let (kept, strength) =
            super::fit_on_all(ProbeHead::Ridge, x, case.width, &rest, &others, 0, FitWatch::SILENT).unwrap();
        assert_eq!(strength, case.ridge.strengths[0]);
        let Predictions::Numbers(told) = kept.tell(&case.x[..first * case.width]) else {
            panic!("not numbers")
        };
        for (told, expected) in told.iter().zip(&case.ridge.told) {
            assert!((told - expected).abs() < 1e-6, "{told} {expected}");
        }
    }
}

/// What no linear head tells: how far a place is from the middle. A kept head tells what its layers say, the same for the same seed.
#[test]
fn a_hidden_layer_tells_what_no_line_does() {
    let mut random = crate::tensor::Random::new(5);
    let x: Vec<f32> = (0..240).map(|_| random.normal() as f32).collect();
    let radius = |at: usize| f64::from(x[2 * at].hypot(x[2 * at + 1]));
    let values = Values::Numbers((0..120).map(|at| 1000.0 + 50.0 * radius(at)).collect());
    let target = Target { name: "t".into(), values };
    let order: Vec<usize> = (0..120).collect();
    let moments: Vec<String> = order.iter().map(ToString::to_string).collect();
    let folds = Folds::blocks(&order, &moments, 3).unwrap();
    let permutations = Permuted { count: 0, order: &order, are_in_time: false, seed: 1 };
    let score = |head: ProbeHead| {
        let got = evaluate(head, &x, 2, &target, &folds, permutations, FitWatch::SILENT).unwrap();
        assert_eq!(got.strengths.len(), 3);
        got.predictions.measure(&target).unwrap().scores(&order).main()
    };
    let (dense, line) = (score(ProbeHead::Dense), score(ProbeHead::Ridge));
    assert!(dense > 0.85 && line < 0.2, "{dense} {line}");
    let fit =
        |seed| super::fit_on_all(ProbeHead::Dense, &x, 2, &target, &folds, seed, FitWatch::SILENT).unwrap();
    let (kept, epochs) = fit(1);
    assert!(epochs >= 1.0 && kept.hidden.as_ref().unwrap().intercepts.len() == 1024);
    let told = kept.tell(&x).measure(&target).unwrap().scores(&order).main();
    assert!(told > 0.85, "{told}");
    assert_eq!(fit(1), (kept, epochs));
}

/// Of noise, a P of 0.05 at most comes once in twenty times, also where folds have their share of each class.
#[test]
fn noise_is_rarely_called_a_signal() {
    let order: Vec<usize> = (0..80).collect();
    for head in [ProbeHead::Logistic, ProbeHead::Knn, ProbeHead::Ridge] {
        let p: Vec<f64> = (0..40u64)
            .map(|seed| {
                let mut random = crate::tensor::Random::new(seed * 7919 + 5);
                let x: Vec<f32> = (0..80 * 40).map(|_| random.normal() as f32).collect();
                let labels = (0..80).map(|_| random.below(2)).collect();
                let values = Values::Classes { labels, names: vec!["a".into(), "b".into()] };
                let target = Target { name: "t".into(), values };
                let folds = Folds::random(&target, 5, seed).unwrap();
                let permutations = Permuted { count: 19, order: &order, are_in_time: false, seed };
                let got = evaluate(head, &x, 40, &target, &folds, permutations, FitWatch::SILENT).unwrap();
                super::permutation_p(got.compared, &got.permuted)
            })
            .collect();
        let num_low = p.iter().filter(|p| **p <= 0.0501).count();
        assert!(num_low <= 5, "{head:?}: {num_low} of 40");
    }
}
