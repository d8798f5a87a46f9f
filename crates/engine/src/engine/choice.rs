//! Which engine computes a backbone on the CPU.

use std::str::FromStr;

use super::ops::{Level, LevelError};

/// The engine that `--engine` and `--exact` choose. GPUs always use candle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EngineChoice {
    /// The kernels of this program.
    #[default]
    Fast,
    /// The fast engine without the convolutions that gain speed at the cost of more rounding.
    Exact,
    /// candle's operations: slower, but an independent check.
    Candle,
}

impl EngineChoice {
    /// This engine without the convolutions that round more. candle stays as it is, because it has none.
    #[must_use]
    pub const fn exact(self) -> Self {
        match self {
            Self::Fast | Self::Exact => Self::Exact,
            Self::Candle => Self::Candle,
        }
    }

    /// Checks, before anything is loaded, that the engine can run at the level that the environment asks for.
    pub fn check(self) -> Result<(), LevelError> {
        match self {
            Self::Fast | Self::Exact => Level::from_env().map(drop),
            Self::Candle => Ok(()),
        }
    }
}

/// There is no engine of this name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no engine `{0}`; engines are fast and candle")]
pub struct UnknownEngine(String);

impl FromStr for EngineChoice {
    type Err = UnknownEngine;

    fn from_str(text: &str) -> Result<Self, UnknownEngine> {
        match text {
            "fast" => Ok(Self::Fast),
            "candle" => Ok(Self::Candle),
            _ => Err(UnknownEngine(text.to_owned())),
        }
    }
}

impl std::fmt::Display for EngineChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Fast => "fast",
            Self::Exact => "exact",
            Self::Candle => "candle",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written() {
        for name in ["fast", "candle"] {
            assert_eq!(name.parse::<EngineChoice>().unwrap().to_string(), name);
        }
        let error = "turbo".parse::<EngineChoice>().unwrap_err();
        assert_eq!(error.to_string(), "no engine `turbo`; engines are fast and candle");
    }
}
