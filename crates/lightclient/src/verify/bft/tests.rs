//! The Istanbul family beyond one engine: transitions, contracts, configured sets, parents, bytes.

use alloy_primitives::{Bytes, U256};
use k256::ecdsa::SigningKey;

use super::*;
use crate::{
    Asked, BftError, Schedule, Transition, TrustThreshold, TrustedCheckpoint, ValidatorListError,
    ValidatorSetError,
    testing::{Draft, GENESIS_TIME, RULES, address, contract_state, keys, twin, verified_genesis},
    verify_checkpoint, verify_header, verify_parent,
};

const NOW: u64 = GENESIS_TIME + 500;
const CONTRACT: Address = Address::repeat_byte(0x88);
const IN_CONTRACT: SealScheme = SealScheme::QbftContract { address: CONTRACT, slot: U256::ZERO };

/// Rules under which the scheme changes at heights, perhaps with a set that the operators have configured.
fn rules(transitions: &[(u64, SealScheme, Option<&[SigningKey]>)]) -> ChainRules {
    let transition = |(from, scheme, keys): &(u64, SealScheme, Option<&[SigningKey]>)| Transition {
        from: *from,
        scheme: *scheme,
        epoch_length: 100,
        block_period: 2,
        validators: keys.map(set),
    };
    ChainRules { schedule: Schedule::new(transitions.iter().map(transition).collect()).unwrap(), ..RULES }
}

fn set(keys: &[SigningKey]) -> ValidatorSet {
    ValidatorSet::new(keys.iter().map(address).collect()).unwrap()
}

fn checkpoint(
    header: &Header,
    evidence: Evidence<'_>,
    rules: &ChainRules,
) -> Result<VerifiedHeader, VerifyError> {
    let hash = block_hash(header, rules).unwrap();
    verify_checkpoint(&TrustedCheckpoint { number: header.number, hash }, header, evidence, rules)
}

fn verify(
    trusted: &VerifiedHeader,
    header: &Header,
    evidence: Evidence<'_>,
    rules: &ChainRules,
) -> Result<VerifiedHeader, VerifyError> {
    verify_header(trusted, header, evidence, Asked::Latest, rules, NOW)
}

/// A genesis block of the first four of nine keys.
fn four() -> (Vec<SigningKey>, VerifiedHeader) {
    let keys = keys(9);
    let genesis = verified_genesis(&Draft::genesis(&keys[..4]));
    (keys, genesis)
}

/// A draft in whose state the contract holds the addresses of `keys`, and the proof of it once it is sealed.
fn holding(mut draft: Draft, keys: &[SigningKey]) -> (Draft, impl Fn(&Header) -> ValidatorProof) {
    let list: Vec<Address> = keys.iter().map(address).collect();
    let (state_root, account_proof, storage_proofs) = contract_state(CONTRACT, &list);
    draft.header.state_root = state_root;
    let proof = move |header: &Header| ValidatorProof {
        header: header.clone(),
        account_proof: account_proof.clone(),
        storage_proofs: storage_proofs.clone(),
    };
    (draft, proof)
}

/// The block after `parent` in contract mode, proposed by the first of `keys`.
fn in_contract(parent: &VerifiedHeader, distance: u64, keys: &[SigningKey]) -> Draft {
    let draft = Draft::after(parent, distance).with_validators(keys);
    Draft { validators: vec![], ..draft }
}

