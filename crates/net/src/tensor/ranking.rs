//! Which channels of a layer are shown, and in what order.

use std::ops::Range;
use std::sync::Arc;

use super::{
    Activation, ChannelKind, ChannelStats, LayerStats, Remedied, Remedy, StandardMaps, responses_in,
};

/// Steps of a [`PictureBox`]'s edges along the picture's width and height.
const STEPS: f64 = 1000.0;

/// A part of a picture, with edges in thousandths of its width and height.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct PictureBox {
    left: u16,
    top: u16,
    right: u16,
    bottom: u16,
}

impl PictureBox {
    /// A box with these edges (left, top, right, bottom) as shares of the picture's width and height, rounded to thousandths; `None`
    /// unless they are within the picture and the box has an area.
    #[must_use]
    pub fn new(edges: [f64; 4]) -> Option<Self> {
        if edges.iter().any(|edge| !(0.0..=1.0).contains(edge)) {
            return None;
        }
        let [left, top, right, bottom] = edges.map(|edge| (edge * STEPS).round() as u16);
        (left < right && top < bottom).then_some(Self { left, top, right, bottom })
    }

    /// Left, upper, right and lower edge, as shares of the picture's width and height.
    #[must_use]
    pub fn edges(&self) -> [f64; 4] {
        [self.left, self.top, self.right, self.bottom].map(|edge| f64::from(edge) / STEPS)
    }
}

impl std::fmt::Display for PictureBox {
    /// Writes it as `0.31,0.2,0.5,0.6`: left, top, right, bottom.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [left, top, right, bottom] = self.edges();
        write!(f, "{left},{top},{right},{bottom}")
    }
}

/// The rows and columns of a layer's maps that stand for a part of the picture; `None` where the network saw nothing of that part.
pub type CellsIn<'a> = &'a dyn Fn(PictureBox) -> Option<(Range<usize>, Range<usize>)>;

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
    /// Mean value in a part of the picture, above the channel's mean: what answers to the thing there.
    Box(PictureBox),
}

impl OrderBy {
    /// All orders that need nothing but the layer, as they are listed to users.
    pub const ALL: [Self; 6] =
        [Self::Index, Self::Mean, Self::Max, Self::Variance, Self::Sparsity, Self::Similarity];

    /// The name: one lower-case word. For a box, text without its edges.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Mean => "mean",
            Self::Max => "max",
            Self::Variance => "variance",
            Self::Sparsity => "sparsity",
            Self::Similarity => "similarity",
            Self::Box(_) => "box",
        }
    }

    /// The order that a text means, as [`Display`](std::fmt::Display) writes it.
    fn named(text: &str) -> Option<Self> {
        let Some(edges) = text.strip_prefix("box:") else {
            return Self::ALL.into_iter().find(|order| order.name() == text);
        };
        let edges: Vec<f64> = edges.split(',').map(|edge| edge.parse().ok()).collect::<Option<_>>()?;
        PictureBox::new(edges.try_into().ok()?).map(Self::Box)
    }

    /// This order, or the mean in place of one that doesn't sort by a single value of a channel.
    #[must_use]
    pub const fn statistic(self) -> Self {
        match self {
            Self::Index | Self::Similarity | Self::Box(_) => Self::Mean,
            order => order,
        }
    }

    /// The value that a channel is sorted by; `None` for an order that doesn't sort by a single value.
    pub fn key(self, stats: &ChannelStats) -> Option<f32> {
        match self {
            Self::Mean => Some(stats.mean),
            Self::Max => Some(stats.max),
            Self::Variance => Some(stats.variance),
            Self::Sparsity => Some(stats.zero_share),
            Self::Index | Self::Similarity | Self::Box(_) => None,
        }
    }
}

impl std::fmt::Display for OrderBy {
    /// Writes its name, and a box with its edges: `box:0.31,0.2,0.5,0.6`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Box(part) => write!(f, "{}:{part}", self.name()),
            order => f.write_str(order.name()),
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
#[error(
    "order `{0}`: expected index, mean, max, variance, sparsity, similarity, or box:LEFT,TOP,RIGHT,BOTTOM with edges from 0 to 1"
)]
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
        self.order.fmt(f)?;
        if self.hides_dead {
            f.write_str(" hide-dead")?;
        }
        self.top.map_or(Ok(()), |top| write!(f, " top:{top}"))
    }
}

