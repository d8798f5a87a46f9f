//! Straight from data to scores.

use std::fmt::Write as _;

use serde_json::Value;

use crate::extract::{QUICK, TAG, with_drive};
use crate::support::binary::Run;

#[test]
fn a_log_gives_the_same_scores_as_its_stored_features_and_leaves_nothing_behind() {
    let bench = with_drive();
    std::fs::create_dir(bench.path("tmp")).unwrap();
    let options = "--target angle --permutations 9 --no-random-weights --json";
    let run = |arguments: &str| {
        let mut command = bench.command(arguments);
        let run = Run::of(command.env("TMPDIR", bench.path("tmp")).output().unwrap());
        assert_eq!(run.code, Some(0), "{arguments}: {}", run.stderr);
        serde_json::from_str::<Value>(&run.stdout).unwrap()
    };
    let straight = run(&format!("probe drive/interpolated.csv {QUICK} {options}"));
    assert!(bench.names("tmp").is_empty());
    assert!(straight["results"][0]["milliseconds_per_picture"].as_f64().unwrap() > 0.0);
    assert!(straight["results"][0]["leep"].is_null(), "of numbers");
    let kept = run(&format!("probe drive/interpolated.csv {QUICK} {options} --out kept"));
    let stored = run(&format!("probe kept/{TAG} {options} --pictures drive"));
    for name in ["r2", "rmse", "mae", "interval", "strengths", "logme", "permutation_p"] {
        assert_eq!(straight["results"][0][name], stored["results"][0][name], "{name}");
        assert_eq!(kept["results"][0][name], stored["results"][0][name], "{name}");
    }
    assert_eq!(straight["baselines"], stored["baselines"]);
}

#[test]
fn folders_of_pictures_are_classes() {
    let bench = with_drive();
    std::fs::remove_file(bench.path("drive/interpolated.csv")).unwrap();
    let arguments =
        format!("probe drive {QUICK} --labels folder --target label --head logistic,knn,ridge --json");
    let run = bench.ok(&arguments);
    let said: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(
        (&said["kind"], &said["split"], &said["num_classes"]),
        (&"classes".into(), &"random".into(), &3.into())
    );
    for line in said["results"].as_array().unwrap() {
        assert!(line["accuracy"].as_f64().unwrap() > 0.5 && line["macro_f1"].is_f64(), "{line}");
        // The network's own classifier says something of the classes, and log of a share is below 0.
        assert!((-3f64.ln() - 0.1..0.0).contains(&line["leep"].as_f64().unwrap()), "{line}");
    }
    let majority =
        said["baselines"].as_array().unwrap().iter().find(|line| line["name"] == "the most frequent class");
    assert!(majority.unwrap()["accuracy"].as_f64().unwrap() < 0.4);
}

/// Plots are pictures of their own sizes, are replaced, and replace nothing that is read.
#[test]
fn plots_are_written_and_replace_nothing_that_is_read() {
    let bench = with_drive();
    let (options, layers) = ("--permutations 0 --no-random-weights -q", "--layer blocks.1.1,final");
    let run =
        |arguments: &str| bench.ok(&format!("probe drive/interpolated.csv {QUICK} {options} {arguments}"));
    run(&format!("--target angle {layers} --plots angle --out kept"));
    assert_eq!(bench.names("angle"), ["cost.png", "depth.png", "predictions.png"]);
    let side = |name: &str| image::image_dimensions(bench.path(name)).unwrap();
    assert!(side("angle/predictions.png").0 > 600 && side("angle/depth.png").0 > 800);
    let said = bench
        .ok(&format!(
            "probe kept/{TAG}__blocks.1.1 --target camera --permutations 0 --no-random-weights --plots camera"
        ))
        .stderr;
    assert!(said.contains("there is no depth.png: it needs two layers"), "{said}");
    assert_eq!(bench.names("camera"), ["confusion.png", "cost.png"]);
    let before = std::fs::read(bench.path("camera/cost.png")).unwrap();
    bench.add("camera/cost.png", b"of before");
    bench.ok(&format!("probe kept/{TAG}__blocks.1.1 --target camera {options} --plots camera"));
    assert_eq!(std::fs::read(bench.path("camera/cost.png")).unwrap(), before, "the same bytes again");
    // A picture of the data set that has the name of a plot.
    std::fs::rename(bench.path("drive/center"), bench.path("pictures")).unwrap();
    bench.add_cat("pictures/cost.png");
    let cat = std::fs::read(bench.path("pictures/cost.png")).unwrap();
    for (folder, words) in [
        ("pictures", "`--plots` would overwrite a file that is read"),
        ("drive/interpolated.csv", "this is a file"),
    ] {
        let run =
            bench.run(&format!("probe pictures {QUICK} --labels folder --target label --plots {folder}"));
        assert_eq!(run.code, Some(2), "{}", run.stderr);
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
    assert_eq!(std::fs::read(bench.path("pictures/cost.png")).unwrap(), cat);
}

/// A table that is named without its folder has all baselines.
#[test]
fn a_table_in_the_current_folder_has_the_baseline_of_random_weights() {
    let bench = with_drive();
    let mut table = "picture,value\n".to_owned();
    for (at, file) in bench.names("drive/center").iter().enumerate() {
        writeln!(table, "drive/center/{file},{}.5", at * at).unwrap();
    }
    bench.add("list.csv", table.as_bytes());
    let run = bench
        .ok(&format!("probe list.csv --path-column picture {QUICK} --target value --permutations 0 --json"));
    let said: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(said["missing_baselines"], serde_json::json!([]), "{}", run.stderr);
}
