//! RFC 3261 §17 and RFC 6026 state machines, as values with deadlines.
//!
//! A machine is told what happened and says what follows; its user sends, and asks `deadline()` when to call
//! `fire()`. Nothing here sends, allocates per message, or knows what a proxy is.
//!
//! ```
//! use trunkline::time::Instant;
//! use trunkline::transaction::{Fired, InviteClient, Received, Timers};
//!
//! let timers = Timers::default();
//! let mut invite = InviteClient::new(Instant(0), &timers, false);
//! assert_eq!(invite.deadline(), Some(Instant(500_000)));                     // timer A
//! assert_eq!(invite.fire(Instant(500_000)), Fired::Retransmit);
//! assert_eq!(invite.receive(Instant(600_000), 180, &timers), Received::Provisional);
//! assert_eq!(invite.receive(Instant(700_000), 486, &timers), Received::Failure);  // the user sends the ACK
//! assert_eq!(invite.receive(Instant(710_000), 486, &timers), Received::Repeated); // and sends it again
//! ```

mod due;
mod fields;
mod invite_client;
mod invite_server;
mod key;
mod noninvite_client;
mod noninvite_server;
mod pieces;
mod shelf;
mod timers;
mod wheel;

pub use fields::Fields;
pub use invite_client::InviteClient;
pub use invite_server::InviteServer;
pub use key::{Key, Matcher};
pub use noninvite_client::NonInviteClient;
pub use noninvite_server::NonInviteServer;
pub use shelf::Shelf;
pub use timers::Timers;
pub use wheel::{Ticket, Wheel};

/// What a response means to its client transaction's user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// 1xx: pass it up.
    Provisional,
    /// 2xx: pass it up, each one of them (RFC 6026 §8.4).
    Success,
    /// The first 3xx–6xx: pass it up; an INVITE's is acknowledged.
    Failure,
    /// A repeated final failure: an INVITE's is acknowledged once more, nothing is passed up.
    Repeated,
    /// Nothing to do.
    Ignored,
}

/// What a repeated request means to its server transaction's user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// Send the last response again.
    Resend,
    /// Nothing to do.
    Absorb,
}

/// What follows from a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fired {
    /// Send the request (client) or the last response (server) again; a 100 where there has been none.
    Retransmit,
    /// Timer B or F: no final came. Timer H: no ACK came.
    TimedOut,
    /// The machine is done: drop it.
    Terminated,
    /// Not yet.
    Nothing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_stay_small() {
        let invite = (size_of::<InviteClient>(), size_of::<InviteServer>());
        let others = (size_of::<NonInviteClient>(), size_of::<NonInviteServer>());
        assert_eq!((invite, others), ((24, 24), (24, 16)));
    }
}
