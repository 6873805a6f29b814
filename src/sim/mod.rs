//! The simulation: the real workers in a virtual network with a virtual clock and a seed.
//!
//! [`World`] steps the router, the network and the clock; [`Simulation`] fills it with phones and gateways that call,
//! cancel, die and come back, and with a site whose configuration keeps changing, and holds every call to the laws of
//! [`Law`]. The scenario files in `tests/scenarios` use the same world with scripted parties.

mod books;
mod caller;
mod chance;
mod compile;
mod disk;
pub mod endpoint;
mod errand;
mod gateway;
mod health;
mod invariants;
mod monitor;
pub mod net;
mod process;
mod report;
mod router;
mod run;
mod site;
mod stage;
mod trace;
pub mod wire;
mod world;

pub use chance::Chance;
pub use compile::snapshot;
pub use invariants::{Breach, Law, Tally};
pub use report::Report;
pub use router::Router;
pub use run::{Options, Simulation};
pub use trace::brief;
pub use world::{Cast, Cause, START, Schedule, Sent, Step, World};
