//! The app that eframe drives, and how it starts and ends.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::command::Commands;
use super::dialogs::{Dialogs, SystemDialogs};
use super::event::{Event, Job, LayerChoice, PictureChoice};
use super::panels;
use super::pipeline::Pipeline;
use super::shown::Shown;
use super::state::{Scratch, State};
use super::textures::Texture;
use super::theme;
use crate::engine::{Priority, ThreadsError, Worker, start_threads};
use crate::graph::GraphError;
use crate::mosaic::{MosaicSettings, Paper};
use crate::render::{ChoiceError, InputChoices, Resources, WindowRequest, choose_row};

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
    choose_row(request.model.as_deref(), request.weights.is_some())?;
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
        Ok(Box::new(App::new(&cc.egui_ctx, request, resources, Arc::new(SystemDialogs))?))
    });
    eframe::run_native("filterscope", options, create).map_err(|error| match error {
        eframe::Error::AppCreation(error) => AppError::NoWindow(error.to_string()),
        // Where no display server answers, winit's debug text is longer than its use.
        eframe::Error::WinitEventLoop(_) => AppError::NoWindow("there is no display".into()),
        error => AppError::NoWindow(error.to_string()),
    })
}

/// The window's program. Fields drop in order: the receiver before the worker, which may be waiting to send.
pub struct App {
    pub(super) state: State,
    pub(super) scratch: Scratch,
    pub(super) commands: Commands,
    pub(super) textures: Textures,
    pub(super) events: Receiver<Event>,
    pub(super) sender: SyncSender<Event>,
    pub(super) worker: Worker<Job>,
    pub(super) dialogs: Arc<dyn Dialogs>,
    /// Number of the newest job posted; answers to older ones are stale.
    pub(super) newest_job: u64,
}

/// Pictures on the graphics card, of the view they were made from.
#[derive(Default)]
pub(super) struct Textures {
    of: Option<Arc<Shown>>,
    pub(super) mosaic: Option<Texture>,
    pub(super) seen: Option<Texture>,
    pub(super) thumbnail: Option<Texture>,
}

impl Textures {
    /// Uploads what is new; says whether anything was.
    fn refresh(&mut self, ctx: &egui::Context, shown: Option<&Arc<Shown>>) -> bool {
        let Some(shown) = shown.filter(|s| !self.of.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, s))) else {
            return false;
        };
        self.mosaic = Some(Texture::of_tiles(ctx, "mosaic", &shown.tiles));
        let is_same_run = self.of.as_ref().is_some_and(|kept| Arc::ptr_eq(&kept.view, &shown.view));
        if !is_same_run {
            self.seen = Some(Texture::of_image(ctx, "seen", &shown.seen));
            self.thumbnail = Some(Texture::of_image(ctx, "thumbnail", &shown.thumbnail));
        }
        self.of = Some(Arc::clone(shown));
        true
    }
}

impl App {
    /// The app as it starts: the worker is at the first picture before the first frame is drawn.
    pub fn new(
        ctx: &egui::Context,
        request: WindowRequest,
        resources: Resources,
        dialogs: Arc<dyn Dialogs>,
    ) -> Result<Self, AppError> {
        theme::install(ctx);
        let row = choose_row(request.model.as_deref(), request.weights.is_some())?;
        let (sender, events) = sync_channel(MAX_EVENTS);
        let (to_window, wake) = (sender.clone(), ctx.clone());
        let tell = Box::new(move |event| {
            // A window that is gone needs no event.
            if to_window.send(event).is_ok() {
                wake.request_repaint();
            }
        });
        let computes = (request.device, request.engine);
        let mut pipeline = Pipeline::new(resources.store.clone(), resources.cat, computes, tell);
        let worker = Worker::spawn("inference", move |job, cancel| pipeline.handle(job, cancel))?;
        let mut app = Self {
            state: State {
                store: resources.store,
                picture: PictureChoice::Cat,
                source: None,
                row,
                graph: Arc::new((row.build)()?),
                weight_files: request.weights.map(|file| (row.tag, file)).into_iter().collect(),
                layer: LayerChoice::Final,
                input: InputChoices::default(),
                settings: MosaicSettings { paper: Paper::Dark, ..MosaicSettings::default() },
                has_caption: true,
                saved_paper: Paper::Light,
                shown: None,
                busy: None,
                trouble: None,
                good: None,
                weights_question: None,
                messages: std::collections::VecDeque::new(),
                selected: None,
                is_help_open: false,
                max_texture_side: ctx.input(|i| i.max_texture_side),
            },
            scratch: Scratch::default(),
            commands: Commands::default(),
            textures: Textures::default(),
            events,
            sender,
            worker,
            dialogs,
            newest_job: 0,
        };
        match request.picture {
            Some(path) => app.open(path),
            None => app.show(),
        }
        Ok(app)
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.state.max_texture_side = ctx.input(|i| i.max_texture_side);
        self.drain_events();
        self.take_input(ctx);
        if self.textures.refresh(ctx, self.state.shown.as_ref())
            && let Some(shown) = &self.state.shown
        {
            let what = format!("{} · {} · {}", shown.label, shown.row().tag, shown.activation.name());
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(format!("{what} – filterscope")));
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        panels::draw(
            ui,
            &mut panels::Context {
                state: &self.state,
                textures: &self.textures,
                scratch: &mut self.scratch,
                commands: &mut self.commands,
            },
        );
        let commands = self.commands.take();
        if !commands.is_empty() {
            let ctx = ui.ctx().clone();
            for command in commands {
                self.apply(&ctx, command);
            }
            ctx.request_repaint();
        }
    }
}
