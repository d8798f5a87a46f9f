//! The command line, tested through the real binary: the files it writes, its messages and its exit codes.

use std::time::{Duration, Instant};

use filterscope::engine::{Backbone, ComputeDevice, Level, Session};
use filterscope::formats::read_record;
use filterscope::graph::Graph;
use filterscope::input::decode::decode_file;
use filterscope::input::{FitChoice, ValueChoice, preprocess};
use filterscope::models::Registry;
use filterscope::weights::TensorFile;

use crate::support::binary::{Bench, Run, size_of};
use crate::support::golden::relative_error;
use crate::support::{npy, root};

const LITE0: &str = "--model tf_efficientnet_lite0.in1k";
const LITE0_FILE: &str = "weights/tf_efficientnet_lite0.f16.safetensors";

#[test]
fn one_picture_becomes_a_mosaic_of_the_last_layer_that_says_how_it_was_made() {
    let bench = Bench::with_cat();
    let run = bench.ok("render cat.png -o out.png");
    assert_eq!(run.stdout, "");
    assert!(run.stderr.starts_with("note: no --model given, so xception.keras_in1k: "), "{}", run.stderr);
    assert!(run.stderr.contains("Xception, ImageNet, Keras' weights"), "{}", run.stderr);
    let line = "wrote cat.png · xception.keras_in1k · act4 2048×10×10, 1343×671 pixels: \"out.png\"\n";
    assert!(run.stderr.ends_with(line), "{}", run.stderr);
    // 64 × 32 tiles of 10 × 10 values; a value is 2 × 2 pixels, a gap 1 pixel.
    assert_eq!(size_of(&bench.path("out.png")), (64 * 20 + 63, 32 * 20 + 31));

    let record = read_record(&bench.path("out.png")).unwrap();
    assert_eq!(record.picture.file_name, "cat.png");
    let [panel] = &record.panels[..] else { panic!("{record:?}") };
    let said = [
        &panel.run.tag,
        &panel.look.layer,
        &panel.look.shape,
        &panel.look.grid,
        &panel.look.layout,
        &panel.look.normalisation,
    ];
    assert_eq!(said, ["xception.keras_in1k", "act4", "2048×10×10", "32x64", "channels", "channel"]);
    assert_eq!(
        [&panel.run.input_size, &panel.run.fitted],
        ["299x299", "stretched from 451x300 to 299x299, nearest"]
    );
    assert_eq!((panel.look.scale, panel.look.gap, panel.run.device.as_str()), (2, 1, "cpu"));

    bench.ok("render cat.png -o again.png --quiet");
    let bytes = |name| std::fs::read(bench.path(name)).unwrap();
    assert!(bytes("out.png") == bytes("again.png"), "the same picture gives the same bytes");
    assert_eq!(bench.names("."), ["again.png", "cat.png", "out.png"], "nothing else is left behind");
}

#[test]
fn quiet_is_quiet() {
    let bench = Bench::with_cat();
    let run = bench.ok("render cat.png -o out.png -q");
    assert_eq!((run.stdout, run.stderr), (String::new(), String::new()));
}

#[test]
fn options_of_the_figure_show_in_it() {
    let bench = Bench::with_cat();
    let options =
        "--layout cells --grid 20x64 --normalise percentile:5,95 --colormap greys --scale 1 --gap 0";
    bench.ok(&format!("render cat.png -o out.png {LITE0} {options} --preprocess raw --fit stretch"));
    assert_eq!(size_of(&bench.path("out.png")), (7 * 64, 7 * 20));
    let panel = &read_record(&bench.path("out.png")).unwrap().panels[0];
    let said = [
        &panel.look.layout,
        &panel.look.grid,
        &panel.look.normalisation,
        &panel.look.colour_map,
        &panel.run.value_scale,
    ];
    assert_eq!(said, ["locations", "20x64", "percentile:5,95", "greys", "RGB x"]);
    assert_eq!([&panel.run.fit, &panel.run.preprocess], ["stretch", "raw"]);
    assert_eq!(panel.run.fitted, "stretched from 451x300 to 224x224, bicubic");

    bench.ok(&format!("render cat.png -o plain.png {LITE0} --scale 1 --paper dark"));
    bench.ok(&format!("render cat.png -o captioned.png {LITE0} --scale 1 --paper dark --caption"));
    let ((w, h), (cw, ch)) = (size_of(&bench.path("plain.png")), size_of(&bench.path("captioned.png")));
    assert_eq!((w, h), (40 * 7 + 39, 32 * 7 + 31));
    assert!(cw > w && ch > h + 40, "{cw}×{ch}");
}

