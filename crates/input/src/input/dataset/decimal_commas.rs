//! Numbers that a program wrote with the decimal commas of its country into a file whose fields are separated by commas.

/// Joins the pieces: `-0`, `0858`, `0`, `0`, `1` as four numbers is `-0.0858, 0, 0, 1`. It must be possible in exactly one way: a
/// fraction is digits without trailing zeros (and perhaps an exponent), a whole number has no leading zeros, and the first three
/// numbers (steering, throttle, brake) are within −1 to 1, as the simulator's are. `None` if there is no way, or more than one.
pub(super) fn join_decimals(pieces: &[&str], num_numbers: usize) -> Option<Vec<String>> {
    let mut found = Vec::new();
    extend(pieces, num_numbers, &mut Vec::new(), &mut found);
    match found.len() {
        1 => found.pop(),
        _ => None,
    }
}

fn extend(pieces: &[&str], num_left: usize, so_far: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    if num_left == 0 {
        if pieces.is_empty() {
            found.push(so_far.clone());
        }
        return;
    }
    let Some((whole, rest)) = pieces.split_first() else { return };
    let mut try_number = |number: String, rest: &[&str]| {
        let value: f64 = match number.parse() {
            Ok(value) => value,
            Err(_) => return,
        };
        if so_far.len() < 3 && value.abs() > 1.0 {
            return;
        }
        so_far.push(number);
        extend(rest, num_left - 1, so_far, found);
        so_far.pop();
    };
    if is_whole(whole) {
        try_number((*whole).to_owned(), rest);
    }
    if let Some((fraction, rest)) = rest.split_first()
        && is_whole(whole)
        && is_fraction(fraction)
    {
        try_number(format!("{whole}.{fraction}"), rest);
    }
}

/// Digits without leading zeros, perhaps with a sign.
fn is_whole(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    is_number && (digits == "0" || !digits.starts_with('0'))
}

/// Digits that don't end in zero, perhaps with an exponent.
fn is_fraction(text: &str) -> bool {
    let (digits, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(d, e)| (d, Some(e)));
    let is_exponent = |e: &str| {
        let digits = e.trim_start_matches(['-', '+']);
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    };
    !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
        && !digits.ends_with('0')
        && exponent.is_none_or(is_exponent)
}

#[cfg(test)]
mod tests {
    use super::join_decimals;

    #[test]
    fn pieces_are_joined_where_there_is_one_way() {
        let join = |text: &str| join_decimals(&text.split(',').collect::<Vec<_>>(), 4).map(|n| n.join(" "));
        assert_eq!(join("-0,0858,0,0,1").as_deref(), Some("-0.0858 0 0 1"));
        assert_eq!(join("0,0,0,30,19").as_deref(), Some("0 0 0 30.19"));
        assert_eq!(join("0,5,0,1,30").as_deref(), Some("0.5 0 1 30"));
        assert_eq!(join("0,25,0,5,0,1,9,5E-05").as_deref(), Some("0.25 0.5 0.1 9.5E-05"));
        assert_eq!(join("0,1,0,5,1"), None, "0 1 0.5 1 and 0 1 0 5.1 both fit");
        assert_eq!(join("a,b,c,d,e"), None);
        assert_eq!(join("0,0"), None);
    }
}
