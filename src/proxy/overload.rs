//! More calls than can be taken: the newest are refused, as early and as cheaply as can be (checklist R2, T16).
//!
//! Whoever steps the core says when it does not keep up ([`Core::press`]). From then on an INVITE of an admitted source
//! that begins a call gets a 503 with Retry-After (RFC 3261 §21.5.4) before it is routed or recorded, without a
//! transaction. Everything that belongs to a call goes on: requests inside dialogs, ACK, CANCEL, BYE, and INVITEs that
//! were accepted before and come again; so do calls of sources that do not make the pressure ([`super::busiest`]).
//!
//! What is kept of a refusal is 8 bytes for 32 s. They make its ACK cost a look-up and nothing else, and an INVITE that
//! was refused stays refused: a copy of it that waited in a queue would else begin a call that its caller has given up.

use super::busiest::Busiest;
use super::{Core, Effects};
use crate::flow::Flow;
use crate::sip::{Extra, Message, Method, Sketch, Via, response, top_via};
use crate::time::{Instant, Now};
use crate::transaction::Key;
use std::time::Duration;

/// What the core knows about it.
#[derive(Debug, Default)]
pub(super) struct Overload {
    pressed: bool,
    refused: Refused,
    pub(super) busiest: Busiest,
}

impl Overload {
    /// Whether this source's new calls are refused.
    fn presses(&self, flow: &Flow) -> bool {
        self.pressed && !self.busiest.spares(flow.remote.ip())
    }
}

impl Core {
    /// Whether new calls are refused from now on.
    pub fn press(&mut self, pressed: bool) {
        self.overload.pressed = pressed;
    }

    /// As [`Core::shed`], before the datagram is parsed, where it is written as nearly all are. False: it has to be parsed.
    pub(super) fn shed_unparsed(&mut self, now: Now, flow: &Flow, datagram: &[u8], out: &mut Effects) -> bool {
        if !self.overload.pressed && self.overload.refused.places.is_empty() {
            return false;
        }
        let Some(via) = top_via(datagram) else { return false };
        let Some(key) = self.secrets.matcher.invite_key(&via) else { return false };
        // What was refused stays refused, so it has no transaction: most ACKs in a storm end here.
        let known = self.overload.refused.holds(key, now.at);
        if known && datagram.starts_with(b"ACK ") {
            self.overload.busiest.heard(flow.remote.ip());
            return true;
        }
        if !known && self.owner(key).is_some() {
            return false;
        }
        let refused = known || (self.overload.presses(flow) && self.loaded.snapshot.admit(flow).admitted);
        let Some(sketch) = Sketch::of(datagram).filter(|_| refused) else { return false };
        self.overload.busiest.heard(flow.remote.ip());
        let start = out.arena.len();
        sketch.answer(STATUS, &via, (&tag(key), &lines(key)), flow.remote, &mut out.arena);
        pad(start, &mut out.arena);
        out.send_from(start, Core::reply_to(flow, &via));
        self.counted(known, key, now);
        true
    }

    /// An INVITE or ACK that no transaction knows. True when it was a call too many, or belongs to one, and is done with.
    pub(super) fn shed(
        &mut self,
        now: Now,
        flow: &Flow,
        message: &Message,
        (via, method, key): (&Via, Method, Key),
        out: &mut Effects,
    ) -> bool {
        let known = self.overload.refused.holds(key, now.at);
        if method == Method::Ack {
            return known;
        }
        if !known {
            let begins = || message.to().is_some_and(|to| to.tag.is_none());
            if !(self.overload.presses(flow) || self.full()) || !begins() || !self.loaded.snapshot.admit(flow).admitted
            {
                return false;
            }
        }
        self.counted(known, key, now);
        let start = out.arena.len();
        let (lines, tag) = (lines(key), tag(key));
        let extra = Extra { to_tag: Some(&tag), lines: &lines, source: Some(flow.remote) };
        response(message, 503, &STATUS[4..], extra, &mut out.arena);
        pad(start, &mut out.arena);
        out.send_from(start, Core::reply_to(flow, via));
        true
    }

    fn counted(&mut self, known: bool, key: Key, now: Now) {
        if !known {
            self.counters.overload += 1;
            self.overload.refused.keep(key, now.at);
        }
    }
}

const STATUS: &str = "503 Service Unavailable";

