//! Lists that draw, rotate and stop: exact shares, and calls that fall as the shares say.

use crate::support::*;
use siphasher::sip::SipHasher13;
use std::collections::HashMap;
use trunkline::health::{Board, Observed};
use trunkline::route::*;

/// One route `r` that takes everything, to `to`.
fn table(plan: Plan, to: &str) -> Table {
    let to = plan.members(to);
    plan.route_with("r: *", |route| route.target = RouteTarget::To(to)).build()
}

fn plan() -> Plan {
    Plan::new(6)
        .list("split: a=70 b=30")
        .list("outbound: split c")
        .list("pair: turn a b")
        .list("reserve: a=2 b=1 c=0 d=0")
        .list("north: a b")
        .list("south: turn c d")
        .list("mixed: north=1 south=3 e=4")
        .list("some: <2 a=1 b=1 c=2")
        .list("first: <1 a b")
        .list("turns: turn pair south")
        .list("late: first=0 a=1")
}

fn board(down: &str) -> Board {
    let board = Board::all_up(6);
    down.bytes().for_each(|g| board.set_observed(GatewayIx(u32::from(g - b'a')), Observed::Down));
    board
}

/// `1 a 70 % | b 30 %; 2 the other of 2; 3 c`.
fn positions(table: &Table, decision: &Decision) -> String {
    let id = |at: usize| table.gateway(decision.attempts[at].gateway).id.to_string();
    let what = |what: &AtPosition| match what {
        AtPosition::One(at) => id(*at),
        AtPosition::OneOf(shares) => {
            let parts = shares.iter().map(|&(at, share)| format!("{} {:.4} %", id(at), share * 100.0));
            parts.collect::<Vec<_>>().join(" | ").replace(".0000", "")
        }
        AtPosition::Others { of } => format!("others of {of}"),
    };
    let one = |p: &Position| match p.first == p.last {
        true => format!("{} {}", p.first, what(&p.what)),
        false => format!("{}-{} {}", p.first, p.last, what(&p.what)),
    };
    decision.positions().iter().map(one).collect::<Vec<_>>().join("; ")
}

#[test]
fn shares_are_exact_and_positions_say_what_comes_after() {
    let expected = [
        ("a b", "", "1 a; 2 b"),
        ("outbound", "", "1 a 70 % | b 30 %; 2 others of 2; 3 c"),
        // What is down leaves its share to the others.
        ("outbound", "a", "1 b; 2 c"),
        ("mixed", "b", "1 a 12.5000 % | c 18.7500 % | d 18.7500 % | e 50 %; 2-4 others of 4"),
        ("mixed", "cd", "1 a 20 % | e 80 %; 2-3 others of 3"),
        ("pair", "", "1 a 50 % | b 50 %; 2 others of 2"),
        ("pair c", "b", "1 a; 2 c"),
        ("reserve", "", "1 a 66.6667 % | b 33.3333 %; 2 others of 2; 3 c; 4 d"),
        ("reserve", "ab", "1 c; 2 d"),
        ("some e", "", "1 a 25 % | b 25 % | c 50 %; 2 others of 3; 3 e"),
        ("some e", "c", "1 a 50 % | b 50 %; 2 others of 2; 3 e"),
        // The limit counts what can be used.
        ("first c", "a", "1 b; 2 c"),
        ("first c", "", "1 a; 2 c"),
        ("turns", "", "1 a 25 % | b 25 % | c 25 % | d 25 %; 2-4 others of 4"),
        // What was tried before has no place in the draw.
        ("a split", "", "1 a; 2 b"),
        ("some split", "", "1 a 25 % | b 25 % | c 50 %; 2 others of 3; 3 a 70 % | b 30 %; 4 others of 2"),
        // The limit counts what is made here, not what was made before.
        ("late", "", "1 a; 2 b"),
        ("a first c", "", "1 a; 2 b; 3 c"),
        // Nothing is up: the last resort draws among all.
        ("split", "ab", "1 a 70 % | b 30 %; 2 others of 2"),
    ];
    for (to, down, said) in expected {
        let table = table(plan(), to);
        let decision = decide_with(&table, &facts("1"), &board(down));
        assert_eq!(positions(&table, &decision), said, "{to}, down: {down}");
        let all: f64 = decision.attempts.iter().map(|attempt| attempt.share).sum();
        assert!((all - 1.0).abs() < 1e-9, "{to}: {all}");
    }
}

/// How often each order came, in so many calls.
fn orders(table: &Table, board: &Board, calls: u64) -> HashMap<String, u32> {
    let turns = Turns::new(table);
    let mut out = HashMap::new();
    let mut decision = Decision::default();
    for call in 0..calls {
        // What a worker gives is a keyed hash of the call.
        let seed = SipHasher13::new_with_keys(1, 2).hash(&call.to_le_bytes());
        let asked = Facts { choice: Choice::Drawn { seed, turns: &turns }, ..facts("1") };
        table.decide(&asked, board, Default::default(), &mut decision, None);
        let order: String = decision.attempts.iter().map(|a| table.gateway(a.gateway).id.to_string()).collect();
        *out.entry(order).or_default() += 1;
        assert!(decision.order.is_empty(), "a call has one order");
    }
    out
}

