//! Limits that the system sets for the program: on the size of a file, on memory and on open files. Reaching one is an error with a
//! remedy, unfinished files are removed, and no signal ends the program.

use std::process::Command;

use crate::support::binary::{Bench, Run};

/// Runs the program under a limit, which the shell command `limit` sets.
fn limited(bench: &Bench, limit: &str, arguments: &str) -> Run {
    let command = bench.command(arguments);
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("{limit}; exec \"$0\" \"$@\"")])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.env("RUST_BACKTRACE", "0").stdin(std::process::Stdio::null());
    if let Some(folder) = command.get_current_dir() {
        shell.current_dir(folder);
    }
    Run::of(shell.output().unwrap())
}

/// Names of temporary files, anywhere in the folder.
fn drafts(bench: &Bench) -> Vec<String> {
    let (mut open, mut found) = (vec![bench.path("")], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
            } else if name.ends_with(".part") || name.ends_with(".tmp") {
                found.push(name);
            }
        }
    }
    found
}

const TOO_LARGE: &str =
    "a file as large as this isn't allowed here, by the disk's format or by a limit on the program";
const ALLOW: &str = "help: raise the limit (`ulimit -f`), or write to another disk";

#[test]
fn reaching_the_file_size_limit_is_an_error_that_leaves_no_file() {
    let bench = Bench::with_cat();
    let model = "--model tf_efficientnet_lite0";
    for arguments in [
        format!("render cat.png -o out.png {model}"),
        format!("animate cat.png -o out.gif {model} --layer conv_stem"),
        format!("extract cat.png -o out {model} --layer conv_stem --format npy"),
        format!("extract cat.png -o other {model} --layer conv_stem --format folder"),
    ] {
        let run = limited(&bench, "ulimit -f 16", &arguments);
        assert!(matches!(run.code, Some(1 | 2)), "{arguments}: {:?} {}", run.code, run.stderr);
        assert!(run.stderr.contains(TOO_LARGE), "{arguments}: {}", run.stderr);
        assert!(run.stderr.contains(ALLOW), "{arguments}: {}", run.stderr);
        assert_eq!(drafts(&bench), [""; 0], "{arguments}");
        assert!(!bench.path("out.png").exists() && !bench.path("out.gif").exists());
    }
}

/// A run that would fill the machine's memory is not begun.
#[test]
fn a_run_that_takes_more_than_half_of_the_memory_is_refused() {
    let bench = Bench::with_cat();
    let render = |fit: &str| {
        let arguments = format!("render cat.png -o out.png --model tf_efficientnet_lite0 --fit {fit}");
        Run::of(bench.command(&arguments).env("FILTERSCOPE_MEMORY", "200000000").output().unwrap())
    };
    let run = render("1600x1600");
    assert!(matches!(run.code, Some(1 | 2)), "{:?} {}", run.code, run.stderr);
    let expected = " MB of memory, more than half of the 200 MB that are available";
    assert!(run.stderr.contains("this run is not begun: this takes about "), "{}", run.stderr);
    assert!(run.stderr.contains(expected), "{}", run.stderr);
    assert!(run.stderr.contains("help: take a smaller input: `--fit WxH`"), "{}", run.stderr);
    assert!(!bench.path("out.png").exists());
    assert_eq!(render("224x224").code, Some(0));
}

