//! The measures on small cases with known results, and against other programs' numbers.

use super::*;
use crate::tensor::Random;

fn layer(name: &str, width: usize, values: Vec<f32>) -> ComparedLayer {
    let numbers = LayerNumbers::Features(Box::new(FeaturesInMemory::new(width, values)));
    ComparedLayer { name: name.to_owned(), numbers }
}

fn names(n: usize) -> Vec<String> {
    (0..n).map(|at| format!("{at}.png")).collect()
}

fn compared(layers: Vec<ComparedLayer>, n: usize, settings: &ComparisonSettings) -> SimilarityMatrix {
    compare(layers, &names(n), settings, &mut |_, _, _| true).unwrap()
}

fn normal(random: &mut Random) -> f64 {
    let uniform = |random: &mut Random| (random.below(1 << 30) as f64 + 0.5) / f64::from(1 << 30);
    // Box and Muller.
    (-2.0 * uniform(random).ln()).sqrt() * (std::f64::consts::TAU * uniform(random)).cos()
}

fn normals(count: usize, random: &mut Random) -> Vec<f32> {
    (0..count).map(|_| normal(random) as f32).collect()
}

const CKA: Measure = Measure::Cka(CkaKernel::Linear);
const RBF: Measure = Measure::Cka(CkaKernel::Rbf { bandwidth: 1.0 });

#[test]
fn rotated_and_scaled_features_are_the_same_to_cka() {
    let (n, mut random) = (9, Random::new(1));
    let plain = normals(n * 2, &mut random);
    let (sine, cosine) = (0.6f32, 0.8f32);
    let turned: Vec<f32> = plain
        .as_chunks::<2>()
        .0
        .iter()
        .flat_map(|[x, y]| [cosine * x - sine * y + 5.0, sine * x + cosine * y - 7.0])
        .collect();
    let scaled: Vec<f32> = plain.iter().map(|x| 4.0 * x).collect();
    let other = normals(n * 3, &mut random);
    for measure in [CKA, RBF] {
        let layers = vec![
            layer("plain", 2, plain.clone()),
            layer("turned", 2, turned.clone()),
            layer("scaled", 2, scaled.clone()),
            layer("other", 3, other.clone()),
        ];
        let found = compared(layers, n, &ComparisonSettings::new(measure));
        assert!((found.value(0, 1).unwrap() - 1.0).abs() < 1e-6, "{measure:?}");
        assert!((found.value(0, 2).unwrap() - 1.0).abs() < 1e-12, "{measure:?}");
        assert_eq!(found.value(3, 3), Some(1.0));
        assert!(found.value(0, 3).unwrap() < 0.9);
        assert_eq!(found.value(0, 3), found.value(3, 0));
    }
}

#[test]
fn a_debiased_cka_by_hand() {
    // Kernels of four pictures that are 1 for one pair and 0 for the others. Centred, with sums of rows r = (1, 1, 0, 0), s = 2:
    // U₀₁ = 1 − 1/2 − 1/2 + 2/6 = 1/3, U₀₂ = −1/2 + 1/3 = −1/6, U₂₃ = 1/3. A kernel that pairs 2 and 3 instead is the same, centred;
    // one that pairs 0 and 2 has −1/6 for 01 and 23, 1/3 for 02 and 13, −1/6 for 03 and 12.
    // ⟨U, U⟩ = 2·(2·1/9 + 4·1/36) = 2/3; ⟨U, V⟩ = 2·(2·(−1/18) + 2·(−1/18) + 2·1/36) = −1/3. So CKA = −1/2.
    let features = |a: usize, b: usize| -> Vec<f32> {
        (0..4).flat_map(|at| [f32::from(u8::from(at == a || at == b)), 0.0]).collect()
    };
    let layers =
        vec![layer("01", 2, features(0, 1)), layer("23", 2, features(2, 3)), layer("02", 2, features(0, 2))];
    let found = compared(layers, 4, &ComparisonSettings::new(CKA));
    assert!((found.value(0, 1).unwrap() - 1.0).abs() < 1e-12);
    assert!((found.value(0, 2).unwrap() + 0.5).abs() < 1e-12);
}

#[test]
fn independent_features_have_a_mean_cka_of_zero() {
    let (n, width, seeds) = (32, 16, 400);
    for measure in [CKA, RBF] {
        let values: Vec<f64> = (0..seeds)
            .map(|seed| {
                let mut random = Random::new(seed);
                let mut made = |name| layer(name, width, normals(n * width, &mut random));
                let layers = vec![made("a"), made("b")];
                compared(layers, n, &ComparisonSettings::new(measure)).value(0, 1).unwrap()
            })
            .collect();
        let mean = values.iter().sum::<f64>() / seeds as f64;
        let deviation = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (seeds - 1) as f64;
        let error = (deviation / seeds as f64).sqrt();
        assert!(mean.abs() < 2.0 * error, "{measure:?}: {mean} ± {error}");
        // The biased estimate would be about width/(n + width): a mean like that would not pass.
        assert!(error < 0.02, "{error}");
    }
}

