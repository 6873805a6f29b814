//! What a datagram obliges the router to do in the very step that takes it.

use super::super::endpoint::LIFE;
use super::super::invariants::Law;
use super::super::site;
use super::super::wire::{Wire, uri_of, user_and_host};
use super::parties::Server;
use super::{Bye, Monitor, Seen, View};
use std::net::IpAddr;
use std::time::Duration;

/// What must come out of this step. The checks of the sends strike off what they see.
#[derive(Debug, Default)]
pub struct Duties {
    /// A CANCEL: the answers that fit.
    pub cancel: Option<&'static [u16]>,
    /// Client whose final must be acknowledged.
    pub acknowledge: Option<usize>,
    /// A response that must be forwarded.
    pub forward: Option<Law>,
    /// Nothing may go out at all.
    pub silence: bool,
    /// One response at most, no longer than what came: OPTIONS of a stranger (checklist X24).
    pub modest: bool,
    /// Nothing may be forwarded; a refusal may be sent.
    pub refuse: bool,
    /// A BYE that must be forwarded.
    pub relay: bool,
}

/// Whether the site admits a source: the phones' network and the declared gateways.
pub fn admitted(view: &View, from: IpAddr) -> bool {
    let phones = matches!(from, IpAddr::V4(ip) if ip.octets()[..3] == [10, 1, 0]);
    phones || (0..=site::OFFICE).any(|g| view.sites[view.site].has(g) && site::address(g).ip() == from)
}

impl Monitor {
    /// Notes a datagram that the router took.
    pub(super) fn received(&mut self, view: &mut View, seen: Seen) -> Duties {
        match seen.wire.is_request() {
            true => self.request_in(view, seen),
            false => self.response_in(view, seen),
        }
    }

    fn request_in(&mut self, view: &mut View, seen: Seen) -> Duties {
        let wire = seen.wire;
        let mut duties = Duties::default();
        match wire.method {
            "CANCEL" => {
                let server = self.server_of(wire.branch(), "INVITE");
                // Once its failure is acknowledged, the INVITE's transaction lives for T4 and then is gone; after a 2xx
                // it lives for timer L.
                let gone = |own: &Server| match own.answered {
                    Some(at) => view.now.at.since(at.at) >= LIFE,
                    None => own.acked,
                };
                duties.cancel = Some(match server.map(|s| &self.servers[s]) {
                    None => &[481],
                    Some(known) if gone(known) => &[200, 481],
                    Some(_) => &[200],
                });
                if !admitted(view, seen.from.ip()) && server.is_none() {
                    duties.cancel = None;
                    duties.silence = true;
                }
            }
            "ACK" => {
                if let Some(server) = self.server_of(wire.branch(), "INVITE") {
                    self.servers[server].acked = true;
                }
            }
            _ => match self.server_of(wire.branch(), wire.method) {
                Some(known) if !self.refused_statelessly(known) => {}
                known => self.new_request(view, seen, known, &mut duties),
            },
        }
        duties
    }

    /// A refusal of another method than INVITE is made without a transaction (RFC 3261 §8.2.7): when the request comes
    /// again after a reload, it is another request.
    fn refused_statelessly(&self, server: usize) -> bool {
        let own = &self.servers[server];
        let asked = self.clients.iter().any(|c| c.server == Some(server));
        !own.is_invite() && own.initial && own.final_code.is_some() && !asked
    }

    fn new_request(&mut self, view: &mut View, seen: Seen, again: Option<usize>, duties: &mut Duties) {
        let Seen { from, to, wire } = seen;
        let server = Server {
            branch: wire.branch().to_string(),
            method: wire.method.to_string(),
            from,
            to,
            number: user_and_host(wire.uri).0.to_string(),
            initial: wire.to_tag().is_empty(),
            at: view.now,
            heard: None,
            site: view.site,
            trunk: site::trunk_of(from.ip()),
            admitted: admitted(view, from.ip()),
            max_forwards: wire.max_forwards.and_then(|m| m.parse().ok()).unwrap_or(70),
            tampered: self.is_tampered(wire),
            cancelled: None,
            final_code: None,
            final_print: 0,
            last_print: 0,
            acked: false,
            answered: None,
            answers: Vec::new(),
            rang: None,
            answered_by: None,
            late: None,
            noted: None,
        };
        duties.modest = !server.admitted && server.initial && server.method == "OPTIONS" && !wire.uri.contains('@');
        duties.silence = server.initial && !server.admitted && !duties.modest;
        if duties.silence {
            // Nothing was opened: the same request may be admitted when it comes again after a reload.
            return;
        }
        duties.refuse = server.tampered || server.max_forwards == 0;
        let caller = *self.caller.get_or_insert(from);
        if server.method == "BYE" && !server.tampered && !server.initial {
            // The callee's side writes its own tag into From.
            let by_caller = caller == from;
            let leg = if by_caller { wire.to_tag() } else { wire.from_tag() }.to_string();
            let (branch, life) = (server.branch.clone(), self.past.len());
            self.byes.push(Bye { by_caller, at: view.now, settled: None, branch, life, leg });
            duties.relay = server.max_forwards > 0;
        }
        match again {
            Some(at) => self.servers[at] = server,
            None => self.servers.push(server),
        }
    }

