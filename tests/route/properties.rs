//! The compiled table against the rules read one by one, as ROUTING.md §2 words them with trunkline's differences.

use crate::support::*;
use proptest::prelude::*;
use std::cell::Cell;
use trunkline::health::{Board, Observed};
use trunkline::route::*;

const TABLES: u32 = 500;
const NUMBERS: usize = 500;
const GROUPS: u16 = 3;

#[derive(Clone, Debug)]
struct RuleWords {
    prefixes: Vec<String>,
    default: bool,
    exact: bool,
    groups: Vec<u16>,
    priority: u16,
    to: Vec<usize>,
    number: (u8, bool),
    raw: bool,
    last_resort: bool,
}

/// Few different characters, so that prefixes meet; long shared stretches, so that compressed ones are cut anywhere.
fn digits() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[012]{1,4}",
        2 => "[0-9+*#A-D]{1,6}",
        3 => "(0120120120120){0,1}[012]{1,9}",
        // These three differ in their symbols' high bits alone.
        2 => "(0480480480480){0,2}[048]{5,9}",
    ]
    .prop_filter("a prefix is not empty", |text| !text.is_empty())
}

fn rule() -> impl Strategy<Value = RuleWords> {
    let prefixes = prop::collection::vec(digits(), 1..4);
    let target = (prop::collection::vec(0usize..6, 0..5), 0u8..4, any::<bool>(), any::<bool>(), any::<bool>());
    (prefixes, 0..12, any::<bool>(), prop::collection::vec(0..GROUPS, 1..3), target).prop_map(
        |(prefixes, default, exact, groups, (to, strip, add, raw, last_resort))| RuleWords {
            prefixes,
            default: default == 0,
            exact,
            groups,
            priority: 0,
            to,
            number: (strip, add),
            raw,
            last_resort,
        },
    )
}

/// Members 0 to 3 are gateways, 4 and 5 the lists `a b` and `d list4 b`.
fn member(n: usize) -> Member {
    if n < 4 { Member::Gateway(GatewayIx(n as u32)) } else { Member::List(ListIx(n as u32 - 4)) }
}

fn table(rules: &[RuleWords]) -> Table {
    let mut plan = Plan::new(4).group("one", vec![]).group("two", vec![]).list("x: a b").list("y: d x b");
    plan.draft.gateways[1].number = number_change("-2+9");
    for (n, words) in rules.iter().enumerate() {
        let mut route = route(&format!("r{n}"));
        if words.default {
            route.default = true;
        } else {
            route.prefixes = words.prefixes.iter().map(|p| p.as_str().into()).collect();
            route.exact = words.exact;
        }
        route.groups = words.groups.iter().copied().map(GroupIx).collect();
        route.priority = words.priority;
        route.target = RouteTarget::To(words.to.iter().copied().map(member).collect());
        route.number = NumberChange { strip: strip(words), add: if words.number.1 { "5".into() } else { "".into() } };
        route.raw = words.raw;
        let mut failover = failover();
        failover.last_resort = words.last_resort;
        route.failover = failover.into();
        plan.draft.routes.push(route);
    }
    plan.build()
}

fn strip(words: &RuleWords) -> Strip {
    if words.number.0 == 3 { Strip::Matched } else { Strip::Digits(words.number.0) }
}

/// The rule for a number: of all that match, the exact one, then the longest prefix, then the priority.
fn reference(rules: &[RuleWords], group: u16, number: &str) -> Option<(usize, usize)> {
    let can_be_dialled = number.chars().all(|c| "0123456789+*#ABCD".contains(c));
    let matches = |words: &RuleWords, prefix: &str| match words.exact {
        true => number == prefix,
        false => number.starts_with(prefix),
    };
    let of_group = || rules.iter().enumerate().filter(|(_, words)| words.groups.contains(&group));
    let by_prefix = of_group().filter(|(_, words)| can_be_dialled && !words.default).flat_map(|(n, words)| {
        let fitting = words.prefixes.iter().filter(|prefix| matches(words, prefix));
        fitting.map(move |prefix| ((words.exact, prefix.len(), words.priority), n))
    });
    let by_default = of_group().filter(|(_, words)| words.default).map(|(n, words)| ((false, 0, words.priority), n));
    by_prefix.max().or_else(|| by_default.max()).map(|((_, length, _), n)| (n, length))
}

/// The gateways in order, with the number each would get, or none.
fn gateways(words: &RuleWords, number: &str, matched: usize) -> Vec<(u32, Option<String>)> {
    fn open(n: usize, out: &mut Vec<u32>) {
        match n {
            4 => [0, 1].into_iter().for_each(|n| open(n, out)),
            5 => [3, 4, 1].into_iter().for_each(|n| open(n, out)),
            n => out.push(n as u32),
        }
    }
    let mut all = Vec::new();
    words.to.iter().for_each(|&n| open(n, &mut all));
    let mut once = Vec::new();
    all.into_iter().for_each(|g| {
        if !once.contains(&g) {
            once.push(g)
        }
    });
    let change = |number: &str, strip: usize, add: &str| number.get(strip..).map(|rest| format!("{add}{rest}"));
    let routed = |g: u32| {
        let strip = if words.number.0 == 3 { matched } else { usize::from(words.number.0) };
        let first = change(number, strip, if words.number.1 { "5" } else { "" })?;
        if g == 1 && !words.raw { change(&first, 2, "9") } else { Some(first) }
    };
    once.into_iter().map(|g| (g, routed(g).filter(|n| !n.is_empty()))).collect()
}

