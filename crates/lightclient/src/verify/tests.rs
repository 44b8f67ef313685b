//! Tests of the header verifier: one accepting case for each rule, and one for each refusal.

use alloy_primitives::U256;
use k256::ecdsa::SigningKey;

use super::*;
use crate::{
    BftError, Fault, HeaderError, SignatureError, ValidatorSetError,
    testing::{Draft, GENESIS_TIME, RULES, address, keys, sign, twin, verified_genesis},
};

mod forks;

const NOW: u64 = GENESIS_TIME + 500;

fn verify(trusted: &VerifiedHeader, header: &Header) -> Result<VerifiedHeader, VerifyError> {
    verify_header(trusted, header, Evidence::None, Asked::Latest, &RULES, NOW)
}

/// The genesis block of a chain with the first `n` of nine keys.
fn genesis_of(n: u8) -> (Vec<SigningKey>, VerifiedHeader) {
    let keys: Vec<SigningKey> = keys(9).into_iter().take(n.into()).collect();
    let genesis = verified_genesis(&Draft::genesis(&keys));
    (keys, genesis)
}

fn four() -> (Vec<SigningKey>, VerifiedHeader) {
    genesis_of(4)
}

fn hash_of(header: &Header) -> B256 {
    block_hash(header, &RULES).unwrap()
}

#[test]
fn accepts_the_next_header_and_shows_what_it_holds() {
    let (keys, genesis) = four();
    let draft = Draft { round: 2, ..Draft::after(&genesis, 1) };
    let header = draft.seal([&keys[3], &keys[0], &keys[2]]);
    let verified = verify(&genesis, &header).unwrap();
    assert_eq!((verified.number(), verified.hash()), (1, hash_of(&header)));
    assert_eq!((verified.parent_hash(), verified.state_root()), (genesis.hash(), header.state_root));
    assert_eq!((verified.timestamp(), verified.round()), (GENESIS_TIME + 2, 2));
    assert_eq!(verified.signers(), [&keys[3], &keys[0], &keys[2]].map(address));
    assert_eq!((verified.validators(), verified.proposer()), (genesis.validators(), address(&keys[0])));
    assert_eq!(verified.raw(), &header);
}

#[test]
fn accepts_a_header_far_away_with_the_same_validators() {
    let (keys, genesis) = four();
    let header = Draft::after(&genesis, 200).seal(&keys[..3]);
    assert_eq!(verify(&genesis, &header).unwrap().number(), 200);
}

#[test]
fn asks_for_exactly_the_quorum_of_one_to_nine_validators() {
    for n in 1..=9 {
        let (keys, genesis) = genesis_of(n);
        let quorum = genesis.validators().quorum();
        let draft = Draft::after(&genesis, 1);
        assert!(verify(&genesis, &draft.seal(&keys[..quorum])).is_ok(), "{quorum} of {n}");
        assert_eq!(
            verify(&genesis, &draft.seal(&keys[..quorum - 1])),
            Err(VerifyError::NotEnoughSeals { number: 1, expected: quorum, found: quorum - 1 })
        );
    }
}

#[test]
fn counts_a_validator_once_whatever_its_seals_look_like() {
    let (keys, genesis) = four();
    let draft = Draft::after(&genesis, 1);
    let seal = sign(&keys[0], draft.commit_digest());
    let another = sign(&keys[1], draft.commit_digest());
    let duplicate = Err(VerifyError::DuplicateSigner { number: 1, signer: address(&keys[0]) });
    assert_eq!(verify(&genesis, &draft.with_seals(&[seal, another, seal])), duplicate);
    assert_eq!(verify(&genesis, &draft.with_seals(&[seal, another, twin(&seal)])), duplicate);
    let third = twin(&sign(&keys[2], draft.commit_digest()));
    assert!(verify(&genesis, &draft.with_seals(&[seal, another, third])).is_ok());
}

