//! Determines the kind of a data set, from its content or from the user's choice, and opens it.

use std::io::Read as _;
use std::path::Path;
use std::str::FromStr;

#[cfg(feature = "hdf5")]
use super::comma::open_comma;
#[cfg(not(feature = "hdf5"))]
use super::comma_absent::open_comma;
use super::comma_files::{has_camera_files, is_hdf5};
use super::csv_file::Header;
use super::files::has_picture_extension;
use super::labelled::is_labelled;
use super::table::{TablePaths, is_list, numbered};
use super::text_file::{Text, beginning, entries};
use super::{
    DatasetError, FolderSource, LabelledList, ListSource, SimulatorLog, Source, SullychenLog, UdacityLog,
    simulator, sullychen, udacity,
};
use crate::input::decode::{SNIFF_BYTES, Sniffed, sniff};

/// A kind of data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceKind {
    /// A folder with pictures in it or below it.
    Folder,
    /// Udacity's `interpolated.csv`, one line for each picture.
    Udacity,
    /// The driving simulator's `driving_log.csv`.
    Simulator,
    /// Sully Chen's `data.txt`.
    Sullychen,
    /// A CSV or TSV with a column of paths.
    Table,
    /// A list of paths, one on each line.
    List,
    /// A list with a path and a number on each line.
    Labelled,
    /// comma.ai's camera files.
    Comma,
}

/// A word that is not the name of a kind.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("source `{0}`: expected auto, folder, udacity, simulator, sullychen, table, list, labelled or comma")]
pub struct UnknownSourceKind(String);

impl FromStr for SourceKind {
    type Err = UnknownSourceKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim().to_lowercase().as_str() {
            "folder" => Ok(Self::Folder),
            "udacity" => Ok(Self::Udacity),
            "simulator" => Ok(Self::Simulator),
            "sullychen" => Ok(Self::Sullychen),
            "table" => Ok(Self::Table),
            "list" => Ok(Self::List),
            "labelled" => Ok(Self::Labelled),
            "comma" => Ok(Self::Comma),
            _ => Err(UnknownSourceKind(text.to_owned())),
        }
    }
}

/// The user's choices for opening a data set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceOptions {
    /// The kind of data set; `None` to determine it from the content.
    pub kind: Option<SourceKind>,
    /// The column with the paths, by name or by number from 0. If it is given, the data set is read as a table, whatever else it
    /// looks like.
    pub path_column: Option<String>,
    /// Whether a table has no header, so that its first line is a row.
    pub has_no_header: bool,
}

/// Opens a data set whose kind is determined from its content: a log or list by its first line, a folder that contains a log with its
/// usual name as that log, and any other folder as the pictures below it.
pub fn open_source(path: &Path) -> Result<Box<dyn Source>, DatasetError> {
    open_source_as(path, &SourceOptions::default())
}

