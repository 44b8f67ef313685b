//! QBFT with the validators in the header: GoQuorum with four, three, four and five validators.

use alloy_primitives::{B256, Bytes, U256, address};
use lightclient::{
    Asked, BftError, Evidence, Header, RlpError, SealScheme, TrustedCheckpoint, ValidatorSetError,
    VerifiedHeader, VerifyError, block_hash, verify_checkpoint, verify_header,
};
use serde::Deserialize;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::Chain;

#[test]
fn all_206_headers_verify_one_after_the_other() {
    let chain = load();
    assert_eq!(chain.headers.len(), 206);
    let mut trusted = trusted(&chain, 0);
    assert_as_recorded(&chain, &trusted);
    for (header, recorded) in chain.headers.iter().zip(&chain.recorded).skip(1) {
        assert_eq!(header.parent_hash, trusted.hash());
        trusted = verify(&chain, &trusted, header, Asked::Hash(recorded.hash)).unwrap();
        assert_as_recorded(&chain, &trusted);
    }
}

#[test]
fn all_206_headers_verify_by_skipping_from_the_genesis_block() {
    let chain = load();
    let mut headers = 0;
    for number in 0..206 {
        assert_as_recorded(&chain, &skip_to(&chain, trusted(&chain, 0), number, &mut headers));
    }
    // The set changes three times by one validator: nearly every header is reached in one step.
    assert!(headers < 2 * 206, "{headers} headers verified");
}

#[test]
fn every_recorded_header_serves_as_a_checkpoint() {
    let chain = load();
    for number in 0..206 {
        assert_as_recorded(&chain, &trusted(&chain, number));
    }
}

#[test]
fn headers_encode_to_the_bytes_they_were_decoded_from() {
    let chain = load();
    for (header, recorded) in chain.headers.iter().zip(&chain.recorded) {
        assert_eq!(header.encode(), recorded.header_rlp, "header {}", recorded.number);
        assert_eq!(block_hash(header, &chain.rules), Ok(recorded.hash));
    }
}

#[test]
fn each_negative_is_refused_for_its_reason_and_the_positive_accepted() {
    let chain = load();
    let file: Negatives = serde_json::from_str(NEGATIVES).unwrap();
    let trusted = trusted(&chain, usize::try_from(file.parent_number).unwrap());
    let number = file.parent_number + 1;
    let mut refused = 0;
    for case in &file.cases {
        let header = Header::decode(&case.header_rlp).unwrap();
        let result = verify(&chain, &trusted, &header, Asked::Number(number));
        if case.must_reject {
            refused += 1;
            assert_eq!(result, Err(reason(&case.name, &header, number)), "{}", case.name);
            continue;
        }
        assert_eq!(case.name, "seals-reordered");
        let verified = result.unwrap();
        assert_eq!(verified.hash(), chain.recorded[40].hash);
        let mut signers = verified.signers().to_vec();
        assert_ne!(signers, chain.recorded[40].committers);
        signers.sort();
        assert_eq!(signers, chain.recorded[40].committers);
    }
    assert_eq!((file.cases.len(), refused), (14, 13));
}

/// Why the case called `name` must be refused. Where a sealed field was changed, the seals recover to nobody,
/// but always to the same nobody.
fn reason(name: &str, header: &Header, number: u64) -> VerifyError {
    let unknown = |signer| VerifyError::UnknownSigner { number, signer };
    match name {
        "one-seal-short" => VerifyError::NotEnoughSeals { number, expected: 3, found: 2 },
        "duplicate-seal" | "malleated-duplicate" => VerifyError::DuplicateSigner {
            number,
            signer: address!("1a1eabcbb639ee03568700c63de455d4da51cc2e"),
        },
        "seal-of-another-block" => unknown(address!("ac24fb943db4b0ace9113a4c37126a17ab1622d4")),
        "seal-by-outsider" => unknown(address!("ba91e3e5b6ed68db44de43fe9502e08ab11a8308")),
        "state-root-changed" => unknown(address!("ac227285881c61a0fe1515733a721f0b1e481ed0")),
        "round-changed" => unknown(address!("3731095a5f2e1dde707578dd8511caa74c3f0f69")),
        "proposer-outsider" => VerifyError::Proposer { number, proposer: header.coinbase },
        "validators-emptied" => {
            VerifyError::ExtraData { number, source: BftError::Validators(ValidatorSetError::Empty) }
        }
        "difficulty-2" => VerifyError::Difficulty { number, expected: U256::from(1), found: U256::from(2) },
        "mixhash-zero" => VerifyError::MixHash {
            number,
            expected: B256::from(*b"ctical byzantine fault tolerance"),
            found: B256::ZERO,
        },
        "extra-trailing-item" => VerifyError::ExtraData {
            number,
            source: BftError::Rlp { item: "list", source: RlpError::Trailing { found: 1 } },
        },
        "three-of-four-ok-but-wrong-parent" => VerifyError::Number { expected: 40, found: 42 },
        _ => panic!("no reason is written down for {name}"),
    }
}

