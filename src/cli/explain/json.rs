//! A decision as machines read it: `trunkline/explain/1` (CONFIG-AND-CLI part (f)).

use super::answer::Answer;
use super::human::why_passed;
use super::question::{Origin, Question};
use crate::proxy::Snapshot;
use crate::route::{Outcome, WhyPassed};
use serde_json::{Value, json};

pub(super) fn document(question: &Question, answer: &Answer, snapshot: &Snapshot) -> Value {
    let table = &snapshot.table;
    let decision = &answer.decision;
    let outcome = match decision.outcome {
        _ if answer.stranger => "access",
        Outcome::Attempts => "attempts",
        Outcome::Reject(_) | Outcome::Unusable | Outcome::NoRoute | Outcome::NoGroup => "reject",
    };
    let attempts = decision.attempts.iter().map(|attempt| {
        let mut value = json!({
            "gateway": &*table.gateway(attempt.gateway).id,
            "number": String::from_utf8_lossy(&attempt.number),
            "share": attempt.share,
        });
        if attempt.down {
            value["down"] = json!(true);
        }
        value
    });
    let passed_over = answer.trace.passed_over.iter().map(|passed| {
        let route = table.route(passed.route);
        json!({ "route": &*route.id, "why": passed_word(passed.why), "detail": why_passed(passed.why, route) })
    });
    let skipped = decision
        .skipped
        .iter()
        .map(|skipped| json!({ "gateway": &*table.gateway(skipped.gateway).id, "why": skipped.why.word() }));
    let access = match snapshot.access.reject_unknown {
        _ if !answer.stranger => Value::Null,
        true => json!("reject"),
        false => json!("drop"),
    };
    let (source, assumed) = match &question.origin {
        Origin::Source { ip, assumed, .. } => (json!(ip.to_string()), *assumed),
        Origin::Group(_) => (Value::Null, false),
    };
    json!({
        "schema": "trunkline/explain/1",
        "revision": &*snapshot.revision,
        "group": decision.group.map(|group| &*table.group(group).id),
        "number": String::from_utf8_lossy(&question.number),
        "at": at(question),
        "source": source,
        "assumed": assumed,
        "outcome": outcome,
        "access": access,
        "route": decision.route.map(|route| &*table.route(route).id),
        "place": decision.route.map(|route| &*table.route(route).place),
        "attempts": attempts.collect::<Vec<_>>(),
        "reject": answer.refused.as_ref().map(|reply| json!({ "code": reply.code, "reason": &*reply.reason })),
        "passed_over": passed_over.collect::<Vec<_>>(),
        "skipped": skipped.collect::<Vec<_>>(),
        "gives_up": {
            "max_attempts": answer.failover.max_attempts,
            "max_setup_ms": u64::try_from(answer.failover.max_setup_time.as_millis()).unwrap_or(u64::MAX),
        },
    })
}

/// RFC 3339 with milliseconds, in UTC.
fn at(question: &Question) -> Value {
    match jiff::Timestamp::from_microsecond(question.now.wall.0) {
        Ok(at) => json!(format!("{at:.3}")),
        Err(_) => Value::Null,
    }
}

fn passed_word(why: WhyPassed) -> &'static str {
    match why {
        WhyPassed::Prefix | WhyPassed::Default => "prefix",
        WhyPassed::Schedule => "schedule",
        WhyPassed::Priority => "priority",
        WhyPassed::Exact => "exact",
    }
}
