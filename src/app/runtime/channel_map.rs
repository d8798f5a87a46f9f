//! One channel's feature map as an image.

use std::sync::Arc;

use egui::ColorImage;

use crate::app::model::tiles as textures;
use crate::mosaic::{MosaicSettings, compose};
use crate::tensor::{Activation, LayerStats};

/// One channel's feature map, one pixel per value, coloured as in a mosaic with these settings.
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
