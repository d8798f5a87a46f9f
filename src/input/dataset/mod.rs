//! Data sets as rows of pictures and labels: folders, driving logs, tables and lists, recognised by looking or named.
//!
//! Owns how files become rows, in what order, and what is left out and why. A row keeps its number whatever else is missing;
//! nothing is ever filled in. Must know nothing of networks. A log's pictures are looked for below the log's own folder
//! only, wherever the recording machine had them; a table's and a list's paths are the person's own.

mod comma;
mod csv_file;
mod decimal_commas;
mod expand;
mod files;
mod folder;
mod frames;
mod open;
mod simulator;
mod source;
mod table;
mod udacity;

use std::path::{Path, PathBuf};

pub use comma::CommaSource;
pub use expand::{ExpandError, PictureRef, expand_inputs};
pub use files::is_picture;
pub use folder::FolderSource;
pub use frames::Frames;
pub use open::{
    SourceKind, SourceOptions, UnknownSourceKind, is_log, is_table_path, open_source, open_source_as,
    table_columns,
};
pub use simulator::SimulatorLog;
pub use source::{About, Camera, Label, PictureLocation, Sample, Skipped, Source, UnknownCamera, View};
pub use table::ListSource;
pub use udacity::UdacityLog;

/// A data set that can't be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// Nothing at that path.
    #[error("no such file or folder: check the path: \"{}\"", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The system refused.
    #[error("can't be read ({reason}): \"{}\"", path.display())]
    Unreadable {
        /// The system's words.
        reason: String,
        /// The file or folder.
        path: PathBuf,
    },
    /// A folder without a picture.
    #[error("no picture in this folder ({num_ignored} other files were ignored): \"{}\"", path.display())]
    NoPictures {
        /// Files that are no pictures.
        num_ignored: usize,
        /// The folder.
        path: PathBuf,
    },
    /// A file that is neither a folder nor a known log.
    #[error(
        "not a data set: expected a folder of pictures, or a log with a header line such as Udacity's interpolated.csv ({}); the first line is `{first_line}`: \"{}\"",
        udacity::REQUIRED.join(", "),
        path.display()
    )]
    UnknownKind {
        /// Its first line, shortened.
        first_line: String,
        /// The file.
        path: PathBuf,
    },
    /// A log's header lacks a column.
    #[error(
        "line 1: no column `{missing}`: expected {}; found {found}: \"{}\"",
        udacity::REQUIRED.join(", "),
        path.display()
    )]
    MissingColumn {
        /// The column that isn't there.
        missing: &'static str,
        /// The columns there are.
        found: String,
        /// The log.
        path: PathBuf,
    },
    /// A table without the column that was named.
    #[error("no column `{asked}`: found {found}: \"{}\"", path.display())]
    NoPathColumn {
        /// The column that was asked for.
        asked: String,
        /// The columns there are.
        found: String,
        /// The table.
        path: PathBuf,
    },
    /// A table, and nobody said where its paths are.
    #[error("which column has the pictures' paths? name one with `--path-column`: {found}: \"{}\"", path.display())]
    WhichColumn {
        /// The columns there are.
        found: String,
        /// The table.
        path: PathBuf,
    },
    /// Nothing came on standard input.
    #[error("no path on standard input: expected one a line, as `find photos -name '*.jpg'` prints them")]
    EmptyList,
    /// A log's row can't be read. Guessing would shift labels, so the log is refused.
    #[error("line {line}: {problem}: \"{}\"", path.display())]
    BadRow {
        /// Line of the file, the header being 1.
        line: u64,
        /// What was wrong and what was expected.
        problem: String,
        /// The log.
        path: PathBuf,
    },
    /// A log without rows.
    #[error("the log has a header but no row: \"{}\"", path.display())]
    NoRows {
        /// The log.
        path: PathBuf,
    },
    /// A log none of whose pictures is there.
    #[error(
        "none of the log's {num_rows} pictures is beside it; the first is `{first}`: put the picture folders next to the log: \"{}\"",
        path.display()
    )]
    NoPictureFiles {
        /// Rows of the log.
        num_rows: usize,
        /// The first picture, as the log names it.
        first: String,
        /// The log.
        path: PathBuf,
    },
}

impl DatasetError {
    /// An I/O error at a path.
    fn io(path: &Path, error: &std::io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            std::io::ErrorKind::NotFound => Self::Missing { path },
            _ => Self::Unreadable { reason: error.to_string(), path },
        }
    }
}
