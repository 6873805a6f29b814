//! From a document without errors to a snapshot. Everything is put in the order of the ids, so that the order of maps and
//! files means nothing.

use super::check::{GroupKey, Model, Names, Target, all_groups};
use super::document::{Match, Route};
use super::files::FileSet;
use super::lower::{Entry, Given};
use super::schedules::Times;
use super::settings;
use super::source::Sources;
use super::value::{self, Reference, StripCount};
use super::{Compiled, Counts, Fields, Guards};
use crate::accounting::{Accounting, MAX_DURATION, RecordDatabase, RecordFile};
use crate::flow::{SocketIx, Transport};
use crate::proxy::{Access, Listener, Snapshot, Trusted};
use crate::route::{
    Draft, Failover, Gateway, GatewayIx, Group, GroupIx, List, ListIx, Matcher, Member, NumberChange, Policy,
    RouteTarget, Share, Strip, Table, UserPattern,
};
use crate::sip::Limits;
use crate::time::Wall;
use std::net::{Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// How many hex digits of the hash people see.
const REVISION_DIGITS: usize = 7;

pub(super) fn build(
    model: &Model,
    order: &Order,
    set: &FileSet,
    sources: &Sources,
    counts: Counts,
    fields: Fields,
    now: Wall,
) -> Compiled {
    let accounting = accounting(model, set);
    let snapshot = Snapshot {
        revision: Arc::from(set.hash.get(..REVISION_DIGITS).unwrap_or(&set.hash)),
        listeners: listeners(model, order),
        access: access(model, order),
        table: Table::build(draft(model, order, sources), now),
        limits: Limits::default(),
        records: accounting.is_on(),
    };
    Compiled {
        snapshot: Arc::new(snapshot),
        accounting,
        hash: set.hash.clone(),
        counts,
        zone: model.document.timezone.get().map_or(jiff::tz::TimeZone::UTC, |zone| zone.0.clone()),
        route_spans: order.routes.entries(model.routes()).map(|(entry, _)| entry.span).collect(),
        tests: super::route_test::tests(model, sources),
        guards: Guards::of(&model.document.guards),
        fields,
    }
}

/// The sorted positions: `places[i]` is where the document's entry `i` stands in the table, `sorted` the way back.
pub(super) struct Places {
    sorted: Vec<usize>,
    places: Vec<usize>,
}

impl Places {
    fn of<T>(entries: &[Entry<T>]) -> Places {
        // By the first bytes of the ids, so that sorting seldom has to fetch the ids themselves.
        let mut heads: Vec<(u128, usize)> = entries.iter().map(|entry| head(&entry.id)).zip(0..).collect();
        let id = |at: usize| entries.get(at).map(|entry| &*entry.id);
        heads.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| id(a.1).cmp(&id(b.1))));
        let sorted: Vec<usize> = heads.into_iter().map(|(_, at)| at).collect();
        let mut places = vec![0; sorted.len()];
        for (place, position) in sorted.iter().enumerate() {
            if let Some(slot) = places.get_mut(*position) {
                *slot = place;
            }
        }
        Places { sorted, places }
    }
    /// The table's position of a document's entry.
    pub(super) fn place(&self, position: usize) -> usize {
        self.places.get(position).copied().unwrap_or(0)
    }
    /// The document's position of a table's entry.
    pub(super) fn position(&self, place: usize) -> Option<usize> {
        self.sorted.get(place).copied()
    }
    /// The readable entries in the table's order.
    pub(super) fn entries<'d, T>(&self, entries: &'d [Entry<T>]) -> impl Iterator<Item = (&'d Entry<T>, &'d T)> {
        self.sorted.iter().filter_map(move |at| entries.get(*at)).filter_map(|e| Some((e, e.value.as_ref()?)))
    }
}

