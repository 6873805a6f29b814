//! A call that somebody asks about: what `explain`, a line of its batch and a test in the files have in common. From
//! what people write to the facts that a decision looks at, and the answer with its reasons.
//!
//! The answer comes from [`crate::route::Table::decide`], the function that routes real calls.

mod answer;
mod moment;
mod origin;
mod reasons;
mod states;

pub use answer::Answer;
pub use moment::{BadMoment, local, moment};
pub use origin::Origin;
pub use reasons::{inactive, percent_digits, why_passed, why_skipped};
pub use states::State;

use crate::health::Board;
use crate::proxy::Snapshot;
use crate::route::{GatewayIx, Number};
use crate::time::Wall;
use std::net::IpAddr;

/// A call as people describe it; nothing is looked up yet.
#[derive(Clone, Copy, Debug, Default)]
pub struct Call<'a> {
    /// A number as it is dialled, or the SIP address it stands in.
    pub to: &'a str,
    /// Of the From, both; empty when nobody says.
    pub user: &'a str,
    pub domain: &'a str,
    pub source: Option<IpAddr>,
    pub gateway: Option<&'a str>,
    pub account: Option<&'a str>,
    /// The matchers and the access rules are not asked.
    pub group: Option<&'a str>,
    /// What it comes in on. Without it: on any where it is admitted.
    pub listener: Option<&'a str>,
}

/// A call whose names have been looked up.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    pub number: Number,
    pub user: &'a str,
    pub domain: &'a str,
    pub account: Option<&'a str>,
    pub origin: Origin,
    pub at: Wall,
}

/// Which word of a question means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    To,
    Origin,
    Gateway,
    Group,
    Listener,
    State,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswerable {
    pub key: Key,
    /// One line, without a full stop.
    pub message: String,
}

/// Answers questions about the calls of one snapshot. Keeps one board, so that many questions can be asked quickly.
#[derive(Debug)]
pub struct Desk<'s> {
    snapshot: &'s Snapshot,
    board: Board,
    /// What gateways are when a question says nothing about them; those that are not named here are up.
    usual: Vec<(GatewayIx, State)>,
}

impl<'s> Desk<'s> {
    /// All gateways are up, but for those named.
    pub fn new(snapshot: &'s Snapshot, usual: Vec<(GatewayIx, State)>) -> Desk<'s> {
        let board = Board::all_up(snapshot.table.gateways().len());
        usual.iter().for_each(|&(gateway, state)| state.set(&board, gateway));
        Desk { snapshot, board, usual }
    }

    pub fn snapshot(&self) -> &'s Snapshot {
        self.snapshot
    }

    /// Looks up what the call names.
    pub fn question<'a>(&self, call: &Call<'a>, at: Wall) -> Result<Question<'a>, Unanswerable> {
        let number = number(call.to);
        if number.is_empty() {
            let message = format!("`{}` holds no number", call.to);
            return Err(Unanswerable { key: Key::To, message });
        }
        let origin = origin::origin(call, self.snapshot)?;
        Ok(Question { number, user: call.user, domain: call.domain, account: call.account, origin, at })
    }

    /// A gateway by its id and a state by its word.
    pub fn state(&self, id: &str, word: &str) -> Result<(GatewayIx, State), Unanswerable> {
        let unanswerable = |message| Unanswerable { key: Key::State, message };
        let gateway = origin::gateway(id, &self.snapshot.table).map_err(|unknown| unanswerable(unknown.message))?;
        let state = State::of(word).ok_or_else(|| {
            unanswerable(format!("`{word}` is none of {}", State::WORDS.map(|(word, _)| word).join(", ")))
        })?;
        Ok((gateway, state))
    }

    /// Decides with these gateways in these states.
    pub fn answer(&self, question: &Question, states: &[(GatewayIx, State)]) -> Answer {
        states.iter().for_each(|&(gateway, state)| state.set(&self.board, gateway));
        let answer = Answer::to(question, self.snapshot, &self.board);
        for &(gateway, _) in states {
            let usual = self.usual.iter().find(|(named, _)| *named == gateway);
            usual.map_or(State::Up, |&(_, state)| state).set(&self.board, gateway);
        }
        answer
    }

    /// What gateways are when a question says nothing.
    pub fn usual(&self) -> &[(GatewayIx, State)] {
        &self.usual
    }
}

/// User and domain of a caller as people write it: USER, USER@DOMAIN, or that behind `sip:`.
pub fn caller(from: &str) -> (&str, &str) {
    let from = from.strip_prefix("sip:").unwrap_or(from);
    from.split_once('@').unwrap_or((from, ""))
}

/// The dialled number in what somebody wrote: digits, with the separators that people use, or the user of a SIP address.
pub fn number(what: &str) -> Number {
    let user = what.strip_prefix("sip:").or_else(|| what.strip_prefix("tel:")).unwrap_or(what);
    let user = user.split('@').next().unwrap_or_default();
    let mut number = Number::new();
    crate::route::clean(user.as_bytes(), &mut number);
    number.retain(|c| !c.is_ascii_whitespace());
    number
}
