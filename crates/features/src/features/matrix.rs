//! A finished set of features as a matrix: a row for each picture, its numbers as f32, and the columns of its index beside it.
//!
//! Owns that every reader of features sees the same numbers whatever the format, and that nothing damaged is taken for features. Must
//! not know what the numbers are used for.

use std::path::Path;

use half::f16;
use sha2::{Digest, Sha256};

use super::error::BadFeatures;
use super::index::INDEX_NAME;
use super::manifest::{MANIFEST_NAME, Manifest};
use super::rows::FeatureRows;
use super::stored::StoredFeatures;
use crate::tensor::{AxisOrder, Column, Dtype, hex};

/// What becomes of maps that were stored whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapRows {
    /// The mean of each channel over the map: a row has as many numbers as there are channels.
    Averaged,
    /// All numbers of the map in one row, in the order in which they are stored.
    Flattened,
}

/// The columns of a set's index: for each column its name and kind, and the texts of its cells in the order of the rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IndexTable {
    columns: Vec<Column>,
    cells: Vec<Vec<String>>,
}

impl IndexTable {
    /// Names and kinds of the columns, in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The cells of the column of this name as they were written, one for each row. An empty text is an empty cell.
    pub fn column(&self, name: &str) -> Option<&[String]> {
        let at = self.columns.iter().position(|column| column.name == name)?;
        self.cells.get(at).map(Vec::as_slice)
    }
}

/// A folder of features that was checked and can be read by rows.
#[derive(Debug)]
pub struct FeatureMatrix {
    stored: StoredFeatures,
    index: IndexTable,
    maps: MapRows,
    bytes: Vec<u8>,
    values: Vec<f32>,
}

impl FeatureMatrix {
    /// Opens a folder that `extract` wrote, of any format. Compares every file that the manifest has a hash of, and reads the index;
    /// the numbers themselves are read later. `go_on` is called now and then; if it returns false, the result is an error.
    ///
    /// # Errors
    /// A folder without a manifest (it is no set, or its run isn't finished), a damaged file, a set of an earlier version that has no
    /// hashes, and one whose pictures gave features of different sizes.
    pub fn open(folder: &Path, maps: MapRows, go_on: &dyn Fn() -> bool) -> Result<Self, BadFeatures> {
        let mut stored = StoredFeatures::open(folder)?;
        let manifest_path = folder.join(MANIFEST_NAME);
        if !stored.manifest().is_sealed() {
            let reason = "an earlier version made these features without hashes of its files, so that damage can't be found; extract them again";
            return Err(BadFeatures::file(&manifest_path, reason));
        }
        let shape = &stored.manifest().recipe.stored.layout.shape;
        if shape.is_empty() || stored.manifest().recipe.stored.layout.num_values() == 0 {
            let reason = "its features are of different sizes, one for each size of picture, and no rows of one length";
            return Err(BadFeatures::file(&manifest_path, reason));
        }
        stored.check_files(go_on)?;
        let columns = stored.manifest().recipe.columns.clone();
        let mut cells = vec![Vec::new(); columns.len()];
        for row in 0..stored.num_rows() {
            let line = stored.cells(row).map_err(|e| BadFeatures::file(&folder.join(INDEX_NAME), e))?;
            for (column, cell) in cells.iter_mut().zip(&line) {
                column.push(cell.to_string());
            }
        }
        let index = IndexTable { columns, cells };
        Ok(Self { stored, index, maps, bytes: Vec::new(), values: Vec::new() })
    }

    /// How the features were made.
    pub fn manifest(&self) -> &Manifest {
        self.stored.manifest()
    }

    /// The folder that was opened.
    pub fn folder(&self) -> &Path {
        self.stored.folder()
    }

    /// The index's columns.
    pub fn index(&self) -> &IndexTable {
        &self.index
    }

    /// How many rows there are.
    pub fn num_rows(&self) -> usize {
        self.manifest().outcome.num_rows as usize
    }

    /// How many numbers a row has.
    pub fn width(&self) -> usize {
        let layout = &self.manifest().recipe.stored.layout;
        match (self.maps, self.map_extent()) {
            (MapRows::Averaged, Some((channels, _))) => channels,
            (MapRows::Averaged, None) | (MapRows::Flattened, _) => layout.num_values(),
        }
    }

    /// Channels of the stored maps, and places in each; `None` where one row of numbers is stored.
    pub fn map_extent(&self) -> Option<(usize, usize)> {
        let stored = &self.manifest().recipe.stored;
        match (stored.order, &stored.layout.shape[..]) {
            (AxisOrder::Hwc, [height, width, channels]) | (AxisOrder::Chw, [channels, height, width]) => {
                Some((*channels, height * width))
            }
            _ => None,
        }
    }

