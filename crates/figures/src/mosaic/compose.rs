//! Paints a layer as one picture, from its layout, ranges and colours.

use rayon::prelude::*;

use super::{
    ColourMap, DeadLook, Geometry, MosaicError, MosaicLayout, MosaicSettings, MosaicSpot, Paper, Pixels,
    RangeUsed, SpecialLook, TileOrder,
    ranges::{Ranges, Span},
};
use crate::tensor::{Activation, ChannelKind, KindCounts, LayerStats, MapShape};

/// A layer as pixels, with all the information needed to interpret them.
#[derive(Clone, Debug, PartialEq)]
pub struct Mosaic {
    /// The picture, opaque.
    pub pixels: Pixels,
    /// Where each value is found in the picture.
    pub geometry: Geometry,
    /// Which channel is shown at which place.
    pub order: TileOrder,
    /// The layer's name.
    pub layer: String,
    /// The layer's extent, including channels that are not shown.
    pub shape: MapShape,
    /// The settings the mosaic was made with.
    pub settings: MosaicSettings,
    /// The colour map that was used.
    pub colour_map: ColourMap,
    /// The ranges of values that the colours span.
    pub range: RangeUsed,
    /// Number of the layer's channels of each kind.
    pub counts: KindCounts,
    /// Looks outside the colour map that occur in the picture, in the order of [`SpecialLook`].
    pub looks: Vec<SpecialLook>,
}

/// What the colours of a mosaic mean, for a colour bar and a legend.
#[derive(Clone, Debug, PartialEq)]
pub struct MosaicScale {
    /// The colour map.
    pub colour_map: ColourMap,
    /// The ranges of values that the colours span.
    pub range: RangeUsed,
    /// Looks outside the colour map that occur in the mosaic.
    pub looks: Vec<SpecialLook>,
    /// Whether dead tiles are hatched.
    pub dead: DeadLook,
    /// The background.
    pub paper: Paper,
}

/// The value that a pixel shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MosaicValue {
    /// The channel's index in the layer.
    pub channel: usize,
    /// The channel's place in the mosaic.
    pub position: usize,
    /// Row of its map.
    pub row: usize,
    /// Column of its map.
    pub column: usize,
}

impl Mosaic {
    /// What its colours mean.
    pub fn scale(&self) -> MosaicScale {
        MosaicScale {
            colour_map: self.colour_map,
            range: self.range,
            looks: self.looks.clone(),
            dead: self.settings.dead,
            paper: self.settings.paper,
        }
    }

    /// The value that the pixel at (x, y) shows; `None` in a gap, on a blank place and outside the picture.
    pub fn value_at(&self, x: u32, y: u32) -> Option<MosaicValue> {
        self.value_of(self.geometry.spot_at(x, y)?)
    }

    /// The value that the pixel at (x, y) shows, or beside which it is: a gap belongs to the tile before it.
    pub fn value_near(&self, x: u32, y: u32) -> Option<MosaicValue> {
        self.value_of(self.geometry.spot_near(x, y)?)
    }

    fn value_of(&self, spot: MosaicSpot) -> Option<MosaicValue> {
        match spot {
            MosaicSpot::Value { position, row, column } => {
                Some(MosaicValue { channel: self.order.channel_at(position)?, position, row, column })
            }
            MosaicSpot::Blank | MosaicSpot::Gap => None,
        }
    }
}

/// Pictures of at least this size are painted by several threads. A smaller one takes about a millisecond, which may be less than
/// waking the threads takes.
const PARALLEL_BYTES: usize = 4 << 20;

/// Paints a layer. `stats` must be [`LayerStats::of`] this activation.
///
/// A value `v` in a range `low..high` gets step `⌊(v − low) · n / (high − low) + ½⌋` of a colour map of `n + 1` steps, computed in f64
/// and clamped at both ends. The tile of a dead channel looks dead whatever the normalisation. A constant channel has its special look
/// only where each channel has its own range; in a shared range, its value has a colour. Each NaN and each infinity has its own
/// colour. The locations layout has no tiles of channels: there, the looks for dead and constant appear only where each channel or
/// each location has its own range.
///
/// # Errors
/// Statistics of another number of channels, an order or grid that doesn't fit the layer, an empty layer, a scale of 0 or a picture
/// over the size limit.
pub fn compose(
    activation: &Activation,
    stats: &LayerStats,
    settings: &MosaicSettings,
) -> Result<Mosaic, MosaicError> {
    let shape = activation.shape();
    if stats.channels.len() != shape.channels {
        return Err(MosaicError::StatsMismatch { expected: shape.channels, got: stats.channels.len() });
    }
    let order = TileOrder::new(settings.order.clone(), shape.channels)?;
    let shown = MapShape { channels: order.len(), ..shape };
    let geometry = Geometry::new(settings.layout, shown, settings.grid, settings.scale, settings.gap)?;
    let colour_map = settings.colour.resolve(stats);
    let ranges = Ranges::of(activation, stats, settings.normalisation, colour_map.is_diverging());
    let mut pixels = Pixels::filled(
        "the mosaic",
        geometry.width().into(),
        geometry.height().into(),
        settings.paper.gap(),
    )?;

    let painter = Painter {
        activation,
        stats,
        geometry: &geometry,
        order: &order,
        ranges: &ranges,
        shades: Shades::new(&ranges, colour_map.table(), settings.paper),
        paper: settings.paper,
        dead: settings.dead,
    };
    let tile_height = geometry.tile_values().rows * geometry.scale() as usize;
    let band_rows = tile_height + geometry.gap() as usize;
    let band_bytes = band_rows * geometry.width() as usize * 4;
    let paint = |(tile_row, band): (usize, &mut [u8])| painter.paint_band(band, tile_row);
    if pixels.rgba().len() < PARALLEL_BYTES {
        pixels.rgba_mut().chunks_mut(band_bytes).enumerate().for_each(paint);
    } else {
        pixels.rgba_mut().par_chunks_mut(band_bytes).enumerate().for_each(paint);
    }
    let looks = painter.looks();
    Ok(Mosaic {
        pixels,
        layer: activation.name().to_owned(),
        shape,
        settings: settings.clone(),
        colour_map,
        range: ranges.used(stats),
        counts: stats.counts,
        looks,
        geometry,
        order,
    })
}

