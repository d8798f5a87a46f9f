//! The window.
//!
//! `shell` is eframe's loop. `model` is what is known, as plain data; `message` what may happen; `update` what follows from it;
//! `runtime` does the slow work on threads; `ui` draws. Arrows inside: shell → update, runtime, ui; those → model, message;
//! message → model. Must not be known by any other layer.

mod message;
mod model;
mod runtime;
mod shell;
mod ui;
mod update;

pub use runtime::dialogs::{Dialogs, SystemDialogs};
pub use shell::{App, AppError, run};
