//! The worker on a bench: messages as people write them go in, what comes out is text again.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use trunkline::flow::{Flow, SocketIx, Transport};
use trunkline::proxy::{Access, Effects, Listener, Plant, Snapshot, Trusted};
use trunkline::route::*;
use trunkline::sip::Limits;
use trunkline::time::{Instant, Now, Wall};
use trunkline::worker::{Paths, Setup, Worker};

pub const CALLER: &str = "192.0.2.10:5060";
pub const G1: &str = "198.51.100.1:5060";
pub const G2: &str = "198.51.100.2:5060";

pub struct Bench {
    pub worker: Worker,
    pub now: Now,
    pub out: Effects,
}

struct OneHome;
impl Paths for OneHome {
    fn source_towards(&mut self, _: SocketIx, _: IpAddr) -> IpAddr {
        "192.0.2.1".parse().unwrap()
    }
}

pub fn failover() -> Failover {
    let mut retry_on = CodeSet::new();
    retry_on.insert_class(5);
    (retry_on.timeout, retry_on.transport) = (true, true);
    Failover {
        retry_on,
        never_on: CodeSet::new(),
        attempt_timeout: Duration::from_secs(4),
        progress_timeout: Some(Duration::from_secs(15)),
        ring_timeout: Duration::from_secs(120),
        max_attempts: 6,
        max_setup_time: Duration::from_secs(60),
        last_resort: true,
        final_answer: FinalAnswer::Reply(Reply { code: 503, reason: "Service not available".into() }),
        no_route: Reply { code: 503, reason: "No Rules matching the URI".into() },
    }
}

pub fn gateway(id: &str, address: &str, listener: usize) -> Gateway {
    Gateway {
        id: id.into(),
        address: address.parse().unwrap(),
        host: address.into(),
        transport: Transport::Udp,
        listener,
        number: NumberChange::default(),
        probing: Probing {
            method: ProbeMethod::None,
            when: ProbeWhen::Always,
            interval: Duration::from_secs(30),
            timeout: Duration::from_secs(2),
            from: "sip:probe@trunkline.invalid".into(),
            failures: 3,
            recoveries: 2,
            up_on: CodeSet::new(),
            down_interval: Duration::from_secs(10),
        },
        tags: vec![],
    }
}

/// Two gateways behind the catch-all of the group `default`; the caller is trusted. `listeners`: one or two.
pub fn snapshot(two_listeners: bool) -> Snapshot {
    build(two_listeners, |_| ())
}

/// As [`snapshot`], with other failover settings.
pub fn build(two_listeners: bool, change: impl FnOnce(&mut Failover)) -> Snapshot {
    let listener = |id: &str, bind: &str, n| Listener {
        id: id.into(),
        transport: Transport::Udp,
        bind: bind.parse().unwrap(),
        advertise: None,
        socket: SocketIx(n),
    };
    let mut listeners = vec![listener("lan", "192.0.2.1:5060", 0)];
    if two_listeners {
        listeners.push(listener("wan", "203.0.113.1:5060", 1));
    }
    let wan = listeners.len() - 1;
    let mut failover = failover();
    change(&mut failover);
    let failover = Arc::new(failover);
    let everything = Route {
        id: "everything".into(),
        prefixes: vec![],
        default: true,
        exact: false,
        groups: vec![GroupIx(0)],
        when: vec![],
        priority: 0,
        target: RouteTarget::To(vec![Member::Gateway(GatewayIx(0)), Member::Gateway(GatewayIx(1))]),
        number: NumberChange::default(),
        raw: false,
        failover: failover.clone(),
        place: "routes.yaml:1".into(),
    };
    let trusted = Trusted {
        id: "pbx".into(),
        sources: vec![Net { address: "192.0.2.10".parse().unwrap(), length: 32 }],
        listeners: vec![],
    };
    let draft = Draft {
        gateways: vec![gateway("g1", G1, wan), gateway("g2", G2, wan)],
        lists: vec![],
        groups: vec![Group { id: "default".into(), matchers: vec![], calls_out: true }],
        routes: vec![everything],
        schedules: vec![],
        failover,
        default_group: GroupIx(0),
    };
    Snapshot {
        revision: "0000001".into(),
        listeners,
        access: Access { reject_unknown: false, trusted: vec![trusted], gateways: false },
        table: Table::build(draft, Wall(0)),
        limits: Limits::default(),
        records: true,
    }
}

