//! Times as people write them: days, hours, dates, moments, zones.

use super::schema;
use crate::config::diagnostic::Safety;
use crate::config::lower::{Kind, Problem, Scalar};
use crate::config::names::nearest;
use crate::time::Wall;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// From Monday on.
pub const DAY_NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// An instant in the words of a zone's clocks: `tue 19:30`, or with its date `tue 2026-11-24 19:30`.
pub fn clock(at: Wall, zone: &TimeZone, date: bool) -> String {
    let Ok(timestamp) = jiff::Timestamp::from_microsecond(at.0) else { return String::new() };
    let local = zone.to_datetime(timestamp);
    let day = DAY_NAMES.get(usize::from(local.weekday().to_monday_zero_offset().unsigned_abs())).unwrap_or(&"");
    let date = if date { format!("{} ", local.date()) } else { String::new() };
    format!("{day} {date}{:02}:{:02}", local.hour(), local.minute())
}

/// Days of the week, one bit each: the lowest is Monday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days(pub u8);

impl Scalar for Days {
    const WHAT: &'static str = "days of the week, like `mon-fri`";
    const KIND: Kind = Kind::Formed;
    fn parse(text: &str) -> Result<Days, Problem> {
        if text == "daily" {
            return Ok(Days(0b111_1111));
        }
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (Some(first), Some(last)) = (day(first), day(last)) else {
            return Err(Problem::new(format!("`{text}` names no days"))
                .help("write mon, tue, wed, thu, fri, sat, sun, a range like mon-fri, or daily"));
        };
        // `sat-mon` goes over the end of the week.
        let count = (last + 7 - first) % 7 + 1;
        Ok(Days((0..count).fold(0, |bits, n| bits | 1 << ((first + n) % 7))))
    }
}

fn day(name: &str) -> Option<usize> {
    DAY_NAMES.iter().position(|day| *day == name)
}

schema!(Days, "Days", {
    "type": "string",
    "description": "A day of the week, a range of them, or daily",
    "pattern": "^(daily|(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?)$",
    "examples": ["mon-fri", "sat", "daily"],
});

/// A time of the day in minutes after midnight; the end is exclusive, and smaller than the start where the time goes past
/// midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    pub from: u16,
    pub until: u16,
}

impl Scalar for Hours {
    const WHAT: &'static str = "hours, like \"08:00-18:00\"";
    const KIND: Kind = Kind::Formed;
    fn parse(text: &str) -> Result<Hours, Problem> {
        let wrong = || {
            Problem::new(format!("`{text}` are no hours"))
                .help("write \"08:00-18:00\": four digits each, the end exclusive; 24:00 is the end of the day")
        };
        let (from, until) = text.split_once('-').ok_or_else(wrong)?;
        let (from, until) = (minutes(from).ok_or_else(wrong)?, minutes(until).ok_or_else(wrong)?);
        match (from, until) {
            (1440, _) => Err(wrong()),
            // Until midnight is until the end of the day.
            (_, 0) if from > 0 => Ok(Hours { from, until: 1440 }),
            _ if from == until => {
                Err(Problem::new(format!("`{text}` is no time at all")).help("a whole day is \"00:00-24:00\""))
            }
            _ => Ok(Hours { from, until }),
        }
    }
}

/// `08:30` as minutes; `24:00` is allowed.
fn minutes(text: &str) -> Option<u16> {
    let [a, b, b':', c, d] = text.as_bytes() else { return None };
    let digits = |tens: &u8, ones: &u8| {
        (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| u16::from(tens - b'0') * 10 + u16::from(ones - b'0'))
    };
    let (hour, minute) = (digits(a, b)?, digits(c, d)?);
    let total = hour * 60 + minute;
    (minute < 60 && total <= 1440).then_some(total)
}

schema!(Hours, "Hours", {
    "type": "string",
    "description": "A time of the day, the end exclusive; one past midnight belongs to the day it starts on",
    "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$",
    "examples": ["08:00-18:00", "22:00-06:00", "00:00-24:00"],
});

/// A date, or a day of every year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDate {
    Once(Date),
    /// 29 February is in leap years alone.
    Yearly {
        month: i8,
        day: i8,
    },
}

