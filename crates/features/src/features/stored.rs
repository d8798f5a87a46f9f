//! Reads a finished folder of features back: rows by number, in any format. The files may come from anywhere.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use csv::StringRecord;

use super::blocks::{Block, find_block, read_own_header};
use super::containers::{check, strangers};
use super::error::BadFeatures;
use super::format::FeatureFormat;
use super::h5_read::Hdf5Rows;
use super::index::{INDEX_NAME, SKIPPED_NAME};
use super::lengths::length_words;
use super::manifest::{MANIFEST_NAME, Manifest, SkippedRow};
use super::parquet_read::ParquetRows;
use super::pictures::PICTURES_NAME;
use super::rows::FeatureRows;
use super::strays::find_strays;
use crate::formats::hash_file;
use crate::tensor::{Cell, FeatureLayout, is_refusal};

/// A folder of features, opened for reading.
#[derive(Debug)]
pub struct StoredFeatures {
    folder: PathBuf,
    manifest: Manifest,
    index: Index,
    values: Values,
}

#[derive(Debug)]
enum Values {
    /// Rows stored one after the other in files, and the open file with its block's index.
    Blocks {
        blocks: Vec<Block>,
        open: Option<(usize, BufReader<File>)>,
    },
    /// A file for each row; its name is in this column of the index.
    Files {
        column: usize,
    },
    Parquet(ParquetRows),
    Hdf5(Hdf5Rows),
}

impl StoredFeatures {
    /// Opens a folder. Checks the size and layout of the files that the manifest names; reads no numbers yet.
    pub fn open(folder: &Path) -> Result<Self, BadFeatures> {
        let manifest = Manifest::read(folder)?;
        let index = Index::open(&folder.join(INDEX_NAME), &manifest)?;
        let expected = manifest.outcome.num_rows;
        let in_files: u64 = manifest.outcome.files.iter().map(|file| file.num_rows).sum();
        let format = manifest.recipe.stored.format;
        if format != FeatureFormat::Folder && in_files != expected {
            let reason = format!("its files have {in_files} rows, and it has {expected}");
            return Err(BadFeatures::file(&folder.join(MANIFEST_NAME), reason));
        }
        let values = match format {
            FeatureFormat::Folder => {
                let columns = &manifest.recipe.columns;
                let column = columns.iter().position(|column| column.name == "features_file");
                let missing = || BadFeatures::file(&folder.join(INDEX_NAME), "no column `features_file`");
                Values::Files { column: column.ok_or_else(missing)? }
            }
            FeatureFormat::Npy | FeatureFormat::Npz | FeatureFormat::Safetensors => {
                let layout = &manifest.recipe.stored.layout;
                let mut blocks = Vec::new();
                let mut first = 0;
                for file in &manifest.outcome.files {
                    let path = inside(folder, &file.name)?;
                    blocks.push(find_block(format, &path, layout, first, file.num_rows)?);
                    first += file.num_rows;
                }
                Values::Blocks { blocks, open: None }
            }
            FeatureFormat::Parquet => {
                let mut files = Vec::new();
                for file in &manifest.outcome.files {
                    files.push((inside(folder, &file.name)?, file.num_rows));
                }
                Values::Parquet(ParquetRows::open(files, manifest.recipe.stored.layout.clone())?)
            }
            FeatureFormat::H5 => {
                let mut files = Vec::new();
                for file in &manifest.outcome.files {
                    files.push((inside(folder, &file.name)?, file.num_rows));
                }
                Values::Hdf5(Hdf5Rows::open(files, manifest.recipe.stored.layout.clone())?)
            }
        };
        Ok(Self { folder: folder.to_owned(), manifest, index, values })
    }

    /// The manifest, which says how the features were made.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The folder that was opened.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of a row's feature, relative to the folder, if each row has a file of its own.
    pub fn own_file(&mut self, row: u64) -> io::Result<Option<String>> {
        let Values::Files { column } = self.values else { return Ok(None) };
        Ok(self.index.cells(row)?.into_iter().nth(column).map(|cell| cell.to_string()))
    }

    /// The file of a row's feature, read from the row's cells, if each row has a file of its own.
    pub fn own_name(&self, cells: &[Cell]) -> Option<String> {
        let Values::Files { column } = self.values else { return None };
        cells.get(column).map(ToString::to_string)
    }

    /// Files in the folder that don't belong to this set, relative to the folder, in order. `own_files` are the files of the set's
    /// rows.
    ///
    /// # Errors
    /// A folder that can't be listed.
    pub fn strays(&self, own_files: &HashSet<String>) -> Result<Vec<String>, BadFeatures> {
        let lists = [MANIFEST_NAME, INDEX_NAME, SKIPPED_NAME, PICTURES_NAME];
        let is_own = |name: &str| {
            lists.contains(&name)
                || own_files.contains(name)
                || self.manifest.outcome.files.iter().any(|file| file.name == name)
        };
        find_strays(&self.folder, &is_own)
    }

