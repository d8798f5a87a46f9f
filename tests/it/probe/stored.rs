//! Scores of stored features by the real binary: what is told, what is refused, and that the useless looks useless.

use std::fmt::Write as _;

use serde_json::Value;

use crate::extract::{QUICK, TAG, with_drive};
use crate::support::binary::{Bench, Run};

/// The made-up drive with features of two layers beside it, as `drive/features`.
fn with_features() -> Bench {
    let bench = with_drive();
    bench.ok(&format!(
        "extract drive -o drive/features {QUICK} --layer blocks.1.1,final --pool avg --format npy -q"
    ));
    bench
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap()
}

#[test]
fn layers_are_scored_beside_what_knows_less_in_every_form() {
    let bench = with_features();
    let said = json(&bench.ok("probe drive/features --target angle --permutations 19 --json"));
    assert_eq!(
        (&said["kind"], &said["score"], &said["num_rows"]),
        (&"numbers".into(), &"r2".into(), &72.into())
    );
    assert_eq!(said["split"], "block");
    let results = said["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    let r2 = |line: &Value| line["r2"].as_f64().unwrap();
    assert!(r2(&results[0]) >= r2(&results[1]), "the best first");
    for line in results {
        assert_eq!(
            (&line["network"], &line["head"], line["strengths"].as_array().unwrap().len()),
            (&TAG.into(), &"ridge".into(), 5)
        );
        let (low, high) =
            (line["interval"]["low"].as_f64().unwrap(), line["interval"]["high"].as_f64().unwrap());
        assert!(low <= r2(line) && r2(line) <= high, "{line}");
        assert!(line["rmse"].as_f64().unwrap() >= line["mae"].as_f64().unwrap());
        assert!(
            line["logme"].is_f64()
                && line["permutation_p"].is_f64()
                && line["milliseconds_per_picture"].is_null()
        );
    }
    let names: Vec<&str> =
        said["baselines"].as_array().unwrap().iter().map(|line| line["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(
        ["the mean", "32×32 pixels", "random weights"].iter().all(|name| names.contains(name)),
        "{names:?}"
    );
    assert_eq!(said["missing_baselines"], serde_json::json!([]));
    assert_eq!(said["differences"].as_array().unwrap().len(), 4, "three baselines and the other layer");

    let quick = "--permutations 0 --no-random-weights";
    let table = bench.ok(&format!("probe drive/features --target angle {quick}"));
    assert!(
        table.stdout.starts_with(
            "`angle` (numbers) of 72 rows; 5 folds of consecutive rows in the order of `timestamp`\n"
        ),
        "{}",
        table.stdout
    );
    assert!(
        table.stdout.contains("no baseline of random weights: `--no-random-weights` was given"),
        "{}",
        table.stdout
    );
    let csv = bench.ok(&format!("probe drive/features --target angle {quick} --csv")).stdout;
    assert!(csv.starts_with("network,layer,pool,head,r2,low,high,rmse,mae,logme,permutation_p,"), "{csv}");
    assert_eq!(csv.lines().count(), 1 + 2 + 2, "{csv}");
    let markdown = bench.ok(&format!("probe drive/features --target angle {quick} --markdown")).stdout;
    assert!(markdown.contains("\n| --- | --- | --- | ---: |"), "{markdown}");
}

#[test]
fn the_same_bytes_at_any_number_of_threads() {
    let bench = with_features();
    let run = |threads: usize| {
        bench.ok(&format!("probe drive/features --target angle --head ridge,knn --permutations 9 --no-random-weights --json --threads {threads}")).stdout
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn random_splits_of_a_drive_look_better_and_a_warning_says_so() {
    let bench = with_features();
    let score = |split: &str| {
        let run = bench.ok(&format!("probe drive/features/{TAG}__blocks.1.1 --target angle --permutations 0 --no-random-weights --json --split {split}"));
        (json(&run)["results"][0]["r2"].as_f64().unwrap(), run.stderr)
    };
    let ((block, quiet), (random, warned)) = (score("block"), score("random"));
    assert!(random > block, "{random} {block}");
    let words = "warning: rows in time were split at random";
    assert!(warned.contains(words) && !quiet.contains(words), "{warned}");
    // Three cameras as groups: each moment is on both sides.
    let (_, warned) = score("group:camera");
    assert!(warned.contains("warning: rows in time were split by `group:camera`"), "{warned}");
}

#[test]
fn a_useless_target_is_called_useless() {
    let bench = with_drive();
    // Numbers that no picture shows: hashes of the line's number.
    let mut table = "image,noise\n".to_owned();
    let mut files: Vec<String> = bench.names("drive/center");
    files.sort();
    for (at, file) in files.iter().cycle().take(24).enumerate() {
        let noise = (at as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
        writeln!(table, "center/{file},{}.5", noise % 1000).unwrap();
    }
    bench.add("drive/noise.csv", table.as_bytes());
    bench.ok(&format!(
        "extract drive/noise.csv --path-column image -o drive/f {QUICK} --pool avg --format npy -q"
    ));
    let run = bench.ok("probe drive/f --target noise --no-random-weights --json");
    let said = json(&run);
    assert!(said["results"][0]["r2"].as_f64().unwrap() < 0.2, "{said}");
    assert!(said["permutation_p_of_best"].as_f64().unwrap() > 0.05, "{said}");
    assert!(run.stderr.contains("the best score may be chance"), "{}", run.stderr);
    assert!(run.stderr.contains("better than the mean"), "{}", run.stderr);
}

#[test]
fn what_cannot_be_scored_is_refused_with_a_reason() {
    let bench = with_features();
    let refused = |arguments: &str, words: &str| {
        let run = bench.run(&format!("probe {arguments}"));
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{arguments}: {}", run.stderr);
        assert!(run.stderr.contains(words), "{arguments}: {}", run.stderr);
    };
    refused("drive/features --target angel", "error: no column `angel`; did you mean angle?");
    refused("drive/features --target speed", "error: `speed` is `12.0000` in every row");
    refused("drive/features --target filename", "`filename` has 72 different texts in 72 rows");
    refused(
        "drive/features --target angle --head logistic",
        "logistic is a head for classes, and the target has numbers",
    );
    refused(
        "drive/features --target angle --split group:camera --folds 5 --head lasso",
        "expected ridge, logistic, knn or dense",
    );
    refused(
        "drive/features --target camera --as numbers",
        "`camera` has `left` in row 0, which is no number, as 72 of 72 cells are",
    );
    refused("drive/features --target angle --split file:camera", "`camera` has the value `left`");
    refused("drive/features --target angle --model xception.keras_in1k", "`--model` says what is extracted");
    refused("nowhere --target angle", "nowhere");
    bench.ok(&format!("extract drive -o fewer {QUICK} --pool avg --format npy --limit 3 -q"));
    refused("drive/features fewer --target angle", "its rows are not those of");
    refused("fewer --target angle", "9 rows are too few: 20 are needed at least");
    bench.ok(&format!("extract drive -o later {QUICK} --pool avg --format npy --start 1 -q"));
    bench.ok(&format!("extract drive -o sooner {QUICK} --pool avg --format npy --limit 23 -q"));
    refused("later sooner --target angle", "row of row 0 is `0` here and `1` there");
}

/// Rows whose times can't be read aren't split as if they had none; and an answer below the share of the most frequent class is warned of,
/// however badly the baselines do.
#[test]
fn times_that_cannot_be_read_and_scores_below_chance_are_told() {
    let bench = with_drive();
    let mut files: Vec<_> = std::fs::read_dir(bench.path("drive/center"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    files.sort();
    let table = |name: &str, time: &dyn Fn(usize) -> String| {
        let mut text = "path,time,half\n".to_owned();
        for (at, file) in files.iter().enumerate() {
            let half = if at * 7 % 5 < 2 { "first" } else { "second" };
            writeln!(text, "drive/center/{},{},{half}", file.display(), time(at)).unwrap();
        }
        std::fs::write(bench.path(name), text).unwrap();
        bench.ok(&format!(
            "extract {name} --path-column path -o {name}.f {QUICK} --layer final --pool avg -q"
        ));
    };
    table("iso.csv", &|at| format!("2026-01-01T00:00:{at:02}"));
    let run = bench.run("probe iso.csv.f --target half");
    assert_eq!((run.code, &*run.stdout), (Some(2), ""), "{}", run.stderr);
    let words = "`time` says when rows were taken, and not all of its cells are numbers (row 0: `2026-01-01T00:00:00`)";
    assert!(run.stderr.contains(words), "{}", run.stderr);
    table("seconds.csv", &|at| at.to_string());
    let run = bench.ok("probe seconds.csv.f --target half --head logistic,knn --no-random-weights");
    let words = ", the share of the most frequent class among the scored rows";
    assert!(run.stderr.contains(words), "{}", run.stderr);
}

#[test]
fn a_missing_baseline_says_why() {
    let bench = with_features();
    std::fs::rename(bench.path("drive/features"), bench.path("features")).unwrap();
    let run = bench.ok("probe features --target angle --permutations 0 --json");
    let missing = json(&run)["missing_baselines"].clone();
    assert!(
        missing[0]["why"].as_str().unwrap().starts_with("the pictures are not beside the features"),
        "{missing}"
    );
    let words = "warning: there is no baseline of 32×32 pixels to compare with: the pictures are not beside";
    assert!(run.stderr.contains(words), "{}", run.stderr);
    // Other pictures of the same names are not taken for those that the features are of.
    std::fs::copy(
        bench.path("drive/left/1500000000000000000.jpg"),
        bench.path("drive/center/1500000000004200000.jpg"),
    )
    .unwrap();
    let run = bench
        .ok("probe features --target angle --permutations 0 --json --pictures drive --no-random-weights");
    let missing = json(&run)["missing_baselines"].clone();
    assert!(
        missing[0]["why"].as_str().unwrap().contains("is not the one that the features were made of"),
        "{missing}"
    );
}
