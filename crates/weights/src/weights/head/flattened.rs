//! VGG's classifier: two linear layers, each with a `ReLU`, take all values of the last feature map; the last linear layer follows.
//!
//! The first layer has 400 MB of weights, so it is read only when classes are requested. It is read from the file that the network came
//! from, which must not have changed since.

use std::path::PathBuf;
use std::sync::OnceLock;

use super::linear::{Linear, linear};
use crate::tensor::{Activation, MapShape};
use crate::weights::part::PartChoice;
use crate::weights::tensor_file::TensorFile;

/// Order of locations and channels in the rows of the first layer's weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// Channel after channel, as in PyTorch.
    ChannelsFirst,
    /// Location after location, as in Keras.
    ChannelsLast,
}

/// Names of the three layers in timm's, torchvision's and Keras' files.
const NAMES: [([&str; 3], Order); 3] = [
    (["pre_logits.fc1", "pre_logits.fc2", "head.fc"], Order::ChannelsFirst),
    (["classifier.0", "classifier.3", "classifier.6"], Order::ChannelsFirst),
    (["fc1", "fc2", "predictions"], Order::ChannelsLast),
];

#[derive(Debug)]
pub(super) struct FlattenedMap {
    names: [&'static str; 3],
    order: Order,
    /// Shape of the map that the first layer takes.
    shape: MapShape,
    num_units: usize,
    /// The file that the layers are read from: path, sha256, the part that was asked for, and the name prefix of the network. `None` if
    /// the file is only in memory.
    file: Option<Box<(PathBuf, String, PartChoice, String)>>,
    layers: OnceLock<Option<[Linear; 2]>>,
}

impl FlattenedMap {
    /// The classifier of this kind in a file, for a last feature map of `num_channels` channels.
    pub(super) fn of(file: &TensorFile, num_channels: usize) -> Option<Self> {
        NAMES.into_iter().find_map(|(names, order)| {
            let [first, second] = [shape_of(file, names[0], order)?, shape_of(file, names[1], order)?];
            let num_places = first.1.checked_div(num_channels).filter(|num| num * num_channels == first.1)?;
            let side = num_places.isqrt();
            if side * side != num_places || num_places < 2 || second.1 != first.0 {
                return None;
            }
            let shape = MapShape::new(num_channels, side, side);
            let places = Self {
                names,
                order,
                shape,
                num_units: second.0,
                file: file.path().map(|path| {
                    let prefix = file.part().prefix().to_owned();
                    Box::new((path.to_owned(), file.sha256().to_owned(), file.choice().clone(), prefix))
                }),
                layers: OnceLock::new(),
            };
            if places.file.is_none() {
                // The file is only in memory and can't be read again later.
                let _ = places.layers.set(places.read(file));
            }
            Some(places)
        })
    }

    /// Number of outputs of the second layer.
    pub(super) fn num_units(&self) -> usize {
        self.num_units
    }

    /// The last layer.
    pub(super) fn last(&self, file: &TensorFile) -> Option<Linear> {
        layer_of(file, self.names[2], self.order)
    }

    fn read(&self, file: &TensorFile) -> Option<[Linear; 2]> {
        Some([layer_of(file, self.names[0], self.order)?, layer_of(file, self.names[1], self.order)?])
    }

    fn layers(&self) -> Option<&[Linear; 2]> {
        let read_again = || {
            let (path, sha256, choice, prefix) = self.file.as_deref()?;
            let file = TensorFile::read_part(path, choice).ok().filter(|file| file.sha256() == sha256)?;
            self.read(&file.below(prefix))
        };
        self.layers.get_or_init(read_again).as_ref()
    }

    /// The inputs of the last layer. `None` for a map of another size, or if the file is gone or has changed.
    pub(super) fn units(&self, map: &Activation) -> Option<Vec<f64>> {
        if map.shape() != self.shape {
            return None;
        }
        let values = map.values();
        let plane = self.shape.plane();
        let inputs: Vec<f64> = match self.order {
            Order::ChannelsFirst => values.iter().map(|v| f64::from(*v)).collect(),
            Order::ChannelsLast => (0..plane)
                .flat_map(|place| values.iter().skip(place).step_by(plane).map(|v| f64::from(*v)))
                .collect(),
        };
        let relu = |layer: &Linear, inputs: &[f64]| -> Vec<f64> {
            // Not `max`, so that NaN stays NaN.
            let of = |x: f64| if x < 0.0 { 0.0 } else { x };
            linear(&layer.0, &layer.1, inputs).into_iter().map(of).collect()
        };
        let [first, second] = self.layers()?;
        Some(relu(second, &relu(first, &inputs)))
    }

