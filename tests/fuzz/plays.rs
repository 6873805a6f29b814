//! Plays that the fuzzer begins with, each with what the router must have counted at its end.

use crate::dialog::{OPS, Op};

/// A name, the steps, and (calls, answered, cancelled).
pub type Script = (&'static str, &'static [(Op, u8, u8, u8)], (u64, u64, u64));

/// Positions in `speech::ANSWERS`.
const TRYING: u8 = 0;
const RINGING: u8 = 1;
const OK: u8 = 3;
const BUSY: u8 = 9;
const GONE: u8 = 10;
const NO: u8 = 12;
/// Positions among the methods inside a dialog.
const BYE: u8 = 0;
const INVITE: u8 = 1;
const ACK: u8 = 2;
const PRACK: u8 = 4;

pub const SCRIPTS: &[Script] = &[
    (
        "answered",
        &[
            (Op::Invite, 0, 0, 0),
            (Op::Answer, 0, TRYING, 0),
            (Op::Answer, 0, RINGING, 0),
            (Op::Answer, 0, OK, 0),
            (Op::Ack, 0, 0, 0),
            (Op::Wait, 4, 0, 0),
            (Op::CallerInside, 0, BYE, 2),
            (Op::Answer, 0, OK, 0),
        ],
        (1, 1, 0),
    ),
    (
        "second-gateway-answers-after-a-503",
        &[
            (Op::Invite, 1, 0, 0),
            (Op::Answer, 0, NO, 0),
            (Op::Answer, 0, RINGING, 1),
            (Op::Answer, 0, OK, 1),
            (Op::Ack, 0, 0, 0),
            (Op::Ack, 0, 0, 0),
            (Op::GatewayInside, 0, BYE, 1),
        ],
        (1, 1, 0),
    ),
    (
        "cancelled-while-it-rings",
        &[
            (Op::Invite, 0, 0, 0),
            (Op::Answer, 0, RINGING, 0),
            (Op::Cancel, 0, 0, 0),
            (Op::Answer, 0, OK, 0),
            (Op::Answer, 1, GONE, 0),
            (Op::Ack, 0, 0, 0),
        ],
        (1, 0, 1),
    ),
    (
        "busy-and-repeated",
        &[
            (Op::Invite, 0, 0, 0),
            (Op::Repeat, 0, 0, 0),
            (Op::Answer, 0, BUSY, 0),
            (Op::Repeat, 0, 0, 0),
            (Op::Ack, 0, 0, 0),
        ],
        (1, 0, 0),
    ),
    (
        "silent-gateways",
        &[(Op::Invite, 1, 0, 0), (Op::Wait, 3, 0, 0), (Op::Answer, 0, TRYING, 0), (Op::Wait, 5, 0, 0)],
        (1, 0, 0),
    ),
    (
        "re-invite-prack-reload",
        &[
            (Op::Invite, 0, 0, 0),
            (Op::Answer, 0, OK, 0),
            (Op::Reload, 1, 0, 0),
            (Op::Ack, 0, 0, 0),
            (Op::CallerInside, 0, INVITE, 2),
            (Op::Answer, 0, OK, 0),
            (Op::CallerInside, 0, ACK, 2),
            (Op::CallerInside, 0, PRACK, 3),
            (Op::Undelivered, 0, 30, 0),
        ],
        (1, 1, 0),
    ),
    (
        "a-stranger-and-damage",
        &[
            (Op::Disguise, 1, 0, 0),
            (Op::Other, 0, 0, 0),
            (Op::Insert, 0, 60, 20),
            (Op::Invite, 0, 0, 0),
            (Op::Change, 0, 9, b'0'),
            (Op::Invite, 1, 0, 0),
            (Op::Reflect, 0, 0, 0),
            (Op::Drain, 0, 0, 0),
            (Op::Invite, 1, 1, 0),
        ],
        (1, 0, 0),
    ),
];

/// As the fuzzer has it.
pub fn bytes(steps: &[(Op, u8, u8, u8)]) -> Vec<u8> {
    let number = |op: Op| OPS.iter().position(|known| *known == op).unwrap_or(0) as u8;
    steps.iter().flat_map(|(op, a, b, c)| [number(*op), *a, *b, *c]).collect()
}
