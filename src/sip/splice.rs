//! Editing by splicing: unchanged stretches are copied, the rest is put in between.

/// Writes an edited copy of `source` to `out`, front to back.
#[derive(Debug)]
pub struct Splice<'s, 'o> {
    source: &'s [u8],
    at: usize,
    out: &'o mut Vec<u8>,
}

impl<'s, 'o> Splice<'s, 'o> {
    pub fn new(source: &'s [u8], out: &'o mut Vec<u8>) -> Splice<'s, 'o> {
        Splice { source, at: 0, out }
    }
    /// Copies everything before `offset` that is not yet copied or skipped. Offsets must not go back.
    pub fn copy_to(&mut self, offset: usize) -> &mut Self {
        debug_assert!(offset >= self.at && offset <= self.source.len());
        self.out.extend_from_slice(self.source.get(self.at..offset).unwrap_or_default());
        self.skip_to(offset)
    }
    /// Leaves out everything before `offset`.
    pub fn skip_to(&mut self, offset: usize) -> &mut Self {
        debug_assert!(offset >= self.at);
        self.at = self.at.max(offset);
        self
    }
    /// Writes new bytes.
    pub fn put(&mut self, bytes: &[u8]) -> &mut Self {
        self.out.extend_from_slice(bytes);
        self
    }
    /// The output, for writers that format into it.
    pub fn out(&mut self) -> &mut Vec<u8> {
        self.out
    }
}
