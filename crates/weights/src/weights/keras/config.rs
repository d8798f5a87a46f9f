//! A model's configuration (`config.json` in a `.keras` file, `model_config` in a `.h5` file) as plain data: layers in Keras' own order,
//! the arguments of each layer's calls, and nested models as trees.
//!
//! Nothing in it is executed: the code of a `Lambda` stays text. Keras 1 and 2 write calls as nested lists, Keras 3 as arguments with
//! tensors among them. Both become [`Call`]s.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Largest text of a configuration; `EfficientNetB7`'s has about a megabyte.
const MAX_BYTES: usize = 64 << 20;
/// Largest number of layers in all nested models together.
const MAX_LAYERS: usize = 50_000;
/// Largest depth of nested models.
const MAX_DEPTH: usize = 8;
/// Largest depth of nested lists in the arguments of a call.
const MAX_ARGUMENT_DEPTH: usize = 16;

/// A model's configuration. The model itself is a layer with a `model`, unless it is a subclass of `Model` that doesn't list its
/// layers.
#[derive(Clone, Debug, PartialEq)]
pub struct KerasConfig {
    /// The model that was saved.
    pub root: KerasLayer,
    /// The loss that a compiled model was trained with. It tells what a linear output means.
    pub loss: Option<Value>,
}

/// One layer, or a model that is used as a layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KerasLayer {
    /// The class, such as `Conv2D`, `Functional` or `TFOpLambda`.
    pub class_name: String,
    /// The name that a custom class was registered under (`Package>Name`), or the name of one of Keras' own classes.
    pub registered_name: Option<String>,
    /// Where Keras 3 finds the class (`keras.layers`, `keras.src.ops.numpy`); older files have none.
    pub module: Option<String>,
    /// The layer's own name, unique in its model.
    pub name: String,
    /// The layer's configuration, without the layers of a model.
    pub config: Map<String, Value>,
    /// The calls of this layer in a functional model. Empty for inputs, and in a `Sequential`.
    pub calls: Vec<Call>,
    /// The layers, if this is a model that lists them.
    pub model: Option<KerasModel>,
}

/// How the layers of a model are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelKind {
    /// One after the other.
    Sequential,
    /// By the tensors that each was called with.
    Functional,
}

/// A model's layers.
#[derive(Clone, Debug, PartialEq)]
pub struct KerasModel {
    /// How they are connected.
    pub kind: ModelKind,
    /// The layers in the order of Keras' `model.layers`, with input layers if the file lists them.
    pub layers: Vec<KerasLayer>,
    /// The inputs of a functional model.
    pub inputs: Vec<TensorRef>,
    /// The outputs of a functional model.
    pub outputs: Vec<TensorRef>,
}

/// A tensor, identified by the layer that produces it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorRef {
    /// The layer's name, in the same model.
    pub layer: String,
    /// Index of the layer's call that produces it.
    pub call: usize,
    /// Index among the outputs of that call.
    pub output: usize,
}

/// One call of a layer: its arguments.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Call {
    /// Arguments by position. In Keras 2's files these are the tensors.
    pub args: Vec<Argument>,
    /// Arguments by name. In Keras 2's files `name` and arguments that are `None` are among them.
    pub kwargs: BTreeMap<String, Argument>,
}

/// One argument of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// A tensor of the model.
    Tensor(TensorRef),
    /// A list of arguments with at least one tensor in it.
    List(Vec<Self>),
    /// Anything else, as it is in the file.
    Value(Value),
}

impl Argument {
    /// All tensors in it, in order.
    pub fn sources(&self) -> Vec<&TensorRef> {
        match self {
            Self::Tensor(source) => vec![source],
            Self::List(list) => list.iter().flat_map(Self::sources).collect(),
            Self::Value(_) => Vec::new(),
        }
    }
}

impl Call {
    /// All tensors it was called with, by position first, then by name.
    pub fn sources(&self) -> Vec<&TensorRef> {
        self.args.iter().chain(self.kwargs.values()).flat_map(Argument::sources).collect()
    }
}

impl KerasLayer {
    /// A model's layers. Empty if this isn't a model or doesn't list its layers.
    pub fn layers(&self) -> &[Self] {
        self.model.as_ref().map_or(&[], |model| &model.layers)
    }

    /// The class without the package it was registered under.
    pub fn class(&self) -> &str {
        self.class_name.rsplit('>').next().unwrap_or(&self.class_name)
    }

    /// Whether this is only the input of a model.
    pub fn is_input(&self) -> bool {
        self.class_name == "InputLayer"
    }
}

