//! Writes paths as text, so that two files never have the same name, whatever bytes the system allows in names.
//!
//! Owns how a path is written in an index or a message. Must not know who reads it.

use std::fmt::Write as _;
use std::path::{MAIN_SEPARATOR, Path};

/// How the paths of a data set are written as text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NameCoding {
    /// As they are, because all of them are UTF-8.
    #[default]
    Plain,
    /// Some aren't UTF-8. In all names, `%` is written as `%25`, and each byte that isn't part of valid UTF-8 as `%` and two
    /// hexadecimal digits, as in a URL.
    Percent,
}

impl NameCoding {
    /// The coding that these paths need.
    pub fn of<'a>(mut paths: impl Iterator<Item = &'a Path>) -> Self {
        if paths.all(|path| path.to_str().is_some()) { Self::Plain } else { Self::Percent }
    }

    /// A path as text, with `/` between its parts on every system. If `\` is an ordinary character of names on this system, it stays.
    pub fn name(self, path: &Path) -> String {
        let mut name = String::new();
        for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
            for c in chunk.valid().chars() {
                match c {
                    '%' if self == Self::Percent => name.push_str("%25"),
                    MAIN_SEPARATOR => name.push('/'),
                    c => name.push(c),
                }
            }
            for byte in chunk.invalid() {
                // Writing to a string doesn't fail.
                let _ = write!(name, "%{byte:02X}");
            }
        }
        name
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    #[test]
    fn names_stay_apart() {
        let paths =
            [&b"caf\xe9.png"[..], b"caf\xe8.png", b"caf%E9.png", b"back\\slash.png", b"back/slash.png"];
        let paths = paths.map(|bytes| Path::new(OsStr::from_bytes(bytes)));
        let coding = NameCoding::of(paths.into_iter());
        assert_eq!(coding, NameCoding::Percent);
        assert_eq!(
            paths.map(|path| coding.name(path)),
            ["caf%E9.png", "caf%E8.png", "caf%25E9.png", "back\\slash.png", "back/slash.png"]
        );
        assert_eq!(
            NameCoding::of([Path::new("100%.png")].into_iter()).name(Path::new("100%.png")),
            "100%.png"
        );
    }
}
