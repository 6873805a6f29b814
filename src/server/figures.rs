//! How the workers are doing, in the log: once a minute while there is traffic, and within a second when something was
//! refused or lost.

use super::Stats;
use super::kernel::Queues;
use std::time::{Duration, Instant};

/// How often the workers are asked.
pub const TICK: Duration = Duration::from_secs(1);
/// How often they are written about when nothing is wrong.
const QUIET: Duration = Duration::from_secs(60);

/// See the module.
#[derive(Debug)]
pub struct Figures {
    /// The last figures of each worker.
    latest: Vec<Stats>,
    told: Told,
}

/// What the last line was about.
#[derive(Debug)]
struct Told {
    at: Instant,
    sum: Stats,
    queues: Queues,
}

/// A line for the log: what happened since the last one, and how it stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    pub seconds: u64,
    /// Something was refused or lost.
    pub trouble: bool,
    /// New calls.
    pub calls: u64,
    /// Calls without a final answer, now.
    pub setting_up: u64,
    /// New calls refused because a worker did not keep up.
    pub overload: u64,
    pub received: u64,
    pub sent: u64,
    pub wakes: u64,
    /// Bytes that wait in the sockets, now.
    pub waiting: u64,
    /// Dropped by the kernel, because a receive buffer was full.
    pub kernel_dropped: u64,
    /// Datagrams that one worker received for another; the longest that their queue was; those that it lost.
    pub handed: u64,
    pub deepest: u64,
    pub hand_over_lost: u64,
    /// Datagrams that did not fit into a send buffer and its backlog.
    pub send_dropped: u64,
}

impl Figures {
    pub fn new(workers: usize, now: Instant) -> Figures {
        let told = Told { at: now, sum: Stats::default(), queues: Queues::default() };
        Figures { latest: vec![Stats::default(); workers], told }
    }

    /// What a worker answered.
    pub fn take(&mut self, worker: usize, stats: Stats) {
        if let Some(latest) = self.latest.get_mut(worker) {
            let deepest = latest.deepest.max(stats.deepest);
            *latest = Stats { deepest, ..stats };
        }
    }

    /// What there is to say now, if anything. `queues` asks the kernel, while there is traffic.
    pub fn line(&mut self, now: Instant, queues: impl FnOnce() -> Queues) -> Option<Line> {
        let sum = self.latest.iter().fold(Stats::default(), |sum, stats| sum.plus(*stats));
        if sum.counters.datagrams == self.told.sum.counters.datagrams {
            // A minute without traffic says nothing of the next.
            if now.duration_since(self.told.at) >= QUIET {
                (self.told.at, self.told.sum) = (now, sum);
            }
            return None;
        }
        let queues = queues();
        let line = self.told.until(now, &sum, &queues);
        if now.duration_since(self.told.at) < QUIET && !line.trouble {
            return None;
        }
        self.told = Told { at: now, sum, queues };
        self.latest.iter_mut().for_each(|stats| stats.deepest = 0);
        Some(line)
    }
}

impl Told {
    fn until(&self, now: Instant, sum: &Stats, queues: &Queues) -> Line {
        // A worker that is gone, a socket that is closed: the sum may have become less.
        let since = |of: fn(&Stats) -> u64| of(sum).saturating_sub(of(&self.sum));
        let mut line = Line {
            seconds: now.duration_since(self.at).as_secs().max(1),
            trouble: false,
            calls: since(|s| s.counters.calls),
            setting_up: sum.load.setting_up as u64,
            overload: since(|s| s.counters.overload),
            received: since(|s| s.counters.datagrams),
            sent: since(|s| s.sending.sent),
            wakes: since(|s| s.wakes),
            waiting: queues.waiting,
            kernel_dropped: queues.dropped.saturating_sub(self.queues.dropped),
            handed: since(|s| s.handing.handed),
            deepest: sum.deepest,
            hand_over_lost: since(|s| s.handing.lost + s.handing.untold),
            send_dropped: since(|s| s.sending.dropped),
        };
        line.trouble = line.overload + line.kernel_dropped + line.hand_over_lost + line.send_dropped > 0;
        line
    }
}

impl Line {
    /// Writes it: a warning when something was refused or lost.
    pub fn log(&self) {
        macro_rules! fields {
            ($level:ident, $message:expr) => {
                tracing::$level!(
                    target: "load",
                    seconds = self.seconds,
                    calls = self.calls,
                    setting_up = self.setting_up,
                    overload = self.overload,
                    received = self.received,
                    sent = self.sent,
                    wakes = self.wakes,
                    waiting = self.waiting,
                    kernel_dropped = self.kernel_dropped,
                    handed = self.handed,
                    deepest = self.deepest,
                    hand_over_lost = self.hand_over_lost,
                    send_dropped = self.send_dropped,
                    $message
                )
            };
        }
        match self.trouble {
            true if self.overload > 0 => fields!(warn, "more calls than can be taken: the newest are refused"),
            true => fields!(warn, "datagrams were lost"),
            false => fields!(info, "load"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(datagrams: u64, overload: u64, deepest: u64) -> Stats {
        let mut stats = Stats { deepest, ..Stats::default() };
        (stats.counters.datagrams, stats.counters.overload) = (datagrams, overload);
        stats
    }

    #[test]
    fn a_line_a_minute_while_there_is_traffic_and_at_once_when_something_is_refused() {
        let waiting = |waiting| move || Queues { waiting, dropped: 0 };
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut figures = Figures::new(2, start);
        assert_eq!(figures.line(after(61), waiting(0)), None, "no traffic");
        figures.take(0, stats(10, 0, 3));
        figures.take(1, stats(20, 0, 2));
        assert_eq!(figures.line(after(62), waiting(7)), None, "not yet");
        let line = figures.line(after(121), waiting(7)).expect("a minute");
        assert_eq!((line.received, line.deepest, line.waiting, line.trouble), (30, 3, 7, false));
        figures.take(0, stats(11, 0, 0));
        assert_eq!(figures.line(after(122), waiting(0)), None, "not yet");
        figures.take(1, stats(30, 5, 0));
        let line = figures.line(after(123), waiting(0)).expect("trouble");
        assert_eq!((line.received, line.overload, line.deepest, line.seconds), (11, 5, 0, 2));
        assert_eq!(figures.line(after(124), waiting(0)), None);
        figures.take(1, stats(31, 5, 0));
        let line = figures.line(after(125), || Queues { waiting: 0, dropped: 4 }).expect("trouble");
        assert_eq!((line.kernel_dropped, line.overload), (4, 0));
    }
}
