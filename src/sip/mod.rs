//! SIP messages as received bytes and a table of offsets: parsed once, edited by splicing, never copied into a model.
//!
//! RFC 3261 §7, §19, §20, §25; the P items of the checklist. Knows no transactions and no routing. Nothing here
//! allocates for a message but [`Stored::keep`]; whatever comes in, the work is linear in its size (checklist P22).
//!
//! ```
//! use trunkline::sip::{Extra, Index, Limits, Parsed, parse, response, validate};
//!
//! let datagram = b"OPTIONS sip:192.0.2.1 SIP/2.0\r\nv: SIP/2.0/UDP pbx;branch=z9hG4bK1;rport\r\nMax-Forwards: 70\r\n\
//!     f: <sip:pbx>;tag=1\r\nt: <sip:192.0.2.1>\r\ni: 1\r\nCSeq: 1 OPTIONS\r\n\r\n";
//! let (mut index, limits) = (Index::default(), Limits::default());
//! let Ok(Parsed::Message(request)) = parse(datagram, &mut index, &limits) else { panic!() };
//! assert!(validate(&request, &limits).is_ok());
//! assert_eq!(request.via().and_then(|via| via.branch), Some(&b"z9hG4bK1"[..]));
//!
//! let mut answer = Vec::new();
//! let source = Some("192.0.2.9:5060".parse().unwrap());
//! response(&request, 200, "OK", Extra { to_tag: Some(b"2"), source, lines: b"" }, &mut answer);
//! assert!(answer.starts_with(b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP pbx;branch=z9hG4bK1;rport=5060;received=192.0.2.9\r\n"));
//! ```

mod abridged;
mod build;
mod grammar;
mod header;
mod limits;
mod message;
mod nameaddr;
mod params;
mod parse;
mod put;
mod sketch;
mod splice;
mod uri;
mod validate;
mod values;
mod via;

pub use abridged::Abridged;
pub use build::{Extra, response, stamped_via};
pub use header::{Header, Name};
pub use limits::Limits;
pub use message::{CSeq, Message, Method, Start, Stored};
pub use nameaddr::NameAddr;
pub use parse::{Fault, Index, Parsed, call_id_of, parse};
pub use put::{put_addr, put_decimal, put_host, put_ip};
pub use sketch::{Sketch, top_via};
pub use splice::Splice;
pub use uri::{Scheme, Uri};
pub use validate::{Parts, Reject, Route, validate, validate_below};
pub use values::{Value, Values};
pub use via::Via;
