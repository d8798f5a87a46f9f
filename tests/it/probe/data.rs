//! Straight from data to scores.

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
