//! The order in which gateways are asked, written so that two ways of saying the same are equal.

use super::identity::Who;
use crate::route::Line;
use std::cmp::Reverse;

/// How attempts follow each other, in the gateways of both sides. What is written differently and can't differ is
/// brought to one form: members of a draw stand by falling weight, a rotation begins with the member that is first by its
/// words.
#[derive(Clone, Debug)]
pub struct Path {
    ways: Vec<Way>,
    /// For short paths, which can say the same in many ways.
    courses: Option<Courses>,
}

/// Every course that a call may take.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Courses {
    /// Each with its probability in billionths.
    each: Vec<(Vec<Who>, u64)>,
    /// They depend on whose turn it is.
    turning: bool,
}

/// Paths with more gateways, or more courses, are compared by their words.
const GATEWAYS: usize = 6;
const COURSES: usize = 2_000;
/// Turns that are looked at, to see whether they matter: every length of a rotation up to four divides it.
const TURNS: usize = 12;

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Way {
    Gateway(Who),
    Each { of: Vec<Way>, limit: Option<u16> },
    Weighted { of: Vec<(u32, Way)>, limit: Option<u16> },
    RoundRobin { of: Vec<Way>, limit: Option<u16> },
}

impl Path {
    /// `who` names the gateway of an attempt by its position.
    pub fn of(lines: &[Line], who: &impl Fn(usize) -> Who) -> Path {
        let ways = Way::all(lines, who);
        match short(&ways) {
            // One course alone is a list, however it was said.
            Some(courses) if courses.each.len() == 1 => {
                let ways = courses.each.into_iter().flat_map(|(course, _)| course).map(Way::Gateway).collect();
                Path { ways, courses: None }
            }
            Some(courses) => Path { ways, courses: Some(courses) },
            None => Path { ways, courses: None },
        }
    }

    pub fn ways(&self) -> &[Way] {
        &self.ways
    }

    /// Every gateway, in the order in which they are likely to be asked; one may stand there several times.
    pub fn gateways(&self) -> Vec<Who> {
        let mut out = Vec::new();
        match &self.courses {
            // However it was said, the same courses give the same order.
            Some(courses) => {
                let mut courses: Vec<_> = courses.each.iter().collect();
                courses.sort_by_key(|(_, share)| Reverse(*share));
                courses.iter().for_each(|(course, _)| out.extend(course));
            }
            None => self.ways.iter().for_each(|way| way.gateways(&mut out)),
        }
        out
    }
}

impl Way {
    /// One after the other; what comes a second time finds its gateways asked already.
    fn all(lines: &[Line], who: &impl Fn(usize) -> Who) -> Vec<Way> {
        Way::without_repeated(lines.iter().flat_map(|line| Way::of(line, who)))
    }

    fn without_repeated(ways: impl Iterator<Item = Way>) -> Vec<Way> {
        let mut out: Vec<Way> = Vec::new();
        for way in ways {
            if !(way.exhausts() && out.contains(&way)) {
                out.push(way);
            }
        }
        out
    }

    /// Whether going through it asks every gateway in it. What stops at a limit may go on where it stands again.
    fn exhausts(&self) -> bool {
        match self {
            Way::Gateway(_) => true,
            Way::Each { of, limit } | Way::RoundRobin { of, limit } => limit.is_none() && of.iter().all(Way::exhausts),
            Way::Weighted { of, limit } => limit.is_none() && of.iter().all(|(_, way)| way.exhausts()),
        }
    }

    fn one(line: &Line, who: &impl Fn(usize) -> Who) -> Way {
        let mut ways = Way::of(line, who);
        if ways.len() == 1 { ways.remove(0) } else { Way::Each { of: ways, limit: None } }
    }

    fn of(line: &Line, who: &impl Fn(usize) -> Who) -> Vec<Way> {
        match line {
            Line::Attempt(at) => vec![Way::Gateway(who(*at))],
            Line::Each { of, limit } => {
                // A limit counts members: what is in one of them stays together.
                let members = Way::without_repeated(of.iter().map(|line| Way::one(line, who)));
                match *limit {
                    Some(limit) if usize::from(limit) < members.len() => {
                        vec![Way::Each { of: members, limit: Some(limit) }]
                    }
                    _ => Way::all(of, who),
                }
            }
            Line::RoundRobin { of, limit } => {
                let mut of: Vec<Way> = of.iter().map(|line| Way::one(line, who)).collect();
                // A rotation that comes back to itself sooner is as long as that takes.
                let repeats = |period: &usize| {
                    of.len().is_multiple_of(*period) && of.iter().all(Way::exhausts) && turned(&of, *period).eq(&of)
                };
                of.truncate((1..of.len()).find(repeats).unwrap_or(of.len()));
                let first = (0..of.len()).min_by(|&a, &b| turned(&of, a).cmp(turned(&of, b)));
                of.rotate_left(first.unwrap_or(0));
                match of.len() {
                    1 => of,
                    _ => vec![Way::RoundRobin { of, limit: *limit }],
                }
            }
            Line::Weighted { of, limit } => Way::weighted(of, *limit, who),
        }
    }

