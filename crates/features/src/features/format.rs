//! The formats that features are stored in.

use std::str::FromStr;

/// A format that features are stored in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum FeatureFormat {
    /// A `.npy` for each picture, in folders like those of the pictures.
    #[default]
    Folder,
    /// One array in a `.npy`.
    Npy,
    /// A ZIP with one array of the features, and one for each column.
    Npz,
    /// HDF5 with one chunked dataset, and one for each column; several files where one would be too large to write.
    H5,
    /// One tensor of the features, and one for each column of numbers.
    Safetensors,
    /// Parquet tables of bounded size, for data frames.
    Parquet,
}

/// A word that is not the name of a format.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("format `{0}`: {why}", why = expected(.0))]
pub struct UnknownFormat(String);

/// What was expected, or which feature a format needs that this build doesn't have.
fn expected(text: &str) -> String {
    let plain = text.trim().to_lowercase();
    let absent = FeatureFormat::ALL.into_iter().find(|format| format.name() == plain);
    match absent.and_then(FeatureFormat::missing_feature) {
        Some(feature) => {
            format!("this build of filterscope doesn't have it; build it with the feature `{feature}`")
        }
        None => format!("expected {}", listed()),
    }
}

/// The formats that this build has, as a list in words.
fn listed() -> String {
    let names: Vec<&str> = FeatureFormat::built().map(FeatureFormat::name).collect();
    match names.split_last() {
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

impl FeatureFormat {
    /// All formats, in the order in which they are listed to the user.
    pub const ALL: [Self; 6] =
        [Self::Folder, Self::Npy, Self::Npz, Self::H5, Self::Safetensors, Self::Parquet];

    /// The formats that this build can write and read: HDF5 and Parquet are features of the crate.
    pub fn built() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|format| format.missing_feature().is_none())
    }

    /// The feature of the crate that this format needs and this build doesn't have; `None` for a format that it has.
    pub const fn missing_feature(self) -> Option<&'static str> {
        match self {
            Self::H5 if !cfg!(feature = "hdf5") => Some("hdf5"),
            Self::Parquet if !cfg!(feature = "parquet") => Some("parquet"),
            _ => None,
        }
    }

    /// The name, as it is typed.
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
        Self::built().find(|f| f.name() == plain).ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

impl std::fmt::Display for FeatureFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
