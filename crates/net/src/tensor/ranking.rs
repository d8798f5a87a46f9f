//! Which channels of a layer are shown, and in what order.

use std::sync::Arc;

use super::{Activation, ChannelKind, ChannelStats, LayerStats, StandardMaps};

/// The quantity that channels are ordered by. All but index and similarity run from the largest value to the smallest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderBy {
    /// The channel's index in the layer, ascending.
    #[default]
    Index,
    /// Mean value.
    Mean,
    /// Largest value.
    Max,
    /// Variance over the map.
    Variance,
    /// Share of zeros.
    Sparsity,
    /// Similar maps next to each other, beginning with the channel of the largest mean.
    Similarity,
}

impl OrderBy {
    /// All orders, as they are listed to users.
    pub const ALL: [Self; 6] =
        [Self::Index, Self::Mean, Self::Max, Self::Variance, Self::Sparsity, Self::Similarity];

    /// The name to type: one lower-case word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Mean => "mean",
            Self::Max => "max",
            Self::Variance => "variance",
            Self::Sparsity => "sparsity",
            Self::Similarity => "similarity",
        }
    }

    /// The order of that name, if there is one.
    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.name() == name)
    }

    /// The value that a channel is sorted by; `None` for an order that doesn't sort by a single value.
    pub fn key(self, stats: &ChannelStats) -> Option<f32> {
        match self {
            Self::Mean => Some(stats.mean),
            Self::Max => Some(stats.max),
            Self::Variance => Some(stats.variance),
            Self::Sparsity => Some(stats.zero_share),
            Self::Index | Self::Similarity => None,
        }
    }
}

impl std::str::FromStr for OrderBy {
    type Err = UnknownOrder;

    fn from_str(text: &str) -> Result<Self, UnknownOrder> {
        Self::named(text).ok_or_else(|| UnknownOrder(text.to_owned()))
    }
}

/// Text that names no order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("order `{0}`: expected index, mean, max, variance, sparsity or similarity")]
pub struct UnknownOrder(pub String);

/// Which channels of a layer are shown, and in what order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct ChannelSelection {
    /// Their order.
    pub order: OrderBy,
    /// Whether dead channels are left out.
    pub hides_dead: bool,
    /// How many channels to keep from the beginning; `None` keeps all.
    pub top: Option<usize>,
}

impl std::fmt::Display for ChannelSelection {
    /// Writes it as `mean hide-dead top:64`: the order always, the other two parts only where they are set.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.order.name())?;
        if self.hides_dead {
            f.write_str(" hide-dead")?;
        }
        self.top.map_or(Ok(()), |top| write!(f, " top:{top}"))
    }
}

/// Text that is no selection of channels.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "order of channels `{0}`: expected index, mean, max, variance, sparsity or similarity, then hide-dead and top:N where wanted"
)]
pub struct UnknownSelection(pub String);

impl std::str::FromStr for ChannelSelection {
    type Err = UnknownSelection;

    fn from_str(text: &str) -> Result<Self, UnknownSelection> {
        let unknown = || UnknownSelection(text.to_owned());
        let mut parts = text.split(' ');
        let order = parts.next().and_then(OrderBy::named);
        let mut selection = Self { order: order.ok_or_else(unknown)?, ..Self::default() };
        for part in parts {
            match part.strip_prefix("top:") {
                Some(top) => {
                    selection.top = Some(top.parse().ok().filter(|top| *top > 0).ok_or_else(unknown)?);
                }
                None if part == "hide-dead" => selection.hides_dead = true,
                None => return Err(unknown()),
            }
        }
        Ok(selection)
    }
}

