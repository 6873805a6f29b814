//! The floor that a router is measured against: a relay of datagrams that knows nothing of SIP. What comes from the
//! gateway goes to the caller, everything else to the gateway; one `recvfrom` and one `sendto` a datagram, nothing
//! batched. A proxy on plain sockets can't handle a message for less.
//!
//! `relay LISTEN CALLER GATEWAY` (ports of 127.0.0.1); `benches/compare` runs it beside the router.

use socket2::SockRef;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::ExitCode;

/// As much as the router asks for: neither side may lose datagrams that the other would have kept.
const BUFFER: usize = 4 << 20;

fn main() -> ExitCode {
    let ports: Vec<u16> = std::env::args().skip(1).filter_map(|port| port.parse().ok()).collect();
    let [listen, caller, gateway] = ports[..] else {
        eprintln!("usage: relay LISTEN CALLER GATEWAY");
        return ExitCode::from(2);
    };
    let Err(error) = relay(listen, at(caller), at(gateway));
    eprintln!("relay: {error}");
    ExitCode::FAILURE
}

fn at(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn relay(listen: u16, caller: SocketAddr, gateway: SocketAddr) -> std::io::Result<std::convert::Infallible> {
    let socket = UdpSocket::bind(at(listen))?;
    SockRef::from(&socket).set_recv_buffer_size(BUFFER)?;
    let mut buffer = [0; 65_536];
    loop {
        // An ICMP error of an earlier datagram is reported here, and is nobody's end.
        let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
        let to = if from == gateway { caller } else { gateway };
        let _ = socket.send_to(&buffer[..length], to);
    }
}
