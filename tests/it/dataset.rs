//! Folders and logs read as data sets: the order of rows, missing pictures, paths of other machines, files that can't be read.

use std::path::{Path, PathBuf};

use filterscope::input::dataset::{Camera, Label, PictureRef, Source, expand_inputs, open_source};

use crate::support::{fixture, root};

const HEADER: &str = "index,timestamp,width,height,frame_id,filename,angle,torque,speed,lat,long,alt";

/// A folder with pictures of these names (all the same small PNG, whatever the name says).
fn folder(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::copy(fixture("pictures/rgb.png"), path).unwrap();
    }
    folder
}

fn write(folder: &Path, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn ids(source: &dyn Source) -> Vec<String> {
    (0..source.len()).map(|i| source.sample(i).unwrap().id).collect()
}

fn open_error(path: &Path) -> String {
    open_source(path).err().unwrap().to_string()
}

/// File names of a sample's pictures.
fn files(source: &dyn Source, index: usize) -> Vec<String> {
    let sample = source.sample(index).unwrap();
    sample.views.iter().map(|v| v.picture.path().file_name().unwrap().to_string_lossy().into()).collect()
}

#[test]
fn a_folder_is_in_natural_order_without_system_files() {
    let folder = folder(&[
        "10.png",
        "2.png",
        "1.png",
        "B/2.png",
        "B/10.png",
        "a/x.jpg",
        "größe.png",
        ".hidden.png",
        "._2.png",
        ".git/x.png",
        "__MACOSX/1.png",
    ]);
    for name in [".DS_Store", "Thumbs.db", "desktop.ini"] {
        write(folder.path(), name, "x");
    }
    write(folder.path(), "notes.txt", "hello");
    write(folder.path(), "photo.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic");
    std::fs::copy(fixture("pictures/rgb.png"), folder.path().join("frame")).unwrap();
    let source = open_source(folder.path()).unwrap();
    assert_eq!(
        ids(&*source),
        ["1.png", "2.png", "10.png", "a/x.jpg", "B/2.png", "B/10.png", "frame", "größe.png"]
    );
    let skipped: Vec<(&str, &str)> =
        source.skipped().iter().map(|s| (s.place.as_str(), s.reason.as_str())).collect();
    assert_eq!(
        skipped,
        [
            ("notes.txt", "a text file"),
            ("photo.heic", "a HEIC picture: export it as JPEG (a phone can be set to \"most compatible\")")
        ]
    );
    assert_eq!(source.label_names(), ["folder"]);
    assert_eq!(source.sample(4).unwrap().labels, [Label::Text("B".into())]);
    assert_eq!(source.sample(0).unwrap().labels, [Label::Missing]);
    assert_eq!(source.describe(), "folder of 8 pictures, 2 other files ignored");
    assert!(source.sample(8).is_none());
}

#[cfg(unix)]
#[test]
fn links_in_circles_end_and_broken_ones_are_listed() {
    let folder = folder(&["a/1.png", "a/b/2.png"]);
    std::os::unix::fs::symlink(folder.path(), folder.path().join("a/b/up")).unwrap();
    std::os::unix::fs::symlink("nowhere.png", folder.path().join("lost.png")).unwrap();
    let source = open_source(folder.path()).unwrap();
    assert_eq!(ids(&*source), ["a/1.png", "a/b/2.png"]);
    assert_eq!(source.skipped().len(), 1);
    assert_eq!(source.skipped()[0].place, "lost.png");
}

#[test]
fn a_path_that_is_no_data_set_is_refused_with_the_reason() {
    let folder = folder(&[]);
    let path = folder.path();
    assert_eq!(
        open_error(path),
        format!("no picture in this folder (0 other files were ignored): \"{}\"", path.display())
    );
    let missing = path.join("nothing");
    assert_eq!(
        open_error(&missing),
        format!("no such file or folder: check the path: \"{}\"", missing.display())
    );
    let text = write(path, "table.csv", "name,age\nx,1\n");
    assert_eq!(
        open_error(&text),
        format!(
            "not a data set: expected a folder of pictures, or a log with a header line such as Udacity's interpolated.csv (timestamp, frame_id, filename, angle); the first line is `name,age`: \"{}\"",
            text.display()
        )
    );
}

#[test]
fn lines_of_a_real_log_become_frames_of_three_cameras() {
    let text = std::fs::read_to_string(fixture("udacity_interpolated_head.csv")).unwrap();
    // The frames were saved as JPEG; the log says PNG.
    let names: Vec<String> =
        text.lines().skip(1).map(|line| line.split(',').nth(5).unwrap().replace(".png", ".jpg")).collect();
    let folder = folder(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let log = write(folder.path(), "interpolated.csv", &text);
    let source = open_source(&log).unwrap();
    assert_eq!(source.describe(), "Udacity log of 3 frames (left, center, right)");
    assert_eq!(
        files(&*source, 0),
        ["1479424215873184606.jpg", "1479424215880976321.jpg", "1479424215877284689.jpg"]
    );
    let sample = source.sample(0).unwrap();
    assert_eq!(sample.timestamp_ns, Some(1_479_424_215_880_976_321), "the centre line's");
    assert_eq!(source.label_names(), ["angle", "torque", "speed", "lat", "long", "alt"]);
    assert_eq!(sample.labels[0], Label::Number("0.00103893906341".parse().unwrap()));
    // The last three lines are out of time order and stay where the log has them.
    assert_eq!(source.sample(2).unwrap().timestamp_ns, Some(1_479_424_217_080_912_028));
    let path = |camera| sample.view(camera).unwrap().picture.path().to_owned();
    assert!(path(None).ends_with("center/1479424215880976321.jpg"));
    assert!(path(Some(Camera::Left)).ends_with("left/1479424215873184606.jpg"));
    assert_eq!(source.index_of_row(2), Some(2));
}

/// A log with these lines below the header.
fn log_of(lines: &[&str]) -> String {
    format!("{HEADER}\n{}\n", lines.join("\n"))
}

#[test]
fn missing_pictures_are_listed_and_row_numbers_stay() {
    let folder = folder(&["center/100.png", "center/300.png"]);
    let log = write(
        folder.path(),
        "interpolated.csv",
        log_of(&[
            "x,100000000,6,4,center_camera,center/100.png,0.1,0,0,0,0,0",
            "x,200000000,6,4,center_camera,center/200.png,0.2,0,0,0,0,0",
            "x,300000000,6,4,center_camera,center/300.png,,0,0,0,0,0",
        ]),
    );
    let source = open_source(&log).unwrap();
    assert_eq!(source.len(), 2);
    assert_eq!(source.sample(1).unwrap().row, 2);
    assert_eq!(source.sample(1).unwrap().labels[0], Label::Missing, "an empty cell is not zero");
    assert_eq!((source.index_of_row(1), source.index_of_row(2)), (None, Some(1)));
    let skipped = &source.skipped()[0];
    assert_eq!((skipped.row, skipped.place.as_str()), (Some(1), "line 3"));
    assert_eq!(skipped.reason, "no such picture: center/200.png");
    assert_eq!(source.describe(), "Udacity log of 2 frames (center), 1 of 3 pictures missing");
    let error = expand_inputs(std::slice::from_ref(&log), None, Some(1)).unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "no row 1: expected one from 0 to 2, and the pictures of this one are missing: \"{}\"",
            log.display()
        )
    );
    assert_eq!(expand_inputs(&[log], None, Some(2)).unwrap()[0].row, Some(2));
}

