//! Each picture with all others: products, a strip of rows at a time.

use super::error::SimilarityError;
use super::products::{Centre, Rows, STRIP_BYTES, products};
use super::step::Pace;

/// Calls `each` for every picture, in order, with its products with all pictures.
pub(super) fn for_each_picture(
    rows: &mut Rows<'_>,
    centre: Centre<'_>,
    pace: &mut Pace<'_>,
    mut each: impl FnMut(usize, &[f64]),
) -> Result<(), SimilarityError> {
    let all: Vec<usize> = (0..rows.num_pictures()).collect();
    let at_once = (STRIP_BYTES / (8 * all.len().max(1))).max(1);
    for strip in all.chunks(at_once) {
        let values = products(rows, strip, &all, centre, pace)?;
        for (line, picture) in values.chunks_exact(all.len()).zip(strip) {
            each(*picture, line);
        }
    }
    Ok(())
}