#[test]
fn the_picture_can_keep_its_own_size_or_be_given_one() {
    let bench = Bench::with_cat();
    bench.ok(&format!("render cat.png -o native.png {LITE0} --fit native"));
    bench.ok(&format!("render cat.png -o sized.png {LITE0} --fit 320x160"));
    let panel = |name| read_record(&bench.path(name)).unwrap().panels.remove(0);
    let native = panel("native.png");
    assert_eq!([native.run.input_size, native.look.shape], ["451x300", "1280×10×15"]);
    let sized = panel("sized.png");
    assert_eq!([sized.run.input_size, sized.look.shape], ["320x160", "1280×5×10"]);
}

#[test]
fn several_pictures_go_into_a_folder_in_natural_order_and_a_bad_one_is_skipped() {
    let bench = Bench::new();
    for name in ["in/10.png", "in/2.png", "in/a/2.png", "in/ü b.png"] {
        bench.add_cat(name);
    }
    bench.add("in/bad.png", b"\x89PNG\r\n\x1a\n");
    let run = bench.run(&format!("render in -o out {LITE0},tf_efficientnet_lite0 --layer final,bn2.act"));
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert_eq!(
        run.stderr,
        "skipped: a PNG that is cut off before its end: copy or download it again: \"in/bad.png\"\n\
         wrote 4 figures of 4 pictures; 1 picture skipped: \"out\"\n"
    );
    let tag = "tf_efficientnet_lite0.in1k__bn2.act.png";
    let expected = ["10__", "2__", "a_2__", "ü b__"].map(|stem| format!("{stem}{tag}"));
    assert_eq!(bench.names("out"), expected);
}

#[test]
fn names_never_collide() {
    let bench = Bench::with_cat();
    bench.add_cat("x/cat.png");
    bench.add_cat("y/CAT.jpg");
    bench.ok(&format!("render cat.png x/cat.png y/CAT.jpg -o out/ {LITE0}"));
    let names = bench.names("out");
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(names.contains(&"cat_2__tf_efficientnet_lite0.in1k__bn2.act.png".to_owned()), "{names:?}");
}

#[test]
fn figures_of_an_earlier_run_are_not_inputs_of_the_next() {
    let bench = Bench::new();
    bench.add_cat("in/1.png");
    bench.add_cat("in/2.png");
    bench.ok(&format!("render in -o in {LITE0}"));
    let run = bench.ok(&format!("render in -o in {LITE0}"));
    assert_eq!(bench.names("in").len(), 4);
    assert!(run.stderr.contains("note: left out: 2 figures of an earlier run, in the output folder: \"in\""));
}

/// Arguments and the error they end with.
const NOTHING_DONE: &[(&str, &str)] = &[
    ("render empty.png -o out.png", "the file is empty (0 bytes): copy or download it again: \"empty.png\""),
    ("render missing.png -o out.png", "no such file: check the path: \"missing.png\""),
    ("render bad.jpg empty.png -o out", "none of 2 pictures gave a figure"),
    ("render none -o out.png", "no picture in this folder (1 other files were ignored): \"none\""),
    (
        "render cat.png -o out.png --model inception_v4",
        "no model `inception_v4`; did you mean inception_v3, InceptionV3, inception_v3.tv_in1k, inception_v3.tf_in1k?",
    ),
    ("render cat.png -o out.png --model qqq", "no model `qqq`"),
    (
        "render cat.png -o out.png --layer block15",
        "no layer `block15` in xception.keras_in1k; did you mean block1, block5, block10, block11?",
    ),
    (
        "render cat.png -o out --model xception.keras_in1k,tf_efficientnet_lite0 --layer act4",
        "each layer must be in every model named: no layer `act4` in tf_efficientnet_lite0.in1k",
    ),
    (
        "render cat.png -o out.png --model vgg11",
        "the weights of vgg11.tv_in1k are not installed; models that run at once: xception.keras_in1k, vgg16.keras_in1k, tf_efficientnet_lite0.in1k",
    ),
    (
        "render cat.png -o out.png --weights cut.safetensors",
        "the weight file is cut short, or a length in it is damaged: it promises more than the 5000 bytes it has; get it again: \"cut.safetensors\"",
    ),
    (
        "render cat.png -o out.png --model vgg16 --weights cut.safetensors",
        "the weight file is cut short, or a length in it is damaged: it promises more than the 5000 bytes it has; get it again: \"cut.safetensors\"",
    ),
    (
        "render cat.png -o out --model vgg16.tv_in1k,vgg19.tv_in1k --weights cut.safetensors",
        "`--weights` is one network's file, and `--model` names 2",
    ),
    (
        "render cat.png -o out.png --model tf_efficientnet_lite0.in1k --weights cut.safetensors",
        "the weight file is cut short, or a length in it is damaged: it promises more than the 5000 bytes it has; get it again: \"cut.safetensors\"",
    ),
    (
        "render cat.png -o out.png --model tf_efficientnet_lite0.in1k --weights weights.pth",
        "this ZIP archive can't be read: its directory at the end is missing or damaged; get it again: \"weights.pth\"",
    ),
    (
        "render cat.png -o out.png --model tf_efficientnet_lite0.in1k --weights missing.safetensors",
        "can't read the weight file: No such file or directory (os error 2): \"missing.safetensors\"",
    ),
    ("render cat.png cat.png -o out.png", "2 figures don't go into one file; name a folder: \"out.png\""),
    ("render cat.png cat.png -o file", "2 figures don't go into one file; name a folder: \"file\""),
    (
        "render cat.png -o out.jpg",
        "a figure is a PNG: end the name in .png, or in / for a folder: \"out.jpg\"",
    ),
    (
        "render cat.png -o no/out.png",
        "no such folder to write into; create it or choose another: \"no/out.png\"",
    ),
    ("render cat.png -o cat.png", "the figure would overwrite its picture; choose another name: \"cat.png\""),
    (
        "render cat.png cat.png -o file/out",
        "can't make the folder (Not a directory (os error 20)): \"file/out\"",
    ),
    (
        "render cat.png -o out.png --grid 4x4",
        "act4 of xception.keras_in1k: grid 4x4 holds 16 tiles, but there are 2048 channels; take 4x512 or larger",
    ),
    (
        "render cat.png -o out.png --row 3",
        "a row can be chosen of a folder or driving log, and this is a picture: \"cat.png\"",
    ),
    ("layers nothing_like_it", "no model `nothing_like_it`"),
    ("view missing.png", "no such file: check the path: \"missing.png\""),
];

