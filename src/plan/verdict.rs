//! Two outcomes side by side: the same for these numbers, or which change it is.

use super::intern::{Interner, Map};
use super::outcome::{Outcome, Outcomes};
use super::rewrite::Rewrite;
use std::sync::Arc;

/// One kind of change; numbers and times that show the same kind share an entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub before: Form,
    pub after: Form,
    /// A number that was barred now leaves for a premium destination.
    pub premium: bool,
}

/// One side of a change.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    NoRoute,
    /// A route takes it, and none of its gateways can be given such a number.
    Unusable,
    Reject {
        code: u16,
        reason: Arc<str>,
        /// By a route that is no catch-all.
        barred: bool,
    },
    To {
        course: u32,
        /// The route's own change, where the other side does not make the same of these numbers.
        rewrite: Option<Rewrite>,
    },
}

/// By its place in [`Verdicts::keys`], one more; 0 is no change.
pub type ChangeId = u32;
pub const SAME: ChangeId = 0;

/// The numbers that are compared: those that begin with `head`, on each side by a rule whose prefix is so long.
#[derive(Clone, Copy, Debug)]
pub struct Cell<'a> {
    pub head: &'a [u8],
    pub matched: (usize, usize),
    /// No number is longer than the head.
    pub whole: bool,
}

#[derive(Debug, Default)]
pub struct Verdicts {
    keys: Interner<Key>,
    /// What two outcomes amount to where the digits do not matter; the flag says that prefixes of equal length matched.
    known: Map<(u32, u32, bool), Verdict>,
    /// Destinations that are dear, as they leave.
    premium: Vec<Box<[u8]>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Known(ChangeId),
    /// The digits have to be looked at.
    ByDigits,
}

impl Verdicts {
    /// With prefixes as they leave towards a gateway; `00` and `+` mean the same.
    pub fn new(premium: &[String]) -> Verdicts {
        let mut all = Vec::new();
        for prefix in premium {
            all.push(prefix.as_bytes().into());
            if let Some(rest) = prefix.strip_prefix('+') {
                all.push(format!("00{rest}").into_bytes().into());
            }
            if let Some(rest) = prefix.strip_prefix("00") {
                all.push(format!("+{rest}").into_bytes().into());
            }
        }
        Verdicts { premium: all, ..Verdicts::default() }
    }

    pub fn key(&self, change: ChangeId) -> &Key {
        self.keys.get(change - 1)
    }
    /// How many kinds of change were met.
    pub fn len(&self) -> usize {
        self.keys.len()
    }
    pub fn put(&mut self, key: Key) -> ChangeId {
        self.keys.put(key) + 1
    }

    /// The change from `old` to `new` for a cell that all changes of numbers on both sides fit.
    pub fn between(&mut self, outcomes: &Outcomes, old: u32, new: u32, cell: Cell<'_>) -> ChangeId {
        if old == new && (cell.matched.0 == cell.matched.1 || !outcomes.is_relative(old)) {
            return SAME;
        }
        let alike = cell.matched.0 == cell.matched.1;
        let verdict = match self.known.get(&(old, new, alike)) {
            Some(&known) => known,
            None => {
                let verdict = self.judge(outcomes, old, new, alike);
                self.known.insert((old, new, alike), verdict);
                verdict
            }
        };
        match verdict {
            Verdict::Known(change) => change,
            Verdict::ByDigits => self.by_digits(outcomes, old, new, cell),
        }
    }

