//! Clique: EthereumJS with three signers, of whom two seal in turns. A header counts once two of them stand on it.

use lightclient::{
    Asked, CliqueError, Evidence, Header, SealScheme, ValidatorSetError, VerifiedHeader, VerifyError,
    block_hash, rewalk, verify_checkpoint, verify_header, verify_parent,
};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::Chain;

#[test]
fn all_204_headers_on_which_another_stands_verify_one_after_the_other() {
    let chain = good();
    assert_eq!(chain.headers.len(), 206);
    let mut trusted = genesis(&chain);
    let signers = trusted.validators().clone();
    assert_eq!((signers.len(), trusted.hash()), (3, chain.recorded[0].hash));
    for number in 1..205 {
        trusted = verify(&chain, &trusted, number, &[]).unwrap();
        assert_as_recorded(&chain, &trusted);
        assert_eq!((trusted.validators(), trusted.can_walk()), (&signers, true));
    }
    // Nobody stands on the newest one.
    let unsettled = VerifyError::NotSettled { number: 205, expected: 2, found: 1 };
    assert_eq!(verify(&chain, &trusted, 205, &[]), Err(unsettled));
}

#[test]
fn a_header_is_reached_over_all_before_it_and_settled_by_the_next_one() {
    let chain = good();
    let genesis = genesis(&chain);
    for number in (1..205).step_by(17) {
        let verified = verify(&chain, &genesis, number, &chain.headers[1..number]).unwrap();
        assert_as_recorded(&chain, &verified);
        assert_eq!((verified.validators(), verified.can_walk()), (genesis.validators(), true));
    }
}

#[test]
fn every_header_further_on_verifies_by_one_skip_from_the_genesis_block() {
    let chain = good();
    let genesis = genesis(&chain);
    for number in 2..205 {
        let verified = verify(&chain, &genesis, number, &[]).unwrap();
        assert_as_recorded(&chain, &verified);
        assert_eq!((verified.validators(), verified.can_walk()), (genesis.validators(), false));
        assert_eq!(verified.validators_time(), genesis.timestamp());
    }
}

/// One signer alone can make any number of headers; they count for nothing.
#[test]
fn a_header_on_which_nobody_else_stands_is_not_settled() {
    let chain = good();
    let genesis = genesis(&chain);
    let alone = Evidence::Chain { ancestors: &[], descendants: &[] };
    let (expected, found) = (2, 1);
    for (header, number) in chain.headers.iter().zip(0..).skip(1) {
        let refused = match number {
            1 => VerifyError::NotSettled { number, expected, found },
            _ => VerifyError::NotEnoughTrust { number, trusted: 0, expected, found },
        };
        let result = verify_header(&genesis, header, alone, Asked::Number(number), &chain.rules, chain.now());
        assert_eq!(result, Err(refused));
    }
}

#[test]
fn only_a_header_that_names_the_signers_is_a_checkpoint_unless_they_are_known() {
    let chain = good();
    let genesis = genesis(&chain);
    let known = Evidence::Known { validators: genesis.validators(), time: genesis.timestamp() };
    for number in 1..206 {
        let (checkpoint, header) = (chain.checkpoint(number), &chain.headers[number]);
        let start = |evidence| verify_checkpoint(&checkpoint, header, evidence, &chain.rules);
        let source = CliqueError::NotCheckpoint { number: header.number, epoch_length: 30_000 };
        assert_eq!(start(Evidence::None), Err(VerifyError::Clique { number: header.number, source }));
        let verified = start(known).unwrap();
        assert_eq!(
            (verified.hash(), verified.validators()),
            (chain.recorded[number].hash, genesis.validators())
        );
        assert_eq!((Some(verified.proposer()), verified.can_walk()), (chain.recorded[number].signer, false));
    }
}

#[test]
fn a_header_that_was_skipped_to_can_be_walked_from_once_the_votes_are_known() {
    let chain = good();
    let skipped = verify(&chain, &genesis(&chain), 100, &[]).unwrap();
    let walked = rewalk(&skipped, &chain.headers[..=100], &chain.rules).unwrap();
    assert!(walked.can_walk());
    assert_as_recorded(&chain, &verify(&chain, &walked, 101, &[]).unwrap());
    let (expected, found) = (skipped.hash(), chain.recorded[99].hash);
    let elsewhere = VerifyError::Hash { number: 100, expected, found };
    assert_eq!(rewalk(&skipped, &chain.headers[..100], &chain.rules), Err(elsewhere));
}

#[test]
fn parents_lead_back_to_the_genesis_block() {
    let chain = good();
    let mut trusted = verify(&chain, &genesis(&chain), 204, &[]).unwrap();
    for number in (0..204).rev() {
        trusted = verify_parent(&trusted, &chain.headers[number], &chain.rules).unwrap();
        assert_eq!(trusted.hash(), chain.recorded[number].hash);
        assert_eq!(trusted.proposer(), chain.recorded[number].signer.unwrap_or_default());
    }
}

