//! Reads one file into a tree: the only file that knows `granit-parser`.

use super::anchors::{Anchors, expand_merges};
use super::keys::Seen;
use super::problem;
use super::{Key, Node, Style, Value};
use crate::config::diagnostic::{Code, Diagnostic, Report, Safety};
use crate::config::source::Span;
use granit_parser::{Event, Parser, ScalarStyle, StructureStyle, options};
use std::borrow::Cow;

/// Nesting, one scalar's bytes, nodes of the whole set, nodes from aliases: CONFIG-AND-CLI part (g), TL0111.
const DEPTH: usize = 64;
const SCALAR_BYTES: usize = 64 * 1024;
const NODES: usize = 4_000_000;
pub(super) const ALIAS_NODES: usize = 100_000;

/// What a set may still use; shared by its files.
#[derive(Debug)]
pub struct Budget {
    nodes: usize,
    pub(super) alias_nodes: usize,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget { nodes: NODES, alias_nodes: ALIAS_NODES }
    }
}

/// A list or map that is still open.
struct Open<'a> {
    span: Span,
    anchor: usize,
    /// `[…]` or `{…}`, where tabs are no indentation.
    flow: bool,
    kind: Kind<'a>,
}

enum Kind<'a> {
    List(Vec<Node<'a>>),
    Map { entries: Vec<(Key<'a>, Node<'a>)>, merges: Vec<Node<'a>>, seen: Seen, key: Option<Pending<'a>> },
}

/// A key that waits for its value.
enum Pending<'a> {
    Key(Key<'a>),
    Merge,
    /// Not usable as a key; its value is read and dropped.
    Dropped,
}

/// Reads `text`, the file number `file` of its set. `None` when it has no tree: nothing in it, or an error that ends
/// the reading.
pub fn read<'a>(text: &'a str, file: u32, budget: &mut Budget, report: &mut Report) -> Option<Node<'a>> {
    let options = options! {
        emit_unresolved_aliases: true,
        flow_nesting_limit: 200,
        block_nesting_limit: 200,
        max_buffered_comment_events: super::syntax::COMMENTS,
    };
    let mut reader = Reader {
        text,
        budget,
        report,
        open: Vec::new(),
        anchors: Anchors::default(),
        root: None,
        last_end: 0,
        comment: None,
    };
    let mut documents = 0;
    for step in Parser::new_from_str_with_options(text, options) {
        let (event, at) = match step {
            Ok(step) => step,
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(text.len()).min(text.len()) as u32;
                let problem = problem::explain(error.kind(), text, Span { file, start: at, end: at });
                reader.report.push(problem);
                return None;
            }
        };
        let range = at.byte_range().unwrap_or(0..0);
        let span = Span { file, start: range.start as u32, end: range.end as u32 };
        if let Event::DocumentStart(explicit, _) = event {
            documents += 1;
            if documents > 1 {
                reader.second_document(span, explicit);
                break;
            }
            continue;
        }
        if let Some(tag) = at.tag_span().and_then(|t| t.byte_range())
            && event.tag().is_some()
        {
            reader.tagged(Span { file, start: tag.start as u32, end: tag.end as u32 });
        }
        reader.step(event, span).ok()?;
    }
    reader.root
}

struct Reader<'a, 'r> {
    text: &'a str,
    budget: &'r mut Budget,
    report: &'r mut Report,
    open: Vec<Open<'a>>,
    anchors: Anchors<'a>,
    root: Option<Node<'a>>,
    /// Where the last node ended.
    last_end: u32,
    /// The last comment.
    comment: Option<Span>,
}

/// The reading cannot go on; the reason is in the report.
struct Stop;

