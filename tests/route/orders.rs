//! What the exact decision says about the order of attempts, against every course that a call can take.

use crate::support::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use trunkline::health::{Board, Observed};
use trunkline::route::*;

const GATEWAYS: usize = 5;

#[derive(Clone, Debug)]
struct ListWords {
    policy: u8,
    /// Below [`GATEWAYS`] a gateway, above an earlier list.
    members: Vec<(usize, u32)>,
    limit: Option<u16>,
}

/// Probabilities of whole orders.
type Orders = BTreeMap<Vec<u32>, f64>;

#[derive(Clone, Default)]
struct Course {
    tried: Vec<u32>,
    opened: BTreeSet<usize>,
}

/// The lists taken at their word: all courses with their probabilities.
struct Words<'a> {
    lists: &'a [ListWords],
    usable: &'a [bool],
}

impl Words<'_> {
    fn member(&self, member: usize, course: Course, share: f64, out: &mut Vec<(Course, f64)>) {
        let mut course = course;
        let Some(at) = member.checked_sub(GATEWAYS) else {
            if self.usable[member] && !course.tried.contains(&(member as u32)) {
                course.tried.push(member as u32);
            }
            return out.push((course, share));
        };
        if !course.opened.insert(at) {
            return out.push((course, share));
        }
        let list = &self.lists[at];
        let members = list.members.clone();
        let limit = list.limit.map_or(usize::MAX, usize::from);
        match list.policy {
            0 => self.each(&members, limit, course, share, out),
            1 => self.drawn(members, limit, course, share, out),
            _ => {
                let (usable, not): (Vec<_>, Vec<_>) =
                    members.into_iter().partition(|(member, _)| self.can(*member, &course));
                for start in 0..usable.len().max(1) {
                    let mut order = usable.clone();
                    order.rotate_left(start);
                    order.extend(&not);
                    self.each(&order, limit, course.clone(), share / usable.len().max(1) as f64, out);
                }
            }
        }
    }

    fn can(&self, member: usize, course: &Course) -> bool {
        match member.checked_sub(GATEWAYS) {
            None => self.usable[member] && !course.tried.contains(&(member as u32)),
            Some(list) => self.lists[list].members.iter().any(|(member, _)| self.can(*member, course)),
        }
    }

    fn each(&self, members: &[(usize, u32)], limit: usize, course: Course, share: f64, out: &mut Vec<(Course, f64)>) {
        let Some((&(first, _), rest)) = members.split_first().filter(|_| limit > 0) else {
            return out.push((course, share));
        };
        let before = course.tried.len();
        let mut after = Vec::new();
        self.member(first, course, share, &mut after);
        for (course, share) in after {
            let used = usize::from(course.tried.len() > before);
            self.each(rest, limit - used, course, share, out);
        }
    }

    fn drawn(&self, left: Vec<(usize, u32)>, limit: usize, course: Course, share: f64, out: &mut Vec<(Course, f64)>) {
        let total: u32 = left.iter().map(|(_, weight)| weight).sum();
        if total == 0 || limit == 0 {
            return self.each(&left, limit, course, share, out);
        }
        let before = course.tried.len();
        for (at, &(member, weight)) in left.iter().enumerate().filter(|(_, (_, weight))| *weight > 0) {
            let mut rest = left.clone();
            rest.remove(at);
            let mut after = Vec::new();
            self.member(member, course.clone(), share * f64::from(weight) / f64::from(total), &mut after);
            for (course, share) in after {
                let used = usize::from(course.tried.len() > before);
                self.drawn(rest.clone(), limit - used, course, share, out);
            }
        }
    }
}

/// The lines of a decision, gone through in every way.
fn follow(lines: &[Line], limit: usize, tried: Vec<usize>, share: f64, out: &mut Vec<(Vec<usize>, f64)>) {
    let Some((first, rest)) = lines.split_first().filter(|_| limit > 0) else { return out.push((tried, share)) };
    let before = tried.len();
    let mut after = Vec::new();
    one(first, tried, share, &mut after);
    for (tried, share) in after {
        let used = usize::from(tried.len() > before);
        follow(rest, limit - used, tried, share, out);
    }
}

fn one(line: &Line, mut tried: Vec<usize>, share: f64, out: &mut Vec<(Vec<usize>, f64)>) {
    let most = |limit: &Option<u16>| limit.map_or(usize::MAX, usize::from);
    match line {
        Line::Attempt(at) => {
            if !tried.contains(at) {
                tried.push(*at);
            }
            out.push((tried, share));
        }
        Line::Each { of, limit } => follow(of, most(limit), tried, share, out),
        Line::RoundRobin { of, limit } => {
            let (able, unable): (Vec<_>, Vec<_>) = of.iter().cloned().partition(|line| gives(line, &tried));
            for start in 0..able.len().max(1) {
                let mut order = able.clone();
                order.rotate_left(start);
                order.extend(unable.clone());
                follow(&order, most(limit), tried.clone(), share / able.len().max(1) as f64, out);
            }
        }
        Line::Weighted { of, limit } => draw(of.clone(), most(limit), tried, share, out),
    }
}

