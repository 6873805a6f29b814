//! From a route to its attempts: lists, numbers, health.

use crate::support::*;
use trunkline::health::{Board, Observed};
use trunkline::route::{GatewayIx, Outcome, Route, RouteTarget, Table};

/// A table with one catch-all to `to`.
fn table(plan: Plan, to: &str, change: impl FnOnce(&mut Route)) -> Table {
    let to = plan.members(to);
    plan.route_with("all: 0 *", |route| {
        route.target = RouteTarget::To(to);
        change(route);
    })
    .build()
}

#[test]
fn lists_stand_in_place_and_a_gateway_is_tried_once() {
    let plan = || Plan::new(5).list("pair: b c").list("outer: a pair d").list("twice: pair pair b").list("empty: ");
    let expected = [
        ("a b", "a:01 b:01"),
        ("b a b", "b:01 a:01 -b:Repeated"),
        ("pair a", "b:01 c:01 a:01"),
        ("e outer", "e:01 a:01 b:01 c:01 d:01"),
        ("c outer", "c:01 a:01 b:01 d:01 -c:Repeated"),
        ("pair outer", "b:01 c:01 a:01 d:01 -b:Repeated -c:Repeated"),
        ("twice", "b:01 c:01 -b:Repeated -c:Repeated"),
        ("empty a", "a:01"),
    ];
    for (to, lined_up) in expected {
        let table = table(plan(), to, |_| ());
        assert_eq!(line_up(&table, &decide(&table, &facts("01"))), lined_up, "{to}");
    }
}

#[test]
fn lists_within_lists_do_not_multiply() {
    let mut plan = Plan::new(2).list("l0: a b");
    for n in 1..40 {
        plan = plan.list(&format!("l{n}: l{m} l{m}", m = n - 1));
    }
    let table = table(plan, "l39 l39", |_| ());
    let decision = decide(&table, &facts("01"));
    assert_eq!(decision.attempts.len(), 2);
    assert!(decision.skipped.len() < 10);
}

#[test]
fn each_number_starts_from_the_dialled_one() {
    // checklist F15. The changes of route, gateway a and gateway b; raw; what they get for 0049301
    let table_of = [
        ("", "", "", false, "a:0049301 b:0049301"),
        ("-2", "++", "+00", false, "a:+49301 b:0049301"),
        ("-2", "++", "+00", true, "a:49301 b:49301"),
        ("-m", "", "-1", false, "a:049301 b:49301"),
        ("-7", "+1", "", false, "a:1 -b:Number"),
        ("-7", "-1", "", false, "-a:Number -b:Number"),
        ("-8", "+1", "+1", false, "-a:Number -b:Number"),
        ("-7+112", "-3", "-4", false, "-a:Number -b:Number"),
        ("+1", "-8", "-7", false, "b:1 -a:Number"),
    ];
    for (of_route, of_a, of_b, raw, lined_up) in table_of {
        let mut plan = Plan::new(2);
        plan.draft.gateways[0].number = number_change(of_a);
        plan.draft.gateways[1].number = number_change(of_b);
        let table = table(plan, "a b", |route| {
            route.number = number_change(of_route);
            route.raw = raw;
        });
        let decision = decide(&table, &facts("0049301"));
        assert_eq!(line_up(&table, &decision), lined_up, "{of_route} {of_a} {of_b} {raw}");
        let expected = if decision.attempts.is_empty() { Outcome::Unusable } else { Outcome::Attempts };
        assert_eq!(decision.outcome, expected);
    }
}

#[test]
fn no_number_at_all_is_no_attempt() {
    let table = table(Plan::new(1), "a", |_| ());
    assert_eq!(line_up(&table, &decide(&table, &facts(""))), "-a:Number");
}

#[test]
fn what_is_known_to_be_down_is_passed_over() {
    // States of a, b, c: u(p), ? (unknown), d(own), x (disabled). last_resort; the line-up. (checklist F11, F12)
    let table_of = [
        ("uuu", true, "a:01 b:01 c:01"),
        ("???", true, "a:01 b:01 c:01"),
        ("duu", true, "b:01 c:01 -a:Down"),
        ("xud", true, "b:01 -a:Disabled -c:Down"),
        ("ddd", true, "a:01! b:01! c:01!"),
        ("dxd", true, "a:01! c:01! -b:Disabled"),
        ("ddd", false, "-a:Down -b:Down -c:Down"),
        ("xxx", true, "-a:Disabled -b:Disabled -c:Disabled"),
    ];
    for (states, last_resort, lined_up) in table_of {
        let table = table(Plan::new(3), "a b c", |route| {
            let mut failover = failover();
            failover.last_resort = last_resort;
            route.failover = failover.into();
        });
        let board = Board::all_up(3);
        for (ix, state) in (0..).map(GatewayIx).zip(states.chars()) {
            match state {
                'd' => board.set_observed(ix, Observed::Down),
                '?' => board.set_observed(ix, Observed::Unknown),
                'x' => board.set_disabled(ix, true),
                _ => {}
            }
        }
        let decision = decide_with(&table, &facts("01"), &board);
        assert_eq!(line_up(&table, &decision), lined_up, "{states} {last_resort}");
        assert_eq!(decision.outcome == Outcome::Unusable, decision.attempts.is_empty());
        let shares: Vec<f64> = decision.attempts.iter().map(|a| a.share).collect();
        assert!(shares.iter().enumerate().all(|(i, s)| *s == if i == 0 { 1.0 } else { 0.0 }), "{shares:?}");
    }
}

#[test]
fn a_gateway_without_a_slot_is_never_tried() {
    let table = table(Plan::new(2), "a b", |_| ());
    let decision = decide_with(&table, &facts("01"), &Board::all_up(1));
    assert_eq!(line_up(&table, &decision), "a:01 -b:Removed");
}

#[test]
fn many_gateways_fit_in_one_list() {
    let mut plan = Plan::new(1);
    let first = plan.draft.gateways[0].clone();
    plan.draft.gateways = vec![first; 2000];
    let to = (0..2000).chain(0..2000).map(|n| trunkline::route::Member::Gateway(GatewayIx(n))).collect();
    let table = plan.route_with("all: *", |route| route.target = RouteTarget::To(to)).build();
    let decision = decide(&table, &facts("1"));
    assert_eq!((decision.attempts.len(), decision.skipped.len()), (2000, 2000));
}
