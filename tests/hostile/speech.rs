//! Messages made by cutting and joining alone: requests, answers to them, requests of the dialogs that come about.

use std::net::SocketAddr;

/// What a request outside a dialog says.
pub struct Request<'a> {
    pub method: &'a str,
    pub uri: &'a str,
    pub from: SocketAddr,
    /// Goes into branch, tag and Call-ID.
    pub call: &'a str,
    pub branch: &'a str,
}

pub fn request(r: &Request) -> Vec<u8> {
    let Request { method, uri, from, call, branch } = r;
    let text = format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK{branch};rport\r\nMax-Forwards: 70\r\n\
         From: \"A, B\" <sip:a@b>;tag=f{call}\r\nTo: <{uri}>\r\nCall-ID: call-{call}\r\nCSeq: 1 {method}\r\n\
         Contact: <sip:a@{from}>\r\nContent-Length: 4\r\n\r\nv=0\n"
    );
    text.into_bytes()
}

/// Answers, from a 100 to a 603.
pub const ANSWERS: [&str; 14] = [
    "100 Trying",
    "180 Ringing",
    "183 Progress",
    "200 OK",
    "200 OK",
    "302 Moved",
    "404 Nobody",
    "408 Late",
    "481 What",
    "486 Busy",
    "487 Gone",
    "500 Broken",
    "503 No",
    "603 No",
];

/// A response to a request: its headers are the answer's, and To gets a tag.
pub fn answer(line: &str, tag: &str, request: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(request);
    let headers = text.split_once("\r\n").map_or("", |(_, rest)| rest);
    let tagged: Vec<String> = headers
        .split("\r\n")
        .map(|line| match line.starts_with("To:") && !line.contains("tag=") {
            true => format!("{line};tag={tag}"),
            false => line.to_string(),
        })
        .collect();
    format!("SIP/2.0 {line}\r\n{}", tagged.join("\r\n")).into_bytes()
}

/// What a request inside a dialog says.
pub struct Within<'a> {
    pub method: &'a str,
    pub uri: &'a str,
    pub via: SocketAddr,
    pub branch: &'a str,
    pub number: u64,
}

/// A request of the caller in the dialog that a forwarded 2xx has made: its Record-Routes become Routes. `None` when it
/// has none.
pub fn in_dialog(r: &Within, response: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(response).ok()?;
    let line = |name: &str| text.split("\r\n").find(|l| l.starts_with(name));
    let mut routes = routes(text);
    routes.reverse();
    inside(r, &routes, line("From")?, line("To")?, line("Call-ID")?)
}

/// A request of the gateway in the dialog of an INVITE that was forwarded to it and that it answered with `tag`.
pub fn back_in_dialog(r: &Within, tag: &str, invite: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(invite).ok()?;
    let value = |name: &str| text.split("\r\n").find_map(|l| l.strip_prefix(name));
    let (from, to) = (format!("From: {};tag={tag}", value("To: ")?), format!("To: {}", value("From: ")?));
    inside(r, &routes(text), &from, &to, &format!("Call-ID: {}", value("Call-ID: ")?))
}

fn routes(text: &str) -> Vec<String> {
    let lines = text.split("\r\n").filter(|l| l.starts_with("Record-Route"));
    lines.map(|l| l.replace("Record-Route", "Route")).collect()
}

fn inside(r: &Within, routes: &[String], from: &str, to: &str, call_id: &str) -> Option<Vec<u8>> {
    let Within { method, uri, via, branch, number } = r;
    let text = format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {via};branch=z9hG4bK{branch}\r\n{}\r\n{from}\r\n{to}\r\n{call_id}\r\n\
         CSeq: {number} {method}\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
        routes.join("\r\n")
    );
    (!routes.is_empty()).then(|| text.into_bytes())
}

/// Pieces that parsers have stumbled over.
pub const PIECES: [&[u8]; 26] = [
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\r",
    b"\0",
    b"\r\n ",
    b",",
    b";",
    b"\"",
    b"<",
    b">",
    b"%00",
    b"%",
    b"\xff\xfe",
    b"Content-Length: 99999999999999999999\r\n",
    b"Content-Length: -1\r\n",
    b"Via: SIP/2.0/UDP [::1:5060;branch=\r\n",
    b"Via: SIP/2.0/UDP 10.0.0.1;received=;rport=99999;maddr=224.0.0.1\r\n",
    b"Route: <sip:10.0.0.1;lr>, <sip:10.0.0.1>\r\n",
    b"Route: <sip:10.9.9.9>\r\n",
    b"CSeq: 4294967296 INVITE\r\n",
    b"Max-Forwards: 256\r\n",
    b"To: sip:x;tag=\r\n",
    b"Proxy-Require: a,,b\r\n",
    b"Record-Route: <sip:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@10.0.0.1;lr>\r\n",
    b";tag=x;tag=y",
];
