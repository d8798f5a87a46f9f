//! What may happen: what a person asks for, what threads tell, and what is to be done for it.
//!
//! Plain values. Must not know who makes them or what follows.

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

/// What `update` takes.
pub(crate) enum Message {
    /// A person asks for something.
    Command(command::Command),
    /// A thread tells something.
    Event(event::Event),
    /// A frame begins.
    Tick,
}

/// What a frame knows of itself.
#[derive(Clone, Default)]
pub(crate) struct Now {
    /// The window's own time.
    pub(crate) secs: f64,
    /// Whether the window is drawn dark.
    pub(crate) is_dark: bool,
    /// Longest side of a texture.
    pub(crate) max_texture_side: usize,
    /// Bytes of memory that the program takes; none where the system doesn't say.
    pub(crate) memory_bytes: Option<usize>,
    /// The newest frame of a stream.
    pub(crate) live: Option<Frame>,
    /// What the active view has in sight of its mosaic.
    pub(crate) seen: Option<PartSeen>,
}
