//! ONNX files on the command line, in every place where a model's name is accepted.

use filterscope::formats::read_record;

use super::encode::{floats, model, named, property, value};
use crate::support::binary::Bench;
use crate::support::fixture;

fn bench(names: &[&str]) -> Bench {
    let bench = Bench::with_cat();
    for name in names {
        bench.add(&format!("{name}.onnx"), &std::fs::read(fixture(&format!("onnx/{name}.onnx"))).unwrap());
    }
    bench
}

#[test]
fn layers_of_a_file_are_listed_under_their_onnx_names() {
    let bench = bench(&["timm_resnet"]);
    let run = bench.ok("layers timm_resnet.onnx --stages");
    assert!(run.stdout.contains("timm_resnet.onnx at 64x64: 28 layers"), "{}", run.stdout);
    let json: serde_json::Value =
        serde_json::from_str(&bench.ok("layers ./timm_resnet.onnx --json").stdout).unwrap();
    let names: Vec<&str> =
        json["layers"].as_array().unwrap().iter().map(|layer| layer["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"node_relu_8"), "{names:?}");
    assert_eq!(json["final_layer"], "node_relu_8");
}

#[test]
fn a_file_without_a_value_scale_asks_for_it() {
    let bench = bench(&["timm_resnet", "hand_made"]);
    let run = bench.run("render cat.png -o out.png --model timm_resnet.onnx");
    assert_eq!(run.code, Some(2));
    assert_eq!(
        run.stderr,
        "error: timm_resnet.onnx doesn't say how a picture's samples become its values\nhelp: say with `--preprocess` how samples become values: \
         caffe (BGR x − 103.939/116.779/123.68), tf (RGB x/127.5 − 1), torch (RGB (x/255 − 0.485/0.456/0.406)/0.229/0.224/0.225), \
         raw (RGB x)\n"
    );
    let run =
        bench.ok("render cat.png -o out.png --model timm_resnet.onnx --preprocess torch --layer node_relu_8");
    assert!(run.stderr.contains("wrote"), "{}", run.stderr);
    let record = read_record(&bench.path("out.png")).unwrap();
    let panel = &record.panels[0];
    assert_eq!((&*panel.run.tag, &*panel.look.layer), ("timm_resnet.onnx", "node_relu_8"));
    assert_eq!(
        (&*panel.run.preprocess, &*panel.run.input_size, &*panel.look.shape),
        ("torch", "64x64", "24×2×2")
    );
    // A file that gives its value scale needs no option.
    bench.ok("render cat.png -o hand.png --model hand_made.onnx");
    assert_eq!(
        read_record(&bench.path("hand.png")).unwrap().panels[0].run.value_scale,
        "RGB (x/255 − 0.5)/0.25"
    );
}

#[test]
fn features_and_animations_are_made_with_an_onnx_file() {
    let bench = bench(&["hand_made"]);
    bench.ok("extract cat.png -o out --model hand_made.onnx --pool avg --format npy");
    assert!(bench.names("out").contains(&"hand_made.onnx".to_owned()), "{:?}", bench.names("out"));
    let manifest = std::fs::read_to_string(bench.path("out/hand_made.onnx/manifest.json")).unwrap();
    assert!(manifest.contains("hand_made.onnx"), "{manifest}");
    bench.ok("animate cat.png -o cat.gif --model hand_made.onnx --layers first:2 --size 32");
    assert!(bench.path("cat.gif").is_file());
}

#[test]
fn an_invalid_file_is_an_error_before_anything_is_done() {
    let bench = bench(&["hand_made"]);
    let error = |arguments: &str| {
        let run = bench.run(arguments);
        assert_eq!(run.code, Some(2), "{}", run.stderr);
        run.stderr
    };
    assert!(
        error("layers nothing.onnx")
            .starts_with("error: can't read the weight file: No such file or directory")
    );
    bench.add("noise.onnx", b"noise");
    assert!(error("layers noise.onnx").starts_with("error: this is no ONNX model, or a damaged one"));
    assert_eq!(
        error("render cat.png -o out.png --model hand_made.onnx --weights hand_made.onnx"),
        "error: an ONNX file holds its network's weights, so a file of weights for it has no use: \"hand_made.onnx\"\nhelp: open it with `--model FILE.onnx`, without `--weights`\n"
    );
    assert!(
        error("render cat.png -o out.png --weights hand_made.onnx")
            .contains("open it with `--model FILE.onnx`")
    );
    assert!(
        error("render cat.png -o out.png --model hand_made.onnx --layer grouped_conv")
            .contains("no layer `grouped_conv` in hand_made.onnx; did you mean")
    );
}

/// An ONNX file of a convolution, a `ReLU` and an unsupported operation, with its value scale in the metadata.
fn cut() -> Vec<u8> {
    let graph = [
        named("c1", "Conv", &["x", "w"], &["a"], &[]),
        named("r1", "Relu", &["a"], &["b"], &[]),
        named("odd", "Warp", &["b"], &["y"], &[]),
        floats("w", &[4, 3, 1, 1], &[0.5; 12]),
        value(11, "x", &[1, 3, 8, 8]),
        value(12, "y", &[1, 4, 8, 8]),
    ];
    [model(&graph), property("mean", "0.5"), property("std", "0.5")].concat()
}

const WHY: &str = "it ends here at `r1`, the last map that all of its output depends on: behind it `Warp` isn't supported (node `odd`)";

#[test]
fn a_network_that_is_cut_says_so_wherever_it_is_used() {
    let bench = Bench::with_cat();
    bench.add("cut.onnx", &cut());
    let run = bench.ok("layers cut.onnx --json");
    let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&json["final_layer"], &json["why_final"]), (&"r1".into(), &WHY.into()));
    // The text is wrapped to the terminal's width, so line breaks are ignored.
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&bench.ok("layers cut.onnx").stdout).contains(&format!("cut.onnx: {WHY}.")));
    let run = bench.ok("render cat.png -o out.png --model cut.onnx");
    assert!(words(&run.stderr).contains(WHY), "{}", run.stderr);
    let record = read_record(&bench.path("out.png")).unwrap();
    let run = &record.panels[0].run;
    assert_eq!((run.final_layer.as_deref(), run.why_final.as_deref()), (Some("r1"), Some(WHY)));
    let run = bench.ok("extract cat.png -o out --model cut.onnx --pool avg --format npy");
    assert!(words(&run.stderr).contains(WHY), "{}", run.stderr);
    let manifest = std::fs::read_to_string(bench.path("out/cut.onnx/manifest.json")).unwrap();
    assert!(manifest.contains("\"final_layer\": \"r1\"") && manifest.contains(WHY), "{manifest}");
    let run = bench.run("render cat.png -o odd.png --model cut.onnx --layer odd");
    assert_eq!(run.code, Some(2));
    assert_eq!(
        run.stderr,
        "error: no layer `odd` in cut.onnx: it is cut off, because `Warp` isn't supported (node `odd`); the network ends here at `r1`\n"
    );
}

