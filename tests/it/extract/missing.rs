//! A missing picture is left out, and no other picture is taken for it.

use super::resume::unfinish;
use super::sources::{columns, list_on_stdin, skipped, with};
use super::{QUICK, TAG, manifest};
use crate::support::binary::Bench;

const SMALL: &str = "--pool avg --format npy";
const HEADER: &str = "timestamp,frame_id,filename,angle\n";

#[test]
fn rows_of_a_table_never_share_a_picture_that_neither_names() {
    let bench = with(&["0.jpg"]);
    bench.add("list.csv", b"image\ncats/0.jpg\ndogs/0.jpg\n");
    let run = bench.run(&format!("extract list.csv --path-column image -o out {QUICK} {SMALL}"));
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(
        run.stderr.ends_with(
            "error: none of the table's 2 pictures is there; the first is `cats/0.jpg`: write paths that are absolute or count from the table's folder: \"list.csv\"\n"
        ),
        "{}",
        run.stderr
    );
    assert!(!bench.path("out").exists());
}

#[test]
fn tables_and_lists_take_a_path_as_it_is_written() {
    let bench = with(&["0.jpg", "IMG/0.jpg", "real/1.jpg"]);
    let lines = [
        "0.jpg",
        "cats/0.jpg",
        "/elsewhere/0.jpg",
        "https://host/0.jpg",
        r"C:\pictures\0.jpg",
        "0.png",
        "O.jpg",
        "real/1.JPG",
        r"real\1.jpg",
        "real/1.jpg",
    ];
    let missing: Vec<String> = lines
        .iter()
        .enumerate()
        .filter(|(row, _)| ![0, 9].contains(row))
        .map(|(row, path)| format!("{row}||{path}|line {}: no such picture: {path}", row + 2))
        .collect();
    bench.add("list.csv", format!("image\n{}\n", lines.join("\n")).as_bytes());
    let run = bench.ok(&format!("extract list.csv --path-column image -o out {QUICK} {SMALL}"));
    assert_eq!(columns(&bench, &["row", "file"]), ["0|0.jpg", "9|real/1.jpg"]);
    assert_eq!(skipped(&bench), missing);
    assert_eq!(manifest(&bench, &format!("out/{TAG}"))["num_left_out"], 8);
    assert!(run.stderr.contains("left out: row 1, line 3 (no such picture: cats/0.jpg), and 7 more"));

    let run = list_on_stdin(&bench, lines.join("\n").as_bytes(), "extract - -o out --overwrite");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(columns(&bench, &["row", "file"]), ["0|0.jpg", "9|real/1.jpg"]);
}

#[test]
fn a_log_from_another_machine_is_read_by_one_rule() {
    let bench = with(&["run/center/1.jpg", "run/center/2.jpg", "run/2.jpg", "run/3.jpg"]);
    let log = format!(
        "{HEADER}1,center_camera,/home/me/run/center/1.jpg,0.5\n200000000,center_camera,D:\\x\\center\\2.jpg,0.5\n400000000,center_camera,/home/me/run/center/3.jpg,0.5\n"
    );
    bench.add("run/interpolated.csv", log.as_bytes());
    let run = bench.ok(&format!("extract run -o out {QUICK} {SMALL}"));
    assert_eq!(columns(&bench, &["row", "file"]), ["0|center/1.jpg", "1|center/2.jpg"], "3.jpg is another");
    assert_eq!(
        skipped(&bench),
        ["2|center|/home/me/run/center/3.jpg|line 4: no such picture: /home/me/run/center/3.jpg"]
    );
    let note = "the log's pictures are not where it says and were found by the last 2 parts of its paths: `/home/me/run/center/1.jpg` is `center/1.jpg`";
    assert!(run.stderr.contains(&format!("note: {note}: \"run\"\n")), "{}", run.stderr);
    assert_eq!(manifest(&bench, &format!("out/{TAG}"))["source_notes"], serde_json::json!([note]));
    assert!(bench.ok("features info out").stdout.contains(note));
    let run = bench.ok(&format!("render run --row 1 -o one.png --model {TAG} --fit 64x64"));
    assert!(run.stderr.contains(note), "{}", run.stderr);
}

#[test]
fn paths_of_a_log_on_its_own_machine_are_taken_literally() {
    let bench = with(&["run/center/1.jpg", "run/2.jpg", "run/IMG/2.jpg", "run/center/2.png"]);
    let log = format!("{HEADER}1,center_camera,center/1.jpg,0.5\n200000000,center_camera,center/2.jpg,0.5\n");
    bench.add("run/interpolated.csv", log.as_bytes());
    let run = bench.ok(&format!("extract run -o out {QUICK} {SMALL}"));
    assert_eq!(columns(&bench, &["row", "file"]), ["0|center/1.jpg"]);
    assert_eq!(skipped(&bench), ["1|center|center/2.jpg|line 3: no such picture: center/2.jpg"]);
    assert!(!run.stderr.contains("not where it says"), "{}", run.stderr);
    assert_eq!(manifest(&bench, &format!("out/{TAG}"))["source_notes"], serde_json::Value::Null);
}

