//! Pictures and data sets: decoding, preprocessing, logs, tables, live frames.

use filterscope_net::tensor;

pub mod input;
