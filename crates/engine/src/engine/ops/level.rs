//! The instruction set to use, detected at run time.
#![expect(unsafe_code, reason = "entering code compiled for more than the base instruction set")]

use super::lanes::{Lanes, Portable};
use crate::tensor::Remedied;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "aarch64")]
    Neon,
    Portable,
}

/// An instruction set of this processor. A value can be obtained only if the processor was found to have the instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(Kind);

/// Why the level in `FILTERSCOPE_LEVEL` can't be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum LevelError {
    /// There is no level of this name.
    #[error(
        "no level `{0}` (FILTERSCOPE_LEVEL); levels are avx512, avx2, neon and portable; unset it to take the best of this processor"
    )]
    Unknown(String),
    /// A level that this processor doesn't have.
    #[error("this processor has no {name} (FILTERSCOPE_LEVEL); it has {here}; unset it to take the best")]
    NotHere {
        /// Name of the level.
        name: &'static str,
        /// Names of the levels that the processor has.
        here: String,
    },
}

impl Remedied for LevelError {}

/// Names of all levels, best first.
pub(in crate::engine) const LEVEL_NAMES: [&str; 4] = ["avx512", "avx2", "neon", "portable"];

impl Level {
    /// The level that `FILTERSCOPE_LEVEL` names, or the best level of this processor if it is unset or empty.
    pub fn from_env() -> Result<Self, LevelError> {
        let Some(name) = std::env::var_os("FILTERSCOPE_LEVEL").filter(|name| !name.is_empty()) else {
            return Ok(Self::available().next().unwrap_or(Self(Kind::Portable)));
        };
        let name = name.to_string_lossy();
        Self::named(&name).ok_or_else(|| match LEVEL_NAMES.into_iter().find(|known| *known == name) {
            Some(name) => {
                let here: Vec<&str> = Self::available().map(Self::name).collect();
                LevelError::NotHere { name, here: here.join(" and ") }
            }
            None => LevelError::Unknown(name.into_owned()),
        })
    }

    /// The levels of this processor, best first.
    pub fn available() -> impl Iterator<Item = Self> {
        LEVEL_NAMES.into_iter().filter_map(Self::named)
    }

    /// The level of this name, if the processor has it.
    pub(in crate::engine) fn named(name: &str) -> Option<Self> {
        match name {
            #[cfg(target_arch = "x86_64")]
            "avx512" => (is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("fma"))
                .then_some(Self(Kind::Avx512)),
            #[cfg(target_arch = "x86_64")]
            "avx2" => (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"))
                .then_some(Self(Kind::Avx2)),
            // Every processor of this architecture has it.
            #[cfg(target_arch = "aarch64")]
            "neon" => Some(Self(Kind::Neon)),
            "portable" => Some(Self(Kind::Portable)),
            _ => None,
        }
    }

    /// The level's name, as used in the engine's name.
    pub const fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "avx2",
            #[cfg(target_arch = "aarch64")]
            Kind::Neon => "neon",
            Kind::Portable => "portable",
        }
    }

    /// Pixels and channel blocks of a dense convolution's largest tile.
    pub(super) const fn tile(self) -> (usize, usize) {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => (super::lanes::Avx512::PIXELS, super::lanes::Avx512::BLOCKS),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => (super::lanes::Avx2::PIXELS, super::lanes::Avx2::BLOCKS),
            #[cfg(target_arch = "aarch64")]
            Kind::Neon => (super::lanes::Neon::PIXELS, super::lanes::Neon::BLOCKS),
            Kind::Portable => (Portable::PIXELS, Portable::BLOCKS),
        }
    }

    /// Number of input channels after which a 1×1 convolution goes on to the next tile, if it is faster in such panels.
    pub(super) const fn panel(self) -> Option<usize> {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => super::lanes::Avx512::PANEL,
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => super::lanes::Avx2::PANEL,
            #[cfg(target_arch = "aarch64")]
            Kind::Neon => super::lanes::Neon::PANEL,
            Kind::Portable => Portable::PANEL,
        }
    }

    /// Runs a kernel with this level's instructions.
    pub(super) fn run<K: Kernel>(self, kernel: K) {
        match self.0 {
            // SAFETY: a level exists only if the processor has it.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => unsafe { avx512(kernel) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => unsafe { avx2(kernel) },
            // SAFETY: NEON is part of the base instruction set.
            #[cfg(target_arch = "aarch64")]
            Kind::Neon => unsafe { kernel.run::<super::lanes::Neon>() },
            // SAFETY: needs no particular instructions.
            Kind::Portable => unsafe { kernel.run::<Portable>() },
        }
    }
}

/// Code that is written once for all levels. `run` and everything it calls must be `#[inline(always)]`, so that it is compiled
/// for the level.
pub(super) trait Kernel {
    /// # Safety
    /// The processor has the level of `L`.
    unsafe fn run<L: Lanes>(self);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
fn avx512<K: Kernel>(kernel: K) {
    // SAFETY: this function is only entered with the feature.
    unsafe { kernel.run::<super::lanes::Avx512>() }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2<K: Kernel>(kernel: K) {
    // SAFETY: this function is only entered with the features.
    unsafe { kernel.run::<super::lanes::Avx2>() }
}
