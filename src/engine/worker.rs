//! A named thread that does one kind of job, newest first.
//!
//! Knows nothing of what a job is: the window hands in a handler, so that sessions, pictures and mosaics stay its business.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::cancel::CancelToken;
use super::threads::stand_back;

/// Errands kept waiting at most; posting more is refused.
const MAX_ERRANDS: usize = 64;

/// Where jobs wait. Two kinds: the *current* job, of which only the newest counts (posting one cancels its predecessor), and
/// *errands* (a file to save), which are done in order and never dropped.
#[derive(Debug)]
struct Mailbox<J> {
    slot: Mutex<Slot<J>>,
    wake: Condvar,
}

#[derive(Debug)]
struct Slot<J> {
    current: Option<(J, CancelToken)>,
    errands: VecDeque<J>,
    running: CancelToken,
    is_closed: bool,
}

impl<J> Mailbox<J> {
    fn new() -> Self {
        let slot =
            Slot { current: None, errands: VecDeque::new(), running: CancelToken::new(), is_closed: false };
        Self { slot: Mutex::new(slot), wake: Condvar::new() }
    }

    /// A job that panicked leaves the mailbox whole: each change below is one assignment.
    fn lock(&self) -> MutexGuard<'_, Slot<J>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<(J, CancelToken)> {
        let mut slot = self.lock();
        loop {
            if let Some((job, token)) = slot.current.take() {
                slot.running = token.clone();
                return Some((job, token));
            }
            if let Some(errand) = slot.errands.pop_front() {
                slot.running = CancelToken::new();
                return Some((errand, CancelToken::new()));
            }
            if slot.is_closed {
                return None;
            }
            slot = self.wake.wait(slot).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The thread, which lets others go first, and its mailbox. Dropping it cancels what runs, does the errands that wait, and joins.
#[derive(Debug)]
pub struct Worker<J: Send + 'static> {
    mailbox: Arc<Mailbox<J>>,
    thread: Option<JoinHandle<()>>,
}

impl<J: Send + 'static> Worker<J> {
    /// Starts a thread of that name; `handler` is called for each job with the token that a newer job would cancel.
    pub fn spawn(
        name: &str,
        mut handler: impl FnMut(J, &CancelToken) + Send + 'static,
    ) -> std::io::Result<Self> {
        let mailbox = Arc::new(Mailbox::new());
        let theirs = Arc::clone(&mailbox);
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            stand_back();
            while let Some((job, token)) = theirs.take() {
                handler(job, &token);
            }
        })?;
        Ok(Self { mailbox, thread: Some(thread) })
    }

    /// Replaces the waiting current job and cancels the running one.
    pub fn post(&self, job: J) {
        let mut slot = self.mailbox.lock();
        slot.running.cancel();
        slot.current = Some((job, CancelToken::new()));
        drop(slot);
        self.mailbox.wake.notify_one();
    }

    /// Queues an errand; gives it back if too many wait.
    pub fn enqueue(&self, job: J) -> Result<(), J> {
        let mut slot = self.mailbox.lock();
        if slot.errands.len() >= MAX_ERRANDS {
            return Err(job);
        }
        slot.errands.push_back(job);
        drop(slot);
        self.mailbox.wake.notify_one();
        Ok(())
    }
}

impl<J: Send + 'static> Drop for Worker<J> {
    fn drop(&mut self) {
        {
            let mut slot = self.mailbox.lock();
            slot.running.cancel();
            slot.current = None;
            slot.is_closed = true;
        }
        self.mailbox.wake.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the worker thread panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn the_newest_job_wins_and_errands_are_all_done() {
        let (out, results) = channel();
        let (gate, opened) = channel::<()>();
        let worker = Worker::spawn("test", move |job: u32, token: &CancelToken| {
            if job == 1 {
                opened.recv().unwrap();
            }
            out.send((job, token.is_cancelled())).unwrap();
        })
        .unwrap();
        worker.post(1);
        // Wait until 1 is running: the mailbox is then empty.
        while worker.mailbox.lock().current.is_some() {
            std::thread::yield_now();
        }
        worker.post(2);
        worker.post(3);
        worker.enqueue(10).unwrap();
        worker.enqueue(11).unwrap();
        gate.send(()).unwrap();
        drop(worker);
        let seen: Vec<_> = results.iter().collect();
        assert_eq!(seen[0], (1, true), "a newer job cancels the running one");
        assert!(!seen.iter().any(|(job, _)| *job == 2), "an overtaken job never starts");
        assert_eq!(seen[seen.len() - 2..], [(10, false), (11, false)]);
    }
}
