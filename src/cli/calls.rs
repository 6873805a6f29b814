//! `trunkline calls`: the live calls of a running router, with rule, attempt and revision.

use super::operator::{ask, pause, print, print_json, print_line};
use super::status::{clock, table};
use super::{CLEAN, Format, Global};
use crate::admin::{CallLine, CallsAnswer, CallsQuery, Stage};
use std::collections::BTreeMap;
use std::process::ExitCode;

/// Show the live calls: those in set-up, and the established ones as the journal of open records knows them
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Only calls through this gateway
    #[arg(long, value_name = "ID")]
    gateway: Option<String>,
    /// Only calls of this group
    #[arg(long, value_name = "ID")]
    group: Option<String>,
    /// List at most so many; all are counted
    #[arg(long, value_name = "N")]
    most: Option<usize>,
    /// Go on, with a line when a call begins, changes or ends; looked at once a second, so shorter calls may be missed
    #[arg(long)]
    follow: bool,
}

const AFTER_HELP: &str = "\
Without accounting the router keeps nothing about an answered call, and only those in set-up are known.

Exit codes: 0 listed, 2 no answer.";

pub fn run(args: Args, global: &Global) -> ExitCode {
    let Args { gateway, group, most, follow } = args;
    let query = CallsQuery { gateway, group, most };
    ask("calls", global, |client| {
        if !follow {
            let answer = client.calls(&query)?;
            match global.format {
                Format::Json => print_json(&answer),
                _ => drop(print(&page(&answer))),
            }
            return Ok(CLEAN);
        }
        let mut known = BTreeMap::new();
        loop {
            let answer = client.calls(&query)?;
            for line in news(&mut known, answer.calls) {
                let read = match global.format {
                    Format::Json => {
                        print_line(&serde_json::json!({ "what": line.0, "call": line.1 }));
                        true
                    }
                    _ => print(&format!("{:8} {}\n", line.0, words(&line.1).join("  "))),
                };
                if !read {
                    return Ok(CLEAN);
                }
            }
            pause();
        }
    })
}

/// What is different from the look before: `begins`, `goes on`, `ends`.
fn news(known: &mut BTreeMap<String, CallLine>, calls: Vec<CallLine>) -> Vec<(&'static str, CallLine)> {
    let now: BTreeMap<String, CallLine> = calls.into_iter().map(|call| (call.call_id.clone(), call)).collect();
    let mut news = Vec::new();
    for call in known.values().filter(|call| !now.contains_key(&call.call_id)) {
        news.push(("ends", call.clone()));
    }
    for (id, call) in &now {
        match known.get(id) {
            None => news.push(("begins", call.clone())),
            Some(before) if before != call => news.push(("goes on", call.clone())),
            Some(_) => {}
        }
    }
    *known = now;
    news
}

fn page(answer: &CallsAnswer) -> String {
    let mut rows =
        vec![["call", "since", "from", "number", "group", "route", "gateway", "revision"].map(str::to_owned)];
    rows.extend(answer.calls.iter().map(words));
    let listed = if answer.calls.is_empty() { String::new() } else { table(&rows) };
    let established = match answer.established {
        Some(established) => format!("{established} established"),
        None => "established ones are known only with accounting".to_owned(),
    };
    format!("{listed}{} in set-up, {established}\n", answer.in_setup)
}

fn words(call: &CallLine) -> [String; 8] {
    let stage = match call.stage {
        Stage::Setup => "set-up",
        Stage::Ringing => "ringing",
        Stage::Established => "established",
    };
    let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let gateway = match (&call.gateway, call.attempt) {
        (Some(gateway), attempt) if attempt > 1 => format!("{gateway} (attempt {attempt})"),
        (gateway, _) => word(gateway),
    };
    let since = clock(call.answered_at.as_deref().unwrap_or(&call.started_at), &jiff::Zoned::now());
    let (from, number) = (call.from.clone(), call.number.clone());
    [stage.to_owned(), since, from, number, word(&call.group), word(&call.route), gateway, call.revision.clone()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: &str, stage: Stage) -> CallLine {
        CallLine {
            stage,
            call_id: id.into(),
            started_at: String::new(),
            answered_at: None,
            from: "sip:101@pbx".into(),
            number: "0044123".into(),
            source: "192.0.2.10:5060".into(),
            group: Some("office".into()),
            route: Some("uk".into()),
            gateway: Some("carrier-a".into()),
            attempt: 2,
            revision: "b71e04d".into(),
        }
    }

    #[test]
    fn followers_hear_of_what_changes_alone() {
        let mut known = BTreeMap::new();
        let mut heard =
            |calls| news(&mut known, calls).into_iter().map(|(what, c)| (what, c.call_id)).collect::<Vec<_>>();
        assert_eq!(
            heard(vec![call("a", Stage::Setup), call("b", Stage::Setup)]),
            [("begins", "a".into()), ("begins", "b".into())]
        );
        assert_eq!(heard(vec![call("a", Stage::Ringing), call("b", Stage::Setup)]), [("goes on", "a".into())]);
        assert_eq!(heard(vec![call("a", Stage::Ringing)]), [("ends", "b".into())]);
    }

    #[test]
    fn a_page_says_what_is_not_known() {
        let mut answer = CallsAnswer {
            schema: String::new(),
            in_setup: 1,
            established: None,
            calls: vec![call("a", Stage::Ringing)],
        };
        let text = page(&answer);
        assert!(text.contains("ringing") && text.contains("carrier-a (attempt 2)"), "{text}");
        assert!(text.ends_with("1 in set-up, established ones are known only with accounting\n"), "{text}");
        answer.established = Some(7);
        assert!(page(&answer).ends_with("1 in set-up, 7 established\n"));
    }
}
