//! A JSON text that contains its own hash: SHA-256 over the whole text, with zeros in place of the hash.
//!
//! The hash covers the bytes and not their meaning, so that every flipped bit is noticed, even in a name that a reader would skip.

use sha2::{Digest, Sha256};

use crate::tensor::hex;

/// The placeholder for the hash while it isn't known.
pub const UNSEALED: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Puts the hash into a text whose field `name` is [`UNSEALED`]. If there are several such fields, into the last.
pub fn seal(mut text: String, name: &str) -> String {
    let hash = hash_of(&text);
    if let Some(place) = place(&text, name) {
        text.replace_range(place, &hash);
    }
    text
}

/// Whether a text is still as it was sealed; `None` if it has no hash.
pub fn is_sealed(text: &str, name: &str) -> Option<bool> {
    let place = place(text, name)?;
    let said = text.get(place.clone())?.to_owned();
    let mut text = text.to_owned();
    text.replace_range(place, UNSEALED);
    Some(hash_of(&text) == said)
}

fn hash_of(text: &str) -> String {
    hex(&Sha256::digest(text))
}

/// Where in the text the field's hash is.
fn place(text: &str, name: &str) -> Option<std::ops::Range<usize>> {
    let field = format!("\"{name}\":");
    let after = text.rfind(&field)? + field.len();
    let rest = text.get(after..)?;
    let value = rest.trim_start().strip_prefix('"')?;
    let start = text.len() - value.len();
    let end = start + UNSEALED.len();
    let is_whole = text.get(start..end)?.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_whole && text.get(end..)?.starts_with('"')).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_of_a_sealed_text_shows() {
        let text = seal(format!("{{\"a\": [1, 2], \"b\":\"ü\", \"sha\": \"{UNSEALED}\"}}\n"), "sha");
        assert_eq!(is_sealed(&text, "sha"), Some(true));
        for at in 0..text.len() {
            for bit in 0..8 {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                // Bytes that are not UTF-8 any more are not JSON either.
                let is_right = String::from_utf8(bytes).ok().and_then(|text| is_sealed(&text, "sha"));
                assert_ne!(is_right, Some(true), "bit {bit} of byte {at}");
            }
        }
        assert_eq!(is_sealed("{\"sha\": 3}", "sha"), None);
        assert_eq!(is_sealed("{}", "sha"), None);
    }
}
