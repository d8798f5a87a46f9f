//! Reads stored arrays.

use std::path::Path;

/// Shape and values of a float32 `.npy` file in C order.
pub fn npy_f32(path: impl AsRef<Path>) -> (Vec<usize>, Vec<f32>) {
    read(path.as_ref())
}

/// Shape and values of a uint8 `.npy` file in C order.
pub fn npy_u8(path: impl AsRef<Path>) -> (Vec<usize>, Vec<u8>) {
    read(path.as_ref())
}

fn read<T: npyz::Deserialize>(path: &Path) -> (Vec<usize>, Vec<T>) {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let file = npyz::NpyFile::new(&bytes[..]).unwrap();
    assert_eq!(file.order(), npyz::Order::C, "{}", path.display());
    let shape = file.shape().iter().map(|d| *d as usize).collect();
    (shape, file.into_vec().unwrap())
}
