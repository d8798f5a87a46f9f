//! Figures that a batch finds in its folder: whether they were made with the settings that are asked for now, by their records.
//!
//! Compares texts and values alone. Must not read files.

use std::path::PathBuf;

use crate::app::model::restored::saved_looks;
use crate::app::model::save::SaveLooks;
use crate::formats::{FigureRecord, OWN_FIELDS, PanelRecord, UNVERIFIED};
use crate::mosaic::{ColourChoice, ColourMap, Grid, MosaicLayout, MosaicSettings, Normalisation};
use crate::render::{Scale, Surround, ViewRequest, recorded_shape};
use crate::tensor::ChannelSelection;

/// One setting of a figure that is asked for in another way now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) setting: &'static str,
    /// The setting of the figure, and the one that is asked for.
    pub(crate) then: String,
    pub(crate) now: String,
}

impl Difference {
    pub(crate) fn words(&self) -> String {
        format!("{}: {} in the figure, {} asked for", self.setting, self.then, self.now)
    }
}

/// The figures in a batch's folder that were not made as is asked for now.
#[derive(Clone, Debug, Default)]
pub(crate) struct OtherFigures {
    pub(crate) paths: Vec<PathBuf>,
    /// How they differ; each difference once, with the number of figures that have it.
    pub(crate) differences: Vec<(Difference, usize)>,
    /// Number of files of these names that no record says how they were made.
    pub(crate) num_unknown: usize,
}

impl OtherFigures {
    /// Adds a figure with its record; none if it has none that can be read.
    pub(crate) fn add(&mut self, path: PathBuf, differences: Option<Vec<Difference>>) {
        match differences {
            None => self.num_unknown += 1,
            Some(differences) if differences.is_empty() => return,
            Some(differences) => {
                for difference in differences {
                    match self.differences.iter_mut().find(|(known, _)| *known == difference) {
                        Some((_, num)) => *num += 1,
                        None => self.differences.push((difference, 1)),
                    }
                }
            }
        }
        self.paths.push(path);
    }
}

/// What is asked of a figure of a batch, besides its picture and its layer.
pub(crate) struct AskedFigure<'a> {
    pub(crate) request: &'a ViewRequest,
    pub(crate) looks: SaveLooks,
    /// SHA-256 of the weight file that was given for the network; none for the network's own weights.
    pub(crate) weights_sha256: Option<&'a str>,
}

/// How a figure's settings differ from those that are asked for.
pub(crate) fn differences(record: &FigureRecord, asked: &AskedFigure<'_>) -> Vec<Difference> {
    let Some(panel) = record.panels.first() else { return Vec::new() };
    let mut found = Vec::new();
    let mut compare = |setting: &'static str, then: &str, now: &str, is_same: bool| {
        if !is_same {
            found.push(Difference { setting, then: then.to_owned(), now: now.to_owned() });
        }
    };
    let (run, look, request) = (&panel.run, &panel.look, asked.request);
    let (then, now) = (weights_words(panel), asked.weights_sha256.map_or(OWN.to_owned(), file_words));
    compare("weights", &then, &now, then == now || is_source(panel, asked.weights_sha256));
    let (fit, values) = (request.input.fit.to_string(), request.input.values.to_string());
    compare("fit", &run.fit, &fit, run.fit == fit);
    compare("preprocessing", &run.preprocess, &values, run.preprocess == values);
    let settings = &request.settings;
    let is_layout = look.layout.parse::<MosaicLayout>().is_ok_and(|then| then == settings.layout);
    compare("layout", &look.layout, &settings.layout.to_string(), is_layout);
    let is_range =
        look.normalisation.parse::<Normalisation>().is_ok_and(|then| then == settings.normalisation);
    compare("normalization", &look.normalisation, &settings.normalisation.to_string(), is_range);
    // A record names the map that was used, not that it was chosen by the layer's sign.
    let is_colour = match settings.colour {
        ColourChoice::Auto => {
            [ColourMap::Magma, ColourMap::BlueRed].iter().any(|map| map.name() == look.colour_map)
        }
        ColourChoice::Map(map) => map.name() == look.colour_map,
    };
    compare("colours", &look.colour_map, &settings.colour.to_string(), is_colour);
    let usual = MosaicSettings::default().texts();
    for ((name, now), (_, usual)) in settings.texts().into_iter().zip(usual) {
        // A setting that an older figure doesn't record was the usual one then.
        if !OWN_FIELDS.contains(&name) {
            let then = look.settings.get(name).unwrap_or(&usual);
            compare(name, then, &now, *then == now);
        }
    }
    let class = request.class_map.as_ref().map_or("none".to_owned(), ToString::to_string);
    let class_then = look.class_map.as_deref().unwrap_or("none");
    compare("class map", class_then, &class, class_then == class);
    // The map of a class has one channel, whose order isn't recorded.
    if request.class_map.is_none() {
        let all = ChannelSelection::default().to_string();
        let then = look.selection.as_deref().unwrap_or(&all);
        let is_selection = then.parse::<ChannelSelection>().is_ok_and(|then| then == request.selection);
        compare("channels", then, &request.selection.to_string(), is_selection);
    }
    let grid =
        settings.grid.filter(|grid| has_room(panel, *grid)).map_or("automatic".to_owned(), |g| g.to_string());
    let grid_then = if look.is_grid_chosen { &*look.grid } else { "automatic" };
    compare("grid", grid_then, &grid, grid_then == grid);
    compare("gap", &look.gap.to_string(), &settings.gap.to_string(), look.gap == settings.gap);
    compare(
        "background",
        &look.paper,
        &asked.looks.paper.to_string(),
        look.paper == asked.looks.paper.to_string(),
    );
    let is_auto = || {
        let saved = saved_looks(look, &record.kind, settings, &mut Vec::new());
        saved.is_some_and(|saved| saved.scale == Scale::Auto)
    };
    let is_scale = match asked.looks.scale {
        Scale::Times(times) => times == look.scale,
        Scale::Auto => is_auto(),
    };
    compare("pixels per value", &look.scale.to_string(), &asked.looks.scale.to_string(), is_scale);
    let is_surround = Surround::named(&record.kind) == Some(asked.looks.surround);
    compare("caption and colour bar", &record.kind, asked.looks.surround.name(), is_surround);
    found
}

