//! Requests inside a dialog: no table, no failover, the way that Route and cookie say (checklist X5, X6, X8, X12,
//! X22, X26).

use super::arrival::Arrival;
use super::call::{Asked, Branch, Plan, Setup};
use super::cookie::{self, Cookie, tag_hash};
use super::forward::{self, OurVia, Rewrite, hops_left};
use super::initial::unsupported;
use super::leg::{Close, leg};
use super::token::{Kind, Token};
use super::{Core, Effects};
use crate::flow::Flow;
use crate::record::{Party, RecordId, Row};
use crate::sip::{Method, Name, Route, Stored, Uri};
use crate::transaction::{InviteClient, Key};
use smallvec::SmallVec;
use std::net::SocketAddr;

/// The way of a request inside a dialog.
pub(super) struct Way {
    pub cookie: Cookie,
    pub uri: SmallVec<[u8; 128]>,
    pub drop_routes: usize,
    pub drop_last_route: bool,
    pub add_route: Option<SmallVec<[u8; 128]>>,
    pub flow: Flow,
    pub sent_by: SocketAddr,
    pub by: Party,
}

pub(super) enum NoWay {
    /// No cookie at all: 481.
    Unknown,
    /// One that was changed, or belongs to another dialog: 403.
    Forged,
    /// A next hop that can't be resolved.
    Unreachable,
}

impl Core {
    pub(super) fn request_in_dialog(&mut self, arrival: &Arrival, key: Key, out: &mut Effects) {
        let way = match self.way_in_dialog(arrival) {
            Ok(way) => way,
            Err(no_way) => return self.no_way(arrival, key, no_way, out),
        };
        if arrival.max_forwards() == Some(0) {
            if arrival.method != Method::Ack {
                self.refuse(arrival, key, 483, "Too Many Hops", "Max-Forwards is used up", out);
            }
            return;
        }
        if arrival.method != Method::Ack
            && let Some(lines) = unsupported(&arrival.message)
        {
            return self.refuse_with(arrival, key, 420, "Bad Extension", &lines, out);
        }
        match arrival.method {
            Method::Ack => self.forward_ack(arrival, &way, out),
            Method::Invite => self.reinvite(arrival, key, &way, out),
            _ => self.exchange_in_dialog(arrival, key, &way, out),
        }
    }

    fn no_way(&mut self, arrival: &Arrival, key: Key, no_way: NoWay, out: &mut Effects) {
        if arrival.method == Method::Ack {
            self.counters.strays += 1; // checklist X22: dropped
            return;
        }
        if !arrival.admission.admitted {
            return self.stranger(arrival, key, out);
        }
        match no_way {
            NoWay::Unknown => {
                let why = "no Route of this router belongs to this dialog";
                self.refuse(arrival, key, 481, "Call/Transaction Does Not Exist", why, out)
            }
            NoWay::Forged => self.refuse(arrival, key, 403, "Forbidden", "the Route is not of this dialog", out),
            NoWay::Unreachable => {
                let why = "the next hop is a name, and names are not resolved";
                self.refuse(arrival, key, 478, "Unresolvable Destination", why, out)
            }
        }
    }

