//! Arguments that several commands share.

use clap::Args as ClapArgs;

use crate::engine::{DeviceChoice, EngineChoice, NumThreads};
use crate::weights::PartChoice;

/// Which network of a weight file is meant, where it holds several.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(super) struct PartArgs {
    /// Prefix of the tensors' names, for a weight file that holds a network more than once, such as `module.encoder_q`
    ///
    /// Where only one prefix fits all of a network's tensors, it is found and removed automatically. An empty one means names without a
    /// prefix.
    #[arg(long, value_name = "PREFIX", help_heading = "Weight file")]
    pub prefix: Option<String>,

    /// Take averaged weights (EMA) from a weight file that holds others too
    #[arg(long, help_heading = "Weight file")]
    pub ema: bool,
}

impl PartArgs {
    /// The choice in the form that the `weights` layer takes.
    pub(super) fn choice(&self) -> PartChoice {
        PartChoice { prefix: self.prefix.clone(), ema: self.ema }
    }
}

/// How a network is run.
#[derive(Clone, Copy, Debug, Default, ClapArgs)]
#[command(next_help_heading = "Run")]
pub(super) struct RunArgs {
    /// Where to compute: auto, cpu, cuda, cuda:N or metal
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    pub device: DeviceChoice,

    /// What computes on the CPU: fast (kernels of this program) or candle (a second opinion); a GPU always takes candle
    #[arg(long, value_name = "ENGINE", default_value = "fast")]
    engine: EngineChoice,

    /// Leave out the fast engine's Winograd convolutions: slower, and rounded as direct sums are
    ///
    /// Without it 3×3 convolutions of stride 1 are done in a quarter of the multiplications, with a few times the rounding of a
    /// direct sum: in the last of seven digits.
    #[arg(long)]
    exact: bool,

    /// Threads to compute with; without it, one per core
    ///
    /// Values don't depend on it. The environment variable `RAYON_NUM_THREADS` sets the number used without this option.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub threads: Option<NumThreads>,
}

/// Weights that are not here.
#[derive(Clone, Copy, Debug, Default, ClapArgs)]
pub(super) struct DownloadArgs {
    /// Download weights that are not here without asking
    #[arg(short, long, conflicts_with = "offline")]
    pub yes: bool,

    /// Never download anything
    #[arg(long)]
    pub offline: bool,
}

impl RunArgs {
    /// The engine that `--engine` and `--exact` choose together.
    pub(super) fn engine(&self) -> EngineChoice {
        if self.exact { self.engine.exact() } else { self.engine }
    }
}
