//! What a mosaic is to look like: the settings, how one of them changes, and each as text by name.
//!
//! Owns the names and spellings that preferences keep and figures record. Must not know who keeps or records them.

use std::str::FromStr;
use std::sync::Arc;

use super::{ColourChoice, Grid, MosaicLayout, Normalisation, Paper};

/// What a mosaic is to look like.
#[derive(Clone, Debug, PartialEq)]
pub struct MosaicSettings {
    /// A tile per channel, or a patch per position.
    pub layout: MosaicLayout,
    /// Rows × columns of channels; none takes [`Grid::for_channels`].
    pub grid: Option<Grid>,
    /// Pixels of a value's side, at least 1.
    pub scale: u32,
    /// Pixels between tiles.
    pub gap: u32,
    /// Which values share a range.
    pub normalisation: Normalisation,
    /// Which colours.
    pub colour: ColourChoice,
    /// Colour of gaps and blanks.
    pub paper: Paper,
    /// Channels to show, by place of their tiles; none shows every channel at its own place. Ranges and counts are
    /// those of the whole layer whatever is shown.
    pub order: Option<Arc<[usize]>>,
}

impl Default for MosaicSettings {
    fn default() -> Self {
        Self {
            layout: MosaicLayout::default(),
            grid: None,
            scale: 1,
            gap: 1,
            normalisation: Normalisation::default(),
            colour: ColourChoice::default(),
            paper: Paper::default(),
            order: None,
        }
    }
}

/// One setting that a person chooses while looking at a mosaic, with its new value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MosaicSetting {
    /// What a tile is.
    Layout(MosaicLayout),
    /// Which values share a range.
    Normalisation(Normalisation),
    /// Which colours.
    Colour(ColourChoice),
    /// Rows × columns of channels; none for as many as their number gives.
    Grid(Option<Grid>),
}

/// A setting whose name or text means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownSetting;

impl MosaicSettings {
    /// Changes one of them.
    pub fn set(&mut self, setting: MosaicSetting) {
        match setting {
            MosaicSetting::Layout(layout) => {
                // A range that goes with the old layout's tiles becomes the one that goes with the new one's.
                if self.normalisation == Normalisation::usual_for(self.layout) {
                    self.normalisation = Normalisation::usual_for(layout);
                }
                self.layout = layout;
            }
            MosaicSetting::Normalisation(normalisation) => self.normalisation = normalisation,
            MosaicSetting::Colour(colour) => self.colour = colour,
            MosaicSetting::Grid(grid) => self.grid = grid,
        }
    }

    /// Those that mean something for every picture and layer, by name, each in its own spelling. The layout comes first, because
    /// the usual range depends on it.
    #[must_use]
    pub fn texts(&self) -> Vec<(&'static str, String)> {
        vec![
            ("layout", self.layout.to_string()),
            ("range", self.normalisation.to_string()),
            ("colours", self.colour.to_string()),
        ]
    }

    /// Takes a setting as [`texts`](Self::texts) writes it.
    ///
    /// # Errors
    /// A name or a text that this version doesn't know; nothing is changed.
    pub fn set_text(&mut self, name: &str, text: &str) -> Result<(), UnknownSetting> {
        fn read<T: FromStr>(text: &str) -> Result<T, UnknownSetting> {
            text.parse().map_err(|_| UnknownSetting)
        }
        match name {
            "layout" => self.set(MosaicSetting::Layout(read(text)?)),
            "range" => self.set(MosaicSetting::Normalisation(read(text)?)),
            "colours" => self.set(MosaicSetting::Colour(read(text)?)),
            _ => return Err(UnknownSetting),
        }
        Ok(())
    }

    /// As they usually are, but for what goes with one picture, layer or figure: grid, scale, gap, paper and channels.
    pub fn reset(&mut self) {
        let order = self.order.take();
        *self = Self {
            grid: self.grid,
            scale: self.scale,
            gap: self.gap,
            paper: self.paper,
            order,
            ..Self::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_comes_back_as_the_setting_it_was_written_from() {
        let settings = MosaicSettings {
            layout: MosaicLayout::Locations,
            normalisation: Normalisation::Percentile { low: 2.0, high: 98.0 },
            colour: "greys".parse().unwrap(),
            ..MosaicSettings::default()
        };
        let mut read = MosaicSettings::default();
        for (name, text) in settings.texts() {
            read.set_text(name, &text).unwrap();
        }
        assert_eq!(read, settings);
        for (name, text) in [("layout", "heap"), ("colours", "plaid"), ("range", "wide"), ("glow", "1")] {
            assert_eq!(read.set_text(name, text), Err(UnknownSetting), "{name} {text}");
        }
        assert_eq!(read, settings, "what isn't known changes nothing");
    }

    #[test]
    fn the_usual_range_follows_the_layout_and_a_chosen_one_stays() {
        let mut settings = MosaicSettings::default();
        settings.set(MosaicSetting::Layout(MosaicLayout::Locations));
        assert_eq!(settings.normalisation, Normalisation::Location);
        settings.set(MosaicSetting::Normalisation(Normalisation::Layer));
        settings.set(MosaicSetting::Layout(MosaicLayout::Channels));
        assert_eq!(settings.normalisation, Normalisation::Layer);
    }
}
