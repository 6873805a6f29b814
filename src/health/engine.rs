//! The engine: turns probes and calls into states. One owner; pure.

use super::Board;
use crate::flow::Transport;
use crate::route::Table;
use crate::time::{Instant, Now};
use std::net::SocketAddr;
use std::sync::Arc;

/// What a call tells about its gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    pub id: Arc<str>,
    pub address: SocketAddr,
    pub transport: Transport,
    /// The attempt was the half-open gateway's trial: its place is given back.
    pub trial: bool,
    pub result: ProbeResult,
}

/// How a probe, or an attempt of a call, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeResult {
    /// The first response (calls: the final, or a 1xx that shows life), with Retry-After in seconds (503 only).
    Code { code: u16, retry_after: Option<u32> },
    /// Nothing came in time.
    Timeout,
    /// ICMP error or failed send.
    Transport,
    /// Ended without a verdict (cancelled by the caller before anything came).
    Nothing,
}

/// Names one probe in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProbeToken(pub u64);

/// A probe to be sent now.
#[derive(Clone, Debug)]
pub struct Probe {
    pub token: ProbeToken,
    pub gateway: crate::route::GatewayIx,
    /// `OPTIONS` or `INFO`.
    pub method: &'static str,
    /// From URI of the configuration.
    pub from: Arc<str>,
    /// The engine wants [`Engine::probed`] by then.
    pub timeout: std::time::Duration,
}

/// An operator's word about a gateway; kept by id over reloads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    pub by: String,
    pub reason: String,
    pub until: Option<Instant>,
}

/// A change of state, for the log and `status`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub gateway: Arc<str>,
    pub address: SocketAddr,
    pub up: bool,
    /// `3 probes without an answer`, `2 probes answered`, …
    pub why: String,
}

#[derive(Debug, Default)]
pub struct Engine {}

impl Engine {
    /// `seed` drives the jitter of the probes.
    pub fn new(_seed: u64) -> Engine {
        todo!()
    }
    /// Takes a new table: carries over by (id, address, transport), marks what is gone, probes what is new at once.
    pub fn reload(&mut self, _now: Now, _table: &Table) -> Board {
        todo!()
    }
    /// The probes due now, appended to `out`; a probe in flight is not sent again.
    pub fn poll(&mut self, _now: Now, _out: &mut Vec<Probe>) {
        todo!()
    }
    /// When [`Engine::poll`] has something next.
    pub fn deadline(&self) -> Option<Instant> {
        todo!()
    }
    pub fn probed(&mut self, _now: Now, _token: ProbeToken, _result: ProbeResult) {
        todo!()
    }
    pub fn evidence(&mut self, _now: Now, _evidence: &Evidence) {
        todo!()
    }
    /// Disables (`Some`) or enables (`None`) a gateway by id; false when no such gateway is known.
    pub fn set_override(&mut self, _now: Now, _id: &str, _o: Option<Override>) -> bool {
        todo!()
    }
    /// Changes since the last call.
    pub fn changes(&mut self) -> Vec<Change> {
        todo!()
    }
}
