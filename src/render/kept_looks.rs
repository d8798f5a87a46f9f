//! How a view looks, as text: what preferences keep and figures record, each setting by its name in its own spelling.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::request::ViewRequest;
use crate::mosaic::MosaicSettings;
use crate::tensor::ChannelSelection;

/// The name of which channels are shown, and in what order; the others are the mosaic's own settings.
pub(super) const ORDER: &str = "order";

/// How a view looks, as text by name. Beside names that are known, it may hold whatever else stood in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeptLooks(BTreeMap<String, Value>);

impl KeptLooks {
    /// Those of a request that mean something for any picture: a range that was found for one becomes the usual one.
    #[must_use]
    pub fn of(request: &ViewRequest) -> Self {
        let settings = MosaicSettings {
            normalisation: request.settings.normalisation.for_any_picture(request.settings.layout),
            ..request.settings.clone()
        };
        let order = (ORDER, request.selection.to_string());
        settings.texts().into_iter().chain([order]).collect()
    }

    /// Makes a request look so, from how it usually looks. Gives names and texts of what isn't known here.
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
                not_taken.push(format!("{name} {text}"));
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