/// All data that painting reads.
struct Painter<'a> {
    activation: &'a Activation,
    stats: &'a LayerStats,
    geometry: &'a Geometry,
    order: &'a TileOrder,
    ranges: &'a Ranges,
    shades: Shades,
    paper: Paper,
    dead: DeadLook,
}

/// How the values of each span are coloured.
struct Shades {
    /// In the order of [`Ranges::spans`].
    of_span: Vec<Shade>,
    colours: Vec<[u8; 4]>,
    nan: [u8; 4],
    infinite: [u8; 4],
}

/// How a value is coloured.
#[derive(Clone, Copy)]
enum Shade {
    /// A step of the colour map: the distance from `low`, times `steps_per_value`.
    Map { low: f64, steps_per_value: f64 },
    /// One colour, whatever the value.
    Flat([u8; 4]),
}

impl Shades {
    fn new(ranges: &Ranges, colours: Vec<[u8; 4]>, paper: Paper) -> Self {
        let last = colours.len() - 1;
        let shade = |span: &Span| match span {
            Span::Range(range) => {
                let (low, high) = (f64::from(range.low), f64::from(range.high));
                Shade::Map { low, steps_per_value: last as f64 / (high - low) }
            }
            Span::Constant => Shade::Flat(SpecialLook::Constant.colour(paper)),
            Span::Dead | Span::Broken => Shade::Flat(SpecialLook::Dead.colour(paper)),
        };
        Self {
            of_span: ranges.spans().iter().map(shade).collect(),
            colours,
            nan: SpecialLook::Nan.colour(paper),
            infinite: SpecialLook::Infinite.colour(paper),
        }
    }

    fn colour(&self, value: f32, shade: Shade) -> [u8; 4] {
        if !value.is_finite() {
            return if value.is_nan() { self.nan } else { self.infinite };
        }
        match shade {
            Shade::Map { low, steps_per_value } => {
                // A negative step saturates to 0.
                let step = ((f64::from(value) - low) * steps_per_value + 0.5) as usize;
                self.colours[step.min(self.colours.len() - 1)]
            }
            Shade::Flat(colour) => colour,
        }
    }
}

