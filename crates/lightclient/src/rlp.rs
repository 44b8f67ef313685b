//! Reads and writes Recursive Length Prefix, strictly and without copying.
//!
//! RLP has exactly one right encoding for each value, but lenient readers accept more. This reader refuses
//! every other one: long forms where a short one exists, leading zeros in lengths and scalars, bytes after the
//! end. Otherwise two byte strings could carry the same header or trie node. Lengths are compared with what is
//! there before anything is sliced, and nothing is allocated. Nesting is bounded by the code that reads, since
//! no function here calls itself.
//!
//! Source: Yellow Paper, appendix B.

use alloy_primitives::U256;

use crate::Fault;

/// Reads the items of one list in order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

/// One item: a byte string or the payload of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Item<'a> {
    pub(crate) kind: RlpKind,
    pub(crate) payload: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Opens `input`, which must be exactly one list with nothing after it.
    pub(crate) fn open(input: &'a [u8]) -> Result<Self, RlpError> {
        let mut outer = Self { rest: input };
        let list = outer.list()?;
        outer.finish()?;
        Ok(list)
    }

    /// Reads the payload of a list that was already taken apart.
    pub(crate) const fn of_payload(payload: &'a [u8]) -> Self {
        Self { rest: payload }
    }

    /// What was not read yet.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Reads the next item, whatever its kind.
    pub(crate) fn item(&mut self) -> Result<Item<'a>, RlpError> {
        let (item, rest) = split_item(self.rest)?;
        self.rest = rest;
        Ok(item)
    }

    /// Reads a byte string of any length.
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], RlpError> {
        self.expect(RlpKind::Bytes)
    }

    /// Reads a list.
    pub(crate) fn list(&mut self) -> Result<Self, RlpError> {
        Ok(Self { rest: self.expect(RlpKind::List)? })
    }

    /// Reads a byte string of exactly `N` bytes.
    pub(crate) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], RlpError> {
        let payload = self.bytes()?;
        payload.try_into().map_err(|_wrong_length| RlpError::Length { expected: N, found: payload.len() })
    }

    /// Reads a scalar of at most `N` bytes: big-endian, no leading zero.
    pub(crate) fn scalar<const N: usize>(&mut self) -> Result<[u8; N], RlpError> {
        scalar_from(self.bytes()?)
    }

    /// Reads a scalar below 2^32.
    pub(crate) fn u32(&mut self) -> Result<u32, RlpError> {
        self.scalar().map(u32::from_be_bytes)
    }

    /// Reads a scalar below 2^64.
    pub(crate) fn u64(&mut self) -> Result<u64, RlpError> {
        self.scalar().map(u64::from_be_bytes)
    }

    /// Reads a scalar below 2^256.
    pub(crate) fn u256(&mut self) -> Result<U256, RlpError> {
        self.scalar().map(U256::from_be_bytes::<32>)
    }

    /// Tells whether every item was read.
    pub(crate) const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Refuses what is left over.
    pub(crate) const fn finish(self) -> Result<(), RlpError> {
        if self.rest.is_empty() { Ok(()) } else { Err(RlpError::Trailing { found: self.rest.len() }) }
    }

    fn expect(&mut self, expected: RlpKind) -> Result<&'a [u8], RlpError> {
        let item = self.item()?;
        if item.kind == expected {
            Ok(item.payload)
        } else {
            Err(RlpError::Kind { expected, found: item.kind })
        }
    }
}

/// Opens `input`, which must be exactly one byte string that is a scalar of at most `N` bytes.
pub(crate) fn decode_scalar<const N: usize>(input: &[u8]) -> Result<[u8; N], RlpError> {
    let mut reader = Reader { rest: input };
    let scalar = reader.scalar()?;
    reader.finish()?;
    Ok(scalar)
}

/// Appends a byte string.
pub(crate) fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    match bytes {
        [byte] if *byte < SHORT_BYTES => out.push(*byte),
        _ => {
            let (prefix, from) = length_prefix(SHORT_BYTES, bytes.len());
            out.extend(prefix.into_iter().skip(from));
            out.extend_from_slice(bytes);
        }
    }
}

/// Appends a big-endian number as a scalar: leading zeros are dropped, zero is the empty string.
pub(crate) fn write_scalar(out: &mut Vec<u8>, big_endian: &[u8]) {
    let zeros = big_endian.iter().take_while(|byte| **byte == 0).count();
    write_bytes(out, big_endian.get(zeros..).unwrap_or_default());
}

/// Appends a list whose items `body` writes.
pub(crate) fn write_list(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    body(out);
    let (prefix, from) = length_prefix(SHORT_LIST, out.len() - start);
    out.splice(start..start, prefix.into_iter().skip(from));
}

/// The prefix of a payload of `length` bytes, at the end of an array, and where in the array it starts.
fn length_prefix(short: u8, length: usize) -> ([u8; 9], usize) {
    let mut prefix = [0; 9];
    let length_bytes = (length as u64).to_be_bytes();
    let [.., low] = length_bytes;
    if length <= MAX_SHORT {
        let [.., last] = &mut prefix;
        *last = short + low;
        return (prefix, 8);
    }
    let zeros = length_bytes.iter().take_while(|byte| **byte == 0).count();
    let [_, tail @ ..] = &mut prefix;
    *tail = length_bytes;
    if let (Some(first), Ok(size)) = (prefix.get_mut(zeros), u8::try_from(8 - zeros)) {
        *first = short + SHORT_SPAN + size;
    }
    (prefix, zeros)
}

