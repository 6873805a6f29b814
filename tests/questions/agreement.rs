//! One answer, three ways to ask: `Table::decide`, `explain --batch`, and a test in the files. Over random routes they agree,
//! and whatever order a real call may get, a test may expect.

use super::trunkline_in;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};
use std::fmt::Write;
use trunkline::config::{Compiled, FileSet, compile};
use trunkline::health::{Board, Observed};
use trunkline::route::{Choice, Decision, Facts, Outcome, Turns};
use trunkline::route_tests;
use trunkline::time::{Instant, Now, Wall};

const GATEWAYS: usize = 5;
/// Around a weekend, a holiday, and a change of clocks.
const TIMES: [&str; 8] = [
    "2026-11-24T07:59",
    "2026-11-24T08:00",
    "2026-11-24T19:30",
    "2026-11-28T12:00",
    "2026-12-25T12:00",
    "2026-10-25T02:30+02:00",
    "2026-10-25T02:30+01:00",
    "2027-05-01T12:00",
];

/// A call: the number, the gateway it comes from, when, and the gateways that are not up.
#[derive(Clone, Debug)]
struct Asked {
    number: String,
    from: usize,
    at: &'static str,
    states: Vec<(usize, &'static str)>,
}

fn digits(most: usize) -> impl Strategy<Value = String> {
    proptest::collection::vec(select(vec!['0', '1', '2', '+']), 1..=most).prop_map(String::from_iter)
}

fn asked() -> impl Strategy<Value = Asked> {
    let state = (0..GATEWAYS, select(vec!["up", "down", "disabled", "full"]));
    let states = proptest::collection::btree_map(0..GATEWAYS, state.prop_map(|(_, word)| word), 0..3);
    (digits(6), 0..2usize, select(TIMES.to_vec()), states).prop_map(|(number, from, at, states)| Asked {
        number,
        from,
        at,
        states: states.into_iter().collect(),
    })
}

/// A list's entry of `lists:`. The last two may have a limit, and may hold the first two.
fn list(ix: usize) -> impl Strategy<Value = String> {
    let targets: Vec<String> =
        (0..GATEWAYS).map(|g| format!("g{g}")).chain((0..ix.min(2)).map(|list| format!("l{list}"))).collect();
    let count = targets.len();
    let members = subsequence(targets, 1..=count.min(4)).prop_shuffle();
    let weights = proptest::collection::vec(0..4u32, 4);
    (
        select(vec!["ordered", "weighted", "round-robin"]),
        members,
        weights,
        proptest::option::of(1..3usize).prop_map(move |limit| limit.filter(|_| ix >= 2)),
    )
        .prop_map(move |(policy, members, weights, limit)| {
            let member = |(to, weight): (&String, &u32)| match policy {
                "weighted" => format!("{{ to: {to}, weight: {weight} }}"),
                _ => to.clone(),
            };
            let members = members.iter().zip(&weights).map(member).collect::<Vec<_>>().join(", ");
            let limit = limit.map_or(String::new(), |limit| format!(", limit: {limit}"));
            format!("  l{ix}: {{ policy: {policy}, members: [{members}]{limit} }}\n")
        })
}

/// A route's entry of `routes:`. Priorities differ, so that no two routes are ambiguous.
fn route(ix: usize) -> impl Strategy<Value = String> {
    let prefixes = proptest::collection::btree_set(digits(3), 1..3);
    let when = select(vec!["", "when: open", "when: { not: open }", "when: [night, holidays]"]);
    let target = prop_oneof![
        4 => (0..4usize).prop_map(|list| format!("to: l{list}")),
        2 => subsequence((0..GATEWAYS).map(|g| format!("g{g}")).collect::<Vec<_>>(), 1..3)
            .prop_map(|to| format!("to: [{}]", to.join(", "))),
        1 => Just("reject: { code: 403, reason: Barred }".to_owned()),
    ];
    let number =
        select(vec!["", "number: { strip: matched }", "number: { strip: 2, add: \"49\" }", "number: { raw: true }"]);
    let group = select(vec!["a", "b", "all"]);
    (prefixes, any::<bool>(), when, target, number, group, 0..8u8).prop_map(
        move |(prefixes, exact, when, target, number, group, default)| {
            let taken = match default {
                0 => "default: true".to_owned(),
                _ => {
                    let list = prefixes.iter().map(|p| format!("{p:?}")).collect::<Vec<_>>().join(", ");
                    format!("prefix: [{list}]{}", if exact { ", exact: true" } else { "" })
                }
            };
            let number = if target.starts_with("to") { number } else { "" };
            let keys = [taken.as_str(), when, &target, number].join(", ").replace(", ,", ",").replace(", ,", ",");
            let keys = keys.trim_end_matches([',', ' ']);
            format!("  r{ix}: {{ {keys}, group: {group}, priority: {} }}\n", ix + 1)
        },
    )
}

fn files() -> impl Strategy<Value = String> {
    let lists = (list(0), list(1), list(2), list(3));
    let routes = (route(0), route(1), route(2), route(3), route(4), route(5), route(6));
    (lists, routes).prop_map(|(lists, routes)| {
        let mut text = String::from(
            "version: 1\ntimezone: Europe/Berlin\nlisten: { lan: { bind: \"127.0.0.1:5060\" } }\n\
             access: { gateways: true }\ngateways:\n",
        );
        for gateway in 0..GATEWAYS {
            let number = ["", ", number: { add: \"00\" }", ", number: { strip: 3 }"][gateway % 3];
            writeln!(text, "  g{gateway}: {{ address: \"192.0.2.{}\"{number} }}", gateway + 1).unwrap();
        }
        let (a, b, c, d) = lists;
        write!(text, "lists:\n{a}{b}{c}{d}").unwrap();
        text.push_str("groups:\n  a: { match: [{ gateway: g0 }] }\n  b: { match: [{ gateway: g1 }, { gateway: g2 }, { gateway: g3 }, { gateway: g4 }] }\n");
        text.push_str(
            "schedules:\n  holidays: { dates: [\"2026-12-25\", \"yearly 05-01\"] }\n  \
             open: { days: [mon-fri], hours: [\"08:00-18:00\"], except: [holidays] }\n  \
             night: { days: [daily], hours: [\"22:00-06:00\"] }\nroutes:\n",
        );
        let (a, b, c, d, e, f, g) = routes;
        write!(text, "{a}{b}{c}{d}{e}{f}{g}").unwrap();
        text
    })
}

fn compiled(text: &str) -> Compiled {
    let (compiled, diagnostics) = compile(&FileSet::of(&[("routes.yaml", text)]));
    compiled.unwrap_or_else(|| panic!("{}\n{text}", diagnostics.human(false)))
}

fn decide(compiled: &Compiled, asked: &Asked, choice: Choice) -> Decision {
    let table = &compiled.snapshot.table;
    let from = table.gateway_by_id(&format!("g{}", asked.from)).expect("it is declared");
    let board = Board::all_up(table.gateways().len());
    for (gateway, state) in &asked.states {
        let gateway = table.gateway_by_id(&format!("g{gateway}")).expect("it is declared");
        match *state {
            "down" => board.set_observed(gateway, Observed::Down),
            "disabled" => board.set_disabled(gateway, true),
            "full" => board.set_full(gateway, true),
            _ => {}
        }
    }
    let at = trunkline::question::moment(asked.at, &compiled.zone).expect("a moment");
    let facts = Facts {
        number: asked.number.as_bytes(),
        user: b"",
        domain: b"",
        source: table.gateway(from).address.ip(),
        gateway: Some(from),
        trusted: false,
        listener: Some(0),
        account: None,
        group: None,
        choice,
    };
    let mut decision = Decision::default();
    let now = Now { at: Instant::default(), wall: Wall(at.0) };
    table.decide(&facts, &board, now, &mut decision, None);
    decision
}

/// The parts of `explain`'s answer that the decision says too.
fn as_explained(compiled: &Compiled, decision: &Decision) -> Value {
    let table = &compiled.snapshot.table;
    let attempts = decision.attempts.iter().map(|attempt| {
        json!([&*table.gateway(attempt.gateway).id, String::from_utf8_lossy(&attempt.number), attempt.share])
    });
    json!({
        "outcome": if decision.outcome == Outcome::Attempts { "attempts" } else { "reject" },
        "group": decision.group.map(|group| &*table.group(group).id),
        "route": decision.route.map(|route| &*table.route(route).id),
        "attempts": attempts.collect::<Vec<_>>(),
    })
}

fn explained(answer: &Value) -> Value {
    let attempts = answer["attempts"].as_array().expect("a list").iter();
    json!({
        "outcome": answer["outcome"],
        "group": answer["group"],
        "route": answer["route"],
        "attempts": attempts.map(|a| json!([a["gateway"], a["number"], a["share"]])).collect::<Vec<_>>(),
    })
}

/// `explain --batch` over files in a directory.
fn batch(text: &str, asked: &[Asked]) -> Vec<Value> {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("routes.yaml"), text).expect("it is written");
    let mut lines = String::new();
    for asked in asked {
        let states: serde_json::Map<String, Value> =
            asked.states.iter().map(|(gateway, state)| (format!("g{gateway}"), json!(state))).collect();
        let from = format!("g{}", asked.from);
        let line = json!({ "number": asked.number, "gateway": from, "at": asked.at, "state": states });
        writeln!(lines, "{line}").unwrap();
    }
    let (code, out, err) = trunkline_in(directory.path(), &["explain", "--batch", "-"], &lines);
    assert_eq!((code, err.as_str()), (0, ""), "{text}");
    out.lines().map(|line| serde_json::from_str(line).expect("an object")).collect()
}

