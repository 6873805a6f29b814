//! Compares what happened with what the file expects.

use crate::format::{Scenario, duration, text_of};
use crate::party::Heard;
use crate::story::{Outcome, matches};
use serde_yaml::Value;
use std::time::Duration;
use trunkline::record::Record;
use trunkline::sim::{START, brief};

/// How far a moment may be from the one expected: a few ways through the network, and the timers' millisecond.
const TOLERANCE: Duration = Duration::from_millis(20);

pub fn judge(scenario: &Scenario, outcome: &Outcome) -> Result<(), String> {
    let mut wrong = Vec::new();
    for (key, value) in &scenario.expect.hears {
        let result = match key.as_str() {
            "record" => record(value, outcome),
            "records" => records(value, outcome),
            "times" => times(value, outcome),
            "text" => texts(value, outcome),
            party => hears(party, value, outcome),
        };
        wrong.extend(result.err());
    }
    for (name, party) in &outcome.players.parties {
        if !scenario.expect.hears.contains_key(name) && !party.heard.is_empty() {
            wrong.push(format!("{name} heard {:?}, and nothing is expected of it", folded(&party.heard)));
        }
    }
    if !scenario.expect.hears.contains_key("record") && !scenario.expect.hears.contains_key("records") {
        wrong.push("say `record:` or `record: none`".into());
    }
    wrong.extend(outcome.players.strays.iter().map(|s| format!("went astray: {s}")));
    wrong.extend(left(outcome));
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!("{}\n  {}\n\n{}", scenario.title, wrong.join("\n  "), outcome.players.log.join("\n")))
}

/// When all is over nothing may be left, but a probe on its way.
fn left(outcome: &Outcome) -> Option<String> {
    let l = outcome.load;
    let quiet = (l.setting_up, l.awaiting_ack, l.server_transactions) == (0, 0, 0) && l.client_transactions <= 9;
    (!quiet).then(|| format!("left over: {l:?}"))
}

/// `INVITE x4` for four in a row.
fn folded(heard: &[Heard]) -> Vec<String> {
    let mut out: Vec<(String, u32)> = Vec::new();
    for h in heard {
        match out.last_mut() {
            Some((last, count)) if *last == h.short => *count += 1,
            _ => out.push((h.short.clone(), 1)),
        }
    }
    out.into_iter().map(|(short, count)| if count > 1 { format!("{short} x{count}") } else { short }).collect()
}

fn hears(party: &str, expected: &Value, outcome: &Outcome) -> Result<(), String> {
    let Some(party) = outcome.players.parties.get(party) else { return Err(format!("`{party}` is nobody here")) };
    let expected: Vec<String> = match expected {
        Value::Sequence(items) => items.iter().map(text_of).collect(),
        Value::String(word) if word == "nothing" => Vec::new(),
        other => return Err(format!("{}: a list, or `nothing`, not {other:?}", party.name)),
    };
    let heard = folded(&party.heard);
    let same = |(heard, meant): (&String, &String)| {
        let (h, hx) = heard.rsplit_once(" x").unwrap_or((heard, "1"));
        let (m, mx) = meant.rsplit_once(" x").unwrap_or((meant, "1"));
        hx == mx && matches(h, m)
    };
    if heard.len() == expected.len() && heard.iter().zip(&expected).all(same) {
        return Ok(());
    }
    Err(format!("{} heard {}, not {}", party.name, heard.join(", "), expected.join(", ")))
}

/// `{ g2 INVITE: 4s, caller 503: 10ms }`: when that was first heard.
fn times(expected: &Value, outcome: &Outcome) -> Result<(), String> {
    for (key, at) in expected.as_mapping().ok_or("times: a map")? {
        let (key, at) = (text_of(key), text_of(at));
        let (who, what) = key.split_once(' ').ok_or(format!("times: `{key}`: WHO WHAT"))?;
        let at = duration(&at).ok_or(format!("times: `{at}`"))?;
        let first = find(outcome, who, what).first().map(|h| h.at.since(START.at));
        let near = first.is_some_and(|first| first.abs_diff(at) <= TOLERANCE);
        if !near {
            return Err(format!("{who} heard {what} after {first:?}, not {at:?}"));
        }
    }
    Ok(())
}

