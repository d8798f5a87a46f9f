//! Features and runs of a model whose weights an earlier version of the program carried: sets can still be read, and an unfinished run says
//! why it can't be resumed.

use super::accidents::{as_of_an_earlier_version, plan_of_an_earlier_version};
use super::resume::{long_run, start, wait_for_a_part};
use super::{QUICK, TAG, tree, with_drive};
use crate::support::binary::Bench;

const RETIRED: &str = "inception_v3.moderation";

/// Makes a set look as if made with the retired model, by changing its text files and its folder's name.
fn as_if_made_with_the_retired(bench: &Bench, shard: &str) {
    let set = bench.path(shard).join(RETIRED);
    std::fs::rename(bench.path(shard).join(TAG), &set).unwrap();
    for (name, bytes) in tree(&set) {
        if let Ok(text) = String::from_utf8(bytes) {
            std::fs::write(set.join(name), text.replace(TAG, RETIRED)).unwrap();
        }
    }
    as_of_an_earlier_version(&set);
}

#[test]
fn features_of_a_model_that_is_no_longer_carried_are_read_verified_and_merged() {
    let bench = with_drive();
    for shard in 0..2 {
        let call =
            format!("extract drive {QUICK} --pool avg --format npy --limit 6 -q -o shards --shard {shard}/2");
        bench.ok(&call);
    }
    for shard in ["shards/shard-0-of-2", "shards/shard-1-of-2"] {
        as_if_made_with_the_retired(&bench, shard);
    }
    let run = bench.ok("features info shards/shard-0-of-2");
    assert!(run.stdout.contains(&format!("model       {RETIRED}, layer bn2.act")), "{}", run.stdout);
    let run = bench.ok("features verify shards");
    assert_eq!(run.stdout.lines().filter(|line| line.starts_with("whole: ")).count(), 2, "{}", run.stdout);
    let run = bench.ok("features merge shards -o merged");
    assert!(run.stderr.ends_with(&format!(" rows: \"merged/{RETIRED}\"\n")), "{}", run.stderr);
    bench.ok("features verify merged");
}

#[test]
fn an_unfinished_run_of_a_model_that_is_no_longer_carried_says_so_and_loses_nothing() {
    let bench = with_drive();
    let call = long_run(&bench);
    let mut child = start(&bench, &call);
    wait_for_a_part(&bench, &mut child);
    child.kill().unwrap();
    child.wait().unwrap();
    plan_of_an_earlier_version(&bench);
    let plan = bench.path("out/.filterscope/plan.json");
    let text = std::fs::read_to_string(&plan).unwrap();
    std::fs::write(&plan, text.replace(TAG, RETIRED).replace("bn2.act", "Mixed_7c")).unwrap();
    let before = tree(&bench.path("out/.filterscope/parts"));
    // Resumed without a model's name, then with the retired one's.
    let unnamed = call.replace(&format!("--model {TAG} "), "");
    assert_ne!(unnamed, call);
    let run = bench.run(&format!("{unnamed} --resume"));
    let error = format!(
        "error: the unfinished run here makes other features: Mixed_7c of {RETIRED}; this one would make act4 of \
         xception.keras_in1k; {RETIRED} is no longer carried with the program: \"out\"\nhelp: `--overwrite` begins again\n"
    );
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.ends_with(&error), "{}", run.stderr);
    let run = bench.run(&format!("{} --resume", call.replace(TAG, RETIRED)));
    assert_eq!(run.code, Some(2));
    assert!(
        run.stderr.starts_with(&format!(
            "error: {RETIRED} is no longer carried with the program\nhelp: name another"
        )),
        "{}",
        run.stderr
    );
    assert!(before == tree(&bench.path("out/.filterscope/parts")), "what was done stays");
}
