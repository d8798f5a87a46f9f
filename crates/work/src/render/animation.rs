//! Makes an animation from the user's choices and writes it to a file. Shared by the command line and the window.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use super::animate::{
    AnimateError, AnimationLook, FrameSource, animate_layers, choose_animated, push_channels, push_mosaic,
};
use super::animation_error::AnimationError;
use super::draw::Drawing;
use super::view::{InputChoices, View};
use crate::engine::{CancelToken, RunBy, Session};
use crate::formats::{
    AnimationFormat, AnimationFrame, AnimationSettings, PictureRecord, PushFrame, WriteError, frame_beyond,
    write_animation,
};
use crate::graph::{Graph, NodeId};
use crate::input::dataset::PictureRef;
use crate::input::decode::Picture;
use crate::mosaic::{FrameLook, MosaicError, Normalisation, Pixels, StripMark};
use crate::tensor::{InputBatch, LayerStats, MapShape, PixelSize};

/// Largest number of frames from which the colour range of a drive is computed.
const SCALE_SAMPLES: usize = 16;

/// What the frames of an animation go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnimationMode {
    /// One frame per channel.
    Channels,
    /// One frame per layer, with its mosaic.
    Depth,
    /// One frame per picture, with the mosaic of a layer.
    Drive,
}

/// Text that is not the name of a mode.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("mode `{0}`: expected channels, depth or drive")]
pub struct UnknownMode(pub String);

impl AnimationMode {
    /// All modes, as they are listed to users.
    pub const ALL: [Self; 3] = [Self::Channels, Self::Depth, Self::Drive];

    /// The name to type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Channels => "channels",
            Self::Depth => "depth",
            Self::Drive => "drive",
        }
    }

    /// The layers that are shown where the user names none.
    pub const fn usual_layers(self) -> &'static str {
        match self {
            Self::Channels => "first:3",
            Self::Depth => "all-stages",
            Self::Drive => "final",
        }
    }

    /// Approximate longer side of a map or a mosaic in pixels, where the user gives no size.
    pub const fn usual_side(self) -> u32 {
        match self {
            Self::Channels => 256,
            Self::Depth | Self::Drive => 768,
        }
    }
}

impl FromStr for AnimationMode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        // The name that earlier versions used.
        let text = if text == "filters" { "channels" } else { text };
        Self::ALL.into_iter().find(|mode| mode.name() == text).ok_or_else(|| UnknownMode(text.to_owned()))
    }
}

impl fmt::Display for AnimationMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A picture to run the network on.
#[derive(Clone)]
pub enum AnimatedPicture {
    /// A picture that is read when it is needed.
    Ref(PictureRef),
    /// A decoded picture, with its name.
    Decoded(String, Arc<Picture>),
}

impl AnimatedPicture {
    fn label(&self) -> &str {
        match self {
            Self::Ref(picture) => &picture.label,
            Self::Decoded(label, _) => label,
        }
    }
}

/// The user's choices for an animation.
#[derive(Clone, Debug)]
pub struct AnimationChoices {
    /// What the frames go through.
    pub mode: AnimationMode,
    /// Layers by name, `first:N`, `all-stages` or `final`; an empty list means the usual ones of the mode.
    pub layers: Vec<String>,
    /// Frames per second, 0.1 to 50.
    pub fps: f64,
    /// How frames look.
    pub look: AnimationLook,
    /// Whether the user chose the normalisation of `look`; if not, a drive gets one fixed range for all frames.
    pub has_own_scale: bool,
    /// How pictures are preprocessed.
    pub input: InputChoices,
}

/// An event while frames are made.
#[derive(Clone, Debug, PartialEq)]
pub enum AnimationEvent {
    /// One more frame is done.
    Frame,
    /// A picture can't be read, so its frame has no mosaic; with the reason.
    Skipped(String),
    /// The colour range used for all frames of a drive, computed from every `step`th picture.
    Scale {
        /// Lowest value.
        low: f32,
        /// Highest value.
        high: f32,
        /// Step between the pictures used; 1 means all.
        step: usize,
    },
}

/// The extent of an animation: the number of frames and their size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnimationExtent {
    /// Number of frames.
    pub num_frames: usize,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// The format for an output path, from its extension or because it is a folder. Checks that the parent folder exists.
