//! An answered call: what both sides do from the 2xx to the BYE.

use super::build;
use super::dialog::Dialog;
use super::endpoint::{Endpoint, Inbox};
use super::packet::Packet;
use super::resend::{Due, LIFETIME, Resend};
use rsip::{Method, Request, SipMessage};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A call without an end is ended by this (nobody talks to a test agent for longer).
const LONGEST: Duration = Duration::from_secs(24 * 3600);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Us,
    Them,
}

/// What this side does of its own accord, counted from the answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Talk {
    pub hang_up_after: Option<Duration>,
    pub reinvite_after: Option<Duration>,
}

/// How the call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub hung_up_by: Side,
    /// What was not as it should be: no ACK, a BYE that was refused or not answered.
    pub problem: Option<String>,
}

/// A request of ours in the dialog that waits for its final.
struct Asked {
    request: Request,
    resend: Resend,
    /// A provisional ends the retransmissions of an INVITE.
    quiet: bool,
}

pub(super) struct Session {
    endpoint: Arc<Endpoint>,
    inbox: Inbox,
    dialog: Dialog,
    /// The caller's INVITE and where it went.
    invite: Option<(Request, SocketAddr)>,
    /// Our 2xx that waits for its ACK.
    unacked: Option<Resend>,
    /// Our ACK, for 2xx that come again.
    ack: Option<(Vec<u8>, SocketAddr)>,
    asked: Option<Asked>,
    hang_up_at: Option<Instant>,
    reinvite_at: Option<Instant>,
    leaving: bool,
    ended: Option<Ended>,
}

impl Session {
    pub fn new(endpoint: Arc<Endpoint>, inbox: Inbox, dialog: Dialog, talk: Talk) -> Session {
        let now = Instant::now();
        Session {
            endpoint,
            inbox,
            dialog,
            invite: None,
            unacked: None,
            ack: None,
            asked: None,
            hang_up_at: talk.hang_up_after.map(|after| now + after.min(LONGEST)),
            reinvite_at: talk.reinvite_after.map(|after| now + after.min(LONGEST)),
            leaving: false,
            ended: None,
        }
    }

    /// The callee's 2xx is out; it is repeated until the ACK comes (§13.3.1.4).
    pub fn answered(&mut self, answer: Resend) {
        self.unacked = Some(answer);
    }

    /// The caller's side begins with the ACK (§13.2.2.4).
    pub fn begin(&mut self, invite: Request, via: SocketAddr) {
        self.invite = Some((invite, via));
        self.acknowledge();
    }

    fn acknowledge(&mut self) {
        let (ack, to) = self.dialog.request(Method::Ack, self.endpoint.local(), None);
        let bytes = self.endpoint.send(&SipMessage::Request(ack), to);
        self.ack = Some((bytes, to));
    }

    /// Talks until one side hangs up.
    pub async fn run(&mut self) -> Ended {
        loop {
            if let Some(ended) = self.ended.clone() {
                return ended;
            }
            self.step().await;
        }
    }

    /// Goes on answering what comes late: a repeated 2xx or BYE.
    pub async fn linger(mut self) {
        let end = Instant::now() + LIFETIME;
        self.hang_up_at = None;
        self.reinvite_at = None;
        while let Some(packet) = self.inbox.next(end).await {
            self.on_packet(&packet);
        }
    }

    async fn step(&mut self) {
        match self.inbox.next(self.deadline()).await {
            Some(packet) => self.on_packet(&packet),
            None => self.on_time(Instant::now()),
        }
    }

    fn deadline(&self) -> Instant {
        let asked = self.asked.as_ref().map(|asked| asked.resend.deadline());
        let unacked = self.unacked.as_ref().map(Resend::deadline);
        let all = [asked, unacked, self.hang_up_at, self.reinvite_at];
        all.into_iter().flatten().min().unwrap_or_else(|| Instant::now() + LONGEST)
    }

    fn on_time(&mut self, now: Instant) {
        match self.unacked.as_mut().map_or(Due::Nothing, |answer| answer.due(now)) {
            Due::Nothing => {}
            Due::Again => self.unacked.iter().for_each(|answer| self.endpoint.send_bytes(&answer.bytes, answer.to)),
            Due::GivenUp => self.give_up_on_ack(),
        }
        match self.asked.as_mut().map_or(Due::Nothing, |asked| asked.resend.due(now)) {
            Due::Nothing => {}
            Due::Again => {
                let again = self.asked.iter().filter(|asked| !asked.quiet);
                again.for_each(|asked| self.endpoint.send_bytes(&asked.resend.bytes, asked.resend.to));
            }
            Due::GivenUp => self.asked_in_vain(),
        }
        if self.reinvite_at.is_some_and(|at| now >= at) {
            self.reinvite_at = None;
            self.ask(Method::Invite);
        }
        if self.hang_up_at.is_some_and(|at| now >= at) {
            self.hang_up();
        }
    }

    fn hang_up(&mut self) {
        self.hang_up_at = None;
        self.reinvite_at = None;
        self.unacked = None;
        self.leaving = true;
        self.ask(Method::Bye);
    }

