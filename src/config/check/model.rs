//! The document with its names looked up, as the checks and the compiler read it.

use super::routes::{is_default, prefixes};
use crate::config::document::{Document, Gateway, GatewaySpec, Group, List, Listener, MemberSpec, Route, Schedule};
use crate::config::lower::{Entry, Field, Given, Map};
use crate::config::source::Span;
use crate::config::value::{Reference, Transport};
use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use smallvec::SmallVec;
use std::cell::OnceCell;

/// Positions are those of the document's maps, in the order of the files.
#[derive(Debug)]
pub struct Model<'d> {
    pub document: &'d Document,
    listeners: HashMap<&'d str, usize>,
    gateways: HashMap<&'d str, usize>,
    lists: HashMap<&'d str, usize>,
    groups: HashMap<&'d str, usize>,
    schedules: HashMap<&'d str, usize>,
    /// Groups that a route names, or takes by default.
    used_groups: HashSet<GroupKey>,
    rules: OnceCell<Vec<Rule<'d>>>,
    reaches: OnceCell<Reaches>,
}

/// The gateways that routes try, in order. Many routes name the same ones, so they are worked out once.
#[derive(Debug, Default)]
pub struct Reaches {
    all: Vec<Vec<usize>>,
    /// Where in `all` those of each route are.
    by_route: Vec<u32>,
}

impl Reaches {
    /// The gateways of a route, by its position.
    pub fn of(&self, route: usize) -> &[usize] {
        self.kind(route).and_then(|at| self.all.get(at)).map_or(&[], Vec::as_slice)
    }
    /// A number for the gateways of a route, the same for those that name the same.
    pub fn kind(&self, route: usize) -> Option<usize> {
        self.by_route.get(route).map(|at| *at as usize)
    }
    /// By that number.
    pub fn kinds(&self) -> &[Vec<usize>] {
        &self.all
    }
}

/// What a member of a list or of `to` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    Gateway(usize),
    List(usize),
}

/// What names a gateway or a list: an entry of `to`, or a member of a list.
pub trait Names {
    /// The name and its place; `None` when it could not be read.
    fn target(&self, here: Span) -> Option<(&str, Span)>;
}

impl Names for Reference {
    fn target(&self, here: Span) -> Option<(&str, Span)> {
        Some((&self.0, here))
    }
}

impl Names for MemberSpec {
    fn target(&self, _: Span) -> Option<(&str, Span)> {
        let to = self.0.to.given()?;
        Some((&to.value.0, to.span))
    }
}

/// A group: declared, or the `default` that needs no declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GroupKey {
    Declared(usize),
    Default,
}

/// One rule: a route in one group, by one prefix.
#[derive(Clone, Copy, Debug)]
pub struct Rule<'d> {
    /// Position of the route.
    pub route: usize,
    pub group: GroupKey,
    /// Empty for a catch-all.
    pub prefix: &'d str,
    pub exact: bool,
    pub priority: u32,
    /// The prefix's place, or the catch-all's id.
    pub span: Span,
}

impl Rule<'_> {
    /// In words: `prefix "0049"`.
    pub fn what(&self) -> String {
        match (self.prefix, self.exact) {
            ("", _) => "the catch-all".to_owned(),
            (prefix, true) => format!("the exact number \"{prefix}\""),
            (prefix, false) => format!("prefix \"{prefix}\""),
        }
    }
}

/// An empty list for what is not there.
fn entries<T>(field: &Field<Map<T>>) -> &[Entry<T>] {
    field.get().map_or(&[], |map| map.0.as_slice())
}

fn index<T>(entries: &[Entry<T>]) -> HashMap<&str, usize> {
    // A name that stands there twice was complained about; the first one counts.
    entries.iter().enumerate().rev().map(|(at, entry)| (&*entry.id, at)).collect()
}

