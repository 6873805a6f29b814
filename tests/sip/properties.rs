//! Properties: nothing panics, what is kept is what was parsed, what is written parses again, the hand-over's scan
//! agrees with the parser, splicing changes nothing but what it is told.

use crate::message;
use crate::support::*;
use crate::torture;
use proptest::prelude::*;
use trunkline::sip::*;

/// All that must hold for any datagram at all; also what the fuzzer tries.
fn holds(bytes: &[u8]) -> Result<(), TestCaseError> {
    message::check(bytes);
    Ok(())
}

/// One change to a message: at a place, by a kind, with a piece.
type Change = (prop::sample::Index, u8, prop::sample::Index);

const PIECES: [&[u8]; 30] = [
    b"\r\n",
    b"\r\n ",
    b"\n",
    b"\r",
    b"\0",
    b",",
    b";",
    b":",
    b"\"",
    b"\\",
    b"<",
    b">",
    b" ",
    b"\t",
    b"=",
    b"@",
    b"?",
    b"[",
    b"]",
    b"%",
    b"0",
    b"99999999999999999999",
    b"SIP/2.0",
    b"Via: ",
    b"\r\nVia: ",
    b"\r\nContent-Length: ",
    b"\r\n\r\n",
    b"i: ",
    b"\xff",
    b"\r\nCall-ID: x",
];

fn mutate(bytes: &mut Vec<u8>, change: &Change) {
    if bytes.is_empty() {
        return;
    }
    let at = change.0.index(bytes.len());
    let len = 1 + change.2.index(20);
    let end = (at + len).min(bytes.len());
    match change.1 % 6 {
        0 => bytes[at] ^= 1 << (len % 8),
        1 => drop(bytes.drain(at..end)),
        2 => drop(bytes.splice(at..at, PIECES[change.2.index(PIECES.len())].iter().copied())),
        3 => drop(bytes.splice(at..end, PIECES[change.2.index(PIECES.len())].iter().copied())),
        4 => bytes.truncate(at),
        _ => {
            let copy = bytes[at..end].to_vec();
            drop(bytes.splice(at..at, copy));
        }
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let corpus = torture::corpus().into_iter().map(|(_, _, bytes)| bytes);
    corpus.chain([INVITE.into(), RINGING.into()]).collect()
}

#[test]
fn it_holds_for_the_torture_messages() {
    for seed in seeds() {
        holds(&seed).unwrap();
        // Cut anywhere, too.
        for len in 0..seed.len() {
            holds(&seed[..len]).unwrap();
        }
    }
}

#[test]
fn it_holds_for_mutated_messages() {
    let seeds = seeds();
    let changes = prop::collection::vec(any::<Change>(), 1..6);
    let strategy = (any::<prop::sample::Index>(), changes);
    proptest!(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() }, |((seed, changes) in strategy)| {
        let mut bytes = seed.get(&seeds).clone();
        for change in &changes {
            mutate(&mut bytes, change);
        }
        holds(&bytes)?;
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_holds_for_random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        holds(&bytes)?;
    }

    #[test]
    fn it_holds_for_random_pieces(picks in prop::collection::vec(any::<prop::sample::Index>(), 0..40)) {
        let mut bytes = b"OPTIONS sip:h SIP/2.0\r\nv: SIP/2.0/UDP h\r\n".to_vec();
        bytes.extend(picks.iter().flat_map(|pick| PIECES[pick.index(PIECES.len())]));
        holds(&bytes)?;
    }

    #[test]
    fn values_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = Uri::parse(&bytes).map(|uri| (uri.params().count(), uri.socket_addr()));
        let _ = NameAddr::parse(&bytes);
        let _ = Via::parse(&bytes);
        let _ = Name::of(&bytes);
        let with_scheme = [b"sip:", &bytes[..]].concat();
        let _ = Uri::parse(&with_scheme).map(|uri| (uri.params().count(), uri.socket_addr()));
    }

    /// Copying in any steps gives the source; what is put in between stands in between.
    #[test]
    fn splicing_changes_nothing_else(source in prop::collection::vec(any::<u8>(), 0..200), mut cuts in prop::collection::vec(0usize..200, 0..8)) {
        cuts.iter_mut().for_each(|cut| *cut = (*cut).min(source.len()));
        cuts.sort_unstable();
        let mut out = b"before".to_vec();
        let mut splice = Splice::new(&source, &mut out);
        for cut in &cuts {
            splice.copy_to(*cut);
        }
        splice.copy_to(source.len());
        prop_assert_eq!(&out[6..], &source[..]);

        let mut out = Vec::new();
        let mut splice = Splice::new(&source, &mut out);
        for pair in cuts.chunks_exact(2) {
            splice.copy_to(pair[0]).put(b"<new>").skip_to(pair[1]);
        }
        splice.copy_to(source.len());
        let mut expected = source.clone();
        for pair in cuts.chunks_exact(2).rev() {
            drop(expected.splice(pair[0]..pair[1], b"<new>".iter().copied()));
        }
        prop_assert_eq!(out, expected);
    }
}