#[test]
fn legacy_ibft_becomes_qbft_at_its_height_and_not_before() {
    let keys = &keys(4);
    let rules = rules(&[(0, SealScheme::Ibft, None), (2, SealScheme::Qbft, None)]);
    let start = Draft { scheme: SealScheme::Ibft, ..Draft::genesis(keys) };
    let genesis = checkpoint(&start.seal([]), Evidence::None, &rules).unwrap();
    let first = Draft::after(&genesis, 1).by_ibft(&keys[2]).seal(&keys[..3]);
    let first = verify(&genesis, &first, Evidence::None, &rules).unwrap();
    assert_eq!((first.proposer(), first.signers().len()), (address(&keys[2]), 3));
    let second = Draft::after(&first, 1).seal(&keys[..3]);
    assert_eq!(verify(&first, &second, Evidence::None, &rules).unwrap().number(), 2);
    // From the genesis block over the change, too.
    let far = Draft::after(&first, 50).seal(&keys[1..]);
    assert_eq!(verify(&genesis, &far, Evidence::None, &rules).unwrap().number(), 51);

    for header in [Draft::after(&genesis, 1).seal(keys), Draft::after(&first, 1).by_ibft(&keys[0]).seal(keys)]
    {
        let refused = verify(&genesis, &header, Evidence::None, &rules);
        let Err(VerifyError::ExtraData {
            number,
            source: BftError::Rlp { .. } | BftError::ProposerSeal { .. },
        }) = refused
        else {
            panic!("{refused:?}")
        };
        assert_eq!(number, header.number);
    }
}

#[test]
fn legacy_ibft_needs_a_proposer_of_the_set_and_a_nonce_that_is_a_vote() {
    let keys = keys(5);
    let rules = rules(&[(0, SealScheme::Ibft, None)]);
    let start = Draft { scheme: SealScheme::Ibft, ..Draft::genesis(&keys[..4]) };
    let genesis = checkpoint(&start.seal([]), Evidence::None, &rules).unwrap();
    let stranger = Draft::after(&genesis, 1).by_ibft(&keys[4]).seal(&keys[..4]);
    assert_eq!(
        verify(&genesis, &stranger, Evidence::None, &rules),
        Err(VerifyError::Proposer { number: 1, proposer: address(&keys[4]) })
    );
    let mut draft = Draft::after(&genesis, 1).by_ibft(&keys[0]);
    (draft.header.coinbase, draft.header.nonce) = (address(&keys[4]), [0xff; 8]);
    let voted = verify(&genesis, &draft.seal(&keys[..4]), Evidence::None, &rules).unwrap();
    let next = Draft::after(&voted, 1).by_ibft(&keys[0]);
    let grown = Draft { validators: keys.iter().map(address).collect(), ..next }.seal(&keys);
    assert_eq!(verify(&voted, &grown, Evidence::None, &rules).unwrap().validators().len(), 5);
    draft.header.nonce = [1; 8];
    assert_eq!(
        verify(&genesis, &draft.seal(&keys[..4]), Evidence::None, &rules),
        Err(VerifyError::Nonce { number: 1, found: [1; 8] })
    );
}

#[test]
fn a_genesis_block_may_name_its_validators_in_any_order_and_no_other_block() {
    let keys = keys(4);
    for scheme in [SealScheme::Ibft, SealScheme::Ibft2, SealScheme::Qbft] {
        let rules = rules(&[(0, scheme, None)]);
        let mut draft = Draft { scheme, ..Draft::genesis(&keys) };
        draft.validators.reverse();
        let genesis = checkpoint(&draft.seal([]), Evidence::None, &rules).unwrap();
        assert_eq!(genesis.validators(), &set(&keys));
        draft.header.number = 1;
        let draft = if scheme == SealScheme::Ibft { draft.by_ibft(&keys[0]) } else { draft };
        let [previous, found] = [address(&keys[3]), address(&keys[2])];
        let source = BftError::Validators(ValidatorSetError::Order { previous, found });
        assert_eq!(block_hash(&draft.seal(&keys), &rules), Err(VerifyError::ExtraData { number: 1, source }));
        let twice = Draft { validators: vec![found, previous, found], scheme, ..Draft::genesis(&keys) };
        let source = BftError::Validators(ValidatorSetError::Order { previous: found, found });
        assert_eq!(block_hash(&twice.seal([]), &rules), Err(VerifyError::ExtraData { number: 0, source }));
    }
}

