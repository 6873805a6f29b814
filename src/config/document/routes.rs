//! Which calls belong together, and what is done with them.

use super::{Caller, ReplySpec, RouteFailover, When};
use crate::config::lower::{OneOrMany, Rare, Several, document};
use crate::config::value::{
    Added, Bool, Domain, FilePath, Int, Network, Period, Prefix, Reference, StripCount, Text, UserPattern,
};

document! {
    /// Which calls belong together.
    Group {
        optional {
            /// Alternatives; in each, all keys must hold.
            r#match: Several<Match>,
            /// Whether this group calls out. False spares it the lints about catch-alls and emergency numbers.
            calls_out: Bool,
            /// For people.
            description: Text,
        }
        later {
            /// A file with `user,domain[,account]` a line; they belong to this group.
            users_file: FilePath,
            /// Brings dialled numbers into one form before a route is chosen.
            normalize: Normalize,
            /// At most so many calls at once.
            max_calls: Int<1, 1000000>,
            /// At most so many new calls a second.
            max_cps: Int<1, 1000000>,
            /// A call without a BYE closes as `lost` after this.
            max_duration: Period,
        }
    }

    /// One way to belong to a group: all keys must hold.
    Match {
        optional {
            /// The user of the caller's From; `*` is allowed at its end.
            user: UserPattern,
            /// The domain of the caller's From.
            domain: Domain,
            /// The caller's address, or its network.
            source: Network,
            /// A gateway that the call comes from.
            gateway: Reference,
            /// The listener that the call came in on.
            listener: Reference,
        }
        later {
            /// The digest user that the caller is.
            account: Reference,
        }
    }

    /// How dialled numbers are brought into the form `+…`.
    Normalize {
        required {
            /// The country's own code, in quotes, without `+`.
            country: Prefix,
        }
        optional {
            /// What stands before a country code. Default "+" alone.
            international: OneOrMany<Prefix>,
            /// What stands before an area code.
            national: Prefix,
        }
    }

    /// What is done with a call.
    Route {
        optional {
            /// The digits that the number begins with, in quotes; a list is the same rule for each.
            prefix: OneOrMany<Prefix>,
            /// The prefix is the whole number. Default false.
            exact: Bool,
            /// Takes everything that no prefix takes.
            default: Bool,
            /// The groups it belongs to, or `all`. Default: the group `default`.
            group: OneOrMany<Reference>,
            /// When it is active: a schedule, a list (any of them), or `{ not: … }`. Default: always.
            when: When,
            /// Among rules of one prefix the highest wins: 0 (the default) to 65535.
            priority: Int<0, 65535>,
            /// The gateways and lists to try, in order.
            to: OneOrMany<Reference>,
            /// Refuses the call: a code, or a code and its reason.
            reject: Rare<ReplySpec>,
            /// The change to the number: strip, then add.
            number: Rare<RouteNumber>,
            /// Overrides single keys of the root's `failover`.
            failover: Rare<RouteFailover>,
            /// For people.
            description: Text,
        }
        later {
            /// Calls go by price, as this entry of `lcr` says.
            lcr: Reference,
            /// When all its gateways failed: go on to the next rule, then to shorter prefixes. Default false.
            r#continue: Bool,
            /// The caller's number, as it is shown; before the gateway's own change.
            caller: Rare<Caller>,
        }
    }

    /// A change to the dialled number.
    RouteNumber {
        optional {
            /// How many digits are taken away, or `matched`: as many as the prefix that matched.
            strip: StripCount,
            /// Digits that are put before.
            add: Added,
            /// Skips the gateways' own change. Default false.
            raw: Bool,
        }
        later {
            /// A table of exact replacements, looked up before `strip`.
            table: Reference,
        }
    }
}
