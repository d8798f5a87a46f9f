//! ONNX files as models: parity with ONNX Runtime, names and commands, and files that are broken.

mod broken;
mod commands;
mod encode;
mod parity;
