//! A classifier that follows the last feature map: class scores, and which locations of the map contribute to a class.
//!
//! A classifier is bound only if the file holds one whose number of inputs fits the map's number of channels. Most classifiers take the
//! mean of each channel. `MobileNetV3`'s has another layer before the last one, `ConvNeXt`'s normalises the means, and VGG's
//! (`flattened`) takes all values of a map of one fixed size.

mod chain;
mod flattened;
mod linear;
mod names;
mod plan;

use self::chain::Chain;
use self::flattened::FlattenedMap;
use self::linear::linear;
use self::plan::Output;
use super::tensor_file::TensorFile;
use crate::tensor::{Activation, MapShape};

pub use self::names::{ClassNames, ClassNamesError};
pub(super) use self::plan::HeadPlan;

/// Names of the last linear layer in PyTorch's and in Keras' files.
const TORCH_NAMES: [&str; 5] = ["fc", "classifier", "classif", "head.fc", "last_linear"];
const KERAS_NAMES: [&str; 3] = ["predictions", "fc1000", "probs"];

/// ImageNet's 1000 classes, one per line, in the order that networks trained on it use. A line has tab-separated columns, with the
/// `WordNet` id before the name.
const IMAGENET: &str = include_str!("../../../../assets/imagenet1000_labels.tsv");

/// The layer between the means and the last layer: linear, then hard-swish (`MobileNetV3`'s `conv_head`).
#[derive(Debug)]
struct Hidden {
    /// `[units, channels]`, row-major.
    weight: Vec<f32>,
    bias: Vec<f32>,
}

/// `ConvNeXt`'s layer norm, which is applied to the means.
#[derive(Debug)]
struct MeansNorm {
    gamma: Vec<f32>,
    beta: Vec<f32>,
}

impl MeansNorm {
    /// The epsilon that timm and torchvision use.
    const EPS: f64 = 1e-6;

    fn of(&self, means: &[f64]) -> Vec<f64> {
        let num = means.len().max(1) as f64;
        let mean = means.iter().sum::<f64>() / num;
        let variance = means.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / num;
        let deviation = (variance + Self::EPS).sqrt();
        let scaled = means.iter().map(|x| (x - mean) / deviation);
        scaled.zip(&self.gamma).zip(&self.beta).map(|((x, g), b)| x * f64::from(*g) + f64::from(*b)).collect()
    }
}

/// What is computed from the last feature map before the last linear layer.
#[derive(Debug)]
enum Before {
    Means,
    Norm(MeansNorm),
    Hidden(Hidden),
    Flattened(FlattenedMap),
    Chain(Chain),
}

/// A classifier: its last linear layer, and what is computed before it.
#[derive(Debug)]
pub struct Head {
    before: Before,
    /// `[classes, channels]`, row-major.
    weight: Vec<f32>,
    bias: Vec<f32>,
    num_channels: usize,
    gives: Output,
    /// The user's names of the classes.
    names: Option<Vec<String>>,
}

/// Why a class that was asked for was not found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoClass {
    /// No class has this name or number.
    Unknown,
    /// Several classes match; these are their numbers.
    Several(Vec<usize>),
}

/// A class and its probability.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassShare {
    /// The class's number.
    pub class: usize,
    /// Its probability, from 0 to 1: by sigmoid if the head gives sigmoids, otherwise by softmax.
    pub probability: f32,
}

impl Head {
    /// The classifier of a file, for a last feature map of `num_channels` channels.
    pub(super) fn of(file: &TensorFile, num_channels: usize) -> Option<Self> {
        if let Some(plan) = HeadPlan::carried(file) {
            return Self::planned(file, &plan, num_channels).ok();
        }
        if file.entry("head.norm.weight").is_some() {
            return Self::behind_norm(file, num_channels);
        }
        Self::linear(file, num_channels)
            .or_else(|| Self::behind_hidden(file, num_channels))
            .or_else(|| Self::behind_places(file, num_channels))
    }

