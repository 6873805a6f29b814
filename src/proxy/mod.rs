//! The stateful proxy of RFC 3261 §16 on top of the transactions: routing, hunting, cancelling, recording.

mod effects;
#[cfg(feature = "sim")]
mod plant;
mod snapshot;

pub use effects::{Effects, Send};
#[cfg(feature = "sim")]
pub use plant::Plant;
pub use snapshot::{Access, Listener, Loaded, Snapshot, Trusted};
