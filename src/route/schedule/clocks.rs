//! From wall clocks to instants, and where a zone's clocks change.

use crate::time::Wall;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// Of an instant.
pub(super) const SECOND: i64 = 1_000_000;

/// The time between two instants cut where the zone's clocks change, each with its offset in seconds.
pub(super) fn stretches(zone: &TimeZone, from: Wall, until: Wall) -> Vec<(Wall, Wall, i64)> {
    let mut out = Vec::new();
    let Ok(start) = Timestamp::from_microsecond(from.0) else { return out };
    let mut at = from;
    let mut offset = zone.to_offset(start);
    for change in zone.following(start) {
        let next = Wall(change.timestamp().as_microsecond());
        if next >= until {
            break;
        }
        if change.offset() != offset {
            out.push((at, next, i64::from(offset.seconds())));
            (at, offset) = (next, change.offset());
        }
    }
    if at < until {
        out.push((at, until, i64::from(offset.seconds())));
    }
    out
}

/// The instant that a wall clock's reading means: of two the first, and of none the change that skips it.
pub fn instant(zone: &TimeZone, local: DateTime) -> Wall {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    let change = match ambiguous.offset() {
        AmbiguousOffset::Gap { after, .. } => {
            // Read with the later offset it lies before the change.
            after.to_timestamp(local).ok().and_then(|before| zone.following(before).next()).map(|t| t.timestamp())
        }
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => None,
    };
    match change.or_else(|| ambiguous.earlier().ok()) {
        Some(timestamp) => Wall(timestamp.as_microsecond()),
        // Outside the years that can be counted.
        None if local.year() < 1970 => Wall(i64::MIN),
        None => Wall(i64::MAX),
    }
}
