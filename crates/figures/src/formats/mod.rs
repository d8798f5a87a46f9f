//! The files that the program writes: figures as PNG with a record of how they were made, layers as `.npy`, and animations.
//!
//! Owns the formats, the figure's record, and the way in which a file is written to the disk. Must know nothing of networks or
//! windows: what a file should say is passed in as plain values.

mod animation;
mod atomic;
mod ending;
mod gif_text;
mod hashed;
mod npy;
mod png;
mod png_text;
mod record;
mod seal;
mod weights_id;

pub use animation::{
    AnimationFormat, AnimationFrame, AnimationSettings, Palette, PushFrame, frame_beyond, write_animation,
};
pub use atomic::{
    WriteError, is_draft, remove_drafts, sync_file, write_atomically, write_whole, write_whole_unsynced,
};
pub use ending::other_ending;
pub use hashed::{FileHash, hash_file, write_whole_hashed};
pub use npy::{npy_header, write_npy};
pub use png::{RECORD_KEYWORD, ReadRecordError, read_record, write_figure, write_png, write_png_with_texts};
pub use png_text::{MAX_TEXT_BYTES, PngTextError, TextChunk, read_text_chunks};
pub use record::{
    BadRecord, CARRIED, DOWNLOADED, FigureRecord, LookRecord, OWN_FIELDS, PanelRecord, PartRecord,
    PictureRecord, RunRecord, SCHEMA, UNVERIFIED, pixels_sha256,
};
pub use seal::{UNSEALED, is_sealed, seal};
pub use weights_id::WeightsId;
