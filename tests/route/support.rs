//! Tables in a few words.

use std::sync::Arc;
use std::time::Duration;
use trunkline::flow::Transport;
use trunkline::health::Board;
use trunkline::route::*;
use trunkline::time::{Now, Wall};

/// A table in the making. Group 0 is `default`; gateways have the addresses 10.0.0.1, 10.0.0.2, … by position.
pub struct Plan {
    pub draft: Draft,
}

pub fn failover() -> Failover {
    let reply = |code, reason: &str| Reply { code, reason: reason.into() };
    Failover {
        retry_on: CodeSet::new(),
        never_on: CodeSet::new(),
        attempt_timeout: Duration::from_secs(4),
        progress_timeout: Some(Duration::from_secs(15)),
        ring_timeout: Duration::from_secs(120),
        max_attempts: 6,
        max_setup_time: Duration::from_secs(60),
        last_resort: true,
        final_answer: FinalAnswer::Reply(reply(503, "Service not available")),
        no_route: reply(503, "No Rules matching the URI"),
    }
}

pub fn probing() -> Probing {
    let mut up_on = CodeSet::new();
    up_on.insert_class(2);
    up_on.insert_class(4);
    up_on.insert(501);
    Probing {
        method: ProbeMethod::Options,
        when: ProbeWhen::Always,
        interval: Duration::from_secs(30),
        timeout: Duration::from_secs(2),
        from: "sip:probe@trunkline.invalid".into(),
        failures: 3,
        recoveries: 2,
        up_on,
        down_interval: Duration::from_secs(10),
    }
}