#[test]
fn refuses_a_seal_of_somebody_else_even_beyond_the_quorum() {
    let (validators, genesis) = four();
    let outsider = &keys(9)[8];
    let header = Draft::after(&genesis, 1).seal(validators.iter().chain([outsider]));
    let unknown = VerifyError::UnknownSigner { number: 1, signer: address(outsider) };
    assert_eq!(verify(&genesis, &header), Err(unknown));
}

#[test]
fn refuses_a_seal_that_is_nobodys() {
    let (keys, genesis) = four();
    let draft = Draft::after(&genesis, 1);
    let good = sign(&keys[0], draft.commit_digest());
    let second = sign(&keys[1], draft.commit_digest());
    let bad = crate::Signature { s: B256::ZERO, ..good };
    let source = BftError::Seal { index: 2, source: SignatureError::Scalar };
    assert_eq!(
        verify(&genesis, &draft.with_seals(&[good, second, bad])),
        Err(VerifyError::ExtraData { number: 1, source })
    );
}

#[test]
fn refuses_seals_that_were_made_in_another_round() {
    let (keys, genesis) = four();
    let draft = Draft::after(&genesis, 1);
    let seals: Vec<_> = keys.iter().map(|key| sign(key, draft.commit_digest())).collect();
    let header = Draft { round: 1, ..draft }.with_seals(&seals);
    let result = verify(&genesis, &header);
    assert!(matches!(result, Err(VerifyError::UnknownSigner { number: 1, .. })), "{result:?}");
}

#[test]
fn refuses_each_field_that_a_qbft_header_cannot_have() {
    let (keys, genesis) = four();
    let refused = |change: fn(&mut Header), error| {
        let mut draft = Draft::after(&genesis, 1);
        change(&mut draft.header);
        assert_eq!(verify(&genesis, &draft.seal(&keys)), Err(error));
    };
    let (number, nonce) = (1, [0, 0, 0, 0, 0, 0, 0, 1]);
    let mix_hash = genesis.raw().mix_hash;
    let ommers = genesis.raw().ommers_hash;
    refused(
        |header| header.mix_hash = B256::ZERO,
        VerifyError::MixHash { number, expected: mix_hash, found: B256::ZERO },
    );
    refused(
        |header| header.difficulty = U256::ZERO,
        VerifyError::Difficulty { number, expected: U256::ONE, found: U256::ZERO },
    );
    refused(|header| header.nonce = [0, 0, 0, 0, 0, 0, 0, 1], VerifyError::Nonce { number, found: nonce });
    refused(
        |header| header.ommers_hash = B256::ZERO,
        VerifyError::Ommers { number, expected: ommers, found: B256::ZERO },
    );
    refused(
        |header| header.gas_used = header.gas_limit + 1,
        VerifyError::GasUsed { number, expected: 30_000_000, found: 30_000_001 },
    );
    refused(
        |header| header.coinbase = Address::ZERO,
        VerifyError::Proposer { number, proposer: Address::ZERO },
    );
    refused(
        |header| header.parent_hash = B256::ZERO,
        VerifyError::Parent { number, expected: genesis.hash(), found: B256::ZERO },
    );
    refused(
        |header| header.requests_hash = Some(B256::ZERO),
        VerifyError::Header(HeaderError::Gap { number }),
    );
}

#[test]
fn accepts_full_blocks_and_the_fields_of_later_forks() {
    let (keys, genesis) = four();
    let mut draft = Draft::after(&genesis, 1);
    draft.header.gas_used = draft.header.gas_limit;
    draft.header.base_fee_per_gas = Some(0);
    draft.header.withdrawals_root = Some(B256::repeat_byte(1));
    assert!(verify(&genesis, &draft.seal(&keys)).is_ok());
}

