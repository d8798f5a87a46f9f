//! Names in files of features that are the same whether or not this build can write the files.

/// The folder of the Parquet tables.
pub(super) const TABLES: &str = "features.parquet";
/// The name of the tables' column with the features.
pub(super) const TABLES_LIST: &str = "features";
/// The HDF5 dataset of all features.
pub(super) const HDF5_SET: &str = "features";

/// A column's name as the name of an HDF5 dataset: a separator in it would make a group.
pub(super) fn hdf5_set_name(name: &str) -> String {
    let name = name.replace('/', "_");
    if name == "." { "_".to_owned() } else { name }
}
