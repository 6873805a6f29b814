//! The comparison of two sets of rules for one cell of numbers: which change, at which instants.

use super::cells::{NOTHING, ValueId};
use super::half::{self, Half, Ladder, Rung, rung_at};
use super::identity::{Identity, Who};
use super::intern::Interner;
use super::outcome::{Outcome, Outcomes, Side, who};
use super::path::Path;
use super::rewrite::Rewrite;
use super::times::{ALWAYS, TimeId, Times, Window};
use super::verdict::{Cell, ChangeId, Form, Key, SAME, Verdicts};
use crate::proxy::Snapshot;
use crate::route::{Decision, Number, Outcome as Decided, RouteTarget};
use crate::time::Wall;
use smallvec::SmallVec;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is different in a cell: which changes, each at which instants. Empty is no difference.
pub type Value = SmallVec<[(ChangeId, TimeId); 1]>;

pub struct Comparer<'a> {
    pub identity: Identity,
    pub times: Times,
    pub outcomes: Outcomes,
    pub verdicts: Verdicts,
    pub old: Half<'a>,
    pub new: Half<'a>,
    values: Interner<Value>,
    /// By change: what the routes themselves make of the number, where both sides agree on it.
    shown: Vec<Option<Shown>>,
}

/// The routes' own change of numbers in an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// All the same.
    One {
        rewrite: Rewrite,
        matched: usize,
    },
    /// All the same words, on prefixes of several lengths.
    Words(Rewrite),
    Several,
}

