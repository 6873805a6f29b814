//! The same without chance: every attempt that may come, its exact share, and how the attempts may follow each other.

use super::at_route::{AtRoute, Seen};
use super::{Decision, GatewayIx, ListIx, Member, Policy, Share, Skipped, WhySkipped};

/// How attempts may follow each other. Numbers are positions in [`Decision::attempts`]; an attempt that was made before is
/// passed over wherever it stands again.
///
/// What can't differ is written alike: ordered lists stand in place, a choice among one is none, weights are divided by what
/// they share, and what is surely behind another attempt at the same gateway is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    Attempt(usize),
    /// One after the other, until `limit` of them gave an attempt.
    Each {
        of: Vec<Line>,
        limit: Option<u16>,
    },
    /// Drawn without replacement by these weights (0 after all others), until `limit` of them gave an attempt.
    Weighted {
        of: Vec<(u32, Line)>,
        limit: Option<u16>,
    },
    /// In turn: each call starts one further.
    RoundRobin {
        of: Vec<Line>,
        limit: Option<u16>,
    },
}

/// Lists within lists could multiply without bound; what is beyond so many lines, or so deep, is left out.
const MOST_LINES: usize = 20_000;
const DEEPEST: usize = 64;

/// Fills `attempts`, `skipped` and `order`.
pub(super) fn line_up(call: &AtRoute<'_>, to: &[Member], out: &mut Decision) {
    let mut walk = Walk { call, out, surely: Met::default(), perhaps: Seen::default(), open: Vec::new(), lines: 0 };
    let mut order = Vec::new();
    for &member in to {
        walk.member(member, &mut order);
    }
    leave_out_idle(&mut order, out);
    let mut shares = vec![0.0; out.attempts.len()];
    first_of(&order, 1.0, &[], &mut shares);
    out.attempts.iter_mut().zip(shares).for_each(|(attempt, share)| attempt.share = share);
    out.order = order;
}

/// Behind the limit of an ordered list stands what no course of the call comes to.
fn leave_out_idle(order: &mut [Line], out: &mut Decision) {
    let mut used = vec![false; out.attempts.len()];
    each_attempt(order, &mut |at| used.get_mut(at).into_iter().for_each(|used| *used = true));
    if used.iter().all(|used| *used) {
        return;
    }
    let places: Vec<usize> = used
        .iter()
        .scan(0, |next, used| {
            let place = *next;
            *next += usize::from(*used);
            Some(place)
        })
        .collect();
    let mut at = 0;
    out.attempts.retain(|_| {
        at += 1;
        used.get(at - 1).copied().unwrap_or(false)
    });
    renumber(order, &places);
}

fn renumber(lines: &mut [Line], places: &[usize]) {
    for line in lines {
        match line {
            Line::Attempt(at) => *at = places.get(*at).copied().unwrap_or(*at),
            Line::Each { of, .. } | Line::RoundRobin { of, .. } => renumber(of, places),
            Line::Weighted { of, .. } => {
                of.iter_mut().for_each(|(_, line)| renumber(std::slice::from_mut(line), places));
            }
        }
    }
}

struct Walk<'a> {
    call: &'a AtRoute<'a>,
    out: &'a mut Decision,
    surely: Met,
    /// The gateways that some course of the call has met.
    perhaps: Seen,
    open: Vec<ListIx>,
    lines: usize,
}

