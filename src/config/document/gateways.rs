//! Where calls can go: gateways, lists of them, and what their side wants to see.

use super::{MemberSpec, Otherwise, Probing};
use crate::config::lower::{Several, document};
use crate::config::value::{
    Added, Bool, CallerName, Diversion, GatewayAddress, HashKey, Int, Nat, Percent, Period, Policy, Reference,
    RetryAfter, Secret, Side, StripDigits, Switch, Text, Transport, UserName, UserPattern,
};

/// A word for people and tools.
pub type Tag = Reference;

document! {
    /// Where calls can go.
    Gateway {
        required {
            /// Its IP address, with a port where it is not 5060; or its name, which is looked up.
            address: GatewayAddress,
        }
        optional {
            /// How messages travel: udp (the default), tcp or tls.
            transport: Transport,
            /// The listener that its requests leave from. Default: the first of its transport, by id.
            listen: Reference,
            /// The change to numbers that go there, after the route's own.
            number: GatewayNumber,
            /// Overrides single keys of the root's `probing`.
            probing: Probing,
            /// Words for people and tools.
            tags: Several<Tag>,
            /// For people.
            description: Text,
        }
        later {
            /// What its challenges are answered with.
            auth: Auth,
            /// The router registers there; the state of that counts as health.
            register: Register,
            /// The caller's number, as this gateway wants it.
            caller: Caller,
            /// RFC 3325: believe and pass on P-Asserted-Identity and Privacy. Default false.
            trusted: Bool,
            /// What becomes of Diversion and History-Info: pass (the default) or drop.
            diversion: Diversion,
            /// Whether it stands behind a NAT: auto (the default), always or never.
            nat: Nat,
            /// At most so many calls at once; a full gateway is skipped.
            max_calls: Int<1, 1000000>,
            /// At most so many new calls a second.
            max_cps: Int<1, 1000000>,
            /// A call without a BYE closes as `lost` after this.
            max_duration: Period,
            /// After a recovery its share of the calls grows over this time.
            slow_start: Period,
            /// When its calls count as failing.
            health: Health,
            /// How its certificate is looked at.
            tls: Tls,
        }
    }

    /// A change to numbers: strip, then add.
    GatewayNumber {
        optional {
            /// How many digits are taken away.
            strip: StripDigits,
            /// Digits that are put before.
            add: Added,
        }
        later {
            /// A table of exact replacements, looked up before `strip`.
            table: Reference,
        }
    }

    /// What challenges are answered with.
    Auth {
        required {
            /// The user name, in quotes.
            user: UserName,
            /// The password: `{ secret_file: … }` or "${ENV:NAME}".
            password: Secret,
        }
        optional {
            /// The realm that is answered. Default: whichever asks.
            realm: Text,
        }
    }

    /// How the router registers a trunk.
    Register {
        required {
            /// The user name, in quotes.
            user: UserName,
        }
        optional {
            /// How long a registration holds.
            expires: Period,
            /// The listener whose address is registered. Default: the gateway's.
            contact: Reference,
        }
    }

    /// The caller's number: From and P-Asserted-Identity.
    Caller {
        optional {
            /// The change to the caller's number: strip, then add.
            number: CallerNumber,
            /// What may be shown; `*` is allowed at an end.
            allow: Several<UserPattern>,
            /// What replaces the rest, or `reject`.
            otherwise: Otherwise,
            /// The display name: keep (the default), drop, or a text that replaces it.
            name: CallerName,
            /// Where the number stands: from, pai or both.
            identity: Side,
        }
    }

    /// A change to the caller's number: strip, then add.
    CallerNumber {
        optional {
            /// How many digits are taken away.
            strip: StripDigits,
            /// Digits that are put before.
            add: Added,
        }
    }

    /// When a gateway's calls count as failing.
    Health {
        optional {
            /// So many failed calls in a row, then down.
            failures: Int<1, 1000>,
            /// This share of failed calls within `over`, then down.
            failure_share: Percent,
            /// The time that `failure_share` looks at.
            over: Period,
            /// How long it rests: the first time, and at most.
            back_off: Several<Period>,
            /// What a 503's Retry-After does: honour (the default) or ignore.
            retry_after: RetryAfter,
        }
    }

    /// How a gateway's certificate is looked at.
    Tls {
        optional {
            /// Whether it must be valid for the gateway's name: on (the default) or off.
            verify: Switch,
        }
    }

    /// A named list of gateways and lists.
    List {
        required {
            /// Gateways and lists, by id; in a weighted list with a weight. A nested list stands for its members, in
            /// place.
            members: Several<MemberSpec>,
        }
        optional {
            /// How it chooses. Default ordered: in the order written.
            policy: Policy,
            /// At most so many members are used for one call.
            limit: Int<1, 1000>,
            /// For people.
            description: Text,
        }
        later {
            /// At most so many calls at once by this list.
            max_calls: Int<1, 1000000>,
            /// What a `hash` list hashes: caller, callee or call-id.
            key: HashKey,
        }
    }

    /// A member of a list.
    ListMember {
        required {
            /// A gateway or a list.
            to: Reference,
        }
        optional {
            /// Its share in a weighted list; 0 = after all others. Default 1.
            weight: Int<0, 1000000>,
        }
    }
}
