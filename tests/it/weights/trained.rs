//! Training checkpoints on the command line: the program says which part of a file it uses, and records it in the files it writes.

use filterscope::formats::read_record;
use filterscope::models::Registry;

use crate::support::binary::Bench;
use crate::support::golden::{generated_params, safetensors_bytes};

type Tensors = Vec<(String, Vec<usize>, Vec<f32>)>;

const TAG: &str = "mobilenetv2_100.ra_in1k";

/// Generated weights; another gain gives other values.
fn params(gain: u32) -> Tensors {
    generated_params(&(Registry::find(TAG).unwrap().build)().unwrap(), gain)
}

fn under(prefix: &str, tensors: Tensors) -> Tensors {
    tensors.into_iter().map(|(name, shape, values)| (format!("{prefix}{name}"), shape, values)).collect()
}

fn two() -> Vec<u8> {
    safetensors_bytes(
        &[under("module.encoder_q.", params(4)), under("module.encoder_k.", params(2))].concat(),
    )
}

#[test]
fn the_prefix_is_found_printed_and_recorded() {
    let bench = Bench::with_cat();
    let mut tensors = under("model.backbone.", params(4));
    tensors.push(("model.neck.weight".into(), vec![5], vec![0.5; 5]));
    bench.add("net.safetensors", &safetensors_bytes(&tensors));
    let run = bench.ok(&format!("render cat.png -o out.png --weights net.safetensors --model {TAG}"));
    assert!(
        run.stderr.contains(
            "note: of the weight file: `model.` cut off all names; `backbone.` taken off names; beside it `neck.` (1 tensor): \
             \"net.safetensors\"\n"
        ),
        "{}",
        run.stderr
    );
    let record = read_record(&bench.path("out.png")).unwrap().panels.remove(0).run;
    assert_eq!(record.weights_part.as_deref(), Some("model.backbone"));

    // Both encoders fit: the error lists them, and then one is chosen.
    bench.add("two.safetensors", &two());
    let run = bench.run(&format!("render cat.png -o two.png --weights two.safetensors --model {TAG}"));
    assert_eq!(
        run.stderr,
        format!(
            "error: the file holds {TAG} 2 times, under `encoder_k.`, `encoder_q.`: \"two.safetensors\"\n\
             help: say which with `--prefix`: encoder_k., encoder_q.\n"
        )
    );
    let run = bench.run(&format!(
        "render cat.png -o two.png --weights two.safetensors --model {TAG} --prefix encoder_x"
    ));
    assert_eq!(
        run.stderr,
        "error: no tensor's name begins with `encoder_x` in this file; names begin with `encoder_k.`, `encoder_q.`: \
         \"two.safetensors\"\nhelp: say which with `--prefix`: encoder_k., encoder_q.\n"
    );
    let run = bench.run(&format!("render cat.png -o two.png --model {TAG} --ema"));
    assert_eq!(
        run.stderr,
        "error: `--prefix` and `--ema` say what of a weight file is meant; name the file with `--weights`\n"
    );
    let run = bench.run(&format!("render cat.png -o two.png --weights two.safetensors --model {TAG} --ema"));
    assert_eq!(
        run.stderr,
        "error: the file holds no EMA weights of this network: \"two.safetensors\"\nhelp: leave `--ema` away\n"
    );
    bench.ok(&format!(
        "render cat.png -o q.png --weights two.safetensors --model {TAG} --prefix encoder_q --npy"
    ));
    bench.ok(&format!("render cat.png -o out.png --weights net.safetensors --model {TAG} --npy"));
    let values = |name: &str| std::fs::read(bench.path(name)).unwrap();
    assert_eq!(values("q.npy"), values("out.npy"), "the same network");
}

/// An imported copy counts as the same weights as its source file, also if an older version wrote its record.
#[test]
fn a_copy_counts_as_its_source() {
    let bench = Bench::with_cat();
    bench.add("two.safetensors", &two());
    bench.add("photos/a.png", &std::fs::read(bench.path("cat.png")).unwrap());
    bench.ok(&format!("weights import two.safetensors --model {TAG} --prefix encoder_q"));
    let kept = bench.ok(&format!("weights path {TAG}")).stdout.trim().to_owned();
    let sidecar = format!("{kept}.json");
    let text = std::fs::read_to_string(&sidecar).unwrap();
    let original =
        format!("render cat.png -o a.png --weights two.safetensors --model {TAG} --prefix encoder_q");
    bench.ok(&original);
    bench.ok(&format!("render cat.png -o b.png --model {TAG}"));
    let run = |name: &str| read_record(&bench.path(name)).unwrap().panels.remove(0).run;
    let (a, b) = (run("a.png"), run("b.png"));
    assert_ne!(a.weights_sha256, b.weights_sha256);
    assert_eq!(b.weights_source_sha256.as_deref(), Some(&*a.weights_sha256));
    assert_eq!(
        (a.weights_part.as_deref(), b.weights_part.as_deref()),
        (Some("module.encoder_q"), Some("module.encoder_q"))
    );
    assert!(text.contains(&format!("\"source_sha256\": \"{}\"", a.weights_sha256)), "{text}");

    // A run that was begun with one can be resumed with the other. Another part of the file counts as another network.
    let with = |weights: &str| format!("extract photos -o out --pool avg --model {TAG} {weights} --resume");
    bench.ok(&with("--weights two.safetensors --prefix encoder_q"));
    bench.ok(&with(""));
    let other = bench.run(&with("--weights two.safetensors --prefix encoder_k"));
    assert_ne!(other.code, Some(0));
    assert!(other.stderr.contains("weights_part"), "{}", other.stderr);

    // A sidecar of an older version, without the source's hash.
    let old: Vec<&str> = text.lines().filter(|line| !line.contains("source_sha256")).collect();
    let old = old.join("\n").replace("\"checked\": null,", "\"checked\": null");
    std::fs::write(&sidecar, old).unwrap();
    assert!(bench.ok("weights verify").stdout.contains("sha256 as recorded"));
    bench.ok(&with(""));
    // A copy whose values were changed no longer counts as one.
    let mut bytes = std::fs::read(&kept).unwrap();
    let last = bytes.len() - 2;
    bytes[last] ^= 1;
    std::fs::write(&kept, bytes).unwrap();
    bench.ok(&format!("render cat.png -o c.png --model {TAG}"));
    assert_eq!(run("c.png").weights_source_sha256, None);
    assert!(bench.run(&with("")).stderr.contains("weights_sha256"));
}

