//! What lints stand on: the compiled table, the document it was made from, and the way from one to the other.

use crate::config::build::Order;
use crate::config::check::Model;
use crate::config::document::{Group, Route};
use crate::config::guards::Guards;
use crate::config::lower::Entry;
use crate::config::source::Span;
use crate::config::value::clock;
use crate::health::Board;
use crate::proxy::Snapshot;
use crate::route::{Decision, Facts, GroupIx, RouteIx, Table};
use crate::time::{Now, Wall};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

pub struct Ground<'a> {
    pub model: &'a Model<'a>,
    order: &'a Order,
    pub snapshot: &'a Snapshot,
    pub guards: &'a Guards,
    pub zone: &'a TimeZone,
    pub now: Wall,
    /// Groups with the same rules, which need be looked at once.
    pub alike: Vec<Vec<GroupIx>>,
    board: Board,
}

impl<'a> Ground<'a> {
    pub fn new(
        model: &'a Model<'a>,
        order: &'a Order,
        snapshot: &'a Snapshot,
        (guards, zone): (&'a Guards, &'a TimeZone),
        now: Wall,
    ) -> Ground<'a> {
        let (alike, board) = (alike(&snapshot.table), Board::all_up(snapshot.table.gateways().len()));
        Ground { model, order, snapshot, guards, zone, now, alike, board }
    }

    pub fn table(&self) -> &'a Table {
        &self.snapshot.table
    }

    /// A route as it is written.
    pub fn route(&self, ix: RouteIx) -> Option<(&'a Entry<Route>, &'a Route)> {
        let entry = self.model.routes().get(self.order.routes.position(ix.0 as usize)?)?;
        Some((entry, entry.value.as_ref()?))
    }
    /// Where a route's id stands.
    pub fn route_span(&self, ix: RouteIx) -> Span {
        self.route(ix).map_or_else(Span::default, |(entry, _)| entry.span)
    }
    /// Where a schedule of the document stands in the table.
    pub fn schedule(&self, position: usize) -> Option<u16> {
        u16::try_from(self.order.schedules.place(position)).ok()
    }
    /// A group as it is declared; `None` for `default` where it is not.
    pub fn group(&self, ix: GroupIx) -> Option<&'a Entry<Group>> {
        self.model.groups().get(self.order.groups.position(usize::from(ix.0))?)
    }
    /// Where a group's id stands; for the implied `default`, that of its first route.
    pub fn group_span(&self, ix: GroupIx) -> Span {
        self.group(ix).map(|entry| entry.span).or_else(|| self.first_route(ix)).unwrap_or_default()
    }
    fn first_route(&self, group: GroupIx) -> Option<Span> {
        let routes = (0..).map(RouteIx).zip(self.table().routes());
        routes.filter(|(_, route)| route.groups.contains(&group)).map(|(ix, _)| self.route_span(ix)).min()
    }
    pub fn group_id(&self, ix: GroupIx) -> &'a str {
        &self.table().group(ix).id
    }

    /// Groups that call out and have routes, each set with the same rules as one.
    pub fn calling_out(&self) -> impl Iterator<Item = (GroupIx, &[GroupIx])> {
        let calls = |&&group: &&GroupIx| self.table().group(group).calls_out && self.table().has_routes(group);
        self.alike.iter().filter_map(move |groups| Some((groups.iter().find(calls).copied()?, groups.as_slice())))
    }

    /// What becomes of a call of a group, with every gateway up.
    pub fn decide(&self, group: GroupIx, number: &str, wall: Wall) -> Decision {
        let facts = Facts::of_group(number.as_bytes(), group);
        let mut decision = Decision::default();
        self.table().decide(&facts, &self.board, Now { wall, ..Now::default() }, &mut decision, None);
        decision
    }

    /// `tue 2026-11-24 19:30`, in the files' zone.
    pub fn clock(&self, wall: Wall) -> String {
        clock(wall, self.zone, true)
    }
}

/// The groups of a table, those with equal rules together; without those that have none.
fn alike(table: &Table) -> Vec<Vec<GroupIx>> {
    let mut alike: BTreeMap<GroupIx, Vec<GroupIx>> = BTreeMap::new();
    let groups = (0u16..).take(table.groups().len()).map(GroupIx);
    for group in groups.filter(|&group| table.has_routes(group)) {
        alike.entry(table.first_alike(group)).or_default().push(group);
    }
    alike.into_values().collect()
}
