//! Sources of pictures: logs, tables, lists and folders, and the messages about missing pictures.

use std::io::Write as _;
use std::process::Stdio;

use super::{QUICK, TAG, csv, manifest};
use crate::support::binary::{Bench, Run};
use crate::support::fixture;

/// A folder with small pictures of these names.
pub fn with(names: &[&str]) -> Bench {
    let bench = Bench::new();
    for name in names {
        bench.add(name, &std::fs::read(fixture("pictures/rgb.png")).unwrap());
    }
    bench
}

/// The index's columns of these names, one string per row, its cells joined by `|`.
pub fn columns(bench: &Bench, names: &[&str]) -> Vec<String> {
    let index = csv(&bench.path("out").join(TAG).join("index.csv"));
    let at: Vec<usize> = names.iter().map(|n| index[0].iter().position(|c| c == n).unwrap()).collect();
    index[1..]
        .iter()
        .map(|line| at.iter().map(|at| line[*at].as_str()).collect::<Vec<_>>().join("|"))
        .collect()
}

pub fn skipped(bench: &Bench) -> Vec<String> {
    csv(&bench.path("out").join(TAG).join("skipped.csv"))[1..].iter().map(|line| line.join("|")).collect()
}

/// Runs the program on a list on standard input, with a quick network.
pub fn list_on_stdin(bench: &Bench, list: &[u8], arguments: &str) -> Run {
    let mut child = bench
        .command(&format!("{arguments} {QUICK}"))
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(list).unwrap();
    Run::of(child.wait_with_output().unwrap())
}

const SMALL: &str = "--pool avg --format npy";

#[test]
fn the_simulator_s_log_is_read_without_a_header_and_from_another_machine() {
    let bench = with(&[
        "IMG/center_1.jpg",
        "IMG/left_1.jpg",
        "IMG/right_1.jpg",
        "IMG/center_2.jpg",
        "IMG/center_4.jpg",
    ]);
    let log = "C:\\Users\\a b\\IMG\\center_1.jpg, C:\\Users\\a b\\IMG\\left_1.jpg, C:\\Users\\a b\\IMG\\right_1.jpg,-0,0858,0,0,1\r\n\
               /home/me/IMG/center_2.jpg,,,0.5,0,0,30.19\r\n\
               /home/me/IMG/center_3.jpg,,,0.5,0,0,30.19\r\n\
               IMG/center_4.jpg, IMG/gone.jpg, ,0,25,0,5,0,1,9,5E-05\r\n";
    bench.add("driving_log.csv", log.as_bytes());
    bench.ok(&format!("extract . -o out {QUICK} {SMALL}"));
    assert_eq!(
        columns(&bench, &["row", "camera", "file", "steering", "speed"]),
        [
            "0|left|IMG/left_1.jpg|-0.0858|1",
            "0|center|IMG/center_1.jpg|-0.0858|1",
            "0|right|IMG/right_1.jpg|-0.0858|1",
            "1|center|IMG/center_2.jpg|0.5|30.19",
            "3|center|IMG/center_4.jpg|0.25|9.5E-05",
        ]
    );
    assert_eq!(
        skipped(&bench),
        [
            "2|center|/home/me/IMG/center_3.jpg|line 3: no such picture: /home/me/IMG/center_3.jpg",
            "3|left|IMG/gone.jpg|line 4: no such picture: IMG/gone.jpg"
        ]
    );
    let said = manifest(&bench, &format!("out/{TAG}"));
    assert_eq!((&said["source"], &said["num_left_out"]), (&"simulator".into(), &2.into()));
}