impl<'a> Comparer<'a> {
    pub fn new(old: &'a Snapshot, new: &'a Snapshot, window: Window, premium: &[String]) -> Comparer<'a> {
        let identity = Identity::of(old, new);
        let (mut times, mut outcomes) = (Times::new(window), Outcomes::new());
        let old = Half::new(&old.table, Side::Old, &identity, &mut outcomes, &mut times);
        let new = Half::new(&new.table, Side::New, &identity, &mut outcomes, &mut times);
        let mut values = Interner::default();
        values.put(Value::new());
        Comparer { identity, times, outcomes, verdicts: Verdicts::new(premium), old, new, values, shown: Vec::new() }
    }

    pub fn half(&mut self, side: Side) -> &mut Half<'a> {
        match side {
            Side::Old => &mut self.old,
            Side::New => &mut self.new,
        }
    }

    pub fn changes_in(&self, value: ValueId) -> &Value {
        self.values.get(value)
    }
    pub fn shown(&self, change: ChangeId) -> Option<&Shown> {
        self.shown.get(change as usize)?.as_ref()
    }

    /// The part of the week in which a cell differs.
    pub fn share(&self, value: ValueId) -> f64 {
        // The changes of one cell never hold at the same instant.
        self.changes_in(value).iter().map(|&(_, time)| self.times.share(time)).sum()
    }

    /// The difference for the numbers that begin with `head`; for the `whole` number that it is.
    pub fn value(&mut self, old: &Ladder, new: &Ladder, head: &[u8], whole: bool) -> ValueId {
        if half::equal(old, new, &self.outcomes) {
            return NOTHING;
        }
        let mut value = Value::new();
        if let ([a, ..], [b, ..]) = (old.as_slice(), new.as_slice())
            && (a.when, b.when) == (ALWAYS, ALWAYS)
        {
            self.add(*a, *b, ALWAYS, head, whole, &mut value);
        } else {
            for slice in self.times.slices(&half::whens(old), &half::whens(new)).iter() {
                self.add(rung_at(old, slice.old), rung_at(new, slice.new), slice.time, head, whole, &mut value);
            }
        }
        self.put(value)
    }

    fn put(&mut self, mut value: Value) -> ValueId {
        value.sort_unstable();
        self.values.put(value)
    }

    fn add(&mut self, old: Rung, new: Rung, time: TimeId, head: &[u8], whole: bool, value: &mut Value) {
        let cell = Cell { head, matched: (old.matched, new.matched), whole };
        let change = self.verdicts.between(&self.outcomes, old.outcome, new.outcome, cell);
        if change != SAME {
            self.note_rewrite(change, old);
            self.join(change, time, value);
        }
    }

    fn join(&mut self, change: ChangeId, time: TimeId, value: &mut Value) {
        match value.iter_mut().find(|(known, _)| *known == change) {
            Some((_, known)) => *known = self.times.joined(*known, time),
            None => value.push((change, time)),
        }
    }

    /// Remembers what the old side's route makes of the number, for entries in which both sides' routes do the same.
    fn note_rewrite(&mut self, change: ChangeId, old: Rung) {
        let Outcome::To { rewrite, .. } = self.outcomes.get(old.outcome) else { return };
        let at = change as usize;
        if self.shown.len() <= at {
            self.shown.resize(at + 1, None);
        }
        let (matched, rewrite) = (old.matched, rewrite);
        let next = match &self.shown[at] {
            None => Shown::One { rewrite: rewrite.clone(), matched },
            Some(Shown::Several) => return,
            Some(Shown::One { rewrite: known, matched: length }) if known == rewrite => {
                if *length == matched || !rewrite.is_relative() {
                    return;
                }
                Shown::Words(rewrite.clone())
            }
            Some(Shown::Words(known)) if known == rewrite => return,
            Some(_) => Shown::Several,
        };
        self.shown[at] = Some(next);
    }

    /// The difference for one number, as the tables themselves decide it. The sides stand at its place.
    pub fn concrete(&mut self, number: &[u8]) -> ValueId {
        let whole = Some(number.len());
        let (old, new) = (self.old.ladder(whole), self.new.ladder(whole));
        let slices = self.times.slices(&half::whens(&old), &half::whens(&new));
        let mut value = Value::new();
        for slice in slices.iter() {
            let Some((from, _)) = self.times.get(slice.time).iter().next() else { continue };
            let rungs = (rung_at(&old, slice.old), rung_at(&new, slice.new));
            let change = self.decided(number, from, rungs);
            if change != SAME {
                self.note_rewrite(change, rungs.0);
                self.join(change, slice.time, &mut value);
            }
        }
        self.put(value)
    }

    /// The change for a call at an instant, for which these rules decide.
    fn decided(&mut self, number: &[u8], wall: Wall, rungs: (Rung, Rung)) -> ChangeId {
        let old = self.old.decide(number, wall).cloned();
        let new = self.new.decide(number, wall).cloned();
        if self.same(old.as_ref(), new.as_ref()) {
            return SAME;
        }
        let sides = [(old.as_ref(), Side::Old), (new.as_ref(), Side::New)];
        let rewrites = [rungs.0, rungs.1].map(|rung| self.route_rewrite(rung));
        let on = |r: &Option<(Rewrite, usize)>| r.as_ref().map(|(rewrite, matched)| rewrite.on(number, *matched));
        let keep = on(&rewrites[0]) != on(&rewrites[1]);
        let goes = new.as_ref().is_some_and(|d| d.outcome == Decided::Attempts);
        let [before, after] = [0, 1].map(|at| {
            let (decision, side) = sides[at];
            let rewrite = rewrites[at].clone().map(|(rewrite, _)| rewrite).filter(|_| keep);
            self.form(decision, side, rewrite, goes && side == Side::Old)
        });
        let barred = matches!(before, Form::Reject { barred: true, .. });
        let numbers = new.iter().flat_map(|d| &d.attempts);
        let premium = barred && numbers.into_iter().any(|attempt| self.verdicts.is_premium(&attempt.number, true));
        self.verdicts.put(Key { before, after, premium })
    }

    /// Whether two decisions about one number are the same.
    fn same(&self, old: Option<&Decision>, new: Option<&Decision>) -> bool {
        let nothing = |d: Option<&Decision>| d.is_none_or(|d| matches!(d.outcome, Decided::NoRoute | Decided::NoGroup));
        let (Some(a), Some(b)) = (old, new) else { return nothing(old) && nothing(new) };
        match (&a.outcome, &b.outcome) {
            (Decided::Attempts, Decided::Attempts) => self.stops(a, Side::Old) == self.stops(b, Side::New),
            (x, y) => x == y || nothing(old) && nothing(new),
        }
    }

    /// The order of a decision, and the number that each gateway gets.
    fn stops(&self, decision: &Decision, side: Side) -> (Path, BTreeMap<Who, Number>) {
        let attempts = &decision.attempts;
        let who = |gateway| who(&self.identity, side, gateway);
        let path = Path::of(&decision.order, &|at| attempts.get(at).map_or(Who::MAX, |a| who(a.gateway)));
        let asked = path.gateways();
        let numbers = attempts.iter().map(|attempt| (who(attempt.gateway), attempt.number.clone()));
        (path, numbers.filter(|(who, _)| asked.contains(who)).collect())
    }

    /// The rule's own change of the number, with the length of the prefix that matched.
    fn route_rewrite(&self, rung: Rung) -> Option<(Rewrite, usize)> {
        match self.outcomes.get(rung.outcome) {
            Outcome::To { rewrite, .. } => Some((rewrite.clone(), rung.matched)),
            Outcome::NoRoute | Outcome::Reject { .. } => None,
        }
    }

    fn form(&mut self, decision: Option<&Decision>, side: Side, rewrite: Option<Rewrite>, opened: bool) -> Form {
        let half = if side == Side::Old { &self.old } else { &self.new };
        let route = decision.and_then(|d| d.route).map(|ix| half.table.route(ix));
        let (Some(decision), Some(route)) = (decision, route) else { return Form::NoRoute };
        match &decision.outcome {
            Decided::Attempts => {
                let course = self.outcomes.course_in(decision, half.table, route.raw, &self.identity, side);
                Form::To { course, rewrite }
            }
            Decided::Reject(reply) => Form::Reject {
                code: reply.code,
                reason: Arc::clone(&reply.reason),
                barred: opened && !route.default && matches!(route.target, RouteTarget::Reject(_)),
            },
            Decided::Unusable => Form::Unusable,
            Decided::NoRoute | Decided::NoGroup => Form::NoRoute,
        }
    }
}
