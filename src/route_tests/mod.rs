//! The tests of the files, run: each call is decided as the router would decide it, and the answer is held against what
//! the test expects. `trunkline test` shows the verdicts; `plan` counts them on both sides.

mod because;
mod coverage;
mod expect;
mod findings;
mod got;
mod order;
mod update;

pub use coverage::{Coverage, Share};
pub use findings::{findings, untested};
pub use got::{Got, GotAttempt};
pub use update::{Change, update};

use crate::config::{Compiled, Expected, Moment, RouteTest, Span};
use crate::question::{Answer, BadMoment, Call, Desk, Key, Question, Unanswerable, local};
use crate::route::{Table, WhyPassed};
use crate::time::Wall;

/// What became of a test.
#[derive(Clone, Debug)]
pub struct Verdict<'t> {
    pub test: &'t RouteTest,
    pub ending: Ending,
}

#[derive(Clone, Debug)]
pub enum Ending {
    Passed(Got),
    /// TL0601.
    Failed(Failure),
    /// TL0602: there is no answer, so there is nothing to compare.
    Undecided(Undecided),
}

#[derive(Clone, Debug)]
pub struct Failure {
    pub got: Got,
    /// Both in the same words, side by side.
    pub expected_words: String,
    pub got_words: String,
    /// Why the answer is another one, where that can be told.
    pub because: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecided {
    pub span: Span,
    /// One line, without a full stop.
    pub message: String,
    pub help: String,
}

impl Verdict<'_> {
    pub fn passed(&self) -> bool {
        matches!(self.ending, Ending::Passed(_))
    }
    /// The answer, if there is one.
    pub fn got(&self) -> Option<&Got> {
        match &self.ending {
            Ending::Passed(got) => Some(got),
            Ending::Failed(failure) => Some(&failure.got),
            Ending::Undecided(_) => None,
        }
    }
}

/// Runs all tests of a revision, in the order of its files.
pub fn run(compiled: &Compiled) -> Vec<Verdict<'_>> {
    run_on(compiled.tests.iter(), compiled)
}

/// Runs tests, perhaps those of another revision, on this one.
pub fn run_on<'t>(tests: impl IntoIterator<Item = &'t RouteTest>, compiled: &Compiled) -> Vec<Verdict<'t>> {
    let desk = Desk::new(&compiled.snapshot, Vec::new());
    tests.into_iter().map(|test| Verdict { test, ending: judge(test, compiled, &desk) }).collect()
}

fn judge(test: &RouteTest, compiled: &Compiled, desk: &Desk) -> Ending {
    let asked = match ask(test, compiled, desk) {
        Ok(asked) => asked,
        Err(undecided) => return Ending::Undecided(undecided),
    };
    let got = Got::of(&asked.answer, desk.snapshot());
    if expect::holds(&test.expect, &got) {
        return Ending::Passed(got);
    }
    Ending::Failed(Failure {
        expected_words: expect::expected_words(&test.expect),
        got_words: expect::got_words(&test.expect, &got),
        because: because::because(test, &asked, desk.snapshot(), &compiled.zone),
        got,
    })
}

/// A test's call with its answer.
struct Asked<'t> {
    question: Question<'t>,
    answer: Answer,
}

fn ask<'t>(test: &'t RouteTest, compiled: &Compiled, desk: &Desk) -> Result<Asked<'t>, Undecided> {
    expects_something(test)?;
    known_names(test, &compiled.snapshot.table)?;
    let call = &test.call;
    let named = |said: &'t Option<crate::config::Said<std::sync::Arc<str>>>| said.as_ref().map(|said| &*said.value);
    let asked = Call {
        to: &call.to.value,
        user: &call.user,
        domain: &call.domain,
        source: call.source,
        gateway: named(&call.gateway),
        account: named(&call.account),
        group: named(&call.group),
        listener: named(&call.listener),
    };
    let at = match &test.at {
        // Where no schedule decides, any moment will do.
        None => Wall::default(),
        Some(at) => moment(at.value, compiled).map_err(|bad| Undecided {
            span: at.span,
            message: format!("the test `{}` cannot be decided: {}", test.name, bad.words()),
            help: "write another time, or one with an offset".to_owned(),
        })?,
    };
    let question = desk.question(&asked, at).map_err(|why| unanswerable(test, &why))?;
    let mut states = Vec::new();
    for (gateway, word) in &test.gateways {
        let state = desk.state(&gateway.value, word).map_err(|why| unanswerable_at(test, gateway.span, &why))?;
        states.push(state);
    }
    let answer = desk.answer(&question, &states);
    if test.at.is_none()
        && let Some(undecided) = needs_time(test, &answer, &compiled.snapshot.table)
    {
        return Err(undecided);
    }
    Ok(Asked { question, answer })
}

