//! The call that is asked about: from the flags to the facts that a decision looks at.

use super::Args;
use crate::config::nearest;
use crate::health::{Board, Observed};
use crate::proxy::{Admission, Snapshot};
use crate::route::{GatewayIx, GroupIx, Net, Number, Table};
use crate::time::{Now, Wall};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[derive(Debug)]
pub(super) struct Question {
    pub number: Number,
    pub user: String,
    pub domain: String,
    pub origin: Origin,
    pub now: Now,
    pub board: Board,
    /// Gateways that `--state` says something about.
    pub states: Vec<(GatewayIx, State)>,
}

/// Where the call comes from.
#[derive(Debug)]
pub(super) enum Origin {
    /// An address, on a listener. `assumed` when nobody named it.
    Source { ip: IpAddr, admission: Admission, assumed: bool },
    /// `--group`: the matchers and the access rules are not asked.
    Group(GroupIx),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Up,
    Down,
    Disabled,
}

/// The dialled number in `what`: digits, or the user of a SIP address.
pub(super) fn number(what: &str) -> Number {
    let user = what.strip_prefix("sip:").or_else(|| what.strip_prefix("tel:")).unwrap_or(what);
    let user = user.split('@').next().unwrap_or_default();
    let mut number = Number::new();
    crate::route::clean(user.as_bytes(), &mut number);
    number.retain(|c| !c.is_ascii_whitespace());
    number
}

pub(super) fn no_such_thing(what: &str, snapshot: &Snapshot) -> String {
    let routes = snapshot.table.routes().iter().map(|route| &*route.id);
    let near = nearest(what, routes).map_or(String::new(), |near| format!("; did you mean the route `{near}`?"));
    format!("`{what}` is neither a number that can be dialled, nor a code like TL0104, nor a route{near}")
}

impl Question {
    pub fn of(args: &Args, number: Number, snapshot: &Snapshot) -> Result<Question, String> {
        let from = args.from.as_deref().unwrap_or_default();
        let from = from.strip_prefix("sip:").unwrap_or(from);
        let (user, domain) = from.split_once('@').unwrap_or((from, ""));
        let (board, states) = board(&args.state, &snapshot.table)?;
        Ok(Question {
            number,
            user: user.to_owned(),
            domain: domain.to_owned(),
            origin: origin(args, snapshot)?,
            now: Now { wall: at(args.at.as_deref())?, ..Now::default() },
            board,
            states,
        })
    }
}

fn origin(args: &Args, snapshot: &Snapshot) -> Result<Origin, String> {
    let table = &snapshot.table;
    if let Some(id) = &args.group {
        let unknown = || {
            let near = nearest(id, table.groups().iter().map(|group| &*group.id));
            format!(
                "there is no group `{id}`{}",
                near.map_or(String::new(), |near| format!("; did you mean `{near}`?"))
            )
        };
        return table.group_by_id(id).map(Origin::Group).ok_or_else(unknown);
    }
    if let Some(id) = &args.gateway {
        let gateway = table.gateway(gateway(id, table)?);
        let admission = snapshot.admission(Some(gateway.listener), gateway.address.ip());
        return Ok(Origin::Source { ip: gateway.address.ip(), admission, assumed: false });
    }
    let (ip, assumed) = match args.source {
        Some(ip) => (ip, false),
        None => (
            first_trusted(snapshot).ok_or("say where the call comes from: --source IP, --gateway ID or --group ID")?,
            true,
        ),
    };
    // Of several listeners, the first on which the source may call; else the first.
    let listeners = || (0..snapshot.listeners.len()).map(|at| snapshot.admission(Some(at), ip));
    let admission = listeners().find(|admission| admission.admitted).or_else(|| listeners().next());
    let admission = admission.unwrap_or_else(|| snapshot.admission(None, ip));
    Ok(Origin::Source { ip, admission, assumed })
}

/// An address of the first trusted source.
fn first_trusted(snapshot: &Snapshot) -> Option<IpAddr> {
    snapshot.access.trusted.iter().flat_map(|trusted| &trusted.sources).next().map(host_of)
}

/// The first host of a network.
fn host_of(net: &Net) -> IpAddr {
    match net.address {
        IpAddr::V4(ip) if net.length < 31 => IpAddr::V4(Ipv4Addr::from_bits(ip.to_bits() | 1)),
        IpAddr::V6(ip) if net.length < 127 => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() | 1)),
        single => single,
    }
}

fn gateway(id: &str, table: &Table) -> Result<GatewayIx, String> {
    table.gateway_by_id(id).ok_or_else(|| {
        let near = nearest(id, table.gateways().iter().map(|gateway| &*gateway.id));
        format!("there is no gateway `{id}`{}", near.map_or(String::new(), |near| format!("; did you mean `{near}`?")))
    })
}

fn board(states: &[String], table: &Table) -> Result<(Board, Vec<(GatewayIx, State)>), String> {
    let board = Board::all_up(table.gateways().len());
    let mut told = Vec::new();
    for entry in states {
        let (id, word) =
            entry.split_once('=').ok_or_else(|| format!("--state {entry}: write ID=up, ID=down or ID=disabled"))?;
        let gateway = gateway(id, table)?;
        let state = match word {
            "up" => State::Up,
            "down" => State::Down,
            "disabled" => State::Disabled,
            "full" => return Err("--state: this build does not serve `full` yet".to_owned()),
            _ => return Err(format!("--state {entry}: `{word}` is none of up, down, disabled")),
        };
        match state {
            State::Up => {}
            State::Down => board.set_observed(gateway, Observed::Down),
            State::Disabled => board.set_disabled(gateway, true),
        }
        told.push((gateway, state));
    }
    Ok((board, told))
}

/// A time of day: with an offset, or in UTC.
fn at(given: Option<&str>) -> Result<Wall, String> {
    let timestamp = match given {
        None => jiff::Timestamp::now(),
        Some(text) => text
            .parse::<jiff::Timestamp>()
            .or_else(|_| {
                let civil = text.parse::<jiff::civil::DateTime>()?;
                civil.to_zoned(jiff::tz::TimeZone::UTC).map(|zoned| zoned.timestamp())
            })
            .map_err(|_| format!("--at {text}: write 2026-11-24T19:30, or with an offset 2026-11-24T19:30+01:00"))?,
    };
    Ok(Wall(timestamp.as_microsecond()))
}