/// Whether a chosen grid would be used: it is left where it doesn't hold the layer's channels.
fn has_room(panel: &PanelRecord, grid: Grid) -> bool {
    recorded_shape(&panel.look.shape)
        .is_none_or(|shape| panel.look.selection.is_some() || grid.capacity() >= shape.channels)
}

const OWN: &str = "the network's own";

fn weights_words(panel: &PanelRecord) -> String {
    if panel.run.weights == UNVERIFIED { file_words(&panel.run.weights_sha256) } else { OWN.to_owned() }
}

fn file_words(sha256: &str) -> String {
    format!("a file, hash {}", sha256.chars().take(12).collect::<String>())
}

/// Whether the record's weights were imported from the file that is asked for.
fn is_source(panel: &PanelRecord, sha256: Option<&str>) -> bool {
    sha256.is_some() && panel.run.weights_source_sha256.as_deref() == sha256
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Registry;
    use crate::mosaic::{MosaicSetting, Paper};
    use crate::render::Change;

    /// A record of a figure as the window writes it with its first settings.
    fn record() -> FigureRecord {
        let json = r#"{"schema":1,"program":"filterscope 0.1.0","kind":"captioned",
            "picture":{"file_name":"cat.png","pixels_sha256":"HASH"},
            "panels":[{"tag":"xception.keras_in1k","weights":"carried","weights_sha256":"HASH",
            "fit":"model","preprocess":"model","fitted":"stretched","input_size":"299x299","filter":"bilinear",
            "value_scale":"","engine":"own","device":"cpu","layer":"act4","shape":"2048×10×10",
            "layout":"channels","grid":"32x64","scale":2,"gap":1,"normalisation":"channel","range":"0 … 1",
            "colour_map":"magma","paper":"light"}]}"#;
        FigureRecord::from_json(&json.replace("HASH", &"0".repeat(64))).unwrap()
    }

    fn differences_of(change: &[Change], looks: SaveLooks, weights: Option<&str>) -> Vec<String> {
        let mut request = ViewRequest::new(Registry::find("xception.keras_in1k").unwrap());
        for change in change {
            request.apply(change);
        }
        let asked = AskedFigure { request: &request, looks, weights_sha256: weights };
        differences(&record(), &asked).iter().map(Difference::words).collect()
    }

    #[test]
    fn a_figure_made_as_asked_has_no_difference() {
        assert_eq!(differences_of(&[], SaveLooks::default(), None), [""; 0]);
    }

    #[test]
    fn each_setting_that_changed_is_named_with_both_values() {
        let changes = [
            Change::Fit("native".parse().unwrap()),
            Change::Mosaic(MosaicSetting::Normalisation(Normalisation::Layer)),
            Change::Mosaic(MosaicSetting::Colour("viridis".parse().unwrap())),
            Change::Selection("mean hide-dead".parse().unwrap()),
        ];
        let looks = SaveLooks {
            paper: Paper::Dark,
            scale: Scale::Times(4),
            surround: Surround { has_caption: false, ..Surround::WHOLE },
        };
        let hash = "f".repeat(64);
        assert_eq!(
            differences_of(&changes, looks, Some(&hash)),
            [
                "weights: the network's own in the figure, a file, hash ffffffffffff asked for",
                "fit: model in the figure, native asked for",
                "normalization: channel in the figure, layer asked for",
                "colours: magma in the figure, viridis asked for",
                "channels: index in the figure, mean hide-dead asked for",
                "background: light in the figure, dark asked for",
                "pixels per value: 2 in the figure, 4 asked for",
                "caption and colour bar: captioned in the figure, with scale asked for",
            ]
        );
    }

    #[test]
    fn figures_are_counted_by_what_differs_and_those_without_a_record_by_themselves() {
        let difference = |now: &str| Difference { setting: "fit", then: "model".into(), now: now.into() };
        let mut others = OtherFigures::default();
        others.add("a.png".into(), Some(Vec::new()));
        others.add("b.png".into(), Some(vec![difference("native")]));
        others.add("c.png".into(), Some(vec![difference("native")]));
        others.add("d.png".into(), None);
        assert_eq!(others.paths, ["b.png", "c.png", "d.png"].map(PathBuf::from));
        assert_eq!(others.differences, [(difference("native"), 2)]);
        assert_eq!(others.num_unknown, 1);
    }
}
