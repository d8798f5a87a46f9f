//! Folders of features, as tasks over stored features list them.

use std::path::PathBuf;

/// The folders that were added, and the path that is being typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FeatureFolders {
    pub(crate) all: Vec<String>,
    pub(crate) typed: String,
}

impl FeatureFolders {
    /// Adds a folder, if it isn't among them.
    pub(crate) fn add(&mut self, folder: &str) {
        let folder = folder.trim();
        if !folder.is_empty() && !self.all.iter().any(|other| other == folder) {
            self.all.push(folder.to_owned());
        }
    }

    /// Their paths, or a message if there are none.
    pub(crate) fn paths(&self) -> Result<Vec<PathBuf>, String> {
        if self.all.is_empty() {
            return Err("no features: add the folder that an extraction wrote".to_owned());
        }
        Ok(self.all.iter().map(PathBuf::from).collect())
    }
}
