//! Tests of `extraData` and the three encodings.

use super::*;
use crate::RlpKind;
use crate::testing::{Draft, address, keys, sign};

/// A header with this `extraData`.
fn with(extra: Vec<u8>) -> Header {
    Header { extra_data: extra.into(), ..Draft::genesis(&[]).header }
}

fn decode(header: &Header) -> Result<ExtraData<'_>, BftError> {
    ExtraData::decode(header, SealScheme::Qbft)
}

fn block_hash(header: &Header) -> Result<B256, BftError> {
    Ok(decode(header)?.block_hash(header))
}

fn draft() -> Draft {
    let mut draft = Draft::genesis(&keys(4));
    draft.vote = Some((Address::repeat_byte(9), false));
    draft.round = 3;
    draft
}

/// `extraData` with each of its five items written by hand.
fn extra(items: [&[u8]; 5]) -> Vec<u8> {
    let mut out = Vec::new();
    rlp::write_list(&mut out, |out| items.iter().for_each(|item| out.extend_from_slice(item)));
    out
}

const VANITY: &[u8] =
    &[0xa0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1];
const ONE_VALIDATOR: &[u8] = &[0xd5, 0x94, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5];
const NOTHING: &[u8] = &[0xc0];
const ROUND_0: &[u8] = &[0x80];

#[test]
fn takes_extra_data_apart() {
    let draft = draft();
    let digest = draft.commit_digest();
    let keys = keys(4);
    let header = draft.seal(keys.iter().rev());
    let extra = decode(&header).unwrap();
    assert_eq!(extra.validators, Some(ValidatorSet::new(keys.iter().map(address).collect()).unwrap()));
    assert_eq!(extra.candidate, Some(Address::repeat_byte(9)));
    assert_eq!(extra.round(), 3);
    assert_eq!(extra.seals, keys.iter().rev().map(|key| sign(key, digest)).collect::<Vec<_>>());
    assert_eq!(
        extra.sealers(digest).collect::<Result<Vec<_>, _>>().unwrap(),
        keys.iter().rev().map(address).collect::<Vec<_>>()
    );
}

#[test]
fn neither_round_nor_seals_are_in_the_block_hash_and_the_round_is_in_the_digest() {
    let draft = draft();
    let without = Draft { round: 0, ..draft.clone() }.seal([]);
    let hash = keccak256(without.encode());
    let header = draft.seal(&keys(4));
    assert_eq!(block_hash(&header), Ok(hash));
    let extra = decode(&header).unwrap();
    assert_eq!(extra.commit_digest(&header, hash), draft.commit_digest());
    assert_ne!(draft.commit_digest(), hash);
    assert_ne!(keccak256(header.encode()), hash);
}

#[test]
fn in_round_0_the_digest_is_the_block_hash() {
    let draft = Draft { round: 0, ..draft() };
    let header = draft.seal(&keys(4));
    assert_eq!(block_hash(&header), Ok(draft.commit_digest()));
}

#[test]
fn accepts_the_least_extra_data() {
    let header = with(extra([VANITY, ONE_VALIDATOR, NOTHING, ROUND_0, NOTHING]));
    let extra = decode(&header).unwrap();
    let validators = extra.validators.as_ref().map(ValidatorSet::len);
    assert_eq!((validators, extra.candidate, extra.round(), extra.seals.len()), (Some(1), None, 0, 0));
}

#[test]
fn refuses_items_that_are_not_in_their_one_right_form() {
    let rlp = |item, source| BftError::Rlp { item, source };
    let cases: [([&[u8]; 5], BftError); 8] = [
        ([&[0x80], ONE_VALIDATOR, NOTHING, ROUND_0, NOTHING], {
            rlp("vanity", RlpError::Length { expected: 32, found: 0 })
        }),
        ([VANITY, &[0x80], NOTHING, ROUND_0, NOTHING], {
            rlp("validators", RlpError::Kind { expected: RlpKind::List, found: RlpKind::Bytes })
        }),
        ([VANITY, &[0xc1, 0x05], NOTHING, ROUND_0, NOTHING], {
            rlp("validators", RlpError::Length { expected: 20, found: 1 })
        }),
        // The vote of IBFT 2.0 when there is none.
        ([VANITY, ONE_VALIDATOR, &[0x80], ROUND_0, NOTHING], {
            rlp("vote", RlpError::Kind { expected: RlpKind::List, found: RlpKind::Bytes })
        }),
        ([VANITY, ONE_VALIDATOR, ONE_VALIDATOR, ROUND_0, NOTHING], {
            rlp("vote", RlpError::End { expected: 1, found: 0 })
        }),
        ([VANITY, ONE_VALIDATOR, NOTHING, &[0x00], NOTHING], rlp("round", RlpError::LeadingZero)),
        ([VANITY, ONE_VALIDATOR, NOTHING, &[0x85, 1, 0, 0, 0, 0], NOTHING], {
            rlp("round", RlpError::ScalarTooLong { expected: 4, found: 5 })
        }),
        ([VANITY, ONE_VALIDATOR, NOTHING, ROUND_0, &[0xc0, 0xc0]], {
            rlp("list", RlpError::Trailing { found: 1 })
        }),
    ];
    for (items, error) in cases {
        assert_eq!(decode(&with(extra(items))), Err(error));
    }
    assert_eq!(
        decode(&with(vec![0; 97])),
        Err(rlp("list", RlpError::Kind { expected: RlpKind::List, found: RlpKind::Bytes }))
    );
}

