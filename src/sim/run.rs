//! A run: so many calls, reloads and deaths of gateways, from one seed.

use super::Chance;
use super::invariants::Law;
use super::net::{Health, Net, Token, Weather};
use super::report::Report;
use super::router::Router;
use super::site::{self, Site};
use super::stage::{CONTROL, Stage};
use super::world::{START, Schedule, World};
use crate::proxy::Plant;
use crate::worker::Load;
use std::time::Duration;

#[derive(Clone, Debug)]
pub struct Options {
    pub calls: u64,
    pub seed: u64,
    /// Datagrams lost, in percent.
    pub loss: f64,
    pub reloads: u64,
    pub kills: u64,
    /// Times that the router's process is killed, and another one started.
    pub crashes: u64,
    pub workers: usize,
    pub schedule: Schedule,
    pub plant: Plant,
    /// The call whose messages are written down.
    pub trace: Option<u64>,
    /// Goes on for so long after a breach, for the rest of the story.
    pub aftermath: Duration,
}

/// Mean time between calls.
const GAP: Duration = Duration::from_micros(4_000);
/// After so many calls the world falls silent, and what is left is looked at.
const ROUND: u64 = 20_000;
/// How long silence takes: longer than any call and any transaction.
const LULL: Duration = Duration::from_secs(200);

const NEXT_CALL: u16 = 0;
const REVIVE: u16 = 1;
const CRASH: u16 = 2;

pub struct Simulation {
    options: Options,
    world: World,
    stage: Stage,
    chance: Chance,
    begun: u64,
    peak: usize,
}

impl Simulation {
    pub fn new(options: Options) -> Simulation {
        let mut chance = Chance::part(options.seed, 0x7275_6e00);
        let site = Site::first(&mut chance);
        let snapshot = site.snapshot();
        let revision = snapshot.revision.to_string();
        let router = Router::start(START, snapshot, chance.seed(), options.workers, options.plant);
        let net = Net::new(options.seed, Weather::rough(options.loss));
        let mut stage = Stage::new(options.seed, vec![site], vec![revision], router.sockets().to_vec());
        stage.traced = options.trace;
        let mut world = World::new(options.seed, net, router);
        world.schedule = options.schedule;
        Simulation { options, world, stage, chance, begun: 0, peak: 0 }
    }

    /// Calls begun so far.
    pub fn begun(&self) -> u64 {
        self.begun
    }

    pub fn over(&self) -> bool {
        self.stopped() || self.begun >= self.options.calls
    }

    fn stopped(&self) -> bool {
        let breach = self.stage.tally.breach.as_ref();
        breach.is_some_and(|b| self.world.now.at >= b.at + self.options.aftermath)
    }

    /// Runs one round: at most [`ROUND`] calls, then silence. Check [`Simulation::over`] after it.
    pub fn round(&mut self) {
        let last = self.options.calls.min(self.begun + ROUND);
        self.begin_next();
        while self.begun < last && !self.stopped() {
            let until = self.world.now.at + Duration::from_secs(1);
            self.go_on(until, last);
        }
        let until = self.world.now.at + LULL;
        self.go_on(until, last);
        self.check_silence(false);
    }

    fn go_on(&mut self, until: crate::time::Instant, last: u64) {
        while !self.stopped() && self.world.step(&mut self.stage, until) {
            while let Some(token) = self.stage.wanted.pop() {
                match token.part {
                    NEXT_CALL if self.begun < last => self.begin_next(),
                    CRASH => self.crash(),
                    REVIVE => self.world.net.set_health(site::address(token.index as usize), Health::Alive),
                    _ => {}
                }
            }
        }
    }

    fn begin_next(&mut self) {
        let number = self.begun;
        self.begun += 1;
        self.stage.begin(&mut self.world, number);
        self.peak = self.peak.max(self.stage.calls.len());
        if due(number, self.options.calls, self.options.reloads) {
            self.reload();
        }
        if due(number, self.options.calls, self.options.kills) {
            self.kill();
        }
        if due(number, self.options.calls, self.options.crashes) {
            let token = Token { call: CONTROL, part: CRASH, kind: 0, index: 0 };
            let moment = Duration::from_micros(self.chance.below(GAP.as_micros() as u64 * 2));
            self.world.net.wake(self.world.now.at, moment, token);
        }
        if self.chance.percent(0.02) {
            // The process is not scheduled for a moment, and then finds a heap of datagrams and late timers.
            let length = Duration::from_millis(self.chance.within(20..=1500));
            self.world.stall(length);
            self.stage.stalled_until = self.stage.stalled_until.max(self.world.now.at + length);
        }
        // Bursts: now and then many calls come at the same instant.
        let gap = match self.chance.percent(30.0) {
            true => 0,
            false => self.chance.within(0..=GAP.as_micros() as u64 * 3),
        };
        let token = Token { call: CONTROL, part: NEXT_CALL, kind: 0, index: 0 };
        self.world.net.wake(self.world.now.at, Duration::from_micros(gap), token);
    }

