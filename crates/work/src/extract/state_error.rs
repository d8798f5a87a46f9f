//! Why a run can't begin in its folder.

use std::path::PathBuf;

use crate::features::{BadFeatures, BadManifest};
use crate::formats::WriteError;
use crate::models::Retired;
use crate::tensor::shown;

/// Why a run can't begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// Another run holds the folder's lock.
    #[error("another run{} is writing into this folder; wait for it, or choose another: \"{}\"", process_words(.process.as_deref()), .path.display())]
    Busy {
        /// The number of its process, if the lock's file has it.
        process: Option<String>,
        /// The folder.
        path: PathBuf,
    },
    /// A file of a finished set is missing or has changed.
    #[error("a file of these features is not what was written ({reason}): \"{}\"", .path.display())]
    NotWhole {
        /// What is wrong.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// There is an unfinished run, and the user didn't say what to do with it.
    #[error("an unfinished run is here ({done} of {total} pictures done): \"{}\"", .path.display())]
    Unfinished {
        /// Pictures done.
        done: u64,
        /// Pictures planned.
        total: u64,
        /// The folder.
        path: PathBuf,
    },
    /// There is a finished run already.
    #[error("features are here already: \"{}\"", .path.display())]
    AlreadyThere {
        /// The set's folder.
        path: PathBuf,
    },
    /// Files in a finished set's folder that aren't the set's and would be removed with it.
    #[error("{} features' files and would be lost with them; move {}: \"{}\"", strays_words(.names), if .names.len() == 1 { "it" } else { "them" }, .path.display())]
    OthersFiles {
        /// The files, relative to the folder.
        names: Vec<String>,
        /// The set's folder.
        path: PathBuf,
    },
    /// A folder that holds no features of this program, so it is left alone.
    #[error("a folder of that name is here and holds no features of a finished run, so it is left alone; move it, or choose another folder: \"{}\"", .path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
    },
    /// The unfinished run makes other sets than were asked for.
    #[error("the unfinished run here makes other features: {theirs}; this one would make {ours}{}: \"{}\"", retired_words(*.retired), .path.display())]
    OtherSets {
        /// What was asked for.
        ours: String,
        /// What the unfinished run makes.
        theirs: String,
        /// The first of the unfinished run's models that the program no longer has.
        retired: Option<Retired>,
        /// The folder.
        path: PathBuf,
    },
    /// Settings that differ from those of the run that was begun.
    #[error("this is not the run that was begun here: {}: \"{}\"", difference_words(.changed), .path.display())]
    Changed {
        /// For each: name, value before, value now.
        changed: Vec<(String, String, String)>,
        /// Whether the run can be resumed all the same, with the change recorded.
        can_be_mixed: bool,
        /// The folder.
        path: PathBuf,
    },
    /// The pictures are not those that the work was done on.
    #[error("the data set's first {done} pictures are not those that were worked on: \"{}\"", .path.display())]
    OtherPictures {
        /// Pictures done.
        done: u64,
        /// The folder.
        path: PathBuf,
    },
    /// The plan can't be read.
    #[error("the plan of the unfinished run can't be read ({reason}): \"{}\"", .path.display())]
    BadPlan {
        /// What is wrong.
        reason: String,
        /// The folder.
        path: PathBuf,
    },
    /// A manifest that is there but can't be read.
    #[error(transparent)]
    Manifest(#[from] BadManifest),
    /// A finished set that can't be read.
    #[error(transparent)]
    Features(#[from] BadFeatures),
    /// The system refused access.
    #[error("can't use this folder ({reason}): \"{}\"", .path.display())]
    Io {
        /// The system's error.
        reason: std::io::Error,
        /// The folder or file.
        path: PathBuf,
    },
    /// Writing failed.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl StateError {
    /// The system's error at a path. A full disk and the like become [`WriteError`]s, as for any file.
    pub(super) fn io(reason: std::io::Error, path: PathBuf) -> Self {
        use std::io::ErrorKind;
        match reason.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                Self::Write(WriteError::new(reason, &path))
            }
            _ => Self::Io { reason, path },
        }
    }
}

fn retired_words(retired: Option<Retired>) -> String {
    retired.map(|retired| format!("; {retired}")).unwrap_or_default()
}

/// How many files a message names.
const NUM_NAMED: usize = 3;

fn strays_words(names: &[String]) -> String {
    let named: Vec<String> = names.iter().take(NUM_NAMED).map(|name| format!("`{}`", shown(name))).collect();
    let more = names.len().saturating_sub(NUM_NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{more} {} none of the", named.join(", "), if names.len() == 1 { "is" } else { "are" })
}

fn process_words(process: Option<&str>) -> String {
    process.map(|number| format!(" (process {number})")).unwrap_or_default()
}

fn difference_words(changed: &[(String, String, String)]) -> String {
    let words = |(name, before, now): &(String, String, String)| {
        // The beginning of a hash is enough to recognise it. Other texts may differ only at their end.
        let shorten = |text: &str| match text.get(..24) {
            Some(start) if name.ends_with("sha256") => format!("{start}…"),
            _ => shown(text),
        };
        format!("{name} was {}, is {}", shorten(before), shorten(now))
    };
    changed.iter().map(words).collect::<Vec<_>>().join("; ")
}