impl ChannelSelection {
    /// The channels to show, in order of their places; `None` where all channels are shown in their own order. At least one channel is
    /// kept: where all are dead, none is hidden. `go_on` is called during long work; as soon as it returns false, the result is an error.
    pub fn channels(
        &self,
        activation: &Activation,
        stats: &LayerStats,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Option<Arc<[usize]>>, Interrupted> {
        if *self == Self::default() {
            return Ok(None);
        }
        let all = || 0..stats.channels.len();
        let mut channels: Vec<usize> =
            all().filter(|c| !self.hides_dead || stats.channels[*c].kind != ChannelKind::Dead).collect();
        if channels.is_empty() {
            channels = all().collect();
        }
        match self.order {
            OrderBy::Index => {}
            OrderBy::Similarity => {
                sort_by(&mut channels, stats, OrderBy::Mean);
                channels = StandardMaps::pooled(activation).walk(&channels, go_on).ok_or(Interrupted)?;
            }
            order => sort_by(&mut channels, stats, order),
        }
        channels.truncate(self.top.unwrap_or(usize::MAX).max(1));
        Ok(Some(channels.into()))
    }
}

/// The work was stopped because its result is no longer needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted;

/// Sorts channels by the value of an order, largest first, equal ones by index.
fn sort_by(channels: &mut [usize], stats: &LayerStats, order: OrderBy) {
    let key = |channel: usize| order.key(&stats.channels[channel]).unwrap_or(0.0);
    channels.sort_by(|a, b| key(*b).total_cmp(&key(*a)).then(a.cmp(b)));
}

/// A channel's rank among all channels of its layer, counted from 1: one more than the number of channels with a larger value.
pub fn rank(stats: &LayerStats, channel: usize, order: OrderBy) -> Option<usize> {
    let own = order.key(stats.channels.get(channel)?)?;
    Some(1 + stats.channels.iter().filter(|f| order.key(f).is_some_and(|key| key > own)).count())
}

/// The values that an order sorts by, from the largest to the smallest: how quickly a layer's responses fall off. For an order that
/// doesn't sort by a single value, the means.
pub fn profile(stats: &LayerStats, order: OrderBy) -> Vec<f32> {
    // Index and similarity have no value to sort by; the mean is the most useful one instead.
    let order = if order.key(&ChannelStats::NOTHING).is_some() { order } else { OrderBy::Mean };
    let mut keys: Vec<f32> = stats.channels.iter().filter_map(|f| order.key(f)).collect();
    keys.sort_by(|a, b| b.total_cmp(a));
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::MapShape;

    fn layer() -> (Activation, LayerStats) {
        let values = vec![0.0, 1.0, 0.0, 0.0, 4.0, 4.5, 0.0, 9.0];
        let activation = Activation::new("t", MapShape::new(4, 1, 2), values).unwrap();
        let stats = LayerStats::of(&activation);
        (activation, stats)
    }

    fn order(selection: ChannelSelection) -> Option<Vec<usize>> {
        let (activation, stats) = layer();
        selection.channels(&activation, &stats, &|| true).unwrap().map(|c| c.to_vec())
    }

    #[test]
    fn channels_are_ordered_by_each_number() {
        let by = |order_by| order(ChannelSelection { order: order_by, ..ChannelSelection::default() });
        assert_eq!(by(OrderBy::Index), None, "nothing asked, nothing changed");
        assert_eq!(by(OrderBy::Mean).unwrap(), [3, 2, 0, 1], "means 0.5, 0, 4.25, 4.5");
        assert_eq!(by(OrderBy::Max).unwrap(), [3, 2, 0, 1]);
        assert_eq!(by(OrderBy::Variance).unwrap(), [3, 0, 2, 1]);
        assert_eq!(by(OrderBy::Sparsity).unwrap(), [1, 0, 3, 2], "equal ones by index");
        assert_eq!(by(OrderBy::Similarity).unwrap(), [3, 2, 0, 1], "0, 2 and 3 rise alike");
    }

    #[test]
    fn dead_channels_and_all_but_the_first_are_left_out() {
        let selection = ChannelSelection { hides_dead: true, ..ChannelSelection::default() };
        assert_eq!(order(selection).unwrap(), [0, 2, 3]);
        let top = ChannelSelection { order: OrderBy::Max, hides_dead: true, top: Some(2) };
        assert_eq!(order(top).unwrap(), [3, 2]);
        assert_eq!(order(ChannelSelection { top: Some(0), ..selection }).unwrap(), [0], "one always stays");
        let dead = Activation::new("t", MapShape::new(2, 1, 1), vec![0.0, 0.0]).unwrap();
        let shown = selection.channels(&dead, &LayerStats::of(&dead), &|| true).unwrap().unwrap();
        assert_eq!(*shown, [0, 1], "where all are dead, all are shown");
        let (activation, stats) = layer();
        let alike = ChannelSelection { order: OrderBy::Similarity, ..ChannelSelection::default() };
        assert_eq!(alike.channels(&activation, &stats, &|| false), Err(Interrupted));
    }

    #[test]
    fn selections_are_read_as_they_are_printed() {
        for order in OrderBy::ALL {
            for (hides_dead, top) in [(false, None), (true, Some(64))] {
                let selection = ChannelSelection { order, hides_dead, top };
                assert_eq!(selection.to_string().parse(), Ok(selection));
            }
        }
        for bad in ["", "size", "mean top:0", "mean top:x", "mean dead"] {
            assert_eq!(bad.parse::<ChannelSelection>(), Err(UnknownSelection(bad.to_owned())));
        }
    }

    #[test]
    fn ranks_and_profiles() {
        let (_, stats) = layer();
        let ranks: Vec<_> = (0..4).map(|c| rank(&stats, c, OrderBy::Max).unwrap()).collect();
        assert_eq!(ranks, [3, 4, 2, 1]);
        assert_eq!(rank(&stats, 9, OrderBy::Max), None);
        assert_eq!(profile(&stats, OrderBy::Max), [9.0, 4.5, 1.0, 0.0]);
        assert_eq!(
            profile(&stats, OrderBy::Index),
            [4.5, 4.25, 0.5, 0.0],
            "the mean where no number decides"
        );
    }
}
