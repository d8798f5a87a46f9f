//! The content of feature files, read by other code than wrote them, and compared with the activations of single pictures.

use filterscope::engine::{Backbone, ComputeDevice, Session};
use filterscope::features::{FeatureFormat, FeatureRows, StoredFeatures};
use filterscope::input::decode::decode_file;
use filterscope::input::{FitChoice, ValueChoice, preprocess};
use filterscope::models::Registry;
use filterscope::tensor::Activation;
use filterscope::weights::TensorFile;
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::{QUICK, TAG, csv, manifest, with_drive};
use crate::support::golden::{Goldens, relative_error};
use crate::support::{fixture, npy, root};

/// The final layer's activation for one picture, computed without `extract`.
fn alone(picture: &std::path::Path, fit: FitChoice) -> Activation {
    let row = Registry::find(TAG).unwrap();
    let file = TensorFile::read(&root().join("weights/tf_efficientnet_lite0.f16.safetensors")).unwrap();
    let backbone = Backbone::from_tensors(row, file).unwrap();
    let last = backbone.graph().final_node();
    let mut session = Session::new(backbone.into(), ComputeDevice::cpu()).unwrap();
    let rgb = decode_file(picture).unwrap().rgb;
    let input = preprocess(&rgb, &row.preprocess, fit, ValueChoice::Model).unwrap().batch;
    session.activations(&input, &[last]).unwrap().remove(0)
}

fn floats(path: &std::path::Path) -> (Vec<usize>, Vec<f32>) {
    npy::npy_f32(path)
}

/// Reads an array of an `.npz` file.
fn entry<T: npyz::Deserialize>(path: &std::path::Path, name: &str) -> Vec<T> {
    let mut zip = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut zip.by_name(&format!("{name}.npy")).unwrap(), &mut bytes).unwrap();
    npyz::NpyFile::new(&bytes[..]).unwrap().into_vec().unwrap()
}

#[test]
fn every_picture_has_its_own_file_and_batches_change_nothing() {
    let bench = with_drive();
    // As in the article of 2017, the results are written next to the log.
    bench.ok(&format!("extract drive/interpolated.csv -o drive {QUICK} --batch 5"));
    let set = bench.path("drive").join(TAG);
    for name in ["left/1500000000000000000", "center/1500000006004200000"] {
        let (shape, values) = floats(&set.join(format!("{name}.npy")));
        assert_eq!(shape, [2, 2, 1280]);
        let fit = "64x64".parse().unwrap();
        let map = alone(&bench.path("drive").join(format!("{name}.jpg")), fit);
        for (at, value) in values.iter().enumerate() {
            let (row, column, channel) = (at / 1280 / 2, at / 1280 % 2, at % 1280);
            assert_eq!(value.to_bits(), map.value(channel, row, column).unwrap().to_bits(), "{name} {at}");
        }
    }
    let index = csv(&set.join("index.csv"));
    assert_eq!(index.len(), 1 + 72);
    let header = "row,file,camera,features_file,index,timestamp,width,height,frame_id,filename,angle,torque,speed,lat,long,alt";
    assert_eq!(index[0].join(","), header);
    assert_eq!(
        index[2][..4],
        ["0", "center/1500000000004200000.jpg", "center", "center/1500000000004200000.npy"]
    );
    // The timestamp is the line's own, not that of its moment.
    assert_eq!((index[1][5].as_str(), index[2][5].as_str()), ("1500000000000000000", "1500000000004200000"));
    let said = manifest(&bench, &format!("drive/{TAG}"));
    assert_eq!(said["stored"]["order"], "hwc");
    assert_eq!(
        (&said["num_rows"], &said["num_failed"], &said["num_left_out"]),
        (&72.into(), &0.into(), &0.into())
    );
    assert_eq!(said["weights_sha256"].as_str().unwrap().len(), 64);
    assert!(!set.join("skipped.csv").exists() && !bench.path("drive/.filterscope").exists());
    // A second run doesn't take the results for pictures and has nothing to do.
    let run = bench.ok(&format!("extract drive/interpolated.csv -o drive {QUICK} --resume"));
    assert!(
        run.stderr.ends_with(&format!("nothing to do, the features are complete: \"drive/{TAG}\"\n")),
        "{}",
        run.stderr
    );
}

#[test]
fn the_map_of_the_reference_picture_equals_the_reference() {
    let bench = crate::support::binary::Bench::with_cat();
    std::fs::create_dir(bench.path("in")).unwrap();
    std::fs::rename(bench.path("cat.png"), bench.path("in/cat.png")).unwrap();
    bench.ok("extract in -o out --model xception.keras_in1k --pool none --order chw");
    let (shape, values) = floats(&bench.path("out/xception.keras_in1k/cat.npy"));
    assert_eq!(shape, [2048, 10, 10]);
    let (_, golden) = npy::npy_f32(fixture("goldens_real/xception_keras_in1k/final_299.npy"));
    // The tolerance is that of the parity tests, because our resize equals the reference's to the bit.
    let error = crate::support::golden::relative_error(&values, &golden);
    assert!(error < 1e-4, "{error}");
}

