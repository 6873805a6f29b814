//! A small site whose configuration keeps changing: the text of each revision, and a second opinion on what it means.
//!
//! The opinion is worked out from this file's own model, never by `route`: it is what the judges hold the router to.

use super::Chance;
use crate::proxy::Snapshot;
use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

pub const LAN: &str = "10.0.0.1:5060";
pub const WAN: &str = "10.0.1.1:5060";
/// How many trunks a site can have.
pub const TRUNKS: usize = 8;
/// Index of the office's own gateway, where calls from the trunks go.
pub const OFFICE: usize = TRUNKS;
/// Every prefix that some revision has a route for.
const PREFIXES: [&str; 8] = ["1", "12", "123", "2", "20", "3", "31", "0049"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trunk {
    pub declared: bool,
    pub add: &'static str,
    pub probed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub prefix: &'static str,
    pub to: Vec<usize>,
    pub strip: Strip,
    pub add: &'static str,
    pub raw: bool,
    pub reject: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strip {
    Digits(usize),
    Matched,
}

/// The timers of `failover:` and `probing:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timers {
    pub attempt: Duration,
    pub progress: Duration,
    pub ring: Duration,
    pub max_attempts: usize,
    pub last_resort: bool,
    pub probe_interval: Duration,
    pub probe_timeout: Duration,
    pub failures: u32,
    pub recoveries: u32,
}

/// One revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    pub number: u32,
    pub trunks: Vec<Trunk>,
    pub lines: Vec<Line>,
    /// Target of the catch-all; `None` = no catch-all.
    pub default_to: Option<Vec<usize>>,
    pub timers: Timers,
}

/// What a revision says about a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// 503 "No Rules matching the URI".
    NoRoute,
    Reject(u16),
    /// The gateways in their order, with the number each is sent.
    Hunt(Vec<(usize, String)>),
}

/// Address of a gateway by its index.
pub fn address(gateway: usize) -> SocketAddr {
    match gateway {
        OFFICE => SocketAddr::from(([10, 1, 0, 100], 5060)),
        n => SocketAddr::from(([10, 2, 0, n as u8 + 1], 5060)),
    }
}

/// Where a trunk calls from.
pub fn calling_address(trunk: usize) -> SocketAddr {
    SocketAddr::new(address(trunk).ip(), 5070)
}

/// The trunk that has an address, whatever the port.
pub fn trunk_of(ip: IpAddr) -> Option<usize> {
    (0..TRUNKS).find(|t| address(*t).ip() == ip)
}

/// Index of the gateway with an address.
pub fn gateway_at(at: SocketAddr) -> Option<usize> {
    (0..=OFFICE).find(|g| address(*g) == at)
}

pub fn name(gateway: usize) -> String {
    if gateway == OFFICE { "office".into() } else { format!("trunk-{gateway}") }
}

impl Site {
    pub fn first(chance: &mut Chance) -> Site {
        let trunks = (0..TRUNKS).map(|_| Trunk { declared: true, add: "", probed: true }).collect();
        let mut site = Site { number: 0, trunks, lines: Vec::new(), default_to: None, timers: Timers::draw(chance) };
        site.redraw_lines(chance);
        site
    }

    /// The next revision: a few things changed.
    pub fn next(&self, chance: &mut Chance) -> Site {
        let mut site = self.clone();
        site.number += 1;
        for _ in 0..chance.within(1..=3) {
            match chance.below(6) {
                0 => {
                    let at = chance.below(TRUNKS as u64) as usize;
                    site.trunks[at].declared = !site.trunks[at].declared;
                    site.trunks[0].declared = true;
                }
                1 => chance_item(chance, &mut site.trunks).add = *chance_item(chance, &mut ["", "+", "00", "99"]),
                2 => {
                    let trunk = chance_item(chance, &mut site.trunks);
                    trunk.probed = !trunk.probed;
                }
                3 => site.timers = Timers::draw(chance),
                _ => site.redraw_lines(chance),
            }
        }
        site.forget_missing();
        site
    }

    /// Lists name declared gateways alone; a line that loses all of them goes to the first.
    fn forget_missing(&mut self) {
        let declared: Vec<usize> = (0..TRUNKS).filter(|t| self.trunks[*t].declared).collect();
        let keep = |to: &mut Vec<usize>| {
            to.retain(|g| declared.contains(g));
            if to.is_empty() {
                to.push(declared[0]);
            }
        };
        self.lines.iter_mut().for_each(|l| keep(&mut l.to));
        self.default_to.iter_mut().for_each(keep);
    }

