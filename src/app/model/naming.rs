//! Names of what is on screen and of what was asked, in words.
//!
//! A view keeps its last result while the next one is computed, so the two differ for a while, or for good if weights are missing. What
//! names a result is made from the result; only words that say so are made from the request.

use crate::app::model::Model;
use crate::app::model::task::Task;
use crate::app::model::view::{Busy, Trouble, ViewState};

/// Network, layer and picture of a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) tag: String,
    pub(crate) layer: String,
    pub(crate) picture: String,
}

/// What is on screen in a view; none if nothing is.
pub(crate) fn on_screen(view: &ViewState) -> Option<Named> {
    let shown = view.shown.as_ref()?;
    Some(Named {
        tag: shown.spec().tag.to_owned(),
        layer: shown.activation.name().to_owned(),
        picture: shown.label.clone(),
    })
}

/// The one part of a name that tells a view from the others, where there is no room for all: the network if another view shows another,
/// else the layer if another view shows another, else the picture.
pub(crate) fn short<'a>(named: &'a Named, others: &[Named]) -> &'a str {
    if others.iter().any(|other| other.tag != named.tag) {
        &named.tag
    } else if others.iter().any(|other| other.layer != named.layer) {
        &named.layer
    } else {
        &named.picture
    }
}

/// What was asked of a view and isn't on screen, and why it isn't; none if nothing is missing.
pub(crate) fn asked(view: &ViewState) -> Option<String> {
    if !view.is_plain() {
        return None;
    }
    let state = state(view)?;
    let asked = Named {
        tag: view.request.spec.tag.to_owned(),
        layer: view.graph.node(view.node()).name.clone(),
        picture: view.request.picture.name(),
    };
    let shown = view.shown.as_ref().map(|shown| Named {
        tag: shown.spec().tag.to_owned(),
        // A class map has a name of its own; the layer below it is what was asked for.
        layer: shown.run_by.backbone.graph().node(shown.node).name.clone(),
        picture: match &view.good {
            Some(good) if good.of.picture == view.request.picture => asked.picture.clone(),
            _ => shown.label.clone(),
        },
    });
    missing(shown.as_ref(), &asked).map(|words| format!("{words}: {state}"))
}

/// A remark beside the choice of the network, while the view shows another network than the chosen one.
pub(crate) fn until_then(view: &ViewState) -> Option<String> {
    let shown = on_screen(view).filter(|shown| view.is_plain() && shown.tag != view.request.spec.tag)?;
    Some(format!("On screen: {} · {}", shown.tag, shown.layer))
}

/// The first view that failed, in words; none if none did.
pub(crate) fn failed(model: &Model) -> Option<String> {
    let has_failed = |view: &&ViewState| matches!(view.trouble, Some(Trouble::Failed(_)));
    let view = model.views.iter().find(has_failed)?;
    Some(match model.views.len() {
        1 => "what was asked failed".to_owned(),
        _ => format!("view {} failed", model.number(view.id)),
    })
}

/// Why what was asked isn't on screen.
fn state(view: &ViewState) -> Option<&'static str> {
    match (&view.trouble, view.busy) {
        (Some(Trouble::NeedsWeights), _) => Some("weights not installed"),
        (Some(Trouble::Failed(_)), _) => Some("failed"),
        (Some(Trouble::Stopped), _) => Some("stopped"),
        (Some(Trouble::NoDifference(_)), _) | (None, None) => None,
        (None, Some(_)) => Some("loading…"),
    }
}

