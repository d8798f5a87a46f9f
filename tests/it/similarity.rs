//! `similarity` with the real binary: pictures, feature sets and matrices of others compared, and what is refused.

use std::path::Path;

use serde_json::Value;

use crate::extract::{QUICK, TAG, with_drive};
use crate::support::binary::{Bench, Run};
use crate::support::root;

const LAYERS: &str = "--layer blocks.1.1,blocks.4.2,bn2.act";

/// Twelve pictures of the drive as `photos`, and a folder for temporary files as `tmp`.
fn with_photos() -> Bench {
    let bench = with_drive();
    std::fs::create_dir_all(bench.path("photos")).unwrap();
    std::fs::create_dir_all(bench.path("tmp")).unwrap();
    let mut names = bench.names("drive/center");
    names.truncate(12);
    for (at, name) in names.iter().enumerate() {
        let to = bench.path(&format!("photos/{at:02}.jpg"));
        std::fs::rename(bench.path("drive/center").join(name), to).unwrap();
    }
    bench
}

fn run(bench: &Bench, arguments: &str) -> Run {
    Run::of(
        bench.command(&format!("similarity {arguments}")).env("TMPDIR", bench.path("tmp")).output().unwrap(),
    )
}

fn ok(bench: &Bench, arguments: &str) -> Run {
    let run = run(bench, arguments);
    assert_eq!(run.code, Some(0), "{arguments}: {}", run.stderr);
    run
}

fn json(bench: &Bench, arguments: &str) -> Value {
    serde_json::from_str(&ok(bench, &format!("{arguments} --json")).stdout).unwrap()
}

/// The error that ends a run in which nothing is done, and its remedy.
fn refusal(bench: &Bench, arguments: &str) -> String {
    let run = run(bench, arguments);
    assert_eq!(run.code, Some(2), "{arguments}: {}", run.stderr);
    assert_eq!(run.stdout, "", "{arguments}");
    let lines: Vec<&str> = run.stderr.lines().filter(|line| !line.starts_with("note: ")).collect();
    lines.join("\n")
}

