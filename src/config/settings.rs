//! Settings with their defaults: what holds where the file says nothing.

use super::document::{Failover, FinalSpec, Probing, Reply, RouteFailover};
use super::lower::{Field, Several};
use super::value::{self, Int, Period, ReplySet, RetryOn};
use crate::route;
use std::sync::Arc;
use std::time::Duration;

/// Who the probes are from.
const PROBE_FROM: &str = "sip:probe@trunkline.invalid";

/// The reason phrase that goes with a code (RFC 3261 §21).
#[expect(clippy::match_overlapping_arm, reason = "the named codes come before their classes")]
pub fn phrase(code: u16) -> &'static str {
    match code {
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        410 => "Gone",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        484 => "Address Incomplete",
        485 => "Ambiguous",
        486 => "Busy Here",
        488 => "Not Acceptable Here",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        600 => "Busy Everywhere",
        603 => "Decline",
        604 => "Does Not Exist Anywhere",
        606 => "Not Acceptable",
        607 => "Unwanted",
        608 => "Rejected",
        400..=499 => "Refused",
        500..=599 => "Server Error",
        _ => "Refused Everywhere",
    }
}

pub fn reply(spec: &Reply) -> route::Reply {
    let code = spec.code.get().map_or(500, |code| code.0);
    let reason = spec.reason.get().map_or_else(|| Arc::from(phrase(code)), |reason| Arc::clone(&reason.0));
    route::Reply { code, reason }
}

fn made(code: u16, reason: &str) -> route::Reply {
    route::Reply { code, reason: Arc::from(reason) }
}

/// The gateway's own key, else the root's, else the default.
fn pick<'f, T>(own: Option<&'f Field<T>>, root: Option<&'f Field<T>>) -> Option<&'f T> {
    own.and_then(Field::get).or_else(|| root.and_then(Field::get))
}

/// What holds for a gateway: its own `probing` over the root's.
pub fn probing(root: Option<&Probing>, own: Option<&Probing>) -> route::Probing {
    macro_rules! key {
        ($key:ident) => {
            pick(own.map(|p| &p.$key), root.map(|p| &p.$key))
        };
    }
    let period = |given: Option<&Period>, default_ms: u64| given.map_or(Duration::from_millis(default_ms), |p| p.0);
    let count = |given: Option<&Int<1, 1000>>, default: u32| given.map_or(default, |n| n.0);
    route::Probing {
        method: match key!(method) {
            None | Some(value::ProbeMethod::Options) => route::ProbeMethod::Options,
            Some(value::ProbeMethod::Info) => route::ProbeMethod::Info,
            Some(value::ProbeMethod::None) => route::ProbeMethod::None,
        },
        when: match key!(when) {
            None | Some(value::ProbeWhen::Always) => route::ProbeWhen::Always,
            Some(value::ProbeWhen::Down) => route::ProbeWhen::Down,
        },
        interval: period(key!(interval), 30_000),
        timeout: period(key!(timeout), 2_000),
        from: key!(from).map_or_else(|| Arc::from(PROBE_FROM), |uri| Arc::clone(&uri.0)),
        failures: count(key!(failures), 3),
        recoveries: count(key!(recoveries), 2),
        up_on: match key!(up_on) {
            Some(codes) => reply_set(codes),
            None => {
                let mut set = route::CodeSet::new();
                [2, 4].into_iter().for_each(|class| set.insert_class(class));
                set.insert(501);
                set
            }
        },
        down_interval: period(key!(down_interval), 10_000),
    }
}

fn reply_set(codes: &Several<ReplySet>) -> route::CodeSet {
    let mut set = route::CodeSet::new();
    codes.0.iter().for_each(|code| code.value.insert_into(&mut set));
    set
}

fn retry_set(codes: &Several<RetryOn>) -> route::CodeSet {
    let mut set = route::CodeSet::new();
    codes.0.iter().for_each(|code| code.value.insert_into(&mut set));
    set
}

/// Some `failover` keys over what holds without them; `no_route` stays.
macro_rules! over {
    ($base:expr, $own:expr) => {{
        let (base, own): (&route::Failover, _) = ($base, $own);
        let period = |given: Option<&Period>, base: Duration| given.map_or(base, |p| p.0);
        route::Failover {
            retry_on: own.retry_on.get().map_or_else(|| base.retry_on.clone(), retry_set),
            never_on: own.never_on.get().map_or_else(|| base.never_on.clone(), reply_set),
            attempt_timeout: period(own.attempt_timeout.get(), base.attempt_timeout),
            progress_timeout: own.progress_timeout.get().map_or(base.progress_timeout, |p| p.0),
            ring_timeout: period(own.ring_timeout.get(), base.ring_timeout),
            max_attempts: attempts(own.max_attempts.get()).unwrap_or(base.max_attempts),
            max_setup_time: period(own.max_setup_time.get(), base.max_setup_time),
            last_resort: own.last_resort.get().map_or(base.last_resort, |b| b.0),
            final_answer: own.r#final.get().map_or_else(|| base.final_answer.clone(), final_answer),
            no_route: base.no_route.clone(),
        }
    }};
}

/// The root's `failover` over the defaults.
pub fn failover(root: Option<&Failover>) -> route::Failover {
    let default = route::Failover {
        retry_on: default_retry_on(),
        never_on: default_never_on(),
        attempt_timeout: Duration::from_secs(4),
        progress_timeout: Some(Duration::from_secs(15)),
        ring_timeout: Duration::from_secs(120),
        max_attempts: 6,
        max_setup_time: Duration::from_secs(60),
        last_resort: true,
        final_answer: route::FinalAnswer::Reply(made(503, "Service not available")),
        no_route: made(503, "No Rules matching the URI"),
    };
    let Some(root) = root else { return default };
    let no_route = root.no_route.get().map_or_else(|| default.no_route.clone(), |spec| reply(&spec.0));
    route::Failover { no_route, ..over!(&default, root) }
}

/// A route's own `failover` over what holds at the root.
pub fn route_failover(base: &route::Failover, own: &RouteFailover) -> route::Failover {
    over!(base, own)
}

fn attempts(given: Option<&Int<1, 100>>) -> Option<u8> {
    given.and_then(|n| u8::try_from(n.0).ok())
}

fn final_answer(spec: &FinalSpec) -> route::FinalAnswer {
    match spec {
        FinalSpec::Reply(spec) => route::FinalAnswer::Reply(reply(spec)),
        FinalSpec::Last => route::FinalAnswer::Last,
        FinalSpec::Best => route::FinalAnswer::Best,
    }
}

fn default_retry_on() -> route::CodeSet {
    let mut set = route::CodeSet::new();
    set.timeout = true;
    set.transport = true;
    set.insert_class(5);
    set
}

fn default_never_on() -> route::CodeSet {
    let mut set = route::CodeSet::new();
    [404, 484, 486, 487].into_iter().for_each(|code| set.insert(code));
    set.insert_class(6);
    set
}