/// The sum of (seen − expected)² / expected.
fn chi_square(seen: &HashMap<String, u32>, expected: &[(&str, f64)], calls: u64) -> f64 {
    assert_eq!(seen.values().sum::<u32>() as u64, calls);
    assert!(seen.keys().all(|order| expected.iter().any(|(known, _)| known == order)), "{seen:?}");
    let cell = |(order, share): &(&str, f64)| {
        let expected = share * calls as f64;
        (f64::from(*seen.get(*order).unwrap_or(&0)) - expected).powi(2) / expected
    };
    expected.iter().map(cell).sum()
}

#[test]
fn a_hundred_thousand_calls_fall_as_the_weights_say() {
    const CALLS: u64 = 100_000;
    // Second places too: without replacement, b after a comes with 30 of the 50 that are left.
    let three = Plan::new(3).list("w: a=50 b=30 c=20");
    let (a, b, c) = (0.5, 0.3, 0.2);
    let of_three = [
        ("abc", a * b / (b + c)),
        ("acb", a * c / (b + c)),
        ("bac", b * a / (a + c)),
        ("bca", b * c / (a + c)),
        ("cab", c * a / (a + b)),
        ("cba", c * b / (a + b)),
    ];
    // 99.9 % of fair draws stay below 20.5 with five degrees of freedom.
    let seen = chi_square(&orders(&table(three, "w"), &Board::all_up(3), CALLS), &of_three, CALLS);
    assert!(seen < 20.5, "{seen}");
    // One of them down: 10.8 with one degree.
    let down = chi_square(&orders(&table(plan(), "reserve"), &board("a"), CALLS), &[("bcd", 1.0)], CALLS);
    assert!(down < 10.8, "{down}");
    let split = [("abc", 0.7), ("bac", 0.3)];
    let seen = chi_square(&orders(&table(plan(), "outbound"), &board(""), CALLS), &split, CALLS);
    assert!(seen < 10.8, "{seen}");
    // Two lists that draw in one call don't draw alike.
    let two = Plan::new(4).list("x: a=1 b=1").list("y: c=1 d=1");
    let of_two = ["abcd", "abdc", "bacd", "badc"].map(|order| (order, 0.25));
    let seen = chi_square(&orders(&table(two, "x y"), &Board::all_up(4), CALLS), &of_two, CALLS);
    assert!(seen < 16.3, "{seen}");
}

#[test]
fn a_list_in_turn_starts_one_further_each_call() {
    let first = |to: &str, down: &str, calls: u64| {
        let table = table(plan(), to);
        let (turns, board, mut decision) = (Turns::new(&table), board(down), Decision::default());
        let mut out = String::new();
        for seed in 0..calls {
            let asked = Facts { choice: Choice::Drawn { seed, turns: &turns }, ..facts("1") };
            table.decide(&asked, &board, Default::default(), &mut decision, None);
            out.push_str(&table.gateway(decision.attempts[0].gateway).id);
        }
        out
    };
    assert_eq!(first("pair", "", 6), "ababab");
    // Only those that can be used have turns.
    assert_eq!(first("turns", "a", 6), "bcbdbc");
    // A list within a list moves on when the outer one has been through.
    assert_eq!(first("turns", "", 8), "acbdacbd");
    assert_eq!(orders(&table(plan(), "turns"), &board(""), 400).len(), 4);
}

#[test]
fn turns_outlive_a_reload_by_the_lists_ids() {
    let before = table(plan(), "pair");
    let turns = Turns::new(&before);
    let first = |table: &Table, turns: &Turns| {
        let asked = Facts { choice: Choice::Drawn { seed: 0, turns }, ..facts("1") };
        table.gateway(decide(table, &asked).attempts[0].gateway).id.to_string()
    };
    assert_eq!(first(&before, &turns), "a");
    let after = table(Plan::new(6).list("new: turn c d").list("pair: turn a b"), "pair");
    let carried = turns.carried(&before, &after);
    assert_eq!(first(&after, &carried), "b");
    // A call that decides by the old table still counts.
    assert_eq!(first(&before, &turns), "a");
    assert_eq!(first(&after, &carried), "b");
    let other = table(Plan::new(6).list("pear: turn a b"), "pear");
    assert_eq!(first(&other, &carried.carried(&after, &other)), "a");
}

#[test]
fn a_full_gateway_is_passed_over_even_when_nothing_else_is_left() {
    let table = table(plan(), "split");
    let board = board("");
    board.set_full(GatewayIx(0), true);
    let decision = decide_with(&table, &facts("1"), &board);
    assert_eq!(line_up(&table, &decision), "b:1 -a:Full");
    board.set_full(GatewayIx(1), true);
    let decision = decide_with(&table, &facts("1"), &board);
    assert_eq!((decision.outcome, decision.attempts.len()), (Outcome::Unusable, 0));
}
