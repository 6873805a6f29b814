//! Everybody around the router in a run: the calls with their phones and gateways, and the judges at the border.

use super::Chance;
use super::caller::{self, Caller, Ending};
use super::endpoint::Desk;
use super::errand::{CalleePlan, CallerPlan};
use super::gateway::{Callee, answer_alone};
use super::health::HealthWatch;
use super::invariants::{Law, Tally};
use super::monitor::{Awaited, Monitor, Seen, View};
use super::net::{Datagram, Fate, Net, Token};
use super::report::Summary;
use super::site::{self, Site};
use super::trace::{Trace, brief};
use super::wire::Wire;
use super::world::{Cast, Cause, Step, World};
use crate::record::{Outcome, Record};
use crate::time::{Instant, Now};
use smallvec::SmallVec;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

/// `Token::call` of what is about no call.
pub const CONTROL: u64 = u64::MAX;
/// `Token::part` of a look at whether a call is over.
const REVIEW: u16 = u16::MAX;
/// A call is over when nothing has passed the border for so long.
const SILENCE: Duration = Duration::from_secs(75);
/// No call of the simulation lives longer.
const LONGEST: Duration = Duration::from_secs(600);

pub struct Call {
    address: SocketAddr,
    chance: Chance,
    caller: Caller,
    callees: Vec<Callee>,
    pub monitor: Monitor,
    started: Now,
}

pub struct Stage {
    pub seed: u64,
    pub calls: HashMap<u64, Call, foldhash::fast::FixedState>,
    pub sites: Vec<Site>,
    /// The router's names of the revisions.
    pub revisions: Vec<String>,
    pub health: HealthWatch,
    pub tally: Tally,
    pub summary: Summary,
    /// Calls that are over, whose end the router can't know: a gateway died, and a phone that never heard the answer; or
    /// the row that said so went with a crash. Their records close as lost.
    pub unclosed: BTreeMap<u64, Vec<Awaited>>,
    /// How each call ended for its caller, by number.
    pub endings: Vec<u16>,
    pub sockets: Vec<SocketAddr>,
    pub traced: Option<u64>,
    pub trace: Trace,
    /// What the control events ask of the run.
    pub wanted: Vec<Token>,
    /// When the router's process was scheduled again after its latest stall.
    pub stalled_until: Instant,
    /// The latest turns of the gateways' health, and reloads, for the story of a breach.
    pub turns: VecDeque<String>,
}

const TURNS_KEPT: usize = 40;

impl Stage {
    pub fn new(seed: u64, sites: Vec<Site>, revisions: Vec<String>, sockets: Vec<SocketAddr>) -> Stage {
        Stage {
            seed,
            calls: HashMap::with_hasher(foldhash::fast::FixedState::with_seed(seed)),
            sites,
            revisions,
            health: HealthWatch::default(),
            tally: Tally::default(),
            summary: Summary::default(),
            unclosed: BTreeMap::new(),
            endings: Vec::new(),
            sockets,
            traced: None,
            trace: Trace::default(),
            wanted: Vec::new(),
            stalled_until: Instant(0),
            turns: VecDeque::new(),
        }
    }

    fn site(&self) -> &Site {
        &self.sites[self.sites.len() - 1]
    }

    /// A phone, a trunk or a stranger begins call `number`.
    pub fn begin(&mut self, world: &mut World, number: u64) {
        let mut chance = Chance::part(self.seed, number);
        let (address, router) = match chance.below(1000) {
            0..920 => (SocketAddr::from(([10, 1, 0, 1 + chance.below(50) as u8], 5060)), self.sockets[0]),
            // A trunk calls from another port than the one it is called at, and that one never dies.
            920..995 => (site::calling_address(chance.below(site::TRUNKS as u64) as usize), self.sockets[1]),
            _ => (SocketAddr::from(([10, 9, 0, 1], 5060)), self.sockets[1]),
        };
        let trunk = site::trunk_of(address.ip()).is_some();
        let dialled = match trunk && chance.percent(90.0) {
            true => format!("9{:05}", chance.below(100_000)),
            false => site::draw_number(&mut chance),
        };
        let plan = CallerPlan::draw(&mut chance, dialled);
        let mut caller = Caller::new(plan, router, number, address);
        let mut desk = Desk { now: world.now.at, net: &mut world.net, call: number, part: caller::PART, address };
        caller.start(&mut desk);
        desk.net.wake(world.now.at, SILENCE, Token { call: number, part: REVIEW, kind: 0, index: 0 });
        let monitor = Monitor::new(number);
        self.endings.resize(number as usize + 1, 0);
        self.calls.insert(number, Call { address, chance, caller, callees: Vec::new(), monitor, started: world.now });
    }

