//! What the YAML parser complains about, said for people who write routes (TL0102, TL0107).

use crate::config::diagnostic::{Code, Diagnostic, Safety};
use crate::config::source::Span;
use granit_parser::ErrorKind;

/// A syntax error at `at`, an empty span.
pub(super) fn explain(kind: &ErrorKind, text: &str, at: Span) -> Diagnostic {
    use ErrorKind as K;
    let syntax =
        |message: &str, help: &str| Diagnostic::new(Code::YamlSyntax, one_character(text, at), message).help(help);
    match kind {
        K::TabNotAllowed | K::TabInBlockIndentation | K::TabInIndentation | K::TabAtBlockScalarStart => {
            let before = text.get(..at.start as usize).unwrap_or_default();
            let start = before.rfind('\n').map_or(0, |at| at + 1);
            let line = text.get(start..).unwrap_or_default();
            let indentation = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
            tab(indentation, Span { start: start as u32, end: (start + indentation.len()) as u32, ..at })
        }
        K::UnclosedQuotedScalar => {
            syntax("this quote is never closed", "close it on the same line, with the same kind of quote")
        }
        K::UnclosedFlowCollection { open } => syntax(
            &format!("this `{open}` is never closed"),
            "close it; a `#` after a space begins a comment and swallows the rest of its line",
        ),
        K::UnexpectedEofFlowSequence | K::UnexpectedEofFlowMapping | K::UnexpectedEofImplicitFlowMapping => {
            syntax("the file ends inside `[…]` or `{…}`", "close the bracket")
        }
        K::MismatchedFlowCollectionEnd { open, close } => {
            syntax(&format!("`{close}` closes what `{open}` opened"), "use the matching bracket")
        }
        K::MisplacedFlowCollectionEnd => syntax("there is nothing open that this bracket could close", "delete it"),
        K::MappingValueNotAllowed | K::InvalidColonPlacement | K::SimpleKeyExpected | K::InvalidSimpleKey
            if missing_space(text, at).is_some() =>
        {
            let colon = missing_space(text, at).unwrap_or(at);
            Diagnostic::new(Code::YamlSyntax, colon, "a space is missing behind this colon")
                .help("write `key: value`")
                .fix(Safety::Review, colon, ": ")
        }
        K::MappingValueNotAllowed | K::InvalidColonPlacement => syntax(
            "a second `:` on this line, or a key that is indented deeper than its neighbours",
            "put quotes around a text that holds `: `, or give the key the indentation of its neighbours",
        ),
        K::ExpectedBlockMappingKey if before(text, at).ends_with(']') => {
            syntax("text after a closed `]`", "put quotes around it: \"[2001:db8::1]:5060\" (a bare `[` begins a list)")
        }
        K::ExpectedBlockMappingKey
        | K::ExpectedBlockSequenceEntry
        | K::ExpectedDocumentStart
        | K::InvalidIndentation => {
            syntax("this line's indentation does not fit what is above it", "line it up with its neighbours")
        }
        K::SimpleKeyExpected | K::InvalidSimpleKey => {
            syntax("this line is no `key: value`", "is a colon missing, or the space behind it?")
        }
        K::ExpectedFlowMappingSeparator | K::ExpectedFlowSequenceSeparator => syntax(
            "a comma or a closing bracket is missing before this",
            "separate entries by commas and close the bracket",
        ),
        K::UnexpectedCharacter { character } => {
            syntax(&format!("a bare value cannot begin with `{character}`"), "put quotes around it")
        }
        K::InvalidTrailingSingleQuotedScalar | K::InvalidTrailingDoubleQuotedScalar => syntax(
            "text after a closing quote",
            "put the whole value into the quotes; if this line looks right, a quote above it is not closed",
        ),
        K::UnknownQuotedScalarEscape | K::InvalidQuotedScalarHexEscape => syntax(
            "this escape means nothing in \"…\"",
            "write \\\\ for a backslash, or use '…', where it is an ordinary character",
        ),
        K::RecursionLimitExceeded => Diagnostic::new(Code::Limits, one_character(text, at), "nested far too deep")
            .help("a routes file needs less than ten levels"),
        K::UndeclaredTagHandle | K::ExpectedTagBang | K::InvalidGlobalTagCharacter | K::MissingTagUri => {
            Diagnostic::new(Code::YamlTag, one_character(text, at), "YAML tags are not allowed")
                .help("put quotes around a value that begins with `!`")
        }
        K::MissingAnchorOrAliasName => {
            syntax("a `*` or `&` with no name behind it", "star codes and masks need quotes: \"*\"")
        }
        other => syntax(&format!("this is no valid YAML: {other}"), "see the lines above this one too"),
    }
}

/// `*72`: an alias that no anchor explains, which is nearly always a star code without its quotes.
pub(super) fn unknown_anchor(name: &str, span: Span) -> Diagnostic {
    let dialled = name.bytes().all(|b| b.is_ascii_digit() || b"*#+".contains(&b));
    let diagnostic = Diagnostic::new(Code::UnknownAnchor, span, format!("there is no anchor named `{name}`"))
        .label("YAML reads a bare `*` as a reference to an anchor `&…` of this file");
    if dialled {
        diagnostic.help("star codes need quotes").fix(Safety::Safe, span.at_start(), "\"").fix(
            Safety::Safe,
            span.at_end(),
            "\"",
        )
    } else {
        diagnostic
            .help(format!("declare `&{name}` earlier in this file (anchors do not cross files), or quote the text"))
    }
}

/// A tab in an indentation; `span` covers the indentation.
pub(super) fn tab(indentation: &str, span: Span) -> Diagnostic {
    let offset = indentation.find('\t').unwrap_or(0) as u32;
    let at = Span { start: span.start + offset, end: span.start + offset + 1, ..span };
    let spaces = indentation.replace('\t', "  ");
    Diagnostic::new(Code::YamlSyntax, at, "a tab in the indentation")
        .label("YAML indents by spaces alone")
        .help("use spaces")
        .fix(Safety::Review, span, spaces)
}

/// The colon of `prefix:"49"` on the line of an error or the one above it, if that line has no other.
fn missing_space(text: &str, at: Span) -> Option<Span> {
    let until = text.get(at.start as usize..)?.find('\n').map_or(text.len(), |end| at.start as usize + end);
    let mut end = until;
    for line in text.get(..until)?.rsplit('\n').take(2) {
        let start = end - line.len();
        let word = line.trim_start().trim_start_matches("- ");
        let key = word.bytes().take_while(|b| b.is_ascii_alphanumeric() || b"._-".contains(b)).count();
        let rest = word.get(key..).unwrap_or_default();
        let tight =
            key > 0 && rest.starts_with(':') && rest.len() > 1 && !rest.starts_with(": ") && !rest.starts_with("::");
        if tight && rest.trim_end().len() > 1 {
            let colon = (start + line.len() - rest.len()) as u32;
            return Some(Span { start: colon, end: colon + 1, ..at });
        }
        end = start.saturating_sub(1);
    }
    None
}

fn before(text: &str, at: Span) -> &str {
    text.get(..at.start as usize).unwrap_or_default()
}

/// The character at an empty span, so that there is something to underline; the last one at the end of the file.
fn one_character(text: &str, at: Span) -> Span {
    let start = at.start as usize;
    match text.get(start..).and_then(|rest| rest.chars().next()) {
        Some(c) if c != '\n' && c != '\r' => Span { end: at.start + c.len_utf8() as u32, ..at },
        _ => at,
    }
}