fn draw(left: Vec<(u32, Line)>, limit: usize, tried: Vec<usize>, share: f64, out: &mut Vec<(Vec<usize>, f64)>) {
    let total: u32 = left.iter().map(|(weight, _)| weight).sum();
    if total == 0 || limit == 0 {
        let lines: Vec<Line> = left.into_iter().map(|(_, line)| line).collect();
        return follow(&lines, limit, tried, share, out);
    }
    for at in (0..left.len()).filter(|&at| left[at].0 > 0) {
        let mut rest = left.clone();
        let (weight, line) = rest.remove(at);
        let mut after = Vec::new();
        one(&line, tried.clone(), share * f64::from(weight) / f64::from(total), &mut after);
        for (now, share) in after {
            let used = usize::from(now.len() > tried.len());
            draw(rest.clone(), limit - used, now, share, out);
        }
    }
}

fn gives(line: &Line, tried: &[usize]) -> bool {
    match line {
        Line::Attempt(at) => !tried.contains(at),
        Line::Each { of, .. } | Line::RoundRobin { of, .. } => of.iter().any(|line| gives(line, tried)),
        Line::Weighted { of, .. } => of.iter().any(|(_, line)| gives(line, tried)),
    }
}

fn some_lists() -> impl Strategy<Value = Vec<ListWords>> {
    let list = |at: usize| {
        let member = (0..GATEWAYS + at, prop::sample::select(vec![0u32, 1, 1, 2, 3]));
        let members = prop::collection::vec(member, 0..4);
        (0u8..3, members, prop::option::weighted(0.3, 1u16..3)).prop_map(|(policy, members, limit)| ListWords {
            policy,
            members,
            limit,
        })
    };
    (list(0), list(1), list(2)).prop_map(|(a, b, c)| vec![a, b, c])
}

/// How many ways lead to a list.
fn ways(lists: &[ListWords], to: &[usize], list: usize) -> usize {
    let from = |members: &mut dyn Iterator<Item = usize>| {
        members
            .filter_map(|m| m.checked_sub(GATEWAYS))
            .map(|at| {
                if at == list {
                    1
                } else {
                    let inner: Vec<usize> = lists[at].members.iter().map(|(m, _)| *m).collect();
                    ways(lists, &inner, list)
                }
            })
            .sum()
    };
    from(&mut to.iter().copied())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_exact_decision_is_the_sum_of_all_courses(
        lists in some_lists(),
        to in prop::collection::vec(0..GATEWAYS + 3, 1..4),
        usable in prop::collection::vec(prop::bool::weighted(0.8), GATEWAYS),
    ) {
        let mut lists = lists;
        // A list with a limit that stands in several places is used at the first that is met, which lines can't say.
        for at in 0..lists.len() {
            if ways(&lists, &to, at) > 1 {
                lists[at].limit = None;
            }
        }
        let mut plan = Plan::new(GATEWAYS as u8);
        let member = |n: usize| match n.checked_sub(GATEWAYS) {
            None => Member::Gateway(GatewayIx(n as u32)),
            Some(list) => Member::List(ListIx(list as u32)),
        };
        for (at, words) in lists.iter().enumerate() {
            plan.draft.lists.push(List {
                id: format!("l{at}").into(),
                policy: [Policy::Ordered, Policy::Weighted, Policy::RoundRobin][usize::from(words.policy)],
                members: words.members.iter().map(|&(m, weight)| Share { to: member(m), weight }).collect(),
                limit: words.limit,
            });
        }
        let members = to.iter().map(|&m| member(m)).collect();
        let table = plan.route_with("r: *", |route| route.target = RouteTarget::To(members)).build();
        let board = Board::all_up(GATEWAYS);
        for at in (0..GATEWAYS).filter(|&at| !usable[at]) {
            board.set_observed(GatewayIx(at as u32), Observed::Down);
            board.set_disabled(GatewayIx(at as u32), true);
        }
        let decision = decide_with(&table, &facts("1"), &board);

        let mut courses = vec![(Course::default(), 1.0)];
        for &m in &to {
            let mut after = Vec::new();
            courses.into_iter().for_each(|(course, share)| Words { lists: &lists, usable: &usable }
                .member(m, course, share, &mut after));
            courses = after;
        }
        let mut expected = Orders::new();
        courses.into_iter().for_each(|(course, share)| *expected.entry(course.tried).or_default() += share);

        let mut followed = Vec::new();
        follow(&decision.order, usize::MAX, Vec::new(), 1.0, &mut followed);
        let mut got = Orders::new();
        for (tried, share) in followed {
            let gateways = tried.iter().map(|&at| decision.attempts[at].gateway.0).collect();
            *got.entry(gateways).or_default() += share;
        }
        let close = got.len() == expected.len()
            && got.iter().zip(&expected).all(|((a, x), (b, y))| a == b && (x - y).abs() < 1e-9);
        prop_assert!(close, "{got:?}\n{expected:?}\n{:?}", decision.order);
        for attempt in &decision.attempts {
            let first: f64 = expected.iter().filter(|(o, _)| o.first() == Some(&attempt.gateway.0)).map(|(_, s)| s).sum();
            prop_assert!((attempt.share - first).abs() < 1e-9, "{:?} first: {first}", attempt);
        }

        // A call's own order is one of them, and over many calls each comes.
        let turns = Turns::new(&table);
        let mut own = Decision::default();
        for seed in 0..30u64 {
            let seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            table.decide(&Facts { choice: Choice::Drawn { seed, turns: &turns }, ..facts("1") }, &board,
                Default::default(), &mut own, None);
            let order: Vec<u32> = own.attempts.iter().map(|attempt| attempt.gateway.0).collect();
            prop_assert!(expected.get(&order).is_some_and(|share| *share > 0.0), "{order:?} {expected:?}");
        }
    }
}