#[test]
fn refuses_validators_held_in_a_contract() {
    let (keys, genesis) = four();
    let draft = Draft { validators: vec![], ..Draft::after(&genesis, 1) };
    let source = BftError::Validators(ValidatorSetError::Empty);
    assert_eq!(verify(&genesis, &draft.seal(&keys)), Err(VerifyError::ExtraData { number: 1, source }));
}

/// A genesis block of four whose vote is on the fifth key.
fn voted_in() -> (Vec<SigningKey>, VerifiedHeader) {
    let keys: Vec<SigningKey> = keys(9).into_iter().take(5).collect();
    let vote = Some((address(&keys[4]), true));
    (keys.clone(), verified_genesis(&Draft { vote, ..Draft::genesis(&keys[..4]) }))
}

#[test]
fn the_next_header_may_have_the_validator_more_or_less_that_the_vote_was_about() {
    let (keys, genesis) = voted_in();
    let next = Draft::after(&genesis, 1).with_validators(&keys).seal(&keys[1..]);
    assert_eq!(verify(&genesis, &next).unwrap().validators().len(), 5);

    let vote = Some((address(&keys[0]), false));
    let genesis = verified_genesis(&Draft { vote, ..Draft::genesis(&keys[..4]) });
    let next = Draft::after(&genesis, 1).with_validators(&keys[1..4]).seal(&keys[1..3]);
    assert_eq!(verify(&genesis, &next).unwrap().validators().len(), 3);
}

#[test]
fn refuses_a_validator_that_nobody_voted_about() {
    let (keys, genesis) = four();
    let gone = Draft::after(&genesis, 1).with_validators(&keys[1..]).seal(&keys[1..]);
    let unvoted = |expected, found| Err(VerifyError::UnvotedChange { number: 1, expected, found });
    assert_eq!(verify(&genesis, &gone), unvoted(None, address(&keys[0])));
    let (keys, genesis) = voted_in();
    let gone = Draft::after(&genesis, 1).with_validators(&keys[1..4]).seal(&keys[1..4]);
    assert_eq!(verify(&genesis, &gone), unvoted(Some(address(&keys[4])), address(&keys[0])));
}

#[test]
fn refuses_two_changes_from_one_header_to_the_next() {
    let (keys, genesis) = voted_in();
    let swapped = Draft::after(&genesis, 1).with_validators(&keys[1..]).seal(&keys[1..]);
    let change = VerifyError::SetChange { number: 1, expected: 1, found: 2 };
    assert_eq!(verify(&genesis, &swapped), Err(change));
}

#[test]
fn a_skip_needs_a_third_of_the_trusted_validators_among_the_signers() {
    let all = keys(9);
    let genesis = verified_genesis(&Draft::genesis(&all[..6]));
    assert_eq!(genesis.validators().trust_threshold(), 3);
    let draft = Draft::after(&genesis, 10).with_validators(&all[3..]);
    // Six validators, three of them trusted; the quorum is four.
    assert!(verify(&genesis, &draft.seal(&all[3..7])).is_ok());
    let error = VerifyError::NotEnoughTrust { number: 10, trusted: 0, expected: 3, found: 2 };
    assert_eq!(error.fault(), Fault::Unavailable);
    assert_eq!(verify(&genesis, &draft.seal(&all[4..8])), Err(error));
}

#[test]
fn a_set_of_strangers_is_never_trusted() {
    let (_, genesis) = four();
    let strangers = &keys(9)[4..8];
    let skip = Draft::after(&genesis, 10).with_validators(strangers).seal(strangers);
    let error = VerifyError::NotEnoughTrust { number: 10, trusted: 0, expected: 2, found: 0 };
    assert_eq!(verify(&genesis, &skip), Err(error));
    let (trusted_keys, _) = four();
    let ten = verify(&genesis, &Draft::after(&genesis, 10).seal(&trusted_keys)).unwrap();
    let beside = Draft::after(&ten, 0).with_validators(strangers).seal(strangers);
    let other = VerifyError::Hash { number: 10, expected: ten.hash(), found: hash_of(&beside) };
    assert_eq!(verify(&ten, &beside), Err(other));
}

