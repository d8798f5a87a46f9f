//! The processor time that a frame takes on the window's thread for logic and layout. Turning shapes into triangles and painting them
//! is done by eframe afterwards and not included; the benchmark `window` includes the triangles.

use std::collections::VecDeque;
use std::time::Duration;

use cpu_time::ThreadTime;

/// Number of frames that the statistics cover.
const NUM_FRAMES: usize = 300;

/// The times of the last frames.
#[derive(Default)]
pub(crate) struct FrameTimes {
    begun: Option<ThreadTime>,
    last: VecDeque<Duration>,
}

impl FrameTimes {
    pub(crate) fn begin(&mut self) {
        // On a system without such a clock no times are shown.
        self.begun = ThreadTime::try_now().ok();
    }

    pub(crate) fn end(&mut self) {
        if let Some(took) = self.begun.take().and_then(|begun| begun.try_elapsed().ok()) {
            self.last.push_back(took);
            if self.last.len() > NUM_FRAMES {
                self.last.pop_front();
            }
        }
    }

    pub(crate) fn words(&self) -> String {
        let mut sorted: Vec<Duration> = self.last.iter().copied().collect();
        sorted.sort_unstable();
        let at =
            |share: f64| sorted.get(((sorted.len() as f64 * share) as usize).min(sorted.len().max(1) - 1));
        let ms = |time: Option<&Duration>| time.map_or(0.0, |t| t.as_secs_f64() * 1e3);
        format!(
            "frame: {:.1} ms of the thread for logic and layout\nof {} frames: median {:.1}, 99 % within {:.1} ms",
            ms(self.last.back()),
            sorted.len(),
            ms(at(0.5)),
            ms(at(0.99)),
        )
    }
}
