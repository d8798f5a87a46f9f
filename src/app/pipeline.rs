//! The worker's side: from what is wanted to a finished view, doing again only what changed.
//!
//! Runs on the worker thread; may take as long as it takes. Knows nothing of widgets.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use egui::ColorImage;

use super::event::{Event, Job, LayerChoice, PictureChoice, Wanted};
use super::shown::{NUM_BINS, Shown, histogram};
use super::textures;
use crate::engine::{Backbone, CancelToken, ComputeDevice, DeviceChoice, EngineChoice, Session, WeightStore};
use crate::formats::{PictureRecord, write_figure};
use crate::graph::NodeId;
use crate::input::dataset::{PictureLocation, PictureRef, is_log, open_source};
use crate::input::decode::{Picture, decode_bytes};
use crate::mosaic::{Mosaic, MosaicSettings, Paper, compose, enlarge};
use crate::render::{FigureKind, InputChoices, Look, Panel, Scale, View};
use crate::tensor::{Activation, LayerStats, PixelSize};
use crate::weights::TensorFile;

/// Models kept loaded. The embedded two fit together; a third is loaded again when asked for again.
const MAX_SESSIONS: usize = 2;
/// A mosaic is enlarged for its texture up to this side, so that any zoom below it is drawn smoothly.
const ENLARGED_SIDE: u32 = 4096;
/// Longest side of the small picture beside the mosaic.
const THUMBNAIL_SIDE: u32 = 512;

/// Sends events and wakes the window.
pub(super) type Tell = Box<dyn Fn(Event) + Send>;

/// A file as it was when it was read: a changed one under the same path is another.
#[derive(Clone, Debug, PartialEq, Eq)]
struct FileKey {
    path: PathBuf,
    changed: Option<SystemTime>,
    num_bytes: u64,
}

impl FileKey {
    fn of(path: &Path) -> Self {
        let info = std::fs::metadata(path).ok();
        Self {
            path: path.to_owned(),
            changed: info.as_ref().and_then(|i| i.modified().ok()),
            num_bytes: info.map_or(0, |i| i.len()),
        }
    }
}

/// What identifies a picture's pixels; the carried one has no file.
type PictureKey = Option<FileKey>;