/// If a file fits no network and no model is given, the error names the closest network and the differences.
#[test]
fn the_closest_network_is_named() {
    let bench = Bench::with_cat();
    let mut tensors = under("backbone.", params(4));
    let left_out = tensors.remove(0).0;
    tensors.push(("backbone.extra.weight".into(), vec![2], vec![0.5; 2]));
    let num = tensors.len();
    bench.add("net.safetensors", &safetensors_bytes(&tensors));
    let run = bench.run("render cat.png -o out.png --weights net.safetensors");
    // Model specs with the same tensors may be named, too.
    let beginning = format!("error: this file fits no network here; the closest is {TAG}");
    let end = format!(
        ", of whose tensors {} of {num} are there under `backbone.`; missing: `{left_out}`; not part of it: `backbone.extra.weight`: \
         \"net.safetensors\"\n",
        num - 1
    );
    assert!(run.stderr.starts_with(&beginning) && run.stderr.ends_with(&end), "{}", run.stderr);
}

/// A layer with a classifier's name counts as the classifier only if the file has no other layer that may belong to the network.
#[test]
fn classes_are_named_only_if_no_unknown_layer_is_in_the_file() {
    let bench = Bench::with_cat();
    let layer = |name: &str, shape: &[usize]| {
        let num: usize = shape.iter().product();
        (name.to_owned(), shape.to_vec(), (0..num).map(|at| (at % 7) as f32 * 0.01).collect::<Vec<f32>>())
    };
    let own = || -> Tensors {
        let mut all = under("net.", params(4));
        all.extend([layer("fc.weight", &[7, 1280]), layer("fc.bias", &[7])]);
        all
    };
    let asked = "--fit 64x64 --class-map top";
    let run = |name: &str, beside: Tensors| {
        bench.add(&format!("{name}.safetensors"), &safetensors_bytes(&[own(), beside].concat()));
        bench.run(&format!("render cat.png -o {name}.png --weights {name}.safetensors --model {TAG} {asked}"))
    };
    let alone = run("alone", Vec::new());
    assert_eq!(alone.code, Some(0), "{}", alone.stderr);
    let loss = run("loss", vec![layer("criterion.weight", &[7])]);
    assert_eq!(loss.code, Some(0), "{}", loss.stderr);

    let neck = run("neck", vec![layer("neck.weight", &[1280, 1280]), layer("neck.bias", &[1280])]);
    assert_eq!(neck.code, Some(2));
    assert!(
        neck.stderr.contains(
            "beside it `fc.` (2 tensors), `neck.` (2 tensors); no classes are named: what `neck.` does, and where, a state dict \
             doesn't show"
        ),
        "{}",
        neck.stderr
    );
    // Tensors that may normalise the picture are reported, and not called a convolution.
    let norm = run("norm", vec![layer("mean", &[1, 3, 1, 1]), layer("std", &[1, 3, 1, 1])]);
    assert!(
        norm.stderr
            .contains("`mean` has the three channels of a picture: if it stands in front of the network")
            && !norm.stderr.contains("convolutions"),
        "{}",
        norm.stderr
    );
}

/// A network saved twice under two names counts as one and keeps its classes.
#[test]
fn a_network_saved_twice_keeps_its_classes() {
    let bench = Bench::with_cat();
    let mut own = params(4);
    let head = |name: &str, shape: &[usize]| {
        (name.to_owned(), shape.to_vec(), vec![0.01; shape.iter().product::<usize>()])
    };
    own.extend([head("classifier.weight", &[7, 1280]), head("classifier.bias", &[7])]);
    let tensors = [under("best.", own.clone()), under("model.", own)].concat();
    bench.add("twice.safetensors", &safetensors_bytes(&tensors));
    let arguments = "--weights twice.safetensors --fit 64x64 --class-map top";
    let run = bench.ok(&format!("render cat.png -o twice.png --model {TAG} {arguments}"));
    assert!(!run.stderr.contains("no classes"), "{}", run.stderr);
}