fn head(id: &str) -> u128 {
    let mut head = [0; 16];
    head.iter_mut().zip(id.bytes()).for_each(|(to, from)| *to = from);
    u128::from_be_bytes(head)
}

pub(super) struct Order {
    listeners: Places,
    gateways: Places,
    lists: Places,
    pub(super) groups: Places,
    pub(super) routes: Places,
    pub(super) schedules: Places,
}

impl Order {
    pub(super) fn of(model: &Model) -> Order {
        Order {
            listeners: Places::of(model.listeners()),
            gateways: Places::of(model.gateways()),
            lists: Places::of(model.lists()),
            groups: Places::of(model.groups()),
            routes: Places::of(model.routes()),
            schedules: Places::of(model.schedules()),
        }
    }
    fn listener(&self, id: &Reference, model: &Model) -> Option<usize> {
        // The implied listener is the only one there is.
        if model.listeners().is_empty() {
            return Some(0);
        }
        model.listener_named(&id.0).map(|at| self.listeners.place(at))
    }
    fn gateway(&self, at: usize) -> GatewayIx {
        GatewayIx(self.gateways.place(at) as u32)
    }
    fn group(&self, key: GroupKey) -> GroupIx {
        let place = match key {
            GroupKey::Declared(at) => self.groups.place(at),
            // Undeclared, it stands behind all others.
            GroupKey::Default => self.groups.sorted.len(),
        };
        GroupIx(place as u16)
    }
    fn members<N: Names>(&self, references: &[Given<N>], model: &Model) -> Vec<Member> {
        let member = |target| match target {
            Target::Gateway(at) => Member::Gateway(self.gateway(at)),
            Target::List(at) => Member::List(ListIx(self.lists.place(at) as u32)),
        };
        model.targets(references).map(|(target, _)| member(target)).collect()
    }
}

fn transport(word: value::Transport) -> Transport {
    match word {
        value::Transport::Udp => Transport::Udp,
        value::Transport::Tcp => Transport::Tcp,
        value::Transport::Tls => Transport::Tls,
    }
}

fn listeners(model: &Model, order: &Order) -> Vec<Listener> {
    if model.listeners().is_empty() {
        // One dual-stack socket: IPv4 callers show as mapped addresses.
        let bind = SocketAddr::from((Ipv6Addr::UNSPECIFIED, 5060));
        return vec![Listener {
            id: Arc::from("default"),
            transport: Transport::Udp,
            bind,
            advertise: None,
            socket: SocketIx(0),
        }];
    }
    let entries = order.listeners.entries(model.listeners()).enumerate();
    entries
        .filter_map(|(place, (entry, listener))| {
            let bind = listener.bind.get()?.0;
            let advertise = listener.advertise.get().map(|address| match address.host.as_ref() {
                // Without a port of its own it is the bound one that is seen from outside.
                host if host.parse::<SocketAddr>().is_err() => SocketAddr::new(address.to.ip(), bind.port()),
                _ => address.to,
            });
            let transport = transport(listener.transport.or(value::Transport::Udp));
            Some(Listener { id: Arc::clone(&entry.id), transport, bind, advertise, socket: SocketIx(place as u16) })
        })
        .collect()
}

fn access(model: &Model, order: &Order) -> Access {
    let Some(access) = model.document.access.get() else { return Access::default() };
    let trusted = access.trusted.get().map_or(&[][..], |trusted| &trusted.0);
    let places = Places::of(trusted);
    let trusted = places.entries(trusted).map(|(entry, spec)| Trusted {
        id: Arc::clone(&entry.id),
        sources: spec.0.sources.get().map_or_else(Vec::new, |sources| sources.0.iter().map(|n| n.value.0).collect()),
        listeners: spec.0.listen.get().map_or_else(Vec::new, |listen| {
            listen.0.iter().filter_map(|reference| order.listener(&reference.value, model)).collect()
        }),
    });
    Access {
        reject_unknown: access.unknown.or(value::Unknown::Drop) == value::Unknown::Reject,
        trusted: trusted.collect(),
        gateways: access.gateways.get().is_some_and(|gateways| gateways.0),
    }
}