#[test]
fn the_exit_code_is_2_if_nothing_could_be_done() {
    let bench = Bench::with_cat();
    bench.add("bad.jpg", b"no picture");
    bench.add("empty.png", b"");
    bench.add("none/notes.txt", b"text");
    bench.add("cut.safetensors", &std::fs::read(root().join(LITE0_FILE)).unwrap()[..5000]);
    bench.add("weights.pth", b"PK\x03\x04 and so on");
    bench.add("file", b"");
    for (arguments, message) in NOTHING_DONE {
        let run = bench.run(arguments);
        let mut lines = run.stderr.lines().filter(|line| !line.starts_with("help: "));
        assert_eq!(
            lines.next_back().unwrap_or_default(),
            format!("error: {message}"),
            "{arguments}\n{}",
            run.stderr
        );
        assert_eq!(run.stderr.matches("error: ").count(), 1, "said once: {}", run.stderr);
        assert_eq!((run.code, &*run.stdout), (Some(2), ""), "{arguments}");
    }
    let before = ["bad.jpg", "cat.png", "cut.safetensors", "empty.png", "file", "none", "out", "weights.pth"];
    assert_eq!(bench.names("."), before, "only a folder was made, and nothing overwritten");
    assert!(bench.names("out").is_empty());
}

/// Arguments, the error they end with, and its remedy.
const REMEDIED: &[(&str, &str, &str)] = &[
    (
        "render cat.png -o out.png --model vgg16",
        "the weights of vgg16.tv_in1k are not installed; models that run at once: xception.keras_in1k, vgg16.keras_in1k, tf_efficientnet_lite0.in1k",
        "`filterscope weights fetch vgg16.tv_in1k` downloads them, or give a file with `--weights FILE` (timm/vgg16.tv_in1k); \
         `--model VGG16` runs at once: the same architecture with other weights (vgg16.keras_in1k)",
    ),
    (
        "render cat.png -o out.png --fit 4x4",
        "xception.keras_in1k: input 4x4 is too small for this network: at `conv2` a 3×3 window meets a 1×1 map",
        LARGER_INPUT,
    ),
    #[cfg(not(feature = "cuda"))]
    (
        "render cat.png -o out.png --device cuda",
        "CUDA is not compiled into this program; build it with `cargo build --release --features cuda` (needs the vendor's toolkit)",
        "`--device cpu` runs it on the processor",
    ),
    (
        "layers inception_v3 --input 60x60",
        "input 60x60 is too small for this network: at `Mixed_7a.branch3x3_2.conv` a 3×3 window meets a 2×2 map",
        LARGER_INPUT,
    ),
    ("render cat.png -o out.png --model inception_v3.moderation", RETIRED, OTHER_MODEL),
    ("render cat.png -o out.png --sheet --model xception,inception_v3.moderation", RETIRED, OTHER_MODEL),
    ("render cat.png -o out.png --weights made_for_it.safetensors", RETIRED, OTHER_MODEL),
    ("layers nothing_like_it", "no model `nothing_like_it`", "`filterscope models` lists all"),
    (
        "render cat.png -o out.png --model xception,tf_efficientnet_lite0 --sheet --layer act4",
        "each layer must be in every model named: no layer `act4` in tf_efficientnet_lite0.in1k",
        "`filterscope layers tf_efficientnet_lite0.in1k` lists all",
    ),
    ("layers inception_v3.moderation", RETIRED, OTHER_MODEL),
    ("selfcheck inception_v3.moderation", RETIRED, OTHER_MODEL),
    ("weights path inception_v3.moderation", RETIRED, OTHER_MODEL),
    ("weights verify inception_v3.moderation", RETIRED, OTHER_MODEL),
    ("view cat.png --model inception_v3.moderation", RETIRED, OTHER_MODEL),
    ("animate cat.png -o cat.gif --model inception_v3.moderation", RETIRED, OTHER_MODEL),
];
const LARGER_INPUT: &str = "take a larger input: `--fit WxH` (`layers` has `--input WxH`)";
const RETIRED: &str = "inception_v3.moderation is no longer carried with the program";
const OTHER_MODEL: &str =
    "name another with `--model`, or none, which means xception.keras_in1k; `filterscope models` lists all";