/// Text that is no selection of channels.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "order of channels `{0}`: expected index, mean, max, variance, sparsity, similarity or box:LEFT,TOP,RIGHT,BOTTOM, then hide-dead and top:N where wanted"
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
    /// The selection without what was chosen for one picture: an order by a box becomes that by index.
    #[must_use]
    pub fn for_any_picture(self) -> Self {
        let order = if matches!(self.order, OrderBy::Box(_)) { OrderBy::Index } else { self.order };
        Self { order, ..self }
    }

    /// The channels to show, in order of their places; `None` where all channels are shown in their own order. At least one channel is
    /// kept: where all are dead, none is hidden. `cells_in` says which part of the maps a box on the picture is. `go_on` is called during
    /// long work; as soon as it returns false, the result is an error.
    ///
    /// # Errors
    /// If `go_on` returned false, and for an order by a box of which the network saw nothing.
    pub fn channels(
        &self,
        activation: &Activation,
        stats: &LayerStats,
        cells_in: CellsIn<'_>,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Option<Arc<[usize]>>, SelectionError> {
        // A single map, of a class or of a layer with one channel, has no order.
        if *self == Self::default() || stats.channels.len() == 1 {
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
                channels = StandardMaps::pooled(activation)
                    .walk(&channels, go_on)
                    .ok_or(SelectionError::Interrupted)?;
            }
            OrderBy::Box(part) => {
                let (rows, columns) = cells_in(part).ok_or(SelectionError::NotSeen(part))?;
                let answers = responses_in(activation, stats, &rows, &columns);
                channels.sort_by(|a, b| answers[*b].total_cmp(&answers[*a]).then(a.cmp(b)));
            }
            order => sort_by(&mut channels, stats, order),
        }
        channels.truncate(self.top.unwrap_or(usize::MAX).max(1));
        Ok(Some(channels.into()))
    }
}

/// Why there is no order of the channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// The work was stopped because its result is no longer needed.
    #[error("stopped")]
    Interrupted,
    /// The box lies in what was cut off the picture.
    #[error(
        "the network saw nothing of the box {0} (left, top, right, bottom), because its preprocessing cuts that part of the picture off"
    )]
    NotSeen(PictureBox),
}

impl Remedied for SelectionError {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Interrupted => None,
            Self::NotSeen(_) => Some(Remedy::MoveBox),
        }
    }
}

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
    let mut keys: Vec<f32> = stats.channels.iter().filter_map(|f| order.statistic().key(f)).collect();
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

    /// The left value of each map stands for the left half of the picture; what is below its middle was cut off.
    fn cells(part: PictureBox) -> Option<(Range<usize>, Range<usize>)> {
        let [left, top, right, _] = part.edges();
        (top < 0.5).then_some((0..1, usize::from(left >= 0.5)..if right > 0.5 { 2 } else { 1 }))
    }

    fn order(selection: ChannelSelection) -> Option<Vec<usize>> {
        let (activation, stats) = layer();
        selection.channels(&activation, &stats, &cells, &|| true).unwrap().map(|c| c.to_vec())
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
        let shown = selection.channels(&dead, &LayerStats::of(&dead), &cells, &|| true).unwrap().unwrap();
        assert_eq!(*shown, [0, 1], "where all are dead, all are shown");
        let (activation, stats) = layer();
        let alike = ChannelSelection { order: OrderBy::Similarity, ..ChannelSelection::default() };
        assert_eq!(alike.channels(&activation, &stats, &cells, &|| false), Err(SelectionError::Interrupted));
    }

    #[test]
    fn channels_are_ordered_by_what_they_answer_in_a_box() {
        let boxed = |edges| OrderBy::Box(PictureBox::new(edges).unwrap());
        let by = |order| ChannelSelection { order, ..ChannelSelection::default() };
        // Above their means 0.5, 0, 4.25 and 4.5 on the left: −0.5, 0, −0.25, −4.5; on the right the opposite.
        assert_eq!(order(by(boxed([0.0, 0.0, 0.4, 0.4]))).unwrap(), [1, 2, 0, 3]);
        assert_eq!(order(by(boxed([0.6, 0.0, 0.9, 0.4]))).unwrap(), [3, 0, 2, 1]);
        let (activation, stats) = layer();
        let below = by(boxed([0.0, 0.6, 0.4, 0.9]));
        let error = below.channels(&activation, &stats, &cells, &|| true).unwrap_err();
        assert!(error.to_string().starts_with("the network saw nothing of the box 0,0.6,0.4,0.9"), "{error}");
        let one = Activation::new("t", MapShape::new(1, 1, 2), vec![0.0, 1.0]).unwrap();
        assert_eq!(below.channels(&one, &LayerStats::of(&one), &cells, &|| true), Ok(None));
        for bad in
            [[0.5, 0.0, 0.5, 1.0], [0.0, 0.0, 1.1, 1.0], [f64::NAN, 0.0, 1.0, 1.0], [0.9, 0.0, 0.1, 1.0]]
        {
            assert_eq!(PictureBox::new(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn selections_are_read_as_they_are_printed() {
        let boxed = OrderBy::Box(PictureBox::new([0.31, 0.0, 0.5, 1.0]).unwrap());
        assert_eq!(boxed.to_string(), "box:0.31,0,0.5,1");
        for order in OrderBy::ALL.into_iter().chain([boxed]) {
            for (hides_dead, top) in [(false, None), (true, Some(64))] {
                let selection = ChannelSelection { order, hides_dead, top };
                assert_eq!(selection.to_string().parse(), Ok(selection));
            }
        }
        for bad in ["", "size", "mean top:0", "mean top:x", "mean dead", "box", "box:0,0,1", "box:0,0,0,1"] {
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
