//! A small reader of SIP messages, for the phones, the gateways and the judges of the simulation. It shares no line
//! with `sip`, so that one mistake can't hide another.

/// One message as its reader sees it. Values are trimmed; folded ones keep their line breaks.
#[derive(Clone, Debug, Default)]
pub struct Wire<'a> {
    pub text: &'a str,
    /// Empty for a response.
    pub method: &'a str,
    pub uri: &'a str,
    /// 0 for a request.
    pub code: u16,
    pub reason: &'a str,
    pub vias: Vec<&'a str>,
    pub routes: Vec<&'a str>,
    pub record_routes: Vec<&'a str>,
    pub from: &'a str,
    pub to: &'a str,
    pub call_id: &'a str,
    pub cseq: u32,
    pub cseq_method: &'a str,
    pub max_forwards: Option<&'a str>,
    pub contact: Option<&'a str>,
    pub body: &'a str,
    /// The header lines.
    head: &'a str,
}

impl<'a> Wire<'a> {
    /// Reads a datagram; `None` when it is no SIP message.
    pub fn read(bytes: &'a [u8]) -> Option<Wire<'a>> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let (start, rest) = head.split_once("\r\n").unwrap_or((head, ""));
        let mut wire = Wire { text, body, head: rest, ..Wire::default() };
        wire.start_line(start)?;
        for (name, value) in lines(rest) {
            wire.header(name, value);
        }
        (!wire.call_id.is_empty()).then_some(wire)
    }

    fn start_line(&mut self, line: &'a str) -> Option<()> {
        if let Some(status) = line.strip_prefix("SIP/2.0 ") {
            self.code = status.get(..3)?.parse().ok()?;
            self.reason = status.get(4..).unwrap_or("");
        } else {
            let (method, rest) = line.split_once(' ')?;
            (self.method, self.uri) = (method, rest.strip_suffix(" SIP/2.0")?);
        }
        Some(())
    }

    fn header(&mut self, name: &'a str, value: &'a str) {
        match full_name(name) {
            Known::Via => split_list(value, &mut self.vias),
            Known::Route => split_list(value, &mut self.routes),
            Known::RecordRoute => split_list(value, &mut self.record_routes),
            Known::From => self.from = value,
            Known::To => self.to = value,
            Known::CallId => self.call_id = value,
            Known::MaxForwards => self.max_forwards = Some(value),
            Known::Contact => self.contact = Some(value),
            Known::CSeq => {
                let (number, method) = value.split_once(' ').unwrap_or((value, ""));
                self.cseq = number.parse().unwrap_or(0);
                self.cseq_method = method.trim();
            }
            Known::Other => {}
        }
    }

    /// The first value of a header by its long name.
    pub fn named(&self, name: &str) -> Option<&'a str> {
        lines(self.head).find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v)
    }

    /// The top Via's branch.
    pub fn branch(&self) -> &'a str {
        self.vias.first().map_or("", |v| param(v, "branch").unwrap_or(""))
    }

    pub fn from_tag(&self) -> &'a str {
        param(self.from, "tag").unwrap_or("")
    }

    pub fn to_tag(&self) -> &'a str {
        param(self.to, "tag").unwrap_or("")
    }

    pub fn is_request(&self) -> bool {
        self.code == 0
    }
}

/// Name and value of each header line.
fn lines(mut rest: &str) -> impl Iterator<Item = (&str, &str)> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = line_end(rest);
        let (name, value) = rest[..end].split_once(':').unwrap_or((&rest[..end], ""));
        rest = rest.get(end + 2..).unwrap_or("");
        Some((name.trim_end(), value.trim()))
    })
}

/// Where the header line that `text` begins with ends; folded lines belong to it.
fn line_end(text: &str) -> usize {
    let mut from = 0;
    loop {
        match text[from..].find("\r\n") {
            None => return text.len(),
            Some(at) if text[from + at + 2..].starts_with([' ', '\t']) => from += at + 2,
            Some(at) => return from + at,
        }
    }
}

/// Number of the simulation's call that a datagram is about; `None` for the router's own probes.
pub fn call_of(bytes: &[u8]) -> Option<u64> {
    let end = memchr::memmem::find(bytes, CALL_ID_END)?;
    let digits = bytes[..end].iter().rev().take_while(|c| c.is_ascii_digit()).count();
    let number = bytes[end - digits..end].iter().fold(0u64, |n, c| n.wrapping_mul(10) + u64::from(c - b'0'));
    (digits > 0).then_some(number)
}

/// How every Call-ID of the simulation ends; it stands nowhere else in a message.
const CALL_ID_END: &[u8] = b"@sim\r\n";

