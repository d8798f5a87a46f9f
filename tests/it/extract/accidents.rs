//! Damage to the files that a run writes: flipped bits, cut files, changed labels, swapped rows, processes killed at a bad moment. Each
//! kind of damage is found, or the result has the same bytes as without it.

use std::path::{Path, PathBuf};

use filterscope::engine::CancelToken;
use filterscope::extract::verify;
use filterscope::features::{FeatureFormat, StoredFeatures};

use super::resume::{long_run, start, unfinish, wait_for_a_part};
use super::{QUICK, TAG, assert_same, tree, with_drive};
use crate::support::binary::{Bench, Run};

/// Flips a bit of a file.
fn flip(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at] ^= 0x10;
    std::fs::write(path, bytes).unwrap();
}

/// The error message for a folder of features; none if it is whole.
fn problem(set: &Path) -> Option<String> {
    let found = StoredFeatures::open(set).map_err(|e| e.to_string());
    found.and_then(|mut f| verify(&mut f, &CancelToken::new(), &mut |_| {}).map_err(|e| e.to_string())).err()
}

/// Makes a set look like one of an earlier version, which kept a hash of the numbers only.
pub(super) fn as_of_an_earlier_version(set: &Path) {
    let path = set.join("manifest.json");
    let mut manifest: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    manifest["schema"] = 1.into();
    let fields = manifest.as_object_mut().unwrap();
    for name in ["set_sha256", "index_sha256", "skipped_sha256"] {
        fields.remove(name);
    }
    for file in manifest["files"].as_array_mut().unwrap() {
        for name in ["num_bytes", "sha256"] {
            file.as_object_mut().unwrap().remove(name);
        }
    }
    std::fs::write(path, serde_json::to_vec_pretty(&manifest).unwrap()).unwrap();
}

/// Makes the unfinished run in `out` look as if an earlier version had begun it: its plan has no hash.
pub(super) fn plan_of_an_earlier_version(bench: &Bench) {
    let path = bench.path("out/.filterscope/plan.json");
    let mut plan: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    plan.as_object_mut().unwrap().remove("plan_sha256");
    std::fs::write(path, plan.to_string()).unwrap();
}

/// The file with a set's numbers, or one of several such files.
fn numbers(set: &Path) -> PathBuf {
    let name = tree(set).into_keys().find(|name| {
        let ends = [".npy", ".npz", ".h5", ".safetensors", ".parquet"];
        ends.iter().any(|end| name.ends_with(end))
    });
    set.join(name.unwrap())
}

#[test]
fn a_shard_with_a_flipped_bit_or_a_changed_label_is_not_merged() {
    let bench = with_drive();
    for format in FeatureFormat::ALL {
        let call = format!("extract drive {QUICK} --pool avg --format {format} --limit 2 -q -o {format}");
        for shard in 0..2 {
            bench.ok(&format!("{call} --shard {shard}/2"));
        }
        let set = bench.path(&format!("{format}/shard-1-of-2/{TAG}"));
        let array = numbers(&set);
        for (file, at) in
            [(array.clone(), std::fs::read(&array).unwrap().len() / 2), (set.join("index.csv"), 90)]
        {
            let whole = std::fs::read(&file).unwrap();
            flip(&file, at);
            let run = bench.run(&format!("features merge {format} -o merged"));
            assert_eq!(run.code, Some(2), "{format}: {}", run.stderr);
            let (error, help) = run.stderr.split_once("\nhelp: ").unwrap();
            assert!(
                error.starts_with("error: shard 1 of 2 is not whole: ")
                    && (error.contains(&*file.file_name().unwrap().to_string_lossy())
                        || error.contains("the numbers are not those that were written"))
                    && error.ends_with(&format!("\"{format}/shard-1-of-2/{TAG}\"")),
                "{format}: {error}"
            );
            assert_eq!(
                help,
                "copy it again from where it was made, or make it again: its own command with `--shard 1/2 --overwrite`\n"
            );
            assert!(!bench.path("merged").exists());
            std::fs::write(&file, whole).unwrap();
        }
        // Do what the message advises.
        flip(&array, 200);
        bench.ok(&format!("{call} --shard 1/2 --overwrite"));
        bench.ok(&format!("features merge {format} -o merged"));
        std::fs::remove_dir_all(bench.path("merged")).unwrap();
    }
}

