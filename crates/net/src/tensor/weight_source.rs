//! Where weights can be downloaded from.

/// A place that the weights of a model spec can be downloaded from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightSource {
    /// A file of a repository on the Hugging Face hub.
    Hub {
        /// `owner/name`.
        repo: &'static str,
        /// The file's name in the repository.
        file: &'static str,
    },
    /// A file on a web server.
    Https {
        /// The file's address.
        url: &'static str,
        /// The file's md5 as its publisher states it, in lower-case hexadecimal.
        md5: Option<&'static str>,
    },
}

impl WeightSource {
    /// The file's own name.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Hub { file, .. } => file,
            Self::Https { url, .. } => url.rsplit('/').next().unwrap_or(url),
        }
    }
}
