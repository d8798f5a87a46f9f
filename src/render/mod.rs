//! One picture through one backbone: what the command line and the window both do.
//!
//! Owns the choice of model and layer by name, the run from pixels to activations, what a figure records of it, and the plain
//! data that passes between `main`, command line and window. Must not know arguments, widgets or threads.

mod choice;
mod record;
mod resources;
mod view;
mod window_request;

pub use choice::{ChoiceError, DEFAULT_TAG, choose_layers, choose_row};
pub use record::panel_record;
pub use resources::Resources;
pub use view::{InputChoices, View, ViewError, view};
pub use window_request::WindowRequest;
