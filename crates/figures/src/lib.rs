//! From values to files: mosaics, figures with their records, moving pictures, features.

use filterscope_net::tensor;

pub mod formats;
pub mod mosaic;
