//! From a comparison to the document.

use super::document as doc;
use super::revision::Revision;
use super::traffic::Recorded;
use super::words;
use crate::admin::timestamp;
use crate::config::{Compiled, Watched, clock};
use crate::plan::blast::{self, BlastRadius, Touched};
use crate::plan::guards::{self, Finding};
use crate::plan::{
    ALWAYS, Change, Comparison, Form, Kind, Lookup, Move, Part, Rewrite, Shown, Stop, TimeId, Way, Window, calendar,
    declared, settings, text_only,
};
use crate::proxy::refusal;
use crate::route::{Decision, FinalAnswer, Reply, Table};
use crate::route_tests;
use crate::time::Wall;
use foldhash::{HashSet, HashSetExt};
use sha2::{Digest, Sha256};

/// Ranges, and parts, that an entry lists.
const LISTED: usize = 50;

/// Everything that a plan is made of.
pub struct Sides<'s> {
    pub old: &'s Revision,
    pub new: &'s Revision,
    pub before: &'s Compiled,
    pub after: &'s Compiled,
}

pub struct Asked<'a> {
    pub window: Window,
    pub traffic: Option<&'a Recorded>,
    pub watched: Watched,
    pub accepted: &'a [String],
}

/// Compares, weighs, holds against the guards, and writes it all down.
pub fn document(sides: &Sides<'_>, asked: &Asked<'_>) -> doc::Document {
    let (old, new) = (&sides.before.snapshot, &sides.after.snapshot);
    let mut comparison = Comparison::of(old, new, asked.window, &sides.before.guards.premium);
    let moves = comparison.moved(old, new, &sides.before.guards.emergency);
    let ranges = blast::by_ranges(&comparison);
    let radius = match asked.traffic {
        Some(recorded) => blast::by_calls(&comparison, &Lookup::of(&comparison), &recorded.traffic),
        None => ranges.clone(),
    };
    let findings =
        guards::judge(sides.before, sides.after, Some((&comparison, &radius, &moves)), &asked.watched, asked.accepted);
    let declared = declared::between(old, new);
    let text = text_only::TextOnly::of((sides.before, &sides.old.set), (sides.after, &sides.new.set), &declared);
    let changes = Writer { sides, prefixes: Prefixes::of(sides), comparison: &mut comparison }.changes();
    doc::Document {
        schema: "trunkline/plan/1".to_owned(),
        from: revision(sides.old),
        to: revision(sides.new),
        horizon: doc::Horizon {
            from: timestamp(asked.window.from),
            until: timestamp(asked.window.until),
            zone: sides.after.zone.iana_name().unwrap_or("UTC").to_owned(),
        },
        changes,
        moved: moves.moves.into_iter().map(moved).collect(),
        moved_more: moves.more,
        text_only: doc::TextOnly {
            renamed: text.renamed,
            reordered: text.reordered,
            moved: text.moved,
            comments: text.comments,
        },
        declared: declared.to_string(),
        fields: settings::differing(sides.before, sides.after)
            .into_iter()
            .map(|s| doc::Field { path: s.path, before: s.before, after: s.after })
            .collect(),
        blast_radius: blast_radius(&comparison, &radius, &ranges, asked.traffic),
        tests: tests(sides),
        guards: findings.iter().map(guard).collect(),
        plan_id: plan_id(&sides.before.hash, &sides.after.hash),
    }
}

fn revision(revision: &Revision) -> doc::Revision {
    doc::Revision {
        revision: revision.short().to_owned(),
        r#ref: revision.reference.clone(),
        hash: revision.set.hash.clone(),
        git: revision.commit.clone(),
    }
}

/// `9c0d-77ab`: of both contents.
pub fn plan_id(old: &str, new: &str) -> String {
    let hash = Sha256::new().chain_update(old).chain_update("\n").chain_update(new).finalize();
    let hex: Vec<String> = hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    hex.chunks(2).map(<[String]>::concat).collect::<Vec<_>>().join("-")
}

fn moved(moved: Move) -> doc::Moved {
    doc::Moved {
        caller_count: moved.callers.len(),
        callers: moved.callers.into_iter().take(LISTED).collect(),
        from: moved.from.map(|id| id.to_string()),
        to: moved.to.map(|id| id.to_string()),
        ranges: doc::Ranges { changed: moved.changed, of: u64::from(moved.declared) },
    }
}

