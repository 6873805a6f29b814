//! Network addresses: of gateways, of listeners, and networks of callers.

use super::schema;
use crate::config::diagnostic::Safety;
use crate::config::lower::{Kind, Problem, Scalar};
use crate::route::Net;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

const SIP_PORT: u16 = 5060;
const FORMS: &str =
    "write an IP address, with a port where it is not 5060: \"198.51.100.7:5060\", \"[2001:db8::7]:5060\"";

/// Where a gateway is: an address, or a name that is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayAddress {
    /// For a name, an address that no packet has ([`stand_in`]): it tells names apart, and nothing else.
    pub to: SocketAddr,
    /// As it is written into a Request-URI: the port only if it was given.
    pub host: Arc<str>,
    pub named: bool,
}

impl Scalar for GatewayAddress {
    const WHAT: &'static str = "an address or a name, like \"198.51.100.7:5060\"";
    const KIND: Kind = Kind::Word;
    fn parse(text: &str) -> Result<GatewayAddress, Problem> {
        if let Some((name, port)) = name_and_port(text) {
            let host = Arc::from(text.to_ascii_lowercase());
            let to = SocketAddr::new(stand_in(name), port.unwrap_or(SIP_PORT));
            return Ok(GatewayAddress { to, host, named: true });
        }
        let forms = "write an address or a name: \"198.51.100.7:5060\", \"[2001:db8::7]:5060\", sip.carrier.example";
        let Address { to, host } =
            Address::parse(text).map_err(|problem| match text.bytes().any(|b| b.is_ascii_alphabetic()) {
                true if !text.contains(':') => Problem::new(format!("`{text}` is no address and no name")).help(forms),
                _ => problem,
            })?;
        Ok(GatewayAddress { to, host, named: false })
    }
    fn unknown(text: &str) -> Option<GatewayAddress> {
        Some(GatewayAddress { to: SocketAddr::new(stand_in(text), SIP_PORT), host: Arc::from(text), named: true })
    }
    fn unserved(&self) -> Option<&'static str> {
        self.named.then_some("names that have to be looked up")
    }
}

schema!(GatewayAddress, "GatewayAddress", {
    "description": "An IP address, with a port where it is not 5060; or a name",
    "type": "string",
    "minLength": 1,
    "pattern": "^[0-9A-Za-z.:\\[\\]_-]+$",
    "examples": ["198.51.100.7:5060", "[2001:db8::7]:5060", "sip.carrier.example"],
});

/// A name that could stand in the DNS, and the port behind it. What looks like an address is none.
fn name_and_port(text: &str) -> Option<(&str, Option<u16>)> {
    let (name, port) = match text.split_once(':') {
        Some((name, port)) => (name, Some(port.parse::<u16>().ok().filter(|n| *n > 0 && n.to_string() == port)?)),
        None => (text, None),
    };
    let label = |label: &str| {
        let fine = label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        fine && !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
    };
    let labels = name.strip_suffix('.').unwrap_or(name);
    let last = labels.rsplit('.').next().unwrap_or_default();
    let named = labels.len() <= 253 && labels.split('.').all(label) && last.bytes().any(|b| b.is_ascii_alphabetic());
    named.then_some((labels, port))
}

/// An address of the discard prefix 100::/64 (RFC 6666), the same for the same name whatever its case.
fn stand_in(name: &str) -> IpAddr {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(name.to_ascii_lowercase().as_bytes());
    let mut octets = [0; 16];
    octets[0] = 1;
    octets[8..].copy_from_slice(&hash[..8]);
    IpAddr::V6(Ipv6Addr::from(octets))
}

/// An address of ours as others see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub to: SocketAddr,
    /// As it is written into a Request-URI: the port only if it was given.
    pub host: Arc<str>,
}

impl Scalar for Address {
    const WHAT: &'static str = "an address, like \"198.51.100.7:5060\"";
    const KIND: Kind = Kind::Word;
    fn parse(text: &str) -> Result<Address, Problem> {
        let (ip, port) = host_and_port(text)?;
        if ip.is_unspecified() || ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST) {
            return Err(Problem::new(format!("`{text}` is no address that a gateway can have")).help(FORMS));
        }
        let host = match (ip, port) {
            (IpAddr::V4(ip), None) => ip.to_string(),
            (IpAddr::V6(ip), None) => format!("[{ip}]"),
            (ip, Some(port)) => SocketAddr::new(ip, port).to_string(),
        };
        Ok(Address { to: SocketAddr::new(ip, port.unwrap_or(SIP_PORT)), host: Arc::from(host) })
    }
}

