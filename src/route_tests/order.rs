//! Whether attempts may come in an order. Where a list draws or takes turns there are many; none of them is written out.

use crate::route::Line;

/// More steps than this are not taken: a list of many equal members that repeat each other could need any number of them.
const MOST_STEPS: usize = 200_000;

/// Whether `sequence` (positions of attempts) is one way to go through all these lines.
pub(super) fn may_follow(lines: &[Line], sequence: &[usize]) -> bool {
    let lines: Vec<&Line> = lines.iter().collect();
    let mut search = Search { sequence, steps: 0 };
    search.each(&lines, usize::MAX, 0, &mut |_, at| at == sequence.len())
}

/// One way to go through them: that in which the lists are written.
pub(super) fn as_written(lines: &[Line]) -> Vec<usize> {
    let mut out = Vec::new();
    write_out(lines.iter().collect(), usize::MAX, &mut out);
    out
}

fn write_out(lines: Vec<&Line>, limit: usize, out: &mut Vec<usize>) {
    let most = |limit: &Option<u16>| limit.map_or(usize::MAX, usize::from);
    let mut left = limit;
    for line in lines {
        let before = out.len();
        match line {
            Line::Attempt(at) if out.contains(at) => {}
            Line::Attempt(at) => out.push(*at),
            Line::Each { of, limit } | Line::RoundRobin { of, limit } => {
                write_out(of.iter().collect(), most(limit), out)
            }
            Line::Weighted { of, limit } => {
                let drawn = of.iter().filter(|(weight, _)| *weight > 0);
                let behind = of.iter().filter(|(weight, _)| *weight == 0);
                write_out(drawn.chain(behind).map(|(_, line)| line).collect(), most(limit), out);
            }
        }
        left -= usize::from(out.len() > before);
        if left == 0 {
            return;
        }
    }
}

struct Search<'s> {
    sequence: &'s [usize],
    steps: usize,
}

/// What comes afterwards; whether it works out from that place of the sequence.
type Then<'t> = &'t mut dyn FnMut(&mut Search, usize) -> bool;

impl Search<'_> {
    /// Goes through one line from a place of the sequence.
    fn line(&mut self, line: &Line, at: usize, then: Then) -> bool {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return false;
        }
        let limit = |limit: &Option<u16>| limit.map_or(usize::MAX, usize::from);
        match line {
            Line::Attempt(attempt) => match self.sequence.get(at) {
                // Made before: passed over.
                _ if self.sequence.get(..at).is_some_and(|before| before.contains(attempt)) => then(self, at),
                Some(next) if next == attempt => then(self, at + 1),
                _ => false,
            },
            Line::Each { of, limit: most } => self.each(&of.iter().collect::<Vec<_>>(), limit(most), at, then),
            Line::RoundRobin { of, limit: most } => {
                let mut of: Vec<&Line> = of.iter().collect();
                (0..of.len()).any(|_| {
                    of.rotate_left(1);
                    self.each(&of, limit(most), at, then)
                })
            }
            Line::Weighted { of, limit: most } => {
                let drawn = of.iter().filter(|(weight, _)| *weight > 0).map(|(_, line)| line).collect();
                let behind: Vec<&Line> = of.iter().filter(|(weight, _)| *weight == 0).map(|(_, line)| line).collect();
                self.any_order(drawn, &behind, limit(most), at, then)
            }
        }
    }

    /// One line after the other, until `left` of them gave an attempt.
    fn each(&mut self, lines: &[&Line], left: usize, at: usize, then: Then) -> bool {
        match lines.split_first() {
            Some((line, rest)) if left > 0 => {
                self.line(line, at, &mut |search, next| search.each(rest, left - usize::from(next > at), next, then))
            }
            _ => then(self, at),
        }
    }

    /// The lines in any order, then those behind them.
    fn any_order(&mut self, lines: Vec<&Line>, behind: &[&Line], left: usize, at: usize, then: Then) -> bool {
        if left == 0 {
            return then(self, at);
        }
        if lines.is_empty() {
            return self.each(behind, left, at, then);
        }
        (0..lines.len()).any(|chosen| {
            let mut rest = lines.clone();
            let line = rest.remove(chosen);
            self.line(line, at, &mut |search, next| {
                search.any_order(rest.clone(), behind, left - usize::from(next > at), next, then)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{as_written, may_follow};
    use crate::route::Line::{self, Attempt, Each, RoundRobin, Weighted};

    #[test]
    fn what_may_follow_what() {
        let weighted = |of: Vec<(u32, Line)>, limit| Weighted { of, limit };
        let split = || weighted(vec![(7, Attempt(0)), (3, Attempt(1))], None);
        let turns = RoundRobin { of: vec![Attempt(0), Attempt(1), Attempt(2)], limit: None };
        let spare = weighted(vec![(1, Attempt(0)), (1, Attempt(1)), (0, Attempt(2)), (0, Attempt(3))], None);
        let nested = weighted(vec![(1, Each { of: vec![Attempt(0), Attempt(1)], limit: None }), (1, Attempt(2))], None);
        let repeated =
            weighted(vec![(1, Each { of: vec![Attempt(0), Attempt(1)], limit: None }), (1, Attempt(1))], None);
        let one = weighted(vec![(1, Attempt(0)), (1, Attempt(1))], Some(1));
        let table: &[(Vec<Line>, &[usize], bool)] = &[
            (vec![Attempt(0), Attempt(1)], &[0, 1], true),
            (vec![Attempt(0), Attempt(1)], &[1, 0], false),
            (vec![Attempt(0), Attempt(1)], &[0], false),
            (vec![], &[], true),
            (vec![split(), Attempt(2)], &[1, 0, 2], true),
            (vec![split(), Attempt(2)], &[0, 2, 1], false),
            (vec![turns.clone()], &[1, 2, 0], true),
            (vec![turns], &[1, 0, 2], false),
            (vec![spare.clone()], &[1, 0, 2, 3], true),
            (vec![spare], &[1, 0, 3, 2], false),
            (vec![nested.clone()], &[2, 0, 1], true),
            (vec![nested], &[0, 2, 1], false),
            (vec![repeated.clone()], &[1, 0], true),
            (vec![repeated], &[0, 1], true),
            (vec![one.clone(), Attempt(1)], &[0, 1], true),
            (vec![one.clone(), Attempt(1)], &[1], true),
            (vec![one, Attempt(1)], &[1, 0], false),
        ];
        for (lines, sequence, expected) in table {
            assert_eq!(may_follow(lines, sequence), *expected, "{sequence:?} in {lines:?}");
            assert!(may_follow(lines, &as_written(lines)), "{lines:?}");
        }
    }
}
