//! Headers that Besu sealed by QBFT and IBFT 2.0, and GoQuorum by legacy Istanbul IBFT.

use alloy_primitives::{Address, B256, Bytes};
use alloy_rlp::Encodable;
use lightclient::{
    Asked, ChainRules, Evidence, Header, Schedule, SealScheme, TrustedCheckpoint, VerifiedHeader,
    VerifyError, block_hash, verify_checkpoint, verify_header,
};
use serde::Deserialize;

use crate::{RULES, vectors};

#[test]
fn a_real_besu_qbft_header_verifies() {
    let Some(recorded) = vectors::<Sealed>("besu/qbft-real-header-7528.json") else { return };
    recorded.check(SealScheme::Qbft);
}

#[derive(Deserialize)]
struct Ibft2Headers {
    cases: Vec<Sealed>,
}

#[test]
fn real_besu_ibft2_headers_verify() {
    let Some(file) = vectors::<Ibft2Headers>("besu/ibft2-real-headers.json") else { return };
    let rounds: Vec<u32> = file.cases.iter().map(|recorded| recorded.round).collect();
    assert_eq!(rounds, [1, 0, 0]);
    for recorded in file.cases {
        recorded.check(SealScheme::Ibft2);
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sealed {
    header_rlp: Bytes,
    round: u32,
    validators: Vec<Address>,
    block_hash: B256,
    committers: Vec<Address>,
}

impl Sealed {
    /// The header alone, as a checkpoint; and skipped to from a genesis block of our own that names its validators.
    fn check(&self, scheme: SealScheme) {
        let rules = rules(scheme, 1);
        let header = Header::decode(&self.header_rlp).unwrap();
        assert_eq!(header.encode(), self.header_rlp);
        let verify = |trusted: &VerifiedHeader| {
            let asked = Asked::Hash(self.block_hash);
            verify_header(trusted, &header, Evidence::None, asked, &rules, header.timestamp)
        };
        let checkpoint = TrustedCheckpoint { number: header.number, hash: self.block_hash };
        let verified = verify_checkpoint(&checkpoint, &header, Evidence::None, &rules).unwrap();
        assert_eq!((verified.hash(), verified.round()), (self.block_hash, self.round));
        assert_eq!(verified.signers(), self.committers);
        assert!(verified.validators().iter().eq(&self.validators));
        assert_eq!(verify(&verified), Ok(verified.clone()));

        let [ours, strangers] = [self.validators.clone(), vec![Address::repeat_byte(1)]]
            .map(|validators| genesis_naming(&validators, &header, &rules));
        let number = header.number;
        if number == 1 {
            // The next header: it must name ours as its parent, which it does not.
            let (expected, found) = (ours.hash(), header.parent_hash);
            assert_eq!(verify(&ours), Err(VerifyError::Parent { number, expected, found }));
            return;
        }
        assert_eq!(verify(&ours), Ok(verified));
        let error = VerifyError::NotEnoughTrust { number, trusted: 0, expected: 1, found: 0 };
        assert_eq!(verify(&strangers), Err(error));
    }
}

/// A genesis block of our own, as long before `header` as its number asks for.
fn genesis_naming(validators: &[Address], header: &Header, rules: &ChainRules) -> VerifiedHeader {
    let mut list = Vec::new();
    B256::ZERO.encode(&mut list);
    validators.to_vec().encode(&mut list);
    match rules.schedule.at(0).scheme {
        SealScheme::Ibft2 => list.extend([0x80, 0x84, 0, 0, 0, 0, 0xc0]),
        _ => list.extend([0xc0, 0x80, 0xc0]),
    }
    let mut extra = Vec::new();
    alloy_rlp::Header { list: true, payload_length: list.len() }.encode(&mut extra);
    extra.append(&mut list);
    let timestamp = header.timestamp - header.number;
    let genesis = Header { number: 0, timestamp, extra_data: extra.into(), ..header.clone() };
    let checkpoint = TrustedCheckpoint { number: 0, hash: block_hash(&genesis, rules).unwrap() };
    verify_checkpoint(&checkpoint, &genesis, Evidence::None, rules).unwrap()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Hashed {
    header_rlp: Bytes,
    block_hash: B256,
}

/// Besu's own test of its hashing, with a vote and a round of four bytes; its proposer is no validator.
#[test]
fn the_hashing_vector_of_besu_has_its_hash_and_is_no_header_of_a_chain() {
    let Some(vector) = vectors::<Hashed>("besu/ibft2-BftBlockHashingTest.json") else { return };
    let rules = rules(SealScheme::Ibft2, 1);
    let header = Header::decode(&vector.header_rlp).unwrap();
    assert_eq!(block_hash(&header, &rules), Ok(vector.block_hash));
    let (number, hash) = (header.number, vector.block_hash);
    let refused = verify_checkpoint(&TrustedCheckpoint { number, hash }, &header, Evidence::None, &rules);
    assert_eq!(refused, Err(VerifyError::Proposer { number, proposer: Address::ZERO }));
}

#[derive(Deserialize)]
struct IbftChain {
    blocks: Vec<IbftBlock>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IbftBlock {
    header_rlp: Bytes,
    hash: B256,
}

/// Five validators, four seals each; nobody comes or goes.
#[test]
fn all_100_legacy_ibft_headers_verify_one_after_the_other_and_by_one_skip() {
    let Some(file) = vectors::<IbftChain>("besu/ibft-legacy-100.json") else { return };
    assert_eq!(file.blocks.len(), 101);
    let rules = rules(SealScheme::Ibft, 5);
    let headers: Vec<Header> =
        file.blocks.iter().map(|block| Header::decode(&block.header_rlp).unwrap()).collect();
    let now = headers[100].timestamp;
    let checkpoint = TrustedCheckpoint { number: 0, hash: file.blocks[0].hash };
    let genesis = verify_checkpoint(&checkpoint, &headers[0], Evidence::None, &rules).unwrap();
    assert_eq!((genesis.validators().len(), genesis.validators().quorum()), (5, 4));
    let mut trusted = genesis.clone();
    for (header, block) in headers.iter().zip(&file.blocks).skip(1) {
        assert_eq!(header.encode(), block.header_rlp);
        let asked = Asked::Hash(block.hash);
        let next = verify_header(&trusted, header, Evidence::None, asked, &rules, now).unwrap();
        assert_eq!((next.hash(), next.validators()), (block.hash, genesis.validators()));
        assert!(next.signers().len() >= 4 && next.validators().contains(&next.proposer()));
        if header.number > 1 {
            assert_eq!(
                verify_header(&genesis, header, Evidence::None, asked, &rules, now).as_ref(),
                Ok(&next)
            );
        }
        trusted = next;
    }
}

#[test]
fn any_changed_byte_of_a_legacy_ibft_header_is_refused() {
    let Some(file) = vectors::<IbftChain>("besu/ibft-legacy-100.json") else { return };
    let rules = rules(SealScheme::Ibft, 5);
    let [before, block] = &file.blocks[49..=50] else { unreachable!() };
    let header = Header::decode(&before.header_rlp).unwrap();
    let checkpoint = TrustedCheckpoint { number: 49, hash: before.hash };
    let trusted = verify_checkpoint(&checkpoint, &header, Evidence::None, &rules).unwrap();
    let now = header.timestamp + 3600;
    for (position, flip) in (0..block.header_rlp.len()).zip([0x01, 0x80, 0x10].into_iter().cycle()) {
        let mut changed = block.header_rlp.to_vec();
        changed[position] ^= flip;
        let Ok(header) = Header::decode(&changed) else { continue };
        let result = verify_header(&trusted, &header, Evidence::None, Asked::Latest, &rules, now);
        assert!(result.is_err(), "byte {position} changed: {result:?}");
    }
}

/// Without a trusting period: a genesis block may have any date, this one of 2017 eight years before block 1.
fn rules(scheme: SealScheme, block_period: u64) -> ChainRules {
    let schedule = Schedule::constant(scheme, 30_000, block_period);
    ChainRules { schedule, trusting_period: u64::MAX, ..RULES }
}
