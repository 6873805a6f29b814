//! Why a rule was passed over, and a gateway skipped, in words.

use crate::config::clock;
use crate::route::{PassedOver, Table, When, WhyPassed, WhySkipped};
use crate::time::Wall;
use jiff::tz::TimeZone;

const WEEK: i64 = 7 * 86_400_000_000;

/// Why a rule that matches was not chosen.
pub fn why_passed(passed: &PassedOver, table: &Table, at: Wall, zone: &TimeZone) -> String {
    match passed.why {
        WhyPassed::Prefix => "a longer prefix matches".to_owned(),
        WhyPassed::Schedule => inactive(passed, table, at, zone),
        WhyPassed::Priority => format!("priority {} is lower", table.route(passed.route).priority),
        WhyPassed::Exact => "the exact number is preferred".to_owned(),
        WhyPassed::Default => "a catch-all is asked last".to_owned(),
    }
}

/// `` `open` is not active (tue 19:30; next: wed 08:00) ``.
pub fn inactive(passed: &PassedOver, table: &Table, at: Wall, zone: &TimeZone) -> String {
    let part = |when: &When| {
        let id = table.schedules().get(when.schedule).map_or("", |schedule| &schedule.id);
        format!("`{id}` is {}active", if when.not { "" } else { "not " })
    };
    let parts = table.route(passed.route).when.iter().map(part).collect::<Vec<_>>().join(" and ");
    let next = match passed.next {
        Some(next) => clock(next, zone, next.0.saturating_sub(at.0) >= WEEK),
        None => "never".to_owned(),
    };
    format!("{parts} ({}; next: {next})", clock(at, zone, false))
}

/// Why a gateway of the list gives no attempt.
pub fn why_skipped(why: WhySkipped) -> &'static str {
    match why {
        WhySkipped::Full => "has as many calls as it may have",
        WhySkipped::Disabled => "disabled by an operator",
        WhySkipped::Down => "known to be down",
        WhySkipped::Resting => "resting after a 503",
        WhySkipped::Trial => "half-open, and its trial call is running",
        WhySkipped::Removed => "gone with a reload",
        WhySkipped::Number => "the number is too short to strip",
        WhySkipped::Repeated => "stands earlier in the list",
    }
}

/// A share as people write it, without its sign, as exact as a file can say it: `70`, `33.3333`.
pub fn percent_digits(share: f64) -> String {
    let text = format!("{:.4}", share * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