impl KerasConfig {
    /// Parses a configuration's text. The error says in words what is wrong with it, without the file's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_BYTES {
            return Err(format!("it has {} bytes, more than any network's", text.len()));
        }
        let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let loss = value.get("compile_config").and_then(|config| config.get("loss")).cloned();
        let mut parser = Parser { num_layers: 0 };
        Ok(Self { root: parser.layer(value, 0)?, loss })
    }

    /// The class name of the loss, if it takes outputs before softmax or sigmoid (`from_logits`); otherwise `None`.
    pub fn loss_of_logits(&self) -> Option<&str> {
        let loss = self.loss.as_ref()?;
        let is_of_logits = loss.get("config")?.get("from_logits")?.as_bool()?;
        loss.get("class_name")?.as_str().filter(|_| is_of_logits)
    }
}

struct Parser {
    num_layers: usize,
}

impl Parser {
    fn layer(&mut self, value: Value, depth: usize) -> Result<KerasLayer, String> {
        self.num_layers += 1;
        if self.num_layers > MAX_LAYERS {
            return Err(format!("it has more than {MAX_LAYERS} layers"));
        }
        let Value::Object(mut fields) = value else { return Err("a layer in it is no object".to_owned()) };
        let class_name = take_text(&mut fields, "class_name").ok_or("a layer in it has no `class_name`")?;
        let (mut config, mut model) = (Map::new(), None);
        match fields.remove("config") {
            Some(Value::Object(object)) => {
                config = object;
                // Some classes have a setting `layers` that isn't a list of layers.
                if let Some(Value::Array(list)) = config.get("layers")
                    && list.iter().all(|layer| layer.get("class_name").is_some())
                {
                    let list = config.remove("layers");
                    model = Some(self.model(&class_name, list, &config, depth)?);
                }
            }
            // Keras before 2.2 wrote a `Sequential` as the list of its layers alone.
            Some(list @ Value::Array(_)) if class_name == "Sequential" => {
                model = Some(self.model(&class_name, Some(list), &config, depth)?);
            }
            _ => {}
        }
        let name = fields.get("name").or_else(|| config.get("name")).and_then(Value::as_str);
        let name = name.unwrap_or_default().to_owned();
        let calls = fields.remove("inbound_nodes").map_or_else(|| Ok(Vec::new()), calls)?;
        Ok(KerasLayer {
            registered_name: take_text(&mut fields, "registered_name"),
            module: take_text(&mut fields, "module"),
            class_name,
            name,
            config,
            calls,
            model,
        })
    }

    fn model(
        &mut self,
        class_name: &str,
        layers: Option<Value>,
        config: &Map<String, Value>,
        depth: usize,
    ) -> Result<KerasModel, String> {
        if depth >= MAX_DEPTH {
            return Err("models in models in models".to_owned());
        }
        let Some(Value::Array(layers)) = layers else { return Err("its `layers` are no list".to_owned()) };
        let layers = layers.into_iter().map(|layer| self.layer(layer, depth + 1));
        let layers = layers.collect::<Result<Vec<_>, _>>()?;
        let has_calls = layers.iter().any(|layer| !layer.calls.is_empty());
        let is_functional = config.contains_key("output_layers") || has_calls;
        let kind = if class_name == "Sequential" || !is_functional {
            ModelKind::Sequential
        } else {
            ModelKind::Functional
        };
        Ok(KerasModel {
            kind,
            layers,
            inputs: ends(config.get("input_layers")),
            outputs: ends(config.get("output_layers")),
        })
    }
}

