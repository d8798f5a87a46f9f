//! The second thread: looks into filters and finds closest ones while the first runs networks. Knows nothing of widgets.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::event::{Event, SideJob};
use super::pipeline::{Tell, filter_map};
use super::shown::{Inspected, Shown, histogram};
use crate::render::closest_filters;
use crate::tensor::{FilterOrder, StandardMaps, rank};

/// Nearest filters listed.
const NUM_NEAREST: usize = 6;
/// Closest filters of another view that are named.
const NUM_CLOSEST: usize = 5;

/// Does one job; a panic is a bug of ours and is told.
pub(super) fn handle(job: SideJob, tell: &Tell) {
    let done = catch_unwind(AssertUnwindSafe(|| match job {
        SideJob::Inspect(shown, channel) => {
            inspect(&shown, channel).map(|found| Event::Inspected(Box::new(found)))
        }
        SideJob::Match { from, channel, to, view, of } => {
            let found = closest_filters(
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
        Ok(Some(event)) => tell(event),
        Ok(None) => {}
        Err(_) => tell(Event::ErrandFailed(bug.to_owned())),
    }
}

fn inspect(shown: &Arc<Shown>, channel: usize) -> Option<Inspected> {
    let (activation, stats) = (&shown.activation, &shown.stats);
    stats.filters.get(channel)?;
    let map = |channel| filter_map(activation, stats, &shown.settings, channel).ok();
    let nearest =
        StandardMaps::of(activation).nearest_to(activation.channel(channel), NUM_NEAREST, Some(channel));
    Some(Inspected {
        of: Arc::downgrade(shown),
        channel,
        map: map(channel)?,
        bins: histogram(activation.channel(channel), stats.min, stats.max),
        ranks: (rank(stats, channel, FilterOrder::Mean)?, rank(stats, channel, FilterOrder::Max)?),
        nearest: nearest.into_iter().filter_map(|(c, r)| Some((c, r, map(c)?))).collect(),
    })
}
