//! Why a data set can't be opened.

use std::path::{Path, PathBuf};

use super::known_names;
use crate::tensor::{Remedied, Remedy, is_out_of_files, refusal_in};

/// Why a data set can't be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// There is nothing at the path.
    #[error("no such file or folder: check the path: \"{}\"", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// It isn't what it should be, or reading it failed.
    #[error("can't be read ({reason}): \"{}\"", path.display())]
    Unreadable {
        /// The system's error, or what is wrong.
        reason: String,
        /// The file or folder.
        path: PathBuf,
    },
    /// The system refuses access for now, which says nothing about what is there.
    #[error("the system doesn't let it be read ({reason}): \"{}\"", path.display())]
    Refused {
        /// The system's error.
        reason: std::io::Error,
        /// The file or folder.
        path: PathBuf,
    },
    /// A folder without a picture.
    #[error("no picture in this folder ({num_ignored} other files were ignored{video}): \"{}\"", path.display())]
    NoPictures {
        /// How many files aren't pictures.
        num_ignored: usize,
        /// If one of them is a video, a message on the first such file; otherwise empty.
        video: String,
        /// The folder.
        path: PathBuf,
    },
    /// A file that is not a known log.
    #[error(
        "not a data set: expected a folder of pictures, or a log with a header line such as Udacity's interpolated.csv ({}); the first line is `{first_line}`: \"{}\"",
        known_names::UDACITY_COLUMNS.join(", "),
        path.display()
    )]
    UnknownKind {
        /// Its first line, shortened.
        first_line: String,
        /// The file.
        path: PathBuf,
    },
    /// A known kind of file that is not a data set.
    #[error("{what}, not a data set: {advice}: \"{}\"", path.display())]
    NoData {
        /// What kind of file it is.
        what: &'static str,
        /// What the user can do.
        advice: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// A log's header lacks a column.
    #[error(
        "line 1: no column `{missing}`: expected {}; found {found}: \"{}\"",
        known_names::UDACITY_COLUMNS.join(", "),
        path.display()
    )]
    MissingColumn {
        /// The column that is missing.
        missing: &'static str,
        /// The columns that are there.
        found: String,
        /// The log.
        path: PathBuf,
    },
    /// A table without the column that was named for the paths.
    #[error("no column `{asked}`: found {found}: \"{}\"", path.display())]
    NoPathColumn {
        /// The column that was named.
        asked: String,
        /// The columns that are there.
        found: String,
        /// The table.
        path: PathBuf,
    },
    /// A table, and the user didn't say which column has the paths.
    #[error("it isn't said which column has the pictures' paths: \"{}\"", path.display())]
    WhichColumn {
        /// The columns that are there.
        found: String,
        /// The table.
        path: PathBuf,
    },
    /// A table without a header line: its first line was read as names of columns but is a row.
    #[error("the first line names a picture, `{first}`, where names of columns were expected: \"{}\"", path.display())]
    HeaderIsRow {
        /// What the line has in the column of paths.
        first: String,
        /// The table.
        path: PathBuf,
    },
    /// A list without any path.
    #[error(
        "no path {}: expected one a line, as `find photos -name '*.jpg'` prints them{}",
        if path.as_os_str() == "-" { "on standard input" } else { "in this list" },
        if path.as_os_str() == "-" { String::new() } else { format!(": \"{}\"", path.display()) }
    )]
    EmptyList {
        /// The list; `-` for standard input.
        path: PathBuf,
    },
    /// A table or list whose pictures are all missing.
    #[error(
        "none of the {kind}'s {num_rows} pictures is there; the first is `{first}`: write paths that are absolute or count from the {kind}'s folder: \"{}\"",
        path.display()
    )]
    NoListedFiles {
        /// `table` or `list`.
        kind: &'static str,
        /// How many rows it has.
        num_rows: usize,
        /// The first picture, as it is written there.
        first: String,
        /// The table or list.
        path: PathBuf,
    },
    /// Two different pictures of a log for which the same file would be found.
    #[error(
        "none of the log's pictures is where it says, and by the ends of their paths `{a}` and `{b}` would both be `{file}`: put the pictures where the log has them: \"{}\"",
        path.display()
    )]
    Meeting {
        /// A picture, as the log names it.
        a: String,
        /// The other picture.
        b: String,
        /// The file.
        file: String,
        /// The log.
        path: PathBuf,
    },
    /// A row of a log that can't be read. Guessing would shift labels, so the whole log is refused.
    #[error("line {line}: {problem}: \"{}\"", path.display())]
    BadRow {
        /// Line of the file; the header is line 1.
        line: u64,
        /// What is wrong and what was expected.
        problem: String,
        /// The log.
        path: PathBuf,
    },
    /// The log of a camera file exists but can't be read.
    #[error("the camera file's log can't be read ({reason}): {advice}: \"{}\"", path.display())]
    BadLog {
        /// What is wrong.
        reason: String,
        /// What the user can do.
        advice: &'static str,
        /// The file with the log.
        path: PathBuf,
    },
    /// An empty file.
    #[error("no rows: the file is empty: \"{}\"", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A log or table without rows.
    #[error("no rows: there is a header and nothing below it: \"{}\"", path.display())]
    NoRows {
        /// The log.
        path: PathBuf,
    },
    /// A log whose pictures are all missing.
    #[error(
        "none of the log's {num_rows} pictures is beside it; the first is `{first}`: put the picture folders next to the log: \"{}\"",
        path.display()
    )]
    NoPictureFiles {
        /// How many rows the log has.
        num_rows: usize,
        /// The first picture, as the log names it.
        first: String,
        /// The log.
        path: PathBuf,
    },
}

impl DatasetError {
    /// The error for an I/O error at a path.
    pub(super) fn io(path: &Path, error: &std::io::Error) -> Self {
        let path = path.to_owned();
        if let Some(reason) = refusal_in(error) {
            return Self::Refused { reason, path };
        }
        match error.kind() {
            std::io::ErrorKind::NotFound => Self::Missing { path },
            _ => Self::Unreadable { reason: error.to_string(), path },
        }
    }
}

impl Remedied for DatasetError {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::HeaderIsRow { .. } => Some(Remedy::SayNoHeader),
            Self::WhichColumn { found, .. } | Self::NoPathColumn { found, .. } => {
                Some(Remedy::NamePathColumn { columns: found.clone() })
            }
            Self::Refused { reason, .. } => is_out_of_files(reason).then_some(Remedy::RaiseFileLimit),
            Self::Missing { .. }
            | Self::Unreadable { .. }
            | Self::NoPictures { .. }
            | Self::UnknownKind { .. }
            | Self::NoData { .. }
            | Self::MissingColumn { .. }
            | Self::EmptyList { .. }
            | Self::NoListedFiles { .. }
            | Self::Meeting { .. }
            | Self::BadRow { .. }
            | Self::BadLog { .. }
            | Self::Empty { .. }
            | Self::NoRows { .. }
            | Self::NoPictureFiles { .. } => None,
        }
    }
}
