//! "Did you mean": the names of a list that are nearest to a mistyped one.

/// At most `limit` of `known` that resemble `asked`, best first. Case and separators (`_ - . /` and blanks) don't count.
pub fn nearest_names<'a>(
    asked: &str,
    known: impl IntoIterator<Item = &'a str>,
    limit: usize,
) -> Vec<&'a str> {
    let plain = |s: &str| s.to_lowercase().replace(['_', '-', '.', '/', ' '], "");
    let wanted = plain(asked);
    let mut scored: Vec<(f64, &str)> = known
        .into_iter()
        .map(|name| {
            let candidate = plain(name);
            let contained = !wanted.is_empty() && candidate.contains(&wanted);
            let likeness = strsim::jaro_winkler(&wanted, &candidate);
            (if contained { likeness.max(0.9) } else { likeness }, name)
        })
        .filter(|(score, _)| *score >= 0.75)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.truncate(limit);
    scored.into_iter().map(|(_, name)| name).collect()
}

/// How well a name fits what was typed in a search field, higher is better: the search of every list of names. Case doesn't count, and
/// neither do `_`, `.`, `-` and blanks. All letters must occur in the name in the same order; otherwise each run of letters and each run
/// of digits must occur somewhere, so that `pool3` finds `block3_pool`. Letters next to each other or at the beginning of a word count
/// more, letters in order more than runs in any order, and shorter names win. `None` where the name doesn't fit; an empty search fits
/// every name equally.
pub fn fuzzy_score(typed: &str, name: &str) -> Option<i32> {
    let letters = letters(name);
    let wanted: Vec<char> = typed.chars().filter(|c| counts(*c)).flat_map(char::to_lowercase).collect();
    if wanted.is_empty() {
        return Some(0);
    }
    let shorter = letters.len().min(63) as i32;
    // Try every occurrence of the first letter: the best match doesn't always begin at the first one.
    let in_order = (0..letters.len())
        .filter(|start| letters[*start].0 == wanted[0])
        .filter_map(|start| score_from(&letters, &wanted, start))
        .max();
    match in_order {
        Some(score) => Some((score + IN_ORDER) * 64 - shorter),
        None => Some(score_of_runs(&letters, &runs(typed))? * 64 - shorter),
    }
}

/// Whether a match is worth showing beside the best one, both as [`fuzzy_score`] gives them: letters in order that are strewn over a name
/// are not, where the best match has more of them one after the other or at the beginnings of words.
pub fn is_near_best(score: i32, best: i32) -> bool {
    let points = |score: i32| {
        let points = (score + 63).div_euclid(64);
        if points >= IN_ORDER { (true, points - IN_ORDER) } else { (false, points) }
    };
    let ((is_in_order, own), (best_in_order, best)) = (points(score), points(best));
    !(is_in_order && best_in_order) || own * 4 >= best * 3
}

/// What a match of the letters in order counts more than one of runs in any order.
const IN_ORDER: i32 = 1000;

/// Whether a character counts in a search.
fn counts(c: char) -> bool {
    !c.is_whitespace() && !['_', '.', '-'].contains(&c)
}

/// The characters of a name that count, in lower case, each with whether a word begins there.
fn letters(name: &str) -> Vec<(char, bool)> {
    let mut begins_word = true;
    let mut letters = Vec::with_capacity(name.len());
    for c in name.chars() {
        if counts(c) {
            letters.extend(c.to_lowercase().map(|c| (c, begins_word)));
        }
        begins_word = !c.is_alphanumeric();
    }
    letters
}

fn score_from(letters: &[(char, bool)], wanted: &[char], start: usize) -> Option<i32> {
    let (mut score, mut at, mut previous) = (0, start, None);
    for wanted in wanted {
        let found = at + letters[at..].iter().position(|(letter, _)| letter == wanted)?;
        let follows = previous.is_some_and(|previous: usize| previous + 1 == found);
        let begins_word = letters[found].1;
        // A jump into the middle of a word is rarely meant.
        let is_jump = previous.is_some() && !follows && !begins_word;
        score += 1 + 4 * i32::from(follows) + 3 * i32::from(begins_word) - 4 * i32::from(is_jump);
        (previous, at) = (Some(found), found + 1);
    }
    Some(score)
}

/// The runs of letters and the runs of digits of what was typed, in lower case.
fn runs(typed: &str) -> Vec<Vec<char>> {
    let mut runs: Vec<Vec<char>> = Vec::new();
    let mut last = None;
    for c in typed.chars() {
        let kind = counts(c).then(|| c.is_numeric());
        if let Some(kind) = kind {
            match runs.last_mut().filter(|_| last == Some(kind)) {
                Some(run) => run.extend(c.to_lowercase()),
                None => runs.push(c.to_lowercase().collect()),
            }
        }
        last = kind;
    }
    runs
}

