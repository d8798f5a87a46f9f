//! Features compared and probed in the window, and heads that tell frames.

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use filterscope::render::WindowRequest;

use super::Window;
use crate::extract::{QUICK, TAG, csv, with_drive};
use crate::support::binary::Bench;
use crate::support::resealed_head;

/// The features of a few frames of the drive, of two layers, in `features`.
fn with_features() -> Bench {
    let bench = with_drive();
    let command = "extract drive/center --limit 6 --layer blocks.1.1,bn2.act --pool avg --format npy";
    bench.ok(&format!("{command} {QUICK} -o features -q"));
    bench
}

fn open() -> Window {
    let request = WindowRequest { model: Some(TAG.to_owned()), ..WindowRequest::default() };
    let mut window = Window::open([1280.0, 1400.0], request);
    window.wait_for("tf_efficientnet_lite0.in1k · bn2.act");
    window.settle();
    window
}

/// The first text that begins with these words.
fn text(window: &Window, begin: &str) -> String {
    let texts = window.texts();
    let found = texts.iter().find(|text| text.starts_with(begin));
    found.unwrap_or_else(|| panic!("no {begin}: {}", texts.join("\n"))).clone()
}

#[test]
fn layers_are_compared_and_a_cell_shows_both_side_by_side() {
    let bench = with_features();
    let mut window = open();
    window.menu("File", "Compare representations…");
    window.wait_for("no features: add the folder that an extraction wrote");
    let one = bench.path(&format!("features/{TAG}__bn2.act"));
    window.type_into("Folder of features", &one.display().to_string());
    window.wait_for("a comparison needs the features of at least two layers, and there is one: ");
    // What is dropped while the dialog is open is added to it; the set that is there already isn't taken twice.
    window.drop_file(bench.path("features"));
    window.wait_for("2 layers would be compared");
    window.click("Start");
    window.wait_for("linear CKA of 2 layers over 6 pictures, debiased");
    bench.ok("similarity features --csv wanted.csv -q");
    window.type_into("Save result as", &bench.path("matrix.csv").display().to_string());
    window.wait_for("saved \"");
    let lines = csv(&bench.path("matrix.csv"));
    let mut wanted: Vec<_> = csv(&bench.path("wanted.csv")).concat();
    let mut found = lines.concat();
    // The folder that was added first has the first row.
    wanted.sort();
    found.sort();
    assert_eq!(found, wanted);
    // Nothing is replaced without a question, and a name must say the format.
    window.click("Save result in…");
    window.dialogs.answer(bench.path("matrix.png"));
    window.click("Save result in…");
    window.wait(|_| bench.path("matrix.png").exists(), "the figure");
    let names = &lines[0];
    window.click(&text(&window, &format!("{} × {}: ", names[1], names[2])));
    window.wait_for(&format!("{TAG} · blocks.1.1"));
    window.settle();
    let heads: Vec<_> =
        ["bn2.act", "blocks.1.1"].map(|layer| window.says(&format!("{TAG} · {layer}"))).into();
    assert_eq!(heads, [true, true], "{:?}", window.texts());
    assert!(!window.says("were made with other weights"));
    // The result stays; undo brings the views back.
    window.menu("File", "Compare representations…");
    window.wait_for("linear CKA of 2 layers over 6 pictures, debiased");
    window.menu("File", "Compare representations…");
    window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    window.settle();
    assert!(!window.says(&format!("{TAG} · blocks.1.1")), "{:?}", window.texts());
}

/// Features of a network that the program hasn't open can be compared; there is nothing to show of them, which is said.
#[test]
fn layers_of_a_network_that_is_not_open_are_not_shown() {
    use crate::onnx::encode::{floats, network, node, property};
    let bench = with_features();
    let conv = node("Conv", &["x", "w"], "y", &[("kernel_shape", &[1, 1])]);
    let weights: Vec<f32> = (0..12).map(|at| at as f32 - 5.0).collect();
    let graph = network(&[conv, floats("w", &[4, 3, 1, 1], &weights)]);
    bench.add("unopened.onnx", &[graph, property("mean", "0"), property("std", "1")].concat());
    let extract = "extract drive/center --limit 6 --fit 64x64 --format npy";
    bench.ok(&format!("{extract} --model unopened.onnx -o features/other -q"));
    let mut window = open();
    window.menu("File", "Compare representations…");
    window.drop_file(bench.path("features"));
    window.wait_for("3 layers would be compared");
    window.choose("Measure", "mutual nearest neighbours");
    window.click("Start");
    window.wait_for("10 neighbours of each picture need at least 12 pictures, and there are 6");
    window.choose("Measure", "RSA");
    window.click("Start");
    window.wait_for("RSA of 3 layers over 6 pictures");
    let texts = window.texts();
    let cell = texts.iter().find(|text| {
        text.split_once(" × ").is_some_and(|(a, b)| a.contains("unopened.onnx") && b.contains("bn2.act"))
    });
    window.click(cell.unwrap_or_else(|| panic!("no cell: {texts:?}")));
    window.wait_for(
        "the program hasn't the network unopened.onnx open: load its file with \"Load weights…\" first",
    );
    assert!(window.says("RSA of 3 layers over 6 pictures"), "the matrix stays");
}

