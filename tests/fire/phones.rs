//! More calls than SIPp can make: thousands of phones and the gateway that answers them, in one thread.
//!
//! A call is an INVITE that is answered at once, an ACK, for every eighth call a re-INVITE, a second of talking, and a
//! BYE. What is not answered is sent again by the timers of RFC 3261 §17.1 (T1 500 ms, given up after 64·T1), on both
//! sides; a 503 is an answer, and is acknowledged. So whatever is lost in a socket buffer is repaired as real phones
//! would repair it, and a call that fails here has failed.

use memchr::memmem;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use trunkline::sip::{Index, Limits, Message, Method, Name, Parsed, parse};

const T1: Duration = Duration::from_millis(500);
const GIVEN_UP: Duration = Duration::from_secs(32);
const TALK: Duration = Duration::from_secs(1);
/// Every so many calls are held and taken up again in between.
const RE_INVITES: u32 = 8;
/// Datagrams read from one socket before the other one's turn.
const BATCH: usize = 64;

/// What became of the calls in a stretch of time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum {
    pub offered: u64,
    pub answered: u64,
    /// 503.
    pub refused: u64,
    /// Other refusals, and calls that nobody ever answered.
    pub failed: u64,
    /// Their BYE was answered.
    pub ended: u64,
    /// Requests of established calls that were not answered in 32 s, or refused.
    pub cut: u64,
    pub retransmissions: u64,
}