    fn ask(&mut self, method: Method) {
        let body = (method == Method::Invite).then(|| build::sdp(self.endpoint.local()));
        let (request, to) = self.dialog.request(method, self.endpoint.local(), body);
        let bytes = self.endpoint.send(&SipMessage::Request(request.clone()), to);
        let resend = if method == Method::Invite { Resend::invite(bytes, to) } else { Resend::other(bytes, to) };
        self.asked = Some(Asked { request, resend, quiet: false });
    }

    /// 64·T1 without an ACK: the call is ended with a BYE (§13.3.1.4).
    fn give_up_on_ack(&mut self) {
        self.unacked = None;
        self.end(Side::Us, Some("no ACK came".to_owned()));
        self.ask(Method::Bye);
    }

    fn asked_in_vain(&mut self) {
        if let Some(asked) = self.asked.take() {
            self.end(Side::Us, Some(format!("no answer to our {}", asked.request.method)));
        }
    }

    fn end(&mut self, hung_up_by: Side, problem: Option<String>) {
        self.ended.get_or_insert(Ended { hung_up_by, problem });
    }

    fn on_packet(&mut self, packet: &Packet) {
        match packet.request().map(|request| request.method) {
            Some(Method::Ack) => self.unacked = None,
            Some(Method::Bye) => {
                self.reply(packet, 200);
                self.unacked = None;
                self.end(if self.leaving { Side::Us } else { Side::Them }, None);
            }
            // The first INVITE again: its 2xx is repeated until the ACK anyway.
            Some(Method::Invite) if packet.tag_in_to().is_none() => {}
            Some(Method::Invite) => self.on_reinvite(packet),
            Some(Method::Options | Method::Info | Method::Update | Method::Cancel | Method::PRack) => {
                self.reply(packet, 200);
            }
            Some(_) => self.reply(packet, 405),
            None => self.on_response(packet),
        }
    }

    fn reply(&self, packet: &Packet, code: u16) {
        if let Some(message) = build::response(packet, code, None, self.dialog.local_tag(), vec![build::allow()], None)
        {
            self.endpoint.send(&message, build::answer_to(packet));
        }
    }

    fn on_reinvite(&mut self, packet: &Packet) {
        self.dialog.refresh(packet);
        let local = self.endpoint.local();
        let more = vec![build::contact(local), build::allow()];
        if let Some(message) = build::response(packet, 200, None, None, more, Some(build::sdp(local))) {
            let to = build::answer_to(packet);
            let bytes = self.endpoint.send(&message, to);
            self.unacked = Some(Resend::other(bytes, to));
        }
    }

    fn on_response(&mut self, packet: &Packet) {
        let Some(code) = packet.code() else { return };
        if !self.asked.as_ref().is_some_and(|asked| answers(packet, &asked.request)) {
            return self.on_late_answer(packet, code);
        }
        if code < 200 {
            self.asked.iter_mut().for_each(|asked| asked.quiet = asked.request.method == Method::Invite);
            return;
        }
        let Some(asked) = self.asked.take() else { return };
        match asked.request.method {
            Method::Invite if code < 300 => {
                self.dialog.refresh(packet);
                self.acknowledge();
            }
            Method::Invite => {
                if let Some(ack) = build::ack_to_failure(&asked.request, packet) {
                    self.endpoint.send(&ack, asked.resend.to);
                }
            }
            _ if code < 300 => self.end(Side::Us, None),
            method => self.end(Side::Us, Some(format!("our {method} was answered {code}"))),
        }
    }

    /// A 2xx that comes again is acknowledged again; of another branch it is ended at once (§13.2.2.4).
    fn on_late_answer(&mut self, packet: &Packet, code: u16) {
        if packet.method() != Some(Method::Invite) || !(200..300).contains(&code) {
            return;
        }
        if packet.tag_in_to() != self.dialog.remote_tag() {
            return self.invite.iter().for_each(|(invite, via)| decline(&self.endpoint, invite, packet, *via));
        }
        if let Some((bytes, to)) = &self.ack {
            self.endpoint.send_bytes(bytes, *to);
        }
    }
}

/// A 2xx that nobody wants, of a fork or after the end: it is acknowledged and hung up, each time it comes (§13.2.2.4).
pub(super) fn decline(endpoint: &Endpoint, invite: &Request, answer: &Packet, via: SocketAddr) {
    let Some(mut dialog) = Dialog::of_caller(invite, answer, via) else { return };
    for method in [Method::Ack, Method::Bye] {
        let (request, to) = dialog.request(method, endpoint.local(), None);
        endpoint.send(&SipMessage::Request(request), to);
    }
}

/// Whether a response belongs to a request: the branch says so (§17.1.3).
pub(super) fn answers(packet: &Packet, request: &Request) -> bool {
    let ours = super::packet::branch_of(request);
    packet.method() == Some(request.method) && packet.branch().is_some() && packet.branch() == ours.as_deref()
}
