//! Schedules: what one must say (TL0202, TL0203), and that those it takes out are no part of it (TL0203).

use super::Model;
use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::config::document::Schedule;
use crate::config::lower::Entry;
use crate::config::source::Span;

pub fn check(model: &Model, report: &mut Report) {
    for entry in model.schedules() {
        if let Some(schedule) = &entry.value {
            says_something(entry, schedule, report);
            in_order(entry, schedule, report);
        }
    }
    loops(model, report);
}

fn says_something(entry: &Entry<Schedule>, schedule: &Schedule, report: &mut Report) {
    let wall = schedule.days.stands()
        || schedule.hours.stands()
        || schedule.dates.stands()
        || schedule.from.stands()
        || schedule.until.stands()
        || schedule.except.stands();
    let id = &entry.id;
    match (schedule.timerec.key(), schedule.dialect.key()) {
        (None, None) if !wall && !schedule.flawed => {
            let message = format!("schedule `{id}` says no time");
            let help = "write `days`, `hours`, `dates`, `from`, `until` or `except`; a route that is always active has no `when`";
            report.push(Diagnostic::new(Code::WrongType, entry.span, message).help(help));
        }
        (Some(key), None) => {
            let help =
                "add `dialect: kamailio`, `opensips` or `opensips-3.2`: the forms can't be told apart by looking";
            let message = format!("`schedules.{id}` has a `timerec` without its `dialect`");
            report.push(Diagnostic::new(Code::WrongType, key, message).help(help));
        }
        (None, Some(key)) => {
            let message = format!("`schedules.{id}` has a `dialect`, and no `timerec`");
            report.push(Diagnostic::new(Code::WrongType, key, message).help("delete it, or add the `timerec`"));
        }
        _ => {}
    }
    let empty = [
        schedule.days.given().filter(|given| given.value.0.is_empty()).map(|given| given.span),
        schedule.hours.given().filter(|given| given.value.0.is_empty()).map(|given| given.span),
        schedule.dates.given().filter(|given| given.value.0.is_empty()).map(|given| given.span),
    ];
    for span in empty.into_iter().flatten() {
        let message = format!("schedule `{id}` has an empty list, so it is never active");
        report.push(Diagnostic::new(Code::BadValue, span, message).help("name a time, or delete the key"));
    }
}

fn in_order(entry: &Entry<Schedule>, schedule: &Schedule, report: &mut Report) {
    let (Some(from), Some(until)) = (schedule.from.given(), schedule.until.given()) else { return };
    if from.value.0 < until.value.0 {
        return;
    }
    let message = format!("schedule `{}` ends before it begins", entry.id);
    let diagnostic = Diagnostic::new(Code::BadValue, until.span, message).related(from.span, "it begins here");
    report.push(diagnostic.help("`until` is exclusive, and must be later than `from`"));
}

/// Schedules that each take out the next. Whether one is active is asked down to the last, in the middle of a call.
const DEEPEST: usize = 64;

/// `except` that leads back, or too far: each schedule is walked once, with those on the way to it.
fn loops(model: &Model, report: &mut Report) {
    const NEW: u8 = 0;
    const OPEN: u8 = 1;
    const DONE: u8 = 2;
    let mut marks = vec![NEW; model.schedules().len()];
    // How many schedules are below each.
    let mut below = vec![0; marks.len()];
    for start in 0..marks.len() {
        if marks.get(start) != Some(&NEW) {
            continue;
        }
        let mut path = vec![(start, except(start, model).into_iter())];
        marks[start] = OPEN;
        while let Some((at, rest)) = path.last_mut() {
            let at = *at;
            let Some((next, span)) = rest.next() else {
                marks[at] = DONE;
                path.pop();
                if let Some((parent, _)) = path.last() {
                    below[*parent] = below[*parent].max(below[at] + 1);
                }
                if below[at] == DEEPEST {
                    report.push(too_deep(at, model));
                }
                continue;
            };
            match marks.get(next).copied() {
                Some(DONE) => below[at] = below[at].max(below[next] + 1),
                Some(NEW) => {
                    marks[next] = OPEN;
                    path.push((next, except(next, model).into_iter()));
                }
                Some(OPEN) => {
                    let name = |at: usize| model.schedules().get(at).map_or("", |entry| &entry.id);
                    let message = format!("schedule `{}` is taken out of itself", name(next));
                    let diagnostic = Diagnostic::new(Code::BadValue, span, message).label("this closes the loop");
                    report.push(diagnostic.help("`except` names schedules that do not lead back to this one"));
                }
                _ => {}
            }
        }
    }
}

fn too_deep(at: usize, model: &Model) -> Diagnostic {
    let entry = model.schedules().get(at);
    let (id, span) = entry.map_or(("", Span::default()), |entry| (&entry.id, entry.span));
    let message = format!("below schedule `{id}` each of {DEEPEST} is taken out of the one before");
    Diagnostic::new(Code::Limits, span, message).help("name exceptions in the schedule itself, not in its exceptions")
}

/// The schedules that one takes out, with their places.
fn except(at: usize, model: &Model) -> Vec<(usize, Span)> {
    let schedule = model.schedules().get(at).and_then(|entry| entry.value.as_ref());
    let names = schedule.and_then(|schedule| schedule.except.get()).map_or(&[][..], |names| &names.0);
    names.iter().filter_map(|name| Some((model.schedule_named(&name.value.0)?, name.span))).collect()
}