/// Opens a data set with the user's choices.
pub fn open_source_as(path: &Path, options: &SourceOptions) -> Result<Box<dyn Source>, DatasetError> {
    let metadata = std::fs::metadata(path).map_err(|e| DatasetError::io(path, &e))?;
    if !metadata.is_file() && !metadata.is_dir() {
        // Reading a pipe would wait for the process that writes it.
        let reason = "not a regular file: save it to disk first".to_owned();
        return Err(DatasetError::Unreadable { reason, path: path.to_owned() });
    }
    if metadata.is_file() && !matches!(options.kind, Some(SourceKind::Comma)) {
        refuse_what_is_no_text(path)?;
        // An empty list has an error message of its own.
        if options.kind != Some(SourceKind::List) && Header::read(path)?.line().is_empty() {
            return Err(DatasetError::Empty { path: path.to_owned() });
        }
    }
    if let Some(column) = &options.path_column {
        let paths = TablePaths { column: column.clone(), has_no_header: options.has_no_header };
        return Ok(Box::new(ListSource::table(path, &paths)?));
    }
    let log_in_folder = |name: &str| if metadata.is_dir() { path.join(name) } else { path.to_owned() };
    match options.kind {
        Some(SourceKind::Folder) => Ok(Box::new(FolderSource::open(path)?)),
        Some(SourceKind::Udacity) => Ok(Box::new(UdacityLog::open(&log_in_folder(udacity::FILE_NAME))?)),
        Some(SourceKind::Simulator) => {
            Ok(Box::new(SimulatorLog::open(&log_in_folder(simulator::FILE_NAME))?))
        }
        Some(SourceKind::Sullychen) => {
            Ok(Box::new(SullychenLog::open(&log_in_folder(sullychen::FILE_NAME))?))
        }
        Some(SourceKind::Comma) => open_comma(path),
        Some(SourceKind::List) => Ok(Box::new(ListSource::list_file(path)?)),
        Some(SourceKind::Labelled) => Ok(Box::new(LabelledList::open(path)?)),
        Some(SourceKind::Table) => {
            let found = crate::tensor::shown(&table_columns(path)?.join(", "));
            Err(DatasetError::WhichColumn { found, path: path.to_owned() })
        }
        None if metadata.is_dir() => open_folder(path),
        None if is_hdf5(path) => open_comma(path),
        None => {
            let header = Header::read(path)?;
            match log_kind(path, &header)? {
                Some(SourceKind::Udacity) => Ok(Box::new(UdacityLog::open(path)?)),
                Some(SourceKind::Simulator) => Ok(Box::new(SimulatorLog::open(path)?)),
                Some(SourceKind::Sullychen) => Ok(Box::new(SullychenLog::open(path)?)),
                Some(SourceKind::Labelled) => Ok(Box::new(LabelledList::open(path)?)),
                Some(SourceKind::List) => Ok(Box::new(ListSource::list_file(path)?)),
                _ if is_table_path(path) && !has_picture(&header.fields()) && has_one_line(path)? => {
                    Err(DatasetError::NoRows { path: path.to_owned() })
                }
                _ => Err(DatasetError::UnknownKind { first_line: header.shortened(), path: path.to_owned() }),
            }
        }
    }
}

/// Opens a folder as the log in it, or as its pictures.
fn open_folder(path: &Path) -> Result<Box<dyn Source>, DatasetError> {
    let log = |name: &str| Some(path.join(name)).filter(|log| log.is_file());
    if let Some(log) = log(udacity::FILE_NAME) {
        return Ok(Box::new(UdacityLog::open(&log)?));
    }
    if let Some(log) = log(simulator::FILE_NAME) {
        return Ok(Box::new(SimulatorLog::open(&log)?));
    }
    if let Some(log) = log(sullychen::FILE_NAME) {
        match log_kind(&log, &Header::read(&log)?)? {
            Some(SourceKind::Sullychen) => return Ok(Box::new(SullychenLog::open(&log)?)),
            Some(SourceKind::Labelled) => return Ok(Box::new(LabelledList::open(&log)?)),
            _ => {}
        }
    }
    match FolderSource::open(path) {
        Err(DatasetError::NoPictures { .. }) if has_camera_files(path) => open_comma(path),
        other => Ok(Box::new(other?)),
    }
}

/// The kind of a text file by its first line (and, for a labelled list, its other lines); `None` if it is no log or list.
fn log_kind(path: &Path, header: &Header) -> Result<Option<SourceKind>, DatasetError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    // A path that ends in a blank and a number may be the name of an existing file.
    let is_path = folder.join(header.line()).is_file();
    Ok(if udacity::is_udacity(header) {
        Some(SourceKind::Udacity)
    } else if simulator::is_simulator(header) {
        Some(SourceKind::Simulator)
    } else if !is_path && is_labelled(path, header.line(), sullychen::FILE_NAME)? {
        Some(SourceKind::Labelled)
    } else if !is_path && sullychen::is_sullychen(header.line()) {
        Some(SourceKind::Sullychen)
    } else if is_list(path, header.line()) {
        Some(SourceKind::List)
    } else {
        None
    })
}

