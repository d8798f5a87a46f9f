//! How threads send events to the window.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use crate::app::message::event::Event;

/// Sends events to the window and wakes it.
#[derive(Clone)]
pub(crate) struct Tell {
    sender: SyncSender<Event>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Tell {
    pub(crate) fn new(sender: SyncSender<Event>, wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self { sender, wake: Arc::new(wake) }
    }

    /// Sends an event; blocks while too many are waiting. Does nothing if the window no longer exists.
    pub(crate) fn event(&self, event: Event) {
        self.is_heard(event);
    }

    /// Sends an event as [`event`](Self::event) does; returns whether the window still exists.
    pub(crate) fn is_heard(&self, event: Event) -> bool {
        let is_heard = self.sender.send(event).is_ok();
        if is_heard {
            self.wake();
        }
        is_heard
    }

    /// Wakes the window, so that it draws a frame.
    pub(crate) fn wake(&self) {
        (self.wake)();
    }
}
