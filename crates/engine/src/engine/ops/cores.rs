//! The processor as kernels use it: its instruction set, and threads that wait for work between one kernel and the next.
//!
//! A network consists of some hundred kernels that take some ten microseconds each. A thread that sleeps in between would wake up
//! too late to be of use. So during a run the threads of rayon's pool look for the next kernel's tasks without sleeping. They
//! join when they can; if all of them are busy elsewhere, the run's own thread does everything.
#![expect(unsafe_code, reason = "tasks borrow from the thread that waits for them")]

use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::level::Level;
use crate::engine::cancel::CancelToken;

/// What kernels run on. It isn't `Sync`, so only the thread that owns it can hand out work, and a task can't.
#[derive(Debug)]
pub(in crate::engine) struct Cores<'a> {
    pub(super) level: Level,
    team: &'a Team,
    not_sync: PhantomData<*const ()>,
}

/// The state that helper threads share.
#[derive(Debug)]
struct Team {
    /// Odd while there is a job that can be joined. The number is different for each job.
    door: AtomicUsize,
    /// Number of helpers that have joined, or are checking whether they can.
    num_inside: AtomicUsize,
    /// Number of the job's next task.
    next: AtomicUsize,
    job: UnsafeCell<Job>,
    is_over: AtomicBool,
    /// Once this is cancelled, tasks are left out.
    cancel: CancelToken,
    num_threads: usize,
}

#[derive(Clone, Copy)]
struct Job {
    body: &'static (dyn Fn(usize) + Sync),
    num_tasks: usize,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Job of {} tasks", self.num_tasks)
    }
}

// SAFETY: `job` is written by the one thread that owns the `Cores`, while no helper is inside, and read by helpers that are
// inside; see `for_each`.
unsafe impl Sync for Team {}

