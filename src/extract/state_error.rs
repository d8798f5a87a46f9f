//! Why a run can't begin where it was told to.

use std::path::PathBuf;

use crate::formats::WriteError;
use crate::formats::features::{BadFeatures, BadManifest};
use crate::models::Retired;
use crate::tensor::shown;

/// A run that can't begin.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The lock is held.
    #[error("another run{} is writing into this folder; wait for it, or choose another: \"{}\"", process_words(.process.as_deref()), .path.display())]
    Busy {
        /// Number of its process, if it says.
        process: Option<String>,
        /// The folder.
        path: PathBuf,
    },
    /// A finished set lacks something.
    #[error("a file of these features is not what was written ({reason}): \"{}\"", .path.display())]
    NotWhole {
        /// What is wrong.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// An unfinished run, and nobody said what to do with it.
    #[error("an unfinished run is here ({done} of {total} pictures done): \"{}\"", .path.display())]
    Unfinished {
        /// Pictures done.
        done: u64,
        /// Pictures planned.
        total: u64,
        /// The folder.
        path: PathBuf,
    },
    /// A finished run.
    #[error("features are here already: \"{}\"", .path.display())]
    AlreadyThere {
        /// The set's folder.
        path: PathBuf,
    },
    /// Files in a finished set's folder that would go with it.
    #[error("{} features' files and would be lost with them; move {}: \"{}\"", strays_words(.names), if .names.len() == 1 { "it" } else { "them" }, .path.display())]
    OthersFiles {
        /// The files, relative to the folder.
        names: Vec<String>,
        /// The set's folder.
        path: PathBuf,
    },
    /// A folder that isn't ours.
    #[error("a folder of that name is here and holds no features of a finished run, so it is left alone; move it, or choose another folder: \"{}\"", .path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
    },
    /// Other sets than those of the unfinished run.
    #[error("the unfinished run here makes other features: {theirs}; this one would make {ours}{}: \"{}\"", retired_words(*.retired), .path.display())]
    OtherSets {
        /// What was asked for.
        ours: String,
        /// What the unfinished run makes.
        theirs: String,
        /// The first of its models that the program no longer carries.
        retired: Option<Retired>,
        /// The folder.
        path: PathBuf,
    },
    /// Something changed since.
    #[error("this is not the run that was begun here: {}: \"{}\"", difference_words(.changed), .path.display())]
    Changed {
        /// Name, before, now.
        changed: Vec<(String, String, String)>,
        /// Whether the run can go on all the same, on record.
        can_be_mixed: bool,
        /// The folder.
        path: PathBuf,
    },
    /// Work was done on other pictures.
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
    /// A manifest that is there and isn't one.
    #[error(transparent)]
    Manifest(#[from] BadManifest),
    /// A finished set that can't be read.
    #[error(transparent)]
    Features(#[from] BadFeatures),
    /// The system refused.
    #[error("can't use this folder ({reason}): \"{}\"", .path.display())]
    Io {
        /// The system's words.
        reason: std::io::Error,
        /// The folder or file.
        path: PathBuf,
    },
    /// Writing failed.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl StateError {
    /// The system's error at a path: what it says of the disk is said as for any file.
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

/// Files that a message names.
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
        // A hash is known by its beginning; of anything else the end may be what differs.
        let shorten = |text: &str| match text.get(..24) {
            Some(start) if name.ends_with("sha256") => format!("{start}…"),
            _ => shown(text),
        };
        format!("{name} was {}, is {}", shorten(before), shorten(now))
    };
    changed.iter().map(words).collect::<Vec<_>>().join("; ")
}
