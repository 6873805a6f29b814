//! Settings of the whole router and their overrides: answers, probing, failover, accounting.

use super::{FinalSpec, ReplySpec};
use crate::config::lower::{Several, document};
use crate::config::value::{
    Age, Bool, FilePath, FinalCode, Int, Period, PeriodOrOff, ProbeMethod, ProbeWhen, ReasonPhrase, ReplySet, RetryOn,
    SipUri, Size,
};

document! {
    /// An answer that the router makes itself.
    Reply {
        required {
            /// 400 to 699.
            code: FinalCode,
        }
        optional {
            /// What the caller's phone may show.
            reason: ReasonPhrase,
        }
    }

    /// How gateways are watched.
    Probing {
        optional {
            /// OPTIONS (the default), INFO, or none: judged by calls alone.
            method: ProbeMethod,
            /// always (the default), or only while it is down.
            when: ProbeWhen,
            /// Between probes. Default 30s, at least 100ms.
            interval: Period,
            /// How long an answer may take. Default 2s.
            timeout: Period,
            /// The From of the probes. Default sip:probe@trunkline.invalid.
            from: SipUri,
            /// So many failures in a row, then down. Default 3.
            failures: Int<1, 1000>,
            /// So many successes in a row, then up. Default 2.
            recoveries: Int<1, 1000>,
            /// The answers that show life. Default 2xx, 4xx, 501; 408 and silence never do.
            up_on: Several<ReplySet>,
            /// Between probes while it is down. Default 10s.
            down_interval: Period,
        }
    }

    /// When the next gateway is tried.
    Failover {
        optional {
            /// What makes the call go on. Default timeout, transport, 5xx.
            retry_on: Several<RetryOn>,
            /// What never does; wins over retry_on. Default 404, 484, 486, 487, 6xx.
            never_on: Several<ReplySet>,
            /// No reply at all, not even 100, in this time: next gateway. Default 4s.
            attempt_timeout: Period,
            /// Only a 100 in this time: next gateway. Default 15s; `off` is possible.
            progress_timeout: PeriodOrOff,
            /// Rang for this long without an answer: 408 to the caller. Default 120s.
            ring_timeout: Period,
            /// At most so many gateways a call. Default 6.
            max_attempts: Int<1, 100>,
            /// No new attempt starts after this. Default 60s.
            max_setup_time: Period,
            /// When all are known to be down: try them in order all the same. Default true.
            last_resort: Bool,
            /// What the caller hears when every gateway failed: an answer, `last` or `best`. Default 503.
            r#final: FinalSpec,
            /// What the caller hears when no route takes the call. Default 503.
            no_route: ReplySpec,
        }
    }

    /// When the next gateway is tried, for one route.
    RouteFailover {
        optional {
            /// What makes the call go on.
            retry_on: Several<RetryOn>,
            /// What never does; wins over retry_on.
            never_on: Several<ReplySet>,
            /// No reply at all, not even 100, in this time: next gateway.
            attempt_timeout: Period,
            /// Only a 100 in this time: next gateway; `off` is possible.
            progress_timeout: PeriodOrOff,
            /// Rang for this long without an answer: 408 to the caller.
            ring_timeout: Period,
            /// At most so many gateways a call.
            max_attempts: Int<1, 100>,
            /// No new attempt starts after this.
            max_setup_time: Period,
            /// When all are known to be down: try them in order all the same.
            last_resort: Bool,
            /// What the caller hears when every gateway failed: an answer, `last` or `best`.
            r#final: FinalSpec,
        }
    }

    /// Where call records go.
    Accounting {
        optional {
            /// A file with one JSON object a line.
            file: RecordFile,
            /// An SQLite database with the tables `calls` and `attempts`.
            sqlite: RecordDatabase,
            /// So many digits at the end of every number are masked in records. Default 0.
            mask_digits: Int<0, 64>,
        }
    }

    /// A file of call records.
    RecordFile {
        required {
            /// Its path; a relative one counts from the root file's directory.
            path: FilePath,
        }
        optional {
            /// When a new file is begun. Default: never.
            rotate: Rotate,
        }
    }

    /// An SQLite database of call records.
    RecordDatabase {
        required {
            /// The path of its file; a relative one counts from the root file's directory.
            path: FilePath,
        }
        optional {
            /// Records of calls that came longer ago are deleted. Default: never.
            keep: Age,
        }
    }

    /// When a new file is begun.
    Rotate {
        required {
            /// At this size.
            size: Size,
        }
        optional {
            /// How many old files are kept. Default 14.
            keep: Int<1, 10000>,
        }
    }
}