/// The score of a name that has each run somewhere, whole, and no letter of it for two of them.
fn score_of_runs(letters: &[(char, bool)], runs: &[Vec<char>]) -> Option<i32> {
    let mut free = vec![true; letters.len()];
    let mut score = 0;
    // Long runs have fewer places, so they choose first.
    let mut runs: Vec<&Vec<char>> = runs.iter().collect();
    runs.sort_by_key(|run| std::cmp::Reverse(run.len()));
    for run in runs {
        let is_at = |at: usize| run.iter().enumerate().all(|(i, c)| letters[at + i].0 == *c && free[at + i]);
        let places = (0..(letters.len() + 1).checked_sub(run.len())?).filter(|at| is_at(*at));
        // A place at the beginning of a word is better; of equal ones the first is taken.
        let at = places.max_by_key(|at| (letters[*at].1, std::cmp::Reverse(*at)))?;
        free[at..at + run.len()].fill(false);
        score += 5 * run.len() as i32 + 3 * i32::from(letters[at].1);
    }
    Some(score)
}

/// The end of a sentence about an unknown name: `; did you mean a, b?`, or nothing where no name is near.
pub fn did_you_mean(nearest: &[String]) -> String {
    if nearest.is_empty() { String::new() } else { format!("; did you mean {}?", nearest.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::{fuzzy_score, is_near_best, nearest_names};

    #[test]
    fn a_search_takes_letters_in_order_and_prefers_runs() {
        let best = |typed: &str| {
            let names = ["Conv2d_1a_3x3", "Mixed_5b", "Mixed_7a", "Mixed_7c", "Mixed_7c.branch3x3_1"];
            let scored = names.iter().filter_map(|name| Some((fuzzy_score(typed, name)?, *name)));
            scored.max_by_key(|(score, _)| *score).map(|(_, name)| name)
        };
        assert_eq!(best("7c"), Some("Mixed_7c"));
        assert_eq!(best("m7a"), Some("Mixed_7a"));
        assert_eq!(best("conv 3x3"), Some("Conv2d_1a_3x3"));
        assert_eq!(best("7cbr"), Some("Mixed_7c.branch3x3_1"));
        assert_eq!(best("zz"), None);
        assert_eq!(fuzzy_score("", "anything"), Some(0));
        assert_eq!(fuzzy_score(" _.-", "anything"), Some(0));
    }

    #[test]
    fn strewn_letters_are_not_shown_beside_a_word() {
        let shown = |typed: &str, name: &str, best: &str| {
            is_near_best(fuzzy_score(typed, name).unwrap(), fuzzy_score(typed, best).unwrap())
        };
        let strewn = "vit_small_patch14_dinov2 · trained without labels, Meta's weights";
        assert!(!shown("light", strewn, "Switch between dark and light"));
        assert!(shown("light", strewn, strewn), "the best there is");
        assert!(shown("pool3", "block3_pool", "a pooled list of 3"), "runs are typed on purpose");
    }

    #[test]
    fn a_search_ignores_separators_and_case_and_finds_runs_in_any_order() {
        for (typed, name) in [
            ("pool3", "block3_pool"),
            ("c4a4", "conv4.act4"),
            ("CONV4ACT4", "conv4.act4"),
            ("conv4_act-4", "conv4.act4"),
            ("block 3 pool", "block3_pool"),
            ("vgg16tv", "vgg16.tv_in1k"),
            ("16 vgg", "vgg16.tv_in1k"),
        ] {
            assert!(fuzzy_score(typed, name).is_some(), "{typed} in {name}");
        }
        for (typed, name) in
            [("pool33", "block3_pool"), ("poolpool", "block3_pool"), ("loop3", "block3_pool")]
        {
            assert_eq!(fuzzy_score(typed, name), None, "{typed} in {name}");
        }
        assert!(fuzzy_score("3pool", "block3_pool") > fuzzy_score("pool3", "block3_pool"), "in order");
        assert!(fuzzy_score("pool3", "pool3_conv") > fuzzy_score("pool3", "block3_pool"), "in order");
    }

    #[test]
    fn finds_the_near_and_leaves_the_far() {
        let known = ["inception_v3.tv_in1k", "vgg16.tv_in1k", "magma", "Mixed_7c"];
        assert_eq!(nearest_names("inceptionv3", known, 3), ["inception_v3.tv_in1k"]);
        assert_eq!(nearest_names("mixed7c", known, 1), ["Mixed_7c"]);
        assert_eq!(nearest_names("magam", known, 1), ["magma"]);
        assert!(nearest_names("zzz", known, 3).is_empty());
    }
}
