//! Tests of the window, driven through the accessibility tree, without a display or GPU.

mod basics;
mod browse;
mod channels;
mod compare;
mod drops;
mod export;
mod files;
mod home;
mod keeping;
mod layers;
mod look;
mod menus;
mod passes;
mod runs;
mod session;
mod studies;

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use filterscope::app::{App, Dialogs};
use filterscope::engine::{EmbeddedWeights, WeightStore};
use filterscope::render::{Resources, WindowRequest};
use filterscope::weights::Folders;

use crate::support::root;

/// Dialogs that return the path a test has set; without one they count as closed by the person.
#[derive(Clone, Default)]
struct Scripted(Arc<Mutex<(Option<PathBuf>, usize)>>);

impl Scripted {
    fn answer(&self, path: impl Into<PathBuf>) {
        self.0.lock().unwrap().0 = Some(path.into());
    }

    fn num_asked(&self) -> usize {
        self.0.lock().unwrap().1
    }

    fn take(&self) -> Option<PathBuf> {
        let mut script = self.0.lock().unwrap();
        script.1 += 1;
        script.0.take()
    }
}

impl Dialogs for Scripted {
    fn open_picture(&self, _from: Option<&Path>) -> Option<PathBuf> {
        self.take()
    }

    fn open_folder(&self, _from: Option<&Path>) -> Option<PathBuf> {
        self.take()
    }

    fn open_weights(&self) -> Option<PathBuf> {
        self.take()
    }

    fn save_png(&self, _name: &str) -> Option<PathBuf> {
        self.take()
    }

    fn save_animation(&self, _name: &str) -> Option<PathBuf> {
        self.take()
    }

    fn save_result(&self, _name: &str) -> Option<PathBuf> {
        self.take()
    }

    fn open_head(&self) -> Option<PathBuf> {
        self.take()
    }
}

/// A window under test.
struct Window {
    harness: Harness<'static, App>,
    dialogs: Scripted,
}

/// What the program carries, read once for all windows: 80 MB for each would be 10 GB in the end.
fn carried() -> (Vec<EmbeddedWeights>, &'static [u8]) {
    static FILES: LazyLock<[Vec<u8>; 4]> = LazyLock::new(|| {
        [
            "weights/xception_keras_in1k_notop.f16.safetensors",
            "weights/vgg16_keras_in1k_notop.f16.safetensors",
            "weights/tf_efficientnet_lite0.f16.safetensors",
            "assets/cat.png",
        ]
        .map(|file| std::fs::read(root().join(file)).unwrap())
    });
    let [xception, vgg16, lite0, cat] = &*FILES;
    let tags = ["xception.keras_in1k", "vgg16.keras_in1k", "tf_efficientnet_lite0.in1k"];
    let weights = tags.into_iter().zip([xception, vgg16, lite0]);
    (weights.map(|(tag, bytes)| EmbeddedWeights { tag, bytes }).collect(), cat)
}

impl Window {
    fn open(size: [f32; 2], request: WindowRequest) -> Self {
        Self::open_with_folders(size, request, Folders::default())
    }

    /// Opens a window that keeps weights in these folders.
    fn open_with_folders(size: [f32; 2], request: WindowRequest, folders: Folders) -> Self {
        let (weights, cat) = carried();
        let resources = Resources { store: WeightStore::new(weights).with_folders(folders), cat };
        let dialogs = Scripted::default();
        let theirs = Arc::new(dialogs.clone());
        let harness = Harness::builder()
            .with_size(size)
            .build_eframe(move |cc| App::new(&cc.egui_ctx, request, resources, theirs).unwrap());
        Self { harness, dialogs }
    }

    /// Opens a window without a request and waits for the cat's mosaic, which it shows at the start.
    fn with_cat() -> Self {
        let mut window = Self::open([1280.0, 1400.0], WindowRequest::default());
        window.wait_for("xception.keras_in1k · act4 2048×10×10");
        window
    }

    fn texts(&self) -> Vec<String> {
        let all = self.harness.root().query_all(egui_kittest::kittest::By::new());
        all.filter_map(|n| n.accesskit_node().label().or_else(|| n.accesskit_node().value())).collect()
    }

