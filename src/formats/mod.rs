//! Files that leave the program: figures as PNG that say how they were made, layers as `.npy`.
//!
//! Owns the formats, the figure's record and the way a file comes to lie on disk. Must know nothing of networks or windows;
//! what a file should say comes in as plain values.

mod atomic;
mod npy;
mod png;
mod png_text;
mod record;

pub use atomic::{WriteError, write_atomically};
pub use npy::write_npy;
pub use png::{RECORD_KEYWORD, ReadRecordError, read_record, write_figure, write_png};
pub use png_text::{MAX_TEXT_BYTES, PngTextError, TextChunk, read_text_chunks};
pub use record::{
    BadRecord, CARRIED, DOWNLOADED, FigureRecord, LookRecord, PanelRecord, PictureRecord, RunRecord, SCHEMA,
    UNVERIFIED, pixels_sha256,
};
