//! comma.ai's camera files and their logs: labels that can't be read are reported, never left empty silently.

use hdf5_pure::FileBuilder;

use super::sources::{columns, skipped};
use super::{QUICK, TAG, manifest};
use crate::support::binary::Bench;

const SMALL: &str = "--pool avg --format npy --overwrite";

/// Writes a camera file with this many frames of 4 × 5 pixels.
fn camera(bench: &Bench, name: &str, num_frames: u8) {
    let to = bench.path("comma/camera").join(name);
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    let frames: Vec<u8> = (0..num_frames).flat_map(|frame| [frame * 40; 60]).collect();
    let mut file = FileBuilder::new();
    file.create_dataset("X").with_u8_data(&frames).with_shape(&[u64::from(num_frames), 3, 4, 5]);
    file.write(to).unwrap();
}

/// Writes a log with measurements for these frames.
fn log(bench: &Bench, name: &str, frames: &[f64], more: &dyn Fn(&mut FileBuilder)) {
    let to = bench.path("comma/log").join(name);
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    let mut file = FileBuilder::new();
    file.create_dataset("cam1_ptr").with_f64_data(frames);
    more(&mut file);
    file.write(to).unwrap();
}

#[test]
fn a_broken_log_is_named() {
    let bench = Bench::new();
    camera(&bench, "a.h5", 2);
    log(&bench, "a.h5", &[0.0, 1.0], &|_| {});
    camera(&bench, "b.h5", 2);
    let sound = std::fs::read(bench.path("comma/log/a.h5")).unwrap();
    let advice = "copy it again, or move it away to do without its labels: \"comma/camera/../log/b.h5\"\n";
    for content in [&b"\x89HDF\r\n\x1A\nand no more"[..], b"no log at all", b"", &sound[..sound.len() / 2]] {
        bench.add("comma/log/b.h5", content);
        for data in ["comma --source comma", "comma", "comma/camera/b.h5"] {
            let run = bench.run(&format!("extract {data} -o out {QUICK} {SMALL}"));
            assert_eq!(run.code, Some(2), "{}", run.stderr);
            assert!(run.stderr.starts_with("error: the camera file's log can't be read ("), "{}", run.stderr);
            assert!(run.stderr.ends_with(advice), "{}", run.stderr);
        }
    }
    let mut other = FileBuilder::new();
    other.create_dataset("speed").with_f64_data(&[1.0, 2.0]);
    other.write(bench.path("comma/log/b.h5")).unwrap();
    let run = bench.run(&format!("extract comma -o out {QUICK} {SMALL}"));
    assert_eq!(
        run.stderr,
        format!(
            "error: the camera file's log can't be read (it has no set `cam1_ptr`, which says of each measurement its frame): {advice}"
        )
    );
    // Without the log there are no labels, and a note says so.
    std::fs::remove_file(bench.path("comma/log/b.h5")).unwrap();
    let run = bench.ok(&format!("extract comma -o out {QUICK} {SMALL}"));
    assert!(
        run.stderr.contains(
            "note: 1 of 2 camera files have no log, so their frames have no labels (the first: `comma/camera/b.h5`): \"comma\"\n"
        ),
        "{}",
        run.stderr
    );
    let run = bench.ok(&format!("extract comma/camera/b.h5 -o out {QUICK} {SMALL}"));
    assert!(
        run.stderr.contains("note: the camera file has no log, so its frames have no labels: "),
        "{}",
        run.stderr
    );
    // A broken camera file is left out and listed.
    bench.add("comma/camera/c.h5", b"\x89HDF\r\n\x1A\nand no more");
    bench.ok(&format!("extract comma -o out {QUICK} {SMALL}"));
    assert!(skipped(&bench)[0].starts_with("||camera/c.h5|not a sound HDF5 file"));
}

