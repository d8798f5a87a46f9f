//! Computes activations from a graph, its weights and a picture.
//!
//! This module owns devices, plans, executors and the worker thread. It knows nothing about mosaics, files or the window.

mod backbone;
mod buffer_plan;
mod cancel;
mod candle;
mod choice;
mod cpu;
mod device;
mod fold;
mod onnx;
mod onnx_properties;
mod ops;
mod plan;
mod planned;
mod preprocessing;
mod session;
mod step;
mod steps;
mod threads;
mod worker;

pub use backbone::{
    Backbone, Closest, EmbeddedWeights, Fitting, LoadError, Provenance, WeightState, WeightStore,
    same_architecture,
};
pub use cancel::CancelToken;
pub use choice::{EngineChoice, UnknownEngine};
pub use device::{ComputeDevice, DeviceChoice, DeviceError};
pub use onnx::{has_own_end, is_onnx_path, open_onnx, open_onnx_up_to};
pub use ops::{Level, LevelError};
pub use plan::{Plan, PlanError};
pub use planned::planned_bytes;
pub use preprocessing::{PREPROCESS_KEY, Preprocessing};
pub use session::{EngineError, NodeTiming, NodesDone, Outcome, RunBy, RunReport, Session, TapValue, Watch};
pub use step::Step;
pub use threads::{NumThreads, Priority, ThreadsError, start_threads};
pub use worker::Worker;
