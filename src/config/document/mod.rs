//! The file format, version 1: what each key is called, what it takes, what it means. The JSON schema that editors read
//! is generated from these types; so is the reader.
//!
//! Keys under `later` belong to the format and are read and checked like all others, but nothing in this build acts on
//! them: `validate` notes them (TL0209), and `run` refuses a revision that has one.

mod access;
mod gateways;
mod guards;
mod routes;
mod schema;
mod settings;
mod short;
mod tables;
mod times;

pub use access::*;
pub use gateways::*;
pub use guards::*;
pub use routes::*;
pub use schema::schema;
pub use settings::*;
pub use short::*;
pub use tables::*;
pub use times::*;

use super::lower::{FreeMap, Map, Several, document};
use super::value::{IncludePattern, Int, Period, Secret, Text, Zone};

document! {
    /// A routes file for trunkline, version 1.
    Document {
        required {
            /// The version of the file format: 1.
            version: Int<0, { u32::MAX }>,
        }
        optional {
            /// Further files, relative to the root file: paths or patterns with `*` and `**`.
            include: Several<IncludePattern>,
            /// The time zone of schedules and tests, by its IANA name. Default Etc/UTC.
            timezone: Zone,
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
            /// Times that routes are bound to.
            schedules: Map<Schedule>,
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
            /// What a change may not do without being accepted.
            guards: Guards,
            /// Calls and what must become of them; `trunkline test` runs them.
            tests: FreeMap<Test>,
            /// The severity of single lints.
            lints: Lints,
            /// For people.
            description: Text,
        }
        later {
            /// Exact replacements of numbers, from files.
            number_tables: Map<NumberTable>,
            /// Rate sheets that become routes.
            sheets: Map<Sheet>,
            /// Routes by price, from rate sheets.
            lcr: Map<Lcr>,
            /// Databases of other routers that are kept in step.
            sync: Map<Sync>,
            /// The key of the cookies in Record-Route; nodes that stand in for each other share it.
            cookie_key: Secret,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_small() {
        // There may be a hundred thousand of them, and most of their keys are seldom written. One prefix, one group, one
        // time and one gateway stand in it, without lists of their own.
        assert!(size_of::<Route>() <= 744, "{}", size_of::<Route>());
    }
}
