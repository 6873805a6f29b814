//! Responses that the router sends: its own, and those it forwards.

use super::super::invariants::Law;
use super::duties::first_line;
use super::parties::Server;
use super::{Monitor, Seen, View, print_of};
use std::time::Duration;

const TRYING: Duration = Duration::from_millis(200);
/// Timers fire in ticks, behind the datagrams of theirs.
const LATE: Duration = Duration::from_millis(2);

impl Monitor {
    pub(super) fn response_out(&mut self, view: &mut View, input: Option<Seen>, out: Seen) {
        let wire = out.wire;
        if wire.cseq_method == "CANCEL" {
            return self.cancel_answer(view, input, out);
        }
        let Some(index) = self.server_of(wire.branch(), wire.cseq_method) else {
            let what = || format!("{} answers nothing that came", first_line(wire.text));
            return self.check(view, Law::ForwardedUntouched, false, what);
        };
        let print = print_of(wire.text.as_bytes());
        let forwarded = input.filter(|i| !i.wire.is_request() && i.wire.code == wire.code && self.is_of(index, *i));
        self.in_time(view, index);
        let server = &self.servers[index];
        let back = server.from == out.to && server.to == out.from;
        self.check(view, Law::ForwardedUntouched, back, || format!("{} to {}", first_line(wire.text), out.to));
        match wire.code {
            100 => self.trying(view, input, index, out),
            101..200 => self.provisional(view, input, forwarded, index, out, print),
            200..300 => self.answer(view, input, forwarded, index, out),
            _ => self.failure(view, input, forwarded, index, out, print),
        }
        self.servers[index].last_print = print;
    }

    /// RFC 3261 §17.2.1: 200 ms, or at once when the process runs again. An INVITE that never hears anything is one that
    /// hears its final too late.
    fn in_time(&mut self, view: &mut View, index: usize) {
        let server = &mut self.servers[index];
        // Where even the source is unknown, a false cookie earns silence, until a reload makes the source known.
        let owed = server.is_invite() && (server.admitted || !server.tampered);
        if server.heard.replace(view.now.at).is_some() || !owed {
            return;
        }
        let due = (server.at.at + TRYING).max(view.stalled_until) + LATE;
        let after = view.now.at.since(server.at.at);
        self.check(view, Law::TryingInTime, view.now.at <= due, || format!("the first response came after {after:?}"));
    }

    /// Whether a response came on a branch of this server transaction.
    fn is_of(&self, server: usize, seen: Seen) -> bool {
        self.client_of(seen.wire.branch(), seen.wire.cseq_method)
            .is_some_and(|c| self.clients[c].server == Some(server))
    }

    fn trying(&mut self, view: &mut View, input: Option<Seen>, index: usize, out: Seen) {
        let server = &self.servers[index];
        let own = out.wire.to_tag().is_empty() || !server.initial;
        // By a timer, or because the INVITE came again; to others late and by a timer alone (RFC 4320).
        let asked = input.is_none_or(|i| i.wire.branch() == server.branch);
        let unmarked = out.wire.named("X-From").is_none();
        let open = server.final_code.is_none() && server.answered.is_none();
        self.check(view, Law::NoForwardedTrying, own && asked && unmarked, || out.wire.text.to_string());
        self.check(view, Law::OneFinal, open, || "a 100 after the final".into());
    }

    fn provisional(
        &mut self,
        view: &mut View,
        input: Option<Seen>,
        forwarded: Option<Seen>,
        index: usize,
        out: Seen,
        print: u64,
    ) {
        let server = &self.servers[index];
        let open = server.final_code.is_none() && server.answered.is_none();
        let repeated = print == server.last_print && input.is_some_and(|i| i.wire.branch() == server.branch);
        self.check(view, Law::OneFinal, open, || format!("{} after the final", first_line(out.wire.text)));
        match forwarded {
            Some(seen) => {
                self.servers[index].rang.get_or_insert(view.now.wall);
                self.untouched(view, seen, out);
            }
            None => self.check(view, Law::ForwardedUntouched, repeated, || {
                format!("{} was not received in this step", first_line(out.wire.text))
            }),
        }
    }

    /// A 2xx to an INVITE is always one that a gateway sent; to others it may be the router's own.
    fn answer(&mut self, view: &mut View, input: Option<Seen>, forwarded: Option<Seen>, index: usize, out: Seen) {
        let server = &self.servers[index];
        if !server.is_invite() {
            return self.final_once(view, input, forwarded, index, out, print_of(out.wire.text.as_bytes()));
        }
        let Some(seen) = forwarded else {
            return self.check(view, Law::OneFinal, false, || {
                format!(
                    "{} without one received: {:?}",
                    first_line(out.wire.text),
                    input.map(|i| first_line(i.wire.text))
                )
            });
        };
        self.untouched(view, seen, out);
        let tag = out.wire.to_tag().to_string();
        let from = self.client_of(seen.wire.branch(), "INVITE");
        let by = from.and_then(|c| self.clients[c].gateway);
        // E7, E8: from a gateway that had been given up, or beside another's answer.
        let newest = self.clients.iter().rposition(|c| c.server == Some(index));
        let server = &mut self.servers[index];
        let beside = server.answered.is_some() && server.answered_by != by;
        if !server.answers.contains(&tag) {
            server.answers.push(tag);
            if server.cancelled.is_some() || server.final_code.is_some() || newest != from || beside {
                server.late.get_or_insert(view.now);
            }
        }
        if server.answered.is_none() {
            server.answered = Some(view.now);
            server.answered_by = by;
        }
    }