/// Besu reads a zero byte as "out" and writes nothing, which has another hash.
#[test]
fn refuses_a_vote_that_is_neither_in_nor_out() {
    let candidate = Address::repeat_byte(5);
    for (found, encoded) in [(0, vec![0x00]), (1, vec![0x01]), (0xff, vec![0x82, 0xff, 0xff])] {
        let mut vote = Vec::new();
        rlp::write_list(&mut vote, |out| {
            rlp::write_bytes(out, candidate.as_slice());
            out.extend_from_slice(&encoded);
        });
        let bytes = extra([VANITY, ONE_VALIDATOR, &vote, ROUND_0, NOTHING]);
        assert_eq!(decode(&with(bytes)), Err(BftError::Vote { candidate, found: Some(found) }));
    }
}

#[test]
fn refuses_validators_that_are_no_set() {
    let bytes = extra([VANITY, NOTHING, NOTHING, ROUND_0, NOTHING]);
    assert_eq!(decode(&with(bytes)), Err(BftError::Validators(ValidatorSetError::Empty)));
    let mut draft = draft();
    draft.header.number = 1;
    draft.validators.swap(0, 1);
    let [found, previous] = [draft.validators[1], draft.validators[0]];
    let order = ValidatorSetError::Order { previous, found };
    assert_eq!(block_hash(&draft.seal([])), Err(BftError::Validators(order)));
}

/// Engines sort what they write, but the genesis block is written by its author.
#[test]
fn a_genesis_block_lists_its_validators_in_any_order() {
    let mut draft = draft();
    let sorted = draft.seal([]);
    draft.validators.swap(0, 1);
    let swapped = draft.seal([]);
    assert_eq!(
        (swapped.number, decode(&swapped).unwrap().validators),
        (0, decode(&sorted).unwrap().validators)
    );
    assert_ne!(block_hash(&swapped), block_hash(&sorted));
    draft.validators[1] = draft.validators[0];
    let [found, previous] = [draft.validators[0]; 2];
    let order = ValidatorSetError::Order { previous, found };
    assert_eq!(block_hash(&draft.seal([])), Err(BftError::Validators(order)));
}

#[test]
fn refuses_seals_that_are_no_signatures() {
    let seal = |index, source| Err(BftError::Seal { index, source });
    let bytes = extra([VANITY, ONE_VALIDATOR, NOTHING, ROUND_0, &[0xc1, 0x07]]);
    assert_eq!(decode(&with(bytes)), seal(0, SignatureError::Length { expected: 65, found: 1 }));

    let good = sign(&keys(1)[0], draft().commit_digest());
    let mut header = draft().with_seals(&[good, good]);
    let mut bytes = header.extra_data.to_vec();
    *bytes.last_mut().unwrap() += 27;
    header.extra_data = bytes.into();
    let found = 27 + u8::from(good.y_parity);
    let parity = SignatureError::Parity { expected: ParityByte::FromZero, found };
    assert_eq!(block_hash(&header).map(|_| ()), Err(BftError::Seal { index: 1, source: parity }));

    let header = draft().with_seals(&[good, Signature { r: B256::ZERO, ..good }]);
    let extra = decode(&header).unwrap();
    let result: Result<Vec<_>, _> = extra.sealers(draft().commit_digest()).collect();
    assert_eq!(result, Err(BftError::Seal { index: 1, source: SignatureError::Scalar }));
}

