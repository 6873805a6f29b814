//! Any datagram at all: see `tests/fuzz/message.rs`.
#![no_main]

#[path = "../../tests/fuzz/message.rs"]
mod message;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| message::check(bytes));