#[test]
fn refuses_to_go_backward() {
    let (keys, genesis) = four();
    let ten = verify(&genesis, &Draft::after(&genesis, 10).seal(&keys)).unwrap();
    let five = Draft::after(&genesis, 5).seal(&keys);
    assert_eq!(verify(&ten, &five), Err(VerifyError::Backward { expected: 10, found: 5 }));
    assert_eq!(verify(&ten, genesis.raw()), Err(VerifyError::Backward { expected: 10, found: 0 }));
}

#[test]
fn the_same_block_is_accepted_again_also_with_other_seals() {
    let (keys, genesis) = four();
    let draft = Draft::after(&genesis, 10);
    let ten = verify(&genesis, &draft.seal(&keys[..3])).unwrap();
    let again = verify(&ten, &draft.seal(&keys[1..])).unwrap();
    assert_eq!((again.hash(), again.number()), (ten.hash(), 10));
    assert_eq!(again.signers(), keys[1..].iter().map(address).collect::<Vec<_>>());
    assert_eq!(verify(&genesis, genesis.raw()), Ok(genesis.clone()));
    let sealed_genesis = Draft::genesis(&keys).seal(&keys[..1]);
    assert_eq!(verify(&genesis, &sealed_genesis), Err(VerifyError::GenesisSealed { round: 0, seals: 1 }));
}

#[test]
fn another_block_at_the_same_height_sealed_by_those_we_trust_is_a_fork() {
    let (keys, genesis) = four();
    let mut draft = Draft::after(&genesis, 10);
    let ten = verify(&genesis, &draft.seal(&keys)).unwrap();
    draft.header.state_root = B256::ZERO;
    let other = draft.seal(&keys);
    let signers = keys.iter().map(address).collect();
    let fork = VerifyError::Fork { number: 10, expected: ten.hash(), found: hash_of(&other), signers };
    assert_eq!(fork.fault(), Fault::Peer);
    assert_eq!(verify(&ten, &other), Err(fork));
}

#[test]
fn trust_in_a_header_ends_with_the_trusting_period() {
    let (keys, genesis) = four();
    let header = Draft::after(&genesis, 1).seal(&keys);
    let at = |now| verify_header(&genesis, &header, Evidence::None, Asked::Latest, &RULES, now);
    assert!(at(GENESIS_TIME + 999).is_ok());
    let expired = |found| VerifyError::TrustExpired { trusted: 0, expected: GENESIS_TIME + 1000, found };
    assert_eq!(at(GENESIS_TIME + 1000), Err(expired(GENESIS_TIME + 1000)));
    assert_eq!(at(u64::MAX), Err(expired(u64::MAX)));
    assert_eq!(expired(0).fault(), Fault::Caller);
}

#[test]
fn a_header_is_a_block_period_for_each_block_after_the_trusted_one() {
    let (keys, genesis) = four();
    for distance in [1, 7] {
        let mut draft = Draft::after(&genesis, distance);
        assert!(verify(&genesis, &draft.seal(&keys)).is_ok());
        draft.header.timestamp -= 1;
        let (expected, found) = (GENESIS_TIME + 2 * distance, draft.header.timestamp);
        let early = VerifyError::TooEarly { number: distance, expected, found };
        assert_eq!(verify(&genesis, &draft.seal(&keys)), Err(early));
    }
}

#[test]
fn a_header_may_be_ahead_of_our_clock_by_the_drift() {
    let (keys, genesis) = four();
    let mut draft = Draft::after(&genesis, 1);
    draft.header.timestamp = NOW + RULES.clock_drift;
    assert!(verify(&genesis, &draft.seal(&keys)).is_ok());
    draft.header.timestamp += 1;
    let future = VerifyError::FromFuture { number: 1, expected: NOW + 5, found: NOW + 6 };
    assert_eq!(future.fault(), Fault::Caller);
    assert_eq!(verify(&genesis, &draft.seal(&keys)), Err(future));
}

