//! Cameras of a car: the three that every log has, and others by the names that a log gives them.
//!
//! Owns names and their order. Must not know logs.

use std::cmp::Ordering;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use crate::tensor::shown;

/// The most names of other cameras: they are kept as long as the program runs.
const MAX_OTHERS: usize = 200;
/// The most bytes of a name.
const MAX_NAME: usize = 100;

static OTHERS: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

/// A camera of a car, by where it is mounted or by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Camera {
    /// Left of the middle.
    Left,
    /// In the middle.
    Center,
    /// Right of the middle.
    Right,
    /// Another one.
    Other(OtherCamera),
}

/// A camera that is none of the three: an index into the names that were seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OtherCamera(u8);

impl Camera {
    /// The camera's name: in lower case for the three, otherwise as the log writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Center => "center",
            Self::Right => "right",
            Self::Other(OtherCamera(at)) => {
                let others = OTHERS.lock().unwrap_or_else(PoisonError::into_inner);
                others.get(usize::from(at)).copied().unwrap_or("")
            }
        }
    }

    const fn rank(self) -> u8 {
        match self {
            Self::Left => 0,
            Self::Center => 1,
            Self::Right => 2,
            Self::Other(_) => 3,
        }
    }
}

impl Ord for Camera {
    /// From left to right, then the others by their names.
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank()).then_with(|| match (self, other) {
            (Self::Other(a), Self::Other(b)) if a != b => self.name().cmp(other.name()),
            _ => Ordering::Equal,
        })
    }
}

impl PartialOrd for Camera {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl std::fmt::Display for Camera {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

impl serde::Serialize for Camera {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A text that is not the name of a camera.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownCamera {
    /// Not a valid name.
    #[error("camera `{0}`: expected left, center, right or another camera's name")]
    NoName(String),
    /// There are as many other cameras as there may be.
    #[error("camera `{0}`: there are {MAX_OTHERS} cameras before it, and no log has so many")]
    TooMany(String),
}

impl FromStr for Camera {
    type Err = UnknownCamera;

    /// `center`, `centre`, or a log's `center_camera`, whatever the case; any other name as it is written, without `_camera` at its end.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let lower = text.to_lowercase();
        match lower.strip_suffix("_camera").unwrap_or(&lower) {
            "left" => return Ok(Self::Left),
            "center" | "centre" => return Ok(Self::Center),
            "right" => return Ok(Self::Right),
            _ => {}
        }
        let name = text.strip_suffix("_camera").unwrap_or(text);
        if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
            return Err(UnknownCamera::NoName(shown(text)));
        }
        let mut others = OTHERS.lock().unwrap_or_else(PoisonError::into_inner);
        let at = others.iter().position(|other| *other == name).unwrap_or_else(|| {
            if others.len() < MAX_OTHERS {
                others.push(Box::leak(name.to_owned().into_boxed_str()));
            }
            others.iter().position(|other| *other == name).unwrap_or(MAX_OTHERS)
        });
        u8::try_from(at)
            .ok()
            .filter(|at| usize::from(*at) < MAX_OTHERS)
            .map(|at| Self::Other(OtherCamera(at)))
            .ok_or_else(|| UnknownCamera::TooMany(shown(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::Camera;

    #[test]
    fn other_cameras_are_cameras() {
        let camera = |text: &str| text.parse::<Camera>().unwrap();
        assert_eq!(camera("Centre_Camera"), Camera::Center);
        assert_eq!(camera("rear_camera").name(), "rear");
        assert_eq!(camera("rear"), camera("rear_camera"));
        assert_ne!(camera("Rear"), camera("rear"));
        let mut all = [camera("rear"), camera("front"), Camera::Right, Camera::Left];
        all.sort_unstable();
        assert_eq!(all.map(Camera::name), ["left", "right", "front", "rear"]);
        assert!("_camera".parse::<Camera>().is_err() && "".parse::<Camera>().is_err());
    }
}