/// The parts of `asked` that are not on screen. Another network is named with its layer, because names of layers are its own.
fn missing(shown: Option<&Named>, asked: &Named) -> Option<String> {
    let Some(shown) = shown else { return Some(format!("{} · {}", asked.tag, asked.layer)) };
    let is_other_network = shown.tag != asked.tag;
    let is_other_layer = is_other_network || shown.layer != asked.layer;
    let parts = [
        is_other_network.then_some(&asked.tag),
        is_other_layer.then_some(&asked.layer),
        (shown.picture != asked.picture).then_some(&asked.picture),
    ];
    let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

/// The window's title: what the active view shows.
pub(crate) fn title(model: &Model) -> String {
    on_screen(model.view()).map_or_else(
        || "filterscope".to_owned(),
        |Named { tag, layer, picture }| format!("{picture} · {tag} · {layer} – filterscope"),
    )
}

/// A running task and its count, such as `Exporting 118/598`; none if it isn't running.
pub(crate) fn running(model: &Model, task: Task) -> Option<String> {
    let (news, _) = model.tasks.run(task).running.as_ref()?;
    let doing = task.about().doing;
    Some(if news.total == 0 {
        format!("{doing}…")
    } else {
        format!("{doing} {}/{}", news.done, news.total)
    })
}

/// The batch that work for the network's thread waits for, if one is running.
fn waits_for_export(model: &Model) -> Option<String> {
    let (news, _) = model.tasks.run(Task::Batch).running.as_ref()?;
    Some(if news.total == 0 {
        "Waiting for the export".to_owned()
    } else {
        format!("Waiting for the export: {} of {}", news.done, news.total)
    })
}

/// What a view waits for, or what is being done for it.
pub(crate) fn busy(model: &Model, view: &ViewState, what: Busy) -> String {
    if what != Busy::Waiting {
        return what.words();
    }
    let is_running = |other: &&ViewState| {
        other.id != view.id && other.busy.is_some_and(|busy| !matches!(busy, Busy::Waiting | Busy::InStep))
    };
    match model.views.iter().find(is_running) {
        Some(other) => format!("Waiting for view {}…", model.number(other.id)),
        None => waits_for_export(model).unwrap_or_else(|| what.words()),
    }
}

/// What the network's thread does or will do, in words; none if it has nothing to do for the person.
pub(crate) fn doing(model: &Model) -> Option<String> {
    let active = model.view();
    let busy_view = std::iter::once(active).chain(&model.views).find_map(|view| Some((view, view.busy?)));
    if let Some((view, what)) = busy_view {
        return Some(busy(model, view, what));
    }
    let errand = model.errands.first()?;
    let waits = waits_for_export(model).filter(|_| !errand.has_begun);
    Some(match waits {
        Some(waits) => format!("{waits}; then: {}", errand.words),
        None => errand.words.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(tag: &str, layer: &str, picture: &str) -> Named {
        Named { tag: tag.into(), layer: layer.into(), picture: picture.into() }
    }

    #[test]
    fn a_short_name_is_what_tells_views_apart() {
        let cat = named("vgg16", "block5_pool", "cat.png");
        assert_eq!(short(&cat, &[]), "cat.png");
        assert_eq!(short(&cat, &[named("vgg16", "block5_pool", "dog.png")]), "cat.png");
        assert_eq!(short(&cat, &[named("vgg16", "block4_pool", "dog.png")]), "block5_pool");
        assert_eq!(short(&cat, &[named("xception", "act4", "cat.png")]), "vgg16");
    }

    #[test]
    fn only_what_is_not_on_screen_is_named_beside_it() {
        let shown = named("xception.keras_in1k", "act4", "cat.png");
        let missing = |asked: &Named| missing(Some(&shown), asked);
        assert_eq!(missing(&shown), None);
        assert_eq!(
            missing(&named("resnet50.tv_in1k", "layer4.2", "cat.png")).as_deref(),
            Some("resnet50.tv_in1k · layer4.2")
        );
        assert_eq!(missing(&named("xception.keras_in1k", "act3", "cat.png")).as_deref(), Some("act3"));
        assert_eq!(
            missing(&named("xception.keras_in1k", "act3", "dog.png")).as_deref(),
            Some("act3 · dog.png")
        );
        assert_eq!(super::missing(None, &shown).as_deref(), Some("xception.keras_in1k · act4"));
    }
}