    /// The only linear layer among a file's head tensors that takes `num_channels` values, whatever its name. It must be the only layer
    /// with weights in its head (as `fc.1` after a dropout, which has no effect here): what other layers would do isn't known.
    pub(super) fn lone(file: &TensorFile, head_tensors: &[String], num_channels: usize) -> Option<Self> {
        let first = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
        let mut found = None;
        for name in head_tensors.iter().filter_map(|name| name.strip_suffix(".weight")) {
            let is_alone = head_tensors.iter().filter(|other| first(other) == first(name)).count() == 2;
            let fits = file
                .entry(&format!("{name}.weight"))
                .is_some_and(|e| matches!(e.shape[..], [_, f] if f == num_channels));
            if is_alone && fits && found.replace(name).is_some() {
                return None;
            }
        }
        let name = found?;
        let (_, weight) = file.tensor(&format!("{name}.weight"))?;
        let (_, bias) = file.tensor(&format!("{name}.bias"))?;
        Self::of_linear(weight, bias, num_channels)
    }

    fn of_linear(weight: Vec<f32>, bias: Vec<f32>, num_channels: usize) -> Option<Self> {
        let is_sound = !bias.is_empty()
            && weight.len() == bias.len() * num_channels
            && weight.iter().chain(&bias).all(|value| value.is_finite());
        is_sound.then(|| Self::softmax(Before::Means, weight, bias, num_channels))
    }

    /// A classifier that takes normalised means.
    fn behind_norm(file: &TensorFile, num_channels: usize) -> Option<Self> {
        let (_, gamma) = file.tensor("head.norm.weight")?;
        let (_, beta) = file.tensor("head.norm.bias")?;
        let is_sound = gamma.len() == num_channels
            && beta.len() == num_channels
            && gamma.iter().chain(&beta).all(|v| v.is_finite());
        let head = Self::linear(file, num_channels).filter(|_| is_sound)?;
        Some(Self { before: Before::Norm(MeansNorm { gamma, beta }), ..head })
    }

    /// A classifier that takes all values of a map.
    fn behind_places(file: &TensorFile, num_channels: usize) -> Option<Self> {
        let places = FlattenedMap::of(file, num_channels)?;
        let (weight, bias) = places.last(file)?;
        let num_units = weight.len() / bias.len().max(1);
        let is_sound = num_units == places.num_units() && weight.len() == bias.len() * num_units;
        is_sound.then(|| Self::softmax(Before::Flattened(places), weight, bias, num_channels))
    }

    /// A classifier with another layer before its last one.
    fn behind_hidden(file: &TensorFile, num_channels: usize) -> Option<Self> {
        let (shape, weight) = file.tensor("conv_head.weight")?;
        let (_, bias) = file.tensor("conv_head.bias")?;
        let is_sound =
            shape == [bias.len(), num_channels, 1, 1] && weight.iter().chain(&bias).all(|v| v.is_finite());
        let head = Self::linear(file, bias.len()).filter(|_| is_sound)?;
        Some(Self { before: Before::Hidden(Hidden { weight, bias }), num_channels, ..head })
    }

    fn linear(file: &TensorFile, num_channels: usize) -> Option<Self> {
        let torch = TORCH_NAMES.iter().find_map(|name| {
            let (shape, weight) = file.tensor(&format!("{name}.weight"))?;
            let (_, bias) = file.tensor(&format!("{name}.bias"))?;
            // timm's converted files may keep the linear layer as a 1×1 convolution.
            let [_, channels, rest @ ..] = &shape[..] else { return None };
            (*channels == num_channels && rest.iter().all(|side| *side == 1)).then_some((weight, bias))
        });
        let keras = || {
            KERAS_NAMES.iter().find_map(|name| {
                let (shape, kernel) = file.tensor(&format!("{name}/kernel"))?;
                let (_, bias) = file.tensor(&format!("{name}/bias"))?;
                let [channels, classes] = shape[..] else { return None };
                let turned = || {
                    (0..classes)
                        .flat_map(|c| (0..channels).map(move |f| f * classes + c))
                        .map(|at| kernel[at])
                        .collect()
                };
                (channels == num_channels).then(|| (turned(), bias))
            })
        };
        let (weight, bias): (Vec<f32>, Vec<f32>) = torch.or_else(keras)?;
        Self::of_linear(weight, bias, num_channels)
    }

    const fn softmax(before: Before, weight: Vec<f32>, bias: Vec<f32>, num_channels: usize) -> Self {
        Self { before, weight, bias, num_channels, gives: Output::Softmax, names: None }
    }

    /// A Keras head by its plan, for a last feature map of `num_channels` channels. The error says why it gives no classifier.
    pub(super) fn planned(file: &TensorFile, plan: &HeadPlan, num_channels: usize) -> Result<Self, String> {
        let (chain, (weight, bias)) = Chain::of(file, plan, num_channels)?;
        let head = Self::softmax(Before::Chain(chain), weight, bias, num_channels);
        Ok(Self { gives: plan.gives, ..head })
    }