fn guard(finding: &Finding) -> doc::Guard {
    doc::Guard {
        id: finding.id.clone(),
        code: finding.kind.code().id(),
        measured: finding.measured,
        limit: finding.limit,
        tripped: finding.tripped,
        accepted: finding.accepted,
        message: finding.says.clone(),
    }
}

fn blast_radius(
    comparison: &Comparison<'_>,
    radius: &BlastRadius,
    ranges: &BlastRadius,
    traffic: Option<&Recorded>,
) -> doc::BlastRadius {
    let id = |at: usize| comparison.groups.get(at).map_or_else(String::new, |pair| pair.id.to_string());
    let of = |(at, touched): &(usize, Touched)| (id(*at), *touched);
    doc::BlastRadius {
        all: radius.all,
        groups: radius.groups.iter().map(of).map(|(id, touched)| (id, touched.share())).collect(),
        of: if radius.calls.is_some() { "calls" } else { "ranges" }.to_owned(),
        calls: radius.calls,
        days: traffic.map(|recorded| recorded.days),
        ranges: ranges
            .groups
            .iter()
            .map(of)
            .map(|(id, touched)| (id, doc::Ranges { changed: touched.changed, of: touched.of as u64 }))
            .collect(),
    }
}

/// The new side's tests on both sides.
fn tests(sides: &Sides<'_>) -> doc::Tests {
    let after = route_tests::run(sides.after);
    let before = route_tests::run_on(&sides.after.tests, sides.before);
    let differs = after.iter().zip(&before).filter(|(now, then)| now.got() != then.got());
    doc::Tests {
        passed: after.iter().filter(|verdict| verdict.passed()).count(),
        failed: after.iter().filter(|verdict| !verdict.passed()).count(),
        changed: differs.map(|(now, _)| now.test.name.to_string()).collect(),
    }
}

struct Writer<'w, 'a> {
    sides: &'w Sides<'w>,
    prefixes: Prefixes<'w>,
    comparison: &'w mut Comparison<'a>,
}

impl Writer<'_, '_> {
    fn changes(&mut self) -> Vec<doc::Change> {
        let list = std::mem::take(&mut self.comparison.changes.list);
        let out = list.iter().map(|change| self.change(change)).collect();
        self.comparison.changes.list = list;
        out
    }

    fn change(&mut self, change: &Change) -> doc::Change {
        let time = self.comparison.time_of(change);
        let (ranges, range_count) = self.comparison.changes.ranges_of(change, LISTED);
        let ranges = ranges.into_iter().map(str::to_owned).collect();
        let key = self.comparison.key(change).clone();
        let premium = key.premium.then(|| "opened:premium".to_owned());
        doc::Change {
            kind: match change.kind {
                Kind::Changed => doc::Kind::Changed,
                Kind::Added => doc::Kind::Added,
                Kind::Removed => doc::Kind::Removed,
            },
            groups: self.ids(&change.groups()),
            ranges,
            range_count,
            catch_all: change.undialable(),
            when: self.when(time),
            before: self.decision(change, &key.before, &self.sides.before.snapshot.table),
            after: self.decision(change, &key.after, &self.sides.after.snapshot.table),
            parts: change.parts.iter().take(LISTED).map(|part| self.part(part)).collect(),
            part_count: change.parts.len(),
            example: self.example(change),
            tripwires: premium.into_iter().collect(),
        }
    }

    fn ids(&self, groups: &[usize]) -> Vec<String> {
        groups.iter().filter_map(|at| self.comparison.groups.get(*at)).map(|pair| pair.id.to_string()).collect()
    }

    fn part(&self, part: &Part) -> doc::Part {
        let ranges = self.comparison.changes.ranges.get(part.ranges);
        let (declared, declared_count) = self.prefixes.owners(ranges, LISTED);
        doc::Part {
            groups: self.ids(&part.groups),
            ranges: ranges.iter().take(LISTED).map(ToString::to_string).collect(),
            range_count: ranges.len(),
            declared,
            declared_count,
            catch_all: part.undialable,
            when: self.when(part.time),
        }
    }

    fn when(&self, time: TimeId) -> doc::When {
        if time == ALWAYS {
            return words::when(&calendar::Calendar::Always);
        }
        let Window { from, until } = self.comparison.window();
        words::when(&calendar::describe(self.comparison.spans(time), (from, until), &self.sides.after.zone))
    }

