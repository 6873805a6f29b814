//! A decision as machines read it: `trunkline/explain/1` (CONFIG-AND-CLI part (f)).

use crate::proxy::Snapshot;
use crate::question::{Answer, Origin, Question, why_passed};
use crate::route::WhyPassed;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;
use std::borrow::Cow;
use std::net::IpAddr;

/// Where a call goes, and why.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ExplainDocument")]
pub struct Document<'a> {
    /// `trunkline/explain/1`.
    schema: &'static str,
    revision: &'a str,
    group: Option<&'a str>,
    number: Cow<'a, str>,
    /// RFC 3339 with milliseconds, in UTC.
    at: String,
    source: Option<IpAddr>,
    /// Nobody said where the call comes from.
    assumed: bool,
    /// `attempts`, `reject` or `access`.
    outcome: &'static str,
    /// What the access rules do to a stranger: `drop` or `reject`.
    access: Option<&'static str>,
    route: Option<&'a str>,
    /// Where the route stands: `routes.yaml:80`.
    place: Option<&'a str>,
    attempts: Vec<Attempt<'a>>,
    reject: Option<Reject<'a>>,
    passed_over: Vec<PassedOver<'a>>,
    skipped: Vec<Skipped<'a>>,
    gives_up: GivesUp,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Attempt<'a> {
    gateway: &'a str,
    number: Cow<'a, str>,
    /// The probability that it is the first.
    share: f64,
    /// Known to be down, and tried as the last resort.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    down: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Reject<'a> {
    code: u16,
    reason: &'a str,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PassedOver<'a> {
    route: &'a str,
    /// `prefix`, `schedule`, `priority` or `exact`.
    why: &'static str,
    detail: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Skipped<'a> {
    gateway: &'a str,
    why: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
struct GivesUp {
    max_attempts: u8,
    max_setup_ms: u64,
}

impl<'a> Document<'a> {
    pub fn of(question: &'a Question, answer: &'a Answer, snapshot: &'a Snapshot, zone: &TimeZone) -> Document<'a> {
        let table = &snapshot.table;
        let decision = &answer.decision;
        let attempts = decision.attempts.iter().map(|attempt| Attempt {
            gateway: &table.gateway(attempt.gateway).id,
            number: String::from_utf8_lossy(&attempt.number),
            share: attempt.share,
            down: attempt.down,
        });
        let passed_over = answer.trace.passed_over.iter().map(|passed| {
            let detail = why_passed(passed, table, question.at, zone);
            PassedOver { route: &table.route(passed.route).id, why: passed_word(passed.why), detail }
        });
        let skipped = decision.skipped.iter();
        Document {
            schema: "trunkline/explain/1",
            revision: &snapshot.revision,
            group: decision.group.map(|group| &*table.group(group).id),
            number: String::from_utf8_lossy(&question.number),
            at: at(question),
            source: question.origin.ip(),
            assumed: matches!(question.origin, Origin::Source { assumed: true, .. }),
            outcome: answer.outcome(),
            access: answer.access(snapshot),
            route: decision.route.map(|route| &*table.route(route).id),
            place: decision.route.map(|route| &*table.route(route).place),
            attempts: attempts.collect(),
            reject: answer.refused.as_ref().map(|reply| Reject { code: reply.code, reason: &reply.reason }),
            passed_over: passed_over.collect(),
            skipped: skipped
                .map(|skipped| Skipped { gateway: &table.gateway(skipped.gateway).id, why: skipped.why.word() })
                .collect(),
            gives_up: GivesUp {
                max_attempts: answer.failover.max_attempts,
                max_setup_ms: u64::try_from(answer.failover.max_setup_time.as_millis()).unwrap_or(u64::MAX),
            },
        }
    }
}

/// RFC 3339 with milliseconds, in UTC.
fn at(question: &Question) -> String {
    jiff::Timestamp::from_microsecond(question.at.0).map_or_else(|_| String::new(), |at| format!("{at:.3}"))
}

fn passed_word(why: WhyPassed) -> &'static str {
    match why {
        WhyPassed::Prefix | WhyPassed::Default => "prefix",
        WhyPassed::Schedule => "schedule",
        WhyPassed::Priority => "priority",
        WhyPassed::Exact => "exact",
    }
}
