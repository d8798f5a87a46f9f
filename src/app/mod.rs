//! The window.
//!
//! Owns widgets, textures and what the person is looking at. Everything slow (files, inference, painting mosaics) happens on
//! the worker thread in `pipeline`; `logic` takes its events and applies queued commands, `ui` only draws. Must not be known
//! by any other layer.

mod arrange;
mod browse;
mod command;
mod dialogs;
mod dispatch;
mod download;
mod event;
mod export;
mod frame_times;
mod history;
mod job;
mod kept;
mod keys;
mod logic;
mod long;
mod panels;
mod pipeline;
mod remedy;
mod remember;
mod restore;
mod run_state;
mod runs;
mod shown;
mod side;
mod state;
mod textures;
mod theme;
mod view_state;
mod viewport;
mod wanted;
mod window;
mod words;

pub use dialogs::{Dialogs, SystemDialogs};
pub use window::{App, AppError, run};
