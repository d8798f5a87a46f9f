//! Arrays that Python wrote, for comparison.

use std::path::Path;

/// Shape and values of an f32 array.
pub fn npy_f32(path: &Path) -> (Vec<usize>, Vec<f32>) {
    read(path)
}

/// Shape and values of a u8 array.
pub fn npy_u8(path: &Path) -> (Vec<usize>, Vec<u8>) {
    read(path)
}

fn read<T: npyz::Deserialize>(path: &Path) -> (Vec<usize>, Vec<T>) {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let array = npyz::NpyFile::new(&bytes[..]).unwrap();
    assert_eq!(array.order(), npyz::Order::C, "{}", path.display());
    let shape = array.shape().iter().map(|&n| n as usize).collect();
    (shape, array.into_vec().unwrap())
}
