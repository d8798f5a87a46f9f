//! A named thread that handles one type of job. Of the jobs of a slot only the newest counts.
//!
//! It doesn't know what a job is: the window passes in a handler, so sessions, pictures and mosaics remain the window's concern.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::cancel::CancelToken;
use super::threads::lower_priority;

/// The most queued jobs that may wait; further ones are refused.
const MAX_QUEUED: usize = 64;

/// Where jobs wait. There are two kinds. The *current* job of a latest-wins slot: only the newest counts, and posting one cancels
/// the one before it in that slot. *Queued* jobs (such as a file to save): they are done in order, after the slots' jobs, and
/// never dropped. A queued job that checks its token may hand back its remaining work when a slot's job arrives, and continue
/// afterwards. *Background* jobs (such as a long batch) are like queued ones, but are done after them and make way for them too.
#[derive(Debug)]
struct Mailbox<J> {
    state: Mutex<State<J>>,
    wake: Condvar,
}

#[derive(Debug)]
struct State<J> {
    /// At most one job per slot, the one that has waited longest first.
    current: VecDeque<(u64, J, CancelToken)>,
    queued: VecDeque<J>,
    background: VecDeque<J>,
    running: Running,
    is_closed: bool,
}

/// The job that the thread is working on.
#[derive(Debug)]
struct Running {
    /// `None` for a queued job and one in the background.
    slot: Option<u64>,
    is_background: bool,
    token: CancelToken,
}

impl<J> Mailbox<J> {
    fn new() -> Self {
        let state = State {
            current: VecDeque::new(),
            queued: VecDeque::new(),
            background: VecDeque::new(),
            running: Running { slot: None, is_background: false, token: CancelToken::new() },
            is_closed: false,
        };
        Self { state: Mutex::new(state), wake: Condvar::new() }
    }

    /// Locks the state. A panic in a job can't leave it inconsistent, because each change below is a single assignment.
    fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<(J, CancelToken)> {
        let mut state = self.lock();
        loop {
            if let Some((slot, job, token)) = state.current.pop_front() {
                state.running = Running { slot: Some(slot), is_background: false, token: token.clone() };
                return Some((job, token));
            }
            let is_background = state.queued.is_empty();
            if let Some(queued) = state.queued.pop_front().or_else(|| state.background.pop_front()) {
                let token = CancelToken::new();
                // When the worker is being closed, queued jobs are still done, but with a cancelled token, so that they can skip
                // what isn't essential.
                if state.is_closed {
                    token.cancel();
                }
                state.running = Running { slot: None, is_background, token: token.clone() };
                return Some((queued, token));
            }
            if state.is_closed {
                return None;
            }
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Puts the remaining work of a queued job at the front of the queue. It is discarded if the worker is being closed.
    fn give_back(&self, rest: J) {
        let mut state = self.lock();
        if state.is_closed {
            return;
        }
        if state.running.is_background {
            state.background.push_front(rest);
        } else {
            state.queued.push_front(rest);
        }
    }
}

/// The thread, which runs at a lower priority, and its mailbox. Dropping the worker cancels the running job, discards the slots'
/// waiting jobs, does the queued jobs, and joins the thread.
#[derive(Debug)]
pub struct Worker<J: Send + 'static> {
    mailbox: Arc<Mailbox<J>>,
    thread: Option<JoinHandle<()>>,
}

impl<J: Send + 'static> Worker<J> {
    /// Starts a thread of this name. `handler` is called for each job, with a token that a newer job cancels. It returns the
    /// remaining work of a queued job that it interrupted, otherwise `None`.
    pub fn spawn(
        name: &str,
        mut handler: impl FnMut(J, &CancelToken) -> Option<J> + Send + 'static,
    ) -> std::io::Result<Self> {
        let mailbox = Arc::new(Mailbox::new());
        let theirs = Arc::clone(&mailbox);
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            lower_priority();
            while let Some((job, token)) = theirs.take() {
                if let Some(rest) = handler(job, &token) {
                    theirs.give_back(rest);
                }
            }
        })?;
        Ok(Self { mailbox, thread: Some(thread) })
    }

    /// Replaces the waiting job of a slot and cancels the slot's running job. A running queued job is asked to interrupt its
    /// work.
    pub fn post(&self, slot: u64, job: J) {
        let mut state = self.mailbox.lock();
        if state.running.slot.is_none_or(|running| running == slot) {
            state.running.token.cancel();
        }
        let fresh = CancelToken::new();
        match state.current.iter_mut().find(|(waiting, ..)| *waiting == slot) {
            Some(waiting) => *waiting = (slot, job, fresh),
            None => state.current.push_back((slot, job, fresh)),
        }
        drop(state);
        self.mailbox.wake.notify_one();
    }

    /// Cancels the running job of a slot and drops the waiting one.
    pub fn withdraw(&self, slot: u64) {
        let mut state = self.mailbox.lock();
        if state.running.slot == Some(slot) {
            state.running.token.cancel();
        }
        state.current.retain(|(waiting, ..)| *waiting != slot);
    }

    /// Adds a queued job; returns it as an error if too many are waiting. A job in the background is asked to interrupt its work.
    pub fn enqueue(&self, job: J) -> Result<(), J> {
        let mut state = self.mailbox.lock();
        if state.queued.len() >= MAX_QUEUED {
            return Err(job);
        }
        if state.running.is_background {
            state.running.token.cancel();
        }
        state.queued.push_back(job);
        drop(state);
        self.mailbox.wake.notify_one();
        Ok(())
    }

    /// Adds a job that is done when nothing else waits; returns it as an error if too many are waiting.
    pub fn enqueue_background(&self, job: J) -> Result<(), J> {
        let mut state = self.mailbox.lock();
        if state.background.len() >= MAX_QUEUED {
            return Err(job);
        }
        state.background.push_back(job);
        drop(state);
        self.mailbox.wake.notify_one();
        Ok(())
    }
}

