//! What is known about the gateways: declared, observed, and overridden by an operator are three states.
//!
//! [`Board`] is what every worker reads without a lock; [`Engine`] has one owner, takes evidence (probes and calls)
//! and writes the board. Keyed by (id, address, transport), so a reload forgets nothing.

mod board;
mod engine;
mod jitter;
mod report;
mod streak;
mod watch;

pub use board::{Board, Observed, Slot, Usability};
pub use engine::{Change, Engine, Evidence, Override, Probe, ProbeResult, ProbeToken};
pub use report::GatewayReport;