    /// Route processing of RFC 3261 §16.4 and the target of §16.5.
    pub(super) fn way_in_dialog(&mut self, arrival: &Arrival) -> Result<Way, NoWay> {
        let message = &arrival.message;
        let call_id = arrival.call_id();
        // The topmost was read by the checks, and most requests have no other.
        let mut read = arrival.parts.and_then(|parts| parts.route);
        let routes: SmallVec<[Hop; 2]> = message
            .values(Name::Route)
            .filter_map(|value| read.take().or_else(|| Route::parse(value.text)))
            .map(|route| Hop { text: route.text, uri: Some(route.uri) })
            .collect();
        let mut rest = 0..routes.len();
        let mut target = Hop { text: message.request_uri(), uri: arrival.uri() };
        let mut found: Option<Cookie> = None;
        let mut ours: Option<SocketAddr> = None;
        // A strict router before us put our own URI into the request line; the target is the last Route (checklist X6).
        let strict = self.open(&target, call_id);
        if let Some(cookie) = strict
            && let Some(&last) = routes.last()
        {
            ours = target.address();
            (found, target) = (Some(cookie), last);
            rest.end -= 1;
        }
        // Our own values on top; both of them, where the two sides use different listeners (checklist X5, X11). A
        // second pass through this router has a record of its own, and its values stay; so do those of another
        // trunkline further on.
        while let Some(route) = routes[rest.clone()].first() {
            match self.open(route, call_id) {
                Some(cookie) => match found {
                    Some(found) if !pair(&found, &cookie) => break,
                    // Without records two trunklines that share a key are told apart by their addresses alone.
                    Some(_) if cookie.record == 0 && !self.at_home(route) => break,
                    _ => found = Some(cookie),
                },
                None if !self.at_home(route) => break,
                None if route.looks_like_cookie() => return Err(NoWay::Forged),
                None => {}
            }
            ours = route.address().or(ours);
            rest.start += 1;
        }
        let Some(cookie) = found else { return Err(NoWay::Unknown) };
        let mut way = Way {
            cookie,
            uri: SmallVec::from_slice(target.text),
            drop_routes: rest.start,
            drop_last_route: rest.end < routes.len(),
            add_route: None,
            flow: arrival.flow,
            sent_by: arrival.flow.remote,
            by: if tag_hash(arrival.sender_tag()) == cookie.caller_tag { Party::Caller } else { Party::Callee },
        };
        let mut hop = target;
        if let Some(&next) = routes[rest].first() {
            hop = next;
            if next.uri.is_some_and(|next| next.param("lr").is_none()) {
                // §16.6 step 6: a strict next hop gets its own URI in the request line.
                way.drop_routes += 1;
                way.add_route = Some(SmallVec::from_slice(target.text));
                way.uri = SmallVec::from_slice(next.text);
            }
        }
        let remote = self.hop_address(&hop, &way).ok_or(NoWay::Unreachable)?;
        let socket = ours.and_then(|ours| self.addresses.socket_at(ours)).unwrap_or(arrival.flow.socket);
        let local = ours.and_then(|ours| self.addresses.local_at(socket, ours));
        way.flow = Flow { local, ..Flow::udp(socket, remote) };
        way.sent_by = self.addresses.of_flow(&way.flow);
        Ok(way)
    }

    fn open(&self, hop: &Hop, call_id: &[u8]) -> Option<Cookie> {
        #[cfg(feature = "sim")]
        let check = !self.planted(super::Plant::UncheckedCookie);
        #[cfg(not(feature = "sim"))]
        let check = true;
        Cookie::open(hop.uri?.user?, &self.cookie_keys, call_id, check)
    }

    fn at_home(&mut self, hop: &Hop) -> bool {
        hop.uri.is_some_and(|uri| self.addresses.is_ours(&uri))
    }

    /// The address of the next hop. Names are not looked up: where the hop is one, the dialog's own ends are known.
    fn hop_address(&self, hop: &Hop, way: &Way) -> Option<SocketAddr> {
        if let Some(address) = hop.address() {
            return Some(address);
        }
        match way.by {
            Party::Caller => {
                let gateways = self.loaded.snapshot.table.gateways();
                let gateway = gateways.iter().find(|g| cookie::short(g.id.as_bytes()) == way.cookie.gateway);
                gateway.map(|gateway| gateway.address)
            }
            _ => way.cookie.caller_flow.map(SocketAddr::V4),
        }
    }

    /// Which record a request inside a dialog may close.
    pub(super) fn close_of(&self, arrival: &Arrival, way: &Way) -> Option<Close> {
        let callee_tag = match way.by {
            Party::Caller => arrival.receiver_tag(),
            _ => arrival.sender_tag(),
        };
        (way.cookie.record != 0).then(|| Close {
            record: RecordId(way.cookie.record),
            leg: leg(way.cookie.attempt, callee_tag),
            by: way.by,
        })
    }

