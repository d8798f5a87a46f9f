//! The device that computes (CPU, CUDA or Metal), and why one can't be used.

use std::str::FromStr;

use candle_core::Device;

use crate::tensor::{Remedied, Remedy};

/// The device that `--device` chooses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// CUDA or Metal where compiled in and present, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The CUDA device of this number.
    Cuda(usize),
    /// Apple's GPU.
    Metal,
}

/// Why a device can't be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeviceError {
    /// There is no device of this name.
    #[error("no device `{0}`; devices are auto, cpu, cuda, cuda:N and metal")]
    Unknown(String),
    /// The program was built without support for it.
    #[error(
        "{name} is not compiled into this program; build it with `cargo build --release --features {feature}` (needs the vendor's toolkit)"
    )]
    NotCompiled {
        /// Name of the device.
        name: &'static str,
        /// Its cargo feature.
        feature: &'static str,
    },
    /// Compiled in, but not working on this machine.
    #[error("{name} can't be used here ({reason})")]
    Unavailable {
        /// Name of the device.
        name: String,
        /// The driver's error message.
        reason: String,
    },
}

impl Remedied for DeviceError {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::NotCompiled { .. } | Self::Unavailable { .. } => Some(Remedy::UseCpu),
            Self::Unknown(_) => None,
        }
    }
}

impl FromStr for DeviceChoice {
    type Err = DeviceError;

    fn from_str(text: &str) -> Result<Self, DeviceError> {
        let unknown = || DeviceError::Unknown(text.to_owned());
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            "metal" => Ok(Self::Metal),
            _ => text.strip_prefix("cuda:").and_then(|n| n.parse().ok()).map(Self::Cuda).ok_or_else(unknown),
        }
    }
}

impl std::fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Auto => write!(f, "auto"),
            Self::Cpu => write!(f, "cpu"),
            Self::Cuda(number) => write!(f, "cuda:{number}"),
            Self::Metal => write!(f, "metal"),
        }
    }
}

/// A device that was opened and works.
#[derive(Clone, Debug)]
pub struct ComputeDevice {
    device: Device,
    name: String,
}

impl ComputeDevice {
    /// The CPU, which is always available.
    pub fn cpu() -> Self {
        Self { device: Device::Cpu, name: "cpu".into() }
    }

    /// Opens the chosen device.
    pub fn open(choice: DeviceChoice) -> Result<Self, DeviceError> {
        match choice {
            DeviceChoice::Cpu => Ok(Self::cpu()),
            DeviceChoice::Cuda(number) => Self::cuda(number),
            DeviceChoice::Metal => Self::metal(),
            DeviceChoice::Auto => {
                Ok(Self::cuda(0).or_else(|_| Self::metal()).unwrap_or_else(|_| Self::cpu()))
            }
        }
    }

    fn cuda(number: usize) -> Result<Self, DeviceError> {
        if !cfg!(feature = "cuda") {
            return Err(DeviceError::NotCompiled { name: "CUDA", feature: "cuda" });
        }
        let name = format!("cuda:{number}");
        match Device::new_cuda(number) {
            Ok(device) => Ok(Self { device, name }),
            Err(error) => Err(DeviceError::Unavailable { name, reason: reason_of(&error) }),
        }
    }

    fn metal() -> Result<Self, DeviceError> {
        if !cfg!(feature = "metal") {
            return Err(DeviceError::NotCompiled { name: "Metal", feature: "metal" });
        }
        let name = "metal".to_owned();
        match Device::new_metal(0) {
            Ok(device) => Ok(Self { device, name }),
            Err(error) => Err(DeviceError::Unavailable { name, reason: reason_of(&error) }),
        }
    }

    /// The name that `--device` uses for it.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn candle(&self) -> &Device {
        &self.device
    }
}

/// candle's reason in one line: without the backtrace that it adds to its errors, and of the CUDA driver's
/// `DriverError(CODE, "what is wrong")` the words with the code.
pub(super) fn reason_of(error: &candle_core::Error) -> String {
    if let candle_core::Error::WithBacktrace { inner, .. } = error {
        return reason_of(inner);
    }
    let text = error.to_string();
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it gives no reason");
    let parts = line.strip_prefix("DriverError(").and_then(|rest| rest.strip_suffix(')'));
    match parts.and_then(|parts| parts.split_once(", ")) {
        Some((code, words)) => format!("{}; {code}", words.trim_matches('"')),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drivers_error_is_one_line_without_a_backtrace() {
        let driver = "DriverError(CUDA_ERROR_NO_DEVICE, \"no CUDA-capable device is detected\")";
        let of_driver = candle_core::Error::Cuda(driver.into());
        let traced = candle_core::Error::WithBacktrace {
            inner: Box::new(candle_core::Error::Msg(format!("first line\n   0: {driver}"))),
            backtrace: Box::new(std::backtrace::Backtrace::force_capture()),
        };
        assert_eq!(reason_of(&of_driver), "no CUDA-capable device is detected; CUDA_ERROR_NO_DEVICE");
        assert_eq!(reason_of(&traced), "first line");
    }

    #[test]
    fn names_are_read_and_written() {
        for name in ["auto", "cpu", "cuda:0", "cuda:3", "metal"] {
            assert_eq!(name.parse::<DeviceChoice>().unwrap().to_string(), name);
        }
        assert_eq!(
            "gpu".parse::<DeviceChoice>().unwrap_err().to_string(),
            "no device `gpu`; devices are auto, cpu, cuda, cuda:N and metal"
        );
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn what_is_not_compiled_in_is_explained() {
        let error = ComputeDevice::open(DeviceChoice::Cuda(0)).unwrap_err().to_string();
        assert!(error.starts_with("CUDA is not compiled into this program; build it with"), "{error}");
    }
}
