//! Pairs of tables by chance, from a seed: the new one keeps most of the old one's parts.

use crate::support;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use std::sync::Arc;
use trunkline::flow::{SocketIx, Transport};
use trunkline::mix::SplitMix;
use trunkline::proxy::{Access, Listener, Snapshot};
use trunkline::route::*;
use trunkline::sip::Limits;
use trunkline::time::Wall;

pub struct Dice(SplitMix);

impl Dice {
    /// What is thrown depends on every one of the parts.
    pub fn new(parts: &[u64]) -> Dice {
        let mut state = 0;
        for part in parts {
            state = SplitMix::new(state ^ part).draw();
        }
        Dice(SplitMix::new(state))
    }
    pub fn next(&mut self) -> u64 {
        self.0.draw()
    }
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
    pub fn of<'t, T: ?Sized>(&mut self, choices: &[&'t T]) -> &'t T {
        choices[self.below(choices.len())]
    }
    /// Few different characters, so that prefixes meet.
    pub fn digits(&mut self, least: usize, most: usize) -> String {
        let length = least + self.below(most - least + 1);
        (0..length).map(|_| char::from(b"0120120+#9"[self.below(10)])).collect()
    }
}

const GATEWAYS: u64 = 5;
const LISTS: u64 = 4;
const GROUPS: u16 = 3;
const SCHEDULES: u64 = 4;
const ROUTES: u64 = 9;

/// Which parts are drawn anew for the new side; 0 is the old side.
struct Drawn {
    seed: u64,
    side: u64,
}

impl Drawn {
    /// One in five parts differs, in a third of the pairs; one in forty in the others.
    fn dice(&self, kind: u64, at: u64) -> Dice {
        let mut choice = Dice::new(&[self.seed, kind, at, 99]);
        let often = if self.seed.is_multiple_of(3) { 5 } else { 40 };
        let anew = self.side * u64::from(choice.one_in(often));
        Dice::new(&[self.seed, kind, at, anew])
    }

    fn change(&self, dice: &mut Dice, most: usize) -> NumberChange {
        if dice.one_in(2) {
            return NumberChange::default();
        }
        let strip = match dice.below(4) {
            0 => Strip::Matched,
            n => Strip::Digits((n - 1).min(most) as u8),
        };
        let strip = if most < 2 && strip == Strip::Matched { Strip::None } else { strip };
        NumberChange { strip, add: (*dice.of(&["", "", "0", "1", "+", "00"])).into() }
    }

    fn gateway(&self, at: u64) -> Gateway {
        let mut dice = self.dice(1, at);
        let mut gateway = support::Plan::new(5).draft.gateways.remove(at as usize);
        gateway.number = self.change(&mut dice, 1);
        if dice.one_in(12) {
            gateway.id = format!("renamed-{at}").into();
        }
        if dice.one_in(12) {
            gateway.address.set_port(5070);
        }
        gateway
    }

    fn list(&self, at: u64) -> List {
        let mut dice = self.dice(2, at);
        let policy = match dice.below(3) {
            0 => Policy::Ordered,
            1 => Policy::Weighted,
            _ => Policy::RoundRobin,
        };
        let member = |dice: &mut Dice| Share { to: member(dice, at), weight: dice.below(4) as u32 };
        let members = (0..1 + dice.below(3)).map(|_| member(&mut dice)).collect();
        let limit = dice.one_in(4).then(|| 1 + dice.below(2) as u16);
        List { id: format!("list-{at}").into(), policy, members, limit }
    }

