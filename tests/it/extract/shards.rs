//! Shards of a data set, extracted by separate processes and merged: the result is the same as of one run.

use super::{QUICK, TAG, assert_same, manifest, with_drive};
use crate::support::binary::Run;

#[test]
fn shards_merged_are_one_run() {
    let bench = with_drive();
    bench.add("drive/center/1500000000504200000.jpg", b"\xFF\xD8\xFF");
    std::fs::remove_file(bench.path("drive/left/1500000001000000000.jpg")).unwrap();
    for (format, by) in [("npy", "block"), ("parquet", "hash"), ("folder", "hash"), ("h5", "block")] {
        let common = format!("extract drive {QUICK} --pool avg --format {format} -q");
        assert_eq!(bench.run(&format!("{common} -o one_{format}")).code, Some(1));
        for shard in 0..4 {
            let run = bench.run(&format!("{common} -o {format} --shard {shard}/4 --shard-by {by}"));
            assert!(run.code == Some(0) || run.code == Some(1), "{}", run.stderr);
        }
        assert_eq!(bench.names(format), ["shard-0-of-4", "shard-1-of-4", "shard-2-of-4", "shard-3-of-4"]);
        bench.ok(&format!("features verify {format} one_{format}"));
        let run = bench.ok(&format!("features merge {format} -o merged_{format}"));
        assert_eq!(run.stderr, format!("merged 70 rows: \"merged_{format}/{TAG}\"\n"));
        assert_same(&bench.path(&format!("one_{format}")), &bench.path(&format!("merged_{format}")));
    }
    let said = manifest(&bench, &format!("npy/shard-1-of-4/{TAG}"));
    assert_eq!(said["shard"], serde_json::json!({ "index": 1, "count": 4, "by": "block" }));
}

#[test]
fn the_cluster_s_variables_choose_the_shard() {
    let bench = with_drive();
    let call = format!("extract drive -o out {QUICK} --limit 4 --shard auto --resume");
    let mut command = bench.command(&call);
    command
        .env("SLURM_ARRAY_TASK_ID", "2")
        .env("SLURM_ARRAY_TASK_MIN", "1")
        .env("SLURM_ARRAY_TASK_COUNT", "3");
    let run = Run::of(command.output().unwrap());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(bench.names("out"), ["shard-1-of-3"]);
    let run = bench.run(&call);
    assert!(
        run.stderr.contains("found none of SLURM_ARRAY_TASK_ID")
            && run.stderr.ends_with("help: name the shard: `--shard I/N`\n"),
        "{}",
        run.stderr
    );
    let run = bench.run(&format!("extract drive -o out {QUICK} --shard 3/3"));
    assert!(run.stderr.contains("shard `3/3`: expected I/N with I from 0 to N − 1"), "{}", run.stderr);
}

#[test]
fn shards_that_do_not_belong_together_are_refused() {
    let bench = with_drive();
    let call = format!("extract drive {QUICK} --pool avg --format npy --limit 6 -q");
    for shard in [0, 2] {
        bench.ok(&format!("{call} -o a --shard {shard}/3"));
    }
    let error = |arguments: &str| {
        let run = bench.run(arguments);
        assert_eq!(run.code, Some(2), "{arguments}");
        run.stderr
    };
    assert_eq!(
        error("features merge a -o m"),
        format!(
            "error: {TAG}: of 3 shards one is not here: 1; a shard without manifest.json is not finished\n"
        )
    );
    bench.ok(&format!("{call} -o b --shard 1/3 --preprocess raw"));
    assert!(
        error("features merge a b -o m").contains("shards of different runs: preprocess is model and raw; ")
    );
    bench.ok(&format!("{call} -o c --shard 2/3"));
    assert!(error("features merge a c -o m").contains("shard 2 is there twice: "));
    bench.ok(&format!("{call} -o whole"));
    assert!(error("features merge whole -o m").contains("these features are no shard"));
    assert!(error("features merge drive -o m").starts_with("error: no features here: "));
    assert!(!bench.path("m").exists());
    bench.ok(&format!("{call} -o a --shard 1/3"));
    bench.ok("features merge a -o whole2");
    assert!(error("features merge a -o whole2").contains("something is here already; choose another folder"));
}

