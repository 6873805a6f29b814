//! The lints about shadowed, redundant and missing routes, against a table that is asked about every number at every hour.

use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use trunkline::config::{Code, Compiled, Diagnostics, FileSet, compile_at};
use trunkline::health::Board;
use trunkline::route::*;
use trunkline::time::{Now, Wall};

/// Monday 2026-11-23, 00:00 UTC.
const START: i64 = 1_795_392_000_000_000;
const HOUR: i64 = 3_600_000_000;

#[derive(Clone, Debug)]
struct RouteWords {
    prefixes: BTreeSet<String>,
    default: bool,
    exact: bool,
    groups: BTreeSet<usize>,
    priority: u8,
    when: Vec<(usize, bool)>,
    /// 0 to 2 lead to gateways, 3 and 4 refuse.
    end: u8,
    strip: u8,
}

fn some_route() -> impl Strategy<Value = RouteWords> {
    let prefixes = prop::collection::btree_set("[01]{1,3}", 1..3);
    let when = prop::collection::vec((0usize..4, any::<bool>()), 0..3);
    let groups = prop::collection::btree_set(0usize..2, 1..3);
    (prefixes, 0u8..7, prop::bool::weighted(0.2), groups, 0u8..3, when, 0u8..5, 0u8..3).prop_map(
        |(prefixes, default, exact, groups, priority, when, end, strip)| RouteWords {
            prefixes,
            default: default == 0,
            exact,
            groups,
            priority,
            when,
            end,
            strip,
        },
    )
}

fn text(routes: &BTreeMap<usize, RouteWords>) -> String {
    let mut out = String::from(
        r#"version: 1
access: { trusted: { pbx: ["192.168.10.10"] } }
gateways: { a: "192.0.2.1", b: "198.51.100.1" }
lists: { both: { members: [a, b] } }
groups:
  g0: { match: [{ user: "1" }] }
  g1: { match: [{ user: "2" }] }
schedules:
  s0: { days: [mon-fri], hours: ["08:00-18:00"] }
  s1: { hours: ["18:00-08:00"] }
  s2: { dates: ["2026-11-25"] }
  s3: { days: [sat-sun], except: [s1] }
routes:
"#,
    );
    for (n, words) in routes {
        let list = |items: Vec<String>| format!("[{}]", items.join(", "));
        let takes = match words.default {
            true => "default: true".to_owned(),
            false => {
                let prefixes = words.prefixes.iter().map(|p| format!("\"{p}\"")).collect();
                format!("prefix: {}, exact: {}", list(prefixes), words.exact)
            }
        };
        let end = match words.end {
            0 => "to: [a, b]",
            1 => "to: both",
            2 => "to: b",
            3 => "reject: 403",
            _ => "reject: 404",
        };
        let when = words.when.iter().map(|(s, not)| if *not { format!("{{ not: s{s} }}") } else { format!("s{s}") });
        let when = when.collect::<Vec<_>>();
        let when = if when.is_empty() { String::new() } else { format!(", when: {}", list(when)) };
        let number = match words.strip {
            _ if words.end > 2 => "",
            0 => "",
            1 => ", number: { strip: 1 }",
            _ => ", number: { strip: matched, add: \"9\" }",
        };
        let groups = list(words.groups.iter().map(|g| format!("g{g}")).collect());
        let priority = words.priority;
        out.push_str(&format!("  r{n}: {{ {takes}, group: {groups}, priority: {priority}, {end}{number}{when} }}\n"));
    }
    out
}

fn compiled(routes: &BTreeMap<usize, RouteWords>) -> (Option<Compiled>, Diagnostics) {
    compile_at(&FileSet::of(&[("routes.yaml", &text(routes))]), Wall(START))
}

/// All numbers of up to four characters of an alphabet with one more than the prefixes know.
fn numbers() -> Vec<String> {
    let mut out = vec![String::new()];
    let mut last = out.clone();
    for _ in 0..4 {
        last = last.iter().flat_map(|n| ["0", "1", "2"].map(|c| format!("{n}{c}"))).collect();
        out.extend(last.clone());
    }
    out.retain(|number| !number.is_empty());
    out
}

/// What becomes of each call: by group, number and hour of a week.
fn decisions(table: &Table) -> BTreeMap<(u16, String, i64), (Option<String>, String)> {
    let board = Board::all_up(2);
    let mut out = BTreeMap::new();
    let groups = ["g0", "g1"].map(|id| table.group_by_id(id).expect("a group"));
    for (number, (n, group)) in numbers().iter().flat_map(|n| groups.iter().enumerate().map(move |g| (n, g))) {
        // Every sixth hour meets each of the schedules' spans.
        for hour in (1..168).step_by(6) {
            let facts = Facts::of_group(number.as_bytes(), *group);
            let now = Now { wall: Wall(START + hour * HOUR), ..Now::default() };
            let mut decision = Decision::default();
            table.decide(&facts, &board, now, &mut decision, None);
            let route = decision.route.map(|ix| table.route(ix).id.to_string());
            let numbers: Vec<_> = decision.attempts.iter().map(|a| (a.gateway, a.number.to_vec())).collect();
            out.insert((n as u16, number.clone(), hour), (route, format!("{:?} {numbers:?}", decision.outcome)));
        }
    }
    out
}

