//! `explain --batch`: a question a line in, an answer a line out, in order, as fast as they come.

use super::{Args, Loaded, at, call, complain, json, load, states};
use crate::cli::{CLEAN, Global, NO_ANSWER};
use crate::question::{Call, Desk, State, caller, moment};
use crate::route::GatewayIx;
use crate::time::Wall;
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::net::IpAddr;
use std::path::Path;

/// A longer line is no question. Reading stops there, since whatever follows would be guesswork.
const LONGEST_LINE: u64 = 64 * 1024;

/// A line of the input.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    number: Cow<'a, str>,
    #[serde(borrow)]
    from: Option<Cow<'a, str>>,
    source: Option<IpAddr>,
    #[serde(borrow)]
    gateway: Option<Cow<'a, str>>,
    #[serde(borrow)]
    account: Option<Cow<'a, str>>,
    #[serde(borrow)]
    group: Option<Cow<'a, str>>,
    #[serde(borrow)]
    at: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    state: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
}

/// What the flags say: the rest of every question.
struct Usual<'a> {
    args: &'a Args,
    at: Wall,
    zone: TimeZone,
    states: Vec<(GatewayIx, State)>,
}

/// Answers every line; the exit code says whether each had an answer.
pub(super) fn run(file: &Path, args: &Args, global: &Global) -> Result<u8, String> {
    let Loaded { compiled, usual, .. } = load(args, global)?;
    let input: Box<dyn BufRead> = match file.to_str() {
        Some("-") => Box::new(io::stdin().lock()),
        _ => {
            let file = File::open(file).map_err(|error| complain(format!("{}: {error}", file.display())))?;
            Box::new(BufReader::with_capacity(1 << 16, file))
        }
    };
    let desk = Desk::new(&compiled.snapshot, usual);
    let states = states(args, &desk)?;
    let usual = Usual { args, at: at(args, &compiled)?, zone: compiled.zone.clone(), states };
    let out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    answer_all(input, out, &desk, &usual)
}

fn answer_all(mut input: impl BufRead, mut out: impl Write, desk: &Desk, usual: &Usual) -> Result<u8, String> {
    let (mut bytes, mut number, mut unanswered) = (Vec::new(), 0, 0);
    loop {
        bytes.clear();
        let read = io::Read::take(&mut input, LONGEST_LINE).read_until(b'\n', &mut bytes).map_err(complain)?;
        if read == 0 {
            break;
        }
        number += 1;
        if read as u64 == LONGEST_LINE && !bytes.ends_with(b"\n") {
            out.flush().map_err(complain)?;
            return Err(complain(format!("line {number} is longer than {LONGEST_LINE} bytes")));
        }
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        let written = match answer(&bytes, &mut out, desk, usual) {
            Ok(written) => written,
            Err(why) => {
                unanswered += 1;
                let error = serde_json::json!({ "schema": "trunkline/explain/1", "line": number, "error": why });
                serde_json::to_writer(&mut out, &error).map_err(io::Error::from)
            }
        };
        match written.and_then(|()| out.write_all(b"\n")) {
            // Whoever reads has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(CLEAN),
            done => done.map_err(complain)?,
        }
    }
    out.flush().map_err(complain)?;
    if unanswered == 0 {
        return Ok(CLEAN);
    }
    anstream::eprintln!("trunkline explain: {unanswered} of {number} lines have no answer: see `error` in the output");
    Ok(NO_ANSWER)
}

/// Writes the answer to one line; the outer error is why there is none.
fn answer(bytes: &[u8], out: &mut impl Write, desk: &Desk, usual: &Usual) -> Result<io::Result<()>, String> {
    let line: Line = serde_json::from_slice(bytes).map_err(|error| format!("no question: {error}"))?;
    let call = call_of(&line, usual.args);
    let at = match &line.at {
        None => usual.at,
        Some(text) => moment(text, &usual.zone).map_err(|bad| format!("`at` {text}: {}", bad.words()))?,
    };
    let question = desk.question(&call, at).map_err(|why| why.message)?;
    let mut states = usual.states.clone();
    for (id, word) in &line.state {
        states.push(desk.state(id, word).map_err(|why| why.message)?);
    }
    let answer = desk.answer(&question, &states);
    let document = json::Document::of(&question, &answer, desk.snapshot(), &usual.zone);
    Ok(serde_json::to_writer(out, &document).map_err(io::Error::from))
}

/// A line that says where its call comes from takes nothing of that from the flags.
fn call_of<'a>(line: &'a Line, args: &'a Args) -> Call<'a> {
    let usual = call(args, &line.number);
    let (user, domain) = line.from.as_deref().map_or((usual.user, usual.domain), caller);
    let says = line.source.is_some() || line.gateway.is_some() || line.account.is_some() || line.group.is_some();
    if !says {
        return Call { user, domain, ..usual };
    }
    Call {
        to: &line.number,
        user,
        domain,
        source: line.source,
        gateway: line.gateway.as_deref(),
        account: line.account.as_deref(),
        group: line.group.as_deref(),
        listener: None,
    }
}