/// What a datagram says, in short: its first line, and its CSeq, which tells what a response answers.
pub fn kind_of(bytes: &[u8]) -> (&[u8], &[u8]) {
    let line = |from: usize| {
        let rest = bytes.get(from..).unwrap_or_default();
        &rest[..rest.iter().position(|c| *c == b'\r').unwrap_or(rest.len())]
    };
    let cseq = memchr::memmem::find(bytes, b"\nCSeq: ");
    (line(0), cseq.map_or(b"".as_slice(), |at| line(at + 7)))
}

enum Known {
    Via,
    Route,
    RecordRoute,
    From,
    To,
    CallId,
    CSeq,
    MaxForwards,
    Contact,
    Other,
}

fn full_name(name: &str) -> Known {
    let is = |long: &str| name.eq_ignore_ascii_case(long);
    match name.as_bytes().first().map(u8::to_ascii_lowercase) {
        Some(b'v') if name.len() == 1 || is("Via") => Known::Via,
        Some(b'f') if name.len() == 1 || is("From") => Known::From,
        Some(b't') if name.len() == 1 || is("To") => Known::To,
        Some(b'i') if name.len() == 1 => Known::CallId,
        Some(b'm') if name.len() == 1 => Known::Contact,
        Some(b'm') if is("Max-Forwards") => Known::MaxForwards,
        Some(b'c') if is("Call-ID") => Known::CallId,
        Some(b'c') if is("CSeq") => Known::CSeq,
        Some(b'c') if is("Contact") => Known::Contact,
        Some(b'r') if is("Route") => Known::Route,
        Some(b'r') if is("Record-Route") => Known::RecordRoute,
        _ => Known::Other,
    }
}

/// Splits a comma list; commas inside quotes and angle brackets stay.
fn split_list<'a>(value: &'a str, out: &mut Vec<&'a str>) {
    let (mut start, mut quoted, mut angle) = (0, false, false);
    for (at, byte) in value.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'<' if !quoted => angle = true,
            b'>' if !quoted => angle = false,
            b',' if !quoted && !angle => {
                out.push(value[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    out.push(value[start..].trim());
}

/// A header parameter (after any `<>`), or a URI parameter when there are no brackets.
pub fn param<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let params = value.rsplit_once('>').map_or(value, |(_, p)| p);
    params.split(';').skip(1).find_map(|p| {
        let (n, v) = p.split_once('=').unwrap_or((p, ""));
        n.trim().eq_ignore_ascii_case(name).then(|| v.trim())
    })
}

/// The URI of a name-addr or addr-spec value.
pub fn uri_of(value: &str) -> &str {
    match value.split_once('<') {
        Some((_, rest)) => rest.split_once('>').map_or(rest, |(uri, _)| uri),
        None => value.split(';').next().unwrap_or(value).trim(),
    }
}

/// User, and host with port, of a SIP URI.
pub fn user_and_host(uri: &str) -> (&str, &str) {
    let rest = uri.split_once(':').map_or(uri, |(_, r)| r);
    let (user, rest) = rest.split_once('@').unwrap_or(("", rest));
    let host = rest.split([';', '?']).next().unwrap_or(rest);
    (user, host)
}

/// The address that a URI with a literal host names, 5060 by default.
pub fn address_of(uri: &str) -> Option<std::net::SocketAddr> {
    let (_, host) = user_and_host(uri);
    host.parse().ok().or_else(|| Some((host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().ok()?, 5060).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lists_compact_names_and_folds() {
        let text = "INVITE sip:49@10.0.0.1 SIP/2.0\r\nv: SIP/2.0/UDP a;branch=z9hG4bK1, SIP/2.0/UDP b;branch=z9hG4bK2\r\n\
                    f: \"A, B\" <sip:a@b;x=1>;tag=77\r\nTo:\r\n <sip:c@d>\r\nCall-ID: c1@x\r\nCSeq: 4 INVITE\r\n\
                    Route: <sip:x@10.0.0.1;lr>,<sip:y@[::1]:99>\r\n\r\nbody";
        let wire = Wire::read(text.as_bytes()).unwrap();
        assert_eq!((wire.method, wire.uri, wire.cseq), ("INVITE", "sip:49@10.0.0.1", 4));
        assert_eq!((wire.vias.len(), wire.branch(), wire.from_tag(), wire.to_tag()), (2, "z9hG4bK1", "77", ""));
        assert_eq!(wire.routes.len(), 2);
        assert_eq!(address_of(uri_of(wire.routes[1])), Some("[::1]:99".parse().unwrap()));
        assert_eq!(address_of(uri_of(wire.routes[0])), Some("10.0.0.1:5060".parse().unwrap()));
        assert_eq!((wire.to, wire.body), ("<sip:c@d>", "body"));
        assert!(Wire::read(b"\r\n\r\n").is_none());
    }
}
