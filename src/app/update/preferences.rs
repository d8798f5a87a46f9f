//! Settings that are kept between sessions: writing and reading them.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::app::message::effect::{Effects, FaceEffect};
use crate::app::model::Model;
use crate::app::model::links::{Arrangement, Links};
use crate::app::model::messages::Tone;
use crate::app::model::preferences::{ARRANGEMENTS, MAX_BYTES, MAX_FIELDS, MAX_RECENT, Remembered, VERSION};
use crate::app::model::save::SaveLooks;
use crate::app::model::view::Busy;
use crate::app::model::weights;
use crate::app::update::show::show_active;
use crate::mosaic::Paper;
use crate::render::{KeptLooks, Surround};

/// The settings that are kept for the next session, as text.
pub(crate) fn remembered(model: &Model) -> String {
    let kept = Remembered {
        version: VERSION,
        preferences: model.preferences.clone(),
        link_pictures: model.links.pictures,
        link_zoom: model.links.zoom,
        link_looks: model.links.looks,
        // Without its difference, a range that is shared for one is not wanted.
        same_scale: model.links.scale && (model.preferences.opens_last || !model.shares_for_difference),
        arrangement: ARRANGEMENTS
            .iter()
            .find(|(way, _)| *way == model.arrangement)
            .map_or_else(String::new, |(_, name)| (*name).to_owned()),
        has_caption: model.saved.surround.has_caption,
        has_scale: model.saved.surround.has_scale,
        paper: model.saved.paper.to_string(),
        scale: model.saved.scale.to_string(),
        looks: KeptLooks::of(&model.view().request),
        recent: model.recent.clone(),
        recent_weights: model.recent_weights.clone(),
        folder: model.folder.clone(),
    };
    // Plain text and numbers: nothing that JSON can't hold.
    serde_json::to_string(&kept).unwrap_or_default()
}

/// Applies the settings kept from the last session. If the text can't be read, it is ignored and the user is told; single settings
/// that are unknown here are left as they are.
pub(crate) fn take_remembered(model: &mut Model, effects: &mut Effects, text: &str) {
    let Some((kept, left_out)) = read(text) else {
        model.say(Tone::Warning, "the settings of the last time can't be read and are forgotten");
        return;
    };
    if kept.version > VERSION {
        model.say(Tone::Warning, "the settings were kept by a later version and are not taken");
        return;
    }
    if !left_out.is_empty() {
        let names = left_out.join(", ");
        model.say(
            Tone::Warning,
            format!("of the settings of the last time these can't be read and are forgotten: {names}"),
        );
    }
    model.preferences = kept.preferences.checked();
    effects.face(FaceEffect::SetTheme(model.preferences.is_dark));
    model.links = Links {
        pictures: kept.link_pictures,
        zoom: kept.link_zoom,
        looks: kept.link_looks,
        scale: kept.same_scale,
    };
    let way = ARRANGEMENTS.iter().find(|(_, name)| *name == kept.arrangement);
    model.arrangement = way.map_or(Arrangement::Automatic, |(way, _)| *way);
    model.saved = SaveLooks {
        surround: Surround { has_caption: kept.has_caption, has_scale: kept.has_scale },
        paper: kept.paper.parse::<Paper>().unwrap_or(model.saved.paper),
        scale: kept.scale.parse().unwrap_or(model.saved.scale),
    };
    model.recent = kept.recent.into_iter().take(MAX_RECENT).collect();
    model.recent_weights = kept.recent_weights.into_iter().take(weights::MAX_RECENT).collect();
    model.folder = kept.folder;
    let view = model.view_mut();
    // Looks that this version doesn't know keep their defaults.
    kept.looks.apply(&mut view.request);
    // A path given at the start is still being opened; its content will be shown with these settings.
    if view.busy != Some(Busy::Opening) {
        show_active(model, effects);
    }
}

/// Settings from their text, and the names of those whose value means nothing; `None` if the text holds no settings.
fn read(text: &str) -> Option<(Remembered, Vec<String>)> {
    if text.len() > MAX_BYTES {
        return None;
    }
    if let Ok(kept) = serde_json::from_str(text) {
        return Some((kept, Vec::new()));
    }
    let all: Map<String, Value> = serde_json::from_str(text).ok()?;
    if all.len() > MAX_FIELDS {
        return None;
    }
    let (mut good, mut left_out) = (Map::new(), Vec::new());
    for (name, value) in all {
        good.insert(name.clone(), value);
        if Remembered::deserialize(Value::Object(good.clone())).is_err() {
            good.remove(&name);
            left_out.push(name);
        }
    }
    Some((Remembered::deserialize(Value::Object(good)).ok()?, left_out))
}

/// Adds a file or folder that was opened to the recent ones.
pub(crate) fn remember_opened(model: &mut Model, path: &Path) {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    model.folder = path.parent().map(Path::to_owned);
    model.recent.retain(|kept| *kept != path);
    model.recent.insert(0, path);
    model.recent.truncate(MAX_RECENT);
}