#[test]
fn from_the_header_into_a_contract_and_back_to_configured_validators() {
    let keys = keys(9);
    let (before, held, configured) = (&keys[..4], &keys[4..7], &keys[5..]);
    let rules = rules(&[
        (0, SealScheme::Qbft, None),
        (1, IN_CONTRACT, None),
        (2, SealScheme::Qbft, Some(configured)),
    ]);
    let (genesis, list) = holding(Draft::genesis(before), held);
    let genesis = checkpoint(&genesis.seal([]), Evidence::None, &rules).unwrap();
    let list = list(genesis.raw());
    // Nobody of the old set is in the new one: the state of the block before says so.
    let first = in_contract(&genesis, 1, held).seal(held);
    let verified = verify(&genesis, &first, Evidence::Validators(&list), &rules).unwrap();
    assert_eq!((verified.validators(), verified.signers().len()), (&set(held), 3));

    let second = Draft::after(&verified, 1).with_validators(configured);
    let after = verify(&verified, &second.seal(configured), Evidence::None, &rules).unwrap();
    assert_eq!(after.validators(), &set(configured));
    let other = Draft::after(&verified, 1).with_validators(held).seal(held);
    assert_eq!(
        verify(&verified, &other, Evidence::None, &rules),
        Err(VerifyError::ConfiguredValidators { number: 2, found: 3 })
    );
}

#[test]
fn from_a_contract_back_to_the_header_keeps_the_set_unless_configured() {
    let (keys, genesis) = four();
    let rules = rules(&[(0, IN_CONTRACT, None), (11, SealScheme::Qbft, None)]);
    let ten = in_contract(&genesis, 10, &keys[..4]).seal(&keys[..4]);
    let known = set(&keys[..4]);
    let ten = checkpoint(&ten, Evidence::Known { validators: &known, time: 0 }, &rules).unwrap();
    let next = Draft::after(&ten, 1);
    assert_eq!(verify(&ten, &next.seal(&keys[..3]), Evidence::None, &rules).unwrap().validators(), &known);
    let fewer = next.clone().with_validators(&keys[..3]).seal(&keys[..3]);
    let unvoted = VerifyError::UnvotedChange { number: 11, expected: None, found: address(&keys[3]) };
    assert_eq!(verify(&ten, &fewer, Evidence::None, &rules), Err(unvoted));
    let strangers = next.with_validators(&keys[4..7]).seal(&keys[4..7]);
    let changed = VerifyError::SetChange { number: 11, expected: 1, found: 7 };
    assert_eq!(verify(&ten, &strangers, Evidence::None, &rules), Err(changed));
}

#[test]
fn a_contract_says_who_seals_the_next_block_and_nothing_else_does() {
    let keys = keys(9);
    let rules = rules(&[(0, IN_CONTRACT, None)]);
    let (draft, list_of) = holding(Draft { validators: vec![], ..Draft::genesis(&keys) }, &keys[..4]);
    let start = draft.seal([]);
    assert_eq!(checkpoint(&start, Evidence::None, &rules), Err(VerifyError::EvidenceMissing { number: 0 }));
    let list = list_of(&start);
    let genesis = checkpoint(&start, Evidence::Validators(&list), &rules).unwrap();
    assert_eq!(genesis.validators(), &set(&keys[..4]));

    let first = in_contract(&genesis, 1, &keys[..4]).seal(&keys[..3]);
    assert!(verify(&genesis, &first, Evidence::Validators(&list), &rules).is_ok());
    let known = set(&keys[..4]);
    let chain = Evidence::Chain { ancestors: &[], descendants: &[] };
    for evidence in [Evidence::None, chain, Evidence::Known { validators: &known, time: GENESIS_TIME }] {
        let missing = VerifyError::EvidenceMissing { number: 1 };
        assert_eq!(verify(&genesis, &first, evidence, &rules), Err(missing));
    }
    let by_strangers = in_contract(&genesis, 1, &keys[..4]).seal(&keys[4..7]);
    assert_eq!(
        verify(&genesis, &by_strangers, Evidence::Validators(&list), &rules),
        Err(VerifyError::UnknownSigner { number: 1, signer: address(&keys[4]) })
    );
    let named = Draft::after(&genesis, 1).seal(&keys[..4]);
    let source = BftError::ContractMode { found: 4 };
    assert_eq!(
        verify(&genesis, &named, Evidence::Validators(&list), &rules),
        Err(VerifyError::ExtraData { number: 1, source })
    );
}

