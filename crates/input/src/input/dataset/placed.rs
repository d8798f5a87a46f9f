//! Finds a driving log's pictures on this machine.
//!
//! A log may have been recorded on another machine, or its pictures may be in other folders here. Owns the rule by which they are
//! found then: the same rule for the whole log, or none, and never the same file for two pictures. Must not know what else is in a
//! log.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::DatasetError;
use super::files::PictureFolders;
use crate::tensor::shown;

/// The files of a log's pictures, in the order in which the pictures were given.
#[derive(Debug, Default)]
pub(super) struct Placed {
    /// Relative to the log's folder; `None` for a picture that isn't there.
    pub(super) files: Vec<Option<Box<Path>>>,
    /// Notes for the user if pictures are not where the log says.
    pub(super) notes: Vec<String>,
}

/// A path in the log, split into its parts.
struct Recorded {
    parts: Vec<String>,
    /// Whether the path, as written, is in or below the log's folder.
    is_inside: bool,
}

/// Where a picture is looked for, given its path in the log.
#[derive(Clone, Copy)]
enum Place<'a> {
    AsWritten,
    /// At this many parts from the path's end, below the log's folder.
    Last(usize),
    /// At the bare name, in a folder that logs of this kind usually have.
    In(&'a str),
}

/// Whether a name's extension must match.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Same,
    /// Another extension is accepted: the log may say `.png` although the frames were saved as `.jpg`.
    Other,
}

/// Finds the pictures that a log names, below `root`. If any path within `root` exists as it is written, all paths within `root` are
/// used as written. For paths of another machine, and for all paths if none exists as written, one rule is used for all of them: the
/// longest ending of the paths by which any picture is found. `log` is for error messages.
///
/// # Errors
/// Two different paths that would give the same file, while no path exists exactly as it is written.
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
        // A name in the usual folder is better evidence than the same name directly in the log's folder.
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
        // Pictures that exist as they are written stay; the others count as missing.
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

/// A note for the user about the rule that was used; `None` if the pictures are where the log says.
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
        // `\` is an ordinary character of names on this system, and also in this log if a file with such a name exists.
        let is_literal = !cfg!(windows)
            && recorded.iter().any(|path| path.contains('\\') && folders.is_there(Path::new(path.trim())));
        let separators: &[char] = if is_literal { &['/'] } else { &['/', '\\'] };
        let recorded = recorded.iter().map(|path| Recorded::of(path.trim(), separators, &absolute)).collect();
        Self { root, folders, recorded }
    }

    /// The first place and kind of extension by which any of these rows is found.
    fn first_that_finds<'p>(&mut self, rows: &[usize], places: &[Place<'p>]) -> Option<(Place<'p>, Ending)> {
        for place in places {
            // There are few folders but many rows, so folders are checked first.
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

    /// Two rows that name different pictures but have the same file.
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

    /// The folder and name to look for; `None` if the path has too few parts.
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
