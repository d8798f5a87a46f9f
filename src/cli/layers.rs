//! `layers`: lists every node of a network's graph, for one input size. Needs no weights.

use anyhow::Context as _;
use serde::Serialize;

use super::args::LayersArgs;
use super::exit::Exit;
use super::reporter::Reporter;
use super::table::{Table, TableColumn, short_count, stdout_width, wrap};
use crate::graph::{Graph, NodeId, NodeInfo, Op, ParamCount, ReceptiveField};
use crate::render::choose_spec_up_to;
use crate::tensor::counted;
use crate::tensor::{MapShape, PixelSize};

/// A network's layers for one input size, in the form of the JSON output.
#[derive(Serialize)]
struct Listing<'a> {
    model: &'static str,
    input: PixelSize,
    num_layers: usize,
    num_params: usize,
    num_running_stats: usize,
    mult_adds: u64,
    final_layer: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why_final: Option<&'a str>,
    layers: Vec<Layer<'a>>,
}

/// One node of the graph.
#[derive(Serialize)]
struct Layer<'a> {
    index: usize,
    name: &'a str,
    aliases: Vec<&'a str>,
    #[serde(rename = "keras_layer")]
    in_keras: Option<&'a str>,
    is_stage: bool,
    kind: &'static str,
    operation: &'a Op,
    inputs: Vec<&'a str>,
    shape: MapShape,
    num_params: usize,
    mult_adds: u64,
    receptive_field: ReceptiveField,
}

/// Prints the list.
pub(super) fn run(args: &LayersArgs, reporter: &Reporter) -> anyhow::Result<Exit> {
    let row = choose_spec_up_to(Some(&args.model), false, args.final_layer.as_deref())?;
    let graph = row.graph().with_context(|| format!("the graph of {} is malformed", row.tag))?;
    let input = args.input.unwrap_or(row.preprocess.size);
    // The graph's errors are worded for a picture; here the size comes from another option, `--input`.
    let infos = graph.infer(input)?;
    let ids: Vec<NodeId> = if args.stages { graph.stages().to_vec() } else { graph.ids().collect() };
    let ParamCount { trained, running_stats } = graph.num_params();
    let listing = Listing {
        model: row.tag,
        input,
        num_layers: graph.nodes().len(),
        num_params: trained,
        num_running_stats: running_stats,
        mult_adds: infos.iter().map(|info| info.mult_adds).sum(),
        final_layer: &graph.node(graph.final_node()).name,
        why_final: row.opened().and_then(|opened| opened.why_final.as_deref()),
        layers: ids.into_iter().map(|id| Layer::of(&graph, id, &infos[id.0])).collect(),
    };
    let text = if args.json {
        serde_json::to_string_pretty(&listing)? + "\n"
    } else {
        listing.to_text(stdout_width())
    };
    reporter.result(&text)?;
    Ok(Exit::Done)
}

impl<'a> Layer<'a> {
    fn of(graph: &'a Graph, id: NodeId, info: &NodeInfo) -> Self {
        let node = graph.node(id);
        Self {
            index: id.0,
            name: &node.name,
            aliases: graph.aliases_of(id),
            in_keras: node.keras_layer.as_deref(),
            is_stage: graph.stages().contains(&id),
            kind: node.op.kind(),
            operation: &node.op,
            inputs: node.inputs.iter().map(|input| graph.node(*input).name.as_str()).collect(),
            shape: info.shape,
            num_params: info.params,
            mult_adds: info.mult_adds,
            receptive_field: info.receptive_field,
        }
    }

    fn cells(&self) -> Vec<String> {
        let or_blank = |count: u64| if count == 0 { String::new() } else { short_count(count) };
        let aliases =
            if self.aliases.is_empty() { String::new() } else { format!(" ({})", self.aliases.join(", ")) };
        vec![
            format!("{}{aliases}", self.name),
            if self.is_stage { "*".into() } else { String::new() },
            self.kind.into(),
            self.shape.to_string(),
            or_blank(self.num_params as u64),
            or_blank(self.mult_adds),
            self.receptive_field.to_string(),
        ]
    }
}

impl Listing<'_> {
    fn to_text(&self, width: Option<usize>) -> String {
        let mut table = Table::new(vec![
            TableColumn::words("LAYER (ALSO)"),
            TableColumn::words("*"),
            TableColumn::words("KIND").dispensable(1),
            TableColumn::number("C×H×W"),
            TableColumn::number("PARAMS").dispensable(2),
            TableColumn::number("MULT-ADDS").dispensable(3),
            TableColumn::words("SEES /STEP @FROM").dispensable(4),
        ]);
        for layer in &self.layers {
            table.row(layer.cells());
        }
        let (mut text, left_out) = table.to_text(width);
        text.push('\n');
        text += &wrap(
            &format!(
                "{} at {}: {}, {} trained parameters and {} running statistics, {} multiply-adds; final layer {}.",
                self.model,
                self.input,
                counted(self.num_layers, "layer"),
                short_count(self.num_params as u64),
                short_count(self.num_running_stats as u64),
                short_count(self.mult_adds),
                self.final_layer,
            ),
            width,
        );
        if let Some(why) = self.why_final {
            text += &wrap(&format!("{}: {why}.", self.model), width);
        }
        text += &wrap(
            "*: part of `--layer all-stages`. SEES /STEP @FROM: input pixels that a position sees, from one position to the \
             next, and where the first begins.",
            width,
        );
        if !left_out.is_empty() {
            let left_out = left_out.join(", ").to_lowercase();
            text +=
                &wrap(&format!("Left out for lack of width: {left_out}; `--json` has everything."), width);
        }
        text
    }
}
