//! Tensors of a file: names, shapes, element types, and where their values are.
//!
//! Readers fill these types. Must not know anything about file formats except their names.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use half::slice::HalfFloatSliceExt;

/// Tensors by name.
pub(super) type Tensors = BTreeMap<String, Entry>;

/// The format of a weight file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// safetensors.
    Safetensors,
    /// PyTorch's `.pth` or `.pt` since version 1.6, a ZIP archive.
    TorchZip,
    /// PyTorch's `.pth` before version 1.6, a sequence of pickles.
    TorchLegacy,
    /// Keras' `.h5` with `layer_names`.
    KerasH5,
    /// Keras 3's `.weights.h5`.
    Keras3,
    /// Keras 3's `.keras`, a ZIP archive with a `.weights.h5`.
    KerasZip,
    /// ONNX, which brings its own graph.
    Onnx,
}

impl Format {
    /// The usual name of the format.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Safetensors => "safetensors",
            Self::TorchZip => "PyTorch .pth",
            Self::TorchLegacy => "PyTorch .pth of the old kind",
            Self::KerasH5 => "Keras .h5",
            Self::Keras3 => "Keras 3 .weights.h5",
            Self::KerasZip => "Keras 3 .keras",
            Self::Onnx => "ONNX",
        }
    }
}

/// Element types that can be converted to f32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ElementType {
    F16,
    Bf16,
    F32,
    F64,
}

impl ElementType {
    /// Converts raw little-endian values to f32. Embedded bytes are not aligned, so values are assembled byte by byte; the compiler turns
    /// this into plain loads.
    pub(super) fn values(self, raw: &[u8]) -> Vec<f32> {
        match self {
            Self::F32 => raw.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
            Self::F64 => raw.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b) as f32).collect(),
            Self::F16 => {
                let halves: Vec<half::f16> =
                    raw.as_chunks::<2>().0.iter().map(|b| half::f16::from_le_bytes(*b)).collect();
                halves.to_f32_vec()
            }
            Self::Bf16 => {
                let halves: Vec<half::bf16> =
                    raw.as_chunks::<2>().0.iter().map(|b| half::bf16::from_le_bytes(*b)).collect();
                halves.to_f32_vec()
            }
        }
    }
}

/// One tensor of the file.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// `None` for a type that can't hold weights here (integers, booleans, 8-bit floats).
    pub(crate) element: Option<ElementType>,
    /// The file's own name of the type.
    pub(crate) dtype: String,
    pub(crate) shape: Vec<usize>,
    place: Place,
}

/// Where a tensor's values are.
#[derive(Clone, Debug)]
enum Place {
    /// In the file's bytes, in order.
    InFile(Range<usize>),
    /// In the file's bytes, as a view: offset and strides in elements.
    Strided { storage: Range<usize>, offset: usize, strides: Vec<usize> },
    /// In memory as f32, already read from the file or computed.
    Owned(Arc<Vec<f32>>),
}

impl Entry {
    pub(super) fn in_file(
        element: Option<ElementType>,
        dtype: String,
        shape: Vec<usize>,
        range: Range<usize>,
    ) -> Self {
        Self { element, dtype, shape, place: Place::InFile(range) }
    }

    /// A strided view. The caller must check that all of it is inside the storage.
    pub(super) fn strided(
        element: Option<ElementType>,
        dtype: String,
        shape: Vec<usize>,
        storage: Range<usize>,
        offset: usize,
        strides: Vec<usize>,
    ) -> Self {
        Self { element, dtype, shape, place: Place::Strided { storage, offset, strides } }
    }

    /// Values as f32 in the file's order, from the bytes of the file; `None` if the type holds no weights.
    pub(super) fn values(&self, bytes: &[u8]) -> Option<Vec<f32>> {
        let element = self.element?;
        Some(match &self.place {
            Place::InFile(range) => element.values(&bytes[range.clone()]),
            Place::Strided { storage, offset, strides } => {
                let stored = element.values(&bytes[storage.clone()]);
                gather(&stored, *offset, &self.shape, strides)
            }
            Place::Owned(values) => values.to_vec(),
        })
    }

    /// The range of the file's bytes that the tensor needs; `None` if its values are already in memory.
    pub(super) fn range_mut(&mut self) -> Option<&mut Range<usize>> {
        match &mut self.place {
            Place::InFile(range) | Place::Strided { storage: range, .. } => Some(range),
            Place::Owned(_) => None,
        }
    }

    /// Bytes of values that are held in memory outside the file's bytes.
    pub(super) fn num_owned_bytes(&self) -> usize {
        if let Place::Owned(values) = &self.place { values.len() * size_of::<f32>() } else { 0 }
    }

    /// Whether both tensors have the same shape and refer to the same bytes of the file in the same way, or hold equal values.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        self.shape == other.shape
            && match (&self.place, &other.place) {
                (Place::InFile(a), Place::InFile(b)) => a == b,
                (
                    Place::Strided { storage: a, offset, strides },
                    Place::Strided { storage: b, offset: o, strides: s },
                ) => (a, offset, strides) == (b, o, s),
                (Place::Owned(a), Place::Owned(b)) => a == b,
                _ => false,
            }
    }

    pub(super) fn owned(dtype: String, shape: Vec<usize>, values: Vec<f32>) -> Self {
        Self::shared(dtype, shape, Arc::new(values))
    }

    /// A tensor whose values in memory may be shared with others.
    pub(super) fn shared(dtype: String, shape: Vec<usize>, values: Arc<Vec<f32>>) -> Self {
        Self { element: Some(ElementType::F32), dtype, shape, place: Place::Owned(values) }
    }
}

/// The bytes of a file, embedded in the program or read, shared with the weights that are bound to them.
pub(super) type Bytes = Arc<Cow<'static, [u8]>>;

/// The values of a strided view, in row-major order of its shape. The caller must check that all of it is inside `values`.
pub(super) fn gather(values: &[f32], offset: usize, shape: &[usize], strides: &[usize]) -> Vec<f32> {
    let num_values: usize = shape.iter().product();
    let mut out = Vec::with_capacity(num_values);
    let mut index = vec![0; shape.len()];
    let mut at = offset;
    while out.len() < num_values {
        out.push(values[at]);
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            at += strides[axis];
            if index[axis] < shape[axis] {
                break;
            }
            at -= shape[axis] * strides[axis];
            index[axis] = 0;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::gather;

    #[test]
    fn a_transposed_view_is_put_in_order() {
        // [[0, 1, 2], [3, 4, 5]] seen as 3×2 after one value that isn't its own.
        assert_eq!(gather(&[9., 0., 1., 2., 3., 4., 5.], 1, &[3, 2], &[1, 3]), [0., 3., 1., 4., 2., 5.]);
    }
}