impl Walk<'_> {
    fn member(&mut self, member: Member, lines: &mut Vec<Line>) {
        self.lines += 1;
        if self.lines > MOST_LINES {
            return;
        }
        match member {
            Member::Gateway(gateway) => lines.extend(self.gateway(gateway).map(Line::Attempt)),
            Member::List(list) => {
                if self.open.len() < DEEPEST {
                    self.open.push(list);
                    self.list(list, lines);
                    self.open.pop();
                }
            }
        }
    }

    fn gateway(&mut self, gateway: GatewayIx) -> Option<usize> {
        let why = if self.surely.gateways.has(gateway) {
            WhySkipped::Repeated
        } else if let Some(known) = self.out.attempts.iter().position(|attempt| attempt.gateway == gateway) {
            self.surely.gateways.first_time(gateway);
            return Some(known);
        } else {
            match self.call.attempt(gateway) {
                Ok(attempt) => {
                    self.surely.gateways.first_time(gateway);
                    self.perhaps.first_time(gateway);
                    self.out.attempts.push(attempt);
                    return Some(self.out.attempts.len() - 1);
                }
                Err(why) => why,
            }
        };
        self.skip(gateway, why);
        None
    }

    fn skip(&mut self, gateway: GatewayIx, why: WhySkipped) {
        let skipped = Skipped { gateway, why };
        if !self.out.skipped.contains(&skipped) {
            self.out.skipped.push(skipped);
        }
    }

    fn list(&mut self, ix: ListIx, lines: &mut Vec<Line>) {
        // A list is used once a call, as a gateway is.
        let list = self.call.table.list(ix);
        if !self.surely.lists.first_time(GatewayIx(ix.0)) {
            for share in &list.members {
                if let Member::Gateway(gateway) = share.to
                    && self.surely.gateways.has(gateway)
                {
                    self.skip(gateway, WhySkipped::Repeated);
                }
            }
            return;
        }
        if (list.policy, list.limit) == (Policy::Ordered, None) {
            return list.members.iter().for_each(|share| self.member(share.to, lines));
        }
        let (before, perhaps) = (self.surely.clone(), self.perhaps.clone());
        let parts = self.parts(&list.members, list.policy == Policy::Ordered);
        // Whether each part that is used surely gives an attempt, whatever came before it.
        let apart = parts.iter().enumerate().all(|(at, part)| {
            !part.all.meets(&perhaps) && parts.iter().skip(at + 1).all(|other| !part.all.meets(&other.all))
        });
        self.surely = before;
        let limit = list.limit.map(usize::from).filter(|limit| !apart || *limit < parts.len());
        lines.extend(arrange(list.policy, parts, limit, apart, &mut self.surely));
    }

    /// Any of these members may come before what follows: their gateways, and those of the lists below.
    fn perhaps_met(&mut self, members: impl Iterator<Item = Member>) {
        let mut waiting: Vec<Member> = members.collect();
        let mut opened = Seen::default();
        while let Some(member) = waiting.pop() {
            match member {
                Member::Gateway(gateway) => drop(self.perhaps.first_time(gateway)),
                Member::List(list) if opened.first_time(GatewayIx(list.0)) => {
                    waiting.extend(self.call.table.list(list).members.iter().map(|share| share.to));
                }
                Member::List(_) => {}
            }
        }
    }

    /// The members that can give an attempt, each gone through as if it were the next; in `sequence`, as if the others had
    /// been before it.
    fn parts(&mut self, members: &[Share], sequence: bool) -> Vec<Part> {
        let mut parts = Vec::new();
        let before = self.surely.clone();
        for (at, share) in members.iter().enumerate() {
            if !sequence {
                self.surely = before.clone();
                if let Member::List(_) = share.to {
                    let others = members.iter().enumerate().filter(|(other, _)| *other != at);
                    self.perhaps_met(others.map(|(_, other)| other.to));
                }
            }
            let mut lines = Vec::new();
            self.member(share.to, &mut lines);
            if !lines.is_empty() {
                let mut all = Seen::default();
                each_attempt(&lines, &mut |at| {
                    if let Some(attempt) = self.out.attempts.get(at) {
                        all.first_time(attempt.gateway);
                    }
                });
                parts.push(Part { weight: share.weight, lines, all, surely: self.surely.clone() });
            }
        }
        parts
    }
}

/// What every course of the call has met by now.
#[derive(Clone, Default)]
struct Met {
    gateways: Seen,
    /// By their positions.
    lists: Seen,
}

/// A member of a list that can give an attempt.
struct Part {
    weight: u32,
    lines: Vec<Line>,
    /// The gateways in it.
    all: Seen,
    /// What was surely met when it has been gone through.
    surely: Met,
}

/// The lines of a list. What is gone through in any case joins `surely`.
fn arrange(policy: Policy, mut parts: Vec<Part>, limit: Option<usize>, apart: bool, surely: &mut Met) -> Vec<Line> {
    let word = limit.map(|limit| limit as u16);
    let each = |parts: Vec<Part>| parts.into_iter().map(Part::line).collect::<Vec<_>>();
    if parts.len() <= 1 || policy == Policy::Ordered && (apart || limit.is_none()) {
        parts.truncate(limit.unwrap_or(usize::MAX));
        return in_order(parts, surely);
    }
    if policy == Policy::Weighted {
        return weighted(parts, limit, apart, surely);
    }
    if limit.is_none() {
        parts.iter().for_each(|part| surely.add(&part.surely));
    }
    match policy {
        Policy::RoundRobin => vec![Line::RoundRobin { of: each(parts), limit: word }],
        Policy::Ordered | Policy::Weighted => vec![Line::Each { of: each(parts), limit: word }],
    }
}

