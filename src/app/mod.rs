//! The window.
//!
//! Owns widgets, textures and what the person is looking at. Everything slow (files, inference, painting mosaics) happens on
//! the worker thread in `pipeline`; `logic` takes its events and applies queued commands, `ui` only draws. Must not be known
//! by any other layer.

mod command;
mod dialogs;
mod dispatch;
mod event;
mod logic;
mod panels;
mod pipeline;
mod shown;
mod state;
mod textures;
mod theme;
mod viewport;
mod window;

pub use dialogs::{Dialogs, SystemDialogs};
pub use window::{App, AppError, run};
