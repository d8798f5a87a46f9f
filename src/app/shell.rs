//! The app that eframe drives: how it starts, what it does in each frame, how it ends.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::app::message::command::Commands;
use crate::app::message::effect::{Effect, Effects, FaceEffect};
use crate::app::message::{Message, Now};
use crate::app::model::download::Downloads;
use crate::app::model::naming;
use crate::app::model::preferences::KEY;
use crate::app::model::session;
use crate::app::model::{Model, TEXTURE_SIDE};
use crate::app::runtime::Runtime;
use crate::app::runtime::dialogs::{Dialogs, SystemDialogs};
use crate::app::ui;
use crate::app::ui::frame_times::FrameTimes;
use crate::app::ui::scratch::Scratch;
use crate::app::ui::textures::Textures;
use crate::app::ui::{face, input, theme};
use crate::app::update;
use crate::app::update::{Start, preferences, wants_an_end};
use crate::engine::{Priority, ThreadsError, start_threads};
use crate::graph::GraphError;
use crate::models::ModelSpec;
use crate::render::{ChoiceError, Resources, WindowRequest, choose_spec, choose_spec_up_to};
use crate::tensor::PixelSize;
use crate::weights::FilePart;

/// Why the window can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// There is no display, or no graphics support.
    #[error("can't open a window ({0}); `filterscope render` draws mosaics without one")]
    NoWindow(String),
    /// The model isn't known.
    #[error(transparent)]
    Choice(#[from] ChoiceError),
    /// The model's graph is malformed: a mistake in the code that builds it.
    #[error("the model's graph is malformed: {0}")]
    Graph(#[from] GraphError),
    /// The system refuses to start the worker thread.
    #[error("can't start the worker thread: {0}")]
    Thread(#[from] std::io::Error),
    /// The threads that compute could not be started.
    #[error(transparent)]
    Threads(#[from] ThreadsError),
}

/// The program's name for the window system and for the folder that keeps the window's state.
const APP_NAME: &str = "filterscope";

/// Opens the window, and returns when it is closed.
pub fn run(request: WindowRequest, resources: Resources) -> Result<(), AppError> {
    // An unknown model name is reported on the terminal, before any window opens.
    first_spec(&request)?;
    start_threads(request.threads, Priority::BehindWindow)?;
    mend_zoom();
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
    // The network reads its weights and begins to run while the system makes the window: the app begins with a context of its own, and
    // goes over to the window's. Where both share two cores, the first mosaic comes no sooner for it.
    let (early, window) = (egui::Context::default(), Arc::new(OnceLock::<egui::Context>::new()));
    let frames = request.frames;
    let theirs = Arc::clone(&window);
    let wake = move || {
        if let Some(ctx) = theirs.get() {
            ctx.request_repaint();
        }
    };
    let mut app = App::begin((&early, TEXTURE_SIDE), request, resources, Arc::new(SystemDialogs), wake)?;
    let kept = kept_storage();
    if let Some(text) = kept.get(KEY) {
        app.take_remembered(&early, text);
    }
    if let Some(text) = kept.get(session::KEY) {
        app.take_session(&early, text);
    }
    app.select_first();
    app.set_takes_drops(!is_wayland(|name| std::env::var_os(name).is_some_and(|v| !v.is_empty())));
    tracing::debug!("work for the first view is posted");
    let create: eframe::AppCreator<'_> = Box::new(move |cc| {
        tracing::debug!("the window is there");
        app.go_on_in(&cc.egui_ctx);
        if let Some(size) = frames {
            app.follow_frames(&cc.egui_ctx, size, std::io::stdin());
        }
        // What arrived before the window was there waits for its first frame.
        drop(window.set(cc.egui_ctx.clone()));
        cc.egui_ctx.request_repaint();
        Ok(Box::new(app))
    });
    eframe::run_native(APP_NAME, options, create).map_err(|error| match error {
        eframe::Error::AppCreation(error) => AppError::NoWindow(error.to_string()),
        // If no display server answers, winit's long debug text helps nobody.
        eframe::Error::WinitEventLoop(_) => AppError::NoWindow("there is no display".into()),
        error => AppError::NoWindow(error.to_string()),
    })
}

/// What eframe keeps between sessions, read before it reads it itself; empty if there is nothing or it can't be read.
fn kept_storage() -> HashMap<String, String> {
    let path = eframe::storage_dir(APP_NAME).map(|folder| folder.join("app.ron"));
    let text = path.and_then(|path| std::fs::read_to_string(path).ok());
    text.and_then(|text| ron::from_str(&text).ok()).unwrap_or_default()
}

/// The zoom of the last time is used to make the window, before any code of ours sees it, and panics there if it is no sensible number.
/// Such a zoom becomes 1 in the file that keeps the state of the window.
fn mend_zoom() {
    let Some(path) = eframe::storage_dir(APP_NAME).map(|folder| folder.join("app.ron")) else { return };
    let Some(text) = std::fs::read_to_string(&path).ok().and_then(|text| with_sensible_zoom(&text)) else {
        return;
    };
    let new = path.with_extension("ron.new");
    if let Err(error) = std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, &path)) {
        tracing::warn!("can't mend \"{}\": {error}", path.display());
    }
}