    fn reload(&mut self) {
        let before = &self.stage.sites[self.stage.sites.len() - 1];
        let site = before.next(&mut self.chance);
        self.stage.health.reload(before, &site);
        let what = format!("reload: revision {}", site.number);
        self.stage.turn(self.world.now, &what);
        self.take_revision(site);
        self.stage.summary.reloads += 1;
    }

    fn take_revision(&mut self, site: Site) {
        let snapshot = site.snapshot();
        self.stage.revisions.push(snapshot.revision.to_string());
        self.stage.sites.push(site);
        self.world.reload(&mut self.stage, &snapshot);
    }

    fn crash(&mut self) {
        if self.world.router.runs() {
            let down = Duration::from_millis(self.chance.within(100..=500));
            self.world.crash(&mut self.stage, down);
            self.stage.summary.crashes += 1;
        }
    }

    fn kill(&mut self) {
        let victim = self.chance.below(site::TRUNKS as u64);
        let health = *self.chance.pick(&[Health::Silent, Health::Refusing, Health::Deaf]);
        self.world.net.set_health(site::address(victim as usize), health);
        let until = Duration::from_millis(self.chance.within(2_000..=60_000));
        let what = format!("kill: {} is {health:?} for {until:?}", site::name(victim as usize));
        self.stage.turn(self.world.now, &what);
        let token = Token { call: CONTROL, part: REVIVE, kind: 0, index: victim as u32 };
        self.world.net.wake(self.world.now.at, until, token);
        self.stage.summary.kills += 1;
    }

    /// When all is quiet, nothing is left but the probes; with `probes_gone`, nothing at all.
    fn check_silence(&mut self, probes_gone: bool) {
        if self.stopped() {
            return;
        }
        let now = self.world.now.at;
        // Nobody will end what is open now.
        self.world.expire(&mut self.stage);
        let load = self.world.router.load();
        let most = if probes_gone { 0 } else { site::TRUNKS };
        let quiet = Load { client_transactions: 0, timers: 0, ..load } == Load::default()
            && load.client_transactions <= most
            && load.timers <= most;
        let open = self.world.router.open_records();
        let left = self.stage.still_unclosed().into_iter().chain(self.stage.calls.keys().copied()).min();
        self.stage.tally.check(Law::NothingLeft, now, left, quiet && open == 0 && left.is_none(), || {
            format!("{load:?}, {open} open records, calls not over: {left:?}")
        });
    }

    /// The end: the last revision names no gateway that is probed, and then nothing at all may be left.
    pub fn finish(mut self) -> Report {
        if !self.stopped() {
            let mut bare = self.stage.sites[self.stage.sites.len() - 1].clone();
            bare.number += 1;
            let before = bare.clone();
            bare.trunks.iter_mut().for_each(|t| t.probed = false);
            self.stage.health.reload(&before, &bare);
            self.take_revision(bare);
            let until = self.world.now.at + LULL;
            self.go_on(until, self.begun);
            self.check_silence(true);
        }
        Report {
            virtual_time: self.world.now.at.since(START.at),
            datagrams: self.world.net.datagrams,
            lost: self.world.net.lost,
            probes: self.stage.health.probes,
            tally: self.stage.tally,
            summary: self.stage.summary,
            begun: self.begun,
            peak: self.peak,
            trace: self.stage.trace.lines,
            turns: self.stage.turns.into(),
            endings: self.stage.endings,
        }
    }

    /// Runs to the end.
    pub fn run(options: Options) -> Report {
        let mut simulation = Simulation::new(options);
        while !simulation.over() {
            simulation.round();
        }
        simulation.finish()
    }
}

/// Whether one of `count` events, spread evenly over all calls, falls on this call: each in the middle of its share, so
/// that a round does not end with a crash that hides what it left behind.
fn due(number: u64, calls: u64, count: u64) -> bool {
    let calls = u128::from(calls.max(1));
    let share = |n: u64| (u128::from(n) * u128::from(count) + calls / 2) / calls;
    share(number + 1) > share(number)
}
