//! Undo and redo, the way back and forward, and what ends a held range.

use super::*;

/// Sends a command as it comes while the pointer is held down or not, and begins the next frame.
fn drag(model: &mut Model, secs: f64, (is_pressed, is_down): (bool, bool), command: impl Into<Command>) {
    let now = Now { secs, is_pressed, is_down, max_texture_side: 2048, ..Now::default() };
    let mut effects = Effects::default();
    update(model, Message::Tick, &now, &mut effects);
    update(model, Message::Command(command.into()), &now, &mut effects);
}

#[test]
fn one_movement_of_a_slider_is_one_step_of_undo() {
    let mut model = model();
    let (press, held, up) = ((true, true), (false, true), (false, false));
    let layer_of = |model: &Model| model.view().request.layer.clone();
    let named = |name: &str| LayerChoice::Named(name.to_owned());
    for (at, name, button) in [(0.0, "act1", press), (0.1, "act2", held), (0.2, "act3", up)] {
        drag(&mut model, at, button, layer(name));
    }
    drag(&mut model, 5.0, press, layer("block2"));
    drag(&mut model, 5.1, held, layer("block3"));
    assert_eq!(model.history.past.len(), 2, "a second movement is a second step");
    ask(&mut model, ViewsCommand::Back);
    assert_eq!(layer_of(&model), named("act3"));
    ask(&mut model, ViewsCommand::Back);
    assert_eq!(layer_of(&model), LayerChoice::Final);
    ask(&mut model, ViewsCommand::Forward);
    assert_eq!(layer_of(&model), named("act3"));
    // A click, unlike a movement, changes something while the button is up.
    let before = model.history.past.len();
    drag(&mut model, 9.0, up, layer("act1"));
    drag(&mut model, 9.1, up, layer("act2"));
    assert_eq!(model.history.past.len(), before + 2);
}

#[test]
fn going_through_frames_is_one_step_of_undo_until_one_stops() {
    let mut model = model();
    with_drive(&mut model);
    let index = |model: &Model| model.view().source.as_ref().unwrap().index;
    let (press, held, up) = ((true, true), (false, true), (false, false));
    let start = model.history.past.len();
    for (at, frame, button) in [(0.0, 1, press), (3.0, 2, held), (6.0, 3, held), (6.1, 4, up)] {
        drag(&mut model, at, button, DatasetCommand::SetFrame(frame));
    }
    // With keys, one frame at a time.
    drag(&mut model, 8.0, up, DatasetCommand::SetFrame(5));
    drag(&mut model, 8.3, up, DatasetCommand::SetFrame(6));
    drag(&mut model, 8.6, up, DatasetCommand::SetFrame(7));
    // Choosing the frame on screen is no step, and begins no movement.
    drag(&mut model, 10.0, up, DatasetCommand::SetFrame(7));
    drag(&mut model, 10.1, up, DatasetCommand::SetFrame(2));
    assert_eq!(model.history.past.len(), start + 3);
    for expected in [7, 4, 0] {
        ask(&mut model, ViewsCommand::Back);
        assert_eq!(index(&model), expected);
    }
}

#[test]
fn a_held_range_ends_with_its_network_and_its_data_set() {
    let held = |model: &mut Model| {
        let view = model.view_mut();
        view.before_hold = Some(Normalisation::Layer);
        view.request.settings.normalisation = Normalisation::Fixed { low: 0.0, high: 6.0 };
    };
    let normalisation = |model: &Model| model.view().request.settings.normalisation;
    let mut model = model();
    ask(&mut model, DatasetCommand::HoldScale(true));
    assert_eq!(normalisation(&model), Normalisation::Channel, "there is no single range to hold");
    held(&mut model);
    ask(&mut model, layer("act3"));
    assert!(model.view().has_fixed_range(), "another layer is shown in it");
    ask(&mut model, ViewCommand::SetModel(Registry::find("vgg16.keras_in1k").unwrap()));
    assert_eq!(normalisation(&model), Normalisation::Layer);
    held(&mut model);
    with_drive(&mut model);
    assert_eq!(normalisation(&model), Normalisation::Layer);
    held(&mut model);
    ask(&mut model, DatasetCommand::SetFrame(1));
    assert!(model.view().has_fixed_range(), "another frame is shown in it");
    ask(&mut model, DatasetCommand::HoldScale(false));
    assert_eq!(normalisation(&model), Normalisation::Layer);
    // A restored figure's range was never held here.
    model.view_mut().request.settings.normalisation = Normalisation::Fixed { low: 0.0, high: 6.0 };
    ask(&mut model, ViewCommand::SetModel(Registry::find(DEFAULT_TAG).unwrap()));
    assert!(model.view().has_fixed_range());
    ask(&mut model, DatasetCommand::HoldScale(false));
    assert_eq!(normalisation(&model), Normalisation::Layer);
}

#[test]
fn steps_lead_back_over_layers_and_models_and_forward_again() {
    let mut model = model();
    let asked = |model: &Model| (model.view().request.spec.tag, model.view().request.layer.clone());
    let first = asked(&model);
    ask(&mut model, layer("act3"));
    let second = asked(&model);
    ask(&mut model, ViewCommand::SetModel(Registry::find("tf_efficientnet_lite0.in1k").unwrap()));
    let third = asked(&model);
    assert!(first != second && second != third);
    ask(&mut model, ViewsCommand::Back);
    assert_eq!(asked(&model), second);
    ask(&mut model, ViewsCommand::Back);
    assert_eq!(asked(&model), first);
    for _ in 0..3 {
        ask(&mut model, ViewsCommand::Forward);
    }
    assert_eq!(asked(&model), third, "there is nothing further");
}

#[test]
fn going_back_from_a_data_set_opens_the_one_before_again() {
    let mut model = model();
    with_drive(&mut model);
    ask(&mut model, DatasetCommand::SetFrame(5));
    let center = model.view().source.clone().unwrap();
    let view = model.view();
    let (good, source) = (model.full_request(view).ok(), view.source.clone());
    (model.view_mut().good, model.view_mut().good_source) = (good, source);
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/drive/left");
    let left = Arc::from(open_source(&place).unwrap());
    ask(&mut model, ViewCommand::Open(place.clone()));
    let job = model.view().job;
    tell(&mut model, Event::View(job, ViewEvent::Source(place, OpenedFrom::default(), left)));
    assert_ne!(model.view().source.as_ref().unwrap().place, center.place);
    ask(&mut model, ViewCommand::GoBack);
    let open = model.view().source.as_ref().unwrap();
    assert!(Arc::ptr_eq(&open.source, &center.source), "the timeline is of the picture's data set");
    assert_eq!((&open.place, open.index), (&center.place, 5));
}
