//! Bounds on what a message may be (checklist P20).

/// All bounds are inclusive; defaults are the checklist's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub message_bytes: usize,
    pub headers: usize,
    pub header_bytes: usize,
    pub vias: usize,
    pub routes: usize,
    pub uri_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { message_bytes: 65_536, headers: 256, header_bytes: 16_384, vias: 70, routes: 70, uri_bytes: 2_048 }
    }
}
