//! Data sets as rows of pictures and labels: folders, driving logs, tables and lists, recognised by looking or named.
//!
//! Owns how files become rows, in what order, and what is left out and why. A row keeps its number whatever else is missing;
//! nothing is ever filled in, and no other picture is taken for one that isn't there. Must know nothing of networks. A log's pictures are
//! looked for below the log's own folder only, wherever the recording machine had them; a table's and a list's paths are the person's own.

mod camera;
mod comma;
mod csv_file;
mod decimal_commas;
mod error;
mod expand;
mod files;
mod folder;
mod frames;
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
pub use comma::CommaSource;
pub use error::DatasetError;
pub use expand::{ExpandError, PictureRef, expand_inputs};
pub use files::is_picture;
pub use folder::FolderSource;
pub use frames::Frames;
pub use labelled::LabelledList;
pub use naming::NameCoding;
pub use open::{
    SourceKind, SourceOptions, UnknownSourceKind, has_no_header, is_log, is_table_path, open_source,
    open_source_as, table_columns,
};
pub use simulator::SimulatorLog;
pub use source::{About, CameraPicture, Label, PictureLocation, Sample, Skipped, Source};
pub use sullychen::SullychenLog;
pub use table::{ListSource, TablePaths};
pub use udacity::UdacityLog;
