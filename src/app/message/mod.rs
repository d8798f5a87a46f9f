//! The messages of the window: commands of the user, events of the threads, and the effects that follow from them.
//!
//! Plain values. Must not know who creates them or how they are handled.

#![deny(clippy::wildcard_enum_match_arm)]

use crate::input::live::Frame;
use crate::render::PartSeen;

pub(crate) mod action;
pub(crate) mod command;
pub(crate) mod dataset;
pub(crate) mod effect;
pub(crate) mod event;
pub(crate) mod job;
pub(crate) mod question;
pub(crate) mod remedy;
pub(crate) mod save;
pub(crate) mod task;
pub(crate) mod view;
pub(crate) mod views;
pub(crate) mod weights;
pub(crate) mod window;

/// A message that `update` handles.
pub(crate) enum Message {
    /// The user requests something.
    Command(command::Command),
    /// A thread reports something.
    Event(event::Event),
    /// A frame begins.
    Tick,
}

/// What `update` is told about the present moment and the current frame of the window.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about the frame")]
#[derive(Clone, Default)]
pub(crate) struct Now {
    /// The window's own time, in seconds.
    pub(crate) secs: f64,
    /// Whether the window is drawn dark.
    pub(crate) is_dark: bool,
    /// Whether the pointer's first button went down in this frame, and whether it is down.
    pub(crate) is_pressed: bool,
    pub(crate) is_down: bool,
    /// Whether the pointer is over the messages, which then stay.
    pub(crate) is_on_messages: bool,
    /// Longest side of a texture, in pixels.
    pub(crate) max_texture_side: usize,
    /// Whether the window is too narrow for the right panel to be always there.
    pub(crate) is_narrow: bool,
    /// Memory used by the program in bytes; none where the system doesn't report it.
    pub(crate) memory_bytes: Option<usize>,
    /// The newest frame of a stream.
    pub(crate) live: Option<Frame>,
    /// The visible part of the active view's mosaic.
    pub(crate) seen: Option<PartSeen>,
}