    fn decision(&self, change: &Change, form: &Form, table: &Table) -> doc::Decision {
        let reject = |reply: &Reply, by| doc::Decision {
            outcome: "reject".to_owned(),
            attempts: Vec::new(),
            course: None,
            reject: Some(doc::Reject { code: reply.code, reason: reply.reason.to_string(), by }),
        };
        match form {
            Form::NoRoute => reject(&table.failover().no_route, doc::RejectedBy::NoRoute),
            Form::Unusable => reject(&final_answer(table), doc::RejectedBy::NoGateway),
            Form::Reject { code, reason, barred } => {
                let by = if *barred { doc::RejectedBy::Barred } else { doc::RejectedBy::Route };
                reject(&Reply { code: *code, reason: reason.clone() }, by)
            }
            Form::To { course, rewrite } => {
                let course = self.comparison.course(*course);
                let shown = match rewrite {
                    Some(rewrite) => Some(Shown::Words(rewrite.clone())),
                    None => self.comparison.shown(change).cloned(),
                };
                doc::Decision {
                    outcome: "attempts".to_owned(),
                    attempts: course
                        .stops
                        .iter()
                        .map(|stop| doc::Attempt {
                            gateway: self.name(stop),
                            number: number(stop, shown.as_ref()),
                            share: stop.share(),
                        })
                        .collect(),
                    course: Some(self.ways(course.path.ways(), &course.stops)),
                    reject: None,
                }
            }
        }
    }

    fn name(&self, stop: &Stop) -> String {
        match self.comparison.gateway(stop) {
            Some(name) => match &name.address {
                Some(address) => format!("{} ({address})", name.id),
                None => name.id.to_string(),
            },
            None => String::new(),
        }
    }

    fn ways(&self, ways: &[Way], stops: &[Stop]) -> String {
        ways.iter().map(|way| self.way(way, stops)).collect::<Vec<_>>().join(", ")
    }

    fn way(&self, way: &Way, stops: &[Stop]) -> String {
        let limited = |text: String, limit: &Option<u16>| match limit {
            Some(limit) => format!("[{text}] at most {limit} of them"),
            None => text,
        };
        let inside = |way: &Way| match way {
            Way::Gateway(_) => self.way(way, stops),
            way => format!("({})", self.way(way, stops)),
        };
        match way {
            Way::Gateway(who) => stops.iter().find(|stop| stop.who == *who).map_or_else(String::new, |s| self.name(s)),
            Way::Each { of, limit } => limited(self.ways(of, stops), limit),
            Way::RoundRobin { of, limit } => {
                limited(format!("{} in turn", of.iter().map(inside).collect::<Vec<_>>().join(" | ")), limit)
            }
            Way::Weighted { of, limit } => {
                let total: f64 = of.iter().map(|(weight, _)| f64::from(*weight)).sum();
                let share = |weight: &u32| guards::percent(f64::from(*weight) / total.max(1.0));
                let of = of.iter().map(|(weight, way)| format!("{} {}", inside(way), share(weight)));
                limited(of.collect::<Vec<_>>().join(" | "), limit)
            }
        }
    }

    /// A call that shows the change: one that people may dial, if there is one.
    fn example(&mut self, change: &Change) -> doc::Example {
        let Some(part) = change.parts.first().cloned() else { return nothing() };
        let ranges = self.comparison.changes.ranges.get(part.ranges);
        let usual = |range: &str| {
            let digits = range.trim_matches(['=', '*']);
            !digits.is_empty() && digits.trim_start_matches('+').bytes().all(|b| b.is_ascii_digit())
        };
        let range = ranges.iter().find(|range| usual(range)).or(ranges.first());
        let number = range.map_or_else(|| "anonymous".to_owned(), |range| dialled(range));
        let at = self.comparison.spans(part.time).iter().next().map_or(self.comparison.window().from, |(from, _)| from);
        let group = part.groups.first().copied().unwrap_or(0);
        let [before, after] = self.comparison.decide(group, number.as_bytes(), at);
        doc::Example {
            group: self.ids(&[group]).concat(),
            at: timestamp(at),
            local: clock(at, &self.sides.after.zone, true),
            before: first(before.as_ref(), &self.sides.before.snapshot.table),
            after: first(after.as_ref(), &self.sides.after.snapshot.table),
            number,
        }
    }
}

