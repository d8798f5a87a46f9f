//! Lists of labelled pictures, which look like Sully Chen's log but aren't one.

use super::sources::{columns, skipped, with};
use super::{QUICK, TAG, manifest};

const SMALL: &str = "--pool avg --format npz --overwrite";

/// A missing picture isn't replaced by another picture of the same name.
#[test]
fn a_class_list_is_no_driving_log() {
    let bench = with(&["img/0.png", "img/2.png", "val/1.png", "1.png", "data/1.png"]);
    let call = |list: &str| format!("extract {list} -o out {QUICK} {SMALL}");
    for (name, list) in [
        ("val.txt", "img/0.png 3\nimg/1.png 4\nimg/2.png 0\n"),
        ("data.txt", "img/0.png 3\nimg/1.png 4\nimg/2.png 0\n"),
        ("crlf.txt", "img/0.png 3\r\nimg/1.png 4\r\n\r\nimg/2.png 0\r\n"),
        ("tabs.txt", "img/0.png\t3\nimg/1.png  4\n img/2.png \t 0 \n"),
    ] {
        bench.add(name, list.as_bytes());
        let run = bench.ok(&call(name));
        assert_eq!(
            columns(&bench, &["row", "file", "path", "label"]),
            ["0|img/0.png|img/0.png|3", "2|img/2.png|img/2.png|0"],
            "{list}"
        );
        assert_eq!(skipped(&bench), ["1||img/1.png|line 2: no such picture: img/1.png"]);
        assert!(!run.stderr.contains("were found by"), "{}", run.stderr);
        let said = manifest(&bench, &format!("out/{TAG}"));
        assert_eq!((&said["source"], &said["columns"][3]["kind"]), (&"labelled".into(), &"integer".into()));
    }
    // A folder in which such a list has the log's name (`data.txt`) is read as that list.
    bench.ok(&call("."));
    assert_eq!(columns(&bench, &["row", "label"]), ["0|3", "2|0"]);
}

#[test]
fn whole_numbers_are_classes_unless_the_file_has_a_log_s_name() {
    let bench = with(&["0.png", "data/1.png", "2.png"]);
    let list = b"0.png 65\n1.png 970\n2.png 65\n";
    for (name, source, rows) in [
        ("val.txt", "labelled", &["0|0.png|65", "2|2.png|65"][..]),
        ("data.txt", "sullychen", &["0|0.png|65", "2|2.png|65"]),
    ] {
        bench.add(name, list);
        bench.ok(&format!("extract {name} -o out {QUICK} {SMALL}"));
        let number = if source == "labelled" { "label" } else { "angle" };
        assert_eq!(columns(&bench, &["row", "file", number]), rows);
        assert_eq!(manifest(&bench, &format!("out/{TAG}"))["source"], source);
    }
    // One fraction makes all numbers angles, unless `--source` says otherwise.
    bench.add("angles.txt", b"0.png 65\n1.png -9.5\n2.png 65\n");
    for (options, source) in [("", "sullychen"), ("--source labelled", "labelled")] {
        bench.ok(&format!("extract angles.txt -o out {QUICK} {SMALL} {options}"));
        assert_eq!(manifest(&bench, &format!("out/{TAG}"))["source"], source);
    }
    bench.ok(&format!("extract val.txt --source sullychen -o out {QUICK} {SMALL}"));
    assert_eq!(columns(&bench, &["angle"]), ["65", "65"]);
}

#[test]
fn names_with_blanks_and_names_of_digits_are_read_as_written() {
    let bench = with(&["a b/c d 1.png", "e.png", "007.png"]);
    bench.add("list.txt", b"a b/c d 1.png 7\n./e.png 007\n007.png\t-1\n");
    bench.ok(&format!("extract list.txt -o out {QUICK} {SMALL}"));
    assert_eq!(columns(&bench, &["path", "label"]), ["a b/c d 1.png|7", "./e.png|007", "007.png|-1"]);
    assert_eq!(manifest(&bench, &format!("out/{TAG}"))["columns"][3]["kind"], "text", "007 is no number");
    bench.ok("render list.txt --row 1 -o one.png --model tf_efficientnet_lite0.in1k --fit 64x64");
    for (list, words) in [
        (
            "a b/c d 1.png 7\ne.png cat\n",
            "error: line 2: `e.png cat`: expected a picture's path and a number, as `val/cat.png 281`: \"bad.txt\"\n",
        ),
        (
            "x/e.png 1\nx/f.png 2\n",
            "error: none of the list's 2 pictures is there; the first is `x/e.png`: write paths that are absolute or count from the list's folder: \"bad.txt\"\n",
        ),
    ] {
        bench.add("bad.txt", list.as_bytes());
        let run = bench.run(&format!("extract bad.txt -o none {QUICK}"));
        assert_eq!((run.code, &*run.stderr), (Some(2), words));
    }
    // If a file has the whole line as its name, the line is a path without a label.
    bench.add("photo.png 5", &std::fs::read(bench.path("e.png")).unwrap());
    bench.add("list.txt", b"photo.png 5\n");
    bench.ok(&format!("extract list.txt -o out {QUICK} {SMALL}"));
    assert_eq!(manifest(&bench, &format!("out/{TAG}"))["source"], "list");
}

/// Blanks around a path belong to it if there is a file of that name, as in other lists.
#[test]
fn names_that_begin_or_end_with_a_blank_are_read_as_written() {
    let bench = with(&["lead.png", " lead.png", "trail.png", "trail.png ", "plain.png"]);
    bench.add("list.txt", b" lead.png 5\ntrail.png  6\n plain.png  7\n");
    bench.ok(&format!("extract list.txt -o out {QUICK} {SMALL}"));
    assert_eq!(columns(&bench, &["file", "label"]), [" lead.png|5", "trail.png |6", "plain.png|7"]);
}
