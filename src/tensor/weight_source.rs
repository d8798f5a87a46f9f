//! Where weights can be had.

/// A place that a row's weights can be downloaded from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightSource {
    /// A file of a repository on the Hugging Face hub.
    Hub {
        /// `owner/name`.
        repo: &'static str,
        /// The file's name in it.
        file: &'static str,
    },
    /// A file on a web server.
    Https {
        /// Its address.
        url: &'static str,
        /// Its md5 as its publisher gives it, lower-case hexadecimal.
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
