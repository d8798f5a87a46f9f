//! Notes at a run's end, and the same notes when its results are read later.

use super::sources::with;
use super::{QUICK, TAG, manifest};
use crate::onnx::encode::{floats, network, node};
use crate::support::binary::Bench;

/// A folder with these pictures and a network that multiplies their samples by about a thousand.
fn loud(names: &[&str]) -> Bench {
    let bench = with(names);
    let weights: Vec<f32> = (0..12).map(|at| if at < 3 { 1000.0 } else { 0.001 }).collect();
    let conv = node("Conv", &["x", "w"], "y", &[("kernel_shape", &[1, 1])]);
    bench.add("loud.onnx", &network(&[conv, floats("w", &[4, 3, 1, 1], &weights)]));
    bench
}

#[test]
fn values_too_large_for_f16_are_noted() {
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
    // Later commands on the same features print the note too.
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
    // A merge of shards prints it too.
    for shard in 0..2 {
        bench.ok(&format!("{call} --shard {shard}/2").replace("-o out", "-o shards"));
    }
    let run = bench.ok("features merge shards -o whole");
    assert!(run.stderr.starts_with(note) && run.stderr.contains("merged 2 rows"), "{}", run.stderr);
}

/// Files that a person added to a set are listed but don't count as damage.
#[test]
fn foreign_files_in_a_set_are_noted() {
    let bench = with(&["in/a.png", "in/deep/b.png"]);
    for format in ["folder", "npy", "parquet"] {
        bench.ok(&format!("extract in -o {format} {QUICK} --pool avg --format {format}"));
        let run = bench.ok(&format!("features verify {format}"));
        assert_eq!(run.stderr, "", "{format}");
        bench.add(&format!("{format}/{TAG}/notes.txt"), b"mine");
        bench.add(&format!("{format}/{TAG}/deep/c.npy"), b"mine");
        let run = bench.ok(&format!("features verify {format}"));
        assert!(run.stdout.starts_with("whole: 2 rows, "), "{}", run.stdout);
        assert_eq!(
            run.stderr,
            format!(
                "note: 2 files here are none of this set's: `deep/c.npy`, `notes.txt`: \"{format}/{TAG}\"\n"
            )
        );
        let run = bench.ok(&format!("features verify {format} --json"));
        assert!(run.stdout.contains("\"strays\":[\"deep/c.npy\",\"notes.txt\"]"), "{}", run.stdout);
    }
}

#[test]
fn the_error_for_a_table_without_rows_says_so() {
    let bench = with(&["a.png"]);
    let empty = |name: &str| format!("error: no rows: the file is empty: \"{name}\"\n");
    let header = |name: &str| format!("error: no rows: there is a header and nothing below it: \"{name}\"\n");
    for (content, column, words) in [
        (&b""[..], "", empty("t.csv")),
        (b"", "--path-column image", empty("t.csv")),
        (b"", "--source udacity", empty("t.csv")),
        (b"\n \r\n", "", empty("t.csv")),
        (b"\xEF\xBB\xBF", "--path-column image", empty("t.csv")),
        (b"image,label\n", "", header("t.csv")),
        (b"image,label", "--path-column image", header("t.csv")),
        (b"image,label\r\n\r\n", "--path-column image", header("t.csv")),
        (b"timestamp,frame_id,filename,angle\n", "", header("t.csv")),
        (b"center,left,right,steering\n", "", header("t.csv")),
    ] {
        bench.add("t.csv", content);
        let run = bench.run(&format!("extract t.csv {column} -o none {QUICK}"));
        assert_eq!((run.code, &*run.stderr), (Some(2), &*words), "{content:?} {column}");
    }
    bench.add("t.txt", b"");
    assert_eq!(bench.run(&format!("extract t.txt -o none {QUICK}")).stderr, empty("t.txt"));
    // One line that is a row isn't called a header.
    bench.add("t.csv", b"a.png,cat\n");
    let run = bench.run(&format!("extract t.csv -o none {QUICK}"));
    assert!(run.stderr.contains("--path-column") && !run.stderr.contains("no rows"), "{}", run.stderr);
}
