//! Planted faults: known mistakes that the simulation must be able to find. Compiled into tests and examples only.

/// One fault, or none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Plant {
    #[default]
    None,
    /// A gateway's 100 is forwarded to the caller.
    ForwardedTrying,
    /// No 100 is ever made.
    NoTrying,
    /// CANCEL goes out before the gateway has sent a 1xx.
    EarlyCancel,
    /// One record in a thousand is not written.
    LostRecord,
    /// One record in a thousand is written twice.
    DoubleRecord,
    /// A second final answer follows a 4xx.
    SecondFinal,
    /// Calls after a reload are routed by the table before it.
    StaleSnapshot,
    /// A client transaction is kept for ever now and then.
    LeakedTransaction,
    /// The hunt goes on after the caller's CANCEL.
    HuntAfterCancel,
    /// The cookie's MAC is not looked at.
    UncheckedCookie,
    /// A reload forgets which gateways are down.
    HealthReset,
    /// What was handed over in one batch is taken the last first.
    ReorderedHandover,
    /// A CANCEL is handed to a worker that does not own its call.
    WrongWorker,
    /// What workers see of gateways does not reach the one that judges them.
    LostEvidence,
    /// One answered call in twenty is not noted in the journal.
    JournalGap,
    /// The journal is never told which records are written, and nobody looks for them in the records file.
    WrittenTwice,
    /// Rows gather for a second before they are written.
    LateJournal,
    /// Each process seals its cookies with a key of its own.
    NewCookieKey,
}

impl Plant {
    pub const ALL: [(&'static str, Plant); 18] = [
        ("forwarded-100", Plant::ForwardedTrying),
        ("no-trying", Plant::NoTrying),
        ("early-cancel", Plant::EarlyCancel),
        ("lost-record", Plant::LostRecord),
        ("double-record", Plant::DoubleRecord),
        ("second-final", Plant::SecondFinal),
        ("stale-snapshot", Plant::StaleSnapshot),
        ("leaked-transaction", Plant::LeakedTransaction),
        ("hunt-after-cancel", Plant::HuntAfterCancel),
        ("unchecked-cookie", Plant::UncheckedCookie),
        ("health-reset", Plant::HealthReset),
        ("reordered-handover", Plant::ReorderedHandover),
        ("wrong-worker", Plant::WrongWorker),
        ("lost-evidence", Plant::LostEvidence),
        ("journal-gap", Plant::JournalGap),
        ("written-twice", Plant::WrittenTwice),
        ("late-journal", Plant::LateJournal),
        ("new-cookie-key", Plant::NewCookieKey),
    ];
}
