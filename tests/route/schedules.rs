//! When schedules are active, against a clock that is read minute by minute.

use crate::support::*;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;
use trunkline::route::*;
use trunkline::time::Wall;

const MINUTE: i64 = 60_000_000;

/// A schedule in words: `mon-fri`, `08:00-18:00`, `2026-12-25`, `y12-25`, `from=…`, `until=…`, `-2` for an exception of the
/// schedule at that position, `+2` for an exception of all but it.
fn schedule(zone: &str, words: &str) -> Schedule {
    let mut out = Schedule {
        id: words.into(),
        zone: TimeZone::get(zone).expect("a known zone"),
        days: Days::DAILY,
        hours: Vec::new(),
        dates: Vec::new(),
        from: None,
        until: None,
        except: Vec::new(),
    };
    let day = |name: &str| match name {
        "mon" => Weekday::Monday,
        "tue" => Weekday::Tuesday,
        "wed" => Weekday::Wednesday,
        "thu" => Weekday::Thursday,
        "fri" => Weekday::Friday,
        "sat" => Weekday::Saturday,
        "sun" => Weekday::Sunday,
        _ => panic!("{name} is no day"),
    };
    let minutes = |text: &str| {
        let (hour, minute) = text.split_once(':').expect("HH:MM");
        hour.parse::<u16>().unwrap() * 60 + minute.parse::<u16>().unwrap()
    };
    for word in words.split_whitespace() {
        if let Some(moment) = word.strip_prefix("from=") {
            out.from = Some(moment.parse().unwrap());
        } else if let Some(moment) = word.strip_prefix("until=") {
            out.until = Some(moment.parse().unwrap());
        } else if let Some(other) = word.strip_prefix('-') {
            out.except.push(When { schedule: ScheduleIx(other.parse().unwrap()), not: false });
        } else if let Some(other) = word.strip_prefix('+') {
            out.except.push(When { schedule: ScheduleIx(other.parse().unwrap()), not: true });
        } else if let Some(date) = word.strip_prefix('y') {
            let (month, day) = date.split_once('-').unwrap();
            out.dates.push(Dates::Yearly { month: month.parse().unwrap(), day: day.parse().unwrap() });
        } else if word.contains(':') {
            let (from, until) = word.split_once('-').unwrap();
            out.hours.push(Hours { from: minutes(from), until: minutes(until) });
        } else if word.as_bytes()[0].is_ascii_digit() {
            out.dates.push(Dates::On(word.parse().unwrap()));
        } else if let Some((from, to)) = word.split_once('-') {
            out.days = Days::range(day(from), day(to));
        } else {
            out.days = Days::NONE.with(day(word));
        }
    }
    out
}

fn wall(text: &str) -> Wall {
    Wall(text.parse::<Timestamp>().unwrap().as_microsecond())
}

/// A clock on the wall, read at each minute in turn: what was reached stays reached, though the clock be set back.
struct Reader<'s> {
    schedule: &'s Schedule,
    begun: bool,
    over: bool,
}

impl Reader<'_> {
    fn read(&mut self, at: Wall) -> bool {
        let local = self.schedule.zone.to_datetime(Timestamp::from_microsecond(at.0).unwrap());
        self.begun |= self.schedule.from.is_none_or(|from| local >= from);
        self.over |= self.schedule.until.is_some_and(|until| local >= until);
        self.begun && !self.over && self.hour(local)
    }
    fn hour(&self, local: DateTime) -> bool {
        let today = self.day(local.date());
        let yesterday = self.day(local.date() - 1.day());
        let minute = local.hour() as u16 * 60 + local.minute() as u16;
        let hours = &self.schedule.hours;
        hours.is_empty() && today
            || hours.iter().any(|h| match h.from < h.until {
                true => today && minute >= h.from && minute < h.until,
                false => today && minute >= h.from || yesterday && minute < h.until,
            })
    }
    fn day(&self, date: Date) -> bool {
        let dates = &self.schedule.dates;
        let named = dates.iter().any(|named| match *named {
            Dates::On(day) => day == date,
            Dates::Yearly { month, day } => (month, day) == (date.month(), date.day()),
        });
        self.schedule.days.has(date.weekday()) && (dates.is_empty() || named)
    }
}

