//! The worker's side: from what is wanted to a finished view, doing again only what changed.
//!
//! Runs on the worker thread; may take as long as it takes. Knows nothing of widgets.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::event::{Event, Job, LayerChoice, PictureChoice, Wanted};
use super::shown::{Shown, histogram};
use super::textures;
use crate::engine::{Backbone, CancelToken, ComputeDevice, DeviceChoice, Session, WeightStore};
use crate::formats::{FigureRecord, PictureRecord, write_figure};
use crate::graph::NodeId;
use crate::input::dataset::{is_log, open_source};
use crate::input::decode::{Picture, decode_bytes, decode_file};
use crate::mosaic::{Caption, FigureSettings, Mosaic, MosaicSettings, Paper, compose, enlarge, figure};
use crate::render::{InputChoices, View, panel_record, view};
use crate::tensor::{Activation, LayerStats, PixelSize};

/// Models kept loaded. The embedded two fit together; a third is loaded again when asked for again.
const MAX_SESSIONS: usize = 2;
/// A mosaic is enlarged for its texture up to this side, so that any zoom below it is drawn smoothly.
const ENLARGED_SIDE: u32 = 4096;
/// Longest side of the small picture beside the mosaic.
const THUMBNAIL_SIDE: u32 = 512;

/// Sends events and wakes the window.
pub(super) type Tell = Box<dyn Fn(Event) + Send>;

/// What identifies a run's values.
#[derive(Clone, PartialEq)]
struct RunKey {
    picture: String,
    tag: &'static str,
    weights_file: Option<PathBuf>,
    input: InputChoices,
    node: NodeId,
}

/// A run's values, kept while only their looks change.
struct Run {
    key: RunKey,
    view: Arc<View>,
    activation: Activation,
    stats: Arc<LayerStats>,
}