#[test]
fn the_list_is_of_the_very_block_before() {
    let keys = keys(4);
    let rules = rules(&[(0, IN_CONTRACT, None)]);
    let (draft, list_of) = holding(Draft { validators: vec![], ..Draft::genesis(&keys) }, &keys);
    let start = draft.seal([]);
    let genesis = checkpoint(&start, Evidence::Validators(&list_of(&start)), &rules).unwrap();
    let second = in_contract(&genesis, 2, &keys).seal(&keys);
    assert_eq!(
        verify(&genesis, &second, Evidence::Validators(&list_of(&start)), &rules),
        Err(VerifyError::Number { expected: 1, found: 0 })
    );
    let mut other = start.clone();
    other.gas_used = 1;
    let first = in_contract(&genesis, 1, &keys).seal(&keys);
    let (expected, found) = (genesis.hash(), block_hash(&other, &rules).unwrap());
    assert_eq!(
        verify(&genesis, &first, Evidence::Validators(&list_of(&other)), &rules),
        Err(VerifyError::Hash { number: 0, expected, found })
    );
    assert_eq!(
        checkpoint(&start, Evidence::Validators(&list_of(&other)), &rules),
        Err(VerifyError::Hash { number: 0, expected, found })
    );
    let short =
        ValidatorProof { storage_proofs: list_of(&start).storage_proofs[..4].to_vec(), ..list_of(&start) };
    let source = ValidatorListError::Length { block: 0, expected: U256::from(4), found: 3 };
    assert_eq!(
        verify(&genesis, &first, Evidence::Validators(&short), &rules),
        Err(VerifyError::ValidatorList { number: 1, source })
    );
    let nothing = ValidatorProof { storage_proofs: vec![], ..list_of(&start) };
    let source = ValidatorListError::Validators(ValidatorSetError::Empty);
    assert_eq!(
        verify(&genesis, &first, Evidence::Validators(&nothing), &rules),
        Err(VerifyError::ValidatorList { number: 1, source })
    );
}

#[test]
fn a_configured_set_is_taken_over_at_its_height_and_never_skipped_over() {
    let (keys, genesis) = four();
    let configured = &keys[5..];
    let rules = rules(&[(0, SealScheme::Qbft, None), (10, SealScheme::Qbft, Some(configured))]);
    let nine = verify(&genesis, &Draft::after(&genesis, 9).seal(&keys[..3]), Evidence::None, &rules).unwrap();
    let ten = Draft::after(&nine, 1).with_validators(configured);
    let far = Draft::after(&nine, 31).with_validators(configured).seal(configured);

    let too_far = |number, trusted| VerifyError::NotEnoughTrust { number, trusted, expected: 2, found: 0 };
    assert_eq!(verify(&genesis, &far, Evidence::None, &rules), Err(too_far(40, 0)));
    assert_eq!(verify(&genesis, &ten.seal(configured), Evidence::None, &rules), Err(too_far(10, 0)));
    assert_eq!(verify(&nine, &far, Evidence::None, &rules), Err(too_far(40, 9)));
    let replaced = verify(&nine, &ten.seal(configured), Evidence::None, &rules).unwrap();
    assert_eq!(replaced.validators(), &set(configured));
    assert_eq!(verify(&replaced, &far, Evidence::None, &rules).unwrap().number(), 40);

    let mut elsewhere = ten;
    elsewhere.header.parent_hash = B256::ZERO;
    assert_eq!(
        verify(&nine, &elsewhere.seal(configured), Evidence::None, &rules),
        Err(VerifyError::Parent { number: 10, expected: nine.hash(), found: B256::ZERO })
    );
    let old = Draft::after(&nine, 1).seal(&keys[..4]);
    assert_eq!(
        verify(&nine, &old, Evidence::None, &rules),
        Err(VerifyError::ConfiguredValidators { number: 10, found: 8 })
    );
}