fn take_text(fields: &mut Map<String, Value>, key: &str) -> Option<String> {
    match fields.remove(key) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// A tensor written as `["layer", 0, 0]`: layer, call, output.
fn source(value: &Value) -> Option<TensorRef> {
    let [Value::String(layer), call, output, ..] = value.as_array()?.as_slice() else { return None };
    // Keras 3 writes the name of a layer alone before it numbers its calls.
    Some(TensorRef { layer: layer.clone(), call: call.as_u64()? as usize, output: output.as_u64()? as usize })
}

/// Inputs or outputs of a model: one tensor `["layer", 0, 0]`, a list of tensors, or a dictionary of tensors.
fn ends(value: Option<&Value>) -> Vec<TensorRef> {
    let Some(value) = value else { return Vec::new() };
    if let Some(one) = source(value) {
        return vec![one];
    }
    match value {
        Value::Array(list) => list.iter().filter_map(source).collect(),
        Value::Object(named) => named.values().filter_map(source).collect(),
        _ => Vec::new(),
    }
}

/// All calls of a functional model's layer.
fn calls(value: Value) -> Result<Vec<Call>, String> {
    let Value::Array(nodes) = value else { return Ok(Vec::new()) };
    nodes
        .into_iter()
        .map(|node| match node {
            Value::Object(node) => keras_3_call(node),
            Value::Array(node) => Ok(keras_2_call(node)),
            _ => Err("a call in it is neither a list nor an object".to_owned()),
        })
        .collect()
}

/// A call in Keras 3's form, `{"args": […], "kwargs": {…}}`, with tensors as `__keras_tensor__`.
fn keras_3_call(mut node: Map<String, Value>) -> Result<Call, String> {
    let mut call = Call::default();
    if let Some(Value::Array(args)) = node.remove("args") {
        call.args = args.into_iter().map(|arg| keras_3_argument(arg, 0)).collect::<Result<_, _>>()?;
    }
    if let Some(Value::Object(kwargs)) = node.remove("kwargs") {
        let named = kwargs.into_iter().map(|(key, arg)| Ok((key, keras_3_argument(arg, 0)?)));
        call.kwargs = named.collect::<Result<_, String>>()?;
    }
    Ok(call)
}

fn keras_3_argument(value: Value, depth: usize) -> Result<Argument, String> {
    if depth > MAX_ARGUMENT_DEPTH {
        return Err("lists in lists in lists among a layer's arguments".to_owned());
    }
    if value.get("class_name").and_then(Value::as_str) == Some("__keras_tensor__") {
        let history = value.get("config").and_then(|config| config.get("keras_history"));
        let tensor = history.and_then(source).ok_or("a tensor in it doesn't say which layer makes it")?;
        return Ok(Argument::Tensor(tensor));
    }
    match value {
        Value::Array(list) => {
            let list = list.into_iter().map(|arg| keras_3_argument(arg, depth + 1));
            let list = list.collect::<Result<Vec<_>, _>>()?;
            if list.iter().all(|arg| matches!(arg, Argument::Value(_))) {
                let plain = list.into_iter().filter_map(|arg| match arg {
                    Argument::Value(value) => Some(value),
                    Argument::Tensor(_) | Argument::List(_) => None,
                });
                return Ok(Argument::Value(Value::Array(plain.collect())));
            }
            Ok(Argument::List(list))
        }
        other => Ok(Argument::Value(other)),
    }
}

/// A call in Keras 2's form, `[["layer", 0, 0, {…}], …]`: tensors, with the call's other arguments in the dictionary of the first. A
/// constant instead of a tensor is `["_CONSTANT_VALUE", -1, value, {…}]`. A call with one tensor may be written without the outer list.
fn keras_2_call(node: Vec<Value>) -> Call {
    let node = if node.first().is_some_and(Value::is_string) { vec![Value::Array(node)] } else { node };
    let mut call = Call::default();
    for value in node {
        if let Some(tensor) = source(&value) {
            call.args.push(Argument::Tensor(tensor));
        } else if let Some([Value::String(_), _, constant, ..]) = value.as_array().map(Vec::as_slice) {
            call.args.push(Argument::Value(constant.clone()));
        }
        if let Some(Value::Object(kwargs)) = value.get(3) {
            for (key, value) in kwargs {
                let argument = keras_2_argument(value, 0);
                call.kwargs.insert(key.clone(), argument);
            }
        }
    }
    call
}

/// An argument by name in Keras 2's form. A tensor is `["layer", 0, 0]` here too; only its form distinguishes it from a list of a text
/// and two numbers.
fn keras_2_argument(value: &Value, depth: usize) -> Argument {
    match value {
        Value::Array(list) if list.len() == 3 && source(value).is_some() => {
            source(value).map_or_else(|| Argument::Value(value.clone()), Argument::Tensor)
        }
        Value::Array(list) if depth < MAX_ARGUMENT_DEPTH => {
            let list: Vec<Argument> = list.iter().map(|value| keras_2_argument(value, depth + 1)).collect();
            if list.iter().all(|arg| matches!(arg, Argument::Value(_))) {
                return Argument::Value(value.clone());
            }
            Argument::List(list)
        }
        _ => Argument::Value(value.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(layer: &str) -> Argument {
        Argument::Tensor(TensorRef { layer: layer.into(), call: 0, output: 0 })
    }

    #[test]
    fn calls_of_both_ages_come_out_alike() {
        let keras_3 = r#"{"class_name": "Functional", "module": "keras.src.models.functional", "registered_name": "Functional",
            "config": {"name": "net", "layers": [
              {"class_name": "InputLayer", "name": "in", "config": {"name": "in"}, "inbound_nodes": []},
              {"class_name": "Add", "name": "add", "config": {"name": "add"}, "inbound_nodes": [{"args": [[
                {"class_name": "__keras_tensor__", "config": {"shape": [null, 3], "keras_history": ["in", 0, 0]}},
                {"class_name": "__keras_tensor__", "config": {"shape": [null, 3], "keras_history": ["in", 0, 0]}}]],
                "kwargs": {}}]},
              {"class_name": "TrueDivide", "module": "keras.src.ops.numpy", "name": "div", "config": {"name": "div"},
               "inbound_nodes": [{"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": ["add", 0, 0]}},
               127.5], "kwargs": {"training": false}}]}],
              "input_layers": ["in", 0, 0], "output_layers": [["div", 0, 0]]}}"#;
        let keras_2 = r#"{"class_name": "Functional", "config": {"name": "net", "layers": [
              {"class_name": "InputLayer", "name": "in", "config": {"name": "in"}, "inbound_nodes": []},
              {"class_name": "Add", "name": "add", "config": {"name": "add"}, "inbound_nodes": [[["in", 0, 0, {}], ["in", 0, 0, {}]]]},
              {"class_name": "TFOpLambda", "name": "div", "config": {"name": "div", "function": "math.truediv"},
               "inbound_nodes": [["add", 0, 0, {"y": 127.5, "x2": ["in", 0, 0], "name": null}]]}],
              "input_layers": [["in", 0, 0]], "output_layers": [["div", 0, 0]]}}"#;
        for (text, age) in [(keras_3, 3), (keras_2, 2)] {
            let config = KerasConfig::parse(text).unwrap();
            let net = config.root.model.as_ref().unwrap();
            assert_eq!((config.root.name.as_str(), net.kind), ("net", ModelKind::Functional), "{age}");
            let [input, add, div] = &net.layers[..] else { panic!("{age}") };
            assert!(input.is_input() && input.calls.is_empty(), "{age}");
            assert_eq!(add.calls[0].sources().len(), 2, "{age}");
            assert_eq!(div.calls[0].args[0], tensor("add"), "{age}");
            assert_eq!(net.outputs, [TensorRef { layer: "div".into(), call: 0, output: 0 }], "{age}");
            assert_eq!(net.inputs.len(), 1, "{age}");
            if age == 3 {
                assert_eq!(add.calls[0].args, [Argument::List(vec![tensor("in"), tensor("in")])]);
                assert_eq!(div.calls[0].args[1], Argument::Value(127.5.into()));
                assert_eq!(div.module.as_deref(), Some("keras.src.ops.numpy"));
            } else {
                assert_eq!(div.calls[0].kwargs["y"], Argument::Value(127.5.into()));
                assert_eq!(div.calls[0].kwargs["x2"], tensor("in"));
                assert_eq!(div.config["function"], "math.truediv");
            }
        }
    }

    #[test]
    fn a_loss_of_logits_tells_what_a_linear_output_is() {
        let config = |loss: &str| {
            KerasConfig::parse(&format!(r#"{{"class_name": "A", "compile_config": {{"loss": {loss}}}}}"#))
                .unwrap()
        };
        let loss = |from_logits: bool| {
            config(&format!(
                r#"{{"class_name": "BinaryCrossentropy", "config": {{"from_logits": {from_logits}}}}}"#
            ))
        };
        assert_eq!(loss(true).loss_of_logits(), Some("BinaryCrossentropy"));
        assert_eq!((loss(false).loss_of_logits(), config(r#""mse""#).loss_of_logits()), (None, None));
    }

    #[test]
    fn a_list_of_layers_is_a_sequence_and_models_are_trees() {
        let text = r#"{"class_name": "Sequential", "config": [
            {"class_name": "Functional", "config": {"name": "base", "layers": [
                {"class_name": "Conv2D", "name": "c", "config": {"name": "c", "filters": 4}, "inbound_nodes": []}],
                "output_layers": [["c", 0, 0]]}},
            {"class_name": "Dense", "config": {"name": "d", "units": 2}}]}"#;
        let root = KerasConfig::parse(text).unwrap().root;
        assert_eq!(root.model.as_ref().unwrap().kind, ModelKind::Sequential);
        let [base, dense] = root.layers() else { panic!() };
        assert_eq!((base.name.as_str(), base.layers()[0].config["filters"].as_u64()), ("base", Some(4)));
        assert!(!base.config.contains_key("layers"), "layers stand once");
        assert_eq!((dense.name.as_str(), dense.model.is_none()), ("d", true));
    }

    #[test]
    fn what_isnt_a_configuration_says_why() {
        let deep = |num: usize| {
            let open = r#"{"class_name": "Sequential", "config": {"layers": ["#.repeat(num);
            format!(r#"{open}{{"class_name": "Dense", "config": {{}}}}{}"#, "]}}".repeat(num))
        };
        assert!(KerasConfig::parse(&deep(8)).is_ok());
        for (text, reason) in [
            ("[]".to_owned(), "a layer in it is no object"),
            ("{}".to_owned(), "a layer in it has no `class_name`"),
            (deep(9), "models in models in models"),
            (
                r#"{"class_name": "A", "inbound_nodes": [1]}"#.to_owned(),
                "a call in it is neither a list nor an object",
            ),
            ("{".to_owned(), "EOF while parsing an object at line 1 column 1"),
        ] {
            assert_eq!(KerasConfig::parse(&text).unwrap_err(), reason, "{text}");
        }
    }
}
