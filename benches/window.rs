//! Measures the processor time that a frame costs the window's thread while networks keep every core busy: logic and layout, and turning
//! shapes into triangles. Also measures the time from an input until the result is on screen, without painting; the cost of handing over
//! a new mosaic of 2048 channels; and the cost of stepping back to a kept layer. There is no display, so painting isn't measured.
//!
//! `cargo bench --bench window`. Criterion measures one operation done often. This is a window in use, so the numbers are percentiles.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench prints, and ends where it can't go on"
)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cpu_time::ThreadTime;
use egui_kittest::Harness;
use egui_kittest::kittest::{By, NodeT, Queryable};
use filterscope::app::{App, SystemDialogs};
use filterscope::engine::{EmbeddedWeights, WeightStore};
use filterscope::render::{Resources, WindowRequest};

/// A frame's costs.
#[derive(Default)]
struct Costs {
    layout: Vec<Duration>,
    tessellation: Vec<Duration>,
}

struct Window(Harness<'static, App>);

impl Window {
    fn open() -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let leak = |path: &str| -> &'static [u8] { std::fs::read(root.join(path)).unwrap().leak() };
        let embedded = |tag, file: &str| EmbeddedWeights { tag, bytes: leak(&format!("weights/{file}")) };
        let resources = Resources {
            store: WeightStore::new(vec![
                embedded("xception.keras_in1k", "xception_keras_in1k_notop.f16.safetensors"),
                embedded("tf_efficientnet_lite0.in1k", "tf_efficientnet_lite0.f16.safetensors"),
            ]),
            cat: leak("assets/cat.png"),
        };
        let request = WindowRequest {
            picture: Some(root.join("assets/drive/interpolated.csv")),
            ..WindowRequest::default()
        };
        let harness = Harness::builder().with_size([1280.0, 760.0]).build_eframe(move |cc| {
            App::new(&cc.egui_ctx, request, resources, Arc::new(SystemDialogs)).unwrap()
        });
        Self(harness)
    }

    /// Clicks the first frame that the strip shows.
    fn click_a_frame(&self) {
        let mut buttons = self.0.root().query_all_by_role(egui::accesskit::Role::Button);
        let is_frame = |label: Option<String>| label.is_some_and(|label| label.starts_with("Frame "));
        buttons.find(|node| is_frame(node.accesskit_node().label())).unwrap().click();
    }

    fn says(&self, text: &str) -> bool {
        let mut all = self.0.root().query_all(By::new());
        all.any(|node| {
            node.accesskit_node()
                .label()
                .or_else(|| node.accesskit_node().value())
                .is_some_and(|t| t.contains(text))
        })
    }

    /// Runs one frame and records its cost.
    fn frame(&mut self, costs: &mut Costs) -> Duration {
        let clock = ThreadTime::now();
        self.0.step();
        let layout = clock.elapsed();
        let shapes = self.0.output().shapes.clone();
        let clock = ThreadTime::now();
        let triangles = self.0.ctx.tessellate(shapes, 1.0);
        let tessellation = clock.elapsed();
        drop(triangles);
        costs.layout.push(layout);
        costs.tessellation.push(tessellation);
        layout + tessellation
    }

    fn wait_for(&mut self, text: &str) {
        let deadline = Instant::now() + Duration::from_mins(1);
        while !self.says(text) {
            assert!(Instant::now() < deadline, "never came: {text}");
            self.0.step();
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn percentile(times: &[Duration], share: f64) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted[((sorted.len() as f64 * share) as usize).min(sorted.len() - 1)].as_secs_f64() * 1e3
}

fn row(what: &str, times: &[Duration]) {
    println!(
        "| {what} | {} | {:.2} | {:.2} | {:.2} |",
        times.len(),
        percentile(times, 0.5),
        percentile(times, 0.99),
        percentile(times, 1.0)
    );
}

fn main() {
    let mut window = Window::open();
    window.wait_for("drive, row 0, center");
    window.wait_for("Ready");
    println!("| what | frames | median ms | 99 % ms | most ms |\n|---|---|---|---|---|");

    // Moments are played as fast as the network runs, while the pointer moves over the mosaic.
    window.0.key_press(egui::Key::Space);
    let (mut costs, mut sums, mut to_frame) = (Costs::default(), Vec::new(), Vec::new());
    let mut plays = 0;
    for at in 0..1500 {
        let place = egui::pos2(300.0 + (at % 640) as f32, 180.0 + (at % 250) as f32);
        let posted = Instant::now();
        window.0.hover_at(place);
        sums.push(window.frame(&mut costs));
        to_frame.push(posted.elapsed());
        if !window.says("Stop") && plays < 40 {
            // At the end of the log, playing starts again, so that networks keep running.
            window.click_a_frame();
            window.0.step();
            window.0.key_press(egui::Key::Space);
            plays += 1;
        }
        std::thread::sleep(Duration::from_millis(4));
    }
    row("logic and layout, networks running", &costs.layout);
    row("tessellation, networks running", &costs.tessellation);
    row("both", &sums);
    row("input to shapes, wall time", &to_frame);

    // Alternates between two layers that are both kept. Measures the frame of the key and the next, which shows the layer.
    if window.says("Stop") {
        window.0.key_press(egui::Key::Space);
    }
    window.0.run_steps(3);
    window.wait_for("Ready");
    window.0.key_press_modifiers(egui::Modifiers::ALT, egui::Key::ArrowUp);
    window.wait_for("act3 1536×10×10");
    window.wait_for("Ready");
    let mut handed_over = Vec::new();
    for at in 0..60 {
        let (key, name) = if at % 2 == 0 {
            (egui::Key::ArrowDown, "act4 2048×10×10")
        } else {
            (egui::Key::ArrowUp, "act3 1536×10×10")
        };
        window.0.key_press_modifiers(egui::Modifiers::ALT, key);
        let mut ignored = Costs::default();
        window.frame(&mut ignored);
        handed_over.push(window.frame(&mut ignored));
        assert!(window.says(name), "a kept layer is on screen in the next frame");
    }
    row("the frame in which a kept mosaic of 2048 channels comes on screen", &handed_over);
}
