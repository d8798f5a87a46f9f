//! A sheet: one figure with the picture and a titled panel for each backbone or layer.

use fast_image_resize::{PixelType, ResizeOptions, Resizer, images::Image};

use super::{
    MAX_SIDE, MosaicError, MosaicScale, Paper, Pixels, enlarge, footer::Footer, text_block::TextBlock,
};

/// A mosaic, or anything else in pixels, under its title.
#[derive(Clone, Debug, PartialEq)]
pub struct SheetPanel {
    /// The first line, in larger letters: a backbone or a layer.
    pub title: String,
    /// The smaller line; may be empty.
    pub subtitle: String,
    /// The panel's picture; it is shown pixel for pixel or enlarged by a whole factor.
    pub pixels: Pixels,
    /// What its colours mean, drawn under it; `None` draws nothing.
    pub scale: Option<MosaicScale>,
}

/// The picture that the panels were computed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetPicture {
    /// The first line, in larger letters: the file's name.
    pub title: String,
    /// The smaller line; may be empty.
    pub subtitle: String,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `height · width · 3` bytes.
    pub rgb: Vec<u8>,
}

/// How a sheet is laid out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SheetSettings {
    /// Colours of the background and the text.
    pub paper: Paper,
    /// The smallest width of the widest panel, in pixels; enlargement by whole factors may make it up to twice as wide.
    pub panel_width: u32,
    /// Columns of panels next to the picture; `None` takes the square root of the number of panels, rounded up.
    pub columns: Option<usize>,
}

impl Default for SheetSettings {
    fn default() -> Self {
        Self { paper: Paper::default(), panel_width: 512, columns: None }
    }
}

/// Height of the text of a colour bar and a legend, as a share of the titles'.
const FOOTER_SIZE: f32 = 0.7;

/// Most panels with pictures of their own in a row.
const MOST_BESIDE: usize = 4;

/// A picture at its final size, with its title and what stands under it.
struct Block {
    words: TextBlock,
    pixels: Pixels,
    footer: Option<Footer>,
}

impl Block {
    fn height(&self, gutter: u32) -> u32 {
        let words = self.words.height();
        let footer = self.footer.as_ref().map_or(0, |footer| footer.height() + gutter / 2);
        self.pixels.height() + footer + if words > 0 { words + gutter / 2 } else { 0 }
    }

    /// Draws the title above the picture. All blocks of a row get the same `words_height`, so that their pictures start at the same
    /// height.
    fn draw(&self, sheet: &mut Pixels, x: u32, y: u32, words_height: u32, gutter: u32) {
        self.words.draw(sheet, x, y);
        let below = if words_height > 0 { words_height + gutter / 2 } else { 0 };
        sheet.paste(x, y + below, &self.pixels);
        if let Some(footer) = &self.footer {
            footer.draw(sheet, x, y + below + self.pixels.height() + gutter / 2);
        }
    }
}

/// Places one picture on the left and the panels in a grid next to it; or, of as many pictures as there are panels, each above its panel.
/// Panels are enlarged by whole factors (nearest neighbour) towards a common width; a picture is resampled to the width of a column.
///
/// # Errors
/// No panels, another number of pictures, a picture whose bytes don't fill its size, a sheet over the size limit.
pub fn sheet(
    pictures: &[SheetPicture],
    panels: &[SheetPanel],
    settings: &SheetSettings,
) -> Result<Pixels, MosaicError> {
    if panels.is_empty() {
        return Err(MosaicError::Empty { what: "the sheet".into() });
    }
    let paper = settings.paper;
    let widths: Vec<u32> = panels.iter().map(|p| p.pixels.width()).collect();
    let target = common_width(&widths, settings.panel_width);
    let enlarged = panels
        .iter()
        .map(|panel| enlarge(&panel.pixels, target / panel.pixels.width()))
        .collect::<Result<Vec<_>, _>>()?;
    // A column is at least as wide as its text needs, even for mosaics of one pixel.
    let widest = enlarged.iter().map(Pixels::width).max().unwrap_or(target);
    let px = (widest as f32 / 32.0).clamp(14.0, 64.0).round();
    let cell = widest.max((px * 14.0) as u32);
    let gutter = px as u32 * 3 / 2;

    let words = |title: &str, subtitle: &str| TextBlock::new(title, &[subtitle.to_owned()], px, cell, paper);
    let blocks: Vec<Block> = panels
        .iter()
        .zip(enlarged)
        .map(|(panel, pixels)| {
            let footer = panel.scale.as_ref().map(|scale| Footer::new(scale, px * FOOTER_SIZE, cell));
            Block { words: words(&panel.title, &panel.subtitle), pixels, footer }
        })
        .collect();
    let num = blocks.len();
    let has_own = pictures.len() == num && num > 1;
    let mut pictures: Vec<Block> = pictures
        .iter()
        .enumerate()
        .map(|(at, p)| {
            // A picture above its panel is as wide as the panel, unless that is very narrow.
            let own = blocks.get(at).filter(|_| has_own).map(|panel| panel.pixels.width().max(cell / 2));
            let pixels = fit_width(p, own.unwrap_or(cell))?;
            Ok(Block { words: words(&p.title, &p.subtitle), pixels, footer: None })
        })
        .collect::<Result<_, MosaicError>>()?;
    if pictures.len() > 1 && !has_own {
        return Err(MosaicError::PictureCount { expected: num, got: pictures.len() });
    }
    let root = (num as f64).sqrt().ceil() as usize;
    // Panels with pictures of their own are compared with each other, so they stand side by side.
    let usual = if has_own { num.min(MOST_BESIDE) } else { root };
    let columns = settings.columns.unwrap_or(usual).clamp(1, num);
    let (picture, above) = if has_own { (None, pictures) } else { (pictures.pop(), Vec::new()) };
    let mut rows: Vec<&[Block]> = Vec::new();
    for (at, row) in blocks.chunks(columns).enumerate() {
        rows.extend(above.chunks(columns).nth(at));
        rows.push(row);
    }
    let words_heights: Vec<u32> = rows.iter().map(|row| tallest(row, |b| b.words.height())).collect();
    let row_heights: Vec<u32> = rows
        .iter()
        .zip(&words_heights)
        .map(|(row, words)| tallest(row, |b| b.height(gutter) - b.words.height()) + words)
        .collect();

    let picture_columns = usize::from(picture.is_some());
    let grid_height: u64 = row_heights.iter().map(|h| u64::from(*h) + u64::from(gutter)).sum();
    let picture_height = picture.as_ref().map_or(0, |b| u64::from(b.height(gutter) + gutter));
    let width = (columns + picture_columns) as u64 * u64::from(cell + gutter) + u64::from(gutter);
    let height = grid_height.max(picture_height) + u64::from(gutter);
    let mut sheet = Pixels::filled("the sheet", width, height, paper.ground())?;

    let column_x = |column: usize| gutter + column as u32 * (cell + gutter);
    if let Some(block) = &picture {
        // The picture starts at the same height as the panels of the first row.
        let words_height = block.words.height().max(words_heights.first().copied().unwrap_or(0));
        block.draw(&mut sheet, column_x(0), gutter, words_height, gutter);
    }
    let mut y = gutter;
    for ((row, words_height), row_height) in rows.iter().zip(&words_heights).zip(&row_heights) {
        for (column, block) in row.iter().enumerate() {
            block.draw(&mut sheet, column_x(column + picture_columns), y, *words_height, gutter);
        }
        y += row_height + gutter;
    }
    Ok(sheet)
}