fn draft(model: &Model, order: &Order, sources: &Sources) -> Draft {
    let failover = Arc::new(settings::failover(model.document.failover.get()));
    let mut groups: Vec<Group> = order
        .groups
        .entries(model.groups())
        .map(|(entry, group)| Group {
            id: Arc::clone(&entry.id),
            matchers: group
                .r#match
                .get()
                .map_or_else(Vec::new, |matchers| matchers.0.iter().map(|m| matcher(&m.value, model, order)).collect()),
            calls_out: group.calls_out.get().is_none_or(|calls_out| calls_out.0),
        })
        .collect();
    if model.default_group() == GroupKey::Default {
        groups.push(Group { id: Arc::from("default"), matchers: Vec::new(), calls_out: true });
    }
    let mut made = Made { times: Times::of(model, order), all: None, line: String::new(), root: &failover };
    let routes = order.routes.entries(model.routes());
    let routes = routes.map(|(entry, r)| route(entry, r, model, order, &mut made, sources)).collect();
    Draft {
        gateways: gateways(model, order),
        lists: lists(model, order),
        groups,
        routes,
        schedules: made.times.schedules,
        default_group: order.group(model.default_group()),
        failover,
    }
}

fn lists(model: &Model, order: &Order) -> Vec<List> {
    let policy = |word| match word {
        value::Policy::Ordered => Policy::Ordered,
        value::Policy::Weighted => Policy::Weighted,
        value::Policy::RoundRobin => Policy::RoundRobin,
        // `run` refuses these (TL0209). Which calls go where is not known beforehand: each is as likely to be first.
        value::Policy::LeastCalls | value::Policy::Hash | value::Policy::Quality => Policy::RoundRobin,
    };
    let entries = order.lists.entries(model.lists());
    entries
        .map(|(entry, list)| List {
            id: Arc::clone(&entry.id),
            policy: policy(list.policy.or(value::Policy::Ordered)),
            members: list.members.get().map_or_else(Vec::new, |members| {
                let weights = members.0.iter().map(|member| member.value.0.weight.get().map_or(1, |weight| weight.0));
                let named = order.members(&members.0, model).into_iter().zip(weights);
                named.map(|(to, weight)| Share { to, weight }).collect()
            }),
            limit: list.limit.get().and_then(|limit| u16::try_from(limit.0).ok()),
        })
        .collect()
}

fn gateways(model: &Model, order: &Order) -> Vec<Gateway> {
    let entries = order.gateways.entries(model.gateways());
    entries
        .filter_map(|(entry, spec)| {
            let gateway = &spec.0;
            let address = gateway.address.get()?;
            let number = gateway.number.get();
            let strip = number.and_then(|n| n.strip.get()).map_or(Strip::None, |s| strip(StripCount::Digits(s.0)));
            let add = number.and_then(|n| n.add.get()).map_or_else(|| Arc::from(""), |add| Arc::clone(&add.0));
            Some(Gateway {
                id: Arc::clone(&entry.id),
                address: address.to,
                host: Arc::clone(&address.host),
                transport: transport(gateway.transport.or(value::Transport::Udp)),
                listener: model.listener_of(gateway).map_or(0, |at| order.listeners.place(at)),
                number: NumberChange { strip, add },
                probing: settings::probing(model.document.probing.get(), gateway.probing.get()),
                tags: gateway
                    .tags
                    .get()
                    .map_or_else(Vec::new, |tags| tags.0.iter().map(|t| Arc::clone(&t.value.0)).collect()),
            })
        })
        .collect()
}

fn strip(count: StripCount) -> Strip {
    match count {
        StripCount::Digits(0) => Strip::None,
        StripCount::Digits(n) => Strip::Digits(n),
        StripCount::Matched => Strip::Matched,
    }
}