schema!(Address, "Address", {
    "type": "string",
    "description": "An IP address, with a port where it is not 5060",
    "pattern": "^([0-9.]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?$|^[0-9A-Fa-f:.]+$",
    "examples": ["198.51.100.7:5060", "[2001:db8::7]:5060"],
});

/// What a listener binds to; a wildcard is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bind(pub SocketAddr);

impl Scalar for Bind {
    const WHAT: &'static str = "an address of this machine, like \"192.168.10.2:5060\"";
    const KIND: Kind = Kind::Word;
    fn parse(text: &str) -> Result<Bind, Problem> {
        let (ip, port) = host_and_port(text)?;
        if ip.is_multicast() {
            return Err(Problem::new(format!("`{text}` is a multicast address")).help(FORMS));
        }
        Ok(Bind(SocketAddr::new(ip, port.unwrap_or(SIP_PORT))))
    }
}

schema!(Bind, "Bind", {
    "type": "string",
    "description": "An address of this machine, with a port where it is not 5060; 0.0.0.0 is every IPv4 address, [::] every address",
    "pattern": "^([0-9.]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?$|^[0-9A-Fa-f:.]+$",
    "examples": ["192.168.10.2:5060", "[::]:5060"],
});

/// IP address and, where it stands there, the port.
fn host_and_port(text: &str) -> Result<(IpAddr, Option<u16>), Problem> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return match address.port() {
            0 => Err(Problem::new("port 0 is no port").help(FORMS)),
            port => Ok((address.ip(), Some(port))),
        };
    }
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Ok((ip, None));
    }
    Err(explain(text))
}

/// Why a text is no address.
fn explain(text: &str) -> Problem {
    if let Some((scheme, rest)) = text.split_once(':')
        && matches!(scheme.to_ascii_lowercase().as_str(), "sip" | "sips")
    {
        let rest = rest.split([';', '?']).next().unwrap_or_default();
        let rest = rest.rsplit('@').next().unwrap_or_default();
        let problem = Problem::new(format!("`{text}` is a SIP URI, and an address is expected")).help(FORMS);
        return if host_and_port(rest).is_ok() { problem.fix(Safety::Review, format!("{rest:?}")) } else { problem };
    }
    if text.contains('%') {
        return Problem::new(format!("`{text}`: addresses with a zone are not served")).help(FORMS);
    }
    if text.contains('/') {
        return Problem::new(format!("`{text}` is a network, and one address is expected")).help(FORMS);
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    if let Some(port) = port
        && (port.parse::<u16>().is_err() || port == "0")
    {
        return Problem::new(format!("`{port}` is no port")).help("a port is a whole number from 1 to 65535");
    }
    let dotted = !host.is_empty() && host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if dotted {
        return Problem::new(format!("`{text}` is no IP address"))
            .help("an IPv4 address has four parts from 0 to 255, without leading zeros");
    }
    // rsip takes whatever is no IP address for a domain; what can stand in one is checked here.
    let name = match rsip::HostWithPort::try_from(text) {
        Ok(rsip::HostWithPort { host: rsip::Host::Domain(name), .. }) => name.to_string(),
        _ => String::new(),
    };
    let named = !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
        && name.bytes().any(|b| b.is_ascii_alphabetic());
    if named {
        return Problem::new(format!("`{name}` is a name, and an address is expected")).help(FORMS);
    }
    Problem::new(format!("`{text}` is no address")).help(FORMS)
}

/// A network, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(pub Net);

impl Scalar for Network {
    const WHAT: &'static str = "an address or a network, like \"192.168.10.0/24\"";
    const KIND: Kind = Kind::Word;
    fn parse(text: &str) -> Result<Network, Problem> {
        let forms = "write an address or a network: \"192.168.10.10\", \"192.168.10.0/24\", \"2001:db8::/48\"";
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let Ok(address) = address.parse::<IpAddr>() else {
            return Err(Problem::new(format!("`{text}` is no address and no network")).help(forms));
        };
        let full = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            None => full,
            Some(length) => match length.parse::<u8>() {
                Ok(n) if n <= full && n.to_string() == length => n,
                _ => {
                    return Err(
                        Problem::new(format!("`/{length}` is no mask")).help(format!("a mask here is 0 to {full}"))
                    );
                }
            },
        };
        let network = base(address, length);
        if network != address {
            return Err(Problem::new(format!("`{text}` has bits beyond its mask"))
                .help(format!("write \"{network}/{length}\" for the network, or \"{address}\" for the one address"))
                .fix(Safety::Review, format!("\"{network}/{length}\"")));
        }
        Ok(Network(Net { address, length }))
    }
}

