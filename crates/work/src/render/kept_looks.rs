//! The look of a view as text, as preferences store it and figures record it: the name and the text form of each setting.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::request::ViewRequest;
use crate::mosaic::MosaicSettings;
use crate::tensor::ChannelSelection;

/// Name of the setting for which channels are shown, and in what order; the other settings are those of the mosaic.
pub(super) const ORDER: &str = "order";

/// The look of a view: the text of each setting by its name. It may also hold unknown entries that were read from a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeptLooks(BTreeMap<String, Value>);

impl KeptLooks {
    /// The settings of a request that apply to any picture: a fixed range and an order by a box, which
    /// were chosen for one picture, become the usual ones.
    #[must_use]
    pub fn of(request: &ViewRequest) -> Self {
        let settings = MosaicSettings {
            normalisation: request.settings.normalisation.for_any_picture(request.settings.layout),
            ..request.settings.clone()
        };
        let order = (ORDER, request.selection.for_any_picture().to_string());
        settings.texts().into_iter().chain([order]).collect()
    }

    /// All settings of a request that have a text, those that were chosen for its own picture included.
    #[must_use]
    pub fn exactly(request: &ViewRequest) -> Self {
        let order = (ORDER, request.selection.to_string());
        request.settings.texts().into_iter().chain([order]).collect()
    }

    /// Applies this look to a request; settings that it doesn't hold get their defaults. Returns the names and texts of settings that this
    /// version can't read.
    pub fn apply(&self, request: &mut ViewRequest) -> Vec<String> {
        let mut not_taken = Vec::new();
        request.settings.reset();
        request.selection = ChannelSelection::default();
        let usual = request.settings.texts();
        for name in usual.iter().map(|(name, _)| *name).chain([ORDER]) {
            let Some(text) = self.0.get(name).and_then(Value::as_str) else { continue };
            let is_taken = match name {
                ORDER => text.parse().map(|selection| request.selection = selection).is_ok(),
                name => request.settings.set_text(name, text).is_ok(),
            };
            if !is_taken {
                // As the window calls it.
                let words = match name {
                    "range" => "normalization",
                    other => other,
                };
                not_taken.push(format!("{words} {text}"));
            }
        }
        not_taken
    }
}

impl<K: Into<String>> FromIterator<(K, String)> for KeptLooks {
    fn from_iter<I: IntoIterator<Item = (K, String)>>(texts: I) -> Self {
        Self(texts.into_iter().map(|(name, text)| (name.into(), Value::String(text))).collect())
    }
}
