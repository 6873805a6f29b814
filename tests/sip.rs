//! The message layer: parsing, validation, values, building (checklist P1–P25, N2, N3, X1, X25).

#[path = "sip/parsing.rs"]
mod parsing;
#[path = "sip/support.rs"]
mod support;