schema!(Network, "Network", {
    "type": "string",
    "description": "An IP address, or a network in CIDR form",
    "pattern": "^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$",
    "examples": ["192.168.10.10", "192.168.10.0/24", "2001:db8::/48"],
});

/// The address with everything beyond the mask set to zero.
fn base(address: IpAddr, length: u8) -> IpAddr {
    match address {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(ip.to_bits() & mask))
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & mask))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_what_is_wrong_with_others() {
        for (text, host) in [
            ("198.51.100.7:5080", "198.51.100.7:5080"),
            ("198.51.100.7", "198.51.100.7"),
            ("[2001:db8::1]:5060", "[2001:db8::1]:5060"),
            ("2001:db8::1", "[2001:db8::1]"),
        ] {
            assert_eq!(Address::parse(text).map(|a| a.host.to_string()).map_err(|p| p.message), Ok(host.to_owned()));
        }
        for (text, said) in [
            ("sip:198.51.100.7:5060", "`sip:198.51.100.7:5060` is a SIP URI, and an address is expected"),
            ("sip.carrier.example", "`sip.carrier.example` is a name, and an address is expected"),
            ("pbx:5060", "`pbx` is a name, and an address is expected"),
            ("198.51.100.300:5060", "`198.51.100.300:5060` is no IP address"),
            ("198.51.100.7:70000", "`70000` is no port"),
            ("198.51.100.7:0", "port 0 is no port"),
            ("fe80::1%eth0", "`fe80::1%eth0`: addresses with a zone are not served"),
            ("10.0.0.0/8", "`10.0.0.0/8` is a network, and one address is expected"),
            ("0.0.0.0:5060", "`0.0.0.0:5060` is no address that a gateway can have"),
            ("", "`` is no address"),
            ("a b", "`a b` is no address"),
        ] {
            assert_eq!(Address::parse(text).map_err(|p| p.message), Err(said.to_owned()));
        }
    }

    #[test]
    fn gateways_may_have_names() {
        let read =
            |text: &str| GatewayAddress::parse(text).map(|a| (a.host.to_string(), a.named)).map_err(|p| p.message);
        assert_eq!(read("sip.Carrier.example"), Ok(("sip.carrier.example".into(), true)));
        assert_eq!(read("pbx:5080"), Ok(("pbx:5080".into(), true)));
        assert_eq!(read("198.51.100.7:5060"), Ok(("198.51.100.7:5060".into(), false)));
        assert_eq!(read("sip..example"), Err("`sip..example` is no address and no name".into()));
        assert_eq!(read("a b"), Err("`a b` is no address and no name".into()));
        assert_eq!(read("198.51.100.300"), Err("`198.51.100.300` is no IP address".into()));
        let stands_for = |text: &str| GatewayAddress::parse(text).map(|a| a.to).ok();
        assert_eq!(stands_for("a.example"), stands_for("A.example"), "the same name is the same place");
        assert_ne!(stands_for("a.example"), stands_for("b.example"));
    }

    #[test]
    fn networks() {
        let read =
            |text: &str| Network::parse(text).map(|n| (n.0.address.to_string(), n.0.length)).map_err(|p| p.message);
        assert_eq!(read("192.168.10.10"), Ok(("192.168.10.10".into(), 32)));
        assert_eq!(read("0.0.0.0/0"), Ok(("0.0.0.0".into(), 0)));
        assert_eq!(read("2001:db8::/48"), Ok(("2001:db8::".into(), 48)));
        assert_eq!(read("192.168.10.10/24"), Err("`192.168.10.10/24` has bits beyond its mask".into()));
        assert_eq!(read("192.168.10.0/33"), Err("`/33` is no mask".into()));
        assert_eq!(read("192.168.10.0/024"), Err("`/024` is no mask".into()));
    }
}
