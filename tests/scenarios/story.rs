//! Plays a story: its steps one after the other, each when its time has come.

use crate::cast::Players;
use crate::format::{Manner, Plan, Scenario, duration};
use crate::party::Party;
use std::net::SocketAddr;
use std::time::Duration;
use trunkline::health::Override;
use trunkline::proxy::Plant;
use trunkline::sim::net::{Health, Net, Weather};
use trunkline::sim::{Router, START, World, snapshot};
use trunkline::worker::Load;

/// The usual routes file: two gateways behind everything, judged by calls alone.
const USUAL: &str = r#"
version: 1
listen: { lan: { bind: "10.0.0.1:5060" } }
access: { trusted: { phones: ["10.1.0.0/24"] } }
gateways:
  g1: { address: "10.2.0.1:5060", probing: { method: none } }
  g2: { address: "10.2.0.2:5060", probing: { method: none } }
routes:
  everything: { default: true, to: [g1, g2] }
accounting: { file: { path: calls.jsonl } }
"#;

/// How long a story waits for what it was told to wait for.
const PATIENCE: Duration = Duration::from_secs(400);
/// After the last step: longer than any transaction.
const EPILOGUE: Duration = Duration::from_secs(400);

/// What a story came to.
pub struct Outcome {
    pub players: Players,
    pub load: Load,
    pub open_records: usize,
}

pub fn play(scenario: &Scenario) -> Result<Outcome, String> {
    let text = match (&scenario.config, &scenario.settings) {
        (Some(config), None) => config.clone(),
        (None, settings) => format!("{USUAL}{}", settings.as_deref().unwrap_or("")),
        (Some(_), Some(_)) => return Err("either `config` or `settings`".into()),
    };
    let first = snapshot(&text)?;
    let mut players = Players::default();
    let mut net = Net::new(1, Weather::calm());
    people(&mut players, &mut net, scenario)?;
    let router = Router::start(START, first, [1; 32], scenario.workers.unwrap_or(1), Plant::None);
    let mut stage = Stage { world: World::new(1, net, router), players, text };
    for (number, step) in scenario.story.iter().enumerate() {
        let told = step.plan().and_then(|plan| stage.step(&plan));
        if let Err(error) = told {
            return Err(format!("step {}: {error}\n{}", number + 1, stage.players.log.join("\n")));
        }
    }
    stage.players.over = true;
    stage.pass(EPILOGUE);
    let load = stage.world.router.load();
    Ok(Outcome { load, open_records: stage.world.router.open_records(), players: stage.players })
}

/// The parties: phones, a stranger, and gateways g1 to g9 with their manners.
fn people(players: &mut Players, net: &mut Net, scenario: &Scenario) -> Result<(), String> {
    let mut all: Vec<(String, SocketAddr)> = vec![
        ("caller".into(), SocketAddr::from(([10, 1, 0, 1], 5060))),
        ("other".into(), SocketAddr::from(([10, 1, 0, 2], 5060))),
        ("stranger".into(), SocketAddr::from(([10, 9, 0, 1], 5060))),
    ];
    all.extend((1..=9u8).map(|n| (format!("g{n}"), SocketAddr::from(([10, 2, 0, n], 5060)))));
    for (name, address) in all {
        let mut party = Party::new(&name, address);
        match scenario.gateways.get(&name) {
            Some(Manner::Says(says)) => party.says = says.clone().into_iter().collect(),
            Some(Manner::Health(word)) => net.set_health(address, health(word)?),
            None => {}
        }
        players.parties.insert(name, party);
    }
    match scenario.gateways.keys().find(|name| !players.parties.contains_key(*name)) {
        Some(unknown) => Err(format!("`{unknown}` is nobody here")),
        None => Ok(()),
    }
}

fn health(word: &str) -> Result<Health, String> {
    match word {
        "alive" => Ok(Health::Alive),
        "silent" => Ok(Health::Silent),
        "refusing" => Ok(Health::Refusing),
        other => Err(format!("`{other}`: silent, refusing or alive")),
    }
}

struct Stage {
    world: World,
    players: Players,
    text: String,
}

impl Stage {
    fn pass(&mut self, time: Duration) {
        let until = self.world.now.at + time;
        self.world.run(&mut self.players, until, || false);
    }

