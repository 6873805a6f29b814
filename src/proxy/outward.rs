//! The copy of a request that goes to a gateway: a call's INVITE, or another request outside a dialog. It is made from the
//! request as it came, whatever was tried before (checklist F15, F16).

use super::cookie::{Cookie, Side, flow_room, short, tag_hash};
use super::forward::{self, OurVia, Rewrite, hops_left};
use super::token::Token;
use super::{Core, Effects, Loaded};
use crate::flow::Flow;
use crate::route::{Attempt, GatewayIx, dialable};
use crate::sip::{Message, Name, Uri, put_addr};
use crate::time::Now;
use smallvec::SmallVec;
use std::net::SocketAddr;

/// Where a request to a gateway leaves, and what it says about us there.
pub(super) struct Way {
    pub flow: Flow,
    pub sent_by: SocketAddr,
}

/// A request on its way to a gateway.
pub(super) struct Outward<'a> {
    pub message: Message<'a>,
    pub source: &'a Flow,
    pub loaded: &'a Loaded,
    pub attempt: &'a Attempt,
    pub token: Token,
    /// It forms a dialog: what the cookie of its Record-Route names.
    pub dialog: Option<Names>,
    /// Leave out what it says about its caller's identity (checklist A7).
    pub drop_identity: bool,
}

/// A record (0: there is none), and the attempt's position in it.
#[derive(Clone, Copy)]
pub(super) struct Names {
    pub record: u64,
    pub attempt: u8,
}

impl Core {
    /// Sends the copy. Gives the flow that it took, and where it begins in the arena.
    pub(super) fn send_outward(&mut self, now: Now, outward: &Outward, out: &mut Effects) -> (Flow, usize) {
        let Outward { message, loaded, attempt, .. } = outward;
        let way = self.way_to(loaded, attempt.gateway);
        let mut record_route = std::mem::take(&mut self.lines);
        record_route.clear();
        if let Some(names) = outward.dialog {
            self.record_route(now, outward, &way, names, &mut record_route);
        }
        let rewrite = Rewrite {
            uri: &gateway_uri(message, loaded, attempt),
            source: outward.source.remote,
            top: None,
            via: OurVia { transport: way.flow.transport, sent_by: way.sent_by, token: outward.token },
            max_forwards: hops_left(message.max_forwards().and_then(Result::ok)),
            record_route: &record_route,
            drop_routes: message.values(Name::Route).count(),
            drop_last_route: false,
            add_route: None,
            drop_identity: outward.drop_identity,
            add_breadth: true,
        };
        let start = out.arena.len();
        forward::request(message, &rewrite, &mut out.arena);
        out.send_from(start, way.flow);
        self.lines = record_route;
        (way.flow, start)
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
    fn record_route(&mut self, now: Now, outward: &Outward, way: &Way, names: Names, lines: &mut Vec<u8>) {
        let Outward { message, source, loaded, attempt, .. } = outward;
        let inside = self.addresses.of_flow(source);
        let gateway = loaded.snapshot.table.gateway(attempt.gateway);
        let cookie = Cookie {
            record: names.record,
            start: now.wall.0.div_euclid(1_000_000) as u32,
            gateway: short(gateway.id.as_bytes()),
            group: 0,
            revision: short(loaded.snapshot.revision.as_bytes()),
            listener: source.socket.0 as u8,
            side: Side::Both,
            attempt: names.attempt,
            caller_tag: tag_hash(message.from().and_then(|from| from.tag).unwrap_or_default()),
            caller_flow: flow_room(source.remote),
            cseq_shift: 0,
        };
        let call_id = message.call_id().unwrap_or_default();
        let mut line = |side, address| {
            lines.extend_from_slice(b"Record-Route: <sip:");
            Cookie { side, ..cookie }.put(&self.cookie_keys, call_id, lines);
            lines.push(b'@');
            put_addr(lines, address);
            lines.extend_from_slice(b";lr>\r\n");
        };
        if inside == way.sent_by && source.socket == way.flow.socket {
            line(Side::Both, inside);
        } else {
            line(Side::Gateway, way.sent_by);
            line(Side::Caller, inside);
        }
    }
}

/// The Request-URI towards a gateway (CONFIG-AND-CLI (g) "On the wire"): always made from the original one.
fn gateway_uri(message: &Message, loaded: &Loaded, attempt: &Attempt) -> SmallVec<[u8; 128]> {
    let original = Uri::parse(message.request_uri());
    let mut text = SmallVec::new();
    text.extend_from_slice(b"sip:");
    if dialable(&attempt.number) {
        for (nth, digits) in attempt.number.split(|&c| c == b'#').enumerate() {
            if nth > 0 {
                text.extend_from_slice(b"%23"); // not allowed bare in a user part (RFC 3261 §25.1)
            }
            text.extend_from_slice(digits);
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
