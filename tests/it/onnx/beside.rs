//! Weights in files next to the model: read from where the model says, and from nowhere else.

use std::path::Path;

use filterscope::engine::{Backbone, WeightStore, open_onnx};
use filterscope::weights::OnnxNet;

use super::encode::{beside, network, node};
use crate::support::fixture;

const SHAPE: [i64; 4] = [4, 3, 1, 1];

fn write(folder: &Path, place: &[(&str, &str)]) -> String {
    let path = folder.join("net.onnx");
    std::fs::write(&path, network(&[node("Conv", &["x", "w"], "y", &[]), beside("w", &SHAPE, place)]))
        .unwrap();
    path.display().to_string()
}

fn words(folder: &Path, place: &[(&str, &str)]) -> String {
    let path = write(folder, place);
    match OnnxNet::read(Path::new(&path)) {
        Ok(net) => format!("{:?}", net.tensors.tensor("the Conv.weight").unwrap().1),
        Err(error) => error.to_string().replace(&path, "net.onnx"),
    }
}

fn bytes_of(values: impl Iterator<Item = f32>) -> Vec<u8> {
    values.flat_map(f32::to_le_bytes).collect()
}

#[test]
fn constants_are_read_from_the_named_place() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("w.data"), bytes_of((0..20).map(|n| n as f32))).unwrap();
    std::fs::create_dir(folder.path().join("deep")).unwrap();
    std::fs::write(folder.path().join("deep/w"), bytes_of((0..12).map(|n| n as f32))).unwrap();
    let numbers = |from: usize| format!("{:?}", (from..from + 12).map(|n| n as f32).collect::<Vec<f32>>());
    assert_eq!(words(folder.path(), &[("location", "w.data")]), numbers(0));
    assert_eq!(
        words(folder.path(), &[("location", "w.data"), ("offset", "32"), ("length", "48")]),
        numbers(8)
    );
    assert_eq!(words(folder.path(), &[("location", "./deep/w"), ("offset", "0")]), numbers(0));
}

#[test]
fn files_outside_the_model_s_folder_are_not_read() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("models");
    std::fs::create_dir(&folder).unwrap();
    for path in [outer.path().join("secret"), folder.join("w.data")] {
        std::fs::write(path, bytes_of((0..12).map(|n| n as f32))).unwrap();
    }
    let absolute = outer.path().join("secret").display().to_string();
    let check = |place: &[(&str, &str)], expected: &str| {
        let location = place.iter().find(|(key, _)| *key == "location").map_or("", |(_, value)| value);
        let expected =
            format!("the constant `w` lies in another file, `{location}`, {expected}: \"net.onnx\"");
        assert_eq!(words(&folder, place), expected);
    };
    let outside = "which is no path below the model's folder";
    for location in ["../secret", "deep/../../secret", "..", &absolute, ""] {
        check(&[("location", location)], outside);
    }
    check(&[], outside);
    let missing = "which can't be read: No such file or directory (os error 2); it belongs beside the model";
    check(&[("location", "gone.data")], missing);
    check(&[("location", ".")], "which is no regular file");
    let at = |offset, length| [("location", "w.data"), ("offset", offset), ("length", length)];
    check(&at("-4", "48"), "with `-4` as its offset");
    check(&at("0", "all"), "with `all` as its length");
    check(&at("0", "47"), "in 47 bytes, and takes 48");
    let beyond =
        |offset: &str| format!("48 bytes from byte {offset} on, and that file has 48; get both files again");
    check(&at("4", "48"), &beyond("4"));
    check(&at("18446744073709551615", "48"), &beyond("18446744073709551615"));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(outer.path().join("secret"), folder.join("link")).unwrap();
        std::os::unix::fs::symlink(outer.path(), folder.join("out")).unwrap();
        std::os::unix::fs::symlink(folder.join("w.data"), folder.join("inside")).unwrap();
        check(&[("location", "link")], "which is a link out of the model's folder");
        check(&[("location", "out/secret")], "which is a link out of the model's folder");
        assert!(words(&folder, &[("location", "inside")]).starts_with("[0.0, 1.0"));
    }
}

#[test]
fn a_constant_larger_than_its_file_takes_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("w.data"), [0; 48]).unwrap();
    let path = folder.path().join("net.onnx");
    let huge = beside("w", &[1 << 20, 1 << 18, 1, 1], &[("location", "w.data")]);
    std::fs::write(&path, network(&[node("Conv", &["x", "w"], "y", &[]), huge])).unwrap();
    assert_eq!(
        OnnxNet::read(&path).unwrap_err().to_string(),
        format!(
            "the constant `w` lies in another file, `w.data`, 1099511627776 bytes from byte 0 on, and that file has 48; get both \
             files again: \"{}\"",
            path.display()
        )
    );
}

#[test]
fn weights_that_changed_on_the_disk_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["weights_beside.onnx", "weights_beside.onnx.data"] {
        std::fs::copy(fixture(&format!("onnx/{name}")), folder.path().join(name)).unwrap();
    }
    let row = open_onnx(&folder.path().join("weights_beside.onnx")).unwrap()[0];
    let load = || Backbone::load(row, &WeightStore::default(), None).map(drop);
    load().unwrap();
    let data = folder.path().join("weights_beside.onnx.data");
    let mut bytes = std::fs::read(&data).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&data, bytes).unwrap();
    let error = load().unwrap_err().to_string();
    assert!(
        error.starts_with("the file of weights_beside.onnx changed since it was opened; open it again: "),
        "{error}"
    );
}
