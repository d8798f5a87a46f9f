//! Names of classes from a user's file: one name per line, or JSON.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::tensor::{Remedied, Remedy};

/// Largest size of a file of names.
const MAX_BYTES: u64 = 16 << 20;

/// The names of a classifier's classes, in the order of the classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassNames {
    names: Vec<String>,
    path: PathBuf,
}

/// Why names of classes can't be read from a file or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClassNamesError {
    /// The file doesn't exist or can't be read.
    #[error("can't read the class names: {reason}: \"{}\"", .path.display())]
    Unreadable {
        /// The system's error.
        reason: std::io::Error,
        /// Which file.
        path: PathBuf,
    },
    /// The file's content is wrong.
    #[error("these are no class names: {reason}: \"{}\"", .path.display())]
    Broken {
        /// What is wrong.
        reason: String,
        /// Which file.
        path: PathBuf,
    },
    /// The number of names differs from the number of classes.
    #[error("the file has {num_names} class names, and the classifier has {num_classes} classes: \"{}\"", .path.display())]
    WrongCount {
        /// Number of names in the file.
        num_names: usize,
        /// Number of classes of the classifier.
        num_classes: usize,
        /// Which file.
        path: PathBuf,
    },
    /// The network has no classifier whose classes could be named.
    #[error("the weights of {model} give no classes that could be named{}", .reason.as_ref().map_or_else(String::new, |why| format!(": {why}")))]
    NoClasses {
        /// Which network.
        model: String,
        /// Why it has none, if that is known.
        reason: Option<String>,
    },
}

impl Remedied for ClassNamesError {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Broken { .. } => Some(Remedy::NameClasses { num_classes: None }),
            Self::WrongCount { num_classes, .. } => {
                Some(Remedy::NameClasses { num_classes: Some(*num_classes) })
            }
            Self::Unreadable { .. } | Self::NoClasses { .. } => None,
        }
    }
}

impl ClassNames {
    /// Reads a file. If every line begins with its own number (`0 cat`, as Teachable Machine writes it), the numbers are left out.
    pub fn read(path: &Path) -> Result<Self, ClassNamesError> {
        let unreadable = |reason| ClassNamesError::Unreadable { reason, path: path.to_owned() };
        let broken = |reason: String| ClassNamesError::Broken { reason, path: path.to_owned() };
        let info = std::fs::metadata(path).map_err(unreadable)?;
        if !info.is_file() {
            return Err(unreadable(std::io::Error::other("it is no regular file")));
        }
        if info.len() > MAX_BYTES {
            return Err(broken(format!(
                "it has {} bytes, more than the {MAX_BYTES} that are read",
                info.len()
            )));
        }
        let bytes = std::fs::read(path).map_err(unreadable)?;
        let text = String::from_utf8(bytes).map_err(|_| broken("it is no text".to_owned()))?;
        let names = parse(&text).map_err(broken)?;
        Ok(Self { names, path: path.to_owned() })
    }

    /// The names, if there are exactly `num_classes`.
    pub fn for_classes(&self, num_classes: usize) -> Result<Vec<String>, ClassNamesError> {
        let num_names = self.names.len();
        if num_names != num_classes {
            return Err(ClassNamesError::WrongCount { num_names, num_classes, path: self.path.clone() });
        }
        Ok(self.names.clone())
    }
}

fn parse(text: &str) -> Result<Vec<String>, String> {
    let text = text.trim_start_matches('\u{feff}');
    let names = match text.trim_start().chars().next() {
        Some('[' | '{') => json(text)?,
        _ => lines(text)?,
    };
    if names.is_empty() { Err("there are none in it".to_owned()) } else { Ok(names) }
}

fn lines(text: &str) -> Result<Vec<String>, String> {
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim).collect();
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    if let Some(at) = lines.iter().position(|line| line.is_empty()) {
        return Err(format!("line {} is empty", at + 1));
    }
    let own_number = |at: usize, line: &str| {
        let (number, name) = line.split_once([' ', '\t'])?;
        (number.parse() == Ok(at)).then(|| name.trim().to_owned())
    };
    let numbered: Option<Vec<String>> =
        lines.iter().enumerate().map(|(at, line)| own_number(at, line)).collect();
    Ok(numbered.unwrap_or_else(|| lines.into_iter().map(str::to_owned).collect()))
}

/// Names from JSON: a list of names, an object that maps numbers to names (Keras' index of ImageNet's classes has an id before each
/// name), or an object that maps names to numbers (Keras' `class_indices`).
fn json(text: &str) -> Result<Vec<String>, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let name = |value: &Value| match value {
        Value::String(name) => Some(name.clone()),
        Value::Array(parts) => parts.last()?.as_str().map(str::to_owned),
        _ => None,
    };
    let object = match value {
        Value::Array(list) => {
            let names = list.iter().enumerate();
            return names.map(|(at, value)| name(value).ok_or(format!("entry {at} is no name"))).collect();
        }
        Value::Object(object) => object,
        _ => return Err("it is neither a list nor an object".to_owned()),
    };
    let mut names: Vec<Option<String>> = vec![None; object.len()];
    for (key, value) in &object {
        let by_number = key.parse::<usize>().ok().and_then(|number| Some((number, name(value)?)));
        let by_name = || value.as_u64().map(|number| (number as usize, key.clone()));
        let Some((number, name)) = by_number.or_else(by_name) else {
            return Err(format!("`{key}` is neither a class's number nor has one"));
        };
        match names.get_mut(number) {
            Some(slot @ None) => *slot = Some(name),
            Some(_) => return Err(format!("class {number} is named twice")),
            None => return Err(format!("class {number} is named, and there are {} names", object.len())),
        }
    }
    Ok(names.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn names_in_every_form() {
        for text in [
            "cat\ndog\n\n",
            "\u{feff}cat\r\ndog",
            "0 cat\n1 dog\n",
            r#"["cat", "dog"]"#,
            r#"{"1": "dog", "0": "cat"}"#,
            r#"{"0": ["n02123045", "cat"], "1": ["n02084071", "dog"]}"#,
            r#" {"dog": 1, "cat": 0}"#,
        ] {
            assert_eq!(parse(text).unwrap(), ["cat", "dog"], "{text}");
        }
        assert_eq!(parse("2 cats\n1 dog").unwrap(), ["2 cats", "1 dog"]);
        for (text, reason) in [
            ("", "there are none in it"),
            ("cat\n\ndog", "line 2 is empty"),
            ("[1]", "entry 0 is no name"),
            (r#"{"0": "cat", "2": "dog"}"#, "class 2 is named, and there are 2 names"),
            (r#"{"a": "b"}"#, "`a` is neither a class's number nor has one"),
            (r#"{"a": 0, "b": 0}"#, "class 0 is named twice"),
        ] {
            assert_eq!(parse(text).unwrap_err(), reason, "{text}");
        }
    }
}