/// `-2+49`: strip two, add 49. `-m`: strip what matched. Either half may be missing.
pub fn number_change(text: &str) -> NumberChange {
    let (strip, add) = match text.strip_prefix('-') {
        Some(rest) => rest.split_once('+').unwrap_or((rest, "")),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let strip = match strip {
        "" => Strip::None,
        "m" => Strip::Matched,
        n => Strip::Digits(n.parse().unwrap()),
    };
    NumberChange { strip, add: add.into() }
}

pub fn route(id: &str) -> Route {
    Route {
        id: id.into(),
        prefixes: Vec::new(),
        default: false,
        exact: false,
        groups: vec![GroupIx(0)],
        when: Vec::new(),
        priority: 0,
        target: RouteTarget::To(vec![Member::Gateway(GatewayIx(0))]),
        number: NumberChange::default(),
        raw: false,
        failover: Arc::new(failover()),
        place: "routes.yaml:1".into(),
    }
}

impl Plan {
    /// Gateways `a`, `b`, … as many as asked.
    pub fn new(gateways: u8) -> Plan {
        let gateway = |n: u8| Gateway {
            id: char::from(b'a' + n).to_string().into(),
            address: format!("10.0.0.{}:5060", n + 1).parse().unwrap(),
            host: format!("10.0.0.{}:5060", n + 1).into(),
            transport: Transport::Udp,
            listener: 0,
            number: NumberChange::default(),
            probing: probing(),
            tags: Vec::new(),
        };
        let default = Group { id: "default".into(), matchers: Vec::new(), calls_out: true };
        Plan {
            draft: Draft {
                gateways: (0..gateways).map(gateway).collect(),
                lists: Vec::new(),
                groups: vec![default],
                routes: Vec::new(),
                schedules: Vec::new(),
                failover: Arc::new(failover()),
                default_group: GroupIx(0),
            },
        }
    }
    pub fn group(mut self, id: &str, matchers: Vec<Matcher>) -> Plan {
        self.draft.groups.push(Group { id: id.into(), matchers, calls_out: true });
        self
    }
    /// `name: a b pair` where `pair` is a list declared before; `a=70 b=30` draws by weight, `turn` first rotates, `<2` is
    /// a limit.
    pub fn list(mut self, text: &str) -> Plan {
        let (id, words) = text.split_once(": ").unwrap();
        let mut list = List { id: id.into(), policy: Policy::Ordered, members: Vec::new(), limit: None };
        for word in words.split_whitespace() {
            if let Some(limit) = word.strip_prefix('<') {
                list.limit = Some(limit.parse().unwrap());
            } else if word == "turn" {
                list.policy = Policy::RoundRobin;
            } else {
                let (member, weight) = word.split_once('=').unwrap_or((word, ""));
                list.policy = if weight.is_empty() { list.policy } else { Policy::Weighted };
                let to = self.members(member)[0];
                list.members.push(Share { to, weight: weight.parse().unwrap_or(1) });
            }
        }
        self.draft.lists.push(list);
        self
    }
    /// Gateways and lists by name.
    pub fn members(&self, text: &str) -> Vec<Member> {
        let member = |id: &str| match self.draft.lists.iter().position(|l| &*l.id == id) {
            Some(list) => Member::List(ListIx(list as u32)),
            None => Member::Gateway(GatewayIx(u32::from(id.as_bytes()[0] - b'a'))),
        };
        text.split_whitespace().map(member).collect()
    }
    /// `id: prefix prefix …`, with `=prefix` for exact, `*` for the catch-all, `!5` for a priority, `@1` for a group.
    pub fn route(self, text: &str) -> Plan {
        self.route_with(text, |_| ())
    }
    pub fn route_with(mut self, text: &str, change: impl FnOnce(&mut Route)) -> Plan {
        let (id, words) = text.split_once(": ").unwrap();
        let mut route = route(id);
        let mut groups = Vec::new();
        for word in words.split_whitespace() {
            match word.split_at(1) {
                ("*", "") => route.default = true,
                ("=", exact) => {
                    route.exact = true;
                    route.prefixes.push(exact.into());
                }
                ("!", priority) => route.priority = priority.parse().unwrap(),
                ("@", group) => groups.push(GroupIx(group.parse().unwrap())),
                _ => route.prefixes.push(word.into()),
            }
        }
        if !groups.is_empty() {
            route.groups = groups;
        }
        change(&mut route);
        self.draft.routes.push(route);
        self
    }
    pub fn build(self) -> Table {
        Table::build(self.draft, Wall(0))
    }
}

/// A call from a trusted source that no matcher knows.
pub fn facts(number: &str) -> Facts<'_> {
    Facts {
        number: number.as_bytes(),
        user: b"101",
        domain: b"pbx.example",
        source: "192.0.2.1".parse().unwrap(),
        gateway: None,
        trusted: true,
        listener: Some(0),
        account: None,
        group: None,
        choice: Choice::Exact,
    }
}

pub fn decide(table: &Table, facts: &Facts) -> Decision {
    decide_with(table, facts, &Board::all_up(table.gateways().len()))
}

pub fn decide_with(table: &Table, facts: &Facts, board: &Board) -> Decision {
    let mut out = Decision::default();
    table.decide(facts, board, Now::default(), &mut out, None);
    out
}

/// The chosen route's id, or `-`.
pub fn chosen(table: &Table, number: &str) -> String {
    decide(table, &facts(number)).route.map_or("-".to_owned(), |ix| table.route(ix).id.to_string())
}

/// `a:0049301 b:+49301!` (with `!` where it is known to be down), then the skipped: `-c:Down`.
pub fn line_up(table: &Table, decision: &Decision) -> String {
    let id = |ix| table.gateway(ix).id.to_string();
    let attempts = decision.attempts.iter().map(|a| {
        let down = if a.down { "!" } else { "" };
        format!("{}:{}{down}", id(a.gateway), String::from_utf8_lossy(&a.number))
    });
    let skipped = decision.skipped.iter().map(|s| format!("-{}:{:?}", id(s.gateway), s.why));
    attempts.chain(skipped).collect::<Vec<_>>().join(" ")
}
