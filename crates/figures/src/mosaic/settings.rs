//! The settings of a mosaic, how one of them is changed, and their names and text forms.
//!
//! Owns the names and texts that preferences store and figures record. Must not know where they are stored or recorded.

use std::str::FromStr;
use std::sync::Arc;

use super::{ColourChoice, DeadLook, Grid, MosaicLayout, Normalisation, Paper};

/// How a mosaic should look.
#[derive(Clone, Debug, PartialEq)]
pub struct MosaicSettings {
    /// One tile per channel, or one per location.
    pub layout: MosaicLayout,
    /// Rows × columns of channels; `None` takes [`Grid::for_channels`].
    pub grid: Option<Grid>,
    /// Pixels of a value's side, at least 1.
    pub scale: u32,
    /// Pixels between tiles.
    pub gap: u32,
    /// Which values share a range.
    pub normalisation: Normalisation,
    /// Which colour map to use.
    pub colour: ColourChoice,
    /// Colour of gaps and blanks.
    pub paper: Paper,
    /// Whether the tiles of dead channels are hatched.
    pub dead: DeadLook,
    /// Channels to show, in order of their tiles; `None` shows every channel at its own place. Ranges and counts are always those of the
    /// whole layer.
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
            dead: DeadLook::default(),
            order: None,
        }
    }
}

/// One setting that a user can change while a mosaic is shown, with its new value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MosaicSetting {
    /// Whether a tile is a channel or a location.
    Layout(MosaicLayout),
    /// Which values share a range.
    Normalisation(Normalisation),
    /// Which colour map to use.
    Colour(ColourChoice),
    /// Whether the tiles of dead channels are hatched.
    Dead(DeadLook),
    /// Rows × columns of channels; `None` for the default grid of their number.
    Grid(Option<Grid>),
}

/// The name or the text of a setting is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownSetting;

impl MosaicSettings {
    /// Changes one setting. A new layout also changes the normalisation where that was the usual one of the old layout.
    pub fn set(&mut self, setting: MosaicSetting) {
        match setting {
            MosaicSetting::Layout(layout) => {
                // The usual normalisation of the old layout becomes that of the new one; a chosen one stays.
                if self.normalisation == Normalisation::usual_for(self.layout) {
                    self.normalisation = Normalisation::usual_for(layout);
                }
                self.layout = layout;
            }
            MosaicSetting::Normalisation(normalisation) => self.normalisation = normalisation,
            MosaicSetting::Colour(colour) => self.colour = colour,
            MosaicSetting::Dead(dead) => self.dead = dead,
            MosaicSetting::Grid(grid) => self.grid = grid,
        }
    }

    /// The settings that apply to every picture and layer, as (name, text) pairs. The layout comes first, because the usual range
    /// depends on it.
    #[must_use]
    pub fn texts(&self) -> Vec<(&'static str, String)> {
        vec![
            ("layout", self.layout.to_string()),
            ("range", self.normalisation.to_string()),
            ("colours", self.colour.to_string()),
            ("dead channels", self.dead.to_string()),
        ]
    }

    /// Changes a setting given as [`texts`](Self::texts) writes it.
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
            "dead channels" => self.set(MosaicSetting::Dead(read(text)?)),
            _ => return Err(UnknownSetting),
        }
        Ok(())
    }

    /// Resets the settings to their defaults, except those that belong to one picture, layer or figure: grid, scale, gap, paper and order
    /// of channels.
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
            dead: DeadLook::Hatched,
            ..MosaicSettings::default()
        };
        let mut read = MosaicSettings::default();
        for (name, text) in settings.texts() {
            read.set_text(name, &text).unwrap();
        }
        assert_eq!(read, settings);
        for (name, text) in [
            ("layout", "heap"),
            ("colours", "plaid"),
            ("dead channels", "gone"),
            ("range", "wide"),
            ("glow", "1"),
        ] {
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