    /// Appends the forwarded copy to the arena and sends it.
    pub(super) fn forward_in_dialog(&mut self, arrival: &Arrival, way: &Way, token: Token, out: &mut Effects) -> usize {
        let start = out.arena.len();
        let rewrite = Rewrite {
            uri: &way.uri,
            source: arrival.flow.remote,
            via: OurVia { transport: way.flow.transport, sent_by: way.sent_by, token },
            top: Some(arrival.via),
            max_forwards: hops_left(arrival.max_forwards()),
            record_route: &[],
            drop_routes: way.drop_routes,
            drop_last_route: way.drop_last_route,
            add_route: way.add_route.as_deref(),
            drop_identity: !arrival.admission.trusted, // checklist A7
            add_breadth: false,
        };
        forward::request(&arrival.message, &rewrite, &mut out.arena);
        out.send_from(start, way.flow);
        start
    }

    /// The ACK for a 2xx: a request without a transaction, never answered (RFC 3261 §16.11, checklist X22). Its branch
    /// is computed from the one that it came with, so that a repeated ACK stays the same.
    fn forward_ack(&mut self, arrival: &Arrival, way: &Way, out: &mut Effects) {
        let branch = arrival.via.branch.unwrap_or_default();
        let nonce = self.secrets.hash(&[b"ack", branch, arrival.call_id(), arrival.sender_tag(), &way.uri]);
        let token = Token { kind: Kind::Stateless, nonce, loop_hash: 0, index: 0 };
        self.forward_in_dialog(arrival, way, token, out);
        self.awaited_acks.remove(&self.secrets.ack(arrival.call_id(), arrival.cseq()));
        if let Some(close) = self.close_of(arrival, way) {
            self.emit(Row::Ack { id: close.record, leg: close.leg }, out); // checklist F24
        }
    }

    /// A re-INVITE: one branch, its own server transaction, no record (checklist X26).
    fn reinvite(&mut self, arrival: &Arrival, key: Key, way: &Way, out: &mut Effects) {
        let setup = Setup {
            request: Stored::keep(&arrival.message),
            source: arrival.flow,
            loaded: self.loaded.clone(),
            plan: Plan::Dialog(self.close_of(arrival, way)),
            record: None,
            held: None,
            reason: Box::default(),
            loop_hash: 0,
            drop_identity: false,
            progressed: false,
        };
        let call = self.accept_invite(arrival, key, setup);
        let token = Token {
            kind: Kind::Invite,
            nonce: self.secrets.random(),
            loop_hash: 0,
            index: self.branches.vacant_key() as u32,
        };
        let start = self.forward_in_dialog(arrival, way, token, out);
        let asked = Asked::new(arrival.now.at, way.flow, &out.arena[start..], None);
        let client = InviteClient::new(arrival.now.at, &self.timers, way.flow.transport.reliable());
        self.insert_branch(Branch::new(call, token.nonce, client, 0, asked));
    }
}

/// Whether two values are the two of one pass through this router.
fn pair(one: &Cookie, other: &Cookie) -> bool {
    one.record == other.record && one.side != other.side
}

/// One URI on the way of a request, read once.
#[derive(Clone, Copy)]
struct Hop<'a> {
    text: &'a [u8],
    uri: Option<Uri<'a>>,
}

impl Hop<'_> {
    fn address(&self) -> Option<SocketAddr> {
        self.uri.and_then(|uri| uri.socket_addr())
    }

    /// Whether a Route's user part has the form of a cookie: then it was one.
    fn looks_like_cookie(&self) -> bool {
        self.uri.and_then(|uri| uri.user).is_some_and(|user| user.len() == cookie::LENGTH)
    }
}
