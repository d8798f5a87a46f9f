//! Data sets beyond the two usual logs: Sully Chen's, more cameras, tables without a header, lists in files, comma.ai's folders.

use std::fmt::Write as _;

use super::sources::{columns, skipped, with};
use super::{QUICK, TAG, manifest};
use crate::support::binary::Bench;

const SMALL: &str = "--pool avg --format npy";

#[test]
fn sully_chen_s_log_is_read_by_file_name() {
    let bench = with(&["10.jpg", "2.jpg", "3.jpg"]);
    bench.add("data.txt", b"2.jpg -3.5\n10.jpg 4.25\n4.jpg 0.000000\n3.jpg 0.000000\n");
    bench.ok(&format!("extract . -o out {QUICK} {SMALL}"));
    assert_eq!(
        columns(&bench, &["row", "file", "filename", "angle"]),
        ["0|2.jpg|2.jpg|-3.5", "1|10.jpg|10.jpg|4.25", "3|3.jpg|3.jpg|0.000000"]
    );
    assert_eq!(skipped(&bench), ["2||4.jpg|line 3: no such picture: 4.jpg"]);
    let said = manifest(&bench, &format!("out/{TAG}"));
    assert_eq!((&said["source"], &said["columns"][3]["kind"]), (&"sullychen".into(), &"number".into()));

    // Later recordings have times, and the pictures are in a folder.
    let bench = with(&["data/0.jpg", "data/1.jpg"]);
    bench.add("data.txt", b"0.jpg 0.0,2018-07-01 17:09:44:912\r\n1.jpg -1.5,2018-07-01 17:09:44:945\r\n");
    let run = bench.ok(&format!("extract data.txt -o out {QUICK} {SMALL}"));
    assert_eq!(
        columns(&bench, &["file", "angle", "time"]),
        ["data/0.jpg|0.0|2018-07-01 17:09:44:912", "data/1.jpg|-1.5|2018-07-01 17:09:44:945"]
    );
    assert!(
        run.stderr.contains("were found by the names alone, in `data`: `0.jpg` is `data/0.jpg`"),
        "{}",
        run.stderr
    );

    bench.add("data.txt", b"0.jpg 0.0\n1.jpg -1,5\n");
    let run = bench.run(&format!("extract data.txt -o none {QUICK}"));
    assert!(
        run.stderr.starts_with("error: line 2: `1.jpg -1,5`: expected a picture's name and an angle"),
        "{}",
        run.stderr
    );
}