#[test]
fn features_are_probed_with_baselines_and_warnings() {
    let bench = with_drive();
    bench.ok(&format!("extract drive -o drive/f {QUICK} --layer blocks.1.1 --pool avg --format npy -q"));
    let mut window = open();
    window.menu("File", "Probe features…");
    window.wait_for("no features: add the folder that an extraction wrote");
    window.dialogs.answer(bench.path("drive/f"));
    window.click("Choose folder…");
    window.wait_for("Choose the target column");
    window.choose("Target", "angle (numbers)");
    window.click("Baseline of random weights");
    window.click("Start");
    window.wait_for("`angle` (numbers) of 72 rows; ");
    bench.ok("probe drive/f --target angle --no-random-weights --save wanted.safetensors -q");
    let wanted = bench.run("probe drive/f --target angle --no-random-weights --csv -q");
    for words in ["(the mean)", "(32×32 pixels)", "no baseline of random weights: it was left out"] {
        assert!(window.says(words), "{words}: {:?}", window.texts());
    }
    // Every warning of the command line is here too, with the window's words for what can be done.
    let warnings = wanted.stderr.lines().filter(|line| line.starts_with("warning: "));
    for warning in warnings {
        let words = warning.replacen("warning: ", "Warning: ", 1);
        let begin = words.split(';').next().unwrap_or_default();
        assert!(window.says(begin), "{words}: {:?}", window.texts());
    }
    let table = bench.path("table.csv");
    window.type_into("Save result as", &table.display().to_string());
    window.wait(|_| table.exists(), "the table");
    let told = std::fs::read_to_string(&table).unwrap();
    let without_folder = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.rsplit_once(',').map_or("", |(line, _)| line).to_owned()).collect()
    };
    assert_eq!(without_folder(&told), without_folder(&wanted.stdout));
    window.dialogs.answer(bench.path("head.safetensors"));
    window.click("Save result in…");
    window.wait(|_| bench.path("head.safetensors").exists(), "the head");
    let [head, wanted] =
        ["head.safetensors", "wanted.safetensors"].map(|name| std::fs::read(bench.path(name)).unwrap());
    assert!(head == wanted, "the same head as on the command line");
}

/// Types a number into a field.
fn set_number(window: &mut Window, field: &str, number: &str) {
    window.harness.get_by_role_and_label(Role::SpinButton, field).click();
    window.harness.run_steps(3);
    window.harness.event(egui::Event::Text(number.to_owned()));
    window.harness.run_steps(2);
    window.press(egui::Key::Enter);
}

/// Both runs would take many seconds.
#[test]
fn comparisons_and_probes_are_stopped() {
    let bench = with_drive();
    bench.ok(&format!("extract drive -o drive/f {QUICK} --layer all-stages --pool avg --format npy -q"));
    let mut window = open();
    window.menu("File", "Compare representations…");
    window.drop_file(bench.path("drive/f"));
    window.wait_for(" layers would be compared");
    window.choose("Measure", "RSA");
    set_number(&mut window, "Bootstrap", "20000");
    window.click("Start");
    window.click_now("Stop comparing");
    window.wait_for("stopped: nothing was compared");
    window.press(egui::Key::Escape);
    window.menu("File", "Probe features…");
    window.drop_file(bench.path("drive/f"));
    window.wait_for("Choose the target column");
    window.choose("Target", "angle (numbers)");
    set_number(&mut window, "Permutations", "999");
    window.click("Start");
    window.click_now("Stop probing");
    window.wait_for("stopped: nothing was scored");
    assert!(!window.says("(the mean)"), "no result: {:?}", window.texts());
}

#[test]
fn a_head_tells_frames_what_predict_tells() {
    let bench = with_drive();
    bench.ok(&format!("extract drive -o drive/f {QUICK} --layer blocks.1.1 --pool avg --format npy -q"));
    let quick = "--permutations 0 --no-random-weights -q";
    bench.ok(&format!("probe drive/f --target angle {quick} --save angle.safetensors"));
    bench.ok("predict drive --head angle.safetensors --camera center --limit 4 -o angles.csv -q");
    let told: Vec<f64> =
        csv(&bench.path("angles.csv"))[1..].iter().map(|line| line[3].parse().unwrap()).collect();
    let mut window = open();
    window.type_path(&bench.path("drive/interpolated.csv"));
    window.wait_for("frame 0 of ");
    window.settle();
    window.menu("File", "Use head…");
    window.type_into("File of a head", &bench.path("angles.csv").display().to_string());
    window.wait_for("not a head that a probe kept");
    window.type_into("File of a head", &bench.path("angle.safetensors").display().to_string());
    window.wait_for(
        "In use: angle.safetensors, which tells `angle` from tf_efficientnet_lite0.in1k · blocks.1.1",
    );
    window.menu("File", "Use head…");
    for (frame, told) in told.iter().enumerate() {
        let told = format!("{told:.4}").replace('-', "−");
        window.wait_for(&format!("frame {frame} of "));
        window.wait_for(&format!("predicted angle: {told} · true: "));
        window.press(egui::Key::ArrowRight);
    }
    assert!(window.says("frames, by angle.safetensors"), "{:?}", window.texts());
    window.click("Remove the head");
    assert!(!window.says("predicted angle: "));
    // Other weights than the head's are refused, as `predict` does.
    let text = std::fs::read(bench.path("angle.safetensors")).unwrap();
    let mark = b"weights_sha256\\\":\\\"";
    let at = text.windows(mark.len()).position(|part| part == mark).unwrap() + mark.len();
    let mut changed = text;
    changed[at..at + 64].fill(b'0');
    std::fs::write(bench.path("changed.safetensors"), resealed_head(&changed)).unwrap();
    window.menu("File", "Use head…");
    window.type_into("File of a head", &bench.path("changed.safetensors").display().to_string());
    window.wait_for("changed.safetensors: the weights' sha256 differs: ");
    let buttons = window.harness.query_all_by_role_and_label(Role::Button, "Remove the head").count();
    assert_eq!(buttons, 2, "beside the frames and in the window about heads");
}