fn write_npy(path: &Path, side: usize, value: impl Fn(usize, usize) -> f64) {
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({side}, {side}), }}");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    for row in 0..side {
        for column in 0..side {
            let value = if row == column { 0.0 } else { value(row.min(column), row.max(column)) };
            bytes.extend(value.to_le_bytes());
        }
    }
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn pictures_are_compared_as_their_feature_sets_are_with_any_number_of_threads() {
    let bench = with_photos();
    bench.ok(&format!("extract photos {QUICK} {LAYERS} --pool avg --format npz -o features"));
    for (measure, title) in [
        ("cka", "linear CKA of 3 layers over 12 pictures, debiased"),
        ("cka-rbf", "RBF CKA of 3 layers over 12 pictures, debiased, bandwidth 1 of the median distance"),
        ("rsa", "RSA of 3 layers over 12 pictures"),
        ("knn --k 3", "mutual kNN of 3 layers over 12 pictures, 3 neighbours each"),
    ] {
        let of_pictures = json(&bench, &format!("photos {QUICK} {LAYERS} --measure {measure}"));
        let of_sets = json(&bench, &format!("features --measure {measure}"));
        assert_eq!(of_pictures["matrix"], of_sets["matrix"], "{measure}");
        assert_eq!(of_sets["num_pictures"], 12);
        let names: Vec<&str> = of_sets["layers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|layer| layer["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["blocks.1.1", "blocks.4.2", "bn2.act"]);
        assert_eq!(of_sets["layers"][0]["folder"], format!("features/{TAG}__blocks.1.1"));
        assert_eq!(of_pictures["layers"][0].get("folder"), None, "it is gone");
        let run = ok(&bench, &format!("features --measure {measure}"));
        assert_eq!(run.stderr.trim_end(), title);
        let value = of_sets["matrix"][0][2].as_f64().unwrap();
        assert!(value > 0.0 && value < 1.0 && run.stdout.contains(&format!(" {value:.3}")), "{}", run.stdout);
    }
    let files = |threads: usize| {
        let out =
            format!("--csv {threads}.csv --pairs {threads}p.csv --png {threads}.png --threads {threads}");
        let run = ok(&bench, &format!("features --measure rsa --bootstrap 20 {out}"));
        let read = |name: String| std::fs::read(bench.path(&name)).unwrap();
        (
            run.stdout,
            read(format!("{threads}.csv")),
            read(format!("{threads}p.csv")),
            read(format!("{threads}.png")),
        )
    };
    assert!(files(1) == files(3), "the number of threads changes no byte");
    assert!(bench.names("tmp").is_empty(), "{:?}", bench.names("tmp"));

    // The files hold what is printed.
    let csv = std::fs::read_to_string(bench.path("1.csv")).unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], ",blocks.1.1,blocks.4.2,bn2.act");
    let made = json(&bench, "features --measure rsa --bootstrap 20");
    let cells: Vec<&str> = lines[1].split(',').collect();
    assert_eq!((cells[0], cells[1]), ("blocks.1.1", "1"));
    assert_eq!(cells[3].parse::<f64>().unwrap(), made["matrix"][0][2].as_f64().unwrap());
    let pairs = std::fs::read_to_string(bench.path("1p.csv")).unwrap();
    assert!(
        pairs.starts_with("a,b,value,low,high,standard_error,resamples\nblocks.1.1,blocks.4.2,"),
        "{pairs}"
    );
    let interval = &made["intervals"][0][2];
    let (low, high) = (interval["low"].as_f64().unwrap(), interval["high"].as_f64().unwrap());
    assert!(low <= high && pairs.contains(&format!(",{low},{high},")), "{pairs}");
    let png = std::fs::read(bench.path("1.png")).unwrap();
    let has = |text: &[u8]| png.windows(text.len()).any(|window| window == text);
    assert!(has(b"filterscope-similarity") && has(b"\"measure\":\"rsa\""));
}

#[test]
fn two_networks_stand_side_by_side_and_minibatches_are_told() {
    let bench = with_photos();
    let models = format!("--model {TAG},xception.keras_in1k --fit 96x96 --layer final");
    let run = ok(&bench, &format!("photos {models} --batch 4 --seed 3"));
    assert!(run.stdout.contains("1  tf_efficientnet_lite0.in1k/bn2.act"), "{}", run.stdout);
    assert!(run.stdout.contains("2  xception.keras_in1k/act4"), "{}", run.stdout);
    let told = "linear CKA of 2 layers over 12 pictures, debiased, in 3 minibatches of up to 4";
    assert_eq!(run.stderr.trim_end(), told);
    bench.ok(&format!("extract photos {models} --pool avg --format npy -o features"));
    let again = ok(&bench, "features --batch 4 --seed 3");
    assert_eq!(again.stdout, run.stdout);
}

/// The rows of a matrix follow the network: the layer `blocks.10` would come before `blocks.2` if names were sorted as texts.
#[test]
fn sets_of_a_folder_come_in_natural_order() {
    let bench = with_photos();
    let layers = "--model VGG16 --layer features.16,features.4,features.30 --fit 64x64";
    bench.ok(&format!("extract photos {layers} --limit 4 --pool avg --format npy -o features -q"));
    let json = json(&bench, "features");
    let names = json["layers"].as_array().unwrap().iter().map(|layer| layer["layer"].as_str().unwrap());
    assert_eq!(names.collect::<Vec<_>>(), ["features.4", "features.16", "features.30"]);
}