#[test]
fn the_remedy_follows_the_error() {
    let bench = Bench::with_cat();
    let metadata = std::collections::HashMap::from([(
        "filterscope.model".to_owned(),
        "inception_v3.moderation".to_owned(),
    )]);
    let tensor = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![1], &[0; 4]).unwrap();
    let file = safetensors::serialize([("a.weight", tensor)], Some(metadata)).unwrap();
    bench.add("made_for_it.safetensors", &file);
    for (arguments, message, help) in REMEDIED {
        let run = bench.run(arguments);
        assert!(
            run.stderr.ends_with(&format!("error: {message}\nhelp: {help}\n")),
            "{arguments}\n{}",
            run.stderr
        );
        assert_eq!((run.code, &*run.stdout), (Some(2), ""), "{arguments}");
    }
    assert_eq!(bench.names("."), ["cat.png", "made_for_it.safetensors"]);
}

#[test]
fn wrong_arguments_are_explained_before_anything_runs() {
    let bench = Bench::with_cat();
    for (option, message) in [
        (
            "--colormap magam",
            "invalid value 'magam' for '--colormap <MAP>': unknown colour map `magam`; did you mean `magma`?",
        ),
        (
            "--layout tiles",
            "invalid value 'tiles' for '--layout <LAYOUT>': unknown layout `tiles`; expected `channels` or `locations`",
        ),
        (
            "--grid 4",
            "invalid value '4' for '--grid <RxC>': grid `4`: expected ROWSxCOLUMNS, both at least 1, such as 32x64",
        ),
        (
            "--scale 0",
            "invalid value '0' for '--scale <N>': scale `0`: expected auto, or a whole number from 1 to 256",
        ),
        (
            "--normalise fixed:2,1",
            "invalid value 'fixed:2,1' for '--normalization <HOW>': normalization `fixed:2,1`: expected finite numbers with LOW < HIGH",
        ),
        (
            "--fit 0x3",
            "invalid value '0x3' for '--fit <FIT>': fit `0x3`: each side must be from 1 to 4096 pixels",
        ),
        (
            "--preprocess cafe",
            "invalid value 'cafe' for '--preprocess <MODE>': preprocessing `cafe`: expected model, caffe, tf, torch, raw; did you mean `caffe`?",
        ),
        ("--camera rear", "a camera can be chosen of a driving log, and this is a picture: \"cat.png\""),
        (
            "--device gpu",
            "invalid value 'gpu' for '--device <DEVICE>': no device `gpu`; devices are auto, cpu, cuda, cuda:N and metal",
        ),
        (
            "--paper blue",
            "invalid value 'blue' for '--paper <PAPER>': unknown paper `blue`; expected `light` or `dark`",
        ),
        ("--sheet --caption", "the argument '--sheet' cannot be used with '--caption'"),
        (
            "--class-map top --order mean",
            "the argument '--class-map <CLASS>' cannot be used with '--order <BY>'",
        ),
        ("--class-map top --first 5", "the argument '--class-map <CLASS>' cannot be used with '--first <N>'"),
    ] {
        let run = bench.run(&format!("render cat.png -o out.png {option}"));
        let first = run.stderr.lines().next().unwrap_or_default();
        assert_eq!((first, run.code), (&*format!("error: {message}"), Some(2)), "{option}");
    }
    assert_eq!(bench.names("."), ["cat.png"]);
}

#[test]
fn a_weight_file_gives_the_same_figure_as_the_embedded_weights() {
    let bench = Bench::with_cat();
    bench.ok(&format!("render cat.png -o embedded.png {LITE0}"));
    let mut command = bench.command(&format!("render cat.png -o file.png {LITE0} --weights"));
    let run = Run::of(command.arg(root().join(LITE0_FILE)).output().unwrap());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(!run.stderr.contains("unverified"), "they are known to be a copy: {}", run.stderr);
    let pixels = |name| image::open(bench.path(name)).unwrap().into_rgb8();
    assert!(pixels("embedded.png") == pixels("file.png"));
    let run_of = |name| read_record(&bench.path(name)).unwrap().panels.remove(0).run;
    let (carried, file) = (run_of("embedded.png"), run_of("file.png"));
    assert_eq!([&*carried.weights, &*file.weights], ["carried"; 2]);
    assert_eq!(carried.weights_sha256, file.weights_sha256);
}

