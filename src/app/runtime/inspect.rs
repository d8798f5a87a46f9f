//! The second thread: details of channels, closest channels, thumbnails and other work that shouldn't wait for a network. Must not use
//! widgets.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::app::message::event::Event;
use crate::app::message::job::SideJob;
use crate::app::model::dataset::{LabelLines, ThumbKey, label_lines};
use crate::app::model::shown::{Inspected, Shown, histogram};
use crate::app::model::tiles as textures;
use crate::app::runtime::channel_map::channel_map;
use crate::app::runtime::keep::gone;
use crate::app::runtime::tell::Tell;
use crate::engine::{ComputeDevice, DeviceChoice};
use crate::formats::pixels_sha256;
use crate::render::closest_channels;
use crate::tensor::{OrderBy, StandardMaps, peaks, rank};

/// Longest side of a frame's thumbnail, in pixels.
const THUMB_SIDE: u32 = 96;

/// Number of most similar channels listed for a channel.
const NUM_NEAREST: usize = 6;

/// Number of a channel's strongest places that are numbered on the picture.
const NUM_PEAKS: usize = 5;

/// Number of closest channels listed in another view.
const NUM_CLOSEST: usize = 5;

/// Does one job. A panic is a bug in this program, and is reported as an event.
pub(crate) fn handle(job: SideJob, tell: &Tell) {
    let done = catch_unwind(AssertUnwindSafe(|| match job {
        SideJob::Inspect(shown, channel) => {
            inspect(&shown, channel).map(|found| Event::Inspected(Box::new(found)))
        }
        SideJob::Devices => {
            let found = [DeviceChoice::Cpu, DeviceChoice::Cuda(0), DeviceChoice::Metal]
                .map(|choice| (choice, ComputeDevice::open(choice).map(drop).map_err(|e| e.to_string())));
            Some(Event::Devices(found.into()))
        }
        SideJob::Here(store) => Some(Event::Here(store.tags_here())),
        SideJob::Check(shown, record) => {
            let rgb = &shown.picture.rgb;
            let hash = pixels_sha256(rgb.width(), rgb.height(), rgb.as_raw());
            Some(Event::Checked(hash == record.pixels_sha256, record.file_name))
        }
        SideJob::LookForWeights(paths) => Some(Event::GoneWeights(gone(paths))),
        SideJob::Thumb(key) => {
            let image = thumb(&key);
            Some(Event::Thumb(key, image))
        }
        SideJob::Labels(source) => {
            let lines = label_lines(&*source);
            Some(Event::Labels(LabelLines { source, lines }))
        }
        SideJob::Match { from, channel, to, view, of } => {
            let found = closest_channels(
                (&from.activation, &from.placement),
                channel,
                (&to.activation, &to.placement),
                NUM_CLOSEST,
            );
            Some(Event::Matched(view, of, found))
        }
    }));
    let bug = "an internal error, which is a bug of this program; details are on the terminal";
    match done {
        Ok(Some(event)) => tell.event(event),
        Ok(None) => {}
        Err(_) => tell.event(Event::JobFailed(bug.to_owned())),
    }
}

/// The thumbnail of a frame. The picture is decoded in full size; the thumbnail takes a few kilobytes.
fn thumb(key: &ThumbKey) -> Option<Arc<egui::ColorImage>> {
    let sample = key.source.sample(key.index)?;
    let picture = sample.view(key.camera)?.picture.load().ok()?;
    let (width, height) = picture.rgb.dimensions();
    let scaled = |n: u32| (n * THUMB_SIDE / width.max(height).max(1)).clamp(1, n.max(1));
    let small = image::imageops::thumbnail(&picture.rgb, scaled(width), scaled(height));
    Some(textures::from_rgb(&small))
}

fn inspect(shown: &Arc<Shown>, channel: usize) -> Option<Inspected> {
    let (activation, stats) = (&shown.activation, &shown.stats);
    stats.channels.get(channel)?;
    let shape = activation.shape();
    let map = |channel| channel_map(activation, stats, &shown.settings, channel).ok();
    let nearest =
        StandardMaps::of(activation).nearest_to(activation.channel(channel), NUM_NEAREST, Some(channel));
    Some(Inspected {
        of: Arc::downgrade(shown),
        channel,
        map: map(channel)?,
        bins: histogram(activation.channel(channel), stats.min, stats.max),
        ranks: (rank(stats, channel, OrderBy::Mean)?, rank(stats, channel, OrderBy::Max)?),
        peaks: peaks(activation.channel(channel), shape.height, shape.width, NUM_PEAKS),
        nearest: nearest.into_iter().filter_map(|(c, r)| Some((c, r, map(c)?))).collect(),
    })
}
