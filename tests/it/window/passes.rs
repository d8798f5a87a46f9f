//! One run serves all stages; a long run says how far it is, is stopped, or is refused because of its memory.

use filterscope::render::WindowRequest;

use super::Window;

/// A window that counts with this many bytes of memory, and shows the cat.
fn with_memory(bytes: u64) -> Window {
    let request = WindowRequest { memory: Some(bytes), ..WindowRequest::default() };
    let mut window = Window::open([1280.0, 1400.0], request);
    window.wait_for("xception.keras_in1k · act4 2048×10×10");
    window.settle();
    window
}

#[test]
fn walking_among_stages_runs_the_network_once() {
    let mut window = with_memory(16 << 30);
    let stages = [
        "act3 1536×10×10",
        "block12 1024×10×10",
        "block11 728×19×19",
        "block10 728×19×19",
        "block9 728×19×19",
    ];
    for stage in stages {
        window.harness.key_press(egui::Key::ArrowUp);
        let words = format!("xception.keras_in1k · {stage}");
        window.wait(
            |w| {
                assert!(!w.says("Running the network"), "before {stage}");
                w.says(&words)
            },
            &words,
        );
    }
}

#[test]
fn a_long_run_says_how_far_it_is_and_is_stopped_by_button_or_key() {
    for is_by_key in [false, true] {
        let mut window = with_memory(16 << 30);
        window.type_into("Other size:", "1500x1500");
        window.wait(|w| w.says("Running the network… ") && w.says(" nodes"), "the number of nodes");
        window.wait_for("Stop the run");
        if is_by_key {
            window.press(egui::Key::Escape);
        } else {
            window.click("Stop the run");
        }
        window.settle();
        assert!(window.says("xception.keras_in1k · act4 2048×10×10"));
        assert!(window.says("chosen: 299×299, "), "the request is the one on screen again");
        assert!(!window.says("Stop the run") && !window.says("That didn't work"));
        window.choose("Fit", "the picture's own size");
        window.wait_for("act4 2048×10×14");
    }
}

#[test]
fn a_run_that_takes_too_much_memory_is_refused_and_its_plan_is_shown_before() {
    let mut window = with_memory(600_000_000);
    assert!(window.says("native: 451×300, about "), "{:?}", window.texts());
    assert!(window.says("chosen: 299×299, about "));
    window.type_into("Other size:", "1500x1500");
    window.wait_for("more than half of the 600 MB that are available");
    assert!(window.says("Choose a smaller input under Fit."));
    assert!(window.says("chosen: 1500×1500, about "));
    window.click("Go back");
    window.settle();
    assert!(window.says("chosen: 299×299, about ") && !window.says("That didn't work"));
}
