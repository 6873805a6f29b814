//! Takes calls: the user agent server of RFC 3261 §8.2, §13.3 and §17.2.1, as its script says.

use super::behaviour::Behaviour;
use super::build;
use super::dialog::Dialog;
use super::endpoint::{Endpoint, Inbox, Observer, branch_key, tag_key};
use super::packet::Packet;
use super::resend::{Due, LIFETIME, Resend};
use super::session::{Session, Talk};
use rsip::{Header, Method};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// A gateway that takes calls.
pub struct Answerer {
    endpoint: Arc<Endpoint>,
    requests: mpsc::Receiver<Packet>,
    script: Vec<Behaviour>,
}

impl Answerer {
    /// Listens at `bind`. An empty script answers every call at once.
    pub async fn open(bind: SocketAddr, script: Vec<Behaviour>, observer: Observer) -> io::Result<Answerer> {
        let (endpoint, requests) = Endpoint::open(bind, None, observer).await?;
        Ok(Answerer { endpoint, requests, script })
    }

    pub fn local(&self) -> SocketAddr {
        self.endpoint.local()
    }

    /// Takes calls until it is dropped.
    pub async fn serve(&mut self) {
        let mut calls = 0;
        while let Some(packet) = self.requests.recv().await {
            // A retransmission may have queued up behind its own call.
            let Some(packet) = self.endpoint.deliver(packet) else { continue };
            let behaviour = self.script.get(calls).or(self.script.last()).cloned().unwrap_or_default();
            let new_call = packet.request().is_some_and(|r| r.method == Method::Invite) && packet.tag_in_to().is_none();
            match Ringing::new(self.endpoint.clone(), packet, behaviour.clone(), new_call) {
                // Silence is broken by nothing, not even by a retransmission that outlives this entry of the script.
                Ok(call) => {
                    calls += 1;
                    tokio::spawn(call.run());
                }
                Err(_) if behaviour.silent => {}
                Err(packet) => turn_away(&self.endpoint, &packet),
            }
        }
    }
}

/// What anybody gets who is in no call of ours: OPTIONS 200, in-dialog requests 481, calls 480.
pub(super) fn turn_away(endpoint: &Endpoint, packet: &Packet) {
    let Some(method) = packet.request().map(|request| request.method) else { return };
    let code = match method {
        Method::Ack => return,
        Method::Options if packet.tag_in_to().is_none() => 200,
        Method::Invite if packet.tag_in_to().is_none() => 480,
        Method::Bye | Method::Cancel => 481,
        _ if packet.tag_in_to().is_some() => 481,
        _ => 405,
    };
    let tag = build::token(8);
    if let Some(message) = build::response(packet, code, None, Some(&tag), vec![build::allow()], None) {
        endpoint.send(&message, build::answer_to(packet));
    }
}

/// A call from its INVITE to our final response.
struct Ringing {
    endpoint: Arc<Endpoint>,
    inbox: Inbox,
    invite: Packet,
    tag: String,
    behaviour: Behaviour,
    /// The last reply, for retransmissions of the INVITE (§17.2.1).
    last: Option<Vec<u8>>,
}

impl Ringing {
    /// Gives the packet back if it starts no call.
    fn new(endpoint: Arc<Endpoint>, packet: Packet, behaviour: Behaviour, new_call: bool) -> Result<Ringing, Packet> {
        let Some(branch) = packet.branch().filter(|_| new_call) else { return Err(packet) };
        let tag = build::token(8);
        let keys = vec![branch_key(packet.call_id(), branch), tag_key(packet.call_id(), &tag)];
        let inbox = endpoint.inbox(keys);
        Ok(Ringing { endpoint, inbox, invite: packet, tag, behaviour, last: None })
    }

