//! Backbones as data: one file per family builds graphs and lists the weights they are known with.
//!
//! Owns architectures, their layer names and what each set of weights asks of a picture. Must not know how a graph runs,
//! where weights lie or what a picture is.

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

pub use opened::{Opened, OpenedAs};
pub use registry::{Registry, UnknownModel};
pub use retired::Retired;
pub use spec::{ModelSpec, Verification};