    /// Whether the description of some widget contains `text`.
    fn describes(&self, text: &str) -> bool {
        let mut all = self.harness.root().query_all(egui_kittest::kittest::By::new());
        all.any(|n| n.accesskit_node().description().is_some_and(|words| words.contains(text)))
    }

    fn says(&self, text: &str) -> bool {
        self.texts().iter().any(|t| t.contains(text))
    }

    /// Whether something was told, on screen or in the log: messages go after the time that it takes to read them.
    fn was_told(&mut self, text: &str) -> bool {
        self.menu("Help", "Messages");
        let is_told = self.says(text);
        self.menu("Help", "Messages");
        is_told
    }

    /// Runs frames until some text on screen contains `text`.
    fn wait_for(&mut self, text: &str) {
        self.wait(|w| w.says(text), text);
    }

    /// Runs frames until the worker has nothing to do.
    fn settle(&mut self) {
        self.harness.run_steps(3);
        self.wait(|w| w.says("Ready"), "Ready");
    }

    fn wait(&mut self, is_there: impl Fn(&Self) -> bool, what: &str) {
        let deadline = Instant::now() + Duration::from_mins(2);
        loop {
            self.harness.step();
            if is_there(self) {
                return;
            }
            assert!(Instant::now() < deadline, "never came: {what}\n{}", self.texts().join("\n"));
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Clicks a widget by its name. A click goes to the place where the widget was drawn last, and a growing panel moves it a frame later,
    /// so some frames are run first. If the widget is disabled, waits until it is enabled, as a person would.
    fn click(&mut self, label: &str) {
        self.harness.run_steps(2);
        let is_ready = |w: &Self| {
            w.harness.query_by_label(label).is_some_and(|node| !node.accesskit_node().is_disabled())
        };
        if !is_ready(self) {
            self.wait(is_ready, &format!("{label} to be ready"));
            self.harness.run_steps(2);
        }
        self.bring(|harness| harness.get_by_label(label).scroll_to_me());
        self.harness.get_by_label(label).click();
        self.harness.run_steps(3);
    }

    /// Clicks a widget as an assistive technology does, wherever a result that arrives has moved it.
    fn click_now(&mut self, label: &str) {
        let is_there = |w: &Self| w.harness.query_by_label(label).is_some();
        self.wait(is_there, label);
        self.harness.get_by_label(label).click_accesskit();
        self.harness.run_steps(3);
    }

    /// Scrolls until a widget is in sight, as a person would.
    fn bring(&mut self, scroll: impl FnOnce(&Harness<'static, App>)) {
        scroll(&self.harness);
        self.harness.run_steps(8);
    }

    fn click_button(&mut self, label: &str) {
        self.harness.run_steps(2);
        self.bring(|h| h.get_all_by_role_and_label(Role::Button, label).next().unwrap().scroll_to_me());
        self.harness.get_all_by_role_and_label(Role::Button, label).next().unwrap().click();
        self.harness.run_steps(3);
    }

    /// Opens a drop-down list and picks an entry. Where a result that arrives moves the list under the pointer, clicks again, as a person
    /// would.
    fn choose(&mut self, list: &str, entry: &str) {
        for _ in 0..3 {
            self.bring(|harness| harness.get_by_role_and_label(Role::ComboBox, list).scroll_to_me());
            self.harness.get_by_role_and_label(Role::ComboBox, list).click();
            self.harness.run_steps(3);
            if self.harness.query_all_by_role_and_label(Role::Button, entry).next().is_some() {
                break;
            }
        }
        self.click_button(entry);
    }

    /// Chooses a model by typing part of its tag. The open list has the keyboard focus without a click, and Enter takes the first match.
    fn choose_model(&mut self, part: &str) {
        self.harness.get_by_role_and_label(Role::ComboBox, "Model").click();
        self.harness.run_steps(4);
        self.harness.event(egui::Event::Text(part.to_owned()));
        self.harness.run_steps(2);
        self.harness.key_press(egui::Key::Enter);
        self.harness.run_steps(3);
    }

    fn type_into(&mut self, field: &str, text: &str) {
        let node = self.harness.get_by_role_and_label(Role::TextInput, field);
        node.focus();
        self.harness.run_steps(2);
        self.harness.get_by_role_and_label(Role::TextInput, field).type_text(text);
        self.harness.run_steps(2);
        self.harness.key_press(egui::Key::Enter);
        self.harness.run_steps(3);
    }

    /// Drops a file on the active view: the pointer isn't told, as on X11.
    fn drop_file(&mut self, path: impl Into<PathBuf>) {
        self.drop_files([path.into()]);
        // With several views, the drop waits for the pointer for a while.
        self.harness.run_steps(4);
    }

    fn drop_files(&mut self, paths: impl IntoIterator<Item = PathBuf>) {
        for path in paths {
            self.harness.input_mut().dropped_files.push(Arc::new(Dropped(path)));
        }
        self.harness.step();
        self.harness.input_mut().dropped_files.clear();
    }

    /// Opens a menu and clicks an item.
    fn menu(&mut self, menu: &str, item: &str) {
        self.harness.get_all_by_role_and_label(Role::Button, menu).next().unwrap().click();
        self.harness.run_steps(5);
        // On a small screen a long menu scrolls.
        for _ in 0..20 {
            if self.click_item(item) {
                self.harness.run_steps(3);
                return;
            }
            self.hover(egui::pos2(40.0, 150.0));
            self.wheel(-60.0);
        }
        panic!("{menu} has no {item} at {}", self.harness.ctx.pixels_per_point());
    }

    /// Clicks a menu item whose name starts with `item`, as an item's shortcut is part of its name. Other buttons of that name are further
    /// from the top left corner. Returns whether the item was there.
    fn click_item(&self, item: &str) -> bool {
        let named = |label: Option<String>| label.is_some_and(|label| label.starts_with(item));
        let corner = |node: &egui_kittest::Node<'_>| node.rect().min.to_vec2().length();
        let all = self.harness.root().query_all_by_role(Role::Button);
        let found = all
            .filter(|node| named(node.accesskit_node().label()))
            .min_by(|a, b| corner(a).total_cmp(&corner(b)));
        found.inspect(egui_kittest::Node::click_accesskit).is_some()
    }

    fn wheel(&mut self, points: f32) {
        self.harness.event(egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: egui::vec2(0.0, points),
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Unknown,
            modifiers: egui::Modifiers::NONE,
        });
        self.harness.run_steps(8);
    }

    fn press(&mut self, key: egui::Key) {
        self.harness.key_press(key);
        self.harness.run_steps(3);
    }

    /// The centre on screen of the tile at `(row, column)`, in a mosaic with a grid of `(rows, columns)` tiles that fills its view's width
    /// or height.
    fn tile(&self, image: &str, grid: (f32, f32), at: (f32, f32)) -> egui::Pos2 {
        let view = self.harness.get_by_role_and_label(Role::Image, image).rect();
        let tile = (view.width() / grid.1).min(view.height() / grid.0);
        let corner = view.center() - egui::vec2(grid.1, grid.0) * tile * 0.5;
        corner + egui::vec2(at.1 + 0.5, at.0 + 0.5) * tile
    }

    fn hover(&mut self, at: egui::Pos2) {
        self.harness.hover_at(at);
        self.harness.run_steps(3);
    }

    fn click_at(&mut self, at: egui::Pos2) {
        self.hover(at);
        for pressed in [true, false] {
            self.harness.event(egui::Event::PointerButton {
                pos: at,
                button: egui::PointerButton::Primary,
                pressed,
                modifiers: egui::Modifiers::NONE,
            });
            self.harness.step();
        }
        self.harness.run_steps(3);
    }

    /// Saves the mosaic through the dialog and reads the figure's record.
    fn saved_record(&mut self, path: &Path) -> filterscope::formats::FigureRecord {
        self.dialogs.answer(path);
        self.click_button("Save mosaic…");
        self.wait_for(&format!("saved \"{}\"", path.display()));
        filterscope::formats::read_record(path).unwrap()
    }

    fn type_path(&mut self, path: &Path) {
        self.type_into("Path", &path.display().to_string());
    }
}

fn drive() -> PathBuf {
    root().join("assets/drive/interpolated.csv")
}

/// A file dropped on the window by the desktop.
#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|e| e.to_string())
    }
}
