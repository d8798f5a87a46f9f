//! Features of many pictures as files, in the formats of other programs.

use filterscope_figures::formats;
use filterscope_net::tensor;

pub mod features;
