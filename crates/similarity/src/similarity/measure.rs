//! The measures, with their names.

use std::str::FromStr;

use super::cka::CkaKernel;

/// What a value of a similarity matrix is.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Measure {
    /// Centred kernel alignment (Kornblith et al. 2019, "Similarity of neural network representations revisited"), with the unbiased
    /// estimate of HSIC (Song et al. 2012), summed over minibatches before the ratio is taken (Nguyen, Raghu and Kornblith 2021, "Do wide
    /// and deep networks learn the same things?"). At most 1; 0 is expected of independent features, and less can occur.
    Cka(CkaKernel),
    /// Representational similarity analysis (Kriegeskorte et al. 2008): Spearman's correlation of the dissimilarities of all pairs of
    /// pictures, each 1 − Pearson's correlation of their features. Between −1 and 1.
    Rsa,
    /// Mutual k nearest neighbours (Huh et al. 2024, "The Platonic representation hypothesis"): the share of a picture's `k` nearest
    /// pictures, by the cosine of their features, that two layers have in common, as a mean over the pictures. Between 0 and 1; chance
    /// gives k/(n − 1).
    Neighbours {
        /// How many neighbours.
        k: usize,
    },
}

impl Measure {
    /// Huh et al. take 10.
    pub const DEFAULT_K: usize = 10;
    /// The bandwidth of an RBF kernel, as a share of the median distance.
    pub const DEFAULT_BANDWIDTH: f64 = 1.0;

    /// Its name in tables and figures.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Cka(CkaKernel::Linear) => "linear CKA",
            Self::Cka(CkaKernel::Rbf { .. }) => "RBF CKA",
            Self::Rsa => "RSA",
            Self::Neighbours { .. } => "mutual kNN",
        }
    }

    /// The name to type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cka(CkaKernel::Linear) => "cka",
            Self::Cka(CkaKernel::Rbf { .. }) => "cka-rbf",
            Self::Rsa => "rsa",
            Self::Neighbours { .. } => "knn",
        }
    }

    /// The least value that can be expected to matter: figures begin with it.
    pub const fn is_signed(self) -> bool {
        matches!(self, Self::Rsa)
    }
}

/// Text that names no measure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown measure `{got}`: expected cka, cka-rbf, rsa or knn")]
pub struct UnknownMeasure {
    /// What was typed.
    pub got: String,
}

impl FromStr for Measure {
    type Err = UnknownMeasure;

    /// The measure of this name, with its usual settings.
    fn from_str(text: &str) -> Result<Self, UnknownMeasure> {
        match text.trim().to_lowercase().as_str() {
            "cka" => Ok(Self::Cka(CkaKernel::Linear)),
            "cka-rbf" => Ok(Self::Cka(CkaKernel::Rbf { bandwidth: Self::DEFAULT_BANDWIDTH })),
            "rsa" => Ok(Self::Rsa),
            "knn" => Ok(Self::Neighbours { k: Self::DEFAULT_K }),
            _ => Err(UnknownMeasure { got: text.to_owned() }),
        }
    }
}
