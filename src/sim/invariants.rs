//! The laws that every run must keep, how often each was checked, and the first breach.

use crate::time::Instant;

macro_rules! laws {
    ($($variant:ident $name:literal $meaning:literal;)*) => {
        /// One law. `name` is what people see and what `--plant` reports.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Law { $($variant),* }

        impl Law {
            pub const ALL: &'static [Law] = &[$(Law::$variant),*];

            pub fn name(self) -> &'static str {
                match self { $(Law::$variant => $name),* }
            }
            pub fn meaning(self) -> &'static str {
                match self { $(Law::$variant => $meaning),* }
            }
        }
    };
}

laws! {
    EndsOnce "ends-once" "a call ends exactly once for its caller";
    OneFinal "one-final" "one final a server transaction, repeated byte for byte, but for further 2xx";
    TryingInTime "trying-in-time" "an INVITE hears something within 200 ms";
    NoForwardedTrying "no-forwarded-100" "a gateway's 100 stays with the router";
    RuleGateways "rule-gateways" "calls go to the gateways their rule names, in order, with the rule's number";
    HuntReasons "hunt-reasons" "the next gateway is asked after silence, a transport error or a 5xx alone";
    NoHuntAfterEnd "no-hunt-after-end" "no gateway is asked after the caller's CANCEL or final answer";
    CancelAfterProvisional "cancel-after-1xx" "no CANCEL before the gateway's first 1xx";
    SameTransaction "same-transaction" "CANCEL and ACK repeat their INVITE: branch, URI, From, Call-ID, CSeq, one Via";
    FailureAcknowledged "failure-acknowledged" "each non-2xx final of a gateway is acknowledged at once";
    AnswersForwarded "answers-forwarded" "each 2xx of a living branch goes to the caller at once";
    ProvisionalsForwarded "provisionals-forwarded" "each 101–199 of the branch in hunt goes to the caller at once";
    ForwardedUntouched "forwarded-untouched" "a forwarded message changes where RFC 3261 §16.6 and §16.7 say, and nowhere else";
    RepeatsAreEqual "repeats-are-equal" "retransmissions are the same bytes, not faster than T1, and end with the answer or the ACK";
    CancelAnswered "cancel-answered" "a CANCEL is answered at once: 200 where it matches, 481 where not";
    HandOver "handover-order" "what one sender says in a call is taken in the order in which it came";
    InDialog "in-dialog" "requests of a dialog go to its other side, and nowhere else";
    ByesPass "byes-pass" "a BYE with its cookie goes to the other side at once, and the answer back, whichever process answered the call";
    TamperedCookie "tampered-cookie" "a changed cookie opens nothing";
    OwnAnswers "own-answers" "what is for the router is answered by it: OPTIONS, REGISTER, Max-Forwards 0";
    StrangersUnheard "strangers-unheard" "no word to an address that nobody admitted";
    DownIsKept "down-is-kept" "a gateway whose probes fail is not tried before others, whatever is reloaded";
    ProbesInOrder "probes-in-order" "one probe at a time to a gateway, within its interval, never to one that is gone";
    RecordOnce "record-once" "exactly one record for each call that was admitted; a crash costs at most those of its last 100 ms";
    RecordTruth "record-truth" "a record says what caller and gateways saw";
    NothingLeft "nothing-left" "when all is quiet no transaction and no timer is left";
}

/// The first breach of a law.
#[derive(Clone, Debug)]
pub struct Breach {
    pub law: Law,
    /// Number of the call, when it is about one.
    pub call: Option<u64>,
    pub at: Instant,
    pub what: String,
}

/// Counts of checks, and the first breach.
#[derive(Clone, Debug)]
pub struct Tally {
    checked: Vec<u64>,
    pub breach: Option<Breach>,
}

impl Default for Tally {
    fn default() -> Tally {
        Tally { checked: vec![0; Law::ALL.len()], breach: None }
    }
}

impl Tally {
    /// Counts one check of `law`; where it does not hold, `what` says so. Later breaches are left out.
    pub fn check(&mut self, law: Law, at: Instant, call: Option<u64>, holds: bool, what: impl FnOnce() -> String) {
        self.checked[law as usize] += 1;
        if !holds && self.breach.is_none() {
            self.breach = Some(Breach { law, call, at, what: what() });
        }
    }

    pub fn checked(&self, law: Law) -> u64 {
        self.checked[law as usize]
    }
}
