//! What a running router and its operator say to each other: where the router is ([`Address`]), the documents that go
//! over the control socket (CONFIG-AND-CLI part (f)), and the client that asks ([`Client`]). HTTP with JSON; the router's
//! side of it is in `server`.

mod address;
mod answers;
mod client;
mod status;

pub use address::{Address, STATE_OF_THE_PACKAGE, TOKEN_VARIABLE};
pub use answers::{
    CallLine, CallsAnswer, CallsQuery, GatewayOrder, GatewayOrderAnswer, Guard, PinOrder, PinOrderAnswer, ReloadAnswer,
    ReloadOrder, ReloadOutcome, RevisionLine, Stage,
};
pub use client::{AdminError, Client};
pub use status::{
    FilesState, FilesStatus, GatewayState, GatewayStatus, LastFailure, OverrideKind, OverrideStatus, Pinned,
    RunningSources, SourceText, Status, WatchStatus,
};

/// A time as all documents write it: RFC 3339 with milliseconds in UTC. Empty for one that no calendar has.
pub fn timestamp(at: crate::time::Wall) -> String {
    jiff::Timestamp::from_millisecond(at.millis()).map(|at| format!("{at:.3}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_have_milliseconds_and_utc() {
        let at = crate::time::Wall(1_764_000_000_120_000);
        assert_eq!(super::timestamp(at), "2025-11-24T16:00:00.120Z");
    }
}