#[test]
fn all_stages_give_one_figure_and_one_npy_file_each() {
    let bench = Bench::with_cat();
    let run =
        bench.ok(&format!("render cat.png -o out/ {LITE0} --layer all-stages --npy --scale 1 --timings"));
    let row = Registry::find("tf_efficientnet_lite0").unwrap();
    let graph: Graph = (row.build)().unwrap();
    let names = bench.names("out");
    assert_eq!(names.len(), 2 * graph.stages().len(), "{names:?}");
    for png in names.iter().filter(|name| name.ends_with(".png")) {
        assert!(names.contains(&png.replace(".png", ".npy")), "{png} without values");
    }
    let heads = ["tf_efficientnet_lite0.in1k, mean of 1 run (the processor's peak: ", "LAYER ", "total "];
    assert!(heads.iter().all(|head| run.stderr.lines().any(|line| line.starts_with(head))), "{}", run.stderr);
}

#[test]
fn the_engine_can_be_chosen_and_is_recorded() {
    let bench = Bench::with_cat();
    bench.ok(&format!("render cat.png -o fast.png {LITE0} --npy"));
    bench.ok(&format!("render cat.png -o candle.png {LITE0} --npy --engine candle"));
    let engine = |name: &str| read_record(&bench.path(name)).unwrap().panels[0].run.engine.clone();
    assert!(engine("fast.png").starts_with("fast/"), "{}", engine("fast.png"));
    assert_eq!(engine("candle.png"), "candle");
    bench.ok(&format!("render cat.png -o exact.png {LITE0} --exact"));
    assert!(engine("exact.png").starts_with("fast-exact/"), "{}", engine("exact.png"));
    bench.ok(&format!("render cat.png -o both.png {LITE0} --exact --engine candle"));
    assert_eq!(engine("both.png"), "candle", "candle has nothing to leave out");
    let values = |name: &str| npy::npy_f32(bench.path(name)).1;
    assert!(relative_error(&values("fast.npy"), &values("candle.npy")) <= 2e-5);
    let run = bench.run("render cat.png -o out.png --engine turbo");
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("no engine `turbo`; engines are fast and candle"), "{}", run.stderr);
}

#[test]
fn the_number_of_threads_is_chosen_and_changes_no_value() {
    let bench = Bench::with_cat();
    bench.ok(&format!("render cat.png -o all.png {LITE0}"));
    for threads in [1, 3] {
        bench.ok(&format!("render cat.png -o {threads}.png {LITE0} --threads {threads}"));
        let bytes = |name: &str| std::fs::read(bench.path(name)).unwrap();
        assert!(bytes("all.png") == bytes(&format!("{threads}.png")), "{threads} threads, record and all");
    }
    let run = bench.run(&format!("--verbose render cat.png -o out.png {LITE0} --threads 3"));
    assert!(run.stderr.contains("computing with 3 threads"), "{}", run.stderr);
    let mut command = bench.command(&format!("--verbose render cat.png -o out.png {LITE0}"));
    let run = Run::of(command.env("RAYON_NUM_THREADS", "2").output().unwrap());
    assert!(run.stderr.contains("computing with 2 threads"), "{}", run.stderr);
    for (command, bad) in
        [("render cat.png -o out.png", "0"), ("view", "many"), ("view", "-3"), ("view", "1025")]
    {
        let run = bench.run(&format!("{command} --threads {bad}"));
        assert_eq!(run.code, Some(2));
        let words = format!(
            "error: invalid value '{bad}' for '--threads <N>': threads `{bad}`: expected a whole number from 1 to 1024\n"
        );
        assert!(run.stderr.starts_with(&words), "{}", run.stderr);
    }
}

