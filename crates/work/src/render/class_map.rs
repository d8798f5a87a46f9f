//! Class maps, which show where the last layer contributes to the score of a class: finds the class, checks whether the network has
//! class maps, and computes the map.
//!
//! Must not know command-line arguments or widgets.

use std::fmt;
use std::str::FromStr;

use crate::engine::Backbone;
use crate::graph::NodeId;
use crate::tensor::{Activation, Remedied, Remedy};
use crate::weights::{Head, NoClass};

/// Most classes that a message lists.
const NUM_LISTED: usize = 8;

/// The class whose map is shown instead of the last layer's channels.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ClassChoice {
    /// The most likely class of each picture.
    Top,
    /// The class of this number, from 0, or with this text in its name.
    Named(String),
}

impl ClassChoice {
    /// Reads a choice: `top` means the most likely class; any other text is a number or a part of a name.
    #[must_use]
    pub fn of(text: &str) -> Self {
        if text == "top" { Self::Top } else { Self::Named(text.to_owned()) }
    }
}

impl FromStr for ClassChoice {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::of(text))
    }
}

impl fmt::Display for ClassChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Top => f.write_str("top"),
            Self::Named(name) => f.write_str(name),
        }
    }
}

/// Why there is no class map.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClassMapError {
    /// A layer other than the last was chosen.
    #[error("a class map is made from the last layer, `{last}`, and `{asked}` was asked for")]
    NotLast {
        /// The layer that was asked for.
        asked: String,
        /// The network's last.
        last: String,
    },
    /// The network has no classifier, or one whose scores are not sums over locations.
    #[error(
        "the weights of {tag} give no class scores that are sums over places of the last layer, so there is no class map{}",
        .why.as_ref().map_or_else(String::new, |why| format!(": {why}"))
    )]
    NoScores {
        /// The network.
        tag: &'static str,
        /// Why, where that is known.
        why: Option<String>,
    },
    /// No such class.
    #[error("no class `{asked}` among the {num_classes} of {tag}: a number, a part of a name, or `top`")]
    Unknown {
        /// What was asked for.
        asked: String,
        /// Number of classes.
        num_classes: usize,
        /// The network.
        tag: &'static str,
    },
    /// Several classes have this text in their names.
    #[error("{} classes of {tag} have `{asked}` in their names: {}; give a number, or more of a name", .found.len(), listed(.found))]
    Several {
        /// What was asked for.
        asked: String,
        /// Numbers and names of these classes.
        found: Vec<String>,
        /// The network.
        tag: &'static str,
    },
    /// A value of the map isn't finite, or the classifier needs a map of another size.
    #[error(
        "this map gives no class scores: a value isn't finite, or the classifier takes a map of another size"
    )]
    NoClasses,
}

impl Remedied for ClassMapError {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::NotLast { .. } => Some(Remedy::LastLayer),
            Self::NoClasses => Some(Remedy::OwnInputSize),
            Self::NoScores { .. } | Self::Unknown { .. } | Self::Several { .. } => None,
        }
    }
}

fn listed(found: &[String]) -> String {
    let mut all = found.iter().take(NUM_LISTED).cloned().collect::<Vec<_>>();
    if found.len() > NUM_LISTED {
        all.push(format!("{} more", found.len() - NUM_LISTED));
    }
    all.join("; ")
}

impl ClassChoice {
    /// Checks that a network has a map of this class for this layer.
    ///
    /// # Errors
    /// A layer other than the last, weights without class scores, a class that doesn't exist, or a name that fits several classes.
    pub fn check(&self, backbone: &Backbone, node: NodeId) -> Result<(), ClassMapError> {
        self.head(backbone, node).map(drop)
    }

    /// The map of the class, from the values of the last layer: one channel, `H×W` as the layer's.
    ///
    /// # Errors
    /// The errors of [`check`](Self::check), and values from which no scores can be computed.
    pub fn map(
        &self,
        backbone: &Backbone,
        node: NodeId,
        activation: &Activation,
    ) -> Result<Activation, ClassMapError> {
        let (head, class) = self.head(backbone, node)?;
        let class = match class {
            Some(class) => class,
            None => head.top(activation, 1).first().ok_or(ClassMapError::NoClasses)?.class,
        };
        head.class_map(activation, class).ok_or(ClassMapError::NoClasses)
    }

    /// The classifier, and the number of the class unless that depends on the picture.
    fn head<'a>(
        &self,
        backbone: &'a Backbone,
        node: NodeId,
    ) -> Result<(&'a Head, Option<usize>), ClassMapError> {
        let tag = backbone.spec().tag;
        let graph = backbone.graph();
        let last = graph.final_node();
        if node != last {
            let name = |id| graph.node(id).name.clone();
            return Err(ClassMapError::NotLast { asked: name(node), last: name(last) });
        }
        let Some(head) = backbone.weights().head().filter(|head| head.has_class_maps()) else {
            return Err(ClassMapError::NoScores { tag, why: backbone.why_no_classes().map(str::to_owned) });
        };
        let Self::Named(asked) = self else { return Ok((head, None)) };
        match head.find(asked) {
            Ok(class) => Ok((head, Some(class))),
            Err(NoClass::Unknown) => {
                Err(ClassMapError::Unknown { asked: asked.clone(), num_classes: head.num_classes(), tag })
            }
            Err(NoClass::Several(several)) => {
                let called = |class: &usize| format!("{class} ({})", head.name(*class).unwrap_or_default());
                let found = several.iter().map(called).collect();
                Err(ClassMapError::Several { asked: asked.clone(), found, tag })
            }
        }
    }
}

/// Number of classes that a caption names.
const NUM_NAMED: usize = 5;

/// A class of a network's classifier, and its probability for a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct TopClass {
    /// Its number, from 0.
    pub number: usize,
    /// Its name, or `class N` where the weights have no names.
    pub name: String,
    /// Its probability, from 0 to 1.
    pub probability: f32,
}

/// The most likely classes of a picture, best first; empty for a layer that isn't the last, and for a
/// network without a classifier.
#[must_use]
pub fn top_classes(backbone: &Backbone, node: NodeId, activation: &Activation) -> Vec<TopClass> {
    let head = backbone.weights().head().filter(|_| node == backbone.graph().final_node());
    let Some(head) = head else { return Vec::new() };
    let name = |class: usize| head.name(class).map_or_else(|| format!("class {class}"), ToOwned::to_owned);
    head.top(activation, NUM_NAMED)
        .into_iter()
        .map(|share| TopClass {
            number: share.class,
            name: name(share.class),
            probability: share.probability,
        })
        .collect()
}

/// The most likely classes of a picture in words, or the reason why this map gives none; `None` for a layer that isn't the last, and
/// for a network without a classifier.
#[must_use]
pub fn class_words(backbone: &Backbone, node: NodeId, activation: &Activation) -> Option<String> {
    let head = backbone.weights().head().filter(|_| node == backbone.graph().final_node())?;
    head.words(activation, NUM_NAMED)
}
