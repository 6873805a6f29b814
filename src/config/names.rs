//! Names: those that the files declare, and the nearest of them to one that was not quite right.

use super::diagnostic::Report;
use super::document::Document;
use super::lower::{Entry, Field, Map};
use super::{FileSet, Span};
use std::sync::Arc;

/// What the files declare, errors or not: for completing a command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    pub gateways: Vec<Arc<str>>,
    pub groups: Vec<Arc<str>>,
    pub routes: Vec<Arc<str>>,
    /// Digest users.
    pub accounts: Vec<Arc<str>>,
    pub tests: Vec<Arc<str>>,
}

/// The names that a set of files declares, as far as they can be read.
pub fn names_in(set: &FileSet) -> Names {
    document_of(set, &mut Report::default()).map_or_else(Names::default, |document| names_of(&document))
}

fn document_of(set: &FileSet, report: &mut Report) -> Option<Document> {
    let (sources, readable) = super::decode_all(set, report);
    let (document, _, _) = super::read_document(set, &sources, &readable, report);
    document
}

fn names_of(document: &Document) -> Names {
    fn ids<T>(entries: &[Entry<T>]) -> Vec<Arc<str>> {
        entries.iter().map(|entry| Arc::clone(&entry.id)).collect()
    }
    fn of<T>(map: &Field<Map<T>>) -> Vec<Arc<str>> {
        map.get().map_or_else(Vec::new, |map| ids(&map.0))
    }
    Names {
        gateways: of(&document.gateways),
        groups: of(&document.groups),
        routes: of(&document.routes),
        accounts: document.access.get().map_or_else(Vec::new, |access| of(&access.users)),
        tests: document.tests.get().map_or_else(Vec::new, |tests| ids(&tests.0)),
    }
}

/// A gateway whose address has to be looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedGateway {
    pub id: Arc<str>,
    /// Where its address stands.
    pub span: Span,
    pub name: String,
    /// Without one, SIP asks for SRV records first (RFC 3263 §4.2).
    pub port: Option<u16>,
}

/// The gateways of a set whose addresses are names, as far as the files can be read.
pub fn named_gateways(set: &FileSet) -> Vec<NamedGateway> {
    let Some(document) = document_of(set, &mut Report::with(set.secrets.clone())) else { return Vec::new() };
    let gateways = document.gateways.get().map_or(&[][..], |gateways| &gateways.0);
    let named = gateways.iter().filter_map(|entry| {
        let address = entry.value.as_ref()?.0.address.given().filter(|address| address.value.named)?;
        let host = &*address.value.host;
        let (name, port) = match host.split_once(':') {
            Some((name, port)) => (name, Some(port.parse().ok()?)),
            None => (host, None),
        };
        // A variable that is not set here is no name.
        (!name.contains('$')).then(|| NamedGateway {
            id: Arc::clone(&entry.id),
            span: address.span,
            name: name.to_owned(),
            port,
        })
    });
    named.collect()
}

/// The candidate nearest to `word`, if it is no further than a third of the word's length (at least one edit).
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let limit = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate, limit), candidate))
        .filter(|(distance, candidate)| *distance <= limit && *distance < candidate.chars().count())
        .min_by_key(|(distance, candidate)| (*distance, *candidate))
        .map(|(_, candidate)| candidate)
}

/// Edits between two words, a swap of neighbours being one; gives up above `limit`.
fn distance(a: &str, b: &str, limit: usize) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > limit {
        return limit + 1;
    }
    // Three rows of the table: two back (for swaps), one back, and this one.
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &y) in b.iter().enumerate() {
            let substituted = last[j] + usize::from(x != y);
            let mut best = substituted.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && x == b[j - 1] && a[i - 1] == y {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(limit + 1)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let names = ["provider-a", "provider-b", "pbx", "gsm-box"];
        for (word, near) in [
            ("provder-a", Some("provider-a")),
            ("provider-c", Some("provider-a")),
            ("pxb", Some("pbx")),
            ("gsmbox", Some("gsm-box")),
            ("carrier", None),
            ("x", None),
        ] {
            assert_eq!(nearest(word, names), near, "{word}");
        }
    }
}