    /// What can be said without looking at digits.
    fn judge(&mut self, outcomes: &Outcomes, old: u32, new: u32, alike: bool) -> Verdict {
        let (a, b) = (outcomes.get(old), outcomes.get(new));
        match (a, b) {
            (Outcome::To { course: a, rewrite: x }, Outcome::To { course: b, rewrite: y }) => {
                let relative = x.is_relative() || y.is_relative();
                if x != y || relative && !alike {
                    return Verdict::ByDigits;
                }
                match (a, b) {
                    (a, b) if a == b => Verdict::Known(SAME),
                    (a, b) if same_path(outcomes, *a, *b) => Verdict::ByDigits,
                    (&a, &b) => Verdict::Known(self.put(Key {
                        before: Form::To { course: a, rewrite: None },
                        after: Form::To { course: b, rewrite: None },
                        premium: false,
                    })),
                }
            }
            // What was barred and now goes somewhere may be dear: that depends on the digits.
            (Outcome::Reject { catch_all: false, .. }, Outcome::To { .. }) if !self.premium.is_empty() => {
                Verdict::ByDigits
            }
            (Outcome::Reject { code: a, reason: x, .. }, Outcome::Reject { code: b, reason: y, .. })
                if (a, x) == (b, y) =>
            {
                Verdict::Known(SAME)
            }
            (Outcome::NoRoute, Outcome::NoRoute) => Verdict::Known(SAME),
            (a, b) => {
                let to = matches!(b, Outcome::To { .. });
                Verdict::Known(self.put(Key { before: form(a, to), after: form(b, false), premium: false }))
            }
        }
    }

    fn by_digits(&mut self, outcomes: &Outcomes, old: u32, new: u32, cell: Cell<'_>) -> ChangeId {
        match (outcomes.get(old), outcomes.get(new)) {
            (Outcome::To { course: a, rewrite: x }, Outcome::To { course: b, rewrite: y }) => {
                let (m, n) = cell.matched;
                let on = |rewrite: &Rewrite, matched| rewrite.on(cell.head, matched);
                if same_path(outcomes, *a, *b) {
                    let stops = outcomes.course(*a).stops.iter().zip(&outcomes.course(*b).stops);
                    let mut stops = stops.map(|(p, q)| (x.then(&p.rewrite), y.then(&q.rewrite)));
                    if stops.all(|(p, q)| on(&p, m) == on(&q, n)) {
                        return SAME;
                    }
                }
                let keep = on(x, m) != on(y, n);
                let side = |course: u32, rewrite: &Rewrite| Form::To { course, rewrite: keep.then(|| rewrite.clone()) };
                let key = Key { before: side(*a, x), after: side(*b, y), premium: false };
                self.put(key)
            }
            (before, after @ Outcome::To { course, rewrite }) => {
                let stops = &outcomes.course(*course).stops;
                let premium = stops.iter().any(|stop| {
                    let (digits, more) = rewrite.then(&stop.rewrite).on(cell.head, cell.matched.1);
                    self.is_premium(&digits, more == 0 && cell.whole)
                });
                let key = Key { before: form(before, true), after: form(after, false), premium };
                self.put(key)
            }
            (before, after) => {
                let key = Key { before: form(before, false), after: form(after, false), premium: false };
                self.put(key)
            }
        }
    }

    /// Whether numbers that leave with these digits first, or `whole` as they are, may be dear.
    pub fn is_premium(&self, digits: &[u8], whole: bool) -> bool {
        self.premium.iter().any(|prefix| digits.starts_with(prefix) || !whole && prefix.starts_with(digits))
    }
}

/// Whether two courses ask the same gateways in the same way, whatever they do to numbers.
fn same_path(outcomes: &Outcomes, a: u32, b: u32) -> bool {
    outcomes.course(a).path == outcomes.course(b).path
}

/// An outcome by itself; `opened` where the other side lets the call out.
fn form(outcome: &Outcome, opened: bool) -> Form {
    match outcome {
        Outcome::NoRoute => Form::NoRoute,
        Outcome::Reject { code, reason, catch_all } => {
            Form::Reject { code: *code, reason: Arc::clone(reason), barred: opened && !catch_all }
        }
        Outcome::To { course, rewrite } => Form::To { course: *course, rewrite: Some(rewrite.clone()) },
    }
}