/// Flips bits throughout every file of a set, in every format.
#[test]
fn every_flipped_bit_of_a_set_is_found() {
    let bench = with_drive();
    // A broken picture, so that the set has a list of pictures left out.
    bench.add("drive/center/1500000000504200000.jpg", b"\xFF\xD8\xFF");
    for format in FeatureFormat::ALL {
        let call = format!("extract drive {QUICK} --pool avg --format {format} --limit 3 -q -o {format}");
        assert_eq!(bench.run(&call).code, Some(1));
        let set = bench.path(&format!("{format}/{TAG}"));
        assert_eq!(problem(&set), None);
        for (name, whole) in tree(&set) {
            for step in 0..60 {
                let (at, bit) = (step * whole.len() / 60, step % 8);
                let mut bytes = whole.clone();
                bytes[at] ^= 1 << bit;
                std::fs::write(set.join(&name), bytes).unwrap();
                assert!(problem(&set).is_some(), "{format}: bit {bit} of byte {at} of {name}");
            }
            std::fs::write(set.join(&name), &whole[..whole.len() - 1]).unwrap();
            assert!(problem(&set).is_some(), "{format}: {name} without its last byte");
            std::fs::write(set.join(&name), [&whole[..], b"\n"].concat()).unwrap();
            assert!(problem(&set).is_some(), "{format}: {name} with a byte more");
            std::fs::write(set.join(&name), whole).unwrap();
        }
        assert_eq!(problem(&set), None);
    }
}

/// A changed label, another order of rows, an additional or a missing file: the error names the file.
#[test]
fn an_error_names_the_damaged_file_of_a_set() {
    let bench = with_drive();
    let make = |format: &str| {
        bench.ok(&format!(
            "extract drive {QUICK} --pool avg --format {format} --limit 2 -q -o out --overwrite"
        ));
        bench.path(&format!("out/{TAG}"))
    };
    let said = |reason: &str, file: &str| {
        let run = bench.run("features verify out");
        assert_eq!(run.code, Some(2));
        assert_eq!(run.stdout, format!("not whole: {reason}: \"out/{TAG}/{file}\": \"out/{TAG}\"\n"));
    };
    let set = make("npy");
    let index = std::fs::read_to_string(set.join("index.csv")).unwrap();
    let changed = "it is not as it was written: its hash is not the manifest's; copy it again";
    let mut lines: Vec<&str> = index.lines().collect();
    lines.swap(1, 2);
    std::fs::write(set.join("index.csv"), lines.join("\n") + "\n").unwrap();
    said(changed, "index.csv");
    let angle = index.lines().nth(1).unwrap().split(',').nth(9).unwrap();
    std::fs::write(set.join("index.csv"), index.replacen(angle, "0.5", 1)).unwrap();
    said(changed, "index.csv");
    std::fs::write(set.join("index.csv"), &index).unwrap();
    bench.add(&format!("out/{TAG}/skipped.csv"), b"row,camera,file,reason\n");
    said("a list of what was left out, and the manifest has none", "skipped.csv");
    std::fs::remove_file(set.join("skipped.csv")).unwrap();
    let manifest = std::fs::read_to_string(set.join("manifest.json")).unwrap();
    std::fs::write(set.join("manifest.json"), manifest.replace("\"pool\": \"avg\"", "\"pool\": \"max\""))
        .unwrap();
    said(
        "the manifest is not as it was written: its hash doesn't fit its text; copy it again",
        "manifest.json",
    );
    std::fs::write(set.join("manifest.json"), manifest).unwrap();
    bench.ok("features verify out");
    for (format, file, num) in
        [("npz", "features.npz", 1), ("h5", "features.h5", 1), ("npy", "features.npy", 300)]
    {
        let path = make(format).join(file);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - num]).unwrap();
        let run = bench.run("features verify out");
        assert!(run.code == Some(2) && run.stdout.contains(file), "{format} cut by {num}: {}", run.stdout);
    }
    let path = make("safetensors").join("features.safetensors");
    std::fs::write(&path, [&std::fs::read(&path).unwrap()[..], b"\0"].concat()).unwrap();
    said("the file is too long by 1 byte: copy it again", "features.safetensors");
    let set = make("parquet");
    std::fs::copy(
        set.join("features.parquet/part-00000.parquet"),
        set.join("features.parquet/part-00001.parquet"),
    )
    .unwrap();
    said(
        "a file that is none of this set's lies where readers take it for one; move it away",
        "features.parquet/part-00001.parquet",
    );
}

