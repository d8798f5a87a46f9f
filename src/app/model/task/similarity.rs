//! A task that compares layers and networks by their features, as plain data: what was chosen, and what would be compared.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::app::model::task::basis::{Basis, Place, Scope, TaskAbout};
use crate::app::model::task::folders::FeatureFolders;
use crate::similarity::{CkaKernel, ComparisonSettings, Measure};
use crate::tensor::available_memory;

/// The user's choices for a comparison of layers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SimilarityScope {
    pub(crate) folders: FeatureFolders,
    pub(crate) measure: Measure,
    /// Neighbours of each picture, of kNN.
    pub(crate) k: usize,
    /// Width of the kernel as a share of the median distance, of RBF CKA.
    pub(crate) bandwidth: f64,
    /// How often pictures are drawn again, of RSA; 0 for no intervals.
    pub(crate) num_resamples: usize,
    pub(crate) seed: u64,
}

/// Everything needed to compare layers.
pub(crate) struct SimilarityRequest {
    pub(crate) folders: Vec<PathBuf>,
    pub(crate) settings: ComparisonSettings,
}

/// What would be compared.
#[derive(Debug)]
pub(crate) struct SimilarityPreview {
    /// Network, layer and extent of each set of features.
    pub(crate) sets: Vec<String>,
}

impl SimilarityScope {
    /// The measure with its own settings.
    fn whole_measure(&self) -> Measure {
        match self.measure {
            Measure::Neighbours { .. } => Measure::Neighbours { k: self.k },
            Measure::Cka(CkaKernel::Rbf { .. }) => Measure::Cka(CkaKernel::Rbf { bandwidth: self.bandwidth }),
            other => other,
        }
    }
}

impl Scope for SimilarityScope {
    type Request = SimilarityRequest;
    const ABOUT: TaskAbout = TaskAbout {
        label: "Compare representations…",
        help: "compare layers and networks by their features: CKA, RSA or shared neighbours",
        menu_place: 40,
        keys: &[],
        needs_mosaic: false,
        title: "Compare representations",
        size: [640.0, 560.0],
        things: "steps",
        doing: "Comparing representations",
        stop: "Stop comparing",
        place: Place::Folder,
    };

    fn first(_: &str) -> Self {
        Self {
            folders: FeatureFolders::default(),
            measure: Measure::Cka(CkaKernel::Linear),
            k: Measure::DEFAULT_K,
            bandwidth: Measure::DEFAULT_BANDWIDTH,
            num_resamples: 0,
            seed: 0,
        }
    }

    fn place(&mut self) -> &mut String {
        &mut self.folders.typed
    }

    fn put(&mut self, place: String) {
        self.folders.add(&place);
    }

    fn is_planned_as(&self, other: &Self) -> bool {
        self.folders.all == other.folders.all
    }

    /// None: it runs no network.
    fn tags(&mut self) -> Option<&mut BTreeSet<String>> {
        None
    }

    fn request(&self, _: &Basis) -> Result<SimilarityRequest, String> {
        let measure = self.whole_measure();
        Ok(SimilarityRequest {
            folders: self.folders.paths()?,
            settings: ComparisonSettings {
                num_resamples: if measure == Measure::Rsa { self.num_resamples } else { 0 },
                seed: self.seed,
                available: available_memory(),
                ..ComparisonSettings::new(measure)
            },
        })
    }
}
