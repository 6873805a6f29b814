//! What schedules, `when` and lists compile to.

use super::{compile_text, with};
use trunkline::config::Compiled;
use trunkline::health::Board;
use trunkline::route::*;
use trunkline::time::{Now, Wall};

fn compiled(text: &str) -> Compiled {
    let (compiled, diagnostics) = compile_text(text);
    compiled.unwrap_or_else(|| panic!("{}", diagnostics.human(false)))
}

fn route_at(compiled: &Compiled, number: &str, at: &str) -> String {
    let table = &compiled.snapshot.table;
    let at: jiff::Timestamp = at.parse().expect("a timestamp");
    let facts = Facts {
        number: number.as_bytes(),
        user: b"",
        domain: b"",
        source: [192, 168, 10, 10].into(),
        gateway: None,
        trusted: true,
        listener: None,
        account: None,
        group: None,
        choice: Choice::Exact,
    };
    let now = Now { wall: Wall(at.as_microsecond()), ..Now::default() };
    let mut decision = Decision::default();
    table.decide(&facts, &Board::all_up(table.gateways().len()), now, &mut decision, None);
    decision.route.map_or("-".into(), |ix| table.route(ix).id.to_string())
}

const TIMES: &str = r#"timezone: Europe/Berlin
schedules:
  holidays: { dates: ["2026-12-25", "yearly 01-01"] }
  open: { days: [mon-fri], hours: ["08:00-18:00"], except: [holidays] }
  night: { days: [daily], hours: ["22:00-06:00"] }
  fair: { from: "2027-03-01T07:00", until: "2027-03-05T20:00", timezone: America/New_York }
routes:
  any: { prefix: "1", when: [open, night], to: a }
  closed: { prefix: "1", when: { not: open }, priority: 5, to: a }
  neither: { prefix: "2", when: { not: [open, night] }, to: a }
  fair: { prefix: "3", when: fair, to: a }
  rest: { default: true, to: a }
"#;

#[test]
fn schedules_mean_the_wall_clock_of_their_zone() {
    let compiled = compiled(&with(TIMES));
    for (number, at, route) in [
        ("1", "2026-11-24T10:00+01:00", "any"),
        ("1", "2026-11-24T19:00+01:00", "closed"),
        ("1", "2026-12-25T10:00+01:00", "closed"),
        ("1", "2027-01-01T23:00+01:00", "closed"),
        ("2", "2026-11-24T10:00+01:00", "rest"),
        ("2", "2026-11-24T19:00+01:00", "neither"),
        ("2", "2026-11-24T23:00+01:00", "rest"),
        // Six hours behind.
        ("3", "2027-03-01T12:59+01:00", "rest"),
        ("3", "2027-03-01T13:00+01:00", "fair"),
        ("3", "2027-03-06T01:59+01:00", "fair"),
        ("3", "2027-03-06T02:00+01:00", "rest"),
    ] {
        assert_eq!(route_at(&compiled, number, at), route, "{number} at {at}");
    }
    let ids: Vec<&str> = compiled.snapshot.table.schedules().list().iter().map(|s| &*s.id).collect();
    assert_eq!(ids, ["fair", "holidays", "night", "open", "not (night, open)"]);
}

#[test]
fn lists_keep_their_policies_weights_and_limits() {
    let compiled = compiled(&with(
        r#"lists:
  split: { policy: weighted, members: [{ to: a, weight: 70 }, { to: b, weight: 0 }, pair] }
  pair: { policy: round-robin, limit: 1, members: [b, { to: a }] }
routes:
  everything: { default: true, to: split }
"#,
    ));
    let table = &compiled.snapshot.table;
    let [pair, split] = table.lists() else { panic!("two lists") };
    assert_eq!(
        (pair.policy, pair.limit, split.policy, split.limit),
        (Policy::RoundRobin, Some(1), Policy::Weighted, None)
    );
    let members: Vec<_> = split.members.iter().map(|share| (share.to, share.weight)).collect();
    let [a, b] = [Member::Gateway(GatewayIx(0)), Member::Gateway(GatewayIx(1))];
    assert_eq!(members, [(a, 70), (b, 0), (Member::List(ListIx(0)), 1)]);
    assert!(pair.members.iter().all(|share| share.weight == 1));
}
