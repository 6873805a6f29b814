//! What the core counts, and how much of it is alive.

/// Plain counters of a worker, read at will by its owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub datagrams: u64,
    pub keep_alives: u64,
    pub malformed: u64,
    /// Requests from sources that no access rule admits.
    pub strangers: u64,
    /// Responses and ACKs that match nothing.
    pub strays: u64,
    pub calls: u64,
    pub answered: u64,
    pub failed: u64,
    pub cancelled: u64,
    pub rejected: u64,
    pub attempts: u64,
    pub probes: u64,
    /// New calls refused because the worker did not keep up, or had no room (checklist R2, T16); without a record.
    pub overload: u64,
}

impl Counters {
    /// Those of two workers together.
    pub fn plus(self, other: Counters) -> Counters {
        Counters {
            datagrams: self.datagrams + other.datagrams,
            keep_alives: self.keep_alives + other.keep_alives,
            malformed: self.malformed + other.malformed,
            strangers: self.strangers + other.strangers,
            strays: self.strays + other.strays,
            calls: self.calls + other.calls,
            answered: self.answered + other.answered,
            failed: self.failed + other.failed,
            cancelled: self.cancelled + other.cancelled,
            rejected: self.rejected + other.rejected,
            attempts: self.attempts + other.attempts,
            probes: self.probes + other.probes,
            overload: self.overload + other.overload,
        }
    }
}

/// How much is alive: all zero when nothing is left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Calls without a final answer.
    pub setting_up: usize,
    /// Finals that wait for their ACK; an answer does so for as long as its server transaction lives (timer L).
    pub awaiting_ack: usize,
    /// Server transactions in any state.
    pub server_transactions: usize,
    /// Client transactions in any state, probes included.
    pub client_transactions: usize,
    pub timers: usize,
}

impl Load {
    /// That of two workers together.
    pub fn plus(self, other: Load) -> Load {
        Load {
            setting_up: self.setting_up + other.setting_up,
            awaiting_ack: self.awaiting_ack + other.awaiting_ack,
            server_transactions: self.server_transactions + other.server_transactions,
            client_transactions: self.client_transactions + other.client_transactions,
            timers: self.timers + other.timers,
        }
    }
}
