//! Where a call goes: numbers, groups, the choice of the rule, the attempts, and the reasons given.

#[path = "route/attempts.rs"]
mod attempts;
#[path = "route/choosing.rs"]
mod choosing;
#[path = "route/groups.rs"]
mod groups;
#[path = "route/lists.rs"]
mod lists;
#[path = "route/numbers.rs"]
mod numbers;
#[path = "route/orders.rs"]
mod orders;
#[path = "route/properties.rs"]
mod properties;
#[path = "route/reasons.rs"]
mod reasons;
#[path = "route/schedules.rs"]
mod schedules;
#[path = "route/support.rs"]
mod support;
#[path = "route/walking.rs"]
mod walking;