/// A typing error in `FILTERSCOPE_LEVEL` must be an error, not a run on another level than intended.
#[test]
fn an_unavailable_level_is_an_error_before_anything_is_done() {
    let bench = Bench::with_cat();
    let set = |arguments: &str, level: &str| {
        Run::of(bench.command(arguments).env("FILTERSCOPE_LEVEL", level).output().unwrap())
    };
    for command in ["render cat.png -o out.png", "view cat.png"] {
        let run = set(command, "avx521");
        assert_eq!(run.code, Some(2));
        assert_eq!(
            run.stderr,
            "error: no level `avx521` (FILTERSCOPE_LEVEL); levels are avx512, avx2, neon and portable; unset it to take the best of \
             this processor\n"
        );
        assert_eq!(bench.names(""), ["cat.png"]);
    }
    let here: Vec<&str> = Level::available().map(Level::name).collect();
    for level in ["avx512", "avx2", "portable"] {
        let run = set(&format!("render cat.png -o {level}.png {LITE0}"), level);
        if here.contains(&level) {
            assert_eq!(run.code, Some(0), "{}", run.stderr);
            let engine =
                read_record(&bench.path(&format!("{level}.png"))).unwrap().panels.remove(0).run.engine;
            assert_eq!(engine, format!("fast/{level}"));
        } else {
            let here = here.join(" and ");
            assert_eq!(run.code, Some(2));
            assert_eq!(
                run.stderr,
                format!(
                    "error: this processor has no {level} (FILTERSCOPE_LEVEL); it has {here}; unset it to take the best\n"
                )
            );
        }
    }
    // candle ignores levels, and an empty variable counts as unset.
    assert_eq!(set(&format!("render cat.png -o c.png {LITE0} --engine candle"), "avx521").code, Some(0));
    assert_eq!(set(&format!("render cat.png -o e.png {LITE0}"), "").code, Some(0));
}

#[test]
fn saved_values_are_the_engine_s_own() {
    let bench = Bench::with_cat();
    bench.ok(&format!("render cat.png -o out.png {LITE0} --npy"));
    let (shape, values) = npy::npy_f32(bench.path("out.npy"));

    let row = Registry::find("tf_efficientnet_lite0.in1k").unwrap();
    let file = TensorFile::read(&root().join(LITE0_FILE)).unwrap();
    let backbone = Backbone::from_tensors(row, file).unwrap();
    let last = backbone.graph().final_node();
    let picture = decode_file(&bench.path("cat.png")).unwrap();
    let input = preprocess(&picture.rgb, &row.preprocess, FitChoice::Model, ValueChoice::Model).unwrap();
    let mut session = Session::new(backbone.into(), ComputeDevice::cpu()).unwrap();
    let fresh = session.activations(&input.batch, &[last]).unwrap().remove(0);
    assert_eq!(shape, [1280, 7, 7]);
    assert!(values == fresh.values());
}

#[test]
fn a_sheet_shows_the_picture_and_every_network() {
    let bench = Bench::with_cat();
    let models = "--model Xception,VGG16,tf_efficientnet_lite0";
    let run = bench.ok(&format!("render cat.png -o sheet.png --sheet {models} --npy"));
    let wrote = "wrote cat.png · xception.keras_in1k, vgg16.keras_in1k, tf_efficientnet_lite0.in1k, ";
    assert!(run.stderr.contains(wrote), "{}", run.stderr);
    let record = read_record(&bench.path("sheet.png")).unwrap();
    let tags: Vec<&str> = record.panels.iter().map(|p| &*p.run.tag).collect();
    assert_eq!(tags, ["xception.keras_in1k", "vgg16.keras_in1k", "tf_efficientnet_lite0.in1k"]);
    let values = [
        "sheet__tf_efficientnet_lite0.in1k__bn2.act.npy",
        "sheet__vgg16.keras_in1k__features.30.npy",
        "sheet__xception.keras_in1k__act4.npy",
    ];
    assert_eq!(bench.names("."), ["cat.png", "sheet.png", values[0], values[1], values[2]]);

    bench.ok("render cat.png -o out/ --sheet --layout cells --colormap greys");
    assert_eq!(bench.names("out"), ["cat__sheet.png"]);
}

#[test]
fn a_driving_log_gives_one_row_of_one_camera() {
    let bench = Bench::new();
    let drive = root().join("assets/drive");
    let render = |rest: &str| {
        let mut command = bench.command(&format!("render {LITE0} {rest}"));
        Run::of(command.arg(&drive).output().unwrap())
    };
    let run = render("-o left.png --camera left --row 3");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(
        run.stderr.contains("wrote drive, frame 3, left · tf_efficientnet_lite0.in1k · bn2.act"),
        "{}",
        run.stderr
    );
    let record = read_record(&bench.path("left.png")).unwrap();
    assert_eq!(record.picture.file_name, "1500000001500000000.jpg");
    assert_eq!(render("-o out/ --row 3").code, Some(0), "the centre camera without being asked");
    assert_eq!(bench.names("out"), ["drive_000003_center__tf_efficientnet_lite0.in1k__bn2.act.png"]);

    let run = render("-o none.png --row 1000");
    let error = format!("error: no row 1000: expected one from 0 to 23: \"{}\"\n", drive.display());
    assert_eq!((run.code, run.stderr), (Some(2), error));
}

