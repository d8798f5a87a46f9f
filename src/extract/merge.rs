//! Shares brought together: the same bytes as one run over everything would have given.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use super::ValuesHash;
use super::verify::KeyColumns;
use crate::engine::CancelToken;
use crate::formats::features::{
    BadFeatures, FeatureFormat, FeatureRows, FeatureTable, MANIFEST_NAME, Manifest, Outcome, Recipe,
    SkippedRow, StoredFeatures, write_features, write_index, write_skipped,
};
use crate::formats::{WriteError, sync_file, write_whole_unsynced};
use crate::tensor::Cell;

/// Skipped pictures that a manifest lists.
const LISTED: usize = 1000;
/// Folders within folders that are searched for sets: OUT/shard/set.
const MAX_DEPTH: usize = 2;

/// Why shares were not merged.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// A share can't be read.
    #[error(transparent)]
    Features(#[from] BadFeatures),
    /// No manifest anywhere.
    #[error("no features here: expected a folder with manifest.json, or folders of shards with such folders: \"{}\"", .path.display())]
    Nothing {
        /// The folder.
        path: PathBuf,
    },
    /// One that is no share.
    #[error("these features are no shard, so there is nothing to merge them with: \"{}\"", .path.display())]
    NoShard {
        /// The folder.
        path: PathBuf,
    },
    /// Shares of different runs.
    #[error("shards of different runs: {}: \"{}\" and \"{}\"", .words, .a.display(), .b.display())]
    Differ {
        /// What differs.
        words: String,
        /// One.
        a: PathBuf,
        /// The other.
        b: PathBuf,
    },
    /// The same share twice.
    #[error("shard {index} is there twice: \"{}\" and \"{}\"", .a.display(), .b.display())]
    ShardTwice {
        /// From 0.
        index: usize,
        /// One.
        a: PathBuf,
        /// The other.
        b: PathBuf,
    },
    /// Shares that aren't there.
    #[error("{name}: of {count} shards {} not here: {}; a shard without manifest.json is not finished", if .missing.len() == 1 { "one is" } else { "some are" }, .missing.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    Missing {
        /// The set.
        name: String,
        /// Shares in all.
        count: usize,
        /// Those that aren't there.
        missing: Vec<usize>,
    },
    /// A picture twice.
    #[error("{name}: picture {key} is in two shards")]
    Twice {
        /// The set.
        name: String,
        /// Row and camera.
        key: String,
    },
    /// Pictures that no share has.
    #[error("{name}: the shards have {got} pictures, and the data set {expected}")]
    Incomplete {
        /// The set.
        name: String,
        /// Pictures in the shards, failed ones too.
        got: u64,
        /// Pictures there are.
        expected: u64,
    },
    /// Something lies where the result should.
    #[error("something is here already; choose another folder: \"{}\"", .path.display())]
    AlreadyThere {
        /// The folder.
        path: PathBuf,
    },
    /// Reading a share.
    #[error("can't read a shard's features: {0}")]
    Read(io::Error),
    /// Writing the result.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The token was cancelled.
    #[error("interrupted")]
    Interrupted,
}

/// The folders of features at or below a path, by name of the set.
pub fn find_sets(path: &Path) -> Result<Vec<PathBuf>, MergeError> {
    let mut found = Vec::new();
    walk(path, MAX_DEPTH, &mut found);
    found.sort();
    if found.is_empty() { Err(MergeError::Nothing { path: path.to_owned() }) } else { Ok(found) }
}

fn walk(path: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    if path.join(MANIFEST_NAME).is_file() {
        found.push(path.to_owned());
    } else if depth > 0 {
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            if entry.path().is_dir() && !entry.file_name().to_string_lossy().starts_with('.') {
                walk(&entry.path(), depth - 1, found);
            }
        }
    }
}

/// Merges the shares at or below the paths into `out`, each set by itself. Gives each set's folder and rows.
pub fn merge(
    paths: &[PathBuf],
    out: &Path,
    cancel: &CancelToken,
    watch: &mut dyn FnMut(&str, u64, u64),
) -> Result<Vec<(PathBuf, u64)>, MergeError> {
    let mut groups: BTreeMap<String, Vec<StoredFeatures>> = BTreeMap::new();
    for path in paths {
        for folder in find_sets(path)? {
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            groups.entry(name).or_default().push(StoredFeatures::open(&folder)?);
        }
    }
    let mut merged: Vec<(String, Merged)> = Vec::new();
    for (name, shares) in groups {
        let set = Merged::new(&name, shares)?;
        merged.push((name, set));
    }
    for (name, _) in &merged {
        let folder = out.join(name);
        if folder.exists() {
            return Err(MergeError::AlreadyThere { path: folder });
        }
    }
    let mut done = Vec::new();
    for (name, set) in merged {
        let folder = out.join(&name);
        let num_rows = set.order.len() as u64;
        let mut told = |row: u64| watch(&name, row, num_rows);
        let written = set.write(&folder, cancel, &mut told);
        if written.is_err() {
            // We made the folder, and without its manifest it is nothing.
            drop(std::fs::remove_dir_all(&folder));
        }
        if cancel.is_cancelled() {
            return Err(MergeError::Interrupted);
        }
        written?;
        done.push((folder, num_rows));
    }
    Ok(done)
}

