//! A mosaic as a self-explanatory figure: caption, colour bar and legend around the unchanged pixels.

use super::{Mosaic, MosaicError, Pixels, footer::Footer, text, text_block::TextBlock};

/// The text of a figure about its mosaic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caption {
    /// The first line, in larger letters.
    pub title: String,
    /// The lines below the title, one paragraph each.
    pub details: Vec<String>,
}

impl Caption {
    /// The caption of a mosaic. `picture` is the picture's file name, `tag` the backbone's name (`arch.tag`). The title has the picture,
    /// the tag, the layer and its extent; below are the normalisation, the range and the counts of channels that are not live.
    pub fn of(mosaic: &Mosaic, picture: &str, tag: &str) -> Self {
        let picture = text::shorten_middle(picture, 48);
        let layer = format!("{}{}{}", mosaic.layer, text::NO_BREAK, mosaic.shape);
        let range = mosaic.range.outer();
        let joint = if mosaic.range.is_shared() { ":" } else { ", within" };
        let counts = mosaic.counts;
        let mut parts = vec![format!("{}{joint} {range}", mosaic.settings.normalisation.describe())];
        for (kind, count) in [
            ("dead", counts.dead),
            ("constant", counts.constant),
            ("NaN", counts.nan),
            ("infinite", counts.infinite),
        ] {
            parts.push(format!("{kind}{}{count}", text::NO_BREAK));
        }
        if mosaic.order.len() < mosaic.shape.channels {
            parts.push(format!("{} of {} channels shown", mosaic.order.len(), mosaic.shape.channels));
        }
        Self { title: join(&[picture, tag.to_owned(), layer]), details: vec![join(&parts)] }
    }
}

/// Joins parts with dots between them; a line may break after a dot, never before it.
fn join(parts: &[String]) -> String {
    parts.join(&format!("{}· ", text::NO_BREAK))
}

/// Where a figure's caption is placed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CaptionSide {
    /// Over the mosaic, as a heading.
    #[default]
    Above,
    /// Under everything, as is usual in papers.
    Below,
}

/// How a mosaic is made into a figure. The figure's paper is that of the mosaic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FigureSettings {
    /// Where the caption is placed.
    pub side: CaptionSide,
    /// Whether the colour bar and the legend are drawn.
    pub scale_shown: bool,
    /// Height of the text in pixels; `None` takes a 64th of the mosaic's width. Clamped to 14 to 64.
    pub text_px: Option<f32>,
}

impl Default for FigureSettings {
    fn default() -> Self {
        Self { side: CaptionSide::default(), scale_shown: true, text_px: None }
    }
}

/// A captioned mosaic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// The whole figure.
    pub pixels: Pixels,
    /// Column and row of the mosaic's top left pixel.
    pub mosaic_at: (u32, u32),
}

/// Makes a figure of a mosaic. The text is wrapped and shortened to the width of the mosaic, or to a minimum that leaves lines
/// readable where the mosaic is narrower.
///
/// # Errors
/// [`MosaicError::TooLarge`] where margins and text take the figure over the limit.
pub fn figure(mosaic: &Mosaic, caption: &Caption, settings: &FigureSettings) -> Result<Figure, MosaicError> {
    let (mosaic_width, mosaic_height) = (mosaic.pixels.width(), mosaic.pixels.height());
    let px = settings
        .text_px
        .filter(|px| px.is_finite())
        .unwrap_or(mosaic_width as f32 / 64.0)
        .clamp(14.0, 64.0)
        .round();
    let margin = px as u32;
    let content = mosaic_width.max((px * 26.0) as u32);
    let words = TextBlock::new(&caption.title, &caption.details, px, content, mosaic.settings.paper);
    let footer = settings.scale_shown.then(|| Footer::new(&mosaic.scale(), px, content));

    let after = |height: u32| if height > 0 { height + margin } else { 0 };
    let words_height = after(words.height());
    let footer_height = footer.as_ref().map_or(0, |f| after(f.height()));
    let height = u64::from(margin) * 2 + u64::from(mosaic_height) + u64::from(words_height + footer_height);
    let width = u64::from(content) + u64::from(margin) * 2;
    let mut pixels = Pixels::filled("the figure", width, height, mosaic.settings.paper.ground())?;

    let (words_y, mosaic_y) = match settings.side {
        CaptionSide::Above => (margin, margin + words_height),
        CaptionSide::Below => (margin + mosaic_height + margin + footer_height, margin),
    };
    words.draw(&mut pixels, margin, words_y);
    pixels.paste(margin, mosaic_y, &mosaic.pixels);
    if let Some(footer) = footer {
        footer.draw(&mut pixels, margin, mosaic_y + mosaic_height + margin);
    }
    Ok(Figure { pixels, mosaic_at: (margin, mosaic_y) })
}