/// There are more shards than pictures.
#[test]
fn a_shard_without_a_picture_is_done_and_merges() {
    let bench = super::sources::with(&["in/a.png", "in/b.png"]);
    for format in ["folder", "npy", "npz", "h5", "safetensors", "parquet"] {
        let call = format!("extract in {QUICK} --pool avg --format {format} -q");
        bench.ok(&format!("{call} -o one_{format}"));
        for shard in 0..3 {
            bench.ok(&format!("{call} -o {format} --shard {shard}/3"));
        }
        bench.ok(&format!("features verify {format}"));
        bench.ok(&format!("features merge {format} -o merged_{format}"));
        assert_same(&bench.path(&format!("one_{format}")), &bench.path(&format!("merged_{format}")));
    }
    let run = bench.ok(&format!("extract in {QUICK} --pool avg --format npy -o npy --shard 2/3 --overwrite"));
    assert!(
        run.stderr.ends_with(&format!(
            "no picture falls into this shard, which is complete: \"npy/shard-2-of-3/{TAG}\"\n"
        )),
        "{}",
        run.stderr
    );
    bench.ok(&format!("extract in {QUICK} --pool avg --format npy -o npy --shard 2/3 --resume"));
}

#[test]
fn one_shard_under_two_names_is_refused() {
    let bench = super::sources::with(&["in/a.png", "in/b.png"]);
    let call = format!("extract in {QUICK} --pool avg --format npy -q");
    for shard in 0..2 {
        bench.ok(&format!("{call} -o s --shard {shard}/2"));
    }
    let (first, link) = (format!("s/shard-0-of-2/{TAG}"), format!("link/{TAG}"));
    let mut cases = vec![
        ("s s", format!("as \"{first}\"")),
        ("s ./s", format!("as \"{first}\" and \"./{first}\", which are one folder")),
        ("s s/shard-1-of-2/../shard-0-of-2", {
            format!("as \"{first}\" and \"s/shard-1-of-2/../shard-0-of-2/{TAG}\", which are one folder")
        }),
    ];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("s/shard-0-of-2", bench.path("link")).unwrap();
        cases.push(("s link", format!("as \"{first}\" and \"{link}\", which are one folder")));
    }
    for (folders, words) in cases {
        let run = bench.run(&format!("features merge {folders} -o merged"));
        let expected = format!("error: one shard is named twice, {words}: name it once\n");
        assert_eq!((run.code, &*run.stderr), (Some(2), &*expected));
        assert!(!bench.path("merged").exists());
    }
    drop(link);
    // A copy is another folder with the same shard.
    super::copy(&bench.path("s/shard-0-of-2"), &bench.path("copy"));
    let run = bench.run("features merge s copy -o merged");
    assert!(run.stderr.contains("shard 0 is there twice: "), "{}", run.stderr);
}

#[test]
fn options_that_differ_between_shards_are_named() {
    let bench = super::sources::with(&["in/a.png", "in/b.png"]);
    let call = format!("extract in {QUICK} --format npy -q");
    bench.ok(&format!("{call} --pool none -o a --shard 0/2"));
    bench.ok(&format!("{call} --pool none -o b --shard 1/2 --order chw"));
    let run = bench.run("features merge a b -o merged");
    assert_eq!(
        run.stderr,
        format!(
            "error: shards of different runs: order is hwc and chw; shape is 2, 2, 1280 and 1280, 2, 2: \"a/shard-0-of-2/{TAG}\" and \"b/shard-1-of-2/{TAG}\"\nhelp: make all of them with the same `--order`\n"
        )
    );
    for (options, words, help) in [
        (
            "--shard 0/2 --order chw",
            "order was hwc, is chw; shape was 2, 2, 1280, is 1280, 2, 2",
            "`--order hwc`",
        ),
        ("--shard 0/2 --exact", "engine was fast, is fast-exact", "`--engine fast` without `--exact`"),
        ("--shard 0/2 --layer conv_stem", "layer was bn2.act, is conv_stem", "`--layer bn2.act`"),
        ("--shard 0/2 --shard-by hash", "shard_by was block, is hash", "`--shard-by block`"),
        (
            "--shard 0/2 --limit 1 --dtype f16",
            "dtype was f32, is f16; limit was none, is 1; ",
            "`--dtype f32`, no `--limit`",
        ),
    ] {
        let run = bench.run(&format!("{call} --pool none -o a --resume {options}"));
        assert_eq!(run.code, Some(2));
        assert!(
            run.stderr.starts_with("error: this is not the run that was begun here: ")
                && run.stderr.contains(words),
            "{}",
            run.stderr
        );
        assert!(run.stderr.contains(&format!("\nhelp: it was begun with {help}; ")), "{}", run.stderr);
    }
}