impl Scalar for OnDate {
    const WHAT: &'static str = "a date, like \"2026-12-25\" or \"yearly 12-25\"";
    const KIND: Kind = Kind::Formed;
    fn parse(text: &str) -> Result<OnDate, Problem> {
        let wrong = || {
            Problem::new(format!("`{text}` is no date"))
                .help("write \"2026-12-25\", or \"yearly 12-25\" for every year")
        };
        match text.strip_prefix("yearly ") {
            Some(rest) => {
                // A leap year has every day that any year has.
                let date = date(&format!("2000-{rest}")).ok_or_else(wrong)?;
                Ok(OnDate::Yearly { month: date.month(), day: date.day() })
            }
            None => date(text).map(OnDate::Once).ok_or_else(wrong),
        }
    }
}

/// `2026-12-25`, and no other form.
fn date(text: &str) -> Option<Date> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, b)| if matches!(at, 4 | 7) { b == b'-' } else { b.is_ascii_digit() });
    let part = |range: std::ops::Range<usize>| text.get(range)?.parse::<i16>().ok();
    let small = |range| i8::try_from(part(range)?).ok();
    if !shape { None } else { Date::new(part(0..4)?, small(5..7)?, small(8..10)?).ok() }
}

schema!(OnDate, "Date", {
    "type": "string",
    "description": "A date, or a day of every year",
    "pattern": "^([0-9]{4}|yearly )-?[0-9]{2}-[0-9]{2}$",
    "examples": ["2026-12-25", "yearly 12-25"],
});

/// A moment on the wall clock of some zone: `2027-03-01T07:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime(pub DateTime);

impl Scalar for LocalTime {
    const WHAT: &'static str = "a moment, like \"2027-03-01T07:00\"";
    const KIND: Kind = Kind::Formed;
    fn parse(text: &str) -> Result<LocalTime, Problem> {
        local(text).map(LocalTime).ok_or_else(|| {
            Problem::new(format!("`{text}` is no moment")).help("write date and time: \"2027-03-01T07:00\"")
        })
    }
}

/// `2027-03-01T07:00`, seconds allowed.
fn local(text: &str) -> Option<DateTime> {
    let (day, clock) = text.split_once('T')?;
    let part = |range: std::ops::Range<usize>| {
        let digits = clock.get(range).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
        digits.parse::<i8>().ok()
    };
    let colons = clock.bytes().enumerate().all(|(at, b)| (b == b':') == matches!(at, 2 | 5));
    let seconds = match clock.len() {
        5 => 0,
        8 => part(6..8)?,
        _ => return None,
    };
    let time = Time::new(part(0..2)?, part(3..5)?, seconds, 0).ok().filter(|_| colons)?;
    Some(date(day)?.to_datetime(time))
}

schema!(LocalTime, "LocalTime", {
    "type": "string",
    "description": "A moment on the wall clock of the schedule's zone",
    "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?$",
    "examples": ["2027-03-01T07:00"],
});

/// A moment on the wall clock of the root's zone, or with an offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    Local(DateTime),
    Fixed(jiff::Timestamp),
}

impl Scalar for Moment {
    const WHAT: &'static str = "a moment, like \"2026-11-24T10:00\"";
    const KIND: Kind = Kind::Formed;
    fn parse(text: &str) -> Result<Moment, Problem> {
        let wrong = || {
            Problem::new(format!("`{text}` is no moment"))
                .help("write date and time: \"2026-11-24T10:00\", or with an offset: \"2026-11-24T10:00+01:00\"")
        };
        if let Some(local) = local(text) {
            return Ok(Moment::Local(local));
        }
        let fixed = text.len() > 16 && text.get(..16).and_then(local).is_some();
        text.parse().ok().filter(|_| fixed).map(Moment::Fixed).ok_or_else(wrong)
    }
}

schema!(Moment, "Moment", {
    "type": "string",
    "description": "A moment in the root's time zone, or with an offset from UTC",
    "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?$",
    "examples": ["2026-11-24T10:00", "2026-10-25T02:30+01:00"],
});

/// A time zone by its IANA name, as the database of this machine has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(pub TimeZone);