/// One set's shares, in order.
struct Merged {
    shares: Vec<StoredFeatures>,
    /// For each row of the whole: share, and row in it.
    order: Vec<(u32, u64)>,
    recipe: Recipe,
    skipped: Vec<SkippedRow>,
    num_failed: u64,
}

impl Merged {
    fn new(name: &str, mut shares: Vec<StoredFeatures>) -> Result<Self, MergeError> {
        let place = |share: &StoredFeatures| share.folder().to_owned();
        let mut by_index: BTreeMap<usize, PathBuf> = BTreeMap::new();
        let mut count = 0;
        for share in &shares {
            let Some(shard) = &share.manifest().recipe.shard else {
                return Err(MergeError::NoShard { path: place(share) });
            };
            count = shard.count;
            if let Some(other) = by_index.insert(shard.index, place(share)) {
                return Err(MergeError::ShardTwice { index: shard.index, a: other, b: place(share) });
            }
        }
        if let [first, rest @ ..] = shares.as_slice() {
            for other in rest {
                let differences =
                    whole(&first.manifest().recipe).differences(&whole(&other.manifest().recipe));
                if !differences.is_empty() || count_of(first) != count_of(other) {
                    let words: Vec<String> =
                        differences.iter().map(|(name, a, b)| format!("{name} is {a} and {b}")).collect();
                    let words = if words.is_empty() {
                        "they are of different counts".to_owned()
                    } else {
                        words.join("; ")
                    };
                    return Err(MergeError::Differ { words, a: place(first), b: place(other) });
                }
            }
        }
        let missing: Vec<usize> = (0..count).filter(|index| !by_index.contains_key(index)).collect();
        if !missing.is_empty() {
            return Err(MergeError::Missing { name: name.to_owned(), count, missing });
        }
        shares.sort_by_key(|share| share.manifest().recipe.shard.as_ref().map(|shard| shard.index));
        let recipe = shares.first().map(|share| whole(&share.manifest().recipe));
        let recipe = recipe.ok_or_else(|| MergeError::Nothing { path: name.into() })?;
        let order = order(name, &mut shares, &recipe)?;
        let num_failed: u64 = shares.iter().map(|share| share.manifest().outcome.num_failed).sum();
        let (got, expected) = (order.len() as u64 + num_failed, recipe.num_pictures);
        if got != expected {
            return Err(MergeError::Incomplete { name: name.to_owned(), got, expected });
        }
        let skipped = skipped(&shares, &recipe)?;
        Ok(Self { shares, order, recipe, skipped, num_failed })
    }

    fn write(
        mut self,
        folder: &Path,
        cancel: &CancelToken,
        watch: &mut dyn FnMut(u64),
    ) -> Result<(), MergeError> {
        std::fs::create_dir_all(folder).map_err(|e| WriteError::new(e, folder))?;
        let format = self.recipe.stored.format;
        let recipe = self.recipe.clone();
        let about = serde_json::to_string(&recipe).map_err(|e| WriteError::new(e.into(), folder))?;
        let table = FeatureTable { layout: &recipe.stored.layout, columns: &recipe.columns, about: &about };
        let num_rows = self.order.len() as u64;
        let outcomes: Vec<Outcome> =
            self.shares.iter().map(|share| share.manifest().outcome.clone()).collect();
        let (skipped, num_failed) = (std::mem::take(&mut self.skipped), self.num_failed);
        let mut rows = MergedRows { set: self, hash: ValuesHash::default(), next: 0, cancel, watch };
        let files = if format == FeatureFormat::Folder {
            rows.copy_files(folder)?;
            Vec::new()
        } else {
            write_features(format, folder, table, &mut rows)?
        };
        let values_sha256 = std::mem::take(&mut rows.hash).hex();
        write_index(folder, &recipe.columns, &mut rows)?;
        write_skipped(folder, &mut skipped.iter().cloned())?;
        let outcome = Outcome {
            num_rows,
            num_failed,
            num_left_out: outcomes.iter().map(|outcome| outcome.num_left_out).max().unwrap_or(0),
            skipped: skipped.into_iter().take(LISTED).collect(),
            num_overflows: outcomes.iter().map(|outcome| outcome.num_overflows).sum(),
            values_sha256,
            files,
            mixed: outcomes.into_iter().flat_map(|outcome| outcome.mixed).collect(),
        };
        Manifest::new(recipe, outcome).write(folder)?;
        Ok(())
    }
}

fn count_of(share: &StoredFeatures) -> Option<(usize, String)> {
    share.manifest().recipe.shard.as_ref().map(|shard| (shard.count, shard.by.clone()))
}

/// The recipe of a run over everything.
fn whole(recipe: &Recipe) -> Recipe {
    Recipe { shard: None, num_planned: recipe.num_pictures, ..recipe.clone() }
}

