//! A moment as people write it: with an offset, or in local time.

use crate::time::Wall;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// Why a text is no moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadMoment {
    /// Not written as one.
    Form,
    /// A local time that a change of clocks skips.
    Skipped,
}

/// Reads `2026-11-24T19:30`, local in `zone`, or `2026-11-24T19:30+01:00`. A local time that a change of clocks doubles
/// means the first of the two; one that it skips is refused (CONFIG-AND-CLI (g) "explain").
pub fn moment(text: &str, zone: &TimeZone) -> Result<Wall, BadMoment> {
    // jiff would read a date alone as midnight, and leave out a zone in brackets.
    if !text.contains(['T', 't', ' ']) || text.contains('[') {
        return Err(BadMoment::Form);
    }
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Ok(Wall(timestamp.as_microsecond()));
    }
    local(text.parse().map_err(|_| BadMoment::Form)?, zone)
}

/// A local time as [`moment`] means it.
pub fn local(local: DateTime, zone: &TimeZone) -> Result<Wall, BadMoment> {
    let offset = match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Fold { before, .. } => before,
        AmbiguousOffset::Gap { .. } => return Err(BadMoment::Skipped),
    };
    let timestamp = offset.to_timestamp(local).map_err(|_| BadMoment::Form)?;
    Ok(Wall(timestamp.as_microsecond()))
}

impl BadMoment {
    /// One line for people.
    pub fn words(self) -> &'static str {
        match self {
            BadMoment::Form => "write 2026-11-24T19:30, or with an offset 2026-11-24T19:30+01:00",
            BadMoment::Skipped => "this local time does not exist: a change of clocks skips it",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_times_offsets_and_changes_of_clocks() {
        let berlin = TimeZone::get("Europe/Berlin").expect("the zone is known");
        let utc = |text: &str| Ok(Wall(text.parse::<jiff::Timestamp>().expect("a timestamp").as_microsecond()));
        for (text, expected) in [
            ("2026-11-24T19:30", utc("2026-11-24T18:30Z")),
            ("2026-11-24 19:30:05", utc("2026-11-24T18:30:05Z")),
            ("2026-11-24T19:30+02:00", utc("2026-11-24T17:30Z")),
            ("2026-11-24T19:30Z", utc("2026-11-24T19:30Z")),
            // Clocks go back at 3:00: 2:30 is there twice, and the first one counts.
            ("2026-10-25T02:30", utc("2026-10-25T00:30Z")),
            ("2026-10-25T02:30+01:00", utc("2026-10-25T01:30Z")),
            // And forward at 2:00.
            ("2026-03-29T02:30", Err(BadMoment::Skipped)),
            ("2026-03-29T01:59", utc("2026-03-29T00:59Z")),
            ("2026-03-29T03:00", utc("2026-03-29T01:00Z")),
            ("2026-11-24", Err(BadMoment::Form)),
            ("2026-02-30T10:00", Err(BadMoment::Form)),
            ("2026-11-24T19:30[Asia/Tokyo]", Err(BadMoment::Form)),
            ("19:30", Err(BadMoment::Form)),
            ("noon", Err(BadMoment::Form)),
        ] {
            assert_eq!(moment(text, &berlin), expected, "{text}");
        }
    }
}