/// u(p), d(own), x (disabled) for each gateway; the attempts expected.
fn attempts(words: &RuleWords, states: &[u8], gateways: &[(u32, Option<String>)]) -> Vec<(u32, String, bool)> {
    let with = |state: u8, down: bool| {
        let those = gateways.iter().filter(move |(g, _)| states[*g as usize] == state);
        those.filter_map(move |(g, number)| Some((*g, number.clone()?, down))).collect::<Vec<_>>()
    };
    match with(b'u', false) {
        none if none.is_empty() && words.last_resort => with(b'd', true),
        attempts => attempts,
    }
}

fn board(states: &[u8]) -> Board {
    let board = Board::all_up(states.len());
    for (ix, state) in (0..).map(GatewayIx).zip(states) {
        match state {
            b'd' => board.set_observed(ix, Observed::Down),
            b'x' => board.set_disabled(ix, true),
            _ => {}
        }
    }
    board
}

#[test]
fn the_table_decides_as_the_rules_say() {
    let decisions = Cell::new(0usize);
    let rules = prop::collection::vec(rule(), 0..40).prop_map(|mut rules| {
        // No two rules alike: the configuration refuses them.
        (0..).zip(&mut rules).for_each(|(n, words)| words.priority = n * 37 % 101);
        rules
    });
    let number = prop_oneof![8 => digits(), 1 => "[0-2x]{0,5}", 1 => Just(String::new())];
    let states = prop::collection::vec(prop_oneof![3 => Just(b'u'), 1 => Just(b'd'), 1 => Just(b'x')], 4);
    let config = ProptestConfig { cases: TABLES, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(rules in rules, numbers in prop::collection::vec(number, NUMBERS), states in states)| {
        let (table, board) = (table(&rules), board(&states));
        let mut decision = Decision::default();
        let turns = Turns::new(&table);
        for (n, number) in numbers.iter().enumerate() {
            let group = n as u16 % GROUPS;
            // Where nothing is left to chance, a call's own order is the exact one.
            let choice = if n % 2 == 0 { Choice::Exact } else { Choice::Drawn { seed: n as u64, turns: &turns } };
            let asked = Facts { group: Some(GroupIx(group)), choice, ..facts(number) };
            table.decide(&asked, &board, Default::default(), &mut decision, None);
            decisions.set(decisions.get() + 1);
            let expected = reference(&rules, group, number);
            prop_assert_eq!(decision.route.map(|ix| ix.0 as usize), expected.map(|(n, _)| n), "{:?}", number);
            let Some((n, matched)) = expected else {
                prop_assert_eq!(&decision.outcome, &Outcome::NoRoute);
                continue;
            };
            let expected = attempts(&rules[n], &states, &gateways(&rules[n], number, matched));
            let got: Vec<_> = decision.attempts.iter()
                .map(|a| (a.gateway.0, String::from_utf8(a.number.to_vec()).unwrap(), a.down))
                .collect();
            prop_assert_eq!(got, expected, "{:?}", number);
        }
    });
    assert!(decisions.get() >= 200_000, "{} decisions", decisions.get());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    /// The trace names the chosen rule's prefix and every other rule that would have taken the number, once.
    #[test]
    fn the_trace_names_every_rule_that_matches(
        rules in prop::collection::vec(rule(), 0..30),
        number in digits(),
    ) {
        let rules: Vec<_> = (0..).zip(rules).map(|(priority, words)| RuleWords { priority, ..words }).collect();
        let table = table(&rules);
        let (mut decision, mut trace) = (Decision::default(), Trace::default());
        let asked = Facts { group: Some(GroupIx(0)), ..facts(&number) };
        table.decide(&asked, &board(b"uuuu"), Default::default(), &mut decision, Some(&mut trace));
        let mut expected = Vec::new();
        for (n, words) in rules.iter().enumerate().filter(|(_, words)| words.groups.contains(&0)) {
            let fits = |p: &&String| if words.exact { **p == number } else { number.starts_with(p.as_str()) };
            let mut prefixes: Vec<_> = words.prefixes.iter().filter(fits).cloned().collect();
            prefixes.sort();
            prefixes.dedup();
            if words.default {
                prefixes = vec![String::new()];
            }
            expected.extend(prefixes.into_iter().map(|p| (n as u32, p)));
        }
        let chosen = decision.route.map(|ix| (ix.0, trace.prefix.clone()));
        let passed = trace.passed_over.iter().map(|p| (p.route.0, p.prefix.clone()));
        let mut got: Vec<_> = chosen.into_iter().chain(passed).collect();
        got.sort();
        expected.sort();
        prop_assert_eq!(got, expected);
    }

    /// No bytes can make the cleaning or the decision panic, and whatever is decided names gateways of the rule.
    #[test]
    fn any_bytes_are_decided(user in prop::collection::vec(any::<u8>(), 0..80)) {
        let mut number = Number::new();
        clean(&user, &mut number);
        let table = Plan::new(2).route("one: 1").route("all: *").build();
        let decision = decide(&table, &Facts { number: &number, ..facts("") });
        prop_assert!(decision.route.is_some());
    }
}
