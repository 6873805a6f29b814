//! What every storm is given: how hard to blow, the router's binary, a rhythm, and where to say how far it is.

use crate::router::{Router, Setup};
use std::fmt::Display;
use std::path::PathBuf;
use std::time::{Duration, Instant};

pub struct Stage {
    /// As long as specified; else as long as every change can wait for.
    pub full: bool,
    /// The router.
    pub program: PathBuf,
}

impl Stage {
    /// `full` or `short`.
    pub fn either<T>(&self, full: T, short: T) -> T {
        if self.full { full } else { short }
    }

    /// A router of this binary in front of gateways.
    pub fn setup(&self, gateways: &[u16]) -> Setup {
        let mut setup = Setup::new(gateways);
        setup.program = self.program.clone();
        // A machine that is busy with the storm itself must not look like a dead gateway.
        setup.failover = "attempt_timeout: 4s, ring_timeout: 30s";
        setup
    }

    /// The `n`th text for a router in front of two gateways: a route that no other has, and every second one begins
    /// with the other gateway.
    pub fn revision(&self, router: &Router, n: u32) -> String {
        let mut setup = self.setup(&router.setup.gateways);
        setup.listeners = router.setup.listeners.clone();
        let order = if n.is_multiple_of(2) { "gw1, gw2" } else { "gw2, gw1" };
        setup.routes = Some(format!(
            "  special: {{ description: revision {n}, prefix: \"9{n:05}\", to: gw1 }}\n  everything: {{ default: true, to: [{order}] }}\n"
        ));
        router.text(&setup)
    }

    pub fn say(&self, what: impl Display) {
        eprintln!("    {what}");
    }
}

/// A beat: `next` returns at multiples of `every` since the start, at once when it is late.
pub struct Rhythm {
    start: Instant,
    every: Duration,
    beats: u32,
}

impl Rhythm {
    pub fn new(every: Duration) -> Rhythm {
        Rhythm { start: Instant::now(), every, beats: 0 }
    }

    pub fn next(&mut self) {
        self.beats += 1;
        rest((self.start + self.every * self.beats).saturating_duration_since(Instant::now()));
    }
}

#[expect(clippy::disallowed_methods, reason = "a storm blows in a rhythm; nothing is waited for")]
pub fn rest(time: Duration) {
    std::thread::sleep(time);
}

/// The memory that a process has for itself and its share of what it has with others, in KiB.
pub fn memory_kib(process: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup")).expect("a running process");
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    line.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse().ok()).expect("a number of kB")
}