impl Cores<'_> {
    /// [`scope_until`](Self::scope_until) without an end before the work is done.
    #[cfg(test)]
    pub(in crate::engine) fn scope<R: Send>(level: Level, work: impl FnOnce(&Cores<'_>) -> R + Send) -> R {
        Self::scope_until(&CancelToken::new(), level, work)
    }

    /// Calls `work` on a thread of the current pool (or of the global one); the pool's other threads help. Once the token is
    /// cancelled, tasks are left out: a kernel of many tasks then ends after
    /// those that have begun, and what it leaves is no result.
    pub(in crate::engine) fn scope_until<R: Send>(
        cancel: &CancelToken,
        level: Level,
        work: impl FnOnce(&Cores<'_>) -> R + Send,
    ) -> R {
        let team = Team {
            door: AtomicUsize::new(0),
            num_inside: AtomicUsize::new(0),
            next: AtomicUsize::new(0),
            job: UnsafeCell::new(Job { body: &|_| {}, num_tasks: 0 }),
            is_over: AtomicBool::new(false),
            cancel: cancel.clone(),
            num_threads: rayon::current_num_threads(),
        };
        let team = &team;
        rayon::scope(|scope| {
            for _ in 1..team.num_threads {
                scope.spawn(|_| team.help());
            }
            // Helpers must stop even if `work` panics.
            let _over = OnDrop(|| team.is_over.store(true, Ordering::Release));
            work(&Cores { level, team, not_sync: PhantomData })
        })
    }

    pub(in crate::engine) fn level(&self) -> Level {
        self.level
    }

    /// Number of threads, including this one.
    pub(super) fn num_threads(&self) -> usize {
        self.team.num_threads
    }

    /// Calls `body` with each number from 0 to `num_tasks − 1` once, on this thread and on helpers. Returns when all calls are
    /// done, or when those that have begun are, if the run is cancelled.
    pub(super) fn for_each(&self, num_tasks: usize, body: impl Fn(usize) + Sync) {
        let team = self.team;
        if num_tasks <= 1 || team.num_threads == 1 {
            (0..num_tasks).take_while(|_| !team.cancel.is_cancelled()).for_each(body);
            return;
        }
        let body: &(dyn Fn(usize) + Sync) = &body;
        // SAFETY: helpers use the reference only while they are inside, and this function waits below, however it ends, until
        // none is.
        let body =
            unsafe { std::mem::transmute::<&(dyn Fn(usize) + Sync), &'static (dyn Fn(usize) + Sync)>(body) };
        // SAFETY: the previous job is closed and no helper is inside. A helper that checks now sees a closed door and leaves
        // without reading.
        unsafe { *team.job.get() = Job { body, num_tasks } };
        team.next.store(0, Ordering::Relaxed);
        team.door.fetch_add(1, Ordering::SeqCst);
        let _close = OnDrop(|| {
            team.door.fetch_add(1, Ordering::SeqCst);
            wait(|| team.num_inside.load(Ordering::SeqCst) == 0);
        });
        team.work();
    }

    /// Splits `cells` into parts of `len` cells (the last may be shorter) and calls `body` with the number and the cells of each
    /// part.
    pub(super) fn for_chunks<T: Send>(
        &self,
        cells: &mut [T],
        len: usize,
        body: impl Fn(usize, &mut [T]) + Sync,
    ) {
        let all = cells.len();
        self.for_chunks_of_each(cells, (all, all), len, |_, task, part| body(task, part));
    }

    /// Splits the first `used` of every `step` cells into parts of `len` cells and processes them on all cores. `body` gets the
    /// number of the step, the number of the part within it, and the part. The last step may be shorter, but must have its `used`
    /// cells.
    pub(super) fn for_chunks_of_each<T: Send>(
        &self,
        cells: &mut [T],
        (step, used): (usize, usize),
        len: usize,
        body: impl Fn(usize, usize, &mut [T]) + Sync,
    ) {
        struct Start<T>(*mut T);
        // SAFETY: tasks get disjoint parts of a slice whose elements may be sent to other threads.
        unsafe impl<T: Send> Sync for Start<T> {}
        let (total, step, len) = (cells.len(), step.max(1), len.max(1));
        let (num_steps, per_step) = (total.div_ceil(step), used.div_ceil(len));
        assert!(used <= step && (num_steps == 0 || (num_steps - 1) * step + used <= total));
        let start = &Start(cells.as_mut_ptr());
        self.for_each(num_steps * per_step, |task| {
            let (outer, inner) = (task / per_step, task % per_step);
            let first = inner * len;
            // SAFETY: the part is inside the slice (checked above), which is borrowed until all tasks are done. Each task number
            // comes once.
            let part = unsafe {
                std::slice::from_raw_parts_mut({ start }.0.add(outer * step + first), len.min(used - first))
            };
            body(outer, inner, part);
        });
    }
}

impl Team {
    /// Does tasks of the open job until none is left.
    fn work(&self) {
        // SAFETY: called by the thread that wrote the job, or by a helper inside; while one is inside, the job isn't written.
        let Job { body, num_tasks } = unsafe { *self.job.get() };
        loop {
            let task = self.next.fetch_add(1, Ordering::Relaxed);
            if task >= num_tasks || self.cancel.is_cancelled() {
                return;
            }
            body(task);
        }
    }

    /// Looks for jobs until the run is over.
    fn help(&self) {
        let mut last = 0;
        while !self.is_over.load(Ordering::Acquire) {
            let door = self.door.load(Ordering::Acquire);
            if door.is_multiple_of(2) || door == last {
                wait(|| self.door.load(Ordering::Relaxed) != door || self.is_over.load(Ordering::Relaxed));
                continue;
            }
            last = door;
            self.num_inside.fetch_add(1, Ordering::SeqCst);
            let _leave = OnDrop(|| {
                self.num_inside.fetch_sub(1, Ordering::SeqCst);
            });
            // The door may have closed in the meantime. If it hasn't, it can't open for another job before this helper has left.
            if self.door.load(Ordering::SeqCst) == door {
                self.work();
            }
        }
    }
}

/// Waits until `is_so` is true. After a while it lets other threads run.
fn wait(is_so: impl Fn() -> bool) {
    /// Takes some ten microseconds.
    const SPINS: usize = 1 << 10;
    let mut spins = 0;
    while !is_so() {
        spins += 1;
        if spins < SPINS {
            std::hint::spin_loop();
        } else {
            std::thread::yield_now();
        }
    }
}

struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<R: Send>(num_threads: usize, work: impl FnOnce(&Cores<'_>) -> R + Send) -> R {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(num_threads).build().unwrap();
        pool.install(|| Cores::scope(Level::from_env().unwrap(), work))
    }

    #[test]
    fn each_task_is_done_once_however_many_help() {
        for num_threads in [1, 2, 3, 8] {
            with(num_threads, |cores| {
                for round in 0..2000 {
                    let counts: Vec<AtomicUsize> = (0..round % 23).map(|_| AtomicUsize::new(0)).collect();
                    cores.for_each(counts.len(), |task| {
                        counts[task].fetch_add(1, Ordering::Relaxed);
                    });
                    assert!(counts.iter().all(|c| c.load(Ordering::Relaxed) == 1), "{num_threads} {round}");
                }
            });
        }
    }

    #[test]
    fn chunks_cover_what_is_used_and_nothing_else() {
        with(3, |cores| {
            for (num_steps, step, used, len) in [(1, 10, 10, 3), (3, 10, 7, 3), (4, 5, 5, 9), (2, 4, 0, 2)] {
                let mut cells = vec![0; (num_steps - 1) * step + used];
                cores.for_chunks_of_each(&mut cells, (step, used), len, |outer, inner, part| {
                    for (at, cell) in part.iter_mut().enumerate() {
                        *cell += 1 + 100 * outer + inner * len + at;
                    }
                });
                for (at, cell) in cells.iter().enumerate() {
                    let within = at % step;
                    let expected = if within < used { 1 + 100 * (at / step) + within } else { 0 };
                    assert_eq!(*cell, expected);
                }
            }
        });
    }

    /// Closing the window, or a newer request, must not wait for a kernel that takes seconds.
    #[test]
    fn a_cancelled_kernel_leaves_its_remaining_tasks_out() {
        for num_threads in [1, 4] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(num_threads).build().unwrap();
            let (cancel, num_done) = (CancelToken::new(), AtomicUsize::new(0));
            pool.install(|| {
                Cores::scope_until(&cancel, Level::from_env().unwrap(), |cores| {
                    cores.for_each(100_000, |_| {
                        num_done.fetch_add(1, Ordering::Relaxed);
                        cancel.cancel();
                    });
                    cores.for_each(10, |_| panic!("a kernel after the one that was cancelled"));
                });
            });
            let num_done = num_done.load(Ordering::Relaxed);
            assert!((1..1000).contains(&num_done), "{num_done} tasks on {num_threads} threads");
        }
    }

    /// A bug in a kernel must show up as a panic, not as a program that hangs.
    #[test]
    fn a_task_that_panics_does_not_keep_the_others_waiting() {
        let run = |num_threads, bad: usize| {
            std::panic::catch_unwind(|| {
                with(num_threads, |cores| {
                    cores.for_each(50, |task| assert!(task != bad, "told"));
                    true
                })
            })
        };
        for bad in [0, 25, 49] {
            assert!(run(1, bad).is_err());
            assert!(run(4, bad).is_err());
        }
        assert!(run(4, 50).unwrap());
    }
}
