//! Checks a served header the way the QBFT rules say, from its JSON alone; the recorded chain of a real engine passes too.

use std::collections::BTreeSet;

use alloy_consensus::Header;
use alloy_primitives::{Address, B64, B256, Bloom, Bytes, Signature, U256, keccak256};
use alloy_rlp::{Decodable as _, Encodable as _, RlpDecodable, RlpEncodable};
use serde_json::Value;

use crate::harness::{address, data, hash, number, text};

/// `extraData` of QBFT; votes are kept as they are.
#[derive(Debug, Clone, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub(crate) struct Extra {
    pub(crate) vanity: B256,
    pub(crate) validators: Vec<Address>,
    pub(crate) vote: Vec<Bytes>,
    pub(crate) round: u32,
    pub(crate) seals: Vec<Bytes>,
}

/// What the seals of a header say.
#[derive(Debug)]
pub(crate) struct Sealed {
    pub(crate) extra: Extra,
    pub(crate) signers: Vec<Address>,
}

/// Why a header is not properly sealed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Hash { expected: B256, found: B256 },
    Outsider(Address),
    Quorum { expected: usize, found: usize },
}

/// Checks hash and seals of a block's JSON.
pub(crate) fn check(block: &Value) -> Result<Sealed, Fault> {
    let header = header_of(block);
    let extra = Extra::decode(&mut header.extra_data.as_ref()).expect("five items");
    let bare = Extra { round: 0, seals: Vec::new(), ..extra.clone() };
    let expected = hash_with(&header, &bare);
    let found = hash(&block["hash"]);
    if found != expected {
        return Err(Fault::Hash { expected, found });
    }
    let digest = hash_with(&header, &Extra { seals: Vec::new(), ..extra.clone() });
    let mut signers = Vec::new();
    for seal in &extra.seals {
        assert_eq!(seal.len(), 65);
        assert!(seal[64] <= 1, "v is 0 or 1");
        let signature = Signature::from_bytes_and_parity(&seal[..64], seal[64] == 1);
        assert_eq!(signature.normalize_s(), None, "s is low");
        let signer = signature.recover_address_from_prehash(&digest).expect("somebody signed");
        if !extra.validators.contains(&signer) {
            return Err(Fault::Outsider(signer));
        }
        signers.push(signer);
    }
    let expected = (extra.validators.len() * 2).div_ceil(3);
    let found = signers.iter().collect::<BTreeSet<_>>().len();
    assert_eq!(found, signers.len(), "nobody sealed twice");
    if found < expected && number(&block["number"]) > 0 {
        return Err(Fault::Quorum { expected, found });
    }
    assert!(extra.validators.is_sorted());
    Ok(Sealed { extra, signers })
}

fn hash_with(header: &Header, extra: &Extra) -> B256 {
    let mut encoded = Vec::new();
    extra.encode(&mut encoded);
    keccak256(alloy_rlp::encode(Header { extra_data: encoded.into(), ..header.clone() }))
}

pub(crate) fn header_of(block: &Value) -> Header {
    Header {
        parent_hash: hash(&block["parentHash"]),
        ommers_hash: hash(&block["sha3Uncles"]),
        beneficiary: address(&block["miner"]),
        state_root: hash(&block["stateRoot"]),
        transactions_root: hash(&block["transactionsRoot"]),
        receipts_root: hash(&block["receiptsRoot"]),
        logs_bloom: text(&block["logsBloom"]).parse::<Bloom>().expect("a bloom"),
        difficulty: U256::from(number(&block["difficulty"])),
        number: number(&block["number"]),
        gas_limit: number(&block["gasLimit"]),
        gas_used: number(&block["gasUsed"]),
        timestamp: number(&block["timestamp"]),
        extra_data: data(&block["extraData"]),
        mix_hash: hash(&block["mixHash"]),
        nonce: text(&block["nonce"]).parse::<B64>().expect("a nonce"),
        base_fee_per_gas: block.get("baseFeePerGas").map(number),
        ..Header::default()
    }
}