#[test]
fn shards_divided_differently_are_refused() {
    let bench = with_drive();
    let call = format!("extract drive {QUICK} --pool avg --format npy --limit 4 -q");
    bench.ok(&format!("{call} -o a --shard 0/2"));
    bench.ok(&format!("{call} -o b --shard 1/2 --shard-by hash"));
    bench.ok(&format!("{call} -o c --shard 1/3"));
    for (other, words) in [
        (format!("b/shard-1-of-2/{TAG}"), "one by block and the other by hash"),
        (format!("c/shard-1-of-3/{TAG}"), "one is one of 2 and the other one of 3"),
    ] {
        let folder = other.split('/').next().unwrap();
        let run = bench.run(&format!("features merge a {folder} -o merged"));
        assert_eq!(
            run.stderr,
            format!(
                "error: these shards are cut differently, {words}: \"a/shard-0-of-2/{TAG}\" and \"{other}\"\nhelp: make all of them with the same N in `--shard I/N` and the same `--shard-by`\n"
            )
        );
    }
}

#[test]
fn a_killed_merge_does_not_block_the_next() {
    let bench = with_drive();
    let call = format!("extract drive {QUICK} --pool avg --format npy --limit 8 -q");
    bench.ok(&format!("{call} -o whole"));
    for shard in 0..2 {
        bench.ok(&format!("{call} -o shards --shard {shard}/2"));
    }
    // A merge killed before it made its lock.
    std::fs::create_dir_all(bench.path("early/.filterscope-merge")).unwrap();
    bench.ok("features merge shards -o early");
    assert_eq!(bench.names("early"), [TAG]);
    // A merge killed when its files were half written.
    bench.add("merged/mine.txt", b"mine");
    bench.add("merged/.filterscope-merge/lock", b"123456789");
    bench.add(&format!("merged/.filterscope-merge/{TAG}/features.npy"), b"half");
    let run = bench.ok("features merge shards -o merged");
    assert!(
        run.stderr.starts_with(
            "note: an earlier merge was killed: what it had half written is removed\nmerged 24 rows: "
        ),
        "{}",
        run.stderr
    );
    assert_eq!(bench.names("merged"), ["mine.txt", TAG]);
    assert_same(&bench.path("whole").join(TAG), &bench.path("merged").join(TAG));
    // A merge killed when its files were whole: before and after they were moved to their place.
    let origin: Vec<serde_json::Value> = (0..2)
        .map(|shard| manifest(&bench, &format!("shards/shard-{shard}-of-2/{TAG}"))["set_sha256"].clone())
        .collect();
    let whole = serde_json::json!({ TAG: origin }).to_string();
    for is_moved in [false, true] {
        bench.add("merged/.filterscope-merge/lock", b"123456789");
        bench.add("merged/.filterscope-merge/whole.json", whole.as_bytes());
        if !is_moved {
            let to = bench.path("merged/.filterscope-merge").join(TAG);
            std::fs::rename(bench.path("merged").join(TAG), to).unwrap();
        }
        let run = bench.ok("features merge shards -o merged");
        assert!(
            run.stderr.starts_with("note: an earlier merge was killed as it moved what it had made to its place: that is done now\nmerged 24 rows: "),
            "{}",
            run.stderr
        );
        assert_eq!(bench.names("merged"), ["mine.txt", TAG]);
    }
    // Existing results are never overwritten, and files of others never removed.
    let run = bench.run("features merge shards -o merged");
    assert_eq!(
        run.stderr,
        format!("error: something is here already; choose another folder: \"merged/{TAG}\"\n")
    );
    bench.add("other/.filterscope-merge/mine.txt", b"mine");
    let run = bench.run("features merge shards -o other");
    assert_eq!(
        run.stderr,
        "error: something is here already; choose another folder: \"other/.filterscope-merge\"\n"
    );
    assert_eq!(bench.names("other/.filterscope-merge"), ["mine.txt"]);
    // A merge killed at any moment.
    for pause in 0..30 {
        let mut child = super::resume::start(&bench, "features merge shards -o killed");
        std::thread::sleep(std::time::Duration::from_micros(400 * pause));
        drop(child.kill());
        child.wait().unwrap();
        // Once the list of what is to be moved is gone, the merge was over, and only its empty hidden folder may be left.
        let is_moving = bench.path("killed/.filterscope-merge/whole.json").exists();
        if bench.path("killed").join(TAG).exists() && !is_moving {
            std::fs::remove_dir_all(bench.path("killed")).unwrap();
        }
    }
    bench.ok("features merge shards -o killed");
    assert_same(&bench.path("whole"), &bench.path("killed"));
}
