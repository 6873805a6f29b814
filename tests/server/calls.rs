//! The smallest caller and the smallest gateway: plain messages on plain sockets, for tests that look at one thing.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Far longer than loopback takes, shorter than a test's patience.
const PATIENCE: Duration = Duration::from_secs(10);

pub fn socket() -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    socket
}

/// One call, from its INVITE to as far as a test wants it.
pub struct Call {
    socket: UdpSocket,
    router: SocketAddr,
    id: String,
    to: String,
    /// Route headers for requests inside the dialog, and the peer's Contact.
    routes: String,
    contact: String,
}

impl Call {
    /// Sends an INVITE; the answer is up to [`Call::hear`].
    pub fn place(router: u16) -> Call {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let id = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let router = SocketAddr::from((Ipv4Addr::LOCALHOST, router));
        let (to, contact) = ("<sip:4930123@127.0.0.1>".to_owned(), format!("sip:4930123@{router}"));
        let call = Call { socket: socket(), router, id, to, routes: String::new(), contact };
        call.send("INVITE", 1, "i");
        call
    }

    /// The next final answer's code. One that is not 2xx is acknowledged.
    pub fn hear(&mut self) -> u16 {
        loop {
            let message = receive(&self.socket).0;
            if let Some(code) = self.take_final(&message) {
                return code;
            }
        }
    }

    fn take_final(&mut self, message: &str) -> Option<u16> {
        let code = code(message);
        if code < 200 {
            return None;
        }
        self.take_dialog(message);
        if message.contains("CSeq: 1 INVITE") {
            let branch = if code < 300 { "a" } else { "i" };
            self.send("ACK", 1, branch);
        }
        Some(code)
    }

    /// As [`Call::hear`], for half a second: `None` when nothing came.
    pub fn hear_soon(&mut self) -> Option<u16> {
        self.socket.set_read_timeout(Some(Duration::from_millis(500))).expect("a timeout");
        let mut code = None;
        while code.is_none() {
            let Some((message, _)) = try_receive(&self.socket) else { break };
            code = self.take_final(&message);
        }
        self.socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        code
    }

    /// Hangs up as a phone does: again and again until it is answered (RFC 3261 §17.1.2.2).
    pub fn bye_until_heard(&mut self) -> u16 {
        let again = || {
            self.send("BYE", 2, "b");
            self.hear_soon()
        };
        std::iter::repeat_with(again).take(60).flatten().next().expect("an answer within half a minute")
    }

    pub fn bye(&mut self) -> u16 {
        self.send("BYE", 2, "b");
        self.hear()
    }

    fn take_dialog(&mut self, message: &str) {
        self.to = header(message, "To").first().expect("To").clone();
        let mut routes = header(message, "Record-Route");
        routes.reverse();
        if let (Some(contact), true) = (header(message, "Contact").first(), code(message) < 300) {
            self.contact = contact.trim_matches(['<', '>']).to_owned();
            self.routes = routes.iter().map(|route| format!("Route: {route}\r\n")).collect();
        }
    }

    fn send(&self, method: &str, cseq: u32, branch: &str) {
        let (id, to, routes, contact, me) =
            (&self.id, &self.to, &self.routes, &self.contact, self.socket.local_addr().expect("an address"));
        let text = format!(
            "{method} {contact} SIP/2.0\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bK{branch}{id};rport\r\n\
             Max-Forwards: 70\r\n{routes}From: <sip:101@127.0.0.1>;tag=f{id}\r\nTo: {to}\r\nCall-ID: {id}\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:101@{me}>\r\nContent-Length: 0\r\n\r\n"
        );
        self.socket.send_to(text.as_bytes(), self.router).expect("sent");
    }
}

/// The code that a call is answered with now.
pub fn heard(router: u16) -> u16 {
    Call::place(router).hear()
}

/// A gateway that answers everything with 200, until it is dropped with its test.
pub fn gateway() -> u16 {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    let port = socket.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        loop {
            let (message, from) = receive(&socket);
            if !message.starts_with("ACK ") {
                socket.send_to(answer(&message, "200 OK", port).as_bytes(), from).expect("sent");
            }
        }
    });
    port
}

/// A gateway's answer to a request.
pub fn answer(request: &str, status: &str, port: u16) -> String {
    let mut answer = format!("SIP/2.0 {status}\r\n");
    for line in request.lines().skip(1) {
        let name = line.split(':').next().unwrap_or_default();
        if ["Via", "Record-Route", "From", "Call-ID", "CSeq"].contains(&name) {
            answer += &format!("{line}\r\n");
        } else if name == "To" {
            let tag = if line.contains(";tag=") { "" } else { ";tag=gw" };
            answer += &format!("{line}{tag}\r\n");
        }
    }
    answer + &format!("Contact: <sip:gw@127.0.0.1:{port}>\r\nContent-Length: 0\r\n\r\n")
}

/// An INVITE by itself, from whatever socket.
pub fn invite(me: SocketAddr, router: SocketAddr, id: &str) -> String {
    format!(
        "INVITE sip:4930123@{router} SIP/2.0\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bK{id};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:t@{me}>;tag=i{id}\r\nTo: <sip:4930123@{router}>\r\nCall-ID: {id}\r\nCSeq: 1 INVITE\r\n\
         Contact: <sip:t@{me}>\r\nContent-Length: 0\r\n\r\n"
    )
}

/// An OPTIONS to the router itself, from whatever socket.
pub fn options(me: SocketAddr, router: SocketAddr) -> String {
    format!(
        "OPTIONS sip:{router} SIP/2.0\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bKo{me};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:t@{me}>;tag=o\r\nTo: <sip:{router}>\r\nCall-ID: o-{me}\r\nCSeq: 1 OPTIONS\r\n\
         Content-Length: 0\r\n\r\n"
    )
}

pub fn receive(socket: &UdpSocket) -> (String, SocketAddr) {
    try_receive(socket).expect("a message")
}

/// `None` when nothing comes in the socket's time.
pub fn try_receive(socket: &UdpSocket) -> Option<(String, SocketAddr)> {
    let mut buffer = [0; 65_536];
    let (length, from) = socket.recv_from(&mut buffer).ok()?;
    Some((String::from_utf8_lossy(&buffer[..length]).into_owned(), from))
}

fn code(message: &str) -> u16 {
    message
        .strip_prefix("SIP/2.0 ")
        .and_then(|rest| rest.get(..3))
        .and_then(|code| code.parse().ok())
        .expect("an answer")
}

/// The values of a header, one a line, as our router and gateway write them.
fn header(message: &str, name: &str) -> Vec<String> {
    let values = message.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    values.flat_map(|value| value.split(", ")).map(str::to_owned).collect()
}
