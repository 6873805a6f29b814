//! What a phone is out for, and how a gateway will take it: drawn for each call from the seed.

use super::Chance;
use std::time::Duration;

/// Why a caller sends its first request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    Call,
    /// A MESSAGE by number: routed as a call is, without a record.
    Message,
    /// OPTIONS to the router itself.
    Ping,
    Register,
    /// A CANCEL that belongs to nothing.
    StrayCancel,
}

impl Errand {
    pub fn method(self) -> &'static str {
        match self {
            Errand::Call => "INVITE",
            Errand::Message => "MESSAGE",
            Errand::Ping => "OPTIONS",
            Errand::Register => "REGISTER",
            Errand::StrayCancel => "CANCEL",
        }
    }
}

/// When the caller changes its mind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelWhen {
    /// So long after its INVITE.
    After(Duration),
    /// So long after the first response, whatever it is.
    FirstReply(Duration),
    /// So long after a 101–199.
    Ringing(Duration),
    /// Right after the answer, which it has seen: legal and without effect.
    AfterAnswer,
}

#[derive(Clone, Debug)]
pub struct CallerPlan {
    pub errand: Errand,
    pub number: String,
    /// User of From.
    pub user: String,
    pub max_forwards: u8,
    pub cancel: Option<CancelWhen>,
    /// Hangs up so long after the answer, unless the other side did.
    pub talk: Duration,
    /// Requests inside the dialog: when after the answer, what, and whether the cookie is tampered with.
    pub mid_call: Vec<(Duration, &'static str, bool)>,
    /// Takes no notice of an answer after its own final.
    pub deaf: bool,
    /// Its Via shows a private address.
    pub nat: bool,
    /// Writes compact header names.
    pub compact: bool,
}

fn ms(chance: &mut Chance, least: u64, most: u64) -> Duration {
    Duration::from_micros(chance.within(least * 1000..=most * 1000))
}

impl CallerPlan {
    pub fn draw(chance: &mut Chance, number: String) -> CallerPlan {
        let errand = chance.weighted(&[
            (940, Errand::Call),
            (30, Errand::Message),
            (15, Errand::Ping),
            (5, Errand::Register),
            (10, Errand::StrayCancel),
        ]);
        CallerPlan {
            errand,
            number,
            user: format!("{}", 100 + chance.below(900)),
            max_forwards: if chance.percent(0.5) { 0 } else { chance.within(1..=70) as u8 },
            cancel: chance.percent(22.0).then(|| draw_cancel(chance)),
            talk: if chance.percent(4.0) { Duration::ZERO } else { ms(chance, 5, 15_000) },
            mid_call: draw_mid_call(chance),
            deaf: chance.percent(30.0),
            nat: chance.percent(20.0),
            compact: chance.percent(20.0),
        }
    }
}

fn draw_cancel(chance: &mut Chance) -> CancelWhen {
    match chance.below(10) {
        0..3 => CancelWhen::After(ms(chance, 0, 40)),
        3..5 => CancelWhen::After(ms(chance, 0, 12_000)),
        5..7 => CancelWhen::FirstReply(ms(chance, 0, 30)),
        7..9 => CancelWhen::Ringing(ms(chance, 0, 6_000)),
        _ => CancelWhen::AfterAnswer,
    }
}

fn draw_mid_call(chance: &mut Chance) -> Vec<(Duration, &'static str, bool)> {
    if !chance.percent(20.0) {
        return Vec::new();
    }
    let method = *chance.pick(&["INVITE", "INFO", "UPDATE", "BYE"]);
    let tampered = method == "BYE" || chance.percent(40.0);
    vec![(ms(chance, 0, 8_000), method, tampered)]
}

/// What a gateway does when it is asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnCancel {
    /// 200 to the CANCEL, 487 to the INVITE.
    Stop,
    /// 200 to the CANCEL, and answers the call all the same.
    AnswerAnyway,
    /// Says nothing to either.
    Ignore,
}

#[derive(Clone, Debug)]
pub struct CalleePlan {
    /// (time after the INVITE or after the step before, code, which To tag).
    pub steps: Vec<(Duration, u16, u8)>,
    pub retry_after: Option<u32>,
    pub on_cancel: OnCancel,
    /// Hangs up so long after the answer, if it does.
    pub talk: Option<Duration>,
    pub mid_call: Option<(Duration, &'static str)>,
}

impl CalleePlan {
    pub fn draw(chance: &mut Chance) -> CalleePlan {
        let mut steps = Vec::new();
        let silent = chance.percent(4.0);
        if !silent {
            if chance.percent(85.0) {
                steps.push((ms(chance, 0, 20), 100, 0));
            }
            for _ in 0..chance.weighted(&[(20, 0u64), (50, 1), (20, 2), (10, 3)]) {
                steps.push((draw_pause(chance), *chance.pick(&[180, 180, 183, 181]), chance.percent(10.0) as u8));
            }
            if let Some(code) = draw_final(chance) {
                steps.push((draw_pause(chance), code, 0));
                if code == 200 && chance.percent(1.5) {
                    steps.push((ms(chance, 0, 800), 200, 1));
                }
            }
        }
        let last = steps.last().map_or(0, |s| s.1);
        CalleePlan {
            retry_after: (last == 503 && chance.percent(6.0)).then(|| chance.within(1..=8) as u32),
            steps,
            on_cancel: chance.weighted(&[(88, OnCancel::Stop), (9, OnCancel::AnswerAnyway), (3, OnCancel::Ignore)]),
            talk: chance.percent(45.0).then(|| ms(chance, 5, 12_000)),
            mid_call: chance.percent(8.0).then(|| (ms(chance, 0, 5_000), *chance.pick(&["INVITE", "INFO"]))),
        }
    }
}

/// Mostly short, or none at all; now and then longer than an attempt may take.
fn draw_pause(chance: &mut Chance) -> Duration {
    match chance.below(100) {
        0..10 => Duration::ZERO,
        10..50 => ms(chance, 0, 60),
        50..90 => ms(chance, 20, 3_000),
        90..97 => ms(chance, 3_000, 9_000),
        _ => ms(chance, 9_000, 40_000),
    }
}

/// The final answer; `None` = rings for ever, or says nothing after its 100.
fn draw_final(chance: &mut Chance) -> Option<u16> {
    chance.weighted(&[
        (620, Some(200)),
        (60, Some(486)),
        (40, Some(404)),
        (20, Some(480)),
        (15, Some(603)),
        (15, Some(407)),
        (15, Some(408)),
        (10, Some(302)),
        (80, Some(503)),
        (60, Some(500)),
        (20, Some(502)),
        (15, Some(487)),
        (30, None),
    ])
}
