//! Blocks that these tests seal themselves, right or wrong; the tests are below, by what they are about.

use alloy_primitives::{B256, Bytes, U256};
use k256::ecdsa::SigningKey;

use super::*;
use crate::testing::{Draft, address, keys, sign, twin};

mod extra;
mod oracle;
mod recorded;
mod rules;
mod snapshot;
mod thirdparty;
mod votes;

const EPOCH: u64 = 10;
pub(crate) const PERIOD: u64 = 5;

/// A genesis block that names `signers`.
pub(crate) fn genesis(signers: &[SigningKey]) -> Header {
    let signers: Vec<Address> = signers.iter().map(address).collect();
    let header = Draft::genesis(&[]).header;
    Header { mix_hash: B256::ZERO, extra_data: extra_data(&signers), ..header }
}

/// Vanity, signers and an empty seal.
pub(crate) fn extra_data(signers: &[Address]) -> Bytes {
    let signers: Vec<u8> = signers.iter().flat_map(|signer| signer.0.0).collect();
    [&[0; VANITY_BYTES][..], &signers, &[0; SEAL_BYTES]].concat().into()
}

/// The block after `parent`: no vote, difficulty 1, no seal.
pub(crate) fn next(parent: &Header) -> Header {
    Header {
        parent_hash: block_hash(parent),
        coinbase: Address::ZERO,
        difficulty: U256::ONE,
        number: parent.number + 1,
        timestamp: parent.timestamp + PERIOD,
        extra_data: extra_data(&[]),
        nonce: [0; 8],
        ..parent.clone()
    }
}

/// What a seal signs, by cutting the header itself.
fn digest_to_seal(header: &Header) -> B256 {
    let unsealed = header.extra_data.slice(..header.extra_data.len() - SEAL_BYTES);
    keccak256(Header { extra_data: unsealed, ..header.clone() }.encode())
}

/// The header with this seal instead of its own.
fn with_seal(header: Header, seal: &Signature) -> Header {
    let unsealed = &header.extra_data[..header.extra_data.len() - SEAL_BYTES];
    let extra_data = [unsealed, &seal.to_bytes(ParityByte::FromZero)].concat().into();
    Header { extra_data, ..header }
}

/// The header sealed by `key` with the difficulty it has.
fn seal_as_is(header: Header, key: &SigningKey) -> Header {
    let seal = sign(key, digest_to_seal(&header));
    with_seal(header, &seal)
}

/// The header sealed by `key` with the difficulty that its turn among `signers` asks for.
pub(crate) fn seal(header: Header, key: &SigningKey, signers: &[Address]) -> Header {
    let mut turns = signers.iter().cycle().skip(usize::try_from(header.number).unwrap());
    let difficulty = if turns.next() == Some(&address(key)) { U256::from(2) } else { U256::ONE };
    seal_as_is(Header { difficulty, ..header }, key)
}
