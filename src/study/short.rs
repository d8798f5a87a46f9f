//! Short forms of large numbers.

/// A count with three digits and a unit, such as `21.8 M`; below 1000 as it is.
pub(crate) fn short_count(count: u64) -> String {
    let (value, unit) = match count {
        0..1_000 => return count.to_string(),
        1_000..1_000_000 => (count as f64 / 1e3, "k"),
        1_000_000..1_000_000_000 => (count as f64 / 1e6, "M"),
        _ => (count as f64 / 1e9, "G"),
    };
    // The limits take into account that the value is rounded to three digits.
    let decimals = [9.995, 99.95].iter().filter(|limit| value < **limit).count();
    format!("{value:.decimals$} {unit}")
}

/// A number of bytes with three digits and a decimal unit, such as `102 MB`.
pub(crate) fn short_bytes(num_bytes: u64) -> String {
    let text = short_count(num_bytes);
    match text.split_once(' ') {
        Some((value, unit)) => format!("{value} {unit}B"),
        None => format!("{text} bytes"),
    }
}
