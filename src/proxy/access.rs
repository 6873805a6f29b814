//! Who may send us requests at all (checklist A1, R5): open only where it was opened.

use super::{Core, Snapshot};
use crate::flow::Flow;
use crate::route::GatewayIx;
use crate::time::Instant;
use std::net::IpAddr;

/// What the access rules say about a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// The listener, if the present revision still has it.
    pub listener: Option<usize>,
    /// Named by `access.trusted`: inside the trust domain of RFC 3325.
    pub trusted: bool,
    /// The gateway with this address, whether or not `access.gateways` lets it in.
    pub gateway: Option<GatewayIx>,
    pub admitted: bool,
}

impl Snapshot {
    pub(super) fn admit(&self, flow: &Flow) -> Admission {
        self.admission(self.listener_of(flow.socket), flow.remote.ip())
    }

    /// What the access rules say about a source on a listener; `explain` asks here too.
    pub fn admission(&self, listener: Option<usize>, ip: IpAddr) -> Admission {
        let trusted = listener.is_some_and(|listener| {
            self.access.trusted.iter().any(|t| {
                (t.listeners.is_empty() || t.listeners.contains(&listener)) && t.sources.iter().any(|n| n.contains(ip))
            })
        });
        let gateway = self.table.gateway_by_ip(ip);
        let admitted = trusted || (listener.is_some() && self.access.gateways && gateway.is_some());
        Admission { listener, trusted, gateway, admitted }
    }
}

/// How many answers strangers get: a token bucket for all of them together (checklist R5, C4).
#[derive(Debug)]
pub(super) struct Budget {
    tokens: f64,
    filled: Instant,
}

const PER_SECOND: f64 = 100.0;
const BURST: f64 = 200.0;

impl Budget {
    pub fn new(now: Instant) -> Budget {
        Budget { tokens: BURST, filled: now }
    }

    /// Takes one answer's worth; false when the strangers have had theirs.
    pub fn take(&mut self, now: Instant) -> bool {
        self.tokens = (self.tokens + now.since(self.filled).as_secs_f64() * PER_SECOND).min(BURST);
        self.filled = now;
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

impl Core {
    /// Whether a stranger's request may be answered with `length` bytes now: never more than it sent.
    pub(super) fn stranger_may_hear(&mut self, now: Instant, sent: usize, length: usize) -> bool {
        length <= sent && self.strangers.take(now)
    }
}