impl Sum {
    pub fn since(self, before: Sum) -> Sum {
        Sum {
            offered: self.offered - before.offered,
            answered: self.answered - before.answered,
            refused: self.refused - before.refused,
            failed: self.failed - before.failed,
            ended: self.ended - before.ended,
            cut: self.cut - before.cut,
            retransmissions: self.retransmissions - before.retransmissions,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Inviting,
    /// A 1xx came: the INVITE is not sent again (RFC 3261 §17.1.1.2).
    Proceeding,
    Talking,
    Reinviting,
    Leaving,
    Over,
}

/// One call, on both sides.
struct Call {
    state: State,
    /// The last request, for sending it again, and when it was sent first.
    request: Vec<u8>,
    asked: Instant,
    requests: u8,
    /// Route and To of the dialog.
    dialog: Vec<u8>,
    /// The gateway's 2xx that waits for its ACK.
    unacknowledged: Option<(Vec<u8>, Instant)>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// The caller's request again; after how long, and its number among the requests of the call.
    Again(Duration, u8),
    /// The gateway's 2xx again.
    AnswerAgain(Duration),
    Reinvite,
    Leave,
}

pub struct Phones {
    caller: UdpSocket,
    gateway: UdpSocket,
    router: SocketAddr,
    calls: Vec<Call>,
    timers: BinaryHeap<Reverse<(Instant, usize, Timer)>>,
    pub sum: Sum,
    /// When the last 503 came.
    pub last_refusal: Option<Instant>,
    pace: (Instant, u64),
    index: Index,
    buffer: Vec<u8>,
}

impl Phones {
    pub fn new(router: SocketAddr, gateway: UdpSocket) -> Phones {
        let caller = UdpSocket::bind("127.0.0.1:0").expect("a port");
        for socket in [&caller, &gateway] {
            socket.set_nonblocking(true).expect("a socket");
            let _ = socket2::SockRef::from(socket).set_recv_buffer_size(8 << 20);
        }
        Phones {
            caller,
            gateway,
            router,
            calls: Vec::new(),
            timers: BinaryHeap::new(),
            sum: Sum::default(),
            last_refusal: None,
            pace: (Instant::now(), 0),
            index: Index::default(),
            buffer: vec![0; 65_536],
        }
    }

    /// Makes calls at a rate for so long, and gives what became of calls in that time.
    pub fn call(&mut self, rate: f64, time: Duration) -> Sum {
        let before = self.sum;
        self.pace = (Instant::now(), 0);
        let until = self.pace.0 + time;
        while Instant::now() < until {
            let due = (self.pace.0.elapsed().as_secs_f64() * rate) as u64;
            // No more than this at once, so that answers are read in between.
            for _ in 0..due.saturating_sub(self.pace.1).min(32) {
                self.invite();
                self.pace.1 += 1;
            }
            self.serve();
        }
        self.sum.since(before)
    }

    /// Makes no more calls and waits until all have ended.
    pub fn finish(&mut self) -> Sum {
        let before = self.sum;
        let until = Instant::now() + GIVEN_UP + Duration::from_secs(2);
        while Instant::now() < until && !self.timers.is_empty() {
            self.serve();
        }
        self.sum.since(before)
    }

    fn invite(&mut self) {
        let (n, me, router) = (self.calls.len(), self.caller.local_addr().expect("an address"), self.router);
        let request = format!(
            "INVITE sip:030{n}@{router} SIP/2.0\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bK{n}i\r\nMax-Forwards: 70\r\n\
             From: <sip:phone@{me}>;tag={n}\r\nTo: <sip:030{n}@{router}>\r\nCall-ID: {n}@fire\r\nCSeq: 1 INVITE\r\n\
             Contact: <sip:phone@{me}>\r\nContent-Type: application/sdp\r\nContent-Length: 88\r\n\r\n\
             v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 8 0\r\n"
        );
        let now = Instant::now();
        let (state, dialog, unacknowledged) = (State::Inviting, Vec::new(), None);
        self.calls.push(Call { state, request: request.into_bytes(), asked: now, requests: 0, dialog, unacknowledged });
        self.sum.offered += 1;
        self.ask(n, now);
    }

    /// Sends the call's request for the first time.
    fn ask(&mut self, n: usize, now: Instant) {
        let call = &mut self.calls[n];
        (call.asked, call.requests) = (now, call.requests + 1);
        let _ = self.caller.send_to(&call.request, self.router);
        self.timers.push(Reverse((now + T1, n, Timer::Again(T1, call.requests))));
    }

    /// Everything that has come and everything that is due.
    fn serve(&mut self) {
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut read = 0;
        for _ in 0..BATCH {
            let Ok((length, _)) = self.caller.recv_from(&mut buffer) else { break };
            self.message(&buffer[..length], Phones::told);
            read += 1;
        }
        for _ in 0..BATCH {
            let Ok((length, from)) = self.gateway.recv_from(&mut buffer) else { break };
            self.message(&buffer[..length], |phones, n, message| phones.asked_of_gateway(n, message, from));
            read += 1;
        }
        self.buffer = buffer;
        let now = Instant::now();
        while self.timers.peek().is_some_and(|next| next.0.0 <= now) {
            let Some(Reverse((_, n, timer))) = self.timers.pop() else { break };
            self.due(now, n, timer);
        }
        if read == 0 {
            std::thread::yield_now();
        }
    }

    fn message(&mut self, bytes: &[u8], each: impl FnOnce(&mut Phones, usize, &Message)) {
        let mut index = std::mem::take(&mut self.index);
        if let Ok(Parsed::Message(message)) = parse(bytes, &mut index, &Limits::default()) {
            let number = message.call_id().and_then(|id| id.strip_suffix(b"@fire"));
            let number = number.and_then(|id| std::str::from_utf8(id).ok()?.parse().ok());
            if let Some(n) = number.filter(|n| *n < self.calls.len()) {
                each(self, n, &message);
            }
        }
        self.index = index;
    }

    /// An answer that a phone gets.
    fn told(&mut self, n: usize, message: &Message) {
        let (now, code, call) = (Instant::now(), message.code(), &mut self.calls[n]);
        let of_invite = message.cseq().is_some_and(|cseq| cseq.method == b"INVITE");
        match (call.state, of_invite, code) {
            (State::Inviting, true, 100..200) => call.state = State::Proceeding,
            (State::Inviting | State::Proceeding, true, 200..300) => {
                call.dialog = dialog_of(message);
                call.state = State::Talking;
                self.sum.answered += 1;
                self.acknowledge(n);
                let next = if (n as u32).is_multiple_of(RE_INVITES) { Timer::Reinvite } else { Timer::Leave };
                self.timers.push(Reverse((now + TALK, n, next)));
            }
            (State::Inviting | State::Proceeding, true, 300..) => {
                call.state = State::Over;
                if code == 503 {
                    self.sum.refused += 1;
                    self.last_refusal = Some(now);
                } else {
                    self.sum.failed += 1;
                }
                let ack = refusal_acknowledged(message, &call.request);
                let _ = self.caller.send_to(&ack, self.router);
            }
            // Its ACK was lost: a final comes again.
            (State::Over, true, 300..) => {
                let ack = refusal_acknowledged(message, &call.request);
                let _ = self.caller.send_to(&ack, self.router);
            }
            (State::Reinviting, true, 200..300) => {
                call.state = State::Talking;
                self.acknowledge(n);
                self.timers.push(Reverse((now + TALK / 2, n, Timer::Leave)));
            }
            (State::Talking, true, 200..300) => self.acknowledge(n),
            (State::Leaving, false, 200..300) => {
                call.state = State::Over;
                self.sum.ended += 1;
            }
            (State::Reinviting, true, 300..) | (State::Leaving, false, 300..) => {
                call.state = State::Over;
                self.sum.cut += 1;
            }
            _ => {}
        }
    }

    fn acknowledge(&mut self, n: usize) {
        let ack = self.inside(n, "ACK", 1);
        let _ = self.caller.send_to(&ack, self.router);
    }

    fn inside(&self, n: usize, method: &str, number: u32) -> Vec<u8> {
        let (me, gateway) = (self.caller.local_addr(), self.gateway.local_addr());
        let (me, gateway) = (me.expect("an address"), gateway.expect("an address"));
        let mut request = format!(
            "{method} sip:gateway@{gateway} SIP/2.0\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bK{n}{method}{number}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:phone@{me}>;tag={n}\r\nCall-ID: {n}@fire\r\nCSeq: {number} {method}\r\n\
             Contact: <sip:phone@{me}>\r\nContent-Length: 0\r\n"
        )
        .into_bytes();
        request.extend_from_slice(&self.calls[n].dialog);
        request.extend_from_slice(b"\r\n");
        request
    }

    fn due(&mut self, now: Instant, n: usize, timer: Timer) {
        let call = &mut self.calls[n];
        match timer {
            // One of an earlier request is over.
            Timer::Again(_, number) if number != call.requests => {}
            Timer::Again(after, number) => match call.state {
                State::Inviting | State::Proceeding if now - call.asked >= GIVEN_UP => {
                    call.state = State::Over;
                    self.sum.failed += 1;
                }
                State::Reinviting | State::Leaving if now - call.asked >= GIVEN_UP => {
                    call.state = State::Over;
                    self.sum.cut += 1;
                }
                State::Inviting | State::Reinviting | State::Leaving => {
                    let _ = self.caller.send_to(&call.request, self.router);
                    self.sum.retransmissions += 1;
                    self.timers.push(Reverse((now + after * 2, n, Timer::Again(after * 2, number))));
                }
                State::Proceeding => {
                    self.timers.push(Reverse((call.asked + GIVEN_UP, n, Timer::Again(GIVEN_UP, number))));
                }
                State::Talking | State::Over => {}
            },
            Timer::AnswerAgain(after) => {
                let Some((answer, since)) = &call.unacknowledged else { return };
                if now - *since >= GIVEN_UP {
                    call.unacknowledged = None;
                    self.sum.cut += 1;
                    return;
                }
                let _ = self.gateway.send_to(answer, self.router);
                self.sum.retransmissions += 1;
                let next = (after * 2).min(T1 * 8);
                self.timers.push(Reverse((now + next, n, Timer::AnswerAgain(next))));
            }
            Timer::Reinvite => self.ask_inside(now, n, State::Reinviting, "INVITE"),
            Timer::Leave => self.ask_inside(now, n, State::Leaving, "BYE"),
        }
    }

    fn ask_inside(&mut self, now: Instant, n: usize, state: State, method: &str) {
        let number = if method == "INVITE" { 2 } else { 3 };
        self.calls[n].request = self.inside(n, method, number);
        self.calls[n].state = state;
        self.ask(n, now);
    }

    /// A request that the gateway gets.
    fn asked_of_gateway(&mut self, n: usize, message: &Message, from: SocketAddr) {
        let now = Instant::now();
        match message.method() {
            Some(Method::Invite) => {
                let ok = answer(message, "200 OK", self.gateway.local_addr().expect("an address"));
                let _ = self.gateway.send_to(&answer(message, "180 Ringing", from), from);
                let _ = self.gateway.send_to(&ok, from);
                let first = self.calls[n].unacknowledged.replace((ok, now)).is_none();
                if first {
                    self.timers.push(Reverse((now + T1, n, Timer::AnswerAgain(T1))));
                }
            }
            Some(Method::Ack) => self.calls[n].unacknowledged = None,
            Some(_) => drop(self.gateway.send_to(&answer(message, "200 OK", from), from)),
            None => {}
        }
    }
}

/// Route and To for the requests of a dialog (RFC 3261 §12.1.2).
fn dialog_of(message: &Message) -> Vec<u8> {
    let mut routes: Vec<&[u8]> = message.values(Name::RecordRoute).map(|value| value.text).collect();
    routes.reverse();
    let mut lines = Vec::new();
    routes.iter().for_each(|route| lines.extend_from_slice(&[b"Route: ", *route, b"\r\n"].concat()));
    lines.extend_from_slice(&[b"To: ", message.header(Name::To).unwrap_or_default(), b"\r\n"].concat());
    lines
}

/// The ACK of a refusal has the INVITE's branch and the refusal's To (RFC 3261 §17.1.1.3).
fn refusal_acknowledged(message: &Message, invite: &[u8]) -> Vec<u8> {
    let end = memmem::find(invite, b"\r\n").unwrap_or(0);
    let uri = &invite[b"INVITE ".len()..end];
    let header = |name| message.header(name).unwrap_or_default();
    let via = message.values(Name::Via).next().map_or(&b""[..], |value| value.text);
    [
        b"ACK ",
        uri,
        b"\r\nVia: ",
        via,
        b"\r\nMax-Forwards: 70\r\nFrom: ",
        header(Name::From),
        b"\r\nTo: ",
        header(Name::To),
        b"\r\nCall-ID: ",
        header(Name::CallId),
        b"\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n",
    ]
    .concat()
}

fn answer(message: &Message, line: &str, contact: SocketAddr) -> Vec<u8> {
    let mut out = format!("SIP/2.0 {line}\r\nContact: <sip:gateway@{contact}>\r\n").into_bytes();
    for header in message.headers {
        if matches!(header.name, Name::Via | Name::RecordRoute | Name::From | Name::CallId | Name::CSeq) {
            out.extend_from_slice(&message.bytes[header.line()]);
        } else if header.name == Name::To {
            let to = message.value_of(header);
            let tag: &[u8] = if memmem::find(to, b";tag=").is_some() { b"" } else { b";tag=g" };
            out.extend_from_slice(&[b"To: ", to, tag, b"\r\n"].concat());
        }
    }
    out.extend_from_slice(b"Content-Length: 0\r\n\r\n");
    out
}
