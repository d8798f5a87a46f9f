//! Where in a Keras file the layers of a graph may lie, and what else lies there.
//!
//! A network is looked for in one model of the file, among layers in Keras' own order: its layers are a run of theirs, and what
//! stands between them is a fault. Where the file says how its layers are put together, each must follow the layers that it follows
//! in the graph. Must not know values.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::convention::keras_names;
use super::keras::{Flat, FlatNode, KerasStore, StoredLayer, class_of, counted};
use super::keras_settings::odd_settings;
use super::tensor_file::TensorFile;
use crate::graph::{Graph, NodeId, Op, keras_class_order};

/// Kinds of layers that Keras numbers by itself: today's name, and Keras 1's.
const COUNTED: [(&str, &str); 2] =
    [("conv2d", "convolution2d"), ("batch_normalization", "batchnormalization")];
/// The most channels that a picture has.
const MOST_OF_A_PICTURE: usize = 4;
/// Ways to try in one model of a file.
const MAX_WAYS: usize = 64;

/// One way in which a graph's layers may be those of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Whereabouts {
    /// The model that they lie in, with a slash behind it, or empty.
    pub(super) scope: String,
    /// Layer as the graph spells it → as the file does, where they differ.
    pub(super) renamed: HashMap<String, String>,
    /// Whether the file has no names of these layers.
    pub(super) is_nameless: bool,
}

/// Of one parameter: names that it may have behind its layer's, each with its shape under that name.
type Spellings = Vec<(String, Vec<usize>)>;

/// Which layers a graph wants.
struct Wanted<'a> {
    file: &'a TensorFile,
    suffix: &'static str,
    /// By layer: what its parameters may be called behind the layer's name, and their shapes in the file.
    params: HashMap<&'a str, Vec<Spellings>>,
}

impl<'a> Wanted<'a> {
    fn of(graph: &'a Graph, file: &'a TensorFile, suffix: &'static str) -> Self {
        let mut params: HashMap<&str, Vec<Spellings>> = HashMap::new();
        for node in graph.nodes() {
            let Some(layer) = node.keras_layer.as_deref() else { continue };
            let all = params.entry(layer).or_default();
            for (role, shape) in node.op.params() {
                let names = keras_names(node, role).into_iter();
                all.push(
                    names.map(|(leaf, layout)| (leaf.to_owned(), layout.shape_in_file(&shape))).collect(),
                );
            }
        }
        Self { file, suffix, params }
    }

    /// Whether a layer of the file has the parameters of one of the graph, by shape.
    fn fits(&self, layer: &str, key: &str) -> bool {
        self.params.get(layer).is_some_and(|params| {
            params.iter().all(|names| {
                names.iter().any(|(leaf, shape)| {
                    let entry = self.file.entry(&format!("{key}/{leaf}{}", self.suffix));
                    entry.is_some_and(|entry| entry.shape == *shape)
                })
            })
        })
    }
}

/// All ways that are worth trying; at least one.
pub(super) fn whereabouts(graph: &Graph, file: &TensorFile, suffix: &'static str) -> Vec<Whereabouts> {
    let wanted = Wanted::of(graph, file, suffix);
    let Some(store) = file.keras_store() else {
        let layers: BTreeSet<&str> = file.names().filter_map(|name| Some(name.rsplit_once('/')?.0)).collect();
        return ways(&wanted, graph, "", &layers.into_iter().collect::<Vec<_>>());
    };
    let mut all = Vec::new();
    for scope in store.scopes() {
        let layers: Vec<&StoredLayer> = store.of_scope(scope).collect();
        if !layers.iter().any(|layer| is_of_maps(file, layer)) {
            continue;
        }
        if layers.iter().all(|layer| layer.is_named) {
            let names: Vec<&str> = layers.iter().map(|layer| layer.name.as_str()).collect();
            all.extend(ways(&wanted, graph, scope, &names));
        } else {
            all.extend(nameless(&wanted, graph, scope, &layers));
        }
    }
    if let Some(scope) = asked_scope(file) {
        all.retain(|way| way.scope == scope);
    }
    if all.is_empty() {
        all.push(Whereabouts::default());
    }
    all
}

