//! The proxy core step by step, with messages as people write them: what goes in, what comes out. Races and failures
//! over time are scenario files; here are the shapes of single messages.

mod bench;
mod ends;
mod messages;
mod others;
mod overload;
mod records;