    /// Bytes of all rows in memory as f32.
    pub fn num_bytes(&self) -> u64 {
        self.num_rows() as u64 * self.width() as u64 * size_of::<f32>() as u64
    }

    /// Reads all rows in order, in blocks of at most `block_bytes` (one row at least). `each` gets the number of a block's first row
    /// and the block: rows × [`Self::width`], row-major. The numbers' hash is compared with the manifest's at the end.
    ///
    /// # Errors
    /// A row that can't be read; numbers that aren't those that were written, found after the last block; `each` returned false.
    pub fn for_each_block(
        &mut self,
        block_bytes: usize,
        each: &mut dyn FnMut(usize, &[f32]) -> bool,
    ) -> Result<(), BadFeatures> {
        let width = self.width();
        let rows_at_once = (block_bytes / (width * size_of::<f32>()).max(1)).max(1);
        let (num_rows, mut hash) = (self.num_rows(), Sha256::new());
        let mut block = Vec::new();
        for first in (0..num_rows).step_by(rows_at_once) {
            block.clear();
            for row in first..num_rows.min(first + rows_at_once) {
                self.read_row(row, &mut block)?;
                hash.update(Sha256::digest(&self.bytes));
            }
            if !each(first, &block) {
                return Err(BadFeatures::file(self.folder(), "interrupted"));
            }
        }
        if hex(&hash.finalize()) == self.manifest().outcome.values_sha256 {
            return Ok(());
        }
        let reason =
            "the numbers are not those that were written: their hash is not the manifest's; copy it again";
        Err(BadFeatures::file(self.folder(), reason))
    }

    /// All rows in memory: rows × [`Self::width`], row-major. The caller asks [`Self::num_bytes`] first whether there is room.
    pub fn to_memory(&mut self, go_on: &dyn Fn() -> bool) -> Result<Vec<f32>, BadFeatures> {
        const BLOCK: usize = 1 << 22;
        let mut all = Vec::with_capacity(self.num_rows() * self.width());
        self.for_each_block(BLOCK, &mut |_, block| {
            all.extend_from_slice(block);
            go_on()
        })?;
        Ok(all)
    }

    /// Appends the numbers of some rows, in the order asked for, [`Self::width`] each. Nothing is compared with the manifest's hash: the
    /// files were when the set was opened, but for a file a picture (the format `folder`), which only [`Self::for_each_block`] compares.
    ///
    /// # Errors
    /// A row that can't be read, or that there isn't.
    pub fn read_rows(&mut self, rows: &[usize], into: &mut Vec<f32>) -> Result<(), BadFeatures> {
        for row in rows {
            if *row >= self.num_rows() {
                let reason = format!("there is no row {row}: it has {}", self.num_rows());
                return Err(BadFeatures::file(self.folder(), reason));
            }
            self.read_row(*row, into)?;
        }
        Ok(())
    }

    /// Appends a row's numbers. The bytes as stored are kept in `self.bytes`.
    fn read_row(&mut self, row: usize, into: &mut Vec<f32>) -> Result<(), BadFeatures> {
        self.bytes.clear();
        let read = self.stored.values(row as u64, &mut self.bytes);
        read.map_err(|e| BadFeatures::file(self.stored.folder(), format!("row {row} can't be read: {e}")))?;
        let stored = &self.manifest().recipe.stored;
        let (order, dtype) = (stored.order, stored.layout.dtype);
        let mut values = std::mem::take(&mut self.values);
        values.clear();
        match dtype {
            Dtype::F32 => values.extend(self.bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b))),
            Dtype::F16 => {
                values.extend(self.bytes.as_chunks::<2>().0.iter().map(|b| f16::from_le_bytes(*b).to_f32()));
            }
        }
        match (self.maps, self.map_extent()) {
            (MapRows::Averaged, Some((channels, places))) => {
                into.extend((0..channels).map(|channel| {
                    let value = |place: usize| match order {
                        AxisOrder::Hwc => values.get(place * channels + channel),
                        AxisOrder::Chw => values.get(channel * places + place),
                    };
                    let sum: f64 = (0..places).filter_map(value).map(|value| f64::from(*value)).sum();
                    (sum / places as f64) as f32
                }));
            }
            (MapRows::Averaged, None) | (MapRows::Flattened, _) => into.extend_from_slice(&values),
        }
        self.values = values;
        Ok(())
    }
}
