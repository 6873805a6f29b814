//! An expectation held against an answer, and both in the same words.

use super::got::{Got, percent, shares};
use crate::config::Expected;

/// A share in millionths is as exact as a file can be.
const MILLION: f64 = 1e6;

/// Whether everything holds that stands there.
pub(super) fn holds(expect: &Expected, got: &Got) -> bool {
    expect.route.as_ref().is_none_or(|route| got.route.as_ref() == Some(&route.value))
        && expect.access.as_ref().is_none_or(|access| got.access == Some(access.value))
        && expect.reject.as_ref().is_none_or(|code| got.reject.as_ref().is_some_and(|reply| reply.code == code.value))
        && attempts_hold(expect, got)
        && first_holds(expect, got)
}

/// All attempts, in an order in which they may come, with these numbers.
pub(super) fn attempts_hold(expect: &Expected, got: &Got) -> bool {
    let Some(expected) = &expect.attempts else { return true };
    let position = |attempt: &crate::config::ExpectedAttempt| {
        got.attempts.iter().position(|known| {
            known.gateway == attempt.gateway.value
                && attempt.number.as_ref().is_none_or(|number| *known.number == *number.value)
        })
    };
    let sequence: Option<Vec<usize>> = expected.value.iter().map(position).collect();
    sequence.is_some_and(|sequence| got.may_follow(&sequence))
}

pub(super) fn first_holds(expect: &Expected, got: &Got) -> bool {
    let Some(expected) = &expect.first else { return true };
    let named = |gateway: &str| expected.value.iter().any(|(known, _)| *known.value == *gateway);
    expected.value.iter().all(|(gateway, share)| {
        let attempt = got.attempts.iter().find(|attempt| attempt.gateway == gateway.value);
        is_share(share.value, attempt.map_or(0.0, |attempt| attempt.share))
    }) && got.attempts.iter().all(|attempt| attempt.share == 0.0 || named(&attempt.gateway))
}

/// Whether millionths that somebody wrote are this share: exactly, or, where no decimal fraction is, rounded to as many
/// places as were written, at least one (33.3% of a third).
fn is_share(written: u32, share: f64) -> bool {
    let exact = share * MILLION;
    let written = f64::from(written);
    if (exact - exact.round()).abs() < 1e-3 {
        return exact.round() == written;
    }
    let unit = [1000.0, 100.0, 10.0, 1.0].into_iter().find(|unit| written % unit == 0.0).unwrap_or(1.0);
    (exact / unit).round() * unit == written
}

/// What was expected.
pub(super) fn expected_words(expect: &Expected) -> String {
    let route = expect.route.as_ref().map(|route| &*route.value);
    let attempts = expect.attempts.as_ref().map(|attempts| {
        let pair = |attempt: &crate::config::ExpectedAttempt| {
            let number = attempt.number.as_ref().map_or(String::new(), |number| format!(" {}", number.value));
            format!("{}{number}", attempt.gateway.value)
        };
        listed(attempts.value.iter().map(pair).collect())
    });
    let first = expect.first.as_ref().map(|first| {
        shares(first.value.iter().map(|(gateway, share)| (&*gateway.value, f64::from(share.value) / MILLION)))
    });
    let reject = expect.reject.as_ref().map(|code| format!("refused with {}", code.value));
    let access = expect.access.as_ref().map(|access| access_words(access.value).to_owned());
    words(route, [first, attempts, reject, access])
}

/// What came instead: the same aspects, and in any case what becomes of the call.
pub(super) fn got_words(expect: &Expected, got: &Got) -> String {
    let calls = got.outcome == "attempts";
    let attempts = || {
        let with_numbers = expect.attempts.iter().flat_map(|attempts| &attempts.value).any(|a| a.number.is_some());
        listed(
            got.one_course()
                .map(|attempt| match with_numbers {
                    true => format!("{} {}", attempt.gateway, attempt.number),
                    false => attempt.gateway.to_string(),
                })
                .collect(),
        )
    };
    let first = || match got.first_words() {
        // A share is asked for, so a single one is written too.
        one if !one.contains('%') && expect.first.is_some() => format!("{one} {}", percent(1.0)),
        words => words.to_owned(),
    };
    let shown_first = calls && (expect.first.is_some() || expect.attempts.is_none());
    let first = shown_first.then(first);
    let attempts = (calls && expect.attempts.is_some()).then(attempts);
    let reject = got.reject.as_ref().map(|reply| format!("refused with {} {:?}", reply.code, reply.reason));
    let access = got.access.map(|access| access_words(access).to_owned());
    words(got.route.as_deref(), [first, attempts, reject, access])
}

fn access_words(access: &str) -> &'static str {
    match access {
        "drop" => "a stranger, dropped without an answer",
        _ => "a stranger, refused with 403",
    }
}

fn listed(names: Vec<String>) -> String {
    if names.is_empty() { "no attempt".to_owned() } else { names.join(", ") }
}

/// `route national: carrier-a 70 % | carrier-b 30 %`.
fn words(route: Option<&str>, parts: [Option<String>; 4]) -> String {
    let parts = parts.into_iter().flatten().collect::<Vec<_>>().join("; ");
    match (route, parts.as_str()) {
        (Some(route), "") => format!("route {route}"),
        (Some(route), parts) => format!("route {route}: {parts}"),
        (None, "") => "nothing".to_owned(),
        (None, parts) => parts.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::is_share;

    #[test]
    fn shares_are_exact_as_far_as_decimals_go() {
        let third = 1.0 / 3.0;
        for (written, share, expected) in [
            (700_000, 0.7, true),
            (700_400, 0.7, false),
            (699_999, 0.7, false),
            (333_000, third, true),
            (333_333, third, true),
            (333_300, third, true),
            (330_000, third, false),
            (333_334, third, false),
            (666_667, 2.0 * third, true),
            (0, 0.0, true),
            (1_000_000, 1.0, true),
        ] {
            assert_eq!(is_share(written, share), expected, "{written} for {share}");
        }
    }
}
