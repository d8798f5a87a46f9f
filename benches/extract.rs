//! Measures feature extraction from files to files: pictures per second and how the time is spent. Also measures the time that a log of a
//! million lines takes before the first picture.
//!
//! A run takes minutes, not microseconds, so this isn't a Criterion bench: each case runs three times in a new folder, and the median is
//! printed. `-- --test` runs each case once on a few pictures.
#![expect(clippy::unwrap_used, reason = "a bench that can't run should stop")]
#![expect(clippy::print_stdout, reason = "its result")]

use std::fmt::Write as _;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use filterscope::engine::{Backbone, CancelToken, ComputeDevice, Session};
use filterscope::extract::{
    Encoding, Existing, ExtractPlan, ExtractSettings, ModelToRun, Pool, Selection, Timings, execute,
};
use filterscope::features::FeatureFormat;
use filterscope::input::dataset::open_source;
use filterscope::input::decode::decode_bytes;
use filterscope::input::{FitChoice, ValueChoice};
use filterscope::models::Registry;
use filterscope::tensor::{AxisOrder, Dtype};
use filterscope::weights::TensorFile;
use image::ImageFormat;
use image::imageops::FilterType;

const NETWORKS: [(&str, &str); 2] = [
    ("xception.keras_in1k", "xception_keras_in1k_notop.f16.safetensors"),
    ("tf_efficientnet_lite0.in1k", "tf_efficientnet_lite0.f16.safetensors"),
];

/// Each size of JPEGs: name, width, height, and the number of pictures.
const PICTURES: [(&str, u32, u32, usize); 2] = [("451x300", 451, 300, 96), ("4000x3000", 4000, 3000, 24)];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn backbone((tag, file): (&str, &str)) -> Arc<Backbone> {
    let file = TensorFile::read(&root().join("weights").join(file)).unwrap();
    Arc::new(Backbone::from_tensors(Registry::find(tag).unwrap(), file).unwrap())
}

/// A folder of JPEGs, each of another brightness.
fn pictures(folder: &Path, (name, width, height, num): (&str, u32, u32, usize)) -> PathBuf {
    let folder = folder.join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let cat = decode_bytes("cat.png", &std::fs::read(root().join("assets/cat.png")).unwrap()).unwrap().rgb;
    let cat = image::imageops::resize(&cat, width, height, FilterType::CatmullRom);
    for at in 0..num {
        let mut file = Cursor::new(Vec::new());
        image::imageops::brighten(&cat, at as i32 % 64 - 32).write_to(&mut file, ImageFormat::Jpeg).unwrap();
        std::fs::write(folder.join(format!("{at:03}.jpg")), file.into_inner()).unwrap();
    }
    folder
}

fn plan(source: &Path, backbone: &Arc<Backbone>, out: PathBuf) -> ExtractPlan {
    let session = Session::new(Arc::clone(backbone), ComputeDevice::cpu()).unwrap();
    let layers = vec![backbone.graph().final_node()];
    let settings = ExtractSettings {
        selection: Selection::default(),
        share: None,
        fit: FitChoice::Model,
        values: ValueChoice::Model,
        encoding: Encoding { pool: Pool::Avg, order: AxisOrder::Hwc, dtype: Dtype::F32 },
        format: FeatureFormat::Npy,
        out,
        batch: None,
        part_rows: 4096,
    };
    ExtractPlan::new(Arc::from(open_source(source).unwrap()), vec![ModelToRun { session, layers }], settings)
        .unwrap()
}

/// One whole run: how the time of its execution was spent, and the time of all of it, planning included.
fn extract(source: &Path, backbone: &Arc<Backbone>, out: PathBuf) -> (Timings, Duration) {
    let started = Instant::now();
    let mut plan = plan(source, backbone, out);
    let existing = Existing { resume: false, allow_mixed: false, overwrite: false };
    let done = execute(&mut plan, existing, &CancelToken::new(), &mut |_| {}).unwrap();
    (done.timings.unwrap_or_default(), started.elapsed())
}

fn case(folder: &Path, network: (&str, &str), (size, _, _, num): (&str, u32, u32, usize), num_rounds: usize) {
    let backbone = backbone(network);
    let mut rounds: Vec<(Timings, Duration)> = (0..num_rounds)
        .map(|round| {
            extract(&folder.join(size), &backbone, folder.join(format!("out-{}-{size}-{round}", network.0)))
        })
        .collect();
    rounds.sort_by_key(|(_, elapsed)| *elapsed);
    let (t, elapsed) = rounds[num_rounds / 2];
    let per_picture = |time: Duration| time.as_secs_f64() * 1e3 / num as f64;
    println!(
        "| {} | {size} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.0} % |",
        network.0,
        num as f64 / elapsed.as_secs_f64(),
        per_picture(t.decode),
        per_picture(t.resize),
        per_picture(t.forward),
        per_picture(t.wait),
        per_picture(t.encode + t.write),
        t.forward.as_secs_f64() / t.elapsed.as_secs_f64() * 100.0,
    );
}

/// Measures opening a log like those of Udacity's tools, whose lines repeat the few pictures of the made-up drive.
fn listing(folder: &Path, num_lines: usize) {
    let drive = root().join("assets/drive");
    let log = std::fs::read_to_string(drive.join("interpolated.csv")).unwrap();
    let mut lines = log.lines();
    let mut text = format!("{}\n", lines.next().unwrap());
    let lines: Vec<&str> = lines.collect();
    for at in 0..num_lines {
        // The date and the time stamp, then the rest. Each moment has three cameras.
        let mut parts = lines[at % lines.len()].splitn(3, ',');
        let (date, rest) = (parts.next().unwrap(), parts.nth(1).unwrap());
        let stamp = 1_500_000_000_000_000_000 + (at as u64 / 3) * 50_000_000 + (at as u64 % 3) * 4_200_000;
        writeln!(text, "{date},{stamp},{rest}").unwrap();
    }
    for camera in ["left", "center", "right"] {
        std::fs::create_dir_all(folder.join(camera)).unwrap();
        for entry in std::fs::read_dir(drive.join(camera)).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, folder.join(camera).join(path.file_name().unwrap())).unwrap();
        }
    }
    let log = folder.join("interpolated.csv");
    std::fs::write(&log, text).unwrap();
    let backbone = backbone(NETWORKS[1]);
    let started = Instant::now();
    let plan = plan(&log, &backbone, folder.join("out-log"));
    println!(
        "a log of {num_lines} lines ({:.0} MB), {} pictures: {:.2} s until the first could be read",
        std::fs::metadata(&log).unwrap().len() as f64 / 1e6,
        plan.rows.len(),
        started.elapsed().as_secs_f64()
    );
}

fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let folder = std::env::temp_dir().join(format!("filterscope-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    println!(
        "milliseconds a picture; decode and resize are summed over threads that work beside the network"
    );
    println!(
        "| network | JPEG | pictures/s | decode | resize | forward | waiting | encode, write | forward of all |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for (name, width, height, num) in PICTURES {
        let set = (name, width, height, if is_test { 2 } else { num });
        pictures(&folder, set);
        for network in NETWORKS {
            case(&folder, network, set, if is_test { 1 } else { 3 });
        }
    }
    listing(&folder, if is_test { 1_000 } else { 1_000_000 });
    std::fs::remove_dir_all(&folder).unwrap();
}
