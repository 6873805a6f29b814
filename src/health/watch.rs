//! What is known about one gateway, and how probes and calls change it.
//!
//! Two streaks are kept apart (CONFIG-AND-CLI (g) "Gateways that were not asked or not heard"; checklist F13): probes
//! can take a gateway down and bring it back, calls can take it down and bring it back, and it is up when neither
//! holds it down. A gateway that calls hold down is half-open after `down_interval`: one call at a time may try it.
//! The exception is `when: down`: there probes run only to bring a gateway back, so `recoveries` of them in a row do,
//! whatever took it down.

use super::board::{Observed, Slot};
use super::streak::{Failure, Streak};
use super::{ProbeResult, ProbeToken};
use crate::flow::Transport;
use crate::route::{Gateway, GatewayIx, ProbeMethod, ProbeWhen, Probing};
use crate::time::Instant;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// A 503 rests a gateway for at most this long (checklist D7).
const REST_MOST: Duration = Duration::from_secs(300);
/// How long after a probe's own timeout the engine stops waiting to hear of it.
const LOST_AFTER: Duration = Duration::from_secs(5);
/// No probe follows another faster than this, whatever the settings are.
const PAUSE_LEAST: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(super) struct Watch {
    pub(super) id: Arc<str>,
    pub(super) address: SocketAddr,
    pub(super) transport: Transport,
    /// Its position in the table that is served now.
    pub(super) ix: GatewayIx,
    pub(super) probing: Probing,
    pub(super) slot: Arc<Slot>,
    /// An operator's word; kept beside what is observed, which goes on being known.
    pub(super) disabled: bool,
    pub(super) in_flight: Option<ProbeToken>,
    /// When the last probe was sent.
    pub(super) sent_at: Option<Instant>,
    /// When the engine has to look at it again; the engine's agenda holds the same.
    pub(super) due: Option<Instant>,
    /// When what is observed last changed.
    pub(super) since: Option<Instant>,
    /// How many probes have ended.
    pub(super) probes_ended: u64,
    /// How long the answer to the last probe took.
    pub(super) probe_took: Option<Duration>,
    /// What last went wrong, and when; `true`: it was a probe.
    pub(super) last_failure: Option<(Instant, bool, Failure)>,
    probes: Streak,
    calls: Streak,
    down_by_probes: bool,
    down_by_calls: bool,
}

/// A change of what is observed: up or down, and why.
pub(super) type Turn = Option<(bool, String)>;

impl Watch {
    pub(super) fn new(ix: GatewayIx, gateway: &Gateway) -> Watch {
        Watch {
            id: gateway.id.clone(),
            address: gateway.address,
            transport: gateway.transport,
            ix,
            probing: gateway.probing.clone(),
            slot: Arc::default(),
            disabled: false,
            in_flight: None,
            sent_at: None,
            due: None,
            since: None,
            probes_ended: 0,
            probe_took: None,
            last_failure: None,
            probes: Streak::default(),
            calls: Streak::default(),
            down_by_probes: false,
            down_by_calls: false,
        }
    }

    /// The same gateway in a new table: what is known stays, what is configured counts from now on.
    pub(super) fn carry(&mut self, now: Instant, ix: GatewayIx, probing: &Probing) {
        self.ix = ix;
        self.probing.clone_from(probing);
        if self.probing.method == ProbeMethod::None && self.down_by_probes {
            // Nobody probes it any more, so a call has to find out.
            self.down_by_probes = false;
            self.down_by_calls = true;
            self.probes = Streak::default();
            self.slot.set_down(Some(now + self.probing.down_interval));
        }
    }

    /// Forgets what was observed: the state is unknown, as of a gateway that was just declared.
    pub(super) fn forget(&mut self, now: Instant) {
        (self.probes, self.calls) = (Streak::default(), Streak::default());
        (self.down_by_probes, self.down_by_calls) = (false, false);
        (self.since, self.probe_took, self.last_failure) = (Some(now), None, None);
        self.slot.forget();
    }

    /// Calls decide about it: they have taken it down, or it has no probes.
    pub(super) fn judged_by_calls(&self) -> bool {
        self.probing.method == ProbeMethod::None || (self.down_by_calls && !self.down_by_probes)
    }

    pub(super) fn down(&self) -> bool {
        self.down_by_probes || self.down_by_calls
    }

    /// Whether probes go out to it as things stand (checklist F14: none to what an operator disabled).
    pub(super) fn probed_now(&self) -> bool {
        !self.disabled
            && self.probing.method != ProbeMethod::None
            && (self.probing.when == ProbeWhen::Always || self.down())
    }

    /// From one probe to the next, before the jitter.
    pub(super) fn pause(&self) -> Duration {
        let pause = if self.down() { self.probing.down_interval } else { self.probing.interval };
        pause.max(PAUSE_LEAST)
    }