impl<'d> Model<'d> {
    pub fn of(document: &'d Document) -> Model<'d> {
        let mut model = Model {
            document,
            listeners: index(entries(&document.listen)),
            gateways: index(entries(&document.gateways)),
            lists: index(entries(&document.lists)),
            groups: index(entries(&document.groups)),
            schedules: index(entries(&document.schedules)),
            used_groups: HashSet::new(),
            rules: OnceCell::new(),
            reaches: OnceCell::new(),
        };
        // `all` is looked at last: whether it takes in `default` depends on the other routes.
        let named: Vec<&Route> =
            model.routes().iter().filter_map(|r| r.value.as_ref()).filter(|r| !all_groups(r)).collect();
        for route in named {
            let groups = model.route_groups(route);
            model.used_groups.extend(groups);
        }
        model
    }

    pub fn listeners(&self) -> &'d [Entry<Listener>] {
        entries(&self.document.listen)
    }
    pub fn gateways(&self) -> &'d [Entry<GatewaySpec>] {
        entries(&self.document.gateways)
    }
    pub fn lists(&self) -> &'d [Entry<List>] {
        entries(&self.document.lists)
    }
    pub fn groups(&self) -> &'d [Entry<Group>] {
        entries(&self.document.groups)
    }
    pub fn schedules(&self) -> &'d [Entry<Schedule>] {
        entries(&self.document.schedules)
    }
    pub fn routes(&self) -> &'d [Entry<Route>] {
        entries(&self.document.routes)
    }

    pub fn gateway(&self, position: usize) -> Option<&'d Gateway> {
        self.gateways().get(position)?.value.as_ref().map(|spec| &spec.0)
    }
    pub fn listener_named(&self, id: &str) -> Option<usize> {
        self.listeners.get(id).copied()
    }
    pub fn gateway_named(&self, id: &str) -> Option<usize> {
        self.gateways.get(id).copied()
    }
    pub fn group_named(&self, id: &str) -> Option<GroupKey> {
        match self.groups.get(id) {
            Some(at) => Some(GroupKey::Declared(*at)),
            None if id == "default" => Some(GroupKey::Default),
            None => None,
        }
    }
    pub fn schedule_named(&self, id: &str) -> Option<usize> {
        self.schedules.get(id).copied()
    }
    pub fn target_named(&self, id: &str) -> Option<Target> {
        let gateway = self.gateways.get(id).map(|at| Target::Gateway(*at));
        gateway.or_else(|| self.lists.get(id).map(|at| Target::List(*at)))
    }
    pub fn group_id(&self, key: GroupKey) -> &'d str {
        match key {
            GroupKey::Declared(at) => self.groups().get(at).map_or("", |entry| &entry.id),
            GroupKey::Default => "default",
        }
    }

    /// The group `default`, declared or not.
    pub fn default_group(&self) -> GroupKey {
        self.group_named("default").unwrap_or(GroupKey::Default)
    }

    /// The targets of references that name something, with their places.
    pub fn targets<N: Names>(&self, names: &[Given<N>]) -> impl Iterator<Item = (Target, Span)> {
        let named = names.iter().filter_map(|given| given.value.target(given.span));
        named.filter_map(|(id, span)| Some((self.target_named(id)?, span)))
    }

    /// The gateways that a list of references reaches, in order, each once; loops are cut. Without recursion: a chain of
    /// lists may be long.
    pub fn reach<N: Names>(&self, references: &[Given<N>]) -> Vec<usize> {
        let mut out = Vec::new();
        // What is met twice adds nothing new.
        let mut met = HashSet::new();
        let mut open = vec![self.targets(references).collect::<Vec<_>>().into_iter()];
        while let Some(members) = open.last_mut() {
            match members.next() {
                None => drop(open.pop()),
                Some((target, _)) if !met.insert(target) => {}
                Some((Target::Gateway(gateway), _)) => out.push(gateway),
                Some((Target::List(list), _)) => {
                    let list = self.lists().get(list).and_then(|entry| entry.value.as_ref());
                    let members = list.and_then(|list| list.members.get()).map_or(&[][..], |members| &members.0);
                    open.push(self.targets(members).collect::<Vec<_>>().into_iter());
                }
            }
        }
        out
    }

    /// The gateways that each route tries.
    pub fn reaches(&self) -> &Reaches {
        self.reaches.get_or_init(|| {
            let mut out = Reaches::default();
            let mut known: HashMap<SmallVec<[Target; 4]>, u32> = HashMap::new();
            for entry in self.routes() {
                let to = entry.value.as_ref().and_then(|route| route.to.get()).map_or(&[][..], |to| &to.0);
                let targets = self.targets(to).map(|(target, _)| target).collect();
                let at = *known.entry(targets).or_insert_with(|| {
                    out.all.push(self.reach(to));
                    out.all.len() as u32 - 1
                });
                out.by_route.push(at);
            }
            out
        })
    }

    /// The groups that a route belongs to. `all` is every declared group, and `default` too where another route is in it
    /// or where there is no other group: whoever writes "all" for a barred prefix means it.
    pub fn route_groups(&self, route: &Route) -> Vec<GroupKey> {
        if !route.group.stands() {
            return vec![self.default_group()];
        }
        if all_groups(route) {
            let declared = (0..self.groups().len()).map(GroupKey::Declared);
            let default = self.default_group();
            let implied =
                default == GroupKey::Default && (self.used_groups.contains(&default) || self.groups().is_empty());
            return declared.chain(implied.then_some(default)).collect();
        }
        let mut out = Vec::new();
        for reference in route.group.get().map_or(&[][..], |groups| groups.0.as_slice()) {
            if let Some(key) = self.group_named(&reference.value.0).filter(|key| !out.contains(key)) {
                out.push(key);
            }
        }
        out
    }

    /// The groups that some route is in.
    pub fn groups_with_routes(&self) -> HashSet<GroupKey> {
        let mut out = self.used_groups.clone();
        // What `all` means is the same for each route that says it.
        let routes = self.routes().iter().filter_map(|entry| entry.value.as_ref());
        out.extend(routes.filter(|route| all_groups(route)).take(1).flat_map(|route| self.route_groups(route)));
        out
    }

    /// All rules of all routes, in the order of the files: as many as there are routes, times prefixes, times groups.
    pub fn rules(&self) -> &[Rule<'d>] {
        self.rules.get_or_init(|| self.all_rules())
    }

    fn all_rules(&self) -> Vec<Rule<'d>> {
        let mut out = Vec::new();
        for (position, entry) in self.routes().iter().enumerate() {
            let Some(route) = &entry.value else { continue };
            let default = is_default(route);
            let exact = !default && route.exact.get().is_some_and(|exact| exact.0);
            let priority = route.priority.get().map_or(0, |priority| priority.0);
            let groups = self.route_groups(route);
            let takes =
                prefixes(route).iter().map(|p| (&*p.value.0, p.span)).chain(default.then_some(("", entry.span)));
            for (prefix, span) in takes {
                out.extend(groups.iter().map(|group| Rule {
                    route: position,
                    group: *group,
                    prefix,
                    exact,
                    priority,
                    span,
                }));
            }
        }
        out
    }

    /// The position of a gateway's listener: the one it names, else the first of its transport by id. `None` where no
    /// listener is declared (there is the implied one), or where it names none that exists.
    pub fn listener_of(&self, gateway: &Gateway) -> Option<usize> {
        if let Some(reference) = gateway.listen.get() {
            return self.listener_named(&reference.0);
        }
        self.first_listener(gateway.transport.or(Transport::Udp))
    }

    /// The listener of a transport whose id is first in byte order.
    pub fn first_listener(&self, transport: Transport) -> Option<usize> {
        let of_transport = |entry: &Entry<Listener>| {
            entry.value.as_ref().is_none_or(|listener| listener.transport.or(Transport::Udp) == transport)
        };
        let candidates = self.listeners().iter().enumerate().filter(|(_, entry)| of_transport(entry));
        candidates.min_by_key(|(_, entry)| entry.id.as_bytes()).map(|(at, _)| at)
    }
}

/// Whether a route says `group: all`.
pub fn all_groups(route: &Route) -> bool {
    route.group.get().is_some_and(|groups| matches!(groups.0.as_slice(), [one] if &*one.value.0 == "all"))
}
