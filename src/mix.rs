//! SplitMix64 (Steele, Lea, Flood 2014): eight bytes of state, any seed will do. For what has to differ and to be
//! repeatable; whoever sees some of its numbers knows the others, so never for what must not be guessed.

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// A seeded source of numbers. Two with the same seed give the same.
#[derive(Clone, Debug, Default)]
pub struct SplitMix(u64);

impl SplitMix {
    pub const fn new(seed: u64) -> SplitMix {
        SplitMix(seed)
    }

    pub const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mixed(self.0)
    }

    /// A number below `bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.draw()) * u128::from(bound)) >> 64) as u64
    }
}

/// The `n`th number of the source whose seed is 0.
pub const fn nth(n: u64) -> u64 {
    mixed(n.wrapping_mul(GOLDEN))
}

/// Each bit of the result hangs on every bit of `z`.
const fn mixed(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_reference() {
        // https://prng.di.unimi.it/splitmix64.c with the seed 1234567.
        let mut source = SplitMix::new(1_234_567);
        let drawn = [source.draw(), source.draw(), source.draw()];
        assert_eq!(drawn, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
        let mut zero = SplitMix::new(0);
        assert_eq!([zero.draw(), zero.draw()], [nth(1), nth(2)]);
    }
}