/// What identifies a loaded model.
type ModelKey = (&'static str, Option<FileKey>);

/// What identifies a run's values.
#[derive(Clone, PartialEq)]
struct RunKey {
    picture: PictureKey,
    model: ModelKey,
    input: InputChoices,
    node: NodeId,
}

/// A run's values, kept while only their looks change, and what is drawn of them beside the mosaic.
struct Run {
    key: RunKey,
    view: Arc<View>,
    elapsed: Duration,
    activation: Activation,
    stats: Arc<LayerStats>,
    histogram: [u32; NUM_BINS],
    seen: Arc<ColorImage>,
    thumbnail: Arc<ColorImage>,
}

/// Everything the worker keeps from job to job.
pub(super) struct Pipeline {
    store: WeightStore,
    cat: &'static [u8],
    device: DeviceChoice,
    engine: EngineChoice,
    tell: Tell,
    sessions: Vec<(ModelKey, Session)>,
    picture: Option<(PictureKey, Arc<Picture>)>,
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
    pub(super) fn new(
        store: WeightStore,
        cat: &'static [u8],
        (device, engine): (DeviceChoice, EngineChoice),
        tell: Tell,
    ) -> Self {
        Self { store, cat, device, engine, tell, sessions: Vec::new(), picture: None, run: None }
    }

    /// Does one job. A panic on the way is a bug of ours: it is told, what was kept is forgotten, and the next job starts afresh.
    pub(super) fn handle(&mut self, job: Job, cancel: &CancelToken) {
        let shows = if let Job::Show(id, _) | Job::Open(id, _) = &job { Some(*id) } else { None };
        if catch_unwind(AssertUnwindSafe(|| self.work(job, cancel))).is_err() {
            (self.sessions, self.picture, self.run) = (Vec::new(), None, None);
            let text =
                "an internal error, which is a bug of this program; details are on the terminal".to_owned();
            (self.tell)(match shows {
                Some(id) => Event::Failed(id, text),
                None => Event::ErrandFailed(text),
            });
        }
    }

    fn work(&mut self, job: Job, cancel: &CancelToken) {
        match job {
            Job::Show(id, wanted) => match self.show(id, &wanted, cancel) {
                Ok(shown) => (self.tell)(Event::Shown(id, Arc::new(shown))),
                Err(Stop::Failed(reason)) => (self.tell)(Event::Failed(id, reason)),
                Err(Stop::Cancelled) => {}
            },
            Job::Open(id, path) => {
                (self.tell)(Event::Busy(id, "Opening…"));
                (self.tell)(open(id, path));
            }
            Job::Fit(path) => (self.tell)(fits(path)),
            Job::Save { shown, path, may_replace, has_caption, paper } => {
                (self.tell)(match save(&shown, &path, may_replace, has_caption, paper) {
                    Ok(()) => Event::Saved(path),
                    Err(reason) => Event::ErrandFailed(reason),
                });
            }
        }
    }

    fn show(&mut self, id: u64, wanted: &Wanted, cancel: &CancelToken) -> Result<Shown, Stop> {
        let (picture_key, picture) = self.read_picture(id, &wanted.picture)?;
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
        let key =
            RunKey { picture: picture_key, model: self.sessions[at].0.clone(), input: wanted.input, node };
        if self.run.as_ref().is_none_or(|run| run.key != key) {
            (self.tell)(Event::Busy(id, "Running the network…"));
            let run = run(&mut self.sessions[at].1, &picture, key, wanted.max_texture_side as u32, cancel)?;
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
            stem: wanted.picture.stem(&picture),
            picture_path: run.key.picture.as_ref().map(|file| file.path.clone()),
            run_by: session.run_by(),
            infos: graph.infer(size).map_err(failed)?.into(),
            node,
            elapsed: run.elapsed,
            activation: run.activation.clone(),
            stats: Arc::clone(&run.stats),
            histogram: run.histogram,
            seen: Arc::clone(&run.seen),
            thumbnail: Arc::clone(&run.thumbnail),
            view: Arc::clone(&run.view),
            settings: wanted.settings.clone(),
            mosaic: Arc::new(mosaic),
            tiles,
            enlargement,
            picture,
        })
    }

    fn read_picture(&mut self, id: u64, choice: &PictureChoice) -> Result<(PictureKey, Arc<Picture>), Stop> {
        let location = match choice {
            PictureChoice::Cat => None,
            PictureChoice::File(path) => Some(PictureLocation::File(path.clone())),
            PictureChoice::Frame { source, place, index, camera } => {
                let sample = source.sample(*index).ok_or_else(|| failed("that moment is not in the log"))?;
                let found = sample.view(*camera).ok_or_else(|| {
                    let row = sample.row;
                    failed(format!("moment {row} has no picture of that camera: \"{}\"", place.display()))
                })?;
                Some(found.picture.clone())
            }
        };
        let key = location.as_ref().map(|l| FileKey::of(l.path()));
        if let Some((kept, picture)) = &self.picture
            && *kept == key
        {
            return Ok((key, Arc::clone(picture)));
        }
        (self.tell)(Event::Busy(id, "Reading the picture…"));
        let picture = match location {
            None => decode_bytes("cat.png", self.cat),
            Some(location) => location.load(),
        };
        let picture = Arc::new(picture.map_err(failed)?);
        self.picture = Some((key.clone(), Arc::clone(&picture)));
        Ok((key, picture))
    }

    /// Place of the wanted model among the sessions; loads it first where it isn't.
    fn load_model(&mut self, id: u64, wanted: &Wanted) -> Result<usize, Stop> {
        let key = (wanted.row.tag, wanted.weights_file.as_deref().map(FileKey::of));
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
        let session = Session::with_engine(Arc::new(backbone), device, self.engine).map_err(failed)?;
        self.sessions.push((key, session));
        Ok(self.sessions.len() - 1)
    }
}

