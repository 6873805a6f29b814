//! Which rule takes a number: exact, the longest prefix, priority, the catch-all last.

use crate::support::*;
use trunkline::route::{GroupIx, Outcome, Reply, RouteTarget};

fn check(table: Plan, expected: &[(&str, &str)]) {
    let table = table.build();
    for (number, route) in expected {
        assert_eq!(chosen(&table, number), *route, "{number:?}");
    }
}

#[test]
fn the_longest_prefix_wins() {
    let plan = Plan::new(1).route("uk: 44").route("uk-mobile: 447 447").route("london: 4420").route("far: 44712345678");
    let expected = [
        ("44", "uk"),
        ("441", "uk"),
        ("447", "uk-mobile"),
        ("447123", "uk-mobile"),
        ("4471234567", "uk-mobile"),
        ("44712345678", "far"),
        ("447123456789", "far"),
        ("44712345679", "uk-mobile"),
        ("4420", "london"),
        ("442", "uk"),
        ("4", "-"),
        ("45", "-"),
        ("", "-"),
    ];
    check(plan, &expected);
}

#[test]
fn an_exact_number_beats_every_prefix() {
    let plan =
        Plan::new(1).route("emergency: =110 =112").route("services: 11 !9").route("same: 112 !9").route("all: *");
    let expected = [
        ("112", "emergency"),
        ("110", "emergency"),
        ("1121", "same"),
        ("1101", "services"),
        ("11", "services"),
        ("1", "all"),
    ];
    check(plan, &expected);
}

#[test]
fn higher_priority_wins_at_one_prefix_and_never_beats_a_longer_one() {
    let plan = Plan::new(1).route("low: 49 !1").route("high: 49 !65535").route("none: 49").route("longer: 4930");
    check(plan, &[("49", "high"), ("4930", "longer"), ("4931", "high")]);
    let exact = Plan::new(1).route("low: =49 !1").route("high: =49 !2").route("prefix: 49 !3");
    check(exact, &[("49", "high"), ("491", "prefix")]);
}

#[test]
fn plus_is_a_character_and_never_matches_00() {
    let plan = Plan::new(1).route("plus: +49").route("zeros: 0049").route("star: *31# *21*").route("letter: 1A");
    let expected = [
        ("+4930", "plus"),
        ("004930", "zeros"),
        ("4930", "-"),
        ("*31#017", "star"),
        ("*21*", "star"),
        ("*21", "-"),
        ("1A", "letter"),
        ("1B", "-"),
    ];
    check(plan, &expected);
}

#[test]
fn what_cannot_be_dialled_goes_to_the_catch_all_alone() {
    let plan = Plan::new(1).route("digits: 1202").route("deeper: 12025").route("all: *");
    // Unlike drouting (ROUTING.md N1), a rule elsewhere in the trie changes nothing.
    let expected = [
        ("1202", "digits"),
        ("1202abc", "all"),
        ("12025x", "all"),
        ("1202\u{e9}", "all"),
        ("", "all"),
        ("alice", "all"),
    ];
    check(plan, &expected);
    check(Plan::new(1).route("digits: 1202"), &[("1202abc", "-"), ("", "-")]);
}

#[test]
fn groups_do_not_see_each_other() {
    let plan = Plan::new(1).group("one", vec![]).group("two", vec![]);
    let plan = plan.route("first: 49 @1").route("second: 49 @2").route("both: 4930 @1 @2").route("rest: * @2");
    let table = plan.build();
    let expected = [
        (1, "491", "first"),
        (2, "491", "second"),
        (1, "4930", "both"),
        (2, "4930", "both"),
        (1, "5", "-"),
        (2, "5", "rest"),
        (0, "4930", "-"),
    ];
    for (group, number, route) in expected {
        let decision = decide(&table, &trunkline::route::Facts { group: Some(GroupIx(group)), ..facts(number) });
        assert_eq!(decision.route.map_or("-", |ix| &table.route(ix).id), route, "{group} {number}");
        assert_eq!(decision.group, Some(GroupIx(group)));
        assert_eq!(decision.outcome == Outcome::NoRoute, route == "-");
    }
}

#[test]
fn long_and_awkward_prefixes_are_found() {
    let long = "1234567890".repeat(6);
    let plan = Plan::new(1)
        .route(&format!("sixty: {long}"))
        .route(&format!("sixty-four: {long}AB*#"))
        .route("six: 123456")
        .route("seven: 1234567")
        .route("twelve: 123456789012");
    let (sixty_three, other) = (format!("{long}AB*"), format!("{}1", &long[..59]));
    let (sixty_four, longer) = (format!("{long}AB*#"), format!("{long}AB*#0"));
    let expected = [
        (long.as_str(), "sixty"),
        (&sixty_three, "sixty"),
        (&sixty_four, "sixty-four"),
        (&longer, "sixty-four"),
        (&other, "twelve"),
        ("12345", "-"),
        ("123456", "six"),
        ("12345678901", "seven"),
        ("123456789012", "twelve"),
    ];
    check(plan, &expected);
}

#[test]
fn a_table_without_rules_has_no_route() {
    let table = Plan::new(0).group("one", vec![]).build();
    let none = decide(&table, &trunkline::route::Facts { group: Some(GroupIx(1)), ..facts("112") });
    assert_eq!((none.outcome, none.route), (Outcome::NoRoute, None));
}

#[test]
fn a_route_may_refuse() {
    let reply = Reply { code: 403, reason: "Premium numbers are barred".into() };
    let barred = reply.clone();
    let table =
        Plan::new(1).route("all: *").route_with("premium: 0900", |r| r.target = RouteTarget::Reject(barred)).build();
    let decision = decide(&table, &facts("0900123"));
    assert_eq!(decision.outcome, Outcome::Reject(reply));
    assert!(decision.attempts.is_empty() && decision.skipped.is_empty());
}

#[test]
fn a_decision_is_cleared_before_it_is_filled_again() {
    let table = Plan::new(1).route("one: 1").build();
    let mut decision = decide(&table, &facts("1"));
    assert_eq!(decision.attempts.len(), 1);
    let board = trunkline::health::Board::all_up(1);
    table.decide(&facts("2"), &board, Default::default(), &mut decision, None);
    assert_eq!((&decision.outcome, decision.route, decision.attempts.len()), (&Outcome::NoRoute, None, 0));
}