/// Refuses files that are known to be something else, with a message that says what they are, so that their bytes aren't read as text.
fn refuse_what_is_no_text(path: &Path) -> Result<(), DatasetError> {
    let no_data = |what: &'static str, advice: &'static str| {
        Err(DatasetError::NoData { what, advice, path: path.to_owned() })
    };
    match sniff_file(path)? {
        Sniffed::Foreign(kind) if kind.is_text() || kind.is_hdf5() => Ok(()),
        Sniffed::Foreign(kind) => no_data(kind.what, kind.advice),
        Sniffed::Picture(_) => no_data("a picture", "give the folder that it lies in, or a list of pictures"),
        // Text in encodings other than UTF-8, and lists separated by zero bytes, are accepted.
        Sniffed::Unknown if is_readable(Header::read(path)?.line()) => Ok(()),
        Sniffed::Unknown => no_data(
            "neither text nor a picture",
            "give a folder of pictures, a driving log, a table or a list of paths",
        ),
    }
}

/// Whether a line looks like text, even if it has some odd characters.
fn is_readable(line: &str) -> bool {
    let start: Vec<char> = line.chars().take(200).collect();
    let num = |is_one: fn(&char) -> bool| start.iter().filter(|c| is_one(c)).count();
    let (words, broken) = (num(|c| c.is_alphanumeric()), num(|c| *c == char::REPLACEMENT_CHARACTER));
    words * 10 >= start.len() && broken * 10 <= start.len()
}

fn sniff_file(path: &Path) -> Result<Sniffed, DatasetError> {
    let mut start = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(SNIFF_BYTES as u64).read_to_end(&mut start))
        .map_err(|e| DatasetError::io(path, &e))?;
    Ok(sniff(&start))
}

/// Whether a file has nothing after its first line.
fn has_one_line(path: &Path) -> Result<bool, DatasetError> {
    let whole = std::fs::read(path).map_err(|e| DatasetError::io(path, &e))?;
    let Ok(text) = Text::decode(whole) else { return Ok(false) };
    Ok(entries(&text.bytes).filter(|(_, line)| !line.trim_ascii().is_empty()).nth(1).is_none())
}

/// Whether a file's extension is that of a table.
pub fn is_table_path(path: &Path) -> bool {
    let has = |ending: &&str| path.extension().is_some_and(|e| e.eq_ignore_ascii_case(ending));
    ["csv", "tsv"].iter().any(has)
}

/// The names of a table's columns, one of which [`SourceOptions::path_column`] must name. If the first line is a row, the names are
/// `column_0` and so on. Empty if the line is empty.
pub fn table_columns(path: &Path) -> Result<Vec<String>, DatasetError> {
    refuse_what_is_no_text(path)?;
    let fields = Header::read(path)?.fields();
    Ok(if has_picture(&fields) { numbered(fields.len()) } else { fields })
}

/// Whether a table's first line is a row and not names of columns, because it names a picture.
pub fn has_no_header(path: &Path) -> bool {
    Header::read(path).is_ok_and(|header| has_picture(&header.fields()))
}

fn has_picture(fields: &[String]) -> bool {
    fields.iter().any(|field| has_picture_extension(Path::new(field)))
}

/// Whether no field of a table's first rows is a picture's name: none ends like one or is a file beside the table.
pub fn names_no_pictures(path: &Path) -> Result<bool, DatasetError> {
    let (text, delimiter) = (beginning(path)?, char::from(Header::read(path)?.delimiter()));
    let folder = path.parent().unwrap_or(Path::new(""));
    let is_picture = |field: &str| {
        let name = Path::new(field.trim().trim_matches('"'));
        !name.as_os_str().is_empty() && (has_picture_extension(name) || folder.join(name).is_file())
    };
    Ok(!text.lines().take(ROWS_LOOKED_AT).any(|line| line.split(delimiter).any(is_picture)))
}

/// How many rows of a table are looked at for names of pictures.
const ROWS_LOOKED_AT: usize = 100;

/// Whether a file is a data set and not a single picture, by its content and not its name.
pub fn is_log(path: &Path) -> bool {
    let is_text = || match sniff_file(path) {
        Ok(Sniffed::Foreign(kind)) => kind.is_text(),
        Ok(Sniffed::Unknown) => true,
        _ => false,
    };
    let is_known = || Header::read(path).is_ok_and(|header| matches!(log_kind(path, &header), Ok(Some(_))));
    path.is_file() && (is_hdf5(path) || is_text() && is_known())
}
