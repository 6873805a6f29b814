//! From files to a snapshot: text → spans → document → diagnostics → compiled snapshot. Used by every command and by
//! `run`; what `validate` accepts, `run` can serve.

mod allow;
mod build;
mod check;
mod decode;
pub mod diagnostic;
mod document;
mod fields;
mod files;
pub mod fix;
mod guards;
mod include;
pub mod layout;
mod lint;
mod lower;
mod merge;
mod names;
mod route_test;
mod schedules;
mod secrets;
mod settings;
mod source;
mod value;
mod verdict;
mod yaml;

pub use diagnostic::{Code, Diagnostic, Diagnostics, Severity};
pub use document::schema;
pub use fields::Fields;
pub use files::FileSet;
pub use guards::{Guards, Watched};
pub use names::{NamedGateway, Names, named_gateways, names_in, nearest};
pub use route_test::{Expected, ExpectedAttempt, RouteTest, Said, TestedCall};
pub use secrets::Secrets;
pub use source::{Place, Sources, Span};
pub use value::{DAY_NAMES, Moment, clock};
pub use verdict::schema_verdict;

use crate::accounting::Accounting;
use crate::proxy::Snapshot;
use crate::time::Wall;
use diagnostic::Report;
use document::Document;
use lower::{At, Lower};
use source::Source;
use std::sync::Arc;
use yaml::{Budget, Node};

/// Everything that one set of files says.
#[derive(Debug)]
pub struct Compiled {
    /// Fresh from the compiler nobody else holds it, so `Arc::get_mut` can set the listeners' socket numbers.
    pub snapshot: Arc<Snapshot>,
    pub accounting: Accounting,
    /// The hash over (relative path, bytes) of all files, in hex.
    pub hash: String,
    /// Counts for the summary line.
    pub counts: Counts,
    /// Whose clocks are meant by times without an offset.
    pub zone: jiff::tz::TimeZone,
    /// Where the id of each route of the table stands.
    pub route_spans: Vec<Span>,
    /// What stands under `tests`, in the order of the files.
    pub tests: Vec<RouteTest>,
    pub guards: Guards,
    /// Every setting beside routes, by its path.
    pub fields: Fields,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub files: usize,
    pub gateways: usize,
    pub lists: usize,
    pub groups: usize,
    pub routes: usize,
}

/// Compiles a file set. The diagnostics hold warnings and notes too; `None` when there is an error among them.
pub fn compile(set: &FileSet) -> (Option<Compiled>, Diagnostics) {
    let (compiled, _, diagnostics) = compile_counted(set);
    (compiled, diagnostics)
}

/// [`compile`] as at another moment: checks that look at schedules look at the time from then on.
pub fn compile_at(set: &FileSet, now: Wall) -> (Option<Compiled>, Diagnostics) {
    let (compiled, _, diagnostics) = compile_counted_at(set, now);
    (compiled, diagnostics)
}

/// Compiles a file set that is to be served: what this build does not serve, and secrets that are not there, are errors
/// here and notes in [`compile`].
pub fn compile_for_run(set: &FileSet) -> (Option<Compiled>, Diagnostics) {
    let (compiled, diagnostics) = compile(set);
    let diagnostics = diagnostics.for_run();
    (compiled.filter(|_| diagnostics.errors() == 0), diagnostics)
}

/// Like [`compile`], with the counts of what could be read where it did not compile.
pub fn compile_counted(set: &FileSet) -> (Option<Compiled>, Counts, Diagnostics) {
    compile_counted_at(set, Wall(jiff::Timestamp::now().as_microsecond()))
}

