//! `.npy`, numpy's own format: version 1.0, which numpy's `lib/format.py` describes, and a layer as such a file.

use std::path::Path;

use super::{WriteError, write_atomically};
use crate::tensor::Activation;

/// The header of an array of this shape in C order. `descr` is numpy's name of the type, such as `<f4`. The numbers follow it.
pub fn npy_header(descr: &str, shape: &[u64]) -> Vec<u8> {
    // A single side needs a comma after it, as in a Python tuple of one element.
    let sides = match shape {
        [side] => format!("{side},"),
        sides => sides.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sides}), }}");
    // Magic, version and length are ten bytes; the numbers begin at a multiple of 64.
    let padded = (10 + text.len() + 1).next_multiple_of(64) - 10;
    text.extend(std::iter::repeat_n(' ', padded - text.len() - 1));
    text.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes
}

/// Saves a layer as little-endian f32 `[C, H, W]` in C order. NaN and infinities are kept.
pub fn write_npy(path: &Path, activation: &Activation) -> Result<(), WriteError> {
    let shape = activation.shape();
    let sides = [shape.channels as u64, shape.height as u64, shape.width as u64];
    write_atomically(path, |out| {
        out.write_all(&npy_header("<f4", &sides))?;
        // A channel at a time, so that no second copy of the layer is held.
        let per_channel = (shape.height * shape.width).max(1);
        for values in activation.values().chunks(per_channel) {
            let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            out.write_all(&bytes)?;
        }
        Ok(())
    })
}