    /// Looks whether a call is over; then its last checks are made, and it is forgotten.
    fn review(&mut self, world: &mut World, number: u64) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        let now = world.now;
        let quiet_for = now.at.0.saturating_sub(call.monitor.last_at.max(call.started.at.0));
        // A caller whose answer was lost, and its gateway dead before it could repeat it, waits in vain; the router has
        // done what it can.
        let done = call.caller.quiet() || call.monitor.answered_all();
        let over = done && u128::from(quiet_for) >= SILENCE.as_micros();
        let too_long = now.at.since(call.started.at) > LONGEST;
        if !over && !too_long {
            let token = Token { call: number, part: REVIEW, kind: 0, index: 0 };
            return world.net.wake(now.at, Duration::from_secs(10), token);
        }
        let Some(mut call) = self.calls.remove(&number) else { return };
        let ending = call.caller.ending;
        let ended = ending != Ending::Open || call.monitor.answered_all();
        self.tally.check(Law::EndsOnce, now.at, Some(number), ended && !too_long, || {
            format!("after {:?} it is {ending:?} for its caller", now.at.since(call.started.at))
        });
        self.summary.count(&call.caller, &call.monitor);
        let mut view = View::of(now, &self.sites, &self.health, &mut self.tally, self.stalled_until);
        let awaited = call.monitor.finish(&mut view, &self.revisions);
        if !awaited.is_empty() {
            self.unclosed.insert(number, awaited);
        }
        if let Some(own) = self.endings.get_mut(number as usize) {
            *own = ending.short();
        }
    }

    fn traced(&mut self, now: Now, number: u64, from: SocketAddr, to: SocketAddr, text: &str, fate: Fate) {
        if self.traced == Some(number) {
            self.trace.message(now, from, to, text, fate);
        }
    }
}

/// Number of the call that a Call-ID names; `None` for the router's own probes.
fn number_of(call_id: &str) -> Option<u64> {
    call_id.strip_prefix('c')?.strip_suffix("@sim")?.parse().ok()
}

impl Cast for Stage {
    fn arrived(&mut self, now: Now, net: &mut Net, datagram: &Datagram) {
        let Some(wire) = Wire::read(&datagram.bytes) else { return };
        let Datagram { from, to, .. } = *datagram;
        let Some(number) = number_of(wire.call_id) else {
            if wire.method == "OPTIONS" {
                let mut chance = Chance::of(self.seed, (to, now.at.0));
                let code = chance.weighted(&[(970, 200), (20, 404), (5, 503), (5, 500)]);
                answer_alone(net, now.at, to, from, &wire, code);
            }
            return;
        };
        let Some(call) = self.calls.get_mut(&number) else { return };
        call.arrived(now, net, from, to, &wire, number);
        // Of a call that two processes have decided, the second could not know of the first one's answer.
        if let Some(fault) = call.caller.fault.take().filter(|_| !call.monitor.decided_anew()) {
            self.tally.check(Law::EndsOnce, now.at, Some(number), false, || fault);
        }
    }

    fn woken(&mut self, world: &mut World, token: Token) {
        match (token.call, token.part) {
            (CONTROL, _) => self.wanted.push(token),
            (number, REVIEW) => self.review(world, number),
            (number, part) => {
                let Some(call) = self.calls.get_mut(&number) else { return };
                let mut desk =
                    Desk { now: world.now.at, net: &mut world.net, call: number, part, address: call.address };
                match part.checked_sub(1) {
                    None => call.caller.woken(&mut desk, token.kind, token.index as usize),
                    Some(at) => {
                        let callee = &mut call.callees[usize::from(at)];
                        desk.address = callee.address;
                        callee.woken(&mut desk, token.kind, token.index as usize);
                    }
                }
            }
        }
    }

