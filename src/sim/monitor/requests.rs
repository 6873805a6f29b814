//! Requests that the router sends: attempts of a hunt, what belongs to a dialog, and its own CANCELs and ACKs.

use super::super::endpoint::T1;
use super::super::invariants::Law;
use super::super::site::{self, Ruling};
use super::super::wire::{address_of, uri_of, user_and_host};
use super::duties::first_line;
use super::parties::{Client, below_top};
use super::{Monitor, Seen, View, print_of};
use std::time::Duration;

impl Monitor {
    pub(super) fn request_out(&mut self, view: &mut View, input: Option<Seen>, out: Seen) {
        let wire = out.wire;
        match wire.method {
            "CANCEL" => return self.cancel_out(view, out),
            "ACK" if self.client_of(wire.branch(), "INVITE").is_some() => return self.ack_out(view, out),
            _ => {}
        }
        if let Some(known) = self.client_of(wire.branch(), wire.method) {
            let own = &mut self.clients[known];
            let same = own.print == print_of(wire.text.as_bytes());
            let waited = view.now.at.since(own.last_at);
            let wanted = own.final_code.is_none() && (wire.method != "INVITE" || own.provisionals == 0);
            own.last_at = view.now.at;
            self.repeats += 1;
            let holds = same && wanted && waited + Duration::from_millis(2) >= T1;
            return self.check(view, Law::RepeatsAreEqual, holds, || {
                format!("{} again after {waited:?}: same {same}, wanted {wanted}", first_line(wire.text))
            });
        }
        let server = self.servers.iter().position(|s| s.method == wire.method && below(out) == Some(s.branch.as_str()));
        match (wire.method, server) {
            ("ACK", _) => self.ack_of_answer(view, input, out),
            (_, None) => {
                let what = || format!("{} came from nowhere", first_line(wire.text));
                self.check(view, Law::ForwardedUntouched, false, what);
            }
            (_, Some(server)) if self.servers[server].initial => self.attempt(view, server, out),
            (_, Some(server)) => self.in_dialog(view, input, server, out),
        }
    }

    /// A new branch of a request that opens something: an attempt of the hunt.
    fn attempt(&mut self, view: &mut View, server: usize, out: Seen) {
        self.may_hunt_on(view, server, out);
        self.fits_the_rule(view, server, out);
        let mut client = Client::new(view.now, Some(server), out);
        client.gateway = site::gateway_at(out.to);
        client.number = user_and_host(out.wire.uri).0.to_string();
        for route in &out.wire.record_routes {
            self.cookies.push(user_and_host(uri_of(route)).0.to_string());
        }
        self.attempts += 1;
        let own = &self.servers[server];
        let expected = own.max_forwards.saturating_sub(1).to_string();
        let twice = if own.to == out.from { 1 } else { 2 };
        let record_routes = if own.is_invite() { twice } else { 0 };
        let fits = out.wire.max_forwards == Some(expected.as_str())
            && out.wire.vias.len() == 2
            && (out.wire.record_routes.len() == record_routes || !own.is_invite());
        self.check(view, Law::ForwardedUntouched, fits, || {
            format!("Max-Forwards, Via or Record-Route of\n{}", out.wire.text)
        });
        self.clients.push(client);
    }

    /// F4, F17: whether another gateway may be asked now.
    fn may_hunt_on(&mut self, view: &mut View, server: usize, out: Seen) {
        let own = &self.servers[server];
        let open = own.cancelled.is_none() && own.final_code.is_none() && own.answered.is_none();
        self.check(view, Law::NoHuntAfterEnd, open, || format!("{} to {}", first_line(out.wire.text), out.to));
        let timers = &view.sites[own.site].timers;
        let before: Vec<&Client> = self.clients.iter().filter(|c| c.server == Some(server)).collect();
        let in_time = before.len() < timers.max_attempts && view.now.at.since(own.at.at) <= Duration::from_secs(60);
        let why = before.last().is_none_or(|last| {
            let waited = view.now.at.since(last.at.at);
            match last.final_code {
                Some((code, _)) => (500..600).contains(&code),
                None if last.refused_at.is_some() => true,
                None if last.provisionals == 0 => waited >= timers.attempt,
                None => last.rang_at.is_none() && waited >= timers.progress,
            }
        });
        let count = before.len();
        self.check(view, Law::HuntReasons, why && in_time, || {
            format!("attempt {} to {}: the one before gave no reason, or the limits were reached", count + 1, out.to)
        });
    }