/// The text with a zoom of 1 in place of one that is no sensible number; `None` if there is no such zoom.
fn with_sensible_zoom(text: &str) -> Option<String> {
    let (before, rest) = text.split_once(ZOOM)?;
    let end = rest.find([',', ')'])?;
    let zoom = rest[..end].trim().parse::<f32>();
    let is_sensible = zoom.is_ok_and(|zoom| (0.2..=5.0).contains(&zoom));
    (!is_sensible).then(|| format!("{before}{ZOOM}1.0{}", &rest[end..]))
}

const ZOOM: &str = "zoom_factor:";

/// Longest time that a frame spends on handling events; the rest wait for the next frame.
const DRAIN_BUDGET: Duration = Duration::from_millis(8);

/// The app: the model, the threads and what drawing needs.
pub struct App {
    model: Model,
    scratch: Scratch,
    textures: Textures,
    commands: Commands,
    runtime: Runtime,
    /// The window's title as it was last set.
    title: String,
    /// Whether a mosaic was on screen already.
    has_drawn: bool,
    /// Whether the request named what to show, so that nothing of the last time is opened.
    is_named: bool,
    /// Processor time that frames take on the window's thread, if it is to be shown.
    frame_times: Option<FrameTimes>,
}

impl App {
    /// Creates the app. The worker starts on the first picture before the first frame is drawn.
    ///
    /// # Errors
    /// The model isn't known, its graph is malformed, or a thread can't be started.
    pub fn new(
        ctx: &egui::Context,
        request: WindowRequest,
        resources: Resources,
        dialogs: Arc<dyn Dialogs>,
    ) -> Result<Self, AppError> {
        let wake = ctx.clone();
        let side = ctx.input(|i| i.max_texture_side).min(TEXTURE_SIDE);
        Self::begin((ctx, side), request, resources, dialogs, move || wake.request_repaint())
    }