pub fn animation_format(output: &Path) -> Result<AnimationFormat, AnimationError> {
    let extension = output.extension().and_then(|e| e.to_str()).unwrap_or("").to_lowercase();
    if output.is_dir() || output.to_string_lossy().ends_with(std::path::is_separator) {
        return Ok(AnimationFormat::Frames);
    }
    let format = match extension.as_str() {
        "gif" => AnimationFormat::Gif,
        "png" | "apng" => AnimationFormat::Apng,
        "" => return Ok(AnimationFormat::Frames),
        _ => return Err(AnimationError::Format(output.to_owned())),
    };
    let parent = output.parent().filter(|p| !p.as_os_str().is_empty());
    if parent.is_some_and(|parent| !parent.is_dir()) {
        return Err(WriteError::NoFolder { path: output.to_owned() }.into());
    }
    Ok(format)
}

/// The layers of a graph that the choices name, or the usual ones of the mode.
pub fn animated_layers(
    graph: &Graph,
    choices: &AnimationChoices,
    tag: &str,
) -> Result<Vec<NodeId>, AnimationError> {
    let usual = [choices.mode.usual_layers().to_owned()];
    let words = if choices.layers.is_empty() { &usual[..] } else { &choices.layers };
    let layers = choose_animated(graph, words, tag)?;
    match (choices.mode, layers.len()) {
        (_, 0) => Err(AnimationError::NoLayer),
        (AnimationMode::Drive, num) if num != 1 => Err(AnimationError::OneLayer(num)),
        _ => Ok(layers),
    }
}

/// The extent of the animation that the choices give, for layers of these shapes.
pub fn animation_extent(
    choices: &AnimationChoices,
    shapes: &[MapShape],
    num_pictures: usize,
) -> Result<AnimationExtent, AnimationError> {
    let (frame, num_frames) = match choices.mode {
        AnimationMode::Channels => {
            (choices.look.channels_frame(shapes), shapes.iter().map(|shape| shape.channels).sum())
        }
        AnimationMode::Depth => (choices.look.mosaics_frame(shapes)?, shapes.len()),
        AnimationMode::Drive => (choices.look.mosaics_frame(shapes)?, num_pictures),
    };
    let (width, height) = frame.size();
    Ok(AnimationExtent { num_frames, width, height })
}

/// An animation that is ready to be made.
pub struct Animation {
    session: Session,
    pictures: Vec<AnimatedPicture>,
    layers: Vec<NodeId>,
    shapes: Vec<MapShape>,
    choices: AnimationChoices,
}

impl Animation {
    /// Prepares an animation. Reads the first readable picture: the layers' shapes for this picture determine the size of all frames.
    pub fn new(
        session: Session,
        pictures: Vec<AnimatedPicture>,
        choices: AnimationChoices,
    ) -> Result<Self, AnimationError> {
        let tag = session.backbone().spec().tag;
        let layers = animated_layers(session.backbone().graph(), &choices, tag)?;
        let mut animation = Self { session, pictures, layers, shapes: Vec::new(), choices };
        let input = animation.first(|picture| animation.input(picture))?;
        let infos = animation
            .session
            .backbone()
            .graph()
            .infer(PixelSize::new(input.width(), input.height()))
            .map_err(|reason| AnimationError::Shapes { tag, reason: reason.to_string() })?;
        animation.shapes = animation.layers.iter().map(|id| infos[id.0].shape).collect();
        Ok(animation)
    }

    /// The animation's number of frames and their size.
    pub fn extent(&self) -> Result<AnimationExtent, AnimationError> {
        animation_extent(&self.choices, &self.shapes, self.pictures.len())
    }

