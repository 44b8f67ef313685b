//! A validator of these tests, who seals what an engine made so that its proofs have a header to be verified under.
//!
//! Only the fields that sealing is about are replaced; the roots are the engine's own.

use alloy_primitives::{Address, B256, U256, hex};
use client::rpc::decode_header;
use lightclient::{
    ChainRules, Header, ParityByte, Schedule, SealScheme, Signature, TrustThreshold, block_hash, keccak256,
};
use protocol::keys::SigningKey;
use serde_json::{Value, json};

/// QBFT with one validator and a block each second.
pub(crate) fn rules(chain_id: u64) -> ChainRules {
    ChainRules {
        chain_id,
        schedule: Schedule::constant(SealScheme::Qbft, 30_000, 1),
        trust: TrustThreshold::OneThird,
        trusting_period: 86_400,
        // Blocks that an engine makes at once are in the future.
        clock_drift: 600,
    }
}

/// The block hash of a header that a validator of these tests sealed.
pub(crate) fn hash_of(header: &Header) -> B256 {
    block_hash(header, &rules(0)).unwrap()
}

/// Seals a header on its way, if it is one.
pub(crate) fn seal(result: &mut Value) {
    let Ok(header) = decode_header(result).map(sealed) else { return };
    result["miner"] = json!(header.coinbase.to_string());
    result["extraData"] = json!(header.extra_data.to_string());
    result["mixHash"] = json!(header.mix_hash.to_string());
    result["nonce"] = json!(hex::encode_prefixed(header.nonce));
    result["difficulty"] = json!("0x1");
}

/// Seals the genesis block alone.
pub(crate) fn seal_genesis(result: &mut Value) {
    if result["number"] == "0x0" {
        seal(result);
    }
}

/// The header under QBFT with one validator, who has sealed it unless it is the genesis block.
pub(crate) fn sealed(mut header: Header) -> Header {
    let validator = SigningKey::from_bytes(&[1; 32]).unwrap();
    header.coinbase = validator.address();
    header.mix_hash = B256::from(*b"ctical byzantine fault tolerance");
    header.nonce = [0; 8];
    header.difficulty = U256::ONE;
    header.extra_data = extra(validator.address(), None).into();
    if header.number > 0 {
        let seal = validator.sign_digest(keccak256(header.encode()));
        header.extra_data = extra(validator.address(), Some(seal)).into();
    }
    header
}

/// `extraData`: vanity, one validator, no vote, round 0, at most one seal.
fn extra(validator: Address, seal: Option<Signature>) -> Vec<u8> {
    let (list, seals): (&[u8], _) = match seal {
        None => (&[0xf8, 0x3a], vec![0xc0]),
        Some(seal) => {
            let seal = seal.to_bytes(ParityByte::FromZero);
            (&[0xf8, 0x7e], [&[0xf8, 0x43, 0xb8, 0x41], seal.as_slice()].concat())
        }
    };
    [list, &[0xa0], &[0; 32], &[0xd5, 0x94], validator.as_slice(), &[0xc0, 0x80], &seals].concat()
}
