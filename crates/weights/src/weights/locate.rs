//! Where in a Keras file the layers of a graph may be found, and what else the file contains.
//!
//! A network is looked for within each nested model of the file, among its layers in Keras' own order. The network's layers must be a
//! contiguous run of them; a layer in between is a fault. If the file says how its layers are connected, each must follow the layers
//! that it follows in the graph. Must not know values.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::convention::keras_names;
use super::keras::{Flat, FlatNode, KerasStore, StoredLayer, class_of, counted};
use super::keras_settings::odd_settings;
use super::tensor_file::TensorFile;
use crate::graph::{Graph, NodeId, Op, keras_class_order};

/// Kinds of layers that Keras numbers automatically in the networks here: today's name, and Keras 1's.
const COUNTED: [(&str, &str); 2] =
    [("conv2d", "convolution2d"), ("batch_normalization", "batchnormalization")];
/// The largest number of channels that a picture can have.
const MOST_OF_A_PICTURE: usize = 4;
/// Largest number of assignments to try in one model of a file.
const MAX_WAYS: usize = 64;

/// One possible assignment of a graph's layers to layers of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Whereabouts {
    /// The nested model that contains them, with a slash at the end; empty at the top level.
    pub(super) scope: String,
    /// The graph's name of a layer → the file's, where they may differ.
    pub(super) renamed: HashMap<String, String>,
    /// Whether the file doesn't have the names of these layers.
    pub(super) is_nameless: bool,
}

/// The possible names of one parameter within its layer, each with the shape that it has in the file under that name.
type Spellings = Vec<(String, Vec<usize>)>;

/// The layers that a graph needs.
struct Wanted<'a> {
    file: &'a TensorFile,
    suffix: &'static str,
    /// For each layer of the graph, the possible names and shapes of its parameters.
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

    /// Whether the file's layer `key` has all parameters of the graph's `layer`, with the right shapes.
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

/// All assignments that are worth trying; at least one.
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

/// The nested model of a Keras file that the user asked for, with a slash at the end, if it has layers with weights.
fn asked_scope(file: &TensorFile) -> Option<String> {
    let asked = file.choice().prefix.as_deref()?.trim_end_matches(['.', '/']);
    let scope = if asked.is_empty() { String::new() } else { format!("{asked}/") };
    file.keras_store()?.scopes().into_iter().find(|there| **there == *scope).map(|_| scope)
}

impl TensorFile {
    /// Whether the user asked for a nested model of a Keras file, and the file has it.
    pub(super) fn names_a_keras_model(&self) -> bool {
        asked_scope(self).is_some()
    }
}

/// The assignments in a model whose layers have names. Layers that Keras numbered are matched in the order of their numbers.
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

/// The assignments in a model whose layers have no names. The layers of each class are matched in Keras' order.
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
        // The order of the numbers is Keras' order.
        let there = layers.iter().filter(|layer| layer.class.as_deref() == Some(class));
        let mut there: Vec<String> = there.map(|layer| layer.name.clone()).collect();
        there.sort_by_key(|name| counted(name, class));
        // If there are too few, add the names that the missing ones would have.
        for count in there.len()..ours.len() {
            there.push(if count == 0 { class.to_owned() } else { format!("{class}_{count}") });
        }
        let names: Vec<&str> = there.iter().map(String::as_str).collect();
        ways = crossed(&ways, &runs(wanted, scope, &ours, &names));
    }
    ways
}

/// Pairs of the graph's name of a layer and the file's.
type Pairs = Vec<(String, String)>;

/// All contiguous runs of the file's layers in which each has the right shapes. If there are none, the first run.
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

/// The pairs if the file has too few layers. They are matched by number, with the start at which most layers have the right shapes, so
/// that a missing layer is reported under the name that it would have in the file.
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

/// Whether a layer of a file works on feature maps, as those of a backbone do.
fn is_of_maps(file: &TensorFile, layer: &StoredLayer) -> bool {
    is_of_maps_by_key(file, &layer.key())
}

/// Whether the layer under a key is a convolution or a batch norm, by its tensors. Backbones consist of these; dense layers and others
/// occur only in heads.
fn is_of_maps_by_key(file: &TensorFile, key: &str) -> bool {
    let has = |leaf: &str, sides: usize| {
        file.entry(&format!("{key}/{leaf}")).is_some_and(|entry| entry.shape.len() == sides)
    };
    has("kernel", 4) || has("depthwise_kernel", 4) || has("moving_mean", 1)
}

/// What a file holds in addition to a graph's own layers, and how it differs from the graph.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// Layers that don't belong to the backbone, in order.
    pub(super) head: Vec<StoredLayer>,
    /// Keys of layers before the network's layers or between them.
    pub(super) between: Vec<String>,
    /// Keys of layers whose inputs come from other layers than in the graph.
    pub(super) misplaced: Vec<String>,
    /// Settings that differ from the graph, in words.
    pub(super) odd_settings: Vec<String>,
}

/// Sorts the layers that are left over into head layers and faults, by the connections in the configuration if it has all bound layers,
/// otherwise by the layers' order. `used` maps the graph's name of each bound layer to the file's key.
pub(super) fn rest(
    graph: &Graph,
    file: &TensorFile,
    store: &KerasStore,
    used: &HashMap<String, String>,
) -> Rest {
    let keys: HashSet<&str> = used.values().map(String::as_str).collect();
    // A `Normalization` layer is preprocessing and not part of a head.
    let is_of_the_picture = |layer: &StoredLayer| file.entry(&format!("{}/mean", layer.key())).is_some();
    let is_left = |layer: &&StoredLayer| {
        layer.has_weights && !keys.contains(layer.key().as_str()) && !is_of_the_picture(layer)
    };
    let mut rest = Rest { head: store.layers.iter().filter(is_left).cloned().collect(), ..Rest::default() };
    let flat = file.keras_config().and_then(Flat::of);
    // The connections are used only if the configuration has every layer that was bound.
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
                // Keras orders layers without names by depth, so those of another branch would be between the network's layers.
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
            // A stage in front of the network begins with a layer that takes a picture and has a layer that gives one. Another whole
            // network gives no picture.
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

/// Whether a convolution or a batch norm of a file gives as few channels as a picture has.
fn gives_a_picture(file: &TensorFile, key: &str) -> bool {
    channels(file, key).is_some_and(|(_, given)| given <= MOST_OF_A_PICTURE)
}

/// Numbers of channels that a convolution or a batch norm of a file takes and gives.
fn channels(file: &TensorFile, key: &str) -> Option<(usize, usize)> {
    let of = |leaf: &str| file.entry(&format!("{key}/{leaf}")).map(|entry| &entry.shape[..]);
    match (of("kernel"), of("depthwise_kernel"), of("moving_mean")) {
        (Some([_, _, taken, given]), ..) => Some((*taken, *given)),
        (_, Some([_, _, taken, multiplier]), _) => Some((*taken, taken * multiplier)),
        (.., Some([num])) => Some((*num, *num)),
        _ => None,
    }
}

/// For each Keras layer of a graph that is a convolution or a batch norm: the nearest such layers before it.
fn before_in_graph(graph: &Graph) -> HashMap<&str, BTreeSet<&str>> {
    let nodes = graph.nodes();
    let own = |id: NodeId| -> Option<&str> {
        let node = &nodes[id.0];
        let is_of_maps = matches!(node.op, Op::Conv2d(_) | Op::BatchNorm(_));
        node.keras_layer.as_deref().filter(|_| is_of_maps)
    };
    let mut before: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    // For each node, the nearest such layers, itself included.
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
