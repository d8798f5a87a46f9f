//! The preprocessing inside a Keras model, read from its configuration: preprocessing layers in front of the network, and arithmetic
//! that was traced into the model (by a plain call of `preprocess_input(x)`).
//!
//! The result is one mapping of samples, a size and a crop. Anything that can't be read, is code or is no preprocessing is reported as
//! an error and never ignored. Must not know this program's graphs.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::config::{Argument, Call, KerasConfig, KerasLayer, ModelKind, TensorRef};
use super::picture::PictureChannels;
use crate::tensor::{PixelSize, ValueScale};
use crate::weights::convention::normalization_layer;
use crate::weights::tensor_file::TensorFile;

/// The preprocessing that is part of a Keras model, in front of the network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inside {
    /// The picture size that the model is built for, if it is fixed.
    pub size: Option<PixelSize>,
    /// The size that is left after a centre crop, if there is one.
    pub crop: Option<PixelSize>,
    /// How samples from 0 to 255 are mapped; `None` if the model takes its input values as they are.
    pub scale: Option<ValueScale>,
    /// Names of the layers that do the preprocessing.
    pub layers: Vec<String>,
    /// Names of augmentation layers, which have no effect outside training.
    pub left_out: Vec<String>,
}

/// Something in front of the network that isn't supported, as a phrase that continues "the model has …".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable(pub String);

/// Reads the preprocessing inside a model. The means and variances of `Normalization` layers come from `file`.
pub fn inside(config: &KerasConfig, file: &TensorFile) -> Result<Inside, Unreadable> {
    let root = &config.root;
    if root.model.is_none() {
        return Err(Unreadable(format!(
            "a class of its own, `{}`: what it does to a picture is code, and not in the file",
            root.class()
        )));
    }
    let size = input_size(root);
    let mut walk = Walk { file, layers: Vec::new(), left_out: Vec::new(), entry: None };
    walk.model(root, &Value::Picture(PictureChannels::raw(size)), 0)?;
    let Walk { layers, left_out, entry, .. } = walk;
    let Some((_, picture)) = entry else {
        return Err(Unreadable("no convolution that a picture reaches".to_owned()));
    };
    let scale = if picture.is_raw() && layers.is_empty() {
        None
    } else {
        Some(
            picture
                .scale()
                .map_err(|reason| Unreadable(format!("{} inside, and {reason}", quoted(&layers))))?,
        )
    };
    Ok(Inside { size, crop: picture.crop, scale, layers, left_out })
}

/// The preprocessing inside Keras' EfficientNet, for a file without a configuration that has a `Normalization` layer; `None` if the
/// file has no such layer. The layer takes `x/255`. If its "variance" is ImageNet's standard deviation, the second `Rescaling` that
/// Keras puts after it is included.
pub fn efficientnets_own(file: &TensorFile) -> Option<Result<ValueScale, Unreadable>> {
    let layer = file.names().find_map(normalization_layer)?.to_owned();
    let last = layer.rsplit('/').next().unwrap_or(&layer);
    let deviation = ValueScale::TORCH.std.map(f64::from);
    let read = || {
        let (mean, variance) = learned(file, last)?;
        let is_deviation =
            variance.len() == 3 && variance.iter().zip(deviation).all(|(v, std)| (v - std).abs() <= 1e-5);
        let picture = PictureChannels::raw(None).affine(&[1.0 / 255.0], &[0.0])?;
        let picture = normalized(&picture, &mean, &variance, false)?;
        if is_deviation {
            picture.affine(&deviation.map(|std| 1.0 / std.sqrt()), &[0.0])
        } else {
            Some(picture)
        }
    };
    let unreadable = |reason: String| Unreadable(format!("a layer `{last}` (Normalization), and {reason}"));
    Some(match read() {
        Some(picture) => picture.scale().map_err(unreadable),
        None => Err(unreadable("what it learned can't be read".to_owned())),
    })
}

