//! Real SIPp on both sides of the real router: what callers hear, what gateways receive, what the records say.
//!
//! Each test starts `trunkline run` on free ports of the loopback with a routes file of its own. The scenarios in
//! `tests/e2e/sipp/` are plain SIPp files; `CODE` in them is replaced by the test.

#[path = "e2e/agents.rs"]
mod agents;
#[path = "e2e/answers.rs"]
mod answers;
#[path = "e2e/cancels.rs"]
mod cancels;
#[path = "e2e/demo.rs"]
mod demo;
#[path = "e2e/dialogs.rs"]
mod dialogs;
#[path = "e2e/failover.rs"]
mod failover;
#[path = "e2e/gateway.rs"]
mod gateway;
#[path = "e2e/ports.rs"]
mod ports;
#[path = "e2e/process.rs"]
#[allow(dead_code, reason = "shared with tests/fire")]
mod process;
#[path = "e2e/reload.rs"]
mod reload;
#[path = "e2e/router.rs"]
#[allow(dead_code, reason = "shared with tests/fire")]
mod router;
#[path = "e2e/sipp.rs"]
#[allow(dead_code, reason = "shared with tests/fire")]
mod sipp;
#[path = "e2e/workers.rs"]
mod workers;
