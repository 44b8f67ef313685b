//! Reads the bytes of a fuzzer as choices. Past the end everything is zero, so that every input means something.

/// What is left of an input.
pub(crate) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(crate) const fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    pub(crate) const fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        let (taken, rest) = self.0.split_at(N.min(self.0.len()));
        array[..taken.len()].copy_from_slice(taken);
        self.0 = rest;
        array
    }

    pub(crate) fn byte(&mut self) -> u8 {
        u8::from_le_bytes(self.array())
    }

    pub(crate) fn number(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }

    /// A number below `limit`, from two bytes.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::from(u16::from_le_bytes(self.array())) % limit.max(1)
    }

    /// At most 255 bytes, as the first byte says.
    pub(crate) fn bytes(&mut self) -> &'a [u8] {
        let length = usize::from(self.byte());
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// Changes one byte, puts one in, takes one out, or cuts the end off.
    pub(crate) fn edit(&mut self, bytes: &mut Vec<u8>) {
        let position = self.below(bytes.len());
        match self.byte() % 4 {
            0 if position < bytes.len() => bytes[position] ^= self.byte(),
            1 => bytes.insert(position, self.byte()),
            2 if position < bytes.len() => {
                bytes.remove(position);
            }
            _ => bytes.truncate(position),
        }
    }
}

/// The two bytes that [`Input::below`] reads as `number`.
pub(crate) fn choice(number: usize) -> [u8; 2] {
    u16::try_from(number).expect("recorded are fewer than 65,536 things").to_le_bytes()
}
