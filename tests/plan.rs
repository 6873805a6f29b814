//! What a change of the files does to calls: found exactly, said shortly.

#[path = "plan/agreement.rs"]
mod agreement;
#[path = "plan/draws.rs"]
mod draws;
#[path = "plan/moved.rs"]
mod moved;
#[path = "plan/office.rs"]
mod office;
#[path = "plan/oracle.rs"]
mod oracle;
#[path = "plan/revisions.rs"]
mod revisions;
#[path = "plan/scale.rs"]
mod scale;
#[path = "route/support.rs"]
#[allow(dead_code)]
mod support;
