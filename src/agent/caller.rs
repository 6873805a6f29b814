//! Places calls: the user agent client of RFC 3261 §13.2 and §17.1.1, with CANCEL (§9.1).

use super::answerer::turn_away;
use super::build::{self, Draft, Parties};
use super::dialog::Dialog;
use super::endpoint::{Endpoint, Inbox, Observer, tag_key};
use super::packet::Packet;
use super::resend::{Due, LIFETIME, Resend};
use super::session::{Ended, Session, Side, Talk, answers, decline};
use rsip::{Method, Request, SipMessage, Uri};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// One call to place.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The Request-URI and To.
    pub target: Uri,
    pub from: Uri,
    /// Where the INVITE is sent.
    pub via: SocketAddr,
    /// Hang up this long after the answer.
    pub duration: Duration,
    /// Cancel this long after the INVITE, or at the first provisional if none has come by then (§9.1).
    pub cancel_after: Option<Duration>,
}

/// How a call went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub call_id: String,
    /// The final response; when there was none, a 408 or 503 made here.
    pub code: u16,
    pub reason: String,
    /// No final came: the code is ours.
    pub made_here: bool,
    /// From the INVITE to the final.
    pub setup: Duration,
    /// Of an answered call.
    pub hung_up_by: Option<Side>,
    /// What was not as it should be after the answer.
    pub problem: Option<String>,
}

impl Outcome {
    pub fn answered(&self) -> bool {
        (200..300).contains(&self.code)
    }
}

/// A phone that only calls out.
pub struct Caller {
    endpoint: Arc<Endpoint>,
}

impl Caller {
    /// Opens a socket at `bind` for calls through `via`.
    pub async fn open(bind: SocketAddr, via: SocketAddr, observer: Observer) -> io::Result<Caller> {
        let (endpoint, mut requests) = Endpoint::open(bind, Some(via), observer).await?;
        let polite = Arc::downgrade(&endpoint);
        tokio::spawn(async move {
            while let Some(packet) = requests.recv().await {
                let Some(endpoint) = polite.upgrade() else { return };
                turn_away(&endpoint, &packet);
            }
        });
        Ok(Caller { endpoint })
    }

    pub fn local(&self) -> SocketAddr {
        self.endpoint.local()
    }

    /// Places a call. The outcome comes when the call is over; the call then lingers for what is still on its way.
    pub fn place(&self, plan: Plan) -> oneshot::Receiver<Outcome> {
        let (done, outcome) = oneshot::channel();
        let setup = Setup::new(self.endpoint.clone(), plan);
        tokio::spawn(setup.run(done));
        outcome
    }
}

enum Cancel {
    /// Not wanted, or wanted at a time.
    Before(Option<Instant>),
    /// Wanted, but there is no provisional yet.
    Waiting,
    /// On its way; `None` once it is answered. The INVITE has until then to end.
    Sent(Option<Resend>, Instant),
}

/// A call before its final response.
struct Setup {
    endpoint: Arc<Endpoint>,
    inbox: Inbox,
    plan: Plan,
    invite: Request,
    call_id: String,
    started: Instant,
    /// The INVITE's retransmissions; `None` once a provisional came.
    resend: Option<Resend>,
    cancel: Cancel,
}

/// What ends the set-up: the final, or that none came.
enum Final {
    Answer(Packet),
    Silence(u16, &'static str),
}

impl Setup {
    fn new(endpoint: Arc<Endpoint>, plan: Plan) -> Setup {
        let local = endpoint.local();
        let (call_id, tag) = (format!("{}@{}", build::token(16), local.ip()), build::token(8));
        let inbox = endpoint.inbox(vec![tag_key(&call_id, &tag)]);
        let parties = Parties {
            call_id: call_id.clone(),
            from: format!("<{}>;tag={tag}", plan.from),
            to: format!("<{}>", plan.target),
        };
        let more = vec![build::contact(local), build::allow()];
        let (target, body) = (plan.target.clone(), Some(build::sdp(local)));
        let draft = Draft { method: Method::Invite, target, parties: &parties, cseq: 1, more, body };
        let invite = draft.request(local);
        let started = Instant::now();
        let cancel = Cancel::Before(plan.cancel_after.map(|after| started + after));
        Setup { endpoint, inbox, plan, invite, call_id, started, resend: None, cancel }
    }

    async fn run(mut self, done: oneshot::Sender<Outcome>) {
        let bytes = self.endpoint.send(&SipMessage::Request(self.invite.clone()), self.plan.via);
        self.resend = Some(Resend::invite(bytes, self.plan.via));
        let last = self.until_final().await;
        let setup = self.started.elapsed();
        let (code, reason, made_here) = match last {
            Final::Answer(answer) if answer.code().is_some_and(|code| code < 300) => {
                return self.talk(answer, setup, done).await;
            }
            Final::Answer(answer) => {
                self.late(&answer);
                (answer.code().unwrap_or_default(), answer.reason().to_owned(), false)
            }
            Final::Silence(code, why) => (code, why.to_owned(), true),
        };
        let _ = done.send(self.outcome(code, reason, made_here, setup, None));
        let end = Instant::now() + LIFETIME;
        while let Some(packet) = self.inbox.next(end).await {
            self.late(&packet);
        }
    }

