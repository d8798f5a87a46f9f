//! Raw RGB frames from a pipe, as `ffmpeg -f rawvideo -pix_fmt rgb24 -` writes them. Only the newest frame is kept; a frame that is
//! not taken before the next one arrives is dropped, so that what is shown is never old.

use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

use image::RgbImage;

use crate::input::preprocess::MAX_INPUT_SIDE;
use crate::tensor::PixelSize;

/// One frame of a stream.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The frame's number, from 1.
    pub number: u64,
    /// Its pixels.
    pub rgb: Arc<RgbImage>,
}

/// How a stream ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedEnd {
    /// After this many whole frames.
    Whole(u64),
    /// In the middle of a frame: the frames probably have another size.
    Cut {
        /// How many whole frames came before.
        num_frames: u64,
        /// How many bytes of the last frame were read.
        got: usize,
        /// How many bytes a frame should have.
        expected: usize,
    },
    /// Reading failed, with this error of the system.
    Unreadable(String),
}

impl std::fmt::Display for FeedEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(0) => write!(f, "the stream ended without a frame"),
            Self::Whole(n) => write!(f, "the stream ended after {n} frames"),
            Self::Cut { num_frames, got, expected } => write!(
                f,
                "the stream ended inside frame {}: expected {expected} bytes, got {got}; is the size right, and the format rgb24?",
                num_frames + 1
            ),
            Self::Unreadable(reason) => write!(f, "the stream can't be read ({reason})"),
        }
    }
}

/// The newest frame of a stream, which a thread reads.
#[derive(Debug)]
pub struct Feed {
    size: PixelSize,
    newest: Mutex<Option<Frame>>,
}

impl Feed {
    /// Reads frames of one size on a thread of its own until the stream ends. `tell` is called with `None` after each frame, and at
    /// last with how the stream ended. Nobody waits for the thread to end, because a read can block for ever.
    ///
    /// # Errors
    /// No thread could be started, or a network's input can't have this size.
    pub fn start(
        size: PixelSize,
        mut from: impl Read + Send + 'static,
        tell: impl Fn(Option<FeedEnd>) + Send + 'static,
    ) -> std::io::Result<Arc<Self>> {
        let fits = |side: usize| (1..=MAX_INPUT_SIDE).contains(&side);
        if !fits(size.width) || !fits(size.height) {
            let text = format!("frames of {size}: each side must be from 1 to {MAX_INPUT_SIDE} pixels");
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, text));
        }
        let feed = Arc::new(Self { size, newest: Mutex::new(None) });
        let theirs = Arc::clone(&feed);
        std::thread::Builder::new().name("frames".into()).spawn(move || {
            let end = theirs.read_all(&mut from, &|| tell(None));
            tell(Some(end));
        })?;
        Ok(feed)
    }

    fn read_all(&self, from: &mut impl Read, told: &dyn Fn()) -> FeedEnd {
        let expected = self.size.width * self.size.height * 3;
        let mut number = 0;
        loop {
            let mut bytes = vec![0; expected];
            let mut got = 0;
            while got < expected {
                match from.read(&mut bytes[got..]) {
                    Ok(0) if got == 0 => return FeedEnd::Whole(number),
                    Ok(0) => return FeedEnd::Cut { num_frames: number, got, expected },
                    Ok(n) => got += n,
                    Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(e) => return FeedEnd::Unreadable(e.to_string()),
                }
            }
            let Some(rgb) = RgbImage::from_raw(self.size.width as u32, self.size.height as u32, bytes) else {
                return FeedEnd::Cut { num_frames: number, got, expected };
            };
            number += 1;
            *self.newest.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(Frame { number, rgb: Arc::new(rgb) });
            told();
        }
    }

    /// The size of each frame, columns × rows.
    pub fn size(&self) -> PixelSize {
        self.size
    }

    /// The newest frame; `None` before the first.
    pub fn newest(&self) -> Option<Frame> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    /// A pipe that gives only a few bytes at a time.
    struct Trickle(std::io::Cursor<Vec<u8>>);

    impl Read for Trickle {
        fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
            let few = to.len().min(5);
            self.0.read(&mut to[..few])
        }
    }

    fn end_of(bytes: Vec<u8>) -> (FeedEnd, Arc<Feed>, usize) {
        let (told, events) = channel();
        let from = Trickle(std::io::Cursor::new(bytes));
        let feed = Feed::start(PixelSize::new(2, 3), from, move |end| told.send(end).unwrap()).unwrap();
        let events: Vec<_> = events.iter().collect();
        (events.last().unwrap().clone().unwrap(), feed, events.len() - 1)
    }

    #[test]
    fn frames_are_counted_and_the_newest_is_there() {
        let (end, feed, num_told) = end_of((0..36).collect());
        assert_eq!((end.to_string().as_str(), num_told), ("the stream ended after 2 frames", 2));
        let newest = feed.newest().unwrap();
        assert_eq!((newest.number, newest.rgb.get_pixel(1, 2).0), (2, [33, 34, 35]));
    }

    #[test]
    fn a_cut_frame_an_empty_stream_and_a_bad_size_are_told() {
        let (end, feed, _) = end_of(vec![0; 20]);
        assert_eq!(
            end.to_string(),
            "the stream ended inside frame 2: expected 18 bytes, got 2; is the size right, and the format rgb24?"
        );
        assert_eq!(feed.newest().unwrap().number, 1);
        assert_eq!(end_of(Vec::new()).0.to_string(), "the stream ended without a frame");
        let refused = Feed::start(PixelSize::new(0, 3), std::io::empty(), |_| {}).unwrap_err();
        assert_eq!(refused.to_string(), "frames of 0x3: each side must be from 1 to 4096 pixels");
    }
}
