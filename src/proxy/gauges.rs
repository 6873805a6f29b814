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
