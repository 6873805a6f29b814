//! Test user agents for `call`, `answer` and the demo: real SIP over UDP, built from rsip's types.
//!
//! They are phones as a router meets them, not a copy of the router's core: their own transactions and timers, another
//! parser, another opinion of what RFC 3261 says. An [`Endpoint`] is one UDP socket; a [`caller`] places calls from it, an
//! [`answerer`] takes them. Both end in the same [`session`] once a call is answered. IPv4 only, as rsip's URIs are.

pub mod answerer;
pub mod behaviour;
mod build;
pub mod caller;
mod dialog;
pub mod endpoint;
mod packet;
mod refused;
mod resend;
pub mod session;
pub mod tally;

pub use answerer::Answerer;
pub use behaviour::Behaviour;
pub use caller::{Caller, Outcome, Plan};
pub use endpoint::{Direction, Endpoint, Observer, Seen};
pub use session::Side;
pub use tally::Tally;
