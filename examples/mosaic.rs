//! Values to a picture: a mosaic of one tile per channel, as a PNG. The values may come from anywhere.
//!
//! ```text
//! cargo run --release --example mosaic -- OUT.png
//! ```

#![allow(clippy::print_stdout, reason = "an example prints its result")]

use std::error::Error;
use std::path::Path;

use filterscope::formats::write_png;
use filterscope::mosaic::{ColourChoice, ColourMap, Mosaic, MosaicSettings, compose};
use filterscope::tensor::{Activation, LayerStats, MapShape};

/// Draws a layer, each channel by its own range.
///
/// # Errors
/// Values without a channel, a picture over the size limit.
pub fn draw(values: &Activation) -> Result<Mosaic, Box<dyn Error>> {
    let settings = MosaicSettings {
        scale: 4,
        colour: ColourChoice::Map(ColourMap::Viridis),
        ..MosaicSettings::default()
    };
    Ok(compose(values, &LayerStats::of(values), &settings)?)
}

/// Sixteen channels of 12×12 values: waves of growing frequency.
///
/// # Errors
/// None; the number of values is that of the shape.
pub fn waves() -> Result<Activation, Box<dyn Error>> {
    let shape = MapShape::new(16, 12, 12);
    let value = |at: usize| {
        let (channel, place) = (at / 144, at % 144);
        ((place / 12) as f32 * 0.1 * channel as f32).sin() + ((place % 12) as f32 * 0.2).cos()
    };
    Ok(Activation::new("waves", shape, (0..shape.len()).map(value).collect::<Vec<f32>>())?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let out = std::env::args().nth(1).ok_or("usage: mosaic OUT.png")?;
    let mosaic = draw(&waves()?)?;
    write_png(Path::new(&out), &mosaic.pixels)?;
    println!(
        "{} of {}, {} pixels",
        mosaic.geometry.grid(),
        mosaic.shape,
        mosaic.geometry.width() * mosaic.geometry.height()
    );
    Ok(())
}
