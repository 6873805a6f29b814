//! The trace: why the decision is as it is, as `explain` tells it.

use crate::support::*;
use std::fmt::Write;
use trunkline::health::Board;
use trunkline::route::*;

fn explain(table: &Table, facts: &Facts) -> String {
    let (mut decision, mut trace) = (Decision::default(), Trace::default());
    let board = Board::all_up(table.gateways().len());
    table.decide(facts, &board, Default::default(), &mut decision, Some(&mut trace));
    let mut out = String::new();
    let group = |ix: GroupIx| table.group(ix).id.clone();
    let next = trace.next_best.map_or("none".to_owned(), |(ix, by)| format!("{} ({by})", group(ix)));
    let chosen = decision.group.map_or("-".into(), group);
    writeln!(out, "group {chosen} ({}; next best: {next})", trace.group_by).unwrap();
    let route = decision.route.map_or("-".into(), |ix| table.route(ix).id.clone());
    writeln!(out, "route {route} {:?}", trace.prefix).unwrap();
    for passed in trace.passed_over {
        writeln!(out, "  not {} {:?}: {:?}", table.route(passed.route).id, passed.prefix, passed.why).unwrap();
    }
    out
}

fn office() -> Table {
    let user = |text: &str| Some(UserPattern { text: text.into(), prefix: text.ends_with('0') });
    let source = Some(Net { address: "10.0.0.0".parse().unwrap(), length: 8 });
    let lobby = Matcher { gateway: Some(GatewayIx(0)), user: user("150"), ..Matcher::default() };
    let office = Matcher { gateway: Some(GatewayIx(0)), ..Matcher::default() };
    let network = Matcher { source, domain: Some("pbx.example".into()), ..Matcher::default() };
    Plan::new(2)
        .group("office", vec![office, network])
        .group("lobby", vec![lobby])
        .route("emergency: =112 @1 @2")
        .route("short: 11 1 @1")
        .route("same: 112 @1")
        .route("low: 112 =112 @2")
        .route("international: 00 @1")
        .route("france: 0033 !5 @1")
        .route("france-dear: 0033 !1 @1")
        .route("rest: * @1")
        .route("rest-too: * !3 @1")
        .build()
}

#[test]
fn the_rules_passed_over_are_named_with_their_reason() {
    let table = office();
    let call = |number| Facts { source: "10.0.0.1".parse().unwrap(), gateway: Some(GatewayIx(0)), ..facts(number) };
    insta::assert_snapshot!(explain(&table, &call("112")), @r#"
    group office (gateway a; next best: none)
    route emergency "112"
      not same "112": Exact
      not short "11": Prefix
      not short "1": Prefix
      not rest-too "": Default
      not rest "": Default
    "#);
    insta::assert_snapshot!(explain(&table, &call("00331")), @r#"
    group office (gateway a; next best: none)
    route france "0033"
      not france-dear "0033": Priority
      not international "00": Prefix
      not rest-too "": Default
      not rest "": Default
    "#);
    insta::assert_snapshot!(explain(&table, &call("alice")), @r#"
    group office (gateway a; next best: none)
    route rest-too ""
      not rest "": Priority
    "#);
}

#[test]
fn the_group_is_told_with_its_matcher_and_the_next_best() {
    let table = office();
    let lobby = Facts { user: b"1507", source: "10.0.0.1".parse().unwrap(), ..facts("5") };
    insta::assert_snapshot!(explain(&table, &lobby), @r#"
    group lobby (gateway a, user 150*; next best: office (gateway a))
    route - ""
    "#);
    insta::assert_snapshot!(explain(&table, &Facts { source: "10.0.0.9".parse().unwrap(), ..facts("5") }), @r#"
    group office (source 10.0.0.0/8, domain pbx.example; next best: none)
    route rest-too ""
      not rest "": Priority
    "#);
    insta::assert_snapshot!(explain(&table, &Facts { group: Some(GroupIx(2)), ..facts("5") }), @r#"
    group lobby (as asked; next best: none)
    route - ""
    "#);
    insta::assert_snapshot!(explain(&table, &facts("5")), @r#"
    group - (; next best: none)
    route - ""
    "#);
    let table = Plan::new(1).route("all: *").build();
    insta::assert_snapshot!(explain(&table, &facts("5")), @r#"
    group default (default; next best: none)
    route all ""
    "#);
}