/// The operators replace a set that they do not trust any more: it must not seal its way past its end.
#[test]
fn a_set_is_trusted_no_further_than_to_the_height_where_the_operators_replace_it() {
    let (keys, genesis) = four();
    // Not even where some of them stay.
    let configured = &keys[1..5];
    let rules = rules(&[(0, SealScheme::Qbft, None), (10, SealScheme::Qbft, Some(configured))]);
    let at = |number| Draft::after(&genesis, number);
    let refused = |number| VerifyError::NotEnoughTrust { number, trusted: 0, expected: 2, found: 0 };
    for number in [11, 40] {
        let by_former = at(number).seal(&keys[..4]);
        assert_eq!(verify(&genesis, &by_former, Evidence::None, &rules), Err(refused(number)));
        let by_configured = at(number).with_validators(configured).seal(configured);
        assert_eq!(verify(&genesis, &by_configured, Evidence::None, &rules), Err(refused(number)));
    }
    let nine = at(9).seal(&keys[..4]);
    assert!(verify(&genesis, &nine, Evidence::None, &rules).is_ok());
    let ten = at(10).with_validators(configured).seal(configured);
    assert_eq!(verify(&genesis, &ten, Evidence::None, &rules).unwrap().validators(), &set(configured));
}

#[test]
fn under_two_thirds_a_skip_needs_a_quorum_of_the_trusted_validators() {
    let (keys, genesis) = four();
    let rules = ChainRules { trust: TrustThreshold::TwoThirds, ..RULES };
    let draft = Draft::after(&genesis, 10).with_validators(&keys[1..5]);
    assert!(verify(&genesis, &draft.seal(&keys[1..4]), Evidence::None, &rules).is_ok());
    let few = draft.seal(&keys[2..5]);
    let error = VerifyError::NotEnoughTrust { number: 10, trusted: 0, expected: 3, found: 2 };
    assert_eq!(verify(&genesis, &few, Evidence::None, &rules), Err(error));
    assert!(verify(&genesis, &few, Evidence::None, &RULES).is_ok());
}

/// Four need three seals and three need two, so the next block after a removal may have fewer seals than the quorum of
/// the set before. There is no header between the two to try.
#[test]
fn the_next_header_has_enough_trust_under_every_threshold() {
    let keys = keys(10);
    let rules = ChainRules { trust: TrustThreshold::TwoThirds, ..RULES };
    for n in 2..=9 {
        let (before, all) = (&keys[..n], &keys[..=n]);
        let leaves = Draft { vote: Some((address(&keys[0]), false)), ..Draft::genesis(before) };
        let genesis = verified_genesis(&leaves);
        let shrunk = Draft::after(&genesis, 1).with_validators(&before[1..]);
        let quorum = set(&before[1..]).quorum();
        let next = verify(&genesis, &shrunk.seal(&before[1..=quorum]), Evidence::None, &rules);
        assert_eq!(next.unwrap().validators().len(), n - 1);

        let comes = Draft { vote: Some((address(&keys[n]), true)), ..Draft::genesis(before) };
        let genesis = verified_genesis(&comes);
        let grown = Draft::after(&genesis, 1).with_validators(all);
        let quorum = set(all).quorum();
        let next = verify(&genesis, &grown.seal(&all[n + 1 - quorum..]), Evidence::None, &rules);
        assert_eq!(next.unwrap().validators().len(), n + 1);
    }
}

