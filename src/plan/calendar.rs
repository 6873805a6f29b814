//! Instants as people say them: spans of the week, and what differs from the week by its date, in one time zone.
//!
//! A set of instants is read day by day. The most frequent hours of each weekday make up the week; days that do not follow
//! it are named by their dates. Where saying each stretch by its ends takes fewer words, that is done instead.

use crate::config::DAY_NAMES;
use crate::route::Spans;
use crate::time::Wall;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// A set of instants in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Calendar {
    Always,
    /// All of these together.
    Spans(Vec<CalendarSpan>),
}

/// All that is given must hold; in the words of a schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CalendarSpan {
    /// Weekdays, Monday is 0; empty is every day.
    pub days: Vec<u8>,
    /// Seconds of the day; empty is the whole day.
    pub hours: Vec<(u32, u32)>,
    pub from: Option<DateTime>,
    pub until: Option<DateTime>,
    /// On these dates it does not hold.
    pub except: Vec<Date>,
}

const DAY: u32 = 86_400;

/// Puts `spans`, which lie in `window`, into words.
pub fn describe(spans: &Spans, window: (Wall, Wall), zone: &TimeZone) -> Calendar {
    if spans.iter().eq([window]) {
        return Calendar::Always;
    }
    let dated = dated(spans, window, zone);
    match weekly(spans, window, zone) {
        Some(weekly) if cost(&weekly) <= cost(&dated) => Calendar::Spans(weekly),
        _ => Calendar::Spans(dated),
    }
}

/// How much there is to read: each span, and each run of dates that are left out.
fn cost(spans: &[CalendarSpan]) -> usize {
    let runs = |dates: &[Date]| dates.windows(2).filter(|pair| pair[0].tomorrow().ok() != Some(pair[1])).count() + 1;
    spans.iter().map(|span| 1 + if span.except.is_empty() { 0 } else { runs(&span.except) }).sum()
}

/// Each stretch by its ends; those of the window are not said.
fn dated(spans: &Spans, window: (Wall, Wall), zone: &TimeZone) -> Vec<CalendarSpan> {
    let ends = |(from, until): (Wall, Wall)| CalendarSpan {
        from: (from > window.0).then(|| civil(from, zone)),
        until: (until < window.1).then(|| civil(until, zone)),
        ..CalendarSpan::default()
    };
    spans.iter().map(ends).collect()
}

fn civil(wall: Wall, zone: &TimeZone) -> DateTime {
    zone.to_datetime(timestamp(wall))
}

