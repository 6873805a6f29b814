//! The exact decision as people read it: position by position.

use super::shares::{each_attempt, first_of};
use super::{Decision, Line};

/// What stands at a position of the hunt, or at several.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// Counted from 1; the last is the first where it is a single one.
    pub first: usize,
    pub last: usize,
    pub what: AtPosition,
}

#[derive(Clone, Debug, PartialEq)]
pub enum AtPosition {
    /// This attempt.
    One(usize),
    /// One of these attempts, each with its probability.
    OneOf(Vec<(usize, f64)>),
    /// The rest of the choice before; so many attempts it was among.
    Others { of: usize },
}

impl Decision {
    /// The hunt position by position, as people read it: `1 a 70 % | b 30 %`, `2 the other of the two`, `3 c`. Without
    /// choices it is one attempt a position. For a decision by [`super::Choice::Exact`].
    pub fn positions(&self) -> Vec<Position> {
        let mut out = Vec::new();
        let mut at = 1;
        // What was surely made by then.
        let mut made = Vec::new();
        for line in &self.order {
            let mut among = Vec::new();
            each_attempt(std::slice::from_ref(line), &mut |attempt| {
                if !among.contains(&attempt) && !made.contains(&attempt) {
                    among.push(attempt);
                }
            });
            let first = at;
            match among.as_slice() {
                [] => continue,
                [one] => {
                    out.push(Position { first, last: first, what: AtPosition::One(*one) });
                    at += 1;
                    made.extend(among);
                    continue;
                }
                _ => {}
            }
            let mut shares = vec![0.0; self.attempts.len()];
            first_of(std::slice::from_ref(line), 1.0, &made, &mut shares);
            let likely = among.iter().filter_map(|&at| Some((at, *shares.get(at)?))).filter(|(_, share)| *share > 0.0);
            let likely: Vec<_> = likely.collect();
            at += most_of(line).min(among.len());
            if at == first + among.len() {
                made.extend(&among);
            }
            let what = match likely.as_slice() {
                [(one, _)] => AtPosition::One(*one),
                _ => AtPosition::OneOf(likely),
            };
            out.push(Position { first, last: first, what });
            if at > first + 1 {
                out.push(Position { first: first + 1, last: at - 1, what: AtPosition::Others { of: among.len() } });
            }
        }
        out
    }
}

/// How many attempts a line can give at most.
fn most_of(line: &Line) -> usize {
    let largest = |mut sizes: Vec<usize>, limit: &Option<u16>| -> usize {
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        sizes.iter().take(limit.map_or(usize::MAX, usize::from)).sum()
    };
    match line {
        Line::Attempt(_) => 1,
        Line::Each { of, limit } | Line::RoundRobin { of, limit } => largest(of.iter().map(most_of).collect(), limit),
        Line::Weighted { of, limit } => largest(of.iter().map(|(_, line)| most_of(line)).collect(), limit),
    }
}
