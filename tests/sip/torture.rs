//! The torture messages of RFC 4475 and RFC 5118: one file each in `torture/`, with what becomes of it here.
//!
//! A file is a title, `expect:` with `good`, a status code or `drop`, a line `--`, and the message: its lines end in
//! LF (CRLF on the wire), `<hex>00FF</hex>` stands for bytes, as in the RFCs.

use crate::support::*;
use std::path::Path;

/// All of the corpus: name, expectation, bytes.
pub fn corpus() -> Vec<(String, Verdict, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sip/torture");
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let file = std::fs::read_to_string(&path).unwrap();
        let (head, message) = file.split_once("\n--\n").unwrap();
        let expect = head.lines().find_map(|line| line.strip_prefix("expect: ")).unwrap();
        let expect = match expect {
            "good" => Verdict::Good,
            "drop" => Verdict::Drop,
            code => Verdict::Answer(code.parse().unwrap()),
        };
        all.push((name, expect, wire(message)));
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn wire(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (nth, part) in text.split("<hex>").enumerate() {
        let plain = match part.split_once("</hex>").filter(|_| nth > 0) {
            Some((hex, plain)) => {
                let digits = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
                bytes.extend(digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()));
                plain
            }
            None => part,
        };
        bytes.extend_from_slice(plain.replace('\n', "\r\n").as_bytes());
    }
    bytes
}

#[test]
fn each_message_gets_what_it_deserves() {
    let corpus = corpus();
    assert!(corpus.len() > 50);
    let wrong: Vec<_> = corpus
        .iter()
        .map(|(name, expect, bytes)| (name, *expect, verdict(bytes)))
        .filter(|(_, expect, got)| expect != got)
        .collect();
    assert!(wrong.is_empty(), "name, expected, got: {wrong:#?}");
}

#[test]
fn the_tortuous_invite_is_understood_in_full() {
    let corpus = corpus();
    let (_, _, bytes) = corpus.iter().find(|(name, _, _)| name == "4475-wsinv").unwrap();
    with(bytes, |m| {
        use trunkline::sip::{Name, NameAddr, Via};
        let vias: Vec<Via> = m.values(Name::Via).map(|v| Via::parse(v.text).unwrap()).collect();
        let seen: Vec<_> = vias.iter().map(|v| (text(v.transport), text(v.host), text(v.branch.unwrap()))).collect();
        assert_eq!(
            seen,
            [
                ("UDP", "192.0.2.2", "390skdjuw"),
                ("TCP", "spindle.example.com", "z9hG4bK9ikj8"),
                ("UDP", "192.168.255.111", "z9hG4bK30239"),
            ]
        );
        assert_eq!(m.to().unwrap().tag, Some(&b"1918181833n"[..]));
        assert_eq!(m.from().unwrap().tag, Some(&b"98asjd8"[..]));
        assert_eq!(text(m.from().unwrap().display), r#""J Rosenberg \\\"""#);
        assert_eq!(m.max_forwards(), Some(Ok(68)));
        assert_eq!(m.cseq().unwrap().number, 9);
        let route = NameAddr::parse(m.values(Name::Route).next().unwrap().text).unwrap();
        assert_eq!(text(route.uri), "sip:services.example.com;lr;unknownwith=value;unknown-no-value");
        let contact = NameAddr::parse(m.header(Name::Contact).unwrap()).unwrap();
        assert_eq!(text(contact.display), r#""Quoted string \"\"""#);
        assert!(m.body().starts_with(b"v=0\r\n"));
    });
}
