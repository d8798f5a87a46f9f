//! Numbers with a shape, as a file holds them.

use half::f16;

/// The most numbers of a file that are read: a square matrix of 16,384 pictures.
pub(super) const MAX_VALUES: usize = 1 << 28;

/// An array of numbers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Array {
    /// Its sides.
    pub(super) shape: Vec<u64>,
    /// Its numbers, in the file's order.
    pub(super) values: Vec<f64>,
    /// Whether the first axis changes fastest (Fortran, MATLAB), and not the last.
    pub(super) is_column_major: bool,
}

/// An array of a file that holds several.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    /// Its name.
    pub(super) name: String,
    /// What it is, in words: `double 6×6`, `struct`.
    pub(super) kind: String,
    /// Its numbers, if it has any that could be dissimilarities.
    pub(super) array: Option<Array>,
}

/// A type of numbers in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F16,
    F32,
    F64,
}

impl Number {
    /// Bytes of one.
    pub(super) const fn bytes(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 | Self::F16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }

    /// All numbers of some bytes; whatever is left over at their end is dropped.
    pub(super) fn read(self, bytes: &[u8], is_big_endian: bool) -> Vec<f64> {
        let size = self.bytes();
        bytes
            .chunks_exact(size)
            .map(|chunk| {
                let mut little = [0; 8];
                for (to, from) in little.iter_mut().zip(chunk) {
                    *to = *from;
                }
                if is_big_endian {
                    little[..size].reverse();
                }
                let [a, b, c, d, ..] = little;
                match self {
                    Self::I8 => f64::from(a as i8),
                    Self::U8 => f64::from(a),
                    Self::I16 => f64::from(i16::from_le_bytes([a, b])),
                    Self::U16 => f64::from(u16::from_le_bytes([a, b])),
                    Self::I32 => f64::from(i32::from_le_bytes([a, b, c, d])),
                    Self::U32 => f64::from(u32::from_le_bytes([a, b, c, d])),
                    Self::I64 => i64::from_le_bytes(little) as f64,
                    Self::U64 => u64::from_le_bytes(little) as f64,
                    Self::F16 => f64::from(f16::from_le_bytes([a, b])),
                    Self::F32 => f64::from(f32::from_le_bytes([a, b, c, d])),
                    Self::F64 => f64::from_le_bytes(little),
                }
            })
            .collect()
    }
}

/// How many numbers a shape has; `None` if they are too many to be read.
pub(super) fn num_values(shape: &[u64]) -> Option<usize> {
    let all = shape.iter().try_fold(1u64, |product, side| product.checked_mul(*side))?;
    usize::try_from(all).ok().filter(|all| *all <= MAX_VALUES)
}

/// A shape in words.
pub(super) fn shape_words(shape: &[u64]) -> String {
    if shape.is_empty() {
        return "one number".to_owned();
    }
    shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("×")
}