#[test]
fn sets_are_matched_by_their_pictures() {
    let bench = with_photos();
    bench.ok(&format!("extract photos {QUICK} --layer blocks.1.1 --pool avg --format npy -o one"));
    bench.ok(&format!("extract photos {QUICK} --layer bn2.act --pool avg --format h5 --start 3 -o other"));
    let run = ok(&bench, "one other --measure rsa");
    assert_eq!(
        run.stderr.lines().next().unwrap(),
        "note: 3 pictures of blocks.1.1 are not in all others and left out, such as `00.jpg`"
    );
    assert!(run.stderr.contains("RSA of 2 layers over 9 pictures"), "{}", run.stderr);
    // The same as if only these had been extracted.
    bench.ok(&format!("extract photos {QUICK} --layer blocks.1.1 --pool avg --format npy --start 3 -o nine"));
    assert_eq!(ok(&bench, "nine other --measure rsa").stdout, run.stdout);
    let sample = ok(&bench, "nine other --measure rsa --sample 6 --seed 5");
    assert!(sample.stderr.contains("over 6 pictures") && sample.stdout != run.stdout);

    // Whole maps are averaged, or flattened if that is asked for.
    bench.ok(&format!("extract photos {QUICK} --layer blocks.1.1 --format folder -o maps"));
    let averaged = ok(&bench, "maps other");
    assert!(
        averaged.stderr.contains("note: of whole maps the mean of each channel is compared"),
        "{}",
        averaged.stderr
    );
    assert_eq!(json(&bench, "maps other --pool flatten")["layers"][0]["width"], 16 * 16 * 24);
    assert_ne!(ok(&bench, "maps other --pool flatten").stdout, averaged.stdout);
    assert_eq!(
        refusal(&bench, "one other --pool flatten"),
        "error: `--pool` goes with pictures or with whole maps, and these features are rows already"
    );

    // Other pictures of the same name.
    std::fs::copy(bench.path("photos/11.jpg"), bench.path("photos/05.jpg")).unwrap();
    bench.ok(&format!("extract photos {QUICK} --layer bn2.act --pool avg --format npy -o changed"));
    assert_eq!(
        refusal(&bench, "one changed"),
        "error: `05.jpg` is one picture in blocks.1.1 and another in bn2.act: the files' hashes differ"
    );
    std::fs::rename(bench.path("photos"), bench.path("elsewhere")).unwrap();
    std::fs::create_dir(bench.path("photos")).unwrap();
    std::fs::rename(bench.path("elsewhere"), bench.path("photos/below")).unwrap();
    bench.ok(&format!("extract photos {QUICK} --layer bn2.act --pool avg --format npy -o deeper"));
    assert_eq!(
        refusal(&bench, "one deeper"),
        "error: blocks.1.1 and bn2.act have no picture in common: theirs are such as `00.jpg` and `below/00.jpg`"
    );

    // Damage.
    let set = bench.path(&format!("one/{TAG}/features.npy"));
    let mut bytes = std::fs::read(&set).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&set, bytes).unwrap();
    let error = refusal(&bench, "one other");
    assert!(error.contains("it is not as it was written: its hash is not the manifest's"), "{error}");
}