#[test]
fn a_parent_is_bound_by_its_hash_and_shows_nothing_that_the_hash_does_not_cover() {
    let (keys, genesis) = four();
    let nine = Draft { round: 3, ..Draft::after(&genesis, 9) };
    let sealed = verify(&genesis, &nine.seal(&keys[..3]), Evidence::None, &RULES).unwrap();
    let ten = verify(&genesis, &Draft::after(&sealed, 1).seal(&keys[..3]), Evidence::None, &RULES).unwrap();
    // Neither round nor seals are in the hash: anybody could have changed them.
    let unsealed = Draft { round: 7, ..nine.clone() }.seal([]);
    let parent = verify_parent(&ten, &unsealed, &RULES).unwrap();
    assert_eq!((parent.hash(), parent.validators()), (sealed.hash(), sealed.validators()));
    assert_eq!((parent.round(), parent.signers(), parent.proposer()), (0, &[][..], sealed.proposer()));
    assert_eq!(parent.validators_time(), sealed.timestamp());

    let mut other = nine;
    other.header.gas_used = 1;
    let other = other.seal(&keys[..4]);
    let (expected, found) = (sealed.hash(), block_hash(&other, &RULES).unwrap());
    assert_eq!(verify_parent(&ten, &other, &RULES), Err(VerifyError::Hash { number: 9, expected, found }));
    let eight = Draft::after(&genesis, 8).seal(&keys[..4]);
    assert_eq!(verify_parent(&ten, &eight, &RULES), Err(VerifyError::Number { expected: 9, found: 8 }));
    // Nothing is before the genesis block.
    let found = genesis.hash();
    assert_eq!(
        verify_parent(&genesis, genesis.raw(), &RULES),
        Err(VerifyError::Hash { number: 0, expected: B256::ZERO, found })
    );
}

#[test]
fn a_parent_in_contract_mode_is_trusted_by_the_set_of_its_child() {
    let keys = keys(4);
    let rules = rules(&[(0, IN_CONTRACT, None)]);
    let (draft, list_of) = holding(Draft { validators: vec![], ..Draft::genesis(&keys) }, &keys);
    let start = draft.seal([]);
    let list = list_of(&start);
    let genesis = checkpoint(&start, Evidence::Validators(&list), &rules).unwrap();
    let first = in_contract(&genesis, 1, &keys).seal(&keys);
    let first = verify(&genesis, &first, Evidence::Validators(&list), &rules).unwrap();
    let parent = verify_parent(&first, &start, &rules).unwrap();
    assert_eq!((parent.hash(), parent.validators()), (genesis.hash(), first.validators()));
    assert_eq!(parent.validators_time(), first.timestamp());
}

#[test]
fn the_proposer_of_a_parent_under_legacy_ibft_is_who_sealed_it_as_one() {
    let keys = keys(4);
    let rules = rules(&[(0, SealScheme::Ibft, None)]);
    let start = Draft { scheme: SealScheme::Ibft, ..Draft::genesis(&keys) }.seal([]);
    let genesis = checkpoint(&start, Evidence::None, &rules).unwrap();
    let mut draft = Draft::after(&genesis, 1).by_ibft(&keys[2]);
    draft.header.coinbase = Address::repeat_byte(7);
    let first = verify(&genesis, &draft.seal(&keys), Evidence::None, &rules).unwrap();
    let second = Draft::after(&first, 1).by_ibft(&keys[0]).seal(&keys);
    let second = verify(&first, &second, Evidence::None, &rules).unwrap();
    let parent = verify_parent(&second, first.raw(), &rules).unwrap();
    assert_eq!(parent.proposer(), address(&keys[2]));
    assert_eq!(verify_parent(&parent, &start, &rules).unwrap().proposer(), Address::ZERO);
}

#[test]
fn a_set_that_is_known_starts_from_a_checkpoint_in_contract_mode() {
    let (keys, genesis) = four();
    let rules = rules(&[(0, IN_CONTRACT, None)]);
    let ten = in_contract(&genesis, 10, &keys[..4]).seal(&keys[..3]);
    let known = set(&keys[..4]);
    let start = checkpoint(&ten, Evidence::Known { validators: &known, time: 0 }, &rules).unwrap();
    assert_eq!((start.validators(), start.signers().len()), (&known, 3));
    let wrong = set(&keys[1..5]);
    assert_eq!(
        checkpoint(&ten, Evidence::Known { validators: &wrong, time: 0 }, &rules),
        Err(VerifyError::Proposer { number: 10, proposer: address(&keys[0]) })
    );
}

