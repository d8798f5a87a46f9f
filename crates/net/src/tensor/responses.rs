//! What the channels of a layer answer in a part of their maps.

use std::ops::Range;

use super::{Activation, ChannelKind, ChannelStats, LayerStats};

/// What each channel answers in a rectangle of its map: its mean there above its mean over the whole map, in units of the layer. Negative
/// infinity for channels with NaN or infinities, which have no such number, and for all channels if the rectangle is outside the map.
pub fn responses_in(
    activation: &Activation,
    stats: &LayerStats,
    rows: &Range<usize>,
    columns: &Range<usize>,
) -> Vec<f64> {
    let shape = activation.shape();
    let (rows, columns) =
        (rows.start..rows.end.min(shape.height), columns.start..columns.end.min(shape.width));
    let num = (rows.len() * columns.len()) as f64;
    let answer = |(channel, of): (usize, &ChannelStats)| {
        if num == 0.0
            || channel >= shape.channels
            || matches!(of.kind, ChannelKind::Nan | ChannelKind::Infinite)
        {
            return f64::NEG_INFINITY;
        }
        let map = activation.channel(channel);
        let inside = rows.clone().flat_map(|row| &map[row * shape.width..][columns.clone()]);
        inside.map(|value| f64::from(*value)).sum::<f64>() / num - f64::from(of.mean)
    };
    stats.channels.iter().enumerate().map(answer).collect()
}
