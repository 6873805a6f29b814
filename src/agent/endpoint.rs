//! One UDP socket and who gets what arrives on it.
//!
//! Messages of a call go to that call's [`Inbox`], found by Call-ID and our tag, or by Call-ID and the INVITE's branch
//! while there is no tag yet. Requests of no known call go to the owner of the endpoint. Every message is shown to the
//! observer, sent or received, before anything is done with it.

use super::packet::Packet;
use super::refused;
use rsip::SipMessage;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// Messages that wait for one call. Full: the message is dropped, as a network may; its sender repeats it.
const INBOX: usize = 64;
/// New requests that wait for their owner. Full: dropped likewise.
const FRESH: usize = 1024;
/// Larger than any datagram.
const DATAGRAM: usize = 65_536;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Sent,
    Received,
}

/// A message on its way, for those who watch.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Since the endpoint was opened.
    pub at: Duration,
    pub direction: Direction,
    pub peer: SocketAddr,
    /// `INVITE sip:1@127.0.0.1 SIP/2.0`, or `SIP/2.0 200 OK`.
    pub start_line: String,
    /// The method of the CSeq: what a response answers.
    pub method: String,
    /// Of a response.
    pub code: Option<u16>,
    pub call_id: String,
}

pub type Observer = Arc<dyn Fn(&Seen) + Send + Sync>;

pub struct Endpoint {
    socket: Arc<UdpSocket>,
    local: SocketAddr,
    inboxes: Mutex<BTreeMap<String, mpsc::Sender<Packet>>>,
    observer: Observer,
    opened: Instant,
    reader: Mutex<Option<AbortHandle>>,
}

impl Endpoint {
    /// Binds and starts to read. The second value yields requests that belong to no call. `towards` is a peer's address:
    /// it decides which of our addresses we give as ours where `bind` is a wildcard.
    pub async fn open(
        bind: SocketAddr,
        towards: Option<SocketAddr>,
        observer: Observer,
    ) -> io::Result<(Arc<Endpoint>, mpsc::Receiver<Packet>)> {
        let socket = Arc::new(UdpSocket::bind(bind).await?);
        if towards.is_some() {
            refused::listen(&socket)?;
        }
        let mut local = socket.local_addr()?;
        if local.ip().is_unspecified() {
            local.set_ip(own_address(towards).await?.ip());
        }
        let endpoint = Arc::new(Endpoint {
            socket: socket.clone(),
            local,
            inboxes: Mutex::default(),
            observer,
            opened: Instant::now(),
            reader: Mutex::default(),
        });
        // The runtime believes that a socket can't be written to until it was told otherwise.
        socket.writable().await?;
        let (fresh, requests) = mpsc::channel(FRESH);
        let reader = tokio::spawn(read(socket, Arc::downgrade(&endpoint), fresh));
        *endpoint.reader.lock().unwrap_or_else(PoisonError::into_inner) = Some(reader.abort_handle());
        Ok((endpoint, requests))
    }

    /// The address that our Via and Contact name.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// How long ago it was opened.
    pub fn elapsed(&self) -> Duration {
        self.opened.elapsed()
    }

    /// Writes a message down, shows it to the observer, and sends it. Gives back the bytes, for retransmissions.
    pub(super) fn send(&self, message: &SipMessage, to: SocketAddr) -> Vec<u8> {
        let bytes = message.to_string().into_bytes();
        self.send_bytes(&bytes, to);
        bytes
    }

    /// Sends bytes once more. What the socket refuses is lost, as on any network: the timers repeat it.
    pub(super) fn send_bytes(&self, bytes: &[u8], to: SocketAddr) {
        if let Some(packet) = Packet::parse(bytes, to) {
            self.show(Direction::Sent, &packet);
        }
        // A first error may be the echo of an earlier datagram (ICMP): it is no word about this one.
        let _ = self.socket.try_send_to(bytes, to).or_else(|_| self.socket.try_send_to(bytes, to));
    }

    /// Whether an ICMP error said that nobody is at `peer`; for endpoints that were opened towards somebody.
    pub(super) fn refused_by(&self, peer: SocketAddr) -> bool {
        refused::by(&self.socket, peer)
    }

