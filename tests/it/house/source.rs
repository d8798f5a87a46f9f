//! Splits a Rust file into words, without comments, text in quotes and test code.

use std::collections::BTreeSet;

/// A file's code as words in order: names, numbers, `::`, and every other character by itself. Code for tests only is left out.
#[derive(Debug, Default)]
pub struct Source {
    pub words: Vec<String>,
    /// Names of test-only modules that are in files of their own.
    pub test_modules: BTreeSet<String>,
}

impl Source {
    pub fn of(text: &str) -> Self {
        let mut source = Self::default();
        let words = words(text);
        let mut at = 0;
        while at < words.len() {
            if !is_test_attribute(&words[at..]) {
                source.words.push(words[at].clone());
                at += 1;
                continue;
            }
            let item = after_attributes(&words, at);
            let (end, module) = end_of_item(&words, item);
            source.test_modules.extend(module);
            at = end;
        }
        source
    }
}

/// Whether words begin with `#[cfg(test)]`, or with a `cfg` that requires `test` and other conditions.
fn is_test_attribute(words: &[String]) -> bool {
    let [hash, open, cfg, ..] = words else { return false };
    if (hash.as_str(), open.as_str(), cfg.as_str()) != ("#", "[", "cfg") {
        return false;
    }
    let attribute = &words[..=closing(words, 1)];
    attribute.iter().any(|word| word == "test")
        && !attribute.iter().any(|word| word == "not" || word == "any")
}

/// The index of the first word after the attributes at `at`.
fn after_attributes(words: &[String], mut at: usize) -> usize {
    while words.get(at).is_some_and(|word| word == "#") {
        at = closing(words, at + 1) + 1;
    }
    at
}

/// The index after the end of an item, and the item's name if it is a module in a file of its own.
fn end_of_item(words: &[String], begin: usize) -> (usize, Option<String>) {
    let is_use = words[begin..].iter().take(5).any(|word| word == "use");
    let mut at = begin;
    while at < words.len() {
        match words[at].as_str() {
            ";" => {
                let is_module = at >= 2 && words[at - 2] == "mod";
                return (at + 1, is_module.then(|| words[at - 1].clone()));
            }
            "{" if !is_use => return (closing(words, at) + 1, None),
            "{" | "(" | "[" => at = closing(words, at) + 1,
            _ => at += 1,
        }
    }
    (at, None)
}

/// The index of the bracket that closes the one at `open`.
pub fn closing(words: &[String], open: usize) -> usize {
    let mut depth = 0usize;
    for (at, word) in words.iter().enumerate().skip(open) {
        match word.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    words.len().saturating_sub(1)
}

/// Whether a word is a name.
pub fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

fn words(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let is_of_word = |c: char| c.is_alphanumeric() || c == '_';
    let char_at = |at: usize| chars.get(at).copied().unwrap_or('\0');
    let mut words = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        if c == '/' && char_at(at + 1) == '/' {
            while at < chars.len() && chars[at] != '\n' {
                at += 1;
            }
        } else if c == '/' && char_at(at + 1) == '*' {
            at = after_block_comment(&chars, at);
        } else if c == '"' {
            at = after_text(&chars, at);
        } else if c == '\'' {
            // A character literal or a lifetime.
            if char_at(at + 1) == '\\' {
                at += 3;
                while at < chars.len() && chars[at] != '\'' {
                    at += 1;
                }
                at += 1;
            } else if char_at(at + 2) == '\'' {
                at += 3;
            } else {
                at += 1;
            }
        } else if is_of_word(c) {
            let begin = at;
            while is_of_word(char_at(at)) {
                at += 1;
            }
            let word: String = chars[begin..at].iter().collect();
            let num_hashes = (at..chars.len()).take_while(|at| chars[*at] == '#').count();
            if matches!(word.as_str(), "r" | "br") && char_at(at + num_hashes) == '"' {
                at = after_raw_text(&chars, at + num_hashes, num_hashes);
            } else {
                words.push(word);
            }
        } else if c == ':' && char_at(at + 1) == ':' {
            words.push("::".to_owned());
            at += 2;
        } else {
            if !c.is_whitespace() {
                words.push(c.to_string());
            }
            at += 1;
        }
    }
    words
}

fn after_block_comment(chars: &[char], begin: usize) -> usize {
    let (mut at, mut depth) = (begin, 0usize);
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (at, depth) = (at + 2, depth + 1),
            ('*', Some('/')) => {
                (at, depth) = (at + 2, depth - 1);
                if depth == 0 {
                    break;
                }
            }
            _ => at += 1,
        }
    }
    at
}

fn after_text(chars: &[char], begin: usize) -> usize {
    let mut at = begin + 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

fn after_raw_text(chars: &[char], quote: usize, num_hashes: usize) -> usize {
    let mut at = quote + 1;
    while at < chars.len() {
        let hashes = chars[at + 1..].iter().take(num_hashes).filter(|c| **c == '#').count();
        if chars[at] == '"' && hashes == num_hashes {
            return at + 1 + num_hashes;
        }
        at += 1;
    }
    at
}
