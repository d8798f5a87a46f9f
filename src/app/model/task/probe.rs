//! A task that scores features by heads, as plain data: what was chosen, and what there is to choose from.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::app::model::task::basis::{Basis, Place, Scope, TaskAbout};
use crate::app::model::task::folders::FeatureFolders;
use crate::probe::{ProbeHead, Split, TargetKind};

/// How rows are split, before a column is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SplitChoice {
    /// Random for classes of pictures without times, otherwise blocks.
    Usual,
    Block,
    Random,
    Group,
    File,
}

/// How often a head is scored with the target moved, unless the user chooses; fewer for heads that take long.
pub(crate) const USUAL_PERMUTATIONS: u16 = 99;

/// The user's choices for a probe.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ProbeScope {
    pub(crate) folders: FeatureFolders,
    /// The column that is to be told; empty before one was chosen.
    pub(crate) target: String,
    /// How the column is read; none for what its cells are.
    pub(crate) kind: Option<TargetKind>,
    /// What is fitted; none for ridge of numbers and logistic of classes.
    pub(crate) head: Option<ProbeHead>,
    pub(crate) split: SplitChoice,
    /// The column of groups or of parts.
    pub(crate) split_column: String,
    pub(crate) folds: u16,
    pub(crate) seed: u64,
    /// How often ridge is scored with the target moved to other rows.
    pub(crate) permutations: u16,
    /// Whether the best network's architecture with random weights is a baseline.
    pub(crate) has_random_weights: bool,
    /// Where the pictures are; empty to look for them beside the features.
    pub(crate) pictures: String,
}

/// Everything needed to probe features.
pub(crate) struct ProbeRequest {
    pub(crate) folders: Vec<PathBuf>,
    pub(crate) target: String,
    pub(crate) kind: Option<TargetKind>,
    pub(crate) head: Option<ProbeHead>,
    /// None for the usual one.
    pub(crate) split: Option<Split>,
    pub(crate) folds: u16,
    pub(crate) seed: u64,
    pub(crate) permutations: u16,
    pub(crate) has_random_weights: bool,
    pub(crate) pictures: Option<PathBuf>,
}

/// A column of the features' index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IndexColumn {
    pub(crate) name: String,
    /// Whether its cells are numbers.
    pub(crate) is_numeric: bool,
}

/// What there is to probe.
#[derive(Debug)]
pub(crate) struct ProbePreview {
    /// Network, layer and extent of each set of features.
    pub(crate) sets: Vec<String>,
    /// The columns of the first set's index.
    pub(crate) columns: Vec<IndexColumn>,
}

impl SplitChoice {
    /// Whether it needs a column.
    pub(crate) const fn takes_column(self) -> bool {
        matches!(self, Self::Group | Self::File)
    }
}

impl ProbeScope {
    /// What must be chosen before it can begin.
    pub(crate) fn missing(&self) -> Option<&'static str> {
        if self.target.is_empty() {
            Some("Choose the target column")
        } else if self.split.takes_column() && self.split_column.is_empty() {
            Some("Choose the column of the split")
        } else {
            None
        }
    }
}

impl Scope for ProbeScope {
    type Request = ProbeRequest;
    const ABOUT: TaskAbout = TaskAbout {
        label: "Probe features…",
        help: "score which network's features tell a target best, beside baselines",
        menu_place: 41,
        keys: &[],
        needs_mosaic: false,
        title: "Probe features",
        size: [760.0, 560.0],
        things: "steps",
        doing: "Probing features",
        stop: "Stop probing",
        place: Place::Folder,
    };

    fn first(_: &str) -> Self {
        Self {
            folders: FeatureFolders::default(),
            target: String::new(),
            kind: None,
            head: None,
            split: SplitChoice::Usual,
            split_column: String::new(),
            folds: 5,
            seed: 0,
            permutations: USUAL_PERMUTATIONS,
            has_random_weights: true,
            pictures: String::new(),
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

    /// None: its networks are those of the features.
    fn tags(&mut self) -> Option<&mut BTreeSet<String>> {
        None
    }

    fn request(&self, _: &Basis) -> Result<ProbeRequest, String> {
        let column = || self.split_column.clone();
        let pictures = self.pictures.trim();
        Ok(ProbeRequest {
            folders: self.folders.paths()?,
            target: self.target.clone(),
            kind: self.kind,
            head: self.head,
            split: match self.split {
                SplitChoice::Usual => None,
                SplitChoice::Block => Some(Split::Block),
                SplitChoice::Random => Some(Split::Random),
                SplitChoice::Group => Some(Split::Group(column())),
                SplitChoice::File => Some(Split::File(column())),
            },
            folds: self.folds,
            seed: self.seed,
            permutations: self.permutations,
            has_random_weights: self.has_random_weights,
            pictures: (!pictures.is_empty()).then(|| PathBuf::from(pictures)),
        })
    }
}
