//! Filters of a layer in an order people ask for, and which of them are left out.

use std::sync::Arc;

use super::{Activation, FilterKind, FilterStats, LayerStats, StandardMaps};

/// What filters are ordered by. All but the index and similarity run from the largest to the smallest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilterOrder {
    /// Their channel, as the weights have them.
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
    /// Alike maps stand together, from the filter with the largest mean on.
    Similarity,
}

impl FilterOrder {
    /// All of them, as they are listed to people.
    pub const ALL: [Self; 6] =
        [Self::Index, Self::Mean, Self::Max, Self::Variance, Self::Sparsity, Self::Similarity];

    /// One lower-case word.
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

    /// The one of that name, if there is one.
    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.name() == name)
    }

    /// The number of a filter that decides its place; none where no single number does.
    pub fn key(self, stats: &FilterStats) -> Option<f32> {
        match self {
            Self::Mean => Some(stats.mean),
            Self::Max => Some(stats.max),
            Self::Variance => Some(stats.variance),
            Self::Sparsity => Some(stats.zero_share),
            Self::Index | Self::Similarity => None,
        }
    }
}

impl std::str::FromStr for FilterOrder {
    type Err = UnknownOrder;

    fn from_str(text: &str) -> Result<Self, UnknownOrder> {
        Self::named(text).ok_or_else(|| UnknownOrder(text.to_owned()))
    }
}

/// Text that is no order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("order `{0}`: expected index, mean, max, variance, sparsity or similarity")]
pub struct UnknownOrder(pub String);

/// Which filters of a layer are shown, and in what order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Sifting {
    /// Their order.
    pub order: FilterOrder,
    /// Whether dead filters are left out.
    pub hides_dead: bool,
    /// How many of the first are kept; none keeps all.
    pub top: Option<usize>,
}

impl std::fmt::Display for Sifting {
    /// `mean hide-dead top:64`, each part only where it changes something but the order.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.order.name())?;
        if self.hides_dead {
            f.write_str(" hide-dead")?;
        }
        self.top.map_or(Ok(()), |top| write!(f, " top:{top}"))
    }
}

/// Text that is no order of filters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "order of channels `{0}`: expected index, mean, max, variance, sparsity or similarity, then hide-dead and top:N where wanted"
)]
pub struct UnknownSifting(pub String);

impl std::str::FromStr for Sifting {
    type Err = UnknownSifting;

    fn from_str(text: &str) -> Result<Self, UnknownSifting> {
        let unknown = || UnknownSifting(text.to_owned());
        let mut parts = text.split(' ');
        let order = parts.next().and_then(FilterOrder::named);
        let mut sifting = Self { order: order.ok_or_else(unknown)?, ..Self::default() };
        for part in parts {
            match part.strip_prefix("top:") {
                Some(top) => {
                    sifting.top = Some(top.parse().ok().filter(|top| *top > 0).ok_or_else(unknown)?);
                }
                None if part == "hide-dead" => sifting.hides_dead = true,
                None => return Err(unknown()),
            }
        }
        Ok(sifting)
    }
}