    /// Makes every frame and writes it. A single file is written completely or not at all; frames in a folder are written one by one.
    /// `watch` is called for each event.
    pub fn write(
        &mut self,
        output: &Path,
        cancel: &CancelToken,
        watch: &mut dyn FnMut(AnimationEvent),
    ) -> Result<AnimationExtent, AnimationError> {
        let format = animation_format(output)?;
        if self.choices.mode == AnimationMode::Drive && !self.choices.has_own_scale {
            self.choices.look.normalisation = self.drive_scale(cancel, watch)?;
        }
        let extent = self.extent()?;
        let frame = match self.choices.mode {
            AnimationMode::Channels => self.choices.look.channels_frame(&self.shapes),
            AnimationMode::Depth | AnimationMode::Drive => self.choices.look.mosaics_frame(&self.shapes)?,
        };
        let settings = AnimationSettings {
            format,
            width: extent.width,
            height: extent.height,
            num_frames: u32::try_from(extent.num_frames).map_err(|_| AnimationError::TooMany)?,
            delay_cs: (100.0 / self.choices.fps).round().max(1.0) as u16,
            palette: self.choices.look.palette(),
        };
        if format == AnimationFormat::Frames
            && let Some(first) = frame_beyond(output, settings.num_frames)
        {
            let (folder, num_frames) = (output.to_owned(), settings.num_frames);
            return Err(AnimationError::OtherFrames { folder, num_frames, first });
        }
        let mut failed = None;
        let written = write_animation(output, &settings, &mut |push| {
            let made = match self.choices.mode {
                AnimationMode::Drive => self.drive(&frame, cancel, watch, push),
                AnimationMode::Channels | AnimationMode::Depth => {
                    self.one_picture(&frame, cancel, watch, push)
                }
            };
            made.map_err(|error| match error {
                // The writer reports this error, with the name of the file.
                Made::Write(error) => error,
                Made::Other(error) => {
                    let words = std::io::Error::other(error.to_string());
                    failed = Some(error);
                    words
                }
            })
        });
        if cancel.is_cancelled() {
            return Err(AnimationError::Interrupted);
        }
        match (failed, written) {
            (Some(error), _) => Err(error),
            (None, written) => Ok(written.map(|()| extent)?),
        }
    }

