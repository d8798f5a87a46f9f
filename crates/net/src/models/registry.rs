//! All models, and how a model is found by name.

use super::opened::Opened;
use super::retired::Retired;
use super::spec::ModelSpec;
use super::{
    convnext, densenet, dinov2, efficientnet, googlenet, inception_resnet_v2, inception_v3, mobilenet,
    regnet, repvgg, resnet, vgg, xception,
};
use crate::tensor::{Remedied, Remedy, did_you_mean, nearest_names};

/// Why no model has the name that was asked for.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownModel {
    /// No version of this program had such a model.
    #[error("no model `{asked}`{}", did_you_mean(.nearest))]
    NoSuch {
        /// The name that was asked for.
        asked: String,
        /// Tags and bare names that resemble it.
        nearest: Vec<String>,
    },
    /// An earlier version included it.
    #[error("{0}")]
    Retired(Retired),
}

impl Remedied for UnknownModel {
    fn remedy(&self) -> Option<Remedy> {
        Some(match self {
            Self::NoSuch { .. } => Remedy::ListModels,
            Self::Retired(_) => Remedy::OtherModel,
        })
    }
}

/// The registry: the list of all models.
#[derive(Clone, Copy, Debug, Default)]
pub struct Registry;

impl Registry {
    /// All models, families one after the other.
    pub fn specs() -> impl Iterator<Item = &'static ModelSpec> {
        [
            inception_v3::ROWS,
            resnet::ROWS,
            xception::ROWS,
            vgg::ROWS,
            efficientnet::ROWS,
            mobilenet::ROWS,
            densenet::ROWS,
            regnet::ROWS,
            repvgg::ROWS,
            convnext::ROWS,
            inception_resnet_v2::ROWS,
            googlenet::ROWS,
            dinov2::ROWS,
        ]
        .into_iter()
        .flatten()
    }

    /// Finds a model by its full tag, by a bare name (architecture or Keras class), or by the tag of a network that was opened
    /// from a file. Spelling must be exact, because `resnet50` and `ResNet50` are two different networks.
    pub fn find(name: &str) -> Result<&'static ModelSpec, UnknownModel> {
        let found = Self::specs().find(|spec| spec.tag == name || spec.bare_names.contains(&name));
        found.or_else(|| Opened::find(name).map(Opened::spec)).ok_or_else(|| {
            if let Some(retired) = Retired::find(name) {
                return UnknownModel::Retired(retired);
            }
            let known = Self::specs()
                .flat_map(|spec| std::iter::once(spec.tag).chain(spec.bare_names.iter().copied()));
            UnknownModel::NoSuch {
                asked: name.to_owned(),
                nearest: nearest_names(name, known, 4).into_iter().map(str::to_owned).collect(),
            }
        })
    }

    /// Model specs of the networks that were opened from files of their own.
    pub fn opened() -> Vec<&'static ModelSpec> {
        Opened::all().into_iter().map(Opened::spec).collect()
    }

    /// Model specs of one architecture, in listing order.
    pub fn of_arch(arch: &str) -> impl Iterator<Item = &'static ModelSpec> {
        Self::specs().filter(move |spec| spec.arch() == arch)
    }
}
