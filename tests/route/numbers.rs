//! Dialled numbers (checklist P17): cleaned, tested, changed.

use crate::support::number_change;
use trunkline::route::{Number, change, clean, dialable};

#[test]
fn a_user_part_becomes_a_number() {
    // user part as it came, the number, whether it can be dialled
    let table: &[(&str, &str, bool)] = &[
        ("016012345", "016012345", true),
        ("+49 30", "+49 30", false),
        ("+49-30.231(25)0", "+4930231250", true),
        ("+4930;phone-context=example.com", "+4930", true),
        ("%2B4930", "+4930", true),
        ("%2b49%2D30", "+4930", true),
        ("*31%23017", "*31#017", true),
        ("123%3B45", "123;45", false),
        ("12%zz", "12%zz", false),
        ("12%", "12%", false),
        ("12%4", "12%4", false),
        ("1A2B3C4D", "1A2B3C4D", true),
        ("1a", "1a", false),
        ("1E", "1E", false),
        ("john.doe", "johndoe", false),
        ("", "", true),
        (";x", "", true),
        ("-.()", "", true),
        ("%00", "\0", false),
        ("12\u{e9}", "12\u{e9}", false),
    ];
    for (user, number, can) in table {
        let mut out = Number::from_slice(b"left over");
        clean(user.as_bytes(), &mut out);
        assert_eq!(String::from_utf8_lossy(&out), *number, "{user}");
        assert_eq!(dialable(&out), *can, "{user}");
    }
}

#[test]
fn strip_comes_before_add() {
    // number, change, length of the prefix that matched, result
    let table: &[(&str, &str, usize, Option<&str>)] = &[
        ("016012345", "-1+49", 3, Some("4916012345")),
        ("0033140", "-m", 2, Some("33140")),
        ("0033140", "-m++", 2, Some("+33140")),
        ("0033140", "", 2, Some("0033140")),
        ("0033140", "+00", 2, Some("000033140")),
        ("112", "-3+110", 3, Some("110")),
        ("112", "-3", 3, Some("")),
        ("112", "-4+110", 3, None),
        ("", "+110", 0, Some("110")),
        ("", "-1", 0, None),
    ];
    for (number, text, matched, expected) in table {
        let mut out = Number::from_slice(number.as_bytes());
        let fits = change(&mut out, &number_change(text), *matched);
        assert_eq!(fits.then(|| String::from_utf8(out.to_vec()).unwrap()).as_deref(), *expected, "{number} {text}");
    }
}
