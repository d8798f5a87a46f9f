//! How threads reach the window.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use crate::app::message::event::Event;

/// Sends events and wakes the window.
#[derive(Clone)]
pub(crate) struct Tell {
    sender: SyncSender<Event>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Tell {
    pub(crate) fn new(sender: SyncSender<Event>, wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self { sender, wake: Arc::new(wake) }
    }

    /// Tells the window something; waits where it is behind. A window that is gone needs no event.
    pub(crate) fn event(&self, event: Event) {
        self.is_heard(event);
    }

    /// Tells the window something, and says whether there still is one.
    pub(crate) fn is_heard(&self, event: Event) -> bool {
        let is_heard = self.sender.send(event).is_ok();
        if is_heard {
            self.wake();
        }
        is_heard
    }

    /// Has the window look.
    pub(crate) fn wake(&self) {
        (self.wake)();
    }
}