    /// Why a map of this shape gives no classes, in words; `None` if its shape fits.
    pub(super) fn refusal(&self, map: MapShape) -> Option<String> {
        let MapShape { height, width, .. } = self.shape;
        if map == self.shape {
            return None;
        }
        Some(format!(
            "no classes: this classifier takes a last map of {height}×{width}, and this one is {}×{}; pictures of the network's own input size give that",
            map.height, map.width
        ))
    }
}

/// Numbers of outputs and inputs of a layer.
fn shape_of(file: &TensorFile, name: &str, order: Order) -> Option<(usize, usize)> {
    match order {
        Order::ChannelsFirst => {
            let [outputs, rest @ ..] = &file.entry(&format!("{name}.weight"))?.shape[..] else { return None };
            Some((*outputs, rest.iter().try_fold(1usize, |n, side| n.checked_mul(*side))?))
        }
        Order::ChannelsLast => match file.entry(&format!("{name}/kernel"))?.shape[..] {
            [inputs, outputs] => Some((outputs, inputs)),
            _ => None,
        },
    }
}

fn layer_of(file: &TensorFile, name: &str, order: Order) -> Option<Linear> {
    let (outputs, inputs) = shape_of(file, name, order)?;
    let (kernel, bias) = match order {
        Order::ChannelsFirst => ("weight", format!("{name}.bias")),
        Order::ChannelsLast => ("kernel", format!("{name}/bias")),
    };
    let separator = if order == Order::ChannelsFirst { '.' } else { '/' };
    let (_, weight) = file.tensor(&format!("{name}{separator}{kernel}"))?;
    let (_, bias) = file.tensor(&bias)?;
    let is_sound = outputs > 0
        && bias.len() == outputs
        && outputs.checked_mul(inputs) == Some(weight.len())
        && weight.iter().chain(&bias).all(|v| v.is_finite());
    let weight = match order {
        Order::ChannelsFirst => weight,
        Order::ChannelsLast if is_sound => {
            (0..outputs).flat_map(|o| weight.iter().skip(o).step_by(outputs).copied()).collect()
        }
        Order::ChannelsLast => return None,
    };
    is_sound.then_some((weight, bias))
}

#[cfg(test)]
mod tests {
    use safetensors::Dtype;
    use safetensors::tensor::TensorView;

    use super::*;

    fn file(tensors: &[(&str, &[usize], Vec<f32>)]) -> TensorFile {
        let raw: Vec<Vec<u8>> = tensors
            .iter()
            .map(|(_, _, values)| values.iter().flat_map(|v| v.to_le_bytes()).collect())
            .collect();
        let views = tensors.iter().zip(&raw).map(|((name, shape, _), bytes)| {
            (*name, TensorView::new(Dtype::F32, shape.to_vec(), bytes).unwrap())
        });
        TensorFile::from_bytes(safetensors::serialize(views, None).unwrap(), "small").unwrap()
    }

    /// Three channels of 2×2 locations, in PyTorch's order and in Keras' (location after location, weights `[inputs, outputs]`).
    #[test]
    fn keras_order_of_places_is_another_than_torchs() {
        let numbers = |len: usize, seed: usize| -> Vec<f32> {
            (0..len).map(|at| ((at * 37 + seed * 11) % 23) as f32 / 7.0 - 1.5).collect()
        };
        let (first, second, last) = (numbers(5 * 12, 1), numbers(4 * 5, 2), numbers(2 * 4, 3));
        let [b0, b1, b2] = [numbers(5, 4), numbers(4, 5), numbers(2, 6)];
        let torch = file(&[
            ("classifier.0.weight", &[5, 12], first.clone()),
            ("classifier.0.bias", &[5], b0.clone()),
            ("classifier.3.weight", &[4, 5], second.clone()),
            ("classifier.3.bias", &[4], b1.clone()),
            ("classifier.6.weight", &[2, 4], last.clone()),
            ("classifier.6.bias", &[2], b2.clone()),
        ]);
        let turned = |values: &[f32], inputs: usize, from: &dyn Fn(usize) -> usize| -> Vec<f32> {
            let outputs = values.len() / inputs;
            (0..inputs)
                .flat_map(|i| (0..outputs).map(move |o| (i, o)))
                .map(|(i, o)| values[o * inputs + from(i)])
                .collect()
        };
        let same = |i: usize| i;
        let keras = file(&[
            ("fc1/kernel", &[12, 5], turned(&first, 12, &|i| i % 3 * 4 + i / 3)),
            ("fc1/bias", &[5], b0),
            ("fc2/kernel", &[5, 4], turned(&second, 5, &same)),
            ("fc2/bias", &[4], b1),
            ("predictions/kernel", &[4, 2], turned(&last, 4, &same)),
            ("predictions/bias", &[2], b2),
        ]);
        let map = Activation::new("map", MapShape::new(3, 2, 2), numbers(12, 9)).unwrap();
        let of = |file: &TensorFile| {
            let places = FlattenedMap::of(file, 3).unwrap();
            (places.units(&map).unwrap(), places.last(file).unwrap())
        };
        assert_eq!(of(&torch), of(&keras));
        assert!(of(&torch).0.iter().any(|unit| *unit > 0.0));
        assert!(FlattenedMap::of(&torch, 5).is_none(), "other filters");
    }
}
