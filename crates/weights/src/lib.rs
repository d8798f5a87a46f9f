//! Weight files: formats, naming conventions, strict binding, downloads.

use filterscope_net::{graph, tensor};

pub mod weights;
