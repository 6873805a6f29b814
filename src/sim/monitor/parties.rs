//! The transactions of one call as the border shows them.

use super::super::endpoint::LIFE;
use super::super::site::{Ruling, Site};
use super::super::wire::Wire;
use super::{Seen, print_of};
use crate::time::{Instant, Now, Wall};
use std::net::SocketAddr;

/// A request that the router took.
#[derive(Debug)]
pub struct Server {
    pub branch: String,
    pub method: String,
    pub from: SocketAddr,
    /// The router's address it came to.
    pub to: SocketAddr,
    pub number: String,
    /// Opens something: has no To tag.
    pub initial: bool,
    pub at: Now,
    /// When the router first said anything to it.
    pub heard: Option<Instant>,
    /// The revision in force at its arrival.
    pub site: usize,
    /// Which trunk it came from.
    pub trunk: Option<usize>,
    pub admitted: bool,
    pub max_forwards: u8,
    /// A Route whose cookie the router never gave out.
    pub tampered: bool,
    /// The caller's CANCEL has had its 200.
    pub cancelled: Option<Instant>,
    pub final_code: Option<u16>,
    pub final_print: u64,
    pub last_print: u64,
    pub acked: bool,
    pub answered: Option<Now>,
    /// Tags of the 2xx, in order.
    pub answers: Vec<String>,
    pub rang: Option<Wall>,
    /// The gateway of the first 2xx.
    pub answered_by: Option<usize>,
    /// When there first was an answer that came late.
    pub late: Option<Now>,
    /// When its record left the workers.
    pub noted: Option<Instant>,
}

impl Server {
    pub fn is_invite(&self) -> bool {
        self.method == "INVITE"
    }

    /// An initial INVITE that deserves a record (CONFIG-AND-CLI (g) "Records").
    pub fn recorded(&self) -> bool {
        self.is_invite() && self.initial && self.admitted && self.max_forwards > 0
    }

    pub fn ruling(&self, sites: &[Site]) -> Ruling {
        sites[self.site].rule(&self.number, self.trunk)
    }
}

/// A request that the router sent: one branch.
#[derive(Debug)]
pub struct Client {
    pub branch: String,
    pub method: String,
    pub server: Option<usize>,
    pub to: SocketAddr,
    pub from: SocketAddr,
    pub uri: String,
    pub via: String,
    pub from_value: String,
    pub to_value: String,
    pub routes: String,
    pub cseq: u32,
    pub print: u64,
    pub at: Now,
    /// Index of its gateway, for initial requests.
    pub gateway: Option<usize>,
    pub number: String,
    /// When it was sent last.
    pub last_at: Instant,
    pub provisionals: u32,
    /// First response of any kind.
    pub heard_at: Option<Now>,
    /// First 101–199.
    pub rang_at: Option<Now>,
    pub refused_at: Option<Instant>,
    pub final_code: Option<(u16, Now)>,
    /// To values of the non-2xx finals that came.
    pub failure_to: String,
    pub cancelled_at: Option<Instant>,
    pub acks: u32,
    pub answers: u32,
    /// A response came when it might have been given up: from then on nothing is sure.
    pub uncertain: bool,
}

impl Client {
    pub fn new(now: Now, server: Option<usize>, out: Seen) -> Client {
        let Seen { from, to, wire } = out;
        Client {
            branch: wire.branch().to_string(),
            method: wire.method.to_string(),
            server,
            to,
            from,
            uri: wire.uri.to_string(),
            via: wire.vias[0].to_string(),
            from_value: wire.from.to_string(),
            to_value: wire.to.to_string(),
            routes: wire.routes.join(","),
            cseq: wire.cseq,
            print: print_of(wire.text.as_bytes()),
            at: now,
            gateway: None,
            number: String::new(),
            last_at: now.at,
            provisionals: 0,
            heard_at: None,
            rang_at: None,
            refused_at: None,
            final_code: None,
            failure_to: String::new(),
            cancelled_at: None,
            acks: 0,
            answers: 0,
            uncertain: false,
        }
    }

    /// Whether the router must still know this branch, with a margin for what the rules leave open: after a final for
    /// timers D and M, before it until it may have been given up.
    pub fn surely_lives(&self, now: Instant, given_up_after: std::time::Duration) -> bool {
        let margin = std::time::Duration::from_millis(50);
        if self.refused_at.is_some() || self.uncertain {
            return false;
        }
        match (self.final_code, self.cancelled_at) {
            (Some((_, at)), _) => now.since(at.at) + margin < LIFE,
            (None, Some(at)) => now.since(at) + margin < LIFE,
            (None, None) if self.provisionals > 0 => true,
            (None, None) => now.since(self.at.at) + margin < given_up_after,
        }
    }
}

/// What of a request tells that it may be forwarded: its parts below the top Via.
pub fn below_top<'a>(wire: &'a Wire) -> &'a [&'a str] {
    wire.vias.get(1..).unwrap_or(&[])
}