/// `{ caller 503: [Service not available, "! Retry-After"] }`: what stands in each such message, or does not.
fn texts(expected: &Value, outcome: &Outcome) -> Result<(), String> {
    for (key, parts) in expected.as_mapping().ok_or("text: a map")? {
        let key = text_of(key);
        let (who, what) = key.split_once(' ').ok_or(format!("text: `{key}`: WHO WHAT"))?;
        let found = find(outcome, who, what);
        if found.is_empty() {
            return Err(format!("{who} never heard {what}"));
        }
        let parts: Vec<String> = match parts {
            Value::Sequence(items) => items.iter().map(text_of).collect(),
            one => vec![text_of(one)],
        };
        for (part, heard) in parts.iter().flat_map(|p| found.iter().map(move |h| (p, h))) {
            let holds = match part.strip_prefix("! ") {
                Some(absent) => !heard.text.contains(absent),
                None => heard.text.contains(part.as_str()),
            };
            if !holds {
                return Err(format!("{who} {what}: `{part}` does not hold of\n{}", heard.text));
            }
        }
    }
    Ok(())
}

fn find<'o>(outcome: &'o Outcome, who: &str, what: &str) -> Vec<&'o Heard> {
    let Some(party) = outcome.players.parties.get(who) else { return Vec::new() };
    party.heard.iter().filter(|h| matches(&h.short, what)).collect()
}

fn record(expected: &Value, outcome: &Outcome) -> Result<(), String> {
    let none = matches!(expected, Value::String(word) if word == "none");
    records(&Value::Sequence(if none { Vec::new() } else { vec![expected.clone()] }), outcome)
}

fn records(expected: &Value, outcome: &Outcome) -> Result<(), String> {
    let expected = expected.as_sequence().ok_or("records: a list")?;
    let found = &outcome.players.records;
    if found.len() != expected.len() || outcome.open_records > 0 {
        let open = outcome.open_records;
        let found = found.iter().map(|(_, r)| format!("\n{}", brief(r))).collect::<String>();
        return Err(format!("{} records, {open} open, not {}:{found}", outcome.players.records.len(), expected.len()));
    }
    found.iter().zip(expected).try_for_each(|((_, record), expected)| {
        let shown = shown(record);
        for (key, value) in expected.as_mapping().ok_or("record: a map")? {
            let key = text_of(key);
            let got = shown.get(key.as_str()).ok_or(format!("record: no field `{key}`"))?;
            if got != value {
                return Err(format!("record: {key} is {}, not {}", line(got), line(value)));
            }
        }
        Ok(())
    })
}

fn line(value: &Value) -> String {
    serde_yaml::to_string(value).unwrap_or_default().trim().replace('\n', ", ")
}

/// A record as scenario files show it.
fn shown(record: &Record) -> serde_yaml::Mapping {
    let word = |text: &str| Value::String(text.to_string());
    let maybe = |text: Option<&str>| text.map_or(Value::Null, word);
    let debug = |value: &dyn std::fmt::Debug| word(&kebab(&format!("{value:?}")));
    let attempts =
        record.attempts.iter().map(|a| word(&format!("{} {} {}", a.gateway, a.code, kebab(&format!("{:?}", a.why)))));
    let numbers = record.attempts.iter().map(|a| word(&a.number));
    let skipped = record.skipped.iter().map(|s| word(&format!("{} {}", s.gateway, s.why)));
    let fields = [
        ("outcome", debug(&record.outcome)),
        ("code", Value::from(record.code)),
        ("reason", word(&record.reason)),
        ("gateway", maybe(record.gateway.as_deref())),
        ("route", maybe(record.route.as_deref())),
        ("group", maybe(record.group.as_deref())),
        ("late", Value::from(record.late)),
        ("number", word(&record.number)),
        ("hung_up_by", record.hung_up_by.map_or(Value::Null, |p| debug(&p))),
        ("attempts", Value::Sequence(attempts.collect())),
        ("numbers", Value::Sequence(numbers.collect())),
        ("skipped", Value::Sequence(skipped.collect())),
        ("setup_ms", record.setup_ms.map_or(Value::Null, Value::from)),
        ("duration_ms", record.duration_ms.map_or(Value::Null, Value::from)),
    ];
    fields.into_iter().map(|(key, value)| (word(key), value)).collect()
}

fn kebab(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.extend(c.to_lowercase());
    }
    out
}
