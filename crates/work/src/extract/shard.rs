//! Shards of a data set, one for each process, so that several machines can work on it.

use std::str::FromStr;

use crate::features::ShardRecord;

/// How pictures are divided into shards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ShardBy {
    /// Consecutive pictures: a shard reads its own part of the disk.
    #[default]
    Block,
    /// By a hash of row, camera and file: a picture stays in its shard when others come or go.
    Hash,
}

/// The value of `--shard`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShardChoice {
    /// This shard.
    Fixed(Shard),
    /// The shard that the cluster's environment variables name. The count is for clusters that don't say it.
    Auto(Option<usize>),
}

/// One shard of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// From 0.
    pub index: usize,
    /// How many there are.
    pub count: usize,
}

/// Why a shard could not be determined.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShardError {
    /// Neither `I/N` nor `auto`.
    #[error("shard `{0}`: expected I/N with I from 0 to N − 1, such as 3/16, or auto, or auto/N")]
    Unknown(String),
    /// Neither `block` nor `hash`.
    #[error("shares by `{0}`: expected block or hash")]
    UnknownWay(String),
    /// None of the clusters' variables is set.
    #[error(
        "no variable says which share of the data set is meant: found none of SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX and AWS_BATCH_JOB_ARRAY_INDEX"
    )]
    NoVariable,
    /// A variable that is no number, or an index that is not below the count.
    #[error("{name} is `{value}`: expected {expected}")]
    BadVariable {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
        /// What was expected.
        expected: String,
    },
    /// An index without a count.
    #[error("{name} says which share of the data set is meant, and nothing says of how many")]
    NoCount {
        /// The variable with the index.
        name: &'static str,
    },
}

impl FromStr for ShardBy {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        match text {
            "block" => Ok(Self::Block),
            "hash" => Ok(Self::Hash),
            _ => Err(ShardError::UnknownWay(text.to_owned())),
        }
    }
}

impl ShardBy {
    /// The name, as it is typed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Hash => "hash",
        }
    }
}

impl std::fmt::Display for ShardBy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ShardChoice {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let unknown = || ShardError::Unknown(text.to_owned());
        let count = |text: &str| text.parse().ok().filter(|count: &usize| *count > 0);
        match text.split_once('/') {
            None if text == "auto" => Ok(Self::Auto(None)),
            Some(("auto", number)) => count(number).map(|n| Self::Auto(Some(n))).ok_or_else(unknown),
            Some((index, number)) => {
                let count = count(number).ok_or_else(unknown)?;
                let index = index.parse().ok().filter(|index| *index < count).ok_or_else(unknown)?;
                Ok(Self::Fixed(Shard { index, count }))
            }
            None => Err(unknown()),
        }
    }
}

impl ShardChoice {
    /// The shard that is meant. `variable` looks up an environment variable.
    pub fn settle(self, variable: &dyn Fn(&str) -> Option<String>) -> Result<Shard, ShardError> {
        let count = match self {
            Self::Fixed(shard) => return Ok(shard),
            Self::Auto(count) => count,
        };
        let number = |name: &'static str| match variable(name).filter(|value| !value.is_empty()) {
            None => Ok(None),
            Some(value) => value.trim().parse::<usize>().map(Some).map_err(|_| {
                let expected = "a whole number".to_owned();
                ShardError::BadVariable { name, value: value.clone(), expected }
            }),
        };
        let settled = |name: &'static str, index: usize, count: Option<usize>| {
            let count = count.ok_or(ShardError::NoCount { name })?;
            if index < count {
                return Ok(Shard { index, count });
            }
            let expected = format!("less than the {count} shards there are");
            Err(ShardError::BadVariable { name, value: index.to_string(), expected })
        };
        if let Some(id) = number("SLURM_ARRAY_TASK_ID")? {
            // A SLURM array may begin at any number and leave numbers out.
            let least = number("SLURM_ARRAY_TASK_MIN")?.unwrap_or(0);
            let step = number("SLURM_ARRAY_TASK_STEP")?.unwrap_or(1).max(1);
            let known = number("SLURM_ARRAY_TASK_COUNT")?;
            return settled("SLURM_ARRAY_TASK_ID", id.saturating_sub(least) / step, count.or(known));
        }
        if let Some(index) = number("JOB_COMPLETION_INDEX")? {
            return settled("JOB_COMPLETION_INDEX", index, count);
        }
        if let Some(index) = number("AWS_BATCH_JOB_ARRAY_INDEX")? {
            let known = number("AWS_BATCH_JOB_ARRAY_SIZE")?;
            return settled("AWS_BATCH_JOB_ARRAY_INDEX", index, count.or(known));
        }
        Err(ShardError::NoVariable)
    }
}

