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

/// How well a name fits the letters typed in a search field, higher is better. All letters must occur in the name in the same order;
/// case doesn't matter. Letters next to each other, at the beginning or after a separator count more, and shorter names win. `None`
/// where a letter is missing; an empty search fits every name equally.
pub fn fuzzy_score(typed: &str, name: &str) -> Option<i32> {
    let letters: Vec<char> = name.chars().flat_map(char::to_lowercase).collect();
    let typed: Vec<char> =
        typed.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    if typed.is_empty() {
        return Some(0);
    }
    // Try every occurrence of the first letter: the best match doesn't always begin at the first one.
    (0..letters.len())
        .filter(|start| letters[*start] == typed[0])
        .filter_map(|start| score_from(&letters, &typed, start))
        .max()
}

fn score_from(letters: &[char], typed: &[char], start: usize) -> Option<i32> {
    let (mut score, mut at, mut previous) = (0, start, None);
    for wanted in typed {
        let found = at + letters[at..].iter().position(|letter| letter == wanted)?;
        let begins_word = found == 0 || !letters[found - 1].is_alphanumeric();
        let follows = previous.is_some_and(|previous: usize| previous + 1 == found);
        score += 1 + 4 * i32::from(follows) + 3 * i32::from(begins_word);
        (previous, at) = (Some(found), found + 1);
    }
    Some(score * 64 - letters.len().min(63) as i32)
}

/// The end of a sentence about an unknown name: `; did you mean a, b?`, or nothing where no name is near.
pub fn did_you_mean(nearest: &[String]) -> String {
    if nearest.is_empty() { String::new() } else { format!("; did you mean {}?", nearest.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::{fuzzy_score, nearest_names};

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