#[test]
fn a_camera_seen_twice_or_a_long_pause_begins_a_frame() {
    let folder = folder(&["l/1.png", "c/1.png", "c/2.png", "l/3.png"]);
    let line =
        |ms: u64, camera: &str, file: &str| format!("x,{ms}000000,6,4,{camera}_camera,{file},0.5,0,0,0,0,0");
    let lines = [
        line(1000, "left", "l/1.png"),
        line(1004, "center", "c/1.png"),
        line(1020, "center", "c/2.png"),
        line(1100, "left", "l/3.png"),
    ];
    let log = write(
        folder.path(),
        "interpolated.csv",
        log_of(&lines.iter().map(String::as_str).collect::<Vec<_>>()),
    );
    let source = open_source(&log).unwrap();
    let frames: Vec<Vec<String>> = (0..source.len()).map(|i| files(&*source, i)).collect();
    assert_eq!(frames, [vec!["1.png", "1.png"], vec!["2.png"], vec!["3.png"]]);
    assert!(source.sample(2).unwrap().view(Some(Camera::Center)).is_none());
    assert_eq!(source.sample(2).unwrap().view(None).unwrap().camera, Some(Camera::Left));
}

#[test]
fn logs_from_other_machines_and_editors_are_read() {
    let names = ["center/1.png", "center/2.png", "center/3.png", "center/4.png", "center/5.png"];
    let folder = folder(&names);
    let rows = [
        (r"C:\Users\ann\drive\center\1.png", "-0,0858"),
        ("/home/bob/data/center/2.png", "0.5"),
        ("./center/../center/3.png", "1e-3"),
        (r"D:/x/run 1/center/4.png", "2"),
        (r"center\5.png", "3"),
    ];
    let values = [-0.0858, 0.5, 1e-3, 2.0, 3.0];
    for (what, delimiter) in [("comma", ","), ("semicolon", ";"), ("tab", "\t")] {
        let mut text = format!("\u{feff}{}\r\n", HEADER.replace(',', &format!("{delimiter} ")));
        for (i, (file, angle)) in rows.iter().enumerate() {
            let ms = 1000 + i * 100;
            let cells = [
                "x",
                &format!("{ms}000000"),
                "6",
                "4",
                "\"center_camera\"",
                &format!("\"{file}\""),
                &format!("\"{angle}\""),
                "0",
                "0",
                "0",
                "0",
                "0",
            ];
            text += &(cells.join(delimiter) + "\r\n");
        }
        let log = write(folder.path(), "interpolated.csv", text);
        let source = open_source(&log).unwrap_or_else(|e| panic!("{what}: {e}"));
        assert_eq!(source.skipped(), [], "{what}");
        let found: Vec<String> = (0..source.len()).map(|i| files(&*source, i).concat()).collect();
        assert_eq!(found, ["1.png", "2.png", "3.png", "4.png", "5.png"], "{what}");
        for (i, value) in values.iter().enumerate() {
            assert_eq!(source.sample(i).unwrap().labels[0], Label::Number(*value), "{what}");
        }
    }
}