    /// When a probe that was never heard of is given up: no verdict, but the gateway must not stay unprobed.
    pub(super) fn lost_at(&self, sent_at: Instant) -> Instant {
        sent_at + self.probing.timeout * 2 + LOST_AFTER
    }

    /// A probe's verdict.
    pub(super) fn probe_ended(&mut self, now: Instant, result: ProbeResult) -> Turn {
        if self.probing.method == ProbeMethod::None {
            return None;
        }
        self.rest(now, result);
        match result {
            ProbeResult::Nothing => None,
            // 408 and silence never count as alive, whatever `up_on` says.
            ProbeResult::Code { code, .. } if code != 408 && self.probing.up_on.contains(code) => self.probe_answered(),
            ProbeResult::Code { code, .. } => self.probe_failed(now, Failure::Code(code)),
            ProbeResult::Timeout | ProbeResult::Transport => self.probe_failed(now, Failure::of(result)?),
        }
    }

    fn probe_answered(&mut self) -> Turn {
        let in_a_row = self.probes.succeeded();
        let enough = in_a_row >= self.probing.recoveries.max(1);
        let unknown = self.slot.observed() == Observed::Unknown;
        if enough && self.down_by_probes {
            self.down_by_probes = false;
            if self.down_by_calls && self.probing.when == ProbeWhen::Always {
                // Not forgiven what it did to calls: the next one may try it, and decides.
                self.slot.set_down(Some(Instant(0)));
                return None;
            }
        } else if !(enough && self.down() && self.probing.when == ProbeWhen::Down || unknown) {
            return None;
        }
        self.down_by_calls = false;
        self.slot.set_observed(Observed::Up);
        Some((true, self.probes.words("probe")))
    }

    fn probe_failed(&mut self, now: Instant, failure: Failure) -> Turn {
        self.last_failure = Some((now, true, failure));
        let in_a_row = self.probes.failed(failure);
        // Of a gateway that was never heard, the first failure says enough (CONFIG-AND-CLI (d) 7).
        let unknown = self.slot.observed() == Observed::Unknown;
        let most = if unknown { 1 } else { self.probing.failures.max(1) };
        if self.down_by_probes || in_a_row < most {
            return None;
        }
        let was_down = self.down();
        self.down_by_probes = true;
        self.slot.set_down(None);
        (!was_down).then(|| (false, self.probes.words("probe")))
    }

    /// What a call learnt. `trial`: it held the half-open gateway's one place.
    pub(super) fn call_ended(&mut self, now: Instant, trial: bool, result: ProbeResult) -> Turn {
        self.rest(now, result);
        match result {
            // Any reply is life: a 5xx is about one number or one moment (checklist F13).
            ProbeResult::Code { .. } => self.call_answered(trial),
            ProbeResult::Timeout | ProbeResult::Transport => self.call_failed(now, trial, Failure::of(result)?),
            ProbeResult::Nothing => {
                if trial {
                    self.open_trial(now);
                }
                None
            }
        }
    }

    fn call_answered(&mut self, trial: bool) -> Turn {
        self.calls.succeeded();
        self.slot.set_failing(false);
        let unknown = self.slot.observed() == Observed::Unknown;
        if !self.down_by_calls && !unknown {
            return None;
        }
        self.down_by_calls = false;
        if self.down_by_probes {
            return None;
        }
        self.slot.set_observed(Observed::Up);
        Some((true, if trial { "the trial call was answered" } else { "a call was answered" }.to_owned()))
    }

    fn call_failed(&mut self, now: Instant, trial: bool, failure: Failure) -> Turn {
        self.last_failure = Some((now, false, failure));
        let in_a_row = self.calls.failed(failure);
        self.slot.set_failing(true);
        if self.down_by_calls {
            if trial {
                self.open_trial(now + self.probing.down_interval);
            }
            return None;
        }
        if in_a_row < self.probing.failures.max(1) {
            return None;
        }
        let was_down = self.down();
        self.down_by_calls = true;
        self.open_trial(now + self.probing.down_interval);
        if self.probing.when == ProbeWhen::Down {
            // Only probes that are sent from now on tell anything about its return.
            self.probes = Streak::default();
            self.sent_at = self.sent_at.filter(|_| self.in_flight.is_some());
        }
        (!was_down).then(|| (false, self.calls.words("call")))
    }

    /// Lets one call at a time try it from `at` on, unless probes say that it is dead.
    fn open_trial(&self, at: Instant) {
        if self.down_by_calls && !self.down_by_probes {
            self.slot.set_down(Some(at));
        }
    }

    /// 503 with Retry-After (checklist D7), from a probe or from a call.
    fn rest(&self, now: Instant, result: ProbeResult) {
        if let ProbeResult::Code { code: 503, retry_after: Some(seconds) } = result {
            self.slot.rest_until(now + Duration::from_secs(u64::from(seconds)).min(REST_MOST));
        }
    }
}