/// A test in the files that expects a decision, its attempts in the order given.
fn as_test(name: &str, compiled: &Compiled, asked: &Asked, decision: &Decision, shares: bool) -> String {
    let table = &compiled.snapshot.table;
    let states =
        asked.states.iter().map(|(gateway, state)| format!("g{gateway}: {state}")).collect::<Vec<_>>().join(", ");
    let mut expect = Vec::new();
    if let Some(route) = decision.route {
        expect.push(format!("route: {}", table.route(route).id));
    }
    if decision.outcome == Outcome::Attempts {
        let attempts = decision.attempts.iter().map(|attempt| {
            let (gateway, number) = (&table.gateway(attempt.gateway).id, String::from_utf8_lossy(&attempt.number));
            format!("{{ gateway: {gateway}, number: {number:?} }}")
        });
        // Of a list with a limit not all that may come are tried.
        if !shares {
            expect.push(format!("attempts: [{}]", attempts.collect::<Vec<_>>().join(", ")));
        } else {
            let likely = decision.attempts.iter().filter(|attempt| attempt.share > 0.0);
            let share = |percent: f64| format!("{percent:.4}").trim_end_matches('0').trim_end_matches('.').to_owned();
            let first = likely.map(|a| format!("{}: {}%", table.gateway(a.gateway).id, share(a.share * 100.0)));
            expect.push(format!("first: {{ {} }}", first.collect::<Vec<_>>().join(", ")));
        }
    } else {
        let failover = decision.route.map_or(table.failover(), |route| &table.route(route).failover);
        let refused = trunkline::proxy::refusal(decision, failover).expect("a refusal has its code");
        expect.push(format!("reject: {}", refused.code));
    }
    format!(
        "  {name}:\n    call: {{ to: {:?}, gateway: g{} }}\n    at: \"{}\"\n    gateways: {{ {states} }}\n    expect: {{ {} }}\n",
        asked.number,
        asked.from,
        asked.at,
        expect.join(", ")
    )
}