#[test]
fn what_can_not_be_compared_is_refused_before_the_work() {
    let bench = with_photos();
    for (arguments, expected) in [
        ("photos --layer final", "error: a comparison needs at least two layers or matrices, got 1"),
        ("photos --limit 3", "error: a comparison needs at least 4 pictures, and there are 3"),
        ("photos --k 3", "error: `--k` goes with `--measure knn`, and this is cka"),
        ("photos --bootstrap 9", "error: `--bootstrap` goes with `--measure rsa`, and this is cka"),
        (
            "photos --measure rsa --batch 9",
            "error: `--batch` goes with `--measure cka` and `--measure cka-rbf`, and this is rsa",
        ),
        ("photos --bandwidth 2", "error: `--bandwidth` goes with `--measure cka-rbf`, and this is cka"),
        (
            "photos --pool none",
            "error: `--pool none` keeps maps, and a picture's features are one row: take `--pool flatten`",
        ),
        (
            "photos --pool flatten --fit native",
            "error: pictures keep their own sizes, so rows of all values differ in length: take another pooling than `--pool flatten`, or one size, such as `--fit 640x480`",
        ),
        ("photos --csv out.png", "error: `--csv` writes CSV, and the name ends in .png: \"out.png\""),
        ("photos --csv out --png out", "error: `--csv` and `--png` are one file: \"out\""),
        (
            "photos --png none/out.png",
            "error: no such folder to write into; create it or choose another: \"none/out.png\"",
        ),
        ("nosuch", "error: no such file or folder: check the path: \"nosuch\""),
    ] {
        assert_eq!(refusal(&bench, arguments), expected, "{arguments}");
    }
    let wrong = run(&bench, "photos --measure euclid");
    assert!(
        wrong.stderr.contains("unknown measure `euclid`: expected cka, cka-rbf, rsa or knn"),
        "{}",
        wrong.stderr
    );
    assert_eq!(run(&bench, "").code, Some(2));
    bench.ok(&format!("extract photos {QUICK} {LAYERS} --pool avg --format npy -o features"));
    for (arguments, expected) in [
        ("features --layer final", format!("error: `--layer` goes with pictures, and this is a set of features: \"features/{TAG}__blocks.1.1\"")),
        ("features features", format!("error: this set of features is named twice: \"features/{TAG}__blocks.1.1\"")),
        ("features --measure knn --k 11", "error: 11 neighbours of each picture need at least 13 pictures, and there are 12\nhelp: `--k 10` or less".to_owned()),
        ("features --batch 3", "error: at least 4 pictures at a time are needed, got 3".to_owned()),
        ("features --sample 13", "error: a sample of 13 pictures can't be drawn from 12".to_owned()),
        ("features --measure cka-rbf --bandwidth 0", "error: the kernel's bandwidth is a share of the median distance above 0, got 0".to_owned()),
    ] {
        assert_eq!(refusal(&bench, arguments), expected, "{arguments}");
    }
    let mut little = bench.command("similarity features");
    let refused = Run::of(little.env("FILTERSCOPE_MEMORY", "2000").output().unwrap());
    assert_eq!(refused.code, Some(2));
    assert!(
        refused.stderr.contains("linear CKA of 3 layers over 12 pictures: this takes about 1 MB of memory"),
        "{}",
        refused.stderr
    );
    assert!(
        refused.stderr.contains("help: compare fewer pictures at a time with `--batch`"),
        "{}",
        refused.stderr
    );
    assert!(bench.names("tmp").is_empty());
}

#[test]
fn layers_without_similarity_and_pictures_that_fail_are_told() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.path("tmp")).unwrap();
    for at in 0..5 {
        bench.add_cat(&format!("same/{at}.png"));
    }
    let run = ok(&bench, &format!("same {QUICK} --layer blocks.1.1,final"));
    let constant = "is like no other: it is the same for all pictures";
    assert!(
        run.stderr.contains(&format!("note: blocks.1.1 {constant}\nnote: bn2.act {constant}\n")),
        "{}",
        run.stderr
    );
    let line = run.stdout.lines().nth(1).unwrap();
    assert_eq!(line.split_whitespace().collect::<Vec<_>>(), ["1", "blocks.1.1", "–", "–"]);

    let bench = with_photos();
    bench.add("photos/broken.png", b"no picture");
    let run = super::similarity::run(&bench, &format!("photos {QUICK} {LAYERS}"));
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(run.stderr.contains("skipped: ") && run.stderr.contains("\"broken.png\""), "{}", run.stderr);
    assert!(
        run.stderr.contains("linear CKA of 3 layers over 12 pictures, debiased; 1 picture skipped"),
        "{}",
        run.stderr
    );
}