fn moment(at: Moment, compiled: &Compiled) -> Result<Wall, BadMoment> {
    match at {
        Moment::Fixed(timestamp) => Ok(Wall(timestamp.as_microsecond())),
        Moment::Local(time) => local(time, &compiled.zone),
    }
}

fn unanswerable(test: &RouteTest, why: &Unanswerable) -> Undecided {
    let span = match why.key {
        Key::To => test.call.to.span,
        Key::Gateway => test.call.gateway.as_ref().map_or(test.call.span, |said| said.span),
        Key::Group => test.call.group.as_ref().map_or(test.call.span, |said| said.span),
        Key::Listener => test.call.listener.as_ref().map_or(test.call.span, |said| said.span),
        Key::Origin | Key::State => test.call.span,
    };
    unanswerable_at(test, span, why)
}

fn unanswerable_at(test: &RouteTest, span: Span, why: &Unanswerable) -> Undecided {
    Undecided {
        span,
        message: format!("the test `{}` cannot be decided: {}", test.name, why.message),
        help: "write what is declared in these files".to_owned(),
    }
}

fn expects_something(test: &RouteTest) -> Result<(), Undecided> {
    let Expected { span, route, attempts, first, reject, access } = &test.expect;
    if route.is_some() || attempts.is_some() || first.is_some() || reject.is_some() || access.is_some() {
        return Ok(());
    }
    Err(Undecided {
        span: *span,
        message: format!("the test `{}` expects nothing, so it could never fail", test.name),
        help: "write `route`, `attempts`, `first`, `reject` or `access` under `expect`".to_owned(),
    })
}

/// What a test expects must be there, or it could never fail for the right reason.
fn known_names(test: &RouteTest, table: &Table) -> Result<(), Undecided> {
    let expect = &test.expect;
    let unknown = |span, kind: &str, id: &str| Undecided {
        span,
        message: format!("the test `{}` cannot be decided: there is no {kind} `{id}`", test.name),
        help: "write what is declared in these files; if it was renamed, rename it here too".to_owned(),
    };
    if let Some(route) = &expect.route
        && !table.routes().iter().any(|known| known.id == route.value)
    {
        return Err(unknown(route.span, "route", &route.value));
    }
    let attempts = expect.attempts.iter().flat_map(|attempts| attempts.value.iter().map(|attempt| &attempt.gateway));
    let first = expect.first.iter().flat_map(|first| first.value.iter().map(|(gateway, _)| gateway));
    match attempts.chain(first).find(|gateway| table.gateway_by_id(&gateway.value).is_none()) {
        Some(gateway) => Err(unknown(gateway.span, "gateway", &gateway.value)),
        None => Ok(()),
    }
}

/// Whether a schedule has a say in this answer: the chosen rule has one, or a rule before it.
fn needs_time(test: &RouteTest, answer: &Answer, table: &Table) -> Option<Undecided> {
    let timed = |route: &crate::route::RouteIx| !table.route(*route).when.is_empty();
    let passed = answer.trace.passed_over.iter().filter(|passed| passed.why == WhyPassed::Schedule);
    let route = answer.decision.route.filter(timed).or_else(|| passed.map(|passed| passed.route).next())?;
    Some(Undecided {
        span: test.span,
        message: format!(
            "the test `{}` cannot be decided: route `{}` has a schedule, and there is no `at`",
            test.name,
            table.route(route).id
        ),
        help: "say when the call comes: at: \"2026-11-24T10:00\"".to_owned(),
    })
}
