//! Savina's generator of pseudo-random numbers. Every language has the same numbers.

pub struct Random(usize);

impl Random {
    pub fn new(seed: usize) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = (self.0 * 1309 + 13849) & 65535;
        self.0 % limit
    }
}
