//! Hours that begin or end in an hour which a change of clocks skips or doubles in the coming year (TL0411).

use super::Ground;
use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::config::lower::Given;
use crate::config::value::Hours;
use crate::route::{Schedule, ScheduleIx};
use crate::time::Wall;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

const YEAR: i64 = 366 * 86_400_000_000;

/// A change of clocks: the readings that it skips, or that are there twice.
struct ClockChange {
    from: DateTime,
    until: DateTime,
    doubled: bool,
}

pub fn check(ground: &Ground, report: &mut Report) {
    for (at, entry) in ground.model.schedules().iter().enumerate() {
        let hours = entry.value.as_ref().and_then(|schedule| schedule.hours.get());
        let compiled = ground.schedule(at).and_then(|ix| ground.table().schedules().get(ScheduleIx(ix)));
        let (Some(hours), Some(compiled)) = (hours, compiled) else { continue };
        for change in changes(&compiled.zone, ground.now) {
            for given in &hours.0 {
                if let Some(diagnostic) = affected(&entry.id, compiled, given, &change) {
                    report.push(diagnostic);
                }
            }
        }
    }
}

fn changes(zone: &TimeZone, now: Wall) -> Vec<ClockChange> {
    let (Ok(from), Ok(until)) =
        (Timestamp::from_microsecond(now.0), Timestamp::from_microsecond(now.0.saturating_add(YEAR)))
    else {
        return Vec::new();
    };
    let mut before = zone.to_offset(from);
    let mut out = Vec::new();
    for change in zone.following(from).take_while(|change| change.timestamp() < until) {
        let after = change.offset();
        // Readings just before the change and just after it.
        let (old, new) = (before.to_datetime(change.timestamp()), after.to_datetime(change.timestamp()));
        if old != new {
            out.push(ClockChange { from: old.min(new), until: old.max(new), doubled: new < old });
        }
        before = after;
    }
    out
}

/// Whether hours begin or end inside a change, on a day on which the schedule has them.
fn affected(id: &str, schedule: &Schedule, hours: &Given<Hours>, change: &ClockChange) -> Option<Diagnostic> {
    let Hours { from, until } = hours.value;
    let overnight = until <= from;
    let day = change.from.date();
    let begins = [(day, from, schedule.has_day(day), "begin")];
    let yesterday = day.yesterday().ok()?;
    let ends = [
        (day, until, !overnight && schedule.has_day(day), "end"),
        (day, until, overnight && schedule.has_day(yesterday), "end"),
    ];
    let reading = |day: Date, minute: u16| {
        day.to_datetime(jiff::civil::Time::midnight()).checked_add(SignedDuration::from_mins(i64::from(minute))).ok()
    };
    for (day, minute, _, verb) in begins.into_iter().chain(ends).filter(|(_, _, on, _)| *on) {
        let at = reading(day, minute)?;
        // What begins with the change begins right after it, and what ends with it ends before it.
        let first = if verb == "begin" && !change.doubled { at >= change.from } else { at > change.from };
        if !first || at >= change.until {
            continue;
        }
        let what = if change.doubled { "there twice" } else { "skipped" };
        let clock = format!("{:02}:{:02}", minute / 60 % 24, minute % 60);
        let message = format!("schedule `{id}`: the hours {verb} at {clock}, which is {what} on {day}");
        let zone = schedule.zone.iana_name().unwrap_or("its zone").to_owned();
        let label = match change.doubled {
            true => format!("the clocks of {zone} go back: both passes count"),
            false => format!("the clocks of {zone} go forward: the hour does not exist"),
        };
        let diagnostic = Diagnostic::new(Code::DstEdge, hours.span, message).label(label);
        return Some(diagnostic.help("choose another hour where that matters"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_in_berlin_has_two_changes() {
        let zone = TimeZone::get("Europe/Berlin").expect("the zone is known");
        let now = Wall("2026-11-24T00:00Z".parse::<Timestamp>().expect("a timestamp").as_microsecond());
        let said: Vec<String> =
            changes(&zone, now).iter().map(|c| format!("{} {} {}", c.from, c.until, c.doubled)).collect();
        assert_eq!(
            said,
            ["2027-03-28T02:00:00 2027-03-28T03:00:00 false", "2027-10-31T02:00:00 2027-10-31T03:00:00 true"]
        );
        assert!(changes(&TimeZone::UTC, now).is_empty());
    }
}
