//! How well features tell a target: heads, splits, intervals.

use filterscope_net::tensor;

pub mod probe;