/// Reads each schedule from minute to minute; its exceptions are subtracted.
fn read(list: &[Schedule], from: Wall, until: Wall, mut each: impl FnMut(Wall, &[bool])) {
    let mut readers: Vec<_> = list.iter().map(|schedule| Reader { schedule, begun: false, over: false }).collect();
    let mut at = from;
    while at < until {
        let own: Vec<bool> = readers.iter_mut().map(|reader| reader.read(at)).collect();
        let mut all = own.clone();
        // Exceptions name schedules that stand before.
        for (n, schedule) in list.iter().enumerate() {
            all[n] = own[n] && !schedule.except.iter().any(|e| all[usize::from(e.schedule.0)] != e.not);
        }
        each(at, &all);
        at = Wall(at.0 + MINUTE);
    }
}

/// What each zone does to its clocks: an hour in spring and autumn, half an hour, none at all, a change at midnight, a
/// whole day left out (Samoa had no 30 December 2011), a change for Ramadan.
const YEARS: [(&str, &str, &str); 9] = [
    ("Europe/Berlin", "2026-03-24T00:00Z", "2026-04-04T00:00Z"),
    ("Europe/Berlin", "2026-10-20T00:00Z", "2026-11-05T00:00Z"),
    ("Europe/Berlin", "2026-12-20T00:00Z", "2027-01-05T00:00Z"),
    ("America/New_York", "2024-10-28T00:00Z", "2024-11-08T00:00Z"),
    ("Australia/Lord_Howe", "2026-03-30T00:00Z", "2026-04-10T00:00Z"),
    ("Asia/Kolkata", "2024-02-25T00:00Z", "2024-03-03T00:00Z"),
    ("America/Sao_Paulo", "2018-10-30T00:00Z", "2018-11-09T00:00Z"),
    ("Pacific/Apia", "2011-12-22T00:00Z", "2012-01-05T00:00Z"),
    ("Africa/Casablanca", "2026-02-10T00:00Z", "2026-02-20T00:00Z"),
];

const WORDS: [&str; 12] = [
    "y12-25 y01-01 2026-10-25 2011-12-31",
    "mon-fri 08:00-18:00 -0",
    "22:00-06:00",
    "sat-mon 23:30-02:30 02:45-03:15",
    "02:00-03:00",
    "sun 00:00-24:00",
    "from=2026-10-25T02:30 until=2026-12-24T12:00 01:00-04:00",
    "from=2026-03-29T02:30 until=2026-10-25T02:30",
    "from=2018-11-04T00:15 until=2019-02-17T00:00 23:00-01:00",
    "y02-29 y12-31 18:00-03:00",
    "daily-with-exceptions -2 -0",
    "sun 22:00-22:30 +5",
];

fn of_zone(zone: &str) -> Vec<Schedule> {
    WORDS.iter().map(|words| schedule(zone, words.trim_start_matches("daily-with-exceptions"))).collect()
}

#[test]
fn every_minute_of_weeks_with_changes_is_as_the_clock_on_the_wall_says() {
    for (zone, from, until) in YEARS {
        let (from, until) = (wall(from), wall(until));
        let list = of_zone(zone);
        // Known beforehand from the middle on: the rule itself answers for the rest.
        let schedules = Schedules::build(list.clone(), Wall((from.0 + until.0) / 2));
        let exactly = schedules.all_spans(from, until);
        read(&list, from, until, |at, expected| {
            for (n, (&expected, words)) in expected.iter().zip(WORDS).enumerate() {
                assert_eq!(schedules.active(ScheduleIx(n as u16), at), expected, "{zone} `{words}` at {at:?}");
                assert_eq!(exactly[n].active(at), expected, "{zone} `{words}` at {at:?}, by its spans");
            }
        });
    }
}

