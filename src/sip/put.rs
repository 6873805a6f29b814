//! Writing numbers and addresses into a message under construction, without an allocation of their own.

use std::fmt::{self, Write};
use std::net::{IpAddr, SocketAddr};

/// Appends a number in decimal.
pub fn put_decimal(out: &mut Vec<u8>, number: u64) {
    let mut digits = [0u8; 20];
    let at = decimal_before(digits.len(), number, &mut digits);
    out.extend_from_slice(&digits[at..]);
}

/// Writes a number so that it ends before `at`; gives where it begins. There must be room.
fn decimal_before(mut at: usize, number: u64, text: &mut [u8]) -> usize {
    let mut rest = number;
    loop {
        at -= 1;
        text[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            return at;
        }
    }
}

/// Appends an address as `received=` has it: IPv6 without brackets (RFC 3261 §25.1, via-received).
pub fn put_ip(out: &mut Vec<u8>, ip: IpAddr) {
    match ip {
        IpAddr::V4(v4) => {
            let mut text = [0u8; 15];
            let mut at = text.len();
            for (nth, octet) in v4.octets().into_iter().enumerate().rev() {
                at = decimal_before(at, octet.into(), &mut text);
                if nth > 0 {
                    at -= 1;
                    text[at] = b'.';
                }
            }
            out.extend_from_slice(&text[at..]);
        }
        // Writing to a Vec can't fail.
        IpAddr::V6(v6) => drop(write!(Text(out), "{v6}")),
    }
}

/// Appends an address as sent-by or a URI has it: IPv6 in brackets.
pub fn put_host(out: &mut Vec<u8>, ip: IpAddr) {
    if ip.is_ipv4() {
        return put_ip(out, ip);
    }
    out.push(b'[');
    put_ip(out, ip);
    out.push(b']');
}

/// Appends `host:port`, IPv6 in brackets.
pub fn put_addr(out: &mut Vec<u8>, addr: SocketAddr) {
    put_host(out, addr.ip());
    out.push(b':');
    put_decimal(out, addr.port().into());
}

/// Lets the standard formatting write into a message.
struct Text<'o>(&'o mut Vec<u8>);

impl Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