#[test]
fn models_are_listed_for_people_and_programs() {
    let bench = Bench::new();
    let json = bench.ok("models --json").stdout;
    let list: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert_eq!(list.len(), Registry::specs().count());
    let states: Vec<&str> =
        list.iter().filter(|m| m["state"] == "embedded").map(|m| m["tag"].as_str().unwrap()).collect();
    assert_eq!(states, ["xception.keras_in1k", "vgg16.keras_in1k", "tf_efficientnet_lite0.in1k"]);
    let first = list.iter().find(|m| m["tag"] == "xception.keras_in1k").unwrap();
    assert_eq!(
        first["final_layer"],
        serde_json::json!({"name": "act4", "channels": 2048, "height": 10, "width": 10})
    );
    assert_eq!(first["preprocess"]["size"], serde_json::json!({"width": 299, "height": 299}));
    for field in ["variant", "license", "source", "title", "verification_words", "value_scale"] {
        assert!(first[field].as_str().is_some_and(|text| !text.is_empty()), "{field}");
    }
    let careful = list.iter().find(|m| m["tag"] == "inception_v3.tf_in1k").unwrap();
    assert_eq!(careful["caution"], Registry::find("inception_v3.tf_in1k").unwrap().caution);

    let table = bench.ok("models").stdout;
    for row in Registry::specs() {
        assert!(table.lines().any(|line| line.split_whitespace().next() == Some(row.tag)), "{}", row.tag);
    }
    let default = "\nxception.keras_in1k (the default): Xception, ImageNet, Keras' weights.\n";
    assert!(table.contains(default), "{table}");
}

#[test]
fn layers_are_listed_without_weights() {
    let bench = Bench::new();
    let table = bench.ok("layers VGG16 --stages").stdout;
    let last = table.lines().find(|line| line.contains("block5_pool")).unwrap_or_default();
    assert!(last.contains("512×7×7") && last.contains("212 /32 @-90"), "{table}");
    assert!(table.contains("vgg16.keras_in1k at 224x224: "), "{table}");

    let json = bench.ok("layers resnet50 --input 320x160 --json").stdout;
    let listing: serde_json::Value = serde_json::from_str(&json).unwrap();
    let graph = (Registry::find("resnet50").unwrap().build)().unwrap();
    assert_eq!(listing["layers"].as_array().unwrap().len(), graph.nodes().len());
    let last = listing["layers"].as_array().unwrap().last().unwrap();
    assert_eq!(last["shape"], serde_json::json!({"channels": 2048, "height": 5, "width": 10}));
    assert_eq!(listing["num_params"], 23_508_032);
}

#[test]
fn without_a_display_one_line_names_render() {
    let bench = Bench::new();
    for arguments in ["", "view"] {
        let run = bench.run(arguments);
        assert_eq!(run.code, Some(2), "{}", run.stderr);
        let reason = if cfg!(feature = "gui") {
            "there is no display to open a window on"
        } else {
            "this filterscope was built without its window"
        };
        let line = format!(
            "error: {reason}; `filterscope render PICTURE -o FIGURE.png` makes the same figures without one\n"
        );
        assert_eq!((run.stdout, run.stderr), (String::new(), line));
    }
}

#[cfg(all(feature = "gui", target_os = "linux"))]
#[test]
fn a_display_that_is_not_there_is_one_line_too() {
    let bench = Bench::new();
    let run = Run::of(bench.command("view").env("DISPLAY", ":9999").output().unwrap());
    assert_eq!((run.code, run.stderr.lines().count()), (Some(2), 1), "{}", run.stderr);
    assert!(
        run.stderr.starts_with("error: ") && run.stderr.contains("`filterscope render"),
        "{}",
        run.stderr
    );
}

