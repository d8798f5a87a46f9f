//! Whether two runs used the same weights, as far as their records say.

/// What a record says about the weights of a run.
#[derive(Clone, Copy, Debug)]
pub struct WeightsId<'a> {
    /// SHA-256 of the file that was used.
    pub sha256: &'a str,
    /// SHA-256 of the file that it was imported from, if it is an imported copy.
    pub source_sha256: Option<&'a str>,
    /// Where in the file the tensors are; records of older versions don't say.
    pub part: Option<&'a str>,
}

impl WeightsId<'_> {
    /// Whether both are the same weights: the same file or copies of it, and the same part of it as far as both say.
    pub fn is_same_as(&self, other: &WeightsId<'_>) -> bool {
        let is_same_part = self.part.zip(other.part).is_none_or(|(a, b)| a == b);
        let root = |id: &WeightsId<'_>| id.source_sha256.unwrap_or(id.sha256).to_owned();
        is_same_part && (self.sha256 == other.sha256 || root(self) == root(other))
    }
}

#[cfg(test)]
mod tests {
    use super::WeightsId;

    #[test]
    fn a_copy_counts_as_what_it_was_made_from() {
        let id = |sha256, source_sha256, part| WeightsId { sha256, source_sha256, part };
        let (original, copy) = (id("a", None, None), id("b", Some("a"), None));
        assert!(original.is_same_as(&copy) && copy.is_same_as(&original));
        assert!(copy.is_same_as(&id("c", Some("a"), None)), "two copies");
        assert!(copy.is_same_as(&id("b", None, None)), "an older record of the copy");
        assert!(!copy.is_same_as(&id("c", Some("d"), None)));
        assert!(!id("a", None, Some("encoder_q")).is_same_as(&id("b", Some("a"), Some("encoder_k"))));
        assert!(original.is_same_as(&id("a", None, Some("encoder_q"))), "an older record says no part");
    }
}
