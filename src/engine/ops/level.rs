//! Which instruction set to use, found at run time.
#![expect(unsafe_code, reason = "entering code compiled for more than the base instruction set")]

use super::lanes::{Lanes, Portable};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

/// An instruction set that the processor has: there is no other way to get one than to have asked the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Level(Kind);

/// Names of all levels, best first.
pub(in crate::engine) const LEVEL_NAMES: [&str; 3] = ["avx512", "avx2", "portable"];

impl Level {
    /// What `FILTERSCOPE_LEVEL` names if the processor has it, else the best there is.
    pub(in crate::engine) fn from_env() -> Self {
        let best = || Self::available().next().unwrap_or(Self(Kind::Portable));
        match std::env::var("FILTERSCOPE_LEVEL") {
            Ok(name) => Self::named(&name).unwrap_or_else(|| {
                tracing::warn!(
                    "FILTERSCOPE_LEVEL={name} is none of {LEVEL_NAMES:?} or not on this processor"
                );
                best()
            }),
            Err(_) => best(),
        }
    }

    /// The levels of this processor, best first.
    pub(in crate::engine) fn available() -> impl Iterator<Item = Self> {
        LEVEL_NAMES.into_iter().filter_map(Self::named)
    }

    /// A level by name, if the processor has it.
    pub(in crate::engine) fn named(name: &str) -> Option<Self> {
        match name {
            #[cfg(target_arch = "x86_64")]
            "avx512" => (is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("fma"))
                .then_some(Self(Kind::Avx512)),
            #[cfg(target_arch = "x86_64")]
            "avx2" => (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"))
                .then_some(Self(Kind::Avx2)),
            "portable" => Some(Self(Kind::Portable)),
            _ => None,
        }
    }

    /// As the engine's name has it.
    pub(in crate::engine) const fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "avx2",
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
            Kind::Portable => (Portable::PIXELS, Portable::BLOCKS),
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
            // SAFETY: needs nothing.
            Kind::Portable => unsafe { kernel.run::<Portable>() },
        }
    }
}

/// Code written once for all levels. `run` and all it calls must be `#[inline(always)]`, so that it is compiled for the level.
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