#[test]
fn minibatches_estimate_the_same_and_hold_every_picture() {
    let (n, width, mut random) = (96, 12, Random::new(4));
    let plain = normals(n * width, &mut random);
    let noisy: Vec<f32> = plain.iter().map(|x| x + normal(&mut random) as f32).collect();
    let layers = || vec![layer("a", width, plain.clone()), layer("b", width, noisy.clone())];
    let whole = compared(layers(), n, &ComparisonSettings::new(CKA));
    assert_eq!(whole.batches, Some(vec![96]));
    let settings = ComparisonSettings { batch: 32, ..ComparisonSettings::new(CKA) };
    let parts = compared(layers(), n, &settings);
    assert_eq!(parts.batches, Some(vec![32, 32, 32]));
    let (whole, parts) = (whole.value(0, 1).unwrap(), parts.value(0, 1).unwrap());
    assert!((whole - parts).abs() < 0.05 && whole != parts, "{whole} {parts}");
    let other = ComparisonSettings { seed: 1, ..settings };
    assert_ne!(compared(layers(), n, &other).value(0, 1).unwrap(), parts, "another seed, other batches");
}

#[test]
fn what_has_no_similarity_says_why() {
    let n = 12;
    let mut random = Random::new(2);
    let good = normals(n * 3, &mut random);
    let constant = [1.0f32, 2.0, 3.0].repeat(n);
    let mut flat = good.clone();
    flat[6..9].fill(0.0);
    let mut single = vec![0.0f32; n * 3];
    single[4] = 1.0;
    let layers = || {
        vec![
            layer("good", 3, good.clone()),
            layer("constant", 3, constant.clone()),
            layer("flat", 3, flat.clone()),
            layer("single", 3, single.clone()),
        ]
    };
    let reasons = |measure| {
        let found = compared(layers(), n, &ComparisonSettings::new(measure));
        for (a, b) in found.pairs() {
            let is_defined = found.undefined[a].is_none() && found.undefined[b].is_none();
            assert_eq!(found.value(a, b).is_some(), is_defined);
        }
        found
            .undefined
            .iter()
            .map(|why| why.as_ref().map(ToString::to_string).unwrap_or_default())
            .collect::<Vec<_>>()
    };
    let constant = "it is the same for all pictures";
    let no_variance = "its pictures differ too little: centred, nothing is left of its kernel";
    assert_eq!(reasons(CKA), ["", constant, "", no_variance]);
    let no_width =
        "at least half of its distances between pictures are zero, so that the kernel has no width";
    assert_eq!(reasons(RBF), ["", constant, "", no_width]);
    let equal = |picture| {
        format!("all its values of picture `{picture}` are equal, so that they correlate with nothing")
    };
    assert_eq!(reasons(Measure::Rsa), ["", constant, &equal("2.png"), &equal("0.png")]);
    let zero = |picture| {
        format!("all its values of picture `{picture}` are zero, so that there is no angle to them")
    };
    assert_eq!(reasons(Measure::Neighbours { k: 2 }), ["", constant, &zero("2.png"), &zero("0.png")]);
}