/// What a tensor in the model is, as far as the walk needs to know.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    /// The picture, possibly preprocessed.
    Picture(PictureChannels),
    /// A tensor inside the network, or anything that isn't computed from the picture.
    Deep,
}

/// Largest depth of nested models; the configuration's reader allows fewer.
const MAX_DEPTH: usize = 16;

struct Walk<'a> {
    file: &'a TensorFile,
    layers: Vec<String>,
    left_out: Vec<String>,
    /// The layer where the network begins, and the picture that it takes.
    entry: Option<(String, PictureChannels)>,
}

/// Columns × rows of a model's input, if they are fixed.
fn input_size(model: &KerasLayer) -> Option<PixelSize> {
    let of = |config: &serde_json::Map<String, Json>| {
        let shape = config.get("batch_shape").or_else(|| config.get("batch_input_shape"))?.as_array()?;
        let [_, height, width, channels] = &shape[..] else { return None };
        // With channels first, the sides are at other positions.
        if channels.as_u64().is_some_and(|channels| channels != 3) {
            return None;
        }
        Some(PixelSize::new(width.as_u64()? as usize, height.as_u64()? as usize))
    };
    // A `Sequential` has its input's shape in its first layer, or in the first layer of that layer.
    let mut layer = model;
    for _ in 0..MAX_DEPTH {
        if let Some(size) = of(&layer.config) {
            return Some(size);
        }
        layer = layer.layers().iter().find(|l| l.is_input()).or_else(|| layer.layers().first())?;
    }
    None
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The means and variances that a `Normalization` layer has in the file.
fn learned(file: &TensorFile, layer: &str) -> Option<(Vec<f64>, Vec<f64>)> {
    let is_its =
        |name: &&str| normalization_layer(name).is_some_and(|path| path.rsplit('/').next() == Some(layer));
    let read = |leaf: &str| {
        let has_leaf = |name: &&str| name.rsplit('/').next().and_then(|l| l.split(':').next()) == Some(leaf);
        let mut names = file.names().filter(is_its).filter(has_leaf);
        let (name, None) = (names.next()?, names.next()) else { return None };
        let (_, values) = file.tensor(name)?;
        Some(values.into_iter().map(f64::from).collect::<Vec<_>>())
    };
    Some((read("mean")?, read("variance")?))
}

/// `(x − mean) / √variance`, or the inverse of it.
fn normalized(
    picture: &PictureChannels,
    mean: &[f64],
    variance: &[f64],
    is_inverted: bool,
) -> Option<PictureChannels> {
    if variance.iter().any(|v| v.is_nan() || *v < 0.0) || mean.is_empty() || variance.is_empty() {
        return None;
    }
    // Keras' `epsilon()`.
    let std: Vec<f64> = variance.iter().map(|v| v.sqrt().max(1e-7)).collect();
    if is_inverted {
        return picture.affine(&std, &[0.0])?.affine(&[1.0], mean);
    }
    let minus: Vec<f64> = mean.iter().map(|m| -m).collect();
    let one_by: Vec<f64> = std.iter().map(|s| 1.0 / s).collect();
    picture.affine(&[1.0], &minus)?.affine(&one_by, &[0.0])
}

/// A number, or a list of numbers in any nesting (`[[[[1, 2, 3]]]]`), or a constant tensor of Keras 3.
fn numbers(value: &Json) -> Option<Vec<f64>> {
    fn collect(value: &Json, all: &mut Vec<f64>, depth: usize) -> Option<()> {
        match value {
            Json::Number(number) => all.push(number.as_f64()?),
            Json::Array(list) if depth < 8 && list.len() <= 16 => {
                list.iter().try_for_each(|value| collect(value, all, depth + 1))?;
            }
            _ => return None,
        }
        Some(())
    }
    let value = value.get("config").and_then(|config| config.get("value")).unwrap_or(value);
    let mut all = Vec::new();
    collect(value, &mut all, 0)?;
    (!all.is_empty() && all.len() <= 16).then_some(all)
}

/// An argument of a call.
enum Given<'v> {
    Tensor(Value),
    List(Vec<Value>),
    Constant(&'v Json),
}

impl Walk<'_> {
    fn model(&mut self, model: &KerasLayer, input: &Value, depth: usize) -> Result<Value, Unreadable> {
        let Some(layers) = model.model.as_ref().filter(|_| depth < MAX_DEPTH) else {
            return Self::unknown(model);
        };
        if layers.kind == ModelKind::Sequential {
            let mut value = input.clone();
            for layer in &layers.layers {
                value = self.layer(layer, &[Given::Tensor(value)], &Call::default(), depth)?;
            }
            return Ok(value);
        }
        let mut made: HashMap<&str, Vec<Value>> = HashMap::new();
        if layers.layers.iter().filter(|layer| layer.is_input()).count() > 1 {
            return Err(Unreadable(format!("several inputs in `{}`", model.name)));
        }
        for layer in &layers.layers {
            if layer.is_input() {
                made.insert(&layer.name, vec![input.clone()]);
                continue;
            }
            for call in &layer.calls {
                let given = given(call, &made).ok_or_else(|| {
                    Unreadable(format!(
                        "a layer `{}` that is called with something not made before it",
                        layer.name
                    ))
                })?;
                let value = self.layer(layer, &given, call, depth)?;
                made.entry(&layer.name).or_default().push(value);
            }
        }
        let output = layers.outputs.first().and_then(|source| find(source, &made));
        Ok(output.unwrap_or(Value::Deep))
    }

    fn unknown(layer: &KerasLayer) -> Result<Value, Unreadable> {
        let class = layer.class();
        let named = if layer.name.is_empty() { String::new() } else { format!(" `{}`", layer.name) };
        Err(Unreadable(format!(
            "a layer{named} ({class}) in front of its network, which isn't understood here"
        )))
    }

    fn done(&mut self, layer: &KerasLayer, picture: Option<PictureChannels>) -> Result<Value, Unreadable> {
        match picture {
            Some(picture) => {
                self.layers.push(layer.name.clone());
                Ok(Value::Picture(picture))
            }
            None => Self::unknown(layer),
        }
    }

    fn layer(
        &mut self,
        layer: &KerasLayer,
        given: &[Given<'_>],
        call: &Call,
        depth: usize,
    ) -> Result<Value, Unreadable> {
        let is_picture = |value: &Value| matches!(value, Value::Picture(_));
        let takes_picture = given.iter().any(|given| match given {
            Given::Tensor(value) => is_picture(value),
            Given::List(list) => list.iter().any(is_picture),
            Given::Constant(_) => false,
        });
        if !takes_picture {
            return Ok(Value::Deep);
        }
        // One picture, and constants before or after it.
        let mut tensors = given.iter().flat_map(|given| match given {
            Given::Tensor(value) => std::slice::from_ref(value),
            Given::List(list) => list.as_slice(),
            Given::Constant(_) => &[],
        });
        let only = match (tensors.next(), tensors.next()) {
            (Some(Value::Picture(picture)), None) => Some(picture.clone()),
            _ => None,
        };
        let class = layer.class();
        let Some(picture) = only else { return self.several(layer, given) };
        if layer.model.is_some() {
            return self.model(layer, &Value::Picture(picture), depth + 1);
        }
        let same = Ok(Value::Picture(picture.clone()));
        match class {
            "Cast" if is_to_whole_numbers(layer, call) => Self::unknown(layer),
            "InputLayer" | "Dropout" | "SpatialDropout2D" | "Identity" | "Cast" => same,
            "Activation" if layer.config.get("activation").and_then(Json::as_str) == Some("linear") => same,
            _ if is_augmentation(class) => {
                self.left_out.push(layer.name.clone());
                same
            }
            "Conv2D"
            | "Convolution2D"
            | "DepthwiseConv2D"
            | "SeparableConv2D"
            | "SeparableConvolution2D"
            | "ZeroPadding2D" => self.begins(layer, picture),
            "Rescaling" => {
                let of = |key: &str, default: f64| match layer.config.get(key) {
                    Some(value) => numbers(value),
                    None => Some(vec![default]),
                };
                let (scale, offset) = (of("scale", 1.0), of("offset", 0.0));
                let made = scale.zip(offset).and_then(|(scale, offset)| picture.affine(&scale, &offset));
                self.done(layer, made)
            }
            "Normalization" => {
                let made = self.normalization(layer, &picture);
                self.done(layer, made)
            }
            "Resizing" | "CenterCrop" => self.geometry(layer, picture),
            "Lambda" => Err(Unreadable(format!(
                "a layer `{}` (Lambda) in front of its network, which is code",
                layer.name
            ))),
            "TFOpLambda" | "SlicingOpLambda" => {
                let function = layer.config.get("function").and_then(Json::as_str).unwrap_or_default();
                self.operation(layer, function, given, call, &picture)
            }
            _ => self.operation(layer, class, given, call, &picture),
        }
    }

    fn begins(&mut self, layer: &KerasLayer, picture: PictureChannels) -> Result<Value, Unreadable> {
        match &self.entry {
            Some((first, other)) if *other != picture => Err(Unreadable(format!(
                "two layers, `{first}` and `{}`, that are given the picture in two ways",
                layer.name
            ))),
            Some(_) => Ok(Value::Deep),
            None => {
                self.entry = Some((layer.name.clone(), picture));
                Ok(Value::Deep)
            }
        }
    }

    fn normalization(&self, layer: &KerasLayer, picture: &PictureChannels) -> Option<PictureChannels> {
        let is_of_channels = match layer.config.get("axis") {
            None | Some(Json::Null) => true,
            Some(Json::Array(list)) => match &list[..] {
                [] => true,
                [axis] => matches!(axis.as_i64(), Some(-1 | 3)),
                _ => false,
            },
            Some(axis) => matches!(axis.as_i64(), Some(-1 | 3)),
        };
        let is_inverted = layer.config.get("invert").and_then(Json::as_bool).unwrap_or(false);
        let stated = |key: &str| layer.config.get(key).filter(|value| !value.is_null());
        let (mean, variance) = match (stated("mean"), stated("variance")) {
            (Some(mean), Some(variance)) => (numbers(mean)?, numbers(variance)?),
            _ => learned(self.file, &layer.name)?,
        };
        if is_of_channels { normalized(picture, &mean, &variance, is_inverted) } else { None }
    }

    fn geometry(&mut self, layer: &KerasLayer, picture: PictureChannels) -> Result<Value, Unreadable> {
        let side = |key: &str| layer.config.get(key).and_then(Json::as_u64).map(|side| side as usize);
        let Some((width, height)) = side("width").zip(side("height")) else { return Self::unknown(layer) };
        let target = PixelSize::new(width, height);
        let now = picture.crop.or(picture.size);
        if now == Some(target) {
            return Ok(Value::Picture(picture));
        }
        let has_room = |now: PixelSize| now.width >= width && now.height >= height;
        if layer.class() == "CenterCrop" && picture.crop.is_none() && now.is_some_and(has_room) {
            return self.done(layer, Some(picture.cropped(target)));
        }
        Err(Unreadable(format!(
            "a layer `{}` ({} to {target}) in front of its network, which isn't done here",
            layer.name,
            layer.class()
        )))
    }

    /// An operation on one picture and constants: `operation` is Keras 3's class or TensorFlow's function.
    fn operation(
        &mut self,
        layer: &KerasLayer,
        operation: &str,
        given: &[Given<'_>],
        call: &Call,
        picture: &PictureChannels,
    ) -> Result<Value, Unreadable> {
        // The constant operand, by position or by name, and whether it comes before the picture.
        let named = |key: &str| match call.kwargs.get(key) {
            Some(Argument::Value(value)) if !value.is_null() => Some(value),
            _ => None,
        };
        let constant =
            given.iter().find_map(|g| if let Given::Constant(value) = g { Some(*value) } else { None });
        let constant = constant.or_else(|| ["y", "x2", "bias"].into_iter().find_map(named));
        let is_constant_first = matches!(given.first(), Some(Given::Constant(_)));
        let by = constant.and_then(numbers);
        let inverse = |by: &[f64]| by.iter().map(|v| 1.0 / v).collect::<Vec<_>>();
        let minus = |by: &[f64]| by.iter().map(|v| -v).collect::<Vec<_>>();
        let made = match (operation, by) {
            ("cast", _) if is_to_whole_numbers(layer, call) => return Self::unknown(layer),
            ("cast", _) => return Ok(Value::Picture(picture.clone())),
            (
                "TrueDivide" | "Divide" | "math.truediv" | "math.divide" | "__operators__.truediv",
                Some(by),
            ) if !is_constant_first => picture.affine(&inverse(&by), &[0.0]),
            ("Multiply" | "math.multiply" | "__operators__.mul", Some(by)) => picture.affine(&by, &[0.0]),
            ("Add" | "math.add" | "__operators__.add" | "nn.bias_add", Some(by)) => {
                picture.affine(&[1.0], &by)
            }
            ("Subtract" | "math.subtract" | "__operators__.sub", Some(by)) if is_constant_first => {
                picture.affine(&[-1.0], &by)
            }
            ("Subtract" | "math.subtract" | "__operators__.sub", Some(by)) => {
                picture.affine(&[1.0], &minus(&by))
            }
            ("Negative" | "math.negative", None) => picture.affine(&[-1.0], &[0.0]),
            ("GetItem" | "__operators__.getitem", _) => {
                let spec = constant.or_else(|| named("slice_spec"));
                spec.and_then(|spec| picked(picture, spec))
            }
            _ => None,
        };
        self.done(layer, made)
    }

    /// A layer that joins several parts of the picture: planes that are stacked, or pictures that are concatenated.
    fn several(&mut self, layer: &KerasLayer, given: &[Given<'_>]) -> Result<Value, Unreadable> {
        let parts: Option<Vec<PictureChannels>> = match given {
            [Given::List(list), ..] => list
                .iter()
                .map(|value| if let Value::Picture(picture) = value { Some(picture.clone()) } else { None })
                .collect(),
            _ => None,
        };
        let axis = layer.config.get("axis").and_then(Json::as_i64);
        let is_last = matches!(axis, Some(-1 | 3));
        let function = layer.config.get("function").and_then(Json::as_str);
        let made = match (function.unwrap_or(layer.class()), parts) {
            ("Stack" | "stack", Some(parts)) if is_last => PictureChannels::join(&parts, true),
            ("Concatenate" | "concat", Some(parts)) if is_last => PictureChannels::join(&parts, false),
            _ => None,
        };
        self.done(layer, made)
    }
}

/// Whether a class of layers changes pictures only during training. `RandomCrop` isn't one: it also crops afterwards.
fn is_augmentation(class: &str) -> bool {
    const OTHERS: [&str; 8] = [
        "GaussianNoise",
        "GaussianDropout",
        "AlphaDropout",
        "AugMix",
        "CutMix",
        "MixUp",
        "RandAugment",
        "Solarization",
    ];
    (class.starts_with("Random") && class != "RandomCrop") || OTHERS.contains(&class)
}

/// Whether a cast drops fractions, by the types that it names.
fn is_to_whole_numbers(layer: &KerasLayer, call: &Call) -> bool {
    fn names_one(value: &Json) -> bool {
        match value {
            Json::String(word) => ["int", "uint", "bool"].iter().any(|kind| word.starts_with(kind)),
            Json::Array(list) => list.iter().any(names_one),
            Json::Object(map) => map.values().any(names_one),
            _ => false,
        }
    }
    let arguments = call.args.iter().chain(call.kwargs.values());
    let values = arguments.filter_map(|a| if let Argument::Value(value) = a { Some(value) } else { None });
    values.chain(layer.config.get("dtype")).any(names_one)
}

/// The arguments of a call, in order. `None` if it names a tensor that wasn't produced before.
fn given<'v>(call: &'v Call, made: &HashMap<&str, Vec<Value>>) -> Option<Vec<Given<'v>>> {
    let mut all = Vec::new();
    let named = call.kwargs.values().filter(|argument| !argument.sources().is_empty());
    for argument in call.args.iter().chain(named) {
        all.push(match argument {
            Argument::Tensor(source) => Given::Tensor(find(source, made)?),
            Argument::Value(value) => Given::Constant(value),
            Argument::List(_) => {
                let values: Option<Vec<Value>> =
                    argument.sources().into_iter().map(|source| find(source, made)).collect();
                Given::List(values?)
            }
        });
    }
    // Keras 2 writes the inputs of a layer that takes several tensors as several arguments.
    let is_plain = |given: &Given<'_>| matches!(given, Given::Tensor(_));
    if all.len() > 1 && all.iter().all(is_plain) {
        let values =
            all.into_iter().filter_map(|g| if let Given::Tensor(value) = g { Some(value) } else { None });
        return Some(vec![Given::List(values.collect())]);
    }
    Some(all)
}

/// A tensor that was produced before. A nested model's call numbers may not begin at 0, so if there is no call of the given number, the
/// last call is taken.
fn find(source: &TensorRef, made: &HashMap<&str, Vec<Value>>) -> Option<Value> {
    let calls = made.get(source.layer.as_str())?;
    calls.get(source.call).or_else(|| calls.last()).cloned()
}

/// The channels that a slice takes: `[..., ::-1]`, `[..., 2]`, `[:, :, :, 0:1]`.
fn picked(picture: &PictureChannels, spec: &Json) -> Option<PictureChannels> {
    let spec = spec.as_array()?;
    let (last, before) = spec.split_last()?;
    let is_ellipsis = |part: &Json| part.get("class_name").and_then(Json::as_str) == Some("__ellipsis__");
    let bounds = |part: &Json| -> Option<[Option<i64>; 3]> {
        let slice = part.get("config").unwrap_or(part).as_object()?;
        let of = |key: &str| match slice.get(key) {
            None | Some(Json::Null) => Some(None),
            Some(value) => value.as_i64().map(Some),
        };
        Some([of("start")?, of("stop")?, of("step")?])
    };
    let is_whole = |part: &Json| !is_ellipsis(part) && bounds(part) == Some([None; 3]);
    let reaches_channels = match before {
        [first] if is_ellipsis(first) => true,
        [_, _, _] => before.iter().all(is_whole),
        _ => false,
    };
    if !reaches_channels || is_ellipsis(last) {
        return None;
    }
    let num = picture.num_channels() as i64;
    if let Some(at) = last.as_i64() {
        let at = if at < 0 { at + num } else { at };
        return picture.pick(&[usize::try_from(at).ok()?], true);
    }
    let [start, stop, step] = bounds(last)?;
    let step = step.unwrap_or(1);
    let turned = |at: i64| if at < 0 { at + num } else { at };
    let numbers: Vec<usize> = match step {
        1 => (start.map_or(0, turned).clamp(0, num)..stop.map_or(num, turned).clamp(0, num))
            .map(|at| at as usize)
            .collect(),
        -1 if start.is_none() && stop.is_none() => (0..num).rev().map(|at| at as usize).collect(),
        _ => return None,
    };
    (!numbers.is_empty()).then(|| picture.pick(&numbers, false)).flatten()
}
