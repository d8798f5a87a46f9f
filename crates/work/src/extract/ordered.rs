//! A queue that several threads fill and one thread empties in order, with a limit on how far ahead they may work.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Numbered items, handed over in the order of their numbers.
#[derive(Debug)]
pub(super) struct Ordered<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    /// How many items may be claimed and not yet taken.
    window: u64,
    end: u64,
}

#[derive(Debug)]
struct State<T> {
    next_to_claim: u64,
    next_to_take: u64,
    waiting: BTreeMap<u64, T>,
    is_closed: bool,
}

impl<T> Ordered<T> {
    /// A queue of the numbers from `first` up to, but without, `end`. At most `window` of them may be claimed and not yet taken.
    pub(super) fn new(first: u64, end: u64, window: u64) -> Self {
        let state =
            State { next_to_claim: first, next_to_take: first, waiting: BTreeMap::new(), is_closed: false };
        Self { state: Mutex::new(state), changed: Condvar::new(), window: window.max(1), end }
    }

    /// The next number to work on; waits while the window is full. `None` when there is nothing more to do.
    pub(super) fn claim(&self) -> Option<u64> {
        let mut state = self.lock();
        loop {
            if state.is_closed || state.next_to_claim >= self.end {
                return None;
            }
            if state.next_to_claim < state.next_to_take + self.window {
                state.next_to_claim += 1;
                return Some(state.next_to_claim - 1);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The number that will be taken next.
    pub(super) fn next(&self) -> u64 {
        self.lock().next_to_take
    }

    /// Hands over the result for a claimed number.
    pub(super) fn put(&self, number: u64, thing: T) {
        self.lock().waiting.insert(number, thing);
        self.changed.notify_all();
    }

    /// The next item in order; waits for it. `None` at the end, and once the queue is closed.
    pub(super) fn take(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            let next = state.next_to_take;
            if state.is_closed || next >= self.end {
                return None;
            }
            if let Some(thing) = state.waiting.remove(&next) {
                state.next_to_take += 1;
                drop(state);
                self.changed.notify_all();
                return Some(thing);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Wakes all waiting threads: nothing can be claimed or taken any more.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes a queue when it goes out of scope, even by a panic, so that no thread waits for ever.
pub(super) struct CloseAtEnd<'a, T>(pub(super) &'a Ordered<T>);

impl<T> Drop for CloseAtEnd<'_, T> {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn things_come_in_order_and_nobody_runs_ahead() {
        let queue = Ordered::new(3, 200, 4);
        let taken = AtomicU64::new(3);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while let Some(number) = queue.claim() {
                        assert!(number < taken.load(Ordering::SeqCst) + 4 + 1, "{number}");
                        queue.put(number, number * 2);
                    }
                });
            }
            for expected in 3..200 {
                assert_eq!(queue.take(), Some(expected * 2));
                taken.store(expected + 1, Ordering::SeqCst);
            }
            assert_eq!(queue.take(), None);
        });
    }

    #[test]
    fn closing_lets_everybody_go() {
        let queue: Ordered<u64> = Ordered::new(0, 100, 1);
        std::thread::scope(|scope| {
            let worker = scope.spawn(|| std::iter::from_fn(|| queue.claim()).count());
            let end = CloseAtEnd(&queue);
            while queue.lock().next_to_claim == 0 {
                std::thread::yield_now();
            }
            drop(end);
            assert_eq!(worker.join().unwrap(), 1, "the window held it back");
        });
        assert_eq!(queue.take(), None);
    }
}