    fn weighted(lines: &[(u32, Line)], limit: Option<u16>, who: &impl Fn(usize) -> Who) -> Vec<Way> {
        let mut of: Vec<(u32, Way)> = Vec::new();
        let (drawn, last): (Vec<_>, Vec<_>) = lines.iter().partition(|(weight, _)| *weight > 0);
        for (weight, line) in drawn {
            let way = Way::one(line, who);
            match of.iter_mut().find(|(_, known)| *known == way && way.exhausts()) {
                Some((known, _)) => *known += weight,
                None => of.push((*weight, way)),
            }
        }
        of.sort_by(|a, b| (Reverse(a.0), &a.1).cmp(&(Reverse(b.0), &b.1)));
        // Those of weight 0 stand behind all others, in the order given.
        for (_, line) in last {
            let way = Way::one(line, who);
            if !(way.exhausts() && of.iter().any(|(_, known)| *known == way)) {
                of.push((0, way));
            }
        }
        match of.as_slice() {
            [_] => of.into_iter().map(|(_, way)| way).collect(),
            _ => {
                let divisor = of.iter().fold(0, |divisor, (weight, _)| gcd(divisor, *weight)).max(1);
                of.iter_mut().for_each(|(weight, _)| *weight /= divisor);
                vec![Way::Weighted { of, limit }]
            }
        }
    }

    fn gateways(&self, out: &mut Vec<Who>) {
        match self {
            Way::Gateway(who) => out.push(*who),
            Way::Each { of, .. } | Way::RoundRobin { of, .. } => of.iter().for_each(|way| way.gateways(out)),
            Way::Weighted { of, .. } => of.iter().for_each(|(_, way)| way.gateways(out)),
        }
    }
}

impl Path {
    fn key(&self) -> (Option<&Courses>, Option<&[Way]>) {
        match &self.courses {
            Some(courses) => (Some(courses), None),
            None => (None, Some(&self.ways)),
        }
    }
}