    /// Compares every file with its size and hash, and reads it by the rules of its format. If the manifest is of an older version
    /// without hashes, only the reading is done. `go_on` is called now and then; if it returns false, the result is an error.
    pub fn check_files(&self, go_on: &dyn Fn() -> bool) -> Result<(), BadFeatures> {
        let (format, outcome) = (self.manifest.recipe.stored.format, &self.manifest.outcome);
        if let Some(path) = strangers(format, &self.folder, &outcome.files).first() {
            let reason = "a file that is none of this set's lies where readers take it for one; move it away";
            return Err(BadFeatures::file(path, reason));
        }
        for file in &outcome.files {
            let path = inside(&self.folder, &file.name)?;
            self.check_hash(&path, file.num_bytes, file.sha256.as_deref(), go_on)?;
            check(format, &path, go_on)?;
        }
        self.check_hash(&self.folder.join(INDEX_NAME), None, outcome.index_sha256.as_deref(), go_on)?;
        let lists = [
            (SKIPPED_NAME, &outcome.skipped_sha256, "a list of what was left out, and the manifest has none"),
            (PICTURES_NAME, &outcome.pictures_sha256, "a list of pictures, and the manifest has none"),
        ];
        for (name, hash, none) in lists {
            let list = self.folder.join(name);
            match hash {
                Some(hash) => self.check_hash(&list, None, Some(hash), go_on)?,
                None if self.manifest.is_sealed() && list.exists() => {
                    return Err(BadFeatures::file(&list, none));
                }
                None => {}
            }
        }
        Ok(())
    }

    fn check_hash(
        &self,
        path: &Path,
        num_bytes: Option<u64>,
        sha256: Option<&str>,
        go_on: &dyn Fn() -> bool,
    ) -> Result<(), BadFeatures> {
        let bad = |words: &str| BadFeatures::file(path, words);
        let Some(sha256) = sha256 else {
            let words = "the manifest has no hash of it";
            return if self.manifest.is_sealed() { Err(bad(words)) } else { Ok(()) };
        };
        let got = File::open(path).and_then(|file| hash_file(&file, go_on));
        let got = got.map_err(|e| BadFeatures::file(path, e))?;
        match num_bytes.filter(|expected| *expected != got.num_bytes) {
            Some(expected) => Err(bad(&length_words(got.num_bytes, expected))),
            None if got.sha256 != sha256 => {
                Err(bad("it is not as it was written: its hash is not the manifest's; copy it again"))
            }
            None => Ok(()),
        }
    }

    /// All that is not among the features, in order.
    pub fn skipped(&self) -> Result<Vec<SkippedRow>, BadFeatures> {
        let path = self.folder.join(SKIPPED_NAME);
        if !path.exists() {
            return Ok(Vec::new());
        }
        let bad = |error: csv::Error| BadFeatures::file(&path, error);
        let mut reader = csv::Reader::from_path(&path).map_err(bad)?;
        let mut skipped = Vec::new();
        for record in reader.records() {
            let record = record.map_err(bad)?;
            let cell = |at: usize| record.get(at).unwrap_or("").to_owned();
            let row = match cell(0).as_str() {
                "" => None,
                number => Some(
                    number
                        .parse()
                        .map_err(|_| BadFeatures::file(&path, format!("row `{number}` is no number")))?,
                ),
            };
            let camera = Some(cell(1)).filter(|camera| !camera.is_empty());
            skipped.push(SkippedRow { row, camera, file: cell(2), reason: cell(3) });
        }
        Ok(skipped)
    }
}

/// The path of a file in the folder by its name in the manifest, which must not lead out of the folder.
fn inside(folder: &Path, name: &str) -> Result<PathBuf, BadFeatures> {
    let is_inside = Path::new(name).components().all(|part| matches!(part, std::path::Component::Normal(_)));
    if is_inside {
        Ok(folder.join(name))
    } else {
        Err(BadFeatures::file(Path::new(name), "leads out of its folder"))
    }
}

impl FeatureRows for StoredFeatures {
    fn num_rows(&self) -> u64 {
        self.manifest.outcome.num_rows
    }

    fn values(&mut self, row: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
        let layout = &self.manifest.recipe.stored.layout;
        match &mut self.values {
            Values::Blocks { blocks, open } => read_block(blocks, open, row, layout, bytes),
            Values::Files { column } => {
                let cells = self.index.cells(row)?;
                let name = cells.get(*column).map(ToString::to_string).unwrap_or_default();
                let path = inside(&self.folder, &name).map_err(io::Error::other)?;
                read_feature_npy(&path, layout, bytes)
            }
            Values::Parquet(rows) => rows.values(row, bytes),
            Values::Hdf5(rows) => rows.values(row, bytes),
        }
    }