#[test]
fn the_next_edge_is_where_the_answer_changes() {
    let (from, until) = (wall("2026-10-20T00:00Z"), wall("2026-11-20T00:00Z"));
    let list = of_zone("Europe/Berlin");
    // One whose beforehand knowledge ends within the time.
    for now in [from, Wall(from.0 - 390 * 1440 * MINUTE)] {
        let schedules = Schedules::build(list.clone(), now);
        let mut before: Vec<(bool, Option<Wall>)> = Vec::new();
        read(&list, from, until, |at, active| {
            for (n, &active) in active.iter().enumerate() {
                let ix = ScheduleIx(n as u16);
                match before.get_mut(n) {
                    None => before.push((active, schedules.next_edge(ix, at))),
                    Some((was, next)) if *was != active => {
                        assert_eq!(*next, Some(at), "`{}` changes at {at:?}", WORDS[n]);
                        (*was, *next) = (active, schedules.next_edge(ix, at));
                    }
                    Some((_, next)) => assert!(next.is_none_or(|next| next > at), "`{}` at {at:?}", WORDS[n]),
                }
            }
        });
        let over = wall("2027-06-01T00:00Z");
        assert_eq!(schedules.next_edge(ScheduleIx(6), over), None, "it is over");
        let leap = schedule("Etc/UTC", "y02-29");
        assert_eq!(Schedules::build(vec![leap], over).next_edge(ScheduleIx(0), over), Some(wall("2028-02-29T00:00Z")));
    }
}

#[test]
fn a_when_is_any_of_its_terms() {
    let list = ["08:00-12:00", "10:00-14:00", "sun"].map(|words| schedule("Etc/UTC", words)).to_vec();
    let schedules = Schedules::build(list, wall("2026-11-24T00:00Z"));
    let (is, not) = (|n| When { schedule: ScheduleIx(n), not: false }, |n| When { schedule: ScheduleIx(n), not: true });
    let tuesday = |hour: u8| wall(&format!("2026-11-24T{hour:02}:00Z"));
    assert!(schedules.holds(&[], tuesday(3)));
    let either = [is(0), is(1)];
    let hours: Vec<u8> = (0..24).filter(|&hour| schedules.holds(&either, tuesday(hour))).collect();
    assert_eq!(hours, [8, 9, 10, 11, 12, 13]);
    assert!(schedules.holds(&[not(0)], tuesday(7)) && !schedules.holds(&[not(0)], tuesday(9)));
    // The end of the morning changes nothing, the afternoon has begun.
    assert_eq!(schedules.next_edge_of(&either, tuesday(9)), Some(tuesday(14)));
    assert_eq!(schedules.next_edge_of(&[is(2)], tuesday(9)), Some(wall("2026-11-29T00:00Z")));
    let (from, until) = (tuesday(0), tuesday(23));
    assert_eq!(schedules.spans_of(&either, from, until).edges(), [tuesday(8), tuesday(14)]);
    assert_eq!(schedules.spans_of(&[not(0)], from, until).edges(), [from, tuesday(8), tuesday(12), until]);
}

