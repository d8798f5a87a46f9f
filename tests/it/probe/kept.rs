//! Heads that are kept, and what they tell of pictures.

use crate::extract::{QUICK, TAG, csv, with_drive};
use crate::support::binary::Bench;
use crate::support::resealed_head;

/// The drive with a head that tells its angle, and one that tells the camera.
fn with_heads() -> Bench {
    let bench = with_drive();
    let quick = "--permutations 0 --no-random-weights -q";
    bench.ok(&format!("extract drive -o drive/f {QUICK} --layer blocks.1.1 --pool avg --format npy -q"));
    bench.ok(&format!("probe drive/f --target angle {quick} --save angle.safetensors"));
    bench.ok(&format!("probe drive/f --target camera {quick} --save camera.safetensors"));
    bench
}

fn shares(name: &str, lines: &[Vec<String>], index: &[Vec<String>]) -> (f64, Vec<(f64, f64)>) {
    let at = index[0].iter().position(|column| column == name).unwrap();
    let same = lines[1..].iter().zip(&index[1..]).filter(|(line, row)| line[3] == row[at]).count();
    let numbers = lines[1..]
        .iter()
        .zip(&index[1..])
        .filter_map(|(line, row)| Some((line[3].parse().ok()?, row[at].parse().ok()?)));
    (same as f64 / (lines.len() - 1) as f64, numbers.collect())
}

#[test]
fn a_kept_head_tells_pictures_what_it_told_features() {
    let bench = with_heads();
    let index = csv(&bench.path(&format!("drive/f/{TAG}/index.csv")));
    bench.ok("predict drive --head angle.safetensors -o angles.csv -q");
    let lines = csv(&bench.path("angles.csv"));
    assert_eq!((lines.len(), lines[0].join(",")), (73, "row,camera,file,angle".to_owned()));
    assert_eq!(
        (&lines[2][1], &lines[2][2]),
        (&"center".to_owned(), &"center/1500000000004200000.jpg".to_owned())
    );
    let (_, pairs) = shares("angle", &lines, &index);
    let mean = pairs.iter().map(|(_, truth)| truth).sum::<f64>() / 72.0;
    let error: f64 = pairs.iter().map(|(told, truth)| (told - truth).powi(2)).sum();
    let spread: f64 = pairs.iter().map(|(_, truth)| (mean - truth).powi(2)).sum();
    assert!(error < 0.1 * spread, "{error} {spread}");
    // One picture alone is told the same, on standard output.
    let alone = bench.ok("predict drive/center/1500000000004200000.jpg --head angle.safetensors -q").stdout;
    let told = alone.lines().nth(1).unwrap().rsplit(',').next().unwrap();
    assert_eq!(told, lines[2][3]);
    bench.ok("predict drive --head camera.safetensors -o cameras.csv -q");
    let (share, _) = shares("camera", &csv(&bench.path("cameras.csv")), &index);
    assert!(share > 0.95, "{share}");
}

/// No result replaces what the same command reads.
#[test]
fn what_is_read_is_not_overwritten() {
    let bench = with_heads();
    let read = format!("drive/f/{TAG}/features.npy");
    for (arguments, option, file) in [
        ("predict drive --head angle.safetensors -o angle.safetensors".to_owned(), "-o", "angle.safetensors"),
        (format!("probe drive/f --target angle --save {read}"), "--save", &*read),
        (format!("similarity drive/f drive --csv {read}"), "--csv", &*read),
    ] {
        let before = std::fs::read(bench.path(file)).unwrap();
        let run = bench.run(&arguments);
        assert_eq!(run.code, Some(2), "{arguments}: {}", run.stderr);
        let words =
            format!("`{option}` would overwrite a file that is read; choose another name: \"{file}\"");
        assert!(run.stderr.contains(&words), "{arguments}: {}", run.stderr);
        assert_eq!(std::fs::read(bench.path(file)).unwrap(), before);
    }
}

