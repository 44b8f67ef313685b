//! Headers and their `extraData`: decoded strictly, hashed as another reading of the bytes hashes them.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use lightclient::{
    ChainRules, Evidence, Header, HeaderError, Schedule, SealScheme, TrustedCheckpoint, VerifyError,
    block_hash, verify_checkpoint,
};

use crate::recorded::Chain;

/// What decodes is encoded to the same bytes, and has the shape of a header under each seal scheme.
pub(crate) fn header(data: &[u8]) {
    let Ok(header) = Header::decode(data) else { return };
    assert_eq!(header.encode(), data, "encode is not the inverse of decode");
    let checkpoint = TrustedCheckpoint { number: header.number, hash: B256::ZERO };
    for scheme in SCHEMES {
        let verified = verify_checkpoint(&checkpoint, &header, Evidence::None, &rules(scheme));
        assert!(
            !matches!(
                verified,
                Err(VerifyError::Header(HeaderError::Gap { .. } | HeaderError::TooLong { .. }))
            ),
            "what decodes has no shape: {verified:?}"
        );
        assert!(verified.is_err(), "accepted under a hash that no header has");
    }
}

/// `extraData` that decodes has the block hash that follows from its items, whatever its round and seals.
///
/// Input: the seal scheme, whether the header is that of a genesis block, `extraData`.
pub(crate) fn extra_data(data: &[u8]) {
    let Some(([scheme, is_later], extra)) = data.split_first_chunk() else { return };
    let scheme = SCHEMES[usize::from(*scheme) % SCHEMES.len()];
    let recorded = Chain::qbft().headers[usize::from(is_later % 2)].raw();
    let header = Header { extra_data: Bytes::copy_from_slice(extra), ..recorded.clone() };
    let Ok(found) = block_hash(&header, &rules(scheme)) else { return };
    let hashed = hashed_extra(scheme, extra).expect("accepted what is no extraData");
    let expected = keccak256(Header { extra_data: hashed.into(), ..header }.encode());
    assert_eq!(found, expected, "the block hash is another one");
}

/// What the block hash covers of `extraData`.
fn hashed_extra(scheme: SealScheme, extra: &[u8]) -> Option<Vec<u8>> {
    let (vanity, list) = match scheme {
        SealScheme::Clique => return Some(extra.to_vec()),
        SealScheme::Ibft => extra.split_at_checked(32)?,
        SealScheme::Ibft2 | SealScheme::Qbft | SealScheme::QbftContract { .. } => (&[][..], extra),
    };
    let items = list_items(list)?;
    let hashed = match (scheme, items.as_slice()) {
        (SealScheme::Ibft, [validators, proposer_seal, _seals]) => {
            encode_list(&[validators, proposer_seal, &[0xc0]])
        }
        (SealScheme::Ibft2, [vanity, validators, vote, _round, _seals]) => {
            encode_list(&[vanity, validators, vote])
        }
        (_, [vanity, validators, vote, _round, _seals]) => {
            encode_list(&[vanity, validators, vote, &[0x80], &[0xc0]])
        }
        _ => return None,
    };
    Some([vanity, &hashed].concat())
}

fn rules(scheme: SealScheme) -> ChainRules {
    ChainRules { schedule: Schedule::constant(scheme, 30_000, 1), ..Chain::qbft().rules.clone() }
}

/// The encoded items of an RLP list that fills `data`, as alloy-rlp reads them.
fn list_items(mut data: &[u8]) -> Option<Vec<&[u8]>> {
    let list = alloy_rlp::Header::decode(&mut data).ok()?;
    if !list.list || list.payload_length != data.len() {
        return None;
    }
    let mut items = Vec::new();
    while !data.is_empty() {
        let whole = data;
        let item = alloy_rlp::Header::decode(&mut data).ok()?;
        data = data.get(item.payload_length..)?;
        items.push(whole.get(..whole.len() - data.len())?);
    }
    Some(items)
}

fn encode_list(items: &[&[u8]]) -> Vec<u8> {
    let payload = items.concat();
    let mut encoded = Vec::new();
    alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(&mut encoded);
    encoded.extend(payload);
    encoded
}

pub(crate) fn header_seeds() -> Vec<Vec<u8>> {
    let appended = |forks: u8, header: &Header| Header {
        base_fee_per_gas: (forks > 0).then_some(7),
        withdrawals_root: (forks > 1).then_some(B256::ZERO),
        blob_gas_used: (forks > 2).then_some(0),
        excess_blob_gas: (forks > 2).then_some(1 << 17),
        parent_beacon_block_root: (forks > 2).then_some(B256::repeat_byte(1)),
        requests_hash: (forks > 3).then_some(B256::repeat_byte(2)),
        ..header.clone()
    };
    let headers = Chain::qbft().headers.iter().step_by(8);
    let clique = Chain::clique().headers[1].raw().encode();
    headers
        .zip((0..5).cycle())
        .map(|(header, forks)| appended(forks, header.raw()).encode())
        .chain([clique])
        .collect()
}

pub(crate) fn extra_data_seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    // 105 and 133 carry votes, 10 was sealed in round 1.
    for number in [0, 1, 10, 105, 106, 133, 160, 205] {
        let qbft = &Chain::qbft().headers[number].raw().extra_data;
        let items = list_items(qbft).expect("recorded extraData is a list");
        let [vanity, validators, vote, _round, seals] = items.as_slice() else { unreachable!("five items") };
        let vote = if *vote == [0xc0] { &[0x80] } else { *vote };
        let round = [0x84, 0, 0, 0, 1];
        let ibft2 = encode_list(&[vanity, validators, vote, &round, seals]);
        let no_proposer = [&[0; 32][..], &encode_list(&[validators, &[0x80], seals])].concat();
        let listed = encode_list(&[vanity, &[0xc0], &[0xc0], &[0x80], seals]);
        let forms = [vec![0; 97], no_proposer, ibft2, qbft.to_vec(), listed];
        seeds.extend((0..).zip(forms).map(|(scheme, extra)| [vec![scheme, 0], extra].concat()));
    }
    seeds
}

/// In alphabetical order; an input names them by position.
const SCHEMES: [SealScheme; 5] = [
    SealScheme::Clique,
    SealScheme::Ibft,
    SealScheme::Ibft2,
    SealScheme::Qbft,
    SealScheme::QbftContract { address: Address::ZERO, slot: U256::ZERO },
];