fn compile_counted_at(set: &FileSet, now: Wall) -> (Option<Compiled>, Counts, Diagnostics) {
    let mut report = Report::with(set.secrets.clone());
    let (sources, readable) = decode_all(set, &mut report);
    let (document, fields, whole) = read_document(set, &sources, &readable, &mut report);
    let mut counts = Counts { files: set.files.len(), ..Counts::default() };
    let mut compiled = None;
    if let Some(document) = document {
        counts = Counts {
            gateways: document.gateways.get().map_or(0, |map| map.0.len()),
            lists: document.lists.get().map_or(0, |map| map.0.len()),
            groups: document.groups.get().map_or(0, |map| map.0.len()),
            routes: document.routes.get().map_or(0, |map| map.0.len()),
            ..counts
        };
        let model = check::Model::of(&document);
        check::all(&model, whole, &mut report);
        if report.mistakes() == 0 {
            let order = build::Order::of(&model);
            let built = build::build(&model, &order, set, &sources, counts, fields, now);
            let ground = lint::Ground::new(&model, &order, &built.snapshot, (&built.guards, &built.zone), now);
            lint::all(&ground, &mut report);
            report.unused_allowances();
            compiled = Some(built).filter(|_| report.errors() == 0);
        }
    }
    (compiled, counts, report.finish(sources))
}

/// The texts of a set, and which of them can be read on.
fn decode_all(set: &FileSet, report: &mut Report) -> (Sources, Vec<bool>) {
    let (mut sources, mut readable) = (Vec::new(), Vec::new());
    for (file, (path, bytes)) in set.files.iter().enumerate() {
        let (source, usable) = decode::decode(path, bytes, file as u32, report);
        sources.push(source);
        readable.push(usable);
    }
    (Sources(sources), readable)
}

/// The trees of a set, the root's first; none without the root. The flag says whether every file could be read.
fn read_trees<'s>(sources: &'s Sources, readable: &[bool], report: &mut Report) -> (Vec<Node<'s>>, bool) {
    let mut budget = Budget::default();
    let mut trees = Vec::new();
    let mut whole = true;
    for (file, (source, readable)) in sources.0.iter().zip(readable).enumerate() {
        let tree = if *readable { read_tree(source, file as u32, &mut budget, report) } else { None };
        whole &= tree.is_some();
        // Without the root there is nothing to hang the rest on.
        match tree {
            Some(tree) => trees.push(tree),
            None if file == 0 => return (Vec::new(), false),
            None => {}
        }
    }
    (trees, whole)
}

/// Reads and merges the trees and lowers them; the flag says whether every file could be read.
fn read_document(
    set: &FileSet,
    sources: &Sources,
    readable: &[bool],
    report: &mut Report,
) -> (Option<Document>, Fields, bool) {
    let (trees, whole) = read_trees(sources, readable, report);
    if let Some(root) = trees.first() {
        include::check(root, set, report);
    }
    let Some(root) = merge::merge(trees, report) else { return (None, Fields::new(), false) };
    let top = At::top(root.span.at_start());
    let levels = levels(&root, &top, report);
    report.lints(levels);
    let document = Document::lower(&root, &top, report);
    (document, fields::of(&root), whole)
}

/// How loudly lints speak: known before anything else is read, which complains once more about what is wrong with it.
fn levels(root: &Node<'_>, top: &At<'_>, report: &mut Report) -> Vec<(Code, value::LintLevel)> {
    let entry = root.map().and_then(|entries| entries.iter().find(|(key, _)| key.text == "lints"));
    let lints = entry.and_then(|(key, node)| document::Lints::lower(node, &top.key("lints", key.span), report));
    lints.unwrap_or_default().0
}

/// The tree of one file; a file without content is complained about.
fn read_tree<'a>(source: &'a Source, file: u32, budget: &mut Budget, report: &mut Report) -> Option<Node<'a>> {
    let before = report.errors();
    let tree = yaml::read(&source.text, file, budget, report).filter(|tree| !tree.is_nothing());
    if tree.is_none() && report.errors() == before {
        let span = Span { file, start: 0, end: 0 };
        let help = if file == 0 { "begin with `version: 1`" } else { "delete the file, or write into it" };
        report.push(Diagnostic::new(Code::WrongType, span, "the file is empty").help(help));
    }
    tree
}
