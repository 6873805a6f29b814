//! Failover that gives up before the last gateway had its turn (TL0502).

use super::Model;
use crate::config::diagnostic::{Code, Diagnostic, Report};
use crate::config::settings;
use crate::route::Failover;
use std::borrow::Cow;
use std::time::Duration;

pub fn check(model: &Model, report: &mut Report) {
    let root = settings::failover(model.document.failover.get());
    for (position, entry) in model.routes().iter().enumerate() {
        let Some(route) = &entry.value else { continue };
        let own = route.failover.given();
        let failover = own.map_or(Cow::Borrowed(&root), |own| Cow::Owned(settings::route_failover(&root, &own.value)));
        let tries = model.reaches().of(position).len().min(usize::from(failover.max_attempts));
        let before_last = worst(&failover).saturating_mul(u32::try_from(tries.saturating_sub(1)).unwrap_or(u32::MAX));
        if before_last <= failover.max_setup_time {
            continue;
        }
        let message = format!(
            "route `{}` may never try its last gateway: the {} before it can take {}s, and `max_setup_time` is {}s",
            entry.id,
            tries - 1,
            before_last.as_secs(),
            failover.max_setup_time.as_secs(),
        );
        let diagnostic = Diagnostic::new(Code::SlowFailover, own.map_or(entry.span, |own| own.key), message)
            .help("shorten `progress_timeout` or `attempt_timeout`, or raise `max_setup_time`");
        report.push(diagnostic);
    }
}

/// The longest that an attempt can take and still be followed by another one.
fn worst(failover: &Failover) -> Duration {
    let progress = failover.progress_timeout.unwrap_or(failover.attempt_timeout);
    let ring = if failover.retry_on.no_answer { failover.ring_timeout } else { Duration::ZERO };
    failover.attempt_timeout.max(progress).max(ring)
}