    async fn run(mut self) {
        if self.behaviour.silent {
            // The call is known, and its retransmissions fall into the same silence.
            return self.ignore(Instant::now() + LIFETIME).await;
        }
        if self.wait(Instant::now() + self.behaviour.delay).await {
            return self.refuse(487, None, Vec::new()).await;
        }
        if !self.behaviour.ring.is_zero() {
            self.reply(180, None, Vec::new());
            if self.wait(Instant::now() + self.behaviour.ring).await {
                return self.refuse(487, None, Vec::new()).await;
            }
        }
        let reason = self.behaviour.reason.clone();
        match self.behaviour.code {
            code @ 200..300 => self.accept(code, reason).await,
            code => {
                let retry_after = self.behaviour.retry_after.map(|after| build::retry_after(after.as_secs()));
                self.refuse(code, reason, retry_after.into_iter().collect()).await;
            }
        }
    }

    async fn ignore(&mut self, end: Instant) {
        while self.inbox.next(end).await.is_some() {}
    }

    /// Waits, repeating the last reply to a repeated INVITE. True when the call is cancelled meanwhile.
    async fn wait(&mut self, end: Instant) -> bool {
        while let Some(packet) = self.inbox.next(end).await {
            match packet.request().map(|request| request.method) {
                Some(Method::Invite) => self.repeat(),
                Some(Method::Cancel) => {
                    self.answer_cancel(&packet);
                    return true;
                }
                Some(Method::Ack) | None => {}
                // PRACK, UPDATE and the like in the early dialog.
                Some(_) => self.send(&packet, 200),
            }
        }
        false
    }

    /// CANCEL is answered for itself (§9.2), with the INVITE's To tag.
    fn answer_cancel(&self, packet: &Packet) {
        self.send(packet, 200);
    }

    fn send(&self, packet: &Packet, code: u16) {
        if let Some(message) = build::response(packet, code, None, Some(&self.tag), Vec::new(), None) {
            self.endpoint.send(&message, build::answer_to(packet));
        }
    }

    fn repeat(&self) {
        let to = build::answer_to(&self.invite);
        self.last.iter().for_each(|bytes| self.endpoint.send_bytes(bytes, to));
    }

    fn reply(&mut self, code: u16, reason: Option<&str>, more: Vec<Header>) -> SocketAddr {
        let local = self.endpoint.local();
        let dialog = (101..300).contains(&code);
        let more = more.into_iter().chain(dialog.then(|| build::contact(local))).collect();
        let body = (200..300).contains(&code).then(|| build::sdp(local));
        let to = build::answer_to(&self.invite);
        if let Some(message) = build::response(&self.invite, code, reason, Some(&self.tag), more, body) {
            self.last = Some(self.endpoint.send(&message, to));
        }
        to
    }

    /// 2xx, then the call until it is hung up (§13.3.1.4).
    async fn accept(mut self, code: u16, reason: Option<String>) {
        let to = self.reply(code, reason.as_deref(), vec![build::allow()]);
        let Some(dialog) = Dialog::of_callee(&self.invite, &self.tag) else { return };
        let talk = Talk { hang_up_after: self.behaviour.hang_up_after, reinvite_after: self.behaviour.reinvite_after };
        let answer = Resend::other(self.last.take().unwrap_or_default(), to);
        let mut session = Session::new(self.endpoint, self.inbox, dialog, talk);
        session.answered(answer);
        session.run().await;
        session.linger().await;
    }

    /// A final that is no 2xx, repeated until its ACK (timers G and H), then timer I.
    async fn refuse(mut self, code: u16, reason: Option<String>, more: Vec<Header>) {
        let to = self.reply(code, reason.as_deref(), more);
        let mut resend = Resend::other(self.last.clone().unwrap_or_default(), to);
        loop {
            match self.inbox.next(resend.deadline()).await {
                Some(packet) => match packet.request().map(|request| request.method) {
                    Some(Method::Ack) => return self.ignore(Instant::now() + super::resend::T2).await,
                    Some(Method::Invite) => self.repeat(),
                    Some(Method::Cancel) => self.answer_cancel(&packet),
                    _ => {}
                },
                None => match resend.due(Instant::now()) {
                    Due::Again => self.endpoint.send_bytes(&resend.bytes, resend.to),
                    Due::GivenUp => return,
                    Due::Nothing => {}
                },
            }
        }
    }
}