/// Everything the worker keeps from job to job.
pub(super) struct Pipeline {
    store: WeightStore,
    cat: &'static [u8],
    device: DeviceChoice,
    tell: Tell,
    sessions: Vec<((&'static str, Option<PathBuf>), Session)>,
    picture: Option<(String, Arc<Picture>)>,
    run: Option<Run>,
}

/// A job that didn't come to its end.
enum Stop {
    /// A newer job is waiting.
    Cancelled,
    /// Told to the person.
    Failed(String),
}

fn failed(error: impl std::fmt::Display) -> Stop {
    Stop::Failed(error.to_string())
}

impl Pipeline {
    pub(super) fn new(store: WeightStore, cat: &'static [u8], device: DeviceChoice, tell: Tell) -> Self {
        Self { store, cat, device, tell, sessions: Vec::new(), picture: None, run: None }
    }

    /// Does one job.
    pub(super) fn handle(&mut self, job: Job, cancel: &CancelToken) {
        match job {
            Job::Show(id, wanted) => match self.show(id, &wanted, cancel) {
                Ok(shown) => (self.tell)(Event::Shown(id, Arc::new(shown))),
                Err(Stop::Failed(reason)) => (self.tell)(Event::Failed(id, reason)),
                Err(Stop::Cancelled) => {}
            },
            Job::Open(path) => (self.tell)(open(path)),
            Job::Save { shown, path, has_caption, paper } => {
                (self.tell)(match save(&shown, &path, has_caption, paper) {
                    Ok(()) => Event::Saved(path),
                    Err(reason) => Event::SaveFailed(reason),
                });
            }
        }
    }

    fn show(&mut self, id: u64, wanted: &Wanted, cancel: &CancelToken) -> Result<Shown, Stop> {
        let picture = self.read_picture(id, &wanted.picture)?;
        if cancel.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        let at = self.load_model(id, wanted)?;
        if cancel.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        let graph = Arc::clone(self.sessions[at].1.backbone().graph());
        let node = match &wanted.layer {
            LayerChoice::Final => graph.final_node(),
            LayerChoice::Named(name) => graph.resolve(name, wanted.row.tag).map_err(failed)?,
        };
        let key = RunKey {
            picture: wanted.picture.key(),
            tag: wanted.row.tag,
            weights_file: wanted.weights_file.clone(),
            input: wanted.input,
            node,
        };
        if self.run.as_ref().is_none_or(|run| run.key != key) {
            (self.tell)(Event::Busy(id, "Running the network…"));
            let run = run(&mut self.sessions[at].1, &picture, key, cancel)?;
            self.run = Some(run);
        }
        let Some(run) = &self.run else { return Err(Stop::Cancelled) };
        (self.tell)(Event::Busy(id, "Painting the mosaic…"));
        let mosaic = compose(&run.activation, &run.stats, &wanted.settings).map_err(failed)?;
        let enlargement = enlargement(&mosaic, wanted.max_texture_side);
        let tiles = if enlargement > 1 {
            textures::cut(&enlarge(&mosaic.pixels, enlargement).map_err(failed)?, wanted.max_texture_side)
        } else {
            textures::cut(&mosaic.pixels, wanted.max_texture_side)
        };
        if cancel.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        let input = &run.view.preprocessed;
        let size = PixelSize::new(input.batch.width(), input.batch.height());
        let session = &self.sessions[at].1;
        Ok(Shown {
            label: wanted.picture.label(&picture),
            backbone: Arc::clone(session.backbone()),
            run_by: session.run_by(),
            infos: graph.infer(size).map_err(failed)?.into(),
            node,
            activation: run.activation.clone(),
            stats: Arc::clone(&run.stats),
            histogram: histogram(run.activation.values(), run.stats.min, run.stats.max),
            seen: textures::from_rgb(&fitted(&input.seen, wanted.max_texture_side as u32)),
            thumbnail: textures::from_rgb(&fitted(&picture.rgb, THUMBNAIL_SIDE)),
            view: Arc::clone(&run.view),
            settings: wanted.settings.clone(),
            mosaic: Arc::new(mosaic),
            tiles,
            enlargement,
            picture,
        })
    }

    fn read_picture(&mut self, id: u64, choice: &PictureChoice) -> Result<Arc<Picture>, Stop> {
        let key = choice.key();
        if let Some((kept, picture)) = &self.picture
            && *kept == key
        {
            return Ok(Arc::clone(picture));
        }
        (self.tell)(Event::Busy(id, "Reading the picture…"));
        let picture = Arc::new(match choice {
            PictureChoice::Cat => decode_bytes("cat.png", self.cat).map_err(failed)?,
            PictureChoice::File(path) => decode_file(path).map_err(failed)?,
            PictureChoice::Frame { source, place, index, camera } => {
                let sample = source.sample(*index).ok_or_else(|| failed("that moment is not in the log"))?;
                let found = sample.view(*camera).ok_or_else(|| {
                    failed(format!(
                        "moment {} has no picture of that camera: \"{}\"",
                        sample.row,
                        place.display()
                    ))
                })?;
                found.picture.load().map_err(failed)?
            }
        });
        self.picture = Some((key, Arc::clone(&picture)));
        Ok(picture)
    }

    /// Place of the wanted model among the sessions; loads it first where it isn't.
    fn load_model(&mut self, id: u64, wanted: &Wanted) -> Result<usize, Stop> {
        let key = (wanted.row.tag, wanted.weights_file.clone());
        if let Some(at) = self.sessions.iter().position(|(kept, _)| *kept == key) {
            // The last used stands last, so that the first is the one to go.
            let session = self.sessions.remove(at);
            self.sessions.push(session);
            return Ok(self.sessions.len() - 1);
        }
        (self.tell)(Event::Busy(id, "Loading the weights…"));
        let device = ComputeDevice::open(self.device).map_err(failed)?;
        let backbone =
            Backbone::load(wanted.row, &self.store, wanted.weights_file.as_deref()).map_err(failed)?;
        if self.sessions.len() >= MAX_SESSIONS {
            self.sessions.remove(0);
        }
        self.sessions.push((key, Session::new(Arc::new(backbone), device)));
        Ok(self.sessions.len() - 1)
    }
}

fn run(session: &mut Session, picture: &Picture, key: RunKey, cancel: &CancelToken) -> Result<Run, Stop> {
    let mut found = None;
    let view = view(session, &picture.rgb, key.input, &[key.node], cancel, &mut |_, activation| {
        found = Some(activation);
        ControlFlow::Continue(())
    })
    .map_err(failed)?;
    // Without a value the run was cancelled: a newer job waits.
    let activation = found.ok_or(Stop::Cancelled)?;
    let stats = Arc::new(LayerStats::of(&activation));
    Ok(Run { key, view: Arc::new(view), activation, stats })
}

impl PictureChoice {
    fn label(&self, picture: &Picture) -> String {
        match self {
            Self::Cat | Self::File(_) => picture.name.clone(),
            Self::Frame { source, place, index, camera } => {
                let row = source.sample(*index).map_or(*index, |s| s.row);
                let log = place.file_name().unwrap_or_default().to_string_lossy();
                let camera = camera.map_or_else(String::new, |c| format!(" {c}"));
                format!("{log} {row}{camera}")
            }
        }
    }
}

/// Whole factor by which a mosaic is enlarged before it becomes a texture.
fn enlargement(mosaic: &Mosaic, max_texture_side: usize) -> u32 {
    let side = mosaic.pixels.width().max(mosaic.pixels.height()).max(1);
    (ENLARGED_SIDE.min(max_texture_side as u32) / side).clamp(1, 4)
}

/// A picture no larger than `side`, for looking at; the network never sees it.
fn fitted(picture: &image::RgbImage, side: u32) -> image::RgbImage {
    let longest = picture.width().max(picture.height()).max(1);
    if longest <= side {
        return picture.clone();
    }
    let scaled = |n: u32| ((u64::from(n) * u64::from(side) / u64::from(longest)) as u32).max(1);
    image::imageops::thumbnail(picture, scaled(picture.width()), scaled(picture.height()))
}

/// What a path is.
fn open(path: PathBuf) -> Event {
    if !(path.is_dir() || is_log(&path)) {
        return if path.exists() {
            Event::Picture(path)
        } else {
            Event::OpenFailed(format!("there is no such file: \"{}\"", path.display()))
        };
    }
    match open_source(&path) {
        Ok(source) => Event::Source(path, Arc::from(source)),
        Err(error) => Event::OpenFailed(error.to_string()),
    }
}

/// Writes the mosaic at its own pixels, with or without caption, and with its record.
fn save(shown: &Shown, path: &Path, has_caption: bool, paper: Paper) -> Result<(), String> {
    let settings = MosaicSettings { paper, ..shown.settings.clone() };
    let mosaic = compose(&shown.activation, &shown.stats, &settings).map_err(|e| e.to_string())?;
    let picture = &shown.picture;
    let record = FigureRecord::new(
        PictureRecord::new(
            Path::new(&picture.name),
            picture.rgb.width(),
            picture.rgb.height(),
            picture.rgb.as_raw(),
        ),
        vec![panel_record(&shown.run_by, &shown.view, &mosaic)],
    );
    let caption = Caption::of(&mosaic, &shown.label, shown.backbone.row().tag);
    let title = caption.title.clone();
    let pixels = if has_caption {
        figure(&mosaic, &caption, &FigureSettings::default()).map_err(|e| e.to_string())?.pixels
    } else {
        mosaic.pixels
    };
    write_figure(path, &pixels, &title, &record).map_err(|e| e.to_string())
}
