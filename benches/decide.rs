//! Choosing a route among a million rules: time a decision, time to compile, memory a rule.
//! `cargo bench --bench decide [-- RULES]`

#[path = "../tests/route/support.rs"]
#[allow(dead_code, reason = "shared with tests/route.rs, which uses all of it")]
mod support;

use std::hint::black_box;
use std::time::Instant;
use support::*;
use trunkline::health::Board;
use trunkline::route::*;

const CALLS: usize = 1_000_000;

fn main() {
    let rules = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(1_000_000);
    // A fixed sequence, so that runs compare.
    let mut state = 1u64;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut plan = Plan::new(20);
    for n in 0..rules {
        // Rate sheets: destinations of three to nine digits.
        let length = 3 + random(7) as u32;
        let prefix = format!("{}{:0width$}", 1 + random(9), random(10u64.pow(length - 1)), width = length as usize - 1);
        let mut route = route(&format!("r{n}"));
        route.prefixes = vec![prefix.into()];
        route.priority = (n % 65_536) as u16;
        route.target =
            RouteTarget::To(vec![Member::Gateway(GatewayIx(n % 20)), Member::Gateway(GatewayIx((n + 1) % 20))]);
        route.number = number_change("-2+00");
        plan.draft.routes.push(route);
    }
    let before = resident();
    let began = Instant::now();
    let table = plan.build();
    let compiled = began.elapsed();
    let bytes = resident().saturating_sub(before) as f64 / f64::from(rules);

    let numbers: Vec<String> =
        (0..CALLS).map(|_| format!("{}{:011}", 1 + random(9), random(100_000_000_000))).collect();
    let board = Board::all_up(20);
    let mut decision = Decision::default();
    let mut found = 0usize;
    let caller = facts("");
    let began = Instant::now();
    for number in &numbers {
        let call = Facts { number: number.as_bytes(), ..caller };
        table.decide(black_box(&call), &board, Default::default(), &mut decision, None);
        found += usize::from(decision.route.is_some());
    }
    let each = began.elapsed().as_nanos() as f64 / CALLS as f64;
    println!("{rules} rules, compiled in {compiled:?}, {bytes:.0} bytes a rule beside the rules themselves");
    println!("{each:.0} ns a decision, {found} of {CALLS} numbers have a route");
}

/// Resident memory of this process in bytes; 0 where the system does not tell.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split_whitespace().nth(1).and_then(|n| n.parse::<usize>().ok()).map_or(0, |n| n * 4096)
}
