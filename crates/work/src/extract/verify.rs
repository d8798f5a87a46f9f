//! Checks that a folder of features is whole and still holds what its manifest says.

use std::collections::HashSet;
use std::io;

use half::f16;

use super::hashes::ValuesHash;
use crate::engine::CancelToken;
use crate::features::{BadFeatures, FeatureRows, Recipe, StoredFeatures};
use crate::tensor::{Cell, Dtype, Remedied, Remedy, is_out_of_files, refusal_in};

/// What was found in features that passed the check.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Findings {
    /// Whether everything else was compared with a hash too: the index, the list of what was left out, the files themselves, the
    /// columns in them and the manifest. Sets of older versions have a hash of the numbers only.
    pub has_all_hashes: bool,
    /// How many rows there are.
    pub num_rows: u64,
    /// How many numbers there are.
    pub num_values: u64,
    /// Of those, NaN.
    pub num_nan: u64,
    /// Of those, infinite.
    pub num_infinite: u64,
    /// Values that were finite but too large for f16, as counted in the manifest. They are infinite here.
    pub num_overflows: u64,
    /// Rows in which every number is zero.
    pub num_dead_rows: u64,
    /// Files in the folder that don't belong to the set, relative to the folder, in order. The set counts as whole all the same.
    pub strays: Vec<String>,
}

/// What is wrong with a folder of features.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// A file is wrong or can't be read.
    #[error(transparent)]
    Features(#[from] BadFeatures),
    /// A row can't be read.
    #[error("row {row} of the features can't be read: {reason}")]
    Row {
        /// From 0.
        row: u64,
        /// What is wrong.
        reason: io::Error,
    },
    /// A picture that is there twice.
    #[error("row {row} of the features is picture {key}, which was there before")]
    Twice {
        /// From 0.
        row: u64,
        /// Row in the data set, and camera.
        key: String,
    },
    /// A row that is out of order.
    #[error(
        "row {row} of the features is picture {key}, which belongs before the row above it: the index is not in order"
    )]
    Order {
        /// From 0.
        row: u64,
        /// Row in the data set, and camera.
        key: String,
    },
    /// Numbers that changed since they were written.
    #[error(
        "the numbers are not those that were written: their hash is {got}, and the manifest says {expected}"
    )]
    Hash {
        /// The hash of the numbers that are there.
        got: String,
        /// The hash in the manifest.
        expected: String,
    },
    /// The numbers of rows and of failed pictures don't add up to that of planned pictures.
    #[error("{num_rows} rows and {num_failed} failed pictures of {num_planned} planned: some are missing")]
    Incomplete {
        /// Rows there are.
        num_rows: u64,
        /// Pictures that failed.
        num_failed: u64,
        /// Pictures planned.
        num_planned: u64,
    },
    /// The token was cancelled.
    #[error("interrupted")]
    Interrupted,
}

impl VerifyError {
    /// Whether the system refused access, so that nothing is known about the features.
    pub fn is_refused(&self) -> bool {
        match self {
            Self::Features(error) => error.is_refused(),
            Self::Row { reason, .. } => refusal_in(reason).is_some(),
            Self::Twice { .. }
            | Self::Order { .. }
            | Self::Hash { .. }
            | Self::Incomplete { .. }
            | Self::Interrupted => false,
        }
    }
}

impl Remedied for VerifyError {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Features(error) => error.remedy(),
            Self::Row { reason, .. } => {
                refusal_in(reason).filter(is_out_of_files).map(|_| Remedy::RaiseFileLimit)
            }
            Self::Twice { .. }
            | Self::Order { .. }
            | Self::Hash { .. }
            | Self::Incomplete { .. }
            | Self::Interrupted => None,
        }
    }
}

