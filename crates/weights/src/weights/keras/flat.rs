//! A configuration's layers as one flat list, with the layers of nested models in place of the models, and the inputs of each layer.
//!
//! Inputs are indices into the list. A layer that is called several times is one entry with the inputs of all its calls.

use std::collections::HashMap;

use super::config::{KerasConfig, KerasLayer, KerasModel, ModelKind, TensorRef};

/// All layers of a model that aren't models themselves.
#[derive(Debug, Default)]
pub(crate) struct Flat<'a> {
    pub(crate) nodes: Vec<FlatNode<'a>>,
    /// The model's outputs, as indices into `nodes`.
    pub(crate) outputs: Vec<usize>,
}

/// A layer and its inputs.
#[derive(Debug)]
pub(crate) struct FlatNode<'a> {
    /// The nested models that contain the layer, outermost first, each followed by a slash.
    pub(crate) scope: String,
    pub(crate) layer: &'a KerasLayer,
    pub(crate) inputs: Vec<usize>,
    pub(crate) num_calls: usize,
}

impl FlatNode<'_> {
    /// The prefix of its tensors' names, without the slash.
    pub(crate) fn key(&self) -> String {
        format!("{}{}", self.scope, self.layer.name)
    }
}

impl<'a> Flat<'a> {
    /// The layers of a configuration. `None` if it doesn't say how its layers are connected.
    pub(crate) fn of(config: &'a KerasConfig) -> Option<Self> {
        let model = config.root.model.as_ref()?;
        let mut flat = Self::default();
        flat.outputs = flat.open(model, "", &[])?;
        Some(flat)
    }

    /// The index of the layer whose tensors' names begin with `key`.
    pub(crate) fn find(&self, key: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.key() == key)
    }

    /// The nearest layers before the one at `at` for which `counts` holds, as sorted indices. The search doesn't go past them.
    pub(crate) fn before(&self, at: usize, counts: &dyn Fn(&FlatNode<'_>) -> bool) -> Vec<usize> {
        let mut found = Vec::new();
        let mut seen = vec![false; self.nodes.len()];
        let mut open = self.nodes[at].inputs.clone();
        while let Some(next) = open.pop() {
            if std::mem::replace(&mut seen[next], true) {
                continue;
            }
            if counts(&self.nodes[next]) {
                found.push(next);
            } else {
                open.extend(&self.nodes[next].inputs);
            }
        }
        found.sort_unstable();
        found
    }

    /// Adds a model's layers and returns the indices of its outputs.
    fn open(&mut self, model: &'a KerasModel, scope: &str, given: &[usize]) -> Option<Vec<usize>> {
        match model.kind {
            ModelKind::Sequential => {
                let mut last = given.to_vec();
                for layer in &model.layers {
                    if layer.is_input() && !last.is_empty() {
                        continue;
                    }
                    last = self.layer(layer, scope, last, 1)?;
                }
                Some(last)
            }
            ModelKind::Functional => self.functional(model, scope, given),
        }
    }

    fn functional(&mut self, model: &'a KerasModel, scope: &str, given: &[usize]) -> Option<Vec<usize>> {
        let mut made: HashMap<&str, Vec<usize>> = HashMap::new();
        let output = |made: &HashMap<&str, Vec<usize>>, source: &TensorRef| -> Option<usize> {
            let outputs = made.get(source.layer.as_str())?;
            // If a layer has several outputs, the first stands for all, so that the connection isn't lost.
            outputs.get(source.output).or_else(|| outputs.first()).copied()
        };
        // Keras lists a layer after the layers whose outputs it takes. A file in another order wasn't written by Keras.
        for layer in &model.layers {
            let place = model.inputs.iter().position(|input| input.layer == layer.name);
            if let Some(input) = place.and_then(|place| given.get(place)) {
                made.insert(&layer.name, vec![*input]);
                continue;
            }
            let sources = layer.calls.iter().flat_map(super::Call::sources);
            let inputs = sources.map(|source| output(&made, source)).collect::<Option<Vec<_>>>()?;
            let outputs = self.layer(layer, scope, inputs, layer.calls.len())?;
            made.insert(&layer.name, outputs);
        }
        model.outputs.iter().map(|source| output(&made, source)).collect()
    }

    /// Adds one layer, or its layers if it is a model that lists them. Returns the indices of its outputs.
    fn layer(
        &mut self,
        layer: &'a KerasLayer,
        scope: &str,
        inputs: Vec<usize>,
        num_calls: usize,
    ) -> Option<Vec<usize>> {
        if let Some(model) = &layer.model {
            // A nested model that is called twice has two results, which this list can't represent.
            let outputs = self.open(model, &format!("{scope}{}/", layer.name), &inputs)?;
            return (num_calls < 2).then_some(outputs);
        }
        self.nodes.push(FlatNode { scope: scope.to_owned(), layer, inputs, num_calls });
        Some(vec![self.nodes.len() - 1])
    }
}
