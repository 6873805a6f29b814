//! RFC 3261 §17 and RFC 6026 state machines, as values with deadlines.
