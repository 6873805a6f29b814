//! The tests of the files, from the document to values that can be run ([`crate::route_tests`]).

use super::check::Model;
use super::document::{Expect, Test, TestCall};
use super::lower::{Entry, Field, Given};
use super::source::{Sources, Span};
use super::value::{GatewayState, Moment, Unknown};
use std::net::IpAddr;
use std::sync::Arc;

/// A value, and where it stands in the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said<T> {
    pub value: T,
    pub span: Span,
}

/// A call, and what must become of it.
#[derive(Clone, Debug)]
pub struct RouteTest {
    pub name: Arc<str>,
    /// Where its name stands.
    pub span: Span,
    /// The same for people: `routes.yaml:139`.
    pub place: Arc<str>,
    pub call: TestedCall,
    /// `None`: the answer must not depend on the time.
    pub at: Option<Said<Moment>>,
    /// What is said about gateways, each state by its word; the others are up.
    pub gateways: Vec<(Said<Arc<str>>, &'static str)>,
    pub expect: Expected,
}

#[derive(Clone, Debug)]
pub struct TestedCall {
    pub span: Span,
    pub to: Said<Arc<str>>,
    pub user: Arc<str>,
    pub domain: Arc<str>,
    pub source: Option<IpAddr>,
    pub gateway: Option<Said<Arc<str>>>,
    pub account: Option<Said<Arc<str>>>,
    pub group: Option<Said<Arc<str>>>,
    pub listener: Option<Said<Arc<str>>>,
}

/// What must hold; everything that is there.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The whole value of `expect`.
    pub span: Span,
    pub route: Option<Said<Arc<str>>>,
    pub attempts: Option<Said<Vec<ExpectedAttempt>>>,
    /// Who may be first.
    pub first: Option<Said<Vec<ExpectedShare>>>,
    pub reject: Option<Said<u16>>,
    /// `drop` or `reject`.
    pub access: Option<Said<&'static str>>,
}

/// A gateway, and its share in millionths.
pub type ExpectedShare = (Said<Arc<str>>, Said<u32>);

#[derive(Clone, Debug)]
pub struct ExpectedAttempt {
    pub gateway: Said<Arc<str>>,
    /// As it leaves; `None` says nothing about it.
    pub number: Option<Said<Arc<str>>>,
}

/// The tests, in the order of the files.
pub(super) fn tests(model: &Model, sources: &Sources) -> Vec<RouteTest> {
    let entries = model.document.tests.get().map_or(&[][..], |tests| &tests.0);
    entries.iter().filter_map(|entry| test(entry, sources)).collect()
}

fn test(entry: &Entry<Test>, sources: &Sources) -> Option<RouteTest> {
    let test = entry.value.as_ref()?;
    let gateways = test.gateways.get().map_or(&[][..], |gateways| &gateways.0);
    let state = |entry: &Entry<GatewayState>| {
        let word = match entry.value? {
            GatewayState::Up => "up",
            GatewayState::Down => "down",
            GatewayState::Disabled => "disabled",
            GatewayState::Full => "full",
        };
        Some((Said { value: Arc::clone(&entry.id), span: entry.span }, word))
    };
    Some(RouteTest {
        name: Arc::clone(&entry.id),
        span: entry.span,
        place: Arc::from(sources.line(entry.span)),
        call: call(test.call.given()?)?,
        at: said(&test.at, |moment| *moment),
        gateways: gateways.iter().filter_map(state).collect(),
        expect: expected(test.expect.given()?, sources),
    })
}

fn said<T, V>(field: &Field<T>, value: impl Fn(&T) -> V) -> Option<Said<V>> {
    field.given().map(|given| Said { value: value(&given.value), span: given.span })
}

fn call(call: &Given<TestCall>) -> Option<TestedCall> {
    let TestCall { to, from, gateway, source, account, group, listener, .. } = &call.value;
    let (user, domain) = from.get().map_or((None, None), |from| (Some(&from.user), from.domain.as_ref()));
    let text = |text: Option<&Arc<str>>| text.map_or_else(|| Arc::from(""), Arc::clone);
    Some(TestedCall {
        span: call.span,
        to: said(to, |to| Arc::clone(&to.0))?,
        user: text(user),
        domain: text(domain),
        source: source.get().map(|network| network.0.address),
        gateway: said(gateway, |id| Arc::clone(&id.0)),
        account: said(account, |id| Arc::clone(&id.0)),
        group: said(group, |id| Arc::clone(&id.0)),
        listener: said(listener, |id| Arc::clone(&id.0)),
    })
}

fn expected(expect: &Given<Expect>, sources: &Sources) -> Expected {
    let Expect { route, attempts, first, reject, access, .. } = &expect.value;
    Expected {
        span: expect.span,
        route: said(route, |id| Arc::clone(&id.0)),
        attempts: said(attempts, |attempts| {
            let attempt = |attempt: &Given<super::document::ExpectedAttempt>| {
                Some(ExpectedAttempt {
                    gateway: said(&attempt.value.gateway, |id| Arc::clone(&id.0))?,
                    number: said(&attempt.value.number, |number| Arc::clone(&number.0)),
                })
            };
            attempts.0.iter().filter_map(attempt).collect()
        }),
        first: said(first, |first| {
            let share = |entry: &Entry<super::value::Percent>| {
                let gateway = Said { value: Arc::clone(&entry.id), span: entry.span };
                Some((gateway, Said { value: entry.value?.0, span: behind(entry.span, sources) }))
            };
            first.0.iter().filter_map(share).collect()
        }),
        reject: said(reject, |code| code.0),
        access: said(access, |access| match access {
            Unknown::Drop => "drop",
            Unknown::Reject => "reject",
        }),
    }
}

/// The value behind a key on the same line: maps keep the places of their keys alone.
fn behind(key: Span, sources: &Sources) -> Span {
    let end = key.end as usize;
    let rest = sources.of(key).and_then(|source| source.text.get(end..)).unwrap_or_default();
    let value = rest.trim_start_matches([':', ' ', '\t', '"', '\'']);
    let start = end + (rest.len() - value.len());
    let length = value.find('%').map_or(0, |at| at + 1);
    Span { start: start as u32, end: (start + length) as u32, ..key }
}