#[test]
fn a_log_may_have_a_header_semicolons_and_another_column_order() {
    let bench = with(&["c.png", "l.png"]);
    bench.add("log.csv", "\u{feff}steering;center;left;note\r\n-0,5;c.png;l.png;\"a;b\"\r\n".as_bytes());
    bench.ok(&format!("extract log.csv --camera left -o out {QUICK} {SMALL}"));
    assert_eq!(columns(&bench, &["camera", "file", "steering", "note"]), ["left|l.png|-0,5|a;b"]);
    let run = bench.run(&format!("extract log.csv --camera right -o no {QUICK}"));
    assert!(
        run.stderr.ends_with("no picture of the right camera: this data set has left, center: \"log.csv\"\n"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_log_whose_commas_can_be_read_in_two_ways_is_refused() {
    let bench = with(&["IMG/c.png"]);
    bench.add("driving_log.csv", b"IMG/c.png,,,0,0,0,1\nIMG/c.png,,,0,1,0,5,1\n");
    let run = bench.run(&format!("extract driving_log.csv -o out {QUICK}"));
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains(
            "line 2: 8 fields where a line without a header has 7: center, left, right, steering, throttle, brake, speed ("
        ), "{}", run.stderr);
    assert!(!bench.path("out").exists());
}

#[test]
fn any_table_with_a_column_of_paths_is_read() {
    let bench = with(&["deep/a.png", "b, c.png", "outside.png", "t/x.png"]);
    let absolute = bench.path("outside.png").display().to_string();
    let table = format!(
        "\u{feff}id\timage\tclass\trow\r\n007\tdeep/a.png\tcat\t5\r\n\r\n008\t\"b, c.png\"\tdog\t6\r\n009\tno.png\tcat\t7\r\n010\t{absolute}\t\t8\r\n011\t\tcat\t9\r\n"
    );
    bench.add("t/list.tsv", table.as_bytes());
    bench.ok(&format!("extract t/list.tsv --path-column Image -o out {QUICK} {SMALL}"));
    assert_eq!(
        columns(&bench, &["row", "id", "class", "log_row", "image"]),
        [format!("3|010||8|{absolute}")],
        "paths are looked for beside the table"
    );
    std::fs::rename(bench.path("t/list.tsv"), bench.path("list.tsv")).unwrap();
    bench.ok(&format!("extract list.tsv --path-column image -o out {QUICK} {SMALL} --overwrite"));
    assert_eq!(
        columns(&bench, &["row", "id", "file", "class", "log_row"]),
        ["0|007|deep/a.png|cat|5", "1|008|b, c.png|dog|6", "3|010|outside.png||8"]
    );
    assert_eq!(
        skipped(&bench),
        ["2||no.png|line 5: no such picture: no.png", "4|||line 7: names no picture"]
    );

    let run = bench.run(&format!("extract list.tsv -o no {QUICK}"));
    assert!(
        run.stderr.contains("name the column that has their paths with `--path-column`"),
        "{}",
        run.stderr
    );
    let run = bench.run(&format!("extract list.tsv --path-column img -o no {QUICK}"));
    assert!(
        run.stderr.ends_with(
            "error: no column `img`: found id, image, class, row: \"list.tsv\"\nhelp: name it with `--path-column`: id, image, class, row\n"
        ),
        "{}",
        run.stderr
    );
    let run = bench.run(&format!("extract list.tsv --source table -o no {QUICK}"));
    assert!(
        run.stderr.contains("it isn't said which column has the pictures' paths: \"list.tsv\"\nhelp: name it with `--path-column`: id, "),
        "{}",
        run.stderr
    );
}

#[test]
fn a_list_comes_on_standard_input() {
    let bench = with(&["a/1.png", "a/2.png"]);
    let run_with = |lines: &str, out: &str| {
        list_on_stdin(&bench, lines.as_bytes(), &format!("extract - -o {out} --overwrite"))
    };
    let run = run_with("a/2.png\n\na/1.png\r\nnope.png\n", "out");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(
        columns(&bench, &["row", "file", "features_file"]),
        ["0|a/2.png|a/2.npy", "1|a/1.png|a/1.npy"]
    );
    assert!(
        run.stderr.contains("note: left out: row 2, line 4 (no such picture: nope.png): \"-\""),
        "{}",
        run.stderr
    );
    let run = run_with("", "none");
    assert!(run.stderr.contains("no path on standard input"), "{}", run.stderr);
}

#[test]
fn nothing_is_ever_written_outside() {
    let bench = with(&["x.png", "deep/er/y.png"]);
    let list = format!("p\n../../x.png\n{}\n../er/y.png\n..\n", bench.path("x.png").display());
    bench.add("deep/er/list.csv", list.as_bytes());
    bench.ok(&format!("extract deep/er/list.csv --path-column p -o deep/out {QUICK}"));
    assert_eq!(bench.names("."), ["deep", "x.png"]);
    assert_eq!(bench.names("deep"), ["er", "out"]);
    let files: Vec<String> = super::tree(&bench.path("deep/out").join(TAG)).into_keys().collect();
    let inside = bench.path("x.npy").display().to_string();
    let inside = inside.trim_start_matches('/');
    let mut expected =
        ["er/y.npy", inside, "index.csv", "manifest.json", "pictures.csv", "skipped.csv", "x.npy"];
    expected.sort_unstable();
    assert_eq!(files, expected);
    assert_eq!(bench.names("deep/er"), ["list.csv", "y.png"]);
}

#[cfg(unix)]
#[test]
fn a_link_among_the_results_is_not_followed() {
    let bench = with(&["in/a/1.png"]);
    std::fs::create_dir_all(bench.path("elsewhere")).unwrap();
    std::fs::create_dir_all(bench.path("out")).unwrap();
    std::os::unix::fs::symlink(bench.path("elsewhere"), bench.path("out").join(TAG)).unwrap();
    let run = bench.run(&format!("extract in -o out {QUICK}"));
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(bench.names("elsewhere").is_empty());
}

#[test]
fn pictures_whose_results_would_collide_are_both_kept() {
    let bench = with(&["in/a.jpg", "in/A.png", "in/b.png", "in/a.jpg.gif"]);
    bench.ok(&format!("extract in -o out {QUICK}"));
    assert_eq!(
        columns(&bench, &["file", "features_file"]),
        ["a.jpg|a.jpg.npy", "a.jpg.gif|a.jpg.gif.npy", "A.png|A.png.npy", "b.png|b.npy"]
    );
    assert_eq!(bench.names(&format!("out/{TAG}")).len(), 4 + 3);
}

#[test]
fn a_broken_picture_is_left_out_and_shifts_no_row() {
    let bench = with(&["in/cat/1.png", "in/cat/3.png", "in/dog/4.png"]);
    bench.add("in/cat/2.png", b"\x89PNG\r\n\x1a\n");
    let run = bench.run(&format!("extract in --labels folder -o out {QUICK} {SMALL} --json"));
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(run.stderr.contains(
        "skipped: row 1: a PNG that is cut off before its end: copy or download it again: \"cat/2.png\""
    ));
    assert_eq!(
        columns(&bench, &["row", "file", "label"]),
        ["0|cat/1.png|cat", "2|cat/3.png|cat", "3|dog/4.png|dog"]
    );
    assert_eq!(
        skipped(&bench),
        ["1||cat/2.png|a PNG that is cut off before its end: copy or download it again"]
    );
    let events: Vec<serde_json::Value> =
        run.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let kinds: Vec<&str> = events.iter().map(|e| e["event"].as_str().unwrap()).collect();
    assert_eq!((kinds[0], *kinds.last().unwrap()), ("start", "end"));
    assert!(kinds.contains(&"skipped") && kinds.contains(&"progress"), "{kinds:?}");
    assert_eq!(
        (&events.last().unwrap()["outcome"], &events.last().unwrap()["skipped"]),
        (&"done".into(), &1.into())
    );
    // If no picture can be read, that is an error, and it says why.
    let bench = with(&[]);
    bench.add("in/1.png", b"\x89PNG\r\n\x1a\n");
    let run = bench.run(&format!("extract in -o out {QUICK}"));
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.ends_with("error: none of 1 picture gave a feature\n"), "{}", run.stderr);
}

#[test]
fn one_picture_is_a_list_of_one() {
    let bench = with(&["in/a.png"]);
    bench.ok(&format!("extract in/a.png -o out {QUICK}"));
    assert_eq!(columns(&bench, &["row", "file", "features_file"]), ["0|a.png|a.npy"]);
    let run = bench.run(&format!("extract in/b.png -o no {QUICK}"));
    assert_eq!(run.stderr, "error: no such file or folder: check the path: \"in/b.png\"\n");
}

#[test]
fn rows_are_chosen_by_number() {
    let bench = with(&["in/0.png", "in/1.png", "in/2.png", "in/3.png", "in/4.png", "in/5.png", "in/6.png"]);
    bench.ok(&format!("extract in -o out {QUICK} {SMALL} --start 1 --every 2 --limit 2"));
    assert_eq!(columns(&bench, &["row", "file"]), ["1|1.png", "3|3.png"]);
    let run = bench.run(&format!("extract in -o none {QUICK} --start 7"));
    assert!(
        run.stderr.ends_with(
            "error: no picture is selected: the data set has 7 usable rows, the last is row 6\nhelp: check `--start`, `--every`, `--limit` and `--camera`\n"
        ),
        "{}",
        run.stderr
    );
}

#[test]
fn a_picture_that_a_log_calls_png_may_be_a_jpeg() {
    let bench = with(&["drive/center/1.jpg"]);
    let log = "timestamp,frame_id,filename,angle\n1,center_camera,center/1.png,0.5\n";
    bench.add("drive/interpolated.csv", log.as_bytes());
    bench.ok(&format!("extract drive -o out {QUICK}"));
    assert_eq!(
        columns(&bench, &["file", "features_file", "filename"]),
        ["center/1.jpg|center/1.npy|center/1.png"]
    );
}

#[test]
fn comma_ai_s_frames_and_log_are_read_from_hdf5() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.path("camera")).unwrap();
    std::fs::create_dir_all(bench.path("log")).unwrap();
    // Three frames of 3 × 4 × 5 with a plane of one colour each.
    let frames: Vec<u8> =
        (0..3u8).flat_map(|frame| (0..3u8).flat_map(move |c| [frame * 40 + c; 20])).collect();
    let mut camera = hdf5_pure::FileBuilder::new();
    camera.create_dataset("X").with_u8_data(&frames).with_shape(&[3, 3, 4, 5]).with_chunks(&[1, 3, 4, 5]);
    camera.write(bench.path("camera/drive.h5")).unwrap();
    let mut log = hdf5_pure::FileBuilder::new();
    log.create_dataset("cam1_ptr").with_f64_data(&[f64::NAN, 0.0, 0.0, 2.0, 2.0]);
    log.create_dataset("steering_angle").with_f64_data(&[9.0, -1.5, 8.0, 2.5, 8.0]);
    log.create_dataset("gear").with_i32_data(&[1, 2, 3, 4, 5]);
    log.create_dataset("fiber").with_f64_data(&[1.0; 3]);
    log.write(bench.path("log/drive.h5")).unwrap();
    bench.ok(&format!("extract camera/drive.h5 -o out {QUICK}"));
    assert_eq!(
        columns(&bench, &["row", "file", "features_file", "steering_angle", "gear"]),
        [
            "0|drive.h5/000000|drive.h5/000000.npy|-1.5|2",
            "1|drive.h5/000001|drive.h5/000001.npy||",
            "2|drive.h5/000002|drive.h5/000002.npy|2.5|4"
        ]
    );
    let source = filterscope::input::dataset::open_source(&bench.path("camera/drive.h5")).unwrap();
    let rgb = source.sample(2).unwrap().view(None).unwrap().picture.load().unwrap().rgb;
    assert_eq!((rgb.dimensions(), rgb.get_pixel(4, 3).0), ((5, 4), [80, 81, 82]));
    let run = bench.run(&format!("extract log/drive.h5 -o no {QUICK}"));
    assert!(run.stderr.contains("an HDF5 file without a set `X` of frames"), "{}", run.stderr);
}
