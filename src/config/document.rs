//! The file format, version 1: what each key is called, what it takes, what it means. The JSON schema that editors read
//! is generated from these types; so is the reader.

use super::diagnostic::{Code, Diagnostic, Report};
use super::lower::{At, Field, Lower, Map, OneOrMany, Several, document};
use super::value::{
    Added, Address, Age, Bind, Bool, Domain, FilePath, FinalCode, Int, Network, Period, PeriodOrOff, Policy, Prefix,
    ProbeMethod, ProbeWhen, Reference, ReplySet, RetryOn, SipUri, Size, StripCount, StripDigits, Text, Transport,
    Unknown, UserPattern,
};
use super::yaml::{Node, Value};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

document! {
    /// A routes file for trunkline, version 1.
    Document {
        required {
            /// The version of the file format: 1.
            version: Int<0, { u32::MAX }>,
        }
        optional {
            /// Further files, relative to the root file: paths or patterns with `*` and `**`.
            include: Several<Text>,
            /// Sockets to listen on. Without it: UDP 5060 on every address, under the id `default`.
            listen: Map<Listener>,
            /// Who may send calls at all. Everybody else gets nothing.
            access: Access,
            /// Where calls can go.
            gateways: Map<GatewaySpec>,
            /// Named lists of gateways. Gateways and lists share one id space.
            lists: Map<List>,
            /// Which calls belong together. The most specific match wins.
            groups: Map<Group>,
            /// What is done with a call: the longest prefix in the caller's group wins.
            routes: Map<Route>,
            /// How gateways are watched; each gateway may override single keys.
            probing: Probing,
            /// When the next gateway is tried; each route may override single keys.
            failover: Failover,
            /// Where call records go.
            accounting: Accounting,
            /// A call without a BYE closes as `lost` after this. Default 12h.
            max_duration: Period,
            /// For people.
            description: Text,
        }
        later {
            "timezone": "delete it: nothing in this build depends on the time of day",
            "schedules": "delete it: routes are active always",
            "number_tables": "delete it, and write prefixes instead",
            "sync": "delete it: this build keeps no database tables",
            "guards": "delete it: nothing is guarded in this build",
            "tests": "delete it, and ask `trunkline explain NUMBER`",
            "sheets": "delete it, and write routes instead",
            "lcr": "delete it, and write routes instead",
            "lints": "delete it: every lint has its usual severity",
            "cookie_key": "delete it: the key is made once in the state directory",
        }
    }

    /// A socket.
    Listener {
        required {
            /// The address and port of this machine.
            bind: Bind,
        }
        optional {
            /// How messages travel. Default udp.
            transport: Transport,
            /// What Via and Record-Route say instead of the bound address: the outside of a static NAT.
            advertise: Address,
            /// For people.
            description: Text,
        }
        later {
            "certificate": "delete it: this build serves udp alone",
            "key": "delete it: this build serves udp alone",
            "tls": "delete it: this build serves udp alone",
        }
    }

    /// Who may send calls.
    Access {
        optional {
            /// What strangers get: nothing (drop, the default), or a 403 (reject).
            unknown: Unknown,
            /// Sources that may call, by address.
            trusted: Map<TrustedSpec>,
            /// Declared gateways may call in from their own addresses. Default false.
            gateways: Bool,
        }
        later {
            "users": "delete it, and name the callers' addresses under `trusted`",
            "limits": "delete it: strangers' messages are bounded by a fixed budget",
        }
    }

    /// A source that may call.
    Trusted {
        required {
            /// Addresses and networks.
            sources: Several<Network>,
        }
        optional {
            /// The listeners on which it may call. Default: all.
            listen: Several<Reference>,
            /// For people.
            description: Text,
        }
        later {
            "identity": "delete it: identities are passed on as they came",
        }
    }

    /// Where calls can go.
    Gateway {
        required {
            /// Its IP address, with a port where it is not 5060.
            address: Address,
        }
        optional {
            /// How messages travel. Default udp.
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
            "auth": "delete it: this build does not answer challenges",
            "register": "delete it: this build does not register",
            "max_calls": "delete it: this build does not count calls",
            "max_cps": "delete it: this build does not count calls",
            "max_duration": "write `max_duration` at the root",
            "slow_start": "delete it",
            "health": "delete it: `probing` and calls decide",
            "caller": "delete it: the caller's number is passed on as it came",
            "trusted": "delete it: identities are passed on as they came",
            "diversion": "delete it: Diversion is passed on as it came",
            "nat": "delete it: the way back is in the Record-Route in any case",
            "tls": "delete it: this build serves udp alone",
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
            "table": "delete it",
        }
    }

    /// A named list of gateways and lists.
    List {
        required {
            /// Gateways and lists, by id. A nested list stands for its members, in place.
            members: Several<Reference>,
        }
        optional {
            /// How it chooses. Default ordered: in the order written.
            policy: Policy,
            /// For people.
            description: Text,
        }
        later {
            "limit": "delete it: `failover.max_attempts` bounds the attempts",
            "max_calls": "delete it: this build does not count calls",
            "key": "delete it: this build serves ordered lists",
        }
    }

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
            "users_file": "delete it, and write `match`",
            "normalize": "delete it: numbers are matched as they are dialled",
            "max_calls": "delete it: this build does not count calls",
            "max_duration": "write `max_duration` at the root",
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
            "account": "delete it: this build does not authenticate by digest",
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
            /// Among rules of one prefix the highest wins: 0 (the default) to 65535.
            priority: Int<0, 65535>,
            /// The gateways and lists to try, in order.
            to: OneOrMany<Reference>,
            /// Refuses the call: a code, or a code and its reason.
            reject: ReplySpec,
            /// The change to the number: strip, then add.
            number: RouteNumber,
            /// Overrides single keys of the root's `failover`.
            failover: RouteFailover,
            /// For people.
            description: Text,
        }
        later {
            "when": "delete it: routes are active always",
            "lcr": "write `to` instead",
            "continue": "delete it: a call ends with the rule that took it",
            "caller": "delete it: the caller's number is passed on as it came",
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
            "table": "delete it",
        }
    }

    /// An answer that the router makes itself.
    Reply {
        required {
            /// 400 to 699.
            code: FinalCode,
        }
        optional {
            /// What the caller's phone may show.
            reason: Text,
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

/// A word for people and tools.
pub type Tag = Reference;

/// A type that may be written as one short value instead of a map.
macro_rules! short {
    ($(#[$meta:meta])* $name:ident, $inner:ident, $shape:pat => $field:ident, $short:ty) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        pub struct $name(pub $inner);

        impl Lower for $name {
            fn lower(node: &Node<'_>, at: &At<'_>, report: &mut Report) -> Option<Self> {
                if !matches!(&node.value, $shape) || node.is_nothing() {
                    return $inner::lower(node, at, report).map($name);
                }
                let value = <$short>::lower(node, at, report)?;
                let given = super::lower::Given { key: at.key, span: node.span, value };
                Some($name($inner { $field: Field::Set(given), ..$inner::default() }))
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                concat!(stringify!($inner), "OrShort").into()
            }
            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let (short, long) = (generator.subschema_for::<$short>(), generator.subschema_for::<$inner>());
                json_schema!({ "anyOf": [short, long] })
            }
        }
    };
}

short! {
    /// A gateway; a text alone is its address.
    GatewaySpec, Gateway, Value::Text(..) => address, Address
}
short! {
    /// A trusted source; a list alone is its `sources`.
    TrustedSpec, Trusted, Value::List(_) => sources, Several<Network>
}
short! {
    /// An answer; a code alone has its usual reason.
    ReplySpec, Reply, Value::Text(..) => code, FinalCode
}

/// `final:` of a failover.
#[derive(Clone, Debug)]
pub enum FinalSpec {
    Reply(Reply),
    Last,
    Best,
}

impl Lower for FinalSpec {
    fn lower(node: &Node<'_>, at: &At<'_>, report: &mut Report) -> Option<Self> {
        match &node.value {
            Value::Text(word, _) if word == "last" => Some(FinalSpec::Last),
            Value::Text(word, _) if word == "best" => Some(FinalSpec::Best),
            Value::Text(word, _) if !node.is_nothing() && !word.starts_with(|c: char| c.is_ascii_digit()) => {
                let message = format!("`{at}`: `{word}` is neither an answer nor `last` or `best`");
                let help = "write `last`, `best`, a code, or { code: 503, reason: … }";
                report.push(Diagnostic::new(Code::BadValue, node.span, message).help(help));
                None
            }
            _ => ReplySpec::lower(node, at, report).map(|reply| FinalSpec::Reply(reply.0)),
        }
    }
}

impl JsonSchema for FinalSpec {
    fn schema_name() -> Cow<'static, str> {
        "Final".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "enum": ["last", "best"] }, generator.subschema_for::<ReplySpec>()] })
    }
}

/// The generated JSON schema (draft 2020-12), as `schema/trunkline-v1.json` holds it. Ends with a line end.
pub fn schema() -> String {
    let mut generator = SchemaGenerator::default();
    let mut schema = generator.root_schema_for::<Document>();
    schema.insert("$id".into(), "https://trunkline.dev/schema/trunkline-v1.json".into());
    if let Some(version) = schema.pointer_mut("/properties/version") {
        *version = serde_json::json!({ "const": 1, "description": "The version of the file format: 1." });
    }
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}
