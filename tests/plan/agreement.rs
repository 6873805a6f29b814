//! `plan` against deciding each call on both sides, over pairs of tables by chance.
//!
//! `TRUNKLINE_DECISIONS=10000000 cargo test --release --test plan agreement` compares so many calls.

use crate::draws::{Dice, snapshot};
use crate::oracle::Answer;
use trunkline::health::Board;
use trunkline::plan::{Comparison, Form, Lookup, Window};
use trunkline::route::{ALPHABET, GroupIx};
use trunkline::time::Wall;

const DAY: i64 = 86_400_000_000;
/// Calls of a pair, and where many are wanted: making the pair costs as much as deciding some thousands.
const CALLS: (u64, u64) = (400, 4_000);

/// 2026-02-25, and 40 days on: a change of clocks in New York and one in Berlin.
fn window() -> Window {
    let from = "2026-02-25T11:17:00Z".parse::<jiff::Timestamp>().unwrap().as_microsecond();
    Window { from: Wall(from), until: Wall(from + 40 * DAY) }
}

#[test]
fn plan_says_what_deciding_each_call_says() {
    let wanted: u64 = std::env::var("TRUNKLINE_DECISIONS").map_or(60_000, |n| n.parse().expect("a number"));
    let first: u64 = std::env::var("TRUNKLINE_SEED").map_or(1, |n| n.parse().expect("a number"));
    let calls = if wanted > 1_000_000 { CALLS.1 } else { CALLS.0 };
    let (mut decisions, mut different, mut seed) = (0, 0, first);
    while decisions < wanted {
        different += pair(seed, calls);
        decisions += calls;
        seed += 1;
    }
    println!("{decisions} decisions on both sides of {} pairs, {different} of them different", seed - first);
    assert!(different * 20 > decisions && different * 2 < decisions, "{different} of {decisions} say too little");
}

/// Pairs that `plan` once read otherwise than the decision: courses that hold gateways nobody asks, a list inside a limited
/// one, a limit that lets another gateway step in for short numbers.
#[test]
fn pairs_that_once_differed_agree() {
    for seed in [1413, 2796, 5878] {
        assert!(pair(seed, CALLS.1) > 0, "seed {seed} has no change");
    }
}

/// Compares calls over one pair; how many are treated differently.
fn pair(seed: u64, calls: u64) -> u64 {
    let window = window();
    let (old, new) = (snapshot(seed, 0, window.from), snapshot(seed, 1, window.from));
    let comparison = Comparison::of(&old, &new, window, &[]);
    let lookup = Lookup::of(&comparison);
    let boards = (Board::all_up(old.table.gateways().len()), Board::all_up(new.table.gateways().len()));
    let prefixes: Vec<&str> =
        old.table.routes().iter().chain(new.table.routes()).flat_map(|route| &route.prefixes).map(|p| &**p).collect();
    let edges: Vec<Wall> = [&old, &new]
        .iter()
        .flat_map(|side| side.table.schedules().all_spans(window.from, window.until))
        .flat_map(|spans| spans.edges().to_vec())
        .filter(|edge| (window.from..window.until).contains(edge))
        .collect();
    let mut dice = Dice::new(&[seed, 7]);
    let mut different = 0;
    for _ in 0..calls {
        let number = number(&mut dice, &prefixes);
        let group = dice.below(comparison.groups.len());
        let wall = instant(&mut dice, window, &edges);
        let pair = &comparison.groups[group];
        let decide = |snapshot, board, group: Option<GroupIx>| {
            group.map_or(Answer::NoRoute, |group| Answer::of(snapshot, board, group, number.as_bytes(), wall))
        };
        let before = decide(&old, &boards.0, pair.old);
        let after = decide(&new, &boards.1, pair.new);
        let found = lookup.change_at(group, number.as_bytes(), wall);
        let say = || format!("seed {seed}, {} `{number}` at {wall:?}\nbefore {before:?}\nafter  {after:?}\n", pair.id);
        match found {
            None => assert!(before.same(&after), "{}plan sees no change", say()),
            Some(at) => {
                let key = comparison.key(&comparison.changes.list[at]);
                assert!(!before.same(&after), "{}plan sees {}", say(), shown(key, &comparison));
                assert!(fits(&key.before, &before, &comparison), "{}before is {:?}", say(), key.before);
                assert!(fits(&key.after, &after, &comparison), "{}after is {:?}", say(), key.after);
                different += 1;
            }
        }
    }
    different
}

/// A change in words.
fn shown(key: &trunkline::plan::Key, comparison: &Comparison<'_>) -> String {
    let course = |form: &Form| match form {
        Form::To { course, .. } => format!("{form:?} {:?}", comparison.course(*course)),
        form => format!("{form:?}"),
    };
    format!("{} -> {}", course(&key.before), course(&key.after))
}

/// Whether a decision is of the kind that a change speaks of, by the same number of gateways.
fn fits(form: &Form, answer: &Answer, comparison: &Comparison<'_>) -> bool {
    match (form, answer) {
        (Form::NoRoute, Answer::NoRoute) | (Form::Unusable, Answer::Unusable) => true,
        (Form::Reject { code, reason, .. }, Answer::Reject(c, r)) => code == c && **reason == **r,
        (Form::To { course, .. }, Answer::Courses(courses, _)) => {
            let stops = &comparison.course(*course).stops;
            courses.keys().all(|taken| taken.len() <= stops.len())
        }
        _ => false,
    }
}

/// A prefix of the tables, longer, shorter, or something else.
fn number(dice: &mut Dice, prefixes: &[&str]) -> String {
    let prefix = if prefixes.is_empty() { "" } else { dice.of(prefixes) };
    match dice.below(12) {
        0 => dice.digits(0, 3),
        1 => dice.digits(4, 9),
        2 => prefix.to_owned(),
        3 => prefix.get(..prefix.len().saturating_sub(1)).unwrap_or_default().to_owned(),
        // What can't be dialled is compared as a whole, so its beginning must not be made of digits.
        4 => format!("extension-{}", dice.digits(0, 3)),
        5 => format!("{prefix}{}", char::from(ALPHABET[dice.below(ALPHABET.len())])),
        _ => format!("{prefix}{}", dice.digits(0, 5)),
    }
}

fn instant(dice: &mut Dice, window: Window, edges: &[Wall]) -> Wall {
    let at = match dice.below(3) {
        0 if !edges.is_empty() => edges[dice.below(edges.len())].0 - dice.below(2) as i64,
        _ => window.from.0 + (dice.next() % (window.until.0 - window.from.0) as u64) as i64,
    };
    Wall(at.max(window.from.0))
}