    /// Creates the app as [`App::new`] does, perhaps before there is a window. Takes a context with the longest side of its textures;
    /// `wake` is called when something has arrived for the window.
    fn begin(
        (ctx, max_texture_side): (&egui::Context, usize),
        request: WindowRequest,
        resources: Resources,
        dialogs: Arc<dyn Dialogs>,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Result<Self, AppError> {
        theme::install(ctx);
        let (spec, asks_for) = first_spec(&request)?;
        let runtime = Runtime::new(wake, &resources, request.engine, request.memory, dialogs)?;
        let mut model = Model::new(resources.store, spec, Arc::new(spec.graph()?));
        model.engine = request.engine;
        model.device = request.device;
        model.max_texture_side = max_texture_side;
        if asks_for.is_none() {
            model.weight_files.extend(weights_of(&request, spec));
        }
        model.downloads = request.downloads.map(Downloads::new);
        let mut app = Self {
            model,
            scratch: Scratch::default(),
            textures: Textures::default(),
            commands: Commands::default(),
            runtime,
            title: "filterscope".to_owned(),
            has_drawn: false,
            is_named: request.picture.is_some()
                || request.model.is_some()
                || request.weights.is_some()
                || request.frames.is_some(),
            frame_times: request.shows_frame_times.then(FrameTimes::default),
        };
        let start = Start {
            picture: request.picture,
            asks_for,
            final_layer: request.final_layer,
            part: request.part,
        };
        let mut effects = Effects::default();
        update::start(&mut app.model, start, &mut effects);
        app.run(ctx, effects);
        Ok(app)
    }

    /// Goes on in the window's context, after a beginning in another.
    fn go_on_in(&mut self, ctx: &egui::Context) {
        theme::install(ctx);
        let is_dark = self.model.preferences.is_dark;
        let theme = FaceEffect::SetTheme(is_dark);
        face::run(ctx, &self.model, &mut self.scratch, &mut self.textures, theme);
    }

    /// Reads frames of one size from a stream of raw RGB, and shows the newest in all linked views, as fast as the networks allow.
    pub fn follow_frames(
        &mut self,
        ctx: &egui::Context,
        size: PixelSize,
        from: impl std::io::Read + Send + 'static,
    ) {
        if let Some(event) = self.runtime.follow(size, from) {
            self.take(ctx, Message::Event(event));
        }
    }

    /// The settings that are kept for the next session, as text.
    pub fn remembered(&self) -> String {
        preferences::remembered(&self.model)
    }

    /// Applies the settings kept from the last session. If the text can't be read, it is ignored and the user is told; single settings
    /// that are unknown here are left as they are.
    pub fn take_remembered(&mut self, ctx: &egui::Context, text: &str) {
        let mut effects = Effects::default();
        preferences::take_remembered(&mut self.model, &mut effects, text);
        self.run(ctx, effects);
    }

    /// What is open, as text for the next start; empty if it isn't to be opened again.
    pub fn remembered_session(&self) -> String {
        update::session::kept(&self.model)
    }

    /// Opens what was open the last time, unless the request named something, or the user doesn't want it. Text that can't be read, and
    /// whatever in it has gone since, costs nothing but a message.
    pub fn take_session(&mut self, ctx: &egui::Context, text: &str) {
        if self.is_named {
            return;
        }
        let mut effects = Effects::default();
        update::session::take(&mut self.model, &mut effects, text);
        self.run(ctx, effects);
    }

    /// Selects the strongest channel of the first result, so that a new window shows what it can.
    pub fn select_first(&mut self) {
        self.model.selects_first = true;
    }

    /// Says whether the window system tells the window of dropped files; if not, the window doesn't offer dropping.
    pub fn set_takes_drops(&mut self, takes_drops: bool) {
        self.model.takes_drops = takes_drops;
    }

    /// What `update` is told about the present moment and the current frame of the window.
    fn now(&mut self, ctx: &egui::Context) -> Now {
        Now {
            secs: ctx.input(|i| i.time),
            is_dark: ctx.theme() == egui::Theme::Dark,
            is_pressed: ctx.input(|i| i.pointer.primary_pressed()),
            is_down: ctx.input(|i| i.pointer.primary_down()),
            is_on_messages: self.scratch.is_on_messages,
            max_texture_side: ctx.input(|i| i.max_texture_side),
            is_narrow: ctx.content_rect().width() < theme::NARROW,
            memory_bytes: self.runtime.memory_bytes(),
            live: self.runtime.newest_frame(),
            seen: face::seen_view(&self.model, &self.scratch, ctx),
        }
    }

    fn take(&mut self, ctx: &egui::Context, message: Message) {
        let mut effects = Effects::default();
        let now = self.now(ctx);
        update::update(&mut self.model, message, &now, &mut effects);
        self.run(ctx, effects);
    }

    /// Carries out the effects of a message. If the threads can't take some work, that is handled like any other event.
    fn run(&mut self, ctx: &egui::Context, mut effects: Effects) {
        for effect in effects.take() {
            let refused = match effect {
                Effect::Face(effect) => {
                    face::run(ctx, &self.model, &mut self.scratch, &mut self.textures, effect);
                    None
                }
                Effect::Work(work) => self.runtime.run(work),
            };
            if let Some(event) = refused {
                self.take(ctx, Message::Event(event));
            }
        }
    }
}

impl eframe::App for App {
    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        storage.set_string(KEY, self.remembered());
        storage.set_string(session::KEY, self.remembered_session());
    }

    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        if let Some(times) = &mut self.frame_times {
            times.begin();
        }
        let started = Instant::now();
        while started.elapsed() < DRAIN_BUDGET
            && let Some(event) = self.runtime.next_event()
        {
            self.take(ctx, Message::Event(event));
        }
        input::take(ctx, &self.model, &mut self.scratch, &mut self.commands);
        self.take(ctx, Message::Tick);
        face::sync(&self.model, &mut self.scratch);
        self.textures.refresh(ctx, &self.model);
        if !self.has_drawn && self.model.views.iter().any(|view| view.shown.is_some()) {
            self.has_drawn = true;
            tracing::debug!("the first mosaic is drawn");
        }
        let title = naming::title(&self.model);
        if self.title != title {
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        ui::draw(
            ui,
            &mut ui::context::Context {
                model: &self.model,
                textures: &self.textures,
                scratch: &mut self.scratch,
                commands: &mut self.commands,
                frame_times: self.frame_times.as_ref(),
            },
        );
        if let Some(leader) = self.scratch.leader.take() {
            face::lead(&self.model, &mut self.scratch, leader);
        }
        let commands = self.commands.take();
        if !commands.is_empty() {
            let ctx = ui.ctx().clone();
            for command in commands {
                self.take(&ctx, Message::Command(command));
            }
            ctx.request_repaint();
        }
        if let Some(times) = &mut self.frame_times {
            times.end();
        }
    }
}

