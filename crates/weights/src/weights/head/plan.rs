//! The structure of a Keras head as data: what it takes from the last feature map, its layers in order, and what its outputs are.
//!
//! It is read from a model's configuration, from the output back to the last layer of the network. A head with a layer that isn't
//! supported has no plan, and the error names that layer.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::weights::keras::{Flat, FlatNode, KerasLayer};
use crate::weights::metadata::HEAD_KEY;
use crate::weights::tensor_file::TensorFile;

/// What a head takes from the last feature map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::weights) enum Taken {
    /// The mean of each channel.
    Mean,
    /// The largest value of each channel.
    Largest,
    /// All values, location after location, the channels of a location together.
    Flattened,
}

/// An elementwise function between linear layers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::weights) enum Function {
    Relu,
    Relu6,
    LeakyRelu(f64),
    Elu(f64),
    Selu,
    Gelu,
    Swish,
    Sigmoid,
    Tanh,
    Softplus,
}

/// One layer of a head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::weights) enum PlanStep {
    /// A dense layer: the prefix of its tensors' names, without the slash.
    Dense(String),
    /// A batch norm of a vector: the prefix of its tensors' names, without the slash, and its epsilon.
    Norm { layer: String, epsilon: f64 },
    /// An elementwise function.
    Function(Function),
}

/// How the outputs of the last linear layer become the head's outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::weights) enum Output {
    /// Softmax over all classes.
    #[default]
    Softmax,
    /// Sigmoid of each output. A single output is the probability of the second of two classes.
    Sigmoid,
    /// The outputs are used as they are, or it isn't known what follows them.
    Raw,
}

/// The structure of a head. The last step is the last dense layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::weights) struct HeadPlan {
    pub(in crate::weights) takes: Taken,
    pub(in crate::weights) steps: Vec<PlanStep>,
    pub(in crate::weights) gives: Output,
}

/// Layers that change nothing when a network is used.
const PASSED: [&str; 8] = [
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
    "AlphaDropout",
    "SpatialDropout2D",
    "ActivityRegularization",
    "Identity",
    "InputLayer",
];

impl HeadPlan {
    /// A head of one dense layer that takes the channels' means. It isn't known what follows its outputs.
    pub(in crate::weights) fn one_layer(layer: &str) -> Self {
        Self { takes: Taken::Mean, steps: vec![PlanStep::Dense(layer.to_owned())], gives: Output::Raw }
    }

    /// If the outputs are linear, the loss that the model was trained with tells whether they go through a softmax or a sigmoid.
    pub(in crate::weights) fn trained_with(&mut self, loss_of_logits: Option<&str>) {
        self.gives = match (self.gives, loss_of_logits) {
            (Output::Raw, Some("CategoricalCrossentropy" | "SparseCategoricalCrossentropy")) => {
                Output::Softmax
            }
            (Output::Raw, Some("BinaryCrossentropy")) => Output::Sigmoid,
            (gives, _) => gives,
        };
    }

    /// Prefixes of the names of its layers' tensors, each with the slash.
    pub(in crate::weights) fn prefixes(&self) -> Vec<String> {
        let layer = |step: &PlanStep| match step {
            PlanStep::Dense(layer) | PlanStep::Norm { layer, .. } => Some(format!("{layer}/")),
            PlanStep::Function(_) => None,
        };
        self.steps.iter().filter_map(layer).collect()
    }

    /// The plan in the metadata of an imported copy.
    pub(in crate::weights) fn carried(file: &TensorFile) -> Option<Self> {
        serde_json::from_str(file.metadata(HEAD_KEY)?).ok()
    }