    fn step(&mut self, plan: &Plan) -> Result<(), String> {
        if let Some(when) = &plan.when {
            self.wait_for(when)?;
        }
        self.pass(plan.after);
        let now = self.world.now;
        match plan.who.as_str() {
            "wait" => self.pass(duration(&plan.what).ok_or("how long?")?),
            "silence" | "refuse" | "revive" => {
                let health = [("silence", Health::Silent), ("refuse", Health::Refusing), ("revive", Health::Alive)];
                let health = health.iter().find(|(w, _)| *w == plan.who).map_or(Health::Alive, |h| h.1);
                let address = self.address(&plan.what)?;
                self.world.net.set_health(address, health);
                self.players.remark(now, &format!("{} {}", plan.who, plan.what));
            }
            "settings" => self.reload(&format!("{USUAL}{}", plan.what))?,
            "config" => self.reload(&plan.what.clone())?,
            "replace" => {
                let mut text = self.text.clone();
                for line in plan.what.lines() {
                    let (old, new) = line.split_once(" by ").ok_or("replace: OLD by NEW")?;
                    if !text.contains(old) {
                        return Err(format!("`{old}` is not in the routes file"));
                    }
                    text = text.replace(old, new);
                }
                self.reload(&text)?;
            }
            "disable" | "enable" => {
                let word = Override { by: "story".into(), reason: "maintenance".into(), until: None };
                let word = (plan.who == "disable").then_some(word);
                let known = self.world.router.workers_mut()[0].set_override(now, &plan.what, word);
                if !known {
                    return Err(format!("no gateway {}", plan.what));
                }
            }
            "crash" => {
                let down = duration(&plan.what).ok_or("how long until the next process starts?")?;
                self.players.remark(now, "the process is killed");
                self.world.crash(&mut self.players, down);
            }
            "drain" => self.world.router.drain(now),
            "stall" => self.world.stall(duration(&plan.what).ok_or("how long?")?),
            "lose" => self.lose(plan)?,
            who => {
                let router = self.world.router.sockets()[0];
                let from = plan.other.get("from").map(|name| self.address(name)).transpose()?;
                let party = self.players.parties.get_mut(who).ok_or(format!("`{who}` is nobody here"))?;
                party.act(&mut self.world.net, now.at, router, from, plan)?;
            }
        }
        // What was said at this very moment is heard before the next step.
        self.pass(Duration::ZERO);
        Ok(())
    }

    fn address(&self, name: &str) -> Result<SocketAddr, String> {
        self.players.parties.get(name).and_then(|p| p.address).ok_or(format!("`{name}` is nobody here"))
    }

    fn reload(&mut self, text: &str) -> Result<(), String> {
        let snapshot = snapshot(text)?;
        self.text = text.to_string();
        self.players.remark(self.world.now, "reload");
        self.world.reload(&mut self.players, &snapshot);
        Ok(())
    }

    /// `lose: ACK to g1`: the next such datagram that the router sends there; `lose: ACK from caller`.
    fn lose(&mut self, plan: &Plan) -> Result<(), String> {
        let mut words = plan.what.split(' ');
        let (what, way, name) = (words.next(), words.next(), words.next().unwrap_or(""));
        let party = self.address(name)?;
        let times = plan.other.get("times").and_then(|t| t.parse().ok()).unwrap_or(1);
        let what = match what.unwrap_or("") {
            code if code.parse::<u16>().is_ok() => format!("SIP/2.0 {code}"),
            method => method.to_string(),
        };
        for router in self.world.router.sockets().to_vec() {
            match way {
                Some("to") => self.world.net.lose_next(router, party, &what, times),
                Some("from") => self.world.net.lose_next(party, router, &what, times),
                _ => return Err("lose: WHAT to|from WHOM".into()),
            }
        }
        Ok(())
    }

    /// `caller hears 180`, `g1 hears INVITE x3`: goes on until it has.
    fn wait_for(&mut self, when: &str) -> Result<(), String> {
        let (who, what) = when.split_once(" hears ").ok_or(format!("when: WHO hears WHAT, not `{when}`"))?;
        let (what, count) = match what.rsplit_once(" x") {
            Some((what, count)) => (what, count.parse().map_err(|_| format!("`{when}`: how often?"))?),
            None => (what, 1),
        };
        self.address(who)?;
        let until = self.world.now.at + PATIENCE;
        loop {
            let heard = self.players.parties[who].heard.iter().filter(|h| matches(&h.short, what)).count();
            if heard >= count {
                return Ok(());
            }
            if !self.world.step(&mut self.players, until) {
                return Err(format!("`{when}` never came about"));
            }
        }
    }
}

/// Whether what was heard is what a file means: `200` means `200 from g1`, too.
pub fn matches(heard: &str, meant: &str) -> bool {
    heard == meant || heard.split(" from ").next() == Some(meant)
}