fn timestamp(wall: Wall) -> Timestamp {
    Timestamp::from_microsecond(wall.0).unwrap_or(if wall.0 < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// One day of the window.
struct Day {
    date: Date,
    /// Its midnights, cut to the window and to the first and last instant of the set.
    from: Wall,
    until: Wall,
    /// The stretches of the set on it.
    actual: Vec<(Wall, Wall)>,
    /// As seconds, for days of 24 hours that lie wholly inside.
    hours: Option<Vec<(u32, u32)>>,
}

/// The week that fits best, and the days that do not follow it; `None` where there is no rhythm to be found.
fn weekly(spans: &Spans, window: (Wall, Wall), zone: &TimeZone) -> Option<Vec<CalendarSpan>> {
    let first = spans.iter().next()?.0;
    let last = spans.iter().next_back()?.1;
    let days = days(spans, (first, last), zone)?;
    let mut counts: [BTreeMap<&[(u32, u32)], usize>; 7] = Default::default();
    for day in &days {
        if let Some(hours) = &day.hours {
            *counts[weekday(day.date)].entry(hours.as_slice()).or_default() += 1;
        }
    }
    let week = counts.map(|hours| {
        let most = hours.into_iter().max_by_key(|(_, count)| *count);
        most.map_or(&[][..], |(hours, _)| hours)
    });
    let follows = |day: &Day, cut: (Wall, Wall)| expected(day, week[weekday(day.date)], cut, zone) == day.actual;
    let odd: Vec<&Day> = days.iter().filter(|day| !follows(day, (first, last))).collect();
    // Before the first and behind the last instant of the set the week may have to be cut off.
    let outside = |cut: (Wall, Wall)| -> bool {
        let beyond = self::days(&Spans::default(), cut, zone).unwrap_or_default();
        beyond.iter().any(|day| !expected(day, week[weekday(day.date)], cut, zone).is_empty())
    };
    let from = (window.0 < first && outside((window.0, first))).then(|| civil(first, zone));
    let until = (last < window.1 && outside((last, window.1))).then(|| civil(last, zone));
    let mut out = Vec::new();
    for (days, hours) in alike(&week) {
        let except = odd.iter().filter(|day| days.contains(&(weekday(day.date) as u8))).map(|day| day.date).collect();
        let days = if days.len() == 7 { Vec::new() } else { days };
        let hours = if hours == [(0, DAY)] { Vec::new() } else { hours.to_vec() };
        out.push(CalendarSpan { days, hours, from, until, except });
    }
    out.extend(dates(&odd, zone));
    (!out.is_empty()).then_some(out)
}

/// The days from one instant to another.
fn days(spans: &Spans, (from, until): (Wall, Wall), zone: &TimeZone) -> Option<Vec<Day>> {
    let mut out = Vec::new();
    let mut stretches = spans.iter().peekable();
    let mut date = civil(from, zone).date();
    let mut midnight = start_of(date, zone)?;
    while midnight < until {
        let tomorrow = date.tomorrow().ok()?;
        let next = start_of(tomorrow, zone)?;
        let (start, end) = (midnight.max(from), next.min(until));
        let mut actual = Vec::new();
        while let Some(&(a, b)) = stretches.peek() {
            if b > start && a < end {
                actual.push((a.max(start), b.min(end)));
            }
            if b > end {
                break;
            }
            stretches.next();
        }
        let plain = next.0 - midnight.0 == i64::from(DAY) * 1_000_000 && (start, end) == (midnight, next);
        let second = |wall: Wall| ((wall.0 - midnight.0) / 1_000_000) as u32;
        let hours = plain.then(|| actual.iter().map(|&(a, b)| (second(a), second(b))).collect());
        out.push(Day { date, from: start, until: end, actual, hours });
        (date, midnight) = (tomorrow, next);
    }
    Some(out)
}

fn start_of(date: Date, zone: &TimeZone) -> Option<Wall> {
    let zoned = date.to_zoned(zone.clone()).ok()?;
    Some(Wall(zoned.timestamp().as_microsecond()))
}

fn weekday(date: Date) -> usize {
    usize::from(date.weekday().to_monday_zero_offset().unsigned_abs()) % 7
}

/// What a day would have if it followed the week: in a doubled hour both passes count, a skipped one is not there.
fn expected(day: &Day, hours: &[(u32, u32)], cut: (Wall, Wall), zone: &TimeZone) -> Vec<(Wall, Wall)> {
    let mut out: Vec<(Wall, Wall)> = Vec::new();
    for &(from, until) in hours {
        let from = instant(day.date, from, false, zone).max(day.from).max(cut.0);
        let until = instant(day.date, until, true, zone).min(day.until).min(cut.1);
        if from < until {
            out.push((from, until));
        }
    }
    out
}

/// The instant of a second of a day: of a doubled one the first pass, for an end the last.
fn instant(date: Date, second: u32, end: bool, zone: &TimeZone) -> Wall {
    let civil = match second {
        DAY.. => date.tomorrow().unwrap_or(Date::MAX).to_datetime(Time::midnight()),
        second => date.to_datetime(Time::midnight()).saturating_add(jiff::Span::new().seconds(i64::from(second))),
    };
    let ambiguous = zone.to_ambiguous_timestamp(civil);
    let timestamp = if end { ambiguous.later() } else { ambiguous.earlier() };
    Wall(timestamp.map_or(i64::MAX, |timestamp| timestamp.as_microsecond()))
}

/// Weekdays, and the hours of each of them.
type Weekdays<'h> = (Vec<u8>, &'h [(u32, u32)]);

/// The weekdays with the same hours; those without any are left out.
fn alike<'h>(week: &[&'h [(u32, u32)]; 7]) -> Vec<Weekdays<'h>> {
    let mut out: Vec<Weekdays> = Vec::new();
    for (day, hours) in (0u8..).zip(week).filter(|(_, hours)| !hours.is_empty()) {
        match out.iter_mut().find(|(_, known)| known == hours) {
            Some((days, _)) => days.push(day),
            None => out.push((vec![day], hours)),
        }
    }
    out
}

/// What the odd days have, each stretch by its ends.
fn dates(odd: &[&Day], zone: &TimeZone) -> Vec<CalendarSpan> {
    let mut stretches: Vec<(Wall, Wall)> = Vec::new();
    for &(from, until) in odd.iter().flat_map(|day| &day.actual) {
        match stretches.last_mut() {
            Some(last) if last.1 == from => last.1 = until,
            _ => stretches.push((from, until)),
        }
    }
    let span = |(from, until)| CalendarSpan {
        from: Some(civil(from, zone)),
        until: Some(civil(until, zone)),
        ..CalendarSpan::default()
    };
    stretches.into_iter().map(span).collect()
}

/// `["mon-fri"]`, in the words of a schedule.
pub fn day_words(days: &[u8]) -> Vec<String> {
    let name = |day: u8| DAY_NAMES[usize::from(day) % 7];
    let mut runs: Vec<(u8, u8)> = Vec::new();
    for &day in days {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == day => *last = day,
            _ => runs.push((day, day)),
        }
    }
    let word = |(from, to): (u8, u8)| match to - from {
        0 => name(from).to_owned(),
        _ => format!("{}-{}", name(from), name(to)),
    };
    match days.len() {
        0 | 7 => vec!["daily".to_owned()],
        _ => runs.into_iter().map(word).collect(),
    }
}

/// `08:00-18:00`; seconds only where there are any.
pub fn hours_word(&(from, until): &(u32, u32)) -> String {
    let clock = |second: u32| {
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        match second {
            0 => format!("{hour:02}:{minute:02}"),
            _ => format!("{hour:02}:{minute:02}:{second:02}"),
        }
    };
    format!("{}-{}", clock(from), clock(until))
}

/// Monday is 0.
pub fn weekday_of(day: Weekday) -> u8 {
    day.to_monday_zero_offset().unsigned_abs()
}
