//! Which pictures of a data set are taken, in which order, and the cells that the index has for each.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::names::Names;
use super::shard::{Shard, ShardBy};
use crate::features::SkippedRow;
use crate::input::dataset::{Camera, DatasetError, NameCoding, PictureLocation, Source};
use crate::tensor::{Cell, Column, ColumnKind, hex};

const PERCENT_ENCODED: &str = "some names of files are not UTF-8: in `file`, `%` and two hexadecimal digits are a byte, and `%25` is `%`";

/// Which part of a data set the user selects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Cameras, in order; empty for all that the data set has.
    pub cameras: Vec<Camera>,
    /// The number of the first row.
    pub start: usize,
    /// Step between rows from there, at least 1.
    pub every: usize,
    /// The most rows to take; `None` for all.
    pub limit: Option<usize>,
    /// Whether the picture's folder becomes a column `label`.
    pub labels_by_folder: bool,
}

impl Default for Selection {
    fn default() -> Self {
        Self { cameras: Vec::new(), start: 0, every: 1, limit: None, labels_by_folder: false }
    }
}

/// The pictures of one shard (or all of them), by position. It stays small: the cells of a picture are read only when needed.
#[derive(Debug)]
pub struct RowList {
    source: Arc<dyn Source>,
    entries: Vec<Entry>,
    cameras: Vec<Camera>,
    columns: Vec<Column>,
    labels_by_folder: bool,
    /// Names for files of the pictures' own, if each picture has one.
    names: Option<Names>,
    num_pictures: u64,
    sha256: String,
    left_out: Vec<SkippedRow>,
}

/// One picture: a row of the source by index, and the camera.
#[derive(Clone, Copy, Debug)]
struct Entry {
    index: u32,
    camera: Option<Camera>,
}

/// One picture of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedPicture {
    /// Its row's number in the data set.
    pub row: usize,
    /// Its camera, if it has one.
    pub camera: Option<Camera>,
    /// Its file, relative to the data set's folder, with `/`. How bytes that are not UTF-8 are written depends on the data set.
    pub file: String,
    /// Where its bytes are.
    pub picture: PictureLocation,
}

impl PlannedPicture {
    /// Text that distinguishes it from every other picture of its data set.
    fn identity(&self) -> String {
        let camera = self.camera.map_or("", Camera::name);
        format!("{}\0{camera}\0{}", self.row, self.file)
    }
}

impl RowList {
    /// Lists the selected pictures, or only those of the shard `share`. `own` names folders in the data set's folder that hold
    /// results: they are not part of the data set. With `has_own_files`, each picture's feature gets a file of its own.
    pub fn new(
        source: Arc<dyn Source>,
        selection: &Selection,
        share: Option<(Shard, ShardBy)>,
        own: &[String],
        has_own_files: bool,
    ) -> Self {
        let cameras = if selection.cameras.is_empty() {
            source.cameras().to_vec()
        } else {
            source.cameras().iter().copied().filter(|c| selection.cameras.contains(c)).collect()
        };
        let columns = columns(&*source, selection, has_own_files);
        let mut list = Self {
            source,
            entries: Vec::new(),
            cameras,
            columns,
            labels_by_folder: selection.labels_by_folder,
            names: has_own_files.then(Names::default),
            num_pictures: 0,
            sha256: String::new(),
            left_out: Vec::new(),
        };
        let is_own = |file: &str| own.iter().any(|folder| file.starts_with(&format!("{folder}/")));
        list.select(selection, &is_own);
        list.left_out = list.left_out(selection, &is_own);
        list.note_all();
        if let Some((shard, by)) = share {
            let total = list.num_pictures;
            let kept: Vec<Entry> = (0u64..)
                .zip(&list.entries)
                .filter(|(position, entry)| {
                    list.picture_of(**entry)
                        .is_some_and(|picture| shard.has(by, *position, total, &picture.identity()))
                })
                .map(|(_, entry)| *entry)
                .collect();
            list.entries = kept;
        }
        list
    }

    fn select(&mut self, selection: &Selection, is_own: &dyn Fn(&str) -> bool) {
        let mut num_rows = 0;
        for index in 0..self.source.len() {
            if selection.limit.is_some_and(|limit| num_rows >= limit) {
                break;
            }
            let Some((row, views)) = self.source.pictures(index) else { continue };
            if row < selection.start || !(row - selection.start).is_multiple_of(selection.every.max(1)) {
                continue;
            }
            let before = self.entries.len();
            for view in &views {
                let is_wanted = view.camera.is_none_or(|camera| self.cameras.contains(&camera));
                if is_wanted && !is_own(&file_of(&view.picture, &*self.source)) {
                    self.entries.push(Entry { index: index as u32, camera: view.camera });
                }
            }
            num_rows += usize::from(self.entries.len() > before);
        }
        self.num_pictures = self.entries.len() as u64;
    }

    /// Hashes the list, and collects the names of all pictures.
    fn note_all(&mut self) {
        let mut hash = Sha256::new();
        hash.update(self.source.content_sha256().unwrap_or_default());
        let mut names = self.names.take();
        for entry in &self.entries {
            let Some(picture) = self.picture_of(*entry) else { continue };
            hash.update(picture.identity());
            hash.update(b"\n");
            if let Some(names) = &mut names {
                names.add(&picture.file);
            }
        }
        if let Some(names) = &mut names {
            names.settle();
        }
        self.names = names;
        self.sha256 = hex(&hash.finalize());
    }

