//! A request with what was found out about it on the way in.

use super::access::Admission;
use crate::flow::Flow;
use crate::sip::{Message, Method, Parts, Uri, Via};
use crate::time::Now;

/// See the module.
#[derive(Clone, Copy)]
pub(super) struct Arrival<'a> {
    pub now: Now,
    pub flow: Flow,
    pub message: Message<'a>,
    pub via: Via<'a>,
    pub method: Method,
    pub admission: Admission,
    /// What the checks have read; `None` when they failed.
    pub parts: Option<Parts<'a>>,
}

impl Arrival<'_> {
    /// A To tag marks a request inside a dialog (RFC 3261 §12.2.2).
    pub fn in_dialog(&self) -> bool {
        self.parts.is_some_and(|parts| parts.to.tag.is_some())
    }

    pub fn call_id(&self) -> &[u8] {
        self.parts.map(|parts| parts.call_id).unwrap_or_default()
    }

    pub fn sender_tag(&self) -> &[u8] {
        self.parts.and_then(|parts| parts.from.tag).unwrap_or_default()
    }

    /// The tag of the one it is sent to; empty outside a dialog.
    pub fn receiver_tag(&self) -> &[u8] {
        self.parts.and_then(|parts| parts.to.tag).unwrap_or_default()
    }

    pub fn cseq(&self) -> u32 {
        self.parts.map_or(0, |parts| parts.cseq.number)
    }

    pub fn max_forwards(&self) -> Option<u8> {
        self.parts.and_then(|parts| parts.max_forwards)
    }

    pub fn uri(&self) -> Option<Uri<'_>> {
        self.parts.and_then(|parts| parts.uri)
    }
}
