//! When a schedule is active.
//!
//! Between two changes of a zone's clocks wall time is the instant plus a constant. So each such stretch is walked by
//! itself, day by day: an hour that a change skips lies in no stretch, one that it doubles lies in two.

use super::clocks::{SECOND, instant, stretches};
use super::rule::Schedule;
use super::spans::Spans;
use crate::time::Wall;
use jiff::Timestamp;
use jiff::civil::Date;

const DAY_SECONDS: i64 = 86_400;
const EPOCH: Date = Date::constant(1970, 1, 1);

/// Whether a schedule, its exceptions aside, is active at an instant.
pub(super) fn active(schedule: &Schedule, wall: Wall) -> bool {
    let Ok(timestamp) = Timestamp::from_microsecond(wall.0) else { return false };
    if schedule.from.is_some_and(|from| wall < instant(&schedule.zone, from))
        || schedule.until.is_some_and(|until| wall >= instant(&schedule.zone, until))
    {
        return false;
    }
    let local = schedule.zone.to_datetime(timestamp);
    let minute = (i32::from(local.hour()) * 60 + i32::from(local.minute())) as u16;
    let begun_on = |day: Date, minute: u16| {
        schedule.has_day(day) && schedule.hours().iter().any(|h| h.from <= minute && minute < h.end())
    };
    begun_on(local.date(), minute) || local.date().yesterday().is_ok_and(|day| begun_on(day, minute + 1440))
}

/// When a schedule, its exceptions aside, is active between two instants.
pub(super) fn spans(schedule: &Schedule, from: Wall, until: Wall) -> Spans {
    let (mut first, mut last) = (from, until);
    if let Some(from) = schedule.from {
        first = first.max(instant(&schedule.zone, from));
    }
    if let Some(until) = schedule.until {
        last = last.min(instant(&schedule.zone, until));
    }
    let mut parts = Vec::new();
    for (from, until, offset) in stretches(&schedule.zone, first, last) {
        walk(schedule, from, until, offset, &mut parts);
    }
    Spans::union(parts)
}

/// The hours of one stretch whose clocks stand at `offset`.
fn walk(schedule: &Schedule, from: Wall, until: Wall, offset: i64, parts: &mut Vec<(Wall, Wall)>) {
    let local_day = |wall: Wall| (wall.0.div_euclid(SECOND) + offset).div_euclid(DAY_SECONDS);
    // Hours that began the day before may last into the first day.
    let mut number = local_day(from) - 1;
    let last = local_day(until);
    let Ok(mut day) = EPOCH.checked_add(jiff::SignedDuration::from_secs(number * DAY_SECONDS)) else { return };
    while number <= last {
        if schedule.has_day(day) {
            for hours in schedule.hours() {
                let at = |minute: u16| Wall((number * DAY_SECONDS + i64::from(minute) * 60 - offset) * SECOND);
                parts.push((at(hours.from).max(from), at(hours.end()).min(until)));
            }
        }
        number += 1;
        let Ok(next) = day.tomorrow() else { return };
        day = next;
    }
}