fn matcher(matcher: &Match, model: &Model, order: &Order) -> Matcher {
    Matcher {
        account: matcher.account.get().map(|account| Arc::clone(&account.0)),
        user: matcher.user.get().map(|user| UserPattern { text: Arc::clone(&user.text), prefix: user.prefix }),
        domain: matcher.domain.get().map(|domain| Arc::clone(&domain.0)),
        source: matcher.source.get().map(|network| network.0),
        gateway: matcher.gateway.get().and_then(|id| model.gateway_named(&id.0)).map(|at| order.gateway(at)),
        listener: matcher.listener.get().and_then(|id| order.listener(id, model)),
    }
}

/// What the making of one route leaves for the next.
struct Made<'r> {
    times: Times,
    /// What `group: all` means.
    all: Option<Vec<GroupIx>>,
    line: String,
    root: &'r Arc<Failover>,
}

fn route(
    entry: &Entry<Route>,
    route: &Route,
    model: &Model,
    order: &Order,
    made: &mut Made<'_>,
    sources: &Sources,
) -> crate::route::Route {
    let groups = || model.route_groups(route).into_iter().map(|key| order.group(key)).collect();
    let groups = if all_groups(route) { made.all.get_or_insert_with(groups).clone() } else { groups() };
    made.line.clear();
    sources.put_line(entry.span, &mut made.line);
    let number = route.number.get();
    let target = match route.reject.get() {
        Some(spec) => RouteTarget::Reject(settings::reply(&spec.0)),
        None => RouteTarget::To(route.to.get().map_or_else(Vec::new, |to| order.members(&to.0, model))),
    };
    let default = super::check::is_default(route);
    crate::route::Route {
        id: Arc::clone(&entry.id),
        prefixes: route.prefix.get().map_or_else(Vec::new, |p| p.0.iter().map(|p| Arc::clone(&p.value.0)).collect()),
        default,
        exact: !default && route.exact.get().is_some_and(|exact| exact.0),
        groups,
        when: route.when.get().map_or_else(Vec::new, |when| made.times.when(when, model, order)),
        priority: route.priority.get().and_then(|p| u16::try_from(p.0).ok()).unwrap_or(0),
        target,
        number: NumberChange {
            strip: number.and_then(|n| n.strip.get()).map_or(Strip::None, |count| strip(*count)),
            add: number.and_then(|n| n.add.get()).map_or_else(|| Arc::from(""), |add| Arc::clone(&add.0)),
        },
        raw: number.and_then(|n| n.raw.get()).is_some_and(|raw| raw.0),
        failover: match route.failover.get() {
            Some(own) => Arc::new(settings::route_failover(made.root, own)),
            None => Arc::clone(made.root),
        },
        place: Arc::from(made.line.as_str()),
    }
}

fn accounting(model: &Model, set: &FileSet) -> Accounting {
    let max_duration = model.document.max_duration.get().map_or(MAX_DURATION, |period| period.0);
    let Some(accounting) = model.document.accounting.get() else {
        return Accounting { max_duration, ..Accounting::default() };
    };
    let file = accounting.file.get().and_then(|file| {
        let rotate = file
            .rotate
            .get()
            .and_then(|rotate| Some((rotate.size.get()?.0, rotate.keep.get().map_or(14, |keep| keep.0))));
        Some(RecordFile { path: set.directory().join(&file.path.get()?.0), rotate })
    });
    let database = accounting.sqlite.get().and_then(|sqlite| {
        let path = set.directory().join(&sqlite.path.get()?.0);
        Some(RecordDatabase { path, keep: sqlite.keep.get().map(|age| age.0) })
    });
    let mask_digits = accounting.mask_digits.get().and_then(|n| u8::try_from(n.0).ok()).unwrap_or(0);
    Accounting { file, database, mask_digits, max_duration }
}
