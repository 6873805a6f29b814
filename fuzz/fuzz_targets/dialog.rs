//! Plays of many messages: see `tests/fuzz/dialog.rs`. They are mutated step by step, so that a play stays one.
#![no_main]

#[path = "../../tests/fuzz/dialog.rs"]
mod dialog;
#[path = "../../tests/hostile/speech.rs"]
mod speech;

use dialog::STEP;
use trunkline::sim::Chance;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    dialog::check(bytes);
});

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut chance = Chance::new(u64::from(seed));
    let mut steps: Vec<[u8; STEP]> = data[..size].chunks_exact(STEP).filter_map(|step| step.try_into().ok()).collect();
    for _ in 0..1 + chance.below(4) {
        let at = chance.below(steps.len() as u64 + 1) as usize;
        let other = chance.below(steps.len() as u64 + 1) as usize;
        let (from, to) = (at.min(other), at.max(other).min(at.min(other) + 8));
        match chance.below(8) {
            // A step more: one that was there already, or any.
            0 if from < steps.len() => steps.insert(at, steps[from]),
            0..3 => steps.insert(at, random(&mut chance)),
            3 if at < steps.len() => drop(steps.remove(at)),
            4 if at < steps.len() && other < steps.len() => steps.swap(at, other),
            5 => drop(steps.splice(at..at, steps[from..to].to_vec())),
            _ if at < steps.len() => steps[at][1 + chance.below(3) as usize] = small(&mut chance),
            _ => {}
        }
    }
    let bytes = steps.concat();
    let length = bytes.len().min(max_size / STEP * STEP);
    data[..length].copy_from_slice(&bytes[..length]);
    length
});

fn random(chance: &mut Chance) -> [u8; STEP] {
    // Calls are played out more often than they are damaged.
    let rarer = 7 + chance.below(10);
    let op = chance.weighted(&[(4, 0u64), (1, 1), (4, 2), (3, 3), (3, 4), (8, 5), (3, 6), (6, rarer)]);
    [op as u8, small(chance), small(chance), small(chance)]
}

fn small(chance: &mut Chance) -> u8 {
    let most = chance.weighted(&[(6, 4u64), (3, 16), (1, 256)]);
    chance.below(most) as u8
}
