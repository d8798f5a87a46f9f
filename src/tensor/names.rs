//! "Did you mean": the nearest of a list of names.

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

/// The end of a sentence about an unknown name, ready for what to do next: `; did you mean a, b?` or, with no name near, `;`.
pub fn did_you_mean(nearest: &[String]) -> String {
    if nearest.is_empty() { ";".to_owned() } else { format!("; did you mean {}?", nearest.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::nearest_names;

    #[test]
    fn finds_the_near_and_leaves_the_far() {
        let known = ["inception_v3.moderation", "vgg16.tv_in1k", "magma", "Mixed_7c"];
        assert_eq!(nearest_names("inceptionv3", known, 3), ["inception_v3.moderation"]);
        assert_eq!(nearest_names("mixed7c", known, 1), ["Mixed_7c"]);
        assert_eq!(nearest_names("magam", known, 1), ["magma"]);
        assert!(nearest_names("zzz", known, 3).is_empty());
    }
}
