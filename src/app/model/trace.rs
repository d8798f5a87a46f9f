//! What the channels of one layer answered over the frames of a data set seen so far.
//!
//! Owns the numbers and their bound. Must not know how they are drawn.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::app::model::dataset::OpenSource;
use crate::app::model::shown::Shown;
use crate::input::dataset::{Camera, Source};

/// The most bytes of numbers; beyond it, the frames farthest from the newest go.
const MAX_BYTES: usize = 64 << 20;

/// A channel's mean and maximum for each frame that was seen, of one data set, camera, network with its weights, and layer.
#[derive(Default)]
pub(crate) struct Trace {
    of: Option<TraceKey>,
    /// By frame: mean and maximum of each channel.
    frames: BTreeMap<usize, Arc<[(f32, f32)]>>,
}

/// What a trace belongs to. Another one begins where any of it changes, because its numbers can't be compared.
struct TraceKey {
    source: Arc<dyn Source>,
    camera: Option<Camera>,
    tag: &'static str,
    weights_sha256: String,
    layer: String,
    /// How samples become the network's input.
    input: String,
}

impl Trace {
    /// Takes the statistics of a frame that is shown now.
    pub(crate) fn take(&mut self, open: &OpenSource, shown: &Shown) {
        if !self.is_of(open, shown) {
            self.frames.clear();
            self.of = Some(TraceKey {
                source: Arc::clone(&open.source),
                camera: open.camera,
                tag: shown.spec().tag,
                weights_sha256: shown.run_by.backbone.origin().sha256().to_owned(),
                layer: shown.activation.name().to_owned(),
                input: input_of(shown),
            });
        }
        let numbers: Arc<[(f32, f32)]> = shown.stats.channels.iter().map(|s| (s.mean, s.max)).collect();
        let per_frame = size_of_val(&*numbers).max(1);
        self.frames.insert(open.index, numbers);
        while self.frames.len() * per_frame > MAX_BYTES {
            let (first, last) = (self.frames.first_key_value(), self.frames.last_key_value());
            let far = match (first, last) {
                (Some((first, _)), Some((last, _)))
                    if open.index.abs_diff(*first) >= open.index.abs_diff(*last) =>
                {
                    *first
                }
                (_, Some((last, _))) => *last,
                (_, None) => break,
            };
            self.frames.remove(&far);
        }
    }

    /// Whether the numbers are those of what is shown, so that its channels may be drawn from them.
    pub(crate) fn is_of(&self, open: &OpenSource, shown: &Shown) -> bool {
        self.of.as_ref().is_some_and(|of| {
            Arc::ptr_eq(&of.source, &open.source)
                && of.camera == open.camera
                && of.tag == shown.spec().tag
                && of.weights_sha256 == shown.run_by.backbone.origin().sha256()
                && of.layer == shown.activation.name()
                && of.input == input_of(shown)
        })
    }

    /// How many frames were seen.
    pub(crate) fn len(&self) -> usize {
        self.frames.len()
    }

    /// A channel over the frames seen so far, as (frame, value): its mean, or its maximum.
    pub(crate) fn of_channel(&self, channel: usize, is_max: bool) -> Vec<[f64; 2]> {
        let value = |(mean, max): &(f32, f32)| f64::from(if is_max { *max } else { *mean });
        self.frames
            .iter()
            .filter_map(|(frame, numbers)| Some([*frame as f64, value(numbers.get(channel)?)]))
            .collect()
    }
}

fn input_of(shown: &Shown) -> String {
    let input = &shown.view.preprocessed;
    format!("{} {}×{}", input.scale, input.batch.width(), input.batch.height())
}
