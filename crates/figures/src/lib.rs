//! From values to files: mosaics, figures with their records, moving pictures.

use filterscope_net::tensor;

pub mod formats;
pub mod mosaic;
