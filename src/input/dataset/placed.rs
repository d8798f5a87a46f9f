//! Where a driving log's pictures are on this machine.
//!
//! A log may have been recorded on another machine or have its pictures in other folders here. Owns the rule by which they are found
//! then: one rule for the whole log, or none, and never one file for two pictures. Must not know what a log says beside paths.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::DatasetError;
use super::files::PictureFolders;
use crate::tensor::shown;

/// The pictures of a log, in the order in which they were asked for.
#[derive(Debug, Default)]
pub(super) struct Placed {
    /// Relative to the log's folder; none where a picture isn't there.
    pub(super) files: Vec<Option<Box<Path>>>,
    /// Said where pictures aren't where the log has them.
    pub(super) notes: Vec<String>,
}

/// A path of the log, in parts.
struct Recorded {
    parts: Vec<String>,
    /// Whether it leads to a place in or below the log's folder.
    is_inside: bool,
}

/// Which part of a path is looked for.
#[derive(Clone, Copy)]
enum Place<'a> {
    AsWritten,
    /// So many parts from its end.
    Last(usize),
    /// The name, in a folder that such logs have.
    In(&'a str),
}

/// Whether the ending of a name counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Same,
    /// As when a log says `.png` and the frames were saved as `.jpg`.
    Other,
}

/// Finds below `root` what a log names. Paths that are there as they are written decide for all that could be; where none is, and for
/// paths of another machine, the longest ending of the paths under which any picture lies counts for all of them. `log` is for errors.
///
/// # Errors
/// Two different paths that such an ending makes one file, where no path is there as it is written.
pub(super) fn place(
    log: &Path,
    root: &Path,
    recorded: &[String],
    usual_folder: Option<&str>,
) -> Result<Placed, DatasetError> {
    let mut search = Search::new(root, recorded);
    let (inside, mut elsewhere): (Vec<usize>, Vec<usize>) = (0..recorded.len())
        .filter(|at| !search.recorded[*at].parts.is_empty())
        .partition(|at| search.recorded[*at].is_inside);
    let as_written = search.first_that_finds(&inside, &[Place::AsWritten]);
    if as_written.is_none() {
        elsewhere = (0..recorded.len()).filter(|at| !search.recorded[*at].parts.is_empty()).collect();
    }
    let longest = elsewhere.iter().map(|at| search.recorded[*at].parts.len()).max().unwrap_or(0);
    let bare_names = (longest > 0).then_some(Place::Last(1));
    let places: Vec<Place<'_>> =
        // A name in the folder of such logs says more than a name that lies about.
        (2..=longest).rev().map(Place::Last).chain(usual_folder.map(Place::In)).chain(bare_names).collect();
    let by_ending = search.first_that_finds(&elsewhere, &places);
    let mut files = vec![None; recorded.len()];
    let mut notes = Vec::new();
    let mut fill = |search: &mut Search<'_>, rows: &[usize], rule: Option<(Place<'_>, Ending)>| {
        let (place, ending) = rule?;
        for at in rows {
            files[*at] = search.find(*at, place, ending).map(PathBuf::into_boxed_path);
        }
        let example = rows.iter().find_map(|at| Some((*at, files[*at].clone()?)));
        example.and_then(|(at, file)| words(place, ending, &recorded[at], &file))
    };
    notes.extend(fill(&mut search, &inside, as_written));
    let told = fill(&mut search, &elsewhere, by_ending);
    if let Some((a, b, file)) = search.meeting(&files) {
        // What is there as it is written stays; the rest isn't there.
        if !matches!(as_written, Some((_, Ending::Same))) {
            return Err(DatasetError::Meeting {
                a: shown(&recorded[a]),
                b: shown(&recorded[b]),
                file: shown(&file.display().to_string()),
                path: log.to_owned(),
            });
        }
        for at in elsewhere {
            files[at] = None;
        }
    } else {
        notes.extend(told);
    }
    Ok(Placed { files, notes })
}