    fn failure(
        &mut self,
        view: &mut View,
        input: Option<Seen>,
        forwarded: Option<Seen>,
        index: usize,
        out: Seen,
        print: u64,
    ) {
        // The failure goes on repeating itself when a late answer came after it (checklist F20).
        let server = &self.servers[index];
        let may = server.answered.is_none() || server.final_code.is_some();
        self.check(view, Law::OneFinal, may, || format!("{} after a 2xx", first_line(out.wire.text)));
        self.final_once(view, input, forwarded, index, out, print);
    }

    fn final_once(
        &mut self,
        view: &mut View,
        input: Option<Seen>,
        forwarded: Option<Seen>,
        index: usize,
        out: Seen,
        print: u64,
    ) {
        let server = &self.servers[index];
        if let Some(code) = server.final_code {
            let asked = input.is_some_and(|i| i.wire.is_request() && i.wire.branch() == server.branch);
            let wanted = asked || !server.acked;
            self.check(view, Law::RepeatsAreEqual, wanted, || format!("{} after the ACK", first_line(out.wire.text)));
            let server = &self.servers[index];
            let same = print == server.final_print;
            self.repeats += 1;
            return self.check(view, Law::OneFinal, same, || format!("{} after a {code}", first_line(out.wire.text)));
        }
        self.check(view, Law::OneFinal, true, String::new);
        if let Some(seen) = forwarded.filter(|s| s.wire.to_tag() == out.wire.to_tag()) {
            self.untouched(view, seen, out);
        }
        self.own_verdict(view, index, out);
        let server = &mut self.servers[index];
        server.final_code = Some(out.wire.code);
        server.final_print = print;
        let life = self.past.len();
        for bye in self.byes.iter_mut().filter(|b| b.life == life && b.branch == server.branch) {
            bye.settled.get_or_insert(view.now.at);
        }
    }

    /// What the router answers by itself where nothing was forwarded.
    fn own_verdict(&mut self, view: &mut View, index: usize, out: Seen) {
        let server = &self.servers[index];
        let asked = self.clients.iter().any(|c| c.server == Some(index));
        if asked || server.cancelled.is_some() {
            return;
        }
        let expected = expected_verdict(server, view);
        let code = out.wire.code;
        let (law, holds) = match &expected {
            Expected::One(law, codes) => (*law, codes.contains(&code)),
            Expected::Any => return,
        };
        let revision = server.site;
        self.check(view, law, holds, || format!("{code}; revision {revision} says {expected:?}"));
    }

    fn cancel_answer(&mut self, view: &mut View, input: Option<Seen>, out: Seen) {
        let asked = input.is_some_and(|i| i.wire.method == "CANCEL" && i.wire.branch() == out.wire.branch());
        self.check(view, Law::CancelAnswered, asked, || format!("{} unasked", first_line(out.wire.text)));
        if out.wire.code == 200
            && let Some(server) = self.server_of(out.wire.branch(), "INVITE")
        {
            // After a final a CANCEL has no effect (§9.2).
            let server = &mut self.servers[server];
            if server.final_code.is_none() && server.answered.is_none() {
                server.cancelled.get_or_insert(view.now.at);
            }
        }
    }

    /// §16.7: one Via less, and every other byte as it came.
    fn untouched(&mut self, view: &mut View, seen: Seen, out: Seen) {
        let came = without_top_via(seen.wire.text);
        let same = came.as_deref() == Some(out.wire.text);
        self.check(view, Law::ForwardedUntouched, same, || {
            format!("came as\n{}\nand left as\n{}", seen.wire.text, out.wire.text)
        });
    }
}

#[derive(Debug)]
enum Expected {
    One(Law, Vec<u16>),
    Any,
}

fn expected_verdict(server: &Server, view: &View) -> Expected {
    use super::super::site::Ruling;
    let own = |codes: &[u16]| Expected::One(Law::OwnAnswers, codes.to_vec());
    if server.max_forwards == 0 {
        return match server.method.as_str() {
            "OPTIONS" => own(&[200, 483]),
            "REGISTER" => own(&[403, 405, 483]),
            _ => own(&[483]),
        };
    }
    if server.tampered {
        return Expected::One(Law::TamperedCookie, vec![403, 481]);
    }
    match (server.method.as_str(), server.initial) {
        ("OPTIONS", true) if server.number.is_empty() || !server.number.starts_with(|c: char| c.is_ascii_digit()) => {
            own(&[200])
        }
        ("REGISTER", true) => own(&[403, 405]),
        (_, false) => Expected::Any,
        _ => match server.ruling(view.sites) {
            Ruling::NoRoute => Expected::One(Law::RuleGateways, vec![503]),
            Ruling::Reject(code) => Expected::One(Law::RuleGateways, vec![code]),
            // No gateway was asked: none is usable.
            Ruling::Hunt(_) => Expected::One(Law::RuleGateways, vec![503]),
        },
    }
}

/// A response without its first Via line; the gateways of the simulation write one Via a line.
fn without_top_via(text: &str) -> Option<String> {
    let at = text.find("\r\nVia: ")? + 2;
    let end = at + text[at..].find("\r\n")? + 2;
    Some(format!("{}{}", &text[..at], &text[end..]))
}
