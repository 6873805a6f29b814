//! An engine, a board and a clock that tests turn by hand.

use crate::support::Plan;
use std::time::Duration;
use trunkline::health::*;
use trunkline::route::{GatewayIx, Probing, Table};
use trunkline::time::{Instant, Now, Wall};

pub struct Lab {
    pub engine: Engine,
    pub table: Table,
    pub board: Board,
    pub now: Now,
    /// Every probe sent: when, and to which gateway.
    pub sent: Vec<(Duration, u32)>,
}

pub const A: GatewayIx = GatewayIx(0);
pub const B: GatewayIx = GatewayIx(1);

pub fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub fn s(s: u64) -> Duration {
    Duration::from_secs(s)
}

/// `+` 200, `4` 404, `5` 503, `8` a 408 that the gateway sends, `T` silence, `X` not delivered, `-` no verdict.
pub fn result(letter: char) -> ProbeResult {
    let code = |code| ProbeResult::Code { code, retry_after: None };
    match letter {
        '+' => code(200),
        '4' => code(404),
        '5' => code(503),
        '8' => code(408),
        'T' => ProbeResult::Timeout,
        'X' => ProbeResult::Transport,
        '-' => ProbeResult::Nothing,
        other => panic!("no such result: {other}"),
    }
}

/// A table of `n` gateways whose probing is `change`d from the defaults.
pub fn table(n: u8, change: impl Fn(&mut Probing)) -> Table {
    let mut plan = Plan::new(n);
    plan.draft.gateways.iter_mut().for_each(|gateway| change(&mut gateway.probing));
    plan.build()
}

impl Lab {
    pub fn new(n: u8, change: impl Fn(&mut Probing)) -> Lab {
        Lab::with_seed(7, table(n, change))
    }
    pub fn with_seed(seed: u64, table: Table) -> Lab {
        let mut engine = Engine::new(seed);
        let now = Now { at: Instant(1_000_000), wall: Wall(1_800_000_000_000_000) };
        let board = engine.reload(now, &table);
        Lab { engine, table, board, now, sent: Vec::new() }
    }
    pub fn reload(&mut self, table: Table) {
        self.board = self.engine.reload(self.now, &table);
        self.table = table;
    }
    pub fn wait(&mut self, d: Duration) {
        self.now = self.now.moved_to(self.now.at + d);
    }
    /// Since the lab was opened.
    pub fn elapsed(&self) -> Duration {
        self.now.at.since(Instant(1_000_000))
    }
    /// The probes due now.
    pub fn poll(&mut self) -> Vec<Probe> {
        let mut out = Vec::new();
        self.engine.poll(self.now, &mut out);
        let elapsed = self.elapsed();
        self.sent.extend(out.iter().map(|p| (elapsed, p.gateway.0)));
        out
    }
    /// Goes on to the engine's next deadline and polls there.
    pub fn next_probes(&mut self) -> Vec<Probe> {
        loop {
            let deadline = self.engine.deadline().expect("nothing is due any more");
            self.wait(deadline.since(self.now.at));
            let probes = self.poll();
            if !probes.is_empty() {
                return probes;
            }
        }
    }
    /// The next probe ends like this, at once.
    pub fn probe(&mut self, letter: char) {
        let probes = self.next_probes();
        self.engine.probed(self.now, probes[0].token, result(letter));
    }
    /// Until `end` every probe ends at once as `answer` says.
    pub fn run(&mut self, end: Duration, answer: impl Fn(u32) -> char) {
        while self.engine.deadline().is_some_and(|deadline| deadline.since(Instant(1_000_000)) <= end) {
            for probe in self.next_probes() {
                self.engine.probed(self.now, probe.token, result(answer(probe.gateway.0)));
            }
        }
        self.wait(end.saturating_sub(self.elapsed()));
    }
    pub fn call_ended(&mut self, gateway: GatewayIx, trial: bool, result: ProbeResult) {
        let g = self.table.gateway(gateway);
        let evidence = Evidence { id: g.id.clone(), address: g.address, transport: g.transport, trial, result };
        self.engine.evidence(self.now, &evidence);
    }
    pub fn call(&mut self, letter: char) {
        self.call_ended(A, false, result(letter));
    }
    pub fn usability(&self, gateway: GatewayIx) -> Usability {
        self.board.usability(gateway, self.now.at)
    }
    /// One letter: `?` unknown, `u` up, `d` down.
    pub fn state(&self, gateway: GatewayIx) -> char {
        match self.board.observed(gateway) {
            Observed::Unknown => '?',
            Observed::Up => 'u',
            Observed::Down => 'd',
        }
    }
    /// `a up: 2 probes answered`, for each change since the last call.
    pub fn told(&mut self) -> Vec<String> {
        let word = |up| if up { "up" } else { "down" };
        self.engine.changes().iter().map(|c| format!("{} {}: {}", c.gateway, word(c.up), c.why)).collect()
    }
}