    /// Sets the names of the classes. Fails if their number differs from the number of classes.
    pub fn set_names(&mut self, names: &ClassNames) -> Result<(), ClassNamesError> {
        self.names = Some(names.for_classes(self.num_classes())?);
        Ok(())
    }

    /// Whether the head's only output is the probability of the second of two classes.
    fn is_of_two(&self) -> bool {
        self.gives == Output::Sigmoid && self.bias.len() == 1
    }

    /// Number of classes.
    pub fn num_classes(&self) -> usize {
        if self.is_of_two() { 2 } else { self.bias.len() }
    }

    /// The name of a class: the user's, or ImageNet's if no names were set and there are 1000 classes. Otherwise `None`.
    pub fn name(&self, class: usize) -> Option<&str> {
        if let Some(names) = &self.names {
            return names.get(class).map(String::as_str);
        }
        if self.num_classes() != 1000 {
            return None;
        }
        IMAGENET.lines().nth(class)?.split('\t').nth(2)
    }

    /// Finds a class by its number, by one of its names, or by a part of a name that no other class has. Matches of whole words are
    /// preferred to matches of parts of words.
    pub fn find(&self, asked: &str) -> Result<usize, NoClass> {
        if let Ok(number) = asked.parse::<usize>() {
            return (number < self.num_classes()).then_some(number).ok_or(NoClass::Unknown);
        }
        let asked = asked.to_lowercase();
        let named = |fits: &dyn Fn(&str) -> bool| -> Vec<usize> {
            (0..self.num_classes())
                .filter(|class| self.name(*class).is_some_and(|name| fits(&name.to_lowercase())))
                .collect()
        };
        // The match must not have a letter or digit directly before or after it.
        let has_word = |name: &str| {
            name.match_indices(&asked).any(|(at, found)| {
                let around = (name[..at].chars().next_back(), name[at + found.len()..].chars().next());
                [around.0, around.1].into_iter().flatten().all(|c| !c.is_alphanumeric())
            })
        };
        let ways: [&dyn Fn(&str) -> bool; 3] =
            [&|name| name.split(", ").any(|one| one == asked), &has_word, &|name| name.contains(&asked)];
        for way in ways {
            match &named(way)[..] {
                [] => {}
                [one] => return Ok(*one),
                several => return Err(NoClass::Several(several.to_vec())),
            }
        }
        Err(NoClass::Unknown)
    }

    /// The outputs of the last layer, one per row of its weights. `None` for a map of another size, or if an output isn't finite.
    fn scores(&self, map: &Activation) -> Option<Vec<f64>> {
        let shape = map.shape();
        if shape.channels != self.num_channels {
            return None;
        }
        let means = || -> Vec<f64> {
            (0..shape.channels)
                .map(|c| {
                    let values = map.channel(c);
                    values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len().max(1) as f64
                })
                .collect()
        };
        let units = match &self.before {
            Before::Means => means(),
            Before::Norm(norm) => norm.of(&means()),
            Before::Hidden(hidden) => {
                let hard_swish = |x: f64| x * (x + 3.0).clamp(0.0, 6.0) / 6.0;
                linear(&hidden.weight, &hidden.bias, &means()).into_iter().map(hard_swish).collect()
            }
            Before::Flattened(places) => places.units(map)?,
            Before::Chain(chain) => chain.units(map)?,
        };
        let scores = linear(&self.weight, &self.bias, &units);
        scores.iter().all(|score| score.is_finite()).then_some(scores)
    }

    /// The `num` most probable classes for a last feature map, best first. Empty for a map of another size, or if a score isn't finite.
    pub fn top(&self, map: &Activation, num: usize) -> Vec<ClassShare> {
        let Some(scores) = self.scores(map) else { return Vec::new() };
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        let shares: Vec<f64> = match self.gives {
            Output::Sigmoid if self.is_of_two() => vec![sigmoid(-scores[0]), sigmoid(scores[0])],
            Output::Sigmoid => scores.into_iter().map(sigmoid).collect(),
            Output::Softmax | Output::Raw => {
                let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let total: f64 = scores.iter().map(|score| (score - largest).exp()).sum();
                scores.iter().map(|score| (score - largest).exp() / total).collect()
            }
        };
        let mut order: Vec<usize> = (0..shares.len()).collect();
        order.sort_by(|a, b| shares[*b].total_cmp(&shares[*a]));
        order
            .into_iter()
            .take(num)
            .map(|class| ClassShare { class, probability: shares[class] as f32 })
            .collect()
    }