#[test]
fn every_command_that_takes_a_network_accepts_a_chosen_end() {
    let bench = Bench::with_cat();
    bench.add("cut.onnx", &cut());
    let json: serde_json::Value =
        serde_json::from_str(&bench.ok("layers cut.onnx --final a --json").stdout).unwrap();
    assert_eq!((&json["final_layer"], &json["num_layers"]), (&"c1".into(), &2.into()));
    bench.ok("render cat.png -o out.png --model cut.onnx --final c1");
    let panel = &read_record(&bench.path("out.png")).unwrap().panels[0];
    assert_eq!((&*panel.run.tag, &*panel.look.layer), ("cut.onnx~c1", "c1"));
    assert_eq!(panel.run.why_final.as_deref(), Some("it ends here at `c1`, as was asked for"));
    bench.ok("extract cat.png -o out --model cut.onnx --final c1 --pool avg --format npy");
    assert!(bench.names("out").contains(&"cut.onnx~c1".to_owned()), "{:?}", bench.names("out"));
    bench.ok("animate cat.png -o cat.gif --model cut.onnx --final c1 --size 32");
    let error = |arguments: &str| {
        let run = bench.run(arguments);
        assert_eq!(run.code, Some(2), "{}", run.stderr);
        run.stderr
    };
    for command in [
        "render cat.png -o x.png --model cut.onnx",
        "extract cat.png -o x --model cut.onnx",
        "animate cat.png -o x.gif --model cut.onnx",
        "layers cut.onnx",
        "view cat.png --model cut.onnx",
    ] {
        let words = error(&format!("{command} --final odd"));
        assert!(
            words.starts_with("error: it has no layer `odd` to end at: it is cut off, because `Warp` isn't supported (node `odd`)"),
            "{words}"
        );
        assert!(
            words.ends_with("help: `filterscope layers FILE` lists the layers that `--final` may name\n"),
            "{words}"
        );
    }
    assert_eq!(
        error("render cat.png -o x.png --model tf_efficientnet_lite0 --final blocks.0"),
        "error: tf_efficientnet_lite0.in1k is one of the program's own networks, which end where their makers end them\n\
         help: `--layer NAME` takes another layer than the last\n"
    );
}
