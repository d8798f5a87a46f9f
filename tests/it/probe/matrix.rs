//! Sets of features as matrices, whatever the format, and sets that are refused.

use filterscope::features::{FeatureFormat, FeatureMatrix, MapRows};

use crate::extract::{QUICK, TAG, csv, with_drive};

fn open(folder: &std::path::Path, maps: MapRows) -> Result<FeatureMatrix, String> {
    FeatureMatrix::open(folder, maps, &|| true).map_err(|error| error.to_string())
}

#[test]
fn every_format_gives_the_same_matrix() {
    let bench = with_drive();
    let mut matrices = Vec::new();
    for format in FeatureFormat::ALL {
        let out = format!("out_{format}");
        bench.ok(&format!("extract drive -o {out} {QUICK} --pool avg --format {format} --every 5 -q"));
        let mut matrix = open(&bench.path(&out).join(TAG), MapRows::Averaged).unwrap();
        assert_eq!((matrix.num_rows(), matrix.width(), matrix.num_bytes()), (15, 1280, 15 * 1280 * 4));
        // In blocks of four rows, of which the last has three.
        let (mut firsts, mut blocks) = (Vec::new(), Vec::new());
        matrix
            .for_each_block(4 * 1280 * 4, &mut |first, block| {
                firsts.push(first);
                blocks.extend_from_slice(block);
                true
            })
            .unwrap();
        assert_eq!(firsts, [0, 4, 8, 12]);
        assert_eq!(blocks, matrix.to_memory(&|| true).unwrap());
        let lines = csv(&bench.path(&out).join(TAG).join("index.csv"));
        let angle = lines[0].iter().position(|name| name == "angle").unwrap();
        let expected: Vec<String> = lines[1..].iter().map(|line| line[angle].clone()).collect();
        assert_eq!(matrix.index().column("angle").unwrap(), expected);
        assert!(matrix.index().column("angel").is_none());
        matrices.push(blocks);
    }
    assert!(matrices.iter().all(|blocks| *blocks == matrices[0]), "the same numbers");
}

#[test]
fn maps_are_averaged_in_either_order_of_axes_and_kept_whole_where_asked() {
    let bench = with_drive();
    bench.ok(&format!("extract drive -o pooled {QUICK} --pool avg --format npy --limit 4 -q"));
    let pooled =
        open(&bench.path("pooled").join(TAG), MapRows::Flattened).unwrap().to_memory(&|| true).unwrap();
    for order in ["hwc", "chw"] {
        bench.ok(&format!("extract drive -o {order} {QUICK} --order {order} --format h5 --limit 4 -q"));
        let folder = bench.path(order).join(TAG);
        let mut averaged = open(&folder, MapRows::Averaged).unwrap();
        assert_eq!((averaged.width(), averaged.map_extent()), (1280, Some((1280, 4))));
        for (got, expected) in averaged.to_memory(&|| true).unwrap().iter().zip(&pooled) {
            assert!((got - expected).abs() <= 1e-6 * expected.abs().max(1.0), "{order}: {got} {expected}");
        }
        assert_eq!(open(&folder, MapRows::Flattened).unwrap().width(), 4 * 1280);
    }
    bench.ok(&format!("extract drive -o half {QUICK} --pool avg --dtype f16 --format npz --limit 4 -q"));
    let half = open(&bench.path("half").join(TAG), MapRows::Averaged).unwrap().to_memory(&|| true).unwrap();
    for (got, expected) in half.iter().zip(&pooled) {
        assert!((got - expected).abs() <= 1e-3 * expected.abs() + 1e-6, "f16: {got} {expected}");
    }
}

#[test]
fn damaged_and_unfinished_sets_are_refused() {
    let bench = with_drive();
    bench.ok(&format!("extract drive -o out {QUICK} --pool avg --format folder --limit 4 -q"));
    bench.ok(&format!("extract drive -o one {QUICK} --pool avg --format npy --limit 4 -q"));
    let (out, one) = (bench.path("out").join(TAG), bench.path("one").join(TAG));
    // A bit of a picture's own file, whose hash only the one over all numbers covers.
    let file = out.join("center/1500000000004200000.npy");
    let mut bytes = std::fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let error = open(&out, MapRows::Averaged).unwrap().to_memory(&|| true).unwrap_err().to_string();
    assert!(error.contains("the numbers are not those that were written"), "{error}");
    // A label of the index.
    let index = std::fs::read_to_string(one.join("index.csv")).unwrap();
    std::fs::write(one.join("index.csv"), index.replacen("center", "Center", 1)).unwrap();
    let error = open(&one, MapRows::Averaged).unwrap_err();
    assert!(error.contains("its hash is not the manifest's"), "{error}");
    std::fs::remove_file(one.join("manifest.json")).unwrap();
    let error = open(&one, MapRows::Averaged).unwrap_err();
    assert!(error.starts_with("no manifest.json"), "{error}");
}
