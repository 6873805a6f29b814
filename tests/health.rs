//! Gateways judged by probes and calls, in virtual time.

#[path = "health/calls.rs"]
mod calls;
#[path = "health/lab.rs"]
mod lab;
#[path = "health/operator.rs"]
mod operator;
#[path = "health/probes.rs"]
mod probes;
#[path = "health/reload.rs"]
mod reload;
#[path = "health/rhythm.rs"]
mod rhythm;
#[path = "route/support.rs"]
#[allow(dead_code, reason = "shared with tests/route.rs, which uses all of it")]
mod support;
