//! How threads reach the window.

use crate::app::message::event::Event;

/// Sends events and wakes the window.
pub(crate) type Tell = Box<dyn Fn(Event) + Send>;
