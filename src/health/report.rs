//! What is known about a gateway, for people.

use super::Observed;
use super::watch::Watch;
use crate::flow::Transport;
use crate::time::{Instant, Now, Wall};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayReport {
    pub id: Arc<str>,
    pub address: SocketAddr,
    pub transport: Transport,
    /// What probes and calls have shown, whatever an operator says.
    pub observed: Observed,
    /// Calls decide about it: it has no probes, or calls have taken it down.
    pub by_calls: bool,
    /// When what is observed last changed; `None`: not in this process.
    pub since: Option<Wall>,
    /// How many probes have ended.
    pub probes: u64,
    /// How long the answer to the last probe took.
    pub probe_took: Option<Duration>,
    /// `a probe without an answer`.
    pub last_failure: Option<(Wall, String)>,
    /// For so long it is used only when nothing else is left.
    pub rests: Duration,
}

impl GatewayReport {
    pub(super) fn of(watch: &Watch, now: Now) -> GatewayReport {
        let wall = |at: Instant| Wall(now.wall.0.saturating_sub_unsigned(now.at.0.saturating_sub(at.0)));
        GatewayReport {
            id: watch.id.clone(),
            address: watch.address,
            transport: watch.transport,
            observed: watch.slot.observed(),
            by_calls: watch.judged_by_calls(),
            since: watch.since.map(wall),
            probes: watch.probes_ended,
            probe_took: watch.probe_took,
            last_failure: watch.last_failure.map(|(at, probe, failure)| {
                let what = if probe { "probe" } else { "call" };
                (wall(at), format!("a {what} {}", failure.words()))
            }),
            rests: watch.slot.rests(now.at),
        }
    }
}