#[test]
fn what_can_not_be_compared_is_refused() {
    let error = |layers, n, settings: ComparisonSettings| {
        compare(layers, &names(n), &settings, &mut |_, _, _| true).unwrap_err().to_string()
    };
    let two = |n: usize| {
        let mut random = Random::new(2);
        vec![layer("a", 2, normals(n * 2, &mut random)), layer("b", 2, normals(n * 2, &mut random))]
    };
    let plain = ComparisonSettings::new(CKA);
    assert_eq!(error(two(3), 3, plain), "a comparison needs at least 4 pictures, and there are 3");
    let rsa = ComparisonSettings::new(Measure::Rsa);
    assert_eq!(error(two(3), 3, rsa), "a comparison needs at least 4 pictures, and there are 3");
    let mut one = two(5);
    one.pop();
    assert_eq!(error(one, 5, plain), "a comparison needs at least two layers or matrices, got 1");
    let knn = ComparisonSettings::new(Measure::Neighbours { k: 10 });
    assert_eq!(
        error(two(11), 11, knn),
        "10 neighbours of each picture need at least 12 pictures, and there are 11"
    );
    let none = ComparisonSettings::new(Measure::Neighbours { k: 0 });
    assert_eq!(error(two(11), 11, none), "at least one neighbour of each picture is compared, got 0");
    let all = ComparisonSettings::new(Measure::Neighbours { k: usize::MAX });
    assert!(error(two(11), 11, all).ends_with("and there are 11"));
    let small = ComparisonSettings { batch: 3, ..plain };
    assert_eq!(error(two(5), 5, small), "at least 4 pictures at a time are needed, got 3");
    let none = ComparisonSettings::new(Measure::Cka(CkaKernel::Rbf { bandwidth: 0.0 }));
    assert_eq!(
        error(two(5), 5, none),
        "the kernel's bandwidth is a share of the median distance above 0, got 0"
    );
    for measure in [CKA, RBF, Measure::Rsa, Measure::Neighbours { k: 2 }] {
        let mut layers = two(5);
        layers.push(layer("c", 2, vec![1.0, 2.0, 3.0, f32::NAN, 5.0, 6.0, 7.0, 8.0, 9.0, 0.0]));
        assert_eq!(
            error(layers, 5, ComparisonSettings::new(measure)),
            "NaN in the features of c: value 1 of picture `1.png`"
        );
    }
    let tight = ComparisonSettings { available: Some(1000), ..plain };
    assert_eq!(
        error(two(40), 40, tight),
        "linear CKA of 2 layers over 40 pictures: this takes about 1 MB of memory, more than half of the 1 MB that are available"
    );
    let mut of_matrix = two(4);
    of_matrix
        .push(ComparedLayer { name: "human".into(), numbers: LayerNumbers::Dissimilarities(vec![1.0; 6]) });
    assert_eq!(
        error(of_matrix, 4, plain),
        "linear CKA is computed from features, and of `human` there are only dissimilarities"
    );
    let stopped = compare(two(9), &names(9), &plain, &mut |_, _, _| false).unwrap_err();
    assert!(matches!(stopped, SimilarityError::Interrupted));
}

#[test]
fn dissimilarities_of_others_are_compared_by_their_order() {
    let n = 5;
    // Picture i is the direction (i, 1): the farther apart, the larger the angle.
    let mut random = Random::new(8);
    let features = normals(n * 6, &mut random);
    let found = compared(
        vec![
            layer("a", 6, features.clone()),
            layer("twice", 6, features.iter().map(|x| 2.0 * x + 1.0).collect()),
        ],
        n,
        &ComparisonSettings::new(Measure::Rsa),
    );
    assert!(found.value(0, 1).unwrap() > 0.999, "Pearson sees neither scale nor offset");
    let human = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0];
    let squared: Vec<f64> = human.iter().map(|x| x * x).collect();
    let back: Vec<f64> = human.iter().map(|x| -x).collect();
    let matrix = |name: &str, values| ComparedLayer {
        name: name.into(),
        numbers: LayerNumbers::Dissimilarities(values),
    };
    let layers = || {
        vec![
            matrix("a", human.clone()),
            matrix("b", squared.clone()),
            matrix("c", back.clone()),
            matrix("d", vec![1.0; 10]),
        ]
    };
    let found = compared(layers(), n, &ComparisonSettings::new(Measure::Rsa));
    assert_eq!((found.value(0, 1), found.value(0, 2)), (Some(1.0), Some(-1.0)), "only the order counts");
    assert_eq!(found.undefined[3], Some(Undefined::AllEqual));
    let settings = ComparisonSettings { num_resamples: 50, ..ComparisonSettings::new(Measure::Rsa) };
    let found = compared(layers(), n, &settings);
    let interval = found.interval(0, 1).unwrap();
    assert!(interval.low > 0.999 && interval.high <= 1.0 && interval.num_resamples > 40, "{interval:?}");
    assert_eq!(found.interval(0, 3), None);
}

