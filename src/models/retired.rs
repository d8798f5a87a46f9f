//! Models that an earlier version of the program carried and this one doesn't.
//!
//! Owns their tags: figures, unfinished runs and feature sets made with them are still about, and are told apart from names that
//! never were. Must not know what took their place.

/// A model that the program carried once. Its display is the sentence that is told wherever one is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retired {
    /// Its full tag.
    pub tag: &'static str,
}

const ALL: &[Retired] = &[Retired { tag: "inception_v3.moderation" }];

impl Retired {
    /// The model of a full tag, if it was carried once.
    pub fn find(tag: &str) -> Option<Self> {
        ALL.iter().copied().find(|retired| retired.tag == tag)
    }

    /// Of several tags, the first that was carried once.
    pub fn first_of<'a>(tags: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        tags.into_iter().find_map(Self::find)
    }
}

impl std::fmt::Display for Retired {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is no longer carried with the program", self.tag)
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL, Retired};
    use crate::models::Registry;

    #[test]
    fn what_is_retired_is_in_no_list() {
        for retired in ALL {
            assert!(Registry::specs().all(|row| row.tag != retired.tag), "{}", retired.tag);
            assert_eq!(Retired::find(retired.tag), Some(*retired));
        }
        assert_eq!(Retired::find("inception_v3"), None, "a bare name means a row that there is");
    }
}
