//! Which of a network's maps is the last, and the sentence that explains it if the network doesn't simply end where the file does.
//!
//! Responsible for the choice and its explanation. The dependencies between values are in `ways`.

use super::draft::DraftNode;
use super::ways::{Cause, MAX_OUTPUTS, Root, Ways, depths};
use crate::graph::{NodeInfo, Op};
use crate::weights::onnx::error::OnnxProblem;

/// The last map by default, if the user doesn't ask for another.
pub(super) struct Last {
    pub(super) id: usize,
    /// The sentence for [`Ending::why`](crate::weights::onnx::Ending::why).
    pub(super) why: Option<String>,
    pub(super) is_cut: bool,
    /// The maps at which the supported part ends, or the last maps of several outputs. They are offered as final layers.
    pub(super) ends: Vec<usize>,
}

/// Largest number of characters of the sentence, which is stored in figures.
const MAX_WORDS: usize = 900;

impl Cause {
    /// The cause in words that continue "behind it".
    pub(super) fn words(&self) -> String {
        match self {
            Self::Problem(problem) => problem.to_string(),
            Self::Leaves { op, node, .. } => format!("`{op}` makes something else than maps (node `{node}`)"),
        }
    }
}

/// Chooses the last map. `left` are the nodes whose maps are turned into something that is no map, `outputs` the names of the file's
/// outputs.
pub(super) fn last(
    nodes: &[DraftNode],
    left: &[usize],
    ways: &Ways,
    outputs: &[String],
    infos: &[NodeInfo],
) -> Result<Last, OnnxProblem> {
    let area = |id: usize| infos[id].shape.height * infos[id].shape.width;
    let named = ways.roots_of(outputs);
    if named.len() > MAX_OUTPUTS {
        return Err(OnnxProblem::TooMuch(format!(
            "it has {} outputs, more than the {MAX_OUTPUTS} that are followed",
            named.len()
        )));
    }
    let roots: Vec<Root> = named.iter().map(|(_, root)| *root).collect();
    let (ends, causes) = ways.ends(&roots);
    let counts = |cause: &&Cause| match cause {
        Cause::Problem(_) => true,
        // A map with one location is equivalent to a mean, which a classifier starts with.
        Cause::Leaves { maps, .. } => maps.iter().any(|id| area(*id) > 1),
    };
    let causes: Vec<&Cause> = causes.into_iter().map(|at| &ways.causes[at]).filter(counts).collect();
    if causes.is_empty() {
        return own_end(nodes, left, ways, &named, infos);
    }
    let is_map = |id: usize| id != 0 && !nodes[id].is_pooled && !matches!(nodes[id].op, Op::ZeroPad(_));
    let common = ways
        .last_common(nodes, &roots, |id| is_map(id) && area(id) > 1)
        .or_else(|| ways.last_common(nodes, &roots, is_map));
    let (id, which) = match common {
        Some(id) if roots.len() == 1 => (id, "the last map that all of its output depends on"),
        Some(id) => (id, "the last map that all of its outputs depend on"),
        None => {
            let mut is_on_the_way = vec![false; nodes.len()];
            for id in (0..nodes.len()).rev() {
                if is_on_the_way[id] || ends.contains(&id) {
                    is_on_the_way[id] = true;
                    for input in &nodes[id].inputs {
                        is_on_the_way[*input] = true;
                    }
                }
            }
            let depths = depths(nodes);
            let found = (1..nodes.len()).filter(|id| is_on_the_way[*id] && is_map(*id));
            let Some(id) = found.max_by_key(|id| (depths[*id], *id)) else { return Err(nothing(&causes)) };
            (id, "the deepest of its maps, of which its outputs have none in common")
        }
    };
    let more = match causes.len() - 1 {
        0 => String::new(),
        1 => ", and one more node isn't followed".to_owned(),
        num => format!(", and {num} more nodes aren't followed"),
    };
    let reason = causes[0].words();
    let why = format!("it ends here at `{}`, {which}: behind it {reason}{more}", nodes[id].name);
    let ends = ends.into_iter().filter(|id| is_map(*id)).collect();
    Ok(Last { id, why: Some(short(why)), is_cut: true, ends })
}

/// The error if nothing of a network can be shown: the first operation that isn't supported.
fn nothing(causes: &[&Cause]) -> OnnxProblem {
    let problem = causes.iter().find_map(|cause| match cause {
        Cause::Problem(problem) => Some(problem.clone()),
        Cause::Leaves { .. } => None,
    });
    problem.unwrap_or(OnnxProblem::NoMaps)
}

/// The end of a network that is fully supported: the last map of its only output, or the deepest of the last maps of several outputs.
fn own_end(
    nodes: &[DraftNode],
    left: &[usize],
    ways: &Ways,
    outputs: &[(String, Root)],
    infos: &[NodeInfo],
) -> Result<Last, OnnxProblem> {
    let depths = depths(nodes);
    let of_outputs: Vec<(&str, usize)> = outputs
        .iter()
        .filter_map(|(name, root)| {
            let ends: Vec<usize> = ways.ends(&[*root]).0.into_iter().collect();
            Some((name.as_str(), last_map(nodes, &ends, infos)?))
        })
        .collect();
    let is_one = of_outputs.windows(2).all(|pair| pair[0].1 == pair[1].1);
    if is_one {
        let id = last_map(nodes, left, infos).ok_or(OnnxProblem::NoMaps)?;
        return Ok(Last { id, why: None, is_cut: false, ends: Vec::new() });
    }
    let deepest = of_outputs.iter().max_by_key(|(_, id)| (depths[*id], *id));
    let (name, id) = *deepest.ok_or(OnnxProblem::NoMaps)?;
    let why = format!(
        "of its {} outputs `{name}` is taken as the final layer, whose last map `{}` is the deepest",
        outputs.len(),
        nodes[id].name
    );
    let ends = of_outputs.iter().map(|(_, id)| *id).collect();
    Ok(Last { id, why: Some(short(why)), is_cut: false, ends })
}

/// The last map before a classifier: the last node in `left`, or if that is pooled or has one location, the map that it was computed
/// from.
fn last_map(nodes: &[DraftNode], left: &[usize], infos: &[NodeInfo]) -> Option<usize> {
    let area = |id: usize| infos[id].shape.height * infos[id].shape.width;
    let end = *left.iter().filter(|id| **id != 0).max()?;
    let mut at = end;
    while at != 0 && (nodes[at].is_pooled || area(at) == 1) {
        at = nodes[at].inputs[0];
    }
    match at {
        // All maps have one location at this size: a network for very small pictures.
        0 if !nodes[end].is_pooled => Some(end),
        0 => None,
        at => Some(at),
    }
}

pub(super) fn short(words: String) -> String {
    if words.chars().count() <= MAX_WORDS { words } else { words.chars().take(MAX_WORDS).collect() }
}
