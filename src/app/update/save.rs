//! Commands about files that leave: layers, filters, views, sheets, batches. Figures that come back are in `restore`.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::message::command::Command;
use crate::app::message::effect::{BatchJob, Job, SideJob};
use crate::app::message::event::{Event, Picked};
use crate::app::model::batch::{BatchLayer, BatchNews, PlanRequest};
use crate::app::model::messages::Tone;
use crate::app::model::paths::{with_extension, with_npy};
use crate::app::model::request::PictureChoice;
use crate::app::model::save::{Export, SeenView};
use crate::app::shell::App;
use crate::app::ui::theme;
use crate::engine::CancelToken;
use crate::input::live::FeedEnd;
use crate::mosaic::SeenPart;
use crate::render::BatchLayers;

/// Lane of the second thread for plans.
const PLAN_LANE: u64 = 2;

impl App {
    pub(crate) fn apply_to_files(&mut self, ctx: &egui::Context, command: &Command) {
        match command {
            Command::ToggleBatch => {
                self.state.open.batch = !self.state.open.batch;
                if self.state.open.batch && self.state.batch.scope.folder.is_empty() {
                    self.state.batch.scope.tags =
                        std::iter::once(self.state.view().row.tag.to_owned()).collect();
                }
                self.plan_batch();
            }
            Command::SetBatch(scope) => {
                self.state.batch.scope = (**scope).clone();
                self.plan_batch();
            }
            Command::ChooseBatchFolder => self.ask(ctx, |d| Picked::BatchFolder(d.open_folder(None))),
            Command::StartBatch => self.start_batch(),
            Command::CancelBatch => {
                if let Some((_, called_off)) = &self.state.batch.running {
                    called_off.cancel();
                }
            }
            Command::Export(what, path) => self.export(ctx, *what, path),
            Command::CopyMosaic => {
                if let Some(shown) = self.state.view().shown.clone() {
                    // Enlarged to a readable size, as a saved figure is.
                    self.errand(Job::Copy { shown, looks: self.state.saved });
                }
            }
            Command::PastePicture(image) => self.paste(image),
            of_runs => self.apply_to_runs(ctx, of_runs),
        }
    }

    pub(crate) fn export(&mut self, ctx: &egui::Context, what: Export, path: &std::path::Path) {
        let view = self.state.view();
        let Some(shown) = view.shown.clone() else { return };
        let looks = self.state.saved;
        let named = || with_extension(path.to_owned());
        let job = match what {
            Export::Mosaic => Job::Save { shown, path: named(), may_replace: false, looks },
            Export::View => {
                let Some(seen) = self.seen_view(ctx) else { return };
                Job::SavePart { shown, seen: Box::new(seen), path: named() }
            }
            Export::Values => {
                let path = with_npy(path);
                Job::SaveValues { shown, path }
            }
            Export::Filter => {
                let Some(channel) = view.selected else {
                    self.state.say(Tone::Bad, "select a filter first: its map is then saved");
                    return;
                };
                Job::SaveFilter { shown, channel, path: named(), looks }
            }
            Export::Sheet => {
                let views = self.state.views.iter().filter(|v| v.is_plain()).filter_map(|v| v.shown.clone());
                Job::SaveSheet { views: views.collect(), path: named(), paper: looks.paper }
            }
        };
        self.errand(job);
    }

    /// What the active view shows of its mosaic, in pixels of the screen.
    fn seen_view(&self, ctx: &egui::Context) -> Option<SeenView> {
        let view = self.state.view();
        let (shown, scratch) = (view.shown.as_ref()?, self.scratch.views.get(&view.id)?);
        let (panel, viewport) = (scratch.panel?, &scratch.viewport);
        let pixels = &shown.mosaic.pixels;
        let size = egui::vec2(pixels.width() as f32, pixels.height() as f32);
        let (corner, seen) = (viewport.origin(panel, size), panel.size() / viewport.scale);
        let start = (panel.min - corner) / viewport.scale;
        let on_screen = panel.size() * ctx.pixels_per_point();
        let is_dark = ctx.theme() == egui::Theme::Dark;
        Some(SeenView {
            part: SeenPart { x: start.x, y: start.y, width: seen.x, height: seen.y },
            size: (on_screen.x.round().max(1.0) as u32, on_screen.y.round().max(1.0) as u32),
            ground: theme::mosaic_ground(is_dark).to_array(),
            selected: view.selected.map(|channel| (channel, theme::SELECTED.to_array())),
        })
    }