/// Retry-After of 1 to 5 s, so that those who were refused together do not come back together; the same for each copy.
fn lines(key: Key) -> [u8; 51] {
    let mut lines = *b"Retry-After: 1\r\nWarning: 399 trunkline \"overload\"\r\n";
    lines[b"Retry-After: ".len()] += (key.hash() % 5) as u8;
    lines
}

/// Makes refusals equally long, up to a multiple of this, so that many can be sent at once.
const ALIGNED: usize = 64;

/// Pads the refusal that was appended since `start`, with white space where RFC 3261 §25.1 allows it: behind a colon.
fn pad(start: usize, arena: &mut Vec<u8>) {
    const TAIL: &[u8] = b" 399 trunkline \"overload\"\r\nContent-Length: 0\r\n\r\n";
    let missing = (ALIGNED - (arena.len() - start) % ALIGNED) % ALIGNED;
    if let Some(at) = arena.len().checked_sub(TAIL.len()).filter(|_| arena.ends_with(TAIL)) {
        arena.splice(at..at, std::iter::repeat_n(b' ', missing));
    }
}

/// The To tag: the key is a keyed hash already, so nobody can guess it.
fn tag(key: Key) -> [u8; 16] {
    std::array::from_fn(|n| b"0123456789abcdef"[(key.rest() >> (4 * n)) as usize & 15])
}

/// How long a refusal is remembered: as long as an INVITE may be sent again (64·T1).
const KEPT: Duration = Duration::from_secs(32);
/// Places for refusals; a newer one takes the place of an older.
const PLACES: usize = 1 << 17;
/// Ticks of 64 ms, of which 20 bits are kept beside 44 bits of the key.
const TICK_BITS: u32 = 20;
const TICK_MICROS: u64 = 64_000;

/// INVITEs that were refused, by the hash of their transaction. Empty, and without memory, until the first refusal and
/// again 32 s after the last.
#[derive(Debug, Default)]
struct Refused {
    places: Box<[u64]>,
    newest: Instant,
}

impl Refused {
    fn keep(&mut self, key: Key, now: Instant) {
        if self.places.is_empty() {
            self.places = vec![0; PLACES].into();
        }
        self.newest = now;
        let (index, print) = place(key);
        if let Some(place) = self.places.get_mut(index) {
            *place = print << TICK_BITS | tick(now);
        }
    }

    fn holds(&mut self, key: Key, now: Instant) -> bool {
        if self.places.is_empty() {
            return false;
        }
        if now.since(self.newest) > KEPT {
            self.places = Box::default();
            return false;
        }
        let (index, print) = place(key);
        let kept = self.places.get(index).copied().unwrap_or_default();
        let age = tick(now).wrapping_sub(kept) & ((1 << TICK_BITS) - 1);
        kept >> TICK_BITS == print && u128::from(age * TICK_MICROS) <= KEPT.as_micros()
    }
}

/// Which place, and the mark that stands in it; never 0, which is an empty place.
fn place(key: Key) -> (usize, u64) {
    (key.hash() as usize % PLACES, key.rest() >> TICK_BITS | 1)
}

fn tick(now: Instant) -> u64 {
    (now.0 / TICK_MICROS) & ((1 << TICK_BITS) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant(seconds * 1_000_000)
    }

    /// Any two of them differ in place and mark.
    fn key(n: u64) -> Key {
        Key::of(n, n << 30)
    }

    #[test]
    fn a_refusal_is_remembered_for_as_long_as_its_invite_may_come_again() {
        // Also over the end of the tick's 20 bits, some 18 hours.
        for start in [5, 67_100] {
            let mut refused = Refused::default();
            assert!(!refused.holds(key(1), at(start)));
            refused.keep(key(1), at(start));
            refused.keep(key(2), at(start + 10));
            assert!(refused.holds(key(1), at(start)) && refused.holds(key(1), at(start + 31)));
            assert!(!refused.holds(key(3), at(start)));
            assert!(!refused.holds(key(1), at(start + 33)) && refused.holds(key(2), at(start + 33)));
            assert!(!refused.holds(key(2), at(start + 43)));
            assert!(refused.places.is_empty(), "its memory is given back");
        }
    }

    #[test]
    fn those_refused_together_are_asked_to_come_back_at_different_times() {
        let waits: std::collections::BTreeSet<_> = (0..100).map(|n| lines(Key::of(n, 0)).to_vec()).collect();
        assert_eq!(waits.len(), 5);
        assert!(waits.iter().all(|wait| wait.starts_with(b"Retry-After: ") && wait.ends_with(b"\r\n")));
    }
}
