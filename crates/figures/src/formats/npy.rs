//! Layers as `.npy`, numpy's own format.

use std::{io, path::Path};

use npyz::WriterBuilder;

use super::{WriteError, write_atomically};
use crate::tensor::Activation;

/// Saves a layer as little-endian f32 `[C, H, W]` in C order. NaN and infinities are kept.
pub fn write_npy(path: &Path, activation: &Activation) -> Result<(), WriteError> {
    let shape = activation.shape();
    write_atomically(path, |out| {
        let dtype = "<f4".parse().map_err(io::Error::other)?;
        let mut writer = npyz::WriteOptions::new()
            .dtype(npyz::DType::Plain(dtype))
            .shape(&[shape.channels as u64, shape.height as u64, shape.width as u64])
            .writer(out)
            .begin_nd()?;
        writer.extend(activation.values().iter().copied())?;
        writer.finish()
    })
}
