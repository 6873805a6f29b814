//! Verdicts as machines read them: `trunkline/test/1` (CONFIG-AND-CLI part (f)).

use super::Outcome;
use crate::config::Expected;
use crate::config::diagnostic::json_list;
use crate::route::RouteIx;
use crate::route_tests::{Ending, Got, Share, Verdict};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What the tests of a revision said.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TestDocument {
    /// `trunkline/test/1`.
    schema: &'static str,
    revision: String,
    passed: usize,
    /// Those that cannot be decided among them.
    failed: usize,
    tests: Vec<Tested>,
    /// With `--coverage` or `--min-coverage`.
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<Covered>,
    /// TL0601 to TL0603, as `validate` writes diagnostics.
    diagnostics: Vec<Value>,
}

/// One test.
#[derive(Debug, Serialize, JsonSchema)]
struct Tested {
    name: String,
    file: String,
    line: Option<u64>,
    ok: bool,
    /// What stands in the test, and nothing else.
    expected: Answer,
    /// `null` where the call cannot be decided.
    got: Option<GotAnswer>,
    /// TL0601 or TL0602, where it is not ok.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// Why the answer is another one, where that can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<String>,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    route: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<Vec<ExpectedAttempt>>,
    /// The share of each gateway to be the first, from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<BTreeMap<String, f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reject: Option<u16>,
    /// `drop` or `reject`.
    #[serde(skip_serializing_if = "Option::is_none")]
    access: Option<&'static str>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ExpectedAttempt {
    gateway: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
}

/// The whole answer to the test's call.
#[derive(Debug, Serialize, JsonSchema)]
struct GotAnswer {
    /// `attempts`, `reject` or `access`.
    outcome: &'static str,
    group: Option<String>,
    route: Option<String>,
    attempts: Vec<Attempt>,
    /// The share of each gateway to be the first, from 0 to 1.
    first: BTreeMap<String, f64>,
    reject: Option<u16>,
    access: Option<&'static str>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Attempt {
    gateway: String,
    number: String,
    share: f64,
    /// Known to be down, and tried as the last resort.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    down: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Covered {
    routes: Reached<String>,
    attempts: Reached<Pair>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Reached<T> {
    reached: usize,
    total: usize,
    missing: Vec<T>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Pair {
    route: String,
    gateway: String,
}

pub(super) fn document(outcome: &Outcome) -> TestDocument {
    let id = |ix: &RouteIx| outcome.compiled.snapshot.table.route(*ix).id.to_string();
    TestDocument {
        schema: "trunkline/test/1",
        revision: outcome.compiled.snapshot.revision.to_string(),
        passed: outcome.passed(),
        failed: outcome.failed(),
        tests: outcome.verdicts.iter().map(|verdict| tested(verdict, outcome)).collect(),
        coverage: outcome.coverage.as_ref().map(|coverage| Covered {
            routes: reached(&coverage.routes, id),
            attempts: reached(&coverage.attempts, |(ix, gateway)| Pair { route: id(ix), gateway: gateway.clone() }),
        }),
        diagnostics: json_list(&outcome.diagnostics),
    }
}

fn reached<T, U>(share: &Share<T>, value: impl Fn(&T) -> U) -> Reached<U> {
    Reached { reached: share.reached, total: share.total, missing: share.missing.iter().map(value).collect() }
}

fn tested(verdict: &Verdict, outcome: &Outcome) -> Tested {
    let (file, line) = verdict.test.place.rsplit_once(':').unwrap_or((&verdict.test.place, ""));
    let (code, message, because) = match &verdict.ending {
        Ending::Passed(_) => (None, None, None),
        Ending::Failed(failure) => {
            let message = format!("expected {}, got {}", failure.expected_words, failure.got_words);
            (Some("TL0601"), Some(message), failure.because.clone())
        }
        Ending::Undecided(undecided) => (Some("TL0602"), Some(undecided.message.clone()), None),
    };
    Tested {
        name: verdict.test.name.to_string(),
        file: format!("{}{file}", outcome.diagnostics.directory()),
        line: line.parse().ok(),
        ok: verdict.passed(),
        expected: expected(&verdict.test.expect),
        got: verdict.got().map(got),
        code,
        message,
        because,
    }
}

fn expected(expect: &Expected) -> Answer {
    let attempt = |attempt: &crate::config::ExpectedAttempt| ExpectedAttempt {
        gateway: attempt.gateway.value.to_string(),
        number: attempt.number.as_ref().map(|number| number.value.to_string()),
    };
    let share = |(id, share): &(crate::config::Said<std::sync::Arc<str>>, crate::config::Said<u32>)| {
        (id.value.to_string(), f64::from(share.value) / 1e6)
    };
    Answer {
        route: expect.route.as_ref().map(|route| route.value.to_string()),
        attempts: expect.attempts.as_ref().map(|attempts| attempts.value.iter().map(attempt).collect()),
        first: expect.first.as_ref().map(|first| first.value.iter().map(share).collect()),
        reject: expect.reject.as_ref().map(|reject| reject.value),
        access: expect.access.as_ref().map(|access| access.value),
    }
}

fn got(got: &Got) -> GotAnswer {
    let attempts = got.attempts.iter().map(|attempt| Attempt {
        gateway: attempt.gateway.to_string(),
        number: attempt.number.clone(),
        share: attempt.share,
        down: attempt.down,
    });
    let first = got.attempts.iter().filter(|attempt| attempt.share > 0.0);
    GotAnswer {
        outcome: got.outcome,
        group: got.group.as_deref().map(str::to_owned),
        route: got.route.as_deref().map(str::to_owned),
        attempts: attempts.collect(),
        first: first.map(|attempt| (attempt.gateway.to_string(), attempt.share)).collect(),
        reject: got.reject.as_ref().map(|reply| reply.code),
        access: got.access,
    }
}
