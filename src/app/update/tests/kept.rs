//! What outlasts the window: settings, and the record of an opened figure.

use super::*;

#[test]
fn settings_that_cannot_be_read_are_forgotten_and_that_is_said() {
    for (text, expected) in [
        ("not json", "the settings of the last time can't be read and are forgotten"),
        ("[1]", "the settings of the last time can't be read and are forgotten"),
        (
            r#"{"layers_a_second":"fast"}"#,
            "of the settings of the last time these can't be read and are forgotten: layers_a_second",
        ),
        (r#"{"version":99}"#, "the settings were kept by a later version and are not taken"),
    ] {
        let mut model = model();
        preferences::take_remembered(&mut model, &mut Effects::default(), text);
        assert_eq!(said(&model), [expected], "{text}");
        assert_eq!(model.preferences, crate::app::model::preferences::Preferences::default());
    }
}

/// Names and spellings that earlier versions wrote are accepted; values out of bounds are clamped, and unknown fields are ignored.
#[test]
fn settings_of_earlier_versions_are_taken() {
    let mut model = model();
    let text = r#"{"version":1,"is_dark":false,"moments_a_second":7.0,"layers_a_second":-4.0,"overlay_opacity":9,
        "lists_every_node":true,"layout":"cells","range":"layer","colours":"viridis","order":"mean hide-dead","glow":[1]}"#;
    let mut effects = Effects::default();
    preferences::take_remembered(&mut model, &mut effects, text);
    let kept = &model.preferences;
    assert_eq!((kept.is_dark, kept.lists_every_node), (false, true));
    assert_eq!((kept.frames_a_second, kept.layers_a_second, kept.overlay_opacity), (7.0, 0.2, 1.0));
    let request = &model.view().request;
    assert_eq!(request.settings.layout, MosaicLayout::Locations);
    assert_eq!(request.settings.texts()[1..3], [("range", "layer".into()), ("colours", "viridis".into())]);
    assert_eq!(request.settings.dead, crate::mosaic::DeadLook::Auto, "they had no such setting");
    assert_eq!(request.selection.to_string(), "mean hide-dead");
    let again = preferences::remembered(&model);
    assert!(
        again.contains(r#""frames_a_second":7.0"#) && again.contains(r#""layout":"locations""#),
        "{again}"
    );
}

/// A figure's record, with `look` in place of the words about scale, grid and paper.
fn recorded(look: &str) -> RestoredFigure {
    let hash = "0".repeat(64);
    let json = format!(
        r#"{{"schema":1,"program":"filterscope 0.1.0","kind":"mosaic","picture":{{"file_name":"a.png","pixels_sha256":"{hash}"}},
        "panels":[{{"tag":"xception.keras_in1k","weights":"carried","weights_sha256":"{hash}","fit":"model","preprocess":"model",
        "fitted":"","input_size":"299x299","filter":"nearest","value_scale":"","engine":"","device":"cpu","layer":"act4",
        "shape":"2048×10×10","layout":"channels","gap":1,"normalisation":"layer","range":"","colour_map":"magma",{look}}}]}}"#
    );
    let record = crate::formats::FigureRecord::from_json(&json).unwrap();
    RestoredFigure { path: "a.png".into(), record, picture: None, minus: None, pictures: vec![None] }
}

/// How figures are saved comes from an opened figure, and goes with it when that is undone.
#[test]
fn undoing_an_opened_figure_brings_back_how_figures_are_saved() {
    let mut model = model();
    let before = model.saved;
    ask(&mut model, ViewCommand::Open("a.png".into()));
    let figure = recorded(r#""grid":"32x64","scale":5,"paper":"dark""#);
    let job = model.view().job;
    tell(&mut model, Event::View(job, ViewEvent::Figure(Box::new(figure))));
    let restored = model.saved;
    assert_eq!((restored.scale.to_string().as_str(), restored.paper.to_string().as_str()), ("5", "dark"));
    assert!(!restored.surround.has_caption);
    ask(&mut model, ViewsCommand::Back);
    assert_eq!(model.saved, before);
    ask(&mut model, ViewsCommand::Forward);
    assert_eq!(model.saved, restored);
}

/// What a record says and nothing here can mean is said, not passed over.
#[test]
fn what_is_not_taken_from_a_figure_is_said() {
    for (look, expected) in [
        (r#""grid":"32x64","scale":4294967295,"paper":"dark""#, "scale 4294967295"),
        (r#""grid":"32x64","scale":1,"paper":"pink""#, "paper pink"),
        (r#""grid":"1x1","scale":1,"paper":"dark","shown_channel":99999999"#, "channel 99999999"),
        (r#""grid":"32x64","scale":1,"paper":"dark","class_map":"99999""#, "class map 99999"),
    ] {
        let mut model = model();
        ask(&mut model, ViewCommand::Open("a.png".into()));
        let job = model.view().job;
        tell(&mut model, Event::View(job, ViewEvent::Figure(Box::new(recorded(look)))));
        let told = format!("not taken from the figure: {expected}");
        assert!(said(&model).contains(&&*told), "{look}: {:?}", said(&model));
    }
}

/// One setting that can't be read costs no other, not even one that is there under its old and its new name.
#[test]
fn a_setting_that_cannot_be_read_costs_no_other() {
    let mut model = model();
    let text =
        r#"{"scale":3,"paper":"dark","moments_a_second":7.0,"frames_a_second":8.0,"colours":"viridis"}"#;
    preferences::take_remembered(&mut model, &mut Effects::default(), text);
    assert_eq!(
        said(&model),
        ["of the settings of the last time these can't be read and are forgotten: moments_a_second, scale"]
    );
    assert_eq!((model.saved.paper.to_string().as_str(), model.preferences.frames_a_second), ("dark", 8.0));
    assert_eq!(model.view().request.settings.texts()[2], ("colours", "viridis".into()));
}

/// A preference stays within its bounds if its new value is out of bounds or isn't a number.
#[test]
fn preferences_stay_within_their_bounds() {
    let mut model = model();
    for (value, expected) in [(0.3, 0.3), (9.0, 1.0), (f32::NAN, 0.6), (-1.0, 0.0)] {
        ask(&mut model, WindowCommand::Prefer(Preference::OverlayOpacity(value)));
        assert_eq!(model.preferences.overlay_opacity, expected, "{value}");
    }
}
