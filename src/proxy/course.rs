//! What is kept of a transaction other than INVITE: its server's half, and until the final its course downstream.

use super::alarm::Alarm;
use super::arrival::Arrival;
use super::errand::Errand;
use super::leg::Close;
use super::peers::Peer;
use crate::flow::Flow;
use crate::sip::{Abridged, Method};
use crate::time::Instant;
use crate::transaction::{Key, NonInviteClient, NonInviteServer};
use smallvec::SmallVec;

/// A server transaction other than an INVITE's. Small, for it outlives its final by 32 s (timer J).
pub(super) struct Exchange {
    pub key: Key,
    pub server: NonInviteServer,
    pub reply_to: Peer,
    /// The last response sent.
    pub last: Option<Abridged>,
    pub nonce: u64,
    /// Until the final: what goes on downstream. None where the answer is our own.
    pub course: Option<Box<Course>>,
    pub alarm: Alarm,
}

/// A request other than INVITE on its way downstream. It ends with the final that goes up: what the next hop repeats
/// after it is absorbed for as long as the server transaction lives, which is longer than timer K.
pub(super) struct Course {
    /// As in the CSeq of its responses.
    pub method: SmallVec<[u8; 10]>,
    pub client: Option<NonInviteClient>,
    pub flow: Flow,
    /// The request as sent downstream.
    pub sent: Option<Box<[u8]>>,
    /// Outside a dialog: what is needed to go on hunting.
    pub errand: Option<Box<Errand>>,
    /// When the present attempt is given up.
    pub wait: Option<Instant>,
    pub close: Option<Close>,
    /// A BYE: any final closes the record.
    pub bye: bool,
    /// Its To has a tag: it is inside a dialog.
    pub tagged: bool,
}

impl Course {
    pub fn new(arrival: &Arrival, close: Option<Close>, errand: Option<Box<Errand>>) -> Course {
        Course {
            method: SmallVec::from_slice(arrival.message.method_text()),
            client: None,
            flow: arrival.flow,
            sent: None,
            errand,
            wait: None,
            close,
            bye: arrival.method == Method::Bye,
            tagged: arrival.in_dialog(),
        }
    }
}

impl Exchange {
    /// `response` was sent: a request that comes again gets it again.
    pub fn keep(&mut self, response: &[u8]) {
        let tagged = self.course.as_ref().is_some_and(|course| course.tagged);
        self.last = Some(Abridged::of(response, tagged));
    }

    /// A client transaction of it lives.
    pub fn waiting(&self) -> bool {
        self.course.as_ref().is_some_and(|course| course.client.is_some())
    }

    /// Where it waits for a first sign of life.
    pub fn silent_flow(&self) -> Option<&Flow> {
        let course = self.course.as_deref()?;
        course.client.as_ref().filter(|client| client.trying()).map(|_| &course.flow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_for_half_a_minute_stays_small() {
        assert_eq!(size_of::<Exchange>(), 80);
    }
}