    /// The gateway is one of the rule's, the next in order but for those known to be out, and is sent the rule's number.
    fn fits_the_rule(&mut self, view: &mut View, server: usize, out: Seen) {
        let own = &self.servers[server];
        let Ruling::Hunt(targets) = own.ruling(view.sites) else {
            return self
                .check(view, Law::RuleGateways, false, || format!("{} has no gateways", first_line(out.wire.text)));
        };
        let tried: Vec<usize> =
            self.clients.iter().filter(|c| c.server == Some(server)).filter_map(|c| c.gateway).collect();
        // A gateway that a reload took away stays away from this call, also when another brings it back.
        let sites = &view.sites[own.site..=view.site];
        let gone = |g: &usize| sites.iter().any(|site| !site.has(*g));
        let (number, host) = user_and_host(out.wire.uri);
        let place = targets.iter().position(|(g, _)| site::address(*g) == out.to);
        let fits = place.is_some_and(|at| {
            let (gateway, expected) = &targets[at];
            // Whoever stands before it was tried, or is out for a reason that the border has seen: the list was made
            // when the call came, and the live state is asked before each attempt.
            let passed = targets[..at].iter().all(|(g, n)| {
                tried.contains(g) || n.is_empty() || gone(g) || !view.health.surely_up(*g, own.at.at, view.now.at)
            });
            passed
                && !tried.contains(gateway)
                && expected == number
                && address_of(host_uri(host).as_str()) == Some(out.to)
        });
        let from_revision = own.site;
        self.check(view, Law::RuleGateways, fits, || {
            format!(
                "{} to {}; revision {from_revision} says {targets:?}, tried {tried:?}",
                first_line(out.wire.text),
                out.to
            )
        });
        let Some(at) = place else { return };
        let better = |(g, n): &(usize, String)| {
            !tried.contains(g) && !n.is_empty() && !gone(g) && view.health.surely_up(*g, own.at.at, view.now.at)
        };
        if view.health.surely_down(targets[at].0) {
            let usable = targets.iter().find(|t| better(t)).map(|t| t.0);
            self.check(view, Law::DownIsKept, usable.is_none(), || {
                format!(
                    "{} is down and was tried, {} is up",
                    site::name(targets[at].0),
                    site::name(usable.unwrap_or(0))
                )
            });
        }
    }

    /// A request inside a dialog goes where its Request-URI says, unchanged but for Via, Route and Max-Forwards.
    fn in_dialog(&mut self, view: &mut View, input: Option<Seen>, server: usize, out: Seen) {
        let came_in = input.is_some_and(|i| {
            i.wire.branch() == self.servers[server].branch
                && i.wire.uri == out.wire.uri
                && below_top(out.wire).get(1..) == Some(below_top(i.wire))
                && i.wire.from == out.wire.from
                && i.wire.to == out.wire.to
                && i.wire.cseq == out.wire.cseq
                && i.wire.body == out.wire.body
                && i.wire.contact == out.wire.contact
        });
        let there = address_of(out.wire.uri) == Some(out.to) && out.wire.routes.is_empty();
        self.check(view, Law::InDialog, came_in && there, || format!("{} to {}", first_line(out.wire.text), out.to));
        self.clients.push(Client::new(view.now, Some(server), out));
    }

    /// An ACK to a 2xx: a request of its own, forwarded once for each that came (checklist X22).
    fn ack_of_answer(&mut self, view: &mut View, input: Option<Seen>, out: Seen) {
        let came_in = input.is_some_and(|i| {
            i.wire.method == "ACK" && i.wire.uri == out.wire.uri && i.wire.to == out.wire.to && !self.tampered(i)
        });
        let there = address_of(out.wire.uri) == Some(out.to);
        self.check(view, Law::InDialog, came_in && there, || format!("{} to {}", first_line(out.wire.text), out.to));
    }

    fn tampered(&self, seen: Seen) -> bool {
        seen.wire.routes.iter().any(|r| !self.cookies.iter().any(|c| c == user_and_host(uri_of(r)).0))
    }

    fn cancel_out(&mut self, view: &mut View, out: Seen) {
        let Some(index) = self.client_of(out.wire.branch(), "INVITE") else {
            return self
                .check(view, Law::SameTransaction, false, || format!("{}: no such branch", first_line(out.wire.text)));
        };
        let client = &mut self.clients[index];
        let heard = client.provisionals > 0;
        let to_is_bare = client.to_value == out.wire.to;
        let answered = client.answers > 0;
        if client.cancelled_at.is_none() {
            client.cancelled_at = Some(view.now.at);
        } else {
            self.repeats += 1;
        }
        self.check(view, Law::RepeatsAreEqual, !answered, || {
            format!("{} to {}, which has answered", first_line(out.wire.text), out.to)
        });
        self.check(view, Law::CancelAfterProvisional, heard, || format!("{} to {}", first_line(out.wire.text), out.to));
        self.same_transaction(view, index, out, to_is_bare);
    }

    fn ack_out(&mut self, view: &mut View, out: Seen) {
        let Some(index) = self.client_of(out.wire.branch(), "INVITE") else { return };
        let client = &mut self.clients[index];
        client.acks += 1;
        let to_of_final = client.failure_to == out.wire.to;
        self.same_transaction(view, index, out, to_of_final);
    }

    /// T10, X20: what CANCEL and ACK take over from their INVITE.
    fn same_transaction(&mut self, view: &mut View, index: usize, out: Seen, to: bool) {
        let (client, wire) = (&self.clients[index], out.wire);
        let same = to
            && client.uri == wire.uri
            && wire.vias.len() == 1
            && client.via == wire.vias[0]
            && client.from_value == wire.from
            && client.cseq == wire.cseq
            && wire.cseq_method == wire.method
            && client.routes == wire.routes.join(",")
            && (client.to, client.from) == (out.to, out.from);
        self.check(view, Law::SameTransaction, same, || format!("to {}:\n{}", out.to, wire.text));
    }
}

/// The branch of the Via below the top one: who asked for this request.
fn below<'a>(out: Seen<'a>) -> Option<&'a str> {
    super::super::wire::param(out.wire.vias.get(1)?, "branch")
}

fn host_uri(host: &str) -> String {
    format!("sip:{host}")
}
