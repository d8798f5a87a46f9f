//! One channel's map as a picture.

use std::sync::Arc;

use egui::ColorImage;

use crate::app::model::tiles as textures;
use crate::mosaic::{MosaicSettings, compose};
use crate::tensor::{Activation, LayerStats};

/// One channel's map, a pixel a value, coloured as in a mosaic of those settings.
pub(crate) fn channel_map(
    activation: &Activation,
    stats: &LayerStats,
    settings: &MosaicSettings,
    channel: usize,
) -> Result<Arc<ColorImage>, crate::mosaic::MosaicError> {
    use crate::mosaic::MosaicLayout;
    let normalisation = settings.normalisation.for_one_channel();
    let settings = MosaicSettings {
        layout: MosaicLayout::Channels,
        grid: None,
        scale: 1,
        gap: 0,
        order: Some([channel].into()),
        normalisation,
        ..settings.clone()
    };
    let mosaic = compose(activation, stats, &settings)?;
    Ok(textures::from_pixels(&mosaic.pixels))
}
