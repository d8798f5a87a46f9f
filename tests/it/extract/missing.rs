//! A picture that isn't there is left out, and no other is taken for it.

use super::sources::{columns, list_on_stdin, skipped, with};
use super::{QUICK, TAG, manifest};

const SMALL: &str = "--pool avg --format npy";
const HEADER: &str = "timestamp,frame_id,filename,angle\n";

#[test]
fn rows_of_a_table_never_meet_on_a_picture_that_neither_names() {
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
fn tables_and_lists_take_a_path_as_it_stands() {
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
        .map(|(row, path)| format!("{row}||line {}|no such picture: {path}", row + 2))
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
    assert_eq!(skipped(&bench), ["2||line 4|no such picture: /home/me/run/center/3.jpg"]);
    let note = "the log's pictures are not where it says and were found by the last 2 parts of its paths: `/home/me/run/center/1.jpg` is `center/1.jpg`";
    assert!(run.stderr.contains(&format!("note: {note}: \"run\"\n")), "{}", run.stderr);
    assert_eq!(manifest(&bench, &format!("out/{TAG}"))["source_notes"], serde_json::json!([note]));
    assert!(bench.ok("features info out").stdout.contains(note));
    let run = bench.ok(&format!("render run --row 1 -o one.png --model {TAG} --fit 64x64"));
    assert!(run.stderr.contains(note), "{}", run.stderr);
}

#[test]
fn a_log_that_is_at_home_is_taken_at_its_word() {
    let bench = with(&["run/center/1.jpg", "run/2.jpg", "run/IMG/2.jpg", "run/center/2.png"]);
    let log = format!("{HEADER}1,center_camera,center/1.jpg,0.5\n200000000,center_camera,center/2.jpg,0.5\n");
    bench.add("run/interpolated.csv", log.as_bytes());
    let run = bench.ok(&format!("extract run -o out {QUICK} {SMALL}"));
    assert_eq!(columns(&bench, &["row", "file"]), ["0|center/1.jpg"]);
    assert_eq!(skipped(&bench), ["1||line 3|no such picture: center/2.jpg"]);
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
    // Where the log is at home, those of another machine are not taken for its own.
    let log = format!("{HEADER}1,left_camera,0.jpg,0.5\n2,center_camera,/a/0.jpg,0.5\n");
    bench.add("interpolated.csv", log.as_bytes());
    bench.ok(&format!("extract interpolated.csv -o out {QUICK} {SMALL}"));
    assert_eq!(columns(&bench, &["row", "camera"]), ["0|left"]);
}

#[test]
fn pictures_saved_with_another_ending_are_told() {
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
    // One that is there as it is written decides for all.
    bench.add("center/1.png", &std::fs::read(bench.path("center/1.jpg")).unwrap());
    bench.ok(&format!("extract interpolated.csv -o out {QUICK} {SMALL} --overwrite"));
    assert_eq!(columns(&bench, &["file"]), ["center/1.png"]);
}
