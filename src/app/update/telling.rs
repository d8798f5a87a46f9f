//! Handlers about the head in use, and about views that stand for compared features.

use std::path::Path;
use std::sync::Arc;

use crate::app::message::effect::{Effects, Work};
use crate::app::message::job::{HeadJob, HeadToTell};
use crate::app::model::Model;
use crate::app::model::messages::Tone;
use crate::app::model::studied::{TellRequest, Telling};
use crate::models::Registry;
use crate::study::head_file::StoredHead;
use crate::study::predictor::ToldValue;

/// Says if a view of a compared layer shows other weights than the features were made with.
pub(crate) fn check_pair(model: &mut Model, at: usize) {
    let id = model.views[at].id;
    let Some(place) = model.pairs_shown.iter().position(|(view, _)| *view == id) else { return };
    let (_, of) = model.pairs_shown.swap_remove(place);
    let Some(shown) = model.views[at].shown.clone() else { return };
    if shown.spec().tag != of.tag {
        return;
    }
    let origin = shown.run_by.backbone.origin();
    let here = [Some(origin.sha256()), origin.source_sha256()];
    let then = [Some(&*of.weights_sha256), of.weights_source_sha256.as_deref()];
    if !here.iter().flatten().any(|hash| then.contains(&Some(*hash))) {
        let start: String = of.weights_sha256.chars().take(12).collect();
        let words = format!(
            "the features of {} were made with other weights than those shown here: their hash begins with {start}",
            of.tag
        );
        model.say(Tone::Warning, words);
    }
}

/// Uses the head that the last probe fitted.
pub(crate) fn use_fitted_head(model: &mut Model, effects: &mut Effects) {
    let Some(kept) = model.studied.probed.as_ref().and_then(|probed| probed.head.clone()) else {
        return model.say(Tone::Warning, "no head was fitted yet: probe features first");
    };
    let name = format!("the head of {} fitted on {}", kept.about.target, kept.about.tag);
    use_head(model, effects, name, kept);
}

/// Uses a head that was read from a file.
pub(crate) fn take_head(model: &mut Model, effects: &mut Effects, path: &Path, kept: StoredHead) {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    use_head(model, effects, name, Arc::new(kept));
}

fn use_head(model: &mut Model, effects: &mut Effects, name: String, kept: Arc<StoredHead>) {
    model.studied.newest += 1;
    model.studied.telling = Some(Telling::new(model.studied.newest, name, kept));
    if model.view().source.is_none() {
        model.say(Tone::Good, "the head tells frames as soon as a data set is open");
    }
    tell_frame(model, effects);
}

/// Asks what the head in use tells of the frame that the active view shows.
pub(crate) fn tell_frame(model: &mut Model, effects: &mut Effects) {
    let Some(open) = model.view().source.clone() else { return };
    let Some(telling) = &mut model.studied.telling else { return };
    if !telling.wants(&open) {
        return;
    }
    let (id, kept) = (telling.id, Arc::clone(&telling.kept));
    let of = TellRequest { id, source: Arc::clone(&open.source), index: open.index, camera: open.camera };
    let spec = Registry::find(&kept.about.tag).ok();
    let weights_file = spec.and_then(|spec| model.weights_file(spec)).cloned();
    let job = HeadToTell {
        of,
        kept,
        weights_file,
        device: model.device,
        engine: model.engine,
        store: model.store.clone(),
    };
    effects.push(Work::Head(HeadJob::Tell(Box::new(job))));
}

/// Keeps what was told of a frame.
pub(crate) fn take_told(model: &mut Model, of: &TellRequest, told: Result<ToldValue, String>) {
    if let Some(telling) = &mut model.studied.telling {
        telling.take(of, told);
    }
}

/// Keeps why the head can't be used, and says it.
pub(crate) fn take_refusal(model: &mut Model, of: &TellRequest, reason: String) {
    let Some(telling) = &mut model.studied.telling else { return };
    if telling.id != of.id || telling.trouble.is_some() {
        return;
    }
    let words = format!("{}: {reason}", telling.name);
    telling.trouble = Some(reason);
    model.say(Tone::Bad, words);
}