/// Reads everything and compares it with the manifest. `watch` gets the number of rows read so far.
pub fn verify(
    features: &mut StoredFeatures,
    cancel: &CancelToken,
    watch: &mut dyn FnMut(u64),
) -> Result<Findings, VerifyError> {
    let manifest = features.manifest().clone();
    let (num_rows, num_failed) = (manifest.outcome.num_rows, manifest.outcome.num_failed);
    let num_planned = manifest.recipe.num_planned;
    if num_rows + num_failed != num_planned {
        return Err(VerifyError::Incomplete { num_rows, num_failed, num_planned });
    }
    let checked = features.check_files(&|| !cancel.is_cancelled());
    if cancel.is_cancelled() {
        return Err(VerifyError::Interrupted);
    }
    checked?;
    let key = KeyColumns::of(&manifest.recipe.columns);
    let dtype = manifest.recipe.stored.layout.dtype;
    let has_all_hashes = manifest.is_sealed();
    let num_overflows = manifest.outcome.num_overflows;
    let mut findings = Findings { has_all_hashes, num_rows, num_overflows, ..Findings::default() };
    let (mut hash, mut bytes, mut seen) = (ValuesHash::default(), Vec::new(), HashSet::new());
    let mut before = None;
    let mut own_files = HashSet::new();
    for row in 0..num_rows {
        if cancel.is_cancelled() {
            return Err(VerifyError::Interrupted);
        }
        let failed = |reason| VerifyError::Row { row, reason };
        let cells = features.cells(row).map_err(failed)?;
        own_files.extend(features.own_name(&cells));
        let (number, camera) = key.read(&cells);
        let words = || format!("{number} {camera}").trim().to_owned();
        let place = (number, rank(&camera, &manifest.recipe));
        if !seen.insert((number, camera.clone())) {
            return Err(VerifyError::Twice { row, key: words() });
        }
        if before.is_some_and(|before| before > place) {
            return Err(VerifyError::Order { row, key: words() });
        }
        before = Some(place);
        bytes.clear();
        features.values(row, &mut bytes).map_err(failed)?;
        hash.add(&bytes);
        findings.add(&bytes, dtype);
        watch(row + 1);
    }
    let (got, expected) = (hash.hex(), manifest.outcome.values_sha256);
    findings.strays = features.strays(&own_files)?;
    if got == expected { Ok(findings) } else { Err(VerifyError::Hash { got, expected }) }
}

impl Findings {
    fn add(&mut self, bytes: &[u8], dtype: Dtype) {
        let mut is_dead = true;
        let mut look = |value: f32| {
            self.num_values += 1;
            self.num_nan += u64::from(value.is_nan());
            self.num_infinite += u64::from(value.is_infinite());
            is_dead &= value == 0.0;
        };
        match dtype {
            Dtype::F32 => bytes.as_chunks::<4>().0.iter().for_each(|b| look(f32::from_le_bytes(*b))),
            Dtype::F16 => bytes.as_chunks::<2>().0.iter().for_each(|b| look(f16::from_le_bytes(*b).to_f32())),
        }
        self.num_dead_rows += u64::from(is_dead);
    }
}

/// The index of a camera among those taken. Rows with the same row number are in this order.
pub(super) fn rank(camera: &str, recipe: &Recipe) -> usize {
    recipe.cameras.iter().position(|known| known == camera).unwrap_or(recipe.cameras.len())
}

/// The columns that say which picture a row is.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyColumns {
    row: Option<usize>,
    camera: Option<usize>,
}

impl KeyColumns {
    pub(super) fn of(columns: &[crate::tensor::Column]) -> Self {
        let find = |name: &str| columns.iter().position(|column| column.name == name);
        Self { row: find("row"), camera: find("camera") }
    }

    /// The row number in the data set, and the camera's name or an empty string.
    pub(super) fn read(&self, cells: &[Cell]) -> (i64, String) {
        let row = match self.row.and_then(|at| cells.get(at)) {
            Some(Cell::Integer(row)) => *row,
            _ => -1,
        };
        let camera = self.camera.and_then(|at| cells.get(at)).map(ToString::to_string);
        (row, camera.unwrap_or_default())
    }
}