    fn stepped(&mut self, now: Now, cause: Cause, step: &Step) {
        let mut arrival = 0;
        let input = match cause {
            Cause::Datagram { datagram, number } => {
                arrival = number;
                Wire::read(&datagram.bytes).map(|wire| (datagram, wire))
            }
            Cause::Refused { datagram, quoted } => {
                self.refused(now, datagram, quoted);
                None
            }
            Cause::Timer => {
                self.health.fired(now.at, &self.sites[self.sites.len() - 1]);
                None
            }
            Cause::Inside => None,
        };
        let sent: SmallVec<[Wire; 4]> =
            step.sent.iter().map(|s| Wire::read(&step.arena[s.bytes.clone()]).expect("the router sends SIP")).collect();
        let outs: SmallVec<[(Option<u64>, Seen); 4]> = (step.sent.iter().zip(&sent))
            .map(|(s, wire)| (number_of(wire.call_id), Seen { from: s.from, to: s.to, wire }))
            .collect();
        let seen_in = input.as_ref().map(|(d, wire)| (number_of(wire.call_id), Seen { from: d.from, to: d.to, wire }));
        if let Some((number, seen)) = &seen_in {
            match number {
                Some(number) => {
                    self.traced(now, *number, seen.from, seen.to, seen.wire.text, Fate::Sent);
                    self.in_order(now, *number, seen.from, arrival);
                }
                None => self.probe_answered(now, seen),
            }
        }
        let mut numbers: SmallVec<[u64; 4]> = outs.iter().filter_map(|o| o.0).collect();
        numbers.extend(seen_in.as_ref().and_then(|s| s.0));
        numbers.sort_unstable();
        numbers.dedup();
        for number in numbers {
            let own: SmallVec<[Seen; 4]> = outs.iter().filter(|o| o.0 == Some(number)).map(|o| o.1).collect();
            let input = seen_in.as_ref().filter(|s| s.0 == Some(number)).map(|s| s.1);
            self.step_call(now, number, input, &own);
        }
        for ((number, seen), sent) in outs.iter().zip(&step.sent) {
            match number {
                Some(number) => self.traced(now, *number, seen.from, seen.to, seen.wire.text, sent.fate),
                None => {
                    let site = &self.sites[self.sites.len() - 1];
                    self.health.probe_out(&mut self.tally, now.at, site, seen.to, seen.wire);
                }
            }
        }
        for change in &step.changes {
            let up = if change.up { "up" } else { "down" };
            self.turn(now, &format!("{} is {up}: {}", change.gateway, change.why));
        }
        for noted in &step.noted {
            if let Some(call) = number_of(&noted.call_id).and_then(|n| self.calls.get_mut(&n)) {
                call.monitor.noted(now, noted.started_at);
            }
        }
        for record in &step.records {
            self.recorded(now, record);
        }
    }

    fn crashed(&mut self, now: Now, ran: Instant) {
        self.health.crashed();
        self.calls.values_mut().for_each(|call| call.monitor.crashed(ran));
        self.turn(now, "the router's process dies");
    }
}

impl Stage {
    /// Remembers what happened to a gateway, or to the configuration.
    pub fn turn(&mut self, now: Now, what: &str) {
        if self.traced.is_some_and(|number| self.calls.contains_key(&number)) {
            self.trace.note(now, what);
        }
        if self.turns.len() >= TURNS_KEPT {
            self.turns.pop_front();
        }
        self.turns.push_back(format!("{:>10.3}  {what}", now.at.since(super::world::START.at).as_secs_f64()));
    }

    fn step_call(&mut self, now: Now, number: u64, input: Option<Seen>, sent: &[Seen]) {
        let site = self.sites.len() - 1;
        if let Some(seen) = input.filter(|i| !i.wire.is_request() && matches!(i.wire.cseq_method, "INVITE" | "MESSAGE"))
        {
            self.health.heard(now.at, seen.from, seen.wire);
        }
        let Some(call) = self.calls.get_mut(&number) else {
            // A call that is over: whatever comes out of the router for it comes too late.
            let late = sent.first().map(|s| s.wire.text.to_string());
            self.tally.check(Law::NothingLeft, now.at, Some(number), late.is_none() || input.is_some(), || {
                format!("after the end of the call:\n{}", late.unwrap_or_default())
            });
            return;
        };
        let mut view = View::of(now, &self.sites, &self.health, &mut self.tally, self.stalled_until);
        let before = call.monitor.clients.len();
        call.monitor.step(&mut view, input, sent);
        if input.is_some_and(|i| (200..300).contains(&i.wire.code) && i.wire.cseq_method == "INVITE") {
            // Another gateway has answered: what is heard of the others from now on is no evidence.
            let unheard = call.monitor.clients.iter().filter(|c| c.method == "INVITE" && c.heard_at.is_none());
            unheard.for_each(|client| self.health.lost(client.to, &client.branch));
        }
        for client in &call.monitor.clients[before..] {
            let attempt = client.server.map(|s| call.monitor.servers[s].site).unwrap_or(site);
            if client.gateway.is_some() {
                let timeout = self.sites[attempt].timers.attempt;
                self.health.asked(now.at, client.to, &client.branch, timeout);
            }
        }
    }