#[test]
fn two_pictures_of_a_log_are_never_one_file() {
    let bench = with(&["0.jpg"]);
    for (a, b) in [("left/0.jpg", "center/0.jpg"), ("/a/0.jpg", "/b/0.jpg"), ("x/0.png", "y/0.jpeg")] {
        let log = format!("{HEADER}1,left_camera,{a},0.5\n2,center_camera,{b},0.5\n");
        bench.add("interpolated.csv", log.as_bytes());
        let run = bench.run(&format!("extract interpolated.csv -o out {QUICK} {SMALL}"));
        assert_eq!(run.code, Some(2), "{}", run.stderr);
        assert!(
            run.stderr.ends_with(&format!(
                "error: none of the log's pictures is where it says, and by the ends of their paths `{a}` and `{b}` would both be `0.jpg`: put the pictures where the log has them: \"interpolated.csv\"\n"
            )),
            "{}",
            run.stderr
        );
    }
    // If one of the log's paths is right here, paths of another machine aren't searched.
    let log = format!("{HEADER}1,left_camera,0.jpg,0.5\n2,center_camera,/a/0.jpg,0.5\n");
    bench.add("interpolated.csv", log.as_bytes());
    bench.ok(&format!("extract interpolated.csv -o out {QUICK} {SMALL}"));
    assert_eq!(columns(&bench, &["row", "camera"]), ["0|left"]);
}

#[test]
fn pictures_saved_with_another_ending_are_found_and_noted() {
    let bench = with(&["center/1.jpg", "center/2.jpg"]);
    let log = format!("{HEADER}1,center_camera,center/1.png,0.5\n200000000,center_camera,center/2.png,0.5\n");
    bench.add("interpolated.csv", log.as_bytes());
    let run = bench.ok(&format!("extract interpolated.csv -o out {QUICK} {SMALL}"));
    assert_eq!(
        columns(&bench, &["file", "filename"]),
        ["center/1.jpg|center/1.png", "center/2.jpg|center/2.png"]
    );
    assert!(
        run.stderr.contains("the log's pictures have other endings here: `center/1.png` is `center/1.jpg`"),
        "{}",
        run.stderr
    );
    // If one picture is there as written, all paths are taken as written.
    bench.add("center/1.png", &std::fs::read(bench.path("center/1.jpg")).unwrap());
    bench.ok(&format!("extract interpolated.csv -o out {QUICK} {SMALL} --overwrite"));
    assert_eq!(columns(&bench, &["file"]), ["center/1.png"]);
}

/// Two different pictures with the same size in bytes and in pixels.
fn two_pictures() -> [Vec<u8>; 2] {
    [10, 200].map(|level| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        let picture = image::RgbImage::from_pixel(9, 9, image::Rgb([level, 40, 90]));
        picture.write_to(&mut bytes, image::ImageFormat::Bmp).unwrap();
        bytes.into_inner()
    })
}

#[test]
fn a_picture_that_was_replaced_is_computed_again() {
    for format in ["npy", "folder"] {
        let bench = Bench::new();
        let [one, other] = two_pictures();
        for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
            bench.add(&format!("in/{name}.bmp"), &one);
        }
        let call = format!("extract in -o out {QUICK} --pool avg --format {format} --part-rows 2 --batch 2");
        unfinish(&bench, &call);
        // `b.bmp` becomes another picture after it was computed; `c.bmp` is written again with the same bytes.
        bench.add("in/b.bmp", &other);
        bench.add("in/c.bmp", &one);
        let run = bench.ok(&format!("{call} --resume"));
        assert!(
            run.stderr.contains(
                "note: 1 picture changed (row 1, \"b.bmp\") since the run before worked on it: the parts with such are made anew\n"
            ),
            "{format}: {}",
            run.stderr
        );
        bench.ok(&format!("{} -q", call.replace("-o out", "-o whole")));
        super::assert_same(&bench.path("whole"), &bench.path("out"));
        // For a finished run, a picture written again with the same bytes counts as unchanged.
        bench.add("in/c.bmp", &one);
        let run = bench.ok(&format!("{call} --resume"));
        assert!(run.stderr.starts_with("nothing to do, the features are complete: "), "{}", run.stderr);
        bench.add("in/c.bmp", &other);
        std::fs::remove_file(bench.path("in/h.bmp")).unwrap();
        bench.add("in/h.bmp", &[&one[..], b" "].concat());
        let run = bench.run(&format!("{call} --resume"));
        assert_eq!(
            (run.code, &*run.stderr),
            (
                Some(1),
                &*format!(
                    "nothing to do, the run is over, but 2 pictures changed since, and their features are those of before (row 2, \"c.bmp\", and 1 more); `--overwrite` begins again: \"out/{TAG}\"\n"
                )
            )
        );
    }
}