/// Whether the window is one of native Wayland, where the window library tells nothing of dropped files. The library takes Wayland where
/// one of these variables is set, even if there is an X server too.
fn is_wayland(is_set: impl Fn(&str) -> bool) -> bool {
    cfg!(all(unix, not(target_os = "macos"))) && (is_set("WAYLAND_DISPLAY") || is_set("WAYLAND_SOCKET"))
}

/// The model of the first view, and, if the user must be asked about it first, a weight file: its model, its preprocessing or its
/// final layer isn't known.
fn first_spec(request: &WindowRequest) -> Result<(&'static ModelSpec, Option<PathBuf>), ChoiceError> {
    let Some(name) = request.model.as_deref() else {
        return Ok((choose_spec(None, false)?, request.weights.clone()));
    };
    let spec = choose_spec_up_to(Some(name), request.weights.is_some(), request.final_layer.as_deref())?;
    match spec.opened() {
        Some(opened) if !opened.knows_values || wants_an_end(spec) => {
            Ok((choose_spec(None, false)?, Some(opened.path.clone())))
        }
        _ => Ok((spec, None)),
    }
}

/// The model's tag and its weight file, if one was given.
fn weights_of(request: &WindowRequest, spec: &ModelSpec) -> Option<(&'static str, FilePart)> {
    let path = request.weights.clone().or_else(|| spec.opened().map(|opened| opened.path.clone()))?;
    Some((spec.tag, FilePart { path, choice: request.part.clone() }))
}

#[cfg(test)]
mod tests {
    use super::{is_wayland, with_sensible_zoom};

    #[test]
    fn a_zoom_that_is_no_sensible_number_becomes_one() {
        for bad in ["0.0", "-1", "1e9", "NaN", "inf", "x"] {
            let text = format!("(options:(zoom_factor:{bad},feathering:true))");
            let mended = with_sensible_zoom(&text);
            assert_eq!(mended.as_deref(), Some("(options:(zoom_factor:1.0,feathering:true))"), "{bad}");
        }
        for good in ["(zoom_factor:1.5)", "(zoom:0)", "zoom_factor:", ""] {
            assert_eq!(with_sensible_zoom(good), None);
        }
    }

    #[cfg(all(unix, not(target_os = "macos")))]
    #[test]
    fn wayland_is_known_by_its_variables_and_comes_before_x() {
        assert!(is_wayland(|name| name == "WAYLAND_DISPLAY" || name == "DISPLAY"));
        assert!(is_wayland(|name| name == "WAYLAND_SOCKET"));
        assert!(!is_wayland(|name| name == "DISPLAY"));
    }
}
