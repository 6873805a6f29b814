//! Walking a group's prefixes finds every rule at its place, and nothing else.

use crate::support::*;
use trunkline::route::*;

fn visit(table: &Table, at: Cursor, path: &mut String, found: &mut Vec<String>) {
    for rule in table.rules_at(at) {
        let exact = if rule.exact { "=" } else { "" };
        found.push(format!("{exact}{path} {}", table.route(rule.route).id));
    }
    for character in table.onward(at) {
        let next = table.step(at, character).expect("a character that leads on");
        path.push(char::from(character));
        visit(table, next, path, found);
        path.pop();
    }
}

#[test]
fn every_rule_is_met_where_its_prefix_ends() {
    let table = Plan::new(2)
        .group("other", vec![])
        .route("long: 0123456789012345 01234567")
        .route("short: 01 +49 #31#")
        .route("whole: =01 =0123 !3")
        .route("high: 01 !7")
        .route("rest: *")
        .build();
    let top = table.top(GroupIx(0)).expect("prefixes");
    let mut found = Vec::new();
    visit(&table, top, &mut String::new(), &mut found);
    let expected = [
        "#31# short",
        "+49 short",
        "=01 whole",
        "01 high",
        "01 short",
        "=0123 whole",
        "01234567 long",
        "0123456789012345 long",
    ];
    assert_eq!(found, expected);
    assert_eq!(table.catch_alls(GroupIx(0)).len(), 1);
    assert!(table.top(GroupIx(1)).is_none() && table.catch_alls(GroupIx(1)).is_empty());
    assert!(table.step(top, b'9').is_none() && table.step(top, b'x').is_none());
}