#[test]
fn matrices_of_others_take_part() {
    let bench = with_photos();
    bench.ok(&format!("extract photos {QUICK} {LAYERS} --pool avg --format npy -o features"));
    let value = |a: usize, b: usize| ((a * 7 + b * 13) % 19) as f64 + 1.0;
    write_npy(&bench.path("human.npy"), 12, value);
    let run = ok(&bench, "features --rdm human.npy");
    assert!(
        run.stderr.starts_with(
            "note: the rows of human have no names and are taken in the order of blocks.1.1: `00.jpg`, `01.jpg`, `02.jpg` … `11.jpg`\n"
        ),
        "{}",
        run.stderr
    );
    assert!(run.stdout.contains("4  human"), "{}", run.stdout);
    let known = json(&bench, "features --rdm human.npy");
    assert_eq!(known["measure"], "rsa");
    assert_eq!(known["layers"][3]["kind"], "dissimilarities");

    // The same matrix in another order, with names along it: the same values.
    let order = [5, 0, 11, 3, 7, 1, 9, 2, 10, 4, 8, 6];
    let name = |at: usize| format!("{at:02}.jpg");
    let header: Vec<String> = order.iter().map(|at| name(*at)).collect();
    let mut csv = format!(",{}\n", header.join(","));
    for a in order {
        let cells: Vec<String> = order
            .iter()
            .map(|b| if a == *b { "0".to_owned() } else { value(a.min(*b), a.max(*b)).to_string() })
            .collect();
        csv.extend([name(a), ",".to_owned(), cells.join(","), "\n".to_owned()]);
    }
    bench.add("named.csv", csv.as_bytes());
    let named = json(&bench, "features --rdm named.csv");
    assert_eq!(named["matrix"], known["matrix"]);
    let rows: Vec<&str> = csv.lines().skip(1).map(|line| line.split_once(',').unwrap().1).collect();
    bench.add("bare.csv", rows.join("\n").as_bytes());
    bench.add("order.txt", header.join("\n").as_bytes());
    let listed = json(&bench, "features --rdm bare.csv --rdm-pictures order.txt");
    assert_eq!(listed["matrix"], known["matrix"]);
    let both = ok(&bench, "features --rdm human.npy --rdm named.csv --measure knn --k 3");
    assert!(both.stdout.lines().nth(4).unwrap().trim_end().ends_with(" 1.000  1.000"), "{}", both.stdout);

    // Two matrices alone.
    let alone = ok(&bench, "--rdm human.npy --rdm bare.csv");
    assert!(alone.stderr.contains("RSA of 2 layers over 12 pictures"), "{}", alone.stderr);

    write_npy(&bench.path("small.npy"), 5, value);
    let fixtures = root().join("tests/fixtures/similarity");
    for name in ["v5_two.mat", "v73_two.mat"] {
        std::fs::copy(fixtures.join(name), bench.path(name)).unwrap();
    }
    let pictures = "\nhelp: `--rdm-pictures FILE` takes a list of the pictures in the matrix's order, a file name a line";
    for (arguments, expected) in [
        ("features --rdm small.npy", format!("error: `small` is of 5 pictures, and blocks.1.1 has 12{pictures}")),
        ("features --rdm human.npy --measure cka", "error: linear CKA is computed from features, and of `human` there are only dissimilarities\nhelp: take `--measure rsa` or `--measure knn`".to_owned()),
        ("features --rdm human.npy --rdm human.npy", "error: this matrix is named twice: \"human.npy\"".to_owned()),
        ("features --rdm human.npy --csv human.npy", "error: `--csv` would overwrite a file that is read; choose another name: \"human.npy\"".to_owned()),
        ("features --rdm v5_two.mat", "error: it has several variables that could be dissimilarities: \"v5_two.mat\"\nhelp: say which with `--rdm-variable`: early, late".to_owned()),
        ("features --rdm v73_two.mat --rdm-variable late", format!("error: `v73_two` is of 6 pictures, and blocks.1.1 has 12{pictures}")),
        ("features --rdm small.npy --rdm-pictures order.txt", "error: the list has 12 pictures, and small is of 5: \"order.txt\"".to_owned()),
        ("features --rdm named.csv --rdm-pictures order.txt", "error: `--rdm-pictures` names the rows of a matrix without names, and this one has some".to_owned()),
        ("features --rdm nosuch.npy", "error: can't be read (No such file or directory (os error 2)): \"nosuch.npy\"".to_owned()),
    ] {
        assert_eq!(refusal(&bench, arguments), expected, "{arguments}");
    }
    let of_pictures = ok(&bench, &format!("photos {QUICK} --layer final --rdm human.npy --bootstrap 10"));
    assert!(of_pictures.stdout.contains("95 % interval"), "{}", of_pictures.stdout);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_and_leaves_nothing() {
    use std::time::{Duration, Instant};
    let bench = with_photos();
    bench.ok(&format!("extract photos {QUICK} {LAYERS} --pool avg --format npy -o features"));
    for data in ["features".to_owned(), format!("photos {QUICK} {LAYERS}")] {
        let mut command = bench.command(&format!(
            "similarity {data} --measure rsa --bootstrap 1000000 --png out.png --csv out.csv"
        ));
        let log = std::fs::File::create(bench.path("log")).unwrap();
        let mut child = command.arg("-v").env("TMPDIR", bench.path("tmp")).stderr(log).spawn().unwrap();
        // Until it listens: of sets, the log says so; of pictures, there is a temporary folder.
        let is_listening = || {
            let words = std::fs::read_to_string(bench.path("log")).unwrap();
            if data == "features" { words.contains("computing with") } else { !bench.names("tmp").is_empty() }
        };
        let deadline = Instant::now() + Duration::from_mins(1);
        while !is_listening() {
            assert!(Instant::now() < deadline, "{data}: it hasn't begun after a minute");
            std::thread::sleep(Duration::from_millis(5));
        }
        let id = child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(130), "{data}");
        let words = std::fs::read_to_string(bench.path("log")).unwrap();
        assert!(words.ends_with("interrupted: nothing was written\n"), "{words}");
        assert!(!bench.path("out.png").exists() && !bench.path("out.csv").exists());
        assert!(bench.names("tmp").is_empty(), "{:?}", bench.names("tmp"));
    }
}