fn in_order(parts: Vec<Part>, surely: &mut Met) -> Vec<Line> {
    parts.iter().for_each(|part| surely.add(&part.surely));
    parts.into_iter().flat_map(|part| part.lines).collect()
}

fn weighted(parts: Vec<Part>, limit: Option<usize>, apart: bool, surely: &mut Met) -> Vec<Line> {
    let drawn = |parts: Vec<Part>, limit: Option<usize>| {
        let divisor = parts.iter().map(|part| part.weight).fold(0, gcd).max(1);
        let of = parts.into_iter().map(|part| (part.weight / divisor, part.line())).collect();
        Line::Weighted { of, limit: limit.map(|limit| limit as u16) }
    };
    if !apart && limit.is_some() {
        return vec![drawn(parts, limit)];
    }
    // Those of weight 0 are an ordered list behind the others.
    let (first, mut last): (Vec<_>, Vec<_>) = parts.into_iter().partition(|part| part.weight > 0);
    last.truncate(limit.unwrap_or(usize::MAX).saturating_sub(first.len()));
    let mut lines = match limit.filter(|limit| *limit < first.len()) {
        None if first.len() <= 1 => in_order(first, surely),
        cut => {
            if cut.is_none() {
                first.iter().for_each(|part| surely.add(&part.surely));
            }
            vec![drawn(first, cut)]
        }
    };
    lines.extend(in_order(last, surely));
    lines
}

impl Met {
    fn add(&mut self, other: &Met) {
        self.gateways.add(&other.gateways);
        self.lists.add(&other.lists);
    }
}

impl Part {
    fn line(mut self) -> Line {
        match self.lines.len() {
            1 => self.lines.remove(0),
            _ => Line::Each { of: self.lines, limit: None },
        }
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

pub(super) fn each_attempt(lines: &[Line], visit: &mut impl FnMut(usize)) {
    for line in lines {
        match line {
            Line::Attempt(at) => visit(*at),
            Line::Each { of, .. } | Line::RoundRobin { of, .. } => each_attempt(of, visit),
            Line::Weighted { of, .. } => {
                of.iter().for_each(|(_, line)| each_attempt(std::slice::from_ref(line), visit))
            }
        }
    }
}

/// Whether a line gives an attempt that is not among those made before.
pub(super) fn gives(line: &Line, made: &[usize]) -> bool {
    match line {
        Line::Attempt(at) => !made.contains(at),
        Line::Each { of, .. } | Line::RoundRobin { of, .. } => of.iter().any(|line| gives(line, made)),
        Line::Weighted { of, .. } => of.iter().any(|(_, line)| gives(line, made)),
    }
}

/// Adds to `shares` the probability of each attempt to be the first of these lines that was not made before, out of `all`.
pub(super) fn first_of(lines: &[Line], all: f64, made: &[usize], shares: &mut [f64]) {
    let one = std::slice::from_ref;
    match lines.iter().find(|line| gives(line, made)) {
        None => {}
        Some(Line::Attempt(at)) => {
            if let Some(share) = shares.get_mut(*at) {
                *share += all;
            }
        }
        Some(Line::Each { of, .. }) => first_of(of, all, made, shares),
        Some(Line::RoundRobin { of, .. }) => {
            let able = of.iter().filter(|line| gives(line, made));
            let part = all / able.clone().count() as f64;
            able.for_each(|line| first_of(one(line), part, made, shares));
        }
        Some(Line::Weighted { of, .. }) => {
            let able = of.iter().filter(|(_, line)| gives(line, made));
            let total: u64 = able.clone().map(|(weight, _)| u64::from(*weight)).sum();
            match able.clone().next() {
                Some((_, first)) if total == 0 => first_of(one(first), all, made, shares),
                _ => able.for_each(|(weight, line)| {
                    first_of(one(line), all * f64::from(*weight) / total as f64, made, shares);
                }),
            }
        }
    }
}