#[test]
fn heads_that_do_not_fit_are_refused() {
    let bench = with_heads();
    let refused = |arguments: &str, words: &str| {
        let run = bench.run(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{arguments}: {}", run.stderr);
        assert!(run.stderr.contains(words), "{arguments}: {}", run.stderr);
    };
    let whole = std::fs::read(bench.path("angle.safetensors")).unwrap();
    let changed = |from: &str, to: &str| {
        let text: Vec<u8> = whole.clone();
        let at = text.windows(from.len()).position(|part| part == from.as_bytes()).unwrap();
        assert_eq!(from.len(), to.len());
        let mut text = text;
        text[at..at + from.len()].copy_from_slice(to.as_bytes());
        bench.add("changed.safetensors", &text);
        // What a head says of itself is part of its hash.
        refused("predict drive --head changed.safetensors", "the head is not as it was written");
        bench.add("changed.safetensors", &resealed_head(&text));
    };
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    bench.add("changed.safetensors", &flipped);
    refused("predict drive --head changed.safetensors", "the head is not as it was written");
    bench.add("changed.safetensors", &whole[..whole.len() - 9]);
    refused("predict drive --head changed.safetensors", "not a head that `filterscope probe --save` wrote");
    bench.add_cat("cat.png");
    refused("predict drive --head cat.png", "not a head that `filterscope probe --save` wrote");
    refused("predict drive --head nothing.safetensors", "nothing.safetensors");
    let text = String::from_utf8_lossy(&whole).into_owned();
    let sha256 = text.split("weights_sha256\\\":\\\"").nth(1).unwrap()[..64].to_owned();
    changed(&sha256, &"0".repeat(64));
    refused("predict drive --head changed.safetensors", "the weights' sha256 differs");
    refused(
        "probe drive/f --target angle --permutations 0 --no-random-weights --head knn --save x.safetensors",
        "knn has no weights that could be kept",
    );
    assert!(!bench.path("x.safetensors").exists());
    // A head of two layers: any number of either, and a layer that is missing.
    bench.ok(
        "probe drive/f --target angle --head dense --folds 3 --no-random-weights -q --save two.safetensors",
    );
    bench.ok("predict drive --limit 2 --head two.safetensors -q");
    let whole = std::fs::read(bench.path("two.safetensors")).unwrap();
    let header = 8 + u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    for at in [header, header + (whole.len() - header) / 2, whole.len() - 1] {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        bench.add("changed.safetensors", &flipped);
        refused("predict drive --head changed.safetensors", "the head is not as it was written");
    }
    for (from, to) in [("\"hidden.weight", "\"hidden.weighs"), ("schema\\\":2", "schema\\\":1")] {
        let at = whole.windows(from.len()).position(|part| part == from.as_bytes()).unwrap();
        let mut text = whole.clone();
        text[at..at + from.len()].copy_from_slice(to.as_bytes());
        bench.add("changed.safetensors", &text);
        refused(
            "predict drive --head changed.safetensors",
            "not a head that `filterscope probe --save` wrote",
        );
    }
}

/// Pictures that only a table names are not replaced, `probe` names no option of another command, and a target may be called `row`.
#[test]
fn tables_and_folders_of_before_are_told_of_rightly() {
    use std::fmt::Write as _;
    let bench = with_heads();
    let mut table = "picture,row\n".to_owned();
    for (at, file) in bench.names("drive/center").iter().enumerate() {
        writeln!(table, "../drive/center/{file},{}", at * at).unwrap();
    }
    std::fs::create_dir(bench.path("lists")).unwrap();
    bench.add("lists/list.csv", table.as_bytes());
    let picture = format!("drive/center/{}", bench.names("drive/center")[0]);
    let before = std::fs::read(bench.path(&picture)).unwrap();
    for (arguments, option) in [
        (format!("predict lists/list.csv --path-column picture --head angle.safetensors -o {picture}"), "-o"),
        (
            format!("probe lists/list.csv --path-column picture {QUICK} --target row --save {picture}"),
            "--save",
        ),
    ] {
        let run = bench.run(&arguments);
        assert_eq!(run.code, Some(2), "{arguments}: {}", run.stderr);
        let words = format!("`{option}` would overwrite a picture that is read");
        assert!(run.stderr.contains(&words), "{arguments}: {}", run.stderr);
        assert_eq!(std::fs::read(bench.path(&picture)).unwrap(), before);
    }
    bench.add_cat("drive/cat.png");
    bench.add("lists/cats.csv", "picture\n../drive/cat.png\n../drive/center/x.png\n".repeat(3).as_bytes());
    let before = std::fs::read(bench.path("drive/cat.png")).unwrap();
    let run = bench.run(&format!(
        "similarity lists/cats.csv --path-column picture {QUICK} --layer blocks.1.1,final --png drive/cat.png"
    ));
    assert!(
        run.code == Some(2) && run.stderr.contains("`--png` would overwrite a picture"),
        "{}",
        run.stderr
    );
    assert_eq!(std::fs::read(bench.path("drive/cat.png")).unwrap(), before);
    let begin = |every: u32| {
        bench.run(&format!("probe drive/interpolated.csv {QUICK} --target angle --permutations 0 --no-random-weights --out kept --every {every} -q"))
    };
    assert_eq!(begin(1).code, Some(0));
    let run = begin(2);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(!run.stderr.contains("--overwrite") && run.stderr.contains("`--out`"), "{}", run.stderr);
}
