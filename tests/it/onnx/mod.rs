//! ONNX files as models: parity with ONNX Runtime, names and commands, and files that are broken.

mod beside;
mod broken;
mod cheap;
mod commands;
mod encode;
mod order;
mod parity;
mod refused;
