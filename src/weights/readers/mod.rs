//! One file per weight format, each giving the tensors of a file by name.

pub(super) mod safetensors;