#[test]
fn help_documents_exit_codes_and_goes_to_stdout() {
    let bench = Bench::new();
    let help = bench.ok("--help");
    assert!(help.stdout.contains("Exit codes:") && help.stderr.is_empty());
    assert!(bench.ok("render --help").stdout.contains("Exit codes: 0 all done"));
    assert_eq!(bench.ok("--version").stdout, concat!("filterscope ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_no_error() {
    let bench = Bench::new();
    let mut child = bench
        .command("layers resnet152 --json")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let run = Run::of(child.wait_with_output().unwrap());
    assert_eq!((run.code, &*run.stderr), (Some(0), ""));
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_whole_figures_and_nothing_else() {
    let bench = Bench::new();
    for number in 0..60 {
        bench.add_cat(&format!("in/{number}.png"));
    }
    let child = bench.command("render in -o out").stderr(std::process::Stdio::piped()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_mins(1);
    let has_begun =
        || bench.path("out").is_dir() && bench.names("out").iter().any(|name| name.ends_with(".png"));
    while !has_begun() {
        assert!(Instant::now() < deadline, "no figure after a minute");
        std::thread::sleep(Duration::from_millis(5));
    }
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let run = Run::of(child.wait_with_output().unwrap());
    assert_eq!(run.code, Some(130), "{}", run.stderr);
    let names = bench.names("out");
    let last = run.stderr.lines().last().unwrap();
    assert_eq!(
        last,
        format!("interrupted: {} of 60 pictures done; every figure written is whole", names.len())
    );
    for name in names {
        image::open(bench.path("out").join(&name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
}

/// A picture whose file name has a newline is drawn like any other.
#[cfg(unix)]
#[test]
fn a_picture_with_a_newline_in_its_name_is_drawn() {
    let bench = Bench::new();
    bench.add_cat("new\nline.png");
    let run = bench.ok(&format!("render . -o out/ {LITE0}"));
    assert_eq!(bench.names("out").len(), 1, "{}", run.stderr);
    let figure = bench.path("out").join(&bench.names("out")[0]);
    assert_eq!(read_record(&figure).unwrap().picture.file_name, "new_line.png");
}

#[test]
fn a_figure_never_overwrites_an_input_picture() {
    let bench = Bench::with_cat();
    bench.add_cat("in/cat__tf_efficientnet_lite0.in1k__bn2.act.png");
    let run =
        bench.run(&format!("render cat.png in/cat__tf_efficientnet_lite0.in1k__bn2.act.png -o in/ {LITE0}"));
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(
        run.stderr.starts_with("error: the figure would overwrite its picture; choose another name: "),
        "{}",
        run.stderr
    );
}

/// SIGTERM leaves no unfinished file, just like Ctrl-C.
#[cfg(unix)]
#[test]
fn sigterm_leaves_whole_figures_and_nothing_else() {
    let bench = Bench::new();
    for number in 0..40 {
        bench.add_cat(&format!("in/{number}.png"));
    }
    let child = bench.command("render in -o out").stderr(std::process::Stdio::piped()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_mins(1);
    while !(bench.path("out").is_dir() && bench.names("out").iter().any(|name| name.ends_with(".png"))) {
        assert!(Instant::now() < deadline, "no figure after a minute");
        std::thread::sleep(Duration::from_millis(5));
    }
    let sent = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    for name in bench.names("out") {
        assert!(image::open(bench.path("out").join(&name)).is_ok(), "{name}");
    }
}

#[test]
fn channels_are_put_in_order_and_left_out() {
    let bench = Bench::with_cat();
    bench.ok(&format!("render cat.png -o all.png {LITE0}"));
    bench.ok(&format!("render cat.png -o some.png {LITE0} --order mean --hide-dead --first 16 --npy"));
    let record = read_record(&bench.path("some.png")).unwrap();
    assert_eq!(record.panels[0].look.selection.as_deref(), Some("mean hide-dead top:16"));
    assert_eq!(record.panels[0].look.grid, "4x4");
    assert_eq!(read_record(&bench.path("all.png")).unwrap().panels[0].look.selection, None);
    // The array has all channels of the layer, whichever are shown.
    assert!(std::fs::metadata(bench.path("some.npy")).unwrap().len() > 1280 * 7 * 7 * 4);
    // The grid needs room for the shown channels only, not for all of the layer.
    bench.ok(&format!("render cat.png -o grid.png {LITE0} --first 8 --grid 2x4"));
    let run = bench.run(&format!("render cat.png -o no.png {LITE0} --first 9 --grid 2x4"));
    assert!(run.stderr.contains("grid 2x4 holds 8 tiles, but there are 9 channels"), "{}", run.stderr);
    let run = bench.run(&format!("render cat.png -o no.png {LITE0} --order size"));
    assert!(run.stderr.contains("order `size`: expected index, mean, max, variance"), "{}", run.stderr);
    bench.ok(&format!("render cat.png -o box.png {LITE0} --order box:0.3,0.25,0.5,0.5 --first 3 --npy"));
    let record = read_record(&bench.path("box.png")).unwrap();
    assert_eq!(record.panels[0].look.selection.as_deref(), Some("box:0.3,0.25,0.5,0.5 top:3"));
    bench.ok(&format!("render cat.png -o flat.png {LITE0} --dead flat"));
    let look = read_record(&bench.path("flat.png")).unwrap().panels.remove(0).look;
    assert_eq!(look.settings["dead channels"], "flat");
    std::fs::remove_file(bench.path("flat.png")).unwrap();
    let run = bench.run(&format!("render cat.png -o no.png {LITE0} --order box:0,0,0.03,0.03"));
    assert_eq!(run.code, Some(2));
    let told = "the network saw nothing of the box 0,0,0.03,0.03 (left, top, right, bottom), because its preprocessing cuts that part of the picture off";
    assert!(run.stderr.contains(told), "{}", run.stderr);
    assert!(
        run.stderr.contains("help: take a box within what the network sees, or `--fit stretch`"),
        "{}",
        run.stderr
    );
    bench.ok(&format!("render cat.png -o all.png {LITE0} --order box:0,0,0.03,0.03 --fit stretch"));
    assert_eq!(
        bench.names("."),
        ["all.png", "box.npy", "box.png", "cat.png", "grid.png", "some.npy", "some.png"]
    );
}