/// `PROPTEST_CASES=5000` looks longer.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(48)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_ways_to_ask_have_one_answer(text in files(), asked in proptest::collection::vec(asked(), 1..12)) {
        let revision = compiled(&text);
        let decisions: Vec<Decision> = asked.iter().map(|asked| decide(&revision, asked, Choice::Exact)).collect();
        for ((answer, decision), asked) in batch(&text, &asked).iter().zip(&decisions).zip(&asked) {
            prop_assert_eq!(explained(answer), as_explained(&revision, decision), "{:?}\n{}", asked, text);
        }

        let turns = Turns::new(&revision.snapshot.table);
        let mut tests = String::from("tests:\n");
        for (at, (asked, decision)) in asked.iter().zip(&decisions).enumerate() {
            tests.push_str(&as_test(&format!("exact {at}"), &revision, asked, decision, true));
            for seed in 0..4u64 {
                let seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ at as u64;
                let drawn = decide(&revision, asked, Choice::Drawn { seed, turns: &turns });
                tests.push_str(&as_test(&format!("drawn {at} {seed}"), &revision, asked, &drawn, false));
            }
        }
        let tested = compiled(&format!("{text}{tests}"));
        for verdict in route_tests::run(&tested) {
            prop_assert!(verdict.passed(), "{:?}\n{}{}", verdict.ending, text, tests);
        }
    }
}