#[test]
fn a_chain_with_its_validators_in_a_contract_names_none_and_never_votes() {
    let scheme = SealScheme::QbftContract { address: Address::ZERO, slot: alloy_primitives::U256::ZERO };
    let header = with(extra([VANITY, NOTHING, NOTHING, ROUND_0, NOTHING]));
    assert_eq!(ExtraData::decode(&header, scheme).unwrap().validators, None);
    let header = with(extra([VANITY, ONE_VALIDATOR, NOTHING, ROUND_0, NOTHING]));
    assert_eq!(ExtraData::decode(&header, scheme), Err(BftError::ContractMode { found: 1 }));
    let vote = [&[0xd6][..], &ONE_VALIDATOR[1..], &[0x80]].concat();
    let header = with(extra([VANITY, NOTHING, &vote, ROUND_0, NOTHING]));
    let candidate = Address::repeat_byte(5);
    assert_eq!(ExtraData::decode(&header, scheme), Err(BftError::ContractVote { candidate }));
}

#[test]
fn ibft2_writes_its_round_in_four_bytes_and_no_vote_as_an_empty_string() {
    fn decode(items: [&[u8]; 5]) -> Result<(Option<Address>, u32), BftError> {
        let header = with(extra(items));
        let extra = ExtraData::decode(&header, SealScheme::Ibft2)?;
        Ok((extra.candidate, extra.round()))
    }
    let rlp = |item, source| Err(BftError::Rlp { item, source });
    let (no_vote, round): (&[u8], &[u8]) = (&[0x80], &[0x84, 0, 0, 0, 7]);
    assert_eq!(decode([VANITY, ONE_VALIDATOR, no_vote, round, NOTHING]), Ok((None, 7)));
    let candidate = Address::repeat_byte(5);
    for direction in [&[0x81, 0xff][..], &[0x00]] {
        let length = 0xc0 + 21 + u8::try_from(direction.len()).unwrap();
        let vote = [&[length][..], &ONE_VALIDATOR[1..], direction].concat();
        assert_eq!(decode([VANITY, ONE_VALIDATOR, &vote, round, NOTHING]), Ok((Some(candidate), 7)));
    }
    let vote = [&[0xd7][..], &ONE_VALIDATOR[1..], &[0x81, 0xfe]].concat();
    let refused = BftError::Vote { candidate, found: Some(0xfe) };
    assert_eq!(decode([VANITY, ONE_VALIDATOR, &vote, round, NOTHING]), Err(refused));
    assert_eq!(decode([VANITY, ONE_VALIDATOR, NOTHING, round, NOTHING]), {
        rlp("vote", RlpError::End { expected: 1, found: 0 })
    });
    assert_eq!(decode([VANITY, ONE_VALIDATOR, &[0x01], round, NOTHING]), {
        rlp("vote", RlpError::Kind { expected: RlpKind::List, found: RlpKind::Bytes })
    });
    assert_eq!(decode([VANITY, ONE_VALIDATOR, no_vote, ROUND_0, NOTHING]), {
        rlp("round", RlpError::Length { expected: 4, found: 0 })
    });
    assert_eq!(decode([VANITY, NOTHING, no_vote, round, NOTHING]), Err(ValidatorSetError::Empty.into()));
}

#[test]
fn legacy_ibft_has_raw_vanity_and_needs_a_proposer_except_for_genesis() {
    let decode = |number, list: &[u8]| {
        let header = Header { number, ..with([&VANITY[1..], list].concat()) };
        ExtraData::decode(&header, SealScheme::Ibft).map(|extra| extra.seals.len())
    };
    let list = |proposer_seal: &[u8]| {
        let mut list = Vec::new();
        rlp::write_list(&mut list, |out| {
            out.extend_from_slice(ONE_VALIDATOR);
            rlp::write_bytes(out, proposer_seal);
            out.extend_from_slice(NOTHING);
        });
        list
    };
    assert_eq!(decode(0, &list(&[])), Ok(0));
    let length = SignatureError::Length { expected: 65, found: 0 };
    assert_eq!(decode(1, &list(&[])), Err(BftError::ProposerSeal { source: length }));
    assert_eq!(decode(1, &list(&[0; 65])), Ok(0));
    let header = with(vec![0; 31]);
    let source = RlpError::Length { expected: 32, found: 31 };
    let refused = Err(BftError::Rlp { item: "vanity", source });
    assert_eq!(ExtraData::decode(&header, SealScheme::Ibft), refused);
}

#[test]
fn legacy_ibft_votes_on_its_coinbase() {
    let candidate = Address::repeat_byte(9);
    let list = [&[0xd8][..], ONE_VALIDATOR, &[0x80, 0xc0]].concat();
    let header = Header { coinbase: candidate, ..with([&VANITY[1..], &list].concat()) };
    assert_eq!(ExtraData::decode(&header, SealScheme::Ibft).unwrap().candidate, Some(candidate));
    let header = Header { coinbase: Address::ZERO, ..header };
    assert_eq!(ExtraData::decode(&header, SealScheme::Ibft).unwrap().candidate, None);
}