    /// What `of` makes of the first picture that can be read.
    fn first<T>(&self, of: impl Fn(&AnimatedPicture) -> Result<T, String>) -> Result<T, AnimationError> {
        let mut first_error = None;
        for picture in &self.pictures {
            match of(picture) {
                Ok(made) => return Ok(made),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        Err(first_error.map_or(AnimationError::NoPicture, AnimationError::Picture))
    }

    /// A picture's input for the network.
    fn input(&self, picture: &AnimatedPicture) -> Result<InputBatch, String> {
        self.prepared(picture, |view, _| view.preprocessed.batch)
    }

    /// A picture's input, with what records say about the picture. This hashes its pixels.
    fn ready(&self, picture: &AnimatedPicture) -> Result<Ready, String> {
        self.prepared(picture, |view, decoded| {
            let rgb = &decoded.rgb;
            let record =
                PictureRecord::new(Path::new(&decoded.name), rgb.width(), rgb.height(), rgb.as_raw());
            Ready { view, record, label: picture.label().to_owned() }
        })
    }

    /// Decodes and preprocesses a picture, and passes on both results.
    fn prepared<T>(
        &self,
        picture: &AnimatedPicture,
        with: impl Fn(View, &Picture) -> T,
    ) -> Result<T, String> {
        let spec = self.session.backbone().preprocessing().spec();
        let made = |decoded: &Picture, place: &dyn fmt::Display| {
            let view = View::new(spec, &decoded.rgb, self.choices.input);
            view.map(|view| with(view, decoded)).map_err(|error| format!("{error}: \"{place}\""))
        };
        match picture {
            AnimatedPicture::Decoded(label, picture) => made(picture, label),
            AnimatedPicture::Ref(picture) => {
                let decoded = picture.picture.load().map_err(|error| error.to_string())?;
                made(&decoded, &picture.picture.path().display())
            }
        }
    }

    /// Makes the frames of the modes channels and depth, which show one picture.
    fn one_picture(
        &mut self,
        frame: &FrameLook,
        cancel: &CancelToken,
        watch: &mut dyn FnMut(AnimationEvent),
        push: &mut PushFrame<'_>,
    ) -> Result<(), Made> {
        let ready = self.first(|picture| self.ready(picture))?;
        let run_by = self.session.run_by();
        let source = ready.source(&run_by);
        let (num_layers, look, mode) = (self.layers.len(), self.choices.look, self.choices.mode);
        let mut push = |drawing: Drawing| {
            watch(AnimationEvent::Frame);
            push(drawing.as_frame())
        };
        let input = &ready.view.preprocessed.batch;
        animate_layers(&mut self.session, input, &self.layers, cancel, &mut |place, activation| {
            if mode == AnimationMode::Channels {
                let part = (place, num_layers);
                return push_channels(&source, activation, part, &look, frame, cancel, &mut push);
            }
            let words = format!("{}  {}", activation.name(), activation.shape());
            let mark = StripMark { words, num_parts: num_layers, part: place, num_steps: 1, step: 0 };
            push_mosaic(&source, activation, mark, &look, frame, &mut push)
        })?;
        Ok(())
    }

    /// Makes one frame per picture. An unreadable picture gets a frame without a mosaic, so that the others keep their times.
    fn drive(
        &mut self,
        frame: &FrameLook,
        cancel: &CancelToken,
        watch: &mut dyn FnMut(AnimationEvent),
        push: &mut PushFrame<'_>,
    ) -> Result<(), Made> {
        let num_pictures = self.pictures.len();
        let (shape, look) = (self.shapes[0], self.choices.look);
        let run_by = self.session.run_by();
        for at in 0..num_pictures {
            let picture = self.pictures[at].clone();
            let mark = |words: &str| StripMark {
                words: format!("{}  {words}", picture.label()),
                num_parts: num_pictures,
                part: at,
                num_steps: 1,
                step: 0,
            };
            let ready = match self.ready(&picture) {
                Ok(ready) => ready,
                Err(error) => {
                    watch(AnimationEvent::Skipped(error));
                    let empty = Pixels::filled("the frame", 1, 1, look.paper.blank())?;
                    let pixels = frame.frame(&empty, &mark("(can't be read)"))?;
                    push(AnimationFrame { pixels: &pixels, made: None }).map_err(Made::Write)?;
                    watch(AnimationEvent::Frame);
                    continue;
                }
            };
            let (source, input) = (ready.source(&run_by), &ready.view.preprocessed.batch);
            animate_layers(&mut self.session, input, &self.layers, cancel, &mut |_, activation| {
                let words = if activation.shape() == shape {
                    activation.name().to_owned()
                } else {
                    activation.shape().to_string()
                };
                push_mosaic(&source, activation, mark(&words), &look, frame, &mut |drawing| {
                    push(drawing.as_frame())
                })
            })?;
            watch(AnimationEvent::Frame);
        }
        Ok(())
    }

    /// One colour range for all frames, computed from a sample of them.
    fn drive_scale(
        &mut self,
        cancel: &CancelToken,
        watch: &mut dyn FnMut(AnimationEvent),
    ) -> Result<Normalisation, AnimationError> {
        let step = self.pictures.len().div_ceil(SCALE_SAMPLES).max(1);
        let mut range: Option<(f32, f32)> = None;
        for at in (0..self.pictures.len()).step_by(step) {
            if cancel.is_cancelled() {
                return Err(AnimationError::Interrupted);
            }
            // An unreadable picture is reported later, when its frame is made.
            let Ok(input) = self.input(&self.pictures[at]) else { continue };
            for activation in self.session.activations(&input, &self.layers)? {
                let stats = LayerStats::of(&activation);
                range =
                    Some(range.map_or((stats.min, stats.max), |(low, high)| {
                        (low.min(stats.min), high.max(stats.max))
                    }));
            }
        }
        Ok(match range.filter(|(low, high)| low < high) {
            Some((low, high)) => {
                watch(AnimationEvent::Scale { low, high, step });
                Normalisation::Fixed { low, high }
            }
            None => Normalisation::Layer,
        })
    }
}

/// A preprocessed picture, with its description for records.
struct Ready {
    view: View,
    record: PictureRecord,
    label: String,
}

impl Ready {
    fn source<'a>(&'a self, run_by: &'a RunBy) -> FrameSource<'a> {
        FrameSource { run_by, view: &self.view, picture: &self.record, label: &self.label }
    }
}

/// Why frames stop: an error of the writer, which reports it itself, or another error.
enum Made {
    Write(std::io::Error),
    Other(AnimationError),
}

impl From<AnimationError> for Made {
    fn from(error: AnimationError) -> Self {
        Self::Other(error)
    }
}

impl From<MosaicError> for Made {
    fn from(error: MosaicError) -> Self {
        Self::Other(error.into())
    }
}

impl From<AnimateError> for Made {
    fn from(error: AnimateError) -> Self {
        match error {
            AnimateError::Write(error) => Self::Write(error),
            AnimateError::Engine(error) => Self::Other(error.into()),
            AnimateError::Mosaic(error) => Self::Other(error.into()),
            AnimateError::Interrupted => Self::Other(AnimationError::Interrupted),
        }
    }
}
