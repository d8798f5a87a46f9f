//! Runs that were stopped, killed, resumed with changes, or overlapped by another run: finished work is kept, and the result is the
//! same.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::{QUICK, TAG, assert_same, manifest, tree, with_drive};
use crate::support::binary::{Bench, Run};

/// A pseudo-random generator of waiting times, the same in each run of the tests.
struct Moments(u64);

impl Moments {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

pub(super) fn start(bench: &Bench, arguments: &str) -> Child {
    let mut command = bench.command(arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// 30 kills in all, over three ways of writing: a file per picture, one file, several files.
#[test]
fn a_run_that_is_killed_at_any_moment_ends_with_the_same_bytes() {
    let bench = with_drive();
    for format in ["folder", "npz", "parquet"] {
        let common = format!("extract drive {QUICK} --pool avg --format {format} --part-rows 5 --batch 2 -q");
        let began = Instant::now();
        bench.ok(&format!("{common} -o whole"));
        let whole_run = began.elapsed();
        let mut moments = Moments(7);
        let mut num_kills = 0;
        while num_kills < 10 {
            let mut child = start(&bench, &format!("{common} -o killed --resume"));
            std::thread::sleep(Duration::from_micros(moments.next(whole_run.as_micros() as u64)));
            if child.try_wait().unwrap().is_none() {
                child.kill().unwrap();
                num_kills += 1;
            }
            let done = child.wait().unwrap().success();
            if done {
                assert_same(&bench.path("whole"), &bench.path("killed"));
                std::fs::remove_dir_all(bench.path("killed")).unwrap();
            }
        }
        bench.ok(&format!("{common} -o killed --resume"));
        assert_same(&bench.path("whole"), &bench.path("killed"));
        for out in ["whole", "killed"] {
            std::fs::remove_dir_all(bench.path(out)).unwrap();
        }
    }
}

#[cfg(unix)]
fn signal(name: &str, child: &Child) {
    std::process::Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
}

/// Waits until the run's folder has a part. Panics if the run ends before that.
pub(super) fn wait_for_a_part(bench: &Bench, child: &mut Child) {
    let parts = bench.path("out/.filterscope/parts");
    let has_part = || {
        let names = std::fs::read_dir(&parts).into_iter().flatten().flatten();
        names.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with("part-"))
    };
    while !has_part() {
        assert!(child.try_wait().unwrap().is_none(), "the run ended before it had a part");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The command of a run that is slow enough to be interrupted on any machine: 40 copies of the drive's pictures.
pub(super) fn long_run(bench: &Bench) -> String {
    let pictures: Vec<_> = tree(&bench.path("drive/center")).into_iter().collect();
    for copy in 0..40 {
        for (name, bytes) in &pictures {
            bench.add(&format!("many/{copy}/{name}"), bytes);
        }
    }
    format!("extract many -o out {QUICK} --pool avg --format npy --part-rows 8 --batch 8")
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_finished_work_and_says_how_to_resume() {
    let bench = with_drive();
    let call = long_run(&bench);
    let mut child = bench.command(&call).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    wait_for_a_part(&bench, &mut child);
    // No other run may write while this one does. It is stopped meanwhile, because the other run waits for some time.
    signal("-STOP", &child);
    let other = bench.run(&call);
    signal("-CONT", &child);
    let busy = format!(
        "error: another run (process {}) is writing into this folder; wait for it, or choose another: \"out\"\n",
        child.id()
    );
    assert_eq!((other.code, &*other.stderr), (Some(2), &*busy));
    signal("-INT", &child);
    let run = Run::of(child.wait_with_output().unwrap());
    assert_eq!(run.code, Some(130), "{}", run.stderr);
    assert!(
        run.stderr.contains("interrupted: ")
            && run.stderr.ends_with("done and kept; the same command with `--resume` goes on\n"),
        "{}",
        run.stderr
    );
    assert_eq!(bench.names("out"), [".filterscope"], "no set is there before it is whole");

    let run = bench.run(&call);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.starts_with("error: an unfinished run is here ("), "{}", run.stderr);
    assert!(run.stderr.contains(
        "of 960 pictures done): \"out\"\nhelp: `--resume` goes on with it, `--overwrite` begins again\n"
    ));

    let changes = [
        (
            "--preprocess raw",
            "preprocess was model, is raw; value_scale was RGB (x − 127)/128, is RGB x: \"out\"\nhelp: it was begun with `--preprocess model`; `--allow-mixed` goes on all the same and records it, `--overwrite` begins again",
        ),
        ("--engine candle", "batch was none, is 8; dispatch_level was "),
        (
            "--pool max",
            "pool was avg, is max: \"out\"\nhelp: it was begun with `--pool avg`; `--overwrite` begins again",
        ),
        ("--limit 900", "limit was none, is 900; num_pictures was 960, is 900; "),
    ];
    for (option, words) in changes {
        let call = call.replace("--pool avg", if option.starts_with("--pool") { "" } else { "--pool avg" });
        let run = bench.run(&format!("{call} {option} --resume"));
        assert_eq!(run.code, Some(2), "{option}");
        let begins = format!("error: this is not the run that was begun here: {words}");
        assert!(run.stderr.starts_with(&begins), "{option}: {}", run.stderr);
    }
    let mut level = bench.command(&format!("{call} --resume"));
    let run = Run::of(level.env("FILTERSCOPE_LEVEL", "portable").output().unwrap());
    let is_portable = manifest_level(&bench) == "portable";
    assert!(
        is_portable
            || run.stderr.contains("dispatch_level was ")
                && run.stderr.contains(", is portable: \"out\"\nhelp: `--allow-mixed`"),
        "{}",
        run.stderr
    );

    // A killed run leaves its lock, which a note explains; a run that ended normally leaves none.
    let mut child = start(&bench, &format!("{call} --resume"));
    std::thread::sleep(Duration::from_millis(150));
    child.kill().unwrap();
    child.wait().unwrap();
    let number = child.id();
    let run = bench.ok(&format!("{call} --preprocess raw --resume --allow-mixed"));
    let explained = format!(
        "note: an earlier run (process {number}) left its lock behind: it was killed, and what it had finished is still here"
    );
    assert!(
        run.stderr.contains(&explained) || !run.stderr.contains("left its lock behind"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("note: going on after "), "{}", run.stderr);
    let mixed = &manifest(&bench, &format!("out/{TAG}"))["mixed"];
    assert_eq!(mixed[0]["changed"][0], serde_json::json!(["preprocess", "model", "raw"]));
    assert!(mixed[0]["from"].as_u64().unwrap() >= 8);
}

/// The dispatch level in the plan of the unfinished run in `out`.
fn manifest_level(bench: &Bench) -> String {
    let plan: serde_json::Value =
        serde_json::from_slice(&std::fs::read(bench.path("out/.filterscope/plan.json")).unwrap()).unwrap();
    plan["recipes"][0]["dispatch_level"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_changed_data_set_is_refused_and_a_grown_one_can_be_resumed() {
    let bench = with_drive();
    let call = format!("extract in -o out {QUICK} --pool avg --format npy --part-rows 2 --batch 2");
    let picture = std::fs::read(bench.path("drive/center/1500000000004200000.jpg")).unwrap();
    for name in ["b", "c", "d", "e"] {
        bench.add(&format!("in/{name}.jpg"), &picture);
    }
    bench.ok(&call);
    // Leaves what a killed run would: parts without the result.
    unfinish(&bench, &call);
    bench.add("in/f.jpg", &picture);
    let run = bench.run(&format!("{call} --resume"));
    assert!(
        run.stderr.contains("num_pictures was 4, is 5; num_planned was 4, is 5; source_sha256 was "),
        "{}",
        run.stderr
    );
    bench.ok(&format!("{call} --resume --allow-mixed"));
    assert_eq!(manifest(&bench, &format!("out/{TAG}"))["num_rows"], 5);

    unfinish(&bench, &call);
    bench.add("in/a.jpg", &picture);
    let run = bench.run(&format!("{call} --resume --allow-mixed"));
    assert!(
        run.stderr.contains(
            "pictures are not those that were worked on: \"out\"\nhelp: `--overwrite` begins again"
        ),
        "{}",
        run.stderr
    );
}

/// A picture that couldn't be read may be readable when the run is resumed.
#[test]
fn failed_pictures_are_tried_again_when_a_run_is_resumed() {
    let bench = with_drive();
    let call = format!("extract in -o out {QUICK} --pool avg --format npy --part-rows 2 --batch 2");
    let picture = std::fs::read(bench.path("drive/center/1500000000004200000.jpg")).unwrap();
    for name in ["a", "b", "c", "d", "e", "f"] {
        bench.add(&format!("in/{name}.jpg"), &picture);
    }
    bench.add("in/b.jpg", b"");
    unfinish(&bench, &call);
    bench.add("in/b.jpg", &picture);
    let run = bench.ok(&format!("{call} --resume"));
    assert!(
        run.stderr.contains(
            "note: 1 picture of the run before gave no feature: the parts with such are made anew\n"
        ),
        "{}",
        run.stderr
    );
    let made = manifest(&bench, &format!("out/{TAG}"));
    assert_eq!((&made["num_rows"], &made["num_failed"]), (&6.into(), &0.into()));
}

/// Another run made the part with another pooling, for the same pictures and with as many numbers.
#[test]
fn a_part_of_another_run_is_not_used() {
    let bench = with_drive();
    let call = |pool: &str| {
        format!("extract drive -o out {QUICK} --pool {pool} --format npy --part-rows 2 --batch 2 --limit 8")
    };
    bench.ok(&format!("{} -q", call("avg").replace("-o out", "-o whole")));
    unfinish(&bench, &call("max"));
    let part = bench.path("out/.filterscope/parts/part-000000000002");
    let of_max = std::fs::read(&part).unwrap();
    std::fs::remove_dir_all(bench.path("out")).unwrap();
    unfinish(&bench, &call("avg"));
    std::fs::write(&part, of_max).unwrap();
    let run = bench.ok(&format!("{} --resume", call("avg")));
    assert!(
        run.stderr.contains("note: the part of the run before with pictures 3 to 4 is one of another run, which made them otherwise; it is made anew: \"out/.filterscope/parts/part-000000000002\"\n"),
        "{}",
        run.stderr
    );
    assert_same(&bench.path("whole"), &bench.path("out"));
}

/// Makes an unfinished run with at least two parts in `out`, by killing runs until one is killed at the right moment.
pub(super) fn unfinish(bench: &Bench, call: &str) {
    for attempt in 0..2000 {
        let mut child = start(bench, &format!("{call} --overwrite"));
        let parts = bench.path("out/.filterscope/parts");
        let second = || parts.join("part-000000000002").exists();
        while !second() && child.try_wait().unwrap().is_none() {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        if second() {
            return;
        }
        assert!(attempt < 1999, "no run could be caught");
    }
}

#[test]
fn existing_features_are_not_overwritten_unasked() {
    let bench = with_drive();
    let call = format!("extract drive -o out {QUICK} --limit 1");
    bench.ok(&call);
    let before = tree(&bench.path("out"));
    let run = bench.run(&call);
    let there = format!(
        "error: features are here already: \"out/{TAG}\"\nhelp: `--overwrite` makes them anew; or choose another folder with `-o`\n"
    );
    assert_eq!((run.code, &*run.stderr), (Some(2), &*there));
    let run = bench.run(&format!("{call} --dtype f16 --resume"));
    assert!(
        run.stderr.contains("this is not the run that was begun here: dtype was f32, is f16: \"out/"),
        "{}",
        run.stderr
    );
    assert!(tree(&bench.path("out")) == before);
    bench.add(&format!("out/{TAG}/mine.txt"), b"mine");
    std::fs::remove_file(bench.path("out").join(TAG).join("manifest.json")).unwrap();
    for option in ["", "--overwrite", "--resume"] {
        let run = bench.run(&format!("{call} {option}"));
        assert_eq!(run.code, Some(2), "{option}");
        assert!(
            run.stderr.contains(
                "a folder of that name is here and holds no features of a finished run, so it is left alone"
            ),
            "{option}: {}",
            run.stderr
        );
    }
    assert!(bench.path("out").join(TAG).join("mine.txt").exists());
    bench.add("file", b"");
    let run = bench.run(&format!("extract drive -o file {QUICK}"));
    assert_eq!(run.stderr, "error: features go into a folder, and this is a file: \"file\"\n");
}

/// A mounted folder, unmounted on drop, even after a panic.
#[cfg(target_os = "linux")]
struct Mounted(std::path::PathBuf);

#[cfg(target_os = "linux")]
impl Drop for Mounted {
    fn drop(&mut self) {
        drop(std::process::Command::new("umount").arg(&self.0).status());
    }
}

/// Runs on a file system of a few hundred kilobytes; skipped without the permission to mount one.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_and_written_parts_stay() {
    let bench = with_drive();
    std::fs::create_dir(bench.path("small")).unwrap();
    let mount = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=600k", "tmpfs"])
        .arg(bench.path("small"))
        .stderr(Stdio::null())
        .status();
    if !mount.is_ok_and(|status| status.success()) {
        println!("no permission to mount: not tried");
        return;
    }
    let mounted = Mounted(bench.path("small"));
    // 72 rows of 5 KiB, in parts and again in the file, don't fit; the error comes before a byte is written.
    let call = format!("extract drive -o small/out {QUICK} --pool avg --format npy --part-rows 4 --batch 4");
    let run = bench.run(&call);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(
        run.stderr.contains("the features need about ")
            && run.stderr.contains("free; free some space or write elsewhere: \"small/out\""),
        "{}",
        run.stderr
    );
    // A shorter run fits, but another program may fill the disk meanwhile.
    let call = format!("{call} --limit 10");
    let child = bench
        .command(&format!("{call} --overwrite"))
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // If the run was quicker, there is no room for the filler, which is fine too.
    drop(std::fs::write(bench.path("small/filler"), vec![1; 400 << 10]));
    let run = Run::of(child.wait_with_output().map_err(|e| e.to_string()).unwrap());
    if run.code == Some(2) {
        assert!(
            run.stderr.contains("the disk is full") || run.stderr.contains("free some space"),
            "{}",
            run.stderr
        );
        drop(std::fs::remove_file(bench.path("small/filler")));
        bench.ok(&format!("{call} --resume"));
    }
    bench.ok(&format!("extract drive -o elsewhere {QUICK} --pool avg --format npy --limit 10"));
    drop(std::fs::remove_file(bench.path("small/filler")));
    assert_same(&bench.path("elsewhere"), &bench.path("small/out"));
    drop(mounted);
}

/// Peak memory of a run in kilobytes.
#[cfg(target_os = "linux")]
fn peak_kib(bench: &Bench, call: &str) -> u64 {
    let mut child = start(bench, call);
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(peak).max(peak);
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(child.wait().unwrap().success());
    peak
}

#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_data_set() {
    let bench = with_drive();
    let picture = std::fs::read(bench.path("drive/center/1500000000004200000.jpg")).unwrap();
    for number in 0..2000 {
        bench.add(&format!("in/{number}.jpg"), &picture);
    }
    // Whole maps, not pooled: 2,000 of them are 40 MB and would be noticed.
    let call = format!("extract in {QUICK} --format npy --part-rows 50");
    let few = peak_kib(&bench, &format!("{call} -o few --limit 50"));
    let many = peak_kib(&bench, &format!("{call} -o many"));
    assert!(many < few + 16_000, "{few} KiB for 50 pictures, {many} KiB for 2000");
}
