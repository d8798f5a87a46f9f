//! The desktop window.
//!
//! `shell` is eframe's loop. `model` is the state as plain data; `message` lists what can happen; `update` changes the model for each
//! message; `runtime` does the slow work on threads; `ui` draws. Allowed imports: shell → update, runtime, ui; these three → model,
//! message; message → model. No other layer may use this one.

mod message;
mod model;
mod runtime;
mod shell;
mod ui;
mod update;

pub use runtime::dialogs::{Dialogs, SystemDialogs};
pub use shell::{App, AppError, run};