/// The list of pictures (`pictures.csv`) is the same after a merge of shards as after one run.
#[test]
fn a_merge_keeps_the_list_of_pictures() {
    let bench = Bench::new();
    let [one, other] = two_pictures();
    for name in ["a", "b", "c", "d"] {
        bench.add(&format!("in/{name}.bmp"), if name == "c" { &other } else { &one });
    }
    let call = format!("extract in {QUICK} --pool avg --format npy");
    bench.ok(&format!("{call} -o whole"));
    for shard in 0..2 {
        bench.ok(&format!("{call} -o shards --shard {shard}/2 --shard-by hash"));
    }
    bench.ok("features merge shards -o merged");
    super::assert_same(&bench.path("whole"), &bench.path("merged"));
    let list = super::csv(&bench.path("merged").join(TAG).join("pictures.csv"));
    assert_eq!(list[0], ["row", "camera", "file", "num_bytes", "xxh64"]);
    assert_eq!((&*list[3][2], list[1][4] == list[2][4], list[1][4] == list[3][4]), ("c.bmp", true, false));
    bench.add("in/d.bmp", &other);
    let run = bench.run(&format!("{call} -o merged --resume"));
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(run.stderr.contains("1 picture changed since"), "{}", run.stderr);
}

/// Parts and sets of earlier versions have no hashes of the pictures.
#[test]
fn missing_picture_hashes_of_an_earlier_version_are_noted() {
    let bench = Bench::new();
    let [one, _] = two_pictures();
    for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        bench.add(&format!("in/{name}.bmp"), &one);
    }
    let call = format!("extract in -o out {QUICK} --pool avg --format npy --part-rows 2 --batch 2");
    unfinish(&bench, &call);
    for name in bench.names("out/.filterscope/parts") {
        if name.starts_with("part-") {
            forget_pictures(&bench.path(&format!("out/.filterscope/parts/{name}")));
        }
    }
    let run = bench.ok(&format!("{call} --resume"));
    assert!(
        run.stderr.contains(" pictures and kept neither hashes of them nor its recipe: pictures that were replaced since then, and parts of another run, are not found\n"),
        "{}",
        run.stderr
    );
    assert!(!bench.path("out").join(TAG).join("pictures.csv").exists());
    bench.ok("features verify out");
    let run = bench.ok(&format!("{call} --resume"));
    assert!(
        run.stderr.starts_with("note: an earlier version made these features and kept no hash of the pictures: pictures that were replaced since then are not found\nnothing to do, "),
        "{}",
        run.stderr
    );
}

/// Rewrites a part in the earlier format, without hashes of the pictures and the recipes.
fn forget_pictures(path: &std::path::Path) {
    let bytes = std::fs::read(path).unwrap();
    let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    let length = number(bytes.len() - 16) as usize;
    let start = bytes.len() - 24 - length;
    let mut record: serde_json::Value = serde_json::from_slice(&bytes[start..start + length]).unwrap();
    for field in ["pictures", "recipes_hash"] {
        record.as_object_mut().unwrap().remove(field).unwrap();
    }
    let record = serde_json::to_vec(&record).unwrap();
    let hash = twox_hash::XxHash64::oneshot(0, &record).to_le_bytes();
    let length = (record.len() as u64).to_le_bytes();
    std::fs::write(path, [&bytes[..start], &record, &hash, &length, b"FSPART02"].concat()).unwrap();
}

/// A log has paths of another machine whose folders don't exist here, so pictures are found by their names alone.
#[test]
fn the_camera_folder_is_searched_before_the_log_s_own() {
    let bench = with(&["center_0.png", "IMG/center_0.png", "IMG/center_1.png"]);
    bench.add("driving_log.csv", b"/old/rec/center_0.png,,,0,0,0,1\n/old/rec/center_1.png,,,0,0,0,1\n");
    let run = bench.ok(&format!("extract driving_log.csv -o out {QUICK} {SMALL}"));
    assert_eq!(columns(&bench, &["file"]), ["IMG/center_0.png", "IMG/center_1.png"]);
    assert!(run.stderr.contains("were found by the names alone, in `IMG`: "), "{}", run.stderr);
}
