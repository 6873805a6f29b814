//! Gateways that SIPp can't play: one that takes everything and says nothing, and one that is not there.

use super::ports::free;
use std::net::UdpSocket;

/// A gateway that hears and does not answer.
pub struct Silent {
    socket: UdpSocket,
    pub port: u16,
    heard: Vec<String>,
}

impl Silent {
    pub fn start() -> Silent {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        socket.set_nonblocking(true).expect("a socket");
        let port = socket.local_addr().expect("an address").port();
        Silent { socket, port, heard: Vec::new() }
    }

    /// The first words of all that came so far.
    pub fn heard(&mut self) -> &[String] {
        let mut buffer = [0; 65_536];
        while let Ok(length) = self.socket.recv(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..length]);
            self.heard.push(text.split_whitespace().next().unwrap_or_default().to_owned());
        }
        &self.heard
    }
}

/// A port at which nobody listens: the kernel answers with an ICMP error.
pub fn refusing() -> u16 {
    free()
}
