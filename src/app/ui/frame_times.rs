//! What a frame costs the window's thread: its own processor time for logic and layout. Turning shapes into triangles and painting
//! them are eframe's, after the app has done its part; the bench `window` measures the first of them too.

use std::collections::VecDeque;
use std::time::Duration;

use cpu_time::ThreadTime;

/// Frames that are looked back at.
const NUM_FRAMES: usize = 300;

/// Times of the last frames.
#[derive(Default)]
pub(crate) struct FrameTimes {
    begun: Option<ThreadTime>,
    last: VecDeque<Duration>,
}

impl FrameTimes {
    pub(crate) fn begin(&mut self) {
        // A system without such a clock has no times to show.
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
