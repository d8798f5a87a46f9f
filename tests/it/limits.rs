//! Limits that the system sets on the program: on the size of a file and on memory. Each is an error with a remedy, whatever was begun
//! is taken away again, and no signal ends the program.

use std::process::Command;

use crate::support::binary::{Bench, Run};

/// Runs the program under a limit, as a shell sets it.
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

/// Names of passing files, anywhere in the folder.
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
fn a_file_that_may_not_grow_is_an_error_and_nothing_stays() {
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

/// Only Linux says how much memory is left.
#[cfg(target_os = "linux")]
#[test]
fn memory_that_is_not_there_is_an_error_with_a_remedy() {
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
    // Of many pictures it stops the run: left out for it, the picture would be missing for ever. (They are read side by side,
    // and whichever is first to want more is named.)
    let call = format!("extract . -o out {model} --fit 64x64 --pool avg --format npy");
    let run = limited(&bench, "ulimit -v 700000", &call);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    // The wide one's pixels, or the other's input while those are wanted.
    let is_told = ["which are not there, which is no fault", " more, which is no fault"]
        .iter()
        .any(|words| run.stderr.contains(&format!("{words} of the picture: \"")));
    assert!(is_told, "{}", run.stderr);
    assert!(run.stderr.contains(give), "{}", run.stderr);
    assert!(!bench.path("out/tf_efficientnet_lite0.in1k/manifest.json").exists());
}
