//! What a route means: groups, prefixes, lists, number changes, and the one function that decides.
//!
//! Knows no SIP messages and no sockets: a call is [`Facts`], the answer a [`Decision`].

mod attempts;
mod decide;
mod group;
mod model;
mod number;
mod table;
mod trie;

pub use decide::{Attempt, Decision, Facts, Number, Outcome, PassedOver, Skipped, Trace, WhyPassed, WhySkipped};
pub use group::{Matcher, Net, Specificity, UserPattern};
pub use model::{
    CodeSet, Failover, FinalAnswer, Gateway, GatewayIx, Group, GroupIx, List, ListIx, Member, NumberChange, Policy,
    ProbeMethod, ProbeWhen, Probing, Reply, Route, RouteIx, RouteTarget, Strip,
};
pub use number::{ALPHABET, change, clean, dialable};
pub use table::{Draft, Table};
pub use trie::{Cursor, RuleHere};
