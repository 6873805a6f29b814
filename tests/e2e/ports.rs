//! Free UDP ports of the loopback, and waiting for a condition.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// Below the range from which the kernel gives ports to others, so that nobody takes one between our look and its use.
const FIRST: u16 = 12_000;
const COUNT: u16 = 18_000;
/// SIPp takes the ports beside its media port too.
const STEP: u16 = 6;

/// A port that is free now and was given to nobody else in this process; other processes begin elsewhere.
pub fn free() -> u16 {
    static NEXT: OnceLock<AtomicU16> = OnceLock::new();
    let next = NEXT.get_or_init(|| AtomicU16::new((std::process::id().wrapping_mul(997) % u32::from(COUNT)) as u16));
    for _ in 0..COUNT / STEP {
        let port = FIRST + next.fetch_add(STEP, Ordering::Relaxed) % COUNT;
        if UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    panic!("no free UDP port from {FIRST} on");
}

/// Whether somebody has bound a port, as the kernel lists it.
pub fn is_taken(port: u16) -> bool {
    let bound = std::fs::read_to_string("/proc/net/udp").expect("the kernel's list of sockets");
    let suffix = format!(":{port:04X}");
    bound.lines().filter_map(|line| line.split_whitespace().nth(1)).any(|local| local.ends_with(&suffix))
}

/// Waits until `condition` gives a value. Looks often, and gives up only after far longer than anything may take.
pub fn wait_for<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < deadline, "waited a minute for: {what}");
        pause();
    }
}

#[expect(clippy::disallowed_methods, reason = "the pause between two looks at a condition, not a wait for it")]
fn pause() {
    std::thread::sleep(Duration::from_millis(5));
}
