//! The parts of a plan in words: numbers, times, decisions.

use super::document::{Always, Decision, Kind, Reject, RejectedBy, Span, When};
use crate::plan::calendar::{Calendar, CalendarSpan, day_words, hours_word};

/// A calendar as the document has it.
pub fn when(calendar: &Calendar) -> When {
    let date_time = |at: &jiff::civil::DateTime| {
        at.strftime(if at.second() == 0 { "%Y-%m-%dT%H:%M" } else { "%Y-%m-%dT%H:%M:%S" }).to_string()
    };
    let span = |span: &CalendarSpan| Span {
        days: day_words(&span.days),
        hours: match span.hours.as_slice() {
            [] => vec!["00:00-24:00".to_owned()],
            hours => hours.iter().map(hours_word).collect(),
        },
        from: span.from.as_ref().map(date_time),
        until: span.until.as_ref().map(date_time),
        except: span.except.iter().map(ToString::to_string).collect(),
    };
    match calendar {
        Calendar::Always => When::Always(Always::Always),
        Calendar::Spans(spans) => When::Spans(spans.iter().map(span).collect()),
    }
}

/// Spans that people read before they are counted.
const SPANS: usize = 4;

/// `mon-fri 08:00-18:00`, `from 2026-12-01 00:00`.
pub fn when_words(when: &When) -> String {
    let When::Spans(spans) = when else { return "always".to_owned() };
    let (days, others): (Vec<&Span>, Vec<&Span>) = spans.iter().partition(|span| whole_day(span).is_some());
    let mut words: Vec<String> = others.iter().take(SPANS).map(|span| span_words(span)).collect();
    let more = others.len().saturating_sub(SPANS);
    if more > 0 {
        words.push(format!("and {more} more times"));
    }
    if !days.is_empty() {
        let dates: Vec<String> = days.iter().filter_map(|span| whole_day(span)).map(str::to_owned).collect();
        words.push(format!("all day on {}", list(&dates, "dates")));
    }
    words.join("; ")
}

/// The date of a span that is one whole day.
fn whole_day(span: &Span) -> Option<&str> {
    let from = span.from.as_deref()?.strip_suffix("T00:00")?;
    let until = span.until.as_deref()?.strip_suffix("T00:00")?;
    let next = from.parse::<jiff::civil::Date>().ok()?.tomorrow().ok()?;
    (span.hours == ["00:00-24:00"] && span.days == ["daily"] && next.to_string() == until).then_some(from)
}

fn list(dates: &[String], what: &str) -> String {
    let shown = dates.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    match dates.len().saturating_sub(3) {
        0 => shown,
        more => format!("{shown} and {more} more {what}"),
    }
}

fn span_words(span: &Span) -> String {
    let all_day = span.hours == ["00:00-24:00"];
    let daily = span.days == ["daily"];
    let mut words = Vec::new();
    if !daily || !all_day || (span.from.is_none() && span.until.is_none()) {
        words.push(span.days.join(", "));
    }
    if !all_day {
        words.push(span.hours.join(" and "));
    }
    let clock = |text: &str| text.replace('T', " ");
    words.extend(span.from.as_ref().map(|from| format!("from {}", clock(from))));
    words.extend(span.until.as_ref().map(|until| format!("until {}", clock(until))));
    if !span.except.is_empty() {
        words.push(format!("except {}", list(&span.except, "dates")));
    }
    words.join(" ")
}

/// `office, resale`; many are counted.
pub fn names(names: &[String]) -> String {
    match names {
        [first, second, third, rest @ ..] if rest.len() > 1 => {
            format!("{first}, {second}, {third} and {} more", rest.len())
        }
        names => names.join(", "),
    }
}

/// `0033… 0034… =112`: the first ranges, and how many more there are. Neighbours stand as `0160…-0179…`.
pub fn ranges(ranges: &[String], count: usize) -> String {
    const SHOWN: usize = 6;
    let runs = runs(ranges);
    let mut words: Vec<String> = Vec::new();
    let mut told = 0;
    for (first, last, length) in runs.iter().take(SHOWN) {
        words.push(match length {
            1 => number(first),
            2 => format!("{} {}", number(first), number(last)),
            _ => format!("{}-{}", number(first), number(last)),
        });
        told += length;
    }
    let more = count.saturating_sub(told);
    if more > 0 {
        words.push(format!("(and {more} more range{})", if more == 1 { "" } else { "s" }));
    }
    words.join(" ")
}

/// `49…` are all numbers that begin so; a number alone stands as it is.
fn number(range: &str) -> String {
    match range.strip_prefix('=') {
        Some("") => "the empty number".to_owned(),
        Some(number) => number.to_owned(),
        None if range == "*" => "every number".to_owned(),
        None => format!("{}…", range.strip_suffix('*').unwrap_or(range)),
    }
}

/// Prefixes of one length that follow each other, with the first, the last and how many.
fn runs(ranges: &[String]) -> Vec<(&str, &str, usize)> {
    let value = |range: &str| {
        // A `+` would be read as a sign.
        let digits = range.strip_suffix('*').filter(|digits| digits.len() < 19 && !digits.starts_with('+'));
        digits.and_then(|digits| digits.parse::<u64>().ok())
    };
    let mut out: Vec<(&str, &str, usize)> = Vec::new();
    for range in ranges {
        let follows = |last: &str| {
            last.len() == range.len() && value(last).is_some_and(|number| value(range) == Some(number + 1))
        };
        match out.last_mut() {
            Some((_, last, length)) if follows(last) => {
                *last = range;
                *length += 1;
            }
            _ => out.push((range, range, 1)),
        }
    }
    out
}

/// What becomes of a call: `carrier-a 70 % | carrier-b 30 %, gsm-box`, `refused: 403 Barred`.
pub fn decision(decision: &Decision) -> String {
    match (&decision.course, &decision.reject) {
        (Some(course), _) => course.clone(),
        (None, Some(reject)) => refusal(reject),
        (None, None) => "refused".to_owned(),
    }
}

pub fn refusal(reject: &Reject) -> String {
    match reject.by {
        RejectedBy::NoRoute => "refused: no route".to_owned(),
        RejectedBy::NoGateway => "refused: no gateway can be given such a number".to_owned(),
        RejectedBy::Barred => format!("barred: {} {}", reject.code, reject.reason),
        RejectedBy::Route => format!("refused: {} {}", reject.code, reject.reason),
    }
}

pub fn sign(kind: Kind) -> char {
    match kind {
        Kind::Changed => '~',
        Kind::Added => '+',
        Kind::Removed => '-',
    }
}

/// `48,112`.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

pub fn counted(n: usize, word: &str) -> String {
    format!("{} {word}{}", thousands(n as u64), if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(list: &[&str], count: usize) -> String {
        ranges(&list.iter().map(|r| (*r).to_owned()).collect::<Vec<_>>(), count)
    }

    #[test]
    fn ranges_in_words() {
        assert_eq!(of(&["=112"], 1), "112");
        assert_eq!(of(&["*"], 1), "every number");
        assert_eq!(of(&["0160*", "0161*", "0162*", "017*"], 4), "0160…-0162… 017…");
        assert_eq!(of(&["1*", "2*", "+33*"], 90), "1… 2… +33… (and 87 more ranges)");
        assert_eq!(of(&["+99*", "100*", "101*"], 3), "+99… 100… 101…", "no neighbours, though 100 follows 99");
        assert_eq!(thousands(1_048_112), "1,048,112");
    }
}
