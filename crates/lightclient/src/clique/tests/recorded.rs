//! Chains that EthereumJS sealed: see the README of each folder below `tests/vectors/recorded`.

use serde::Deserialize;

use super::*;
use crate::{
    Asked, ChainRules, Evidence, Schedule, SealScheme, SignatureError, TrustThreshold, TrustedCheckpoint,
    VerifyError, verify_checkpoint, verify_header, verify_unsettled,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chain {
    epoch_length: u64,
    block_period: u64,
    headers: Vec<Recorded>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recorded {
    number: u64,
    hash: B256,
    signer: Option<Address>,
    seal_hash: Option<B256>,
    header_rlp: Bytes,
}

impl Chain {
    fn load(json: &str) -> (Self, Vec<Header>) {
        let chain: Self = serde_json::from_str(json).unwrap();
        let headers =
            chain.headers.iter().map(|recorded| Header::decode(&recorded.header_rlp).unwrap()).collect();
        (chain, headers)
    }

    /// All that is checked of a header that follows `parent`.
    fn verify(
        &self,
        snapshot: &mut Snapshot,
        parent: &Header,
        header: &Header,
    ) -> Result<Address, CliqueError> {
        check_successor(parent, header, self.block_period)?;
        snapshot.apply(header, self.epoch_length)
    }
}

#[test]
fn all_206_headers_apply_one_after_the_other() {
    let (chain, headers) = Chain::load(GOOD);
    assert_eq!(headers.len(), 206);
    let mut snapshot = Snapshot::at_checkpoint(&headers[0], chain.epoch_length).unwrap();
    let signers = snapshot.signers().to_vec();
    assert_eq!((signers.len(), block_hash(&headers[0])), (3, chain.headers[0].hash));
    for (pair, recorded) in headers.windows(2).zip(&chain.headers[1..]) {
        let [parent, header] = pair else { unreachable!() };
        assert_eq!((header.number, header.parent_hash), (recorded.number, block_hash(parent)));
        assert_eq!(block_hash(header), recorded.hash);
        let extra = ExtraData::decode(header, chain.epoch_length).unwrap();
        assert_eq!(Some(extra.seal_digest(header)), recorded.seal_hash);
        let signer = chain.verify(&mut snapshot, parent, header).unwrap();
        assert_eq!((Some(signer), snapshot.sealed_by()), (recorded.signer, recorded.signer));
        assert_eq!(snapshot.signers(), signers);
    }
}

#[test]
fn the_checkpoint_without_signers_is_refused_and_all_before_it_accepted() {
    let (chain, headers) = Chain::load(BAD_CHECKPOINT);
    assert_eq!((headers.len(), chain.epoch_length), (31, 30));
    let mut snapshot = Snapshot::at_checkpoint(&headers[0], chain.epoch_length).unwrap();
    for number in 1..30 {
        assert_eq!(block_hash(&headers[number]), chain.headers[number].hash);
        chain.verify(&mut snapshot, &headers[number - 1], &headers[number]).unwrap();
    }
    assert_eq!(
        chain.verify(&mut snapshot, &headers[29], &headers[30]),
        Err(CliqueError::SignerList { number: 30, source: crate::ValidatorSetError::Empty })
    );
}

/// A changed byte is not only seen in the hash: the header is refused, because the seal covers everything
/// before it and a changed seal is somebody else's.
#[test]
fn any_changed_byte_is_refused_and_hashes_differently() {
    let (chain, headers) = Chain::load(GOOD);
    let mut snapshot = Snapshot::at_checkpoint(&headers[0], chain.epoch_length).unwrap();
    chain.verify(&mut snapshot, &headers[0], &headers[1]).unwrap();
    let recorded = &chain.headers[2];
    let (mut decoded, mut strangers) = (0, 0);
    for at in 0..recorded.header_rlp.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut bytes = recorded.header_rlp.to_vec();
            bytes[at] ^= flip;
            let Ok(changed) = Header::decode(&bytes) else { continue };
            assert_ne!(block_hash(&changed), recorded.hash);
            // Without the parent's help: the seal alone must refuse it.
            let error = snapshot.clone().apply(&changed, chain.epoch_length).unwrap_err();
            decoded += 1;
            let by_stranger = matches!(
                error,
                CliqueError::UnknownSigner { .. } | CliqueError::Seal { source: SignatureError::NoKey, .. }
            );
            strangers += usize::from(by_stranger);
        }
    }
    assert!(decoded > 1500 && strangers > 1000, "{decoded} decoded, {strangers} by strangers");
    assert!(chain.verify(&mut snapshot, &headers[1], &headers[2]).is_ok());
}

/// The newest header of a chain is walked like the others, though nobody stands on it yet.
#[test]
fn unsettled_headers_are_walked_by_the_same_rules() {
    let (chain, headers) = Chain::load(GOOD);
    let rules = ChainRules {
        chain_id: 91_225,
        schedule: Schedule::constant(SealScheme::Clique, chain.epoch_length, chain.block_period),
        trust: TrustThreshold::OneThird,
        trusting_period: 86_400,
        clock_drift: 0,
    };
    let now = headers[205].timestamp;
    let checkpoint = TrustedCheckpoint { number: 0, hash: chain.headers[0].hash };
    let genesis = verify_checkpoint(&checkpoint, &headers[0], Evidence::None, &rules).unwrap();
    let walked = verify_unsettled(&genesis, &headers[1..], &rules, now).unwrap();
    assert_eq!(walked.len(), 205);
    for (walked, recorded) in walked.iter().zip(&chain.headers[1..]) {
        assert_eq!((walked.hash, Some(walked.signer)), (recorded.hash, recorded.signer));
        assert_eq!(&walked.validators, genesis.validators());
    }

    let evidence = Evidence::Chain { ancestors: &headers[1..205], descendants: &[] };
    let newest = verify_header(&genesis, &headers[205], evidence, Asked::Latest, &rules, now);
    assert_eq!(newest, Err(VerifyError::NotSettled { number: 205, expected: 2, found: 1 }));
    let (expected, found) = (genesis.hash(), headers[2].parent_hash);
    let unlinked = verify_unsettled(&genesis, &headers[2..3], &rules, now);
    assert_eq!(unlinked, Err(VerifyError::Parent { number: 2, expected, found }));
    let (expected, found) = (now - 1, now);
    let early = verify_unsettled(&genesis, &headers[1..], &rules, now - 1);
    assert_eq!(early, Err(VerifyError::FromFuture { number: 205, expected, found }));
    let expected = headers[0].timestamp + 86_400;
    let late = verify_unsettled(&genesis, &headers[1..], &rules, expected);
    assert_eq!(late, Err(VerifyError::TrustExpired { trusted: 0, expected, found: expected }));
    // Of a header that was skipped to, the votes are not known.
    let evidence = Evidence::Chain { ancestors: &[], descendants: &headers[101..] };
    let skipped = verify_header(&genesis, &headers[100], evidence, Asked::Latest, &rules, now).unwrap();
    let unknown = verify_unsettled(&skipped, &headers[101..], &rules, now);
    assert_eq!(unknown, Err(VerifyError::EvidenceMissing { number: 101 }));
}

const GOOD: &str = include_str!("../../../../../tests/vectors/recorded/ethereumjs-clique/headers.json");
const BAD_CHECKPOINT: &str =
    include_str!("../../../../../tests/vectors/recorded/ethereumjs-clique-bad-checkpoints/headers.json");
