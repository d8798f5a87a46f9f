//! From a graph, its weights and a picture to activations.
//!
//! Owns devices, plans, executors and the worker thread. Must not know mosaics, files or the window.

mod backbone;
mod cancel;
mod candle;
mod choice;
mod cpu;
mod device;
mod fold;
mod onnx;
mod ops;
mod places;
mod plan;
mod session;
mod steps;
mod threads;
mod worker;

pub use backbone::{Backbone, EmbeddedWeights, LoadError, Provenance, WeightState, WeightStore};
pub use cancel::CancelToken;
pub use choice::{EngineChoice, UnknownEngine};
pub use device::{ComputeDevice, DeviceChoice, DeviceError};
pub use onnx::{is_onnx_path, open_onnx};
pub use ops::{Level, LevelError};
pub use plan::{Plan, PlanError, Step};
pub use session::{EngineError, NodeTiming, Outcome, RunBy, RunReport, Session, TapValue};
pub use threads::{NumThreads, Priority, ThreadsError, start_threads};
pub use worker::Worker;