impl Scalar for Zone {
    const WHAT: &'static str = "a time zone, like Europe/Berlin";
    const KIND: Kind = Kind::Word;
    fn parse(text: &str) -> Result<Zone, Problem> {
        let zone = TimeZone::get(text).ok().filter(|zone| zone.iana_name().is_some());
        let Some(zone) = zone else {
            let problem = Problem::new(format!("`{text}` is no time zone"));
            let known: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
            return Err(match nearest(text, known.iter().map(String::as_str)) {
                Some(near) => problem.help(format!("did you mean `{near}`?")).fix(Safety::Review, near),
                None => problem.help("write an IANA name: Europe/Berlin, America/New_York, Etc/UTC"),
            });
        };
        match zone.iana_name().filter(|name| *name != text) {
            Some(name) => Err(Problem::new(format!("`{text}` is spelt `{name}`")).fix(Safety::Safe, name)),
            None => Ok(Zone(zone)),
        }
    }
}

schema!(Zone, "TimeZone", {
    "type": "string",
    "description": "A time zone by its IANA name",
    "pattern": "^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$",
    "examples": ["Europe/Berlin", "Etc/UTC"],
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_names_and_ranges_that_may_wrap() {
        let read = |text: &str| Days::parse(text).map(|days| days.0).map_err(|p| p.message);
        assert_eq!(read("mon"), Ok(0b1));
        assert_eq!(read("mon-fri"), Ok(0b1_1111));
        assert_eq!(read("sat-mon"), Ok(0b110_0001));
        assert_eq!(read("daily"), Ok(0b111_1111));
        for text in ["monday", "Mon", "mon-", "fri-fri-fri", ""] {
            assert_eq!(read(text), Err(format!("`{text}` names no days")));
        }
    }

    #[test]
    fn hours_end_before_their_end() {
        let read = |text: &str| Hours::parse(text).map(|hours| (hours.from, hours.until)).map_err(|p| p.message);
        assert_eq!(read("08:00-18:30"), Ok((480, 1110)));
        assert_eq!(read("22:00-06:00"), Ok((1320, 360)));
        assert_eq!(read("00:00-24:00"), Ok((0, 1440)));
        assert_eq!(read("22:00-00:00"), Ok((1320, 1440)));
        assert_eq!(read("08:00-08:00"), Err("`08:00-08:00` is no time at all".to_owned()));
        assert_eq!(read("00:00-00:00"), Err("`00:00-00:00` is no time at all".to_owned()));
        for text in ["8:00-18:00", "08:00", "08:60-09:00", "24:00-08:00", "08:00-24:01", "08:00 - 18:00", "+8:00-18:00"]
        {
            assert_eq!(read(text), Err(format!("`{text}` are no hours")));
        }
    }

    #[test]
    fn dates_exist() {
        for text in ["2026-12-25", "yearly 12-25", "yearly 02-29", "2028-02-29"] {
            assert!(OnDate::parse(text).is_ok(), "{text}");
        }
        for text in
            ["2026-02-29", "2026-13-01", "12-25", "yearly 02-30", "yearly 2-3", "2026-1-1", "20261225", "+026-01-01"]
        {
            assert!(OnDate::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn moments_are_local_or_have_an_offset() {
        assert!(matches!(Moment::parse("2026-11-24T10:00"), Ok(Moment::Local(_))));
        assert!(matches!(Moment::parse("2026-10-25T02:30+01:00"), Ok(Moment::Fixed(_))));
        assert!(matches!(Moment::parse("2026-10-25T02:30:15Z"), Ok(Moment::Fixed(_))));
        for text in
            ["2026-11-24", "10:00", "2026-11-24 10:00", "2026-11-24T25:00", "2026-11-24T10:00+1", "2026-11-24T+1:00"]
        {
            assert!(Moment::parse(text).is_err(), "{text}");
            assert!(LocalTime::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn zones_are_iana_names() {
        let read = |text: &str| Zone::parse(text).map(|_| ()).map_err(|p| (p.message, p.fix.map(|(_, text)| text)));
        assert_eq!(read("Europe/Berlin"), Ok(()));
        assert_eq!(read("Etc/UTC"), Ok(()));
        let near = Err(("`Europe/Berlni` is no time zone".to_owned(), Some("Europe/Berlin".to_owned())));
        assert_eq!(read("Europe/Berlni"), near);
        let spelt = Err(("`europe/berlin` is spelt `Europe/Berlin`".to_owned(), Some("Europe/Berlin".to_owned())));
        assert_eq!(read("europe/berlin"), spelt);
        assert_eq!(read("+01:00"), Err(("`+01:00` is no time zone".to_owned(), None)));
    }
}
