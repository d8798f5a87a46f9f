//! What stands in for the readers of Keras' files in a build without the feature `keras`: they are refused with a sentence that says so.

use super::found::{FileContents, ReadError};
use super::zip_archive::Archive;

const BUILD: &str = "this build of filterscope reads no Keras files; build it with the feature `keras`";

/// Refuses an HDF5 file.
pub(super) fn hdf5_file(_bytes: &[u8]) -> Result<FileContents, ReadError> {
    Err(ReadError::Other("an HDF5 file".to_owned(), BUILD))
}

/// Refuses a `.keras` archive.
pub(super) fn keras_archive(_archive: &mut Archive<'_>, _weights: &str) -> Result<FileContents, ReadError> {
    Err(ReadError::Other("a Keras file".to_owned(), BUILD))
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use crate::weights::TensorFile;

    fn refusal(bytes: Vec<u8>, origin: &str) -> String {
        TensorFile::from_bytes(bytes, origin).map(drop).unwrap_err().to_string()
    }

    #[test]
    fn an_hdf5_file_is_refused_with_what_to_do() {
        assert_eq!(
            refusal(b"\x89HDF\r\n\x1a\n\0\0\0\0".to_vec(), "a.h5"),
            "this is an HDF5 file; this build of filterscope reads no Keras files; build it with the feature `keras`: \"a.h5\""
        );
    }

    #[test]
    fn a_keras_archive_is_refused_with_what_to_do() {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        archive.start_file("model.weights.h5", SimpleFileOptions::default()).unwrap();
        archive.write_all(b"\x89HDF\r\n\x1a\n").unwrap();
        assert_eq!(
            refusal(archive.finish().unwrap().into_inner(), "a.keras"),
            "this is a Keras file; this build of filterscope reads no Keras files; build it with the feature `keras`: \"a.keras\""
        );
    }
}
