//! Models that an earlier version of the program included and this one doesn't.
//!
//! This module owns their tags. Figures, unfinished runs and feature sets made with them still exist, and their tags must be
//! distinguished from names that never existed. It doesn't know what replaced the models.

/// A model that the program once included. Its `Display` text is the message shown wherever such a model is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retired {
    /// The model's full tag.
    pub tag: &'static str,
}

const ALL: &[Retired] = &[Retired { tag: "inception_v3.moderation" }];

impl Retired {
    /// The retired model with this full tag, if there is one.
    pub fn find(tag: &str) -> Option<Self> {
        ALL.iter().copied().find(|retired| retired.tag == tag)
    }

    /// The first of several tags that belongs to a retired model.
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