fn run(
    session: &mut Session,
    picture: &Picture,
    key: RunKey,
    max_texture_side: u32,
    cancel: &CancelToken,
) -> Result<Run, Stop> {
    let view = View::new(session.backbone().row(), &picture.rgb, key.input).map_err(failed)?;
    let mut found = None;
    let report = session
        .run(&view.preprocessed.batch, &[key.node], cancel, &mut |tap| {
            found = Some(tap.activation);
            ControlFlow::Continue(())
        })
        .map_err(failed)?;
    // Without a value the run was cancelled: a newer job waits.
    let activation = found.ok_or(Stop::Cancelled)?;
    let stats = Arc::new(LayerStats::of(&activation));
    Ok(Run {
        key,
        elapsed: report.elapsed,
        histogram: histogram(activation.values(), stats.min, stats.max),
        seen: textures::from_rgb(&fitted(&view.preprocessed.seen, max_texture_side)),
        thumbnail: textures::from_rgb(&fitted(&picture.rgb, THUMBNAIL_SIDE)),
        view: Arc::new(view),
        activation,
        stats,
    })
}

impl PictureChoice {
    /// For titles and captions, as the command line says it.
    fn label(&self, picture: &Picture) -> String {
        self.frame().map_or_else(|| picture.name.clone(), |frame| frame.label)
    }

    /// Beginning of file names, as the command line makes them.
    fn stem(&self, picture: &Picture) -> String {
        let of_file = || Path::new(&picture.name).with_extension("").display().to_string();
        self.frame().map_or_else(of_file, |frame| frame.stem)
    }

    fn frame(&self) -> Option<PictureRef> {
        let Self::Frame { source, place, index, camera } = self else { return None };
        PictureRef::of_sample(place, &source.sample(*index)?, *camera)
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
fn open(id: u64, path: PathBuf) -> Event {
    if !(path.is_dir() || is_log(&path)) {
        return if path.exists() {
            Event::Picture(id, path)
        } else {
            Event::OpenFailed(id, format!("there is no such file: \"{}\"", path.display()))
        };
    }
    match open_source(&path) {
        Ok(source) => Event::Source(id, path, Arc::from(source)),
        Err(error) => Event::OpenFailed(id, error.to_string()),
    }
}

/// The models that a weight file is for, as far as it shows.
fn fits(path: PathBuf) -> Event {
    let file = match TensorFile::read(&path) {
        Ok(file) => file,
        Err(error) => return Event::ErrandFailed(error.to_string()),
    };
    let rows = Backbone::rows_for(&file);
    if rows.is_empty() {
        let num_tensors = file.names().count();
        return Event::ErrandFailed(format!(
            "this weight file fits no model here: its {num_tensors} tensors have other names or shapes; `filterscope render --model TAG \
             --weights FILE` says which: \"{}\"",
            path.display()
        ));
    }
    Event::Fits(path, rows)
}

/// Writes what is shown as the command line would: at a readable size, with or without caption, with its record.
fn save(
    shown: &Shown,
    path: &Path,
    may_replace: bool,
    has_caption: bool,
    paper: Paper,
) -> Result<(), String> {
    let real = path.canonicalize().ok();
    let original = shown.picture_path.as_deref().and_then(|p| p.canonicalize().ok());
    if real.is_some() && real == original {
        return Err(format!(
            "the mosaic would overwrite its picture; choose another name: \"{}\"",
            path.display()
        ));
    }
    if real.is_some() && !may_replace {
        return Err(format!(
            "there is a file of that name; choose another, or delete it first: \"{}\"",
            path.display()
        ));
    }
    let look = Look { settings: MosaicSettings { paper, ..shown.settings.clone() }, scale: Scale::Auto };
    let rgb = &shown.picture.rgb;
    let about = PictureRecord::new(Path::new(&shown.picture.name), rgb.width(), rgb.height(), rgb.as_raw());
    let kind = if has_caption { FigureKind::Captioned } else { FigureKind::Mosaics };
    let drawing = look
        .for_shape(shown.activation.shape())
        .and_then(|settings| {
            Panel::new(&shown.run_by, &shown.view, &shown.activation, &shown.stats, &settings)
        })
        .and_then(|panel| panel.into_drawing(&about, &shown.label, kind))
        .map_err(|error| error.to_string())?;
    write_figure(path, &drawing.pixels, &drawing.title, &drawing.record).map_err(|error| error.to_string())
}
