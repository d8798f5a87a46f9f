//! What a run says at its end, and again of what it left.

use super::manifest;
use super::sources::with;
use crate::onnx::encode::{floats, network, node};
use crate::support::binary::Bench;

/// Pictures, and a network that makes a thousand times as much of their samples.
fn loud(names: &[&str]) -> Bench {
    let bench = with(names);
    let weights: Vec<f32> = (0..12).map(|at| if at < 3 { 1000.0 } else { 0.001 }).collect();
    let conv = node("Conv", &["x", "w"], "y", &[("kernel_shape", &[1, 1])]);
    bench.add("loud.onnx", &network(&[conv, floats("w", &[4, 3, 1, 1], &weights)]));
    bench
}

#[test]
fn values_that_f16_has_no_number_for_are_told() {
    let bench = loud(&["in/a.png", "in/b.png"]);
    let call = "extract in --model loud.onnx --preprocess raw --pool avg --format npy -o out";
    let run = bench.ok(&format!("{call} --json"));
    assert!(!run.stderr.contains("f16") && run.stdout.contains("\"overflows\":0"), "{}", run.stderr);
    let note = "note: 2 values are too large for f16, whose largest number is 65504, and stored as infinite";
    let with_remedy = format!("{note}; `--dtype f32` keeps them\n");
    let call = format!("{call} --dtype f16 --json");
    let run = bench.ok(&format!("{call} --overwrite"));
    assert_eq!(manifest(&bench, "out/loud.onnx")["num_overflows"], 2);
    assert!(run.stderr.contains(&with_remedy), "{}", run.stderr);
    let end = run.stdout.lines().last().unwrap();
    assert!(end.contains("\"outcome\":\"done\"") && end.contains("\"overflows\":2"), "{end}");
    // Whoever looks later is told too.
    let run = bench.ok(&format!("{call} --resume"));
    assert!(run.stderr.contains(&with_remedy), "{}", run.stderr);
    let end = run.stdout.lines().last().unwrap();
    assert!(end.contains("nothing_to_do") && end.contains("\"overflows\":2"), "{end}");
    let run = bench.ok("features verify out");
    assert_eq!(
        run.stdout,
        "whole: 2 rows, 8 values, 2 infinite, 2 values are too large for f16, whose largest number is 65504, and stored as infinite: \"out/loud.onnx\"\n"
    );
    let run = bench.ok("features verify out --json");
    assert!(run.stdout.contains("\"num_overflows\":2"), "{}", run.stdout);
    assert!(bench.ok("features info out").stdout.contains("2 values are too large for f16"));
    // And of shards.
    for shard in 0..2 {
        bench.ok(&format!("{call} --shard {shard}/2").replace("-o out", "-o shards"));
    }
    let run = bench.ok("features merge shards -o whole");
    assert!(run.stderr.starts_with(note) && run.stderr.contains("merged 2 rows"), "{}", run.stderr);
}