#[test]
fn every_frame_id_is_a_camera() {
    let ids = ["left_camera", "center_camera", "right_camera", "rear_camera", "cam 7"];
    let names: Vec<String> = (0..10).map(|n| format!("{n}.jpg")).collect();
    let bench = with(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let mut log = "timestamp,frame_id,filename,angle\n".to_owned();
    for n in 0..10 {
        writeln!(log, "{},{},{n}.jpg,0.{n}", n / 5 * 50_000_000 + n, ids[n % 5]).unwrap();
    }
    bench.add("log.csv", log.as_bytes());
    bench.ok(&format!("extract log.csv -o out {QUICK} {SMALL}"));
    assert_eq!(
        columns(&bench, &["row", "camera", "file", "angle"]),
        [
            "0|left|0.jpg|0.0",
            "0|center|1.jpg|0.1",
            "0|right|2.jpg|0.2",
            "0|cam 7|4.jpg|0.4",
            "0|rear|3.jpg|0.3",
            "1|left|5.jpg|0.5",
            "1|center|6.jpg|0.6",
            "1|right|7.jpg|0.7",
            "1|cam 7|9.jpg|0.9",
            "1|rear|8.jpg|0.8"
        ]
    );
    assert_eq!(manifest(&bench, &format!("out/{TAG}"))["cameras"][4], "rear");
    bench.ok(&format!("extract log.csv --camera rear,left -o out {QUICK} {SMALL} --overwrite"));
    assert_eq!(columns(&bench, &["file"]), ["0.jpg", "3.jpg", "5.jpg", "8.jpg"]);
    let run = bench.run(&format!("extract log.csv --camera front -o out {QUICK}"));
    assert!(
        run.stderr.ends_with(
            "error: no picture of the front camera: this data set has left, center, right, cam 7, rear: \"log.csv\"\n"
        ),
        "{}",
        run.stderr
    );
    bench.ok(
        "render log.csv --row 1 --camera rear -o rear.png --model tf_efficientnet_lite0.in1k --fit 64x64",
    );

    bench.add(
        "driving_log.csv",
        b"center,left,right,rear,steering,note\n0.jpg,1.jpg,,3.jpg,0.5,x\n4.jpg,,,8.jpg,0.25,y\n",
    );
    bench.ok(&format!("extract driving_log.csv -o out {QUICK} {SMALL} --overwrite"));
    assert_eq!(
        columns(&bench, &["row", "camera", "file"]),
        ["0|left|1.jpg", "0|center|0.jpg", "0|rear|3.jpg", "1|center|4.jpg", "1|rear|8.jpg"]
    );
}

#[test]
fn a_table_without_a_header_loses_no_row() {
    let bench = with(&["a.jpg", "b.jpg"]);
    bench.add("bare.csv", b"cat,a.jpg,0.5\ndog,b.jpg,1.5\n");
    for column in ["1", "column_1"] {
        bench.ok(&format!(
            "extract bare.csv --path-column {column} --no-header -o out {QUICK} {SMALL} --overwrite"
        ));
        assert_eq!(
            columns(&bench, &["row", "column_0", "column_1", "column_2"]),
            ["0|cat|a.jpg|0.5", "1|dog|b.jpg|1.5"]
        );
    }
    let run = bench.run(&format!("extract bare.csv --path-column 1 -o none {QUICK}"));
    assert_eq!(
        run.stderr,
        "error: the first line names a picture, `a.jpg`, where names of columns were expected: \"bare.csv\"\nhelp: with `--no-header` all lines are rows, and `--path-column` takes a column's number, from 0\n"
    );
    let run = bench.run(&format!("extract bare.csv --path-column 3 --no-header -o none {QUICK}"));
    assert_eq!(
        run.stderr,
        "error: no column `3`: found column_0, column_1, column_2: \"bare.csv\"\nhelp: name it with `--path-column`: column_0, column_1, column_2\n"
    );
    let run = bench.run(&format!("extract bare.csv --no-header -o none {QUICK}"));
    assert_eq!(run.code, Some(2));
    // With a header, a column's name is preferred to its number.
    bench.add("headed.csv", b"image,0\na.jpg,b.jpg\n");
    bench.ok(&format!("extract headed.csv --path-column 0 -o out {QUICK} {SMALL} --overwrite"));
    assert_eq!(columns(&bench, &["file"]), ["b.jpg"]);
    bench.add("headed.csv", b"label,image\n5,a.jpg\n");
    bench.ok(&format!("extract headed.csv --path-column 1 -o out {QUICK} {SMALL} --overwrite"));
    assert_eq!(columns(&bench, &["label", "file"]), ["5|a.jpg"]);
}

#[test]
fn a_file_of_paths_is_a_list() {
    let bench = with(&["lists/a.jpg", "lists/deep/b c.jpg"]);
    bench.add("lists/list.txt", b"a.jpg\ndeep/b c.jpg\ngone.jpg\n");
    let run = bench.ok(&format!("extract lists/list.txt -o out {QUICK} {SMALL}"));
    assert_eq!(columns(&bench, &["row", "file"]), ["0|a.jpg", "1|deep/b c.jpg"]);
    assert!(run.stderr.contains("left out: row 2, line 3 (no such picture: gone.jpg): \"lists/list.txt\""));
    assert_eq!(manifest(&bench, &format!("out/{TAG}"))["source"], "list");
    bench.add("lists/none.txt", b"x.jpg\n");
    let run = bench.run(&format!("extract lists/none.txt -o none {QUICK}"));
    assert!(
        run.stderr.starts_with("error: none of the list's 1 pictures is there; the first is `x.jpg`"),
        "{}",
        run.stderr
    );
    bench.add("lists/empty.txt", b"\n\n");
    let run = bench.run(&format!("extract lists/empty.txt --source list -o none {QUICK}"));
    assert!(run.stderr.starts_with("error: no path in this list: expected one a line"), "{}", run.stderr);
    // Prose isn't a list, and neither is a table, which needs `--path-column`.
    for text in ["Some words about pictures.\n", "a.jpg,cat\n"] {
        bench.add("lists/other.txt", text.as_bytes());
        let run = bench.run(&format!("extract lists/other.txt -o none {QUICK}"));
        assert!(run.code == Some(2) && run.stderr.contains("--path-column"), "{}", run.stderr);
    }
    bench.ok("render lists/list.txt --row 1 -o one.png --model tf_efficientnet_lite0.in1k --fit 64x64");
}

/// Writes a camera file with this many frames of 4 × 5 pixels, and its log.
fn camera(bench: &Bench, folder: &str, name: &str, num_frames: u8) {
    for part in ["camera", "log"] {
        std::fs::create_dir_all(bench.path(folder).join(part)).unwrap();
    }
    let frames: Vec<u8> = (0..num_frames).flat_map(|frame| [frame * 40; 60]).collect();
    let mut file = hdf5_pure::FileBuilder::new();
    let shape = [u64::from(num_frames), 3, 4, 5];
    file.create_dataset("X").with_u8_data(&frames).with_shape(&shape).with_chunks(&[1, 3, 4, 5]);
    file.write(bench.path(folder).join("camera").join(name)).unwrap();
    let pointers: Vec<f64> = (0..num_frames).map(f64::from).collect();
    let mut log = hdf5_pure::FileBuilder::new();
    log.create_dataset("cam1_ptr").with_f64_data(&pointers);
    log.create_dataset("id").with_i64_data(&vec![9_007_199_254_740_993; num_frames.into()]);
    log.write(bench.path(folder).join("log").join(name)).unwrap();
}

#[test]
fn comma_ai_s_folder_is_one_data_set() {
    let bench = Bench::new();
    camera(&bench, "comma", "drive10.h5", 1);
    camera(&bench, "comma", "drive2.h5", 2);
    bench.add("comma/camera/broken.h5", b"\x89HDF\r\n\x1A\nand no more");
    for arguments in ["comma/ --source comma", "comma", "comma/camera --source comma"] {
        bench.ok(&format!("extract {arguments} -o out {QUICK} {SMALL} --overwrite"));
        let prefix = if arguments.contains("camera") { "" } else { "camera/" };
        assert_eq!(
            columns(&bench, &["row", "file", "id"]),
            ["drive2.h5/000000", "drive2.h5/000001", "drive10.h5/000000"]
                .iter()
                .enumerate()
                .map(|(row, file)| format!("{row}|{prefix}{file}|9007199254740993"))
                .collect::<Vec<_>>(),
            "{arguments}"
        );
        assert!(skipped(&bench)[0].starts_with(&format!("||{prefix}broken.h5|not a sound HDF5 file")));
    }
    std::fs::create_dir_all(bench.path("nothing")).unwrap();
    let run = bench.run(&format!("extract nothing --source comma -o none {QUICK}"));
    assert!(run.stderr.contains("no camera file of comma.ai's in this folder"), "{}", run.stderr);
}

/// A frame that a camera dropped is left out of its moment, and all other frames keep their rows.
#[test]
fn a_dropped_frame_of_a_log_shifts_no_row() {
    let mut lines = vec!["timestamp,frame_id,filename,angle".to_owned()];
    let mut names = Vec::new();
    for moment in 0..8u64 {
        for (at, camera) in (0u64..).zip(["left", "center", "right"]) {
            if (moment, camera) != (1, "left") {
                let time = 1_000_000_000 + moment * 20_000_000 + at * 4_000_000;
                lines.push(format!("{time},{camera}_camera,{camera}/{moment}.png,0.5"));
                names.push(format!("{camera}/{moment}.png"));
            }
        }
    }
    let bench = with(&names.iter().map(String::as_str).collect::<Vec<_>>());
    bench.add("interpolated.csv", (lines.join("\n") + "\n").as_bytes());
    let call = format!("extract interpolated.csv -o out {QUICK} --pool avg --format npy");
    let run = bench.ok(&call);
    assert!(
        run.stderr.contains("note: 1 of 8 frames have no line of some camera, which is left out of their rows (the first: row 1, left): "),
        "{}",
        run.stderr
    );
    for cells in columns(&bench, &["row", "file"]) {
        let (row, file) = cells.split_once('|').unwrap();
        assert!(file.ends_with(&format!("/{row}.png")), "{cells}");
    }
    // Every second moment, the same ones for each camera.
    bench.ok(&format!("{call} --every 2 --overwrite"));
    let rows = columns(&bench, &["row", "camera"]);
    for camera in ["left", "center", "right"] {
        let of_camera = [0, 2, 4, 6].map(|row| format!("{row}|{camera}"));
        assert!(of_camera.iter().all(|cells| rows.contains(cells)), "{camera}: {rows:?}");
    }
    assert_eq!(rows.len(), 12);
}

#[cfg(unix)]
#[test]
fn folders_behind_links_are_listed_once_and_noted() {
    let bench = with(&["in/cats/1.png", "elsewhere/2.png", "in/zoo/dogs/3.png"]);
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, bench.path(name)).unwrap();
    // Links to a folder that comes later in order, to a folder elsewhere, and to a parent folder.
    link("cats", "in/animals");
    link("../elsewhere", "in/birds");
    link("../..", "in/zoo/out");
    let call = format!("extract in --labels folder -o out {QUICK} --pool avg --format npy");
    let run = bench.ok(&call);
    assert_eq!(
        columns(&bench, &["file", "label"]),
        ["birds/2.png|birds", "cats/1.png|cats", "zoo/dogs/3.png|zoo/dogs"]
    );
    assert_eq!(
        run.stderr.lines().next().unwrap(),
        "note: `birds` is a link to a folder elsewhere, whose pictures have the link's name; `animals` is a link to a folder that is listed under another name, and only there; `zoo/out` is a link to a folder that it lies in, and is not followed: \"in\""
    );
}

