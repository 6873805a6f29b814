//! SIP messages as received bytes and a table of offsets: parsed once, edited by splicing, never copied into a model.
//!
//! RFC 3261 §7, §19, §20, §25; the P items of the checklist. Knows no transactions and no routing.

mod build;
mod grammar;
mod header;
mod limits;
mod message;
mod nameaddr;
mod params;
mod parse;
mod put;
mod splice;
mod uri;
mod validate;
mod values;
mod via;

pub use build::{Extra, response, stamped_via};
pub use header::{Header, Name};
pub use limits::Limits;
pub use message::{CSeq, Message, Method, Start, Stored};
pub use nameaddr::NameAddr;
pub use parse::{Fault, Index, Parsed, call_id_of, parse};
pub use put::{put_addr, put_decimal, put_host, put_ip};
pub use splice::Splice;
pub use uri::{Scheme, Uri};
pub use validate::{Reject, validate};
pub use values::{Value, Values};
pub use via::Via;