impl PartialEq for Path {
    fn eq(&self, other: &Path) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Path {}

impl std::hash::Hash for Path {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

/// Courses with their probabilities, some of them several times.
type Found = Vec<(Vec<Who>, f64)>;

/// The courses of a path in which something is left open; `None` for long ones, and for plain lists.
fn short(ways: &[Way]) -> Option<Courses> {
    let mut gateways = Vec::new();
    ways.iter().for_each(|way| way.gateways(&mut gateways));
    let plain = ways.iter().all(|way| matches!(way, Way::Gateway(_)));
    gateways.sort_unstable();
    gateways.dedup();
    if plain || gateways.len() > GATEWAYS {
        return None;
    }
    let each = gathered(sequence(ways, &[], None)?);
    let turns: Option<Vec<_>> = (0..TURNS).map(|turn| Some(gathered(sequence(ways, &[], Some(turn))?))).collect();
    let turning = turns?.windows(2).any(|pair| pair[0] != pair[1]);
    Some(Courses { each, turning })
}

fn gathered(courses: Found) -> Vec<(Vec<Who>, u64)> {
    let mut sums: std::collections::BTreeMap<Vec<Who>, f64> = std::collections::BTreeMap::new();
    for (course, share) in courses {
        *sums.entry(course).or_default() += share;
    }
    sums.into_iter().map(|(course, share)| (course, (share * 1e9).round() as u64)).collect()
}

/// All courses through these ways behind `met`; with a turn, rotations stand there.
fn sequence(ways: &[Way], met: &[Who], turn: Option<usize>) -> Option<Found> {
    let mut all = vec![(met.to_vec(), 1.0)];
    for way in ways {
        let mut next = Found::new();
        for (course, share) in all {
            next.extend(one(way, &course, turn)?.into_iter().map(|(course, p)| (course, p * share)));
        }
        all = next;
        if all.len() > COURSES {
            return None;
        }
    }
    Some(all)
}

fn one(way: &Way, met: &[Who], turn: Option<usize>) -> Option<Found> {
    match way {
        Way::Gateway(who) if met.contains(who) => Some(vec![(met.to_vec(), 1.0)]),
        Way::Gateway(who) => Some(vec![([met, &[*who]].concat(), 1.0)]),
        Way::Each { of, limit } => limited(&of.iter().collect::<Vec<_>>(), *limit, met, turn),
        Way::RoundRobin { of, limit } => {
            let starts = turn.map_or(0..of.len(), |turn| turn % of.len().max(1)..turn % of.len().max(1) + 1);
            let share = 1.0 / starts.len().max(1) as f64;
            let mut out = Found::new();
            for first in starts {
                let rotated: Vec<&Way> = turned(of, first).collect();
                out.extend(limited(&rotated, *limit, met, turn)?.into_iter().map(|(course, p)| (course, p * share)));
            }
            Some(out)
        }
        Way::Weighted { of, limit } => {
            let (drawn, last): (Vec<_>, Vec<_>) = of.iter().partition(|(weight, _)| *weight > 0);
            let last: Vec<&Way> = last.into_iter().map(|(_, way)| way).collect();
            let mut out = Found::new();
            for (order, share) in draws(&drawn.into_iter().map(|(w, way)| (*w, way)).collect::<Vec<_>>())? {
                let courses = limited(&[order, last.clone()].concat(), *limit, met, turn)?;
                out.extend(courses.into_iter().map(|(course, p)| (course, p * share)));
            }
            Some(out)
        }
    }
}

/// One after the other until so many of them gave an attempt.
fn limited(ways: &[&Way], limit: Option<u16>, met: &[Who], turn: Option<usize>) -> Option<Found> {
    let Some((first, rest)) = ways.split_first().filter(|_| limit != Some(0)) else {
        return Some(vec![(met.to_vec(), 1.0)]);
    };
    let mut out = Found::new();
    for (course, share) in one(first, met, turn)? {
        let left = limit.map(|left| left - u16::from(course.len() > met.len()));
        out.extend(limited(rest, left, &course, turn)?.into_iter().map(|(course, p)| (course, p * share)));
    }
    (out.len() <= COURSES).then_some(out)
}

/// The orders of a draw, each with its probability.
fn draws<'w>(members: &[(u32, &'w Way)]) -> Option<Vec<(Vec<&'w Way>, f64)>> {
    let total: u64 = members.iter().map(|(weight, _)| u64::from(*weight)).sum();
    if members.is_empty() {
        return Some(vec![(Vec::new(), 1.0)]);
    }
    let mut out = Vec::new();
    for (at, &(weight, way)) in members.iter().enumerate() {
        let mut rest = members.to_vec();
        rest.remove(at);
        let share = f64::from(weight) / total.max(1) as f64;
        out.extend(draws(&rest)?.into_iter().map(|(order, p)| ([vec![way], order].concat(), p * share)));
        if out.len() > COURSES {
            return None;
        }
    }
    Some(out)
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// A rotation, from one of its members on.
fn turned(of: &[Way], from: usize) -> impl Iterator<Item = &Way> {
    let (before, after) = of.split_at(from.min(of.len()));
    after.iter().chain(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(line: Line) -> Path {
        Path::of(&[line], &|at| at as Who)
    }

    #[test]
    fn draws_and_rotations_have_one_form() {
        let weighted = |of: &[(u32, usize)]| {
            path(Line::Weighted { of: of.iter().map(|&(w, at)| (w, Line::Attempt(at))).collect(), limit: None })
        };
        assert_eq!(weighted(&[(30, 1), (70, 0)]), weighted(&[(70, 0), (30, 1)]));
        assert_ne!(weighted(&[(30, 0), (70, 1)]), weighted(&[(70, 0), (30, 1)]));
        assert_ne!(weighted(&[(1, 2), (0, 0), (0, 1)]), weighted(&[(1, 2), (0, 1), (0, 0)]));
        let rotating =
            |of: &[usize]| path(Line::RoundRobin { of: of.iter().map(|&at| Line::Attempt(at)).collect(), limit: None });
        assert_eq!(rotating(&[2, 0, 1]), rotating(&[0, 1, 2]));
        assert_ne!(rotating(&[2, 1, 0]), rotating(&[0, 1, 2]));
        assert_eq!(rotating(&[0, 1, 0, 1]), rotating(&[1, 0]));
        assert_eq!(rotating(&[3, 3]), path(Line::Attempt(3)));
        assert_eq!(weighted(&[(1, 0), (1, 1), (1, 0)]), weighted(&[(2, 0), (1, 1)]));
    }
}