impl Sifting {
    /// Channels to show, by place; none where every channel stands at its own place. At least one is always kept: where all are
    /// dead, hiding the dead hides nothing. `go_on` is asked during long work; once it says no, `Err` is returned.
    pub fn channels(
        &self,
        activation: &Activation,
        stats: &LayerStats,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Option<Arc<[usize]>>, Interrupted> {
        if *self == Self::default() {
            return Ok(None);
        }
        let all = || 0..stats.filters.len();
        let mut channels: Vec<usize> =
            all().filter(|c| !self.hides_dead || stats.filters[*c].kind != FilterKind::Dead).collect();
        if channels.is_empty() {
            channels = all().collect();
        }
        match self.order {
            FilterOrder::Index => {}
            FilterOrder::Similarity => {
                sort_by(&mut channels, stats, FilterOrder::Mean);
                channels = StandardMaps::pooled(activation).walk(&channels, go_on).ok_or(Interrupted)?;
            }
            order => sort_by(&mut channels, stats, order),
        }
        channels.truncate(self.top.unwrap_or(usize::MAX).max(1));
        Ok(Some(channels.into()))
    }
}

/// Nobody waits for the answer any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted;

/// Largest first; equal ones by index.
fn sort_by(channels: &mut [usize], stats: &LayerStats, order: FilterOrder) {
    let key = |channel: usize| order.key(&stats.filters[channel]).unwrap_or(0.0);
    channels.sort_by(|a, b| key(*b).total_cmp(&key(*a)).then(a.cmp(b)));
}

/// A filter's place among all of its layer, from 1, by a number: one more than the filters with a larger one.
pub fn rank(stats: &LayerStats, channel: usize, order: FilterOrder) -> Option<usize> {
    let own = order.key(stats.filters.get(channel)?)?;
    Some(1 + stats.filters.iter().filter(|f| order.key(f).is_some_and(|key| key > own)).count())
}

/// The numbers that an order goes by, sorted from the largest to the smallest: how a layer's answers fall off.
pub fn profile(stats: &LayerStats, order: FilterOrder) -> Vec<f32> {
    // By place where no number decides it, the mean says most.
    let order = if order.key(&FilterStats::NOTHING).is_some() { order } else { FilterOrder::Mean };
    let mut keys: Vec<f32> = stats.filters.iter().filter_map(|f| order.key(f)).collect();
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

    fn order(sifting: Sifting) -> Option<Vec<usize>> {
        let (activation, stats) = layer();
        sifting.channels(&activation, &stats, &|| true).unwrap().map(|c| c.to_vec())
    }

    #[test]
    fn filters_are_ordered_by_each_number() {
        let by = |order_by| order(Sifting { order: order_by, ..Sifting::default() });
        assert_eq!(by(FilterOrder::Index), None, "nothing asked, nothing changed");
        assert_eq!(by(FilterOrder::Mean).unwrap(), [3, 2, 0, 1], "means 0.5, 0, 4.25, 4.5");
        assert_eq!(by(FilterOrder::Max).unwrap(), [3, 2, 0, 1]);
        assert_eq!(by(FilterOrder::Variance).unwrap(), [3, 0, 2, 1]);
        assert_eq!(by(FilterOrder::Sparsity).unwrap(), [1, 0, 3, 2], "equal ones by index");
        assert_eq!(by(FilterOrder::Similarity).unwrap(), [3, 2, 0, 1], "0, 2 and 3 rise alike");
    }

    #[test]
    fn dead_filters_and_all_but_the_first_are_left_out() {
        let sifting = Sifting { hides_dead: true, ..Sifting::default() };
        assert_eq!(order(sifting).unwrap(), [0, 2, 3]);
        let top = Sifting { order: FilterOrder::Max, hides_dead: true, top: Some(2) };
        assert_eq!(order(top).unwrap(), [3, 2]);
        assert_eq!(order(Sifting { top: Some(0), ..sifting }).unwrap(), [0], "one always stays");
        let dead = Activation::new("t", MapShape::new(2, 1, 1), vec![0.0, 0.0]).unwrap();
        let shown = sifting.channels(&dead, &LayerStats::of(&dead), &|| true).unwrap().unwrap();
        assert_eq!(*shown, [0, 1], "where all are dead, all are shown");
        let (activation, stats) = layer();
        let alike = Sifting { order: FilterOrder::Similarity, ..Sifting::default() };
        assert_eq!(alike.channels(&activation, &stats, &|| false), Err(Interrupted));
    }

    #[test]
    fn siftings_are_read_as_they_are_printed() {
        for order in FilterOrder::ALL {
            for (hides_dead, top) in [(false, None), (true, Some(64))] {
                let sifting = Sifting { order, hides_dead, top };
                assert_eq!(sifting.to_string().parse(), Ok(sifting));
            }
        }
        for bad in ["", "size", "mean top:0", "mean top:x", "mean dead"] {
            assert_eq!(bad.parse::<Sifting>(), Err(UnknownSifting(bad.to_owned())));
        }
    }

    #[test]
    fn ranks_and_profiles() {
        let (_, stats) = layer();
        let ranks: Vec<_> = (0..4).map(|c| rank(&stats, c, FilterOrder::Max).unwrap()).collect();
        assert_eq!(ranks, [3, 4, 2, 1]);
        assert_eq!(rank(&stats, 9, FilterOrder::Max), None);
        assert_eq!(profile(&stats, FilterOrder::Max), [9.0, 4.5, 1.0, 0.0]);
        assert_eq!(
            profile(&stats, FilterOrder::Index),
            [4.5, 4.25, 0.5, 0.0],
            "the mean where no number decides"
        );
    }
}