/// All formats have the same rows. Each is read back by its own reader.
#[test]
fn all_formats_hold_the_same() {
    let bench = with_drive();
    let mut hashes = Vec::new();
    let mut rows_of = Vec::new();
    for format in FeatureFormat::ALL {
        let out = format!("out_{format}");
        bench.ok(&format!("extract drive -o {out} {QUICK} --pool avg --format {format} --every 5 -q"));
        let said = manifest(&bench, &format!("{out}/{TAG}"));
        assert_eq!(said["stored"]["shape"], serde_json::json!([1280]), "{format}");
        hashes.push(said["values_sha256"].clone());
        let mut stored = StoredFeatures::open(&bench.path(&out).join(TAG)).unwrap();
        assert_eq!(stored.num_rows(), 15);
        let mut all = Vec::new();
        (0..15).for_each(|row| stored.values(row, &mut all).unwrap());
        rows_of.push(all);
        let run = bench.ok(&format!("features verify {out}"));
        assert!(run.stdout.starts_with("whole: 15 rows, 19200 values"), "{format}: {}", run.stdout);
    }
    assert!(rows_of.iter().all(|rows| *rows == rows_of[0]), "the same bytes");
    assert!(hashes.iter().all(|hash| *hash == hashes[0]), "{hashes:?}");

    let set = |format: &str| bench.path(&format!("out_{format}")).join(TAG);
    let (shape, values) = floats(&set("npy").join("features.npy"));
    assert_eq!(shape, [15, 1280]);
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    assert!(bytes == rows_of[0]);

    let npz = set("npz").join("features.npz");
    let angle: Vec<f64> = entry(&npz, "angle");
    assert_eq!(angle.len(), 15);
    assert_eq!(entry::<i64>(&npz, "timestamp")[0], 1_500_000_000_000_000_000);
    assert!(entry::<f32>(&npz, "features") == values);

    let bytes = std::fs::read(set("safetensors").join("features.safetensors")).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let features = tensors.tensor("features").unwrap();
    assert_eq!((features.shape(), features.dtype()), (&[15, 1280][..], safetensors::Dtype::F32));
    assert!(features.data() == rows_of[0]);
    assert_eq!(tensors.tensor("angle").unwrap().shape(), [15]);

    let h5 = hdf5_pure::File::open(set("h5").join("features.h5")).unwrap();
    assert!(h5.dataset("features").unwrap().is_chunked());
    assert_eq!(h5.dataset("features").unwrap().shape().unwrap(), [15, 1280]);
    assert!(h5.dataset("features").unwrap().read_f32().unwrap() == values);
    assert_eq!(h5.dataset("angle").unwrap().read_f64().unwrap(), angle);
    assert_eq!(h5.dataset("camera").unwrap().read_string().unwrap()[..2], ["left", "center"]);

    let file = std::fs::File::open(set("parquet").join("features.parquet/part-00000.parquet")).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let row = reader.get_row_iter(None).unwrap().nth(1).unwrap().unwrap();
    let cells: Vec<(String, String)> =
        row.get_column_iter().map(|(n, f)| (n.clone(), f.to_string())).collect();
    assert_eq!(cells[2], ("camera".to_owned(), "\"center\"".to_owned()));
    assert_eq!(cells.last().unwrap().0, "features");
}

#[test]
fn half_floats_are_rounded_and_pooling_is_what_it_says() {
    let bench = with_drive();
    let run = |out: &str, options: &str| {
        bench.ok(&format!(
            "extract drive -o {out} {QUICK} --limit 2 --camera center --format npy -q {options}"
        ));
        bench.path(out).join(TAG).join("features.npy")
    };
    let (_, map) = floats(&run("map", "--pool none --order chw"));
    let (shape, mean) = floats(&run("avg", "--pool avg"));
    assert_eq!(shape, [2, 1280]);
    let (_, most) = floats(&run("max", "--pool max"));
    for (at, plane) in map.chunks_exact(4).enumerate() {
        let expected = plane.iter().map(|v| f64::from(*v)).sum::<f64>() / 4.0;
        assert_eq!(mean[at], expected as f32);
        assert_eq!(most[at], plane.iter().copied().fold(f32::MIN, f32::max));
    }
    let (_, flat) = floats(&run("flat", "--pool flatten --order chw"));
    assert!(flat == map);
    let bytes = std::fs::read(run("half", "--pool avg --dtype f16")).unwrap();
    let half = &bytes[bytes.len() - mean.len() * 2..];
    let expected: Vec<u8> = mean.iter().flat_map(|v| half::f16::from_f32(*v).to_le_bytes()).collect();
    assert!(half == expected);
}

#[test]
fn several_networks_and_layers_are_sets_of_their_own() {
    let bench = with_drive();
    let models = "--model tf_efficientnet_lite0.in1k,xception.keras_in1k --fit 96x96";
    bench.ok(&format!("extract drive -o out {models} --pool avg --format npy --limit 1"));
    assert_eq!(bench.names("out"), [TAG, "xception.keras_in1k"]);
    assert_eq!(manifest(&bench, "out/xception.keras_in1k")["stored"]["shape"], serde_json::json!([2048]));
    bench.ok(&format!(
        "extract drive -o layers {QUICK} --layer bn1.act,blocks.1.1 --pool avg --format npy --limit 1"
    ));
    assert_eq!(bench.names("layers"), [format!("{TAG}__blocks.1.1"), format!("{TAG}__bn1.act")]);
}

