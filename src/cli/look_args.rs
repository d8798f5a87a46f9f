//! The options for the look of mosaics, and how they are applied to a request.

use clap::Args as ClapArgs;

use crate::mosaic::{ColourChoice, DeadLook, Grid, MosaicLayout, MosaicSettings, Normalisation, Paper};
use crate::render::{ClassChoice, Scale, ViewRequest};
use crate::tensor::{ChannelSelection, OrderBy};

#[derive(Debug, ClapArgs)]
pub(super) struct LookArgs {
    /// What a tile is: `channels`, a feature map each; `locations`, the channels per location of the map
    #[arg(long, value_name = "LAYOUT", default_value = "channels", help_heading = "Figure")]
    pub layout: MosaicLayout,

    /// Rows and columns of channels, such as 32x64; without it, near a square of twice the width
    #[arg(long, value_name = "RxC", help_heading = "Figure")]
    pub grid: Option<Grid>,

    /// Which values share a colour range; without it, those of a tile: channel, or location with `--layout locations`
    ///
    /// channel: each channel by its own range. location: each location by its own. layer: one range for the whole layer.
    /// percentile[:LOW,HIGH]: one range that leaves out outliers, 1 to 99 unless given. fixed:LOW,HIGH: this range, to compare
    /// figures. symmetric: one range with zero in the middle.
    #[arg(
        long,
        aliases = ["normalise", "normalize", "normalisation"],
        value_name = "HOW",
        help_heading = "Figure"
    )]
    pub normalization: Option<Normalisation>,

    /// Colours: auto, magma, inferno, plasma, viridis, cividis, turbo, greys, blue-red, purple-green or brown-teal
    ///
    /// auto takes magma, and blue-red for a layer with negative values. Dead, constant and broken channels have looks of their
    /// own that no map contains.
    #[arg(
        long,
        visible_alias = "colourmap",
        value_name = "MAP",
        default_value = "auto",
        help_heading = "Figure"
    )]
    pub colormap: ColourChoice,

    /// Pixels per value, or auto: the least that makes the mosaic 1024 pixels long
    ///
    /// In a sheet auto is 1: the sheet then enlarges its panels by whole factors towards one width.
    #[arg(long, value_name = "N", default_value = "auto", help_heading = "Figure")]
    pub scale: Scale,

    /// Pixels between tiles
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=1024), help_heading = "Figure")]
    pub gap: u32,

    /// Ground of the figure: light or dark
    #[arg(long, value_name = "PAPER", default_value = "light", help_heading = "Figure")]
    pub paper: Paper,

    /// Tiles of dead channels: hatched, flat, or auto: hatched on light paper
    #[arg(long, value_name = "LOOK", default_value = "auto", help_heading = "Figure")]
    pub dead: DeadLook,

    /// Show where the last layer contributes to a class, instead of its channels: `top`, a class's number, or (part of) its name
    ///
    /// For networks that end in a mean and linear layers, where the weights hold them.
    #[arg(long, value_name = "CLASS", help_heading = "Figure", conflicts_with_all = ["order", "hide_dead", "first"])]
    pub class_map: Option<ClassChoice>,

    /// Order of the channels: index, mean, max, variance, sparsity, similarity, or box:LEFT,TOP,RIGHT,BOTTOM
    ///
    /// All but index and similarity run from the largest to the smallest; similarity puts like maps side by side. A box is a part of the
    /// picture, with edges from 0 to 1 along its width and height: channels that answer most there come first, by their mean in the box
    /// above their mean. Values that are saved keep the network's own order.
    #[arg(long, value_name = "BY", default_value = "index", help_heading = "Figure")]
    pub order: OrderBy,

    /// Leave out dead channels: those that are the same everywhere and zero
    #[arg(long, help_heading = "Figure")]
    pub hide_dead: bool,

    /// Show only the first N channels, in the order chosen
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Figure")]
    pub first: Option<u32>,
}

impl LookArgs {
    /// Applies the options to a request, except the scale.
    pub(super) fn apply(&self, request: &mut ViewRequest) {
        request.settings = MosaicSettings {
            layout: self.layout,
            grid: self.grid,
            gap: self.gap,
            normalisation: self.normalization.unwrap_or(Normalisation::usual_for(self.layout)),
            colour: self.colormap,
            paper: self.paper,
            dead: self.dead,
            ..MosaicSettings::default()
        };
        let top = self.first.map(|num| num as usize);
        request.selection = ChannelSelection { order: self.order, hides_dead: self.hide_dead, top };
        request.class_map.clone_from(&self.class_map);
    }
}