    fn redraw_lines(&mut self, chance: &mut Chance) {
        let mut prefixes = PREFIXES;
        chance.shuffle(&mut prefixes);
        let count = chance.within(6..=PREFIXES.len() as u64) as usize;
        self.lines = prefixes[..count].iter().map(|p| Line::draw(chance, p)).collect();
        self.default_to = chance.percent(85.0).then(|| draw_targets(chance));
        self.forget_missing();
    }

    /// What this revision says about a call to `number`. `trunk` is the calling gateway, `None` for the phones.
    pub fn rule(&self, number: &str, trunk: Option<usize>) -> Ruling {
        if trunk.is_some() {
            // Calls from a trunk: group `inbound`, which has one route.
            return match number.starts_with('9') {
                true => Ruling::Hunt(vec![(OFFICE, number[1..].to_string())]),
                false => Ruling::NoRoute,
            };
        }
        if number.starts_with('7') {
            return Ruling::Hunt(vec![(OFFICE, number.to_string())]);
        }
        let longest = self.lines.iter().filter(|l| number.starts_with(l.prefix)).max_by_key(|l| l.prefix.len());
        match (longest, &self.default_to) {
            (Some(Line { reject: Some(code), .. }), _) => Ruling::Reject(*code),
            (Some(line), _) => self.hunt(line, number),
            (None, Some(to)) => Ruling::Hunt(to.iter().map(|g| (*g, self.trunk_number(*g, number))).collect()),
            (None, None) => Ruling::NoRoute,
        }
    }

    fn hunt(&self, line: &Line, number: &str) -> Ruling {
        let strip = match line.strip {
            Strip::Digits(n) => n,
            Strip::Matched => line.prefix.len(),
        };
        let changed = format!("{}{}", line.add, number.get(strip..).unwrap_or(""));
        let each = |g: &usize| (*g, if line.raw { changed.clone() } else { self.trunk_number(*g, &changed) });
        Ruling::Hunt(line.to.iter().map(each).collect())
    }

    fn trunk_number(&self, gateway: usize, number: &str) -> String {
        format!("{}{number}", self.trunks.get(gateway).map_or("", |t| t.add))
    }

    /// Whether the revision has the gateway.
    pub fn has(&self, gateway: usize) -> bool {
        gateway == OFFICE || self.trunks[gateway].declared
    }

    /// The revision, compiled. What this file writes is always valid.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        super::compile::snapshot(&self.text()).unwrap_or_else(|errors| panic!("{errors}\n{}", self.text()))
    }

    /// The configuration as somebody would write it.
    pub fn text(&self) -> String {
        let t = &self.timers;
        let mut text = format!(
            "# revision {}\nversion: 1\nlisten:\n  lan: {{ bind: \"{LAN}\" }}\n  wan: {{ bind: \"{WAN}\" }}\n\
             access:\n  trusted: {{ phones: {{ sources: [\"10.1.0.0/24\"], listen: [lan] }} }}\n  gateways: true\ngateways:\n",
            self.number
        );
        let _ = writeln!(
            text,
            "  office: {{ address: \"{}\", listen: lan, probing: {{ method: none }} }}",
            address(OFFICE)
        );
        for (index, trunk) in self.trunks.iter().enumerate().filter(|(_, t)| t.declared) {
            let _ = write!(text, "  {}: {{ address: \"{}\", listen: wan", name(index), address(index));
            if !trunk.add.is_empty() {
                let _ = write!(text, ", number: {{ add: \"{}\" }}", trunk.add);
            }
            let probing = if trunk.probed { "" } else { ", probing: { method: none }" };
            let _ = writeln!(text, "{probing} }}");
        }
        text.push_str("groups:\n  inbound:\n    calls_out: false\n    match:\n      - { gateway: office }\n");
        for index in (0..TRUNKS).filter(|i| self.trunks[*i].declared) {
            let _ = writeln!(text, "      - {{ gateway: {} }}", name(index));
        }
        text.push_str("routes:\n  did: { prefix: \"9\", group: inbound, to: office, number: { strip: 1 } }\n  inside: { prefix: \"7\", to: office }\n");
        self.lines.iter().for_each(|line| line.write(&mut text));
        if let Some(to) = &self.default_to {
            let _ = writeln!(text, "  everything-else: {{ default: true, to: {} }}", targets(to));
        }
        let _ = write!(
            text,
            "probing: {{ interval: {}ms, timeout: {}ms, failures: {}, recoveries: {}, down_interval: {}ms }}\n\
             failover:\n  attempt_timeout: {}ms\n  progress_timeout: {}ms\n  ring_timeout: {}ms\n  max_attempts: {}\n  last_resort: {}\n\
             accounting: {{ file: {{ path: calls.jsonl }} }}\n",
            t.probe_interval.as_millis(),
            t.probe_timeout.as_millis(),
            t.failures,
            t.recoveries,
            t.probe_interval.as_millis(),
            t.attempt.as_millis(),
            t.progress.as_millis(),
            t.ring.as_millis(),
            t.max_attempts,
            t.last_resort,
        );
        text
    }
}

