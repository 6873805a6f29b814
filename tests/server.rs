//! The running router from the outside: starting, files that change under it, sockets, records, restarts.

#[path = "server/boot.rs"]
mod boot;
#[path = "server/calls.rs"]
mod calls;
#[path = "server/files.rs"]
mod files;
#[path = "server/following.rs"]
mod following;
#[path = "server/journal.rs"]
mod journal;
#[path = "server/listeners.rs"]
mod listeners;
#[path = "server/metrics.rs"]
mod metrics;
#[path = "server/operator.rs"]
mod operator;
#[path = "server/overload.rs"]
mod overload;
#[path = "e2e/ports.rs"]
mod ports;
#[path = "server/records.rs"]
mod records;
#[path = "server/router.rs"]
mod router;
#[path = "server/sinks.rs"]
mod sinks;
#[path = "server/start.rs"]
mod start;
#[path = "server/systemd.rs"]
mod systemd;
#[path = "server/torture.rs"]
mod torture;
#[path = "server/workers.rs"]
mod workers;
