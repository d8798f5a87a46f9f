//! Which kind of data set something is, by looking at it or by name.

use std::path::Path;
use std::str::FromStr;

use super::comma::is_hdf5;
use super::csv_file::Header;
use super::{
    CommaSource, DatasetError, FolderSource, ListSource, SimulatorLog, Source, UdacityLog, simulator, udacity,
};

/// A kind of data set, as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// Pictures below a folder.
    Folder,
    /// Udacity's `interpolated.csv`.
    Udacity,
    /// The simulator's `driving_log.csv`.
    Simulator,
    /// A CSV or TSV with a column of paths.
    Table,
    /// comma.ai's camera file.
    Comma,
}

/// A word that names no kind.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("source `{0}`: expected auto, folder, udacity, simulator, table or comma")]
pub struct UnknownSourceKind(String);

impl FromStr for SourceKind {
    type Err = UnknownSourceKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim().to_lowercase().as_str() {
            "folder" => Ok(Self::Folder),
            "udacity" => Ok(Self::Udacity),
            "simulator" => Ok(Self::Simulator),
            "table" => Ok(Self::Table),
            "comma" => Ok(Self::Comma),
            _ => Err(UnknownSourceKind(text.to_owned())),
        }
    }
}

/// What a person says about a data set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceOptions {
    /// What it is; without it, it is looked at.
    pub kind: Option<SourceKind>,
    /// Which column has the paths: then it is a table, whatever it resembles.
    pub path_column: Option<String>,
}

/// Opens a data set by looking: a log by its first line, a folder with a log of a usual name in it as that log, any other folder as
/// the pictures below it.
pub fn open_source(path: &Path) -> Result<Box<dyn Source>, DatasetError> {
    open_source_as(path, &SourceOptions::default())
}

/// Opens a data set as what a person says it is.
pub fn open_source_as(path: &Path, options: &SourceOptions) -> Result<Box<dyn Source>, DatasetError> {
    let metadata = std::fs::metadata(path).map_err(|e| DatasetError::io(path, &e))?;
    if let Some(column) = &options.path_column {
        return Ok(Box::new(ListSource::table(path, column)?));
    }
    let log_in_folder = |name: &str| if metadata.is_dir() { path.join(name) } else { path.to_owned() };
    match options.kind {
        Some(SourceKind::Folder) => Ok(Box::new(FolderSource::open(path)?)),
        Some(SourceKind::Udacity) => Ok(Box::new(UdacityLog::open(&log_in_folder(udacity::FILE_NAME))?)),
        Some(SourceKind::Simulator) => {
            Ok(Box::new(SimulatorLog::open(&log_in_folder(simulator::FILE_NAME))?))
        }
        Some(SourceKind::Comma) => Ok(Box::new(CommaSource::open(path)?)),
        Some(SourceKind::Table) => {
            let found = Header::read(path)?.fields().join(", ");
            Err(DatasetError::WhichColumn { found, path: path.to_owned() })
        }
        None if metadata.is_dir() => {
            let log = |name: &str| Some(path.join(name)).filter(|log| log.is_file());
            if let Some(log) = log(udacity::FILE_NAME) {
                Ok(Box::new(UdacityLog::open(&log)?))
            } else if let Some(log) = log(simulator::FILE_NAME) {
                Ok(Box::new(SimulatorLog::open(&log)?))
            } else {
                Ok(Box::new(FolderSource::open(path)?))
            }
        }
        None if is_hdf5(path) => Ok(Box::new(CommaSource::open(path)?)),
        None => {
            let header = Header::read(path)?;
            if udacity::is_udacity(&header) {
                Ok(Box::new(UdacityLog::open(path)?))
            } else if simulator::is_simulator(&header) {
                Ok(Box::new(SimulatorLog::open(path)?))
            } else {
                Err(DatasetError::UnknownKind { first_line: header.shortened(), path: path.to_owned() })
            }
        }
    }
}

/// Whether a file's name is a table's.
pub fn is_table_path(path: &Path) -> bool {
    let has = |ending: &&str| path.extension().is_some_and(|e| e.eq_ignore_ascii_case(ending));
    ["csv", "tsv"].iter().any(has)
}

/// The names in a table's first line, of which one is to be [`SourceOptions::path_column`]. None where the line is empty.
pub fn table_columns(path: &Path) -> Result<Vec<String>, DatasetError> {
    Ok(Header::read(path)?.fields())
}

/// Whether a file is a data set rather than one picture: by its content, not its name.
pub fn is_log(path: &Path) -> bool {
    let has_log_header = || {
        Header::read(path)
            .is_ok_and(|header| udacity::is_udacity(&header) || simulator::is_simulator(&header))
    };
    path.is_file() && (is_hdf5(path) || has_log_header())
}
