//! trunkline: a declarative SIP trunk router.
//!
//! Routes, gateways, lists and groups are YAML under version control; this crate compiles them into an immutable
//! [`proxy::Snapshot`] and serves them with a stateful SIP proxy that probes its gateways and fails over.
//!
//! The modules below the line are pure: they take the time ([`time::Now`]) and bytes, and give back effects.
//! `tests/arch.rs` holds that line; ARCHITECTURE.md is the map.
#![forbid(unsafe_code)]

pub mod accounting;
pub mod admin;
pub mod agent;
pub mod cli;
pub mod config;
pub mod plan;
pub mod question;
pub mod route_tests;
pub mod server;
#[cfg(feature = "sim")]
pub mod sim;
// ------------------------------------------------------- below: pure, no I/O, no clock, no tokio
pub mod flow;
pub mod health;
pub mod mix;
pub mod proxy;
pub mod record;
pub mod route;
pub mod sip;
pub mod time;
pub mod transaction;
pub mod worker;
