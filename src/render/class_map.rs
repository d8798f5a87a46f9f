//! Where a layer speaks for a class: which class is meant, whether a network has such maps, and the map itself.
//!
//! Must not know arguments or widgets.

use std::fmt;
use std::str::FromStr;

use crate::engine::Backbone;
use crate::graph::NodeId;
use crate::tensor::{Activation, Remedied, Remedy};
use crate::weights::{Head, NoClass};

/// Classes that a message lists.
const NUM_LISTED: usize = 8;

/// The class whose map is shown in place of the last layer's channels.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ClassChoice {
    /// The likeliest at each picture.
    Top,
    /// One by its number, from 0, or by a part of its name.
    Named(String),
}

impl ClassChoice {
    /// `top` is the likeliest; anything else is a number or a name.
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

/// A class map that can't be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClassMapError {
    /// Another layer than the last.
    #[error("a class map is made from the last layer, `{last}`, and `{asked}` was asked for")]
    NotLast {
        /// The layer that was asked for.
        asked: String,
        /// The network's last.
        last: String,
    },
    /// No classifier, or one whose scores are no sums over places.
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
        /// Classes that there are.
        num_classes: usize,
        /// The network.
        tag: &'static str,
    },
    /// A name that several have.
    #[error("{} classes of {tag} have `{asked}` in their names: {}; give a number, or more of a name", .found.len(), listed(.found))]
    Several {
        /// What was asked for.
        asked: String,
        /// Numbers and names of those that fit.
        found: Vec<String>,
        /// The network.
        tag: &'static str,
    },
    /// Values that aren't finite, or a map of another size than the classifier takes.
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
    /// Whether a network has maps of this class, for this layer.
    ///
    /// # Errors
    /// Another layer than the last, weights without class scores, a class that isn't there or isn't the only one of that name.
    pub fn check(&self, backbone: &Backbone, node: NodeId) -> Result<(), ClassMapError> {
        self.head(backbone, node).map(drop)
    }

    /// The map of the class, from the values of the last layer: one channel, `H×W` as the layer's.
    ///
    /// # Errors
    /// What [`check`](Self::check) says, and values that give no scores.
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

    /// The classifier, and the class's number where it doesn't depend on the picture.
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

/// Classes that a caption names.
const NUM_NAMED: usize = 5;

/// The likeliest classes at a picture in words, for the last layer of a network with a classifier; or why there are none.
#[must_use]
pub fn class_words(backbone: &Backbone, node: NodeId, activation: &Activation) -> Option<String> {
    let head = backbone.weights().head().filter(|_| node == backbone.graph().final_node())?;
    head.words(activation, NUM_NAMED)
}