/// What a person should know of a rule; nothing where pictures are where the log has them.
fn words(place: Place<'_>, ending: Ending, recorded: &str, file: &Path) -> Option<String> {
    let example = format!("`{}` is `{}`", shown(recorded), shown(&file.display().to_string()));
    let others = if ending == Ending::Other { ", with other endings of the names" } else { "" };
    let by = match (place, ending) {
        (Place::AsWritten, Ending::Same) => return None,
        (Place::AsWritten, Ending::Other) => {
            return Some(format!("the log's pictures have other endings here: {example}"));
        }
        (Place::Last(1), _) => "the names alone".to_owned(),
        (Place::Last(num), _) => format!("the last {num} parts of its paths"),
        (Place::In(folder), _) => format!("the names alone, in `{folder}`"),
    };
    Some(format!("the log's pictures are not where it says and were found by {by}{others}: {example}"))
}

struct Search<'a> {
    root: &'a Path,
    folders: PictureFolders,
    recorded: Vec<Recorded>,
}

impl<'a> Search<'a> {
    fn new(root: &'a Path, recorded: &[String]) -> Self {
        let plain = if root.as_os_str().is_empty() { Path::new(".") } else { root };
        let absolute = std::path::absolute(plain).unwrap_or_else(|_| root.to_owned());
        let mut folders = PictureFolders::below(root);
        // `\` is a character of names here, and of this log's too where a file says so.
        let is_literal = !cfg!(windows)
            && recorded.iter().any(|path| path.contains('\\') && folders.is_there(Path::new(path.trim())));
        let separators: &[char] = if is_literal { &['/'] } else { &['/', '\\'] };
        let recorded = recorded.iter().map(|path| Recorded::of(path.trim(), separators, &absolute)).collect();
        Self { root, folders, recorded }
    }

    /// The first place and kind of ending by which any of these rows is found.
    fn first_that_finds<'p>(&mut self, rows: &[usize], places: &[Place<'p>]) -> Option<(Place<'p>, Ending)> {
        for place in places {
            // Folders are few and rows many.
            let folders: BTreeSet<PathBuf> =
                rows.iter().filter_map(|at| Some(self.recorded[*at].at(*place)?.0)).collect();
            if !folders.iter().any(|folder| self.root.join(folder).is_dir() || folder.as_os_str().is_empty())
            {
                continue;
            }
            for ending in [Ending::Same, Ending::Other] {
                if rows.iter().any(|at| self.find(*at, *place, ending).is_some()) {
                    return Some((*place, ending));
                }
            }
        }
        None
    }

    fn find(&mut self, at: usize, place: Place<'_>, ending: Ending) -> Option<PathBuf> {
        let (folder, name) = self.recorded[at].at(place)?;
        match ending {
            Ending::Same => self.folders.named(&folder, &name),
            Ending::Other => {
                self.folders.named(&folder, &name).or_else(|| self.folders.resembling(&folder, &name))
            }
        }
    }

    /// Two rows that name different pictures and have one file.
    fn meeting(&self, files: &[Option<Box<Path>>]) -> Option<(usize, usize, PathBuf)> {
        let mut owners: HashMap<&Path, usize> = HashMap::new();
        for (at, file) in files.iter().enumerate() {
            let Some(file) = file else { continue };
            let owner = *owners.entry(file).or_insert(at);
            if self.recorded[owner].parts != self.recorded[at].parts {
                return Some((owner, at, file.to_path_buf()));
            }
        }
        None
    }
}

impl Recorded {
    fn of(path: &str, separators: &[char], root: &Path) -> Self {
        let below = Path::new(path).strip_prefix(root).ok().and_then(Path::to_str);
        let has_drive = path.get(1..2) == Some(":") || path.contains("://");
        let mut is_inside = below.is_some() || !path.starts_with(separators) && !has_drive;
        let path = below.unwrap_or(path);
        let mut parts: Vec<String> = Vec::new();
        for part in path.split(separators).map(str::trim) {
            match part {
                "" | "." => {}
                ".." => is_inside &= parts.pop().is_some(),
                part if part.ends_with(':') => {}
                part => parts.push(part.to_owned()),
            }
        }
        Self { parts, is_inside }
    }

    /// The folder and name that are looked for; none where the path is shorter.
    fn at(&self, place: Place<'_>) -> Option<(PathBuf, String)> {
        let (name, folders) = self.parts.split_last()?;
        let folder = match place {
            Place::AsWritten => folders.iter().collect(),
            Place::Last(num) => folders.get((folders.len() + 1).checked_sub(num)?..)?.iter().collect(),
            Place::In(folder) => PathBuf::from(folder),
        };
        Some((folder, name.clone()))
    }
}