fn nothing() -> doc::Example {
    let (group, number, at, local) = (String::new(), String::new(), timestamp(Wall(0)), String::new());
    doc::Example { group, number, at, local, before: Vec::new(), after: Vec::new() }
}

/// A number of a range, as long as numbers usually are.
fn dialled(range: &str) -> String {
    if let Some(number) = range.strip_prefix('=') {
        return number.to_owned();
    }
    let prefix = range.strip_suffix('*').unwrap_or(range);
    let more = 10_usize.saturating_sub(prefix.len()).clamp(2, 7);
    format!("{prefix}{}", "1234567".get(..more).unwrap_or_default())
}

/// The attempts that may be the first, each with its number; or the refusal.
fn first(decision: Option<&Decision>, table: &Table) -> Vec<String> {
    let Some(decision) = decision else { return vec!["no such group".to_owned()] };
    let failover = decision.route.map_or(table.failover(), |route| &table.route(route).failover);
    match refusal(decision, failover) {
        Some(reply) => vec![format!("{} {}", reply.code, reply.reason)],
        None => {
            let first = decision.attempts.iter().filter(|attempt| attempt.share > 0.0);
            first.map(|a| format!("{} {}", table.gateway(a.gateway).id, String::from_utf8_lossy(&a.number))).collect()
        }
    }
}

/// What the caller hears when nothing could be tried.
fn final_answer(table: &Table) -> Reply {
    match &table.failover().final_answer {
        FinalAnswer::Reply(reply) => reply.clone(),
        FinalAnswer::Last | FinalAnswer::Best => Reply { code: 503, reason: "Service not available".into() },
    }
}

/// `strip 2, add 49`.
fn number(stop: &Stop, route: Option<&Shown>) -> String {
    match route {
        Some(Shown::One { rewrite, matched }) => {
            let whole = rewrite.then(&stop.rewrite);
            let take = crate::plan::Take::Count(whole.count(*matched) as u16);
            Rewrite { take, ..whole }.to_string()
        }
        Some(Shown::Words(rewrite)) => rewrite.then(&stop.rewrite).to_string(),
        Some(Shown::Several) | None => format!("the route's own change, then {}", stop.rewrite),
    }
}

/// The prefixes and exact numbers that are declared on either side.
struct Prefixes<'s> {
    prefixes: HashSet<&'s str>,
    numbers: HashSet<&'s str>,
}

impl<'s> Prefixes<'s> {
    fn of(sides: &'s Sides<'_>) -> Prefixes<'s> {
        let mut out = Prefixes { prefixes: HashSet::new(), numbers: HashSet::new() };
        let tables = [&sides.before.snapshot.table, &sides.after.snapshot.table];
        for route in tables.into_iter().flat_map(|table| table.routes()) {
            let to = if route.exact { &mut out.numbers } else { &mut out.prefixes };
            to.extend(route.prefixes.iter().map(|prefix| &**prefix));
        }
        out
    }

    /// For each range the declared prefix or number whose calls these are, once; what none declares is left out, it is
    /// the catch-alls'. A range around several declared ones stands for itself. The first `most`, and how many there are.
    fn owners(&self, ranges: &[Box<str>], most: usize) -> (Vec<String>, usize) {
        // A prefix or a number, which are told apart by the flag.
        let mut known: HashSet<(&str, bool)> = HashSet::new();
        let mut out = Vec::new();
        for range in ranges {
            let owner = match range.strip_prefix('=') {
                Some(number) if self.numbers.contains(number) => Some((number, true)),
                Some(number) => self.longest(number),
                None => self.longest(range.trim_end_matches('*')),
            };
            let Some((digits, exact)) = owner.filter(|owner| known.insert(*owner)) else { continue };
            if out.len() < most {
                out.push(if exact { format!("={digits}") } else { format!("{digits}*") });
            }
        }
        (out, known.len())
    }

    fn longest<'r>(&self, digits: &'r str) -> Option<(&'r str, bool)> {
        let mut lengths = (1..=digits.len()).rev();
        let prefix = lengths.find_map(|n| digits.get(..n).filter(|prefix| self.prefixes.contains(prefix)))?;
        Some((prefix, false))
    }
}
