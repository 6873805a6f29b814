//! The order in which gateways are asked, written so that two ways of saying the same are equal.

use super::identity::Who;
use crate::route::Line;
use std::cmp::Reverse;

/// How attempts follow each other, in the gateways of both sides. What is written differently and can't differ is
/// brought to one form: members of a draw stand by falling weight, a rotation begins with the member that is first by its
/// words.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path(Vec<Way>);

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
        Path(Way::all(lines, who))
    }

    pub fn ways(&self) -> &[Way] {
        &self.0
    }

    /// Every gateway, in the order of the words; one may stand there several times.
    pub fn gateways(&self) -> Vec<Who> {
        let mut out = Vec::new();
        self.0.iter().for_each(|way| way.gateways(&mut out));
        out
    }
}

impl Way {
    /// One after the other; what comes a second time finds its gateways asked already.
    fn all(lines: &[Line], who: &impl Fn(usize) -> Who) -> Vec<Way> {
        let mut out: Vec<Way> = Vec::new();
        for way in lines.iter().flat_map(|line| Way::of(line, who)) {
            if !out.contains(&way) {
                out.push(way);
            }
        }
        out
    }

    fn one(line: &Line, who: &impl Fn(usize) -> Who) -> Way {
        let mut ways = Way::of(line, who);
        if ways.len() == 1 { ways.remove(0) } else { Way::Each { of: ways, limit: None } }
    }

    fn of(line: &Line, who: &impl Fn(usize) -> Who) -> Vec<Way> {
        match line {
            Line::Attempt(at) => vec![Way::Gateway(who(*at))],
            Line::Each { of, limit } => {
                let of = Way::all(of, who);
                match *limit {
                    Some(limit) if usize::from(limit) < of.len() => vec![Way::Each { of, limit: Some(limit) }],
                    _ => of,
                }
            }
            Line::RoundRobin { of, limit } => {
                let mut of: Vec<Way> = of.iter().map(|line| Way::one(line, who)).collect();
                // A rotation that comes back to itself sooner is as long as that takes.
                let repeats = |period: &usize| of.len() % period == 0 && turned(&of, *period).eq(&of);
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
            match of.iter_mut().find(|(_, known)| *known == way) {
                Some((known, _)) => *known += weight,
                None => of.push((*weight, way)),
            }
        }
        of.sort_by(|a, b| (Reverse(a.0), &a.1).cmp(&(Reverse(b.0), &b.1)));
        // Those of weight 0 stand behind all others, in the order given.
        for (_, line) in last {
            let way = Way::one(line, who);
            if !of.iter().any(|(_, known)| *known == way) {
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