/// Rows of all shares by the data set's row and the cameras' order, as one run takes them.
fn order(name: &str, shares: &mut [StoredFeatures], recipe: &Recipe) -> Result<Vec<(u32, u64)>, MergeError> {
    let key = KeyColumns::of(&recipe.columns);
    let mut order: Vec<(i64, usize, u32, u64)> = Vec::new();
    for (share, features) in (0u32..).zip(shares.iter_mut()) {
        for row in 0..features.num_rows() {
            let (number, camera) = key.read(&features.cells(row).map_err(MergeError::Read)?);
            let rank = rank(&camera, recipe);
            order.push((number, rank, share, row));
        }
    }
    order.sort_unstable();
    if let Some(pair) = order.windows(2).find(|pair| pair[0].0 == pair[1].0 && pair[0].1 == pair[1].1) {
        let camera = recipe.cameras.get(pair[0].1).map(|camera| format!(" {camera}")).unwrap_or_default();
        return Err(MergeError::Twice { name: name.to_owned(), key: format!("{}{camera}", pair[0].0) });
    }
    Ok(order.into_iter().map(|(_, _, share, row)| (share, row)).collect())
}

fn rank(camera: &str, recipe: &Recipe) -> usize {
    recipe.cameras.iter().position(|known| known == camera).unwrap_or(recipe.cameras.len())
}

/// What the data set left out is in every share's list and stands once in the whole's; what failed is in one. By row, and of one row
/// what was left out first.
fn skipped(shares: &[StoredFeatures], recipe: &Recipe) -> Result<Vec<SkippedRow>, MergeError> {
    let lists = shares.iter().map(StoredFeatures::skipped).collect::<Result<Vec<_>, _>>()?;
    let key = |s: &SkippedRow| (s.row, s.camera.clone(), s.file.clone(), s.reason.clone());
    let others: Vec<BTreeSet<_>> = lists.iter().skip(1).map(|list| list.iter().map(key).collect()).collect();
    let num_left_out = shares.first().map_or(0, |share| share.manifest().outcome.num_left_out) as usize;
    let mut by_source = Vec::new();
    for skipped in lists.first().into_iter().flatten() {
        let is_in_all = others.iter().all(|other| other.contains(&key(skipped)));
        if is_in_all && skipped.camera.is_none() && by_source.len() < num_left_out {
            by_source.push(skipped.clone());
        }
    }
    let known: BTreeSet<_> = by_source.iter().map(key).collect();
    let mut failed: Vec<SkippedRow> =
        lists.into_iter().flatten().filter(|skipped| !known.contains(&key(skipped))).collect();
    let camera = |s: &SkippedRow| rank(s.camera.as_deref().unwrap_or_default(), recipe);
    failed.sort_by_key(|s| (s.row.unwrap_or(usize::MAX), camera(s)));
    let mut all = by_source;
    all.extend(failed);
    // Stable: what was left out stays before what failed.
    all.sort_by_key(|s| s.row.unwrap_or(usize::MAX));
    Ok(all)
}

/// Rows of the whole, hashed while they are read in order for the first time.
struct MergedRows<'a> {
    set: Merged,
    hash: ValuesHash,
    next: u64,
    cancel: &'a CancelToken,
    watch: &'a mut dyn FnMut(u64),
}

impl MergedRows<'_> {
    fn find(&mut self, row: u64) -> io::Result<(&mut StoredFeatures, u64)> {
        let place = usize::try_from(row).ok().and_then(|at| self.set.order.get(at)).copied();
        let (share, local) = place.ok_or(io::ErrorKind::UnexpectedEof)?;
        let features = self.set.shares.get_mut(share as usize).ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok((features, local))
    }

    /// Copies each picture's own file.
    fn copy_files(&mut self, folder: &Path) -> Result<(), MergeError> {
        let mut bytes = Vec::new();
        for row in 0..self.num_rows() {
            bytes.clear();
            self.values(row, &mut bytes).map_err(MergeError::Read)?;
            let (features, local) = self.find(row).map_err(MergeError::Read)?;
            let name = features.own_file(local).map_err(MergeError::Read)?.unwrap_or_default();
            let (from, to) = (features.folder().join(&name), folder.join(&name));
            if let Some(parent) = to.parent() {
                std::fs::create_dir_all(parent).map_err(|e| WriteError::new(e, parent))?;
            }
            write_whole_unsynced(&to, |out| io::copy(&mut std::fs::File::open(&from)?, out).map(drop))?;
            sync_file(&to)?;
        }
        Ok(())
    }
}

impl FeatureRows for MergedRows<'_> {
    fn num_rows(&self) -> u64 {
        self.set.order.len() as u64
    }

    fn values(&mut self, row: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
        if self.cancel.is_cancelled() {
            return Err(io::Error::other("interrupted"));
        }
        let before = bytes.len();
        let (features, local) = self.find(row)?;
        features.values(local, bytes)?;
        if row == self.next {
            self.hash.add(bytes.get(before..).unwrap_or_default());
            self.next += 1;
            (self.watch)(self.next);
        }
        Ok(())
    }

    fn cells(&mut self, row: u64) -> io::Result<Vec<Cell>> {
        let (features, local) = self.find(row)?;
        features.cells(local)
    }
}
