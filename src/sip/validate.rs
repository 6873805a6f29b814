//! What a request must satisfy before anything is done with it (RFC 3261 §16.3 step 1 and 2; checklist P13, P14, X2).

use super::{Limits, Message};

/// A refusal: the status code, its reason phrase, and what was wrong (for the Warning header and the log).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reject {
    pub code: u16,
    pub reason: &'static str,
    pub why: &'static str,
}

/// Checks syntax of the headers that the router reads (400), the version (505), the Request-URI's scheme (416), the
/// limits (513, 414). For responses: that Via, From, To, Call-ID and CSeq can be read.
pub fn validate(_message: &Message, _limits: &Limits) -> Result<(), Reject> {
    todo!()
}
