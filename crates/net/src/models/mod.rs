//! Backbones as data. Each family has a file that builds its graphs and lists the model specs of its published weights.
//!
//! This module owns architectures, their layer names, and the preprocessing that each set of weights expects. It doesn't know how
//! a graph runs, where weights are stored, or what a picture is.

mod accuracy;
mod convnext;
mod densenet;
mod dinov2;
mod efficientnet;
mod googlenet;
mod inception_resnet_v2;
mod inception_v3;
mod mobilenet;
mod opened;
mod registry;
mod regnet;
mod repvgg;
mod resnet;
mod retired;
mod spec;
mod vgg;
mod xception;

pub use accuracy::Top1;
pub use opened::{Opened, OpenedAs};
pub use registry::{Registry, UnknownModel};
pub use retired::Retired;
pub use spec::{ModelSpec, Verification};