/// In sets of earlier versions damage that a file shows by itself is found, and the message lists what has no hash and isn't checked.
#[test]
fn sets_of_an_earlier_version_say_what_was_not_checked() {
    let bench = with_drive();
    let make = |format: &str| {
        bench.ok(&format!(
            "extract drive {QUICK} --pool avg --format {format} --limit 2 -q -o out --overwrite"
        ));
        let set = bench.path(&format!("out/{TAG}"));
        as_of_an_earlier_version(&set);
        set
    };
    for format in FeatureFormat::ALL {
        let set = make(format.name());
        let run = bench.ok("features verify out");
        assert!(
            run.stdout.starts_with("whole: 6 rows, 7680 values; an earlier version made it and kept a hash of the numbers only: changes of labels, of index.csv, of what was left out and of the manifest are not found: "),
            "{format}: {}",
            run.stdout
        );
        let array = numbers(&set);
        let whole = std::fs::read(&array).unwrap();
        flip(&array, whole.len() / 2);
        assert!(problem(&set).is_some(), "{format}: a flipped bit among the numbers");
        std::fs::write(&array, [&whole[..], b"\0"].concat()).unwrap();
        assert!(problem(&set).is_some() || format == FeatureFormat::Npz, "{format}: a byte more");
        std::fs::write(&array, &whole[..whole.len() - 1]).unwrap();
        assert!(problem(&set).is_some(), "{format}: a byte less");
        std::fs::write(&array, whole).unwrap();
        // The rows of an index must be in order.
        let index = std::fs::read_to_string(set.join("index.csv")).unwrap();
        let mut lines: Vec<&str> = index.lines().collect();
        lines.swap(1, 2);
        std::fs::write(set.join("index.csv"), lines.join("\n") + "\n").unwrap();
        let words = problem(&set).unwrap();
        assert!(words.contains("the index is not in order"), "{words}");
    }
    // The archive's own checksum shows this damage.
    let archive = numbers(&make("npz"));
    let bytes = std::fs::read(&archive).unwrap();
    let camera = bytes.windows(4).position(|four| four == b"l\0\0\0").unwrap();
    flip(&archive, camera);
    let words = problem(archive.parent().unwrap()).unwrap();
    assert!(words.starts_with("its entry `") && words.contains("is damaged"), "{words}");
    // Shards of earlier versions are merged with a note.
    for shard in 0..2 {
        bench.ok(&format!(
            "extract drive {QUICK} --pool avg --format npy --limit 2 -q -o s --shard {shard}/2"
        ));
    }
    as_of_an_earlier_version(&bench.path(&format!("s/shard-0-of-2/{TAG}")));
    let run = bench.ok("features merge s -o merged");
    assert!(
        run.stderr.starts_with("note: an earlier version made this shard and kept no hash of its index"),
        "{}",
        run.stderr
    );
    assert!(bench.ok("features verify merged").stdout.starts_with("whole: 6 rows, 7680 values: "));
}

/// Makes an unfinished run in `out` with parts of two pictures, and a finished one in `whole`. Returns the command of the first.
fn unfinished(bench: &Bench, format: &str) -> String {
    let call =
        format!("extract drive {QUICK} --pool avg --format {format} --part-rows 2 --batch 2 --limit 8");
    bench.ok(&format!("{call} -o whole"));
    let call = format!("{call} -o out");
    unfinish(bench, &call);
    call
}

fn part(bench: &Bench, first: u64) -> PathBuf {
    bench.path(&format!("out/.filterscope/parts/part-{first:012}"))
}

#[test]
fn damaged_parts_are_reported_and_made_again() {
    for format in FeatureFormat::ALL {
        let bench = with_drive();
        let call = unfinished(&bench, format.name());
        // Flip a bit in the numbers of the first part, and a bit in the record that describes the second.
        flip(&part(&bench, 0), 20);
        let second = part(&bench, 2);
        flip(&second, std::fs::read(&second).unwrap().len() - 60);
        let run = bench.ok(&format!("{call} --resume"));
        let first = format!(
            "note: the part of the run before with pictures 1 to 2 is damaged: {}; it is made anew: \"out/.filterscope/parts/part-000000000000\"\n",
            if format == FeatureFormat::Folder {
                format!(
                    "the numbers are not those that were written: \"out/{TAG}/left/1500000000000000000.npy\""
                )
            } else {
                "its hash doesn't fit its rows".to_owned()
            }
        );
        let second = "note: a part of the run before is damaged: what it says of itself can't be read; it is made anew: \"out/.filterscope/parts/part-000000000002\"\n";
        assert!(run.stderr.contains(&first) && run.stderr.contains(second), "{format}: {}", run.stderr);
        assert_same(&bench.path("whole"), &bench.path("out"));
    }
}

#[test]
fn a_changed_feature_file_of_a_picture_is_made_again() {
    let bench = with_drive();
    let call = unfinished(&bench, "folder");
    let own = |name: &str| bench.path(&format!("out/{TAG}/{name}.npy"));
    flip(&own("left/1500000000000000000"), 3000);
    let run = bench.ok(&format!("{call} --resume"));
    assert!(run.stderr.contains("with pictures 1 to 2 is damaged: "), "{}", run.stderr);
    assert_same(&bench.path("whole"), &bench.path("out"));
    std::fs::remove_dir_all(bench.path("whole")).unwrap();
    let call = unfinished(&bench, "folder");
    std::fs::remove_file(own("center/1500000000004200000")).unwrap();
    let run = bench.ok(&format!("{call} --resume"));
    assert!(run.stderr.contains("with pictures 1 to 2 is damaged: "), "{}", run.stderr);
    assert_same(&bench.path("whole"), &bench.path("out"));
}