#[test]
fn rows_between_two_stray_quotes_are_noted() {
    let bench = with(&["a.png", "b.png", "c.png", "d.png"]);
    let call = |table: &str| {
        format!("extract {table} --path-column image -o out {QUICK} --pool avg --format npy --overwrite")
    };
    for (table, by) in [("t.csv", ","), ("t.tsv", "\t")] {
        let lines = "image,note,x\na.png,\"b,1\nb.png,c,2\nc.png,d\",3\nd.png,e,4\n".replace(',', by);
        bench.add(table, lines.as_bytes());
        let run = bench.ok(&call(table));
        assert!(
            run.stderr.contains(&format!(
                "note: the quoted field that begins in line 2 goes on to line 4 and holds as many separators as whole rows: if it is rows, the quotes in these lines belong to the text and must be doubled or taken out: \"{table}\"\n"
            )),
            "{}",
            run.stderr
        );
    }
    // A quoted text of several lines is one cell.
    bench.add("t.csv", b"image,note\na.png,\"one\ntwo\nthree\"\nb.png,x\n");
    let run = bench.ok(&call("t.csv"));
    assert!(!run.stderr.contains("quoted field"), "{}", run.stderr);
    assert_eq!(columns(&bench, &["image", "note"]), ["a.png|one\ntwo\nthree", "b.png|x"]);
    // A zero character would be lost in an array of texts.
    bench.add("t.csv", b"image,note\na.png,x\nb.png,y\0\n");
    let run = bench.run(&call("t.csv"));
    assert!(
        run.stderr.ends_with(
            "error: line 3: `note` has a zero character (NUL), which no array of texts would give back: take it out: \"t.csv\"\n"
        ),
        "{}",
        run.stderr
    );
}

