//! A plan as machines read it: `trunkline/plan/1`. The human form and the markdown are made from the same document, so that
//! they can't say anything else.

use schemars::JsonSchema;
use serde::Serialize;

/// What a change of the files does to calls.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Document {
    /// `trunkline/plan/1`.
    pub schema: String,
    pub from: Revision,
    pub to: Revision,
    pub horizon: Horizon,
    /// What differs, one entry for each kind of change.
    pub changes: Vec<Change>,
    /// Callers whom other groups take.
    pub moved: Vec<Moved>,
    /// Not all combinations of sources, users and domains could be looked at: there may be more of them.
    pub moved_more: bool,
    pub text_only: TextOnly,
    /// What was declared differently, in words: `2 routes edited, 1 gateway added`.
    pub declared: String,
    /// Everything beside routes that differs, by path.
    pub fields: Vec<Field>,
    pub blast_radius: BlastRadius,
    pub tests: Tests,
    pub guards: Vec<Guard>,
    /// Of both revisions: the same comparison has the same one.
    pub plan_id: String,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Revision {
    /// The first seven digits of the content's hash.
    pub revision: String,
    /// As it was asked for: `files`, `server`, a git revision, a path.
    pub r#ref: String,
    /// The whole hash.
    pub hash: String,
    /// The commit, where it is one.
    pub git: Option<String>,
}

/// The instants that were compared, and whose clocks `when` speaks of.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Horizon {
    pub from: String,
    pub until: String,
    pub zone: String,
}

/// Calls that change in the same way.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Change {
    pub kind: Kind,
    pub groups: Vec<String>,
    /// `49171*` are all numbers that begin so, `=49171` is that number alone; disjoint, as long as possible, at most 50.
    pub ranges: Vec<String>,
    pub range_count: usize,
    /// Numbers too that hold a character which can't be dialled, as far as a catch-all takes them.
    pub catch_all: bool,
    pub when: When,
    pub before: Decision,
    pub after: Decision,
    /// Exactly which numbers change in which groups when: all of them together are the change.
    pub parts: Vec<Part>,
    pub part_count: usize,
    pub example: Example,
    /// The tripwires that it trips by itself.
    pub tripwires: Vec<String>,
}

/// `added` and `removed` are numbers that had, or have, no decision but the no-route answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Changed,
    Added,
    Removed,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Part {
    pub groups: Vec<String>,
    pub ranges: Vec<String>,
    pub range_count: usize,
    /// The prefixes and numbers of either side's routes whose calls these are, at most 50; longer ones that are declared
    /// too stand for themselves.
    pub declared: Vec<String>,
    pub declared_count: usize,
    /// Numbers that no prefix takes are among them.
    pub catch_all: bool,
    pub when: When,
}

/// `always`, or all of these spans together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum When {
    Always(Always),
    Spans(Vec<Span>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Always {
    Always,
}

/// All that is given holds; in the words of a schedule, local to the horizon's zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Span {
    pub days: Vec<String>,
    pub hours: Vec<String>,
    pub from: Option<String>,
    pub until: Option<String>,
    /// Dates on which it does not hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
}

/// What becomes of a call.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Decision {
    /// `attempts` or `reject`.
    pub outcome: String,
    pub attempts: Vec<Attempt>,
    /// The attempts in their order, in words.
    pub course: Option<String>,
    pub reject: Option<Reject>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Attempt {
    pub gateway: String,
    /// `strip N, add X`: what is done to the dialled number. `matched` stands for the length of the prefix that matched;
    /// where the routes differ among themselves and both sides agree, it is what follows the route's own change.
    pub number: String,
    /// The probability that it is the first, from 0 to 1.
    pub share: f64,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Reject {
    pub code: u16,
    pub reason: String,
    pub by: RejectedBy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RejectedBy {
    /// A route says so.
    Route,
    /// A route that is no catch-all, and now the call gets through.
    Barred,
    NoRoute,
    /// A route takes it, and none of its gateways can be given such a number.
    NoGateway,
}

/// A call that shows it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Example {
    pub group: String,
    pub number: String,
    /// RFC 3339 in UTC.
    pub at: String,
    /// The same in the horizon's zone: `tue 2026-11-24 10:00`.
    pub local: String,
    /// What each gateway that may be the first is given: `carrier-a 004930…`, or the refusal.
    pub before: Vec<String>,
    pub after: Vec<String>,
}

/// Callers who were in one group and are in another: their calls are asked by its routes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Moved {
    /// Who, in words, at most 50: `192.0.2.10, user 1*`.
    pub callers: Vec<String>,
    pub caller_count: usize,
    /// `null`: in no group; such calls are refused with 403.
    pub from: Option<String>,
    pub to: Option<String>,
    /// The declared ranges of both groups that are treated differently for them.
    pub ranges: Ranges,
}

#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct TextOnly {
    pub renamed: usize,
    pub reordered: usize,
    pub moved: usize,
    pub comments: usize,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Field {
    pub path: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// The part of calls that is treated differently, from 0 to 1.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BlastRadius {
    pub all: f64,
    pub groups: std::collections::BTreeMap<String, f64>,
    /// `calls` of a traffic file, or `ranges` that are declared.
    pub of: String,
    /// How many calls, over how many days.
    pub calls: Option<u64>,
    pub days: Option<u64>,
    /// By group: how many declared ranges changed, each counted by the part of the week, and how many there are.
    pub ranges: std::collections::BTreeMap<String, Ranges>,
}

#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Ranges {
    pub changed: f64,
    pub of: u64,
}

/// The new side's tests, run on both sides.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Tests {
    pub passed: usize,
    pub failed: usize,
    /// Names of tests whose answer is another one than on the old side.
    pub changed: Vec<String>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Guard {
    /// `max-change`, or a tripwire like `opened:premium:resale`.
    pub id: String,
    /// TL0850 or TL0851.
    pub code: String,
    pub measured: f64,
    pub limit: f64,
    pub tripped: bool,
    pub accepted: bool,
    pub message: String,
}
