//! Calls by SIPp at a rate: what became of them, as SIPp counts it, and when each message came and went.

use crate::ports::wait_for;
use crate::sipp::Sipp;
use crate::stage::rest;
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

/// What SIPp has counted so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub made: u64,
    pub succeeded: u64,
    pub failed: u64,
    pub retransmissions: u64,
}

/// Callers that go on until they are stopped.
pub struct Load {
    callers: Sipp,
}

/// Datagrams that wait for a SIPp that is not scheduled at once.
const BUFFER: &str = "4194304";

/// A gateway for as many calls as come.
pub fn gateway(scenario: &str) -> Sipp {
    Sipp::untraced(scenario, None, &["-buff_size", BUFFER]).ready()
}

impl Load {
    /// `rate` calls a second to the router's port; `flags` are SIPp's (`-m` for a number of calls, `-d` for their length).
    pub fn start(scenario: &str, router: u16, rate: u32, flags: &[&str]) -> Load {
        let rate = rate.to_string();
        let mut all = vec!["-r", &rate, "-l", "15000", "-buff_size", BUFFER];
        // Many answers in one second must not wait for the screen.
        all.extend(["-trace_stat", "-stf", "counts.csv", "-fd", "1"]);
        all.extend(flags);
        Load { callers: Sipp::untraced(scenario, Some(router), &all) }
    }

    /// The latest line of its statistics, about a second old.
    pub fn counts(&self) -> Counts {
        let text = self.callers.read("counts.csv");
        let mut lines = text.lines();
        let header: Vec<&str> = lines.next().unwrap_or_default().split(';').collect();
        let last: Vec<&str> = lines.last().unwrap_or_default().split(';').collect();
        let column = |name: &str| {
            let at = header.iter().position(|column| *column == name)?;
            last.get(at)?.parse().ok()
        };
        Counts {
            made: column("TotalCallCreated").unwrap_or(0),
            succeeded: column("SuccessfulCall(C)").unwrap_or(0),
            failed: column("FailedCall(C)").unwrap_or(0),
            retransmissions: column("Retransmissions(C)").unwrap_or(0),
        }
    }

    /// Waits until this many calls have ended well.
    pub fn wait_succeeded(&self, count: u64) {
        wait_for("the first calls", || (self.counts().succeeded >= count).then_some(()));
    }

    /// No new calls; returns when the last one has ended.
    pub fn stop(&mut self) -> Counts {
        self.callers.signal(nix::sys::signal::Signal::SIGUSR1);
        self.wait(Duration::from_secs(50))
    }

    /// Waits for its end. Calls that have not ended by then are cut off, and are in no count.
    pub fn wait(&mut self, most: Duration) -> Counts {
        let deadline = Instant::now() + most;
        while self.callers.runs() && Instant::now() < deadline {
            rest(Duration::from_millis(20));
        }
        self.counts()
    }

    /// The messages of one call, if it was started with [`TRACED`].
    pub fn story(&self, call_id: &str) -> String {
        let text = self.callers.read("short.log");
        text.lines().filter(|line| line.contains(&format!("\t{call_id}\t"))).collect::<Vec<_>>().join("\n")
    }

    /// Why calls failed, in SIPp's words and those of the answers, each reason with its number.
    pub fn errors(&self) -> String {
        let text = self.callers.read("errors.log");
        let mut reasons = BTreeMap::<&str, u32>::new();
        for line in text.lines() {
            let unexpected = line.split_once("': while ").map(|(_, reason)| reason);
            let given_up = line
                .find("Aborting call on UDP")
                .and_then(|at| line.get(at..at + "Aborting call on UDP retransmission timeout".len()));
            let warning = line.starts_with("Warning:").then_some(line);
            if let Some(reason) = unexpected.or(given_up).or(warning) {
                *reasons.entry(reason).or_default() += 1;
            }
        }
        reasons.iter().map(|(reason, count)| format!("      {count} x {reason}\n")).collect()
    }

    /// The life of each call by its Call-ID, if it was started with [`TRACED`].
    pub fn lives(&self) -> HashMap<String, Life> {
        let mut lives = HashMap::<String, Life>::new();
        for line in self.callers.read("short.log").lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            let [_, _, time, direction, call_id, cseq, first_line] = fields[..] else { continue };
            let (Ok(time), life) = (time.parse(), lives.entry(call_id.to_owned()).or_default()) else { continue };
            life.message(time, direction == "S", cseq, first_line);
        }
        lives
    }
}

/// Flags that make SIPp write down when each message of each call came and went.
pub const TRACED: [&str; 3] = ["-trace_shortmsg", "-shortmessage_file", "short.log"];

/// What a caller saw of a call; times are seconds since 1970.
#[derive(Clone, Copy, Debug, Default)]
pub struct Life {
    /// When the INVITE was sent, for the last time.
    pub invited: Option<f64>,
    /// The last answer to the INVITE that came, and when the first one of its kind came.
    pub code: u16,
    pub answered: Option<f64>,
    pub hung_up: Option<f64>,
    pub closed: Option<f64>,
}

impl Life {
    fn message(&mut self, time: f64, sent: bool, cseq: &str, first_line: &str) {
        let code = first_line.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3)?.parse::<u16>().ok());
        match (sent, cseq.ends_with("INVITE"), cseq.ends_with("BYE"), code) {
            (true, true, _, None) => self.invited = Some(time),
            (true, _, true, None) => drop(self.hung_up.get_or_insert(time)),
            (false, true, _, Some(code)) => {
                self.code = code;
                if (200..300).contains(&code) {
                    self.answered.get_or_insert(time);
                }
            }
            (false, _, true, Some(200)) => drop(self.closed.get_or_insert(time)),
            _ => {}
        }
    }
}