#[test]
fn pictures_that_keep_their_sizes_have_maps_of_their_own() {
    let bench = crate::support::binary::Bench::new();
    bench.add_cat("in/cat.png");
    std::fs::copy(root().join("assets/drive/left/1500000000000000000.jpg"), bench.path("in/road.jpg"))
        .unwrap();
    let native = "--model tf_efficientnet_lite0.in1k --fit native";
    bench.ok(&format!("extract in -o out {native}"));
    assert_eq!(floats(&bench.path("out").join(TAG).join("cat.npy")).0, [10, 15, 1280]);
    assert_eq!(floats(&bench.path("out").join(TAG).join("road.npy")).0, [8, 10, 1280]);
    bench.ok("features verify out");
    let run = bench.run(&format!("extract in -o no {native} --format npy"));
    assert_eq!(run.code, Some(2));
    assert!(
        run.stderr.contains(
            "pictures keep their own sizes, so their maps may differ in size and don't fit one npy"
        ),
        "{}",
        run.stderr
    );
    bench.ok(&format!("extract in -o pooled {native} --format npy --pool gem"));
}

#[test]
fn damage_is_found() {
    let bench = with_drive();
    bench.ok(&format!("extract drive -o out {QUICK} --pool avg --format npy --limit 2"));
    let array = bench.path("out").join(TAG).join("features.npy");
    let whole = std::fs::read(&array).unwrap();
    let mut bytes = whole.clone();
    let last = bytes.len() - 2;
    bytes[last] ^= 1;
    std::fs::write(&array, &bytes).unwrap();
    let run = bench.run("features verify out");
    assert_eq!(run.code, Some(2));
    assert_eq!(
        run.stdout,
        format!(
            "not whole: it is not as it was written: its hash is not the manifest's; copy it again: \"out/{TAG}/features.npy\": \"out/{TAG}\"\n"
        )
    );
    std::fs::write(&array, &whole[..whole.len() - 1]).unwrap();
    let run = bench.run("features verify out");
    assert_eq!(
        run.stdout,
        format!(
            "not whole: the file is cut short: it lacks 1 byte: copy it again: \"out/{TAG}/features.npy\": \"out/{TAG}\"\n"
        )
    );
    let run = bench.run("features info out");
    assert!(run.stdout.contains("features    6 of 1280, f32, npy, order hwc"), "{}", run.stdout);
    assert_eq!(bench.run("features info drive").code, Some(2));
}

/// The picture that a reference input was made from: stored, or computed from the input's values.
fn golden_picture(folder: &str, size: &str) -> image::RgbImage {
    let stored = &Goldens::read(&fixture(folder)).inputs[size].resized_rgb;
    if !stored.is_empty() {
        let (shape, pixels) = npy::npy_u8(fixture(stored));
        return image::RgbImage::from_raw(shape[1] as u32, shape[0] as u32, pixels).unwrap();
    }
    let (shape, values) = floats(&fixture(folder).join(format!("input_{size}.npy")));
    let (height, width) = (shape[2], shape[3]);
    let is_caffe = folder.contains("vgg16");
    image::RgbImage::from_fn(width as u32, height as u32, |x, y| {
        image::Rgb([0, 1, 2].map(|channel: usize| {
            let plane = if is_caffe { 2 - channel } else { channel };
            let value = values[(plane * height + y as usize) * width + x as usize];
            let sample =
                if is_caffe { value + [103.939, 116.779, 123.68][plane] } else { (value + 1.0) * 127.5 };
            sample.round() as u8
        }))
    })
}

/// The pictures that the framework's reference inputs were made from have the network's own size, and `extract` gives the framework's
/// map for them: the input values equal the stored input tensors to the bit (`parity.rs`).
#[test]
fn maps_of_the_golden_inputs_are_the_frameworks() {
    for (folder, size, model) in [
        ("goldens_real/xception_keras_in1k", "299", "xception.keras_in1k"),
        ("goldens_real/vgg16_keras_in1k", "224", "vgg16.keras_in1k"),
        ("goldens_real/tf_efficientnet_lite0", "224", TAG),
    ] {
        let bench = crate::support::binary::Bench::new();
        golden_picture(folder, size).save(bench.path("golden.png")).unwrap();
        bench.ok(&format!(
            "extract golden.png -o out --model {model} --pool none --order chw --fit native --format folder"
        ));
        let (got_shape, got) = floats(&bench.path(&format!("out/{model}/golden.npy")));
        let (expected_shape, expected) = floats(&fixture(folder).join(format!("final_{size}.npy")));
        assert_eq!(got_shape, expected_shape[expected_shape.len() - 3..], "{model}");
        let error = relative_error(&got, &expected);
        // The tolerance of `parity.rs`.
        assert!(error <= 1e-4, "{model}: {error:.1e}");
    }
}