/// The part is whole and on the disk, but still has the name of an unfinished part.
#[test]
fn a_run_killed_before_it_renamed_a_part_ends_with_the_same_bytes() {
    for format in FeatureFormat::ALL {
        let bench = with_drive();
        let call = unfinished(&bench, format.name());
        let parts = bench.path("out/.filterscope/parts");
        for name in bench.names("out/.filterscope/parts") {
            if parts.join(&name) != part(&bench, 0) {
                std::fs::remove_file(parts.join(name)).unwrap();
            }
        }
        std::fs::rename(part(&bench, 0), parts.join("open.tmp")).unwrap();
        bench.ok(&format!("{call} --resume"));
        assert_same(&bench.path("whole"), &bench.path("out"));
    }
}

/// Parts of the first format version have no hash of the rows and none of the record.
#[test]
fn a_run_of_an_earlier_version_is_resumed_and_says_what_was_not_checked() {
    for format in ["npz", "folder"] {
        let bench = with_drive();
        let call = unfinished(&bench, format);
        for name in bench.names("out/.filterscope/parts").iter().filter(|name| name.starts_with("part-")) {
            let path = bench.path("out/.filterscope/parts").join(name);
            let bytes = std::fs::read(&path).unwrap();
            let (rest, length) = bytes[..bytes.len() - 8].split_at(bytes.len() - 16);
            let length = u64::from_le_bytes(length.try_into().unwrap()) as usize;
            let (rows, record) = rest[..rest.len() - 8].split_at(rest.len() - 8 - length);
            let mut record: serde_json::Value = serde_json::from_slice(record).unwrap();
            record.as_object_mut().unwrap().remove("rows_hash");
            let record = serde_json::to_vec(&record).unwrap();
            let length = (record.len() as u64).to_le_bytes();
            std::fs::write(path, [rows, &record, &length, b"FSPART01"].concat()).unwrap();
        }
        plan_of_an_earlier_version(&bench);
        let run = bench.ok(&format!("{call} --resume"));
        assert!(
            run.stderr.contains("note: an earlier version worked on the first ")
                && run.stderr.contains(
                    " pictures and kept no hash of their features: damage since then is not found\n"
                ),
            "{}",
            run.stderr
        );
        assert_same(&bench.path("whole"), &bench.path("out"));
    }
}

#[test]
fn a_plan_that_changed_is_refused() {
    let bench = with_drive();
    let call = unfinished(&bench, "npy");
    let plan = bench.path("out/.filterscope/plan.json");
    let text = std::fs::read_to_string(&plan).unwrap();
    std::fs::write(&plan, text.replace("\"every\":1", "\"every\":2")).unwrap();
    let run = bench.run(&format!("{call} --resume"));
    assert!(
        run.stderr.ends_with("error: the plan of the unfinished run can't be read (it is not as it was written): \"out\"\nhelp: `--overwrite` begins again\n"),
        "{}",
        run.stderr
    );
    std::fs::write(&plan, text).unwrap();
    bench.ok(&format!("{call} --resume"));
    assert_same(&bench.path("whole"), &bench.path("out"));
}

/// If a part is damaged after it was written, the run ends with an error, and the next run makes the part again.
#[cfg(unix)]
#[test]
fn a_part_damaged_during_a_run_is_found_at_the_end() {
    let bench = with_drive();
    let call = long_run(&bench);
    bench.ok(&format!("{} -q", call.replace("-o out", "-o whole")));
    let mut child = start(&bench, &call);
    wait_for_a_part(&bench, &mut child);
    flip(&part(&bench, 0), 20);
    assert_eq!(child.wait().unwrap().code(), Some(2));
    assert_eq!(bench.names("out"), [".filterscope", TAG]);
    assert_eq!(bench.names(&format!("out/{TAG}")), [""; 0], "nothing half is left");
    let run = bench.ok(&format!("{call} --resume"));
    assert!(
        run.stderr.contains("with pictures 1 to 8 is damaged: its hash doesn't fit its rows"),
        "{}",
        run.stderr
    );
    assert_same(&bench.path("whole"), &bench.path("out"));
}

/// The second run finds the lock of a process that is killed while it waits.
#[test]
fn a_second_run_waits_for_one_that_was_just_killed() {
    let bench = with_drive();
    let call = long_run(&bench);
    let mut first = start(&bench, &call);
    wait_for_a_part(&bench, &mut first);
    let second = bench
        .command(&format!("{call} --resume"))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    first.kill().unwrap();
    first.wait().unwrap();
    let run = Run::of(second.wait_with_output().unwrap());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
}
