//! Somebody else's dissimilarities between pictures, from a file: numpy, CSV, MATLAB.
//!
//! Owns which forms of a matrix are understood, and that none is guessed: a matrix of similarities, one that isn't symmetric and a file with
//! several matrices are refused. Files come from anywhere; no size that one states is trusted.

mod array;
mod csv_text;
mod file;
mod mat5;
#[cfg(feature = "hdf5")]
mod mat73;
mod npy;
#[cfg(test)]
mod tests;
mod triangle;

pub use file::{DissimilarityMatrix, dissimilarities_of, read_dissimilarities};
