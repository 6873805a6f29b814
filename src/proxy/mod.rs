//! The stateful proxy of RFC 3261 §16 on top of the transactions: routing, hunting, cancelling, recording.
//!
//! A request's way through the files: `receive` (match, check), `access` (who may), `initial` (the table decides),
//! `attempt` (one gateway), `answer` (what came back), `patience` (what did not), `cancel`, `finish` (finals, removal),
//! `rows` (the record). `dialog` and `exchange` are the same for requests inside a dialog and for other methods.

mod access;
mod addresses;
mod alarm;
mod answer;
mod arrival;
mod attempt;
mod busiest;
mod call;
mod cancel;
mod cookie;
mod core;
mod course;
mod dialog;
mod effects;
mod errand;
mod exchange;
mod finish;
mod forward;
mod gauges;
mod hunt;
mod initial;
mod leg;
#[cfg(feature = "sim")]
mod order;
mod outward;
mod overload;
mod owners;
mod patience;
mod peers;
#[cfg(feature = "sim")]
mod plant;
mod probe;
mod receive;
mod reply;
mod rows;
mod secrets;
mod snapshot;
mod survey;
mod tally;
mod token;
mod verdict;

pub use access::Admission;
pub use core::Core;
pub use effects::{Effects, Send};
pub use gauges::{Counters, Load};

#[cfg(feature = "sim")]
pub use plant::Plant;
pub use snapshot::{Access, Listener, Loaded, Snapshot, Trusted};
pub use survey::{SettingUp, Survey};
pub use tally::{CallCount, GatewayCount, Tally};
pub use verdict::refusal;
