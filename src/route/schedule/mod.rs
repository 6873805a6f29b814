//! Schedules: when a rule is active (CONFIG-AND-CLI (a) "Schedules", (g) "Schedules").
//!
//! A schedule speaks of wall clocks; a call has an instant. So the instants at which a schedule begins and ends to be
//! active are worked out beforehand, for the time in which calls are expected ([`Schedules::build`]), and a question is a
//! search in a sorted list. Earlier and later the rule itself is asked, which costs more and says the same.

mod clocks;
mod instants;
mod rule;
mod spans;
mod walk;

pub use instants::{InstantSet, Instants};
pub use rule::{Dates, Days, Hours, Schedule, ScheduleIx, When};
pub use spans::Spans;

use crate::time::Wall;

const DAY: i64 = 86_400_000_000;
/// How far before and after its making a table knows the edges: a revision that runs for longer than a year asks the
/// rules again.
const BEFORE: i64 = DAY;
const AFTER: i64 = 400 * DAY;
/// What a schedule keeps at most (128 KiB); one with more edges in that time asks its rule after the last.
const MOST_EDGES: usize = 16_384;
/// How far ahead [`Schedules::next_edge`] looks: `yearly 02-29` has at most eight years without it.
pub const FAR: i64 = 11 * 366 * DAY;

/// All schedules of a table.
#[derive(Clone, Debug, Default)]
pub struct Schedules {
    list: Vec<Schedule>,
    /// The edges of each, for a time around its making.
    known: Vec<Known>,
}

#[derive(Clone, Debug)]
struct Known {
    from: Wall,
    until: Wall,
    spans: Spans,
}

impl Known {
    fn covers(&self, wall: Wall) -> bool {
        self.from <= wall && wall < self.until
    }
}

impl Schedules {
    /// Compiles schedules for the time around `now`. A loop of exceptions is refused by the configuration.
    pub fn build(list: Vec<Schedule>, now: Wall) -> Schedules {
        let mut out = Schedules { list, known: Vec::new() };
        let (from, until) = (Wall(now.0.saturating_sub(BEFORE)), Wall(now.0.saturating_add(AFTER)));
        let known = out.all_spans(from, until).into_iter().map(|spans| {
            let (spans, until) = spans.cut(MOST_EDGES, until);
            Known { from, until, spans }
        });
        out.known = known.collect();
        out
    }

    pub fn list(&self) -> &[Schedule] {
        &self.list
    }
    pub fn get(&self, ix: ScheduleIx) -> Option<&Schedule> {
        self.list.get(usize::from(ix.0))
    }
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether a schedule is active at an instant.
    pub fn active(&self, ix: ScheduleIx, wall: Wall) -> bool {
        match self.known.get(usize::from(ix.0)) {
            Some(known) if known.covers(wall) => known.spans.active(wall),
            _ => self.active_by_rule(ix, wall),
        }
    }

    /// Whether a `when` holds: none is always, several are alternatives.
    pub fn holds(&self, when: &[When], wall: Wall) -> bool {
        when.is_empty() || when.iter().any(|w| self.active(w.schedule, wall) != w.not)
    }

    /// The first instant after `after` at which a schedule begins or ends to be active; `None` when there is none in
    /// the next eleven years.
    pub fn next_edge(&self, ix: ScheduleIx, after: Wall) -> Option<Wall> {
        let mut from = after;
        if let Some(known) = self.known.get(usize::from(ix.0)).filter(|known| known.covers(after)) {
            match known.spans.next_edge(after) {
                // At the end of what is known the list of edges is cut.
                Some(edge) if edge < known.until => return Some(edge),
                _ => from = Wall(known.until.0 - 1),
            }
        }
        let far = Wall(after.0.saturating_add(FAR));
        while from < far {
            let until = Wall(from.0.saturating_add(AFTER));
            // The window begins with `from` itself, so an edge just there can't be told from its beginning.
            match self.spans(ix, from, until).next_edge(from) {
                Some(edge) if edge < until => return Some(edge),
                _ => from = Wall(until.0 - 1),
            }
        }
        None
    }

    /// The first instant after `after` at which a `when` may begin or end to hold.
    pub fn next_edge_of(&self, when: &[When], after: Wall) -> Option<Wall> {
        let mut at = after;
        // Edges that change nothing, because another alternative holds, are passed; a bound, for they may be many.
        for _ in 0..1000 {
            at = when.iter().filter_map(|w| self.next_edge(w.schedule, at)).min()?;
            if self.holds(when, at) != self.holds(when, after) {
                return Some(at);
            }
        }
        Some(at)
    }

    /// When a schedule is active between two instants, exactly; of any length.
    pub fn spans(&self, ix: ScheduleIx, from: Wall, until: Wall) -> Spans {
        let mut done = vec![None; self.list.len()];
        self.fill(ix, from, until, &mut done);
        done.get_mut(usize::from(ix.0)).and_then(Option::take).unwrap_or_default()
    }

    /// [`Schedules::spans`] of each.
    pub fn all_spans(&self, from: Wall, until: Wall) -> Vec<Spans> {
        let mut done = vec![None; self.list.len()];
        for ix in (0u16..).take(self.list.len()) {
            self.fill(ScheduleIx(ix), from, until, &mut done);
        }
        done.into_iter().map(Option::unwrap_or_default).collect()
    }

    /// When a `when` holds between two instants, exactly.
    pub fn spans_of(&self, when: &[When], from: Wall, until: Wall) -> Spans {
        if when.is_empty() {
            return Spans::whole(from, until);
        }
        let parts = when.iter().map(|w| {
            let spans = self.spans(w.schedule, from, until);
            if w.not { Spans::whole(from, until).without(&spans) } else { spans }
        });
        parts.fold(Spans::default(), |all, part| all.with(&part))
    }

    fn fill(&self, ix: ScheduleIx, from: Wall, until: Wall, done: &mut [Option<Spans>]) {
        let at = usize::from(ix.0);
        let (Some(schedule), Some(slot)) = (self.list.get(at), done.get_mut(at)) else { return };
        if slot.is_some() {
            return;
        }
        // Stands for itself in a loop, so that this ends in any case.
        *slot = Some(Spans::default());
        let mut spans = walk::spans(schedule, from, until);
        for except in &schedule.except {
            self.fill(except.schedule, from, until, done);
            let other = done.get(usize::from(except.schedule.0)).and_then(Option::as_ref);
            let other = other.map_or_else(Spans::default, Spans::clone);
            spans = if except.not { spans.and(&other) } else { spans.without(&other) };
        }
        if let Some(slot) = done.get_mut(at) {
            *slot = Some(spans);
        }
    }

    fn active_by_rule(&self, ix: ScheduleIx, wall: Wall) -> bool {
        self.by_rule(ix, wall, self.list.len())
    }

    /// `left` bounds the depth: exceptions have no loop, so no chain of them is longer than the list.
    fn by_rule(&self, ix: ScheduleIx, wall: Wall, left: usize) -> bool {
        let Some(schedule) = self.get(ix).filter(|_| left > 0) else { return false };
        walk::active(schedule, wall)
            && !schedule.except.iter().any(|e| self.by_rule(e.schedule, wall, left - 1) != e.not)
    }
}
