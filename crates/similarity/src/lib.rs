//! How alike layers and networks are: CKA, RSA and shared neighbours over the same pictures.

use filterscope_features::features;
use filterscope_net::tensor;

pub mod similarity;