/// The model of a Keras file that a person named, with a slash behind it, if it has layers there.
fn asked_scope(file: &TensorFile) -> Option<String> {
    let asked = file.choice().prefix.as_deref()?.trim_end_matches(['.', '/']);
    let scope = if asked.is_empty() { String::new() } else { format!("{asked}/") };
    file.keras_store()?.scopes().into_iter().find(|there| **there == *scope).map(|_| scope)
}

impl TensorFile {
    /// Whether a person named a model of a Keras file.
    pub(super) fn names_a_keras_model(&self) -> bool {
        asked_scope(self).is_some()
    }
}

/// In a model whose layers have names: those that Keras numbered are taken in the order of their numbers.
fn ways(wanted: &Wanted<'_>, graph: &Graph, scope: &str, there: &[&str]) -> Vec<Whereabouts> {
    let mut ways = vec![Whereabouts { scope: scope.to_owned(), ..Whereabouts::default() }];
    for (kind, then) in COUNTED {
        let number = |name: &str| counted(name, kind).or_else(|| counted(name, then));
        let ordered = |names: &mut dyn Iterator<Item = &str>| {
            let mut found: Vec<(usize, String)> =
                names.filter_map(|name| Some((number(name)?, name.to_owned()))).collect();
            found.sort();
            found.dedup();
            found
        };
        let ours = ordered(&mut graph.nodes().iter().filter_map(|node| node.keras_layer.as_deref()));
        let theirs = ordered(&mut there.iter().copied());
        if ours.is_empty() || theirs.is_empty() {
            continue;
        }
        let pairs = if ours.len() > theirs.len() {
            let spelling = if theirs[0].1.starts_with(then) { then } else { kind };
            vec![by_number(wanted, scope, spelling, &ours, &theirs)]
        } else {
            let names: Vec<&str> = theirs.iter().map(|(_, name)| name.as_str()).collect();
            runs(wanted, scope, &ours.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>(), &names)
        };
        ways = crossed(&ways, &pairs);
    }
    ways
}

/// In a model whose layers have no names: those of a class are taken in Keras' order of that class.
fn nameless(wanted: &Wanted<'_>, graph: &Graph, scope: &str, layers: &[&StoredLayer]) -> Vec<Whereabouts> {
    let mut ours: Vec<(&str, Vec<&str>)> = Vec::new();
    for (class, layer) in keras_class_order(graph) {
        match ours.iter_mut().find(|(other, _)| *other == class) {
            Some((_, list)) => list.push(layer),
            None => ours.push((class, vec![layer])),
        }
    }
    let mut ways = vec![Whereabouts { scope: scope.to_owned(), is_nameless: true, renamed: HashMap::new() }];
    for (class, ours) in ours {
        // The file lists them in order.
        let there = layers.iter().filter(|layer| layer.class.as_deref() == Some(class));
        let mut there: Vec<String> = there.map(|layer| layer.name.clone()).collect();
        there.sort_by_key(|name| counted(name, class));
        // Names as they would be, where there are too few.
        for count in there.len()..ours.len() {
            there.push(if count == 0 { class.to_owned() } else { format!("{class}_{count}") });
        }
        let names: Vec<&str> = there.iter().map(String::as_str).collect();
        ways = crossed(&ways, &runs(wanted, scope, &ours, &names));
    }
    ways
}

/// Layer as the graph spells it, as the file does.
type Pairs = Vec<(String, String)>;

/// All runs of layers in which each has the shapes that it must have; the first where there is none.
fn runs(wanted: &Wanted<'_>, scope: &str, ours: &[&str], theirs: &[&str]) -> Vec<Pairs> {
    let pairs = |from: usize| -> Pairs {
        ours.iter().zip(&theirs[from..]).map(|(o, t)| ((*o).to_owned(), (*t).to_owned())).collect()
    };
    let fits = |from: &usize| {
        ours.iter().zip(&theirs[*from..]).all(|(ours, theirs)| wanted.fits(ours, &format!("{scope}{theirs}")))
    };
    let found: Vec<Pairs> = (0..=theirs.len() - ours.len()).filter(fits).map(pairs).take(MAX_WAYS).collect();
    if found.is_empty() { vec![pairs(0)] } else { found }
}

