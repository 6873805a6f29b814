//! Everybody in a story but the router.

use crate::format::Reply;
use crate::party::Party;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use trunkline::record::Record;
use trunkline::sim::net::{Datagram, Fate, Net, Token};
use trunkline::sim::wire::Wire;
use trunkline::sim::{Cast, Cause, Step, World};
use trunkline::time::Now;

#[derive(Default)]
pub struct Players {
    pub parties: BTreeMap<String, Party>,
    pub records: Vec<(Now, Record)>,
    /// Replies that wait for their moment: who, what, to which request, where to.
    pending: Vec<(String, Reply, String, SocketAddr)>,
    /// The whole story, for a failure.
    pub log: Vec<String>,
    pub strays: Vec<String>,
    /// The story is told: the probes that go on are no part of it.
    pub over: bool,
}

impl Players {
    pub fn name_of(&self, address: SocketAddr) -> String {
        let known = self.parties.values().find(|p| p.address == Some(address));
        known.map_or_else(|| format!("router {address}"), |p| p.name.clone())
    }

    pub fn note(&mut self, now: Now, from: SocketAddr, to: SocketAddr, text: &str, fate: Fate) {
        let at = now.at.since(trunkline::sim::START.at).as_secs_f64();
        if self.over && (text.starts_with("OPTIONS") || text.contains("CSeq: 1 OPTIONS")) {
            return;
        }
        let lost = if fate == Fate::Lost { "  (lost)" } else { "" };
        let line = text.lines().next().unwrap_or("");
        self.log.push(format!("{at:>9.3}  {:>16} → {:<16} {line}{lost}", self.name_of(from), self.name_of(to)));
    }

    pub fn remark(&mut self, now: Now, what: &str) {
        let at = now.at.since(trunkline::sim::START.at).as_secs_f64();
        self.log.push(format!("{at:>9.3}  {what}"));
    }
}

impl Cast for Players {
    fn arrived(&mut self, now: Now, net: &mut Net, datagram: &Datagram) {
        let Some(wire) = Wire::read(&datagram.bytes) else { return };
        let Some(party) = self.parties.values_mut().find(|p| p.address == Some(datagram.to)) else {
            self.strays.push(format!("{} got {}", datagram.to, wire.text));
            return;
        };
        let name = party.name.clone();
        let mut delay = std::time::Duration::ZERO;
        let replies = party.hear(net, now.at, datagram.from, &wire);
        if self.over && wire.method == "OPTIONS" {
            party.heard.pop();
        }
        for (reply, request) in replies {
            delay += reply.after;
            let index = self.pending.len() as u32;
            self.pending.push((name.clone(), reply, request, datagram.from));
            net.wake(now.at, delay, Token { call: 0, part: 0, kind: 0, index });
        }
    }

    fn woken(&mut self, world: &mut World, token: Token) {
        let (name, reply, request, to) = self.pending[token.index as usize].clone();
        if let Some(party) = self.parties.get_mut(&name) {
            party.reply(&mut world.net, world.now.at, &request, to, &reply);
        }
    }

    fn stepped(&mut self, now: Now, cause: Cause, step: &Step) {
        if let Cause::Datagram { datagram, .. } = cause {
            let text = String::from_utf8_lossy(&datagram.bytes).into_owned();
            self.note(now, datagram.from, datagram.to, &text, Fate::Sent);
        }
        if let Cause::Refused { datagram, .. } = cause {
            let to = self.name_of(datagram.to);
            if !self.over {
                self.remark(now, &format!("ICMP error from {to}"));
            }
        }
        for sent in &step.sent {
            let text = String::from_utf8_lossy(&step.arena[sent.bytes.clone()]).into_owned();
            self.note(now, sent.from, sent.to, &text, sent.fate);
        }
        for change in &step.changes {
            let turn = if change.up { "up" } else { "down" };
            self.remark(now, &format!("{} is {turn}: {}", change.gateway, change.why));
        }
        for record in &step.records {
            self.remark(now, &format!("record: {:?} {}", record.outcome, record.code));
            self.records.push((now, record.clone()));
        }
    }
}
