//! Schedules as the table knows them, and what routes say about them.

use super::build::Order;
use super::check::Model;
use super::document::{self, Term};
use super::lower::{Given, OneOrMany};
use super::value::{OnDate, Reference};
use crate::route::{Dates, Days, Hours, Schedule, ScheduleIx, When};
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use std::collections::HashMap;
use std::sync::Arc;

/// The schedules of a table: those of the document in the order of their ids, and behind them those that only a `when`
/// makes.
pub(super) struct Times {
    pub schedules: Vec<Schedule>,
    /// `{ not: [a, b] }`, by what it names.
    none_of: HashMap<Vec<ScheduleIx>, ScheduleIx>,
}

impl Times {
    pub fn of(model: &Model, order: &Order) -> Times {
        let zone = model.document.timezone.get().map_or(TimeZone::UTC, |zone| zone.0.clone());
        let entries = order.schedules.entries(model.schedules());
        let schedules = entries.map(|(entry, schedule)| compiled(&entry.id, schedule, &zone, model, order)).collect();
        Times { schedules, none_of: HashMap::new() }
    }

    /// A route's `when`: any of its terms.
    pub fn when(&mut self, terms: &OneOrMany<Term>, model: &Model, order: &Order) -> Vec<When> {
        let mut out: Vec<When> = Vec::new();
        for term in &terms.0 {
            let mut named = named(&term.value.schedules, model, order);
            let when = match (named.as_slice(), term.value.not) {
                ([], _) => continue,
                (&[one], not) => When { schedule: one, not },
                (_, true) => {
                    named.sort_unstable();
                    named.dedup();
                    When { schedule: self.none_of(named), not: false }
                }
                (several, false) => {
                    out.extend(several.iter().map(|&schedule| When { schedule, not: false }));
                    continue;
                }
            };
            out.push(when);
        }
        out
    }

    /// A schedule that is always there, but for these.
    fn none_of(&mut self, named: Vec<ScheduleIx>) -> ScheduleIx {
        if let Some(known) = self.none_of.get(&named) {
            return *known;
        }
        let id = |ix: &ScheduleIx| self.schedules.get(usize::from(ix.0)).map_or("", |schedule| &*schedule.id);
        let made = Schedule {
            id: Arc::from(format!("not ({})", named.iter().map(id).collect::<Vec<_>>().join(", "))),
            zone: TimeZone::UTC,
            days: Days::DAILY,
            hours: Vec::new(),
            dates: Vec::new(),
            from: None,
            until: None,
            except: named.iter().map(|&schedule| When { schedule, not: false }).collect(),
        };
        let ix = ScheduleIx(u16::try_from(self.schedules.len()).unwrap_or(u16::MAX));
        self.schedules.push(made);
        self.none_of.insert(named, ix);
        ix
    }
}

fn named(names: &[Given<Reference>], model: &Model, order: &Order) -> Vec<ScheduleIx> {
    let place = |name: &Given<Reference>| {
        let at = model.schedule_named(&name.value.0)?;
        u16::try_from(order.schedules.place(at)).ok().map(ScheduleIx)
    };
    names.iter().filter_map(place).collect()
}

fn compiled(id: &Arc<str>, schedule: &document::Schedule, zone: &TimeZone, model: &Model, order: &Order) -> Schedule {
    let monday_first = |bits: u8| {
        let mut days = Days::NONE;
        for offset in (0..7i8).filter(|offset| bits >> offset & 1 == 1) {
            if let Ok(day) = Weekday::from_monday_zero_offset(offset) {
                days = days.with(day);
            }
        }
        days
    };
    let dates = |date: &OnDate| match *date {
        OnDate::Once(date) => Dates::On(date),
        OnDate::Yearly { month, day } => Dates::Yearly { month, day },
    };
    Schedule {
        id: Arc::clone(id),
        zone: schedule.timezone.get().map_or_else(|| zone.clone(), |zone| zone.0.clone()),
        days: schedule
            .days
            .get()
            .map_or(Days::DAILY, |days| monday_first(days.0.iter().fold(0, |all, days| all | days.value.0))),
        hours: schedule.hours.get().map_or_else(Vec::new, |hours| {
            hours.0.iter().map(|h| Hours { from: h.value.from, until: h.value.until }).collect()
        }),
        dates: schedule.dates.get().map_or_else(Vec::new, |all| all.0.iter().map(|d| dates(&d.value)).collect()),
        from: schedule.from.get().map(|from| from.0),
        until: schedule.until.get().map(|until| until.0),
        except: schedule.except.get().map_or_else(Vec::new, |except| {
            let named = named(&except.0, model, order);
            named.into_iter().map(|schedule| When { schedule, not: false }).collect()
        }),
    }
}
