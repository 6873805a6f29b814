//! Whether routes of two tables say the same. Names are compared as numbers, and nothing is put into words: there may be a
//! hundred thousand routes on both sides.

use super::intern::Map;
use crate::route::{GroupIx, Member, Route, RouteTarget, Table, When};

/// The names of two tables, each as a number that is the same on both sides.
pub struct Wording {
    old: Names,
    new: Names,
}

/// By position in the table.
struct Names {
    groups: Vec<u32>,
    gateways: Vec<u32>,
    lists: Vec<u32>,
    schedules: Vec<u32>,
}

impl Wording {
    pub fn of(old: &Table, new: &Table) -> Wording {
        let (mut groups, mut members, mut schedules) = (Map::default(), Map::default(), Map::default());
        let [old, new] = [old, new].map(|table| Names {
            groups: numbers(table.groups().iter().map(|group| &*group.id), &mut groups),
            // Gateways and lists share one id space.
            gateways: numbers(table.gateways().iter().map(|gateway| &*gateway.id), &mut members),
            lists: numbers(table.lists().iter().map(|list| &*list.id), &mut members),
            schedules: numbers(table.schedules().list().iter().map(|schedule| &*schedule.id), &mut schedules),
        });
        Wording { old, new }
    }

    /// Whether a route of the old table and one of the new say the same, apart from their ids.
    pub fn same(&self, old: &Route, new: &Route) -> bool {
        let flags = |route: &Route| (route.default, route.exact, route.raw, route.priority);
        flags(old) == flags(new)
            && old.prefixes == new.prefixes
            && old.number == new.number
            && self.old.groups(&old.groups).eq(self.new.groups(&new.groups))
            && self.old.whens(&old.when).eq(self.new.whens(&new.when))
            && match (&old.target, &new.target) {
                (RouteTarget::Reject(a), RouteTarget::Reject(b)) => a == b,
                (RouteTarget::To(a), RouteTarget::To(b)) => self.old.members(a).eq(self.new.members(b)),
                _ => false,
            }
            && old.failover == new.failover
    }
}

impl Names {
    fn groups(&self, groups: &[GroupIx]) -> impl Iterator<Item = Option<&u32>> {
        groups.iter().map(|group| self.groups.get(usize::from(group.0)))
    }
    fn whens(&self, whens: &[When]) -> impl Iterator<Item = (bool, Option<&u32>)> {
        whens.iter().map(|when| (when.not, self.schedules.get(usize::from(when.schedule.0))))
    }
    fn members(&self, members: &[Member]) -> impl Iterator<Item = Option<&u32>> {
        members.iter().map(|member| match member {
            Member::Gateway(ix) => self.gateways.get(ix.0 as usize),
            Member::List(ix) => self.lists.get(ix.0 as usize),
        })
    }
}

fn numbers<'t>(ids: impl Iterator<Item = &'t str>, known: &mut Map<&'t str, u32>) -> Vec<u32> {
    let number = |id| {
        let next = known.len() as u32;
        *known.entry(id).or_insert(next)
    };
    ids.map(number).collect()
}