    fn outcome(&self, code: u16, reason: String, made_here: bool, setup: Duration, ended: Option<Ended>) -> Outcome {
        let (hung_up_by, problem) = ended.map_or((None, None), |ended| (Some(ended.hung_up_by), ended.problem));
        Outcome { call_id: self.call_id.clone(), code, reason, made_here, setup, hung_up_by, problem }
    }

    async fn until_final(&mut self) -> Final {
        loop {
            match self.inbox.next(self.deadline()).await {
                Some(packet) => {
                    if let Some(answer) = self.on_packet(packet) {
                        return Final::Answer(answer);
                    }
                }
                None => {
                    if let Some((code, why)) = self.on_time(Instant::now()) {
                        return Final::Silence(code, why);
                    }
                }
            }
        }
    }

    fn deadline(&self) -> Instant {
        let cancel = match &self.cancel {
            Cancel::Before(at) => *at,
            Cancel::Waiting => None,
            Cancel::Sent(resend, end) => resend.as_ref().map(Resend::deadline).into_iter().chain([*end]).min(),
        };
        let resend = self.resend.as_ref().map(Resend::deadline);
        // Rings: the far end, or a router's timer C, decides how long.
        [resend, cancel].into_iter().flatten().min().unwrap_or_else(|| Instant::now() + LIFETIME)
    }

    /// Gives back the INVITE's final.
    fn on_packet(&mut self, packet: Packet) -> Option<Packet> {
        if packet.request().is_some() {
            turn_away(&self.endpoint, &packet);
            return None;
        }
        if packet.method() == Some(Method::Cancel) {
            if let Cancel::Sent(resend, _) = &mut self.cancel {
                *resend = None;
            }
            return None;
        }
        if !answers(&packet, &self.invite) {
            return None;
        }
        if packet.code().is_some_and(|code| code >= 200) {
            return Some(packet);
        }
        self.resend = None;
        if matches!(self.cancel, Cancel::Waiting) {
            self.send_cancel();
        }
        None
    }

    /// Code and reason when the time is up.
    fn on_time(&mut self, now: Instant) -> Option<(u16, &'static str)> {
        if self.resend.is_some() && self.endpoint.refused_by(self.plan.via) {
            // A transport error is a 503 (§8.1.3.1).
            return Some((503, "nobody listens there (ICMP)"));
        }
        match self.resend.as_mut().map_or(Due::Nothing, |invite| invite.due(now)) {
            Due::Nothing => {}
            Due::Again => self.resend.iter().for_each(|invite| self.endpoint.send_bytes(&invite.bytes, invite.to)),
            Due::GivenUp => return Some((408, "no response at all (timer B)")),
        }
        match &mut self.cancel {
            Cancel::Before(Some(at)) if now >= *at => {
                // A CANCEL may only follow a provisional (§9.1).
                let may = self.resend.is_none();
                self.cancel = Cancel::Waiting;
                if may {
                    self.send_cancel();
                }
            }
            Cancel::Sent(_, end) if now >= *end => return Some((408, "no final after the CANCEL")),
            Cancel::Sent(Some(resend), _) => {
                if resend.due(now) == Due::Again {
                    self.endpoint.send_bytes(&resend.bytes, resend.to);
                }
            }
            Cancel::Before(_) | Cancel::Waiting | Cancel::Sent(None, _) => {}
        }
        None
    }

    fn send_cancel(&mut self) {
        let Some(cancel) = build::cancel(&self.invite) else { return };
        let bytes = self.endpoint.send(&cancel, self.plan.via);
        self.cancel = Cancel::Sent(Some(Resend::other(bytes, self.plan.via)), Instant::now() + LIFETIME);
    }

    /// Answered: ACK, talk, hang up. After our CANCEL the answer is hung up at once (§9.1).
    async fn talk(self, answer: Packet, setup: Duration, done: oneshot::Sender<Outcome>) {
        let Some(dialog) = Dialog::of_caller(&self.invite, &answer, self.plan.via) else { return };
        let cancelled = matches!(self.cancel, Cancel::Sent(..));
        let duration = if cancelled { Duration::ZERO } else { self.plan.duration };
        let talk = Talk { hang_up_after: Some(duration), reinvite_after: None };
        let outcome = self.outcome(answer.code().unwrap_or_default(), answer.reason().to_owned(), false, setup, None);
        let mut session = Session::new(self.endpoint, self.inbox, dialog, talk);
        session.begin(self.invite, self.plan.via);
        let ended = session.run().await;
        let _ = done.send(Outcome { hung_up_by: Some(ended.hung_up_by), problem: ended.problem, ..outcome });
        session.linger().await;
    }

    /// Finals that come again are acknowledged again (timer D); a 2xx after the end is hung up (checklist F20).
    fn late(&self, packet: &Packet) {
        if !answers(packet, &self.invite) {
            return;
        }
        match packet.code() {
            Some(code) if code >= 300 => {
                if let Some(ack) = build::ack_to_failure(&self.invite, packet) {
                    self.endpoint.send(&ack, self.plan.via);
                }
            }
            Some(code) if code >= 200 => decline(&self.endpoint, &self.invite, packet, self.plan.via),
            _ => {}
        }
    }
}