#[test]
fn numbers_and_times_at_the_end_of_their_range_do_not_overflow() {
    let (keys, genesis) = four();
    let mut draft = Draft::after(&genesis, 1);
    (draft.header.number, draft.header.timestamp) = (u64::MAX, u64::MAX);
    let future = VerifyError::FromFuture { number: u64::MAX, expected: NOW + 5, found: u64::MAX };
    assert_eq!(verify(&genesis, &draft.seal(&keys)), Err(future));
    let rules = ChainRules { clock_drift: u64::MAX, trusting_period: u64::MAX, ..RULES };
    let last =
        verify_header(&genesis, &draft.seal(&keys), Evidence::None, Asked::Latest, &rules, NOW).unwrap();
    assert_eq!(
        verify_header(&last, last.raw(), Evidence::None, Asked::Latest, &rules, NOW),
        Ok(last.clone())
    );
}

#[test]
fn a_checkpoint_is_bound_to_its_number_and_hash() {
    let (keys, genesis) = four();
    let header = Draft::after(&genesis, 10).seal(&keys[..3]);
    let checkpoint = TrustedCheckpoint { number: 10, hash: hash_of(&header) };
    assert_eq!(verify_checkpoint(&checkpoint, &header, Evidence::None, &RULES), verify(&genesis, &header));
    assert_eq!(
        verify_checkpoint(&TrustedCheckpoint { number: 11, ..checkpoint }, &header, Evidence::None, &RULES),
        Err(VerifyError::Number { expected: 11, found: 10 })
    );
    let hash = VerifyError::Hash { number: 10, expected: B256::ZERO, found: checkpoint.hash };
    assert_eq!(
        verify_checkpoint(
            &TrustedCheckpoint { hash: B256::ZERO, ..checkpoint },
            &header,
            Evidence::None,
            &RULES
        ),
        Err(hash)
    );
}

#[test]
fn a_checkpoint_after_genesis_needs_its_own_quorum() {
    let (keys, genesis) = four();
    let header = Draft::after(&genesis, 10).seal(&keys[..2]);
    let checkpoint = TrustedCheckpoint { number: 10, hash: hash_of(&header) };
    assert_eq!(
        verify_checkpoint(&checkpoint, &header, Evidence::None, &RULES),
        Err(VerifyError::NotEnoughSeals { number: 10, expected: 3, found: 2 })
    );
}

#[test]
fn a_genesis_checkpoint_carries_nothing_that_its_hash_does_not_cover() {
    let (keys, genesis) = four();
    let checkpoint = TrustedCheckpoint { number: 0, hash: genesis.hash() };
    let draft = Draft::genesis(&keys);
    assert_eq!(
        verify_checkpoint(&checkpoint, &draft.seal(&keys), Evidence::None, &RULES),
        Err(VerifyError::GenesisSealed { round: 0, seals: 4 })
    );
    assert_eq!(
        verify_checkpoint(&checkpoint, &Draft { round: 1, ..draft }.seal([]), Evidence::None, &RULES),
        Err(VerifyError::GenesisSealed { round: 1, seals: 0 })
    );
}

/// So that whoever halves the distance after `NotEnoughTrust` always gets there.
#[test]
fn a_quorum_of_a_set_that_differs_by_one_always_has_enough_trust() {
    let set =
        |range: core::ops::Range<u8>| ValidatorSet::new(range.map(Address::repeat_byte).collect()).unwrap();
    for n in 1..=100 {
        let trusted = set(1..n + 1);
        let grown = set(1..n + 2);
        // One of the quorum may be the new validator.
        assert!(grown.quorum() > trusted.trust_threshold(), "{n} validators and one more");
        if n > 1 {
            assert!(set(1..n).quorum() >= trusted.trust_threshold(), "{n} validators and one less");
        }
    }
}
