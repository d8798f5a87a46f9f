//! `models`: lists every model of the registry, as a table or as JSON.

use anyhow::Context as _;
use serde::Serialize;

use super::args::ModelsArgs;
use super::exit::Exit;
use super::reporter::Reporter;
use super::table::{Table, TableColumn, short_count, stdout_width, wrap};
use crate::engine::{WeightState, WeightStore};
use crate::models::{ModelSpec, Registry, Verification};
use crate::render::{DEFAULT_TAG, Resources};
use crate::tensor::{MapShape, PreprocessSpec};

/// One model, in the form of the JSON output.
#[derive(Serialize)]
struct Listing {
    tag: &'static str,
    architecture: &'static str,
    bare_names: &'static [&'static str],
    title: &'static str,
    is_default: bool,
    state: WeightState,
    /// The final layer and its shape at the model's own input size.
    final_layer: FinalLayer,
    /// Number of trained values of the feature extractor, without the classifier.
    num_params: usize,
    /// Top-1 accuracy on ImageNet-1k in percent, as published, and by whom.
    top1: Option<f32>,
    top1_source: Option<&'static str>,
    num_layers: usize,
    variant: &'static str,
    preprocess: PreprocessSpec,
    /// The value mapping in words.
    value_scale: String,
    license: &'static str,
    source: &'static str,
    /// Path of the weight file, if there is one on this machine.
    path: Option<String>,
    verification: Verification,
    verification_words: &'static str,
    caution: &'static str,
}

#[derive(Serialize)]
struct FinalLayer {
    name: String,
    #[serde(flatten)]
    shape: MapShape,
}

impl Listing {
    fn of(spec: &'static ModelSpec, store: &WeightStore) -> anyhow::Result<Self> {
        let graph = spec.graph().with_context(|| format!("the graph of {} is malformed", spec.tag))?;
        let infos = graph.infer(spec.preprocess.size).with_context(|| spec.tag.to_owned())?;
        let last = graph.final_node();
        Ok(Self {
            tag: spec.tag,
            architecture: spec.arch(),
            bare_names: spec.bare_names,
            title: spec.title,
            is_default: spec.tag == DEFAULT_TAG,
            state: store.state(spec),
            final_layer: FinalLayer { name: graph.node(last).name.clone(), shape: infos[last.0].shape },
            num_params: graph.num_params().trained,
            top1: spec.top1().map(|top1| top1.percent),
            top1_source: spec.top1().map(|top1| top1.source),
            num_layers: graph.nodes().len(),
            variant: spec.variant,
            preprocess: spec.preprocess,
            value_scale: spec.preprocess.scale.to_string(),
            license: spec.license,
            source: spec.source,
            path: store.kept(spec).map(|file| file.path.display().to_string()),
            verification: spec.verification,
            verification_words: spec.verification.words(),
            caution: spec.caution,
        })
    }
}

/// Prints the list.
pub(super) fn run(args: &ModelsArgs, resources: &Resources, reporter: &Reporter) -> anyhow::Result<Exit> {
    let listings = Registry::specs()
        .map(|spec| Listing::of(spec, &resources.store))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let text = if args.json {
        serde_json::to_string_pretty(&listings)? + "\n"
    } else {
        to_text(&listings, stdout_width())
    };
    reporter.result(&text)?;
    Ok(Exit::Done)
}

fn to_text(listings: &[Listing], width: Option<usize>) -> String {
    let mut table = Table::new(vec![
        TableColumn::words("MODEL"),
        TableColumn::words("ALSO").dispensable(3),
        TableColumn::words("FINAL LAYER"),
        TableColumn::number("INPUT").dispensable(1),
        TableColumn::number("PARAMS").dispensable(2),
        TableColumn::number("TOP-1").dispensable(6),
        TableColumn::words("WEIGHTS"),
        TableColumn::words("LICENCE").dispensable(5),
        TableColumn::words("CHECKED").dispensable(4),
    ]);
    for listing in listings {
        table.row(vec![
            listing.tag.into(),
            listing.bare_names.join(", "),
            listing.final_layer.shape.to_string(),
            listing.preprocess.size.to_string(),
            short_count(listing.num_params as u64),
            listing.top1.map_or_else(String::new, |percent| format!("{percent:.1} %")),
            listing.state.words().into(),
            // The JSON has the source of the licence and the reason.
            listing.license.split(" (").next().unwrap_or_default().into(),
            listing.verification_words.into(),
        ]);
    }
    let (mut text, left_out) = table.to_text(width);
    text.push('\n');
    let num_to_fetch = listings.iter().filter(|l| l.state == WeightState::Downloadable).count();
    if num_to_fetch > 0 {
        text += &wrap("`filterscope weights fetch MODEL` downloads what is available for download.", width);
    }
    for listing in listings.iter().filter(|l| l.state == WeightState::Embedded) {
        let default = if listing.is_default { " (the default)" } else { "" };
        let caution =
            if listing.caution.is_empty() { String::new() } else { format!(". Mind: {}", listing.caution) };
        text += &wrap(&format!("{}{default}: {}{caution}.", listing.tag, listing.title), width);
    }
    if !left_out.is_empty() {
        let left_out = left_out.join(", ").to_lowercase();
        text += &wrap(&format!("Left out for lack of width: {left_out}; `--json` has everything."), width);
    }
    text
}