    fn is_tampered(&self, wire: &Wire) -> bool {
        let cookie = |route: &&str| user_and_host(uri_of(route)).0.to_string();
        wire.routes.iter().any(|r| !self.cookies.contains(&cookie(r)))
    }

    fn response_in(&mut self, view: &mut View, seen: Seen) -> Duties {
        let wire = seen.wire;
        let mut duties = Duties::default();
        let Some(index) = self.client_of(wire.branch(), wire.cseq_method) else { return duties };
        let newest = self.clients.iter().rposition(|c| c.server == self.clients[index].server && c.method == "INVITE");
        let attempt = self.clients[index]
            .server
            .map_or(view.sites[view.site].timers.attempt, |s| view.sites[self.servers[s].site].timers.attempt);
        let client = &mut self.clients[index];
        if client.to != seen.from || client.method != "INVITE" {
            let waits = client.final_code.is_none() && client.refused_at.is_none();
            let bye = client.method == "BYE" && client.to == seen.from && wire.code >= 200;
            let in_time = view.now.at.since(client.at.at) + Duration::from_millis(50) < LIFE;
            let open = client.server.is_some_and(|s| self.servers[s].final_code.is_none());
            if bye && waits && in_time && open {
                duties.forward = Some(Law::ByesPass);
            }
            note(client, view, wire);
            return duties;
        }
        let lives = client.surely_lives(view.now.at, attempt);
        client.uncertain |= !lives;
        let failed_before = client.final_code.is_some_and(|(code, _)| code >= 300);
        let newest = newest == Some(index);
        let open = client.server.is_some_and(|s| {
            let server = &self.servers[s];
            server.final_code.is_none() && server.answered.is_none() && server.cancelled.is_none()
        });
        note(client, view, wire);
        match wire.code {
            100 => {}
            101..200 if lives && newest && open && client.final_code.is_none() && client.cancelled_at.is_none() => {
                duties.forward = Some(Law::ProvisionalsForwarded);
            }
            200..300 if lives && !failed_before => duties.forward = Some(Law::AnswersForwarded),
            300.. if lives && client.answers == 0 => duties.acknowledge = Some(index),
            _ => {}
        }
        duties
    }

    /// After the step: what should have come out of it and did not.
    pub(super) fn settle(&mut self, view: &mut View, input: Option<Seen>, duties: Duties, sent: &[Seen]) {
        let Some(seen) = input else { return };
        let what = || format!("{} from {}", first_line(seen.wire.text), seen.from);
        if duties.silence {
            self.check(view, Law::StrangersUnheard, sent.is_empty(), || format!("{} was heard", what()));
        }
        if duties.modest {
            let fits = |s: &Seen| !s.wire.is_request() && s.wire.text.len() <= seen.wire.text.len();
            let holds = sent.len() <= 1 && sent.iter().all(fits);
            self.check(view, Law::StrangersUnheard, holds, || format!("{} was answered too well", what()));
        }
        if duties.refuse {
            let forwarded = sent.iter().any(|s| s.wire.is_request());
            let law = if seen.wire.to_tag().is_empty() { Law::OwnAnswers } else { Law::TamperedCookie };
            self.check(view, law, !forwarded, || format!("{} was forwarded", what()));
        }
        if duties.relay {
            let byes = sent.iter().filter(|s| s.wire.method == "BYE").count();
            self.check(view, Law::ByesPass, byes == 1, || format!("{}: forwarded {byes} times", what()));
        }
        let responses = |code: Option<u16>| {
            sent.iter().filter(|s| !s.wire.is_request() && code.is_none_or(|c| c == s.wire.code)).count()
        };
        if let Some(codes) = duties.cancel {
            let fits = |s: &&Seen| s.wire.cseq_method == "CANCEL" && codes.contains(&s.wire.code);
            let mine = sent.iter().filter(fits).count();
            self.check(view, Law::CancelAnswered, mine == 1, || format!("{}: {mine} answers {codes:?}", what()));
        }
        if let Some(client) = duties.acknowledge {
            let to = self.clients[client].to;
            let acks = sent.iter().filter(|s| s.wire.method == "ACK" && s.to == to).count();
            self.check(view, Law::FailureAcknowledged, acks == 1, || format!("{}: {acks} ACKs", what()));
        }
        if let Some(law) = duties.forward {
            let code = seen.wire.code;
            self.check(view, law, responses(Some(code)) == 1, || {
                format!("{}: forwarded {} times", what(), responses(Some(code)))
            });
        }
    }
}

/// Notes a response on its branch.
fn note(client: &mut super::Client, view: &View, wire: &Wire) {
    client.heard_at.get_or_insert(view.now);
    match wire.code {
        0..200 => {
            client.provisionals += 1;
            if wire.code > 100 {
                client.rang_at.get_or_insert(view.now);
            }
        }
        code => {
            if client.final_code.is_none() {
                client.final_code = Some((code, view.now));
            }
            if code < 300 {
                client.answers += 1;
            } else {
                client.failure_to = wire.to.to_string();
            }
        }
    }
}

pub fn first_line(text: &str) -> &str {
    text.split("\r\n").next().unwrap_or("")
}
