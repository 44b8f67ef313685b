//! `extraData` and the two digests.

use super::*;
use crate::{SignatureError, ValidatorSetError};

fn header(number: u64, extra_data: Bytes) -> Header {
    Header { number, extra_data, ..genesis(&[]) }
}

fn length(number: u64, found: usize) -> Result<Option<ValidatorSet>, CliqueError> {
    Err(CliqueError::ExtraLength { number, found })
}

fn decode(header: &Header) -> Result<Option<ValidatorSet>, CliqueError> {
    ExtraData::decode(header, EPOCH).map(|extra| extra.signers)
}

#[test]
fn the_set_stands_in_the_genesis_block_and_every_epoch_and_nowhere_else() {
    let signers = [1, 2, 3].map(Address::repeat_byte);
    let set = ValidatorSet::new(signers.to_vec()).unwrap();
    for number in [0, EPOCH, 2 * EPOCH] {
        assert_eq!(decode(&header(number, extra_data(&signers))), Ok(Some(set.clone())));
    }
    for number in [1, EPOCH - 1, EPOCH + 1] {
        assert_eq!(decode(&header(number, extra_data(&[]))), Ok(None));
        assert_eq!(decode(&header(number, extra_data(&signers))), length(number, 97 + 60));
    }
    // Without an epoch only the genesis block names the set.
    assert!(ExtraData::decode(&header(0, extra_data(&signers)), 0).unwrap().signers.is_some());
    assert!(ExtraData::decode(&header(5, extra_data(&[])), 0).unwrap().signers.is_none());
}

#[test]
fn refuses_a_byte_missing_or_spare() {
    let good = extra_data(&[]);
    let longer: Bytes = [&good[..], &[0]].concat().into();
    assert_eq!(decode(&header(1, longer)), length(1, 98));
    for short in 0..good.len() {
        assert_eq!(decode(&header(1, good.slice(..short))), length(1, short));
    }
    let listed = extra_data(&[Address::repeat_byte(1)]);
    let longer: Bytes = [&[0], &listed[..]].concat().into();
    assert_eq!(decode(&header(EPOCH, longer)), length(EPOCH, 118));
    assert_eq!(decode(&header(EPOCH, listed.slice(1..))), length(EPOCH, 116));
}

#[test]
fn refuses_signers_that_are_not_a_set_in_order() {
    let [one, two] = [1, 2].map(Address::repeat_byte);
    let refused = |signers: &[Address], source| {
        let expected = CliqueError::SignerList { number: EPOCH, source };
        assert_eq!(decode(&header(EPOCH, extra_data(signers))), Err(expected));
    };
    refused(&[], ValidatorSetError::Empty);
    refused(&[two, one], ValidatorSetError::Order { previous: two, found: one });
    refused(&[one, one], ValidatorSetError::Order { previous: one, found: one });
    // The genesis block is written by its author, in any order.
    let set = ValidatorSet::new(vec![one, two]).unwrap();
    assert_eq!(decode(&header(0, extra_data(&[two, one]))), Ok(Some(set)));
    let source = ValidatorSetError::Order { previous: one, found: one };
    let expected = CliqueError::SignerList { number: 0, source };
    assert_eq!(decode(&header(0, extra_data(&[one, one]))), Err(expected));
}

#[test]
fn refuses_a_seal_that_is_nobodys() {
    let refused = |extra_data: Bytes, source| {
        let header = header(1, extra_data);
        let found = ExtraData::decode(&header, EPOCH).and_then(|extra| extra.signer(&header));
        assert_eq!(found, Err(CliqueError::Seal { number: 1, source }));
    };
    refused(extra_data(&[]), SignatureError::Scalar);
    for found in [2, 27, 28, 255] {
        let mut bytes = extra_data(&[]).to_vec();
        bytes[96] = found;
        refused(bytes.into(), SignatureError::Parity { expected: ParityByte::FromZero, found });
    }
    // No point of the curve has this x.
    let seal = Signature { r: B256::with_last_byte(5), s: B256::with_last_byte(1), y_parity: false };
    refused(with_seal(header(1, extra_data(&[])), &seal).extra_data, SignatureError::NoKey);
}

#[test]
fn both_seals_of_a_block_are_valid_and_make_two_blocks_of_it() {
    let key = &keys(1)[0];
    let low = seal_as_is(next(&genesis(&keys(1))), key);
    let high = with_seal(low.clone(), &twin(&sign(key, digest_to_seal(&low))));
    for header in [&low, &high] {
        let extra = ExtraData::decode(header, EPOCH).unwrap();
        assert_eq!(extra.seal_digest(header), digest_to_seal(&low));
        assert_eq!(extra.signer(header), Ok(address(key)));
    }
    assert_ne!(block_hash(&low), block_hash(&high));
}