fn scalar_from<const N: usize>(bytes: &[u8]) -> Result<[u8; N], RlpError> {
    if bytes.first() == Some(&0) {
        return Err(RlpError::LeadingZero);
    }
    let mut scalar = [0; N];
    let too_long = RlpError::ScalarTooLong { expected: N, found: bytes.len() };
    let from = N.checked_sub(bytes.len()).ok_or(too_long)?;
    scalar.iter_mut().skip(from).zip(bytes).for_each(|(to, byte)| *to = *byte);
    Ok(scalar)
}

fn split_item(input: &[u8]) -> Result<(Item<'_>, &[u8]), RlpError> {
    let (&first, after) = input.split_first().ok_or(RlpError::End { expected: 1, found: 0 })?;
    let (kind, (payload, rest)) = match first {
        0..SHORT_BYTES => (RlpKind::Bytes, take(input, 1)?),
        SHORT_BYTES..=LAST_SHORT_BYTES => {
            let (payload, rest) = take(after, usize::from(first - SHORT_BYTES))?;
            if matches!(payload, [byte] if *byte < SHORT_BYTES) {
                return Err(RlpError::LongForm);
            }
            (RlpKind::Bytes, (payload, rest))
        }
        LONG_BYTES..SHORT_LIST => (RlpKind::Bytes, take_long(after, first - LAST_SHORT_BYTES)?),
        SHORT_LIST..=LAST_SHORT_LIST => (RlpKind::List, take(after, usize::from(first - SHORT_LIST))?),
        LONG_LIST.. => (RlpKind::List, take_long(after, first - LAST_SHORT_LIST)?),
    };
    Ok((Item { kind, payload }, rest))
}

fn take_long(input: &[u8], length_bytes: u8) -> Result<(&[u8], &[u8]), RlpError> {
    let (length, rest) = take(input, usize::from(length_bytes))?;
    let length = u64::from_be_bytes(scalar_from(length)?);
    // On a 32-bit machine a length above 2^32 cannot be there either.
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length <= MAX_SHORT {
        return Err(RlpError::LongForm);
    }
    take(rest, length)
}

fn take(input: &[u8], count: usize) -> Result<(&[u8], &[u8]), RlpError> {
    input.split_at_checked(count).ok_or(RlpError::End { expected: count, found: input.len() })
}

/// The two kinds of RLP item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RlpKind {
    /// A byte string.
    Bytes,
    /// A list of items.
    List,
}

impl core::fmt::Display for RlpKind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Bytes => "byte string",
            Self::List => "list",
        })
    }
}

/// Why bytes are not the one right RLP encoding of what was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RlpError {
    /// The input ends inside an item.
    #[error("item of {expected} bytes, {found} left")]
    End {
        /// Bytes the item needs.
        expected: usize,
        /// Bytes that are left.
        found: usize,
    },
    /// An item of the other kind.
    #[error("{found}, expected a {expected}")]
    Kind {
        /// The kind that belongs here.
        expected: RlpKind,
        /// The kind that is here.
        found: RlpKind,
    },
    /// A scalar or a length starts with a zero byte.
    #[error("leading zero")]
    LeadingZero,
    /// A byte string of fixed length has another one.
    #[error("{found} bytes, expected {expected}")]
    Length {
        /// Bytes the field has.
        expected: usize,
        /// Bytes that are there.
        found: usize,
    },
    /// A long form where a shorter one exists.
    #[error("not the shortest encoding")]
    LongForm,
    /// A scalar has more bytes than its type.
    #[error("scalar of {found} bytes, expected at most {expected}")]
    ScalarTooLong {
        /// Bytes the type has.
        expected: usize,
        /// Bytes that are there.
        found: usize,
    },
    /// Bytes after the end.
    #[error("{found} bytes after the end")]
    Trailing {
        /// Bytes too many.
        found: usize,
    },
}

impl RlpError {
    /// Whose fault it is: who sent the bytes.
    pub const fn fault(&self) -> Fault {
        Fault::Peer
    }
}

/// Prefix of an empty byte string; prefixes up to here are single bytes.
const SHORT_BYTES: u8 = 0x80;
/// Longest payload whose length is in its prefix.
const MAX_SHORT: usize = 55;
/// Distance from the empty item's prefix to the last with the length in it.
const SHORT_SPAN: u8 = 55;
const LAST_SHORT_BYTES: u8 = SHORT_BYTES + SHORT_SPAN;
const LONG_BYTES: u8 = LAST_SHORT_BYTES + 1;
const SHORT_LIST: u8 = 0xc0;
const LAST_SHORT_LIST: u8 = SHORT_LIST + SHORT_SPAN;
const LONG_LIST: u8 = LAST_SHORT_LIST + 1;

#[cfg(test)]
mod tests;
