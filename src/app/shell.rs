//! The app that eframe drives, and how it starts and ends.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::sync_channel;
use std::time::Duration;
use std::time::Instant;

use crate::app::message::command::Commands;
use crate::app::message::effect::{Job, RunJob, SideJob};
use crate::app::message::event::Event;
use crate::app::model::animation::AnimateScope;
use crate::app::model::batch::{Batch, BatchScope};
use crate::app::model::cache::Kept;
use crate::app::model::download::Downloads;
use crate::app::model::extraction::ExtractScope;
use crate::app::model::frame_times::FrameTimes;
use crate::app::model::history::History;
use crate::app::model::layers::Walk;
use crate::app::model::links::{Arrangement, Links};
use crate::app::model::messages::Tone;
use crate::app::model::request::Wanted;
use crate::app::model::restored::Expected;
use crate::app::model::save::{Export, SaveLooks};
use crate::app::model::shown::Shown;
use crate::app::model::task::LongRun;
use crate::app::model::view::{ViewId, ViewState};
use crate::app::model::windows::{LeftTab, OpenWindows};
use crate::app::model::{State, preferences as remember};
use crate::app::runtime::dialogs::{Dialogs, SystemDialogs};
use crate::app::runtime::inspect as side;
use crate::app::runtime::network::Pipeline;
use crate::app::runtime::tasks::Runs;
use crate::app::runtime::tell::Tell;
use crate::app::ui;
use crate::app::ui::scratch::Scratch;
use crate::app::ui::textures::Textures;
use crate::app::ui::theme;
use crate::engine::{CancelToken, EngineChoice, Priority, ThreadsError, Worker, start_threads};
use crate::graph::GraphError;
use crate::input::live::{Feed, FolderWatch};
use crate::models::{Registry, Row};
use crate::mosaic::Paper;
use crate::render::{ChoiceError, Resources, Scale, Surround, WindowRequest, choose_row, choose_row_up_to};
use crate::weights::FilePart;

/// Events that may wait for the window; a worker ahead of it by more waits.
const MAX_EVENTS: usize = 64;

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// No display, or no graphics.
    #[error("can't open a window ({0}); `filterscope render` draws mosaics without one")]
    NoWindow(String),
    /// A model that isn't known.
    #[error(transparent)]
    Choice(#[from] ChoiceError),
    /// A family file's mistake.
    #[error("the model's graph is malformed: {0}")]
    Graph(#[from] GraphError),
    /// The system refuses another thread.
    #[error("can't start the worker thread: {0}")]
    Thread(#[from] std::io::Error),
    /// The same of those that compute.
    #[error(transparent)]
    Threads(#[from] ThreadsError),
}

/// Opens the window and stays until it is closed.
pub fn run(request: WindowRequest, resources: Resources) -> Result<(), AppError> {
    // A name that means nothing is told on the terminal, before any window.
    first_row(&request)?;
    start_threads(request.threads, Priority::BehindWindow)?;
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("filterscope")
            .with_app_id("filterscope")
            .with_inner_size([1280.0, 760.0])
            .with_min_inner_size([480.0, 320.0])
            .with_drag_and_drop(true),
        renderer: eframe::Renderer::Glow,
        ..Default::default()
    };
    let create: eframe::AppCreator<'_> = Box::new(move |cc| {
        let frames = request.frames;
        let mut app = App::new(&cc.egui_ctx, request, resources, Arc::new(SystemDialogs))?;
        if let Some(size) = frames {
            app.follow_frames(&cc.egui_ctx, size, std::io::stdin());
        }
        if let Some(text) = cc.storage.and_then(|storage| storage.get_string(remember::KEY)) {
            app.take_remembered(&cc.egui_ctx, &text);
        }
        Ok(Box::new(app))
    });
    eframe::run_native("filterscope", options, create).map_err(|error| match error {
        eframe::Error::AppCreation(error) => AppError::NoWindow(error.to_string()),
        // Where no display server answers, winit's debug text is longer than its use.
        eframe::Error::WinitEventLoop(_) => AppError::NoWindow("there is no display".into()),
        error => AppError::NoWindow(error.to_string()),
    })
}

/// The least time between two looks at the program's memory.
const MEMORY_INTERVAL: Duration = Duration::from_secs(1);

/// Bytes of finished views kept, so that stepping back to one takes no work.
const VIEW_BUDGET_BYTES: usize = 256 << 20;