    /// What the data set itself left out, limited to what would have been selected.
    fn left_out(&self, selection: &Selection, is_own: &dyn Fn(&str) -> bool) -> Vec<SkippedRow> {
        let last_row = self.entries.last().and_then(|e| self.picture_of(*e)).map(|picture| picture.row);
        let is_selected = |row: usize| {
            row >= selection.start
                && (row - selection.start).is_multiple_of(selection.every.max(1))
                && (selection.limit.is_none() || last_row.is_some_and(|last| row <= last))
        };
        let is_wanted = |camera: &Camera| selection.cameras.is_empty() || selection.cameras.contains(camera);
        self.source
            .skipped()
            .iter()
            .filter(|skipped| skipped.row.map_or_else(|| !is_own(&skipped.place), is_selected))
            .filter(|skipped| skipped.camera.is_none_or(|camera| is_wanted(&camera)))
            .map(|skipped| {
                let (file, reason) = match &skipped.file {
                    Some(file) => (file.clone(), format!("{}: {}", skipped.place, skipped.reason)),
                    None => (skipped.place.clone(), skipped.reason.clone()),
                };
                let camera = skipped.camera.map(|camera| camera.name().to_owned());
                SkippedRow { row: skipped.row, camera, file, reason }
            })
            .collect()
    }

    /// The data set.
    pub fn source(&self) -> &dyn Source {
        &*self.source
    }

    /// How many pictures there are in this shard.
    pub fn len(&self) -> u64 {
        self.entries.len() as u64
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many pictures there are in all shards together.
    pub fn num_pictures(&self) -> u64 {
        self.num_pictures
    }

    /// The cameras that are taken, in order; empty where pictures have none.
    pub fn cameras(&self) -> &[Camera] {
        &self.cameras
    }

    /// Columns of the index.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// SHA-256 over the log and the list of pictures of all shards.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Notes for the user on how the data set was read, and on how its file names are written.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.source.notes().to_vec();
        if self.source.about().names == NameCoding::Percent {
            notes.push(PERCENT_ENCODED.to_owned());
        }
        notes
    }

    /// What the data set itself left out, of what was selected.
    pub fn skipped_by_source(&self) -> &[SkippedRow] {
        &self.left_out
    }

    /// A picture by its position.
    pub fn picture(&self, position: u64) -> Option<PlannedPicture> {
        self.picture_of(*self.entries.get(usize::try_from(position).ok()?)?)
    }

    fn picture_of(&self, entry: Entry) -> Option<PlannedPicture> {
        let (row, views) = self.source.pictures(entry.index as usize)?;
        let view = views.into_iter().find(|view| view.camera == entry.camera)?;
        Some(PlannedPicture {
            row,
            camera: entry.camera,
            file: file_of(&view.picture, &*self.source),
            picture: view.picture,
        })
    }

    /// SHA-256 over the pictures at some positions. If it changes, work that was done on them can't be used.
    pub fn sha256_of(&self, positions: std::ops::Range<u64>) -> String {
        let mut hash = Sha256::new();
        for picture in positions.filter_map(|position| self.picture(position)) {
            hash.update(picture.identity());
            hash.update(b"\n");
        }
        hex(&hash.finalize())
    }

    /// The file of a picture's feature, relative to its set's folder; `None` if pictures have no files of their own.
    pub fn own_file(&self, picture: &PlannedPicture) -> Option<String> {
        let names = self.names.as_ref()?;
        Some(names.of(&picture.file, picture.row, picture.camera.map(Camera::name)))
    }

    /// The cells of a picture, one for each column of the index.
    pub fn cells(&self, position: u64) -> Result<Vec<Cell>, DatasetError> {
        let entry = usize::try_from(position).ok().and_then(|at| self.entries.get(at));
        let (Some(entry), Some(picture)) = (entry, self.picture(position)) else { return Ok(Vec::new()) };
        let mut cells = vec![Cell::Integer(picture.row as i64), Cell::Text(picture.file.clone())];
        if !self.cameras.is_empty() {
            cells.push(Cell::Text(picture.camera.map_or(String::new(), |c| c.name().to_owned())));
        }
        cells.extend(self.own_file(&picture).map(Cell::Text));
        if self.labels_by_folder {
            let label = picture.file.rsplit_once('/').map(|(folder, _)| folder.to_owned());
            cells.push(Cell::Text(label.unwrap_or_default()));
        }
        cells.extend(self.source.cells(entry.index as usize, entry.camera)?);
        Ok(cells)
    }
}

/// The index's columns: ours, then the log's. A column of the log with a name that is taken is called `log_…`.
fn columns(source: &dyn Source, selection: &Selection, has_own_files: bool) -> Vec<Column> {
    let column = |name: &str, kind| Column { name: name.to_owned(), kind };
    let mut columns = vec![column("row", ColumnKind::Integer), column("file", ColumnKind::Text)];
    if !source.cameras().is_empty() {
        columns.push(column("camera", ColumnKind::Text));
    }
    if has_own_files {
        columns.push(column("features_file", ColumnKind::Text));
    }
    if selection.labels_by_folder {
        columns.push(column("label", ColumnKind::Text));
    }
    for theirs in source.columns() {
        let mut name = theirs.name.clone();
        while columns.iter().any(|c| c.name.eq_ignore_ascii_case(&name))
            || ["features", "about"].contains(&&*name.to_lowercase())
        {
            name = format!("log_{name}");
        }
        columns.push(Column { name, kind: theirs.kind });
    }
    columns
}

/// A picture's file relative to the data set's folder, with `/`.
fn file_of(picture: &PictureLocation, source: &dyn Source) -> String {
    let path = picture.name();
    source.about().names.name(path.strip_prefix(source.root()).unwrap_or(&path))
}
