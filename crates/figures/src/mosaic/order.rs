//! Which channel is shown at which place of the mosaic. Sorted and omitted channels are both expressed as an order of channels.

use std::sync::Arc;

use super::MosaicError;

/// Maps the places of tiles to channels and back. Cloning shares both tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileOrder {
    num_channels: usize,
    /// `None` where every channel is at its own place.
    tables: Option<Tables>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Tables {
    channel_at: Arc<[usize]>,
    position_of: Arc<[Option<usize>]>,
}

impl TileOrder {
    /// An order of the channels of a layer with `num_channels`; without an `order`, every channel is at its own place. Channels may be
    /// left out, but none may occur twice.
    ///
    /// # Errors
    /// An empty order, or one that names a channel twice or one that doesn't exist.
    pub fn new(order: Option<Arc<[usize]>>, num_channels: usize) -> Result<Self, MosaicError> {
        let Some(channel_at) = order else { return Ok(Self { num_channels, tables: None }) };
        if channel_at.is_empty() {
            return Err(MosaicError::Empty { what: "the choice of channels".into() });
        }
        let mut position_of = vec![None; num_channels];
        for (position, &channel) in channel_at.iter().enumerate() {
            let place =
                position_of.get_mut(channel).ok_or(MosaicError::NoSuchChannel { channel, num_channels })?;
            if place.replace(position).is_some() {
                return Err(MosaicError::ChannelTwice { channel });
            }
        }
        Ok(Self { num_channels, tables: Some(Tables { channel_at, position_of: position_of.into() }) })
    }

    /// Number of channels that are shown.
    pub fn len(&self) -> usize {
        self.tables.as_ref().map_or(self.num_channels, |t| t.channel_at.len())
    }

    /// Whether no channel is shown.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The channel at a place.
    pub fn channel_at(&self, position: usize) -> Option<usize> {
        match &self.tables {
            Some(tables) => tables.channel_at.get(position).copied(),
            None => (position < self.num_channels).then_some(position),
        }
    }

    /// The place of a channel, if it is shown.
    pub fn position_of(&self, channel: usize) -> Option<usize> {
        match &self.tables {
            Some(tables) => tables.position_of.get(channel).copied().flatten(),
            None => (channel < self.num_channels).then_some(channel),
        }
    }

    /// The channels that are shown, in order of their places.
    pub fn channels(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.len()).filter_map(|position| self.channel_at(position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_channels_lead_to_each_other() {
        let natural = TileOrder::new(None, 3).unwrap();
        assert_eq!(natural.channels().collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!((natural.channel_at(3), natural.position_of(3)), (None, None));
        let chosen = TileOrder::new(Some([4, 0, 2].into()), 5).unwrap();
        assert_eq!(chosen.channels().collect::<Vec<_>>(), [4, 0, 2]);
        for position in 0..3 {
            assert_eq!(chosen.position_of(chosen.channel_at(position).unwrap()), Some(position));
        }
        assert_eq!((chosen.len(), chosen.position_of(1)), (3, None));
    }

    #[test]
    fn bad_orders_say_which_channel() {
        let message = |order: &[usize]| TileOrder::new(Some(order.into()), 5).unwrap_err().to_string();
        assert_eq!(message(&[0, 5]), "order of tiles: expected channels below 5, got 5");
        assert_eq!(message(&[3, 1, 3]), "order of tiles: channel 3 stands twice");
        assert_eq!(message(&[]), "nothing to show: the choice of channels is empty");
    }
}