/// The window's program. Fields drop in order: the receiver before the workers, which may be waiting to send.
pub struct App {
    pub(crate) state: State,
    pub(crate) scratch: Scratch,
    pub(crate) commands: Commands,
    pub(crate) textures: Textures,
    pub(crate) events: Receiver<Event>,
    pub(crate) sender: SyncSender<Event>,
    pub(crate) worker: Worker<Job>,
    pub(crate) side: Worker<SideJob>,
    /// Long runs have a thread each, so that nothing that is wanted on screen waits for them.
    pub(crate) extractor: Worker<RunJob>,
    pub(crate) animator: Worker<RunJob>,
    /// What computes.
    pub(crate) engine: EngineChoice,
    pub(crate) dialogs: Arc<dyn Dialogs>,
    /// Finished views that may be wanted again.
    pub(crate) kept: Kept<Wanted, Arc<Shown>>,
    /// What is still to be looked at of views that a figure brought back.
    pub(crate) expected: Vec<Expected>,
    /// When the system was last asked how much memory the program takes.
    pub(crate) memory_asked: Option<Instant>,
    /// Counts pictures from the clipboard.
    pub(crate) num_pasted: u64,
    /// Ends when it is dropped.
    pub(crate) watch: Option<FolderWatch>,
    /// A stream of frames, and the number of the last that was taken.
    pub(crate) feed: Option<Arc<Feed>>,
    pub(crate) fed: u64,
    /// Cancelled once pins are to be painted for something else.
    pub(crate) pins_asked: CancelToken,
    /// Numbers of the newest job posted, picture or file opened, view made and filter pinned.
    pub(crate) newest_job: u64,
    pub(crate) newest_generation: u64,
    pub(crate) next_view: ViewId,
    pub(crate) next_pin: u64,
}

impl App {
    /// The app as it starts: the worker is at the first picture before the first frame is drawn.
    #[expect(clippy::too_many_lines, reason = "most of them are the fields of the state, each once")]
    pub fn new(
        ctx: &egui::Context,
        request: WindowRequest,
        resources: Resources,
        dialogs: Arc<dyn Dialogs>,
    ) -> Result<Self, AppError> {
        theme::install(ctx);
        let (row, asks_for) = first_row(&request)?;
        let part = request.part.clone();
        let (sender, events) = sync_channel(MAX_EVENTS);
        let tell = |wake: egui::Context, to_window: SyncSender<Event>| -> Tell {
            Box::new(move |event| {
                // A window that is gone needs no event.
                if to_window.send(event).is_ok() {
                    wake.request_repaint();
                }
            })
        };
        let engine = request.engine;
        let tell_shown = tell(ctx.clone(), sender.clone());
        let mut pipeline = Pipeline::new(resources.store.clone(), resources.cat, engine, tell_shown);
        let worker = Worker::spawn("inference", move |job, cancel| pipeline.handle(job, cancel))?;
        let tell_found = tell(ctx.clone(), sender.clone());
        let side = Worker::spawn("looking", move |job, _| {
            side::handle(job, &tell_found);
            None
        })?;
        let run_thread = |name: &str, tell_run: Tell| {
            let mut runs = Runs::default();
            Worker::spawn(name, move |job, token| {
                runs.handle(job, token, &tell_run);
                None
            })
        };
        let extractor = run_thread("extract", tell(ctx.clone(), sender.clone()))?;
        let animator = run_thread("animate", tell(ctx.clone(), sender.clone()))?;
        let view = ViewState::new(1, row, Arc::new(row.graph()?));
        let mut app = Self {
            state: State {
                here: Registry::rows()
                    .filter(|row| resources.store.embedded(row).is_some())
                    .map(|row| row.tag)
                    .collect(),
                is_here_known: false,
                store: resources.store,
                views: vec![view],
                active: 0,
                links: Links::default(),
                shared_range: None,
                arrangement: Arrangement::default(),
                weight_files: if asks_for.is_some() { None } else { weights_of(&request, row) }
                    .into_iter()
                    .collect(),
                downloads: request.downloads.map(|options| Downloads::new(options, ctx.clone())),
                save_what: Export::default(),
                saved: SaveLooks { surround: Surround::WHOLE, paper: Paper::Light, scale: Scale::Auto },
                weights_question: None,
                column_question: None,
                messages: std::collections::VecDeque::new(),
                log: std::collections::VecDeque::new(),
                tab: LeftTab::default(),
                lists_every_node: false,
                walk: Walk::default(),
                playing: None,
                play_speed: 2.0,
                batch: Batch { scope: BatchScope::first(row.tag), plan: None, running: None, report: None },
                extract: LongRun::new(ExtractScope::first(row.tag)),
                animate: LongRun::new(AnimateScope::first()),
                playing_frames: None,
                frame_speed: 5.0,
                watched: None,
                labels: None,
                plotted_label: None,
                pins: Vec::new(),
                overlay_opacity: 0.6,
                inspected: None,
                open: OpenWindows::default(),
                kept_bytes: 0,
                memory_bytes: None,
                frame_times: request.shows_frame_times.then(FrameTimes::default),
                history: History::default(),
                is_dark: true,
                recent: Vec::new(),
                folder: None,
                device: request.device,
                devices: Vec::new(),
                max_texture_side: ctx.input(|i| i.max_texture_side),
            },
            scratch: Scratch::default(),
            commands: Commands::default(),
            textures: Textures::default(),
            events,
            sender,
            worker,
            side,
            extractor,
            animator,
            engine,
            dialogs,
            kept: Kept::new(VIEW_BUDGET_BYTES),
            watch: None,
            expected: Vec::new(),
            memory_asked: None,
            num_pasted: 0,
            feed: None,
            fed: 0,
            pins_asked: CancelToken::new(),
            newest_job: 0,
            next_view: 1,
            newest_generation: 0,
            next_pin: 0,
        };
        app.errand_beside(SideJob::Here(app.state.store.clone()));
        app.errand_beside(SideJob::Devices);
        match (asks_for, request.final_layer) {
            (Some(path), Some(layer)) => app.errand(Job::EndAt(path, layer)),
            (Some(path), None) => app.errand(Job::Fit(path, part)),
            (None, _) => {
                if let Some(why) = row.opened().and_then(|opened| opened.why_final.as_deref()) {
                    app.state.say(Tone::Good, format!("{}: {why}", row.tag));
                }
            }
        }
        match request.picture {
            Some(path) => app.open(path, None),
            None => app.show_active(),
        }
        Ok(app)
    }
}