impl<'a> Reader<'a, '_> {
    fn step(&mut self, event: Event<'a>, span: Span) -> Result<(), Stop> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
                    ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
                };
                self.scalar(text, style, anchor, span)
            }
            Event::SequenceStart(style, anchor, _) => {
                let flow = style == StructureStyle::Flow;
                self.begin(Open { span, anchor, flow, kind: Kind::List(Vec::new()) })
            }
            Event::MappingStart(style, anchor, _) => {
                let kind = Kind::Map { entries: Vec::new(), merges: Vec::new(), seen: Seen::default(), key: None };
                self.begin(Open { span, anchor, flow: style == StructureStyle::Flow, kind })
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::UnresolvedAlias(name) => {
                self.report.push(problem::unknown_anchor(&name, span));
                self.place(Node { span, value: Value::Broken })
            }
            Event::Comment(..) => {
                self.comment = Some(span);
                self.report.comment(self.text, span);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn scalar(&mut self, text: Cow<'a, str>, style: Style, anchor: usize, span: Span) -> Result<(), Stop> {
        self.count(1, span)?;
        if text.len() > SCALAR_BYTES {
            return self.stop(span, format!("one value of {} bytes; {SCALAR_BYTES} are the limit", text.len()));
        }
        // An omitted value comes as `~` of no width.
        let omitted = style == Style::Plain && span.start == span.end;
        if !omitted && !self.open.last().is_some_and(|open| open.flow) {
            self.tabs_before(span);
        }
        let value = if omitted { Value::Omitted(self.comment_instead(span)) } else { Value::Text(text, style) };
        let node = Node { span, value };
        self.anchors.keep(anchor, &node, 1);
        self.place(node)
    }

    fn begin(&mut self, open: Open<'a>) -> Result<(), Stop> {
        self.count(1, open.span)?;
        if self.open.len() >= DEPTH {
            return self.stop(open.span, format!("nested more than {DEPTH} deep"));
        }
        self.anchors.begin(open.anchor);
        self.open.push(open);
        Ok(())
    }

    fn end(&mut self, at: Span) -> Result<(), Stop> {
        let Some(Open { span, anchor, kind, .. }) = self.open.pop() else { return Ok(()) };
        // A block collection's own end marker may lie behind comments and blank lines; its last node tells better.
        let end = if at.end > at.start { at.end } else { self.last_end.max(span.end) };
        let span = Span { end, ..span };
        let value = match kind {
            Kind::List(items) => Value::List(items),
            Kind::Map { mut entries, merges, seen, .. } => {
                expand_merges(&mut entries, merges, seen, self.report);
                // `x-…` keys are a home for anchors: read, and then forgotten.
                entries.retain(|(key, _)| !key.text.starts_with("x-"));
                Value::Map(entries)
            }
        };
        let node = Node { span, value };
        self.anchors.end(anchor, &node);
        self.place(node)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Stop> {
        match self.anchors.expand(anchor, self.budget) {
            Ok(node) => {
                self.last_end = self.last_end.max(span.end);
                self.place(node)
            }
            Err(why) => self.stop(span, why),
        }
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, node: Node<'a>) -> Result<(), Stop> {
        self.last_end = self.last_end.max(node.span.end);
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut open.kind {
            Kind::List(items) => items.push(node),
            Kind::Map { entries, merges, seen, key } => match key.take() {
                None => *key = Some(pending(node, entries, seen, self.report)),
                Some(Pending::Key(key)) => entries.push((key, node)),
                Some(Pending::Merge) => merges.push(node),
                Some(Pending::Dropped) => {}
            },
        }
        Ok(())
    }

    /// The comment that stands where a value was expected: `prefix: #31#`. In a map it comes after the omitted value,
    /// in a list before it.
    fn comment_instead(&self, omitted: Span) -> Option<Span> {
        let start = match self.comment.filter(|comment| comment.end == omitted.start) {
            Some(before) => before.start,
            None => {
                let rest = self.text.get(omitted.end as usize..)?;
                let after = rest.strip_prefix(':').unwrap_or(rest).trim_start_matches([' ', '\t']);
                omitted.end + (rest.len() - after.len()) as u32
            }
        };
        let comment = self.text.get(start as usize..)?.lines().next()?.trim_end();
        // `# text` was meant as a comment; `#31#` was not.
        let tight = comment.strip_prefix('#')?.starts_with(|c: char| !c.is_whitespace() && c != '#');
        tight.then(|| Span { start, end: start + comment.len() as u32, ..omitted })
    }

    /// A tab in the indentation of a block value: the parser lets some through, other readers do not.
    fn tabs_before(&mut self, span: Span) {
        let before = self.text.get(..span.start as usize).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let indentation = before.get(line_start..).unwrap_or_default();
        if indentation.contains('\t') && indentation.trim_matches([' ', '\t', '-', '\u{feff}']).is_empty() {
            self.report.push(problem::tab(indentation, Span { start: line_start as u32, end: span.start, ..span }));
        }
    }

    fn tagged(&mut self, span: Span) {
        let tag = self.text.get(span.range()).unwrap_or_default();
        let diagnostic = Diagnostic::new(Code::YamlTag, span, format!("the YAML tag `{tag}` is not allowed"))
            .label("tags change how a value is read")
            .help("delete the tag; each field knows its own type");
        let end = span.end
            + self.text.get(span.end as usize..).map_or(0, |rest| rest.len() - rest.trim_start_matches(' ').len())
                as u32;
        self.report.push(diagnostic.fix(Safety::Review, Span { end, ..span }, ""));
    }

    fn second_document(&mut self, span: Span, explicit: bool) {
        let span = if explicit { Span { end: span.start + 3, ..span } } else { span };
        let diagnostic = Diagnostic::new(Code::SecondDocument, span, "a second document begins here")
            .label("most readers ignore everything from here on")
            .help("keep one document a file; move the rest into a file of its own and name it under `include`");
        self.report.push(diagnostic);
    }

    fn count(&mut self, nodes: usize, span: Span) -> Result<(), Stop> {
        match self.budget.nodes.checked_sub(nodes) {
            Some(left) => {
                self.budget.nodes = left;
                Ok(())
            }
            None => self.stop(span, format!("more than {NODES} values in one set of files")),
        }
    }

    fn stop(&mut self, span: Span, why: String) -> Result<(), Stop> {
        let help = "these limits guard against files that would exhaust the machine; split the data or say it with fewer anchors";
        self.report.push(Diagnostic::new(Code::Limits, span, why).help(help));
        Err(Stop)
    }
}

/// Makes a key of a node, and complains about one that stands there twice.
fn pending<'a>(node: Node<'a>, entries: &[(Key<'a>, Node<'a>)], seen: &mut Seen, report: &mut Report) -> Pending<'a> {
    let span = node.span;
    match node.value {
        Value::Text(text, Style::Plain) if text == "<<" => Pending::Merge,
        Value::Text(text, style) => {
            if let Some(first) = seen.first(entries, &text) {
                let message = format!("the key `{text}` stands here twice");
                let diagnostic = Diagnostic::new(Code::DuplicateKey, span, message)
                    .label("YAML readers silently take the last one")
                    .related(first, "first here")
                    .help("keep one of the two, or rename one");
                report.push(diagnostic);
                return Pending::Dropped;
            }
            Pending::Key(Key { span, text, style })
        }
        Value::Broken => Pending::Dropped,
        Value::Omitted(_) | Value::List(_) | Value::Map(_) => {
            report.push(Diagnostic::new(Code::WrongType, span, "a key must be a text").help("write `key: value`"));
            Pending::Dropped
        }
    }
}
