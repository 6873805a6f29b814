//! Health probes on the wire: an OPTIONS or INFO per gateway, in a client transaction like any other (checklist F14).

use super::alarm::{Alarm, Timer};
use super::outward::Way;
use super::token::{Kind, Token};
use super::{Core, Effects, forward::OurVia};
use crate::flow::Flow;
use crate::health::{Probe, ProbeResult, ProbeToken};
use crate::sip::{Message, put_decimal};
use crate::time::{Instant, Now};
use crate::transaction::{Fired, NonInviteClient};

pub(super) struct Probing {
    pub nonce: u64,
    pub flow: Flow,
    token: ProbeToken,
    client: NonInviteClient,
    bytes: Box<[u8]>,
    /// The probe's own timeout: far shorter than timer F.
    until: Instant,
    pub alarm: Alarm,
}

/// Draws of a Call-ID that is ours: with as many workers as a machine has cores, not to find one is out of the question.
const DRAWS: usize = 1 << 16;

impl Core {
    /// Sends a probe. Its answer must come to the worker that asked, so its Call-ID is one for which `owns` holds.
    pub fn probe(&mut self, now: Now, probe: &Probe, owns: impl Fn(&[u8]) -> bool, out: &mut Effects) {
        self.counters.probes += 1;
        let loaded = self.loaded.clone();
        let Some(gateway) = loaded.snapshot.table.gateways().get(probe.gateway.0 as usize) else { return };
        let way = self.way_to(&loaded, probe.gateway);
        let token = Token {
            kind: Kind::Probe,
            nonce: self.secrets.random(),
            loop_hash: 0,
            index: self.probes.vacant_key() as u32,
        };
        let start = out.arena.len();
        let (tag, mut call_id) = (self.secrets.random(), Vec::new());
        for _ in 0..DRAWS {
            call_id.clear();
            put_decimal(&mut call_id, self.secrets.random());
            call_id.extend_from_slice(b"@trunkline");
            if owns(&call_id) {
                break;
            }
        }
        write(probe, &gateway.host, &way, token, (tag, &call_id), &mut out.arena);
        out.send_from(start, way.flow);
        let ix = self.probes.insert(Probing {
            nonce: token.nonce,
            flow: way.flow,
            token: probe.token,
            client: NonInviteClient::new(now.at, &self.timers, way.flow.transport.reliable()),
            bytes: out.arena[start..].into(),
            until: now.at + probe.timeout,
            alarm: Alarm::default(),
        }) as u32;
        self.settle_probe(ix);
    }

    pub(super) fn probe_response(&mut self, ix: u32, message: &Message) {
        let code = message.code();
        if code >= 200 {
            self.probe_ended(ix, ProbeResult::Code { code, retry_after: message.retry_after() });
        }
    }

    pub(super) fn probe_timer(&mut self, now: Now, ix: u32, out: &mut Effects) {
        let timers = self.timers;
        let Some(probe) = self.probes.get_mut(ix as usize) else { return };
        if probe.until <= now.at {
            return self.probe_ended(ix, ProbeResult::Timeout);
        }
        match probe.client.fire(now.at, &timers) {
            Fired::Retransmit => {
                let start = out.arena.len();
                out.arena.extend_from_slice(&probe.bytes);
                out.send_from(start, probe.flow);
            }
            Fired::TimedOut | Fired::Terminated => return self.probe_ended(ix, ProbeResult::Timeout),
            Fired::Nothing => {}
        }
        self.settle_probe(ix);
    }

    /// The result is noted, and the transaction forgotten: a second final of a probe interests nobody.
    pub(super) fn probe_ended(&mut self, ix: u32, result: ProbeResult) {
        let Some(probe) = self.probes.get_mut(ix as usize) else { return };
        probe.alarm.set(&mut self.wheel, None, Timer::Probe(ix));
        let token = probe.token;
        self.probes.remove(ix as usize);
        self.probed.push((token, result));
    }

    /// Forgets the probes that nobody awaits any more: their gateways are gone, and must not be asked again.
    pub fn forget_probes(&mut self, awaited: impl Fn(ProbeToken) -> bool) {
        let gone = self.probes.iter().filter(|(_, probe)| !awaited(probe.token)).map(|(ix, _)| ix);
        for ix in gone.collect::<Vec<_>>() {
            if let Some(probe) = self.probes.get_mut(ix) {
                probe.alarm.set(&mut self.wheel, None, Timer::Probe(ix as u32));
            }
            self.probes.remove(ix);
        }
    }

    fn settle_probe(&mut self, ix: u32) {
        let Some(probe) = self.probes.get_mut(ix as usize) else { return };
        let deadline = probe.client.deadline().into_iter().chain([probe.until]).min();
        probe.alarm.set(&mut self.wheel, deadline, Timer::Probe(ix));
    }
}

fn write(probe: &Probe, host: &str, way: &Way, token: Token, (tag, call_id): (u64, &[u8]), out: &mut Vec<u8>) {
    let put = |out: &mut Vec<u8>, parts: &[&[u8]]| parts.iter().for_each(|part| out.extend_from_slice(part));
    put(out, &[probe.method.as_bytes(), b" sip:", host.as_bytes(), b" SIP/2.0\r\n"]);
    OurVia { transport: way.flow.transport, sent_by: way.sent_by, token }.put(out);
    put(out, &[b"Max-Forwards: 70\r\nFrom: <", probe.from.as_bytes(), b">;tag="]);
    put_decimal(out, tag >> 16);
    put(out, &[b"\r\nTo: <sip:", host.as_bytes(), b">\r\nCall-ID: ", call_id]);
    put(out, &[b"\r\nCSeq: 1 ", probe.method.as_bytes(), b"\r\nContent-Length: 0\r\n\r\n"]);
}
