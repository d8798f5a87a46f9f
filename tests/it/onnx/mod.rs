//! ONNX files as models: parity with ONNX Runtime, names and commands, and files that are broken.

mod beside;
mod broken;
mod cheap;
mod commands;
mod cut;
pub(crate) mod encode;
mod lenient;
mod order;
mod parity;
mod picked;
mod refused;
