//! Verdicts as machines read them: `trunkline/test/1` (CONFIG-AND-CLI part (f)).

use super::Outcome;
use crate::config::Expected;
use crate::config::diagnostic::json_list;
use crate::route_tests::{Ending, Got, Share, Verdict};
use serde_json::{Map, Value, json};

pub(super) fn document(outcome: &Outcome) -> Value {
    let mut document = json!({
        "schema": "trunkline/test/1",
        "revision": &*outcome.compiled.snapshot.revision,
        "passed": outcome.passed(),
        "failed": outcome.failed(),
        "tests": outcome.verdicts.iter().map(|verdict| test(verdict, outcome)).collect::<Vec<_>>(),
        "diagnostics": json_list(&outcome.diagnostics),
    });
    if let Some(coverage) = &outcome.coverage {
        let id = |ix: &crate::route::RouteIx| json!(&*outcome.compiled.snapshot.table.route(*ix).id);
        document["coverage"] = json!({
            "routes": share(&coverage.routes, id),
            "attempts": share(&coverage.attempts, |(ix, gateway)| json!({ "route": id(ix), "gateway": gateway })),
        });
    }
    document
}

fn share<T>(share: &Share<T>, value: impl Fn(&T) -> Value) -> Value {
    let missing: Vec<Value> = share.missing.iter().map(value).collect();
    json!({ "reached": share.reached, "total": share.total, "missing": missing })
}

fn test(verdict: &Verdict, outcome: &Outcome) -> Value {
    let (file, line) = verdict.test.place.rsplit_once(':').unwrap_or((&verdict.test.place, ""));
    let mut test = json!({
        "name": &*verdict.test.name,
        "file": format!("{}{file}", outcome.diagnostics.directory()),
        "line": line.parse::<u64>().ok(),
        "ok": verdict.passed(),
        "expected": expected(&verdict.test.expect),
        "got": verdict.got().map(got),
    });
    match &verdict.ending {
        Ending::Passed(_) => {}
        Ending::Failed(failure) => {
            test["code"] = json!("TL0601");
            test["message"] = json!(format!("expected {}, got {}", failure.expected_words, failure.got_words));
            test["because"] = json!(failure.because);
        }
        Ending::Undecided(undecided) => {
            test["code"] = json!("TL0602");
            test["message"] = json!(undecided.message);
        }
    }
    test
}

/// What stands in the test, and nothing else.
fn expected(expect: &Expected) -> Value {
    let mut out = Map::new();
    if let Some(route) = &expect.route {
        out.insert("route".to_owned(), json!(&*route.value));
    }
    if let Some(attempts) = &expect.attempts {
        let attempt = |attempt: &crate::config::ExpectedAttempt| {
            let mut out = json!({ "gateway": &*attempt.gateway.value });
            if let Some(number) = &attempt.number {
                out["number"] = json!(&*number.value);
            }
            out
        };
        out.insert("attempts".to_owned(), attempts.value.iter().map(attempt).collect());
    }
    if let Some(first) = &expect.first {
        let shares = first.value.iter().map(|(id, share)| (id.value.to_string(), json!(f64::from(share.value) / 1e6)));
        out.insert("first".to_owned(), Value::Object(shares.collect()));
    }
    if let Some(reject) = &expect.reject {
        out.insert("reject".to_owned(), json!(reject.value));
    }
    if let Some(access) = &expect.access {
        out.insert("access".to_owned(), json!(access.value));
    }
    Value::Object(out)
}

fn got(got: &Got) -> Value {
    let attempts = got.attempts.iter().map(|attempt| {
        let mut out = json!({ "gateway": &*attempt.gateway, "number": attempt.number, "share": attempt.share });
        if attempt.down {
            out["down"] = json!(true);
        }
        out
    });
    let first = got.attempts.iter().filter(|attempt| attempt.share > 0.0);
    json!({
        "outcome": got.outcome,
        "group": got.group.as_deref(),
        "route": got.route.as_deref(),
        "attempts": attempts.collect::<Vec<_>>(),
        "first": first.map(|attempt| (attempt.gateway.to_string(), json!(attempt.share))).collect::<Map<_, _>>(),
        "reject": got.reject.as_ref().map(|reply| reply.code),
        "access": got.access,
    })
}