/// The routes that a lint is about.
fn named(diagnostics: &Diagnostics, code: Code) -> BTreeSet<String> {
    let of_code = diagnostics.list().iter().filter(|d| d.code == code);
    of_code.map(|d| diagnostics.sources().slice(d.span).to_owned()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn lints_agree_with_deciding_every_call(routes in prop::collection::vec(some_route(), 1..7)) {
        let mut routes: BTreeMap<usize, RouteWords> = routes.into_iter().enumerate().collect();
        // Equal rules are refused; of the others the lints speak.
        let (mut found, mut diagnostics) = compiled(&routes);
        for _ in 0..routes.len() {
            if found.is_some() {
                break;
            }
            prop_assert!(diagnostics.list().iter().filter(|d| d.code.severity() == trunkline::config::Severity::Error)
                .all(|d| d.code == Code::DuplicateRule), "{}", diagnostics.human(false));
            let taken: usize = named(&diagnostics, Code::DuplicateRule).first().and_then(|id| id[1..].parse().ok())
                .expect("a route's id");
            routes.remove(&taken);
            (found, diagnostics) = compiled(&routes);
        }
        let Some(found) = found else { return Ok(()) };
        let all = decisions(&found.snapshot.table);

        let chosen: BTreeSet<String> = all.values().filter_map(|(route, _)| route.clone()).collect();
        let ids: BTreeSet<String> = routes.keys().map(|n| format!("r{n}")).collect();
        // One that is never active, whatever is asked, is not shadowed: its times are empty.
        let active = |id: &String| {
            let table = &found.snapshot.table;
            let ix = table.routes().iter().position(|r| *r.id == **id).expect("a route");
            (1..168).any(|hour| table.active(RouteIx(ix as u32), Wall(START + hour * HOUR)))
        };
        let never: BTreeSet<String> = ids.difference(&chosen).filter(|id| active(id)).cloned().collect();
        prop_assert_eq!(named(&diagnostics, Code::ShadowedRoute), never, "shadowed in\n{}", text(&routes));

        let mut spare = BTreeSet::new();
        for n in routes.keys().filter(|n| chosen.contains(&format!("r{n}"))) {
            let mut fewer = routes.clone();
            fewer.remove(n);
            let same = match compiled(&fewer).0 {
                Some(fewer) => {
                    let fewer = decisions(&fewer.snapshot.table);
                    fewer.iter().all(|(call, (_, what))| *what == all[call].1)
                }
                // Nothing is left at all.
                None => false,
            };
            if same {
                spare.insert(format!("r{n}"));
            }
        }
        prop_assert_eq!(named(&diagnostics, Code::RedundantRoute), spare, "redundant in\n{}", text(&routes));

        // A number that has a route at some hours, and none at others.
        let mut gaps = BTreeSet::new();
        let mut by_number: BTreeMap<(u16, &String), (bool, bool)> = BTreeMap::new();
        for ((group, number, _), (route, _)) in &all {
            let (some, none) = by_number.entry((*group, number)).or_default();
            *(if route.is_some() { some } else { none }) = true;
        }
        for ((group, number), _) in by_number.into_iter().filter(|(_, both)| *both == (true, true)) {
            let first = asked_first(&routes, group, number);
            gaps.extend(first);
        }
        prop_assert_eq!(named(&diagnostics, Code::TimeGap), gaps, "gaps in\n{}", text(&routes));
    }
}

/// The route with the longest prefix, exact ones first, then by priority; the catch-alls have no gap of their own.
fn asked_first(routes: &BTreeMap<usize, RouteWords>, group: u16, number: &str) -> Option<String> {
    let mut asked: Vec<(usize, bool, u8, usize)> = Vec::new();
    for (n, words) in routes.iter().filter(|(_, words)| !words.default && words.groups.contains(&usize::from(group))) {
        let fits = |p: &&String| if words.exact { **p == number } else { number.starts_with(p.as_str()) };
        asked
            .extend(words.prefixes.iter().filter(fits).map(|p| (p.len(), words.exact, words.priority, usize::MAX - n)));
    }
    asked.iter().max().map(|(.., n)| format!("r{}", usize::MAX - n))
}