/// Where layers are missing: by their numbers, counted from where most have the shapes that they must have, so that a missing one is
/// called what it would be called in that file.
fn by_number(
    wanted: &Wanted<'_>,
    scope: &str,
    kind: &str,
    ours: &[(usize, String)],
    theirs: &[(usize, String)],
) -> Pairs {
    let (first, there) = (ours[0].0, theirs[0].0);
    let name = |number: usize| if number == 0 { kind.to_owned() } else { format!("{kind}_{number}") };
    let pairs =
        |start: usize| ours.iter().map(move |(number, ours)| (ours.clone(), name(number - first + start)));
    let num_fitting =
        |start: usize| pairs(start).filter(|(o, t)| wanted.fits(o, &format!("{scope}{t}"))).count();
    let starts = there.saturating_sub(ours.len() - theirs.len())..=there;
    let best = starts.rev().max_by_key(|start| num_fitting(*start)).unwrap_or(there);
    pairs(best).collect()
}

fn crossed(ways: &[Whereabouts], pairs: &[Pairs]) -> Vec<Whereabouts> {
    let mut all = Vec::new();
    for way in ways {
        for pairs in pairs.iter().take(MAX_WAYS) {
            if all.len() >= MAX_WAYS {
                return all;
            }
            let mut way = way.clone();
            way.renamed.extend(pairs.iter().cloned());
            all.push(way);
        }
    }
    all
}

/// What kind of layer one of a file is, as far as a backbone is concerned.
fn is_of_maps(file: &TensorFile, layer: &StoredLayer) -> bool {
    is_of_maps_by_key(file, &layer.key())
}

/// Convolutions and batch norms, which a backbone is made of; dense layers and the like only stand in heads.
fn is_of_maps_by_key(file: &TensorFile, key: &str) -> bool {
    let has = |leaf: &str, sides: usize| {
        file.entry(&format!("{key}/{leaf}")).is_some_and(|entry| entry.shape.len() == sides)
    };
    has("kernel", 4) || has("depthwise_kernel", 4) || has("moving_mean", 1)
}

/// What was found of a file beside a graph's own layers.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// Layers that belong to no backbone, in order.
    pub(super) head: Vec<StoredLayer>,
    /// Layers that stand before the network's or between them.
    pub(super) between: Vec<String>,
    /// Layers that aren't given what they are given in the graph.
    pub(super) misplaced: Vec<String>,
    /// What is set otherwise than in the graph, in words.
    pub(super) odd_settings: Vec<String>,
}

/// Holds what a way leaves over against Keras' order; `used` are the layers that were bound, the graph's name → the file's key.
pub(super) fn rest(
    graph: &Graph,
    file: &TensorFile,
    store: &KerasStore,
    used: &HashMap<String, String>,
) -> Rest {
    let keys: HashSet<&str> = used.values().map(String::as_str).collect();
    // `Normalization` says what becomes of a picture's values, and is no part of a head.
    let is_of_the_picture = |layer: &StoredLayer| file.entry(&format!("{}/mean", layer.key())).is_some();
    let is_left = |layer: &&StoredLayer| {
        layer.has_weights && !keys.contains(layer.key().as_str()) && !is_of_the_picture(layer)
    };
    let mut rest = Rest { head: store.layers.iter().filter(is_left).cloned().collect(), ..Rest::default() };
    let flat = file.keras_config().and_then(Flat::of);
    // Only where the configuration speaks of every layer that was bound.
    if let Some(flat) = flat.filter(|flat| keys.iter().all(|key| flat.find(key).is_some())) {
        rest.by_calls(graph, file, &flat, used, &keys);
    } else {
        rest.by_order(file, store, &keys);
    }
    rest.head.retain(|layer| !rest.between.contains(&layer.key()));
    rest
}

impl Rest {
    fn by_calls(
        &mut self,
        graph: &Graph,
        file: &TensorFile,
        flat: &Flat<'_>,
        used: &HashMap<String, String>,
        keys: &HashSet<&str>,
    ) {
        let is_of_maps = |node: &FlatNode<'_>| is_of_maps_by_key(file, &node.key());
        let before = before_in_graph(graph);
        for (layer, key) in used {
            let Some(at) = flat.find(key) else { continue };
            let there: BTreeSet<String> =
                flat.before(at, &is_of_maps).into_iter().map(|at| flat.nodes[at].key()).collect();
            for other in there.iter().filter(|other| !keys.contains(other.as_str())) {
                if !self.between.contains(other) {
                    self.between.push(other.clone());
                }
            }
            let Some(before) = before.get(layer.as_str()) else { continue };
            let expected: BTreeSet<String> =
                before.iter().filter_map(|layer| used.get(*layer).cloned()).collect();
            let is_known = there.iter().all(|other| keys.contains(other.as_str()));
            if is_known && there != expected {
                self.misplaced.push(key.clone());
            }
        }
        self.between.sort();
        self.misplaced.sort();
        self.odd_settings = odd_settings(graph, flat, used, &is_of_maps);
    }