    /// Whether computing scores costs little compared with the network. Dense layers over all values of a map, as VGG's, have at least
    /// as many weights as the network.
    pub fn is_light(&self) -> bool {
        !matches!(self.before, Before::Flattened(_))
    }

    /// Whether the means of the channels are all that scores are computed from.
    pub fn takes_means(&self) -> bool {
        match &self.before {
            Before::Means | Before::Norm(_) | Before::Hidden(_) => true,
            Before::Chain(chain) => chain.takes_means(),
            Before::Flattened(_) => false,
        }
    }

    /// Whether a class's score is a sum over locations, so that there is a class activation map.
    pub fn has_class_maps(&self) -> bool {
        match &self.before {
            Before::Means => true,
            Before::Chain(chain) => chain.takes_means(),
            Before::Norm(_) | Before::Hidden(_) | Before::Flattened(_) => false,
        }
    }

    /// The class activation map of a class (Zhou et al., "Learning Deep Features for Discriminative Localization", 2016): the sum of
    /// the last feature map's channels, each multiplied by its weight in the class's score. If the head has several layers, a channel's
    /// weight is the derivative of the score with respect to the channel's mean, for this picture. The result has one channel and is
    /// named after layer and class. `None` if the head has no class maps, or if the map or the class doesn't fit it.
    pub fn class_map(&self, map: &Activation, class: usize) -> Option<Activation> {
        if !self.has_class_maps() {
            return None;
        }
        let shape = map.shape();
        if shape.channels != self.num_channels || class >= self.num_classes() {
            return None;
        }
        // With one output for two classes, the first class's map is the second's with the opposite sign.
        let (output, sign) = match (self.is_of_two(), class) {
            (true, class) => (0, if class == 0 { -1.0 } else { 1.0 }),
            (false, class) => (class, 1.0),
        };
        let row =
            self.weight.chunks_exact((self.weight.len() / self.bias.len().max(1)).max(1)).nth(output)?;
        let weights = match &self.before {
            Before::Chain(chain) => chain.slopes(map, row)?,
            Before::Means | Before::Norm(_) | Before::Hidden(_) | Before::Flattened(_) => {
                row.iter().map(|weight| f64::from(*weight)).collect()
            }
        };
        let mut sums = vec![0f64; shape.height * shape.width];
        for (c, weight) in weights.iter().enumerate() {
            for (sum, value) in sums.iter_mut().zip(map.channel(c)) {
                *sum += sign * weight * f64::from(*value);
            }
        }
        let name = match self.name(class) {
            Some(name) => format!("{}, class {class} ({name})", map.name()),
            None => format!("{}, class {class}", map.name()),
        };
        let values: Vec<f32> = sums.into_iter().map(|sum| sum as f32).collect();
        Activation::new(name, MapShape::new(1, shape.height, shape.width), values).ok()
    }

    /// The most probable classes in words, such as `tiger cat 38.0 %, Egyptian cat 36.0 %`; or why there are none for a map of this
    /// size.
    pub fn words(&self, map: &Activation, num: usize) -> Option<String> {
        let scores = if self.gives == Output::Raw { self.scores(map) } else { None };
        let shares: Vec<String> = self
            .top(map, num)
            .into_iter()
            .enumerate()
            .map(|(at, ClassShare { class, probability })| {
                // If a class has several names, the first is the usual one.
                let first = |name: &str| name.split(", ").next().unwrap_or(name).to_owned();
                let name = match &self.names {
                    Some(names) => names.get(class).cloned(),
                    None => self.name(class).map(first),
                };
                let name = name.unwrap_or_else(|| format!("class {class}"));
                match (self.gives, &scores) {
                    (Output::Raw, Some(scores)) => {
                        // It isn't known what the outputs mean, so they are shown as they are.
                        let before = if at == 0 { "output " } else { "" };
                        format!("{name} {before}{:.3}", scores[class])
                    }
                    _ => format!("{name} {:.1} %", f64::from(probability) * 100.0),
                }
            })
            .collect();
        match &self.before {
            _ if !shares.is_empty() => Some(shares.join(", ")),
            Before::Flattened(places) => places.refusal(map.shape()),
            Before::Chain(chain) => chain.refusal(map.shape()),
            Before::Means | Before::Norm(_) | Before::Hidden(_) => None,
        }
    }
}
