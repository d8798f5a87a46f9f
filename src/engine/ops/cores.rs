//! The processor as a run has it: its instructions, and threads that wait for work between one kernel and the next.
//!
//! A network is some hundred kernels of some ten microseconds. A thread that sleeps between two of them is woken too late to be of
//! use, so for as long as a run lasts the threads of rayon's pool look for the next kernel's tasks without sleeping. They join when
//! they can: a run whose helpers are busy elsewhere does everything itself.
#![expect(unsafe_code, reason = "tasks borrow from the thread that waits for them")]

use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::level::Level;

/// What kernels run on. Only the thread that has it hands out work, and a task can't: it isn't `Sync`.
#[derive(Debug)]
pub(in crate::engine) struct Cores<'a> {
    pub(super) level: Level,
    team: &'a Team,
    not_sync: PhantomData<*const ()>,
}

/// What helpers look at.
#[derive(Debug)]
struct Team {
    /// Odd while there is a job that can be joined; another number for each job.
    door: AtomicUsize,
    /// Helpers that have joined, or are looking whether they can.
    num_inside: AtomicUsize,
    /// The job's next task.
    next: AtomicUsize,
    job: UnsafeCell<Job>,
    is_over: AtomicBool,
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

// SAFETY: `job` is written by the one thread that has the `Cores`, while nobody is inside, and read by those inside; see `for_each`.
unsafe impl Sync for Team {}

impl Cores<'_> {
    /// Calls `work` on a thread of the pool that this thread is in (or of the global one), the others helping.
    pub(in crate::engine) fn scope<R: Send>(level: Level, work: impl FnOnce(&Cores<'_>) -> R + Send) -> R {
        let team = Team {
            door: AtomicUsize::new(0),
            num_inside: AtomicUsize::new(0),
            next: AtomicUsize::new(0),
            job: UnsafeCell::new(Job { body: &|_| {}, num_tasks: 0 }),
            is_over: AtomicBool::new(false),
            num_threads: rayon::current_num_threads(),
        };
        let team = &team;
        rayon::scope(|scope| {
            for _ in 1..team.num_threads {
                scope.spawn(|_| team.help());
            }
            // Helpers must go home also when `work` panics.
            let _over = OnDrop(|| team.is_over.store(true, Ordering::Release));
            work(&Cores { level, team, not_sync: PhantomData })
        })
    }

    pub(in crate::engine) fn level(&self) -> Level {
        self.level
    }

    /// Threads, this one included.
    pub(super) fn num_threads(&self) -> usize {
        self.team.num_threads
    }

    /// Calls `body` with 0 to `num_tasks − 1`, each once, on this thread and those that help; returns when all are done.
    pub(super) fn for_each(&self, num_tasks: usize, body: impl Fn(usize) + Sync) {
        let team = self.team;
        if num_tasks <= 1 || team.num_threads == 1 {
            (0..num_tasks).for_each(body);
            return;
        }
        let body: &(dyn Fn(usize) + Sync) = &body;
        // SAFETY: helpers use the reference inside only, and below this function waits until none is, however it ends.
        let body =
            unsafe { std::mem::transmute::<&(dyn Fn(usize) + Sync), &'static (dyn Fn(usize) + Sync)>(body) };
        // SAFETY: the job before is closed and nobody is inside; whoever looks in now sees a closed door and goes without reading.
        unsafe { *team.job.get() = Job { body, num_tasks } };
        team.next.store(0, Ordering::Relaxed);
        team.door.fetch_add(1, Ordering::SeqCst);
        let _close = OnDrop(|| {
            team.door.fetch_add(1, Ordering::SeqCst);
            wait(|| team.num_inside.load(Ordering::SeqCst) == 0);
        });
        team.work();
    }

    /// Calls `body` with each of the parts of `cells` that are `len` long (the last may be shorter), and its number.
    pub(super) fn for_chunks<T: Send>(
        &self,
        cells: &mut [T],
        len: usize,
        body: impl Fn(usize, &mut [T]) + Sync,
    ) {
        let all = cells.len();
        self.for_chunks_of_each(cells, (all, all), len, |_, task, part| body(task, part));
    }

    /// Does parts of the first `used` of every `step` cells on all cores; `body` gets the number of the step, and that of the part in it. Of the
    /// last step no more need be there than is used.
    pub(super) fn for_chunks_of_each<T: Send>(
        &self,
        cells: &mut [T],
        (step, used): (usize, usize),
        len: usize,
        body: impl Fn(usize, usize, &mut [T]) + Sync,
    ) {
        struct Start<T>(*mut T);
        // SAFETY: tasks get disjoint parts of a slice of what may be sent.
        unsafe impl<T: Send> Sync for Start<T> {}
        let (total, step, len) = (cells.len(), step.max(1), len.max(1));
        let (num_steps, per_step) = (total.div_ceil(step), used.div_ceil(len));
        assert!(used <= step && (num_steps == 0 || (num_steps - 1) * step + used <= total));
        let start = &Start(cells.as_mut_ptr());
        self.for_each(num_steps * per_step, |task| {
            let (outer, inner) = (task / per_step, task % per_step);
            let first = inner * len;
            // SAFETY: inside the slice (checked above), which is borrowed until all tasks are done; each number comes once.
            let part = unsafe {
                std::slice::from_raw_parts_mut({ start }.0.add(outer * step + first), len.min(used - first))
            };
            body(outer, inner, part);
        });
    }
}

impl Team {
    /// Does tasks of the open job until there are none.
    fn work(&self) {
        // SAFETY: called by the thread that wrote it, or from inside, where it isn't written.
        let Job { body, num_tasks } = unsafe { *self.job.get() };
        loop {
            let task = self.next.fetch_add(1, Ordering::Relaxed);
            if task >= num_tasks {
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
            // It may have closed meanwhile; if it hasn't, it can't open for another job before this one has left.
            if self.door.load(Ordering::SeqCst) == door {
                self.work();
            }
        }
    }
}

/// Until it is so. Gives way to other programs when it takes long.
fn wait(is_so: impl Fn() -> bool) {
    /// Some ten microseconds.
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

    /// A bug in a kernel must come out as one, not as a program that hangs.
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