/// A column stays text if only some of its numbers have blanks around them, or if a cell consists of blanks.
#[test]
fn columns_with_irregular_blanks_stay_text() {
    let bench = with(&["a.png", "b.png", "c.png"]);
    let table = "image,plain,mixed,wide,none\na.png,1,1,1,5\nb.png,2, 1,\u{a0}1,\nc.png,3,2,2,  \n";
    bench.add("t.csv", table.as_bytes());
    bench.ok(&format!("extract t.csv --path-column image -o out {QUICK} --pool avg --format npz"));
    let said = super::manifest(&bench, &format!("out/{}", super::TAG));
    let kinds: Vec<&str> =
        said["columns"].as_array().unwrap().iter().skip(2).map(|c| c["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["text", "integer", "text", "text", "text"]);
    assert_eq!(columns(&bench, &["mixed", "wide", "none"]), ["1|1|5", " 1|\u{a0}1|", "2|2|  "]);
}

/// comma.ai's unsigned whole numbers may be larger than any signed one.
#[test]
fn unsigned_whole_numbers_keep_their_digits() {
    let bench = Bench::new();
    let mut camera = hdf5_pure::FileBuilder::new();
    camera.create_dataset("X").with_u8_data(&[9; 120]).with_shape(&[2, 3, 4, 5]);
    camera.create_dataset("cam1_ptr").with_f64_data(&[0.0, 1.0]);
    camera.create_dataset("large").with_u64_data(&[u64::MAX, 7]);
    camera.create_dataset("small").with_u64_data(&[9_007_199_254_740_993, 7]);
    camera.write(bench.path("drive.h5")).unwrap();
    bench.ok(&format!("extract drive.h5 -o out {QUICK} --pool avg --format npz"));
    assert_eq!(columns(&bench, &["large", "small"]), ["18446744073709551615|9007199254740993", "7|7"]);
}

/// A file name may begin with the bytes of a UTF-16 byte order mark.
#[cfg(target_os = "linux")]
#[test]
fn a_list_that_begins_like_utf_16_is_read_as_bytes() {
    use std::os::unix::ffi::OsStrExt as _;
    let bench = with(&["b.png"]);
    let name = std::ffi::OsStr::from_bytes(b"\xFF\xFEa.png");
    std::fs::copy(bench.path("b.png"), bench.path("").join(name)).unwrap();
    for end in [b'\n', 0] {
        let list = [&b"\xFF\xFEa.png"[..], &[end], b"b.png", &[end]].concat();
        let run = super::sources::list_on_stdin(&bench, &list, "extract - -o out --overwrite");
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert_eq!(columns(&bench, &["file"]), ["%FF%FEa.png", "b.png"]);
    }
}