    /// Registers a call under its keys.
    pub(super) fn inbox(self: &Arc<Self>, keys: Vec<String>) -> Inbox {
        let (sender, packets) = mpsc::channel(INBOX);
        let mut inboxes = self.inboxes.lock().unwrap_or_else(PoisonError::into_inner);
        for key in &keys {
            inboxes.insert(key.clone(), sender.clone());
        }
        Inbox { endpoint: self.clone(), keys, packets }
    }

    fn show(&self, direction: Direction, packet: &Packet) {
        (self.observer)(&Seen {
            at: self.opened.elapsed(),
            direction,
            peer: packet.from,
            start_line: packet.start_line.clone(),
            method: packet.method().map(|method| method.to_string()).unwrap_or_default(),
            code: packet.code(),
            call_id: packet.call_id().to_owned(),
        });
    }

    /// Gives a received packet to its call; hands it back when there is none.
    pub(super) fn deliver(&self, packet: Packet) -> Option<Packet> {
        let inboxes = self.inboxes.lock().unwrap_or_else(PoisonError::into_inner);
        match keys_of(&packet).iter().find_map(|key| inboxes.get(key)) {
            Some(inbox) => {
                let _ = inbox.try_send(packet);
                None
            }
            None => Some(packet),
        }
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take() {
            reader.abort();
        }
    }
}

/// Reads datagrams until the endpoint is gone.
async fn read(socket: Arc<UdpSocket>, endpoint: Weak<Endpoint>, fresh: mpsc::Sender<Packet>) {
    let mut buffer = vec![0; DATAGRAM];
    loop {
        // An error of a UDP socket tells about an earlier datagram, not about the socket.
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else { continue };
        let Some(endpoint) = endpoint.upgrade() else { return };
        let Some(packet) = buffer.get(..length).and_then(|bytes| Packet::parse(bytes, from)) else { continue };
        endpoint.show(Direction::Received, &packet);
        if let Some(packet) = endpoint.deliver(packet).filter(|packet| packet.request().is_some()) {
            let _ = fresh.try_send(packet);
        }
    }
}

/// The address that the kernel would send from.
async fn own_address(towards: Option<SocketAddr>) -> io::Result<SocketAddr> {
    let loopback = SocketAddr::from(([127, 0, 0, 1], 9));
    let socket = UdpSocket::bind(SocketAddr::from(([0, 0, 0, 0], 0))).await?;
    socket.connect(towards.unwrap_or(loopback)).await?;
    socket.local_addr()
}

/// What arrives for one call. Dropped: its messages are nobody's again.
pub(super) struct Inbox {
    endpoint: Arc<Endpoint>,
    keys: Vec<String>,
    packets: mpsc::Receiver<Packet>,
}

impl Inbox {
    /// The next message, or `None` at `deadline`.
    pub async fn next(&mut self, deadline: Instant) -> Option<Packet> {
        match tokio::time::timeout_at(deadline, self.packets.recv()).await {
            Ok(Some(packet)) => Some(packet),
            // Somebody took over our keys: nothing will come any more.
            Ok(None) => {
                tokio::time::sleep_until(deadline).await;
                None
            }
            Err(_) => None,
        }
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        let mut inboxes = self.endpoint.inboxes.lock().unwrap_or_else(PoisonError::into_inner);
        for key in &self.keys {
            inboxes.remove(key);
        }
    }
}

/// The key of a dialog: our tag in it.
pub(super) fn tag_key(call_id: &str, our_tag: &str) -> String {
    format!("{call_id}\ntag {our_tag}")
}

/// The key of a server transaction, for CANCELs and retransmissions that have no To tag.
pub(super) fn branch_key(call_id: &str, branch: &str) -> String {
    format!("{call_id}\nbranch {branch}")
}

fn keys_of(packet: &Packet) -> Vec<String> {
    let call_id = packet.call_id();
    // Our tag stands in To of what others ask, in From of what they answer.
    let tag = if packet.request().is_some() { packet.tag_in_to() } else { packet.tag_in_from() };
    let branch = packet.request().and_then(|_| packet.branch());
    tag.map(|tag| tag_key(call_id, tag)).into_iter().chain(branch.map(|branch| branch_key(call_id, branch))).collect()
}
