//! Lists of pictures with a number each, such as ImageNet's and Caffe's `val.txt`: a path, a blank or tab, and the class.
//!
//! Owns how such a list is distinguished from Sully Chen's log, whose lines look alike: a log's pictures have no folders, and not all
//! of its angles are whole numbers. Like any list it is the user's own, so paths are used as they are written, and a missing picture
//! is never replaced by another.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::files::has_picture_extension;
use super::source::{About, CameraPicture, Label, Sample, Source};
use super::table::{ListSource, PictureFiles};
use super::text_file::{Text, entries};
use super::typing::Typing;
use super::udacity::number_of;
use super::{Camera, DatasetError};
use crate::tensor::{Cell, Column, ColumnKind, hex, shown};

const EXPECTED: &str = "expected a picture's path and a number, as `val/cat.png 281`";

/// An opened list of labelled pictures. Rows are its lines, from 0.
#[derive(Debug)]
pub struct LabelledList {
    list: ListSource,
    /// Path and label of each usable row, as they are written in the file.
    texts: Vec<[Box<str>; 2]>,
    columns: Vec<Column>,
    about: About,
}

/// A line's path as it is written, with any blanks around it, and its label.
fn fields(line: &str) -> Option<(&str, &str)> {
    let (path, label) = line.trim_end().rsplit_once([' ', '\t'])?;
    let is_labelled = has_picture_extension(Path::new(path.trim())) && number_of(label).is_some();
    is_labelled.then_some((path, label))
}

/// Whether a file with this first line is a list of labelled pictures and not a log: some path has a folder, or all labels are whole
/// numbers and the file doesn't have the log's usual name.
pub(super) fn is_labelled(path: &Path, first_line: &str, log_name: &str) -> Result<bool, DatasetError> {
    if fields(first_line).is_none() {
        return Ok(false);
    }
    let whole = std::fs::read(path).map_err(|e| DatasetError::io(path, &e))?;
    // If it can't be decoded, opening it reports that.
    let Ok(text) = Text::decode(whole) else { return Ok(false) };
    let mut are_whole = !path.file_name().is_some_and(|name| name.eq_ignore_ascii_case(log_name));
    for (_, line) in entries(&text.bytes) {
        if let Some((path, label)) = std::str::from_utf8(line).ok().and_then(fields) {
            if path.contains(['/', '\\']) {
                return Ok(true);
            }
            are_whole &= label.strip_prefix('-').unwrap_or(label).bytes().all(|b| b.is_ascii_digit());
        }
    }
    Ok(are_whole)
}

impl LabelledList {
    /// Reads a list of paths that are absolute or relative to the list's folder.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        let bad = |line: u64, problem: String| DatasetError::BadRow { line, problem, path: path.to_owned() };
        let whole = std::fs::read(path).map_err(|e| DatasetError::io(path, &e))?;
        let sha256 = hex(&Sha256::digest(&whole));
        let text = Text::decode(whole).map_err(|reason| bad(1, reason.to_owned()))?;
        let mut found = PictureFiles::below(path.parent().unwrap_or(Path::new("")));
        let mut lines = Vec::new();
        for (number, line) in entries(&text.bytes) {
            let line = std::str::from_utf8(line)
                .map_err(|_| bad(number, "not UTF-8 text: save the list as UTF-8".to_owned()))?;
            if line.trim().is_empty() {
                continue;
            }
            let Some((recorded, label)) = fields(line) else {
                return Err(bad(number, format!("`{}`: {EXPECTED}", shown(line))));
            };
            // Blanks around a path belong to it if such a file exists; otherwise they are only layout.
            found.add(&[recorded, recorded.trim()], number, None);
            lines.push([recorded.trim(), label].map(Box::<str>::from));
        }
        if lines.is_empty() {
            return Err(DatasetError::EmptyList { path: path.to_owned() });
        }
        let list = found.source("labelled", sha256, path)?;
        let mut typing = Typing::new(false);
        let mut texts = Vec::with_capacity(list.len());
        for (row, line) in lines.into_iter().enumerate() {
            if list.index_of_row(row).is_some() {
                typing.add(&line[1], &line[1]);
                texts.push(line);
            }
        }
        let column = |name: &str, kind| Column { name: name.to_owned(), kind };
        let columns = vec![column("path", ColumnKind::Text), column("label", typing.kind())];
        let about = About { label_names: vec!["label".to_owned()], ..list.about().clone() };
        Ok(Self { list, texts, columns, about })
    }
}

impl Source for LabelledList {
    fn kind(&self) -> &'static str {
        self.list.kind()
    }

    fn describe(&self) -> String {
        let missing = match self.about.skipped.len() {
            0 => String::new(),
            n => format!(", {n} missing"),
        };
        format!("list of {} labelled pictures{missing}", self.len())
    }

    fn len(&self) -> usize {
        self.list.len()
    }

    fn sample(&self, index: usize) -> Option<Sample> {
        let label = number_of(&self.texts.get(index)?[1]).map_or(Label::Missing, Label::Number);
        self.list.sample(index).map(|sample| Sample { labels: vec![label], ..sample })
    }

    fn pictures(&self, index: usize) -> Option<(usize, Vec<CameraPicture>)> {
        self.list.pictures(index)
    }

    fn about(&self) -> &About {
        &self.about
    }

    fn index_of_row(&self, row: usize) -> Option<usize> {
        self.list.index_of_row(row)
    }

    fn columns(&self) -> &[Column] {
        &self.columns
    }

    fn cells(&self, index: usize, _camera: Option<Camera>) -> Result<Vec<Cell>, DatasetError> {
        let texts = self.texts.get(index).into_iter().flatten();
        Ok(self.columns.iter().zip(texts).map(|(column, text)| column.kind.cell(text)).collect())
    }

    fn content_sha256(&self) -> Option<&str> {
        self.list.content_sha256()
    }
}
