//! How other threads reach a worker: bounded queues in arrival order, and an eventfd that ends the worker's `ppoll`.
//!
//! Commands come from the control side. Datagrams come from other workers: a call belongs to the worker that its Call-ID
//! hashes to. Evidence about gateways comes from all workers to the one with the health engine. The queues are those that
//! the simulation steps ([`crate::worker`]); what is added here is the waking.

use super::post::Command;
use crate::health::{Evidence, ProbeResult};
use crate::worker::{EVIDENCE_MOST, Handover, Parcel, Queue};
use nix::sys::eventfd::{EfdFlags, EventFd};
use std::os::fd::{AsFd, BorrowedFd};

/// Commands that wait for a worker.
const COMMANDS: usize = 256;

/// The way into a worker.
#[derive(Debug)]
pub struct Inbox {
    pub commands: Queue<Command>,
    pub handed: Handover,
    pub evidence: Queue<Evidence>,
    wake: EventFd,
}

impl Inbox {
    pub fn new() -> std::io::Result<Inbox> {
        Ok(Inbox {
            commands: Queue::new(COMMANDS),
            handed: Handover::default(),
            evidence: Queue::new(EVIDENCE_MOST),
            wake: EventFd::from_value_and_flags(0, EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC)?,
        })
    }

    /// A full queue gives the command back.
    pub fn command(&self, command: Command) -> Result<(), Command> {
        if self.commands.push(command)? {
            self.ring();
        }
        Ok(())
    }

    /// Hands over datagrams, in order. The worker is woken once, if it may be asleep. Returns how many did not fit.
    pub fn hand(&self, parcel: &mut Parcel) -> usize {
        let appended = self.handed.append(parcel);
        if appended.first {
            self.ring();
        }
        appended.lost
    }

    /// Tells the worker with the health engine what calls have shown. Returns how much did not fit. That a gateway works
    /// is no reason to wake it: it looks at each wake-up, once a second at the latest.
    pub fn tell(&self, evidence: &mut Vec<Evidence>) -> usize {
        let urgent = evidence.iter().any(is_urgent);
        let appended = self.evidence.append(evidence);
        if urgent {
            self.ring();
        }
        appended.lost
    }

    fn ring(&self) {
        // The only error is a counter at its maximum, and then the worker is awake anyway.
        let _ = self.wake.write(1);
    }

    /// Forgets the rings so far. Call it before the queues are emptied, never after.
    pub fn quiet(&self) {
        let _ = self.wake.read();
    }

    /// Readable when it was rung.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}

fn is_urgent(evidence: &Evidence) -> bool {
    evidence.trial || !matches!(evidence.result, ProbeResult::Code { code: ..500, .. } | ProbeResult::Nothing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{Flow, SocketIx};
    use crate::worker::Kind;
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    fn rung(inbox: &Inbox) -> bool {
        let mut fds = [PollFd::new(inbox.fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::ZERO).expect("poll") == 1
    }

    fn parcel(text: &[u8]) -> Parcel {
        let mut parcel = Parcel::default();
        let flow = Flow::udp(SocketIx(0), ([127, 0, 0, 1], 5060).into());
        text.iter().for_each(|byte| parcel.push(Kind::Arrived, flow, &[*byte]));
        parcel
    }

    fn evidence(code: u16, trial: bool) -> Vec<Evidence> {
        let address = ([127, 0, 0, 1], 5060).into();
        let result = ProbeResult::Code { code, retry_after: None };
        vec![Evidence { id: "gw".into(), address, transport: crate::flow::Transport::Udp, trial, result }]
    }

    #[test]
    fn batches_keep_their_order_and_ring_once_until_they_are_taken() {
        let inbox = Inbox::new().expect("an inbox");
        assert!(!rung(&inbox));
        assert_eq!(inbox.hand(&mut parcel(b"ab")), 0);
        assert!(rung(&inbox));
        inbox.quiet();
        assert_eq!(inbox.hand(&mut parcel(b"cd")), 0);
        assert!(!rung(&inbox), "a worker that has not emptied its queue need not be rung again");
        let mut got = Parcel::default();
        inbox.handed.take(&mut got);
        assert_eq!(got.iter().map(|(_, _, bytes)| bytes[0]).collect::<Vec<_>>(), b"abcd");
        assert_eq!(inbox.hand(&mut parcel(b"e")), 0);
        assert!(rung(&inbox));
    }

    #[test]
    fn a_full_inbox_gives_commands_back_and_counts_datagrams() {
        let inbox = Inbox::new().expect("an inbox");
        (0..COMMANDS).for_each(|_| inbox.command(Command::Drain).expect("room"));
        assert!(matches!(inbox.command(Command::Stop), Err(Command::Stop)));
        assert_eq!(inbox.hand(&mut parcel(&vec![0; inbox.handed.bound() + 3])), 3);
    }

    #[test]
    fn only_what_may_change_a_gateways_state_wakes() {
        for (code, trial, wakes) in [(200, false, false), (486, false, false), (503, false, true), (200, true, true)] {
            let inbox = Inbox::new().expect("an inbox");
            assert_eq!(inbox.tell(&mut evidence(code, trial)), 0);
            assert_eq!(rung(&inbox), wakes, "{code} {trial}");
        }
    }
}