    fn by_order(&mut self, file: &TensorFile, store: &KerasStore, keys: &HashSet<&str>) {
        let places: Vec<usize> =
            (0..store.layers.len()).filter(|at| keys.contains(store.layers[*at].key().as_str())).collect();
        let Some(first) = places.first() else { return };
        let scope = &store.layers[*first].scope;
        for (at, layer) in store.layers.iter().enumerate() {
            let key = layer.key();
            if !layer.has_weights || keys.contains(key.as_str()) || !is_of_maps(file, layer) {
                continue;
            }
            let is_around = scope.starts_with(&layer.scope) && layer.scope != *scope;
            let is_before = if layer.scope == *scope {
                let class = layer.class.as_deref().unwrap_or_else(|| class_of(&layer.name));
                // Keras lists layers without names by depth, so those of a branch stand between a network's.
                if !layer.is_named {
                    self.between.push(key);
                    continue;
                }
                let is_comparable = |place: &&usize| {
                    let other = &store.layers[**place];
                    store.is_in_order || other.class.as_deref() == Some(class)
                };
                places.iter().filter(is_comparable).any(|place| at < *place)
            } else {
                is_around && store.is_in_order && at < *first
            };
            // What stands in front takes a picture, and something beside it gives one; another network gives none.
            let is_in_front = || {
                let mut beside = self.head.iter().filter(|other| other.scope == layer.scope);
                takes_a_picture(file, &key) && beside.any(|other| gives_a_picture(file, &other.key()))
            };
            if is_before || is_in_front() {
                self.between.push(key);
            }
        }
    }
}

/// Whether a convolution or a batch norm of a file takes as few channels as a picture has.
fn takes_a_picture(file: &TensorFile, key: &str) -> bool {
    channels(file, key).is_some_and(|(taken, _)| taken <= MOST_OF_A_PICTURE)
}

/// Whether it gives as few.
fn gives_a_picture(file: &TensorFile, key: &str) -> bool {
    channels(file, key).is_some_and(|(_, given)| given <= MOST_OF_A_PICTURE)
}

/// Channels that a convolution or a batch norm of a file takes and gives.
fn channels(file: &TensorFile, key: &str) -> Option<(usize, usize)> {
    let of = |leaf: &str| file.entry(&format!("{key}/{leaf}")).map(|entry| &entry.shape[..]);
    match (of("kernel"), of("depthwise_kernel"), of("moving_mean")) {
        (Some([_, _, taken, given]), ..) => Some((*taken, *given)),
        (_, Some([_, _, taken, multiplier]), _) => Some((*taken, taken * multiplier)),
        (.., Some([num])) => Some((*num, *num)),
        _ => None,
    }
}

/// Of each Keras layer of a graph the nearest convolutions and batch norms before it.
fn before_in_graph(graph: &Graph) -> HashMap<&str, BTreeSet<&str>> {
    let nodes = graph.nodes();
    let own = |id: NodeId| -> Option<&str> {
        let node = &nodes[id.0];
        let is_of_maps = matches!(node.op, Op::Conv2d(_) | Op::BatchNorm(_));
        node.keras_layer.as_deref().filter(|_| is_of_maps)
    };
    let mut before: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    // What the nearest layers of a value are, itself included.
    let mut nearest: Vec<BTreeSet<&str>> = Vec::with_capacity(nodes.len());
    for id in graph.ids() {
        let inputs: BTreeSet<&str> =
            nodes[id.0].inputs.iter().flat_map(|input| nearest[input.0].iter().copied()).collect();
        nearest.push(match own(id) {
            Some(layer) => {
                let others = inputs.into_iter().filter(|other| *other != layer);
                before.entry(layer).or_default().extend(others);
                BTreeSet::from([layer])
            }
            None => inputs,
        });
    }
    before
}