#[test]
fn a_log_never_reads_above_its_folder() {
    let outer = folder(&["secret.png", "log/center/1.png"]);
    let lines = [
        "x,1,6,4,center_camera,center/1.png,0,0,0,0,0,0".to_owned(),
        "x,100000001,6,4,center_camera,../secret.png,0,0,0,0,0,0".to_owned(),
        format!("x,200000001,6,4,center_camera,{}/secret.png,0,0,0,0,0,0", outer.path().display()),
    ];
    let log = write(
        &outer.path().join("log"),
        "interpolated.csv",
        log_of(&lines.iter().map(String::as_str).collect::<Vec<_>>()),
    );
    let source = open_source(&log).unwrap();
    assert_eq!((source.len(), source.skipped().len()), (1, 2));
}

#[test]
fn logs_that_cannot_be_read_name_the_line() {
    let folder = folder(&["center/1.png"]);
    let good = "x,1,6,4,center_camera,center/1.png,0,0,0,0,0,0";
    let table = [
        (
            "index,timestamp,frame_id,filename\n".to_owned(),
            "line 1: no column `angle`: expected timestamp, frame_id, filename, angle; found index, timestamp, frame_id, filename",
        ),
        (format!("{HEADER}\n"), "no rows: there is a header and nothing below it"),
        (
            log_of(&[good, "x,2,6,4,center_camera,center/1.png,-0,0858,0,0,0,0,0"]),
            "line 3: 13 fields where the header has 12 (a decimal comma must be quoted, or fields parted by semicolons)",
        ),
        (
            log_of(&["x,soon,6,4,center_camera,center/1.png,0,0,0,0,0,0"]),
            "line 2: timestamp is `soon`: expected nanoseconds since the epoch, a whole number",
        ),
        (
            log_of(&["x,1,6,4,,center/1.png,0,0,0,0,0,0"]),
            "line 2: frame_id is ``: expected left_camera, center_camera, right_camera or another name",
        ),
        (
            log_of(&[good, "", "x,1,6,4,left_camera,center/1.png,NaN,0,0,0,0,0"]),
            "line 4: angle is `NaN`: expected a number",
        ),
        (
            log_of(&["x,1,6,4,center_camera,,0,0,0,0,0,0"]),
            "line 2: filename is ``: expected a path such as center/1479424215880976321.jpg",
        ),
        (
            log_of(&["x,1,6,4,center_camera,center/9.png,0,0,0,0,0,0"]),
            "none of the log's 1 pictures is beside it; the first is `center/9.png`: put the picture folders next to the log",
        ),
    ];
    for (text, message) in table {
        let log = write(folder.path(), "log.csv", text);
        assert_eq!(open_error(&log), format!("{message}: \"{}\"", log.display()));
    }
    let log =
        write(folder.path(), "log.csv", [HEADER.as_bytes(), b"\nx,1,6,4,center_camera,\xFF,0\n"].concat());
    assert!(open_error(&log).starts_with("line 2: not UTF-8 text"), "{}", open_error(&log));
}

