//! One attempt: an INVITE to one gateway, in a branch of its own (checklist F15, F16).

use super::call::{Asked, Branch, BranchIx, Plan, Setup};
use super::cookie::{Cookie, Side, flow_room, short, tag_hash};
use super::forward::{self, OurVia, Rewrite};
use super::hunt::Next;
use super::initial::final_reply;
use super::token::{Kind, Token};
use super::{Core, Effects, Loaded};
use crate::flow::Flow;
use crate::route::{Attempt, FinalAnswer, GatewayIx, dialable};
use crate::sip::{Message, Name, Uri, put_addr};
use crate::time::Now;
use crate::transaction::InviteClient;
use smallvec::SmallVec;
use std::net::SocketAddr;
use std::time::Duration;

/// Timer C must be longer than three minutes (checklist X14).
pub(super) const TIMER_C: Duration = Duration::from_secs(185);

/// Where a request to a gateway leaves, and what it says about us there.
pub(super) struct Way {
    pub flow: Flow,
    pub sent_by: SocketAddr,
}

impl Core {
    /// Goes on to the next gateway; when there is none, the caller gets the final answer.
    pub(super) fn next_attempt(&mut self, now: Now, ix: u32, out: &mut Effects) {
        let Some(mut setup) = self.calls.get_mut(ix as usize).and_then(|call| call.setup.take()) else { return };
        let Plan::Hunt(hunt) = &mut setup.plan else { return };
        let mut skipped = SmallVec::<[(GatewayIx, &str); 4]>::new();
        let next = hunt.next(now.at, &setup.loaded.board, |gateway, why| skipped.push((gateway, why)));
        for (gateway, why) in skipped {
            setup.skip(gateway, why);
        }
        match next {
            Next::Attempt { attempt, trial } => {
                self.start_attempt(now, ix, &mut setup, &attempt, trial, out);
                self.put_back(ix, setup);
            }
            Next::Exhausted => {
                let answer = hunt_answer(&setup);
                self.put_back(ix, setup);
                match answer {
                    Answer::Own(reply) => {
                        self.final_of_our_own(now, ix, reply.code, &reply.reason, "no gateway took the call", out)
                    }
                    Answer::Held => self.final_that_was_held(now, ix, out),
                }
            }
        }
    }

    pub(super) fn put_back(&mut self, ix: u32, setup: Box<Setup>) {
        if let Some(call) = self.calls.get_mut(ix as usize) {
            call.setup = Some(setup);
        }
    }

    fn start_attempt(
        &mut self,
        now: Now,
        ix: u32,
        setup: &mut Setup,
        attempt: &Attempt,
        trial: bool,
        out: &mut Effects,
    ) {
        self.counters.attempts += 1;
        let position = setup.begin_attempt(now, attempt);
        let Plan::Hunt(hunt) = &setup.plan else { return };
        let patience = hunt.failover.attempt_timeout;
        let message = setup.request.message();
        let way = self.way_to(&setup.loaded, attempt.gateway);
        let token = Token {
            kind: Kind::Invite,
            nonce: self.secrets.random(),
            loop_hash: setup.loop_hash,
            index: self.branches.vacant_key() as u32,
        };
        let uri = gateway_uri(&message, &setup.loaded, attempt);
        let record = setup.record.as_ref().map_or(0, |record| record.id.0);
        let record_route =
            self.record_route(now, &message, &setup.source, &setup.loaded, attempt, &way, record, position);
        let start = out.arena.len();
        let rewrite = Rewrite {
            uri: &uri,
            source: setup.source.remote,
            via: OurVia { transport: way.flow.transport, sent_by: way.sent_by, token },
            max_forwards: hops_left(&message),
            record_route: &record_route,
            drop_routes: message.values(Name::Route).count(),
            drop_last_route: false,
            add_route: None,
            drop_identity: setup.drop_identity,
            add_breadth: true,
        };
        forward::request(&message, &rewrite, &mut out.arena);
        out.send_from(start, way.flow);
        let mut asked = Asked::new(now.at, way.flow, &out.arena[start..], Some(now.at + patience));
        (asked.gateway, asked.trial) = (Some(attempt.gateway), trial);
        let client = InviteClient::new(now.at, &self.timers, way.flow.transport.reliable());
        self.insert_branch(Branch::new(ix, token.nonce, client, position, asked));
    }