/// Pictures that are there twice make layers more alike, and four say little.
#[test]
fn equal_and_few_pictures_are_warned_of() {
    let bench = with_photos();
    std::fs::create_dir(bench.path("few")).unwrap();
    for (from, to) in [("00", "a"), ("03", "b"), ("06", "c"), ("00", "d")] {
        std::fs::copy(bench.path(&format!("photos/{from}.jpg")), bench.path(&format!("few/{to}.jpg")))
            .unwrap();
    }
    let said = ok(&bench, &format!("few {QUICK} {LAYERS}")).stderr;
    let words = "warning: 1 picture has the bytes of another, such as `a.jpg` and `d.jpg`";
    assert!(said.contains(words), "{said}");
    assert!(said.contains("warning: with 4 pictures") && said.contains("±1.00 of 0 by chance"), "{said}");
}

/// The layers of a network that the program knows come in its order, not in that of their names.
#[test]
fn layers_come_in_the_order_of_their_network() {
    let place = tempfile::tempdir().unwrap();
    let layers = ["blocks.0.0.bn2", "blocks.1.1", "bn1.act", "bn2.act"];
    for layer in layers {
        let folder = place.path().join(LITE0_TAG).join(layer);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("manifest.json"), "{}").unwrap();
    }
    let found = filterscope::extract::find_sets(place.path()).unwrap();
    let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["bn1.act", "blocks.0.0.bn2", "blocks.1.1", "bn2.act"]);
}

const LITE0_TAG: &str = "tf_efficientnet_lite0.in1k";