    fn schedule(&self, at: u64) -> Schedule {
        let mut dice = self.dice(3, at);
        let zone = dice.of(&["UTC", "Europe/Berlin", "America/New_York"]);
        let day = |dice: &mut Dice| Weekday::from_monday_zero_offset(dice.below(7) as i8).unwrap();
        let days = if dice.one_in(3) { Days::DAILY } else { Days::range(day(&mut dice), day(&mut dice)) };
        let hour = |dice: &mut Dice| (dice.below(48) * 30) as u16;
        let hours = (0..dice.below(3)).map(|_| Hours { from: hour(&mut dice), until: hour(&mut dice) });
        let hours = hours.filter(|hours| hours.from != hours.until).collect();
        let date = |dice: &mut Dice| Date::new(2026, 3, 1 + dice.below(31) as i8).unwrap();
        let dates = (0..dice.below(3).saturating_sub(1)).map(|_| Dates::On(date(&mut dice))).collect();
        let from = dice.one_in(5).then(|| date(&mut dice).at((hour(&mut dice) / 60) as i8, 30, 0, 0));
        let except = (0..at).filter(|_| dice.one_in(4));
        let except = except.map(|other| When { schedule: ScheduleIx(other as u16), not: false }).collect();
        let zone = TimeZone::get(zone).unwrap();
        Schedule { id: format!("schedule-{at}").into(), zone, days, hours, dates, from, until: None, except }
    }

    fn route(&self, at: u64) -> Option<Route> {
        let mut dice = self.dice(4, at);
        if dice.one_in(8) {
            return None;
        }
        let mut route = support::route(&format!("route-{at}"));
        route.default = dice.one_in(6);
        if !route.default {
            route.prefixes = (0..1 + dice.below(2)).map(|_| dice.digits(1, 4).into()).collect();
            route.prefixes.dedup();
            route.exact = dice.one_in(4);
        }
        route.groups = (0..GROUPS).map(GroupIx).filter(|_| dice.one_in(2)).collect();
        // No two alike, so that no two rules claim the same calls.
        route.priority = at as u16;
        if dice.one_in(2) {
            route.when = (0..1 + dice.below(2))
                .map(|_| When { schedule: ScheduleIx(dice.below(SCHEDULES as usize) as u16), not: dice.one_in(3) })
                .collect();
        }
        route.target = match dice.below(5) {
            0 => RouteTarget::Reject(Reply { code: 403, reason: (*dice.of(&["Barred", "No"])).into() }),
            _ => RouteTarget::To((0..1 + dice.below(2)).map(|_| member(&mut dice, LISTS)).collect()),
        };
        route.number = self.change(&mut dice, if route.default { 1 } else { 2 });
        route.raw = dice.one_in(6);
        Some(route)
    }
}

/// A gateway, or a list before `lists`.
fn member(dice: &mut Dice, lists: u64) -> Member {
    match dice.below(2) {
        1 if lists > 0 => Member::List(ListIx(dice.below(lists as usize) as u32)),
        _ => Member::Gateway(GatewayIx(dice.below(GATEWAYS as usize) as u32)),
    }
}

/// The old side (0) or the new one (1) of a pair.
pub fn snapshot(seed: u64, side: u64, now: Wall) -> Snapshot {
    let drawn = Drawn { seed, side };
    let group = |at: u16| Group { id: format!("group-{at}").into(), matchers: Vec::new(), calls_out: true };
    let draft = Draft {
        gateways: (0..GATEWAYS).map(|at| drawn.gateway(at)).collect(),
        lists: (0..LISTS).map(|at| drawn.list(at)).collect(),
        groups: (0..GROUPS).map(group).collect(),
        schedules: (0..SCHEDULES).map(|at| drawn.schedule(at)).collect(),
        routes: (0..ROUTES).filter_map(|at| drawn.route(at)).collect(),
        failover: Arc::new(support::failover()),
        default_group: GroupIx(0),
    };
    let lan = Listener {
        id: "lan".into(),
        transport: Transport::Udp,
        bind: "127.0.0.1:5060".parse().unwrap(),
        advertise: None,
        socket: SocketIx(0),
    };
    Snapshot {
        revision: format!("{side}").into(),
        listeners: vec![lan],
        access: Access::default(),
        table: Table::build(draft, now),
        limits: Limits::default(),
        records: false,
    }
}