/// The common width that all panels can be enlarged to most closely by whole factors. The candidates are the multiples of the panels'
/// widths from the wanted width (or that of the widest panel) to twice that. The best one is where the narrowest enlarged panel fills
/// the largest share of the width.
fn common_width(widths: &[u32], wanted: u32) -> u32 {
    let least = widths.iter().copied().fold(wanted.min(MAX_SIDE), u32::max);
    let share = |target: u32| {
        let of_panel = |width: &u32| f64::from(target / width * width) / f64::from(target);
        widths.iter().map(of_panel).fold(1.0, f64::min)
    };
    let mut candidates: Vec<u32> = widths
        .iter()
        .flat_map(|&width| {
            (least.div_ceil(width)..=least.saturating_mul(2) / width).map(move |factor| factor * width)
        })
        .collect();
    candidates.sort_unstable();
    candidates.dedup();
    // Of equally good widths the first, which is the smallest.
    candidates.into_iter().fold(least, |best, next| {
        let better = !widths.iter().any(|width| best % width == 0) || share(next) > share(best) + 1e-9;
        if better { next } else { best }
    })
}

fn tallest(row: &[Block], height: impl Fn(&Block) -> u32) -> u32 {
    row.iter().map(height).max().unwrap_or(0)
}

/// Resamples a picture to a width, keeping its proportions to the nearest pixel. A very tall picture is limited to a height of four times
/// the width, so that it alone doesn't determine the sheet's height.
fn fit_width(picture: &SheetPicture, width: u32) -> Result<Pixels, MosaicError> {
    let SheetPicture { width: from_width, height: from_height, ref rgb, .. } = *picture;
    let expected = (from_width as usize).saturating_mul(from_height as usize).saturating_mul(3);
    let mismatch = || MosaicError::ByteCount {
        what: "RGB picture".into(),
        width: from_width,
        height: from_height,
        expected,
        got: rgb.len(),
    };
    if rgb.len() != expected || expected == 0 {
        return Err(mismatch());
    }
    let shrink =
        (f64::from(width) / f64::from(from_width)).min(4.0 * f64::from(width) / f64::from(from_height));
    let side = |from: u32| (f64::from(from) * shrink).round().max(1.0) as u32;
    let (to_width, to_height) = (side(from_width), side(from_height));
    let rgba = rgb.as_chunks::<3>().0.iter().flat_map(|p| [p[0], p[1], p[2], u8::MAX]).collect();
    let source =
        Image::from_vec_u8(from_width, from_height, rgba, PixelType::U8x4).map_err(|_| mismatch())?;
    let mut target = Image::new(to_width, to_height, PixelType::U8x4);
    // Can fail only where the two pixel types differ, which they don't.
    let opaque = ResizeOptions::new().use_alpha(false);
    Resizer::new().resize(&source, &mut target, &opaque).map_err(|_| mismatch())?;
    Pixels::from_rgba(to_width, to_height, target.into_vec())
}

#[cfg(test)]
mod tests {
    use super::common_width;

    #[test]
    fn panels_come_close_to_one_width() {
        assert_eq!(common_width(&[64], 512), 512);
        assert_eq!(common_width(&[300], 512), 600);
        assert_eq!(common_width(&[900], 512), 900);
        // 512·2, 816·1, 560·2 and 140·8: the narrowest is 816 of 1120.
        assert_eq!(common_width(&[512, 816, 560, 140], 512), 1120);
        assert_eq!(common_width(&[1, 7], 1), 7);
    }
}