    /// The plan of a model's head; `is_last` recognises the last layer of the network. The error says why there is no plan.
    pub(in crate::weights) fn of(
        flat: &Flat<'_>,
        is_last: &dyn Fn(&FlatNode<'_>) -> bool,
    ) -> Result<Self, String> {
        let [output] = flat.outputs[..] else {
            return Err(format!("the model has {} outputs", flat.outputs.len()));
        };
        let mut back = Back { takes: None, steps: Vec::new(), gives: None, flattens: None };
        let mut at = output;
        loop {
            let node = &flat.nodes[at];
            if is_last(node) {
                break;
            }
            back.take(node.layer, &node.key())?;
            at = match node.inputs[..] {
                [input] if node.num_calls < 2 => input,
                [] => return Err("its output doesn't come from the last layer".to_owned()),
                _ => return Err(format!("`{}` takes more than one map or vector", node.layer.name)),
            };
        }
        back.finish()
    }
}

/// What was found so far on the way from the output back to the network.
struct Back {
    takes: Option<Taken>,
    /// The steps, the last one first.
    steps: Vec<PlanStep>,
    gives: Option<Output>,
    flattens: Option<String>,
}

impl Back {
    fn take(&mut self, layer: &KerasLayer, key: &str) -> Result<(), String> {
        let class = layer.class();
        let not_understood = || format!("`{}` ({class}) isn't understood in a head", layer.name);
        if PASSED.contains(&class) {
            return Ok(());
        }
        let pools = ["GlobalAveragePooling2D", "GlobalAvgPool2D", "GlobalMaxPooling2D", "GlobalMaxPool2D"];
        // Nothing may come between the network's last layer and the pooling or flattening of its map. Only a `Flatten` may follow a
        // pooling, which already gives a vector.
        if self.takes.is_some() || (self.flattens.is_some() && class != "Flatten" && !pools.contains(&class))
        {
            return Err(format!(
                "`{}` ({class}) stands between the last layer and what the head takes of it",
                layer.name
            ));
        }
        match class {
            "Dense" => {
                self.activation(layer.config.get("activation"), layer)?;
                self.steps.push(PlanStep::Dense(key.to_owned()));
                // If no function was found after this layer, its values are the outputs.
                self.gives.get_or_insert(Output::Raw);
            }
            "BatchNormalization" => {
                let epsilon = layer.config.get("epsilon").and_then(Value::as_f64).unwrap_or(1e-3);
                self.steps.push(PlanStep::Norm { layer: key.to_owned(), epsilon });
            }
            "GlobalAveragePooling2D" | "GlobalAvgPool2D" => self.takes = Some(Taken::Mean),
            "GlobalMaxPooling2D" | "GlobalMaxPool2D" => self.takes = Some(Taken::Largest),
            // It doesn't change a vector. Whether it flattens a map is only known at the end.
            "Flatten" => self.flattens = Some(layer.name.clone()),
            "Activation" => self.activation(layer.config.get("activation"), layer)?,
            "Softmax" => self.function_or_end(Some(Output::Softmax), None, layer)?,
            "ReLU" => self.relu(layer)?,
            "LeakyReLU" => {
                let slope =
                    ["negative_slope", "alpha"].iter().find_map(|key| layer.config.get(*key)?.as_f64());
                self.function_or_end(
                    None,
                    Some(Function::LeakyRelu(slope.ok_or_else(not_understood)?)),
                    layer,
                )?;
            }
            "ELU" => {
                let alpha = layer.config.get("alpha").and_then(Value::as_f64).unwrap_or(1.0);
                self.function_or_end(None, Some(Function::Elu(alpha)), layer)?;
            }
            _ => return Err(not_understood()),
        }
        Ok(())
    }

    fn relu(&mut self, layer: &KerasLayer) -> Result<(), String> {
        let number = |key: &str| layer.config.get(key).and_then(Value::as_f64);
        let is_plain =
            number("negative_slope").unwrap_or(0.0) == 0.0 && number("threshold").unwrap_or(0.0) == 0.0;
        let function = match number("max_value") {
            None if is_plain => Function::Relu,
            Some(6.0) if is_plain => Function::Relu6,
            _ => return Err(format!("`{}` (ReLU with limits) isn't understood in a head", layer.name)),
        };
        self.function_or_end(None, Some(function), layer)
    }

    fn activation(&mut self, activation: Option<&Value>, layer: &KerasLayer) -> Result<(), String> {
        let named = match activation {
            None | Some(Value::Null) => return Ok(()),
            Some(Value::String(name)) => name.as_str(),
            Some(Value::Object(object)) => object
                .get("config")
                .and_then(Value::as_str)
                .or(object.get("class_name").and_then(Value::as_str))
                .unwrap_or("a function of its own"),
            Some(_) => "a function of its own",
        };
        let (end, function) = match named {
            "linear" => return Ok(()),
            "softmax" => (Some(Output::Softmax), None),
            "sigmoid" => (Some(Output::Sigmoid), Some(Function::Sigmoid)),
            "relu" => (None, Some(Function::Relu)),
            "relu6" => (None, Some(Function::Relu6)),
            "elu" => (None, Some(Function::Elu(1.0))),
            "selu" => (None, Some(Function::Selu)),
            "gelu" => (None, Some(Function::Gelu)),
            "swish" | "silu" => (None, Some(Function::Swish)),
            "tanh" => (None, Some(Function::Tanh)),
            "softplus" => (None, Some(Function::Softplus)),
            other => {
                return Err(format!(
                    "the activation `{other}` of `{}` isn't understood in a head",
                    layer.name
                ));
            }
        };
        self.function_or_end(end, function, layer)
    }

    /// Records a function: after the last dense layer it gives the model's output, before that layer it is a step.
    fn function_or_end(
        &mut self,
        end: Option<Output>,
        function: Option<Function>,
        layer: &KerasLayer,
    ) -> Result<(), String> {
        match (self.gives, end, function) {
            (None, Some(end), _) => self.gives = Some(end),
            (Some(_), _, Some(function)) => self.steps.push(PlanStep::Function(function)),
            _ => return Err(format!("what `{}` does at its place isn't understood in a head", layer.name)),
        }
        Ok(())
    }

    fn finish(mut self) -> Result<HeadPlan, String> {
        if !matches!(self.steps.first(), Some(PlanStep::Dense(_))) {
            return Err("no dense layer follows the last layer".to_owned());
        }
        let takes = match (self.takes, self.flattens) {
            (Some(takes), _) => takes,
            (None, Some(_)) => Taken::Flattened,
            (None, None) => return Err("its dense layers look at each place of the last layer".to_owned()),
        };
        self.steps.reverse();
        Ok(HeadPlan { takes, steps: self.steps, gives: self.gives.unwrap_or_default() })
    }
}