impl Timers {
    fn draw(chance: &mut Chance) -> Timers {
        let probe_interval = Duration::from_millis(chance.within(2_000..=6_000));
        Timers {
            attempt: Duration::from_millis(chance.within(1_500..=4_000)),
            progress: Duration::from_millis(chance.within(6_000..=12_000)),
            ring: Duration::from_millis(chance.within(8_000..=20_000)),
            max_attempts: chance.within(2..=4) as usize,
            last_resort: chance.percent(70.0),
            probe_interval,
            probe_timeout: probe_interval / 2,
            failures: chance.within(2..=4) as u32,
            recoveries: chance.within(1..=3) as u32,
        }
    }
}

impl Line {
    fn draw(chance: &mut Chance, prefix: &'static str) -> Line {
        Line {
            prefix,
            to: draw_targets(chance),
            strip: if chance.percent(40.0) { Strip::Matched } else { Strip::Digits(chance.below(3) as usize) },
            add: chance.pick::<&str>(&["", "", "49", "+49", "7"]),
            raw: chance.percent(15.0),
            reject: chance.percent(4.0).then(|| *chance.pick(&[403, 404, 603])),
        }
    }

    fn write(&self, text: &mut String) {
        let _ = write!(text, "  route-{}: {{ prefix: \"{}\", ", self.prefix, self.prefix);
        if let Some(code) = self.reject {
            let _ = writeln!(text, "reject: {code} }}");
            return;
        }
        let strip = match self.strip {
            Strip::Digits(n) => n.to_string(),
            Strip::Matched => "matched".into(),
        };
        let raw = if self.raw { ", raw: true" } else { "" };
        let _ =
            writeln!(text, "to: {}, number: {{ strip: {strip}, add: \"{}\"{raw} }} }}", targets(&self.to), self.add);
    }
}

fn targets(to: &[usize]) -> String {
    format!("[{}]", to.iter().map(|g| name(*g)).collect::<Vec<_>>().join(", "))
}

fn draw_targets(chance: &mut Chance) -> Vec<usize> {
    let mut all: Vec<usize> = (0..TRUNKS).collect();
    chance.shuffle(&mut all);
    all.truncate(chance.within(1..=6) as usize);
    all
}

fn chance_item<'a, T>(chance: &mut Chance, items: &'a mut [T]) -> &'a mut T {
    let at = chance.below(items.len() as u64) as usize;
    &mut items[at]
}

/// A number to dial; some fit no prefix.
pub fn draw_number(chance: &mut Chance) -> String {
    let head = *chance.pick(&["1", "12", "123", "2", "20", "3", "31", "0049", "5", "+49", "7"]);
    format!("{head}{:06}", chance.below(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_is_followed() {
        let mut chance = Chance::new(1);
        let mut site = Site::first(&mut chance);
        let line = |prefix, to: usize, strip, add| Line { prefix, to: vec![to], strip, add, raw: false, reject: None };
        site.lines = vec![line("1", 0, Strip::Digits(0), ""), line("12", 1, Strip::Matched, "49")];
        site.trunks[1].add = "+";
        assert_eq!(site.rule("1277", None), Ruling::Hunt(vec![(1, "+4977".into())]));
        assert_eq!(site.rule("1377", None), Ruling::Hunt(vec![(0, "1377".into())]));
        assert_eq!(site.rule("955", Some(3)), Ruling::Hunt(vec![(OFFICE, "55".into())]));
    }

    #[test]
    fn revisions_differ_and_replay() {
        let texts = |seed| {
            let mut chance = Chance::new(seed);
            let mut site = Site::first(&mut chance);
            (0..20)
                .map(|_| {
                    site = site.next(&mut chance);
                    site.text()
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(texts(5), texts(5));
        assert!(texts(5).windows(2).all(|w| w[0] != w[1]));
    }
}
