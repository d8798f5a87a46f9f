//! The examples for users of the library give what the program gives.

use crate::support::binary::Bench;
use crate::support::root;

#[allow(dead_code, reason = "its `main` is for the command line")]
#[path = "../../examples/activations.rs"]
mod activations;
#[allow(dead_code, reason = "its `main` is for the command line")]
#[path = "../../examples/mosaic.rs"]
mod mosaic;

const LITE0: &str = "tf_efficientnet_lite0.in1k";

#[test]
fn the_example_of_activations_gives_the_values_that_the_program_saves() {
    let bench = Bench::with_cat();
    bench.ok(&format!("render cat.png -o cat.png.mosaic.png --model {LITE0} --layer conv_stem --npy"));
    let weights = root().join("weights/tf_efficientnet_lite0.f16.safetensors");
    let values = activations::activations(&bench.path("cat.png"), &weights, LITE0, "conv_stem").unwrap();
    let npy = bench.names(".").into_iter().find(|name| name.ends_with(".npy")).unwrap();
    let bytes = std::fs::read(bench.path(&npy)).unwrap();
    let saved: Vec<f32> = npyz::NpyFile::new(&bytes[..]).unwrap().into_vec().unwrap();
    assert_eq!(values.values(), &saved[..]);
    let wrong = activations::activations(&bench.path("cat.png"), &weights, LITE0, "conv_stern").unwrap_err();
    assert!(wrong.to_string().contains("conv_stem"), "{wrong}");
}

#[test]
fn the_example_of_a_mosaic_draws_its_values() {
    let values = mosaic::waves().unwrap();
    let drawn = mosaic::draw(&values).unwrap();
    // 4 × 4 tiles of 12 values at 4 pixels, and three gaps.
    assert_eq!((drawn.pixels.width(), drawn.pixels.height()), (4 * 48 + 3, 4 * 48 + 3));
    assert_eq!(drawn.counts.live, 16);
}