impl eframe::App for App {
    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        storage.set_string(remember::KEY, self.remembered());
    }

    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        if let Some(times) = &mut self.state.frame_times {
            times.begin();
        }
        self.state.max_texture_side = ctx.input(|i| i.max_texture_side);
        self.drain_events(ctx);
        self.take_input(ctx);
        self.take_frames();
        self.play_on(ctx);
        self.play_frames(ctx);
        self.ask_for_thumbs();
        self.ask_for_walk();
        self.state.kept_bytes = self.kept.num_bytes();
        self.ask_for_memory();
        if self.textures.refresh(ctx, &self.state)
            && let Some(shown) = &self.state.view().shown
        {
            let what = format!("{} · {} · {}", shown.label, shown.row().tag, shown.activation.name());
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(format!("{what} – filterscope")));
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        ui::draw(
            ui,
            &mut ui::context::Context {
                state: &self.state,
                textures: &self.textures,
                scratch: &mut self.scratch,
                commands: &mut self.commands,
            },
        );
        if let Some(leader) = self.scratch.leader.take() {
            self.lead_viewports(leader);
        }
        let commands = self.commands.take();
        if !commands.is_empty() {
            let ctx = ui.ctx().clone();
            for command in commands {
                self.apply(&ctx, command);
            }
            ctx.request_repaint();
        }
        if let Some(times) = &mut self.state.frame_times {
            times.end();
        }
    }
}

impl App {
    /// Asks the system how much memory the program takes, once in a while: not every frame has to read a file.
    fn ask_for_memory(&mut self) {
        if self.memory_asked.is_none_or(|asked| asked.elapsed() >= MEMORY_INTERVAL) {
            self.memory_asked = Some(Instant::now());
            self.state.memory_bytes = memory_stats::memory_stats().map(|memory| memory.physical_mem);
        }
    }
}

/// The model of the first view; and a file whose model, or whose values, a person must be asked for first.
fn first_row(request: &WindowRequest) -> Result<(&'static Row, Option<PathBuf>), ChoiceError> {
    let Some(name) = request.model.as_deref() else {
        return Ok((choose_row(None, false)?, request.weights.clone()));
    };
    let row = choose_row_up_to(Some(name), request.weights.is_some(), request.final_layer.as_deref())?;
    match row.opened() {
        Some(opened) if !opened.knows_values || wants_an_end(row) => {
            Ok((choose_row(None, false)?, Some(opened.path.clone())))
        }
        _ => Ok((row, None)),
    }
}

/// Whether a person is asked where a network ends: it is cut, and nobody has said yet.
pub(crate) fn wants_an_end(row: &Row) -> bool {
    row.opened().is_some_and(|opened| opened.is_cut && opened.final_asked.is_none())
}

/// The file that a row's weights are in, where one was given.
fn weights_of(request: &WindowRequest, row: &Row) -> Option<(&'static str, FilePart)> {
    let path = request.weights.clone().or_else(|| row.opened().map(|opened| opened.path.clone()))?;
    Some((row.tag, FilePart { path, choice: request.part.clone() }))
}
