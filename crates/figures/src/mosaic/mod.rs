//! From a layer's values to pixels: one small heat map per channel, laid out as a mosaic, with a caption, or combined on a sheet.
//!
//! Owns layouts, ranges, colour maps, the looks of dead and broken channels, and the text in figures. Takes plain activations and
//! returns plain RGBA; must know nothing of networks, files, textures or windows.

mod caption;
mod colour;
mod colour_bar;
mod compose;
mod error;
mod footer;
mod geometry;
mod layout;
mod legend;
mod limits;
mod looks;
mod matrix;
mod normalise;
mod on_screen;
mod order;
mod part;
mod pixels;
mod plot;
mod plot_axis;
mod plot_pen;
mod ranges;
mod scale;
mod settings;
mod sheet;
mod strip;
mod text;
mod text_block;

pub use caption::{Caption, CaptionSide, Figure, FigureSettings, figure};
pub use colour::{ColourChoice, ColourMap, UnknownColourMap};
pub use compose::{Mosaic, MosaicScale, MosaicValue, compose};
pub use error::MosaicError;
pub use geometry::{Geometry, MosaicSpot, PixelRect};
pub use layout::{Grid, MosaicLayout, UnknownGrid, UnknownLayout};
pub use limits::{MAX_BYTES, MAX_SIDE};
pub use looks::{DeadLook, Paper, SpecialLook, UnknownDeadLook, UnknownPaper};
pub use matrix::{MatrixFigure, MatrixPlan, matrix_figure};
pub use normalise::{Normalisation, UnknownNormalisation};
pub use on_screen::{ScreenPlace, on_screen};
pub use order::TileOrder;
pub use part::{SeenPart, UnknownPart, outline_part, seen_part};
pub use pixels::Pixels;
pub use plot::{PlotPlan, PlotPoint, PlotSeries, plot_figure};
pub use plot_axis::{PlotAxis, PlotScale};
pub use ranges::{RangeUsed, ValueRange, format_value};
pub use scale::enlarge;
pub use settings::{MosaicSetting, MosaicSettings, UnknownSetting};
pub use sheet::{SheetPanel, SheetPicture, SheetSettings, sheet};
pub use strip::{FrameLook, StripMark};
