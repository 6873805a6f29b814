//! Test user agents for `call`, `answer` and the demo: real SIP over UDP, built from rsip's types.