/// Under every scheme: the whole header is sealed, the seals are somebody's, and the evidence is hashed.
#[test]
fn any_changed_byte_of_a_header_or_of_its_evidence_is_refused() {
    let keys = keys(4);
    for scheme in [SealScheme::Ibft, SealScheme::Ibft2, SealScheme::Qbft, IN_CONTRACT] {
        let rules = rules(&[(0, scheme, None)]);
        let plain = Draft { scheme, ..Draft::genesis(&keys) };
        let is_in_contract = scheme == IN_CONTRACT;
        let start = if is_in_contract { Draft { validators: vec![], ..plain } } else { plain };
        let (start, list_of) = holding(start, &keys);
        let start = start.seal([]);
        let list = list_of(&start);
        let evidence = if is_in_contract { Evidence::Validators(&list) } else { Evidence::None };
        let genesis = checkpoint(&start, evidence, &rules).unwrap();
        let next = Draft { scheme, round: 2, ..Draft::after(&genesis, 1) };
        let next = match scheme {
            SealScheme::Ibft => next.by_ibft(&keys[1]),
            _ if is_in_contract => Draft { validators: vec![], ..next },
            _ => Draft { vote: Some((Address::repeat_byte(9), false)), ..next },
        };
        let bytes = next.seal(&keys[..3]).encode();
        assert!(verify(&genesis, &Header::decode(&bytes).unwrap(), evidence, &rules).is_ok(), "{scheme:?}");
        for (position, flip) in (0..bytes.len()).flat_map(|position| [(position, 0x01), (position, 0x80)]) {
            let mut changed = bytes.clone();
            changed[position] ^= flip;
            let Ok(header) = Header::decode(&changed) else { continue };
            let result = verify(&genesis, &header, evidence, &rules);
            assert!(result.is_err(), "{scheme:?}: byte {position} changed to {}", changed[position]);
        }
        if is_in_contract {
            let header = Header::decode(&bytes).unwrap();
            for_each_change(&list, |changed| {
                assert!(verify(&genesis, &header, Evidence::Validators(changed), &rules).is_err());
            });
        }
    }
}

/// Calls `check` with `list` after each change of one byte.
fn for_each_change(list: &ValidatorProof, check: impl Fn(&ValidatorProof)) {
    let header = list.header.encode();
    for position in 0..header.len() {
        let mut changed = header.clone();
        changed[position] ^= 0x01;
        if let Ok(header) = Header::decode(&changed) {
            check(&ValidatorProof { header, ..list.clone() });
        }
    }
    let flipped = |node: &Bytes, position: usize| {
        let mut changed = node.to_vec();
        changed[position] ^= 0x01;
        Bytes::from(changed)
    };
    for (index, node) in list.account_proof.iter().enumerate() {
        for position in 0..node.len() {
            let mut changed = list.clone();
            changed.account_proof[index] = flipped(node, position);
            check(&changed);
        }
    }
    for (slot, nodes) in list.storage_proofs.iter().enumerate() {
        for (index, node) in nodes.iter().enumerate() {
            for position in 0..node.len() {
                let mut changed = list.clone();
                changed.storage_proofs[slot][index] = flipped(node, position);
                check(&changed);
            }
        }
    }
}

#[test]
fn a_twin_of_a_seal_counts_once_under_every_scheme() {
    let keys = keys(4);
    for scheme in [SealScheme::Ibft, SealScheme::Ibft2] {
        let rules = rules(&[(0, scheme, None)]);
        let start = Draft { scheme, ..Draft::genesis(&keys) }.seal([]);
        let genesis = checkpoint(&start, Evidence::None, &rules).unwrap();
        let next = Draft { scheme, ..Draft::after(&genesis, 1) };
        let next = if scheme == SealScheme::Ibft { next.by_ibft(&keys[1]) } else { next };
        let seal = |key| crate::testing::sign(key, next.commit_digest());
        let (first, second) = (seal(&keys[0]), seal(&keys[1]));
        let header = next.with_seals(&[first, second, twin(&first)]);
        assert_eq!(
            verify(&genesis, &header, Evidence::None, &rules),
            Err(VerifyError::DuplicateSigner { number: 1, signer: address(&keys[0]) })
        );
    }
}