#[test]
fn neighbours_are_shared_or_not() {
    let n = 8;
    // Pictures on a quarter of a circle, in order; in the other layer, the same with the second half reversed.
    let place = |at: f32| [(at * 0.19).cos(), (at * 0.19).sin()];
    let a: Vec<f32> = (0..n).flat_map(|at| place(at as f32)).collect();
    let scaled: Vec<f32> = a.iter().map(|x| 3.0 * x).collect();
    let layers = vec![layer("a", 2, a), layer("scaled", 2, scaled)];
    let found = compared(layers, n, &ComparisonSettings::new(Measure::Neighbours { k: 2 }));
    assert_eq!(found.value(0, 1), Some(1.0), "angles are the same");
    // Two pairs against one ring: by hand. A: {0,1} {2,3}, B: {0,2} {1,3}; nobody shares a neighbour.
    let a = vec![1.0, 0.0, 1.0, 0.1, 0.0, 1.0, 0.1, 1.0];
    let b = vec![1.0, 0.0, 0.0, 1.0, 1.0, 0.1, 0.1, 1.0];
    let layers = vec![layer("a", 2, a.clone()), layer("b", 2, b), layer("c", 2, a)];
    let found = compared(layers, 4, &ComparisonSettings::new(Measure::Neighbours { k: 1 }));
    assert_eq!((found.value(0, 1), found.value(0, 2)), (Some(0.0), Some(1.0)));
    // Equal pictures: each of 0, 1, 2 has the other two as neighbours, with half a place each.
    let ties = vec![1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0];
    let order = vec![1.0, 0.0, 1.0, 0.1, 1.0, 0.3, 0.0, 1.0];
    let layers = vec![layer("ties", 2, ties.clone()), layer("ties again", 2, ties), layer("order", 2, order)];
    let found = compared(layers, 4, &ComparisonSettings::new(Measure::Neighbours { k: 1 }));
    assert_eq!(found.value(0, 1), Some(1.0), "whatever the ties, a layer is like itself");
    // Order: 0 → 1, 1 → 0, 2 → 1, each half shared; 3 → 2, a third of three equally far ones: (3·½ + ⅓)/4.
    assert!((found.value(0, 2).unwrap() - (1.5 + 1.0 / 3.0) / 4.0).abs() < 1e-12);
}

#[test]
fn threads_change_no_bit() {
    let (n, width) = (130, 700);
    let made = || {
        let mut random = Random::new(3);
        ["a", "b", "c"].map(|name| layer(name, width, normals(n * width, &mut random))).into()
    };
    for measure in [CKA, RBF, Measure::Rsa, Measure::Neighbours { k: 5 }] {
        let num_resamples = if measure == Measure::Rsa { 5 } else { 0 };
        let settings = ComparisonSettings { batch: 64, num_resamples, ..ComparisonSettings::new(measure) };
        let of = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let found = pool.install(|| compared(made(), n, &settings));
            found.pairs().map(|(a, b)| (found.value(a, b), found.interval(a, b))).collect::<Vec<_>>()
        };
        assert_eq!(of(1), of(3), "{measure:?}");
    }
}

/// What other programs give; `tests/fixtures/similarity/make.py` says which.
fn peers() -> serde_json::Value {
    serde_json::from_str(include_str!("../../../../tests/fixtures/similarity/peers.json")).unwrap()
}

fn peers_layers(peers: &serde_json::Value) -> Vec<ComparedLayer> {
    let made = |name: &str| {
        let rows = peers["features"][name].as_array().unwrap();
        let row = |row: &serde_json::Value| -> Vec<f32> {
            row.as_array().unwrap().iter().map(|x| x.as_f64().unwrap() as f32).collect()
        };
        let rows: Vec<Vec<f32>> = rows.iter().map(row).collect();
        layer(name, rows[0].len(), rows.concat())
    };
    ["a", "b", "c", "d"].map(made).into()
}

#[test]
fn values_are_those_of_other_programs() {
    let peers = peers();
    let rbf = |bandwidth| ComparisonSettings::new(Measure::Cka(CkaKernel::Rbf { bandwidth }));
    let batched = ComparisonSettings { batch: 8, seed: 7, ..ComparisonSettings::new(CKA) };
    for (name, settings) in [
        ("cka", ComparisonSettings::new(CKA)),
        ("cka_batches_of_8_seed_7", batched),
        ("cka_rbf_1", rbf(1.0)),
        ("cka_rbf_0.4", rbf(0.4)),
        ("rsa", ComparisonSettings::new(Measure::Rsa)),
        ("knn_4", ComparisonSettings::new(Measure::Neighbours { k: 4 })),
    ] {
        let found = compared(peers_layers(&peers), 20, &settings);
        for a in 0..4 {
            for b in 0..4 {
                let (got, expected) = (found.value(a, b).unwrap(), peers[name][a][b].as_f64().unwrap());
                assert!((got - expected).abs() < 1e-9, "{name} {a} {b}: {got}, and theirs is {expected}");
            }
        }
    }
}

#[test]
fn resampled_pictures_give_the_interval_of_other_programs() {
    let peers = peers();
    let settings =
        ComparisonSettings { num_resamples: 100, seed: 3, ..ComparisonSettings::new(Measure::Rsa) };
    let found = compared(peers_layers(&peers), 20, &settings);
    for (name, a, b) in [("rsa_bootstrap_100_seed_3_ab", 0, 1), ("rsa_bootstrap_100_seed_3_cd", 2, 3)] {
        let interval = found.interval(a, b).unwrap();
        let near = |got: f64, field: &str| (got - peers[name][field].as_f64().unwrap()).abs() < 1e-9;
        assert!(near(interval.low, "low") && near(interval.high, "high"), "{interval:?}");
        assert!(near(interval.standard_error, "standard_error") && interval.num_resamples == 100);
    }
}
