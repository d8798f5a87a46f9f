//! A picture through a network to the values of one layer.
//!
//! ```text
//! cargo run --release --example activations -- PICTURE WEIGHTS MODEL LAYER
//! cargo run --release --example activations -- assets/cat.png weights/tf_efficientnet_lite0.f16.safetensors tf_efficientnet_lite0.in1k blocks.0.0
//! ```

#![allow(clippy::print_stdout, reason = "an example prints its result")]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use filterscope::engine::{Backbone, ComputeDevice, Session, WeightStore};
use filterscope::input::{FitChoice, ValueChoice, decode::decode_file, preprocess};
use filterscope::models::Registry;
use filterscope::tensor::{Activation, LayerStats};

/// The values of a layer for one picture: `[channels, rows, columns]`, `f32`. `layer` is a name that `filterscope layers MODEL` lists.
///
/// # Errors
/// An unknown model or layer, a picture that can't be read, weights that don't fit the model.
pub fn activations(
    picture: &Path,
    weights: &Path,
    model: &str,
    layer: &str,
) -> Result<Activation, Box<dyn Error>> {
    let spec = Registry::find(model)?;
    // No weights are embedded here, and none are downloaded.
    let backbone = Arc::new(Backbone::load(spec, &WeightStore::new(Vec::new()), Some(weights))?);
    let node = backbone.graph().resolve(layer, model)?;
    let picture = decode_file(picture)?;
    // As the weights were evaluated: the fit and the values that they need.
    let input =
        preprocess(&picture.rgb, backbone.preprocessing().spec(), FitChoice::Model, ValueChoice::Model)?;
    let mut session = Session::new(backbone, ComputeDevice::cpu())?;
    let values = session.activations(&input.batch, &[node])?;
    values.into_iter().next().ok_or_else(|| "the run was cancelled".into())
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [picture, weights, model, layer] = &args[..] else {
        return Err("usage: activations PICTURE WEIGHTS MODEL LAYER".into());
    };
    let values = activations(picture.as_ref(), weights.as_ref(), model, layer)?;
    let stats = LayerStats::of(&values);
    println!(
        "{} {}: {} to {}, {} dead channels",
        values.name(),
        values.shape(),
        stats.min,
        stats.max,
        stats.counts.dead
    );
    let first = values.channel(0);
    println!("channel 0 begins with {:?}", &first[..first.len().min(4)]);
    Ok(())
}
