//! What `plan` is held to: a call decided on both sides, and the two decisions compared by everything that may happen.

use std::collections::BTreeMap;
use trunkline::health::Board;
use trunkline::proxy::Snapshot;
use trunkline::route::*;
use trunkline::time::{Now, Wall};

/// What a call comes to: each course it may take, with its probability.
#[derive(Clone, Debug)]
pub enum Answer {
    NoRoute,
    Unusable,
    Reject(u16, String),
    /// And whether the course depends on whose turn it is.
    Courses(BTreeMap<Vec<String>, f64>, bool),
}

impl Answer {
    pub fn of(snapshot: &Snapshot, board: &Board, group: GroupIx, number: &[u8], wall: Wall) -> Answer {
        let facts = Facts::of_group(number, group);
        let mut decision = Decision::default();
        snapshot.table.decide(&facts, board, Now { wall, ..Now::default() }, &mut decision, None);
        match &decision.outcome {
            Outcome::NoRoute | Outcome::NoGroup => Answer::NoRoute,
            Outcome::Unusable => Answer::Unusable,
            Outcome::Reject(reply) => Answer::Reject(reply.code, reply.reason.to_string()),
            Outcome::Attempts => {
                let stop = |at: usize| {
                    let attempt = &decision.attempts[at];
                    let gateway = snapshot.table.gateway(attempt.gateway);
                    format!("{} {}", gateway.address, String::from_utf8_lossy(&attempt.number))
                };
                let mut courses = BTreeMap::new();
                for (course, probability) in sequence(&decision.order, &[], None) {
                    *courses.entry(course.into_iter().map(stop).collect()).or_insert(0.0) += probability;
                }
                let at_turn = |turn| {
                    let mut sums: BTreeMap<Vec<usize>, u64> = BTreeMap::new();
                    for (course, p) in sequence(&decision.order, &[], Some(turn)) {
                        *sums.entry(course).or_default() += (p * 1e9_f64).round() as u64;
                    }
                    sums
                };
                let turns = format!("{:?}", decision.order).contains("RoundRobin")
                    && (1..12).any(|turn| at_turn(turn) != at_turn(0));
                Answer::Courses(courses, turns)
            }
        }
    }

    pub fn same(&self, other: &Answer) -> bool {
        match (self, other) {
            (Answer::NoRoute, Answer::NoRoute) | (Answer::Unusable, Answer::Unusable) => true,
            (Answer::Reject(a, x), Answer::Reject(b, y)) => (a, x) == (b, y),
            (Answer::Courses(a, x), Answer::Courses(b, y)) => {
                x == y && a.len() == b.len() && a.iter().zip(b).all(|((x, p), (y, q))| x == y && (p - q).abs() < 1e-9)
            }
            _ => false,
        }
    }
}

type Courses = Vec<(Vec<usize>, f64)>;

/// All orders in which these lines may be gone through after the attempts in `met`, which come first in each; with a turn,
/// rotations stand there.
fn sequence(lines: &[Line], met: &[usize], turn: Option<usize>) -> Courses {
    let mut all = vec![(met.to_vec(), 1.0)];
    for line in lines {
        all = all.into_iter().flat_map(|(course, p)| scaled(one(line, &course, turn), p)).collect();
    }
    all
}

fn one(line: &Line, met: &[usize], turn: Option<usize>) -> Courses {
    match line {
        Line::Attempt(at) if met.contains(at) => vec![(met.to_vec(), 1.0)],
        Line::Attempt(at) => vec![([met, &[*at]].concat(), 1.0)],
        Line::Each { of, limit } => limited(&of.iter().collect::<Vec<_>>(), *limit, met, turn),
        Line::RoundRobin { of, limit } => {
            let starts = turn.map_or(0..of.len(), |turn| turn % of.len()..turn % of.len() + 1);
            let share = 1.0 / starts.len() as f64;
            let turns = starts.flat_map(|first| {
                let mut turned: Vec<&Line> = of.iter().collect();
                turned.rotate_left(first);
                scaled(limited(&turned, *limit, met, turn), share)
            });
            turns.collect()
        }
        Line::Weighted { of, limit } => {
            let (drawn, last): (Vec<_>, Vec<_>) = of.iter().partition(|(weight, _)| *weight > 0);
            let orders = draws(&drawn.into_iter().map(|(w, line)| (*w, line)).collect::<Vec<_>>());
            let last: Vec<&Line> = last.into_iter().map(|(_, line)| line).collect();
            orders
                .into_iter()
                .flat_map(|(order, p)| scaled(limited(&[order, last.clone()].concat(), *limit, met, turn), p))
                .collect()
        }
    }
}

/// One after the other until so many of them gave an attempt.
fn limited(lines: &[&Line], limit: Option<u16>, met: &[usize], turn: Option<usize>) -> Courses {
    let Some((first, rest)) = lines.split_first().filter(|_| limit != Some(0)) else {
        return vec![(met.to_vec(), 1.0)];
    };
    let next = |(course, p): (Vec<usize>, f64)| {
        let left = limit.map(|left| left - u16::from(course.len() > met.len()));
        scaled(limited(rest, left, &course, turn), p)
    };
    one(first, met, turn).into_iter().flat_map(next).collect()
}

/// All orders of a draw without replacement.
fn draws<'l>(members: &[(u32, &'l Line)]) -> Vec<(Vec<&'l Line>, f64)> {
    let total: u32 = members.iter().map(|(weight, _)| weight).sum();
    if members.is_empty() {
        return vec![(Vec::new(), 1.0)];
    }
    let mut out = Vec::new();
    for (at, &(weight, line)) in members.iter().enumerate() {
        let mut rest = members.to_vec();
        rest.remove(at);
        let share = f64::from(weight) / f64::from(total);
        out.extend(draws(&rest).into_iter().map(|(order, p)| ([vec![line], order].concat(), p * share)));
    }
    out
}

fn scaled(courses: Courses, by: f64) -> Courses {
    courses.into_iter().map(|(course, p)| (course, p * by)).collect()
}