/// Only Linux says how much memory is left.
#[cfg(target_os = "linux")]
#[test]
fn too_little_memory_is_an_error_with_a_remedy() {
    let bench = Bench::with_cat();
    let give = "help: raise the limit (`ulimit -v`), or take a smaller picture, input (`--fit`) or network";
    // A hundred times less than is asked for, and far more than the program itself takes.
    let wide = vec![0u8; 11_000 * 11_000 / 8];
    let mut bits = png::Encoder::new(std::fs::File::create(bench.path("wide.png")).unwrap(), 11_000, 11_000);
    bits.set_color(png::ColorType::Grayscale);
    bits.set_depth(png::BitDepth::One);
    bits.write_header().unwrap().write_image_data(&wide).unwrap();
    let model = "--model tf_efficientnet_lite0";
    for (arguments, expected) in [
        (
            format!("render cat.png -o a.png {model} --fit 4096x4096"),
            " MB more memory, and the system lets the program have ",
        ),
        (
            format!("render wide.png -o b.png {model}"),
            "decoding this PNG takes another 484000000 bytes of memory, which are not there",
        ),
    ] {
        let run = limited(&bench, "ulimit -v 700000", &arguments);
        assert!(matches!(run.code, Some(1 | 2)), "{arguments}: {:?} {}", run.code, run.stderr);
        assert!(run.stderr.contains(expected), "{arguments}: {}", run.stderr);
        assert!(run.stderr.contains(give), "{arguments}: {}", run.stderr);
        assert!(!bench.path("a.png").exists() && !bench.path("b.png").exists());
        assert_eq!(drafts(&bench), [""; 0], "{arguments}");
    }
    // With many pictures, too little memory stops the run. If the picture were left out instead, its row would stay missing.
    // (Pictures are read in parallel, and the error names the first that needed more memory.)
    let call = format!("extract . -o out {model} --fit 64x64 --pool avg --format npy");
    let run = limited(&bench, "ulimit -v 700000", &call);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    // Memory is missing for the wide picture's pixels, or for the other picture's input at the same time.
    let is_told = ["which are not there, which is no fault", " more, which is no fault"]
        .iter()
        .any(|words| run.stderr.contains(&format!("{words} of the picture: \"")));
    assert!(is_told, "{}", run.stderr);
    assert!(run.stderr.contains(give), "{}", run.stderr);
    assert!(!bench.path("out/tf_efficientnet_lite0.in1k/manifest.json").exists());
}

/// When the limit on open files is reached, the error says so, and doesn't call the features damaged.
#[test]
fn features_beyond_the_open_file_limit_are_not_called_damaged() {
    let bench = Bench::new();
    for name in ["in/a.png", "in/b.png"] {
        bench.add(name, &std::fs::read(crate::support::fixture("pictures/rgb.png")).unwrap());
    }
    let quick = "--model tf_efficientnet_lite0.in1k --fit 64x64 --pool avg -q";
    for format in ["folder", "npy", "npz", "h5", "safetensors", "parquet"] {
        for shard in 0..2 {
            bench.ok(&format!("extract in -o {format} --format {format} --shard {shard}/2 {quick}"));
        }
        let (mut num_refused, mut num_fine) = (0, 0);
        for files in 4..24 {
            for command in [
                format!("features verify {format}"),
                format!("features info {format}"),
                format!("features merge {format} -o merged_{format}_{files}"),
            ] {
                let run = limited(&bench, &format!("ulimit -n {files}"), &command);
                let all = format!("{}{}", run.stdout, run.stderr);
                if run.code == Some(0) {
                    num_fine += 1;
                    continue;
                }
                // With still fewer open files the program itself can't start.
                if all.contains("error while loading shared libraries") {
                    continue;
                }
                num_refused += 1;
                assert!(all.contains("Too many open files"), "{files} files, {command}: {all}");
                for words in ["not whole", "damaged", "no features here", "copy it again"] {
                    assert!(!all.contains(words), "{files} files, {command}: {all}");
                }
            }
        }
        assert!(num_refused > 0 && num_fine > 0, "{format}: {num_refused} and {num_fine}");
    }
}

/// A camera file that can't be opened because of the limit is not left out like a broken file.
#[test]
fn camera_files_beyond_the_open_file_limit_are_not_called_broken() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("in")).unwrap();
    for name in 0..40 {
        let mut file = hdf5_pure::FileBuilder::new();
        file.create_dataset("X").with_u8_data(&[9; 60]).with_shape(&[1, 3, 4, 5]);
        file.write(bench.path("in").join(format!("{name}.h5"))).unwrap();
    }
    let call = "extract in -o out --model tf_efficientnet_lite0.in1k --fit 64x64 --pool avg --format npy";
    let run = limited(&bench, "ulimit -n 40", call);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(
        run.stderr.contains("error: the system doesn't let it be read (Too many open files")
            && run.stderr.ends_with("help: raise the limit (`ulimit -n`)\n"),
        "{}",
        run.stderr
    );
    bench.ok(call);
}
