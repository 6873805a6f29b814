//! Linear cost (checklist P22): eight times the bytes take about eight times as long, whatever they are.
//!
//! Measured by ratio, and in the thread's own CPU time: what else the machine does must not count. Quadratic work would
//! show as 64.

use crate::support::*;
use nix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::time::Duration;
use trunkline::sip::*;

/// Everything that the hot path and the answers do with a message, with limits that stop nothing.
fn work(bytes: &[u8]) {
    let max = usize::MAX;
    let limits = Limits { message_bytes: max, headers: max, header_bytes: max, vias: max, routes: max, uri_bytes: max };
    let mut index = Index::default();
    let mut out = Vec::new();
    let look = |m: &Message, out: &mut Vec<u8>| {
        black_box((validate(m, &limits).is_ok(), m.via(), m.from(), m.to(), m.cseq(), m.call_id()));
        for name in [Name::Via, Name::Route, Name::Contact, Name::Supported] {
            black_box(m.values(name).filter(|v| NameAddr::parse(v.text).is_some()).count());
        }
        black_box(Uri::parse(m.request_uri()).map(|uri| uri.params().count()));
        response(m, 400, "Bad Request", Extra::default(), out);
    };
    match parse(bytes, &mut index, &limits) {
        Ok(Parsed::Message(m)) => look(&m, &mut out),
        Ok(Parsed::KeepAlive) => {}
        Err(fault) => drop(fault.answer.map(|(m, _, _)| look(&m, &mut out))),
    }
    black_box((call_id_of(bytes), out));
}

fn cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
}

/// The best of several runs: what is left when nothing else disturbs.
fn best(bytes: &[u8]) -> Duration {
    let run = |_| {
        let start = cpu_time();
        work(bytes);
        cpu_time().saturating_sub(start)
    };
    (0..15).map(run).min().unwrap()
}

#[test]
fn no_input_costs_more_than_linear() {
    type Make = fn(usize) -> Vec<u8>;
    let table: &[(&str, Make)] = &[
        ("commas in Route", |n| invite_and(&format!("Route: {}", ",".repeat(n)))),
        ("commas in Via", |n| invite_and(&format!("Via: {}", ",".repeat(n)))),
        ("commas in Contact", |n| invite_and(&format!("m: {}", ",".repeat(n)))),
        ("commas in an open quote", |n| invite_and(&format!("Route: \"{}", ",".repeat(n)))),
        ("brackets that do not close", |n| invite_and(&format!("Route: {}", "<,".repeat(n / 2)))),
        ("quotes", |n| invite_and(&format!("Route: {}", "\"\\,".repeat(n / 3)))),
        ("semicolons in Via", |n| invite_and(&format!("Via: SIP/2.0/UDP h{}", ";".repeat(n)))),
        ("parameters in From", |n| invite_with("tag=", &format!("{}tag=", "a;".repeat(n / 2)))),
        ("one long header name", |n| invite_and(&format!("{}: 1", "X".repeat(n)))),
        ("white space before a colon", |n| invite_and(&format!("X{}: 1", " ".repeat(n)))),
        ("short headers", |n| invite_and(&vec!["X:"; n / 4].join("\r\n"))),
        ("Vias", |n| invite_and(&vec!["v:SIP/2.0/UDP h"; n / 17].join("\r\n"))),
        ("folds", |n| invite_and(&format!("Route: {}", "\r\n ".repeat(n / 3)))),
        ("folds in Call-ID", |n| invite_with("Call-ID: ", &format!("Call-ID: {}", "\r\n ".repeat(n / 3)))),
        ("bare CRs", |n| invite_and(&format!("X: {}", "\r".repeat(n)))),
        ("CRLFs in front", |n| [&b"\r\n".repeat(n / 2)[..], INVITE.as_bytes()].concat()),
        ("parameters in the Request-URI", |n| {
            invite_with(" SIP/2.0\r\nV", &format!("{} SIP/2.0\r\nV", ";a".repeat(n / 2)))
        }),
        ("commas all over", |n| vec![b','; n]),
    ];
    for (what, make) in table {
        let (small, large) = (make(8 * 1024), make(64 * 1024));
        // A disturbed measurement gets another chance; quadratic work fails them all.
        let ratio = || best(&large).as_secs_f64() / best(&small).as_secs_f64().max(1e-6);
        assert!((0..5).any(|_| ratio() < 20.0), "{what}: more than 20 times the time for 8 times the bytes");
    }
}
