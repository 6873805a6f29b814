//! The message layer: parsing, validation, values, building (checklist P1–P25, N2, N3, X1, X25).

#[path = "sip/answers.rs"]
mod answers;
#[path = "sip/cost.rs"]
mod cost;
#[path = "fuzz/message.rs"]
mod message;
#[path = "sip/parsing.rs"]
mod parsing;
#[path = "sip/properties.rs"]
mod properties;
#[path = "sip/refusals.rs"]
mod refusals;
#[path = "sip/second_opinion.rs"]
mod second_opinion;
#[path = "sip/support.rs"]
mod support;
#[path = "sip/torture.rs"]
mod torture;
#[path = "sip/values.rs"]
mod values;