fn some_schedule() -> impl Strategy<Value = String> {
    let days = prop_oneof![3 => Just(""), 1 => Just("mon-fri "), 1 => Just("sat-mon "), 1 => Just("sun ")];
    let clock = |last: u16| (0..last, prop::sample::select(vec![0u16, 15, 30]));
    let hours = prop::collection::vec((clock(24), clock(24)), 0..3).prop_map(|hours| {
        let text = hours.iter().filter(|(a, b)| a != b);
        text.map(|((h, m), (to_h, to_m))| format!("{h:02}:{m:02}-{to_h:02}:{to_m:02} ")).collect::<String>()
    });
    let dates = prop_oneof![4 => Just(""), 1 => Just("2026-03-29 2026-10-25 "), 1 => Just("y10-25 y12-31 ")];
    let moment = (prop::sample::select(vec!["03-28", "03-29", "10-25", "10-26"]), clock(24));
    let moment = move |key: &'static str| {
        prop::option::weighted(0.3, moment.clone())
            .prop_map(move |m| m.map_or(String::new(), |(d, (h, m))| format!("{key}=2026-{d}T{h:02}:{m:02} ")))
    };
    (days, hours, dates, moment("from"), moment("until")).prop_map(|(a, b, c, d, e)| format!("{a}{b}{c}{d}{e}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    /// Around both changes of clocks, and in both of its ways to answer.
    #[test]
    fn any_schedule_is_as_the_clock_says_around_a_change(
        words in some_schedule(),
        zone in prop::sample::select(vec!["Europe/Berlin", "Europe/London", "Atlantic/Azores", "America/Havana"]),
    ) {
        let list = vec![schedule(zone, &words)];
        for day in ["2026-03-27T00:00Z", "2026-10-23T00:00Z"] {
            let from = wall(day);
            let until = Wall(from.0 + 5 * 1440 * MINUTE);
            let (near, far) = (Schedules::build(list.clone(), from), Schedules::build(list.clone(), Wall(0)));
            let mut failed = None;
            let mut reader = Reader { schedule: &list[0], begun: false, over: false };
            let mut at = from;
            while at < until {
                let expected = reader.read(at);
                let got = (near.active(ScheduleIx(0), at), far.active(ScheduleIx(0), at));
                if got != (expected, expected) {
                    failed = Some((at, expected, got));
                    break;
                }
                at = Wall(at.0 + MINUTE);
            }
            prop_assert_eq!(failed, None, "`{}` in {}", words, zone);
        }
    }
}

#[test]
fn a_rule_whose_schedule_is_off_leaves_the_call_to_a_shorter_prefix() {
    let open = When { schedule: ScheduleIx(0), not: false };
    let mut plan = Plan::new(2)
        .route_with("day: 016", |route| route.when = vec![open])
        .route_with("evening: 016 !5", |route| route.when = vec![When { schedule: ScheduleIx(1), not: false }])
        .route("national: 0")
        .route_with("closed: * !1", |route| route.when = vec![When { not: true, ..open }])
        .route("rest: *");
    plan.draft.schedules =
        vec![schedule("Europe/Berlin", "mon-fri 08:00-18:00"), schedule("Europe/Berlin", "17:00-20:00")];
    let table = plan.build();
    let chosen = |number: &str, at: &str| {
        let mut decision = Decision::default();
        let now = trunkline::time::Now { wall: wall(at), ..Default::default() };
        let mut trace = Trace::default();
        let board = trunkline::health::Board::all_up(2);
        table.decide(&facts(number), &board, now, &mut decision, Some(&mut trace));
        let name = |ix: RouteIx| table.route(ix).id.to_string();
        let passed = trace.passed_over.iter().take(trace.before).map(|passed| {
            assert_eq!(passed.why, WhyPassed::Schedule);
            let next =
                passed.next.map_or("never".to_owned(), |at| Timestamp::from_microsecond(at.0).unwrap().to_string());
            format!(" (not {} before {next})", name(passed.route))
        });
        format!("{}{}", decision.route.map_or("-".into(), name), passed.collect::<String>())
    };
    assert_eq!(chosen("016012345", "2026-11-24T10:00+01:00"), "day (not evening before 2026-11-24T16:00:00Z)");
    assert_eq!(chosen("016012345", "2026-11-24T17:30+01:00"), "evening");
    assert_eq!(
        chosen("016012345", "2026-11-24T21:30+01:00"),
        "national (not evening before 2026-11-25T16:00:00Z) (not day before 2026-11-25T07:00:00Z)"
    );
    assert_eq!(chosen("99", "2026-11-24T21:30+01:00"), "closed");
    assert_eq!(chosen("99", "2026-11-24T10:00+01:00"), "rest (not closed before 2026-11-24T17:00:00Z)");
}