impl Bench {
    pub fn new() -> Bench {
        Bench::with(snapshot(false))
    }
    pub fn with(snapshot: Snapshot) -> Bench {
        let now = Now { at: Instant(1_000_000), wall: Wall(1_790_000_000_000_000) };
        let mut out = Effects::default();
        let setup = Setup {
            index: 0,
            workers: 1,
            seed: [7; 32],
            owner_seed: 0,
            cookie_key: [9; 16],
            old_cookie_key: None,
            snapshot: Arc::new(snapshot),
            shared: None,
            overrides: Vec::new(),
            paths: Box::new(OneHome),
            plant: Plant::None,
        };
        Bench { worker: Worker::new(now, setup, &mut out), now, out }
    }
    /// Feeds a message from `from` and returns what is sent, as (to, text).
    pub fn hear(&mut self, from: &str, text: &str) -> Vec<(String, String)> {
        self.hear_on(from, 0, text)
    }
    pub fn hear_on(&mut self, from: &str, socket: u16, text: &str) -> Vec<(String, String)> {
        self.hear_from(Flow::udp(SocketIx(socket), from.parse::<SocketAddr>().unwrap()), text)
    }
    pub fn hear_from(&mut self, flow: Flow, text: &str) -> Vec<(String, String)> {
        let text = text.replace("\r\n", "\n").replace('\n', "\r\n");
        self.worker.datagram(self.now, flow, text.as_bytes(), &mut self.out);
        self.judge();
        self.sent()
    }
    pub fn sent(&mut self) -> Vec<(String, String)> {
        let sent = self
            .out
            .sends
            .iter()
            .map(|send| (send.flow.remote.to_string(), String::from_utf8(self.out.bytes(send).to_vec()).unwrap()));
        let sent = sent.collect();
        self.out.sends.clear();
        sent
    }
    pub fn wait(&mut self, millis: u64) -> Vec<(String, String)> {
        let until = self.now.at + Duration::from_millis(millis);
        while let Some(at) = self.worker.deadline().filter(|at| *at <= until) {
            self.advance(at);
            self.worker.fire(self.now, &mut self.out);
            self.judge();
        }
        self.advance(until);
        self.sent()
    }
    /// What calls have shown goes to the health engine, as whoever steps a worker has to see to.
    fn judge(&mut self) {
        let mut evidence = std::mem::take(&mut self.out.evidence);
        self.worker.evidence(self.now, &mut evidence, &mut self.out);
    }
    fn advance(&mut self, to: Instant) {
        self.now = self.now.moved_to(to);
    }
}

pub fn invite() -> String {
    "INVITE sip:12025551234@192.0.2.1;user=phone;transport=udp SIP/2.0\n\
     Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKcaller1;rport\n\
     From: \"Alice\" <sip:alice@pbx.example>;tag=a1\n\
     To: <sip:12025551234@192.0.2.1>\n\
     Call-ID: call-1@pbx\n\
     CSeq: 1 INVITE\n\
     Contact: <sip:alice@192.0.2.10:5060>\n\
     X-Keep: as it is , really\n\
     Max-Forwards: 70\n\
     Content-Type: application/sdp\n\
     Content-Length: 4\n\nv=0\n"
        .replace("v=0\n", "v=0\r\n")
        .replace("Content-Length: 4", "Content-Length: 5")
}

/// A response to a request that was sent, by the one who got it.
pub fn reply(request: &str, status: &str, tag: &str) -> String {
    let mut lines = vec![format!("SIP/2.0 {status}")];
    for line in request.lines().skip(1) {
        let name = line.split(':').next().unwrap().to_ascii_lowercase();
        match name.as_str() {
            "to" if !line.contains("tag=") && !tag.is_empty() => lines.push(format!("{line};tag={tag}")),
            "via" | "from" | "to" | "call-id" | "cseq" | "record-route" => lines.push(line.to_owned()),
            _ => {}
        }
    }
    lines.push("Contact: <sip:gw@198.51.100.1:5060>".into());
    lines.push("Content-Length: 0\n\n".into());
    lines.join("\n")
}

pub fn header<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).collect()
}

/// A request of the caller inside the dialog that `invite()` began.
pub fn inside(method: &str, cseq: u32, routes: &[&str], callee_tag: &str) -> String {
    let routes: String = routes.iter().map(|route| format!("Route: {route}\n")).collect();
    format!(
        "{method} sip:gw@198.51.100.1:5060 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK{method}{cseq}\n\
         {routes}From: <sip:alice@pbx.example>;tag=a1\nTo: <sip:12025551234@192.0.2.1>;tag={callee_tag}\n\
         Call-ID: call-1@pbx\nCSeq: {cseq} {method}\nMax-Forwards: 70\nContent-Length: 0\n\n"
    )
}