#[test]
fn a_header_that_answers_another_question_is_refused() {
    let chain = load();
    let trusted = trusted(&chain, 40);
    let (header, found) = (&chain.headers[50], chain.recorded[50].hash);
    assert_eq!(
        verify(&chain, &trusted, header, Asked::Number(51)),
        Err(VerifyError::Number { expected: 51, found: 50 })
    );
    let expected = chain.recorded[51].hash;
    assert_eq!(
        verify(&chain, &trusted, header, Asked::Hash(expected)),
        Err(VerifyError::Hash { number: 50, expected, found })
    );
    let checkpoint = TrustedCheckpoint { number: 50, hash: expected };
    assert_eq!(
        verify_checkpoint(&checkpoint, header, Evidence::None, &chain.rules),
        Err(VerifyError::Hash { number: 50, expected, found })
    );
    assert!(verify(&chain, &trusted, header, Asked::Latest).is_ok());
}

/// No byte of a header is free. What the protocol leaves open takes more than one byte: the order of the seals,
/// seals of further validators beyond the quorum, and a seal's twin with the high s. The round is outside the
/// block hash, but inside the digest that is sealed.
#[test]
fn any_changed_byte_of_a_header_is_refused() {
    let chain = load();
    // Round 1; round 0; a vote that takes effect; its effect; a vote in; five validators.
    for number in [10, 40, 105, 106, 133, 205] {
        let trusted = trusted(&chain, number - 1);
        let bytes = &chain.recorded[number].header_rlp;
        for (position, flip) in (0..bytes.len()).zip([0x01, 0x80, 0x10].into_iter().cycle()) {
            let mut changed = bytes.to_vec();
            changed[position] ^= flip;
            let Ok(header) = Header::decode(&changed) else { continue };
            let result = verify(&chain, &trusted, &header, Asked::Latest);
            assert!(result.is_err(), "header {number}: byte {position} changed to {}", changed[position]);
        }
    }
}

pub(crate) fn load() -> Chain {
    Chain::load(HEADERS, SealScheme::Qbft)
}

/// Header `number`, trusted as a checkpoint.
pub(crate) fn trusted(chain: &Chain, number: usize) -> VerifiedHeader {
    verify_checkpoint(&chain.checkpoint(number), &chain.headers[number], Evidence::None, &chain.rules)
        .unwrap()
}

/// Verifies at the time at which the last block was made.
pub(crate) fn verify(
    chain: &Chain,
    trusted: &VerifiedHeader,
    header: &Header,
    asked: Asked,
) -> Result<VerifiedHeader, VerifyError> {
    verify_header(trusted, header, Evidence::None, asked, &chain.rules, chain.now())
}

/// Goes from `trusted` to `number`, half-way first where the trust does not reach. Counts the headers.
fn skip_to(chain: &Chain, trusted: VerifiedHeader, number: u64, headers: &mut usize) -> VerifiedHeader {
    *headers += 1;
    let header = &chain.headers[usize::try_from(number).unwrap()];
    match verify(chain, &trusted, header, Asked::Number(number)) {
        Ok(verified) => verified,
        Err(VerifyError::NotEnoughTrust { .. }) => {
            let half_way = skip_to(chain, trusted.clone(), trusted.number().midpoint(number), headers);
            skip_to(chain, half_way, number, headers)
        }
        Err(error) => panic!("header {number} from {}: {error:?}", trusted.number()),
    }
}

fn assert_as_recorded(chain: &Chain, verified: &VerifiedHeader) {
    let number = usize::try_from(verified.number()).unwrap();
    chain.assert_as_recorded(verified, &chain.recorded[number].validators);
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Negatives {
    parent_number: u64,
    cases: Vec<Negative>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Negative {
    name: String,
    must_reject: bool,
    header_rlp: Bytes,
}

const HEADERS: &str = include_str!("../../../../tests/vectors/recorded/goquorum-qbft/headers.json");
const NEGATIVES: &str = include_str!("../../../../tests/vectors/recorded/goquorum-qbft/negative.json");
