//! What a route means: groups, prefixes, lists, number changes, and the one function that decides.
//!
//! Knows no SIP messages and no sockets: a call is [`Facts`], the answer a [`Decision`].

mod alike;
mod at_route;
mod attempts;
mod choice;
mod decide;
mod group;
mod model;
mod number;
mod positions;
mod schedule;
mod shares;
mod table;
mod trie;

pub use choice::{Choice, Turns};
pub use decide::{Attempt, Decision, Facts, Number, Outcome, PassedOver, Skipped, Trace, WhyPassed, WhySkipped};
pub use group::{Matcher, Net, Specificity, UserPattern};
pub use model::{
    CodeSet, Failover, FinalAnswer, Gateway, GatewayIx, Group, GroupIx, List, ListIx, Member, NumberChange, Policy,
    ProbeMethod, ProbeWhen, Probing, Reply, Route, RouteIx, RouteTarget, Share, Strip,
};
pub use number::{ALPHABET, change, clean, dialable};
pub use positions::{AtPosition, Position};
pub use schedule::{Dates, Days, Hours, InstantSet, Instants, Schedule, ScheduleIx, Schedules, Spans, When};
pub use shares::Line;
pub use table::{Draft, Table};
pub use trie::{Cursor, RuleHere};
