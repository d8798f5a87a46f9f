//! Where weight files are stored on this machine: the Hugging Face hub's cache, Keras' cache, and this program's own folder.
//!
//! The hub's cache is shared with every program that uses it, in its own layout: `models--OWNER--NAME/` with `blobs/` (contents
//! by their etag), `refs/main` (a commit) and `snapshots/COMMIT/FILE` (links to blobs).

use std::path::{Path, PathBuf};

use crate::tensor::WeightSource;

/// Folders that are searched for weight files, in this order: imported files, the hub's cache, downloads, Keras' cache.
#[derive(Clone, Debug, Default)]
pub struct Folders {
    hub: Option<PathBuf>,
    own: Option<PathBuf>,
    keras: Option<PathBuf>,
}

/// How a weight file came to the place where it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeptBy {
    /// It was imported with `weights import`.
    Imported,
    /// It was downloaded from its source, into the hub's cache or the program's own folder.
    Downloaded,
    /// Keras downloaded it, into its own cache.
    ByKeras,
}

/// A weight file on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFile {
    /// Path of the file.
    pub path: PathBuf,
    /// How it came to be there.
    pub kept: KeptBy,
}

impl Folders {
    /// Uses the given folders; one that is `None` is not searched.
    pub fn new(hub: Option<PathBuf>, own: Option<PathBuf>, keras: Option<PathBuf>) -> Self {
        Self { hub, own, keras }
    }

    /// Folders from the environment: `HF_HUB_CACHE`, `HF_HOME` or `XDG_CACHE_HOME` for the hub's cache, `KERAS_HOME` for Keras' cache,
    /// `FILTERSCOPE_HOME` for the program's own folder. Without these variables, the usual places.
    pub fn from_env() -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = std::env::home_dir();
        let in_home = |path: &str| home.as_ref().map(|home| home.join(path));
        let hub = set("HF_HUB_CACHE")
            .or_else(|| set("HUGGINGFACE_HUB_CACHE"))
            .or_else(|| set("HF_HOME").map(|home| home.join("hub")))
            .or_else(|| set("XDG_CACHE_HOME").map(|cache| cache.join("huggingface/hub")))
            .or_else(|| in_home(".cache/huggingface/hub"));
        let data = if cfg!(windows) {
            set("LOCALAPPDATA").map(|data| data.join("filterscope"))
        } else if cfg!(target_os = "macos") {
            in_home("Library/Application Support/filterscope")
        } else {
            set("XDG_DATA_HOME")
                .map(|data| data.join("filterscope"))
                .or_else(|| in_home(".local/share/filterscope"))
        };
        let own = set("FILTERSCOPE_HOME").or(data).map(|data| data.join("weights"));
        let keras = set("KERAS_HOME").or_else(|| in_home(".keras")).map(|keras| keras.join("models"));
        Self { hub, own, keras }
    }

    /// Where `weights import` stores the weights of a tag.
    pub fn imported(&self, tag: &str) -> Option<PathBuf> {
        Some(self.own.as_ref()?.join(format!("{tag}.safetensors")))
    }

    /// Where a download from a web server is stored. The tag is put before the file name, so that two files of the same name don't
    /// collide.
    pub fn downloaded(&self, tag: &str, source: WeightSource) -> Option<PathBuf> {
        Some(self.own.as_ref()?.join(format!("{tag}.{}", source.file_name())))
    }

    /// A repository's folder in the hub's cache.
    pub fn repository(&self, repo: &str) -> Option<PathBuf> {
        Some(self.hub.as_ref()?.join(format!("models--{}", repo.replace('/', "--"))))
    }

    /// The weight file of a model spec, by its weights tag and source, if it is on this machine.
    pub fn find(&self, tag: &str, source: Option<WeightSource>) -> Option<KeptFile> {
        let there = |path: Option<PathBuf>, kept| {
            path.filter(|path| path.is_file()).map(|path| KeptFile { path, kept })
        };
        there(self.imported(tag), KeptBy::Imported).or_else(|| match source? {
            WeightSource::Hub { repo, file } => {
                there(snapshot(&self.repository(repo)?, file), KeptBy::Downloaded)
            }
            source @ WeightSource::Https { .. } => there(self.downloaded(tag, source), KeptBy::Downloaded)
                .or_else(|| {
                    there(self.keras.as_ref().map(|keras| keras.join(source.file_name())), KeptBy::ByKeras)
                }),
        })
    }
}

/// A file of the commit that `main` pointed to when it was last requested, otherwise of any commit that is in the cache.
fn snapshot(repository: &Path, file: &str) -> Option<PathBuf> {
    let snapshots = repository.join("snapshots");
    if let Ok(commit) = std::fs::read_to_string(repository.join("refs/main")) {
        let path = snapshots.join(commit.trim()).join(file);
        if path.is_file() {
            return Some(path);
        }
    }
    let mut found: Vec<PathBuf> = std::fs::read_dir(snapshots)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path().join(file)))
        .filter(|path| path.is_file())
        .collect();
    found.sort();
    found.pop()
}
