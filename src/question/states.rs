//! The states of gateways that people can ask about.

use crate::health::{Board, Observed};
use crate::route::GatewayIx;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Up,
    Down,
    /// By an operator.
    Disabled,
    /// At its `max_calls`: skipped, not failed.
    Full,
    /// After a 503 with Retry-After; only a running router knows.
    Resting,
}

impl State {
    pub const WORDS: [(&'static str, State); 4] =
        [("up", State::Up), ("down", State::Down), ("disabled", State::Disabled), ("full", State::Full)];

    pub fn of(word: &str) -> Option<State> {
        State::WORDS.iter().find(|(known, _)| *known == word).map(|&(_, state)| state)
    }

    pub fn word(self) -> &'static str {
        match self {
            State::Up => "up",
            State::Down => "down",
            State::Disabled => "disabled",
            State::Full => "full",
            State::Resting => "resting",
        }
    }

    pub(super) fn set(self, board: &Board, gateway: GatewayIx) {
        board.set_observed(gateway, if self == State::Down { Observed::Down } else { Observed::Up });
        board.set_disabled(gateway, self == State::Disabled);
        board.set_full(gateway, self == State::Full);
        board.set_resting(gateway, self == State::Resting);
    }
}
