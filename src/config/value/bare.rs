//! What YAML readers make of bare scalars: the reason why digits need quotes.

/// How readers turn a bare scalar into a number, in words; `None` when all take it as text.
///
/// Covers the core schema of YAML 1.2 and the types of YAML 1.1, which many tools still read.
pub fn number_reading(text: &str) -> Option<String> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let first = unsigned.bytes().next()?;
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Some("a floating-point number".to_owned());
    }
    if !(first.is_ascii_digit() || first == b'.') || unsigned == "." {
        return None;
    }
    let minus = if text.starts_with('-') { "-" } else { "" };
    radix(unsigned)
        .map(|n| format!("the number {minus}{n}"))
        .or_else(|| whole(unsigned, minus))
        .or_else(|| sexagesimal(unsigned).map(|n| format!("the number {minus}{n}, counted in sixties (older ones do)")))
        .or_else(|| float(unsigned).map(|n| format!("the number {minus}{n}")))
        .or_else(|| underscored(unsigned).map(|n| format!("the number {minus}{n} (older ones do)")))
}

/// Words that YAML 1.1 takes for true or false, and the two of YAML 1.2.
pub fn boolean_word(text: &str) -> bool {
    const WORDS: [&str; 8] = ["yes", "no", "on", "off", "true", "false", "y", "n"];
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

fn radix(text: &str) -> Option<u128> {
    let (base, digits) = match text.get(..2)? {
        "0x" | "0X" => (16, &text[2..]),
        "0o" => (8, &text[2..]),
        "0b" => (2, &text[2..]),
        _ => return None,
    };
    u128::from_str_radix(&digits.replace('_', ""), base).ok()
}

fn whole(text: &str, minus: &str) -> Option<String> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let decimal = text.trim_start_matches('0');
    let decimal = if decimal.is_empty() { "0" } else { decimal };
    if text.len() == 1 || !text.starts_with('0') {
        return Some(format!("the number {minus}{decimal}"));
    }
    Some(match u128::from_str_radix(text, 8) {
        Ok(octal) if octal.to_string() == decimal => format!("a number: {minus}{decimal}"),
        Ok(octal) => format!("a number: {minus}{decimal}, or {minus}{octal} in older ones"),
        Err(_) => format!("a number: {minus}{decimal}, or refuse it"),
    })
}

fn sexagesimal(text: &str) -> Option<u128> {
    let mut parts = text.split(':');
    let first = parts.next()?.replace('_', "");
    let mut total: u128 = first.parse().ok().filter(|_| !first.is_empty())?;
    let mut more = false;
    for part in parts {
        let below_sixty = part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit());
        let n: u128 = part.parse().ok().filter(|n| below_sixty && *n < 60)?;
        total = total.checked_mul(60)?.checked_add(n)?;
        more = true;
    }
    more.then_some(total)
}

fn float(text: &str) -> Option<String> {
    let numeric = text.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b));
    let value: f64 = text.parse().ok().filter(|_| numeric)?;
    Some(if value.is_finite() { format!("{value}") } else { "infinity".to_owned() })
}

fn underscored(text: &str) -> Option<u128> {
    let shape = text.contains('_') && text.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    text.replace('_', "").parse().ok().filter(|_| shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_readers_make_of_bare_digits() {
        let readings = [
            ("011", "a number: 11, or 9 in older ones"),
            ("0049", "a number: 49, or refuse it"),
            ("08", "a number: 8, or refuse it"),
            ("0", "the number 0"),
            ("101", "the number 101"),
            ("+49", "the number 49"),
            ("-5", "the number -5"),
            ("1e5", "the number 100000"),
            ("0x10", "the number 16"),
            ("0o17", "the number 15"),
            ("1_000", "the number 1000 (older ones do)"),
            ("12:30", "the number 750, counted in sixties (older ones do)"),
            ("1.5", "the number 1.5"),
        ];
        for (text, reading) in readings {
            assert_eq!(number_reading(text).as_deref(), Some(reading), "{text}");
        }
    }

    #[test]
    fn what_stays_text() {
        for text in [
            "",
            "-",
            "+",
            ".",
            "pbx",
            "198.51.100.7:5060",
            "198.51.100.7",
            "1-2",
            "49a",
            "*72",
            "5m",
            "::1",
            "12:75",
            "0xg",
        ] {
            assert_eq!(number_reading(text), None, "{text}");
        }
    }
}
