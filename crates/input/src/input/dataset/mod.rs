//! Data sets as rows of pictures and labels: folders, driving logs, tables and lists. Their kind is recognised from the files or
//! named by the user.
//!
//! Owns how files become rows, in what order, and what is left out and why. A row keeps its number whatever else is missing. Missing
//! values are never filled in, and a missing picture is never replaced by another one. Must know nothing of networks. A log's
//! pictures are looked for only below the log's own folder, wherever the recording machine had them; the paths in a table or list are
//! used as the user wrote them.

mod camera;
#[cfg(feature = "hdf5")]
mod comma;
#[cfg(not(feature = "hdf5"))]
mod comma_absent;
mod comma_files;
mod csv_file;
mod decimal_commas;
mod error;
mod expand;
mod file_set;
mod files;
mod folder;
#[cfg(feature = "hdf5")]
mod frames;
#[cfg(not(feature = "hdf5"))]
mod frames_absent;
mod grouping;
mod known_names;
mod labelled;
mod naming;
mod open;
mod placed;
mod quoting;
mod simulator;
mod source;
mod sullychen;
mod table;
mod text_file;
mod typing;
mod udacity;
mod walk;

pub use camera::{Camera, OtherCamera, UnknownCamera};
#[cfg(feature = "hdf5")]
pub use comma::CommaSource;
pub use error::DatasetError;
pub use expand::{ExpandError, PictureRef, expand_inputs};
pub use file_set::FileSetSource;
pub use files::is_picture;
pub use folder::FolderSource;
#[cfg(feature = "hdf5")]
pub use frames::Frames;
#[cfg(not(feature = "hdf5"))]
pub use frames_absent::NoFrames as Frames;
pub use labelled::LabelledList;
pub use naming::NameCoding;
pub use open::{
    SourceKind, SourceOptions, UnknownSourceKind, has_no_header, is_log, is_table_path, names_no_pictures,
    open_source, open_source_as, table_columns,
};
pub use simulator::SimulatorLog;
pub use source::{About, CameraPicture, Label, PictureLocation, Sample, Skipped, Source};
pub use sullychen::SullychenLog;
pub use table::{ListSource, TablePaths};
pub use udacity::UdacityLog;
