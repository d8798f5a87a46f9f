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

/// Where jobs wait. Two kinds: the *current* job of a lane, of which only the newest counts (posting one cancels its predecessor
/// in that lane), and *errands* (a file to save), which are done in order, after the lanes' jobs, and never dropped. An errand that
/// looks at its token may give back what is left of it when a lane's job arrives, and goes on afterwards.
#[derive(Debug)]
struct Mailbox<J> {
    slot: Mutex<Slot<J>>,
    wake: Condvar,
}

#[derive(Debug)]
struct Slot<J> {
    /// At most one a lane, the longest waiting first.
    current: VecDeque<(u64, J, CancelToken)>,
    errands: VecDeque<J>,
    running: Running,
    is_closed: bool,
}

/// What the thread is at.
#[derive(Debug)]
struct Running {
    /// None for an errand.
    lane: Option<u64>,
    token: CancelToken,
}

impl<J> Mailbox<J> {
    fn new() -> Self {
        let slot = Slot {
            current: VecDeque::new(),
            errands: VecDeque::new(),
            running: Running { lane: None, token: CancelToken::new() },
            is_closed: false,
        };
        Self { slot: Mutex::new(slot), wake: Condvar::new() }
    }

    /// A job that panicked leaves the mailbox whole: each change below is one assignment.
    fn lock(&self) -> MutexGuard<'_, Slot<J>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<(J, CancelToken)> {
        let mut slot = self.lock();
        loop {
            if let Some((lane, job, token)) = slot.current.pop_front() {
                slot.running = Running { lane: Some(lane), token: token.clone() };
                return Some((job, token));
            }
            if let Some(errand) = slot.errands.pop_front() {
                let token = CancelToken::new();
                // Errands of a worker that is closed are done, but what can be left is left.
                if slot.is_closed {
                    token.cancel();
                }
                slot.running = Running { lane: None, token: token.clone() };
                return Some((errand, token));
            }
            if slot.is_closed {
                return None;
            }
            slot = self.wake.wait(slot).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// What is left of an errand waits before the others; nobody waits for it any more once the worker is closed.
    fn give_back(&self, rest: J) {
        let mut slot = self.lock();
        if !slot.is_closed {
            slot.errands.push_front(rest);
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
    /// Starts a thread of that name; `handler` is called for each job with the token that a newer job would cancel, and gives back
    /// what is left of an errand that made way.
    pub fn spawn(
        name: &str,
        mut handler: impl FnMut(J, &CancelToken) -> Option<J> + Send + 'static,
    ) -> std::io::Result<Self> {
        let mailbox = Arc::new(Mailbox::new());
        let theirs = Arc::clone(&mailbox);
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            stand_back();
            while let Some((job, token)) = theirs.take() {
                if let Some(rest) = handler(job, &token) {
                    theirs.give_back(rest);
                }
            }
        })?;
        Ok(Self { mailbox, thread: Some(thread) })
    }

    /// Replaces the waiting job of a lane, cancels the lane's running one, and has a running errand make way if it can.
    pub fn post(&self, lane: u64, job: J) {
        let mut slot = self.mailbox.lock();
        if slot.running.lane.is_none_or(|running| running == lane) {
            slot.running.token.cancel();
        }
        let fresh = CancelToken::new();
        match slot.current.iter_mut().find(|(waiting, ..)| *waiting == lane) {
            Some(waiting) => *waiting = (lane, job, fresh),
            None => slot.current.push_back((lane, job, fresh)),
        }
        drop(slot);
        self.mailbox.wake.notify_one();
    }

    /// Nobody wants what a lane was asked for any more.
    pub fn withdraw(&self, lane: u64) {
        let mut slot = self.mailbox.lock();
        if slot.running.lane == Some(lane) {
            slot.running.token.cancel();
        }
        slot.current.retain(|(waiting, ..)| *waiting != lane);
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
            slot.running.token.cancel();
            slot.current.clear();
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
            None
        })
        .unwrap();
        worker.post(0, 1);
        // Wait until 1 is running: the mailbox is then empty.
        while !worker.mailbox.lock().current.is_empty() {
            std::thread::yield_now();
        }
        worker.post(0, 2);
        worker.post(0, 3);
        worker.enqueue(10).unwrap();
        worker.enqueue(11).unwrap();
        gate.send(()).unwrap();
        // The newer job cancels the running one, and the overtaken one never starts.
        let seen: Vec<_> = results.iter().take(4).collect();
        assert_eq!(seen, [(1, true), (3, false), (10, false), (11, false)]);
        worker.post(0, 1);
        while !worker.mailbox.lock().current.is_empty() {
            std::thread::yield_now();
        }
        worker.enqueue(12).unwrap();
        let closing = std::thread::spawn(move || drop(worker));
        // `drop` cancels what runs before it waits for it.
        gate.send(()).unwrap();
        closing.join().unwrap();
        let seen: Vec<_> = results.iter().map(|(job, _)| job).collect();
        assert_eq!(seen, [1, 12], "what waits is done when the worker goes");
    }

    #[test]
    fn lanes_do_not_cancel_each_other_and_errands_make_way() {
        let (out, results) = channel();
        let (gate, opened) = channel::<()>();
        let worker = Worker::spawn("test", move |job: u32, token: &CancelToken| {
            if job == 1 {
                opened.recv().unwrap();
            }
            // An errand in two parts: the second is done after whatever came between.
            let is_interrupted = job == 10 && opened.recv().is_ok() && token.is_cancelled();
            out.send((job, token.is_cancelled())).unwrap();
            is_interrupted.then_some(11)
        })
        .unwrap();
        let wait_until_taken = || {
            while !(worker.mailbox.lock().current.is_empty() && worker.mailbox.lock().errands.is_empty()) {
                std::thread::yield_now();
            }
        };
        worker.post(7, 1);
        wait_until_taken();
        worker.post(8, 2);
        worker.post(9, 3);
        worker.withdraw(9);
        gate.send(()).unwrap();
        assert_eq!(results.recv().unwrap(), (1, false), "another lane's job doesn't cancel");
        assert_eq!(results.recv().unwrap(), (2, false));
        worker.enqueue(10).unwrap();
        wait_until_taken();
        worker.post(8, 4);
        gate.send(()).unwrap();
        let then: Vec<_> = (0..3).map(|_| results.recv().unwrap()).collect();
        assert_eq!(then, [(10, true), (4, false), (11, false)]);
    }
}