    fn in_order(&mut self, now: Now, number: u64, from: SocketAddr, arrival: u64) {
        if let Some(call) = self.calls.get_mut(&number) {
            let mut view = View::of(now, &self.sites, &self.health, &mut self.tally, self.stalled_until);
            call.monitor.in_order(&mut view, from, arrival);
        }
    }

    fn probe_answered(&mut self, now: Now, seen: &Seen) {
        let site = self.site().clone();
        self.health.probe_in(now.at, &site, seen.from, seen.wire);
    }

    fn refused(&mut self, now: Now, datagram: &Datagram, quoted: usize) {
        let Some(wire) = Wire::read(&datagram.bytes) else { return };
        let branch = if quoted == 0 { "" } else { wire.branch() };
        let site = self.site().clone();
        self.health.refused(now.at, &site, datagram.to, branch);
        let view = View::of(now, &self.sites, &self.health, &mut self.tally, self.stalled_until);
        if quoted == 0 {
            // Nothing came back of it: every silent branch to that address may be meant.
            self.calls.values_mut().for_each(|c| c.monitor.refused_somewhere(&view, datagram.to));
        } else if let Some(number) = number_of(wire.call_id)
            && let Some(call) = self.calls.get_mut(&number)
        {
            call.monitor.refused(&view, datagram.to, branch);
            if self.traced == Some(number) {
                self.trace.note(now, &format!("ICMP error for {} to {}", wire.method, datagram.to));
            }
        }
    }

    /// Whether a record of a call that is over was waited for.
    fn closes_as_lost(&mut self, number: u64, record: &Record) -> bool {
        let Some(awaited) = self.unclosed.get_mut(&number) else { return false };
        let place = awaited.iter().position(|a| a.started_ms == record.started_at.millis());
        place.map(|at| awaited.swap_remove(at)).is_some()
    }

    /// Whose record should have closed by now, and did not.
    pub fn still_unclosed(&mut self) -> Option<u64> {
        self.unclosed.retain(|_, awaited| awaited.iter().any(|a| a.sure));
        self.unclosed.keys().next().copied()
    }

    fn recorded(&mut self, now: Now, record: &Record) {
        self.summary.records += 1;
        let number = number_of(&record.call_id);
        if number.is_some() && self.traced == number {
            self.trace.note(now, &brief(record));
        }
        match number.and_then(|n| self.calls.get_mut(&n)) {
            Some(call) => call.monitor.recorded(record),
            None => {
                let lost = record.outcome == Outcome::Lost && number.is_some_and(|n| self.closes_as_lost(n, record));
                self.tally.check(Law::RecordOnce, now.at, number, lost, || {
                    format!("a record after the end of its call: {}", brief(record))
                });
            }
        }
    }
}

impl Call {
    /// A datagram reaches the caller or one of the gateways of this call.
    fn arrived(&mut self, now: Now, net: &mut Net, from: SocketAddr, to: SocketAddr, wire: &Wire, number: u64) {
        let mut desk = Desk { now: now.at, net, call: number, part: caller::PART, address: to };
        let callee = match wire.is_request() {
            true => self.callees.iter().position(|c| c.address == to && c.owns(wire)),
            false => self.callees.iter().position(|c| c.address == to && c.asked(wire)),
        };
        if let Some(at) = callee {
            desk.part = at as u16 + 1;
            return self.callees[at].datagram(&mut desk, from, wire);
        }
        if to == self.address && (!wire.is_request() || !wire.to_tag().is_empty()) {
            return self.caller.datagram(&mut desk, from, wire);
        }
        match wire.method {
            "INVITE" if wire.to_tag().is_empty() => {
                let plan = CalleePlan::draw(&mut self.chance);
                let at = self.callees.len();
                desk.part = at as u16 + 1;
                self.callees.push(Callee::new(&mut desk, plan, from, wire, format!("g{number}-{at}")));
            }
            "MESSAGE" => {
                let code = self.chance.weighted(&[(70, 200), (10, 404), (10, 503), (10, 0)]);
                if code > 0 {
                    answer_alone(desk.net, now.at, to, from, wire, code);
                }
            }
            _ => {}
        }
    }
}
