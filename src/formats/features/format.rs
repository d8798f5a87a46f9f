//! Ways to store features, by name.

use std::str::FromStr;

/// A way to store features.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeatureFormat {
    /// A `.npy` a picture, in folders like the pictures'.
    #[default]
    Folder,
    /// One array.
    Npy,
    /// One array, and one more a column.
    Npz,
    /// One chunked set and one more a column; several files where one would be too large to write.
    H5,
    /// One tensor, and one more a column of numbers.
    Safetensors,
    /// Tables of bounded size, for data frames.
    Parquet,
}

/// A word that names no format.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("format `{0}`: expected folder, npy, npz, h5, safetensors or parquet")]
pub struct UnknownFormat(String);

impl FeatureFormat {
    /// All of them, in the order they are told.
    pub const ALL: [Self; 6] =
        [Self::Folder, Self::Npy, Self::Npz, Self::H5, Self::Safetensors, Self::Parquet];

    /// As it is typed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::Npy => "npy",
            Self::Npz => "npz",
            Self::H5 => "h5",
            Self::Safetensors => "safetensors",
            Self::Parquet => "parquet",
        }
    }
}

impl FromStr for FeatureFormat {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        let plain = text.trim().to_lowercase();
        Self::ALL.into_iter().find(|f| f.name() == plain).ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

impl std::fmt::Display for FeatureFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
