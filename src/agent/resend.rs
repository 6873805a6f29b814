//! A message that is sent again until it is answered: timers A/B, E/F, G/H of RFC 3261 §17, as one value.

use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

/// Round-trip estimate, RFC 3261 §17.1.1.1.
pub const T1: Duration = Duration::from_millis(500);
/// The longest pause between retransmissions of anything but an INVITE.
pub const T2: Duration = Duration::from_secs(4);
/// How long a transaction lasts that is not answered.
pub const LIFETIME: Duration = Duration::from_secs(32);

#[derive(Clone, Debug)]
pub struct Resend {
    pub bytes: Vec<u8>,
    pub to: SocketAddr,
    pause: Duration,
    longest: Duration,
    next: Instant,
    end: Instant,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    Nothing,
    Again,
    GivenUp,
}

impl Resend {
    /// An INVITE: the pauses double without a bound (timer A) until timer B.
    pub fn invite(bytes: Vec<u8>, to: SocketAddr) -> Resend {
        Resend::new(bytes, to, LIFETIME)
    }

    /// Any other request, and finals to an INVITE: the pauses grow to T2 (timers E and G).
    pub fn other(bytes: Vec<u8>, to: SocketAddr) -> Resend {
        Resend::new(bytes, to, T2)
    }

    fn new(bytes: Vec<u8>, to: SocketAddr, longest: Duration) -> Resend {
        let now = Instant::now();
        Resend { bytes, to, pause: T1, longest, next: now + T1, end: now + LIFETIME }
    }

    /// When something is due next.
    pub fn deadline(&self) -> Instant {
        self.next.min(self.end)
    }

    /// What is due at `now`; arms the next pause. A late call fires once, not once a missed pause.
    pub fn due(&mut self, now: Instant) -> Due {
        if now >= self.end {
            return Due::GivenUp;
        }
        if now < self.next {
            return Due::Nothing;
        }
        self.pause = (self.pause * 2).min(self.longest);
        self.next = now + self.pause;
        Due::Again
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(mut resend: Resend) -> Vec<u64> {
        let start = resend.next - T1;
        let mut all = Vec::new();
        loop {
            let at = resend.deadline();
            match resend.due(at) {
                Due::Again => all.push((at - start).as_millis() as u64 / 100 * 100),
                Due::Nothing => panic!("a deadline at which nothing is due"),
                Due::GivenUp => return all,
            }
        }
    }

    #[test]
    fn an_invite_is_sent_seven_times() {
        let to = "127.0.0.1:5060".parse().expect("an address");
        assert_eq!(pauses(Resend::invite(Vec::new(), to)), [500, 1500, 3500, 7500, 15500, 31500]);
    }

    #[test]
    fn other_requests_are_sent_eleven_times() {
        let to = "127.0.0.1:5060".parse().expect("an address");
        let all = pauses(Resend::other(Vec::new(), to));
        assert_eq!(all, [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]);
    }
}
