//! Merges shards into one set: the same bytes as one run over the whole data set would have given.
//!
//! A "share" is the finished features of one shard.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::hashes::{ValuesHash, digest};
use super::merge_error::MergeError;
use super::verify::{KeyColumns, VerifyError, rank, verify};
use super::workplace::{Origins, Workplace};
use crate::engine::CancelToken;
use crate::features::{
    BadFeatures, FeatureFormat, FeatureRows, FeatureTable, MANIFEST_NAME, Manifest, PICTURES_NAME, Recipe,
    SetOutcome, SkippedRow, StoredFeatures, read_pictures, write_features, write_index, write_pictures,
    write_skipped,
};
use crate::formats::{WriteError, sync_file, write_whole_unsynced};
use crate::graph::Graph;
use crate::models::Registry;
use crate::tensor::{Cell, is_refusal};

/// How many skipped pictures a manifest lists.
const LISTED: usize = 1000;
/// How many levels of folders are searched for sets: OUT/shard/set.
const MAX_DEPTH: usize = 2;

/// What a merge is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeStep<'a> {
    /// Checking a share against its hashes.
    Checking(&'a Path),
    /// Writing a merged set.
    Writing(&'a str),
}

/// The folders of feature sets at or below a path. The layers of a network that the program knows follow each other as in the network; others
/// come in natural order (`features.4` before `features.16`).
pub fn find_sets(path: &Path) -> Result<Vec<PathBuf>, MergeError> {
    let mut found = Vec::new();
    walk(path, MAX_DEPTH, &mut found)?;
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let of_network = |path: &PathBuf| path.parent().map(Path::to_owned).unwrap_or_default();
    // The layers of one network stand in its folder, and come in the network's order where the program knows it.
    let mut graphs: BTreeMap<PathBuf, Option<Graph>> = BTreeMap::new();
    for path in &found {
        graphs.entry(of_network(path)).or_insert_with_key(|folder| {
            let tag = folder.file_name()?.to_str()?;
            Registry::find(tag).ok()?.graph().ok()
        });
    }
    let depth = |path: &PathBuf| {
        let graph = graphs.get(&of_network(path))?.as_ref()?;
        graph.find(path.file_name()?.to_str()?).map(|node| node.0)
    };
    found.sort_by(|a, b| {
        let (ours, theirs) = (of_network(a), of_network(b));
        natord::compare(&text(&ours), &text(&theirs))
            .then_with(|| ours.cmp(&theirs))
            .then_with(|| depth(a).unwrap_or(usize::MAX).cmp(&depth(b).unwrap_or(usize::MAX)))
            .then_with(|| natord::compare(&text(a), &text(b)))
            .then_with(|| a.cmp(b))
    });
    if found.is_empty() { Err(MergeError::Nothing { path: path.to_owned() }) } else { Ok(found) }
}

fn walk(path: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), MergeError> {
    if path.join(MANIFEST_NAME).is_file() {
        found.push(path.to_owned());
        return Ok(());
    }
    if depth == 0 {
        return Ok(());
    }
    let entries = match std::fs::read_dir(path) {
        // Then it isn't known what it holds.
        Err(reason) if is_refusal(&reason) => {
            return Err(MergeError::Unlisted { reason, path: path.to_owned() });
        }
        other => other.into_iter().flatten().flatten(),
    };
    // The folder is listed to its end first, so that no folder stays open while those in it are walked.
    let names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
    for name in names.iter().filter(|name| !name.to_string_lossy().starts_with('.')) {
        if path.join(name).is_dir() {
            walk(&path.join(name), depth - 1, found)?;
        }
    }
    Ok(())
}

/// Merges the shares at or below the paths into `out`, each set separately, if every share still is what was written. Returns each
/// set's folder and number of rows. `watch` gets the step, the rows done and the total; `note` gets messages for the user.
pub fn merge(
    paths: &[PathBuf],
    out: &Path,
    cancel: &CancelToken,
    watch: &mut dyn FnMut(MergeStep<'_>, u64, u64),
    note: &mut dyn FnMut(String),
) -> Result<Vec<(PathBuf, u64)>, MergeError> {
    let mut groups: BTreeMap<String, Vec<StoredFeatures>> = BTreeMap::new();
    let mut named: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
    for path in paths {
        for folder in find_sets(path)? {
            // If the system can't resolve the path, a share named twice is found by its shard's number.
            if let Ok(real) = folder.canonicalize()
                && let Some(a) = named.insert(real, folder.clone())
            {
                return Err(MergeError::Named { a, b: folder });
            }
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            groups.entry(name).or_default().push(open(&folder)?);
        }
    }
    let (place, before) = Workplace::take(out, note)?;
    let merged = merge_in(&place, groups, &before, out, cancel, watch, note);
    place.leave();
    merged
}

/// Merges what was found. `before` lists the sets that an earlier merge made and that are in their place now.
fn merge_in(
    place: &Workplace,
    groups: BTreeMap<String, Vec<StoredFeatures>>,
    before: &Origins,
    out: &Path,
    cancel: &CancelToken,
    watch: &mut dyn FnMut(MergeStep<'_>, u64, u64),
    note: &mut dyn FnMut(String),
) -> Result<Vec<(PathBuf, u64)>, MergeError> {
    let mut done = Vec::new();
    let mut merged: Vec<(String, Merged)> = Vec::new();
    let mut made_of = Origins::new();
    let mut left = Vec::new();
    for (name, shares) in groups {
        let folder = out.join(&name);
        let origin: Vec<Option<String>> =
            shares.iter().map(|share| share.manifest().set_sha256.clone()).collect();
        if !folder.exists() {
            made_of.insert(name.clone(), origin);
            left.push((name, shares));
        } else if before.get(&name) == Some(&origin) && origin.iter().all(Option::is_some) {
            done.push((folder.clone(), Manifest::read(&folder).map_err(BadFeatures::from)?.outcome.num_rows));
        } else {
            return Err(MergeError::AlreadyThere { path: folder });
        }
    }
    for (name, shares) in left {
        let set = Merged::new(&name, shares, &mut |share| check(share, cancel, watch, note))?;
        merged.push((name, set));
    }
    for (name, set) in merged {
        let num_rows = set.order.len() as u64;
        let mut told = |row: u64| watch(MergeStep::Writing(&name), row, num_rows);
        let written = set.write(&place.folder_of(&name), cancel, &mut told);
        if cancel.is_cancelled() {
            return Err(MergeError::Interrupted);
        }
        written?;
        done.push((out.join(&name), num_rows));
    }
    place.place(&made_of)?;
    done.sort();
    Ok(done)
}

/// Opens a share. Where its manifest can be read, an error names the shard.
fn open(folder: &Path) -> Result<StoredFeatures, MergeError> {
    StoredFeatures::open(folder).map_err(|reason| match Manifest::read(folder) {
        Ok(manifest) if !reason.is_refused() => not_whole(&manifest, folder, reason.into()),
        _ => reason.into(),
    })
}

/// Checks a share against its hashes.
fn check(
    share: &mut StoredFeatures,
    cancel: &CancelToken,
    watch: &mut dyn FnMut(MergeStep<'_>, u64, u64),
    note: &mut dyn FnMut(String),
) -> Result<(), MergeError> {
    let (folder, num_rows) = (share.folder().to_owned(), share.num_rows());
    match verify(share, cancel, &mut |row| watch(MergeStep::Checking(&folder), row, num_rows)) {
        Ok(findings) if findings.has_all_hashes => Ok(()),
        Ok(_) => {
            note(format!(
                "an earlier version made this shard and kept no hash of its index, of what was left out and of its manifest: changes of these are not found: \"{}\"",
                folder.display()
            ));
            Ok(())
        }
        Err(VerifyError::Interrupted) => Err(MergeError::Interrupted),
        Err(reason) if reason.is_refused() => {
            Err(MergeError::Refused { reason: Box::new(reason), path: folder })
        }
        Err(reason) => Err(not_whole(share.manifest(), &folder, reason)),
    }
}

fn not_whole(manifest: &Manifest, folder: &Path, reason: VerifyError) -> MergeError {
    match (&manifest.recipe.shard, reason) {
        (Some(shard), reason) => {
            let (index, count, path) = (shard.index, shard.count, folder.to_owned());
            MergeError::NotWhole { index, count, reason: Box::new(reason), path }
        }
        (None, _) => MergeError::NoShard { path: folder.to_owned() },
    }
}

/// One set's shares, in order.
struct Merged {
    shares: Vec<StoredFeatures>,
    /// For each row of the merged set: the share, and the row in it.
    order: Vec<(u32, u64)>,
    recipe: Recipe,
    skipped: Vec<SkippedRow>,
    num_failed: u64,
}

impl Merged {
    /// Compares the shares' manifests. Only then are all shares checked with `check`, and only after that are they read.
    fn new(
        name: &str,
        mut shares: Vec<StoredFeatures>,
        check: &mut dyn FnMut(&mut StoredFeatures) -> Result<(), MergeError>,
    ) -> Result<Self, MergeError> {
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
                if !differences.is_empty() {
                    return Err(MergeError::Differ { differences, a: place(first), b: place(other) });
                }
                if let (Some((a_count, a_by)), Some((b_count, b_by))) = (cut_of(first), cut_of(other))
                    && (a_count, a_by) != (b_count, b_by)
                {
                    let words = if a_by == b_by {
                        format!("one is one of {a_count} and the other one of {b_count}")
                    } else {
                        format!("one by {a_by} and the other by {b_by}")
                    };
                    return Err(MergeError::CutDifferently { words, a: place(first), b: place(other) });
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
        shares.iter_mut().try_for_each(check)?;
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
        let outcomes: Vec<SetOutcome> =
            self.shares.iter().map(|share| share.manifest().outcome.clone()).collect();
        let (skipped, num_failed) = (std::mem::take(&mut self.skipped), self.num_failed);
        let of_shares = vec![ValuesHash::default(); self.shares.len()];
        let hash = ValuesHash::default();
        let mut rows = MergedRows { set: self, hash, of_shares, next: 0, cancel, watch };
        let files = if format == FeatureFormat::Folder {
            rows.copy_files(folder)?;
            Vec::new()
        } else {
            write_features(format, folder, table, &mut rows)?
        };
        let values_sha256 = std::mem::take(&mut rows.hash).hex();
        rows.check_shares()?;
        let index_sha256 = Some(write_index(folder, &recipe.columns, &mut rows)?);
        let skipped_sha256 = write_skipped(folder, &mut skipped.iter().cloned())?;
        let pictures_sha256 = write_known(&rows.set, folder)?;
        let outcome = SetOutcome {
            num_rows,
            num_failed,
            num_left_out: outcomes.iter().map(|outcome| outcome.num_left_out).max().unwrap_or(0),
            skipped: skipped.into_iter().take(LISTED).collect(),
            num_overflows: outcomes.iter().map(|outcome| outcome.num_overflows).sum(),
            values_sha256,
            files,
            index_sha256,
            skipped_sha256,
            pictures_sha256,
            mixed: outcomes.into_iter().flat_map(|outcome| outcome.mixed).collect(),
        };
        Manifest::new(recipe, outcome).write(folder)?;
        Ok(())
    }
}

/// Writes the list of pictures, if all shares have one. Returns its hash. Its time is that of the oldest list: pictures may have
/// changed since.
fn write_known(set: &Merged, folder: &Path) -> Result<Option<String>, MergeError> {
    let mut lists = Vec::with_capacity(set.shares.len());
    let mut since = SystemTime::now();
    for share in &set.shares {
        if share.manifest().outcome.pictures_sha256.is_none() {
            return Ok(None);
        }
        let metadata = std::fs::metadata(share.folder().join(PICTURES_NAME)).map_err(MergeError::Read)?;
        since = since.min(metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH));
        lists.push(read_pictures(share.folder())?);
    }
    let known = |(share, row): &(u32, u64)| lists.get(*share as usize)?.get(*row as usize).cloned();
    Ok(write_pictures(folder, since, &mut set.order.iter().map(known))?)
}

fn cut_of(share: &StoredFeatures) -> Option<(usize, &str)> {
    share.manifest().recipe.shard.as_ref().map(|shard| (shard.count, &*shard.by))
}

/// The recipe of a run over the whole data set.
fn whole(recipe: &Recipe) -> Recipe {
    Recipe { shard: None, num_planned: recipe.num_pictures, ..recipe.clone() }
}

/// The rows of all shares in the order of one run: by the data set's row, then by the order of the cameras.
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

/// Pictures that the data set left out are in every share's list, and once in the merged one. Pictures that failed are in one share's
/// list. Sorted by row; within a row, pictures that were left out come first.
fn skipped(shares: &[StoredFeatures], recipe: &Recipe) -> Result<Vec<SkippedRow>, MergeError> {
    let mut lists = shares.iter().map(StoredFeatures::skipped).collect::<Result<Vec<_>, _>>()?;
    if lists.len() == 1 {
        return Ok(lists.pop().unwrap_or_default());
    }
    let key = |s: &SkippedRow| (s.row, s.camera.clone(), s.file.clone(), s.reason.clone());
    let others: Vec<BTreeSet<_>> = lists.iter().skip(1).map(|list| list.iter().map(key).collect()).collect();
    let num_left_out = shares.first().map_or(0, |share| share.manifest().outcome.num_left_out) as usize;
    let mut by_source = Vec::new();
    for skipped in lists.first().into_iter().flatten() {
        let is_in_all = others.iter().all(|other| other.contains(&key(skipped)));
        if is_in_all && by_source.len() < num_left_out {
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
    // The sort is stable: what was left out stays before what failed.
    all.sort_by_key(|s| s.row.unwrap_or(usize::MAX));
    Ok(all)
}

/// Rows of the merged set, hashed when they are read in order for the first time.
struct MergedRows<'a> {
    set: Merged,
    hash: ValuesHash,
    /// For each share, the hash of its rows as they were read for the merged set.
    of_shares: Vec<ValuesHash>,
    next: u64,
    cancel: &'a CancelToken,
    watch: &'a mut dyn FnMut(u64),
}

impl MergedRows<'_> {
    /// The share that a row is from, and the row in it.
    fn place(&self, row: u64) -> io::Result<(u32, u64)> {
        let place = usize::try_from(row).ok().and_then(|at| self.set.order.get(at)).copied();
        place.ok_or(io::ErrorKind::UnexpectedEof.into())
    }

    fn find(&mut self, row: u64) -> io::Result<(&mut StoredFeatures, u64)> {
        let (share, local) = self.place(row)?;
        let features = self.set.shares.get_mut(share as usize).ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok((features, local))
    }

    /// Checks that the values that were merged are those that the shares' manifests have the hashes of.
    fn check_shares(&mut self) -> Result<(), MergeError> {
        for (share, hash) in self.set.shares.iter().zip(std::mem::take(&mut self.of_shares)) {
            let (got, expected) = (hash.hex(), share.manifest().outcome.values_sha256.clone());
            if got != expected {
                let reason = VerifyError::Hash { got, expected };
                return Err(not_whole(share.manifest(), share.folder(), reason));
            }
        }
        Ok(())
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
            let digest = digest(bytes.get(before..).unwrap_or_default());
            self.hash.add_digest(&digest);
            let (share, _) = self.place(row)?;
            if let Some(hash) = self.of_shares.get_mut(share as usize) {
                hash.add_digest(&digest);
            }
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