    fn cells(&mut self, row: u64) -> io::Result<Vec<Cell>> {
        self.index.cells(row)
    }
}

fn read_block(
    blocks: &[Block],
    open: &mut Option<(usize, BufReader<File>)>,
    row: u64,
    layout: &FeatureLayout,
    bytes: &mut Vec<u8>,
) -> io::Result<()> {
    let place = blocks.partition_point(|block| block.first <= row).saturating_sub(1);
    let block = blocks.get(place).ok_or(io::ErrorKind::UnexpectedEof)?;
    let length = layout.num_bytes();
    let at = block.offset + (row - block.first) * length as u64;
    let mut file = match open.take() {
        Some((which, file)) if which == place => file,
        _ => BufReader::with_capacity(1 << 18, File::open(&block.path)?),
    };
    let here = file.stream_position()?;
    match (at as i64).checked_sub(here as i64) {
        Some(distance) => file.seek_relative(distance)?,
        None => drop(file.seek(SeekFrom::Start(at))?),
    }
    let before = bytes.len();
    bytes.resize(before + length, 0);
    file.read_exact(bytes.get_mut(before..).unwrap_or_default())?;
    *open = Some((place, file));
    Ok(())
}

/// Appends the numbers of a picture's own `.npy`. If the layout has no shape, any shape is accepted.
pub fn read_feature_npy(path: &Path, layout: &FeatureLayout, bytes: &mut Vec<u8>) -> io::Result<()> {
    let wrong = |words: String| io::Error::other(format!("{words}: \"{}\"", path.display()));
    let mut file = File::open(path).map_err(|e| if is_refusal(&e) { e } else { wrong(e.to_string()) })?;
    let total = file.metadata()?.len();
    let header = read_own_header(&mut file).map_err(|e| wrong(e.to_string()))?;
    let num_values = header.shape.iter().try_fold(1u64, |product, side| product.checked_mul(*side));
    let length = num_values.and_then(|n| n.checked_mul(layout.dtype.bytes() as u64));
    let is_right = layout.shape.is_empty()
        || header.shape.iter().eq(layout.shape.iter().map(|s| *s as u64).collect::<Vec<_>>().iter());
    if header.descr != super::npy::descr(layout.dtype) || !is_right || length != Some(total - header.length) {
        return Err(wrong(format!(
            "{} of shape {:?} and {total} bytes is not what the manifest says",
            header.descr, header.shape
        )));
    }
    file.read_to_end(bytes)?;
    Ok(())
}

/// The index file, with the positions at which its lines begin.
#[derive(Debug)]
struct Index {
    reader: csv::Reader<File>,
    lines: Vec<csv::Position>,
    kinds: Vec<crate::tensor::ColumnKind>,
}

impl Index {
    fn open(path: &Path, manifest: &Manifest) -> Result<Self, BadFeatures> {
        let bad = |error: csv::Error| BadFeatures::file(path, error);
        let mut reader = csv::Reader::from_path(path).map_err(bad)?;
        let columns = &manifest.recipe.columns;
        let names = reader.headers().map_err(bad)?;
        if !names.iter().eq(columns.iter().map(|column| column.name.as_str())) {
            return Err(BadFeatures::file(path, "its columns are not those of the manifest"));
        }
        let mut lines = Vec::new();
        let mut record = StringRecord::new();
        loop {
            let position = reader.position().clone();
            if !reader.read_record(&mut record).map_err(bad)? {
                break;
            }
            lines.push(position);
        }
        let expected = manifest.outcome.num_rows;
        if lines.len() as u64 != expected {
            return Err(BadFeatures::file(path, format!("{} lines for {expected} rows", lines.len())));
        }
        Ok(Self { reader, lines, kinds: columns.iter().map(|column| column.kind).collect() })
    }

    fn cells(&mut self, row: u64) -> io::Result<Vec<Cell>> {
        let position = usize::try_from(row).ok().and_then(|row| self.lines.get(row));
        let position = position.ok_or(io::ErrorKind::UnexpectedEof)?;
        if self.reader.position().byte() != position.byte() {
            self.reader.seek(position.clone()).map_err(io::Error::other)?;
        }
        let mut record = StringRecord::new();
        self.reader.read_record(&mut record).map_err(io::Error::other)?;
        Ok(self.kinds.iter().zip(record.iter()).map(|(kind, text)| kind.cell(text)).collect())
    }
}