impl<J: Send + 'static> Drop for Worker<J> {
    fn drop(&mut self) {
        {
            let mut state = self.mailbox.lock();
            state.running.token.cancel();
            state.current.clear();
            state.is_closed = true;
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
        // Wait until job 1 is running; the mailbox is then empty.
        while !worker.mailbox.lock().current.is_empty() {
            std::thread::yield_now();
        }
        worker.post(0, 2);
        worker.post(0, 3);
        worker.enqueue(10).unwrap();
        worker.enqueue(11).unwrap();
        gate.send(()).unwrap();
        // The newer job cancels the running one, and the job that was replaced never starts.
        let seen: Vec<_> = results.iter().take(4).collect();
        assert_eq!(seen, [(1, true), (3, false), (10, false), (11, false)]);
        worker.post(0, 1);
        while !worker.mailbox.lock().current.is_empty() {
            std::thread::yield_now();
        }
        worker.enqueue(12).unwrap();
        let closing = std::thread::spawn(move || drop(worker));
        // `drop` cancels the running job before it waits for it.
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
            // A queued job in two parts: the second part is done after the slot's job that came between.
            let is_interrupted = job == 10 && opened.recv().is_ok() && token.is_cancelled();
            out.send((job, token.is_cancelled())).unwrap();
            is_interrupted.then_some(11)
        })
        .unwrap();
        let wait_until_taken = || {
            while !(worker.mailbox.lock().current.is_empty() && worker.mailbox.lock().queued.is_empty()) {
                std::thread::yield_now();
            }
        };
        worker.post(7, 1);
        wait_until_taken();
        worker.post(8, 2);
        worker.post(9, 3);
        worker.withdraw(9);
        gate.send(()).unwrap();
        assert_eq!(results.recv().unwrap(), (1, false), "another slot's job doesn't cancel");
        assert_eq!(results.recv().unwrap(), (2, false));
        worker.enqueue(10).unwrap();
        wait_until_taken();
        worker.post(8, 4);
        gate.send(()).unwrap();
        let then: Vec<_> = (0..3).map(|_| results.recv().unwrap()).collect();
        assert_eq!(then, [(10, true), (4, false), (11, false)]);
    }

    #[test]
    fn work_in_the_background_makes_way_for_queued_jobs() {
        let (out, results) = channel();
        let (gate, opened) = channel::<()>();
        let worker = Worker::spawn("test", move |job: u32, token: &CancelToken| {
            let is_interrupted = job == 10 && opened.recv().is_ok() && token.is_cancelled();
            out.send((job, token.is_cancelled())).unwrap();
            is_interrupted.then_some(11)
        })
        .unwrap();
        worker.enqueue_background(10).unwrap();
        while !worker.mailbox.lock().background.is_empty() {
            std::thread::yield_now();
        }
        worker.enqueue_background(12).unwrap();
        worker.enqueue(1).unwrap();
        gate.send(()).unwrap();
        let then: Vec<_> = (0..4).map(|_| results.recv().unwrap()).collect();
        assert_eq!(then, [(10, true), (1, false), (11, false), (12, false)]);
    }
}