#[test]
fn headers_encode_to_the_bytes_they_were_decoded_from() {
    for chain in [good(), bad_checkpoint()] {
        for (header, recorded) in chain.headers.iter().zip(&chain.recorded) {
            assert_eq!(header.encode(), recorded.header_rlp, "header {}", recorded.number);
            assert_eq!(block_hash(header, &chain.rules), Ok(recorded.hash));
        }
    }
}

/// No byte is free: neither of the header, which the next one names by its hash, nor of the next one, which is sealed.
#[test]
fn any_changed_byte_of_a_header_or_of_the_one_that_settles_it_is_refused() {
    let chain = good();
    let trusted = genesis(&chain);
    for number in [1, 2, 205] {
        let bytes = &chain.recorded[number].header_rlp;
        for (position, flip) in (0..bytes.len()).zip([0x01, 0x80, 0x10].into_iter().cycle()) {
            let mut changed = bytes.to_vec();
            changed[position] ^= flip;
            let Ok(changed) = Header::decode(&changed) else { continue };
            let result = match number {
                1 => settle(&chain, &trusted, &changed, &chain.headers[2..3]),
                _ => settle(&chain, &trusted, &chain.headers[number - 1], &[changed]),
            };
            assert!(result.is_err(), "header {number}: byte {position} changed: {result:?}");
        }
    }
}

/// EIP-225 has the signers listed every 30 blocks here, and block 30 does not list them.
#[test]
fn a_checkpoint_without_signers_is_refused_and_nothing_is_settled_by_it() {
    let chain = bad_checkpoint();
    assert_eq!(chain.headers.len(), 31);
    let genesis = genesis(&chain);
    let source = CliqueError::SignerList { number: 30, source: ValidatorSetError::Empty };
    let refused = VerifyError::Clique { number: 30, source };
    let mut trusted = genesis.clone();
    for number in 1..29 {
        trusted = verify(&chain, &trusted, number, &[]).unwrap();
        assert_eq!(trusted.hash(), chain.recorded[number].hash);
        if number > 1 {
            assert_eq!(verify(&chain, &genesis, number, &[]).unwrap().hash(), trusted.hash());
        }
    }
    // Block 29 is right, but the only one that stands on it is not.
    assert_eq!(verify(&chain, &trusted, 29, &[]), Err(refused.clone()));
    assert_eq!(verify(&chain, &genesis, 29, &[]), Err(refused.clone()));
    assert_eq!(verify(&chain, &trusted, 30, &chain.headers[29..30]), Err(refused.clone()));
    assert_eq!(verify(&chain, &genesis, 30, &[]), Err(refused.clone()));
    let start =
        |evidence| verify_checkpoint(&chain.checkpoint(30), &chain.headers[30], evidence, &chain.rules);
    assert_eq!(start(Evidence::None), Err(refused.clone()));
    let known = Evidence::Known { validators: genesis.validators(), time: genesis.timestamp() };
    assert_eq!(start(known), Err(refused));
}

fn good() -> Chain {
    Chain::load(GOOD, SealScheme::Clique)
}

fn bad_checkpoint() -> Chain {
    Chain::load(BAD_CHECKPOINT, SealScheme::Clique)
}

fn genesis(chain: &Chain) -> VerifiedHeader {
    verify_checkpoint(&chain.checkpoint(0), &chain.headers[0], Evidence::None, &chain.rules).unwrap()
}

/// Verifies header `number` over `ancestors`, with all headers that follow it.
fn verify(
    chain: &Chain,
    trusted: &VerifiedHeader,
    number: usize,
    ancestors: &[Header],
) -> Result<VerifiedHeader, VerifyError> {
    let evidence = Evidence::Chain { ancestors, descendants: &chain.headers[number + 1..] };
    let asked = Asked::Hash(chain.recorded[number].hash);
    verify_header(trusted, &chain.headers[number], evidence, asked, &chain.rules, chain.now())
}

/// Verifies any header by what stands on it.
fn settle(
    chain: &Chain,
    trusted: &VerifiedHeader,
    header: &Header,
    descendants: &[Header],
) -> Result<VerifiedHeader, VerifyError> {
    let evidence = Evidence::Chain { ancestors: &[], descendants };
    verify_header(trusted, header, evidence, Asked::Latest, &chain.rules, chain.now())
}

/// The header is by its signer, and the signer of the next one stands on it.
fn assert_as_recorded(chain: &Chain, verified: &VerifiedHeader) {
    let number = usize::try_from(verified.number()).unwrap();
    let [recorded, next] = &chain.recorded[number..number + 2] else { unreachable!() };
    assert_eq!(verified.hash(), recorded.hash, "hash of header {number}");
    assert_eq!(verified.proposer(), recorded.signer.unwrap(), "signer of header {number}");
    assert_eq!(verified.signers(), [recorded.signer.unwrap(), next.signer.unwrap()]);
    assert_eq!(verified.raw(), &chain.headers[number]);
}

const GOOD: &str = include_str!("../../../../tests/vectors/recorded/ethereumjs-clique/headers.json");
const BAD_CHECKPOINT: &str =
    include_str!("../../../../tests/vectors/recorded/ethereumjs-clique-bad-checkpoints/headers.json");
