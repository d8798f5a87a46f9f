//! Messages of the layers below name what the command line calls things. Here those names become the window's own.
//!
//! Owns the list. Must not know who says what.

/// What messages advise, and what a person at the window does instead. Longer texts stand before their beginnings.
const WORDS: [(&str, &str); 12] = [
    (
        "`--resume` goes on with it, `--overwrite` begins again",
        "\"Go on\" finishes it, \"Begin again\" removes it",
    ),
    ("replace them with `--overwrite`", "press \"Replace them\""),
    ("`--allow-mixed` goes on all the same and records it", "\"Go on even if …\" allows it and records it"),
    ("`--overwrite` begins again", "\"Begin again\" removes it"),
    (
        "check `--start`, `--every`, `--limit` and `--camera`",
        "check the first row, each, at most, and the cameras",
    ),
    ("name it with `--preprocess`", "choose it under Values"),
    ("name one with `--model`", "choose one under Model"),
    ("; use `--model ", "; choose the model `"),
    ("give a file with `--weights FILE` (", "load a file with \"Load weights…\" ("),
    ("so leave `--weights` away", "so load it by itself"),
    ("is not enough with `--weights`", "is not enough for a weight file"),
    ("open it with `--model FILE.onnx`", "open it with \"Load weights…\""),
];

/// A message in the window's words.
pub(crate) fn in_the_window(text: &str) -> String {
    let mut words = text.to_owned();
    for (theirs, ours) in WORDS {
        if words.contains(theirs) {
            words = words.replace(theirs, ours);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_command_line_advises_is_said_of_the_window() {
        for (theirs, ours) in [
            (
                "features are here already; choose another folder, or replace them with `--overwrite`: \"x\"",
                "features are here already; choose another folder, or press \"Replace them\": \"x\"",
            ),
            (
                "an unfinished run is here (3 of 9 pictures done): `--resume` goes on with it, `--overwrite` begins again: \"x\"",
                "an unfinished run is here (3 of 9 pictures done): \"Go on\" finishes it, \"Begin again\" removes it: \"x\"",
            ),
            ("nothing of the kind", "nothing of the kind"),
        ] {
            assert_eq!(in_the_window(theirs), ours);
        }
    }
}