    /// What the threads tell of files and data sets.
    pub(crate) fn take_file_event(&mut self, ctx: &egui::Context, event: Event) {
        match event {
            Event::Thumb(key, image) => {
                self.scratch.thumbs_asked.retain(|asked| *asked != key);
                self.textures.take_thumb(ctx, key, image.as_ref());
            }
            Event::Labels(labels) => self.state.labels = Some(labels),
            Event::Grown(grown) => self.take_grown(&grown),
            Event::Download(row, news) => self.take_download_news(row, news),
            Event::FeedEnded(end) => {
                let tone = if matches!(end, FeedEnd::Whole(n) if n > 0) { Tone::Good } else { Tone::Bad };
                self.state.say(tone, end.to_string());
            }
            Event::Checked(true, name) => {
                self.state
                    .say(Tone::Good, format!("this is the picture that the figure was made from: {name}"));
            }
            Event::Checked(false, name) => self.state.say(
                Tone::Bad,
                format!("this is another picture than the figure's {name}: its pixels have another hash"),
            ),
            Event::Planned(plan) => self.state.batch.plan = Some(plan),
            Event::Batch(news) => self.take_batch_news(news),
            Event::Copied(image) => {
                ctx.copy_image((*image).clone());
                self.state.say(Tone::Good, "copied the mosaic as a picture");
            }
            // The others are about views, and taken before, or about long runs.
            of_runs => self.take_run_event(of_runs),
        }
    }

    /// Has settled what the batch would write, for the preview.
    pub(crate) fn plan_batch(&mut self) {
        if !self.state.open.batch {
            return;
        }
        let scope = &self.state.batch.scope;
        let models = self.state.models_of(&scope.tags);
        let view = self.state.view();
        let layers = match scope.layers {
            BatchLayer::Final => BatchLayers::Final,
            BatchLayer::AllStages => BatchLayers::AllStages,
            BatchLayer::This => BatchLayers::Named(view.graph.node(view.node()).name.clone()),
        };
        let request = PlanRequest {
            picture: view.picture.clone(),
            source: view.source.clone().filter(|_| scope.is_whole_source),
            moments: (scope.first, scope.last),
            models,
            layers,
            folder: PathBuf::from(scope.folder.trim()),
            has_values: scope.has_values,
        };
        self.state.batch.plan = None;
        self.side.post(PLAN_LANE, SideJob::Plan(Box::new(request)));
    }

    fn start_batch(&mut self) {
        if self.state.batch.running.is_some() {
            return;
        }
        let Some(Ok(plan)) = self.state.batch.plan.clone() else { return };
        let view = self.state.view();
        let called_off = CancelToken::new();
        let news = BatchNews { num_runs: plan.runs.len(), ..BatchNews::default() };
        let job = BatchJob {
            plan,
            folder: PathBuf::from(self.state.batch.scope.folder.trim()),
            device: self.state.device,
            next: 0,
            input: view.input,
            settings: view.settings.clone(),
            sifting: view.sifting,
            looks: self.state.saved,
            has_values: self.state.batch.scope.has_values,
            replaces: self.state.batch.scope.replaces,
            called_off: called_off.clone(),
            written: std::collections::HashSet::new(),
            news: news.clone(),
        };
        self.state.batch.running = Some((news, called_off));
        self.state.batch.report = None;
        self.errand(Job::Batch(Box::new(job)));
    }

    pub(crate) fn take_batch_news(&mut self, news: BatchNews) {
        if !news.is_over {
            if let Some((kept, _)) = &mut self.state.batch.running {
                *kept = news;
            }
            return;
        }
        self.state.batch.running = None;
        let tone = if news.failed.is_empty() { Tone::Good } else { Tone::Bad };
        self.state.say(tone, news.summary());
        self.state.batch.report = Some(news);
        self.plan_batch();
    }

    fn paste(&mut self, image: &egui::ColorImage) {
        let [width, height] = image.size;
        let bytes: Vec<u8> = image.pixels.iter().flat_map(|p| [p.r(), p.g(), p.b()]).collect();
        let Some(rgb) = image::RgbImage::from_raw(width as u32, height as u32, bytes) else {
            self.state.say(Tone::Bad, "the clipboard's picture can't be read");
            return;
        };
        self.num_pasted += 1;
        let frame = crate::input::live::Frame { number: self.num_pasted, rgb: Arc::new(rgb) };
        let id = self.state.view().id;
        self.change_pictures(id, |view| {
            view.source = None;
            view.picture = PictureChoice::Pasted(frame.clone());
        });
    }
}
