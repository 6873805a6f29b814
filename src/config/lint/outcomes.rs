//! What routes do with a call, as a number each: equal numbers, equal doing. How long the prefix was that matched is left
//! to whoever compares.

use crate::route::{
    Decision, Failover, FinalAnswer, GatewayIx, Line, Member, Reply, Route, RouteIx, RouteTarget, Table,
};
use std::collections::HashMap;
use std::sync::Arc;

#[derive(PartialEq, Eq, Hash)]
enum Doing {
    Reject(u16, Arc<str>),
    /// By its course, what is added, whether gateways change the number, and the failover.
    To(u32, Arc<str>, bool, u32),
}

/// What all routes do.
#[derive(Debug, Default)]
pub struct Outcomes {
    /// By route.
    pub of: Vec<u32>,
    /// By route, its place in `reach`; none for one that refuses.
    course: Vec<Option<u32>>,
    /// The gateways of each course.
    reach: Vec<Vec<GatewayIx>>,
}

impl Outcomes {
    pub fn new(table: &Table) -> Outcomes {
        let mut seen = Seen::default();
        let mut doings: HashMap<Doing, u32> = HashMap::new();
        let mut out = Outcomes::default();
        for route in table.routes() {
            let (doing, course) = match &route.target {
                RouteTarget::Reject(Reply { code, reason }) => (Doing::Reject(*code, Arc::clone(reason)), None),
                RouteTarget::To(to) => {
                    let course = seen.course(table, route, to);
                    let failover = seen.failover(&route.failover);
                    (Doing::To(course, Arc::clone(&route.number.add), route.raw, failover), Some(course))
                }
            };
            let next = doings.len() as u32;
            out.of.push(*doings.entry(doing).or_insert(next));
            out.course.push(course);
        }
        out.reach = seen.courses.into_iter().map(|(gateways, _)| gateways).collect();
        out
    }

    /// What a route does with the gateways that it reaches, as a number.
    pub fn course(&self, route: RouteIx) -> Option<u32> {
        *self.course.get(route.0 as usize)?
    }
    /// Whether two routes lead to the same gateways in the same way, or refuse alike; numbers aside.
    pub fn same_end(&self, a: RouteIx, b: RouteIx) -> bool {
        let refused = |ix: RouteIx| self.course(ix).is_none().then(|| self.of.get(ix.0 as usize));
        self.course(a) == self.course(b) && refused(a) == refused(b)
    }
    /// The gateways that a route reaches.
    pub fn reach(&self, route: RouteIx) -> &[GatewayIx] {
        self.course(route).and_then(|course| self.reach.get(course as usize)).map_or(&[], Vec::as_slice)
    }
}

/// What was met before; few things, named by many routes.
#[derive(Default)]
struct Seen<'t> {
    members: HashMap<&'t [Member], u32>,
    courses: Vec<(Vec<GatewayIx>, Vec<Line>)>,
    by_place: HashMap<*const Failover, u32>,
    failovers: Vec<&'t Failover>,
}

impl<'t> Seen<'t> {
    /// The attempts and their order: lists that come to the same are the same.
    fn course(&mut self, table: &Table, route: &Route, to: &'t [Member]) -> u32 {
        if let Some(known) = self.members.get(to) {
            return *known;
        }
        let Decision { attempts, order, .. } = table.course(route);
        let course = (attempts.iter().map(|attempt| attempt.gateway).collect(), order);
        let at = self.courses.iter().position(|known| *known == course).unwrap_or_else(|| {
            self.courses.push(course);
            self.courses.len() - 1
        });
        self.members.insert(to, at as u32);
        at as u32
    }

    fn failover(&mut self, failover: &'t Arc<Failover>) -> u32 {
        let place = Arc::as_ptr(failover);
        if let Some(known) = self.by_place.get(&place) {
            return *known;
        }
        let at = self.failovers.iter().position(|known| same(known, failover)).unwrap_or_else(|| {
            self.failovers.push(failover);
            self.failovers.len() - 1
        });
        self.by_place.insert(place, at as u32);
        at as u32
    }
}

/// `no_route` is never a route's own.
fn same(a: &Failover, b: &Failover) -> bool {
    let last = |a: &FinalAnswer, b: &FinalAnswer| a == b;
    (a.max_attempts, a.attempt_timeout, a.progress_timeout, a.ring_timeout, a.max_setup_time, a.last_resort)
        == (b.max_attempts, b.attempt_timeout, b.progress_timeout, b.ring_timeout, b.max_setup_time, b.last_resort)
        && (&a.retry_on, &a.never_on) == (&b.retry_on, &b.never_on)
        && last(&a.final_answer, &b.final_answer)
}
