//! Why an animation was not made, and what the user can do about it.

use std::path::PathBuf;

use crate::engine::EngineError;
use crate::formats::WriteError;
use crate::graph::{GraphError, UnknownLayer};
use crate::mosaic::MosaicError;
use crate::tensor::{Remedied, Remedy};

/// Why an animation was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnimationError {
    /// No such layer.
    #[error(transparent)]
    Layer(#[from] UnknownLayer),
    /// An empty list of layers.
    #[error("no layer was asked for")]
    NoLayer,
    /// A drive of several layers.
    #[error("a drive shows one layer, and {0} were asked for")]
    OneLayer(usize),
    /// Neither GIF, PNG nor folder.
    #[error("a moving picture is a .gif, a .png or a folder: \"{}\"", .0.display())]
    Format(PathBuf),
    /// No picture.
    #[error("no picture")]
    NoPicture,
    /// A picture that can't be read or preprocessed.
    #[error("{0}")]
    Picture(String),
    /// A mistake in the definition of a model family.
    #[error("the model's graph is malformed: {0}")]
    Graph(#[from] GraphError),
    /// The network can't process an input of this size.
    #[error("{tag}: {reason}")]
    Shapes {
        /// The network.
        tag: &'static str,
        /// Why.
        reason: String,
    },
    /// A folder with frames beyond those that would be written: of another animation, which the new one would be mixed with.
    #[error(
        "this folder has more frames than the {num_frames} that would be written, so they are another animation's ({first}): choose another \
         folder, or delete them: \"{}\"", .folder.display()
    )]
    OtherFrames {
        /// The folder.
        folder: PathBuf,
        /// Frames that would be written.
        num_frames: u32,
        /// The first file beyond them.
        first: String,
    },
    /// More frames than a file can hold.
    #[error("too many frames")]
    TooMany,
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A frame can't be drawn.
    #[error(transparent)]
    Mosaic(#[from] MosaicError),
    /// The file can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The token was cancelled.
    #[error("interrupted")]
    Interrupted,
}

impl Remedied for AnimationError {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Engine(error) => error.remedy(),
            Self::Write(error) => error.remedy(),
            Self::Layer(error) => error.remedy(),
            Self::NoLayer
            | Self::OneLayer(_)
            | Self::Format(_)
            | Self::NoPicture
            | Self::Picture(_)
            | Self::Graph(_)
            | Self::Shapes { .. }
            | Self::OtherFrames { .. }
            | Self::TooMany
            | Self::Mosaic(_)
            | Self::Interrupted => None,
        }
    }
}