impl Shard {
    /// Whether a picture belongs to the shard: it is at `position` of `total` pictures, and `identity` is its text for hashing.
    pub fn has(self, by: ShardBy, position: u64, total: u64, identity: &str) -> bool {
        let (index, count) = (self.index as u64, self.count as u64);
        match by {
            // Sizes of shards differ by one at most. u128, because the product of two large numbers doesn't fit into u64.
            ShardBy::Block => {
                u128::from(position) * u128::from(count) / u128::from(total.max(1)) == u128::from(index)
            }
            ShardBy::Hash => mixed(fnv1a(identity.as_bytes())) % count == index,
        }
    }

    /// The name of the folder for its results. Names sort in the order of the shards' numbers.
    pub fn folder(self) -> String {
        let width = self.count.to_string().len();
        format!("shard-{:0width$}-of-{}", self.index, self.count)
    }

    /// The shard as the manifest records it.
    pub fn record(self, by: ShardBy) -> ShardRecord {
        ShardRecord { index: self.index, count: self.count, by: by.name().to_owned() }
    }
}

/// FNV-1a, 64 bits: the same on every machine and in every version.
pub(super) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The last steps of splitmix64, because the low bits of FNV alone are not distributed evenly.
fn mixed(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_is_in_exactly_one_share() {
        for by in [ShardBy::Block, ShardBy::Hash] {
            for (total, count) in [(0, 3), (1, 16), (10, 3), (1000, 7)] {
                let mut sizes = vec![0u64; count];
                for position in 0..total {
                    let identity = format!("{position}.jpg");
                    let owners: Vec<usize> = (0..count)
                        .filter(|index| Shard { index: *index, count }.has(by, position, total, &identity))
                        .collect();
                    assert_eq!(owners.len(), 1, "{by} {position}/{total}: {owners:?}");
                    sizes[owners[0]] += 1;
                }
                let (least, most) = (sizes.iter().min().unwrap(), sizes.iter().max().unwrap());
                assert!(by == ShardBy::Hash || most - least <= 1, "{sizes:?}");
                assert!(total < 1000 || most - least < 80, "{by}: {sizes:?}");
            }
        }
    }

    #[test]
    fn clusters_say_which_share_it_is() {
        let settle = |choice: &str, variables: &[(&str, &str)]| {
            let look_up =
                |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
            choice.parse::<ShardChoice>().unwrap().settle(&look_up).map(|s| (s.index, s.count))
        };
        assert_eq!(settle("3/16", &[]), Ok((3, 16)));
        let slurm = [
            ("SLURM_ARRAY_TASK_ID", "7"),
            ("SLURM_ARRAY_TASK_MIN", "1"),
            ("SLURM_ARRAY_TASK_STEP", "2"),
            ("SLURM_ARRAY_TASK_COUNT", "4"),
        ];
        assert_eq!(settle("auto", &slurm), Ok((3, 4)));
        assert_eq!(settle("auto/8", &[("JOB_COMPLETION_INDEX", "5")]), Ok((5, 8)));
        assert_eq!(
            settle("auto", &[("AWS_BATCH_JOB_ARRAY_INDEX", "0"), ("AWS_BATCH_JOB_ARRAY_SIZE", "2")]),
            Ok((0, 2))
        );
        let error = |choice, variables: &[(&str, &str)]| settle(choice, variables).unwrap_err().to_string();
        assert!(error("auto", &[]).contains("found none of SLURM_ARRAY_TASK_ID"));
        assert!(error("auto", &[("JOB_COMPLETION_INDEX", "5")]).ends_with("nothing says of how many"));
        assert_eq!(
            error("auto/4", &[("JOB_COMPLETION_INDEX", "5")]),
            "JOB_COMPLETION_INDEX is `5`: expected less than the 4 shards there are"
        );
        assert!(error("auto", &[("SLURM_ARRAY_TASK_ID", "x")]).contains("expected a whole number"));
        for bad in ["16/16", "1", "-1/3", "0/0", "auto/0", "a/b", ""] {
            assert!(bad.parse::<ShardChoice>().is_err(), "{bad}");
        }
    }
}
