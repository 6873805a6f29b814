//! A schedule as it is written: all its keys must hold at once.

use crate::time::Wall;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use std::sync::Arc;

/// Position of a schedule in its table. Means nothing in another table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScheduleIx(pub u16);

/// One alternative of a route's `when`: a schedule, or its contrary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct When {
    pub schedule: ScheduleIx,
    pub not: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub id: Arc<str>,
    /// Whose wall clocks are meant.
    pub zone: TimeZone,
    pub days: Days,
    /// Empty: the whole day. Hours that go on past midnight belong to the day on which they begin.
    pub hours: Vec<Hours>,
    /// Empty: every date.
    pub dates: Vec<Dates>,
    /// From this moment on. One that a change of clocks doubles is its first pass, one that it skips the change.
    pub from: Option<DateTime>,
    /// Before this moment.
    pub until: Option<DateTime>,
    /// Taken away from it, with all their own keys and in their own zones.
    pub except: Vec<When>,
}

/// Days of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Days(u8);

impl Days {
    pub const DAILY: Days = Days(0x7f);
    pub const NONE: Days = Days(0);

    pub fn with(self, day: Weekday) -> Days {
        Days(self.0 | 1 << day.to_monday_zero_offset())
    }
    pub fn has(self, day: Weekday) -> bool {
        self.0 >> day.to_monday_zero_offset() & 1 == 1
    }
    /// `from` to `to`, both in; `sat-mon` wraps.
    pub fn range(from: Weekday, to: Weekday) -> Days {
        let mut days = Days::NONE.with(from);
        let mut day = from;
        while day != to {
            day = day.next();
            days = days.with(day);
        }
        days
    }
}

/// Minutes of the day: from the first, before the second. A second that is not greater means the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hours {
    /// 0 to 1439.
    pub from: u16,
    /// 0 to 1440.
    pub until: u16,
}

impl Hours {
    pub const WHOLE_DAY: Hours = Hours { from: 0, until: 1440 };

    /// The end counted from the day on which they begin: up to 2 × 1440.
    pub(super) fn end(self) -> u16 {
        if self.until > self.from { self.until } else { self.until + 1440 }
    }
}

/// Days of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dates {
    On(Date),
    /// Every year. 02-29 is there in leap years alone.
    Yearly {
        month: i8,
        day: i8,
    },
}

impl Schedule {
    /// Whether hours may begin on a day.
    pub fn has_day(&self, day: Date) -> bool {
        let of_dates = |dates: &Dates| match *dates {
            Dates::On(date) => date == day,
            Dates::Yearly { month, day: n } => day.month() == month && day.day() == n,
        };
        self.days.has(day.weekday()) && (self.dates.is_empty() || self.dates.iter().any(of_dates))
    }

    /// Whether its `until` has passed.
    pub fn is_over(&self, now: Wall) -> bool {
        self.until.is_some_and(|until| super::clocks::instant(&self.zone, until) <= now)
    }

    pub(super) fn hours(&self) -> &[Hours] {
        if self.hours.is_empty() { &[Hours::WHOLE_DAY] } else { &self.hours }
    }
}