#[test]
fn the_made_up_drive_is_whole_and_steers_as_its_road_bends() {
    let source = open_source(&root().join("assets/drive")).unwrap();
    assert_eq!(source.describe(), "Udacity log of 24 frames (left, center, right)");
    assert_eq!(source.skipped(), []);
    let angles: Vec<f64> = (0..24).map(|i| source.sample(i).unwrap().labels[0].number().unwrap()).collect();
    assert!(angles[6] > 0.8 && angles[20] < -0.8, "{angles:?}");
    for index in [0, 12, 23] {
        for view in source.sample(index).unwrap().views {
            assert_eq!(view.picture.load().unwrap().rgb.dimensions(), (320, 240));
        }
    }
    // The lane's right edge in the picture's lower half moves with the bend; its place is the mean column of bright pixels.
    let edge = |index: usize| {
        let rgb = source.sample(index).unwrap().view(None).unwrap().picture.load().unwrap().rgb;
        let bright: Vec<f64> = rgb
            .enumerate_pixels()
            .filter(|(_, y, p)| (120..150).contains(y) && p.0.iter().all(|c| *c > 190))
            .map(|(x, ..)| f64::from(x))
            .collect();
        bright.iter().sum::<f64>() / bright.len() as f64
    };
    assert!(edge(20) - edge(7) > 20.0, "{} {}", edge(7), edge(20));
}

fn of(refs: &[PictureRef]) -> Vec<(&str, &str, Option<usize>)> {
    refs.iter().map(|r| (r.label.as_str(), r.stem.as_str(), r.row)).collect()
}

#[test]
fn inputs_become_a_flat_list_in_order() {
    let folder = folder(&["a/1.png", "b/1.png", "b/1.jpg"]);
    let at = |name: &str| folder.path().join(name);
    let refs = expand_inputs(&[at("b/1.png"), at("b"), at("gone.png")], None, None).unwrap();
    assert_eq!(
        of(&refs),
        [
            ("1.png", "1", None),
            ("1.jpg", "1_2", Some(0)),
            ("1.png", "1_3", Some(1)),
            ("gone.png", "gone", None)
        ]
    );
    let refs = expand_inputs(&[folder.path().to_owned()], None, Some(2)).unwrap();
    assert_eq!(of(&refs), [("b/1.png", "b_1", Some(2))]);

    let drive = root().join("assets/drive");
    let refs = expand_inputs(std::slice::from_ref(&drive), Some(Camera::Left), Some(12)).unwrap();
    assert_eq!(of(&refs), [("drive, frame 12, left", "drive_000012_left", Some(12))]);
    assert!(refs[0].picture.path().ends_with("left/1500000006000000000.jpg"));
    let refs = expand_inputs(&[drive.join("interpolated.csv")], None, None).unwrap();
    assert_eq!(refs.len(), 24);
    assert!(refs.iter().all(|r| r.camera == Some(Camera::Center)));
}

#[test]
fn inputs_that_make_no_sense_are_refused() {
    let error = |paths: &[PathBuf], camera, row| expand_inputs(paths, camera, row).unwrap_err().to_string();
    assert_eq!(error(&[], None, None), "no input: name a picture, a folder or a driving log");
    let cat = root().join("assets/cat.png");
    assert_eq!(
        error(std::slice::from_ref(&cat), None, Some(3)),
        format!(
            "a row can be chosen of a folder or driving log, and this is a picture: \"{}\"",
            cat.display()
        )
    );
    let drive = root().join("assets/drive");
    assert_eq!(
        error(std::slice::from_ref(&drive), None, Some(24)),
        format!("no row 24: expected one from 0 to 23: \"{}\"", drive.display())
    );
    let folder = folder(&["1.png"]);
    assert_eq!(
        error(&[folder.path().to_owned()], Some(Camera::Left), None),
        format!(
            "no picture of the left camera: expected no camera (a folder of pictures): \"{}\"",
            folder.path().display()
        )
    );
    assert_eq!(
        error(std::slice::from_ref(&drive), Some("rear".parse().unwrap()), None),
        format!("no picture of the rear camera: expected left, center, right: \"{}\"", drive.display())
    );
    assert_eq!(
        " ".parse::<Camera>().unwrap_err().to_string(),
        "camera ``: expected left, center, right or another camera's name"
    );
}
