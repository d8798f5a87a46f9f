//! Files of another kind than expected, and files with control characters or huge fields. Messages name them, stay short and contain no
//! control characters.

use super::sources::{columns, list_on_stdin, with};
use super::{QUICK, TAG, csv};

const SMALL: &str = "--pool avg --format npy";
const MP4: &[u8] = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41\0\0\0\x08free\x1b[31m\x9b\n\x07mdat";
const FFMPEG: &str =
    "make pictures of its frames with `mkdir frames && ffmpeg -i VIDEO frames/%06d.png` and give the folder";

fn is_clean(text: &str) -> bool {
    text.chars().all(|c| !c.is_control() || c == '\n') && text.len() < 2000
}

#[test]
fn the_error_for_a_video_says_how_to_make_frames_of_it() {
    let bench = with(&["in/a.png"]);
    bench.add("drive.mp4", MP4);
    bench.add("in/drive.mp4", MP4);
    bench.add("videos/drive.mp4", MP4);
    bench.add("list.txt", b"in/a.png\ndrive.mp4\n");
    for arguments in
        ["drive.mp4", "drive.mp4 --path-column 0", "drive.mp4 --source udacity", "drive.mp4 --source list"]
    {
        let run = bench.run(&format!("extract {arguments} -o out {QUICK}"));
        let expected = format!("error: a video, not a data set: {FFMPEG}: \"drive.mp4\"\n");
        assert!(run.code == Some(2) && run.stderr == expected, "{arguments}: {}", run.stderr);
    }
    let run = bench.run("render drive.mp4 -o x.png");
    assert!(
        run.stderr.contains(&format!("a video, not a picture this program decodes: {FFMPEG}")),
        "{}",
        run.stderr
    );
    let run = bench.ok(&format!("extract in -o out {QUICK} {SMALL}"));
    assert!(
        run.stderr.contains(&format!("left out: drive.mp4 (a video: {FFMPEG}): \"in\"")),
        "{}",
        run.stderr
    );
    let run = bench.run(&format!("extract videos -o none {QUICK}"));
    assert!(
        run.stderr.ends_with(&format!(
            "error: no picture in this folder (1 other files were ignored; `drive.mp4` is a video: {FFMPEG}): \"videos\"\n"
        )),
        "{}",
        run.stderr
    );
    let run = bench.run(&format!("extract list.txt -o listed {QUICK} {SMALL}"));
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(
        run.stderr
            .contains(&format!("skipped: row 1: a video, not a picture this program decodes: {FFMPEG}"))
    );
}

#[test]
fn bytes_that_are_no_text_are_not_printed() {
    let bench = with(&["a.png"]);
    bench.add("noise.csv", &(0..4000u32).map(|n| ((n * 7919) >> 3) as u8).collect::<Vec<_>>());
    bench.add("steers.csv", b"image,\x1b[31mred\x07\xc2\x9b,\xe2\x80\xaegpj\nb.png,1,2\n");
    let run = bench.run(&format!("extract noise.csv -o out {QUICK}"));
    assert_eq!(
        run.stderr,
        "error: neither text nor a picture, not a data set: give a folder of pictures, a driving log, a table or a list of paths: \"noise.csv\"\n"
    );
    for arguments in [
        "noise.csv --path-column 0",
        "steers.csv",
        "steers.csv --path-column x",
        "steers.csv --path-column image",
    ] {
        let run = bench.run(&format!("extract {arguments} -o out {QUICK}"));
        assert!(run.code == Some(2) && is_clean(&run.stderr), "{arguments}: {:?}", run.stderr);
    }
    let run = bench.run(&format!("extract steers.csv --path-column x -o out {QUICK}"));
    assert!(run.stderr.contains(r"found image, \u{1b}[31mred\u{7}\u{9b}, \u{202e}gpj"), "{}", run.stderr);
}

#[test]
fn a_huge_field_is_neither_printed_nor_kept_in_the_manifest() {
    let bench = with(&["a.png"]);
    let huge = "ü\u{1b}".repeat(7 << 20);
    bench.add("paths.csv", format!("image\na.png\n{huge}\n").as_bytes());
    let run = bench.ok(&format!("extract paths.csv --path-column image -o out {QUICK} {SMALL}"));
    assert!(is_clean(&run.stderr), "{} bytes", run.stderr.len());
    let length = |name: &str| std::fs::metadata(bench.path("out").join(TAG).join(name)).unwrap().len();
    assert!(length("manifest.json") < 10_000 && length("skipped.csv") < 2000);

    bench.add("cells.csv", format!("image,note\na.png,{huge}\n").as_bytes());
    bench.ok(&format!("extract cells.csv --path-column image -o out {QUICK} {SMALL} --overwrite"));
    assert!(length("manifest.json") < 10_000);
    assert_eq!(
        csv(&bench.path("out").join(TAG).join("index.csv"))[1][3],
        huge,
        "the index holds what the table holds"
    );

    bench.add("header.csv", format!("image,{huge}\na.png,1\n").as_bytes());
    let run = bench.run(&format!("extract header.csv --path-column image -o none {QUICK}"));
    assert!(
        run.code == Some(2)
            && is_clean(&run.stderr)
            && run.stderr.contains("line 1: a column's name of 14680064 characters"),
        "{:?}",
        &run.stderr.chars().take(500).collect::<String>()
    );
}

#[test]
fn tables_are_read_in_every_encoding_that_spreadsheets_write() {
    let bench = with(&["a.png", "größe.png"]);
    let table = "image,name\na.png,ä\ngröße.png,ö\n";
    let wide = |to: fn(u16) -> [u8; 2], mark: &[u8]| {
        [mark, &table.encode_utf16().flat_map(to).collect::<Vec<u8>>()].concat()
    };
    let cases = [
        ("UTF-8 with a mark", ["\u{feff}", table].concat().into_bytes()),
        ("UTF-16 LE", wide(u16::to_le_bytes, b"\xFF\xFE")),
        ("UTF-16 BE", wide(u16::to_be_bytes, b"\xFE\xFF")),
        ("UTF-16 LE without a mark", wide(u16::to_le_bytes, b"")),
        ("CR", table.replace('\n', "\r").into_bytes()),
        ("CRLF", table.replace('\n', "\r\n").into_bytes()),
    ];
    for (what, bytes) in cases {
        bench.add("table.csv", &bytes);
        let run =
            bench.run(&format!("extract table.csv --path-column image -o out {QUICK} {SMALL} --overwrite"));
        assert_eq!(run.code, Some(0), "{what}: {}", run.stderr);
        assert_eq!(columns(&bench, &["file", "name"]), ["a.png|ä", "größe.png|ö"], "{what}");
    }
    bench.add("table.csv", table.replace("größe.png", "gone.png").replace('\n', "\r").as_bytes());
    let run = bench.ok(&format!("extract table.csv --path-column image -o out {QUICK} {SMALL} --overwrite"));
    assert!(run.stderr.contains("left out: row 1, line 3 (no such picture: gone.png)"), "{}", run.stderr);
    for (bytes, words) in [
        (&b"\xFF\xFE\0\0i\0\0\0"[..], "line 1: UTF-32 text: save it as UTF-8"),
        (b"\xFF\xFEi\0m", "line 1: UTF-16 text that is cut in the middle of a character: copy it again"),
        (b"image\na.png\ngr\xF6\xDFe.png\n", "line 3: not UTF-8 text: save the log as UTF-8"),
    ] {
        bench.add("table.csv", bytes);
        let run = bench.run(&format!("extract table.csv --path-column 0 -o none {QUICK}"));
        assert_eq!(run.stderr, format!("error: {words}: \"table.csv\"\n"));
    }
}

#[test]
fn lists_are_read_in_every_form() {
    let bench = with(&["a.png", "b c.png", "odd\nname.png"]);
    let print0: &[u8] = b"a.png\0b c.png\0odd\nname.png\0";
    let cases: [(&[u8], &[&str]); 5] = [
        (b"\xEF\xBB\xBFa.png\r\nb c.png\r\n", &["0|a.png", "1|b c.png"]),
        (b"a.png\rb c.png", &["0|a.png", "1|b c.png"]),
        (print0, &["0|a.png", "1|b c.png", "2|odd\nname.png"]),
        (b"a\0.\0p\0n\0g\0\n\0b\0 \0c\0.\0p\0n\0g\0\n\0", &["0|a.png", "1|b c.png"]),
        (b"\xFE\xFF\0a\0.\0p\0n\0g", &["0|a.png"]),
    ];
    for (bytes, expected) in cases {
        let run = list_on_stdin(&bench, bytes, "extract - -o out --overwrite");
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert_eq!(columns(&bench, &["row", "file"]), expected);
        bench.add("list.txt", bytes);
        bench.ok(&format!("extract list.txt -o out {QUICK} {SMALL} --overwrite"));
        assert_eq!(columns(&bench, &["row", "file"]), expected);
    }
}

#[cfg(unix)]
#[test]
fn a_device_is_refused_without_waiting() {
    let bench = with(&["a.png"]);
    for arguments in
        ["/dev/zero", "/dev/zero --path-column 0", "/dev/zero --source list", "/dev/zero --source comma"]
    {
        let run = bench.run(&format!("extract {arguments} -o out {QUICK}"));
        assert_eq!(
            run.stderr,
            "error: can't be read (not a regular file: save it to disk first): \"/dev/zero\"\n"
        );
    }
}

/// A single stray quote would turn the rest of a table into one row.
#[test]
fn a_quote_that_never_ends_is_refused() {
    let bench = with(&["a.jpg", "b.jpg", "c.jpg"]);
    bench.add("t.csv", b"image,label\na.jpg,\"x\nb.jpg,y\nc.jpg,z\n");
    let run = bench.run(&format!("extract t.csv --path-column image -o out {QUICK}"));
    assert_eq!(run.code, Some(2));
    assert!(
        run.stderr.contains(
            "line 2: a quote begins a field here or below and never ends, so what follows would be one row: close it, or double \
             it if it is part of the text"
        ),
        "{}",
        run.stderr
    );
    // Quotes in the middle of a field, doubled quotes, and fields over several lines are valid.
    bench.add("fine.csv", b"image,label\na.jpg,5\" tube\nb.jpg,\"say \"\"x\"\"\"\nc.jpg,\"two\nlines\"");
    bench.ok(&format!("extract fine.csv --path-column image -o fine {QUICK} --pool avg --format npy"));
}

/// A column whose name matches in case is preferred to one that differs in case.
#[test]
fn a_column_name_of_the_same_case_is_preferred() {
    let bench = with(&["a.jpg", "b.jpg"]);
    bench.add("t.csv", b"Image,image\na.jpg,b.jpg\n");
    bench.ok(&format!("extract t.csv --path-column image -o out {QUICK} --pool avg --format npy"));
    let index = std::fs::read_to_string(bench.path(&format!("out/{TAG}/index.csv"))).unwrap();
    assert!(index.lines().nth(1).unwrap().starts_with("0,b.jpg") || index.contains(",b.jpg,"), "{index}");
    assert!(!index.lines().nth(1).unwrap().starts_with("0,a.jpg"), "{index}");
}

/// A format would write the two columns under one name.
#[test]
fn columns_of_one_name_in_a_format_are_refused_before_anything_is_computed() {
    let bench = with(&["a.jpg"]);
    bench.add("t.csv", b"image,a/b,a_b,n,n.npy\na.jpg,1,2,3,4\n");
    for (format, one, other) in [("h5", "a/b", "a_b"), ("npz", "a/b", "a_b")] {
        let run =
            bench.run(&format!("extract t.csv --path-column image -o {format} {QUICK} --format {format}"));
        assert_eq!(run.code, Some(2));
        assert!(
            run.stderr.contains(&format!(
                "the columns `{one}` and `{other}` would have one name in {format}: rename one"
            )),
            "{}",
            run.stderr
        );
    }
    bench.add("n.csv", b"image,n,n.npy\na.jpg,3,4\n");
    let run = bench.run(&format!("extract n.csv --path-column image -o n {QUICK} --format npz"));
    assert!(run.stderr.contains("the columns `n` and `n.npy` would have one name in npz"), "{}", run.stderr);
    bench.ok(&format!("extract t.csv --path-column image -o p {QUICK} --pool avg --format parquet"));
}

/// Readers would take such a column for the features, for their metadata, or for another column.
#[test]
fn columns_that_readers_would_mistake_are_refused() {
    let bench = with(&["a.jpg"]);
    let own = |column: &str, format: &str| {
        format!(
            "error: the column `{column}` would have the name of what is no column in {format}: rename it\nhelp: or take another format, such as `--format parquet`\n"
        )
    };
    let zero = |column: &str| {
        format!(
            "error: the name of the column `{column}` has a zero character (NUL), where many readers take it to end: rename it\n"
        )
    };
    for (columns, format, words) in [
        ("features.npy", "npz", own("features.npy", "npz")),
        ("about.npy", "npz", own("about.npy", "npz")),
        ("__metadata__", "safetensors", own("__metadata__", "safetensors")),
        ("x,x\0y", "h5", zero("x\\u{0}y")),
        ("x,x\0y", "npz", zero("x\\u{0}y")),
        ("x\0y", "safetensors", zero("x\\u{0}y")),
        ("x\0y", "parquet", zero("x\\u{0}y")),
        ("x\0y", "npy", zero("x\\u{0}y")),
    ] {
        let cells = columns.split(',').map(|_| "1").collect::<Vec<_>>().join(",");
        bench.add("t.csv", format!("image,{columns}\na.jpg,{cells}\n").as_bytes());
        let run = bench
            .run(&format!("extract t.csv --path-column image -o none {QUICK} --pool avg --format {format}"));
        assert_eq!(run.code, Some(2), "{format}");
        assert!(run.stderr.ends_with(&words), "{columns:?} in {format}: {}", run.stderr);
        assert!(!bench.path("none").exists());
    }
    // In a format without an entry of that name, the column is like any other.
    for (column, format) in [("features.npy", "h5"), ("__metadata__", "npz"), ("features.npy", "parquet")] {
        bench.add("t.csv", format!("image,{column}\na.jpg,1\n").as_bytes());
        bench.ok(&format!(
            "extract t.csv --path-column image -o {format}_{column} {QUICK} --pool avg --format {format}"
        ));
        bench.ok(&format!("features verify {format}_{column}"));
    }
}

/// Resuming a finished run that left pictures out reports them again and has the same exit code.
#[test]
fn resuming_a_finished_run_reports_pictures_left_out_again() {
    let bench = with(&["a.jpg", "b.jpg"]);
    bench.add("c.jpg", b"");
    let command = format!("extract . -o out {QUICK} --pool avg --format npy");
    assert_eq!(bench.run(&command).code, Some(1));
    let again = bench.run(&format!("{command} --resume"));
    assert_eq!(again.code, Some(1));
    assert!(again.stderr.contains("the run is over, but 1 picture gave no feature"), "{}", again.stderr);

    let features = bench.path(&format!("out/{TAG}/features.npy"));
    std::fs::remove_file(&features).unwrap();
    let gone = bench.run(&format!("{command} --resume"));
    assert_eq!(gone.code, Some(2));
    assert!(
        gone.stderr.contains("a file of these features is not what was written (")
            && gone.stderr.contains("help: `--overwrite` makes all of them anew"),
        "{}",
        gone.stderr
    );
}

/// Tables whose first or last column has no name, as pandas writes an index, and names that contain line breaks. An empty name before the
/// first delimiter is a column; if it were dropped, another column would be read.
#[test]
fn columns_without_a_name_shift_no_other() {
    let bench = with(&["a.png", "b.png", "c.png"]);
    bench.add("index.tsv", b"\tmask\timage\n0\tb.png\ta.png\n1\tc.png\tb.png\n");
    for column in ["image", "2"] {
        bench.ok(&format!("extract index.tsv --path-column {column} -o out {QUICK} {SMALL} --overwrite"));
        assert_eq!(
            columns(&bench, &["file", "column_1", "mask", "image"]),
            ["a.png|0|b.png|a.png", "b.png|1|c.png|b.png"]
        );
    }
    bench.add("last.tsv", b"path\t\na.png\t5\nb.png\t\n");
    bench.ok(&format!("extract last.tsv --path-column path -o out {QUICK} {SMALL} --overwrite"));
    assert_eq!(columns(&bench, &["path", "column_2"]), ["a.png|5", "b.png|"]);
    bench.add("bare.tsv", b"\ta.png\n1\tb.png\n");
    bench.ok(&format!("extract bare.tsv --path-column 1 --no-header -o out {QUICK} {SMALL} --overwrite"));
    assert_eq!(columns(&bench, &["column_0", "column_1"]), ["|a.png", "1|b.png"]);
    // A delimiter in quotes doesn't count, and the ending of the file's name says which delimiter is used.
    for (name, table) in [
        ("quotes.csv", &b"\"a;b;c\",path\n1,a.png\n2,b.png\n"[..]),
        ("tabs.csv", b"\"a\tb\tc\",path\n1,a.png\n2,b.png\n"),
        ("commas.tsv", b"a, b, c\tpath\n1\ta.png\n2\tb.png\n"),
    ] {
        bench.add(name, table);
        bench.ok(&format!("extract {name} --path-column path -o out {QUICK} {SMALL} --overwrite"));
        assert_eq!(columns(&bench, &["row", "path"]), ["0|a.png", "1|b.png"], "{name}");
    }
    bench.add("lines.csv", b"\"a\nb; c; d\",path\n1,a.png\n2,b.png\n");
    bench.ok(&format!("extract lines.csv --path-column path -o out {QUICK} {SMALL} --overwrite"));
    assert_eq!(columns(&bench, &["row", "path"]), ["0|a.png", "1|b.png"]);
}

/// A person's own files in the folder must not be lost when features are replaced.
#[test]
fn a_person_s_files_are_not_lost_with_replaced_features() {
    let bench = with(&["a.png"]);
    for format in ["npy", "folder"] {
        let call = format!("extract a.png -o {format} {QUICK} --pool avg --format {format}");
        bench.ok(&call);
        bench.add(&format!("{format}/{TAG}/notes.txt"), b"mine");
        bench.add(&format!("{format}/{TAG}/mine/deep.csv"), b"mine");
        let run = bench.run(&format!("{call} --overwrite"));
        assert_eq!(run.code, Some(2), "{}", run.stderr);
        assert_eq!(
            run.stderr,
            format!(
                "error: `mine/deep.csv`, `notes.txt` are none of the features' files and would be lost with them; move them: \"{format}/{TAG}\"\n"
            )
        );
        std::fs::remove_file(bench.path(&format!("{format}/{TAG}/notes.txt"))).unwrap();
        std::fs::remove_dir_all(bench.path(&format!("{format}/{TAG}/mine"))).unwrap();
        bench.ok(&format!("{call} --overwrite"));
    }
}
