//! How a view looks, as text: what preferences keep and figures record, each setting in its own spelling.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::request::ViewRequest;
use crate::mosaic::{MosaicSettings, Normalisation};
use crate::tensor::ChannelSelection;

/// How a view looks, as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptLooks {
    /// What a tile is.
    pub layout: String,
    /// Which values share a range.
    pub range: String,
    /// The colour map.
    pub colours: String,
    /// Which channels, in what order.
    pub order: String,
}

impl Default for KeptLooks {
    fn default() -> Self {
        Self::new(&MosaicSettings::default(), ChannelSelection::default())
    }
}

impl KeptLooks {
    fn new(settings: &MosaicSettings, selection: ChannelSelection) -> Self {
        Self {
            layout: settings.layout.to_string(),
            // A range that was found for one picture means nothing for the next.
            range: settings.normalisation.for_any_picture(settings.layout).to_string(),
            colours: settings.colour.to_string(),
            order: selection.to_string(),
        }
    }

    /// Those of a request.
    #[must_use]
    pub fn of(request: &ViewRequest) -> Self {
        Self::new(&request.settings, request.selection)
    }

    /// Makes a request look so. What isn't known here is as it usually is; gives its names and texts.
    pub fn apply(&self, request: &mut ViewRequest) -> Vec<String> {
        let mut not_taken = Vec::new();
        let settings = &mut request.settings;
        settings.layout = taken(&self.layout, "layout", &mut not_taken).unwrap_or_default();
        settings.normalisation = taken(&self.range, "range", &mut not_taken)
            .unwrap_or_else(|| Normalisation::usual_for(settings.layout));
        settings.colour = taken(&self.colours, "colours", &mut not_taken).unwrap_or_default();
        request.selection = taken(&self.order, "order", &mut not_taken).unwrap_or_default();
        not_taken
    }
}

/// A setting by its name; one that this version doesn't know is told, not guessed.
pub(super) fn taken<T: FromStr>(text: &str, what: &str, not_taken: &mut Vec<String>) -> Option<T> {
    let found = text.parse().ok();
    if found.is_none() {
        not_taken.push(format!("{what} {text}"));
    }
    found
}
