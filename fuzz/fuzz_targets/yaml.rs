//! Any text that claims to be a routes file: see `tests/fuzz/yaml.rs`.
#![no_main]

#[path = "../../tests/fuzz/yaml.rs"]
mod yaml;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| yaml::check(bytes));