    pub(super) fn insert_branch(&mut self, mut branch: Branch) {
        let ix = self.branches.vacant_key() as u32;
        if let Some(call) = self.calls.get_mut(branch.call as usize) {
            branch.older = call.newest.replace(BranchIx::of(ix));
        }
        self.branches.insert(branch);
        self.settle_branch(ix);
    }

    /// The flow to a gateway and our address towards it.
    pub(super) fn way_to(&mut self, loaded: &Loaded, gateway: GatewayIx) -> Way {
        let gateway = loaded.snapshot.table.gateway(gateway);
        let listener = &loaded.snapshot.listeners[gateway.listener];
        let flow = Flow { transport: gateway.transport, ..Flow::udp(listener.socket, gateway.address) };
        Way { flow, sent_by: self.addresses.of_flow(&flow) }
    }

    /// Record-Route lines for a dialog-forming request: one value where both sides use the same listener, else two,
    /// the outgoing one on top (RFC 5658, checklist X10, X11).
    #[allow(clippy::too_many_arguments)]
    pub(super) fn record_route(
        &mut self,
        now: Now,
        message: &Message,
        source: &Flow,
        loaded: &Loaded,
        attempt: &Attempt,
        way: &Way,
        record: u64,
        position: u8,
    ) -> SmallVec<[u8; 256]> {
        let inside = self.addresses.of_flow(source);
        let table = &loaded.snapshot.table;
        let gateway = table.gateway(attempt.gateway);
        let one = inside == way.sent_by && source.socket == way.flow.socket;
        let cookie = Cookie {
            record,
            start: now.wall.0.div_euclid(1_000_000) as u32,
            gateway: short(gateway.id.as_bytes()),
            group: 0,
            revision: short(loaded.snapshot.revision.as_bytes()),
            listener: source.socket.0 as u8,
            side: Side::Both,
            attempt: position,
            caller_tag: tag_hash(message.from().and_then(|from| from.tag).unwrap_or_default()),
            caller_flow: flow_room(source.remote),
            cseq_shift: 0,
        };
        let call_id = message.call_id().unwrap_or_default();
        let mut text = Vec::with_capacity(256);
        let mut line = |side, address| {
            text.extend_from_slice(b"Record-Route: <sip:");
            Cookie { side, ..cookie }.put(&self.cookie_keys, call_id, &mut text);
            text.push(b'@');
            put_addr(&mut text, address);
            text.extend_from_slice(b";lr>\r\n");
        };
        if one {
            line(Side::Both, inside);
        } else {
            line(Side::Gateway, way.sent_by);
            line(Side::Caller, inside);
        }
        SmallVec::from_vec(text)
    }
}

/// What the caller hears when no gateway is left.
enum Answer {
    Own(crate::route::Reply),
    Held,
}

fn hunt_answer(setup: &Setup) -> Answer {
    let Plan::Hunt(hunt) = &setup.plan else { return Answer::Held };
    match hunt.failover.final_answer {
        FinalAnswer::Last | FinalAnswer::Best if setup.held.is_some() => Answer::Held,
        _ => Answer::Own(final_reply(&hunt.failover)),
    }
}

/// Max-Forwards of the forwarded copy: one less, 70 where there was none (checklist P13, X3).
pub(super) fn hops_left(message: &Message) -> u8 {
    match message.max_forwards() {
        Some(Ok(n)) => n.saturating_sub(1),
        _ => 70,
    }
}

/// The Request-URI towards a gateway (CONFIG-AND-CLI (g) "On the wire"): always made from the original one.
pub(super) fn gateway_uri(message: &Message, loaded: &Loaded, attempt: &Attempt) -> SmallVec<[u8; 128]> {
    let original = Uri::parse(message.request_uri());
    let mut text = SmallVec::new();
    text.extend_from_slice(b"sip:");
    if dialable(&attempt.number) {
        for &c in &attempt.number {
            match c {
                b'#' => text.extend_from_slice(b"%23"), // not allowed bare in a user part (RFC 3261 §25.1)
                c => text.push(c),
            }
        }
    } else {
        text.extend_from_slice(original.and_then(|uri| uri.user).unwrap_or_default());
    }
    text.push(b'@');
    text.extend_from_slice(loaded.snapshot.table.gateway(attempt.gateway).host.as_bytes());
    for (name, _, whole) in original.iter().flat_map(|uri| uri.params()) {
        let ours = [b"transport".as_slice(), b"maddr", b"ttl", b"lr"].iter().any(|own| name.eq_ignore_ascii_case(own));
        if !ours {
            text.extend_from_slice(whole);
        }
    }
    text
}