#[test]
fn frames_without_measurements_in_the_log_are_counted() {
    let bench = Bench::new();
    camera(&bench, "a.h5", 4);
    log(&bench, "a.h5", &[0.0, 1.0, 1.0], &|file| {
        file.create_dataset("speed").with_f64_data(&[1.5, 2.5, 9.5]);
        file.create_dataset("gps").with_f64_data(&[1.0; 12]).with_shape(&[3, 4]);
        file.create_dataset("short").with_f64_data(&[1.0]);
    });
    camera(&bench, "b.h5", 1);
    log(&bench, "b.h5", &[0.0], &|file| {
        file.create_dataset("speed").with_f64_data(&[7.5]);
    });
    let run = bench.ok(&format!("extract comma -o out {QUICK} {SMALL}"));
    assert_eq!(
        run.stderr.lines().take(2).collect::<Vec<_>>(),
        [
            "note: 2 frames of 5 have no measurement in the log, so their labels are empty (the first: row 2): \"comma\"",
            "note: sets of the log are left out (taken are whole numbers, f32 and f64, one a measurement): `gps`, `short`: \"comma\""
        ]
    );
    assert_eq!(columns(&bench, &["row", "speed"]), ["0|1.5", "1|2.5", "2|", "3|", "4|7.5"]);
    let notes = &manifest(&bench, &format!("out/{TAG}"))["source_notes"];
    assert!(notes[0].as_str().unwrap().starts_with("2 frames of 5"), "{notes}");
}

/// A column has whole numbers in one log, and fractions or larger numbers in another.
#[test]
fn digits_are_kept_if_logs_have_different_kinds_of_numbers() {
    let bench = Bench::new();
    for name in ["a.h5", "b.h5", "c.h5"] {
        camera(&bench, name, 1);
    }
    log(&bench, "a.h5", &[0.0], &|file| {
        file.create_dataset("id").with_u64_data(&[u64::MAX - 2]);
        file.create_dataset("time").with_i64_data(&[9_007_199_254_740_993]);
        file.create_dataset("gear").with_i64_data(&[3]);
    });
    log(&bench, "b.h5", &[0.0], &|file| {
        file.create_dataset("id").with_f64_data(&[1.5]);
        file.create_dataset("time").with_f64_data(&[1.5]);
        file.create_dataset("gear").with_f64_data(&[2.5]);
    });
    log(&bench, "c.h5", &[0.0], &|_| {});
    bench.ok(&format!("extract comma -o out {QUICK} {SMALL}"));
    assert_eq!(
        columns(&bench, &["id", "time", "gear"]),
        ["18446744073709551613|9007199254740993|3.0", "1.5|1.5|2.5", "||"]
    );
    let kinds = &manifest(&bench, &format!("out/{TAG}"))["columns"];
    let kind = |name: &str| {
        kinds.as_array().unwrap().iter().find(|column| column["name"] == name).unwrap()["kind"].clone()
    };
    assert_eq!([kind("id"), kind("time"), kind("gear")], ["text", "text", "number"]);
}

/// A log is part of the data set. With another log a run can't be resumed, and shards can't be merged.
#[test]
fn another_log_is_another_data_set() {
    let bench = Bench::new();
    camera(&bench, "a.h5", 4);
    let speeds = |speeds: &[f64]| {
        log(&bench, "a.h5", &[0.0, 1.0, 2.0, 3.0], &|file| {
            file.create_dataset("speed").with_f64_data(speeds);
        });
    };
    speeds(&[1.0, 2.0, 3.0, 4.0]);
    let call = format!("extract comma -o out {QUICK} --pool avg --format npy");
    bench.ok(&call);
    bench.ok(&format!("{call} --resume"));
    bench.ok(&format!("extract comma -o shards {QUICK} --pool avg --format npy --shard 0/2"));
    speeds(&[1.0, 2.0, 3.0, 9.0]);
    let run = bench.run(&format!("{call} --resume"));
    assert_eq!(run.code, Some(2));
    assert!(
        run.stderr.contains("this is not the run that was begun here: source_sha256 was "),
        "{}",
        run.stderr
    );
    bench.ok(&format!("extract comma -o shards {QUICK} --pool avg --format npy --shard 1/2"));
    let run = bench.run("features merge shards -o merged");
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("shards of different runs: source_sha256 is "), "{}", run.stderr);
}