impl Painter<'_> {
    /// Paints one row of tiles; the gap below them is left as it is.
    fn paint_band(&self, band: &mut [u8], tile_row: usize) {
        // The colours of one row of values, reused for every row.
        let mut colours = vec![[0; 4]; self.geometry.tile_values().columns];
        for tile_column in 0..self.geometry.tiles().columns {
            match self.look_of_tile(tile_row, tile_column) {
                Some(look) => self.paint_look(band, tile_column, look),
                None => self.paint_values(band, tile_row, tile_column, &mut colours),
            }
        }
    }

    /// The look of a tile that shows no values; `None` for a tile that does.
    fn look_of_tile(&self, tile_row: usize, tile_column: usize) -> Option<SpecialLook> {
        if self.geometry.layout() == MosaicLayout::Locations {
            return None;
        }
        let position = tile_row * self.geometry.grid().columns + tile_column;
        match self.order.channel_at(position) {
            None => Some(SpecialLook::Blank),
            Some(channel) => (self.kind(channel) == ChannelKind::Dead).then_some(SpecialLook::Dead),
        }
    }

    fn paint_look(&self, band: &mut [u8], tile_column: usize, look: SpecialLook) {
        let scale = self.geometry.scale() as usize;
        let values = self.geometry.tile_values();
        for y in 0..values.rows * scale {
            let line = self.line(tile_column, y);
            let Some(line) = band.get_mut(line) else { return };
            for (x, pixel) in line.chunks_exact_mut(4).enumerate() {
                pixel.copy_from_slice(&look.tile_colour(self.paper, self.dead, x as u32, y as u32));
            }
        }
    }

    fn paint_values(&self, band: &mut [u8], tile_row: usize, tile_column: usize, colours: &mut [[u8; 4]]) {
        let scale = self.geometry.scale() as usize;
        let values = self.geometry.tile_values();
        for value_row in 0..values.rows {
            match self.geometry.layout() {
                MosaicLayout::Channels => {
                    let position = tile_row * self.geometry.grid().columns + tile_column;
                    self.colour_row_of_channel(colours, position, value_row);
                }
                MosaicLayout::Locations => {
                    let cell = tile_row * self.geometry.map().columns + tile_column;
                    self.colour_row_of_location(colours, cell, value_row);
                }
            }
            let first = self.line(tile_column, value_row * scale);
            let Some(line) = band.get_mut(first.clone()) else { return };
            enlarge_row(line, colours, scale);
            for y in value_row * scale + 1..(value_row + 1) * scale {
                band.copy_within(first.clone(), self.line(tile_column, y).start);
            }
        }
    }

    /// Fills in the colours of a row of a channel's map.
    fn colour_row_of_channel(&self, colours: &mut [[u8; 4]], position: usize, row: usize) {
        let Some(channel) = self.order.channel_at(position) else { return };
        let first_cell = row * colours.len();
        let Some(values) = self.activation.channel(channel).get(first_cell..) else { return };
        let shade_at = |cell| self.shades.of_span[self.ranges.at(channel, cell)];
        if matches!(self.ranges, Ranges::PerLocation(_)) {
            for (at, (colour, value)) in colours.iter_mut().zip(values).enumerate() {
                *colour = self.shades.colour(*value, shade_at(first_cell + at));
            }
        } else {
            let shade = shade_at(first_cell);
            for (colour, value) in colours.iter_mut().zip(values) {
                *colour = self.shades.colour(*value, shade);
            }
        }
    }

    /// Fills in the colours of a row of channels at one location of the map; a place without a channel is blank.
    fn colour_row_of_location(&self, colours: &mut [[u8; 4]], cell: usize, row: usize) {
        let first_position = row * colours.len();
        for (at, colour) in colours.iter_mut().enumerate() {
            *colour = match self.order.channel_at(first_position + at) {
                Some(channel) => {
                    let value = self.activation.channel(channel).get(cell).copied().unwrap_or(f32::NAN);
                    self.shades.colour(value, self.shades.of_span[self.ranges.at(channel, cell)])
                }
                None => SpecialLook::Blank.colour(self.paper),
            };
        }
    }

    /// The range of bytes of a band that holds one line of a tile's pixels.
    fn line(&self, tile_column: usize, y: usize) -> std::ops::Range<usize> {
        let tile_width = self.geometry.tile_values().columns * self.geometry.scale() as usize;
        let x = tile_column * (tile_width + self.geometry.gap() as usize);
        let start = (y * self.geometry.width() as usize + x) * 4;
        start..start + tile_width * 4
    }

    fn kind(&self, channel: usize) -> ChannelKind {
        self.stats.channels.get(channel).map_or(ChannelKind::Live, |f| f.kind)
    }

    /// The special looks that occur in the mosaic.
    fn looks(&self) -> Vec<SpecialLook> {
        let shown_span = |wanted: Span| match self.ranges {
            Ranges::PerChannel(_) => {
                self.order.channels().any(|channel| self.ranges.spans().get(channel) == Some(&wanted))
            }
            Ranges::Shared(_) | Ranges::PerLocation(_) => self.ranges.spans().contains(&wanted),
        };
        let dead_tile = self.geometry.layout() == MosaicLayout::Channels;
        let shown_kind =
            |wanted: ChannelKind| self.order.channels().any(|channel| self.kind(channel) == wanted);
        let infinite = || {
            self.order.channels().any(|c| self.activation.channel(c).iter().any(|value| value.is_infinite()))
        };
        let broken = self.stats.counts.nan + self.stats.counts.infinite > 0;
        [
            (SpecialLook::Dead, (dead_tile && shown_kind(ChannelKind::Dead)) || shown_span(Span::Dead)),
            (SpecialLook::Constant, shown_span(Span::Constant)),
            (SpecialLook::Nan, shown_kind(ChannelKind::Nan)),
            (SpecialLook::Infinite, broken && infinite()),
            (SpecialLook::Blank, self.geometry.num_blank() > 0),
        ]
        .into_iter()
        .filter_map(|(look, occurs)| occurs.then_some(look))
        .collect()
    }
}

/// Repeats each colour as many times as a value is wide in pixels.
fn enlarge_row(line: &mut [u8], colours: &[[u8; 4]], scale: usize) {
    let pixels = line.as_chunks_mut::<4>().0;
    match scale {
        1 => pixels.iter_mut().zip(colours).for_each(|(pixel, colour)| *pixel = *colour),
        _ => pixels.chunks_exact_mut(scale).zip(colours).for_each(|(square, colour)| square.fill(*colour)),
    }
}
