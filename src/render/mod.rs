//! One picture through one backbone: what the command line and the window both do.
//!
//! Owns the choice of model and layer by name, the run from pixels to activations, and what a figure records of it. Must not
//! know arguments, widgets or threads.

mod choice;
mod record;
mod view;

pub use choice::{ChoiceError, DEFAULT_TAG, choose_layers, choose_row};
pub use record::panel_record;
pub use view::{InputChoices, View, ViewError, view};
